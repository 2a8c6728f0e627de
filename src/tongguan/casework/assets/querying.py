"""What the catalogue is asked: rows by filters, one at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from tongguan.casework.assets.catalogue import Catalogue
from tongguan.casework.assets.judged import LEVELS
from tongguan.casework.assets.tables import blinds, changes, columns, scans, sources, units
from tongguan.errors import BadInput

__all__ = ["VIEWS", "Filter", "rows", "statement", "totals"]

VIEWS = ("units", "columns", "blind_spots", "changes", "sources")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows. Each that is given must hold. `level`: at least this. `text`: in the path, the name or the comment.
    `change`: of the last scan. `reason`: of blind spots alone. `document`: the kind of document that a file is.
    `lapsed`: with a correction that holds no more. `known`: registered data was found in it."""

    source: str | None = None
    kind: str | None = None
    state: str | None = None
    level: str | None = None
    type: str | None = None
    sensitive: bool | None = None
    change: str | None = None
    text: str | None = None
    reason: str | None = None
    document: str | None = None
    lapsed: bool | None = None
    known: bool | None = None


def rows(
    catalogue: Catalogue,
    view: str = "units",
    chosen: Filter = Filter(),
    *,
    offset: int = 0,
    limit: int | None = None,
) -> Iterator[dict[str, Any]]:
    """Rows of a view as plain values; times as ISO 8601 in UTC. Raises BadInput on a view or level that is none."""
    chosen_rows = statement(view, chosen).offset(offset).limit(limit if limit is not None else -1)
    with catalogue.read() as connection:
        for row in connection.execution_options(yield_per=500).execute(chosen_rows):
            yield {name: _plain(name, value) for name, value in row._mapping.items()}


def statement(view: str, chosen: Filter = Filter()) -> sa.Select[Any]:
    """The query of a view, in the order of its rows. Raises BadInput on a view or level that is none."""
    if view not in VIEWS:
        raise BadInput(f"the catalogue has no {view!r}; expected one of {', '.join(VIEWS)}")
    if chosen.level is not None and chosen.level not in LEVELS:
        raise BadInput(f"{chosen.level!r} is no level; expected one of {', '.join(LEVELS)}")
    return _STATEMENTS[view](chosen)


def totals(catalogue: Catalogue) -> dict[str, int]:
    """Units by what they hold; blind spots."""
    there = units.c.state != "gone"
    with catalogue.read() as connection:

        def count(*conditions: Any) -> int:
            return int(
                connection.execute(sa.select(sa.func.count()).select_from(units).where(*conditions)).scalar() or 0
            )

        return {
            "units": count(there),
            "with_findings": count(there, units.c.level.is_not(None)),
            "sensitive": count(there, units.c.sensitive),
            "gone": count(~there),
            "new": count(units.c.change == "new"),
            "changed": count(units.c.change == "changed"),
            "blind_spots": int(connection.execute(sa.select(sa.func.count()).select_from(blinds)).scalar() or 0),
        }


def _units(chosen: Filter) -> sa.Select[Any]:
    shown = [
        sources.c.name.label("source"), units.c.path, units.c.kind, units.c.schema, units.c.name, units.c.comment,
        units.c.size, units.c.rows, units.c.state, units.c.change, units.c.level, units.c.sensitive, units.c.types,
        units.c.combinations, units.c.found_level, units.c.document, units.c.document_probability, units.c.known,
        units.c.persons, units.c.persons_low, units.c.persons_high, units.c.sample, units.c.first_seen,
        units.c.last_seen, scans.c.started.label("read"), units.c.id,
    ]  # fmt: skip
    joined = units.join(sources).outerjoin(scans, scans.c.id == units.c.read_scan)
    return sa.select(*shown).select_from(joined).where(*_of_units(chosen)).order_by(sources.c.name, units.c.path)


def _columns(chosen: Filter) -> sa.Select[Any]:
    shown = [
        sources.c.name.label("source"), units.c.path, columns.c.ordinal, columns.c.name, columns.c.declared,
        columns.c.comment, columns.c.type, columns.c.inside, columns.c.level, columns.c.sensitive, columns.c.score,
        columns.c.found, columns.c.samples, columns.c.protection, columns.c.why, columns.c.within,
        columns.c.found_type, columns.c.found_level, columns.c.rule, columns.c.class_id, columns.c.correction,
        columns.c.lapsed, columns.c.left_out, units.c.last_seen, units.c.id,
    ]  # fmt: skip
    whole = Filter(
        chosen.source, chosen.kind, chosen.state, change=chosen.change, document=chosen.document, known=chosen.known
    )
    kept = [*_of_units(whole), *_found(columns, chosen)]
    if chosen.lapsed is not None:
        kept.append(columns.c.lapsed.is_not(None) == chosen.lapsed)
    if chosen.type:
        kept.append(sa.or_(columns.c.type == chosen.type, _holds(columns.c.inside, chosen.type)))
    if chosen.text:
        kept.append(_mentions(chosen.text, units.c.path, columns.c.name, columns.c.comment))
    joined = columns.join(units).join(sources)
    order = (sources.c.name, units.c.path, columns.c.ordinal)
    return sa.select(*shown).select_from(joined).where(*kept).order_by(*order)


