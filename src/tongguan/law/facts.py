"""The facts of a question: what may be asked, and in which shape.

A fact that is absent or null is unknown, save the extraordinary claims (`claims` in data/parameters.yaml: a restricted
recipient, a foreign authority's request, a ground, a zone, a city, a scenario), which then count as not claimed.
Only the part of a zone's list is asked for, where data stands on a list that has no numbers of its own for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any

import yaml

from tongguan.errors import BadFacts
from tongguan.law.book import book
from tongguan.law.contradictions import contradictions
from tongguan.law.naming import country_codes
from tongguan.shipped_yaml import LOADER

__all__ = ["ACTS", "FIELDS", "GROUNDS", "Facts", "parse_facts"]

ACTS = ("transmission", "remote_access", "overseas_processing", "none")
GROUNDS: Mapping[str, Mapping[str, bool]] = {  # each ground with its conditions and how they must be
    "trade": {},
    "reexport": {"collected_abroad": True, "domestic_added": False},
    "contract": {"party": True, "necessary": True},
    "hr": {"labour_rules": True, "collective_contract": True, "applicants": False, "necessary": True},
    "emergency": {"necessary": True, "protects_life_health_property": True},
    "treaty": {"treaty_applies": True},
    "statutory_duty": {"necessary": True},
}
PATHS_FILED = ("security_assessment", "standard_contract", "certification", "gba_standard_contract")
STATES_FILED = ("pending", "passed", "failed", "in_force")
PARTS = ("assessment", "contract")
FIELDS: dict[str, str] = {  # dotted path → kind, in the order in which missing facts are named
    "date": "date",
    "data.state_secret": "bool",
    "data.core": "bool",
    "recipient.restricted": "bool",
    "activity.foreign_authority_request": "bool",
    "activity.ordered_to_stop": "bool",
    "activity.unnecessary": "bool",
    "activity.act": "act",
    "recipient.country": "country",
    "recipient.city": "text",
    "data.personal": "bool",
    "data.important": "bool",
    "data.important_since": "date",
    "data.genetic": "bool",
    "data.surveying": "bool",
    "data.export_controlled": "bool",
    "activity.ground": "ground",
    "activity.conditions.party": "bool",
    "activity.conditions.labour_rules": "bool",
    "activity.conditions.collective_contract": "bool",
    "activity.conditions.applicants": "bool",
    "activity.conditions.protects_life_health_property": "bool",
    "activity.conditions.collected_abroad": "bool",
    "activity.conditions.domestic_added": "bool",
    "activity.conditions.treaty_applies": "bool",
    "activity.conditions.necessary": "bool",
    "exporter.ciio": "bool",
    "exporter.processes_persons": "count",
    "exporter.city": "text",
    "exporter.automotive": "bool",
    "exporter.zone": "zone",
    "activity.zone_list": "list",
    "activity.zone_scenario": "scenario",
    "activity.on_zone_list": "bool",
    "activity.zone_list_part": "part",
    "data.persons": "count",
    "data.sensitive_persons": "count",
    "data.persons_with_both": "count",
    "data.persons_before_split": "count",
    "data.sensitive_persons_before_split": "count",
    "activity.began": "date",
    "filed.path": "filed_path",
    "filed.state": "filed_state",
    "filed.day": "date",
}
GROUPS = frozenset(path.rpartition(".")[0] for path in FIELDS) - {""} | {"activity"}
NOTHING = ("", "~", "null")
MOST_PERSONS = 10_000_000_000  # more than there are people
SHOWN = 20  # choices that a message lists in full
LONGEST, DEEPEST = 100_000, 8  # characters of a facts file, levels of nesting


@dataclass(frozen=True, slots=True)
class Facts:
    """Known facts by dotted path (`data.persons`); the rest is unknown. `name` says where they come from."""

    values: Mapping[str, Any]
    name: str = "facts"

    @classmethod
    def of(cls, nested: Mapping[str, Any], name: str = "facts") -> Facts:
        """Facts from a nested mapping of the shape of the file. Raises BadFacts naming the key and the expectation."""
        flat: list[tuple[str, Any, int | None]] = []
        _flatten(nested, "", name, flat)
        return _checked(flat, name)


def parse_facts(text: str, name: str) -> Facts:
    """Facts from YAML. Raises BadFacts naming the line, the key and what was expected; `name` is the file's name."""
    return _checked(_leaves(_compose(text, name), name), name)


