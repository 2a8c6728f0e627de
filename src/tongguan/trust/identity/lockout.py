"""Waiting after failed sign-ins.

Failures are counted for a name and for an address. After the free ones each further failure doubles the wait, up to
fifteen minutes. A wait is never a lock that somebody must open, and a stranger cannot hold it against an owner:

- an address from which an account was signed in to lately has a count of its own with that account, so a stranger's
  failures elsewhere do not make the owner wait at the usual place;
- passkeys, external providers and recovery codes cannot be guessed and never wait;
- setting a new password forgives the failures.

What is left: somebody behind the very address of the owner can make it wait fifteen minutes at a time, seen in the log.
An attempt is counted before the password is looked at and forgiven when it was right, so that a thousand attempts at
once have no more guesses than a thousand in a row.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from tongguan.trust.identity.context import Context, counted_address
from tongguan.trust.identity.names import folded
from tongguan.trust.identity.tables import failures, familiar_addresses

__all__ = ["Attempt", "Lockout"]

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 900.0
LONGEST_FACTOR_WAIT_S = 4 * 3600.0  # who gets this far knows the password; there are a million codes only
ADDRESS_TIMES = 4  # an address has so many times the free failures of a name: offices share one
FORGET_S = 86_400.0  # failures are forgotten after a day without one
KEYS_KEPT = 20_000  # a stranger must not fill the disk
FAMILIAR_DAYS, FAMILIAR_KEPT = 90, 20
COUNTING_LOCK = 7493989779944505346


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a password. `wait` above 0: it must not be looked at; `first`: nobody was told of this wait yet."""

    wait: float
    first: bool
    key: str  # of the name
    place: str | None  # key of the address
    at: float
    before: float | None  # when the address failed last


class Lockout:
    """Counts failures and says how long to wait."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def begin(self, name: str, user_id: str | None, address: str) -> Attempt:
        """Before a password is looked at: where there is nothing to wait for, the attempt is counted."""
        context = self._context
        place = counted_address(address)
        mark = context.digest("familiar", place)
        key = context.digest("name", folded(name))
        with context.database.write() as connection:
            context.lock(connection, COUNTING_LOCK)
            if user_id and self._is_familiar(connection, user_id, mark):
                key = context.digest("name at", folded(name), place)
            keys = {key: context.rules.lock_after}
            origin = context.digest("from", place) if place else None
            if origin:
                keys[origin] = context.rules.lock_after * ADDRESS_TIMES
            wait, first = self._wait(connection, keys, LONGEST_WAIT_S)
            before = connection.execute(sa.select(failures.c.last).where(failures.c.key == origin)).scalar()
            if wait <= 0:
                self._count(connection, list(keys))
        return Attempt(wait, first, key, origin, context.clock(), before)

    def begin_factor(self, user_id: str) -> float:
        """The same for codes of an account: seconds to wait, or 0 and the attempt is counted."""
        key = self._context.digest("factor", user_id)
        with self._context.database.write() as connection:
            self._context.lock(connection, COUNTING_LOCK)
            wait, _ = self._wait(connection, {key: self._context.rules.lock_after}, LONGEST_FACTOR_WAIT_S)
            if wait <= 0:
                self._count(connection, [key])
        return wait

    def forgive(self, attempt: Attempt) -> int:
        """The attempt was right: how many failures the name had before it.

        An address loses this one attempt only: else whoever has an account could guess at others' between two sign-ins.
        """
        count, last = failures.c["count"], failures.c.last
        with self._context.database.write() as connection:
            self._context.lock(connection, COUNTING_LOCK)
            had = connection.execute(sa.select(count).where(failures.c.key == attempt.key)).scalar() or 1
            connection.execute(failures.delete().where(failures.c.key == attempt.key))
            place = failures.update().where(failures.c.key == attempt.place, count > 0)
            connection.execute(place.values(count=count - 1))
            if attempt.before is not None:
                connection.execute(place.where(last == attempt.at).values(last=attempt.before))
        return int(had) - 1

    def forgive_factor(self, user_id: str) -> None:
        self._drop(self._context.digest("factor", user_id))

    def forgive_name(self, name: str) -> None:
        self._drop(self._context.digest("name", folded(name)))

    def familiarise(self, connection: sa.Connection, user_id: str, address: str) -> None:
        """The account was signed in to from this address."""
        place = counted_address(address)
        if not place:
            return
        mark, now = self._context.digest("familiar", place), self._context.clock()
        table = familiar_addresses.c
        connection.execute(
            familiar_addresses.delete().where(
                table.user_id == user_id, sa.or_(table.address == mark, table.last < now - FAMILIAR_DAYS * FORGET_S)
            )
        )
        connection.execute(familiar_addresses.insert().values(user_id=user_id, address=mark, last=now))
        kept = (
            sa.select(table.address)
            .where(table.user_id == user_id)
            .order_by(table.last.desc())
            .limit(FAMILIAR_KEPT)
            .scalar_subquery()
        )
        connection.execute(familiar_addresses.delete().where(table.user_id == user_id, table.address.not_in(kept)))

    # ---- within

    def _is_familiar(self, connection: sa.Connection, user_id: str, mark: str) -> bool:
        since = self._context.clock() - FAMILIAR_DAYS * FORGET_S
        table = familiar_addresses.c
        found = connection.execute(
            sa.select(table.last).where(table.user_id == user_id, table.address == mark, table.last >= since)
        )
        return found.scalar() is not None

    def _wait(self, connection: sa.Connection, keys: dict[str, int], longest: float) -> tuple[float, bool]:
        now, wait, first = self._context.clock(), 0.0, False
        rows = connection.execute(sa.select(failures).where(failures.c.key.in_(sorted(keys))))
        for row in rows.all():
            over = row._mapping["count"] - keys[row.key]
            if over < 0 or now - row.last > FORGET_S:
                continue
            waits = min(FIRST_WAIT_S * 2.0 ** min(over, 60), longest)
            left = min(row.last + waits - now, waits)  # a clock set back does not make it longer
            if left > 0:
                wait, first = max(wait, left), first or not row.refused
                connection.execute(
                    failures.update().where(failures.c.key == row.key).values(refused=failures.c.refused + 1)
                )
        return wait, first

    def _count(self, connection: sa.Connection, keys: list[str]) -> None:
        now = self._context.clock()
        connection.execute(failures.delete().where(failures.c.last < now - FORGET_S))
        for key in sorted(keys):
            _insert_or_add(connection, key, now)
        rows = connection.execute(sa.select(sa.func.count()).select_from(failures)).scalar_one()
        if rows > KEYS_KEPT:  # those with most failures stay
            kept = (
                sa.select(failures.c.key).order_by(failures.c["count"].desc(), failures.c.last.desc()).limit(KEYS_KEPT)
            )
            connection.execute(failures.delete().where(failures.c.key.not_in(kept.scalar_subquery())))

    def _drop(self, key: str) -> None:
        with self._context.database.write() as connection:
            self._context.lock(connection, COUNTING_LOCK)
            connection.execute(failures.delete().where(failures.c.key == key))


def _insert_or_add(connection: sa.Connection, key: str, now: float) -> None:
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    added = insert(failures).values(key=key, count=1, last=now, refused=0)
    connection.execute(
        added.on_conflict_do_update(
            index_elements=["key"], set_={"count": failures.c["count"] + 1, "last": now, "refused": 0}
        )
    )
