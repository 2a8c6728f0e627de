"""A month of a case's days as a calendar: days off, make-up working days, what happened, what is due."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from tongguan.law.calendar import add_months, work_calendar
from tongguan.service.console.workspace import Row

__all__ = ["month"]

MONTH = re.compile(r"(\d{4})-(\d\d)", re.ASCII)
FIRST, LAST = (2017, 6), (2100, 12)
MOST_MONTHS = 36  # that are offered beside
SETTLED = ("done", "late", "early", "void", "passed", "ended")


def month(timeline: Mapping[str, Any], asked: str) -> Row:
    """`{month, earlier, later, known, weeks, months}` of the month asked for, else of what is due next.

    A week has seven days from Monday: `{day, inside, mark, known, items}`, `mark` being work, weekend, rest or made_up;
    an item is `{what: event|opens|due, key, text, status, provisional}`.
    """
    items = list(_items(timeline))
    wanted = MONTH.fullmatch(asked)
    year, number = (int(wanted[1]), int(wanted[2])) if wanted else (0, 0)
    if not (FIRST <= (year, number) <= LAST and 1 <= number <= 12):
        year, number = _next_due(timeline)
    by_day: dict[str, list[Row]] = {}
    for item in items:
        by_day.setdefault(item["day"], []).append(item)
    known = work_calendar()
    first = date(year, number, 1)
    return {
        "month": _name(first),
        "earlier": _name(add_months(first, -1)) if (year, number) > FIRST else None,
        "later": _name(add_months(first, 1)) if (year, number) < LAST else None,
        "known": known.knows(first),
        "weeks": [
            [_cell(day, number, by_day.get(day.isoformat(), [])) for day in week]
            for week in calendar.Calendar().monthdatescalendar(year, number)
        ],
        "months": _months(items),
    }


def _cell(day: date, number: int, items: list[Row]) -> Row:
    known = work_calendar()
    worked, weekend = known.is_working(day), day.weekday() > 4
    mark = "made_up" if worked and weekend else "work" if worked else "rest" if day in known.rest else "weekend"
    return {
        "day": day.isoformat(),
        "inside": day.month == number,
        "mark": mark,
        "known": known.knows(day),
        "items": items,
    }


def _items(timeline: Mapping[str, Any]) -> Iterator[Row]:
    for moment in timeline["history"]:
        status = "planned" if moment["planned"] else "done"
        yield _item("event", moment["date"], "", moment["text"], status, False)
    places: dict[str, int] = {}
    for one in timeline["deadlines"]:
        at = places[one["step"]] = places.get(one["step"], -1) + 1
        key = f"{one['step']}~{at}"
        if one["opens"]:
            yield _item("opens", one["opens"], key, one["text"], one["status"], one["provisional"])
        if one["due"]:
            provisional = one["provisional"] and not one["opens"]  # a window's last day is certain
            yield _item("due", one["due"], key, one["text"], one["status"], provisional)


def _item(what: str, day: str, key: str, text: Mapping[str, str], status: str, provisional: bool) -> Row:
    return {"what": what, "day": day, "key": key, "text": dict(text), "status": status, "provisional": provisional}


def _next_due(timeline: Mapping[str, Any]) -> tuple[int, int]:
    """The month of the first day that is still to be met, else of the day asked about."""
    as_of: str = timeline["as_of"]
    days = [one["due"] for one in timeline["deadlines"] if one["due"] and one["status"] not in SETTLED]
    day = date.fromisoformat(min((day for day in days if day >= as_of), default=as_of))
    return day.year, day.month


def _months(items: list[Row]) -> list[Row]:
    counted: dict[str, int] = {}
    for item in sorted(items, key=lambda one: str(one["day"])):
        counted[item["day"][:7]] = counted.get(item["day"][:7], 0) + 1
    return [{"month": name, "n": n} for name, n in list(counted.items())[:MOST_MONTHS]]


def _name(day: date) -> str:
    return f"{day:%Y-%m}"
