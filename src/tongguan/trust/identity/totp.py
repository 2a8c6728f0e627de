"""One-time codes by time (RFC 6238): six digits, thirty seconds, one step before and after; none is taken twice."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from tongguan.errors import Conflict, Denied, NotFound
from tongguan.trust.access import Principal
from tongguan.trust.identity.context import Context
from tongguan.trust.identity.lockout import Lockout
from tongguan.trust.identity.sessions import Sessions
from tongguan.trust.identity.tables import totp_secrets, users

__all__ = ["Totp", "TotpOffer"]

STEP_S = 30
AROUND = 1  # steps before and after now: clocks differ
ISSUER = "Tongguan"
SECRET_LENGTH = 32  # base32: 160 bits, RFC 4226 §4


@dataclass(frozen=True, slots=True)
class TotpOffer:
    """What an authenticator is given, by hand or as a QR code of `uri`. Shown once."""

    secret: str = field(repr=False)  # base32
    uri: str = field(repr=False)  # otpauth://totp/…


class Totp:
    """A `Factor`. Secrets are sealed at rest: whoever has the database alone makes no codes."""

    guessable = True

    def __init__(self, context: Context, lockout: Lockout, sessions: Sessions) -> None:
        self._context = context
        self._lockout = lockout
        self._sessions = sessions

    # ---- for its owner

    def begin(self, user_id: str, by: Principal) -> TotpOffer:
        """A new secret, which counts once `confirm` saw a code of it. Raises Denied, Conflict where there is one."""
        import pyotp

        self._context.own(by, user_id)
        secret = pyotp.random_base32(SECRET_LENGTH)
        sealed = self._context.sealer.seal(secret.encode(), _bound_to(user_id))
        with self._context.database.write() as connection:
            name = self._context.name_of(connection, user_id)
            if self.enrolled(connection, user_id):
                raise Conflict("an authenticator is set up already; remove it before setting up another")
            self.forget(connection, user_id)
            connection.execute(
                totp_secrets.insert().values(
                    user_id=user_id, sealed=sealed, confirmed=False, last_step=0, made=self._context.clock()
                )
            )
        return TotpOffer(secret, pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER))

    def confirm(self, user_id: str, code: str, by: Principal, *, session: str | None = None) -> str | None:
        """From now on the account has this factor. Its sessions end but the one with the token `session`, which goes on
        under the new token that is returned. Raises Denied on a wrong code, NotFound without `begin`."""
        self._context.own(by, user_id)
        with self._context.database.read() as connection:
            row = connection.execute(sa.select(totp_secrets).where(totp_secrets.c.user_id == user_id)).one_or_none()
        if row is None or row.confirmed:
            raise NotFound("no authenticator is waiting to be confirmed; begin its set-up")
        if self._lockout.begin_factor(user_id) > 0:
            raise Denied(self._context.text("wait"))
        if not self._take(user_id, code, confirmed=False):
            self._context.refuse(by, "profile.own", user_id, "wrong_code")
        self._lockout.forgive_factor(user_id)
        return self._changed(user_id, by, "second_factor_added", session)

    def delete(self, user_id: str, by: Principal, *, session: str | None = None) -> str | None:
        """Take it away: one's own, or somebody else's with factors.reset. Sessions as with `confirm`."""
        self._context.own_or(by, user_id, "factors.reset")
        return self._changed(user_id, by, "second_factor_removed", session if by.id == user_id else None)

    # ---- as a factor

    def enrolled(self, connection: sa.Connection, user_id: str) -> bool:
        found = connection.execute(
            sa.select(totp_secrets.c.user_id).where(totp_secrets.c.user_id == user_id, totp_secrets.c.confirmed)
        )
        return found.scalar() is not None

    def verify(self, user_id: str, answer: Any, *, attempt: str) -> bool:
        """Whether it is a code of now that was not used before."""
        return isinstance(answer, str) and self._take(user_id, answer, confirmed=True)

    def forget(self, connection: sa.Connection, user_id: str) -> int:
        return connection.execute(totp_secrets.delete().where(totp_secrets.c.user_id == user_id)).rowcount

    # ---- within

    def _take(self, user_id: str, code: str, *, confirmed: bool) -> bool:
        """Whether the code is right and later than the last one taken, which it now is."""
        code = "".join(code[:20].split())
        if not (len(code) == 6 and code.isascii() and code.isdigit()):
            return False
        with self._context.database.read() as connection:
            sealed = connection.execute(
                sa.select(totp_secrets.c.sealed).where(
                    totp_secrets.c.user_id == user_id, totp_secrets.c.confirmed.is_(confirmed)
                )
            ).scalar()
        if sealed is None:
            return False
        step = self._step(bytes(sealed), user_id, code)
        if step is None:
            return False
        with self._context.database.write() as connection:  # the one place where two uses of one code meet
            taken = connection.execute(
                totp_secrets.update()
                .where(
                    totp_secrets.c.user_id == user_id, totp_secrets.c.sealed == sealed, totp_secrets.c.last_step < step
                )
                .values(last_step=step, confirmed=True)
            )
            return bool(taken.rowcount)

    def _step(self, sealed: bytes, user_id: str, code: str) -> int | None:
        from pyotp import HOTP

        generator = HOTP(self._context.sealer.unseal(sealed, _bound_to(user_id)).decode())
        now = int(self._context.clock()) // STEP_S
        found = None
        for step in range(now - AROUND, now + AROUND + 1):
            if hmac.compare_digest(generator.at(step), code):
                found = step
        return found

    def _changed(self, user_id: str, by: Principal, kind: str, session: str | None) -> str | None:
        with self._context.database.write() as connection:
            connection.execute(sa.select(users.c.id).where(users.c.id == user_id).with_for_update())
            if kind == "second_factor_removed" and not self.forget(connection, user_id):
                raise NotFound("this account has no authenticator")
            token = self._sessions.keep_only(connection, user_id, session)
            name = self._context.name_of(connection, user_id)
            self._context.record(kind, by.name, {"user": name, "method": "totp"})
        return token


def _bound_to(user_id: str) -> bytes:
    return b"tongguan/identity/totp/" + user_id.encode()
