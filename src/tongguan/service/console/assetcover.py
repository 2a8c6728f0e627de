"""What of the estate was not read, and why; and the estate as figures: levels by source, types, change over time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from tongguan.casework.assets import Catalogue
from tongguan.casework.assets.judged import LEVELS
from tongguan.casework.assets.querying import Filter, statement
from tongguan.casework.assets.tables import blinds, changes, scans, sources, units
from tongguan.identify.types import TYPES
from tongguan.service.console import assetlist
from tongguan.service.console.assetindex import as_of, once
from tongguan.service.console.assetlist import Wanted
from tongguan.service.console.assetruns import days_since
from tongguan.service.console.flowlist import Page
from tongguan.service.console.workspace import Row

__all__ = ["OLD_DAYS", "by_reason", "detectors_off", "estate", "not_scanned", "samples", "unseen"]

OLD_DAYS = 30  # after which a source counts as not scanned lately
TYPES_SHOWN, POINTS = 16, 60  # types and scans of a picture
OFF = ("names_off", "ocr_off", "pictures_off")


def unseen(catalogue: Catalogue, chosen: Filter, wanted: Wanted) -> Page:
    """Places that were not seen, a page at a time."""
    return assetlist.page_of(catalogue, statement("blind_spots", chosen), wanted)


def by_reason(catalogue: Catalogue, source: str | None) -> list[Row]:
    """How many places and bytes were not seen, by reason, the most frequent first."""
    query = (
        sa.select(blinds.c.reason, sa.func.count().label("places"), sa.func.sum(blinds.c.count).label("count"),
                  sa.func.sum(blinds.c.size).label("size"))
        .group_by(blinds.c.reason).order_by(sa.desc("places"))
    )  # fmt: skip
    if source:
        query = query.select_from(blinds.join(sources)).where(sources.c.name == source)
    with catalogue.read() as connection:
        return [dict(row._mapping) for row in connection.execute(query)]


def detectors_off(reasons: list[Row]) -> list[str]:
    """Detectors that were off or not installed in some scan."""
    return [row["reason"] for row in reasons if row["reason"] in OFF or row["reason"].endswith("_off")]


def samples(catalogue: Catalogue, source: str | None) -> list[Row]:
    """Tables by how their rows were drawn, with the largest share of rows that may hold what a sample did not show."""
    sample = units.c.sample
    method = sample["method"].as_string()
    query = (
        sa.select(
            method.label("method"), sa.func.count().label("units"),
            sa.func.sum(sample["rows"].as_integer()).label("rows"),
            sa.func.sum(units.c.rows).label("of"), sa.func.max(sample["missed"].as_float()).label("missed"),
        )
        .where(units.c.state == "read", units.c.kind == "table", method.is_not(None))
        .group_by(method).order_by(sa.desc("units"))
    )  # fmt: skip
    if source:
        query = query.select_from(units.join(sources)).where(sources.c.name == source)
    with catalogue.read() as connection:
        return [dict(row._mapping) for row in connection.execute(query)]


def not_scanned(rows: list[Row], days: int) -> list[Row]:
    """Sources that were never scanned, or not to their end within so many days: the oldest first."""
    found = []
    for row in rows:
        known = row["known"]
        ended = known["finished"] if known and known["complete"] else None
        since = days_since(ended)
        if since is None or since >= days:
            disabled = bool(row["source"]) and not row["source"]["enabled"]
            found.append({"id": row["id"], "name": row["name"], "address": row["address"], "kind": row["kind"],
                          "state": row["state"], "days": since, "disabled": disabled})  # fmt: skip
    return sorted(found, key=lambda one: -(10**6 if one["days"] is None else one["days"]))


def estate(catalogue: Catalogue, names: Mapping[str, str]) -> Row:
    """The whole of it. `names`: what sources are called, by their names in the catalogue."""
    cells = once(catalogue, "cells", _cells)
    table: dict[str, Row] = {}
    for source, level, sensitive, count, persons in cells:
        row = table.setdefault(source, {"source": source, "name": names.get(source, source), "units": 0, "sensitive": 0,
                                        "persons": 0, "levels": dict.fromkeys((*LEVELS, ""), 0)})  # fmt: skip
        row["units"] += count
        row["sensitive"] += count if sensitive else 0
        row["persons"] += persons
        row["levels"][level or ""] += count
    rows = sorted(table.values(), key=lambda row: -row["units"])
    total = sum(row["units"] for row in rows)
    return {
        "sources": rows,
        "levels": {level: sum(row["levels"][level] for row in rows) for level in (*LEVELS, "")},
        "units": total,
        "sensitive": sum(row["sensitive"] for row in rows),
        "types": once(catalogue, "types", _types)[:TYPES_SHOWN],
        "changes": _over_time(catalogue),
        "as_of": as_of(catalogue, "cells"),
    }


def _cells(catalogue: Catalogue) -> list[Any]:
    query = (
        sa.select(sources.c.name, units.c.level, units.c.sensitive, sa.func.count(), sa.func.sum(units.c.persons))
        .select_from(units.join(sources)).where(units.c.state != "gone")
        .group_by(units.c.source, units.c.level, units.c.sensitive)
    )  # fmt: skip
    with catalogue.read() as connection:
        return [tuple(row) for row in connection.execute(query)]


def _types(catalogue: Catalogue) -> list[Row]:
    """Types by how many tables and files hold them."""
    # Lists of types repeat: each is taken apart once.
    query = (
        sa.select(sa.cast(units.c.types, sa.Text), sa.func.count())
        .where(units.c.state != "gone")
        .group_by(sa.text("1"))
    )
    counts: dict[str, int] = {}
    with catalogue.read() as connection:
        for text, count in connection.execute(query):
            for type in json.loads(text) if text else ():
                counts[type] = counts.get(type, 0) + int(count)
    known = [{"type": t, "units": n, "sensitive": t in TYPES and TYPES[t].sensitive} for t, n in counts.items()]
    return sorted(known, key=lambda one: (-one["units"], one["type"]))


def _over_time(catalogue: Catalogue) -> list[Row]:
    """What each of the last scans changed, the oldest first."""
    last = (
        sa.select(scans.c.id, scans.c.started, scans.c.finished).where(scans.c.complete).order_by(scans.c.id.desc())
        .limit(POINTS).subquery()
    )  # fmt: skip
    query = (
        sa.select(last.c.id, last.c.started, changes.c.what, sa.func.count(changes.c.id))
        .select_from(last.outerjoin(changes, changes.c.scan == last.c.id))
        .group_by(last.c.id, changes.c.what).order_by(last.c.id)
    )  # fmt: skip
    found: dict[int, Row] = {}
    with catalogue.read() as connection:
        for ident, started, what, count in connection.execute(query):
            row = found.setdefault(ident, {"scan": ident, "at": started, "new": 0, "gone": 0, "up": 0, "other": 0})
            kind = {"new": "new", "back": "new", "gone": "gone", "grade_up": "up"}.get(what, "other")
            row[kind] += int(count) if what else 0
    return list(found.values())
