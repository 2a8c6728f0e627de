"""Facts of a grading: what may be said, in which shape, and what cannot be true together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import yaml

from tongguan.errors import BadFacts
from tongguan.law.answers import checked
from tongguan.law.book import book, load

__all__ = ["KINDS", "claims", "data", "factors", "grading_fields", "parse_grading", "read"]

LONGEST, DEEPEST = 100_000, 8  # characters of a file, levels of nesting
KINDS = ("data.bank_account", "data.insurance_account", "data.registration_account", "data.medical")
COUNTS = ("data.persons", "data.sensitive_persons", "data.persons_with_both", "data.group_health_persons")


@cache
def data() -> dict[str, Any]:
    """The data of grading."""
    loaded: dict[str, Any] = load("grading")
    return loaded


@cache
def grading_fields() -> dict[str, dict[str, Any]]:
    """What may be said, by dotted path: kind, choices, example, names in both languages."""
    fields = dict(data()["fields"])
    fields["handler.zone"] = {**fields["handler.zone"], "choices": [*book().zones, "none"]}
    found: dict[str, dict[str, Any]] = {}
    for path, field in fields.items():
        if path == "annex_g.none":
            found |= {f"annex_g.{id}": {"kind": "bool", **factor} for id, factor in data()["annex_g"].items()}
        found[path] = field
    return found


@cache
def factors() -> tuple[str, ...]:
    """The paths of the identification factors of annex G."""
    return tuple(f"annex_g.{id}" for id in data()["annex_g"])


@cache
def claims() -> frozenset[str]:
    """Extraordinary claims: absent, they count as not made."""
    return frozenset(path for path, field in grading_fields().items() if field.get("claim"))


def read(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The known facts by dotted path. Raises BadFacts naming the field, what was expected and an example."""
    values = checked(facts, grading_fields(), "grading")
    wrong = next(_contradictions(values), None)
    if wrong is not None:
        raise BadFacts(f"grading: {wrong}")
    return values


def parse_grading(text: str, name: str) -> dict[str, Any]:
    """Nested facts from YAML. Raises BadFacts naming the file, and the line where it is not such YAML."""
    if len(text) > LONGEST:
        raise BadFacts(f"{name}: {len(text)} characters; expected at most {LONGEST}")
    try:
        _look_over(text, name)
        loaded = yaml.load(text, Loader=_Loader)
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "a value or character that YAML does not allow"
        raise BadFacts(f"{name}{line}: not readable as YAML ({problem}); expected `date: 2026-11-21`") from None
    if not isinstance(loaded, dict):
        raise BadFacts(f"{name}: expected keys with values, such as `date: 2026-11-21`")
    return loaded


class _Loader(yaml.SafeLoader):
    """Keys stand once; plain scalars are true, false, null and decimal numbers, and all else is text.

    YAML would read 12:30 as 750 and 017 as 15.
    """

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own attribute

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value in seen:
                problem = f"{str(key.value)[:40]} is given twice, or is no text"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


for _tag, _pattern, _first in (
    ("bool", "true|True|TRUE|false|False|FALSE", [*"tTfF"]),
    ("null", "~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", "-?(0|[1-9][0-9_]{0,17})", [*"-0123456789"]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), _first)


def _look_over(text: str, name: str) -> None:
    """Depth, aliases and tags, on the flat events: building the tree recurses without a limit."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "tag", None):
            raise BadFacts(f"{name}, line {line}: an alias or a tag; expected plain values")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise BadFacts(f"{name}, line {line}: nested more than {DEEPEST} levels deep")


def _contradictions(values: Mapping[str, Any]) -> Iterator[str]:
    """What cannot be true together, in words that name both facts, what was expected and an example."""
    yield from _persons(values)
    yield from _told(values)
    named = [path for path in factors() if values.get(path)]
    if values.get("annex_g.none") and named:
        yield f"annex_g.none is true, yet {named[0]} is true: expected one of them, such as annex_g.none: false"
    if values.get("annex_g.none") is False and all(values.get(path) is False for path in factors()):
        yield "annex_g.none is false, yet every factor is: expected the one that applies, such as annex_g.health: true"


def _persons(values: Mapping[str, Any]) -> Iterator[str]:
    if values.get("data.personal") is False:
        for path in (*COUNTS, *KINDS):
            if values.get(path):
                said = str(values[path]).lower()
                yield f"data.personal is false, yet {path} is {said}: expected none of it, or data.personal: true"
    both = values.get("data.persons_with_both", 0)
    for path in COUNTS[:2]:
        if path in values and both > values[path]:
            yield (
                f"data.persons_with_both is {both}, yet {path} is {values[path]}: expected no more persons with both "
                f"than with one, such as data.persons_with_both: {values[path]}"
            )
    for path in KINDS:
        if values.get("data.sensitive_persons") == 0 and values.get(path):
            yield (
                f"{path} is true, yet data.sensitive_persons is 0: expected the persons whose accounts or records "
                "these are, such as data.sensitive_persons: 1200"
            )
    least = at_least_persons(values)
    if values.get("handler.processes_persons", least) < least:
        yield (
            f"handler.processes_persons is {values['handler.processes_persons']}, yet the data is of {least} persons: "
            f"expected all persons of the handler, such as handler.processes_persons: {least}"
        )


def at_least_persons(values: Mapping[str, Any]) -> int:
    """How many natural persons the data is of, at least."""
    persons, sensitive = values.get("data.persons"), values.get("data.sensitive_persons")
    both = values.get("data.persons_with_both")
    if persons is not None and sensitive is not None and both is not None:
        return int(persons + sensitive - both)
    return max(int(values.get(path, 0)) for path in COUNTS[:3])


def _told(values: Mapping[str, Any]) -> Iterator[str]:
    important, since = values.get("status.important"), values.get("status.since")
    if values.get("status.core") and important == "none":
        yield (
            "status.core is true, yet status.important is none: expected notified or published, for core data is "
            "important data, such as status.important: notified"
        )
    if since is not None and important in (None, "none"):
        yield "status.since is given: expected with it status.important: notified, or published"
    if since is not None and since > values["date"]:
        yield (
            f"status.since is {since}, after date {values['date']}: expected a day not after it, "
            "or status.important: none"
        )
