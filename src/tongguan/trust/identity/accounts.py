"""Accounts of people and of programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tongguan.errors import BadInput, Conflict, NotFound
from tongguan.trust.access import Grant, Principal
from tongguan.trust.identity.context import Context, new_id
from tongguan.trust.identity.grants import Grants
from tongguan.trust.identity.names import account_name, email_address, label
from tongguan.trust.identity.principals import Factor, Principals
from tongguan.trust.identity.sessions import Sessions
from tongguan.trust.identity.tables import (
    api_tokens,
    external_links,
    familiar_addresses,
    grants,
    password_history,
    team_members,
    users,
)

__all__ = ["Accounts", "User"]

State = Literal["active", "disabled", "deleted"]
LONGEST_LIST = 1000
LONGEST_TEXT = 120  # characters that are searched for


@dataclass(frozen=True, slots=True)
class User:
    """An account. A deleted one is a name that nobody gets again, for the audit log names it."""

    id: str
    name: str
    display: str
    email: str
    kind: Literal["user", "service"]
    state: State
    entity: str | None
    teams: tuple[str, ...]  # ids
    grants: tuple[Grant, ...]
    created: float
    last_sign_in: float | None
    has_password: bool
    must_change: bool
    second_factors: tuple[str, ...]


class Accounts:
    """Makes, changes, disables and deletes accounts."""

    def __init__(
        self,
        context: Context,
        principals: Principals,
        sessions: Sessions,
        granting: Grants,
        methods: Mapping[str, Factor],
    ) -> None:
        self._context = context
        self._principals = principals
        self._sessions = sessions
        self._granting = granting
        self._methods = methods

    # ---- looking

    def users(
        self,
        by: Principal,
        *,
        kind: str | None = None,
        state: State | None = None,
        entity: str | None = None,
        text: str = "",
        offset: int = 0,
        limit: int = 100,
    ) -> list[User]:
        """Accounts by name; deleted ones only when asked for. `text`: a part of the name or the display name."""
        self._context.allow(by, "people.read", "users")
        query = sa.select(users).order_by(users.c.name).offset(max(0, offset)).limit(max(1, min(limit, LONGEST_LIST)))
        query = query.where(users.c.state == state if state else users.c.state != "deleted")
        if kind:
            query = query.where(users.c.kind == kind)
        if entity:
            query = query.where(users.c.entity == entity)
        if text := text[:LONGEST_TEXT]:
            query = query.where(
                sa.or_(
                    users.c.name.contains(text.casefold(), autoescape=True),
                    users.c.display.contains(text, autoescape=True),
                )
            )
        with self._context.database.read() as connection:
            return self._users(connection, connection.execute(query).all())

    def user(self, user_id: str, by: Principal) -> User:
        """One account: one's own, or anybody's with people.read. Raises Denied, BadInput."""
        if by.id != user_id or by.only is not None:
            self._context.allow(by, "people.read", user_id)
        with self._context.database.read() as connection:
            return self._one(connection, users.c.id == user_id)

    def by_name(self, name: str) -> User | None:
        """The account of this name, None where there is none. For other parts: asks for no permission."""
        try:
            known = account_name(name)
        except BadInput:
            return None
        with self._context.database.read() as connection:
            found = self._users(connection, connection.execute(sa.select(users).where(users.c.name == known)).all())
        return found[0] if found and found[0].state != "deleted" else None

    # ---- changing

    def create_user(
        self,
        name: str,
        *,
        display: str = "",
        email: str = "",
        entity: str | None = None,
        kind: Literal["user", "service"] = "user",
        by: Principal,
    ) -> User:
        """A new account without password and roles. Raises Denied, BadInput where the name is taken or not allowed."""
        self._context.allow(by, "people.manage", "users")
        if kind not in ("user", "service"):
            raise BadInput("kind is user or service")
        with self._context.database.write() as connection:
            self._context.lock(connection)
            user_id = self.add(connection, name, display, email, entity, kind)
            made = self._one(connection, users.c.id == user_id)
            self._context.record("user_created", by.name, {"user": made.name, "id": made.id, "kind": kind})
        return made

    def update_user(
        self,
        user_id: str,
        *,
        display: str | None = None,
        email: str | None = None,
        entity: str | None = None,
        by: Principal,
    ) -> User:
        """Change what is given; "" as entity takes it away. Names stay: the audit log knows accounts by them."""
        self._context.allow(by, "people.manage", user_id)
        values = checked(display, email, entity)
        with self._context.database.write() as connection:
            self._context.lock(connection)
            user = self._one(connection, users.c.id == user_id)
            if values:
                connection.execute(users.update().where(users.c.id == user_id).values(**values))
                self._context.record("user_updated", by.name, {"user": user.name, "fields": sorted(values)})
            return self._one(connection, users.c.id == user_id)

    def disable(self, user_id: str, by: Principal) -> None:
        """Close an account: its sessions and API tokens end at once and for good. Raises Denied, BadInput."""
        self._context.allow(by, "people.manage", user_id)
        self._refuse_own(user_id, by)
        with self._granting.kept_assignable(by, user_id) as connection:
            user = self._one(connection, users.c.id == user_id)
            self.close(connection, user_id)
            self._context.record("user_disabled", by.name, {"user": user.name})

    def enable(self, user_id: str, by: Principal) -> None:
        """Open a disabled account again, with its password and roles; API tokens must be issued anew."""
        self._context.allow(by, "people.manage", user_id)
        self._refuse_own(user_id, by)
        with self._context.database.write() as connection:
            self._context.lock(connection)
            user = self._one(connection, users.c.id == user_id)
            connection.execute(users.update().where(users.c.id == user_id).values(state="active"))
            self._context.record("user_enabled", by.name, {"user": user.name})

    def reset_factors(self, user_id: str, by: Principal) -> None:
        """Take away all second factors and recovery codes of somebody who lost them; sessions end.

        Never by the one who sets passwords: for an account with a second factor it takes two to get in.
        """
        self._context.allow(by, "factors.reset", user_id)
        self._refuse_own(user_id, by)
        with self._context.database.write() as connection:
            self._context.lock(connection)
            user = self._one(connection, users.c.id == user_id)
            gone = {name: factor.forget(connection, user_id) for name, factor in self._methods.items()}
            self._sessions.end_all(connection, user_id)
            self._context.record("second_factors_reset", by.name, {"user": user.name, "methods": gone})

    def delete(self, user_id: str, by: Principal) -> None:
        """Remove an account with all that is known of the person. Its name stays, taken: the audit log uses it."""
        self._context.allow(by, "people.manage", user_id)
        self._refuse_own(user_id, by)
        with self._granting.kept_assignable(by, user_id) as connection:
            user = self._one(connection, users.c.id == user_id)
            self.close(connection, user_id, "deleted")
            for factor in self._methods.values():
                factor.forget(connection, user_id)
            for table in (password_history, grants, team_members, familiar_addresses, external_links):
                connection.execute(table.delete().where(table.c.user_id == user_id))
            connection.execute(
                users.update()
                .where(users.c.id == user_id)
                .values(display="", email="", entity=None, password=None, must_change=False)
            )
            self._context.record("user_deleted", by.name, {"user": user.name})

    # ---- steps of larger changes, in the caller's transaction and under its lock

    def add(self, connection: sa.Connection, name: str, display: str, email: str, entity: str | None, kind: str) -> str:
        """A row for a new account: its id. Raises BadInput."""
        user_id, known = new_id(), account_name(name)
        values: dict[str, Any] = {"display": "", "email": "", "entity": None} | checked(display, email, entity)
        try:
            with connection.begin_nested():
                connection.execute(
                    users.insert().values(
                        id=user_id, name=known, kind=kind, state="active", created=self._context.clock(), **values
                    )
                )
        except IntegrityError:
            raise Conflict(
                "this user name is taken, perhaps in other letters of the same meaning or by a deleted account; "
                "choose another"
            ) from None
        return user_id

    def close(self, connection: sa.Connection, user_id: str, state: State = "disabled") -> None:
        """Disable an account."""
        connection.execute(users.update().where(users.c.id == user_id).values(state=state))
        connection.execute(
            api_tokens.update()
            .where(api_tokens.c.user_id == user_id, api_tokens.c.revoked.is_(None))
            .values(revoked=self._context.clock())
        )
        self._sessions.end_all(connection, user_id)

    # ---- within

    def _refuse_own(self, user_id: str, by: Principal) -> None:
        if by.id == user_id:
            self._context.refuse(by, "people.manage", user_id, "own_account")

    def _one(self, connection: sa.Connection, where: sa.ColumnElement[bool]) -> User:
        rows = connection.execute(sa.select(users).where(where, users.c.state != "deleted")).all()
        if not rows:
            raise NotFound("there is no such account")
        return self._users(connection, rows)[0]

    def _users(self, connection: sa.Connection, rows: Sequence[Any]) -> list[User]:
        ids = [row.id for row in rows]
        held: dict[str, list[Grant]] = {}
        for g in connection.execute(sa.select(grants).where(grants.c.user_id.in_(ids)).order_by(grants.c.role)):
            entities, of_teams = (None if v is None else frozenset(v) for v in (g.entities, g.teams))
            held.setdefault(g.user_id, []).append(Grant(g.role, entities, of_teams))
        member: dict[str, list[str]] = {}
        for m in connection.execute(sa.select(team_members).where(team_members.c.user_id.in_(ids))):
            member.setdefault(m.user_id, []).append(m.team_id)
        return [
            User(
                row.id,
                row.name,
                row.display,
                row.email,
                row.kind,
                row.state,
                row.entity,
                tuple(sorted(member.get(row.id, ()))),
                tuple(held.get(row.id, ())),
                row.created,
                row.last_sign_in,
                row.password is not None,
                row.must_change,
                self._principals.factors(connection, row.id),
            )
            for row in rows
        ]


def checked(display: str | None, email: str | None, entity: str | None) -> dict[str, Any]:
    """Those that are given, as they are kept. Raises BadInput."""
    values: dict[str, Any] = {}
    if display is not None:
        values["display"] = label(display, "a display name", empty=True)
    if email is not None:
        values["email"] = email_address(email)
    if entity is not None:
        values["entity"] = label(entity, "an entity", empty=True) or None
    return values
