"""变化: what is new, changed, gone, graded up or down since the scan before."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from tongguan.casework.assets.changes import WHAT
from tongguan.service.console import assetlist
from tongguan.service.console.assetlist import Filter
from tongguan.service.console.assetrules import LEVELS, rules_of
from tongguan.service.console.exports import export
from tongguan.service.console.pages.assets import EXPORT_LIMIT, NAME, TEXT, nothing_scanned, wanted
from tongguan.service.console.visit import Visit, Visitor, page_at
from tongguan.service.console.workspace import Row
from tongguan.service.permission import needs

__all__ = ["router"]

router = APIRouter()
HEADS = ("source", "path", "what", "before", "after", "at")


@page_at(router, "/assets/changes", "assets.read")
def changes(visit: Visitor) -> Response:
    """Changes of the last scan of each source, or of every scan."""
    home = visit.console.trust.home
    with assetlist.opened(visit.console.trust, visit.caller) as catalogue:
        if catalogue is None:
            return nothing_scanned(visit)
        asked = _asked(visit)
        every = bool(asked["scans"])
        page = assetlist.changed(catalogue, _filter(asked), wanted(visit), level=asked["level"], all_scans=every)
        data = {
            "filter": asked,
            "choices": {"source": assetlist.choices(catalogue)["source"], "what": WHAT, "level": list(LEVELS)},
            "levels": {level: dict(text) for level, text in rules_of(home).levels.items()},
            "counts": assetlist.change_counts(catalogue, asked["source"], all_scans=every),
            "list": page.as_json(),
        }
    return visit.page("assets_changes.html", data)


@router.get("/assets/changes/export", dependencies=[needs("assets.export")])
def save(visit: Visitor) -> Response:
    """The current filter as a file."""
    with assetlist.opened(visit.console.trust, visit.caller, "assets.export") as catalogue:
        if catalogue is None:
            return nothing_scanned(visit)
        asked = _asked(visit)
        every = assetlist.Wanted(1, EXPORT_LIMIT)
        page = assetlist.changed(
            catalogue, _filter(asked), every, level=asked["level"], all_scans=bool(asked["scans"])
        )  # fmt: skip
    rows = [[row[name] for name in HEADS] for row in page.rows]
    return export(visit, "assets-changes", asked, HEADS, rows, page.total)


def _asked(visit: Visit) -> Row:
    return {
        "source": visit.get("source")[:NAME] or None,
        "what": visit.get("what") if visit.get("what") in WHAT else None,
        "level": visit.get("level") if visit.get("level") in LEVELS else None,
        "scans": "all" if visit.get("scans") == "all" else None,
        "q": visit.get("q")[:TEXT] or None,
    }


def _filter(asked: Row) -> Filter:
    return Filter(source=asked["source"], change=asked["what"], text=asked["q"])
