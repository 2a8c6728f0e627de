"""Keys as rows. Each row carries a MAC under a key that only the master opens: an edited row is refused.

Times are whole seconds since the epoch. `revision` counts the changes of a key; every log entry of a change names it.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from tongguan.errors import Broken
from tongguan.trust.ciphers import HashName, digest, mac
from tongguan.trust.database import METADATA
from tongguan.trust.keys.policy import KeyPolicy
from tongguan.trust.keys.states import Purpose, State

__all__ = [
    "KEYS",
    "MASTERS",
    "OUTBOX",
    "SPLITS",
    "VERSIONS",
    "Key",
    "Version",
    "checked",
    "fingerprint",
    "key_of",
    "sealed_row",
    "slot",
    "version_of",
]

KEYS = sa.Table(
    "keys",
    METADATA,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("slot", sa.String(64), unique=True),  # one live key of a name in an entity; null once destroyed
    sa.Column("purpose", sa.String(20), nullable=False),
    sa.Column("algorithm", sa.String(40), nullable=False),
    sa.Column("owner", sa.String(200), nullable=False),
    sa.Column("entity", sa.String(200)),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("foreign", sa.Boolean, nullable=False),
    sa.Column("not_before", sa.BigInteger),
    sa.Column("not_after", sa.BigInteger),
    sa.Column("policy", sa.Text, nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("changed", sa.BigInteger, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("mac", sa.String(80), nullable=False),
    sa.Index("keys_entity", "entity", "state"),
)
VERSIONS = sa.Table(
    "key_versions",
    METADATA,
    sa.Column("key_id", sa.String(40), sa.ForeignKey("keys.id"), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("master", sa.String(40)),  # generation that it is wrapped under
    sa.Column("wrapped", sa.LargeBinary),  # null for another party's key, and once destroyed
    sa.Column("public", sa.LargeBinary),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("mac", sa.String(80), nullable=False),
    sa.Index("key_versions_master", "master"),
)
MASTERS = sa.Table(
    "key_masters",
    METADATA,
    sa.Column("id", sa.String(40), primary_key=True),  # generation
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("current", sa.Boolean, nullable=False),
    sa.Column("made", sa.BigInteger, nullable=False),
    sa.Column("row_key", sa.LargeBinary),  # the key of all MACs, wrapped under this generation while it is current
)
SPLITS = sa.Table(
    "key_splits",
    METADATA,
    sa.Column("set_id", sa.String(20), primary_key=True),
    sa.Column("master", sa.String(40), nullable=False),
    sa.Column("threshold", sa.Integer, nullable=False),
    sa.Column("holders", sa.Text, nullable=False),  # JSON list: who was given share 1, 2, …
    sa.Column("made", sa.BigInteger, nullable=False),
    sa.Column("mac", sa.String(80), nullable=False),
)
OUTBOX = sa.Table(
    "key_outbox",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("actor", sa.String(200), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the catalogue. It holds nothing secret.

    `state` is what was set; what counts today, `not_before` and `not_after` decide too (`states.effective`).
    `public`: of the newest version, as `VerifyingKey.load` and `EncryptingKey.load` take it; None for a secret key.
    `foreign`: another party's, of which only the public half is known.
    """

    id: str
    name: str
    purpose: Purpose
    algorithm: str
    owner: str
    entity: str | None
    state: State
    version: int
    foreign: bool
    not_before: int | None
    not_after: int | None
    policy: KeyPolicy
    created: int
    changed: int
    revision: int
    public: bytes | None = None

    @property
    def fingerprint(self) -> str | None:
        """SHA-256 of the public key's bytes, as people compare it."""
        return None if self.public is None else fingerprint(self.public)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a key, as stored."""

    key_id: str
    version: int
    master: str | None
    wrapped: bytes | None
    public: bytes | None
    created: int


def fingerprint(public: bytes) -> str:
    """SHA-256 in groups of four hexadecimal digits."""
    found = digest("sha256", public).hex()
    return " ".join(found[n : n + 4] for n in range(0, len(found), 4))


def slot(entity: str | None, name: str) -> str:
    """What only one live key has."""
    return digest("sha256", json.dumps([entity, name]).encode()).hex()


def sealed_row(table: sa.Table, values: Mapping[str, Any], row_key: bytes, hash: HashName) -> dict[str, Any]:
    """The values with their MAC."""
    return {**values, "mac": _mac(table, values, row_key, hash)}


def checked(table: sa.Table, row: Any, row_key: bytes) -> dict[str, Any]:
    """The values of a row whose MAC is right. Raises Broken."""
    values = dict(row._mapping)
    given = values.pop("mac")
    hash, _, _ = given.partition(":")
    if hash not in ("sha256", "sm3") or not hmac.compare_digest(_mac(table, values, row_key, hash), given):
        where = values.get("id") or values.get("key_id") or values.get("set_id")
        raise Broken(
            f"the record of {str(where)[:40]} in {table.name} was altered outside of Tongguan; it is not used. Restore "
            "the database from its backup"
        )
    return values


def key_of(values: Mapping[str, Any], public: bytes | None) -> Key:
    fields = {name: value for name, value in values.items() if name != "slot"}
    return Key(**fields | {"policy": KeyPolicy.read(json.loads(fields["policy"])), "public": public})


def version_of(values: Mapping[str, Any]) -> Version:
    return Version(**values)


def _mac(table: sa.Table, values: Mapping[str, Any], row_key: bytes, hash: HashName | str) -> str:
    plain = {name: value.hex() if isinstance(value, bytes) else value for name, value in values.items()}
    text = json.dumps([table.name, plain], sort_keys=True, separators=(",", ":"))
    return f"{hash}:{mac(hash, row_key, text.encode()).hex()}"  # type: ignore[arg-type]
