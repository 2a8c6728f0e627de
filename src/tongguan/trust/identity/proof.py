"""A fresh proof that it is still the owner: asked for before one's own factors, codes, links and tokens change.

Whoever finds a browser signed in, or a stolen session, has neither the password nor the second factor. A sign-in is
such a proof; ten minutes later it is asked for anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from tongguan.errors import BadInput, Denied
from tongguan.trust.access import Principal
from tongguan.trust.identity.context import Context
from tongguan.trust.identity.lockout import Lockout
from tongguan.trust.identity.passwords import Passwords
from tongguan.trust.identity.principals import Factor, Principals
from tongguan.trust.identity.sessions import Sessions
from tongguan.trust.identity.tables import users

__all__ = ["Proofs"]

PASSWORD = "password"


class Proofs:
    """Takes a password or a second factor of somebody who is signed in."""

    def __init__(
        self,
        context: Context,
        passwords: Passwords,
        lockout: Lockout,
        sessions: Sessions,
        principals: Principals,
        methods: Mapping[str, Factor],
    ) -> None:
        self._context = context
        self._passwords = passwords
        self._lockout = lockout
        self._sessions = sessions
        self._principals = principals
        self._methods = methods

    def proof_ways(self, user_id: str) -> tuple[str, ...]:
        """By what this account can prove it: its password and its second factors. None of them: a new sign-in only."""
        with self._context.database.read() as connection:
            held = self._hash(connection, user_id) is not None
            return (*((PASSWORD,) if held else ()), *self._principals.factors(connection, user_id))

    def prove(self, by: Principal, method: str, answer: Any, *, session: str) -> str:
        """The session with this token is proved from now on, and goes on under the new token that is returned: a copy
        of the old one that somebody else may have is dead.

        `answer`: the password, a code, or a security key's answer to `begin_second_factor(…, attempt=session)`. Raises
        BadInput on a method that is none of `proof_ways`, Denied where the answer is wrong or one must wait: failures
        count as those of a second factor do.
        """
        self._context.own(by, by.id)
        if method not in (ways := self.proof_ways(by.id)):
            raise BadInput(f"no such proof for this account; expected one of {', '.join(ways) or '(a new sign-in)'}")
        guessable = method == PASSWORD or self._methods[method].guessable
        if guessable and self._lockout.begin_factor(by.id) > 0:
            raise Denied(self._context.text("wait"))
        if not self._is_right(by.id, method, answer, session):
            self._context.record("proof_failed", by.name, {"user": by.name, "method": method})
            raise Denied(self._context.text("wrong_password" if method == PASSWORD else "wrong_factor"))
        if guessable:
            self._lockout.forgive_factor(by.id)
        with self._context.database.write() as connection:
            fresh = self._sessions.prove(connection, by.id, session)
            if fresh is None:
                raise BadInput("this session has ended; sign in again")
            self._context.record("proof", by.name, {"user": by.name, "method": method})
        return fresh

    # ---- within

    def _is_right(self, user_id: str, method: str, answer: Any, session: str) -> bool:
        if method != PASSWORD:
            return self._methods[method].verify(user_id, answer, attempt=session)
        with self._context.database.read() as connection:
            hashed = self._hash(connection, user_id)
        return isinstance(answer, str) and self._passwords.matches(hashed, answer)

    def _hash(self, connection: sa.Connection, user_id: str) -> str | None:
        found: str | None = connection.execute(sa.select(users.c.password).where(users.c.id == user_id)).scalar()
        return found
