"""Log entries of changes: written with the change in one transaction, and delivered to the audit log after it.

A process that dies between the two leaves the entry in the outbox, and the next one delivers it. Dying right after the
delivery repeats an entry; its `change` tells. So no change is without its entry, and no entry is of a change that was
rolled back.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from tongguan.trust.audit import Record
from tongguan.trust.database import Database
from tongguan.trust.keys.records import OUTBOX

__all__ = ["Journal", "Record"]

AT_ONCE = 500


class Journal:
    """The outbox of one database."""

    def __init__(self, database: Database, record: Record) -> None:
        self._database = database
        self._record = record

    def note(self, connection: sa.Connection, kind: str, actor: str, body: Mapping[str, Any]) -> None:
        """Part of the caller's transaction."""
        text = json.dumps({**body, "change": secrets.token_hex(8)})
        connection.execute(OUTBOX.insert().values(kind=kind, actor=actor, body=text))

    def deliver(self) -> None:
        """Hand over what waits, oldest first. Raises what the audit log raises; then it waits on."""
        with self._database.read() as connection:
            waiting = connection.execute(sa.select(OUTBOX.c.number).limit(1)).first()
        if waiting is None:
            return
        with self._database.write() as connection:
            query = sa.select(OUTBOX).order_by(OUTBOX.c.number).limit(AT_ONCE).with_for_update()
            rows = connection.execute(query).fetchall()
            for row in rows:
                self._record(row.kind, row.actor, json.loads(row.body))
            connection.execute(OUTBOX.delete().where(OUTBOX.c.number.in_([row.number for row in rows])))