def _checked(given: Iterable[tuple[str, Any, int | None]], name: str) -> Facts:
    values: dict[str, Any] = {}
    for path, raw, line in given:
        value = _value(path, raw, line, name)
        if value is None:
            continue
        if path in values:  # both as `data.persons` and as `persons` below `data`
            raise BadFacts(f"{_where(name, line)}: {path} is given twice")
        values[path] = value
    facts = Facts({path: values[path] for path in FIELDS if path in values}, name)
    for wrong in contradictions(facts.values):
        raise BadFacts(f"{name}: {wrong}")
    return facts


def _value(path: str, raw: Any, line: int | None, name: str) -> Any:
    """A checked value, or None where it is unknown."""
    kind = FIELDS[path]
    if raw is True or raw is False:
        if kind == "bool":
            return raw
    elif raw is None or (isinstance(raw, Plain) and not raw.quoted and raw.text.lower() in NOTHING):
        return None
    try:
        return _READERS[kind](raw)
    except ValueError as wrong:
        shown = raw.text if isinstance(raw, Plain) else str(raw)
        example = f", such as {EXAMPLES[kind]}" if kind in EXAMPLES else ""
        raise BadFacts(f"{_where(name, line)}: {path}: expected {wrong}{example}; found {shown[:60]!r}") from None


class Plain:
    """A scalar as it was written; YAML's guess of its type is left aside, so that `country: NO` stays Norway."""

    __slots__ = ("quoted", "text")

    def __init__(self, text: str, quoted: bool) -> None:
        self.text = text
        self.quoted = quoted


def _bool(raw: Any) -> bool:
    if isinstance(raw, Plain) and not raw.quoted:
        raw = {"true": True, "yes": True, "false": False, "no": False}.get(raw.text.lower(), raw)
    if isinstance(raw, bool):
        return raw
    raise ValueError("true or false")


def _count(raw: Any) -> int:
    if isinstance(raw, Plain) and not raw.quoted and re.fullmatch(r"[+-]?(0|[1-9][0-9_]{0,20})", raw.text):
        raw = int(raw.text.replace("_", ""))
    if isinstance(raw, int) and not isinstance(raw, bool) and 0 <= raw <= MOST_PERSONS:
        return raw
    raise ValueError(f"a whole number of persons, 0 or more and at most {MOST_PERSONS}, in plain digits")


