"""The lists of zones and regions on a day, and where two of them say different things of the same data. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

from tongguan.errors import BadFacts, NotFound
from tongguan.law.book import Cite, book, load
from tongguan.law.packs.zone_list import Statement, ZoneList

__all__ = ["Disagreement", "Position", "cite_of", "disagreements", "zone_list", "zone_lists"]

COMPARED = ("persons", "of", "boundary", "ciio")  # besides the treatment


@dataclass(frozen=True, slots=True)
class Position:
    """What one list says of a topic: `where` is the id of the list, sector or scenario at which it stands."""

    list: ZoneList
    where: str
    section: str
    statement: Statement
    cite: Cite


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Lists in force on one day that treat the same kind of data differently; `names` is the topic in words."""

    topic: str
    names: Mapping[str, str]
    positions: tuple[Position, ...]


def zone_lists(as_of: date, readings: Mapping[str, str] | None = None) -> tuple[ZoneList, ...]:
    """Every list and regional rule in force on a day, the oldest first.

    `readings` choose otherwise where a list may hold after its last day: {"lingang_renewed": "renewed"}. Raises
    BadFacts for a reading that no list has.
    """
    chosen = _checked(readings)
    held = (one for one in book().zone_lists.values() if one.in_force(as_of, chosen))
    return tuple(sorted(held, key=lambda one: (one.first, one.id)))


def zone_list(key: str) -> ZoneList:
    """The list of an id (BJ-2024), whether or not it is in force. Raises NotFound, naming what is near."""
    found = book().zone_lists.get(key)
    if found is None:
        near = get_close_matches(key[:80].upper(), list(book().zone_lists), n=3, cutoff=0.5)
        raise NotFound(f"no list {key[:80]!r}; expected one of {', '.join(near or book().zone_lists)}")
    return found


def disagreements(as_of: date, readings: Mapping[str, str] | None = None) -> tuple[Disagreement, ...]:
    """Topics of which lists in force on a day say different things, each with what they say and where.

    Lists differ where their statements `about` a topic have another treatment, or other numbers or boundaries.
    """
    by_topic: dict[str, list[Position]] = {}
    for one in zone_lists(as_of, readings):
        for position in _positions(one, as_of):
            by_topic.setdefault(str(position.statement.about), []).append(position)
    names = load("zones")["topics"]
    return tuple(
        Disagreement(topic, names.get(topic, {"zh": topic, "en": topic}), tuple(positions))
        for topic, positions in by_topic.items()
        if _differ(positions)
    )


def cite_of(one: ZoneList, statement: Statement | None = None) -> Cite:
    """The instrument behind a statement: its own, or that of its list."""
    instrument, article = (statement and statement.cite) or (one.instrument, "")
    return Cite(book().instruments.get(instrument) or book().instruments[one.instrument], article)


def _positions(one: ZoneList, as_of: date) -> Iterator[Position]:
    for where, section, statement in one.statements():
        holds = (statement.first or date.min) <= as_of <= (statement.last or date.max)
        if statement.about and holds:
            yield Position(one, where, section, statement, cite_of(one, statement))


def _differ(positions: list[Position]) -> bool:
    said: dict[str, set[tuple[object, ...]]] = {}
    for position in positions:
        values = position.statement.values
        compared = (position.statement.treatment, *(values.get(key) for key in COMPARED))
        said.setdefault(position.list.id, set()).add(compared)
    return len({frozenset(one) for one in said.values()}) > 1


def _checked(readings: Mapping[str, str] | None) -> Mapping[str, str]:
    known = {one.reading.id: one.reading for one in book().zone_lists.values() if one.reading}
    for key, value in (readings or {}).items():
        reading = known.get(key)
        if reading is None:
            raise BadFacts(f"readings: no list has a reading {key[:80]!r}; expected one of {', '.join(known)}")
        if value not in (reading.default, reading.in_force_where):
            raise BadFacts(f"readings.{key}: expected {reading.default} or {reading.in_force_where}, found {value!r}")
    return readings or {}
