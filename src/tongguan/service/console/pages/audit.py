"""审计: what was run, decided, looked at and taken away, in an order that nobody can change unseen."""

from __future__ import annotations

import json

from fastapi import APIRouter, Form, HTTPException
from fastapi.responses import Response

from tongguan.service.console.address import link
from tongguan.service.console.exports import export
from tongguan.service.console.visit import Visitor, page_at
from tongguan.service.console.workspace import Row
from tongguan.service.permission import needs

__all__ = ["router"]

router = APIRouter()
SIZES = (20, 50, 100)
EXPORT_LIMIT = 100_000


@page_at(router, "/audit", "audit.read")
def audit(visit: Visitor) -> Response:
    """A page of entries, newest first, and the chosen one beside it."""
    log = visit.console.audit
    kinds = log.kinds()
    kind = visit.get("kind") if visit.get("kind") in kinds else ""
    total = kinds[kind] if kind else log.size
    length = visit.number("size", SIZES[0], 1, SIZES[-1])
    pages = max(1, -(-total // length))
    number = min(visit.number("page", 1, 1, 10**9), pages)
    entries = log.entries((number - 1) * length, length, kind=kind or None, newest=True)
    data = {
        "kinds": kinds,
        "kind": kind,
        "size": log.size,
        "root": log.root().hex(),
        "checkpoint": log.checkpoint(),
        "verifier": log.verifier,
        "verified": _verified(visit),
        "list": {
            "rows": [{"index": e.index, "ts": e.ts, "kind": e.kind, "actor": e.actor, "body": e.body} for e in entries],
            "total": total,
            "page": number,
            "pages": pages,
            "size": length,
        },
        "chosen": _chosen(visit),
    }
    return visit.page("audit.html", data)


@router.post("/audit/verify", dependencies=[needs("audit.verify")])
def verify(visit: Visitor, csrf: str = Form("")) -> Response:
    """Recompute the whole log; the page that follows shows what was found, and the check itself is logged."""
    visit.check_form(csrf)
    verdict = visit.console.audit.verify()
    problems = [dict(problem.text) for problem in verdict.problems]
    body = {"size": verdict.size, "root": verdict.root.hex(), "ok": verdict.ok, "problems": problems[:100]}
    return visit.go(link("/audit", {"verified": visit.seal("verify", body)}))


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
    """The entries of the chosen kind as a file."""
    log = visit.console.audit
    kind = visit.get("kind") if visit.get("kind") in log.kinds() else ""
    entries = log.entries(0, EXPORT_LIMIT, kind=kind or None)
    heads = ["index", "ts", "kind", "actor", "entry"]
    return export(visit, "audit", {"kind": kind}, heads, [[e.index, e.ts, e.kind, e.actor, e.text] for e in entries])


def _verified(visit: Visitor) -> Row | None:
    """The verification that the address names, out of the log itself."""
    index = visit.number("verified", -1, 0, 2**53)
    try:
        entry = visit.console.audit.entry(index) if index >= 0 else None
    except IndexError:
        return None
    return {"index": index, "ts": entry.ts, **entry.body} if entry and entry.kind == "verify" else None


def _chosen(visit: Visitor) -> Row | None:
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
