"""The state machine: what happened, replayed in the procedure's table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from tongguan.errors import BadFacts
from tongguan.law.clocks.case import Case
from tongguan.law.clocks.procedure import Event, Procedure

__all__ = ["Moment", "can_follow", "replay", "state_on"]


@dataclass(frozen=True, slots=True)
class Moment:
    """An event that happened, or is planned, and the state that it led to."""

    event: str
    day: date
    state: str


def replay(case: Case) -> tuple[Moment, ...]:
    """All events of a case in their order. Raises BadFacts where one cannot follow what came before it.

    Within one day the procedure's order is tried first, then whichever can follow.
    """
    moments: list[Moment] = []
    state = case.procedure.begins
    for day, same_day in groupby(case.events, key=lambda entry: entry[1]):
        left = [case.procedure.events[event] for event, _ in same_day]
        while left:
            event = next((one for one in left if _follows(one, state, not moments)), None)
            if event is None:
                raise _cannot_follow(case, left[0], day, state, not moments)
            left.remove(event)
            state = event.to or state
            moments.append(Moment(event.id, day, state))
    return tuple(moments)


def state_on(procedure: Procedure, moments: tuple[Moment, ...], day: date) -> str:
    """The state at the end of a day, as events alone bring it about."""
    past = [moment.state for moment in moments if moment.day <= day]
    return past[-1] if past else procedure.begins


def can_follow(procedure: Procedure, state: str) -> Iterator[Event]:
    """What can happen in a state."""
    return (event for event in procedure.events.values() if state in event.sources)


def _follows(event: Event, state: str, first: bool) -> bool:
    return state in event.sources or (first and event.opens)


def _cannot_follow(case: Case, event: Event, day: date, state: str, first: bool) -> BadFacts:
    procedure = case.procedure
    possible = [one.id for one in procedure.events.values() if _follows(one, state, first)]
    expected = ", ".join(possible) or "nothing more"
    return BadFacts(
        f"{case.where}: events.{event.id}: {day} cannot be: the procedure then stands at {state!r} "
        f"({procedure.states[state]['en']}); expected one of {expected} at that point, or another day"
    )
