"""扫描: start, stop, go on, schedule; how far a running scan is, what each covered and what it could not see."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException
from fastapi.responses import Response

from tongguan.casework.assets.jobs import Options
from tongguan.casework.assets.scanning import ROWS, ROWS_MOST
from tongguan.casework.assets.schedule import Schedule
from tongguan.errors import BadInput, Denied, NotFound
from tongguan.service.console import assetlist, assetscans
from tongguan.service.console.address import link
from tongguan.service.console.assetlist import Wanted
from tongguan.service.console.assetrules import SECTORS
from tongguan.service.console.assetruns import Rooms, merged
from tongguan.service.console.flowlist import Page
from tongguan.service.console.pages.assets import NAME
from tongguan.service.console.telling import refuse_unseen, told
from tongguan.service.console.visit import Visit, Visitor, page_at
from tongguan.service.console.workspace import Row
from tongguan.service.permission import needs
from tongguan.trust.access import may
from tongguan.wording import wording

__all__ = ["router"]

router = APIRouter()
_refusals = wording("tongguan.casework.assets")
SOURCES, SCANS = 10, 10  # of one page
FIRST = {"running": 0, "waiting": 1}  # what is under way stands before the others
DONE = ("started", "stopping", "planned", "unplanned")

Text = Annotated[str, Form()]


@page_at(router, "/assets/scans", "assets.read")
def scans(visit: Visitor) -> Response:
    """Sources with their newest scan, one of them to be scanned, and the scans there were."""
    return visit.page("assets_scans.html", _data(visit))


@router.post("/assets/scans", dependencies=[needs("assets.scan")])
def act(
    visit: Visitor, csrf: Text = "", act: Text = "", id: Text = "", scan: Text = "", rows: Text = "", names: Text = "",
    whole: Text = "", full: Text = "", ocr: Text = "", sector: Text = "", every: Text = "", weekday: Text = "0",
    at: Text = "",
) -> Response:  # fmt: skip
    """Start, go on, stop, schedule. Raises 404."""
    visit.check_form(csrf)
    by = visit.principal
    assert by
    rooms = Rooms(visit.console.trust)
    try:
        if act == "start":
            rooms.jobs.start(id, _options(rows, names, whole, full, ocr, sector), by)
        elif act == "resume":
            rooms.jobs.resume(id, by)
        elif act == "stop":
            rooms.jobs.stop(_number(scan, _refusals.both("scan.none")), by)
        elif act == "plan" and every:
            options = asdict(_options(rows, names, whole, full, ocr, sector))
            rooms.sources.plan(id, _schedule(every, weekday, at, options, by.name), by)
        elif act in ("plan", "unplan"):
            rooms.sources.plan(id, None, by)
        else:
            raise HTTPException(404)
    except NotFound as error:
        raise HTTPException(404) from error
    except (BadInput, Denied) as error:
        refuse_unseen(error)
        return visit.page("assets_scans.html", {**_data(visit, id), "error": told(visit, error)}, 400)
    done = {"stop": "stopping", "plan": "planned" if every else "unplanned", "unplan": "unplanned"}.get(act, "started")
    return visit.go(link("/assets/scans", {"done": done}))


def _data(visit: Visit, chosen: str = "") -> Row:
    home, rooms = visit.console.trust.home, Rooms(visit.console.trust)
    asked = visit.get("source")[:NAME] or None
    with assetlist.opened(visit.console.trust, visit.caller) as catalogue:
        known = assetscans.states(catalogue, home, Wanted(1, 10_000)).rows if catalogue is not None else []
        read = {r["source"]: assetscans.rows_read(catalogue, r["id"], r["scan"])
                for r in known if catalogue is not None and not r["finished"] and r["scan"]}  # fmt: skip
        past: Row = {"rows": [], "total": 0, "page": 1, "pages": 1, "size": SCANS}
        totals = None
        if catalogue is not None:
            wanted = Wanted(visit.number("scans", 1, 1, 10**8), SCANS)
            past = assetscans.history_of_scans(catalogue, asked, wanted).as_json()
            totals = assetlist.counts(catalogue)
    every = merged(rooms.sources.listed(by=visit.caller), rooms.jobs.newest(), known)
    names = {row["address"]: row["name"] for row in every}
    rows = [row for row in every if asked is None or row["address"] == asked]
    rows.sort(key=lambda row: FIRST.get(row["state"], len(FIRST)))
    number = min(visit.number("page", 1, 1, 10**6), max(1, -(-len(rows) // SOURCES)))
    shown = rows[(number - 1) * SOURCES : number * SOURCES]
    for row in shown:
        if row["job"] and row["job"]["progress"]:
            row["job"]["progress"]["rows"] = read.get(row["address"])
        row["may"] = _may_scan(visit, row)
    ident = chosen or visit.get("row")
    return {
        "source": asked if asked in names else None,
        "names": names,
        "totals": totals,
        "running": any(row["state"] in ("running", "waiting") for row in rows),
        "list": Page(shown, len(rows), number, SOURCES).as_json(),
        "scans": past,
        "drawer": _chosen(visit, next((row for row in every if row["id"] == ident), None)) if ident else None,
        "done": visit.get("done") if visit.get("done") in DONE else None,
        "error": None,
    }


def _chosen(visit: Visit, row: Row | None) -> Row:
    """A registered source with the options that its next scan would have."""
    if row is None or not row["source"]:
        return {"id": visit.get("row"), "row": None}
    schedule = row["source"]["schedule"]
    last = row["job"]["options"] if row["job"] else {}
    return {
        "id": row["id"],
        "row": row,
        "options": {**asdict(Options()), **last},
        "sectors": SECTORS,
        "plan": {"every": "", "weekday": 0, "hour": 2, "minute": 30, "options": None, **(schedule or {})},
        "may": _may_scan(visit, row),
    }


def _may_scan(visit: Visit, row: Row) -> bool:
    assert visit.principal
    source = row["source"]
    policy = visit.console.trust.policy
    return bool(source) and may(policy, visit.principal, "assets.scan", entity=source["entity"])


def _options(rows: str, names: str, whole: str, full: str, ocr: str, sector: str) -> Options:
    """Raises BadInput."""
    if sector and sector not in SECTORS:
        raise BadInput(f"sector: expected one of {', '.join(SECTORS)}")
    known = {"1": True, "0": False}.get(names)
    sample = _number(rows, _refusals.both("scan.rows", most=ROWS_MOST)) if rows.strip() else ROWS
    return Options(sample, full == "1", whole == "1", known, ocr != "0", sector or None)


def _schedule(every: str, weekday: str, at: str, options: Row, by: str) -> Schedule:
    """Raises BadInput."""
    hour, _, minute = at.partition(":")
    kind: Any = every
    wrong = _refusals.both("plan.text")
    return Schedule(kind, _number(hour, wrong), _number(minute or "0", wrong), _number(weekday, wrong), options, by)


def _number(text: str, wrong: dict[str, str]) -> int:
    """Raises BadInput, which says what is `wrong`."""
    text = text.strip().replace(",", "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadInput(wrong)
    return int(text)
