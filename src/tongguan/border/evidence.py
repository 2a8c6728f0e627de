"""Evidence for alerts: the exchanges that show a data type most plainly, masked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from tongguan.border.ledger import Ledger
from tongguan.border.summarise import may_have_left
from tongguan.border.summary import iso
from tongguan.model import Activity

__all__ = ["Evidence", "Shown", "gather"]

SHOWN = 5
"""Exchanges shown for one data type of one activity."""

Evidence = Mapping[str, Any]
Shown = Mapping[tuple[str, str | None, bool, str], tuple[Evidence, ...]]
"""By recipient id, activity id, whether outside the activity's period, and data type."""


def gather(ledger: Ledger, window: tuple[date, date], activities: Iterable[Activity]) -> Shown:
    """Of each kind the exchanges with most values, the earliest among equals."""
    with ledger.cursor() as cursor:
        cursor.register("periods", _periods(activities))
        rows = cursor.execute(
            f"""
        WITH e AS (SELECT uid, ts, day, operation, application, types, activity,
                          coalesce(recipient_id, recipient) AS who {may_have_left(window)} AND len(types) > 0)
        SELECT e.who, e.activity, coalesce(e.day < p.starts OR e.day > p.ends, false) AS out_of_period, f.type,
               min({{'few': -f.count, 'ts': e.ts, 'exchange': e.uid, 'operation': e.operation,
                     'application': e.application, 'types': e.types, 'masked': f.masked}}, {SHOWN})
        FROM e JOIN findings f USING (uid) LEFT JOIN periods p ON p.activity = e.activity
        GROUP BY ALL
        """
        ).fetchall()
        cursor.unregister("periods")
    return {(who, activity, late, type): tuple(map(_row, found)) for who, activity, late, type, found in rows}


def _row(found: Mapping[str, Any]) -> Evidence:
    return {
        "exchange": found["exchange"],
        "ts": iso(found["ts"]),
        "operation": found["operation"],
        "application": found["application"],
        "types": list(found["types"]),
        "masked": list(found["masked"]),
    }


def _periods(activities: Iterable[Activity]) -> pa.Table:
    """Each activity's first and last day, its approval's included; null where it has none."""
    rows = []
    for activity in activities:
        approval = activity.approval
        starts = [day for day in (activity.starts, approval.granted if approval else None) if day]
        ends = [day for day in (activity.ends, approval.expires if approval else None) if day]
        rows.append((activity.id, max(starts, default=None), min(ends, default=None)))
    ids, starts_, ends_ = zip(*rows, strict=True) if rows else ((),) * 3
    days = [pa.array(days, pa.string()).cast(pa.date32()) for days in (starts_, ends_)]
    return pa.table({"activity": pa.array(ids, pa.string()), "starts": days[0], "ends": days[1]})
