"""扫描: sources with their scans, how far a running one is, what each covered and what it could not see."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from tongguan.service.console import assetlist
from tongguan.service.console.assetlist import Wanted
from tongguan.service.console.pages.assets import NAME, nothing_scanned
from tongguan.service.console.visit import Visitor, page_at

__all__ = ["router"]

router = APIRouter()
SOURCES, SCANS = 10, 10  # of one page


@page_at(router, "/assets/scans", "assets.read")
def scans(visit: Visitor) -> Response:
    """Sources, and scans of all or of one of them."""
    home = visit.console.trust.home
    with assetlist.opened(home) as catalogue:
        if catalogue is None:
            return nothing_scanned(visit)
        source = visit.get("source")[:NAME] or None
        known = assetlist.choices(catalogue)["source"]
        listed = assetlist.states(catalogue, home, Wanted(visit.number("page", 1, 1, 10**8), SOURCES))
        past = assetlist.history_of_scans(catalogue, source, Wanted(visit.number("scans", 1, 1, 10**8), SCANS))
        data = {
            "source": source if source in known else None,
            "sources": known,
            "totals": assetlist.counts(catalogue),
            "running": any(row["state"] == "running" for row in listed.rows),
            "list": listed.as_json(),
            "scans": past.as_json(),
        }
    return visit.page("assets_scans.html", data)
