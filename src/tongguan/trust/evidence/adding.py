"""Adding evidence: sealed and digested in one pass, stored once for each entity, and there only when all of it is.

    a row `pending` → the blob in the store → in one transaction: the row `kept`, the manifest, the audit entry

Whatever step a crash comes in, what is left behind stands in a row that says so, and the integrity sweep clears it up.
"""

from __future__ import annotations

import io
import json
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import BinaryIO

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tongguan.errors import BadInput, TongguanError, Unavailable
from tongguan.trust.access import Principal
from tongguan.trust.ciphers import seal_stream
from tongguan.trust.evidence.digest import Digesting, keyed
from tongguan.trust.evidence.parts import DAY_S, Parts, Row, blob_name, storable
from tongguan.trust.evidence.records import (
    BLOBS,
    KINDS,
    MANIFESTS,
    ORIGINS,
    Kind,
    Manifest,
    blob_fields,
    manifest_fields,
)
from tongguan.trust.evidence.stores import Draft
from tongguan.trust.evidence.vault import NONE, BlobKey, Secret

__all__ = ["Piece", "Sealed", "add", "bind", "checked", "discard", "origins", "publish", "sealed", "settle", "told"]

NAME, MASKED = 1000, 65_536  # characters
ORIGIN_NAMES, ORIGIN_NAME, ORIGIN_VALUE = 16, 40, 400
LONGEST_S = 100 * 366 * DAY_S
ATTEMPTS = 5
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9][\w.+-]{0,80}/[\w.+-]{1,100}(?:; ?[\w.+-]{1,40}=[\w.+\"-]{1,60}){0,3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Piece:
    """What is to be kept; see `Evidence.add`."""

    source: BinaryIO | bytes = field(repr=False)
    kind: Kind
    name: str = field(repr=False)
    media_type: str
    entity: str | None
    origin: Mapping[str, str | int] = field(default_factory=dict)
    masked: str | None = field(default=None, repr=False)
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Sealed:
    """A piece that lies sealed in a draft: the rows that are to stand for it, neither of them written yet."""

    row: Row
    blob: Row
    draft: Draft
    secret: Secret


def add(parts: Parts, piece: Piece, by: Principal) -> Manifest:
    """See `Evidence.add`; permission was checked, and so was the piece."""
    entity = piece.entity or NONE
    secret = parts.vault.secret(entity, new=True)
    id = secrets.token_hex(16)
    key = parts.vault.new_blob_keys(entity, [id])[0]
    with parts.store.draft() as draft:
        return settle(parts, sealed(parts, piece, secret, id, key, draft, by), by)


def sealed(parts: Parts, piece: Piece, secret: Secret, id: str, key: BlobKey, draft: Draft, by: Principal) -> Sealed:
    """Read the piece once, into a draft of the blob `id`."""
    algorithm = parts.vault.suite.hash
    expected = len(piece.source) if isinstance(piece.source, bytes) else None
    source = io.BytesIO(piece.source) if isinstance(piece.source, bytes) else piece.source
    with Digesting(algorithm, source, expected) as reading:
        context = parts.vault.context(secret.entity, id)
        seal_stream(key.cipher, key.plain, context, reading, draft)  # type: ignore[arg-type]
        digest, size = keyed(algorithm, secret.digests, reading.size, reading.root()), reading.size
    blob: Row = {
        "id": id,
        "state": "pending",
        "entity": secret.entity,
        "digest": digest,
        "size": size,
        "stored": draft.size,
        "cipher": key.cipher,
        "head": draft.head,
        "since": parts.clock(),
        "key": key.key,
        "key_version": key.version,
        "wrapped": key.wrapped,
    }
    blob["proof"] = secret.proof("blob", blob_fields(blob))
    row: Row = {
        "id": f"ev_{secrets.token_hex(12)}",
        "state": "kept",
        "entity": secret.entity,
        "digest": digest,
        "size": size,
        "kind": piece.kind,
        "media_type": piece.media_type,
        "origin": json.dumps(dict(piece.origin), sort_keys=True),
        "masked": piece.masked,
        "added_by": by.name,
        "until": piece.until or 0.0,
        "holds": 0,
        "expired": None,
        "expired_by": None,
    }
    row["name"] = secret.seal_name(row["id"], piece.name)
    return Sealed(row, blob, draft, secret)


def settle(parts: Parts, piece: Sealed, by: Principal) -> Manifest:
    """Keep what was sealed, or let it stand for the same content that is there already."""
    row, blob, secret = piece.row, piece.blob, piece.secret
    known = _kept(parts, blob["entity"], blob["digest"])
    if known and _sound(parts, known, secret) and _attached(parts, row, known, secret, by):
        return parts.seen(row, secret, known)
    with parts.database.write() as connection:
        connection.execute(BLOBS.insert().values(**blob))
    try:
        parts.store.keep(piece.draft, blob_name(blob))
        return publish(parts, piece, by)
    except BaseException:
        with suppress(TongguanError):
            discard(parts, blob, ("pending",))
        raise


def publish(parts: Parts, piece: Sealed, by: Principal) -> Manifest:
    """Have a blob that is in the store stand, unless somebody else's of the same content does by now."""
    chosen = _published(parts, piece.row, piece.blob, piece.secret, by)
    if chosen["id"] != piece.blob["id"]:
        discard(parts, piece.blob, ("pending",))
    return parts.seen(piece.row, piece.secret, chosen)


def discard(parts: Parts, blob: Row, states: tuple[str, ...]) -> bool:
    """Remove a blob that no manifest stands for: first the row says so, then the file goes, then the row."""
    theirs = sa.and_(BLOBS.c.id == blob["id"], BLOBS.c.state.in_((*states, "removing")))
    with parts.database.write() as connection:
        if not connection.execute(BLOBS.update().where(theirs).values(state="removing")).rowcount:
            return False
    parts.store.remove(blob_name(blob))
    with parts.database.write() as connection:
        connection.execute(BLOBS.delete().where(BLOBS.c.id == blob["id"], BLOBS.c.state == "removing"))
    return True


def _kept(parts: Parts, entity: str, digest: str) -> Row | None:
    """The blob of this content that is there already."""
    same = sa.and_(BLOBS.c.entity == entity, BLOBS.c.digest == digest, BLOBS.c.state == "kept")
    with parts.database.read() as connection:
        found = connection.execute(sa.select(BLOBS).where(same)).first()
    return None if found is None else dict(found._mapping)


def _sound(parts: Parts, blob: Row, secret: Secret) -> bool:
    """Whether a blob is as it was written, as far as can be told without reading it."""
    return parts.genuine_blob(blob, secret) and parts.store.size(blob_name(blob)) == blob["stored"]


def _attached(parts: Parts, row: Row, blob: Row, secret: Secret, by: Principal) -> bool:
    """Whether the manifest was written for a blob that is there already, and still was when that was done."""
    with parts.database.write() as connection:
        here = sa.select(BLOBS.c.id).where(BLOBS.c.id == blob["id"], BLOBS.c.state == "kept").with_for_update()
        if connection.execute(here).first() is None:
            return False
        _insert(parts, connection, row, blob, secret, by, new=False)
    return True


def _published(parts: Parts, row: Row, blob: Row, secret: Secret, by: Principal) -> Row:
    """Write the manifest for our blob, or for the same content's that somebody else added meanwhile."""
    for _ in range(ATTEMPTS):
        known = _kept(parts, blob["entity"], blob["digest"])
        if known and _sound(parts, known, secret):
            if _attached(parts, row, known, secret, by):
                return known
            continue
        with suppress(IntegrityError), parts.database.write() as connection:  # where somebody else was first: once more
            damaged = known["id"] if known and _superseded(parts, connection, known["id"], blob, secret) else None
            ours = BLOBS.update().where(BLOBS.c.id == blob["id"], BLOBS.c.state == "pending").values(state="kept")
            if not connection.execute(ours).rowcount:
                raise Unavailable("the evidence took so long to store that it was cleared up; add it again")
            if damaged:
                body = {"damaged": damaged, "blob": blob["id"], "digest": blob["digest"]}
                parts.record("evidence.restored", "system:evidence", body)
            _insert(parts, connection, row, blob, secret, by, new=True)
            return {**blob, "state": "kept"}
    raise Unavailable("others add and remove the same content all the time; add it again")


def _superseded(parts: Parts, connection: sa.Connection, damaged: str, blob: Row, secret: Secret) -> bool:
    """Where the same content lies there damaged, its manifests go over to the new blob; whether they did."""
    theirs = BLOBS.update().where(BLOBS.c.id == damaged, BLOBS.c.state == "kept").values(state="removing")
    if not connection.execute(theirs).rowcount:
        return False
    for found in connection.execute(sa.select(MANIFESTS).where(MANIFESTS.c.blob == damaged)).fetchall():
        manifest = dict(found._mapping)
        parts.genuine_manifest(manifest, secret)
        parts.write_manifest(connection, manifest, secret, blob=blob["id"])
    return True


def _insert(
    parts: Parts, connection: sa.Connection, row: Row, blob: Row, secret: Secret, by: Principal, *, new: bool
) -> None:
    bind(parts, row, blob, secret)
    connection.execute(MANIFESTS.insert().values(**row))
    if rows := origins(row):
        connection.execute(ORIGINS.insert(), rows)
    parts.record("evidence.added", by.name, told(row, new=new))


def bind(parts: Parts, row: Row, blob: Row, secret: Secret) -> None:
    """Complete a manifest's row: its blob, its times, its MAC."""
    now = parts.clock()
    until = max(now + parts.settings.retention_days * DAY_S, row["until"])
    row |= {"blob": blob["id"], "added": now, "until": until}
    row["proof"] = secret.proof("manifest", manifest_fields(row))


def origins(row: Row) -> list[Row]:
    """The origin of a manifest's row, to be searched by."""
    return [{"manifest": row["id"], "name": n, "value": str(value)} for n, value in json.loads(row["origin"]).items()]


def told(row: Row, *, new: bool) -> Row:
    """What the audit log says of a manifest that was added."""
    names = ("id", "blob", "digest", "size", "kind", "media_type", "until")
    return {name: row[name] for name in names} | {"entity": row["entity"] or None, "new": new}


def checked(piece: Piece, now: float) -> None:
    """Raises BadInput on what cannot be kept."""
    kind: object = piece.kind
    origin: object = piece.origin
    masked, until = piece.masked, piece.until
    if kind not in KINDS:
        raise BadInput(f"{str(kind)[:40]!r} is no kind of evidence; expected one of {', '.join(KINDS)}")
    _text("name", piece.name, NAME)
    if not isinstance(piece.media_type, str) or not _MEDIA_TYPE.fullmatch(piece.media_type):
        raise BadInput("the media type of evidence is written type/subtype, as application/pdf")
    if masked is not None and (not isinstance(masked, str) or len(masked) > MASKED or not storable(masked)):
        raise BadInput(f"the masked view of evidence is text of at most {MASKED} characters")
    if until is not None and (not isinstance(until, (int, float)) or not now <= until <= now + LONGEST_S):
        raise BadInput("evidence is kept until a time between now and a hundred years from now, in seconds since 1970")
    if not isinstance(origin, Mapping) or len(origin) > ORIGIN_NAMES:
        raise BadInput(f"the origin of evidence has at most {ORIGIN_NAMES} names with a value each")
    for one, value in origin.items():
        _text("origin", one, ORIGIN_NAME)
        if not isinstance(value, (str, int)) or len(str(value)) > ORIGIN_VALUE or not storable(str(value)):
            raise BadInput(f"the origin {one!r} of evidence is text or a number of at most {ORIGIN_VALUE} characters")


def _text(what: str, text: object, most: int) -> None:
    if not isinstance(text, str) or not 1 <= len(text) <= most or not storable(text) or not text.isprintable():
        raise BadInput(f"the {what} of evidence is a line of 1 to {most} characters")
