"""Four-eyes approvals: ask, look, decide, take back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from tongguan.service.api.calling import TrustRoom
from tongguan.service.api.shapes import Ident, Limit, Line, Name, Offset, Prose, Shown, Strict
from tongguan.service.permission import needs
from tongguan.trust.access import Principal
from tongguan.trust.approvals import State

__all__ = ["router"]

RESOURCE = r"^[A-Za-z0-9][A-Za-z0-9_.:@/-]{0,199}( until [0-9]{4,5}-[0-9]{2}-[0-9]{2})?$"  # the id of a record
router = APIRouter(prefix="/approvals", tags=["approvals"])


class ApprovalShown(Shown):
    """A request and what became of it; times in seconds since the epoch."""

    id: str
    state: State
    operation: str
    resource: str
    entity: str | None
    reason: str
    detail: dict[str, Any]
    requester: str
    asked: float
    expires: float
    decider: str | None
    decided: float | None
    note: str
    closed: float | None


class Asked(Strict):
    operation: Name
    resource: Annotated[Line, Field(pattern=RESOURCE)]
    reason: Annotated[Prose, Field(min_length=1, max_length=2000)]
    entity: Name | None = None
    valid_s: Annotated[float, Field(ge=60, le=90 * 86400)] = 7 * 86400.0


class Decided(Strict):
    approve: bool
    note: Annotated[Prose, Field(max_length=2000)] = ""


@router.post("", status_code=201)
def ask(trust: TrustRoom, by: Annotated[Principal, needs("approvals.request")], asked: Asked) -> ApprovalShown:
    """Ask for an approval of one operation on one resource."""
    approval = trust.approvals.request(
        asked.operation, asked.resource, asked.reason, by, entity=asked.entity, valid_s=asked.valid_s
    )
    return ApprovalShown.model_validate(approval)


@router.get("")
def approvals(
    trust: TrustRoom,
    by: Annotated[Principal, needs("approvals.read")],
    state: State | None = None,
    operation: Name | None = None,
    offset: Offset = 0,
    limit: Limit = 100,
) -> list[ApprovalShown]:
    """All that the caller may see, newest first."""
    found = trust.approvals.list(by, state=state, operation=operation, offset=offset, limit=limit)
    return [ApprovalShown.model_validate(one) for one in found]


@router.get("/mine")
def mine(
    trust: TrustRoom, by: Annotated[Principal, needs("approvals.request")], offset: Offset = 0, limit: Limit = 100
) -> list[ApprovalShown]:
    """What the caller asked for."""
    found = trust.approvals.list(by, requester=by.name, offset=offset, limit=limit)
    return [ApprovalShown.model_validate(one) for one in found if one.requester_id == by.id]


@router.get("/{id}")
def approval(trust: TrustRoom, by: Annotated[Principal, needs("approvals.read")], id: Ident) -> ApprovalShown:
    """One."""
    return ApprovalShown.model_validate(trust.approvals.get(id, by))


@router.post("/{id}/decision")
def decide(
    trust: TrustRoom, by: Annotated[Principal, needs("approvals.decide")], id: Ident, decided: Decided
) -> ApprovalShown:
    """Approve or refuse what somebody else asked for."""
    return ApprovalShown.model_validate(trust.approvals.decide(id, by, approve=decided.approve, note=decided.note))


@router.post("/{id}/withdrawal")
def withdraw(trust: TrustRoom, by: Annotated[Principal, needs("approvals.request")], id: Ident) -> ApprovalShown:
    """Take back one's own request."""
    return ApprovalShown.model_validate(trust.approvals.withdraw(id, by))