def _blinds(chosen: Filter) -> sa.Select[Any]:
    shown = [
        sources.c.name.label("source"), units.c.path.label("unit"), blinds.c.reason, blinds.c.kind, blinds.c.where,
        blinds.c.detail, blinds.c.count, blinds.c.size,
    ]  # fmt: skip
    kept: list[Any] = []
    if chosen.source:
        kept.append(sources.c.name == chosen.source)
    if chosen.reason:
        kept.append(blinds.c.reason == chosen.reason)
    if chosen.kind:
        kept.append(blinds.c.kind == chosen.kind)
    if chosen.text:
        kept.append(_mentions(chosen.text, blinds.c.where, blinds.c.detail))
    joined = blinds.join(sources).outerjoin(units, units.c.id == blinds.c.unit)
    return sa.select(*shown).select_from(joined).where(*kept).order_by(sources.c.name, blinds.c.where, blinds.c.id)


def _changes(chosen: Filter) -> sa.Select[Any]:
    """The newest first."""
    shown = [
        sources.c.name.label("source"), units.c.path, changes.c.what, changes.c.before, changes.c.after,
        scans.c.started.label("at"), units.c.id,
    ]  # fmt: skip
    kept = _of_units(Filter(source=chosen.source, kind=chosen.kind, text=chosen.text))
    if chosen.change:
        kept.append(changes.c.what == chosen.change)
    joined = changes.join(units, units.c.id == changes.c.unit).join(sources).join(scans, scans.c.id == changes.c.scan)
    return sa.select(*shown).select_from(joined).where(*kept).order_by(changes.c.id.desc())


def _sources(chosen: Filter) -> sa.Select[Any]:
    there = sa.and_(units.c.source == sources.c.id, units.c.state != "gone")
    count = sa.select(sa.func.count()).select_from(units).where(there).correlate(sources).scalar_subquery()
    shown = [
        sources.c.name.label("source"), sources.c.kind, sources.c.first_seen, count.label("units"), scans.c.started,
        scans.c.finished, scans.c.complete, scans.c.options, scans.c.counts,
    ]  # fmt: skip
    each = scans.alias()
    newest = sa.select(sa.func.max(each.c.id)).where(each.c.source == sources.c.id).correlate(sources).scalar_subquery()
    kept = [sources.c.name == chosen.source] if chosen.source else []
    joined = sources.outerjoin(scans, scans.c.id == newest)
    return sa.select(*shown).select_from(joined).where(*kept).order_by(sources.c.name)


_STATEMENTS = {"units": _units, "columns": _columns, "blind_spots": _blinds, "changes": _changes, "sources": _sources}


def _of_units(chosen: Filter) -> list[Any]:
    kept = _found(units, chosen)
    for column, wanted in (
        (sources.c.name, chosen.source),
        (units.c.kind, chosen.kind),
        (units.c.state, chosen.state),
        (units.c.change, chosen.change),
        (units.c.document, chosen.document),
    ):
        if wanted is not None:
            kept.append(column == wanted)
    if chosen.type:
        kept.append(_holds(units.c.types, chosen.type))
    if chosen.text:
        kept.append(_mentions(chosen.text, units.c.path, units.c.comment))
    if chosen.known is not None:
        kept.append((sa.func.json_array_length(units.c.known) > 0) == chosen.known)
    if chosen.lapsed is not None:
        gone = sa.exists().where(columns.c.unit == units.c.id, columns.c.lapsed.is_not(None)).correlate(units)
        kept.append(gone if chosen.lapsed else ~gone)
    return kept


def _found(table: sa.Table, chosen: Filter) -> list[Any]:
    kept: list[Any] = []
    if chosen.level is not None:
        kept.append(table.c.level.in_(LEVELS[LEVELS.index(chosen.level) :]))
    if chosen.sensitive is not None:
        kept.append(table.c.sensitive == chosen.sensitive)
    return kept


def _holds(column: Any, type: str) -> Any:
    """Whether a JSON list of type ids holds one of them."""
    return sa.cast(column, sa.Text).contains(json.dumps(type), autoescape=True)


def _mentions(text: str, *places: Any) -> Any:
    return sa.or_(*(place.contains(text, autoescape=True) for place in places))


_TIMES = frozenset({"first_seen", "last_seen", "read", "at", "started", "finished"})


def _plain(name: str, value: Any) -> Any:
    if name in _TIMES and value is not None:
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if name == "options":
        return json.loads(value) if value else None
    return dict(value) if isinstance(value, Mapping) else value
