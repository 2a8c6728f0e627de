"""The evidence store's tables, and manifests as others see them.

A row that counts carries a MAC under its entity's key, so that whoever can write the database but does not hold the
keys cannot give a manifest another blob, shorten its retention or lift its hold unseen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import sqlalchemy as sa

from tongguan.trust.database import METADATA

__all__ = [
    "BLOBS",
    "EVENTS",
    "KEYS",
    "KINDS",
    "MANIFESTS",
    "ORIGINS",
    "PROBLEMS",
    "SWEEPS",
    "TABLES",
    "TURN",
    "Event",
    "Kind",
    "Manifest",
    "State",
    "blob_fields",
    "manifest_fields",
]

Kind = Literal["packet_slice", "message", "file", "rows", "report", "other"]
State = Literal["kept", "expired", "altered", "locked"]
KINDS: tuple[Kind, ...] = get_args(Kind)

# One secret for each entity, wrapped by its key: keys of the digests, of the rows' MACs and of the names stem from it.
KEYS = sa.Table(
    "evidence_keys",
    METADATA,
    sa.Column("entity", sa.String(200), primary_key=True),  # "" for none
    sa.Column("hash", sa.String(20), nullable=False),  # of the MACs and of HKDF
    sa.Column("cipher", sa.String(20), nullable=False),  # of the names
    sa.Column("key", sa.String(80), nullable=False),
    sa.Column("key_version", sa.Integer, nullable=False),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
)

# `pending` stands before a file is written and `removing` before it is deleted: no file lies there without a row.
BLOBS = sa.Table(
    "evidence_blobs",
    METADATA,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("state", sa.String(10), nullable=False),  # pending, kept, removing
    sa.Column("entity", sa.String(200), nullable=False),
    sa.Column("digest", sa.String(80), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("stored", sa.BigInteger, nullable=False),
    sa.Column("cipher", sa.String(20), nullable=False),
    sa.Column("head", sa.LargeBinary, nullable=False),  # the sealed stream's first bytes: they tell swapped files
    sa.Column("since", sa.Double, nullable=False),
    sa.Column("key", sa.String(80), nullable=False),
    sa.Column("key_version", sa.Integer, nullable=False),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
    sa.Column("proof", sa.LargeBinary, nullable=False),
    sa.Index(
        "evidence_blobs_content",
        "entity",
        "digest",
        unique=True,
        sqlite_where=sa.text("state = 'kept'"),
        postgresql_where=sa.text("state = 'kept'"),
    ),
    sa.Index("evidence_blobs_state", "state", "since"),
    sa.Index("evidence_blobs_key", "key", "key_version"),
    sa.Index("evidence_blobs_head", "head"),
)

MANIFESTS = sa.Table(
    "evidence_manifests",
    METADATA,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("state", sa.String(10), nullable=False),  # kept, expired
    sa.Column("blob", sa.String(40), nullable=False),
    sa.Column("entity", sa.String(200), nullable=False),
    sa.Column("digest", sa.String(80), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("media_type", sa.String(200), nullable=False),
    sa.Column("name", sa.LargeBinary),  # sealed; None once expired
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("masked", sa.Text),
    sa.Column("added", sa.Double, nullable=False),
    sa.Column("added_by", sa.String(200), nullable=False),
    sa.Column("until", sa.Double, nullable=False),
    sa.Column("holds", sa.Integer, nullable=False),
    sa.Column("expired", sa.Double),
    sa.Column("expired_by", sa.String(200)),
    sa.Column("proof", sa.LargeBinary, nullable=False),
    sa.Index("evidence_manifests_blob", "blob"),
    sa.Index("evidence_manifests_until", "state", "until"),
    sa.Index("evidence_manifests_entity", "entity", "added"),
)

ORIGINS = sa.Table(
    "evidence_origins",
    METADATA,
    sa.Column("manifest", sa.String(40), primary_key=True),
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("value", sa.String(400), nullable=False),
    sa.Index("evidence_origins_value", "name", "value"),
)

EVENTS = sa.Table(
    "evidence_events",
    METADATA,
    sa.Column("n", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("manifest", sa.String(40), nullable=False),
    sa.Column("act", sa.String(20), nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("by", sa.String(200), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("salt", sa.LargeBinary, nullable=False),  # of the hash that stands for the reason in the audit log
    sa.Index("evidence_events_manifest", "manifest", "n"),
)

SWEEPS = sa.Table(
    "evidence_sweeps",
    METADATA,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("started", sa.Double, nullable=False),
    sa.Column("by", sa.String(200), nullable=False),
    sa.Column("finished", sa.Double),
    sa.Column("phase", sa.String(20), nullable=False),
    sa.Column("cursor", sa.String(200), nullable=False),
    sa.Column("manifests", sa.BigInteger, nullable=False),
    sa.Column("blobs", sa.BigInteger, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
)

PROBLEMS = sa.Table(
    "evidence_problems",
    METADATA,
    sa.Column("sweep", sa.String(40), primary_key=True),
    sa.Column("subject", sa.String(200), primary_key=True),
    sa.Column("problem", sa.String(40), primary_key=True),
    sa.Column("detail", sa.String(200), nullable=False),
)

# One row at most: the sweep that is running now, and its last sign of life.
TURN = sa.Table(
    "evidence_sweeping",
    METADATA,
    sa.Column("one", sa.Integer, primary_key=True),
    sa.Column("worker", sa.String(40), nullable=False),
    sa.Column("by", sa.String(200), nullable=False),
    sa.Column("since", sa.Double, nullable=False),
    sa.Column("seen", sa.Double, nullable=False),
)

TABLES = [KEYS, BLOBS, MANIFESTS, ORIGINS, EVENTS, SWEEPS, PROBLEMS, TURN]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is known of one piece of evidence without opening it. Times are seconds since the epoch.

    digest: "<hash>:<hex>", keyed for the entity: equal within one entity where the contents are equal, and of no use to
    whoever lacks the key. `size` is the content's, `stored` that of the sealed blob, in bytes. `name` as it was given
    may hold personal data; it is "" once expired. held: by so many reasons for a legal hold.

    A list also names those that are not to be trusted or not to be read: "altered", whose row is not as it was written,
    and "locked", whose entity's key is suspended or destroyed. Of these there are id, entity and the time added alone.
    """

    id: str
    state: State
    blob: str
    entity: str | None
    digest: str
    size: int
    stored: int
    kind: Kind
    media_type: str
    name: str
    origin: Mapping[str, str | int]
    has_masked: bool
    added: float
    added_by: str
    until: float
    held: int
    expired: float | None
    expired_by: str | None
    key: str
    key_version: int


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a piece of evidence, and the reason that was given."""

    act: str
    at: float
    by: str
    reason: str = field(repr=False)


def manifest_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a manifest's MAC is over: all but its name, which is sealed with the manifest's id as its context."""
    names = (
        "id state blob entity digest size kind media_type origin masked added added_by until holds expired expired_by"
    )
    return {name: row[name] for name in names.split()}


def blob_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a blob's MAC is over: all but its state and its wrapped key, whose context is the blob's id."""
    return {name: row[name] for name in ("id", "entity", "digest", "size", "stored", "cipher")}
