"""How long evidence is kept: longer at will, shorter only where others approve, and under hold until all is lifted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from tongguan.errors import BadInput, Conflict, TongguanError
from tongguan.trust.access import Principal, may
from tongguan.trust.evidence.adding import LONGEST_S, discard
from tongguan.trust.evidence.parts import Parts, Row
from tongguan.trust.evidence.records import BLOBS, MANIFESTS, ORIGINS, Manifest
from tongguan.trust.evidence.vault import Secret

__all__ = ["Expiry", "expire", "hold", "release", "retain", "shortening"]

PAGE = 200
PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class Expiry:
    """What `expire` did. bytes: of contents that nothing refers to any more. held: past their time, but kept.

    problems: manifests that were left alone because they are not as they were written (the first hundred).
    """

    expired: int
    blobs: int
    bytes: int
    held: int
    problems: tuple[str, ...]


def shortening(id: str, until: float) -> str:
    """The resource that an approval to keep evidence for a shorter time names."""
    return f"{id} until {datetime.fromtimestamp(until, UTC):%Y-%m-%d}"


def retain(parts: Parts, id: str, until: float, reason: str, by: Principal) -> Manifest:
    now = parts.clock()
    if not isinstance(until, (int, float)) or not now - LONGEST_S <= until <= now + LONGEST_S:
        raise BadInput("evidence is kept until a time in seconds since 1970, at most a hundred years from now")
    row, secret = parts.allowed_row(id, by, "evidence.retain")
    with parts.database.write() as connection:
        row = _kept(parts, connection, id, secret)
        if until < row["until"]:
            what = shortening(id, until)
            parts.approvals.use("evidence.retain", what, by, entity=row["entity"] or None, within=connection)
        changed = parts.write_manifest(connection, row, secret, until=float(until))
        body = {"id": id, "entity": row["entity"] or None, "from": row["until"], "until": float(until)}
        parts.record(
            "evidence.retained", by.name, body | {"reason": parts.note(connection, id, "retained", by, reason)}
        )
    return parts.seen(changed, secret, parts.blob_row(changed["blob"]))


def hold(parts: Parts, id: str, reason: str, by: Principal) -> Manifest:
    _, secret = parts.allowed_row(id, by, "evidence.hold")
    with parts.database.write() as connection:
        row = _kept(parts, connection, id, secret)
        changed = parts.write_manifest(connection, row, secret, holds=row["holds"] + 1)
        body = {"id": id, "entity": row["entity"] or None, "holds": changed["holds"]}
        parts.record("evidence.held", by.name, body | {"reason": parts.note(connection, id, "held", by, reason)})
    return parts.seen(changed, secret, parts.blob_row(changed["blob"]))


def release(parts: Parts, id: str, reason: str, by: Principal) -> Manifest:
    _, secret = parts.allowed_row(id, by, "evidence.release")
    with parts.database.write() as connection:
        row = _kept(parts, connection, id, secret)
        if row["holds"] == 0:
            raise Conflict(f"evidence {id} is under no hold")
        used = parts.approvals.use("evidence.release", id, by, entity=row["entity"] or None, within=connection)
        changed = parts.write_manifest(connection, row, secret, holds=row["holds"] - 1)
        body = {"id": id, "entity": row["entity"] or None, "holds": changed["holds"], "approval": used.id}
        parts.record(
            "evidence.released", by.name, body | {"reason": parts.note(connection, id, "released", by, reason)}
        )
    return parts.seen(changed, secret, parts.blob_row(changed["blob"]))


def expire(parts: Parts, by: Principal, as_of: float | None) -> Expiry:
    """See `Evidence.expire`: one transaction for each manifest, so that it may be interrupted."""
    now = parts.clock()
    if as_of is not None and not 0 <= as_of <= now:
        raise BadInput("evidence expires as of today or an earlier day: what is not past its time yet is kept")
    parts.check(by, "evidence.expire")
    late = sa.and_(MANIFESTS.c.state == "kept", MANIFESTS.c.until <= (now if as_of is None else as_of))
    expired = blobs = size = held = 0
    problems: list[str] = []
    cursor = ""
    while True:
        page = sa.select(MANIFESTS).where(late, MANIFESTS.c.id > cursor).order_by(MANIFESTS.c.id).limit(PAGE)
        with parts.database.read() as connection:
            rows = [dict(row._mapping) for row in connection.execute(page)]
        for row in rows:
            cursor = row["id"]
            if not may(parts.policy, by, "evidence.expire", entity=row["entity"] or None):
                continue
            try:
                done = _expire_one(parts, row, parts.vault.secret(row["entity"]), by, now)
            except TongguanError:  # the others need not wait for this one
                problems.append(row["id"])
                continue
            held += done is None
            expired += done is not None
            if done and discard(parts, done, ()):
                blobs, size = blobs + 1, size + done["size"]
        if len(rows) < PAGE:
            break
    told = {"expired": expired, "blobs": blobs, "bytes": size, "held": held, "problems": problems[:PROBLEMS]}
    parts.record("evidence.expiry", by.name, told)
    return Expiry(expired, blobs, size, held, tuple(problems[:PROBLEMS]))


def _expire_one(parts: Parts, row: Row, secret: Secret, by: Principal, now: float) -> Row | None:
    """Leave a tombstone of one manifest. None where it is held; its blob's row where nothing refers to that any more,
    an empty one otherwise."""
    with parts.database.write() as connection:
        here = sa.select(BLOBS).where(BLOBS.c.id == row["blob"]).with_for_update()
        found = connection.execute(here).first()  # before the manifest's, as everybody locks them
        row = _kept(parts, connection, row["id"], secret)
        if row["holds"] > 0:
            return None
        if row["until"] > now:
            raise Conflict("kept for longer meanwhile")
        changes = {"state": "expired", "expired": now, "expired_by": by.name, "name": None, "masked": None}
        parts.write_manifest(connection, row, secret, **changes)
        connection.execute(ORIGINS.delete().where(ORIGINS.c.manifest == row["id"]))
        body = {name: row[name] for name in ("id", "blob", "digest", "size", "kind", "until")}
        parts.record("evidence.expired", by.name, body | {"entity": row["entity"] or None})
        others = sa.select(sa.func.count()).where(MANIFESTS.c.blob == row["blob"], MANIFESTS.c.state == "kept")
        if found is None or connection.execute(others).scalar_one():
            return {}
        connection.execute(BLOBS.update().where(BLOBS.c.id == row["blob"]).values(state="removing"))
        return dict(found._mapping)


def _kept(parts: Parts, connection: sa.Connection, id: str, secret: Secret) -> Row:
    """The row, locked, as it was written. Raises Conflict where it has expired, Broken."""
    row = parts.manifest_row(id, connection)
    parts.genuine_manifest(row, secret)
    if row["state"] != "kept":
        raise Conflict(f"evidence {id} was removed when its time was over")
    return row
