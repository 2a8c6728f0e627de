"""Roles and who holds them; other people's sessions and tokens."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field

from tongguan.service.api.calling import TrustRoom
from tongguan.service.api.shapes import Ident, Name, Shown, Strict
from tongguan.service.permission import needs
from tongguan.trust.access import Principal

__all__ = ["SessionShown", "TokenShown", "router"]

router = APIRouter(tags=["rights"])
SCOPE = 200  # entities or teams of one grant


class OperationShown(Shown):
    """An operation; `routes` name what asks for it."""

    id: str
    name: dict[str, str]
    scoped: bool
    routes: list[str]


class RoleShown(Shown):
    id: str
    name: dict[str, str]
    about: dict[str, str]
    duty: str
    operations: list[str]


class Matrix(Shown):
    """Role × operation: whether the role may."""

    operations: list[str]
    roles: dict[str, dict[str, bool]]


class Granted(Strict):
    """For which entities and teams; absent means all."""

    entities: Annotated[list[Name], Field(max_length=SCOPE)] | None = None
    teams: Annotated[list[Name], Field(max_length=SCOPE)] | None = None


class SessionShown(Shown):
    """One place where somebody is signed in; times in seconds since the epoch."""

    id: str
    opened: float
    used: float
    address: str
    agent: str
    method: str
    strong: bool


class TokenShown(Shown):
    """An API token, without what opens anything; times in seconds since the epoch."""

    id: str
    name: str
    scopes: list[str]
    created: float
    expires: float
    last_used: float | None
    revoked: float | None
    issued_by: str


class NewToken(Strict):
    name: Annotated[Name, Field(max_length=120)]
    scopes: Annotated[list[Name], Field(min_length=1, max_length=100)]
    days: Annotated[int, Field(ge=1, le=366)]


class Issued(Shown):
    """`token` is shown this once."""

    id: str
    token: str


@router.get("/operations")
def operations(
    request: Request, trust: TrustRoom, by: Annotated[Principal, needs("roles.read")]
) -> list[OperationShown]:
    """All operations, and the routes that ask for them."""
    routes: dict[str, list[str]] = {}
    for route in request.app.state.declared:
        routes.setdefault(route.operation, []).append(f"{route.method} {route.path}")
    return [
        OperationShown(id=one.id, name=dict(one.name), scoped=one.scoped, routes=routes.get(one.id, []))
        for one in trust.policy.operations.values()
    ]


@router.get("/roles")
def roles(trust: TrustRoom, by: Annotated[Principal, needs("roles.read")]) -> list[RoleShown]:
    """All roles."""
    return [
        RoleShown(
            id=role.id, name=dict(role.name), about=dict(role.about), duty=role.duty, operations=sorted(role.grants)
        )
        for role in trust.policy.roles.values()
    ]


@router.get("/roles/matrix")
def matrix(trust: TrustRoom, by: Annotated[Principal, needs("roles.read")]) -> Matrix:
    """Role × operation."""
    known = list(trust.policy.operations)
    return Matrix(
        operations=known,
        roles={role.id: {one: one in role.grants for one in known} for role in trust.policy.roles.values()},
    )


@router.put("/users/{id}/roles/{role}", status_code=204)
def grant(
    trust: TrustRoom, by: Annotated[Principal, needs("roles.assign")], id: Ident, role: Ident, granted: Granted
) -> None:
    """Give a role; given again, its scope is replaced."""
    trust.identity.grant(id, role, entities=granted.entities, teams=granted.teams, by=by)


@router.delete("/users/{id}/roles/{role}", status_code=204)
def revoke(trust: TrustRoom, by: Annotated[Principal, needs("roles.assign")], id: Ident, role: Ident) -> None:
    """Take a role back."""
    trust.identity.revoke(id, role, by)


@router.get("/users/{id}/sessions")
def sessions(trust: TrustRoom, by: Annotated[Principal, needs("sessions.read")], id: Ident) -> list[SessionShown]:
    """Where somebody is signed in."""
    return [SessionShown.model_validate(session) for session in trust.identity.sessions(id, by)]


@router.delete("/users/{id}/sessions")
def end_sessions(
    trust: TrustRoom, by: Annotated[Principal, needs("sessions.revoke")], id: Ident, session: Name | None = None
) -> dict[str, int]:
    """End all sessions of an account, or one."""
    return {"ended": trust.identity.close_sessions(id, by, session_id=session)}


@router.delete("/users/{id}/second-factors", status_code=204)
def reset_factors(trust: TrustRoom, by: Annotated[Principal, needs("factors.reset")], id: Ident) -> None:
    """Take away second factors that somebody lost; their sessions end."""
    trust.identity.reset_factors(id, by)


@router.get("/users/{id}/tokens")
def tokens(trust: TrustRoom, by: Annotated[Principal, needs("tokens.read")], id: Ident) -> list[TokenShown]:
    """An account's API tokens."""
    return [TokenShown.model_validate(token) for token in trust.identity.tokens(id, by)]


@router.post("/users/{id}/tokens", status_code=201)
def issue(trust: TrustRoom, by: Annotated[Principal, needs("tokens.issue")], id: Ident, new: NewToken) -> Issued:
    """A token for a service account."""
    made, token = trust.identity.issue_token(id, name=new.name, scopes=new.scopes, days=new.days, by=by)
    return Issued(id=made, token=token)


@router.delete("/tokens/{id}", status_code=204)
def revoke_token(trust: TrustRoom, by: Annotated[Principal, needs("tokens.revoke")], id: Ident) -> None:
    """End a token."""
    trust.identity.revoke_token(id, by)
