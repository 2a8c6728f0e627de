"""数据资产目录: units and columns of what was scanned, by source, type, level, change; one of them in full."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from tongguan.identify.kinds import known_names
from tongguan.identify.types import TYPES
from tongguan.service.console import assetlist
from tongguan.service.console.assetlist import Catalogue, Filter, Wanted
from tongguan.service.console.assetrules import LEVELS, SECTORS, Rules, classified, correction, rules_of
from tongguan.service.console.exports import export
from tongguan.service.console.visit import Visit, Visitor, page_at
from tongguan.service.console.workspace import Row
from tongguan.service.permission import needs

__all__ = ["CHANGES", "asked_filter", "drawer", "nothing_scanned", "router", "wanted"]

router = APIRouter()
KINDS = ("table", "file")
CHANGES = ("new", "changed", "gone", "same")
STATES = ("read", "unread", "gone")
TABS = ("overview", "evidence", "law", "history")
SIZES = (20, 50, 100)
EXPORT_LIMIT = 100_000  # rows of one file
TEXT, NAME = 200, 2_000  # characters of what is searched for, and of a source's name
UNITS = ("source", "path", "kind", "schema", "name", "comment", "level", "sensitive", "types", "persons", "persons_low",
         "persons_high", "rows", "size", "sample", "state", "change", "first_seen", "last_seen")  # fmt: skip
COLUMNS = ("source", "path", "ordinal", "name", "declared", "comment", "type", "inside", "level", "sensitive", "score",
           "found", "samples", "protection", "corrected", "last_seen")  # fmt: skip


@page_at(router, "/assets", "assets.read")
def assets(visit: Visitor) -> Response:
    """The list, and the drawer of the chosen row."""
    home = visit.console.trust.home
    with assetlist.opened(visit.console.trust, visit.caller) as catalogue:
        if catalogue is None:
            return nothing_scanned(visit)
        view = _view(visit)
        chosen, ignored = asked_filter(visit)
        rules = rules_of(home, _sector(visit))
        asked = wanted(visit, tuple(assetlist.ORDERS[view]))
        page = assetlist.listed(catalogue, view, chosen, asked)
        data: Row = {
            "view": view,
            "filter": shown_filter(chosen),
            "ignored": ignored,
            "choices": {**assetlist.choices(catalogue), "level": list(LEVELS), "kind": KINDS, "change": CHANGES,
                        "state": STATES},
            "levels": {level: dict(text) for level, text in rules.levels.items()},
            "documents": known_names(),
            "totals": assetlist.counts(catalogue),
            "order": asked.order,
            "down": asked.down,
            "list": page.as_json(),
            "corrected": _corrected(page.rows, view, rules),
            "tab": visit.get("tab") if visit.get("tab") in TABS[1:] else TABS[0],
            "drawer": drawer(visit, catalogue, rules),
        }  # fmt: skip
    return visit.page("assets.html", data)


@router.get("/assets/export", dependencies=[needs("assets.export")])
def save(visit: Visitor) -> Response:
    """The current filter as a file, as far as EXPORT_LIMIT rows."""
    home = visit.console.trust.home
    view = _view(visit)
    names = UNITS if view == "units" else COLUMNS
    with assetlist.opened(visit.console.trust, visit.caller, "assets.export") as catalogue:
        if catalogue is None:
            return nothing_scanned(visit)
        chosen, _ = asked_filter(visit)
        rules = rules_of(home)
        rows = [[_cell(row.get(name)) for name in names] for row in _all(catalogue, view, chosen, rules)]
        total = assetlist.listed(catalogue, view, chosen, Wanted(1, 1)).total
    asked = {"view": view, **shown_filter(chosen)}
    return export(visit, f"assets-{view}", asked, names, rows, total)


def nothing_scanned(visit: Visit) -> Response:
    """Every page of the group before the first scan: the command that makes the catalogue."""
    return visit.page("assets_nothing.html", {"catalogue": None})


def asked_filter(visit: Visit) -> tuple[Filter, list[str]]:
    """The filter as the address has it, and the names of what could not be understood."""
    ignored: list[str] = []

    def one(name: str, known: Any) -> str | None:
        given = visit.get(name)
        if given and given not in known:
            ignored.append(name)
        return given if given in known else None

    sensitive = one("sensitive", ("1", "0"))
    return Filter(
        source=visit.get("source")[:NAME] or None,
        kind=one("kind", KINDS),
        state=one("state", STATES),
        level=one("level", LEVELS),
        type=one("type", TYPES),
        sensitive=None if sensitive is None else sensitive == "1",
        change=one("change", CHANGES),
        text=visit.get("q")[:TEXT] or None,
        document=one("document", known_names()),
    ), ignored


def shown_filter(chosen: Filter) -> Row:
    """The filter as addresses have it."""
    sensitive = None if chosen.sensitive is None else str(int(chosen.sensitive))
    return {
        "source": chosen.source, "kind": chosen.kind, "state": chosen.state, "level": chosen.level, "type": chosen.type,
        "sensitive": sensitive, "change": chosen.change, "q": chosen.text, "document": chosen.document,
    }  # fmt: skip


def wanted(visit: Visit, orders: tuple[str, ...] = ()) -> Wanted:
    """Which page of the list, in which order."""
    order = visit.get("sort") if visit.get("sort") in orders else "place"
    size = visit.number("size", SIZES[0], 1, SIZES[-1])
    return Wanted(visit.number("page", 1, 1, 10**8), size, order, visit.get("dir") != "asc" and order != "place")


def drawer(visit: Visit, catalogue: Catalogue, rules: Rules) -> Row | None:
    """The chosen unit in full, with what the templates say of it; one that is not there says so."""
    ident = visit.number("row", 0, 0, 2**31) if visit.get("row") else None
    if ident is None:
        return None
    unit = assetlist.unit(catalogue, ident)
    column = visit.number("col", -1, 0, 100_000)
    if unit is None:
        return {"id": ident, "unit": None, "column": None}
    return {
        "id": ident,
        "unit": unit,
        "column": column if any(one["ordinal"] == column for one in unit["columns"]) else None,
        "result": classified(unit, rules).to_dict(),
        "templates": [{"id": template.id, "names": dict(template.names)} for template in rules.templates],
        "sector": _sector(visit),
        "sectors": SECTORS,
        "corrections": [correction(one) for one in rules.exceptions if one.table == unit["name"]],
        "may_correct": visit.may("assets.correct"),
    }


def _view(visit: Visit) -> str:
    return "columns" if visit.get("view") == "columns" else "units"


def _sector(visit: Visit) -> str | None:
    return visit.get("sector") if visit.get("sector") in SECTORS else None


def _corrected(rows: list[Row], view: str, rules: Rules) -> dict[str, Row]:
    """Corrections that hold for columns of this page, by "unit/ordinal"."""
    if view != "columns":
        return {}
    found = ((row, rules.of(_table(row), row["name"], row["type"])) for row in rows)
    return {f"{row['id']}/{row['ordinal']}": correction(one) for row, one in found if one}


def _table(row: Row) -> str:
    return str(row["table"])


def _all(catalogue: Catalogue, view: str, chosen: Filter, rules: Rules) -> Iterator[Row]:
    for row in assetlist.every(catalogue, view, chosen, EXPORT_LIMIT):
        held = rules.of(_table(row), row["name"], row["type"]) if view == "columns" else None
        yield {**row, "corrected": None if held is None else held.now.type or "none"}


def _cell(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return " ".join(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
