"""Whether some facts can still change an answer: asked of every value that they could have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import combinations, product
from typing import Any

from tongguan.errors import BadFacts
from tongguan.law.asking import choices, is_claim, known_days
from tongguan.law.decision import decide
from tongguan.law.facts import FIELDS, Facts

__all__ = ["can_change"]

Values = Mapping[str, Any]
MANY = 1_000_000_000  # persons: beyond every line


def can_change(
    facts: Facts | Mapping[str, Any], paths: frozenset[str], *, readings: Mapping[str, str] | None = None
) -> bool:
    """Whether facts at `paths`, the others staying as they are, could lead to another pathway or other ways.

    An answer that is not definite can always change. Unknown facts are tried by the judgement itself, which covers all
    that they could be. A claim that is absent counts as not made, so claims are tried by hand: each value of each
    alone, and each two that are chosen from lists (a path and its state, a list and its part).
    Names of places are free text and not tried. Raises BadFacts.
    """
    known = facts if isinstance(facts, Facts) else Facts.of(facts)
    now = _answer(known.values, readings)
    if now is None or now[0] == "undetermined":
        return True
    rest = {path: value for path, value in known.values.items() if path not in paths}
    return any(_answer({**rest, **trial}, readings) not in (None, now) for trial in _trials(paths, rest))


def _answer(values: Values, readings: Mapping[str, str] | None) -> tuple[str, tuple[str, ...]] | None:
    """Pathway and ways open; None where these facts cannot be true together."""
    try:
        decision = decide(Facts.of(_nested(values)), readings=readings)
    except BadFacts:
        return None
    return decision.pathway.value, decision.options


def _trials(paths: frozenset[str], rest: Values) -> Iterator[Values]:
    """What the facts could be, the unknown ones left to the judgement."""
    yield {}
    claims = [path for path in FIELDS if path in paths and is_claim(path)]
    for path in claims:
        yield from ({path: value} for value in _values(path, rest))
    listed = [path for path in claims if choices(path)]
    for one, other in combinations(listed, 2):
        for first, second in product(_values(one, rest), _values(other, rest)):
            yield {one: first, other: second}


def _values(path: str, rest: Values) -> tuple[Any, ...]:
    """Values of a claim that stand for all that rules tell apart."""
    day = rest.get("date")
    ends = (known_days()[0], day if isinstance(day, date) else known_days()[1])
    free: dict[str, tuple[Any, ...]] = {"bool": (True, False), "count": (0, MANY), "date": ends}
    return choices(path, day) or free.get(FIELDS[path], ())


def _nested(flat: Values) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, value in flat.items():
        group, _, last = path.rpartition(".")
        place = tree
        for part in group.split(".") if group else ():
            place = place.setdefault(part, {})
        place[last] = value
    return tree
