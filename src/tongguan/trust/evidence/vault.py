"""What the evidence store does with keys: one key of the key service for each entity, and envelopes under it.

    key "evidence" of the entity (purpose wrap, in the key service)
    ├── the entity's secret, wrapped ─► HKDF ─► keys of digests, of the rows' MACs, of the names
    └── one data key for each blob, wrapped

Rotating the key wraps these anew (`Evidence.rewrap`) and touches no blob; destroying it shreds all of the entity's
evidence. Nothing here is called within a transaction: the key service writes the same database.
"""

from __future__ import annotations

import hmac
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tongguan.errors import Broken
from tongguan.trust.access import Grant, Policy, Principal
from tongguan.trust.ciphers import AeadName, HashName, Suite, Tampered, derive, generate_key, mac, seal, unseal
from tongguan.trust.database import Database
from tongguan.trust.evidence.records import KEYS

__all__ = ["NONE", "BlobKey", "KeyService", "Secret", "Vault"]

KEY_NAME = "evidence"
NAME = "system:evidence"  # no account can have a colon in its name
NONE = ""  # the entity of evidence that belongs to none
FRESH_S = 60.0  # how long an entity's secret stays in memory: a key that is suspended stops working within this time


class KeyService(Protocol):
    """What is used of the key service."""

    def ensure(self, *, name: str, purpose: Any, owner: str, entity: str | None, by: Principal) -> Any: ...
    def get(self, id: str, by: Principal) -> Any: ...
    def set_policy(self, id: str, policy: Any, by: Principal) -> Any: ...
    def data_key(self, id: str, context: bytes, by: Principal) -> tuple[bytes, bytes]: ...
    def data_keys(self, id: str, contexts: Sequence[bytes], by: Principal) -> list[tuple[bytes, bytes]]: ...
    def open_data_key(self, id: str, wrapped: bytes, context: bytes, by: Principal) -> bytes: ...
    def rewrap(self, id: str, wrapped: bytes, context: bytes, by: Principal) -> bytes: ...


@dataclass(frozen=True, slots=True)
class BlobKey:
    """A blob's data key: in the clear, and wrapped under a version of its entity's key."""

    plain: bytes = field(repr=False)
    cipher: AeadName
    key: str
    version: int
    wrapped: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Secret:
    """What stems from one entity's secret. It calls nobody: it may be used within a transaction."""

    entity: str
    key: str
    hash: HashName
    cipher: AeadName
    digests: bytes = field(repr=False)
    rows: bytes = field(repr=False)
    names: bytes = field(repr=False)
    read: float

    def proof(self, kind: str, fields: Mapping[str, Any]) -> bytes:
        """The MAC of a row's fields."""
        text = json.dumps([kind, dict(fields)], sort_keys=True, separators=(",", ":"))
        return mac(self.hash, self.rows, text.encode())

    def genuine(self, kind: str, fields: Mapping[str, Any], proof: bytes) -> bool:
        return hmac.compare_digest(self.proof(kind, fields), proof)

    def seal_name(self, manifest: str, name: str) -> bytes:
        return seal(self.cipher, self.names, name.encode(), manifest.encode())

    def name(self, manifest: str, sealed: bytes | None) -> str:
        """Raises Broken on one that was changed or is another manifest's."""
        if sealed is None:
            return ""
        try:
            return unseal(self.names, sealed, manifest.encode()).decode()
        except Tampered:
            raise Broken(f"the sealed name of evidence {manifest} was changed; restore the database's backup") from None


