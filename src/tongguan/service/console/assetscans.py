"""Scans of the catalogue's sources as pages and calls show them: how far each is, and how much it covered."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from tongguan.casework.assets import Catalogue
from tongguan.casework.assets.catalogue_file import FILE
from tongguan.casework.assets.processes import taken
from tongguan.casework.assets.tables import blinds, scans, sources, units
from tongguan.service.console.assetindex import STATES, index_of, once
from tongguan.service.console.assetlist import Wanted, folder, page_of
from tongguan.service.console.flowlist import Page
from tongguan.service.console.workspace import Row

__all__ = ["coverage", "history_of_scans", "rows_read", "states"]

RECENT_S = 30.0  # a scan that kept something so recently is under way, whatever the table of locks says


def states(catalogue: Catalogue, home: Path, wanted: Wanted) -> Page:
    """Sources with their newest scan: done, under way, interrupted, given up; how far it is, and what it covered."""
    page = page_of(catalogue, _sources(), wanted)
    index = index_of(catalogue)
    there = index.source[index.state != STATES.index("gone")]
    held_units = dict(zip(*np.unique(there, return_counts=True), strict=True))
    now, held = time.time(), taken(folder(home) / f"{FILE}.lock")
    reached = {row["scan"]: _reached(catalogue, row, now) for row in page.rows if not row["finished"] and row["scan"]}
    newest = max(reached, key=lambda scan: reached[scan]["at"], default=None)
    for row in page.rows:
        row["units"] = int(held_units.get(index.names.get(row["source"], -1), 0))
        far = reached.get(row["scan"])
        if far is None:
            row["state"] = "complete" if row["complete"] else "given_up"
        else:
            running = (held and row["scan"] == newest) or now - far["at"] < RECENT_S
            row["state"] = "running" if running else "interrupted"
        row["progress"] = _without_at(far) if far else None
        row |= once(catalogue, f"cover {row['id']}", partial(coverage, source=row["id"]))
    return page


def rows_read(catalogue: Catalogue, source: int, scan: int) -> int:
    """Rows of tables that a scan went through so far, samples as far as they were drawn."""
    drawn = sa.func.coalesce(units.c.sample["rows"].as_integer(), units.c.rows, 0)
    query = sa.select(sa.func.sum(drawn)).where(units.c.source == source, units.c.scan == scan)

    def reckon(catalogue: Catalogue) -> int:
        with catalogue.read() as connection:
            return int(connection.execute(query).scalar() or 0)

    return int(once(catalogue, f"rows {source} {scan}", reckon))


def _sources() -> sa.Select[Any]:
    """Sources with their newest scan."""
    each = scans.alias()
    newest = sa.select(sa.func.max(each.c.id)).where(each.c.source == sources.c.id).correlate(sources).scalar_subquery()
    shown = (sources.c.name.label("source"), sources.c.kind, sources.c.first_seen, scans.c.started, scans.c.finished,
             scans.c.complete, scans.c.options, scans.c.counts, sources.c.id, scans.c.id.label("scan"))  # fmt: skip
    return sa.select(*shown).select_from(sources.outerjoin(scans, scans.c.id == newest)).order_by(sources.c.name)


def coverage(catalogue: Catalogue, source: int) -> Row:
    """How much of a source was read: `samples` by their method with the largest share of rows that may still hold what
    a sample did not show (95 % confidence; None: not drawn at random); `blind` by reason."""
    mine, there = units.c.source == source, units.c.state != "gone"
    sample = units.c.sample
    method = sample["method"].as_string()
    by_method = (
        sa.select(
            method.label("method"), sa.func.count().label("units"),
            sa.func.sum(sample["rows"].as_integer()).label("rows"),
            sa.func.sum(units.c.rows).label("of"), sa.func.max(sample["missed"].as_float()).label("missed"),
        )
        .where(mine, units.c.state == "read", method.is_not(None))
        .group_by(method).order_by(method)
    )  # fmt: skip
    by_reason = (
        sa.select(blinds.c.reason, sa.func.count().label("places"), sa.func.sum(blinds.c.count).label("count"),
                  sa.func.sum(blinds.c.size).label("size"))
        .where(blinds.c.source == source).group_by(blinds.c.reason).order_by(sa.desc("places"))
    )  # fmt: skip
    by_state = sa.select(units.c.state, sa.func.count(), sa.func.sum(units.c.size)).where(mine, there)
    with catalogue.read() as connection:
        found = {state: (int(n), int(size or 0)) for state, n, size in connection.execute(by_state.group_by("state"))}
        return {
            "read_units": found.get("read", (0, 0))[0],
            "read_size": found.get("read", (0, 0))[1],
            "unread_units": found.get("unread", (0, 0))[0],
            "samples": [dict(row._mapping) for row in connection.execute(by_method)],
            "blind": [dict(row._mapping) for row in connection.execute(by_reason)],
        }


def history_of_scans(catalogue: Catalogue, source: str | None, wanted: Wanted) -> Page:
    """Scans, the newest first."""
    shown = (scans.c.id, sources.c.name.label("source"), scans.c.started, scans.c.finished, scans.c.complete,
             scans.c.options, scans.c.counts)  # fmt: skip
    query = sa.select(*shown).select_from(scans.join(sources)).order_by(scans.c.id.desc())
    return page_of(catalogue, query.where(sources.c.name == source) if source else query, wanted)


def _reached(catalogue: Catalogue, row: Row, now: float) -> Row:
    """How far a scan that has not ended is: against what the source held before, where that is known; the rate is that
    of its last minute."""
    mine, seen = units.c.source == row["id"], units.c.scan == row["scan"]
    minute = units.c.last_seen > now - 60
    started = sa.select(scans.c.started).where(scans.c.id == row["scan"]).scalar_subquery()
    last = sa.select(sa.func.max(units.c.last_seen)).where(mine, seen).scalar_subquery()
    query = sa.select(
        sa.func.count().filter(seen), sa.func.count().filter(units.c.state != "gone"),
        sa.func.count().filter(seen, minute), sa.func.coalesce(last, started), started,
        sa.select(sources.c.last_scan).where(sources.c.id == row["id"]).scalar_subquery(),
    ).where(mine)  # fmt: skip
    with catalogue.read() as connection:
        done, known, lately, at, begun, before = connection.execute(query).one()
    rate = lately / min(60.0, max(1.0, now - begun))
    total = int(known) if before is not None else None
    left = (total - done) / rate if total is not None and rate else None
    return {"done": int(done), "total": total, "rate": round(rate, 1), "left_s": left and round(left), "at": at}


def _without_at(far: Row) -> Row:
    return {name: value for name, value in far.items() if name != "at"}
