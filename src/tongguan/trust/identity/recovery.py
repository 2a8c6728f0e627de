"""Recovery codes: ten of 79 random bits, each good once, for whoever lost the other factors."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from tongguan.trust.access import Principal
from tongguan.trust.identity.context import Context
from tongguan.trust.identity.passwords import random_password
from tongguan.trust.identity.tables import recovery_codes, users

__all__ = ["Recovery"]

CODES = 10
LONGEST = 64  # characters of an answer that are looked at


class Recovery:
    """A `Factor` beside others: codes alone do not make a sign-in ask for a second factor.

    Kept as keyed hashes: at 79 random bits a slow hash would add nothing.
    """

    guessable = False

    def __init__(self, context: Context) -> None:
        self._context = context

    def codes(self, user_id: str, by: Principal) -> list[str]:
        """New codes, shown this once; those from before are dead. Raises Denied."""
        self._context.own(by, user_id)
        made: dict[str, str] = {}
        while len(made) < CODES:
            code = random_password()
            made[self._digest(user_id, code)] = code
        with self._context.database.write() as connection:
            connection.execute(sa.select(users.c.id).where(users.c.id == user_id).with_for_update())
            self.forget(connection, user_id)
            connection.execute(recovery_codes.insert(), [{"digest": digest, "user_id": user_id} for digest in made])
            name = self._context.name_of(connection, user_id)
            self._context.record("recovery_codes_made", by.name, {"user": name, "count": CODES})
        return list(made.values())

    def left(self, user_id: str, by: Principal) -> int:
        """How many are unused."""
        self._context.own_or(by, user_id, "people.read")
        with self._context.database.read() as connection:
            return self._left(connection, user_id)

    # ---- as a factor

    def enrolled(self, connection: sa.Connection, user_id: str) -> bool:
        return self._left(connection, user_id) > 0

    def verify(self, user_id: str, answer: Any, *, attempt: str) -> bool:
        """Whether it is one of the account's codes, which is dead from now on."""
        if not isinstance(answer, str) or len(answer) > LONGEST:
            return False
        with self._context.database.write() as connection:
            used = connection.execute(
                recovery_codes.delete().where(
                    recovery_codes.c.user_id == user_id, recovery_codes.c.digest == self._digest(user_id, answer)
                )
            ).rowcount
            if used:
                name = self._context.name_of(connection, user_id)
                left = self._left(connection, user_id)
                self._context.record("recovery_code_used", name, {"user": name, "left": left})
        return bool(used)

    def forget(self, connection: sa.Connection, user_id: str) -> int:
        return connection.execute(recovery_codes.delete().where(recovery_codes.c.user_id == user_id)).rowcount

    # ---- within

    def _left(self, connection: sa.Connection, user_id: str) -> int:
        return connection.execute(
            sa.select(sa.func.count()).select_from(recovery_codes).where(recovery_codes.c.user_id == user_id)
        ).scalar_one()

    def _digest(self, user_id: str, code: str) -> str:
        plain = "".join(c for c in code.casefold() if c.isalnum())
        return self._context.digest("recovery", user_id, plain)
