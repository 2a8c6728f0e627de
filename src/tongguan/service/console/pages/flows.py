"""流动清单: what went from where to where, whose, and by which path."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from tongguan.service.console import flowlist, pictures
from tongguan.service.console.exports import export
from tongguan.service.console.figures import clock
from tongguan.service.console.filters import DIRECTIONS, LEAVING, Filter, read_filter
from tongguan.service.console.tasks import same_recipient
from tongguan.service.console.visit import Visit, Visitor, exporter_of, page_at
from tongguan.service.console.workspace import Row
from tongguan.service.permission import needs

__all__ = ["router"]

router = APIRouter()
SIZES = (20, 50, 100)
EXPORT_LIMIT = 100_000  # rows of one file
EVIDENCE = 12  # exchanges shown in a drawer


@page_at(router, "/flows", "results.read", exporter_of)
def flows(visit: Visitor) -> Response:
    """The list, the pictures above it, and the drawer of the chosen row."""
    result = visit.result
    if result is None:
        return visit.nothing_yet()
    chosen, ignored = read_filter(visit.get)
    view = "exchanges" if visit.get("view") == "exchanges" else "flows"
    by = "bytes" if visit.get("by") == "bytes" else "persons"
    rows = flowlist.flows(visit.console.workspace, result, chosen)
    page, order, down = _page(visit, result, chosen, view, rows)
    data: Row = {
        "filter": asdict(chosen),
        "asked": chosen.asked(),
        "ignored": ignored,
        "choices": {**flowlist.choices(visit.console.workspace), "direction": DIRECTIONS},
        "pathways": sorted({r["decision"]["pathway"] for r in result["recipients"]}),
        "recipients": [{"key": r["id"] or r["name"], "name": r["name"]} for r in result["recipients"]],
        "view": view,
        "picture": "matrix" if visit.get("picture") == "matrix" else "sankey",
        "by": by,
        "order": order,
        "down": down,
        "list": page.as_json(),
        "flows": len(rows),
        "totals": result["totals"],
        "coverage": result["coverage"],
        "sankey": pictures.sankey(rows, result, by),
        "matrix": pictures.matrix(rows, result),
        "tab": _tab(visit),
        "drawer": _drawer(visit, result, view),
    }
    return visit.page("flows.html", data)


@router.get("/flows/export", dependencies=[needs("results.export", exporter_of)])
def save(visit: Visitor) -> Response:
    """The current filter as a file."""
    result = visit.result
    if result is None:
        return visit.nothing_yet()
    chosen, _ = read_filter(visit.get)
    asked = chosen.asked()
    if visit.get("view") == "exchanges":
        page = flowlist.exchanges(visit.console.workspace, result, chosen, "last", True, 1, EXPORT_LIMIT)
        names = ["uid", "ts", "system", "recipient", "country", "direction", "act", "protocol", "application",
                 "operation", "size", "records", "findings", "types", "blind", "activity"]  # fmt: skip
        lines = [[_plain(r, n) for n in names] for r in page.rows]
        return export(visit, "exchanges", asked, names, lines, page.total)
    names = ["system", "recipient", "country", "direction", "persons", "crossings", "bytes", "first", "last", "types",
             "sensitive_types", "protocols", "activities", "pathway"]  # fmt: skip
    rows = flowlist.flows(visit.console.workspace, result, chosen)
    return export(visit, "flows", asked, names, [[_plain(r, n) for n in names] for r in rows])


def _plain(row: Row, name: str) -> Any:
    value = row[name]
    if isinstance(value, list):
        return " ".join(str(v) for v in value if v is not None)
    return clock(value) if name in ("ts", "first", "last") else value


def _page(visit: Visit, result: Row, chosen: Filter, view: str, rows: list[Row]) -> tuple[flowlist.Page, str, bool]:
    length = visit.number("size", SIZES[0], 1, SIZES[-1])
    number = visit.number("page", 1, 1, 10**6)
    down = visit.get("dir") != "asc"
    if view == "exchanges":
        order = visit.get("sort") if visit.get("sort") in flowlist.EXCHANGE_ORDERS else "last"
        return (
            flowlist.exchanges(visit.console.workspace, result, chosen, order, down, number, length),
            order,
            down,
        )
    order = visit.get("sort") if visit.get("sort") in flowlist.FLOW_ORDERS else "persons"
    rows.sort(key=lambda row: (row[order] or 0, row["crossings"]), reverse=down)
    number = min(number, max(1, -(-len(rows) // length)))
    shown = rows[(number - 1) * length : number * length]
    return flowlist.Page(shown, len(rows), number, length), order, down


def _tab(visit: Visit) -> str:
    asked = visit.get("tab")
    return asked if asked in ("evidence", "law", "history") else "overview"


def _drawer(visit: Visit, result: Row, view: str) -> Row | None:
    """What the drawer of the chosen row shows; a row that is not there says so."""
    ident = visit.get("row")
    if not ident:
        return None
    workspace = visit.console.workspace
    if view == "exchanges":
        row = flowlist.exchange(workspace, ident)
        evidence = [row] if row else []
    else:
        everything = flowlist.flows(workspace, result, Filter(direction="all"))
        row = next((f for f in everything if f["id"] == ident), None)
        evidence = flowlist.evidence(workspace, row, EVIDENCE) if row else []
    if row is None:
        return {"row": None, "id": ident}
    key = (row["recipient_id"] or row["recipient"]) if row["direction"] in LEAVING else None
    recipient = next((r for r in result["recipients"] if key and key in (r["id"], r["name"])), None)
    alerts = [a for a in result["alerts"] if recipient and same_recipient(a["recipient"], recipient)]
    history = flowlist.timeline(workspace, row) if view == "flows" else flowlist.same_connection(workspace, row)
    return {"row": row, "id": ident, "recipient": recipient, "evidence": evidence, "alerts": alerts, "history": history}
