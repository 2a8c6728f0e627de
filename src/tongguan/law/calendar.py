"""Working days on the mainland's calendar, make-up working days included.

The days come from data/holidays.yaml. Outside the years whose notice is known the calendar still answers, from weekdays
and the statutory days it expects, and says that the answer is provisional.
"""

from __future__ import annotations

import calendar as gregorian
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any, Literal, NamedTuple

from tongguan.law.book import load

__all__ = ["UNITS", "Reckoned", "Unit", "WorkCalendar", "add_months", "work_calendar"]

Unit = Literal["working_day", "calendar_day", "month", "year"]
UNITS: tuple[Unit, ...] = ("working_day", "calendar_day", "month", "year")
ONE_DAY = timedelta(days=1)


class Reckoned(NamedTuple):
    """A day that was reckoned. It is provisional where the calendar of a day passed on the way is not yet known."""

    day: date
    provisional: bool


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Which days are worked. `years` are those whose notice is known; they follow each other without a gap."""

    years: range
    rest: frozenset[date]
    work: frozenset[date]

    @property
    def last(self) -> date:
        """The last day that is known for certain."""
        return date(self.years[-1], 12, 31)

    def knows(self, day: date) -> bool:
        """Whether the day lies in a year whose notice is known."""
        return day.year in self.years

    def is_working(self, day: date) -> bool:
        """Whether the day is worked; beyond the known years a best guess."""
        return day in self.work or (day.weekday() < 5 and day not in self.rest)

    def add(self, day: date, working_days: int) -> Reckoned:
        """The n-th working day after `day` (before it, where n is negative); `day` itself is never counted.

        With n = 0 it is `day` itself, worked or not.
        """
        step = ONE_DAY if working_days > 0 else -ONE_DAY
        left, certain = abs(working_days), True
        while left:
            day += step
            certain = certain and self.knows(day)
            left -= self.is_working(day)
        return Reckoned(day, not certain)

    def count(self, start: date, end: date) -> int:
        """Working days after `start` up to and including `end`; where `end` lies before `start`, those after `end` up
        to and including `start`, as a negative number.
        """
        if end < start:
            return -self.count(end, start)
        return sum(self.is_working(start + timedelta(days=at)) for at in range(1, (end - start).days + 1))

    def on_or_after(self, day: date) -> Reckoned:
        """The day itself where it is worked, else the next one that is."""
        if self.is_working(day):
            return Reckoned(day, not self.knows(day))
        found, provisional = self.add(day, 1)
        return Reckoned(found, provisional or not self.knows(day))

    def reckon(self, day: date, n: int, unit: Unit) -> Reckoned:
        """The day `n` units after `day` (before it, where n is negative).

        Months and years lead to the day of the same number, or to the month's last where it has none. Only working days
        can be provisional. Raises OverflowError or ValueError beyond the years 1 to 9999.
        """
        if unit == "working_day":
            return self.add(day, n)
        if unit == "calendar_day":
            return Reckoned(day + timedelta(days=n), False)
        return Reckoned(add_months(day, n * 12 if unit == "year" else n), False)


@cache
def work_calendar() -> WorkCalendar:
    """The calendar of this room's data, read once."""
    loaded = load("holidays")
    announced: Mapping[int, Mapping[str, Any]] = loaded["announced"]
    years = range(min(announced), max(announced) + 1)
    assert set(years) == set(announced), "the announced years must follow each other"
    entries = [*announced.values(), *loaded["expected"].values()]
    return WorkCalendar(
        years=years,
        rest=frozenset(day for entry in entries for first, last in entry["rest"] for day in _days(first, last)),
        work=frozenset(day for entry in entries for day in entry.get("work", ())),
    )


def add_months(day: date, months: int) -> date:
    """The same day of the month so many months on; the last day of that month where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError(f"the year {year} is out of range")
    return date(year, month + 1, min(day.day, gregorian.monthrange(year, month + 1)[1]))


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += ONE_DAY
