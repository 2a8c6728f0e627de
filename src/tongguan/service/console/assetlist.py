"""The catalogue of data assets as pages and calls show it: lists a page at a time, a unit in full, scans, coverage."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from tongguan.casework.assets import Catalogue, Filter
from tongguan.casework.assets.catalogue import FILE
from tongguan.casework.assets.judged import LEVELS
from tongguan.casework.assets.querying import statement
from tongguan.casework.assets.tables import blinds, changes, columns, scans, sources, units
from tongguan.errors import NotFound
from tongguan.identify.tables.weighing import PRIOR
from tongguan.service.console.assetindex import STATES, index_of, once
from tongguan.service.console.assetruns import Rooms
from tongguan.service.console.flowlist import Page
from tongguan.service.console.workspace import Row
from tongguan.trust.access import Principal
from tongguan.trust.opening import Trust

__all__ = [
    "ORDERS",
    "Catalogue",
    "Filter",
    "Wanted",
    "change_counts",
    "changed",
    "choices",
    "counts",
    "coverage",
    "doubtful",
    "every",
    "folder",
    "history_of_scans",
    "listed",
    "opened",
    "page_of",
    "rows_read",
    "sources_of",
    "states",
    "tables_of",
    "unit",
    "with_findings",
]

LOW = 0.8  # a score below it is for a person to look at
AGAINST, SPEAKS = -0.7, 2.0  # logarithms of odds: evidence that halves them, and that says a type by itself
RECENT_S = 30.0  # a scan that kept something so recently is under way, whatever the table of locks says
HISTORY = 100
PARTS = 2_000  # columns of one unit shown with their evidence
BLINDS = 200
TIMES = frozenset({"first_seen", "last_seen", "read", "at", "started", "finished"})
LOCKS = Path("/proc/locks")


def folder(home: Path) -> Path:
    """Where `tongguan scan` keeps the catalogue of a home."""
    return home / "assets"


@contextmanager
def opened(trust: Trust, by: Principal, operation: str = "assets.read") -> Iterator[Catalogue | None]:
    """The catalogue, of those sources that somebody may do it to; None where nothing was scanned yet. Raises Broken,
    CannotWrite."""
    only = Rooms(trust).sources.seen(by, operation)
    try:
        catalogue = Catalogue(folder(trust.home), only=only)
    except NotFound:
        yield None
        return
    with catalogue:
        yield catalogue


@dataclass(frozen=True, slots=True)
class Wanted:
    """One page of a list: `number` counts from 1."""

    number: int = 1
    length: int = 20
    order: str = "place"
    down: bool = False


def _by_level(table: sa.Table) -> Any:
    return sa.case({level: n for n, level in enumerate(LEVELS)}, value=table.c.level, else_=-1)


ORDERS: Mapping[str, Mapping[str, Any]] = {
    "units": {"level": "level", "persons": "persons", "seen": "seen", "rows": "rows"},
    "columns": {"level": _by_level(columns), "score": columns.c.score, "found": columns.c.found},
}


def listed(catalogue: Catalogue, view: str, chosen: Filter, wanted: Wanted) -> Page:
    """Units or columns. What is gone is left out unless it is asked for. Which units are on a page is told by the
    index in memory; what the page shows of them is as it is now."""
    if view == "units":
        ids, total, number = index_of(catalogue).page(chosen, wanted.order, wanted.down, wanted.number, wanted.length)
        query = _named("units", Filter()).where(units.c.id.in_(ids)).order_by(None)
        with catalogue.read() as connection:
            rows = {row.id: _plain(row._mapping) for row in connection.execute(query)}
        return Page([rows[ident] for ident in ids if ident in rows], total, number, wanted.length)
    query = _there(view, chosen)
    by = ORDERS[view].get(wanted.order)
    if by is not None:
        query = query.order_by(None).order_by(by.desc() if wanted.down else by.asc(), sources.c.name, units.c.path)
    return page_of(catalogue, query, wanted)


def _there(view: str, chosen: Filter) -> sa.Select[Any]:
    """What is gone is left out unless it is asked for."""
    query = _named(view, chosen)
    return query if chosen.state is not None or chosen.change == "gone" else query.where(units.c.state != "gone")


def every(catalogue: Catalogue, view: str, chosen: Filter, most: int) -> Iterator[Row]:
    """The rows of a list by their places, as many as `most`."""
    with catalogue.read() as connection:
        found = connection.execution_options(yield_per=500).execute(_there(view, chosen).limit(most))
        yield from (_plain(row._mapping) for row in found)


def changed(catalogue: Catalogue, chosen: Filter, wanted: Wanted, *, level: str | None, all_scans: bool) -> Page:
    """What changed, the newest first: in the last scan of each source, or in every one. `level`: of the unit, at
    least."""
    query = statement("changes", chosen)
    if not all_scans:
        query = query.where(scans.c.id == _last_scan())
    if level in LEVELS:
        query = query.where(units.c.level.in_(LEVELS[LEVELS.index(level) :]))
    return page_of(catalogue, query, wanted)


def change_counts(catalogue: Catalogue, source: str | None, *, all_scans: bool) -> dict[str, int]:
    """How many of each kind of change."""
    joined = changes.join(units, units.c.id == changes.c.unit).join(sources).join(scans, scans.c.id == changes.c.scan)
    query = sa.select(changes.c.what, sa.func.count()).select_from(joined).group_by(changes.c.what)
    if not all_scans:
        query = query.where(scans.c.id == _last_scan())
    if source:
        query = query.where(sources.c.name == source)
    with catalogue.read() as connection:
        return {what: int(count) for what, count in connection.execute(query)}


def doubtful(catalogue: Catalogue, chosen: Filter, why: str, wanted: Wanted) -> Page:
    """Columns for a person to look at: a low score, evidence that disagrees, or a type that came close.

    `why`: "" for all, "low", "against", "near", "lapsed" (what a correction was of is found no more). The most
    sensitive first, then the least certain.
    """
    part = sa.func.json_each(columns.c.why).table_valued("value", name="part")
    points = sa.func.json_extract(part.c.value, "$.points")
    # Every column starts with the odds that it is of no type, which is no evidence of this one.
    odds = sa.and_(sa.func.json_extract(part.c.value, "$.from") == "values", points == PRIOR)

    def some(*conditions: Any) -> Any:
        return sa.exists(sa.select(sa.literal(1)).select_from(part).where(*conditions))

    typed = columns.c.type.is_not(None)
    kinds = {
        "low": sa.and_(typed, columns.c.score < LOW),
        "against": sa.and_(some(points <= AGAINST, ~odds), some(points >= SPEAKS)),
        "near": sa.and_(~typed, columns.c.score >= 1 - LOW),
        "lapsed": columns.c.lapsed.is_not(None),
    }
    kept = kinds.get(why)
    query = _named("columns", chosen).where(units.c.state != "gone", sa.or_(*kinds.values()) if kept is None else kept)
    told = [kind.label(name) for name, kind in kinds.items() if name != "lapsed"]  # has its own
    certain = sa.func.abs(columns.c.score - 0.5)
    order = (columns.c.sensitive.desc(), certain, sources.c.name, units.c.path, columns.c.ordinal)
    ordered = query.order_by(None).order_by(*order)
    if chosen != Filter():
        return page_of(catalogue, ordered.add_columns(*told), wanted)
    # The evidence of every column is read for it: of a million columns that takes a while.
    queue = once(catalogue, f"doubtful {why}", partial(_places, query=ordered))
    number = min(wanted.number, max(1, -(-len(queue) // wanted.length)))
    places = [tuple(place) for place in queue[(number - 1) * wanted.length : number * wanted.length].tolist()]
    mine = sa.tuple_(columns.c.unit, columns.c.ordinal).in_(places)
    with catalogue.read() as connection:
        found = connection.execute(_named("columns", Filter()).add_columns(*told).where(mine).order_by(None))
        rows = {(row.id, row.ordinal): _plain(row._mapping) for row in found}
    return Page([rows[place] for place in places if place in rows], len(queue), number, wanted.length)


def _places(catalogue: Catalogue, query: sa.Select[Any]) -> Any:
    """Unit and ordinal of every column of a query, in its order."""
    with catalogue.read() as connection:
        found = connection.execute(query.with_only_columns(columns.c.unit, columns.c.ordinal))
        return np.array([tuple(row) for row in found], np.int64).reshape(-1, 2)


def unit(catalogue: Catalogue, ident: int) -> Row | None:
    """One unit in full: its columns with their evidence, what could not be seen of it, what became of it over scans."""
    one = statement("units").add_columns(units.c.scan, units.c.read_scan).where(units.c.id == ident)
    parts = sa.select(columns).where(columns.c.unit == ident).order_by(columns.c.ordinal).limit(PARTS)
    spots = sa.select(blinds).where(blinds.c.unit == ident).order_by(blinds.c.id).limit(BLINDS)
    past = (
        sa.select(changes.c.what, changes.c.before, changes.c.after, changes.c.scan, scans.c.started.label("at"))
        .join(scans, scans.c.id == changes.c.scan)
        .where(changes.c.unit == ident)
        .order_by(changes.c.id.desc())
        .limit(HISTORY)
    )
    with catalogue.read() as connection:
        found = connection.execute(one).first()
        if found is None:
            return None
        hidden = ("id", "source", "scan", "unit")
        return {
            **_plain(found._mapping),
            "columns": [_without(row, ("unit",)) for row in connection.execute(parts)],
            "blind_spots": [_without(row, hidden) for row in connection.execute(spots)],
            "history": [_plain(row._mapping) for row in connection.execute(past)],
        }


def tables_of(catalogue: Catalogue, names: Collection[str]) -> frozenset[str]:
    """Those of some names that a table or file here has."""
    query = sa.select(units.c.name).where(units.c.name.in_(names)).distinct()
    with catalogue.read() as connection:
        return frozenset(connection.execute(query).scalars())


def with_findings(catalogue: Catalogue, most: int) -> tuple[list[int], int]:
    """Units with anything found in them: the ids of some, spread over all of them, and how many there are."""
    there = sa.and_(units.c.state != "gone", sa.exists().where(columns.c.unit == units.c.id))
    with catalogue.read() as connection:
        total = int(connection.execute(sa.select(sa.func.count()).select_from(units).where(there)).scalar() or 0)
        step = max(1, -(-total // most))
        ids = connection.execute(sa.select(units.c.id).where(there).order_by(units.c.id)).scalars()
        return [ident for n, ident in enumerate(ids) if n % step == 0][:most], total


def sources_of(catalogue: Catalogue) -> list[str]:
    """Names of sources that were scanned."""
    with catalogue.read() as connection:
        return list(connection.execute(sa.select(sources.c.name).order_by(sources.c.name)).scalars())


def choices(catalogue: Catalogue) -> Row:
    """What filters may choose: sources, types and kinds of documents that were found."""
    index = index_of(catalogue)
    return {"source": sources_of(catalogue), "type": sorted(index.with_type), "document": sorted(index.documents)}


def counts(catalogue: Catalogue) -> Row:
    """Units by what is known of them, and columns."""
    index = index_of(catalogue)
    there = index.state != STATES.index("gone")
    last = float(index.seen.max()) if len(index.seen) else None
    return {
        "units": int(there.sum()),
        "found": int((there & (index.level >= 0)).sum()),
        "sensitive": int((there & index.sensitive).sum()),
        "unread": int((index.state == STATES.index("unread")).sum()),
        "gone": int((~there).sum()),
        **once(catalogue, "counts", _other_counts),
        "last_seen": _value("last_seen", last),
    }


def _other_counts(catalogue: Catalogue) -> Row:
    gone = sa.select(units.c.id).where(units.c.state == "gone")
    with catalogue.read() as connection:
        inside = sa.select(sa.func.count()).select_from(columns).where(columns.c.unit.not_in(gone))
        spots = sa.select(sa.func.count()).select_from(blinds)
        return {
            "columns": int(connection.execute(inside).scalar() or 0),
            "blind_spots": int(connection.execute(spots).scalar() or 0),
        }


# ---- scans


def states(catalogue: Catalogue, home: Path, wanted: Wanted) -> Page:
    """Sources with their newest scan: done, under way, interrupted, given up; how far it is, and what it covered."""
    page = page_of(catalogue, _sources(), wanted)
    index = index_of(catalogue)
    there = index.source[index.state != STATES.index("gone")]
    held_units = dict(zip(*np.unique(there, return_counts=True), strict=True))
    now, held = time.time(), _locked(folder(home) / f"{FILE}.lock")
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


def _locked(path: Path) -> bool:
    """Whether a process holds a lock on the file. Read off the system's table: to try the lock would stop a scan that
    begins at that moment."""
    try:
        inode, table = path.stat().st_ino, LOCKS.read_text(encoding="ascii")
    except OSError:
        return False
    return any("FLOCK" in line and line.split()[5].endswith(f":{inode}") for line in table.splitlines())


# ---- within


def _named(view: str, chosen: Filter) -> sa.Select[Any]:
    """The query of a view; columns with the name of their table, which corrections go by, units with how much of them
    was not seen."""
    query = statement(view, chosen)
    if view == "columns":
        return query.add_columns(units.c.name.label("table"))
    spots = sa.select(sa.func.count()).select_from(blinds).where(blinds.c.unit == units.c.id)
    return query.add_columns(spots.correlate(units).scalar_subquery().label("unseen"))


def _last_scan() -> Any:
    """The newest scan of a row's source that came to its end."""
    return (
        sa.select(sa.func.max(_ended.c.id))
        .where(_ended.c.source == units.c.source, _ended.c.finished.is_not(None))
        .correlate(units)
        .scalar_subquery()
    )


_ended = scans.alias("ended")


def page_of(catalogue: Catalogue, query: sa.Select[Any], wanted: Wanted) -> Page:
    """The page that is asked for, or the last one."""
    with catalogue.read() as connection:
        counted = sa.select(sa.func.count()).select_from(query.order_by(None).subquery())
        total = int(connection.execute(counted).scalar() or 0)
        number = min(wanted.number, max(1, -(-total // wanted.length)))
        shown = connection.execute(query.offset((number - 1) * wanted.length).limit(wanted.length))
        return Page([_plain(row._mapping) for row in shown], total, number, wanted.length)


def _without(row: sa.Row[Any], names: tuple[str, ...]) -> Row:
    return {name: value for name, value in _plain(row._mapping).items() if name not in names}


def _plain(row: Mapping[Any, Any]) -> Row:
    return {str(name): _value(str(name), value) for name, value in row.items()}


def _value(name: str, value: Any) -> Any:
    if name in TIMES and value is not None:
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if name == "options":
        return json.loads(value) if value else None
    if name in ("low", "against", "near", "lapsed"):
        return bool(value)
    return value
