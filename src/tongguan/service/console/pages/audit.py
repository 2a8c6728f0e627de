"""审计: what was run, decided, looked at and taken away, in an order that nobody can change unseen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

from fastapi import APIRouter, Form, HTTPException
from fastapi.responses import Response

from tongguan import china_time
from tongguan.errors import BadInput, TongguanError
from tongguan.service.console import names
from tongguan.service.console.address import link
from tongguan.service.console.exports import export
from tongguan.service.console.pages.audit_outside import anchors, heads
from tongguan.service.console.visit import Visit, Visitor, page_at
from tongguan.service.console.workspace import Row
from tongguan.service.permission import needs
from tongguan.trust.audit import Entry, Query
from tongguan.trust.audit.witness import Cosigned
from tongguan.trust.checking import check_stores

__all__ = ["data", "router"]

router = APIRouter()
VIEWS = ("entries", "heads", "anchors", "outside")
SIZES = (20, 50, 100)
EXPORT_LIMIT = 100_000
FETCH = 1000
COUNTED = 10_000  # entries that are counted at most
DAY = timedelta(days=1)


@page_at(router, "/audit", "audit.read")
def audit(visit: Visitor) -> Response:
    """Entries, newest first, and the chosen one beside them; or the log's heads, its anchors, how to check it."""
    return visit.page("audit.html", data(visit))


@router.post("/audit/verify", dependencies=[needs("audit.verify")])
def verify(visit: Visitor, csrf: str = Form("")) -> Response:
    """Recompute the whole log, hold it against what witnesses cosigned, and all records against it; the check itself is
    logged."""
    visit.check_form(csrf)
    log = visit.console.audit
    verdict = log.verify([str(note) for note in Cosigned.of(log).notes()])
    problems = [dict(problem.text) for problem in verdict.problems] or _against_the_log(visit)
    body = {"size": verdict.size, "root": verdict.root.hex(), "ok": not problems, "problems": problems[:100]}
    return visit.go(link("/audit", {"verified": visit.seal("verify", body)}))


def _against_the_log(visit: Visit) -> list[dict[str, str]]:
    """What accounts, approvals, keys and evidence hold otherwise than the log, which is itself intact."""
    assert visit.principal
    try:
        found = check_stores(visit.console.trust, visit.principal)
    except TongguanError as error:
        return [names.texts().both("audit.unchecked", why=error)]
    return [
        names.texts().both("audit.contradiction", store=one.store, subject=one.subject, what=one.what) for one in found
    ]


@router.get("/audit/proof/{index}", dependencies=[needs("audit.export")])
def proof(visit: Visitor, index: int) -> Response:
    """An entry's inclusion proof, as a file that anyone can check with the log's public key. Raises 404."""
    try:
        document = visit.console.audit.proof_json(index)
    except IndexError as error:
        raise HTTPException(404) from error
    headers = {"Content-Disposition": f'attachment; filename="tongguan-proof-{index}.json"'}
    text = json.dumps(document, ensure_ascii=False, indent=1)
    return Response(text, media_type="application/json", headers=headers)


@router.get("/audit/export", dependencies=[needs("audit.export")])
def save(visit: Visitor) -> Response:
    """The entries that the filter finds, oldest first, as a file: the newest EXPORT_LIMIT of them."""
    asked = _asked(visit)
    found = list(islice(_all(visit, _query(asked)), EXPORT_LIMIT))[::-1]
    rows = [[e.index, e.ts, e.kind, e.actor, e.text] for e in found]
    chosen = {name: asked[name] for name in ("kind", "actor", "since", "until", "words") if asked[name]}
    return export(visit, "audit", chosen, ["index", "ts", "kind", "actor", "entry"], rows)


