"""Answers to a checklist: what may be answered and in which shape, and a sheet that notes what was looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from datetime import date
from difflib import get_close_matches
from typing import Any

from tongguan.errors import BadFacts
from tongguan.law.book import book

__all__ = ["Sheet", "checked"]

MOST = 10_000_000_000  # more than there are people, or days
MOST_TEXTS, LONGEST_TEXT, DEEPEST = 500, 200, 8
FIRST_DAY = date(2017, 1, 1)


class Sheet:
    """Known answers by dotted path, and the readings taken. `reads` collects the known answers looked at.

    `claims` are extraordinary: absent, they count as not made.
    """

    __slots__ = ("claims", "readings", "reads", "values")

    def __init__(self, values: Mapping[str, Any], readings: Mapping[str, str], claims: Set[str]) -> None:
        self.values = values
        self.readings = readings
        self.claims = claims
        self.reads: dict[str, Any] = {}

    def __call__(self, path: str) -> Any:
        """An answer, or None where it is unknown."""
        value = self.values.get(path)
        if value is None and path in self.claims:
            return False
        if value is not None:
            self.reads[path] = value
        return value


def checked(given: Mapping[str, Any], fields: Mapping[str, Mapping[str, Any]], name: str) -> dict[str, Any]:
    """The known answers by dotted path, in the order of `fields` (path → kind, choices, example).

    `given` is nested as the dots say; null is unknown. Raises BadFacts that names the field, what was expected, and
    gives an example. The date must be there: a checklist is always gone through for a day.
    """
    if not isinstance(given, Mapping):
        raise BadFacts(f"{name}: expected a mapping of answers, such as {{date: 2026-11-21}}, found {_shown(given)}")
    values = {}
    for path, raw in _flat(given, "", fields, name):
        try:
            values[path] = _READERS[fields[path]["kind"]](raw, fields[path])
        except ValueError as wrong:
            raise BadFacts(
                f"{name}: {path}: expected {wrong}, such as {_example(fields[path])}; found {_shown(raw)}"
            ) from None
    if "date" not in values:
        raise BadFacts(f"{name}: date: expected the day to judge by, such as {_example(fields['date'])}; found none")
    until = book().parameters["known"]["until"]
    if values["date"] > until:
        example, found = _example(fields["date"]), values["date"]
        raise BadFacts(f"{name}: date: expected a day not after {until}, such as {example}; found {found}")
    return {path: values[path] for path in fields if path in values}


def _flat(
    node: Mapping[Any, Any], above: str, fields: Mapping[str, Any], name: str, depth: int = 0
) -> Iterator[tuple[str, Any]]:
    groups = {path.rpartition(".")[0] for path in fields} - {""}
    for key, value in node.items():
        path = f"{above}.{key}" if above else str(key)
        if not isinstance(key, str) or (path not in fields and path not in groups) or depth > DEEPEST:
            raise BadFacts(f"{name}: {_unknown_key(path, fields)}")
        if path in groups:
            if isinstance(value, Mapping):
                yield from _flat(value, path, fields, name, depth + 1)
            elif value is not None:
                inside = ", ".join(field.removeprefix(f"{path}.") for field in fields if field.startswith(f"{path}."))
                raise BadFacts(f"{name}: {path}: expected a mapping with {inside}; found {_shown(value)}")
        elif value is not None:
            yield path, value


def _unknown_key(path: str, fields: Mapping[str, Any]) -> str:
    near = get_close_matches(path, fields, n=1)
    hint = f"did you mean {near[0]}?" if near else f"expected one of {', '.join(fields)}"
    return f"unknown key {path[:80]!r}; {hint}"


def _bool(raw: Any, field: Mapping[str, Any]) -> bool:
    if isinstance(raw, bool):
        return raw
    raise ValueError("true or false")


def _count(raw: Any, field: Mapping[str, Any]) -> int:
    if isinstance(raw, int) and not isinstance(raw, bool) and 0 <= raw <= MOST:
        return raw
    raise ValueError("a whole number, 0 or more")


def _date(raw: Any, field: Mapping[str, Any]) -> date:
    if isinstance(raw, str) and len(raw) == 10:
        try:
            raw = date.fromisoformat(raw)
        except ValueError:
            raw = None
    if type(raw) is date and raw >= FIRST_DAY:
        return raw
    raise ValueError(f"a day written YYYY-MM-DD, not before {FIRST_DAY}")


def _choice(raw: Any, field: Mapping[str, Any]) -> str:
    if isinstance(raw, str) and raw in field["choices"]:
        return raw
    raise ValueError("one of " + ", ".join(field["choices"]))


def _texts(raw: Any, field: Mapping[str, Any]) -> tuple[str, ...]:
    if isinstance(raw, list | tuple) and len(raw) <= MOST_TEXTS and all(isinstance(item, str) for item in raw):
        texts = tuple(item.strip() for item in raw)
        if all(0 < len(text) <= LONGEST_TEXT for text in texts):
            return tuple(dict.fromkeys(texts))
    raise ValueError("a list of short texts")


_READERS: dict[str, Callable[[Any, Mapping[str, Any]], Any]] = {
    "bool": _bool,
    "count": _count,
    "date": _date,
    "choice": _choice,
    "texts": _texts,
}
_EXAMPLES = {"bool": "true", "count": "1200", "date": "2026-11-21"}


def _example(field: Mapping[str, Any]) -> str:
    return str(field.get("example") or _EXAMPLES.get(field["kind"]) or next(iter(field.get("choices", ["…"]))))


def _shown(value: Any) -> str:
    """What was found; a list or mapping only by its kind, for it may hold anything."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    return repr(value)[:60]
