"""Coming in: a first factor, a second one where the account has any, then a session under a token made then."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import sqlalchemy as sa

from tongguan.errors import BadInput
from tongguan.trust.identity.context import Context, token_digest
from tongguan.trust.identity.lockout import Lockout
from tongguan.trust.identity.names import account_name
from tongguan.trust.identity.passwords import Passwords
from tongguan.trust.identity.principals import Factor, Principals
from tongguan.trust.identity.sessions import Sessions
from tongguan.trust.identity.tables import pending_sign_ins, users

__all__ = ["Entrance", "SignIn"]

PENDING_S = 300.0
PENDING_TRIES = 5
UNKNOWN = "unknown"  # the actor where no account is meant: what was typed as a name may be a password


@dataclass(frozen=True, slots=True)
class SignIn:
    """How it went. `no` never says whether it was the name, the password or the state of the account.

    in: `token` opens the session. second_factor: `pending` goes to `second_factor` with one of `methods`; it opens
    nothing else, works once and for five minutes. wait: try again after `wait_s` seconds.
    """

    outcome: Literal["in", "second_factor", "no", "wait"]
    token: str | None = field(default=None, repr=False)
    pending: str | None = field(default=None, repr=False)
    methods: tuple[str, ...] = ()
    wait_s: float = 0.0
    user: str | None = None  # the account's name, once its password was right


class Entrance:
    """Signs people in. Service accounts do not come this way: they use API tokens."""

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

    def sign_in(self, name: str, password: str, *, address: str, agent: str = "") -> SignIn:
        """By name and password. An unknown name takes as long as a wrong password, and waits alike.

        `address`: of the caller, as the service sees it; `agent`: what the caller says it is.
        """
        user = self._account(name)
        attempt = self._lockout.begin(name, user.id if user else None, address)
        actor = user.name if user else UNKNOWN
        if attempt.wait > 0:
            if attempt.first:  # the others of this wait are the same entry over and over
                self._failed("sign_in_refused", actor, address, "password")
            return SignIn("wait", wait_s=attempt.wait)
        usable = user is not None and user.kind == "user" and user.state == "active"
        hashed = user.password if user is not None and usable else None
        if not self._passwords.matches(hashed, password):
            self._failed("sign_in_failed", actor, address, "password")
            return SignIn("no")
        assert user is not None and hashed is not None
        failed = self._lockout.forgive(attempt)
        came = self.admit(user.id, method="password", address=address, agent=agent, password=hashed, failed=failed)
        if came.outcome != "no" and self._passwords.outdated(hashed):
            self._passwords.renew(user.id, hashed, password)
        return came

    def admit(
        self,
        user_id: str,
        *,
        method: str,
        address: str,
        agent: str = "",
        strong: bool = False,
        password: str | None = None,
        failed: int = 0,
    ) -> SignIn:
        """For whoever has just proved to be this account by `method`; `strong` where that was two factors in one.

        `password`: the hash that was held against; a password replaced since then opens nothing.
        """
        with self._context.database.write() as connection:
            user = connection.execute(sa.select(users).where(users.c.id == user_id).with_for_update()).one_or_none()
            stale = password is not None and user is not None and user.password != password
            if user is None or user.state != "active" or user.kind != "user" or stale:
                self._failed("sign_in_failed", user.name if user else UNKNOWN, address, method)
                return SignIn("no")
            factors = () if strong else self._principals.factors(connection, user_id)
            if factors:
                return SignIn(
                    "second_factor",
                    pending=self._pend(connection, user_id, method),
                    methods=self._offered(connection, user_id, factors),
                    user=user.name,
                )
            token = self._open(connection, user, address, agent, method, strong, failed)
        return SignIn("in", token=token, user=user.name)

    def second_factor(self, pending: str, method: str, answer: Any, *, address: str, agent: str = "") -> SignIn:
        """The second step. After five wrong answers one begins again with the first. Raises BadInput on a method that
        does not exist."""
        factor = self._methods.get(method)
        if factor is None:
            raise BadInput(f"no such second factor; expected one of {', '.join(self._methods)}")
        digest = token_digest(pending)
        user = self._pending(digest)
        if user is None:
            self._failed("sign_in_failed", UNKNOWN, address, method)
            return SignIn("no")
        if factor.guessable and (wait := self._lockout.begin_factor(user.id)) > 0:
            self._failed("sign_in_refused", user.name, address, method)
            return SignIn("wait", wait_s=wait, user=user.name)
        if not self._try(digest) or not factor.verify(user.id, answer, attempt=digest):
            self._failed("sign_in_failed", user.name, address, method)
            return SignIn("no", user=user.name)
        if factor.guessable:
            self._lockout.forgive_factor(user.id)
        with self._context.database.write() as connection:
            row = connection.execute(sa.select(users).where(users.c.id == user.id).with_for_update()).one()
            taken = connection.execute(pending_sign_ins.delete().where(pending_sign_ins.c.digest == digest)).rowcount
            if not taken or row.state != "active":
                self._failed("sign_in_failed", user.name, address, method)
                return SignIn("no", user=user.name)
            token = self._open(connection, row, address, agent, f"{user.method}+{method}", True)
        return SignIn("in", token=token, user=user.name)

    def attempt(self, pending: str) -> tuple[str, str] | None:
        """Of a pending token: the account's id and the attempt's own id, for challenges; None where it is dead."""
        digest = token_digest(pending)
        user = self._pending(digest)
        return (user.id, digest) if user else None

    # ---- within

    def _account(self, name: str) -> Any:
        try:
            known = account_name(name)
        except BadInput:
            known = ""
        with self._context.database.read() as connection:
            return connection.execute(sa.select(users).where(users.c.name == known)).one_or_none()

    def _pend(self, connection: sa.Connection, user_id: str, method: str) -> str:
        token, now = secrets.token_urlsafe(32), self._context.clock()
        connection.execute(pending_sign_ins.delete().where(pending_sign_ins.c.made < now - PENDING_S))
        connection.execute(
            pending_sign_ins.insert().values(digest=token_digest(token), user_id=user_id, method=method, made=now)
        )
        return token

    def _pending(self, digest: str) -> Any:
        with self._context.database.read() as connection:
            return connection.execute(
                sa.select(users.c.id, users.c.name, pending_sign_ins.c.method)
                .join(users, users.c.id == pending_sign_ins.c.user_id)
                .where(
                    pending_sign_ins.c.digest == digest,
                    pending_sign_ins.c.made >= self._context.clock() - PENDING_S,
                    pending_sign_ins.c.tries < PENDING_TRIES,
                    users.c.state == "active",
                )
            ).one_or_none()

    def _try(self, digest: str) -> bool:
        with self._context.database.write() as connection:
            counted = connection.execute(
                pending_sign_ins.update()
                .where(pending_sign_ins.c.digest == digest, pending_sign_ins.c.tries < PENDING_TRIES)
                .values(tries=pending_sign_ins.c.tries + 1)
            )
            return bool(counted.rowcount)

    def _offered(self, connection: sa.Connection, user_id: str, factors: tuple[str, ...]) -> tuple[str, ...]:
        recovery = self._methods.get("recovery")
        return (*factors, *(("recovery",) if recovery and recovery.enrolled(connection, user_id) else ()))

    def _open(
        self, connection: sa.Connection, user: Any, address: str, agent: str, method: str, strong: bool, failed: int = 0
    ) -> str:
        token, session_id = self._sessions.open(
            connection, user.id, address=address, agent=agent, method=method, strong=strong
        )
        connection.execute(users.update().where(users.c.id == user.id).values(last_sign_in=self._context.clock()))
        self._lockout.familiarise(connection, user.id, address)
        body = {"method": method, "session": session_id, "failed_before": failed}
        self._context.record("sign_in", user.name, body | {"address": self._context.address_mark(address)})
        return token

    def _failed(self, kind: str, actor: str, address: str, method: str) -> None:
        self._context.record(kind, actor, {"method": method, "address": self._context.address_mark(address)})
