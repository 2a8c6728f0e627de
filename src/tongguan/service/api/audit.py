"""The audit log: entries, proofs, its check, its export and its anchor."""

from __future__ import annotations

import base64
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from tongguan.errors import NotFound
from tongguan.service.api.calling import TrustRoom
from tongguan.service.api.shapes import Limit, Name, Offset, Shown
from tongguan.service.permission import needs
from tongguan.trust.access import Principal

__all__ = ["router"]

router = APIRouter(prefix="/audit", tags=["audit"])
Index = Annotated[int, Field(ge=0, le=2**53)]


class EntryShown(Shown):
    """One entry; `text` is the canonical JSON that its leaf hash is over."""

    index: int
    ts: str
    kind: str
    actor: str
    body: dict[str, Any]
    text: str


class LogShown(Shown):
    """The log as a whole: number of entries, root in hex, newest signed checkpoint, public key."""

    size: int
    root: str
    checkpoint: str | None
    verifier: str
    kinds: dict[str, int]


class Consistency(Shown):
    """That the log of `second` entries begins with the log of `first`: RFC 9162, 2.1.4; hashes in base64."""

    first: int
    second: int
    path: list[str]
    first_root: str
    second_root: str


class Checked(Shown):
    """What a whole recomputation found."""

    size: int
    root: str
    ok: bool
    problems: list[dict[str, str]]


@router.get("")
def log(trust: TrustRoom, by: Annotated[Principal, needs("audit.read")]) -> LogShown:
    """The log as a whole."""
    size = trust.audit.size
    return LogShown(
        size=size,
        root=trust.audit.root(size).hex(),
        checkpoint=trust.audit.checkpoint(),
        verifier=trust.audit.verifier,
        kinds=trust.audit.kinds(),
    )


@router.get("/entries")
def entries(
    trust: TrustRoom,
    by: Annotated[Principal, needs("audit.read")],
    kind: Name | None = None,
    newest: bool = True,
    offset: Offset = 0,
    limit: Limit = 100,
) -> list[EntryShown]:
    """A page of entries, of one kind or of all."""
    found = trust.audit.entries(offset, limit, kind=kind, newest=newest)
    return [EntryShown.model_validate(entry) for entry in found]


@router.get("/entries/{index}")
def entry(trust: TrustRoom, by: Annotated[Principal, needs("audit.read")], index: Index) -> EntryShown:
    """One entry."""
    try:
        return EntryShown.model_validate(trust.audit.entry(index))
    except IndexError as error:
        raise NotFound(str(error)) from None


@router.get("/entries/{index}/proof")
def proof(trust: TrustRoom, by: Annotated[Principal, needs("audit.export")], index: Index) -> dict[str, Any]:
    """That the entry stands in the log: a document that anyone can check with the log's public key."""
    try:
        return trust.audit.proof_json(index)
    except IndexError as error:
        raise NotFound(str(error)) from None


@router.get("/consistency")
def consistency(
    trust: TrustRoom, by: Annotated[Principal, needs("audit.read")], first: Index, second: Index
) -> Consistency:
    """That a later log only added to an earlier one."""
    try:
        path = trust.audit.consistency(first, second)
        roots = trust.audit.root(first), trust.audit.root(second)
    except IndexError as error:
        raise NotFound(str(error)) from None
    told = [base64.b64encode(step).decode() for step in (*path, *roots)]
    return Consistency(first=first, second=second, path=told[:-2], first_root=told[-2], second_root=told[-1])


@router.post("/verification")
def verify(trust: TrustRoom, by: Annotated[Principal, needs("audit.verify")]) -> Checked:
    """Recompute the whole log and hold it against what is stored and signed; the check itself becomes an entry."""
    verdict = trust.audit.verify()
    problems = [dict(problem.text) for problem in verdict.problems][:100]
    found = Checked(size=verdict.size, root=verdict.root.hex(), ok=verdict.ok, problems=problems)
    trust.record("verify", by.name, found.model_dump())
    return found
