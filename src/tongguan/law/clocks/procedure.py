"""Procedures of data/procedures.yaml: their states, what can happen in them, and what is due when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Literal

from tongguan.law.book import Cite, book, load
from tongguan.law.calendar import Unit

__all__ = [
    "Checklist",
    "Condition",
    "Event",
    "Every",
    "FactField",
    "Kind",
    "Procedure",
    "Reading",
    "Step",
    "Text",
    "Trigger",
    "actor",
    "procedures",
    "readings",
]

Text = Mapping[str, str]  # in both languages: {"zh": …, "en": …}
Kind = Literal["deadline", "window", "validity", "retention", "recurring"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that can happen in the states `sources`; `to` is the state afterwards, None where it stays."""

    id: str
    text: Text
    who: str
    sources: frozenset[str]
    to: str | None
    opens: bool  # a history may begin with it, where what came before is not known


@dataclass(frozen=True, slots=True)
class FactField:
    """A fact that clocks ask for. A claim counts as not made where it is absent."""

    id: str
    kind: Literal["bool", "count", "choice"]
    text: Text
    choices: tuple[str, ...]
    claim: bool


@dataclass(frozen=True, slots=True)
class Every:
    """A day of each year on which something is due."""

    month: int
    day: int
    first: date  # the first one


@dataclass(frozen=True, slots=True)
class Step:
    """What is due. The fields are explained at the head of data/procedures.yaml."""

    id: str
    kind: Kind
    text: Text
    who: str
    after: frozenset[str]
    before: frozenset[str]
    due: date | None
    n: int | None
    unit: Unit
    every: Every | None
    until: frozenset[str]
    void_by: frozenset[str]
    first: date  # the clock starts on this day or later …
    last: date  # … and no later than this one
    when: Mapping[str, Any]
    reading: Mapping[str, str]
    unless_checked: bool  # it falls away where the checklist is met in full
    needs_checked: bool  # it is of no use where the checklist is not met
    optional: bool  # a right, no duty: letting it pass is no breach
    prolonged_by: tuple[str, int] | None
    enters: tuple[frozenset[str], str] | None
    lapses: tuple[frozenset[str], str] | None
    cites: tuple[Cite, ...]
    confidence: str
    missed: Text | None
    unknown: Text | None