def data(visit: Visit, view: str = "") -> Row:
    """What the page shows. `view`: this one, whatever the address says."""
    log = visit.console.audit
    asked = _asked(visit)
    view = view or asked["view"] or VIEWS[0]
    error = None
    found: Row = {"rows": [], "total": 0, "exact": True, "next": None, "size": SIZES[0]}
    try:
        if view == "entries":
            found = _list(visit, asked)
    except BadInput as bad:
        error = str(bad)
    size = log.size
    return {
        "view": view,
        "views": list(VIEWS),
        "kinds": log.kinds(),
        "filter": asked,
        "chosen_kinds": [kind for kind in asked["kind"].split(",") if kind],
        "size": size,
        "root": log.root(size).hex(),
        "verifier": log.verifier,
        "verified": _verified(visit),
        "list": found,
        "chosen": _chosen(visit) if view == "entries" else None,
        "heads": heads(visit) if view == "heads" else None,
        "anchors": anchors(visit) if view == "anchors" else None,
        "may": {o: visit.may(o) for o in ("audit.verify", "audit.export", "audit.anchor")},
        "error": error,
        "asked_witnesses": None,
        "report": None,
        "done": visit.get("done")[:20],
    }


def _asked(visit: Visit) -> dict[str, str]:
    """The filter as the address has it; several kinds stand in several parameters, or in one with commas."""
    known = visit.console.audit.kinds()
    given = ",".join(visit.request.query_params.getlist("kind")).split(",")
    length = visit.number("size", SIZES[0], 1, SIZES[-1])
    before = visit.number("before", -1, 0, 2**53)
    return {
        "view": visit.get("view") if visit.get("view") in VIEWS[1:] else "",
        "kind": ",".join(sorted({kind for kind in given if kind in known})),
        "actor": visit.get("actor")[:200],
        "since": visit.get("since")[:10],
        "until": visit.get("until")[:10],
        "words": visit.get("words")[:200],
        "before": str(before) if before >= 0 else "",
        "size": str(length) if length != SIZES[0] else "",
    }


def _query(asked: dict[str, str]) -> Query:
    """Days are Beijing's, and the last one is included. Raises BadInput."""
    kinds = tuple(kind for kind in asked["kind"].split(",") if kind)
    since, until = _day(asked["since"]), _day(asked["until"])
    return Query(kinds, asked["actor"] or None, since, until and until + DAY, asked["words"] or None)


def _day(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
        return (
            datetime.combine(found, time(), china_time.ZONE).astimezone(UTC)
            if date(1970, 1, 2) <= found < date(9999, 1, 1)
            else None
        )
    except ValueError:
        raise BadInput(f"{text!r} is no date; expected YYYY-MM-DD") from None


def _list(visit: Visit, asked: dict[str, str]) -> Row:
    query, length = _query(asked), int(asked["size"] or SIZES[0])
    log = visit.console.audit
    page = log.search(query, int(asked["before"]) if asked["before"] else None, length)
    total = log.count(query, COUNTED) if query != Query() else None
    return {
        "rows": [
            {"index": e.index, "ts": e.ts, "kind": e.kind, "actor": e.actor, "body": dict(e.body)} for e in page.entries
        ],
        "total": total.number if total else log.size,
        "exact": total.exact if total else True,
        "next": page.next,
        "size": length,
    }


def _all(visit: Visit, query: Query) -> Iterator[Entry]:
    """Every entry that answers, newest first."""
    before: int | None = None
    while True:
        page = visit.console.audit.search(query, before, FETCH)
        yield from page.entries
        before = page.next
        if before is None:
            return


def _verified(visit: Visit) -> Row | None:
    """The verification that the address names, out of the log itself."""
    index = visit.number("verified", -1, 0, 2**53)
    try:
        entry = visit.console.audit.entry(index) if index >= 0 else None
    except IndexError:
        return None
    return {"index": index, "ts": entry.ts, **entry.body} if entry and entry.kind == "verify" else None


def _chosen(visit: Visit) -> Row | None:
    index = visit.number("entry", -1, 0, 2**53)
    if index < 0:
        return None
    try:
        document = visit.console.audit.proof_json(index)
    except IndexError as error:
        raise HTTPException(404) from error
    entry = visit.console.audit.entry(index)
    return {
        "index": index, "ts": entry.ts, "kind": entry.kind, "actor": entry.actor, "body": entry.body,
        "leaf": document["leaf"], "path": document["path"], "root": document["root"], "tree": document["size"],
        "text": json.dumps(entry.body, ensure_ascii=False, indent=2),
    }  # fmt: skip
