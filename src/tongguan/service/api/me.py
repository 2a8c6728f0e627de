"""One's own affairs: password, second factors, sessions and tokens."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field

from tongguan.service.api.calling import TrustRoom
from tongguan.service.api.people import UserShown
from tongguan.service.api.shapes import Strict
from tongguan.service.console.visit import open_visit
from tongguan.service.permission import caller_of, csrf_of, needs
from tongguan.trust.access import Principal

__all__ = ["router"]

router = APIRouter(prefix="/me", tags=["me"])


class Change(Strict):
    old: Annotated[str, Field(max_length=1024)]
    new: Annotated[str, Field(max_length=1024)]


@router.get("")
def me(trust: TrustRoom, by: Annotated[Principal, needs("profile.own")]) -> UserShown:
    """One's own account."""
    return UserShown.model_validate(trust.identity.user(by.id, by))


@router.put("/password")
def change_password(
    request: Request,
    response: Response,
    trust: TrustRoom,
    by: Annotated[Principal, needs("profile.own")],
    change: Change,
) -> dict[str, str]:
    """Change the password. All other sessions end; this one goes on under a new cookie and a new anti-forgery token."""
    token = trust.identity.change_password(by.id, change.old, change.new, session=caller_of(request).session)
    if token is None:
        return {}
    open_visit(request).set_cookie(response, "session", token)
    return {"csrf": csrf_of(token)}
