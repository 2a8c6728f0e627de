"""What is done with the audit log as a whole: taken away, cosigned, anchored. The page that it returns to is /audit."""

from __future__ import annotations

from fastapi import APIRouter, Form
from fastapi.responses import Response

from tongguan.errors import BadSettings, TongguanError
from tongguan.service.api import audit as calls
from tongguan.service.console.address import link
from tongguan.service.console.pages.audit import data
from tongguan.service.console.visit import Visit, Visitor
from tongguan.service.permission import needs
from tongguan.trust.audit.anchor import anchoring
from tongguan.trust.audit.witness import cosign as ask_witnesses
from tongguan.trust.settings import Anchor

__all__ = ["router"]

router = APIRouter()


@router.post("/audit/tiles", dependencies=[needs("audit.export")])
def tiles(visit: Visitor, csrf: str = Form("")) -> Response:
    """The whole log as a tar archive of tiles, as the API gives it."""
    visit.check_form(csrf)
    assert visit.principal
    try:
        return calls.export(visit.console.trust, visit.principal)
    except TongguanError as error:
        return _told(visit, "outside", error)


@router.post("/audit/cosign", dependencies=[needs("audit.anchor")])
def cosign(visit: Visitor, csrf: str = Form("")) -> Response:
    """Ask the witnesses of the settings to cosign the newest checkpoint."""
    visit.check_form(csrf)
    trust, by = visit.console.trust, visit.principal
    assert by
    try:
        found = ask_witnesses(trust.audit, trust.settings.witnesses, trust.record, by.name)
    except TongguanError as error:
        return _told(visit, "heads", error)
    refused = {name: str(why) for name, why in found.refused.items()}
    answers = {"signed": sorted(found.signed), "refused": refused}
    return visit.page("audit.html", {**data(visit, "heads"), "asked_witnesses": answers})


@router.post("/audit/anchor", dependencies=[needs("audit.anchor")])
def anchor(visit: Visitor, csrf: str = Form("")) -> Response:
    """Write the newest checkpoint to the chain of the settings, and read it back."""
    visit.check_form(csrf)
    trust, by = visit.console.trust, visit.principal
    assert by
    try:
        anchoring.anchor(trust.audit, _settings(visit), trust.record, by.name)
    except TongguanError as error:
        return _told(visit, "anchors", error)
    return visit.go(link("/audit", {"view": "anchors", "done": "anchor"}))


@router.post("/audit/anchor/check", dependencies=[needs("audit.anchor")])
def check(visit: Visitor, csrf: str = Form("")) -> Response:
    """Hold log and receipts against the chain; nothing is written there."""
    visit.check_form(csrf)
    trust, by = visit.console.trust, visit.principal
    assert by
    try:
        report = anchoring.check(trust.audit, _settings(visit))
    except TongguanError as error:
        return _told(visit, "anchors", error)
    kinds = sorted({problem.kind for problem in report.problems})
    trust.record("anchor_check", by.name, {"size": report.size, "ok": report.ok, "problems": kinds})
    found = {
        "ok": report.ok,
        "anchored": report.anchored,
        "receipts": report.receipts,
        "problems": [dict(problem.text) for problem in report.problems],
        "remarks": [dict(remark) for remark in report.remarks],
    }
    return visit.page("audit.html", {**data(visit, "anchors"), "report": found})


def _settings(visit: Visit) -> Anchor:
    settings = visit.console.trust.settings.anchor
    if settings is None:
        raise BadSettings(visit.t("audit.anchor.unset"))
    return settings


def _told(visit: Visit, view: str, error: TongguanError) -> Response:
    return visit.page("audit.html", {**data(visit, view), "error": str(error)}, 400)
