"""指纹库: known tables and documents that are found again without a word of them being kept; what of one stands in a
text or a file."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException
from fastapi.responses import Response

from tongguan.errors import BadInput, NotFound
from tongguan.service.console.address import link
from tongguan.service.console.policylist import match, remove_store, store_of, stores_of_house, visible_stores
from tongguan.service.console.telling import told
from tongguan.service.console.uploads import FILE_LIMIT, TEXT_LIMIT, HandedIn
from tongguan.service.console.visit import Visit, Visitor, page_at
from tongguan.service.permission import needs

__all__ = ["router"]

router = APIRouter()
Text = Annotated[str, Form()]
ROWS = 64
WITHIN = 1_000_000
REASON = 1000


@page_at(router, "/fingerprints", "fingerprints.read")
def fingerprints(visit: Visitor) -> Response:
    """The stores, and the chosen one beside them."""
    return visit.page("fingerprints.html", _data(visit, visit.get("name")))


@router.post("/fingerprints", dependencies=[needs("fingerprints.match")])
def hold(visit: Visitor, handed: HandedIn) -> Response:
    """What of a store stands in a text or a file."""
    visit.check_form(handed.get("csrf"))
    assert visit.principal
    name, rows = handed.get("name"), handed.get("rows")
    data = _data(visit, name)
    data["asked"] = {"rows": rows[:4], "within": handed.get("within")[:8] or "300"}
    if data["chosen"] is None:
        raise HTTPException(404)
    try:
        if handed.content is None:
            raise BadInput(visit.t("uploads.nothing"))
        found = match(
            visit.console.trust, visit.principal, name, handed.content,
            rows=_number(visit, rows, 1, ROWS) if rows else None,
            within=_number(visit, handed.get("within") or "300", 1, WITHIN),
        )  # fmt: skip
    except BadInput as error:
        return visit.page("fingerprints.html", {**data, "error": told(visit, error)}, 400)
    return visit.page("fingerprints.html", {**data, "matched": found})


@router.post("/fingerprints/change", dependencies=[needs("fingerprints.manage")])
def change(visit: Visitor, csrf: Text = "", name: Text = "", act: Text = "", reason: Text = "") -> Response:
    """Merge the files of a store, or remove it with a reason. Raises 404."""
    visit.check_form(csrf)
    assert visit.principal
    trust = visit.console.trust
    try:
        if act == "merge":
            store = store_of(trust, visit.principal, name, "fingerprints.manage")
            merged = stores_of_house(trust).merge(store.name, visit.principal.name)
            body = {"name": merged.name, "kind": merged.kind, "entity": merged.entity, "files": len(merged.segments)}
            visit.seal("fingerprints_merged", body)
            return visit.go(link("/fingerprints", {"name": name, "done": "merged"}))
        if not reason.strip():
            raise BadInput(visit.t("uploads.reason"))
        remove_store(trust, visit.principal, name, reason.strip()[:REASON])
    except NotFound as error:
        raise HTTPException(404) from error
    except BadInput as error:
        return visit.page("fingerprints.html", {**_data(visit, name), "error": told(visit, error)}, 400)
    return visit.go(link("/fingerprints", {"done": "removed"}))


def _number(visit: Visit, text: str, low: int, high: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 8 and low <= int(text) <= high):
        raise BadInput(visit.t("uploads.number", low=low, high=f"{high:,}"))
    return int(text)


def _data(visit: Visit, name: str) -> dict[str, Any]:
    assert visit.principal
    found, damaged = visible_stores(visit.console.trust, visit.principal)
    chosen = next((store.to_dict() for store in found if store.name == name), None)
    return {
        "stores": [store.to_dict() for store in found],
        "damaged": damaged,
        "name": name if chosen or name in damaged else None,
        "chosen": chosen,
        "limits": {"file": FILE_LIMIT, "text": TEXT_LIMIT},
        "asked": {"rows": "2" if chosen and len(chosen["columns"]) > 1 else "", "within": "300"},
        "matched": None,
        "may_match": visit.may("fingerprints.match"),
        "may_manage": visit.may("fingerprints.manage"),
        "done": visit.get("done") if visit.get("done") in ("merged", "removed") else None,
        "error": None,
    }
