"""Teams: named groups of accounts. They give no rights of themselves; grants may be limited to some of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tongguan.errors import BadInput, Conflict, NotFound
from tongguan.trust.access import Principal
from tongguan.trust.identity.context import Context, new_id
from tongguan.trust.identity.names import label
from tongguan.trust.identity.tables import grants, team_members, teams, users

__all__ = ["Team", "Teams"]


@dataclass(frozen=True, slots=True)
class Team:
    """A group of accounts, of one entity or across them."""

    id: str
    name: str
    entity: str | None
    members: tuple[str, ...]  # account ids


class Teams:
    """Makes, changes and removes teams."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def teams(self, by: Principal) -> list[Team]:
        """All teams by name. Raises Denied."""
        self._context.allow(by, "people.read", "teams")
        with self._context.database.read() as connection:
            rows = connection.execute(sa.select(teams).order_by(teams.c.name)).all()
            members: dict[str, list[str]] = {}
            for row in connection.execute(sa.select(team_members).order_by(team_members.c.user_id)):
                members.setdefault(row.team_id, []).append(row.user_id)
        return [Team(row.id, row.name, row.entity, tuple(members.get(row.id, ()))) for row in rows]

    def create_team(self, name: str, *, entity: str | None = None, by: Principal) -> Team:
        """A new, empty team. Raises Denied, BadInput, Conflict where the name is taken."""
        self._context.allow(by, "people.manage", "teams")
        values = _checked(name, entity)
        team_id = new_id()
        with self._context.database.write() as connection:
            self._context.lock(connection)
            self._put(connection, teams.insert().values(id=team_id, created=self._context.clock(), **values))
            self._context.record("team_created", by.name, {"team": team_id})
            return self._one(connection, team_id)

    def update_team(
        self,
        team_id: str,
        *,
        name: str | None = None,
        entity: str | None = None,
        add: Collection[str] = (),
        remove: Collection[str] = (),
        by: Principal,
    ) -> Team:
        """Change what is given; "" as entity takes it away; `add` and `remove` are account ids."""
        self._context.allow(by, "people.manage", team_id)
        values = _checked(name, entity)
        with self._context.database.write() as connection:
            self._context.lock(connection)
            team = self._one(connection, team_id)
            if values:
                self._put(connection, teams.update().where(teams.c.id == team_id).values(**values))
            self._join(connection, team, set(add) - set(team.members))
            gone = set(remove) & set(team.members)
            self._leave(connection, team_id, gone)
            changed = {"added": sorted(set(add)), "removed": sorted(gone), "fields": sorted(values)}
            self._context.record("team_updated", by.name, {"team": team_id, **changed})
            return self._one(connection, team_id)

    def delete_team(self, team_id: str, by: Principal) -> None:
        """Remove a team. Raises Conflict while a role is granted for it."""
        self._context.allow(by, "people.manage", team_id)
        with self._context.database.write() as connection:
            self._context.lock(connection)
            self._one(connection, team_id)
            scopes = connection.execute(sa.select(grants.c.teams)).scalars()
            if any(team_id in scope for scope in scopes if scope):
                raise Conflict("a role is granted for this team; have it taken back first")
            connection.execute(team_members.delete().where(team_members.c.team_id == team_id))
            connection.execute(teams.delete().where(teams.c.id == team_id))
            self._context.record("team_deleted", by.name, {"team": team_id})

    # ---- within

    def _put(self, connection: sa.Connection, statement: sa.Insert | sa.Update) -> None:
        try:
            with connection.begin_nested():
                connection.execute(statement)
        except IntegrityError:
            raise Conflict("there is a team of this name; choose another") from None

    def _one(self, connection: sa.Connection, team_id: str) -> Team:
        row = connection.execute(sa.select(teams).where(teams.c.id == team_id)).one_or_none()
        if row is None:
            raise NotFound("there is no such team")
        members = connection.execute(
            sa.select(team_members.c.user_id).where(team_members.c.team_id == team_id).order_by(team_members.c.user_id)
        ).scalars()
        return Team(row.id, row.name, row.entity, tuple(members))

    def _join(self, connection: sa.Connection, team: Team, ids: set[str]) -> None:
        known = set(
            connection.execute(
                sa.select(users.c.id).where(users.c.id.in_(sorted(ids)), users.c.state != "deleted")
            ).scalars()
        )
        if ids - known:
            raise NotFound("an account that should join this team does not exist; accounts are given by id")
        if ids:
            connection.execute(team_members.insert(), [{"team_id": team.id, "user_id": user} for user in sorted(ids)])

    def _leave(self, connection: sa.Connection, team_id: str, ids: set[str]) -> None:
        if ids:
            connection.execute(
                team_members.delete().where(team_members.c.team_id == team_id, team_members.c.user_id.in_(sorted(ids)))
            )


def _checked(name: str | None, entity: str | None) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if name is not None:
        values["name"] = label(name, "a team's name")
        if ";" in values["name"] or "；" in values["name"]:
            raise BadInput("a team's name holds no semicolon: import files separate teams by it")
    if entity is not None:
        values["entity"] = label(entity, "an entity", empty=True) or None
    return values