def _date(raw: Any) -> date:
    if type(raw) is date:
        return raw
    text = raw.text if isinstance(raw, Plain) else raw
    if isinstance(text, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise ValueError("a day written YYYY-MM-DD")


def _text(raw: Any) -> str:
    text = raw.text if isinstance(raw, Plain) else raw
    if isinstance(text, str) and 0 < len(text.strip()) <= 100 and text.strip().isprintable():
        return text.strip()
    raise ValueError("a short text of one line")


def _country(raw: Any) -> str:
    text = raw.text if isinstance(raw, Plain) else raw
    if isinstance(text, str) and text in country_codes():
        return text
    raise ValueError(
        "a country code of two capital letters (ISO 3166-1 alpha-2, such as US, GB or HK; quote NO in other YAML tools)"
    )


def _one_of(allowed: tuple[str, ...], found: object) -> str:
    """All that is allowed; of many, the nearest to what was found."""
    if len(allowed) <= SHOWN:
        return "one of " + ", ".join(allowed)
    near = get_close_matches(str(found)[:80], allowed, n=3, cutoff=0.1) or allowed[:3]
    return f"one of {len(allowed)}, such as " + ", ".join(near)


def _choice(raw: Any, allowed: tuple[str, ...]) -> str:
    text = raw.text if isinstance(raw, Plain) else raw
    if isinstance(text, str) and text in allowed:
        return text
    raise ValueError(_one_of(allowed, text))


EXAMPLES = {"bool": "false", "count": "120000", "date": "2026-11-21", "country": "US", "text": "深圳"}
_READERS: dict[str, Callable[[Any], Any]] = {
    "bool": _bool,
    "count": _count,
    "date": _date,
    "text": _text,
    "country": _country,
    "act": lambda raw: _choice(raw, ACTS),
    "ground": lambda raw: _choice(raw, tuple(GROUNDS)),
    "zone": lambda raw: _choice(raw, tuple(book().zones)),
    "list": lambda raw: _choice(raw, book().list_ids),
    "scenario": lambda raw: _choice(raw, tuple(book().scenarios)),
    "part": lambda raw: _choice(raw, PARTS),
    "filed_path": lambda raw: _choice(raw, PATHS_FILED),
    "filed_state": lambda raw: _choice(raw, STATES_FILED),
}


def _flatten(nested: Any, above: str, name: str, flat: list[tuple[str, Any, int | None]]) -> None:
    """All values below a mapping, with their dotted paths, onto `flat`."""
    if type(nested) is not dict and not isinstance(nested, Mapping):
        raise BadFacts(f"{name}: {above or 'facts'}: expected keys with values, found {type(nested).__name__}")
    for key, value in nested.items():
        path = f"{above}.{key}" if above else str(key)
        if path in FIELDS:
            flat.append((path, value, None))
        elif path not in GROUPS:
            raise BadFacts(f"{name}: {_unknown_key(path)}")
        elif value is not None:
            _flatten(value, path, name, flat)


def _compose(text: str, name: str) -> yaml.Node | None:
    """The YAML as nodes. Depth is checked on the flat events first: the C composer recurses without a limit."""
    if len(text) > LONGEST:
        raise BadFacts(f"{name}: {len(text)} characters; a facts file has at most {LONGEST}")
    try:
        depth = 0
        for event in yaml.parse(text, Loader=LOADER):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                raise BadFacts(f"{_where(name, _line(event.start_mark))}: nested more than {DEEPEST} levels deep")
        return yaml.compose(text, Loader=LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "characters that YAML does not allow"
        where = _where(name, _line(mark))
        raise BadFacts(f"{where}: not readable as YAML ({problem}); expected keys such as `date: 2026-11-21`") from None


def _leaves(root: yaml.Node | None, name: str) -> Iterator[tuple[str, Any, int | None]]:
    if root is None:
        return
    yield from _walk(root, "", name)


def _walk(node: yaml.Node, above: str, name: str) -> Iterator[tuple[str, Any, int | None]]:
    if not isinstance(node, yaml.MappingNode):
        if above and isinstance(node, yaml.ScalarNode) and not node.style and node.value.lower() in NOTHING:
            return
        where = _where(name, _line(node.start_mark))
        raise BadFacts(f"{where}: {above or 'facts'}: expected keys with values, such as `date: 2026-11-21`")
    seen: set[str] = set()
    for key_node, value_node in node.value:
        line = _line(key_node.start_mark)
        key = key_node.value if isinstance(key_node, yaml.ScalarNode) else "?"
        path = f"{above}.{key}" if above else key
        if path in seen:
            raise BadFacts(f"{_where(name, line)}: {path} is given twice")
        seen.add(path)
        if path in GROUPS:
            yield from _walk(value_node, path, name)
        elif path not in FIELDS:
            raise BadFacts(f"{_where(name, line)}: {_unknown_key(path)}")
        elif not isinstance(value_node, yaml.ScalarNode):
            raise BadFacts(f"{_where(name, line)}: {path}: expected one value, found a list or keys")
        else:
            yield path, Plain(value_node.value, bool(value_node.style)), line


def _unknown_key(path: str) -> str:
    above = path.rpartition(".")[0]
    siblings = {other for other in FIELDS if other.rpartition(".")[0] == above} | {
        g for g in GROUPS if g.rpartition(".")[0] == above
    }
    known = ", ".join(sorted(other.rpartition(".")[2] for other in siblings))
    return f"unknown key {path[:80]!r}; expected one of {known}"


def _line(mark: Any) -> int | None:
    return None if mark is None else mark.line


def _where(name: str, line: int | None) -> str:
    return name if line is None else f"{name}, line {line + 1}"
