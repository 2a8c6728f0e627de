"""证据: what is kept sealed, shown masked; the original only with a reason, which is logged before it is seen."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, HTTPException
from fastapi.responses import Response, StreamingResponse

from tongguan.errors import BadInput, Broken, Denied, NotFound
from tongguan.service.console.address import link
from tongguan.service.console.telling import refuse_unseen, told
from tongguan.service.console.visit import Visit, Visitor, page_at
from tongguan.service.console.workspace import Row
from tongguan.service.permission import needs
from tongguan.trust.access import may
from tongguan.trust.evidence import KINDS, Kind, Manifest

__all__ = ["router"]

router = APIRouter()
SIZE = 50

Text = Annotated[str, Form()]


@page_at(router, "/evidence", "evidence.read")
def evidence(visit: Visitor) -> Response:
    """The list, the newest first, and the chosen piece beside it, masked."""
    return visit.page("evidence.html", _data(visit))


@router.post("/evidence/check", dependencies=[needs("evidence.sweep")])
def check(visit: Visitor, csrf: Text = "") -> Response:
    """Check every manifest, blob and file; what was found is in the audit log, and told."""
    visit.check_form(csrf)
    assert visit.principal
    found = visit.console.trust.evidence.sweep(visit.principal)
    return visit.page("evidence_check.html", {"sweep": {**asdict(found), "ok": found.ok}})


@page_at(router, "/evidence/check", "evidence.sweep")
def before_check(visit: Visitor) -> Response:
    """What a check does, and the button for it."""
    return visit.page("evidence_check.html", {"sweep": None})


@router.post("/evidence/{evidence_id}/original", dependencies=[needs("evidence.reveal")])
def original(visit: Visitor, evidence_id: str, csrf: Text = "", reason: Text = "") -> Response:
    """The original as a file, for the reason given. Raises 404."""
    visit.check_form(csrf)
    room, by = visit.console.trust.evidence, visit.principal
    assert by
    try:
        manifest = room.manifest(evidence_id, by)
        pieces = room.reveal(evidence_id, reason, by)
    except NotFound as error:
        raise HTTPException(404) from error
    except (BadInput, Denied, Broken) as error:
        refuse_unseen(error)
        return visit.page("evidence.html", {**_data(visit, evidence_id), "error": _told(visit, error)}, 400)
    name = quote(manifest.name.rpartition("/")[2][:120] or evidence_id, safe="")
    headers = {
        # What a stranger sent is never opened in this console's origin.
        "Content-Disposition": f"attachment; filename=\"{evidence_id}\"; filename*=UTF-8''{name}",
        "Content-Length": str(manifest.size),
    }
    return StreamingResponse(pieces, media_type="application/octet-stream", headers=headers)


@router.post("/evidence/{evidence_id}/{act}", dependencies=[needs("evidence.read")])
def change(
    visit: Visitor, evidence_id: str, act: str, csrf: Text = "", reason: Text = "", until: Text = ""
) -> Response:
    """Put under legal hold, lift it (with an approval), or keep longer; the store asks for the permission."""
    visit.check_form(csrf)
    room, by = visit.console.trust.evidence, visit.principal
    assert by
    try:
        if act == "hold":
            room.hold(evidence_id, reason, by)
        elif act == "release":
            room.release(evidence_id, reason, by)
        elif act == "retain":
            room.retain(evidence_id, _end_of(until), reason, by)
        else:
            raise HTTPException(404)
    except NotFound as error:
        raise HTTPException(404) from error
    except (BadInput, Denied) as error:
        refuse_unseen(error)
        return visit.page("evidence.html", {**_data(visit, evidence_id), "error": _told(visit, error)}, 400)
    return visit.go(link("/evidence", {"id": evidence_id, "done": act}))


def _data(visit: Visit, chosen: str = "") -> Row:
    room, by = visit.console.trust.evidence, visit.principal
    assert by
    kind: Kind | None = next((name for name in KINDS if name == visit.get("kind")), None)
    held = {"yes": True, "no": False}.get(visit.get("held"))
    exchange = visit.get("exchange")
    number = visit.number("page", 1, 1, 10**6)
    found = room.list(
        by, kind=kind, held=held, origin={"exchange": exchange} if exchange else None,
        offset=(number - 1) * SIZE, limit=SIZE + 1,
    )  # fmt: skip
    one = chosen or visit.get("id")
    return {
        "filter": {"kind": kind or "", "held": visit.get("held") if held is not None else "", "exchange": exchange},
        "kinds": list(KINDS),
        "rows": [_row(manifest) for manifest in found[:SIZE]],
        "page": number,
        "more": len(found) > SIZE,
        "chosen": _chosen(visit, one) if one else None,
        "done": visit.get("done")[:20],
        "may": {"evidence.sweep": visit.may("evidence.sweep")},
        "error": None,
    }


def _chosen(visit: Visit, evidence_id: str) -> Row | None:
    """One piece; None where there is none that the visitor may see."""
    room, by, policy = visit.console.trust.evidence, visit.principal, visit.console.trust.policy
    assert by
    try:
        manifest = room.manifest(evidence_id, by)
    except NotFound:
        return None
    except Denied as error:
        if error.scope:
            return None
        raise
    except Broken:
        return {"id": evidence_id, "name": "", "state": "altered"}
    except BadInput:  # the key service's word for a key that is suspended or destroyed
        return {"id": evidence_id, "name": "", "state": "locked"}
    operations = ("evidence.reveal", "evidence.hold", "evidence.release", "evidence.retain", "approvals.request")
    return {
        **_row(manifest),
        "masked": room.masked(evidence_id, by),
        "history": [asdict(event) for event in room.history(evidence_id, by)],
        "may": {o: o in policy.operations and may(policy, by, o, entity=manifest.entity) for o in operations},
    }


def _row(manifest: Manifest) -> Row:
    return {**asdict(manifest), "origin": dict(manifest.origin)}


def _end_of(day: str) -> float:
    """The end of a day in UTC, in seconds since the epoch. Raises BadInput."""
    try:
        return datetime.fromisoformat(f"{day.strip()}T23:59:59").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise BadInput("until is no date; expected YYYY-MM-DD") from None


def _told(visit: Visit, error: Any) -> str:
    return str(error) if isinstance(error, Broken) else told(visit, error)
