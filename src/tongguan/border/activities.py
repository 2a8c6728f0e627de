"""Declared activities: which one covers a crossing, and which are exempt."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Literal

from tongguan.border.org import CONDITIONS, Org
from tongguan.border.rows import day_of
from tongguan.model import Activity, Crossing

__all__ = ["coverer", "exemption", "in_period"]

EXEMPTIONS_SINCE = date(2024, 3, 22)
"""促进和规范数据跨境流动规定 took effect; before it nothing was exempt."""

_MUST_BE_FALSE = {"domestic_added"}


def coverer(org: Org) -> Callable[[Crossing, frozenset[str]], Activity | None]:
    """A function that names the activity covering a crossing of given data types.

    An activity fits when it has the crossing's recipient and a system that it left from. Of those that fit, one whose
    period holds the day comes before one whose does not, and then the one that declared most of the types.
    """

    @lru_cache(1 << 14)
    def choose(
        recipient: str, system: str | None, application: str | None, day: date, types: frozenset[str]
    ) -> Activity | None:
        fitting = [
            activity
            for activity in org.activities.values()
            if activity.recipient == recipient
            and (not activity.systems or system in activity.systems or application in activity.systems)
        ]
        return max(
            fitting,
            key=lambda a: (in_period(a, day), len(types & set(a.types)), bool(a.systems)),
            default=None,
        )

    def cover(crossing: Crossing, types: frozenset[str]) -> Activity | None:
        if crossing.recipient.id is None or crossing.act == "none":
            return None
        exchange = crossing.exchange
        return choose(crossing.recipient.id, crossing.exporter.site, exchange.application, day_of(exchange.ts), types)

    return cover


def in_period(activity: Activity, day: date) -> bool:
    """Whether a day lies in an activity's period and in that of its approval."""
    approval = activity.approval
    starts = [activity.starts, approval.granted if approval else None]
    ends = [activity.ends, approval.expires if approval else None]
    iso = day.isoformat()
    return all(start is None or start <= iso for start in starts) and all(end is None or iso <= end for end in ends)


def exemption(activity: Activity, org: Org, as_of: date) -> Literal["exempt", "counted", "unsure"]:
    """Whether an activity's persons are left out of the counts that thresholds are held against.

    Sources: 促进和规范数据跨境流动规定 articles 3 to 6; official questions and answers of 2024-03-22, no. 11.
    "unsure": a condition of its ground is unknown.
    """
    if as_of < EXEMPTIONS_SINCE or org.exporter.important_data:
        return "counted"
    if activity.on_zone_list is False and org.exporter.zone and not org.exporter.ciio:
        return "exempt"
    conditions = CONDITIONS.get(activity.ground or "", ())
    if not conditions:  # no ground; or trade, which never exempts personal data
        return "counted"
    met = [_met(name, activity.conditions.get(name)) for name in conditions]
    if False in met:
        return "counted"
    registered = activity.approval is not None and activity.approval.path == "exempt"
    return "exempt" if registered or all(met) else "unsure"


def _met(condition: str, value: bool | None) -> bool | None:
    return None if value is None else value is not (condition in _MUST_BE_FALSE)
