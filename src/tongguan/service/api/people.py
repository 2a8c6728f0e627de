"""Users, service accounts and teams."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from tongguan.service.api.calling import TrustRoom
from tongguan.service.api.shapes import Ident, Limit, Line, Name, Offset, Shown, Strict
from tongguan.service.permission import needs
from tongguan.trust.access import Principal

__all__ = ["UserShown", "router"]

router = APIRouter(tags=["people"])
Members = Annotated[list[Name], Field(default_factory=list, max_length=1000)]


class GrantShown(Shown):
    """A role; null means all entities or teams."""

    role: str
    entities: list[str] | None
    teams: list[str] | None


class UserShown(Shown):
    """An account; times in seconds since the epoch."""

    id: str
    name: str
    display: str
    email: str
    kind: Literal["user", "service"]
    state: str
    entity: str | None
    teams: list[str]
    grants: list[GrantShown]
    created: float
    last_sign_in: float | None
    has_password: bool
    must_change: bool
    second_factors: list[str]


class NewUser(Strict):
    name: Annotated[Line, Field(min_length=1, max_length=64)]
    display: Annotated[Line, Field(max_length=120)] = ""
    email: Annotated[Line, Field(max_length=254)] = ""
    entity: Annotated[Line, Field(max_length=120)] | None = None
    kind: Literal["user", "service"] = "user"


class Changes(Strict):
    """What is absent stays; "" takes the entity away."""

    display: Annotated[Line, Field(max_length=120)] | None = None
    email: Annotated[Line, Field(max_length=254)] | None = None
    entity: Annotated[Line, Field(max_length=120)] | None = None


class NewPassword(Strict):
    password: Annotated[str, Field(max_length=1024)]
    must_change: bool = True


class TeamShown(Shown):
    """A group of accounts."""

    id: str
    name: str
    entity: str | None
    members: list[str]


class NewTeam(Strict):
    name: Annotated[Line, Field(min_length=1, max_length=120)]
    entity: Annotated[Line, Field(max_length=120)] | None = None


class TeamChanges(Strict):
    """What is absent stays; `add` and `remove` are ids of accounts."""

    name: Annotated[Line, Field(min_length=1, max_length=120)] | None = None
    entity: Annotated[Line, Field(max_length=120)] | None = None
    add: Members
    remove: Members


class LineFault(Shown):
    """What is wrong in one line of a file; the header is line 1."""

    line: int
    column: str
    text: str


class Report(Shown):
    """What an import did or would do. With faults nothing was changed."""

    dry_run: bool
    applied: bool
    encoding: str
    rows: int
    created: list[str]
    updated: list[str]
    enabled: list[str]
    disabled: list[str]
    granted: list[tuple[str, str]]
    roles_ignored: bool
    errors: list[LineFault]


class Table(Strict):
    csv: Annotated[str, Field(max_length=900_000)]
    dry_run: bool = True


@router.get("/users")
def users(
    trust: TrustRoom,
    by: Annotated[Principal, needs("people.read")],
    kind: Literal["user", "service"] | None = None,
    state: Literal["active", "disabled", "deleted"] | None = None,
    entity: Name | None = None,
    text: Line = "",
    offset: Offset = 0,
    limit: Limit = 100,
) -> list[UserShown]:
    """Accounts by name."""
    found = trust.identity.users(by, kind=kind, state=state, entity=entity, text=text, offset=offset, limit=limit)
    return [UserShown.model_validate(user) for user in found]


@router.post("/users", status_code=201)
def create(trust: TrustRoom, by: Annotated[Principal, needs("people.manage")], new: NewUser) -> UserShown:
    """A new account without password and roles."""
    return UserShown.model_validate(trust.identity.create_user(**new.model_dump(), by=by))


@router.get("/users/{id}")
def user(trust: TrustRoom, by: Annotated[Principal, needs("people.read")], id: Ident) -> UserShown:
    """One account."""
    return UserShown.model_validate(trust.identity.user(id, by))


@router.patch("/users/{id}")
def update(
    trust: TrustRoom, by: Annotated[Principal, needs("people.manage")], id: Ident, changes: Changes
) -> UserShown:
    """Change what is given. Names stay, for the audit log knows accounts by them."""
    return UserShown.model_validate(trust.identity.update_user(id, **changes.model_dump(), by=by))


@router.delete("/users/{id}", status_code=204)
def delete(trust: TrustRoom, by: Annotated[Principal, needs("people.manage")], id: Ident) -> None:
    """Remove an account; its name stays taken."""
    trust.identity.delete(id, by)


@router.post("/users/{id}/disable", status_code=204)
def disable(trust: TrustRoom, by: Annotated[Principal, needs("people.manage")], id: Ident) -> None:
    """Close an account: its sessions and tokens end."""
    trust.identity.disable(id, by)


@router.post("/users/{id}/enable", status_code=204)
def enable(trust: TrustRoom, by: Annotated[Principal, needs("people.manage")], id: Ident) -> None:
    """Open it again; tokens must be issued anew."""
    trust.identity.enable(id, by)


@router.put("/users/{id}/password", status_code=204)
def set_password(
    trust: TrustRoom, by: Annotated[Principal, needs("people.manage")], id: Ident, new: NewPassword
) -> None:
    """Give somebody a new password, which must be changed at the next sign-in."""
    trust.identity.set_password(id, new.password, by, must_change=new.must_change)


@router.post("/users/import")
def import_table(trust: TrustRoom, by: Annotated[Principal, needs("people.import")], table: Table) -> Report:
    """Accounts from CSV; by default it only says what it would do."""
    return Report.model_validate(trust.identity.import_csv(table.csv, by, table.dry_run))


@router.get("/teams")
def teams(trust: TrustRoom, by: Annotated[Principal, needs("people.read")]) -> list[TeamShown]:
    """All teams."""
    return [TeamShown.model_validate(team) for team in trust.identity.teams(by)]


@router.post("/teams", status_code=201)
def create_team(trust: TrustRoom, by: Annotated[Principal, needs("people.manage")], new: NewTeam) -> TeamShown:
    """A new, empty team."""
    return TeamShown.model_validate(trust.identity.create_team(new.name, entity=new.entity, by=by))


@router.patch("/teams/{id}")
def update_team(
    trust: TrustRoom, by: Annotated[Principal, needs("people.manage")], id: Ident, changes: TeamChanges
) -> TeamShown:
    """Change what is given."""
    return TeamShown.model_validate(trust.identity.update_team(id, **changes.model_dump(), by=by))


@router.delete("/teams/{id}", status_code=204)
def delete_team(trust: TrustRoom, by: Annotated[Principal, needs("people.manage")], id: Ident) -> None:
    """Remove a team that no role is granted for."""
    trust.identity.delete_team(id, by)
