"""复核: columns whose type is not certain, and the corrections of people, each with its reason."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException
from fastapi.responses import Response

from tongguan.errors import BadInput, NotFound
from tongguan.identify.templates import Ruling
from tongguan.identify.types import TYPES
from tongguan.service.console import assetlist
from tongguan.service.console.address import link
from tongguan.service.console.assetlist import Catalogue, Filter
from tongguan.service.console.assetrules import LEVELS, correction, corrections_of, file_correction, rules_of, withdraw
from tongguan.service.console.names import texts
from tongguan.service.console.pages.assets import NAME, TEXT, nothing_scanned, wanted
from tongguan.service.console.telling import told
from tongguan.service.console.visit import Visit, Visitor, page_at
from tongguan.service.console.workspace import Row
from tongguan.service.permission import needs

__all__ = ["WHY", "router", "ruling_of"]

router = APIRouter()
WHY = ("low", "against", "near", "lapsed")
NOTHING, AS_FOUND = "none", "as_found"

Text = Annotated[str, Form()]


@page_at(router, "/assets/review", "assets.read")
def review(visit: Visitor) -> Response:
    """The queue or what was corrected, and the form of the chosen column."""
    with assetlist.opened(visit.console.trust, visit.caller) as catalogue:
        if catalogue is None:
            return nothing_scanned(visit)
        return visit.page("assets_review.html", _data(visit, catalogue))


@router.post("/assets/review", dependencies=[needs("assets.correct")])
def correct(
    visit: Visitor, csrf: Text = "", row: Text = "", col: Text = "", type: Text = "", level: Text = "",
    reason: Text = "",
) -> Response:  # fmt: skip
    """Keep what a column really is, with the reason; the log has it before the page says so. Raises 404."""
    visit.check_form(csrf)
    assert visit.user
    home = visit.console.trust.home
    with assetlist.opened(visit.console.trust, visit.caller, "assets.correct") as catalogue:
        if catalogue is None:
            return nothing_scanned(visit)
        unit = assetlist.unit(catalogue, _number(row))
        if unit is None:
            raise HTTPException(404)
        try:
            ruling = ruling_of(type, level)
            if not reason.strip():
                raise BadInput(texts().both("uploads.reason"))
            file_correction(home, unit, _number(col), ruling, reason, visit.user, visit.console.trust.record)
        except NotFound as error:
            raise HTTPException(404) from error
        except BadInput as error:
            typed = {"row": unit["id"], "col": _number(col), "type": type, "level": level, "reason": reason}
            data = {**_data(visit, catalogue, typed), "error": told(visit, error)}
            return visit.page("assets_review.html", data, 400)
    return visit.go(link("/assets/review", {"done": "corrected", "view": "corrections"}))


@router.post("/assets/review/withdraw", dependencies=[needs("assets.correct")])
def take_back(visit: Visitor, csrf: Text = "", id: Text = "") -> Response:
    """Take a correction back. Raises 404."""
    visit.check_form(csrf)
    home = visit.console.trust.home
    with assetlist.opened(visit.console.trust, visit.caller, "assets.correct") as catalogue:
        if catalogue is None:
            return nothing_scanned(visit)
        if not any(one.id == id for one in corrections_of(catalogue, rules_of(home))):
            raise HTTPException(404)
    try:
        withdraw(home, id[:100], visit.user or "", visit.console.trust.record)
    except NotFound as error:
        raise HTTPException(404) from error
    return visit.go(link("/assets/review", {"done": "withdrawn", "view": "corrections"}))


def ruling_of(type: str, level: str | None) -> Ruling:
    """What a person said. Raises BadInput where neither says anything."""
    if not level and type in ("", AS_FOUND):
        raise BadInput(texts().both("assets.really.none"))
    kept = {NOTHING: None, AS_FOUND: "as found", "": "as found"}
    return Ruling(kept.get(type, type), level or None)


def _number(text: str) -> int:
    """Raises 404."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise HTTPException(404)
    return int(text)


def _data(visit: Visit, catalogue: Catalogue, typed: Row | None = None) -> Row:
    rules = rules_of(visit.console.trust.home)
    asked = {
        "source": visit.get("source")[:NAME] or None,
        "why": visit.get("why") if visit.get("why") in WHY else None,
        "type": visit.get("type") if visit.get("type") in TYPES else None,
        "q": visit.get("q")[:TEXT] or None,
    }
    chosen = Filter(source=asked["source"], type=asked["type"], text=asked["q"])
    page = assetlist.doubtful(catalogue, chosen, asked["why"] or "", wanted(visit))
    held = {f"{r['id']}/{r['ordinal']}": rules.of(r["table"], r["name"], r["found_type"]) for r in page.rows}
    view = "corrections" if visit.get("view") == "corrections" else "queue"
    made = corrections_of(catalogue, rules)
    return {
        "view": view,
        "filter": asked,
        "choices": {**assetlist.choices(catalogue), "why": WHY, "level": list(LEVELS)},
        "types": sorted(TYPES),
        "levels": {level: dict(text) for level, text in rules.levels.items()},
        "list": page.as_json(),
        "corrected": {key: correction(one) for key, one in held.items() if one},
        "corrections": [correction(one) for one in made[:500]],
        "corrections_total": len(made),
        "drawer": _chosen(visit, catalogue, typed),
        "typed": typed,
        "may_correct": visit.may("assets.correct"),
        "done": visit.get("done") if visit.get("done") in ("corrected", "withdrawn") else None,
        "error": None,
    }


def _chosen(visit: Visit, catalogue: Catalogue, typed: Row | None) -> Row | None:
    """The column of the address, or of the form that was refused."""
    if typed is None and not visit.get("row"):
        return None
    ident = typed["row"] if typed else visit.number("row", 0, 0, 2**31)
    ordinal = typed["col"] if typed else visit.number("col", 0, 0, 100_000)
    unit = assetlist.unit(catalogue, ident)
    column = next((one for one in unit["columns"] if one["ordinal"] == ordinal), None) if unit else None
    about = {k: v for k, v in unit.items() if k not in ("columns", "history", "blind_spots")} if unit else None
    return {"id": f"{ident}/{ordinal}", "unit": about if column else None, "column": column}
