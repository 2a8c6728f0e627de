"""审批: what was asked for, by whom and why, and the second pair of eyes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, get_args

from fastapi import APIRouter, Form, HTTPException
from fastapi.responses import Response

from tongguan.errors import BadInput, Denied, NotFound
from tongguan.service.console.address import link
from tongguan.service.console.telling import told
from tongguan.service.console.visit import Visit, Visitor, page_at
from tongguan.service.console.workspace import Row
from tongguan.service.permission import needs
from tongguan.trust.access import UNNAMED, may
from tongguan.trust.approvals import Approval, State

__all__ = ["router"]

router = APIRouter()
SIZE = 50

STATES: tuple[State, ...] = get_args(State)

Text = Annotated[str, Form()]


@page_at(router, "/approvals", "approvals.read")
def approvals(visit: Visitor) -> Response:
    """The list, the newest first, and the chosen one beside it."""
    return visit.page("approvals.html", _data(visit))


@router.post("/approvals", dependencies=[needs("approvals.request")])
def ask(
    visit: Visitor, csrf: Text = "", operation: Text = "", resource: Text = "", reason: Text = "", entity: Text = ""
) -> Response:
    """Ask for an approval."""
    visit.check_form(csrf)
    assert visit.principal
    try:
        made = visit.console.trust.approvals.request(
            operation, resource, reason, visit.principal, entity=entity.strip() or None
        )
    except (BadInput, Denied) as error:
        typed = {"operation": operation, "resource": resource, "reason": reason, "entity": entity}
        return visit.page("approvals.html", {**_data(visit), "error": told(visit, error), "typed": typed}, 400)
    return visit.go(link("/approvals", {"id": made.id}))


@router.post("/approvals/{approval_id}", dependencies=[needs("approvals.read")])
def answer(visit: Visitor, approval_id: str, csrf: Text = "", act: Text = "", note: Text = "") -> Response:
    """Approve, refuse, or withdraw one's own."""
    visit.check_form(csrf)
    room, by = visit.console.trust.approvals, visit.principal
    assert by
    try:
        if act == "withdraw":
            room.withdraw(approval_id, by)
        elif act in ("approve", "refuse"):
            room.decide(approval_id, by, approve=act == "approve", note=note)
        else:
            raise BadInput("act is approve, refuse or withdraw")
    except NotFound as error:
        raise HTTPException(404) from error
    except (BadInput, Denied) as error:
        if isinstance(error, Denied) and error.scope:  # whether it is there is not theirs to know
            raise
        return visit.page("approvals.html", {**_data(visit, approval_id), "error": told(visit, error)}, 400)
    return visit.go(link("/approvals", {"id": approval_id}))


def _data(visit: Visit, chosen: str = "") -> Row:
    room, by = visit.console.trust.approvals, visit.principal
    assert by
    state = next((name for name in STATES if name == visit.get("state")), None)
    number = visit.number("page", 1, 1, 10**6)
    found = room.list(by, state=state, offset=(number - 1) * SIZE, limit=SIZE + 1)
    one = chosen or visit.get("id")
    picked = next((a for a in found if a.id == one), None)
    if one and picked is None:
        picked = _one(visit, one)
    policy = visit.console.trust.policy
    return {
        "state": state or "",
        "states": list(STATES),
        "rows": [_row(visit, approval) for approval in found[:SIZE]],
        "page": number,
        "more": len(found) > SIZE,
        "chosen": _row(visit, picked) if picked else None,
        "operations": {o.id: visit.say(o.name) for o in policy.operations.values()},
        "may": {"request": visit.may("approvals.request")},
        "error": None,
        "typed": {},
    }


def _one(visit: Visit, approval_id: str) -> Approval | None:
    assert visit.principal
    try:
        return visit.console.trust.approvals.get(approval_id, visit.principal)
    except (BadInput, Denied):
        return None


def _row(visit: Visit, approval: Approval) -> Row:
    assert visit.principal
    mine = approval.requester_id == visit.principal.id
    policy, entity = visit.console.trust.policy, UNNAMED if approval.entity is None else approval.entity
    decides = may(policy, visit.principal, "approvals.decide", entity=entity)
    return {
        **asdict(approval),
        "mine": mine,
        "decidable": approval.state == "asked" and not mine and decides,
        "withdrawable": mine and approval.state in ("asked", "approved"),
    }
