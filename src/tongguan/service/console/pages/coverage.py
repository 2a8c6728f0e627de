"""覆盖: what we could not see, how much of it there was, and how to see more."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from tongguan.model import BlindKind
from tongguan.service.console.exports import export
from tongguan.service.console.pages.workbench import by_kind
from tongguan.service.console.visit import Visitor, exporter_of, page_at
from tongguan.service.console.workspace import Row
from tongguan.service.permission import needs

__all__ = ["router"]

router = APIRouter()
KINDS = tuple(str(kind) for kind in BlindKind)
SIZE = 50


@page_at(router, "/coverage", "results.read", exporter_of)
def coverage(visit: Visitor) -> Response:
    """Sums by kind, and the places of the chosen kind."""
    result = visit.result
    if result is None:
        return visit.nothing_yet()
    kind = visit.get("kind") if visit.get("kind") in KINDS else ""
    places = _places(visit, result, kind)
    pages = max(1, -(-len(places) // SIZE))
    number = min(visit.number("page", 1, 1, 10**6), pages)
    data = {
        "kind": kind,
        "q": visit.get("q"),
        "kinds": by_kind(result["blind_spots"]),
        "coverage": result["coverage"],
        "sources": result["run"]["sources"],
        "places": {
            "rows": places[(number - 1) * SIZE : number * SIZE],
            "total": len(places),
            "page": number,
            "pages": pages,
            "size": SIZE,
        },
    }
    return visit.page("coverage.html", data)


@router.get("/coverage/export", dependencies=[needs("results.export", exporter_of)])
def save(visit: Visitor) -> Response:
    """The current filter as a file."""
    result = visit.result
    if result is None:
        return visit.nothing_yet()
    kind = visit.get("kind") if visit.get("kind") in KINDS else ""
    heads = ["kind", "where", "detail", "count", "size", "capture"]
    rows = [[spot.get(h) for h in heads] for spot in _places(visit, result, kind)]
    return export(visit, "blind-spots", {"kind": kind, "q": visit.get("q")}, heads, rows)


def _places(visit: Visitor, result: Row, kind: str) -> list[Row]:
    """Every place of the ledger; of the result where there is no ledger. Most frequent first."""
    sql = (
        'select kind, "where", detail, cast(sum("count") as bigint) as "count", cast(sum(size) as bigint) as size, '
        'min(capture) as capture from blind_spots group by kind, "where", detail'
    )
    found = visit.console.workspace.rows(sql) or [{"capture": None, **spot} for spot in result["blind_spots"]]
    q = visit.get("q").lower()
    fits = [s for s in found if (not kind or s["kind"] == kind) and q in f"{s['where']} {s['detail']}".lower()]
    return sorted(fits, key=lambda s: (-s["count"], -(s["size"] or 0), s["where"]))
