"""工作台: what the day asks, and how far the legal lines are."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from tongguan.service.console import flowlist, pictures
from tongguan.service.console.filters import Filter
from tongguan.service.console.lines import legal_lines
from tongguan.service.console.tasks import tasks
from tongguan.service.console.visit import Visitor, exporter_of, page_at
from tongguan.service.console.workspace import Row

__all__ = ["router"]

router = APIRouter()
RUNS = 5


@page_at(router, "/", "results.read", exporter_of)
def workbench(visit: Visitor) -> Response:
    """The first page."""
    result = visit.result
    if result is None:
        return visit.nothing_yet()
    rows = flowlist.flows(visit.console.workspace, result, Filter())
    return visit.page(
        "workbench.html",
        {
            "as_of": result["as_of"],
            "window": result["run"]["window"],
            "generated": result["generated"],
            "decision": result["decision"],
            "totals": result["totals"],
            "lines": legal_lines(result["as_of"]),
            "recipients": sorted(result["recipients"], key=lambda r: (r["exempt"], -r["persons"]["count"])),
            "tasks": tasks(result),
            "alerts": result["alerts"],
            "coverage": result["coverage"],
            "blind_spots": by_kind(result["blind_spots"]),
            "bars": pictures.bars(visit.console.workspace),
            "sankey": pictures.sankey(rows, result, "persons"),
            "runs": runs(visit),
        },
    )


def by_kind(spots: list[Row]) -> list[Row]:
    """Blind spots summed up by kind, most frequent first, each with one place as an example."""
    found: dict[str, Row] = {}
    for spot in spots:
        row = found.setdefault(spot["kind"], {"kind": spot["kind"], "count": 0, "size": 0, "where": spot["where"]})
        row["count"] += spot["count"]
        row["size"] += spot.get("size", 0)
    return sorted(found.values(), key=lambda row: -row["count"])


def runs(visit: Visitor) -> list[Row]:
    """The newest inspections in the audit log."""
    entries = visit.console.audit.entries(0, RUNS, kind="run", newest=True)
    return [{"index": e.index, "ts": e.ts, "actor": e.actor, "body": e.body} for e in entries]
