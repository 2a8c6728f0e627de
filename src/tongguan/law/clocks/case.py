"""A case: which procedure, what happened on which day, what is known about it, and on which day one asks.

    name: 人事数据出境（美国总部）      # for people and for the calendar's entries; may be absent
    procedure: security_assessment
    as_of: 2026-11-21
    events: {submitted: 2026-03-02, returned: 2026-03-06, accepted: [2026-03-20]}
    facts: {personal: true, persons_permitted: 100000}
    readings: {start_day: next_day}
    horizon: 24                          # months ahead for which recurring dates are given

Events after `as_of` are planned: they start clocks and leave the state alone. An absent or null fact is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from tongguan.errors import BadFacts
from tongguan.law.clocks.procedure import FactField, Procedure, procedures, readings

__all__ = ["Case", "parse_case"]

FIRST, LAST = date(2017, 6, 1), date(2099, 12, 31)  # the law begins, and no plan reaches further
MOST_DAYS = 200  # of one event
MOST = 10**15  # persons, or any unit in which a volume is counted
LONGEST, DEEPEST = 100_000, 6  # characters of a case, levels of nesting
LONGEST_NAME = 200
HORIZONS = range(1, 121)
KEYS = ("name", "procedure", "as_of", "events", "facts", "readings", "horizon")


@dataclass(frozen=True, slots=True)
class Case:
    """A checked case. `events` holds (event, day), by day, and in the procedure's order within a day."""

    name: str
    procedure: Procedure
    as_of: date
    events: tuple[tuple[str, date], ...]
    facts: Mapping[str, Any]
    readings: Mapping[str, str]
    horizon: int
    where: str = "case"  # what messages begin with: the file's name

    @classmethod
    def of(cls, given: Mapping[str, Any], where: str = "case") -> Case:
        """A case from a mapping of the shape above. Raises BadFacts naming the field, the expectation, an example."""
        check = _Check(where)
        whole = check.mapping("", given, KEYS, "procedure: standard_contract")
        procedure = procedures()[
            check.choice("procedure", whole.get("procedure"), tuple(procedures()), "standard_contract")
        ]
        as_of = check.day("as_of", whole.get("as_of"))
        events = check.mapping("events", whole.get("events"), tuple(procedure.events), _example_event(procedure))
        facts = check.mapping("facts", whole.get("facts"), tuple(procedure.facts), "fact: true")
        chosen = check.mapping("readings", whole.get("readings"), tuple(readings()), "start_day: next_day")
        order = {event: at for at, event in enumerate(procedure.events)}
        days = [(event, day) for event, value in events.items() for day in check.days(f"events.{event}", value)]
        for event, day in days:
            if day < procedure.first:
                raise check.wrong(f"events.{event}", f"a day on or after {procedure.first}, when its rules begin", day)
        return cls(
            name=check.name(whole.get("name")),
            procedure=procedure,
            as_of=as_of,
            events=tuple(sorted(days, key=lambda entry: (entry[1], order[entry[0]]))),
            facts={
                fact: known
                for fact, value in facts.items()
                if (known := check.fact(f"facts.{fact}", value, procedure.facts[fact])) is not None
            },
            readings={key: reading.default for key, reading in readings().items()}
            | {
                key: check.choice(f"readings.{key}", value, tuple(readings()[key].options), readings()[key].default)
                for key, value in chosen.items()
                if value is not None
            },
            horizon=check.horizon(whole.get("horizon")),
            where=where,
        )


def parse_case(text: str, name: str) -> Case:
    """A case from YAML. Raises BadFacts naming the file, and the line where it is no YAML that a case may use."""
    if len(text) > LONGEST:
        raise BadFacts(f"{name}: {len(text)} characters; a case has at most {LONGEST}")
    try:
        _look_over(text, name)
        return Case.of(yaml.load(text, Loader=_CaseLoader), name)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "characters that YAML does not allow"
        raise BadFacts(
            f"{name}{line}: not readable as YAML ({problem}); expected keys such as `procedure: standard_contract`"
        ) from None


