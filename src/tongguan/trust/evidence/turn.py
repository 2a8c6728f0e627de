"""Whose turn it is to sweep: one at a time over all processes. One that died loses its turn after a while."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tongguan.errors import Conflict
from tongguan.trust.access import Principal
from tongguan.trust.evidence.parts import Parts
from tongguan.trust.evidence.records import TURN

__all__ = ["Turn"]

DEAD_S = 300.0  # a sweep that gave no sign of life for so long is taken for dead
SIGN_S = 20.0  # between two signs of life


class Turn:
    """Ours from the beginning to `end`. Raises Conflict where somebody else is at it."""

    def __init__(self, parts: Parts, by: Principal) -> None:
        self._parts = parts
        self._worker = secrets.token_hex(16)
        self._signed = now = parts.clock()
        ours = {"worker": self._worker, "by": by.name, "since": now, "seen": now}
        try:
            with parts.database.write() as connection:
                found = connection.execute(sa.select(TURN).with_for_update()).first()
                if found is None:
                    connection.execute(TURN.insert().values(one=1, **ours))
                elif abs(now - found.seen) < DEAD_S:
                    raise _running(found.by, found.since)
                else:
                    connection.execute(TURN.update().values(**ours))
        except IntegrityError:  # two at the same moment
            raise _running("somebody else", now) from None

    def keep(self, connection: sa.Connection) -> None:
        """A sign of life, in the transaction that writes down how far it is. Raises Conflict where it was taken over:
        then nothing of that transaction counts."""
        self._signed = self._parts.clock()
        mine = TURN.update().where(TURN.c.worker == self._worker).values(seen=self._signed)
        if not connection.execute(mine).rowcount:
            raise Conflict("this sweep gave no sign of life for minutes, and another one has gone on with it")

    def sign(self) -> None:
        """A sign of life within something long."""
        if not 0 <= self._parts.clock() - self._signed < SIGN_S:
            with self._parts.database.write() as connection:
                self.keep(connection)

    def end(self) -> None:
        with self._parts.database.write() as connection:
            connection.execute(TURN.delete().where(TURN.c.worker == self._worker))


def _running(by: str, since: float) -> Conflict:
    began = datetime.fromtimestamp(since, UTC)
    return Conflict(
        f"a sweep of the evidence store is running, begun by {by} at {began:%Y-%m-%d %H:%M:%S} UTC; wait until it is "
        f"done. If its process died, the next one may go on with it {DEAD_S / 60:.0f} minutes after its last sign of "
        "life"
    )
