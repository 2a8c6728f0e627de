"""资产全景与资产覆盖: the estate as figures, and what of it was not read, and why."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from tongguan.capture.stores import REASONS
from tongguan.casework.assets import Filter
from tongguan.service.console import assetcover, assetlist
from tongguan.service.console.assetlist import Wanted
from tongguan.service.console.assetrules import LEVELS, rules_of
from tongguan.service.console.assetruns import Rooms
from tongguan.service.console.exports import export
from tongguan.service.console.pages.assets import EXPORT_LIMIT, NAME, TEXT, nothing_scanned, wanted
from tongguan.service.console.pages.assets_sources import all_sources
from tongguan.service.console.visit import Visit, Visitor, page_at
from tongguan.service.console.workspace import Row
from tongguan.service.permission import needs

__all__ = ["router"]

router = APIRouter()
HEADS = ("source", "unit", "reason", "kind", "where", "detail", "count", "size")


@page_at(router, "/assets/estate", "assets.read")
def estate(visit: Visitor) -> Response:
    """Levels by source, types, the sensitive share, changes over time."""
    rooms, home = Rooms(visit.console.trust), visit.console.trust.home
    with assetlist.opened(visit.console.trust, visit.caller) as catalogue:
        if catalogue is None:
            return nothing_scanned(visit)
        names = {source.address: source.name for source in rooms.sources.listed(by=visit.caller)}
        found = assetcover.estate(catalogue, names)
    levels = {level: dict(text) for level, text in rules_of(home).levels.items()}
    return visit.page("assets_estate.html", {**found, "names": levels, "order": list(LEVELS)})


@page_at(router, "/assets/coverage", "assets.read")
def coverage(visit: Visitor) -> Response:
    """What was not read, how samples were drawn, detectors that were off, sources that nobody scanned lately."""
    rooms = Rooms(visit.console.trust)
    days = visit.number("days", assetcover.OLD_DAYS, 1, 3650)
    old = assetcover.not_scanned(all_sources(visit, rooms), days)
    asked = _asked(visit)
    with assetlist.opened(visit.console.trust, visit.caller) as catalogue:
        if catalogue is None and not old:
            return nothing_scanned(visit)
        reasons = assetcover.by_reason(catalogue, asked["source"]) if catalogue is not None else []
        empty: Row = {"rows": [], "total": 0, "page": 1, "pages": 1, "size": 20}
        data: Row = {
            "filter": asked,
            "choices": {"source": assetlist.sources_of(catalogue) if catalogue is not None else [],
                        "reason": [row["reason"] for row in reasons]},
            "totals": assetlist.counts(catalogue) if catalogue is not None else None,
            "reasons": reasons,
            "off": assetcover.detectors_off(reasons),
            "samples": assetcover.samples(catalogue, asked["source"]) if catalogue is not None else [],
            "list": assetcover.unseen(catalogue, _filter(asked), wanted(visit)).as_json() if catalogue else empty,
            "days": days,
            "old": old[:200],
            "old_total": len(old),
        }  # fmt: skip
    return visit.page("assets_coverage.html", data)


@router.get("/assets/coverage/export", dependencies=[needs("assets.export")])
def save(visit: Visitor) -> Response:
    """The places of the current filter as a file."""
    with assetlist.opened(visit.console.trust, visit.caller, "assets.export") as catalogue:
        if catalogue is None:
            return nothing_scanned(visit)
        asked = _asked(visit)
        page = assetcover.unseen(catalogue, _filter(asked), Wanted(1, EXPORT_LIMIT))
    rows = [[row[name] for name in HEADS] for row in page.rows]
    return export(visit, "assets-coverage", asked, HEADS, rows, page.total)


def _asked(visit: Visit) -> Row:
    return {
        "source": visit.get("source")[:NAME] or None,
        "reason": visit.get("reason") if visit.get("reason") in REASONS else None,
        "q": visit.get("q")[:TEXT] or None,
    }


def _filter(asked: Row) -> Filter:
    return Filter(source=asked["source"], reason=asked["reason"], text=asked["q"])
