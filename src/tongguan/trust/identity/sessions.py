"""Sessions, kept on the server. A token is 256 random bits, says nothing about anybody, and is stored as its hash."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import sqlalchemy as sa

from tongguan.errors import BadInput
from tongguan.trust.access import Principal
from tongguan.trust.identity.context import Context, new_id, token_digest
from tongguan.trust.identity.principals import Principals
from tongguan.trust.identity.tables import pending_sign_ins, sessions, users

__all__ = ["Session", "Sessions"]

PROOF_S = 600.0  # how long a proof lasts
TOUCH_S = 60.0  # a session's last use is written at most once a minute
AGENT_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Session:
    """One place where somebody is signed in, for its owner to look at. `id` opens nothing."""

    id: str
    user: str  # user id
    opened: float
    used: float  # to the minute
    address: str
    agent: str
    method: str
    strong: bool  # two factors were shown


class Sessions:
    """Opens, rotates, lists and ends sessions. A role granted or taken back ends those of its holder."""

    def __init__(self, context: Context, principals: Principals) -> None:
        self._context = context
        self._principals = principals

    def open(
        self, connection: sa.Connection, user_id: str, *, address: str, agent: str, method: str, strong: bool
    ) -> tuple[str, str]:
        """A new session in the caller's transaction: its token and id. Over the limit, the longest unused ends."""
        token, now = secrets.token_urlsafe(32), self._context.clock()
        session_id = new_id()
        connection.execute(sessions.delete().where(self._dead(now)))
        connection.execute(
            sessions.insert().values(
                id=session_id,
                digest=token_digest(token),
                user_id=user_id,
                opened=now,
                used=now,
                address=_line(address),
                agent=_line(agent),
                method=method,
                strong=strong,
                proved=now,
            )
        )
        kept = (
            sa.select(sessions.c.id)
            .where(sessions.c.user_id == user_id)
            .order_by(sessions.c.used.desc(), sessions.c.opened.desc(), (sessions.c.id == session_id).desc())
            .limit(max(1, self._context.rules.sessions_per_user))
        )
        connection.execute(
            sessions.delete().where(
                sessions.c.user_id == user_id,
                sessions.c.id != session_id,
                sessions.c.id.not_in(kept.scalar_subquery()),
            )
        )
        return token, session_id

    def session(self, token: str) -> Principal | None:
        """Who a live session belongs to, None for any other token. Counts as use."""
        if not token or len(token) > 200:
            return None
        now, digest = self._context.clock(), token_digest(token)
        with self._context.database.read() as connection:
            row = connection.execute(_LOOKUP, {"digest": digest}).one_or_none()
            if row is None or row.state != "active" or not self._alive(row.opened, row.used, now):
                return None
            principal = self._principals.of(connection, row, strong=row.strong)
        if now - row.used > TOUCH_S:
            with self._context.database.write() as connection:
                connection.execute(sessions.update().where(sessions.c.digest == digest).values(used=now))
        return principal

    def session_id(self, token: str) -> str | None:
        """What lists call the session of this token; None where there is none."""
        with self._context.database.read() as connection:
            return connection.execute(sa.select(sessions.c.id).where(sessions.c.digest == token_digest(token))).scalar()

    def proved_until(self, token: str) -> float | None:
        """Until when the session counts as proved by its owner: ten minutes after the sign-in or the last proof. None
        where that is over."""
        chosen = sa.select(sa.func.coalesce(sessions.c.proved, sessions.c.opened)).where(
            sessions.c.digest == token_digest(token)
        )
        with self._context.database.read() as connection:
            proved = connection.execute(chosen).scalar()
        if proved is None or abs(self._context.clock() - proved) > PROOF_S:  # abs: a clock set back gives no more
            return None
        return float(proved) + PROOF_S

    def prove(self, connection: sa.Connection, user_id: str, token: str) -> str | None:
        """The owner gave a proof: the session's new token, None where it has ended."""
        fresh = self._renew(connection, token, user_id)
        if fresh:
            mine = sessions.c.digest == token_digest(fresh)
            connection.execute(sessions.update().where(mine).values(proved=self._context.clock()))
        return fresh

    def rotate(self, token: str) -> str:
        """The session goes on under a new token; the old one is dead. Raises BadInput where there is none."""
        if self.session(token) is None:
            raise BadInput("this session has ended; sign in again")
        with self._context.database.write() as connection:
            fresh = self._renew(connection, token)
        if fresh is None:
            raise BadInput("this session has ended; sign in again")
        return fresh

    def close_session(self, token: str) -> None:
        """Sign out."""
        with self._context.database.write() as connection:
            row = connection.execute(
                sa.select(sessions.c.id, users.c.name)
                .join(users, users.c.id == sessions.c.user_id)
                .where(sessions.c.digest == token_digest(token))
            ).one_or_none()
            if row is None:
                return
            connection.execute(sessions.delete().where(sessions.c.id == row.id))
            self._context.record("sign_out", row.name, {"session": row.id})

    def sessions(self, user_id: str, by: Principal) -> list[Session]:
        """The live sessions of an account, the last used first. Raises Denied."""
        self._context.own_or(by, user_id, "sessions.read")
        now = self._context.clock()
        with self._context.database.read() as connection:
            rows = connection.execute(
                sa.select(sessions)
                .where(sessions.c.user_id == user_id, ~self._dead(now))
                .order_by(sessions.c.used.desc())
            ).all()
        return [Session(r.id, r.user_id, r.opened, r.used, r.address, r.agent, r.method, r.strong) for r in rows]

    def close_sessions(self, user_id: str, by: Principal, *, session_id: str | None = None) -> int:
        """End all sessions of an account, or the one with this id; how many ended. Raises Denied."""
        self._context.own_or(by, user_id, "sessions.revoke")
        with self._context.database.write() as connection:
            chosen = sessions.delete().where(sessions.c.user_id == user_id)
            if session_id is not None:
                chosen = chosen.where(sessions.c.id == session_id)
            ended = connection.execute(chosen).rowcount
            if session_id is None:
                connection.execute(pending_sign_ins.delete().where(pending_sign_ins.c.user_id == user_id))
            if ended:
                name = self._context.name_of(connection, user_id)
                self._context.record("sessions_ended", by.name, {"user": name, "count": ended, "session": session_id})
        return ended

    def end_all(self, connection: sa.Connection, user_id: str) -> None:
        """End all, within another change."""
        connection.execute(sessions.delete().where(sessions.c.user_id == user_id))
        connection.execute(pending_sign_ins.delete().where(pending_sign_ins.c.user_id == user_id))

    def keep_only(self, connection: sa.Connection, user_id: str, token: str | None) -> str | None:
        """End all but the one with this token, which gets a new token: the answer. None without it."""
        fresh = self._renew(connection, token, user_id) if token else None
        others = sessions.delete().where(sessions.c.user_id == user_id)
        if fresh:
            others = others.where(sessions.c.digest != token_digest(fresh))
        connection.execute(others)
        connection.execute(pending_sign_ins.delete().where(pending_sign_ins.c.user_id == user_id))
        return fresh

    # ---- within

    def _renew(self, connection: sa.Connection, token: str, user_id: str | None = None) -> str | None:
        fresh = secrets.token_urlsafe(32)
        chosen = sessions.update().where(sessions.c.digest == token_digest(token))
        if user_id is not None:
            chosen = chosen.where(sessions.c.user_id == user_id)
        return fresh if connection.execute(chosen.values(digest=token_digest(fresh))).rowcount else None

    def _alive(self, opened: float, used: float, now: float) -> bool:
        rules = self._context.rules
        return now - used <= rules.session_idle_minutes * 60 and now - opened <= rules.session_hours * 3600

    def _dead(self, now: float) -> sa.ColumnElement[bool]:
        rules = self._context.rules
        return sa.or_(
            sessions.c.used < now - rules.session_idle_minutes * 60,
            sessions.c.opened < now - rules.session_hours * 3600,
        )


_LOOKUP = (
    sa.select(users, sessions.c.opened, sessions.c.used, sessions.c.strong)
    .join(users, users.c.id == sessions.c.user_id)
    .where(sessions.c.digest == sa.bindparam("digest"))
)


def _line(text: str) -> str:
    """What a stranger sent, as one short printable line."""
    return "".join(c if c.isprintable() else " " for c in text[:AGENT_LENGTH])
