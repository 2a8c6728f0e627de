"""The catalogue of keys: reading rows that are proven, opening versions, and the checks that every call passes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from tongguan.errors import BadInput, Broken, Denied, NotFound
from tongguan.trust.access import UNNAMED, Policy, Principal, check
from tongguan.trust.approvals import Approvals
from tongguan.trust.ciphers import SUITES, DecryptingKey, SigningKey, Suite
from tongguan.trust.database import METADATA, Database
from tongguan.trust.keys.forms import bound, raw_id
from tongguan.trust.keys.journal import Journal, Record
from tongguan.trust.keys.master import Master
from tongguan.trust.keys.material import load_secret
from tongguan.trust.keys.opened import Opened
from tongguan.trust.keys.records import KEYS, MASTERS, OUTBOX, SPLITS, VERSIONS, Key, checked, key_of, sealed_row
from tongguan.trust.keys.root import Root

__all__ = ["Catalogue", "place"]

ROWS_KEPT = 10_000


class Catalogue:
    """What the parts of the key service share. See `KeyService`."""

    def __init__(
        self,
        database: Database,
        master: Master,
        record: Record,
        policy: Policy,
        approvals: Approvals,
        suite: Suite = SUITES["international"],
        *,
        cache_s: float = 300.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._record = record
        self._policy = policy
        self._approvals = approvals
        self._suite = suite
        self._clock = clock
        self._opened = Opened(cache_s)
        self._rows: dict[str, tuple[tuple[Any, ...], Key]] = {}
        self._journal = Journal(database, record)
        self._root = Root(database, master, self._journal, self._opened, clock)
        with database.write() as connection:  # the database may have been made before this part was loaded
            METADATA.create_all(connection, tables=[KEYS, VERSIONS, MASTERS, SPLITS, OUTBOX])
        self._journal.deliver()

    def close(self) -> None:
        """Forget all opened keys and let go of the master."""
        self._opened.clear()
        self._rows.clear()
        self._root.master.close()

    # ---- permission

    def _allow(self, by: Principal, operation: str, resource: str, entity: str | None = "") -> None:
        """`entity`: of the key; "" where it is about none in particular. A key of no entity serves all of them: it is
        seen by whoever sees any, and used and changed by none but those who hold the role for all."""
        unnamed = None if operation == "keys.read" else UNNAMED
        try:
            check(self._policy, by, operation, entity=None if entity == "" else unnamed if entity is None else entity)
        except Denied:
            self._denied(by, operation, resource, entity)
            raise

    def _denied(self, by: Principal, operation: str, resource: str, entity: str | None, **more: str) -> None:
        self._record(
            "denied", by.name, {"operation": operation, "resource": resource[:80], "entity": entity or None, **more}
        )

    # ---- rows

    def _key(self, id: str) -> Key:
        """The key as it stands now. Raises NotFound where there is none, Broken where its row was altered."""
        raw_id(id)
        row_key = self._root.row_key()
        with self._database.read() as connection:
            row = self._row(connection, id)
            seen = self._rows.get(id)
            if seen and seen[0] == tuple(row):
                return seen[1]
        if seen and seen[1].revision > row.revision:  # another thread may have read a newer one meanwhile
            with self._database.read() as connection:
                row = self._row(connection, id)
            if seen[1].revision > row.revision:
                raise Broken(f"the record of {id} was set back to an earlier state; restore the newer database")
        with self._database.read() as connection:
            key = self._proven(connection, row, row_key)
        if key.state in ("suspended", "destroyed"):
            self._forget(id)
        if len(self._rows) >= ROWS_KEPT:
            self._rows.clear()
        self._rows[id] = (tuple(row), key)
        return key

    def _row(self, connection: sa.Connection, id: str, *, lock: bool = False) -> Any:
        query = sa.select(KEYS).where(KEYS.c.id == id)
        row = connection.execute(query.with_for_update() if lock else query).first()
        if row is None:
            raise NotFound(f"there is no key {id}")
        return row

    def _proven(self, connection: sa.Connection, row: Any, row_key: bytes) -> Key:
        values = checked(KEYS, row, row_key)
        public = None
        if values["purpose"] in ("sign", "decrypt"):
            public = self._version(connection, row.id, row.version, row_key)["public"]
        return key_of(values, public)

    def _version(self, connection: sa.Connection, id: str, version: int, row_key: bytes) -> dict[str, Any]:
        query = sa.select(VERSIONS).where(VERSIONS.c.key_id == id, VERSIONS.c.version == version)
        row = connection.execute(query).first()
        if row is None:
            raise Broken(f"version {version} of the key {id} is missing; restore the database from its backup")
        return checked(VERSIONS, row, row_key)

    def _forget(self, id: str) -> None:
        self._opened.drop(lambda name: isinstance(name, tuple) and name[0] == id)

    # ---- versions

    def _secret(self, key: Key, version: int) -> bytes | SigningKey | DecryptingKey:
        """A version's secret, from memory or from the master."""
        found = self._opened.get((key.id, version))
        if found is None:
            row_key = self._root.row_key()
            with self._database.read() as connection:
                values = self._version(connection, key.id, version, row_key)
            if values["wrapped"] is None:
                raise BadInput(f"the key {key.id} holds no secret: it is another party's, or it was destroyed")
            raw = self._root.master.unwrap(values["master"], values["wrapped"], _place(key, version))
            found = load_secret(key.purpose, key.algorithm, raw)
            self._opened.put((key.id, version), found)
        secret: bytes | SigningKey | DecryptingKey = found
        return secret

    def _add_version(self, connection: sa.Connection, key: Key, secret: bytes | None, public: bytes | None) -> None:
        """Insert version `key.version`."""
        generation = None if secret is None else self._root.used(connection)
        wrapped = None
        if secret is not None and generation is not None:
            wrapped = self._root.master.wrap(generation, secret, _place(key, key.version))
        values = {
            "key_id": key.id,
            "version": key.version,
            "master": generation,
            "wrapped": wrapped,
            "public": public,
            "created": key.changed,
        }
        connection.execute(VERSIONS.insert().values(**self._sealed(VERSIONS, values)))

    def _sealed(self, table: sa.Table, values: dict[str, Any]) -> dict[str, Any]:
        return sealed_row(table, values, self._root.row_key(), self._suite.hash)


def place(id: str, version: int, purpose: str, algorithm: str, entity: str | None) -> bytes:
    """What a wrapped version is bound to: it opens nowhere else."""
    return bound("tongguan key", id, str(version), purpose, algorithm, entity)


def _place(key: Key, version: int) -> bytes:
    return place(key.id, version, key.purpose, key.algorithm, key.entity)
