"""数据来源: the register of what may be scanned from here, with its credentials sealed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException
from fastapi.responses import Response

from tongguan.casework.assets.given import KINDS, PORTS, TLS, Given, Secret
from tongguan.errors import BadInput, Denied, NotFound
from tongguan.service.console import assetlist, assetscans
from tongguan.service.console.address import link
from tongguan.service.console.assetlist import Wanted
from tongguan.service.console.assetruns import Rooms, merged
from tongguan.service.console.flowlist import Page
from tongguan.service.console.telling import refuse_unseen, told
from tongguan.service.console.visit import Visit, Visitor, page_at
from tongguan.service.console.workspace import Row
from tongguan.service.permission import needs
from tongguan.trust.access import may
from tongguan.wording import wording

__all__ = ["all_sources", "router", "state_of"]

router = APIRouter()
SIZE = 20
STATES = ("never", "waiting", "running", "complete", "incomplete", "stopped", "interrupted", "failed", "disabled")
DONE = ("registered", "changed", "enabled", "disabled", "removed")

Text = Annotated[str, Form()]


@page_at(router, "/assets/sources", "assets.read")
def sources(visit: Visitor) -> Response:
    """The list, a source beside it, or the form of a new one."""
    return visit.page("assets_sources.html", _data(visit))


@router.post("/assets/sources", dependencies=[needs("assets.sources")])
def register(
    visit: Visitor, csrf: Text = "", id: Text = "", kind: Text = "", name: Text = "", owner: Text = "",
    entity: Text = "", note: Text = "", host: Text = "", port: Text = "", database: Text = "", user: Text = "",
    tls: Text = "prefer", path: Text = "", bucket: Text = "", prefix: Text = "", endpoint: Text = "",
    region: Text = "", password: Text = "", access_key: Text = "", secret_key: Text = "",
) -> Response:  # fmt: skip
    """A new source, or one described anew. Secrets never come back in a page."""
    visit.check_form(csrf)
    assert visit.principal
    rooms = Rooms(visit.console.trust)
    typed = {"name": name, "owner": owner, "entity": entity, "note": note, "host": host, "port": port,
             "database": database, "user": user, "tls": tls, "path": path, "bucket": bucket, "prefix": prefix,
             "endpoint": endpoint, "region": region}  # fmt: skip
    secret = Secret(password, access_key, secret_key)
    try:
        given = Given(kind=kind, **{**typed, "entity": entity.strip() or None, "port": _port(port)})  # type: ignore[arg-type]
        if id:
            made = rooms.sources.change(id, given, secret or None, visit.principal)
        else:
            made = rooms.sources.register(given, secret, visit.principal)
    except NotFound as error:
        raise HTTPException(404) from error
    except (BadInput, Denied) as error:
        refuse_unseen(error)
        form = {"id": id or None, "kind": kind if kind in KINDS else KINDS[0], "typed": typed}
        return visit.page("assets_sources.html", {**_data(visit, form=form), "error": told(visit, error)}, 400)
    return visit.go(link("/assets/sources", {"row": made.id, "done": "changed" if id else "registered"}))


@router.post("/assets/sources/act", dependencies=[needs("assets.sources")])
def act(visit: Visitor, csrf: Text = "", id: Text = "", act: Text = "") -> Response:
    """Test, enable, disable or remove a source. Raises 404."""
    visit.check_form(csrf)
    by = visit.principal
    assert by
    rooms = Rooms(visit.console.trust)
    try:
        if act == "test":
            why = rooms.jobs.test(id, by)
            data = {**_data(visit, chosen=id), "tested": {"ok": why is None, "text": why}}
            return visit.page("assets_sources.html", data)
        if act == "remove":
            rooms.sources.remove(id, by)
            return visit.go(link("/assets/sources", {"done": "removed"}))
        if act not in ("enable", "disable"):
            raise HTTPException(404)
        rooms.sources.enable(id, act == "enable", by)
    except NotFound as error:
        raise HTTPException(404) from error
    except (BadInput, Denied) as error:
        refuse_unseen(error)
        return visit.page("assets_sources.html", {**_data(visit, chosen=id), "error": told(visit, error)}, 400)
    return visit.go(link("/assets/sources", {"row": id, "done": f"{act}d"}))


def _data(visit: Visit, *, form: Row | None = None, chosen: str = "") -> Row:
    rooms = Rooms(visit.console.trust)
    asked = {
        "q": visit.get("q")[:200] or None,
        "kind": visit.get("kind") if visit.get("kind") in KINDS else None,
        "state": visit.get("state") if visit.get("state") in STATES else None,
    }
    every = all_sources(visit, rooms)
    rows = [row for row in every if _passes(row, asked)]
    number = visit.number("page", 1, 1, 10**6)
    page = Page(rows[(number - 1) * SIZE : number * SIZE], len(rows), number, SIZE)
    if not page.rows and rows:
        page = Page(rows[:SIZE], len(rows), 1, SIZE)
    one = chosen or visit.get("row")
    drawer = next((row for row in every if row["id"] == one), {"id": one, "source": None}) if one else None
    return {
        "filter": asked,
        "kinds": KINDS,
        "states": STATES,
        "tls": TLS,
        "ports": PORTS,
        "roots": rooms.reach.roots,
        "list": page.as_json(),
        "drawer": drawer,
        "form": form or _form(visit, drawer),
        "may": _may(visit, drawer),
        "tested": None,
        "done": visit.get("done") if visit.get("done") in DONE else None,
        "error": None,
    }


def all_sources(visit: Visit, rooms: Rooms) -> list[Row]:
    """Every source that the visitor may see, registered or only in the catalogue, with its newest scan."""
    home = visit.console.trust.home
    with assetlist.opened(visit.console.trust, visit.caller) as catalogue:
        known = assetscans.states(catalogue, home, Wanted(1, 10_000)).rows if catalogue is not None else []
    return merged(rooms.sources.listed(by=visit.caller), rooms.jobs.newest(), known)


def state_of(row: Row) -> str:
    """In one word."""
    if row["source"] and not row["source"]["enabled"]:
        return "disabled"
    return str(row["state"] or "never")


def _passes(row: Row, asked: Row) -> bool:
    source = row["source"] or {}
    said = " ".join(str(source.get(name) or "") for name in ("owner", "entity", "note")) + row["name"] + row["address"]
    words = (asked["q"] or "").casefold()
    return (
        (not words or words in said.casefold())
        and (not asked["kind"] or row["kind"] == asked["kind"])
        and (not asked["state"] or state_of(row) == asked["state"])
    )


def _form(visit: Visit, drawer: Row | None) -> Row | None:
    """The form of the address: a new source of a kind, or the chosen one to edit."""
    asked = visit.get("form")
    if asked in KINDS and visit.may("assets.sources"):
        return {"id": None, "kind": asked, "typed": {"tls": "prefer"}}
    if asked == "edit" and drawer and drawer["source"]:
        source = drawer["source"]
        typed = {**{name: source.get(name) for name in ("name", "owner", "entity", "note")}, **source["place"]}
        return {"id": source["id"], "kind": source["kind"], "typed": typed}
    return None


def _may(visit: Visit, drawer: Row | None) -> dict[str, bool]:
    """What is offered: for one source by its entity, else whether it may be done somewhere."""
    if not drawer or not drawer.get("source"):
        return {name: visit.may(f"assets.{name}") for name in ("sources", "scan")}
    assert visit.principal
    policy, entity = visit.console.trust.policy, drawer["source"]["entity"]
    return {name: may(policy, visit.principal, f"assets.{name}", entity=entity) for name in ("sources", "scan")}


def _port(text: str) -> int | None:
    """Raises BadInput."""
    if not text.strip():
        return None
    if not (text.strip().isascii() and text.strip().isdigit() and len(text.strip()) < 6):
        raise BadInput(wording("tongguan.casework.assets").both("port.range"))
    return int(text)
