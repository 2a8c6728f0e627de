"""Adding many small pieces: what each would wait for alone is waited for once.

    rows `pending` → all blobs in the store → in one transaction: rows `kept`, manifests, audit entries

It is the order of `adding`, so that a crash leaves what it would leave there. What is there already, or comes twice, or
meets somebody else who adds the same, goes the way of a single piece.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tongguan.errors import TongguanError, Unavailable
from tongguan.trust.access import Principal
from tongguan.trust.evidence.adding import Piece, Sealed, bind, discard, origins, publish, sealed, settle, told
from tongguan.trust.evidence.parts import Parts, blob_name
from tongguan.trust.evidence.records import BLOBS, MANIFESTS, ORIGINS, Manifest
from tongguan.trust.evidence.vault import NONE, BlobKey

__all__ = ["add_many"]

AT_ONCE = 64  # pieces, each with an open file
BYTES = 32 << 20  # as many are buffered, roughly: what is more ends the group


def add_many(parts: Parts, pieces: Sequence[Piece], by: Principal) -> list[Manifest]:
    """See `Evidence.add_many`; permission was checked, and so were the pieces."""
    found: list[Manifest] = []
    for start in range(0, len(pieces), AT_ONCE):
        chunk = pieces[start : start + AT_ONCE]
        keys = _keys(parts, chunk)
        while chunk:
            with ExitStack() as drafts:
                group = list(_group(parts, chunk, keys, drafts, by))
                found += _settled(parts, group, by)
            chunk = chunk[len(group) :]
    return found


def _keys(parts: Parts, pieces: Sequence[Piece]) -> dict[str, list[tuple[str, BlobKey]]]:
    """entity → ids and data keys for the blobs of its pieces."""
    found = {}
    for entity in {piece.entity or NONE for piece in pieces}:
        parts.vault.secret(entity, new=True)
        ids = [secrets.token_hex(16) for piece in pieces if (piece.entity or NONE) == entity]
        found[entity] = list(zip(ids, parts.vault.new_blob_keys(entity, ids), strict=True))
    return found


def _group(
    parts: Parts, pieces: Sequence[Piece], keys: dict[str, list[tuple[str, BlobKey]]], drafts: ExitStack, by: Principal
) -> Iterator[Sealed]:
    """Those from the beginning that fit together, sealed."""
    size = 0
    for piece in pieces:
        entity = piece.entity or NONE
        id, key = keys[entity].pop()
        draft = drafts.enter_context(parts.store.draft())
        yield sealed(parts, piece, parts.vault.secret(entity), id, key, draft, by)
        size += draft.size
        if size >= BYTES:
            return


def _settled(parts: Parts, group: list[Sealed], by: Principal) -> list[Manifest]:
    fresh = _fresh(parts, group)
    done = {piece.blob["id"]: seen for piece, seen in zip(fresh, _kept(parts, fresh, by), strict=True)}
    return [done.get(piece.blob["id"]) or settle(parts, piece, by) for piece in group]


def _fresh(parts: Parts, group: list[Sealed]) -> list[Sealed]:
    """Those whose content is nowhere yet, each once."""
    digests = {piece.blob["digest"] for piece in group}
    query = sa.select(BLOBS.c.entity, BLOBS.c.digest).where(BLOBS.c.digest.in_(digests), BLOBS.c.state == "kept")
    with parts.database.read() as connection:
        seen = {(entity, digest) for entity, digest in connection.execute(query)}
    found = []
    for piece in group:
        content = (piece.blob["entity"], piece.blob["digest"])
        if content not in seen:
            seen.add(content)
            found.append(piece)
    return found


def _kept(parts: Parts, group: list[Sealed], by: Principal) -> list[Manifest]:
    """Keep all of these."""
    if not group:
        return []
    with parts.database.write() as connection:
        connection.execute(BLOBS.insert(), [piece.blob for piece in group])
    try:
        parts.store.keep_many([(piece.draft, blob_name(piece.blob)) for piece in group])
        try:
            _publish(parts, group, by)
        except IntegrityError:  # somebody else added one of them meanwhile
            return [publish(parts, piece, by) for piece in group]
    except BaseException:
        for piece in group:
            with suppress(TongguanError):
                discard(parts, piece.blob, ("pending",))
        raise
    return [parts.seen(piece.row, piece.secret, piece.blob) for piece in group]


def _publish(parts: Parts, group: list[Sealed], by: Principal) -> None:
    """Manifests and entries of all, or of none. Raises IntegrityError where the same content came meanwhile."""
    ids = [piece.blob["id"] for piece in group]
    ours = BLOBS.update().where(BLOBS.c.id.in_(ids), BLOBS.c.state == "pending").values(state="kept")
    with parts.database.write() as connection:
        if connection.execute(ours).rowcount != len(ids):
            raise Unavailable("the evidence took so long to store that it was cleared up; add it again")
        for piece in group:
            bind(parts, piece.row, piece.blob, piece.secret)
        connection.execute(MANIFESTS.insert(), [piece.row for piece in group])
        if rows := [row for piece in group for row in origins(piece.row)]:
            connection.execute(ORIGINS.insert(), rows)
        parts.record_many([("evidence.added", by.name, told(piece.row, new=True)) for piece in group])
