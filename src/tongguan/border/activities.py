"""Declared activities: which one covers a crossing, and which are exempt."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Literal

from tongguan import law
from tongguan.border.org import Org
from tongguan.border.rows import day_of
from tongguan.model import Activity, Crossing, Pathway

__all__ = ["coverer", "exemption", "in_period"]

_MANY = 100_000_000  # more persons than any line, so that only a ground can exempt


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

    They are where the law of the day exempts the activity whatever its scale (促进和规范数据跨境流动规定 articles 3-6;
    official answers of 2024-03-22, no. 11). "unsure": it hangs on something unknown, such as a condition of its ground.
    An activity filed as exempt on a ground vouches for the conditions that it does not mention.
    """
    exporter = org.exporter
    conditions = dict(activity.conditions)
    if activity.ground and activity.approval is not None and activity.approval.path == Pathway.EXEMPT:
        for name, must_be in law.GROUNDS[activity.ground].items():
            if conditions.get(name) is None:
                conditions[name] = must_be
    facts = {
        "date": as_of,
        "exporter": {"ciio": exporter.ciio, "processes_persons": _MANY, "city": exporter.city, "zone": exporter.zone},
        "recipient": {"country": org.recipients[activity.recipient].country},
        "data": {
            "state_secret": False,
            "core": False,
            "important": bool(exporter.important_data),
            "personal": True,
            "persons": _MANY,
            "sensitive_persons": _MANY,
        },
        "activity": {
            "act": "transmission",
            "ground": activity.ground,
            "conditions": conditions,
            "on_zone_list": activity.on_zone_list,
            "zone_list_part": activity.zone_list_part or ("contract" if activity.on_zone_list else None),  # none frees
            "zone_scenario": activity.scenario,
            "foreign_authority_request": False,
        },
    }
    pathway = law.decide(facts).pathway
    if pathway in (Pathway.EXEMPT, Pathway.ZONE_REGISTRATION):
        return "exempt"
    return "unsure" if pathway is Pathway.UNDETERMINED else "counted"
