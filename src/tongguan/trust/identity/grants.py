"""Who holds which role. Above all roles: nobody changes his own, and one who can grant always remains."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from tongguan.errors import BadInput, NotFound
from tongguan.trust.access import Principal
from tongguan.trust.identity.context import Context
from tongguan.trust.identity.names import label
from tongguan.trust.identity.sessions import Sessions
from tongguan.trust.identity.tables import grants, teams, users

__all__ = ["Grants"]

TERMINAL = "terminal"  # the duty of roles that only the machine's own terminal holds
WHOLE = ("system", "security", "audit")  # duties over the whole house: most of what they do has no entity
ASSIGN = "roles.assign"


class Grants:
    """Grants roles and takes them back. A holder's sessions end with each change: the next one begins with the new
    rights under a new token. API tokens go on: their owner's rights are looked up at each use."""

    def __init__(self, context: Context, sessions: Sessions) -> None:
        self._context = context
        self._sessions = sessions

    def grant(
        self,
        user_id: str,
        role: str,
        *,
        entities: Collection[str] | None = None,
        teams: Collection[str] | None = None,
        by: Principal,
    ) -> None:
        """Give a role, for these entities and teams (None: all). Granted again, its scope is replaced.

        Raises Denied (also where the policy separates it from a role that is held), BadInput.
        """
        context = self._context
        context.allow(by, ASSIGN, user_id)
        with self.kept_assignable(by, user_id) as connection:
            name = self._holder(connection, user_id, by)
            self._give(connection, user_id, name, role, entities, teams, by)

    def revoke(self, user_id: str, role: str, by: Principal) -> None:
        """Take a role back. Raises Denied (also for the last who can grant), BadInput where it is not held."""
        self._context.allow(by, ASSIGN, user_id)
        with self.kept_assignable(by, user_id) as connection:
            name = self._holder(connection, user_id, by)
            gone = connection.execute(grants.delete().where(grants.c.user_id == user_id, grants.c.role == role))
            if not gone.rowcount:
                raise NotFound(f"{name} does not hold this role; see the roles of the account")
            self._sessions.end_all(connection, user_id)
            self._context.record("role_revoked", by.name, {"user": name, "role": role})

    def _give(
        self,
        connection: sa.Connection,
        user_id: str,
        name: str,
        role: str,
        entities: Collection[str] | None,
        teams: Collection[str] | None,
        by: Principal,
    ) -> None:
        held = set(connection.execute(sa.select(grants.c.role).where(grants.c.user_id == user_id)).scalars())
        if why := self.obstacle(held, role):
            self._context.refuse(by, ASSIGN, user_id, why[0], **why[1])
        scope = {"entities": _scope(entities), "teams": _known_teams(connection, teams)}
        if any(values is not None for values in scope.values()) and self._context.policy.roles[role].duty in WHOLE:
            raise BadInput(f"the role {role} reaches over all entities and teams; grant it without any")
        self.put(connection, user_id, role, by, **scope)
        self._context.record("role_granted", by.name, {"user": name, "role": role, **scope})

    def obstacle(self, held: Collection[str], role: str) -> tuple[str, dict[str, str]] | None:
        """Why somebody with these roles does not get this one: a key of wording.yaml and its values. Raises BadInput
        where there is no such role."""
        policy = self._context.policy
        if role not in policy.roles:
            raise BadInput(f"no such role; expected one of {', '.join(sorted(policy.roles))}")
        if policy.roles[role].duty == TERMINAL:
            return "terminal_role", {}
        if conflict := policy.conflict(r for r in {*held, role} if r in policy.roles):
            other = conflict[0] if conflict[1] == role else conflict[1]
            return "separation", {"held": other, "asked": role}
        return None

    def put(
        self,
        connection: sa.Connection,
        user_id: str,
        role: str,
        by: Principal,
        entities: list[str] | None = None,
        teams: list[str] | None = None,
    ) -> None:
        """Write it; the holder's sessions end."""
        connection.execute(grants.delete().where(grants.c.user_id == user_id, grants.c.role == role))
        connection.execute(
            grants.insert().values(
                user_id=user_id,
                role=role,
                entities=entities,
                teams=teams,
                granted=self._context.clock(),
                granted_by=by.name,
            )
        )
        self._sessions.end_all(connection, user_id)

    @contextmanager
    def kept_assignable(self, by: Principal, resource: str) -> Iterator[sa.Connection]:
        """A transaction that does not end with nobody left who can grant, where there was somebody before."""
        with self._context.database.write() as connection:
            self._context.lock(connection)
            before = self._assigners(connection)
            yield connection
            if before and not self._assigners(connection):
                self._context.refuse(by, ASSIGN, resource, "last_security")

    # ---- within

    def _holder(self, connection: sa.Connection, user_id: str, by: Principal) -> str:
        if by.id == user_id:
            self._context.refuse(by, ASSIGN, user_id, "own_grant")
        row = connection.execute(sa.select(users.c.name, users.c.state).where(users.c.id == user_id)).one_or_none()
        if row is None or row.state == "deleted":
            raise NotFound("there is no such account")
        return str(row.name)

    def _assigners(self, connection: sa.Connection) -> int:
        policy = self._context.policy
        roles = [role.id for role in policy.holders(ASSIGN) if role.duty != TERMINAL]
        rows = connection.execute(
            sa.select(grants.c.entities, grants.c.teams)
            .join(users, users.c.id == grants.c.user_id)
            .where(grants.c.role.in_(roles), users.c.state == "active", users.c.kind == "user")
        )
        return sum(1 for row in rows if row.entities is None and row.teams is None)


def _scope(entities: Collection[str] | None) -> list[str] | None:
    if entities is None:
        return None
    if isinstance(entities, str):
        raise BadInput("entities of a grant are a list, or absent for all")
    return sorted({label(entity, "an entity") for entity in entities})


def _known_teams(connection: sa.Connection, wanted: Collection[str] | None) -> list[str] | None:
    if wanted is None:
        return None
    if isinstance(wanted, str):
        raise BadInput("teams of a grant are a list of ids, or absent for all")
    known = set(connection.execute(sa.select(teams.c.id).where(teams.c.id.in_(list(wanted)))).scalars())
    if set(wanted) - known:
        raise NotFound("a team of this grant does not exist; teams are given by id")
    return sorted(known)
