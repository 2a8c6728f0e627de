"""Which master key the keys are wrapped under, and the key of all rows' MACs, which only that master opens."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from tongguan.errors import BadInput
from tongguan.trust.database import Database
from tongguan.trust.keys.journal import Journal
from tongguan.trust.keys.master import Master
from tongguan.trust.keys.opened import Opened
from tongguan.trust.keys.records import MASTERS

__all__ = ["Root"]

_CONTEXT = b"tongguan key of rows"
_NAME = "key of rows"
_PG_LOCK = 7493989779944505345


class Root:
    """The store's link to its master."""

    def __init__(
        self,
        database: Database,
        master: Master,
        journal: Journal,
        opened: Opened,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.master = master
        self._database = database
        self._journal = journal
        self._opened = opened
        self._clock = clock

    def row_key(self) -> bytes:
        """32 bytes. An empty store gets its master here. Not to be called for the first time within a transaction."""
        found = self._opened.get(_NAME)
        if found is None:
            with self._database.read() as connection:
                row = self.current(connection)
            found = self._open(row) if row is not None else self._begin()
            self._opened.put(_NAME, found)
        key: bytes = found
        return key

    def current(self, connection: sa.Connection) -> Any | None:
        """The row of the master in use."""
        return connection.execute(sa.select(MASTERS).where(MASTERS.c.current.is_(True))).first()

    def used(self, connection: sa.Connection) -> str:
        """The generation to wrap under, held fast until the transaction ends."""
        self._hold(connection, "_shared")
        row = self.current(connection)
        assert row is not None  # row_key() was called
        self._held(row)
        return str(row.id)

    def move(self, connection: sa.Connection, target: Master, generation: str, row_key: bytes, actor: str) -> str:
        """Make another master key the current one, within the transaction that wraps all keys anew. The former's id."""
        self.alone(connection)
        former = self.current(connection)
        assert former is not None
        connection.execute(MASTERS.update().where(MASTERS.c.id == former.id).values(current=False, row_key=None))
        self._insert(connection, target, generation, row_key)
        body = {"master": generation, "kind": target.kind, "former": former.id, "step": "rotated"}
        self._journal.note(connection, "key.master", actor, body)
        return str(former.id)

    def begin(self, connection: sa.Connection, generation: str, actor: str) -> bytes:
        """Give an empty store this master key; the new key of its rows."""
        row_key = secrets.token_bytes(32)
        self._insert(connection, self.master, generation, row_key)
        body = {"master": generation, "kind": self.master.kind, "step": "begun"}
        self._journal.note(connection, "key.master", actor, body)
        return row_key

    def alone(self, connection: sa.Connection) -> None:
        """Until the transaction ends nobody else begins, changes the master or wraps under it."""
        self._hold(connection, "")

    def _hold(self, connection: sa.Connection, how: str) -> None:
        """A lock beside the rows, for after a rotation another row is the current one. SQLite's writers are alone."""
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text(f"select pg_advisory_xact_lock{how}({_PG_LOCK})"))

    def _begin(self) -> bytes:
        with self._database.write() as connection:
            self.alone(connection)
            row = self.current(connection)
            if row is not None:  # another process was first
                return self._open(row)
            held = self.master.generations()
            row_key = self.begin(connection, held[-1] if held else self.master.generate(), "system")
        self._journal.deliver()
        return row_key

    def _insert(self, connection: sa.Connection, master: Master, generation: str, row_key: bytes) -> None:
        values = {
            "kind": master.kind,
            "name": master.name,
            "current": True,
            "made": int(self._clock()),
            "row_key": master.wrap(generation, row_key, _CONTEXT),
        }
        if connection.execute(MASTERS.update().where(MASTERS.c.id == generation).values(**values)).rowcount == 0:
            connection.execute(MASTERS.insert().values(id=generation, **values))

    def _open(self, row: Any) -> bytes:
        self._held(row)
        return self.master.unwrap(row.id, row.row_key or b"", _CONTEXT)

    def _held(self, row: Any) -> None:
        """Raises BadInput where our master is not the store's."""
        if row.kind != self.master.kind or not self._holds(row.id):
            raise BadInput(
                f"the keys are wrapped under the master key {row.id} ({row.kind}, {row.name}), which "
                f"{self.master.name} does not hold: name the right master in the settings, put its backup in its "
                "place, or restore it from its shares; if it was rotated just now, start again"
            )

    def _holds(self, generation: str) -> bool:
        return self._opened.get(("held", generation)) is not None or self._asked(generation)

    def _asked(self, generation: str) -> bool:
        found = generation in self.master.generations()
        if found:
            self._opened.put(("held", generation), True)
        return found