@dataclass(frozen=True, slots=True)
class Trigger:
    """A change of circumstances, and the event that it amounts to."""

    id: str
    event: str
    text: Text
    first: date
    cites: tuple[Cite, ...]
    confidence: str


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition: facts that must have these values, or a growth in percent that must not be exceeded."""

    id: str
    text: Text
    only: str | None  # it matters only where this fact is true
    holds: Mapping[str, bool]
    growth: tuple[str, str, int] | None  # of, over, percent


@dataclass(frozen=True, slots=True)
class Checklist:
    """Conditions that must all be met, and events that must never have happened since the result."""

    id: str
    text: Text
    never: frozenset[str]
    never_text: Text
    conditions: tuple[Condition, ...]
    cites: tuple[Cite, ...]
    confidence: str


@dataclass(frozen=True, slots=True)
class Procedure:
    """A procedure as a state machine with clocks."""

    id: str
    text: Text
    first: date
    begins: str
    states: Mapping[str, Text]
    events: Mapping[str, Event]
    facts: Mapping[str, FactField]
    steps: tuple[Step, ...]
    triggers: tuple[Trigger, ...]
    checklist: Checklist | None


@dataclass(frozen=True, slots=True)
class Reading:
    """A point of interpretation: the reading taken unless told otherwise, and what each means."""

    id: str
    default: str
    text: Text
    options: Mapping[str, Text]


@cache
def procedures() -> Mapping[str, Procedure]:
    """All procedures by id, read once."""
    return {key: _procedure(key, entry) for key, entry in _data()["procedures"].items()}


@cache
def readings() -> Mapping[str, Reading]:
    """The points of interpretation by id."""
    return {
        key: Reading(key, entry["default"], _text(entry), entry["options"])
        for key, entry in _data()["readings"].items()
    }


def actor(who: str) -> Text:
    """The name of somebody who acts."""
    return _text(_data()["actors"][who])


@cache
def _data() -> Any:
    return load("procedures")


def _procedure(key: str, entry: Mapping[str, Any]) -> Procedure:
    return Procedure(
        id=key,
        text=_text(entry),
        first=entry["from"],
        begins=entry["begins"],
        states=entry["states"],
        events={name: _event(name, event) for name, event in entry["events"].items()},
        facts={name: _fact(name, fact) for name, fact in entry["facts"].items()},
        steps=tuple(_step(step, entry["void_by"]) for step in entry["steps"]),
        triggers=tuple(_trigger(trigger, entry["from"]) for trigger in entry["triggers"]),
        checklist=_checklist(entry["checklist"]) if "checklist" in entry else None,
    )


def _event(key: str, entry: Mapping[str, Any]) -> Event:
    return Event(key, _text(entry), entry["who"], frozenset(entry["from"]), entry["to"], entry.get("opens", False))


def _fact(key: str, entry: Mapping[str, Any]) -> FactField:
    return FactField(key, entry["kind"], _text(entry), tuple(entry.get("choices", ())), bool(entry.get("claim", False)))


def _step(entry: Mapping[str, Any], void_by: list[str]) -> Step:
    prolonged = entry.get("prolonged_by")
    everywhere = () if entry.get("never_void") else void_by
    return Step(
        id=entry["id"],
        kind=entry["kind"],
        text=_text(entry),
        who=entry["who"],
        after=frozenset(entry.get("after", ())),
        before=frozenset(entry.get("before", ())),
        due=entry.get("due"),
        n=entry.get("n"),
        unit=entry.get("unit", "calendar_day"),
        every=_every(entry["every"]) if "every" in entry else None,
        until=frozenset(entry.get("until", ())),
        void_by=frozenset(everywhere) | frozenset(entry.get("void_by", ())),
        first=entry.get("from", date.min),
        last=entry.get("to", date.max),
        when=entry.get("when", {}),
        reading=entry.get("reading", {}),
        unless_checked="unless" in entry,
        needs_checked="needs" in entry,
        optional=entry.get("optional", False),
        prolonged_by=(prolonged["event"], prolonged["n"]) if prolonged else None,
        enters=_move(entry.get("enters")),
        lapses=_move(entry.get("lapses")),
        cites=_cites(entry["cites"]),
        confidence=entry["confidence"],
        missed=entry.get("missed"),
        unknown=entry.get("unknown"),
    )


def _every(entry: Mapping[str, Any]) -> Every:
    month, day = entry["day"].split("-")
    return Every(int(month), int(day), entry["first"])


def _trigger(entry: Mapping[str, Any], first: date) -> Trigger:
    return Trigger(
        entry["id"],
        entry["event"],
        _text(entry),
        entry.get("from", first),
        _cites(entry["cites"]),
        entry["confidence"],
    )


def _checklist(entry: Mapping[str, Any]) -> Checklist:
    first = entry["precondition"]
    return Checklist(
        id=entry["id"],
        text=_text(entry),
        never=frozenset(first["never"]),
        never_text=_text(first),
        conditions=tuple(_condition(condition) for condition in entry["conditions"]),
        cites=_cites(entry["cites"]),
        confidence=entry["confidence"],
    )


def _condition(entry: Mapping[str, Any]) -> Condition:
    growth = entry.get("growth")
    return Condition(
        id=entry["id"],
        text=_text(entry),
        only=entry.get("only"),
        holds=entry.get("holds", {}),
        growth=(growth["of"], growth["over"], growth["percent"]) if growth else None,
    )


def _move(entry: Mapping[str, Any] | None) -> tuple[frozenset[str], str] | None:
    return (frozenset(entry["from"]), entry["to"]) if entry else None


def _cites(pairs: list[list[str]]) -> tuple[Cite, ...]:
    return tuple(Cite(book().instruments[instrument], article) for instrument, article in pairs)


def _text(entry: Mapping[str, Any]) -> Text:
    return {"zh": entry["zh"], "en": entry["en"]}
