"""Histories that lead to an event, found in the table of the procedure itself, and days by an independent package."""

from __future__ import annotations

from collections import deque
from datetime import date, timedelta
from typing import Any

import chinese_calendar

from tongguan.law.clocks.procedure import Procedure

ONE_DAY = timedelta(days=1)


def path_to(procedure: Procedure, event: str) -> list[str]:
    """The shortest list of events that ends with `event`, each of which can follow the one before."""
    queue: deque[tuple[str, list[str]]] = deque([(procedure.begins, [])])
    seen = {procedure.begins}
    while queue:
        state, so_far = queue.popleft()
        for one in procedure.events.values():
            if state in one.sources or (not so_far and one.opens):
                if one.id == event:
                    return [*so_far, event]
                after = one.to or state
                if after not in seen:
                    seen.add(after)
                    queue.append((after, [*so_far, one.id]))
    raise AssertionError(f"{procedure.id}: nothing leads to {event}")


def dated(events: list[str], last: date) -> dict[str, Any]:
    """The events on days that follow each other and end on `last`."""
    days: dict[str, Any] = {}
    for at, event in enumerate(events):
        days.setdefault(event, []).append(last - (len(events) - 1 - at) * ONE_DAY)
    return days


def peer(day: date, n: int, unit: str) -> date:
    """The day `n` units later or earlier, by the independent package and by nothing of ours."""
    if unit == "working_day":
        step = ONE_DAY if n > 0 else -ONE_DAY
        while n:
            day += step
            if chinese_calendar.is_workday(day):
                n -= 1 if n > 0 else -1
        return day
    if unit == "calendar_day":
        return day + timedelta(days=n)
    months = n * 12 if unit == "year" else n
    total = day.year * 12 + day.month - 1 + months
    year, month, number = total // 12, total % 12 + 1, day.day
    while True:
        try:
            return date(year, month, number)
        except ValueError:
            number -= 1
