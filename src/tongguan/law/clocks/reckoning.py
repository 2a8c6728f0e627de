"""Clocks of a case: for each step that applies, when it is due and how it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from tongguan.law.book import Cite
from tongguan.law.calendar import Reckoned, add_months, work_calendar
from tongguan.law.clocks.case import Case
from tongguan.law.clocks.checklist import Checked
from tongguan.law.clocks.machine import Moment
from tongguan.law.clocks.procedure import Every, Step

__all__ = ["Deadline", "reckon"]

ONE_DAY = timedelta(days=1)
NONE_YET = -1  # before the first event


@dataclass(frozen=True, slots=True)
class Deadline:
    """A clock that runs, ran or will run.

    `status`: waiting (its first day is to come) · open · done · early · late · overdue · passed (a right not used) ·
    void · planned (its event is to come) · undetermined (facts are missing) · running, lapsed, ended (validity,
    retention). `due` is the last day, `opens` the first; None where no number is known. Days left count from the day
    asked about to `due`, working days only as far as the calendar is known.
    """

    step: Step
    trigger: str | None  # the event, or the validity that it runs back from
    trigger_day: date | None
    opens: date | None
    due: date | None
    provisional: bool
    status: str
    met: date | None
    missing: tuple[str, ...]
    cites: tuple[Cite, ...]
    origin: str  # which clock of its step this is, however its days may move
    days_left: int | None = None
    working_days_left: int | None = None


@dataclass(frozen=True, slots=True)
class _Start:
    """What sets a clock going: an event at its place among the moments, or the last day of a validity."""

    at: int
    event: str | None
    day: date | None
    origin: str = ""


def reckon(case: Case, moments: tuple[Moment, ...], checked: Checked | None) -> tuple[Deadline, ...]:
    """All clocks of a case. Steps that facts or readings rule out are left out."""
    clocks = _Clocks(case, moments, checked)
    found: list[Deadline] = []
    ends: dict[str, list[_Start]] = {}
    for step in sorted(case.procedure.steps, key=lambda step: bool(step.before)):  # validities first
        missing = clocks.missing(step)
        if missing is None:
            continue
        made = list(clocks.of(step, ends))
        if step.kind == "validity":
            ends[step.id] = [
                _Start(clocks.latest(step, start), step.id, deadline.due, clocks.given(step, start))
                for start, deadline in made
                if deadline.due and deadline.status in ("running", "lapsed", "planned")
            ]
        found += [clocks.counted(deadline, missing) for _, deadline in made]
    order = {step.id: at for at, step in enumerate(case.procedure.steps)}
    return tuple(sorted(found, key=lambda one: (one.due or one.opens or date.max, order[one.step.id])))


class _Clocks:
    def __init__(self, case: Case, moments: tuple[Moment, ...], checked: Checked | None) -> None:
        self.case = case
        self.moments = moments
        self.past = tuple(moment for moment in moments if moment.day <= case.as_of)
        self.checked = checked
        self.days = work_calendar()
        self.shift = ONE_DAY if case.readings["start_day"] == "same_day" else timedelta()

    # ---- which steps apply ----------------------------------------------------------------------------------------

    def missing(self, step: Step) -> tuple[str, ...] | None:
        """The facts that decide whether the step applies; none: it does; None: it does not."""
        if any(self.case.readings[reading] != option for reading, option in step.reading.items()):
            return None
        unknown = []
        for fact, wanted in step.when.items():
            value = self.case.facts.get(fact)
            if value is None and not self.case.procedure.facts[fact].claim:
                unknown.append(fact)
            elif not _matches(value, wanted):
                return None
        if step.unless_checked and self.checked:
            if self.checked.met:
                return None
            unknown += self.checked.missing
        return tuple(unknown)

    # ---- the clocks of a step -------------------------------------------------------------------------------------

    def of(self, step: Step, ends: Mapping[str, list[_Start]]) -> Iterator[tuple[_Start, Deadline]]:
        if step.every:
            yield from ((_Start(NONE_YET, None, None), deadline) for deadline in self.yearly(step, step.every))
            return
        for start in self.starts(step, ends):
            opens, due = self.span(step, start)
            yield start, self.standing(step, start, opens, due)

    def starts(self, step: Step, ends: Mapping[str, list[_Start]]) -> Iterator[_Start]:
        if step.before:
            for validity in sorted(step.before):
                yield from ends.get(validity, [])
        elif step.after:
            found = [
                _Start(at, moment.event, moment.day, f"{moment.event} {self.occurrence(at)}")
                for at, moment in enumerate(self.moments)
                if moment.event in step.after and step.first <= moment.day <= step.last
            ]
            yield from found or ([_Start(NONE_YET, None, None)] if step.kind == "recurring" else [])
        else:
            yield _Start(NONE_YET, None, None)

    def span(self, step: Step, start: _Start) -> tuple[Reckoned | None, Reckoned | None]:
        """The first and the last day."""
        if step.due:
            return None, Reckoned(step.due, False)
        if step.n is None or start.day is None:
            return None, None
        if step.before:
            edge = self.days.reckon(start.day + self.shift, -step.n, step.unit)
            return (edge, Reckoned(start.day, False)) if step.kind == "window" else (None, edge)
        due = self.days.reckon(start.day - self.shift, step.n + self.prolonged(step, start), step.unit)
        if step.kind == "deadline" and step.unit != "working_day" and self.case.readings["rest_day"] != "stay":
            due = self.days.on_or_after(due.day)
        return None, due

    def prolonged(self, step: Step, start: _Start) -> int:
        """By how much a validity was prolonged so far."""
        return step.prolonged_by[1] * len(self.prolongations(step, start)) if step.prolonged_by else 0

    def latest(self, step: Step, start: _Start) -> int:
        """Where the validity, as it now stands, was last given: what happened before concerns an earlier one."""
        return max([start.at, *self.prolongations(step, start)])

    def prolongations(self, step: Step, start: _Start) -> list[int]:
        """Where a validity was prolonged, before another result took its place."""
        found = []
        for at, moment in enumerate(self.past[start.at + 1 :], start.at + 1):
            if moment.event in step.after:
                break
            if step.prolonged_by and moment.event == step.prolonged_by[0]:
                found.append(at)
        return found

    def occurrence(self, at: int) -> int:
        """How often the event had happened before."""
        return sum(moment.event == self.moments[at].event for moment in self.moments[:at])

    def given(self, step: Step, start: _Start) -> str:
        """Which validity this is: that of which result, prolonged how often."""
        return f"{start.origin} {len(self.prolongations(step, start))}"

    def yearly(self, step: Step, every: Every) -> Iterator[Deadline]:
        """The days of the horizon, and those since the duty is known to stand.

        What was done settles the earliest day that is still unsettled and whose year had begun.
        """
        done = [moment.day for moment in self.past if moment.event in step.until]
        began = [moment.day for moment in self.moments if moment.event == "began"]
        since = min([*began, *done, self.case.as_of])
        horizon = add_months(self.case.as_of, self.case.horizon)
        for year in range(max(since.year, every.first.year), horizon.year + 1):
            due = date(year, every.month, every.day)
            if not since <= due <= horizon:
                continue
            met = next((day for day in done if day > date(year - 1, every.month, every.day)), None)
            if met:
                done.remove(met)
            late = self.case.as_of > due
            status = ("done" if met <= due else "late") if met else ("overdue" if late else "open")
            yield self.deadline(step, None, Reckoned(due, False), _Start(NONE_YET, None, None), status, met)

    # ---- how a clock stands ---------------------------------------------------------------------------------------

    def standing(self, step: Step, start: _Start, opens: Reckoned | None, due: Reckoned | None) -> Deadline:
        after = self.past[start.at + 1 :]
        met_at = next((at for at, moment in enumerate(after) if moment.event in step.until), None)
        void_at = next((at for at, moment in enumerate(after) if self.takes_away(step, start, moment)), None)
        met = None if met_at is None else after[met_at].day
        if met_at is None and start.at >= len(self.past):
            status = "planned"
        elif void_at is not None and (met_at is None or void_at < met_at):
            status, met = "void", None
        elif met is not None:
            status = _how_met(step, met, opens, due)
        else:
            status = self.pending(step, opens, due)
        return self.deadline(step, opens, due, start, status, met)

    def takes_away(self, step: Step, start: _Start, moment: Moment) -> bool:
        if moment.event in step.void_by:
            return step.kind not in ("validity", "retention")
        if step.kind == "retention" or moment.event in step.until:
            return False
        if step.kind == "validity":
            return moment.event in step.after
        return not step.before and moment.event == start.event

    def pending(self, step: Step, opens: Reckoned | None, due: Reckoned | None) -> str:
        over = due is not None and self.case.as_of > due.day
        if step.kind in ("validity", "retention"):
            return "lapsed" if over else "running"
        if over:
            return "passed" if step.optional else "overdue"
        return "waiting" if opens is not None and self.case.as_of < opens.day else "open"

    def deadline(
        self, step: Step, opens: Reckoned | None, due: Reckoned | None, start: _Start, status: str, met: date | None
    ) -> Deadline:
        day = start.day or (due.day if due else None) or self.case.as_of
        return Deadline(
            step=step,
            trigger=start.event,
            trigger_day=start.day,
            opens=opens.day if opens else None,
            due=due.day if due else None,
            provisional=any(one.provisional for one in (opens, due) if one),
            status=status,
            met=met,
            missing=(),
            cites=self.in_force(step, day),
            origin=start.origin,
        )

    def in_force(self, step: Step, day: date) -> tuple[Cite, ...]:
        """The citations of the day on which the clock started, or of the day asked about where none was in force."""
        for on in (day, self.case.as_of):
            found = tuple(cite for cite in step.cites if cite.instrument.in_force(on))
            if found:
                return found
        return step.cites

    def counted(self, deadline: Deadline, missing: tuple[str, ...]) -> Deadline:
        """With the days left, and undetermined where facts are missing: the step may not apply at all."""
        if missing and deadline.status not in ("void", "ended"):
            deadline = replace(deadline, status="undetermined", missing=missing)
        of_no_use = deadline.step.needs_checked and self.checked and self.checked.met is False
        if of_no_use and deadline.status in ("waiting", "open", "planned", "passed"):
            deadline = replace(deadline, status="void")
        if deadline.due is None:
            return deadline
        known = self.days.knows(deadline.due) and self.days.knows(self.case.as_of)
        return replace(
            deadline,
            days_left=(deadline.due - self.case.as_of).days,
            working_days_left=self.days.count(self.case.as_of, deadline.due) if known else None,
        )


def _matches(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        low, high = wanted.get("from", 0), wanted.get("to")
        return bool(low <= value and (high is None or value <= high))
    return bool((value or False) == wanted) if isinstance(wanted, bool) else bool(value == wanted)


def _how_met(step: Step, met: date, opens: Reckoned | None, due: Reckoned | None) -> str:
    if step.kind in ("validity", "retention"):
        return "ended"
    if opens is not None and met < opens.day:
        return "early"
    return "late" if due is not None and met > due.day else "done"