class _Check:
    """Readers of fields. What is wrong is told with the field, what was expected, and an example."""

    def __init__(self, where: str) -> None:
        self.where = where

    def wrong(self, field: str, expected: str, found: object, example: str = "") -> BadFacts:
        shown = "nothing" if found is None else repr(str(found)[:60])
        tail = f", such as `{example}`" if example else ""
        named = f"{self.where}: {field}" if field else self.where
        return BadFacts(f"{named}: expected {expected}{tail}; found {shown}")

    def mapping(self, field: str, given: Any, known: tuple[str, ...], example: str) -> Mapping[str, Any]:
        if given is None and field:
            return {}
        if not isinstance(given, Mapping):
            raise self.wrong(field, "keys with values", given, example)
        for key in given:
            if key not in known:
                inside = f"{field}.{key}" if field else str(key)
                raise self.wrong(inside[:80], f"one of {', '.join(known) or 'no keys at all'} in its place", key)
        return given

    def choice(self, field: str, given: Any, known: tuple[str, ...], example: str) -> str:
        if isinstance(given, str) and given in known:
            return given
        raise self.wrong(field, f"one of {', '.join(known)}", given, f"{field.rpartition('.')[2]}: {example}")

    def day(self, field: str, given: Any) -> date:
        day = given if type(given) is date else None
        if isinstance(given, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", given):
            try:
                day = date.fromisoformat(given)
            except ValueError:
                day = None
        if day is None or not FIRST <= day <= LAST:
            raise self.wrong(
                field,
                f"a day written YYYY-MM-DD, from {FIRST} to {LAST}",
                given,
                f"{field.rpartition('.')[2]}: 2026-11-21",
            )
        return day

    def days(self, field: str, given: Any) -> list[date]:
        """One day or several; none where the value is null."""
        if given is None:
            return []
        if not isinstance(given, (list, tuple)):
            return [self.day(field, given)]
        if not 1 <= len(given) <= MOST_DAYS:
            raise self.wrong(field, f"from 1 to {MOST_DAYS} days", f"{len(given)} of them")
        days = [self.day(field, entry) for entry in given]
        if len(set(days)) < len(days):
            raise self.wrong(field, "each day once", next(day for day in days if days.count(day) > 1))
        return days

    def fact(self, path: str, given: Any, field: FactField) -> Any:
        if given is None:
            return None
        if field.kind == "choice":
            return self.choice(path, given, field.choices, field.choices[0])
        if field.kind == "bool":
            if isinstance(given, bool):
                return given
            raise self.wrong(path, "true or false", given, f"{field.id}: true")
        if isinstance(given, int) and not isinstance(given, bool) and 0 <= given <= MOST:
            return given
        raise self.wrong(path, "a whole number, 0 or more, in plain digits", given, f"{field.id}: 100000")

    def name(self, given: Any) -> str:
        if given is None:
            return ""
        if isinstance(given, str) and given.strip() and len(given) <= LONGEST_NAME and given.strip().isprintable():
            return given.strip()
        raise self.wrong("name", f"one line of text, at most {LONGEST_NAME} characters", given, "name: HR data to HQ")

    def horizon(self, given: Any) -> int:
        if given is None:
            return 24
        if isinstance(given, int) and not isinstance(given, bool) and given in HORIZONS:
            return given
        raise self.wrong("horizon", f"months, from {HORIZONS[0]} to {HORIZONS[-1]}", given, "horizon: 24")


def _example_event(procedure: Procedure) -> str:
    return f"{next(iter(procedure.events))}: 2026-11-21"


# ---- YAML ---------------------------------------------------------------------------------------------------------


class _CaseLoader(yaml.SafeLoader):
    """Plain scalars are true, false, null and decimal numbers; all else is text, so that days are read by us."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own attribute

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(problem="a key that is no text", problem_mark=key.start_mark)
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"{key.value[:40]} is given twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


for _tag, _pattern, _first in (
    ("bool", "true|True|TRUE|false|False|FALSE", [*"tTfF"]),
    ("null", "~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", "-?(0|[1-9][0-9]{0,17})", [*"-0123456789"]),
):
    _CaseLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), _first)


def _look_over(text: str, name: str) -> None:
    """Depth and aliases, on the flat events: building the tree recurses without a limit."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise BadFacts(f"{name}, line {line}: an alias; expected the value itself")
        if isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent)) and event.tag:
            raise BadFacts(f"{name}, line {line}: a tag ({event.tag[:40]}); expected plain values")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise BadFacts(f"{name}, line {line}: nested more than {DEEPEST} levels deep")
