"""From an account to the principal that permissions are checked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

import sqlalchemy as sa

from tongguan.errors import NotFound
from tongguan.trust.access import Grant, Principal
from tongguan.trust.identity.context import Context
from tongguan.trust.identity.tables import grants, users

__all__ = ["ADMINISTRATIVE", "Factor", "Principals"]

ADMINISTRATIVE = frozenset(
    {"system", "security", "audit"}
)  # duties whose holders `second_factor: administrators` means
DAY_S = 86_400.0


class Factor(Protocol):
    """One kind of second factor: TOTP, passkeys. `Identity.methods` holds them by name."""

    guessable: bool  # a short code: failures make one wait

    def enrolled(self, connection: sa.Connection, user_id: str) -> bool:
        """Whether this account could answer by it now."""

    def verify(self, user_id: str, answer: Any, *, attempt: str) -> bool:
        """Whether the answer is right; a right one never is again. `attempt`: the id that Identity.attempt gives."""

    def forget(self, connection: sa.Connection, user_id: str) -> int:
        """Forget all of this kind that the account has; how many there were."""


class Principals:
    """Reads accounts' grants. `methods`: the second factors that there are; recovery codes alone are none."""

    def __init__(self, context: Context, methods: Mapping[str, Factor]) -> None:
        self._context = context
        self._methods = methods

    def principal(self, user_id: str) -> Principal:
        """The principal of an active account. Raises BadInput where there is none."""
        with self._context.database.read() as connection:
            row = connection.execute(sa.select(users).where(users.c.id == user_id)).one_or_none()
            if row is None or row.state != "active":
                raise NotFound("there is no such account, or it is disabled")
            return self.of(connection, row)

    def of(
        self, connection: sa.Connection, row: Any, *, strong: bool = False, only: frozenset[str] | None = None
    ) -> Principal:
        """The principal of a row of `users`; `strong`: two factors were shown, wherever it was."""
        held = tuple(
            Grant(g.role, _set(g.entities), _set(g.teams))
            for g in connection.execute(_GRANTS, {"user": row.id})
            if g.role in self._context.policy.roles
        )
        return Principal(row.name, row.kind, held, only, self._pending(connection, row, held, strong), row.id)

    def factors(self, connection: sa.Connection, user_id: str) -> tuple[str, ...]:
        """The second factors of an account."""
        return tuple(
            name
            for name, method in self._methods.items()
            if name != "recovery" and method.enrolled(connection, user_id)
        )

    def _pending(
        self, connection: sa.Connection, row: Any, held: tuple[Grant, ...], strong: bool
    ) -> Literal["password", "second_factor"] | None:
        if row.kind != "user":
            return None
        if row.password is not None and (row.must_change or self._too_old(row.password_changed)):
            return "password"
        if not strong and self._must_have_factor(held) and not self.factors(connection, row.id):
            return "second_factor"
        return None

    def _must_have_factor(self, held: tuple[Grant, ...]) -> bool:
        rule = self._context.rules.second_factor
        if rule == "administrators":
            return any(self._context.policy.roles[grant.role].duty in ADMINISTRATIVE for grant in held)
        return rule == "everyone"

    def _too_old(self, changed: float | None) -> bool:
        days = self._context.rules.password_max_age_days
        return days is not None and changed is not None and self._context.clock() - changed > days * DAY_S


_GRANTS = sa.select(grants).where(grants.c.user_id == sa.bindparam("user")).order_by(grants.c.role)


def _set(values: list[str] | None) -> frozenset[str] | None:
    return None if values is None else frozenset(values)
