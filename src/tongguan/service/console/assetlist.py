"""The catalogue of data assets as pages and calls show it: lists a page at a time, a unit in full, counts."""

from __future__ import annotations

import json
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
    "doubtful",
    "every",
    "folder",
    "listed",
    "opened",
    "page_of",
    "sources_of",
    "tables_of",
    "unit",
    "with_findings",
]

LOW = 0.8  # a score below it is for a person to look at
AGAINST, SPEAKS = -0.7, 2.0  # logarithms of odds: evidence that halves them, and that says a type by itself
HISTORY = 100
PARTS = 2_000  # columns of one unit shown with their evidence
BLINDS = 200
TIMES = frozenset({"first_seen", "last_seen", "read", "at", "started", "finished"})


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
