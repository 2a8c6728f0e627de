"""主密钥: where it is and what that protects against, its generations, its shares, and the drill with them."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from tongguan.errors import BadInput, Broken, Denied, Unavailable
from tongguan.service.console.address import link
from tongguan.service.console.telling import told
from tongguan.service.console.visit import Visit, Visitor, page_at
from tongguan.service.console.workspace import Row
from tongguan.service.permission import needs

__all__ = ["router"]

router = APIRouter()
PAGE = "keys_master.html"

Text = Annotated[str, Form()]


@page_at(router, "/keys/master", "keys.master")
def master(visit: Visitor) -> Response:
    """The master key of this store; never the key itself."""
    return visit.page(PAGE, _data(visit))


@router.post("/keys/master/rotate", dependencies=[needs("keys.master")])
def rotate(visit: Visitor, csrf: Text = "", really: Text = "") -> Response:
    """Wrap every key anew under a new master key."""
    visit.check_form(csrf)
    assert visit.principal
    try:
        if really != "yes":
            raise BadInput(visit.t("master.really"))
        visit.console.trust.keys.rotate_master(visit.principal)
    except (BadInput, Denied) as error:
        return visit.page(PAGE, {**_data(visit), "error": told(visit, error)}, 400)
    return visit.go(link("/keys/master", {"done": "rotate"}))


@router.post("/keys/master/drop", dependencies=[needs("keys.destroy")])
def drop(visit: Visitor, csrf: Text = "", generation: Text = "") -> Response:
    """Destroy a former master key, with an approval."""
    visit.check_form(csrf)
    assert visit.principal
    try:
        visit.console.trust.keys.drop_master(generation, visit.principal)
    except (BadInput, Denied) as error:
        return visit.page(PAGE, {**_data(visit), "error": told(visit, error)}, 400)
    return visit.go(link("/keys/master", {"done": "drop"}))


@router.post("/keys/master/shares", dependencies=[needs("keys.backup")])
def split(visit: Visitor, csrf: Text = "", threshold: Text = "", holders: Text = "") -> Response:
    """The master key in shares, on a page that is shown this once and kept nowhere."""
    visit.check_form(csrf)
    assert visit.principal
    names = [line.strip() for line in holders.splitlines() if line.strip()]
    try:
        if not (threshold.isascii() and threshold.isdigit() and len(threshold) < 4):
            raise BadInput(visit.t("master.threshold.bad"))
        shares = visit.console.trust.keys.split(int(threshold), names, visit.principal)
    except (BadInput, Denied) as error:
        typed = {"threshold": threshold, "holders": holders}
        return visit.page(PAGE, {**_data(visit), "error": told(visit, error), "typed": typed}, 400)
    return visit.page(PAGE, {**_data(visit), "shares": [{**asdict(share), "label": share.label} for share in shares]})


@router.post("/keys/master/drill", dependencies=[needs("keys.restore")])
def drill(visit: Visitor, csrf: Text = "", shares: Text = "") -> Response:
    """Whether these shares, one a line, would open the store. They are not kept, and not shown again."""
    visit.check_form(csrf)
    assert visit.principal
    texts = [line.strip() for line in shares.splitlines() if line.strip()]
    try:
        found = visit.console.trust.keys.drill(texts, visit.principal)
    except (BadInput, Denied, Broken) as error:
        text = str(error) if isinstance(error, Broken) else told(visit, error)
        return visit.page(PAGE, {**_data(visit), "error": text}, 400)
    return visit.page(PAGE, {**_data(visit), "drill": asdict(found)})


def _data(visit: Visit) -> Row:
    room, by, trust = visit.console.trust.keys, visit.principal, visit.console.trust
    assert by
    away = None
    generations: list[Row] = []
    try:
        generations = [asdict(one) for one in room.masters(by)]
    except Unavailable as error:
        away = str(error)
    settings = trust.settings.master
    return {
        "where": _where(visit),
        "variable": settings.passphrase_env if settings.kind == "passphrase" else settings.pin_env,
        "file": settings.passphrase_file or "master.passphrase",
        "token": settings.token,
        "label": settings.key,
        "generations": generations,
        "away": away,
        "splits": [asdict(one) for one in room.splits(by)] if visit.may("keys.backup") and not away else [],
        "approvals": _approvals(visit) if visit.may("keys.destroy") else {},
        "may": {o: visit.may(o) for o in ("keys.backup", "keys.restore", "keys.destroy", "approvals.request")},
        "done": visit.get("done")[:20],
        "error": None,
        "shares": [],
        "drill": None,
        "typed": {},
    }


def _where(visit: Visit) -> str:
    """Which of the four places: an HSM, or a passphrase from the environment, a named file, or the home folder."""
    settings = visit.console.trust.settings.master
    if settings.kind == "pkcs11":
        return "pkcs11"
    if os.environ.get(settings.passphrase_env):
        return "env"
    return "file" if settings.passphrase_file else "home"


def _approvals(visit: Visit) -> dict[str, Row]:
    """The visitor's own open or granted requests to destroy a former master key, by generation."""
    assert visit.principal
    found = visit.console.trust.approvals.list(visit.principal, operation="keys.destroy")
    mine = [a for a in found if a.requester_id == visit.principal.id and a.state in ("asked", "approved")]
    prefix = "master:"
    return {
        a.resource.removeprefix(prefix): {"id": a.id, "state": a.state} for a in mine if a.resource.startswith(prefix)
    }