class Vault:
    """Keys and sealing for the evidence store. Threads may share it.

    Key uses are logged by the key service under the name `system:evidence`; who asked is in our own entries.
    """

    def __init__(
        self, database: Database, keys: KeyService, policy: Policy, suite: Suite, clock: Callable[[], float] = time.time
    ) -> None:
        self.suite = suite
        self._database = database
        self._keys = keys
        self._clock = clock
        self._secrets: dict[str, Secret] = {}
        self._lock = threading.Lock()
        needed = ("keys.create", "keys.read", "keys.use", "keys.manage")
        roles = sorted({policy.holders(operation)[0].id for operation in needed if policy.holders(operation)})
        self._by = Principal(NAME, "system", tuple(Grant(role) for role in roles), id=NAME)

    def secret(self, entity: str, *, new: bool = False) -> Secret:
        """The entity's. `new`: made where it is not there, for its first evidence. Raises Broken."""
        with self._lock:
            found = self._secrets.get(entity)
            if found is None or not 0 <= self._clock() - found.read < FRESH_S:
                found = self._read(entity)
                if found is None and new:
                    found = self._make(entity)
                if found is None:
                    raise Broken("a record of evidence names an entity that has none: the database was changed")
                self._secrets[entity] = found
            return found

    # ---- blobs

    def new_blob_keys(self, entity: str, blobs: Sequence[str]) -> list[BlobKey]:
        """One for each of the entity's blobs, under one use of its key."""
        key, cipher = self.secret(entity).key, self.suite.aead
        made = self._keys.data_keys(key, [_blob(entity, blob) for blob in blobs], self._by)
        version = self._version(key)
        return [BlobKey(_sized(plain, cipher), cipher, key, version, wrapped) for plain, wrapped in made]

    def blob_key(self, row: Mapping[str, Any]) -> bytes:
        """The data key of a blob's row. Raises Tampered where another blob's was put there, BadInput, Denied."""
        context = _blob(row["entity"], row["id"])
        return _sized(self._keys.open_data_key(row["key"], row["wrapped"], context, self._by), row["cipher"])

    def context(self, entity: str, blob: str) -> bytes:
        """What a sealed blob is bound to."""
        return b"tongguan evidence\0" + json.dumps([entity, blob]).encode()

    # ---- rotation

    def current(self) -> dict[str, tuple[str, int]]:
        """entity → its key and the version that this has now."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(KEYS.c.entity, KEYS.c.key)).fetchall()
        return {entity: (key, self._version(key)) for entity, key in rows}

    def rewrapped(self, row: Mapping[str, Any]) -> bytes:
        """A blob's wrapped data key, wrapped anew under its key's current version."""
        return self._keys.rewrap(row["key"], row["wrapped"], _blob(row["entity"], row["id"]), self._by)

    def rewrap_secret(self, entity: str) -> bool:
        """Wrap the entity's secret anew; whether there was need to."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(KEYS).where(KEYS.c.entity == entity)).one()
        version = self._version(row.key)
        if row.key_version >= version:
            return False
        wrapped = self._keys.rewrap(row.key, row.wrapped, _bound(entity), self._by)
        with self._database.write() as connection:
            changed = KEYS.update().where(KEYS.c.entity == entity, KEYS.c.key_version == row.key_version)
            connection.execute(changed.values(key_version=version, wrapped=wrapped))
        return True

    # ---- within

    def _read(self, entity: str) -> Secret | None:
        with self._database.read() as connection:
            row = connection.execute(sa.select(KEYS).where(KEYS.c.entity == entity)).first()
        if row is None:
            return None
        plain = self._keys.open_data_key(row.key, row.wrapped, _bound(entity), self._by)
        digests, rows = (derive(row.hash, plain, info=b"tongguan evidence " + what) for what in (b"digests", b"rows"))
        return Secret(entity, row.key, row.hash, row.cipher, digests, rows, _sized(plain, row.cipher), self._clock())

    def _make(self, entity: str) -> Secret:
        """The entity's first evidence: of two processes that come at once, one makes the key and one the secret."""
        key = self._key(entity)
        _, wrapped = self._keys.data_key(key, _bound(entity), self._by)
        row = {
            "entity": entity,
            "hash": self.suite.hash,
            "cipher": self.suite.aead,
            "key": key,
            "key_version": self._version(key),
            "wrapped": wrapped,
        }
        try:
            with self._database.write() as connection:
                connection.execute(KEYS.insert().values(**row))
        except IntegrityError:
            pass
        found = self._read(entity)
        assert found is not None
        return found

    def _key(self, entity: str) -> str:
        key = self._keys.ensure(name=KEY_NAME, purpose="wrap", owner="evidence", entity=entity or None, by=self._by)
        # On top of the roles: whoever may use keys, and has a copy of the database, still opens no evidence unlogged.
        self._keys.set_policy(key.id, {"allow": [{"principals": [NAME]}]}, self._by)
        return str(key.id)

    def _version(self, key: str) -> int:
        return int(self._keys.get(key, self._by).version)


def _blob(entity: str, blob: str) -> bytes:
    """What a blob's data key is bound to."""
    return b"evidence blob\0" + json.dumps([entity, blob]).encode()


def _bound(entity: str) -> bytes:
    return b"evidence entity\0" + entity.encode()


def _sized(plain: bytes, cipher: AeadName) -> bytes:
    """A key of the cipher's length from a data key, whatever the length of that."""
    length = len(generate_key(cipher))
    return derive("sha256", plain, info=f"tongguan evidence {cipher}".encode(), length=length)
