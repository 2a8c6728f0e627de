"""The timeline of a case: where it stands, what can come next, and what is due when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tongguan.law.clocks.case import Case
from tongguan.law.clocks.checklist import Checked, check
from tongguan.law.clocks.machine import Moment, can_follow, replay, state_on
from tongguan.law.clocks.procedure import Event, Trigger
from tongguan.law.clocks.reckoning import Deadline, reckon

__all__ = ["Timeline", "clocks"]

NOT_YET = ("open", "waiting", "planned", "undetermined")


@dataclass(frozen=True, slots=True)
class Timeline:
    """What the clocks of a case say on its day. `deadlines` come by their last day, those without one at the end."""

    case: Case
    state: str
    history: tuple[Moment, ...]  # what was planned for later days included
    next: tuple[Event, ...]
    deadlines: tuple[Deadline, ...]
    checklist: Checked | None
    triggers: tuple[Trigger, ...]

    @property
    def overdue(self) -> tuple[Deadline, ...]:
        """What should have happened by now."""
        return tuple(one for one in self.deadlines if one.status == "overdue")

    @property
    def upcoming(self) -> tuple[Deadline, ...]:
        """What is still to be met, or may be."""
        return tuple(one for one in self.deadlines if one.status in NOT_YET)

    @property
    def recurring(self) -> tuple[Deadline, ...]:
        """What comes again and again, over the case's horizon."""
        return tuple(one for one in self.deadlines if one.step.kind == "recurring")

    @property
    def missing(self) -> tuple[str, ...]:
        """The facts that would settle what is undetermined."""
        asked = [*(fact for one in self.deadlines for fact in one.missing)]
        return tuple(dict.fromkeys([*asked, *(self.checklist.missing if self.checklist else ())]))


def clocks(case: Case | Mapping[str, Any]) -> Timeline:
    """The timeline of a case (`Case`, or a mapping of the shape in `case`).

    Raises BadFacts naming the field, what was expected and an example; also where the events contradict the procedure.
    """
    if not isinstance(case, Case):
        case = Case.of(case)
    moments = replay(case)
    checked = _checked(case, moments)
    deadlines = reckon(case, moments, checked)
    stands = state_on(case.procedure, moments, case.as_of)
    state = _in_time(stands, deadlines)
    return Timeline(
        case=case,
        state=state,
        history=moments,
        next=tuple(can_follow(case.procedure, case.procedure.begins if _lapsed(stands, deadlines) else stands)),
        deadlines=deadlines,
        checklist=checked,
        triggers=tuple(trigger for trigger in case.procedure.triggers if trigger.first <= case.as_of),
    )


def _checked(case: Case, moments: tuple[Moment, ...]) -> Checked | None:
    """The checklist, once there is a result that it could be asked about."""
    if case.procedure.checklist is None:
        return None
    results = frozenset[str]().union(*(step.after for step in case.procedure.steps if step.kind == "validity"))
    past = [moment.event for moment in moments if moment.day <= case.as_of]
    at = max((at for at, event in enumerate(past) if event in results), default=None)
    return None if at is None else check(case.procedure.checklist, case.facts, frozenset(past[at + 1 :]))


def _in_time(state: str, deadlines: tuple[Deadline, ...]) -> str:
    """The state that time itself brought about: a validity lapsed, a window opened."""
    lapsed = _lapsed(state, deadlines)
    if lapsed:
        return lapsed
    for one in deadlines:
        if one.step.enters and state in one.step.enters[0] and one.status == "open":
            return one.step.enters[1]
    return state


def _lapsed(state: str, deadlines: tuple[Deadline, ...]) -> str | None:
    for one in deadlines:
        if one.status == "lapsed" and one.step.lapses and state in one.step.lapses[0]:
            return one.step.lapses[1]
    return None
