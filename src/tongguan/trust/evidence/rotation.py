"""Wrapping the data keys anew when an entity's key was rotated. No blob is touched."""

from __future__ import annotations

import sqlalchemy as sa

from tongguan.trust.access import Principal
from tongguan.trust.evidence.parts import Parts
from tongguan.trust.evidence.records import BLOBS
from tongguan.trust.evidence.sweeping import Progress

__all__ = ["rewrap"]

PAGE = 200


def rewrap(parts: Parts, by: Principal, progress: Progress | None) -> int:
    """How many data keys were wrapped anew. Those that were done stay done: an interrupted run goes on where it was."""
    current = parts.vault.current()
    done = 0
    for entity, (key, version) in current.items():
        done += parts.vault.rewrap_secret(entity)
        old = sa.and_(BLOBS.c.entity == entity, BLOBS.c.key == key, BLOBS.c.key_version < version)
        with parts.database.read() as connection:
            total = int(connection.execute(sa.select(sa.func.count()).where(old)).scalar_one())
        cursor, seen = "", 0
        while True:
            page = sa.select(BLOBS).where(old, BLOBS.c.id > cursor).order_by(BLOBS.c.id).limit(PAGE)
            with parts.database.read() as connection:
                rows = [dict(row._mapping) for row in connection.execute(page)]
            for row in rows:
                cursor = row["id"]
                values = {"key_version": version, "wrapped": parts.vault.rewrapped(row)}
                same = sa.and_(BLOBS.c.id == row["id"], BLOBS.c.key_version == row["key_version"])
                with parts.database.write() as connection:
                    done += connection.execute(BLOBS.update().where(same).values(**values)).rowcount
                seen += 1
                if progress is not None:
                    progress(seen, total)
            if len(rows) < PAGE:
                break
    parts.record("evidence.rewrapped", by.name, {"keys": done})
    return done
