"""The evidence store's face: add, look at, reveal, hold, expire, check."""

from __future__ import annotations

import builtins
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import BinaryIO

import sqlalchemy as sa

from tongguan.errors import BadInput, Broken, Conflict, Denied, NotFound, Unavailable
from tongguan.trust.access import UNNAMED, Policy, Principal, entity_name, may
from tongguan.trust.approvals import Approvals
from tongguan.trust.ciphers import SUITES, Suite, Tampered, unseal_chunks
from tongguan.trust.database import METADATA, Database
from tongguan.trust.evidence import adding, adding_many, checking, retention, rotation, sweeping
from tongguan.trust.evidence.adding import Piece
from tongguan.trust.evidence.checking import Contradiction, LogEntry
from tongguan.trust.evidence.parts import Parts, Record, RecordMany, Row, blob_name, reasoned, storable
from tongguan.trust.evidence.records import BLOBS, EVENTS, MANIFESTS, ORIGINS, TABLES, Event, Kind, Manifest, State
from tongguan.trust.evidence.retention import Expiry
from tongguan.trust.evidence.stores import Store
from tongguan.trust.evidence.sweeping import Progress, Sweep
from tongguan.trust.evidence.vault import NONE, KeyService, Vault
from tongguan.trust.settings import EvidenceStore

__all__ = ["Evidence"]

PAGE, LAST = 1000, 1 << 31


class Evidence:
    """Evidence, sealed and kept once for each entity. Threads and processes may share database and store.

    What is stored is encrypted under a data key of its own; what says which content it is, is keyed for the entity.
    Every method takes `by` and checks what he may do; the original is shown only with a reason and an audit entry.
    Raises Denied, NotFound, BadInput, Conflict; Unavailable and CannotWrite from the store; Broken on what was altered.
    """

    def __init__(
        self,
        database: Database,
        store: Store,
        keys: KeyService,
        record: Record,
        policy: Policy,
        approvals: Approvals,
        settings: EvidenceStore,
        *,
        suite: Suite = SUITES["international"],
        clock: Callable[[], float] = time.time,
        record_many: RecordMany | None = None,
    ) -> None:
        with database.write() as connection:  # the database may have been made before this part was loaded
            METADATA.create_all(connection, tables=TABLES)
        vault = Vault(database, keys, policy, suite, clock)
        record_many = record_many or (lambda entries: [record(*entry) for entry in entries])
        self._parts = Parts(database, store, vault, record, record_many, policy, approvals, settings, clock)

    # ---- keep

    def add(
        self,
        source: BinaryIO | bytes,
        *,
        kind: Kind,
        name: str,
        media_type: str,
        entity: str | None,
        origin: Mapping[str, str | int] | None = None,
        masked: str | None = None,
        until: float | None = None,
        by: Principal,
    ) -> Manifest:
        """Keep what the source holds, read once in constant memory. The same content in one entity is stored once.

        name: as it was given; it is sealed. origin: where it comes from, as exchange, capture and run; no personal
        values. masked: a view without personal values, made by the caller, of up to 65,536 characters. until: keep it
        longer than the settings say (seconds since the epoch).
        """
        piece = Piece(source, kind, name, media_type, entity, origin or {}, masked, until)
        return adding.add(self._parts, self._allowed(piece, by), by)

    def add_many(self, pieces: Iterable[Piece], by: Principal) -> builtins.list[Manifest]:
        """Keep several, as `add` does, in the order given: small ones share transactions, and what brings them to disk.

        All are checked before the first is read. Where one fails later, some of those before it may have been kept.
        """
        return adding_many.add_many(self._parts, [self._allowed(piece, by) for piece in pieces], by)

    # ---- look

    def manifest(self, id: str, by: Principal) -> Manifest:
        row, secret = self._parts.allowed_row(id, by, "evidence.read")
        return self._parts.seen(row, secret, self._parts.blob_row(row["blob"]))

    def masked(self, id: str, by: Principal) -> str:
        """The view without personal values; "" where none was given."""
        row, _ = self._parts.allowed_row(id, by, "evidence.read")
        return row["masked"] or ""

    def history(self, id: str, by: Principal) -> list[Event]:
        """What was done to it and why, oldest first."""
        self._parts.allowed_row(id, by, "evidence.read")
        query = sa.select(EVENTS).where(EVENTS.c.manifest == id).order_by(EVENTS.c.n)
        with self._parts.database.read() as connection:
            return [Event(row.act, row.at, row.by, row.reason) for row in connection.execute(query)]

    def list(
        self,
        by: Principal,
        *,
        entity: str | None = None,
        kind: Kind | None = None,
        origin: Mapping[str, str | int] | None = None,
        held: bool | None = None,
        state: State | None = "kept",
        offset: int = 0,
        limit: int = 100,
    ) -> list[Manifest]:
        """Newest first, of the entities that `by` may see. origin: these names with these values.

        What was altered, or whose key is refused, is named by its state and hides none of the others.
        """
        if not 0 <= offset <= LAST or not 0 <= limit <= PAGE:
            raise BadInput(f"a page has 0 to {PAGE} pieces of evidence, from an offset of 0 to {LAST}")
        entity = None if entity is None else entity_name(entity)
        self._parts.check(by, "evidence.read", "", entity)
        texts = (kind, state, *(origin or {}), *(origin or {}).values())
        if not all(storable(str(text)) for text in texts):
            return []
        wanted = {"entity": entity, "kind": kind, "state": state}
        query = sa.select(MANIFESTS).where(self._visible(by))
        query = query.where(*(MANIFESTS.c[name] == value for name, value in wanted.items() if value is not None))
        if held is not None:
            query = query.where(MANIFESTS.c.holds > 0 if held else MANIFESTS.c.holds == 0)
        for name, value in (origin or {}).items():
            same = sa.and_(ORIGINS.c.name == name, ORIGINS.c.value == str(value))
            query = query.where(MANIFESTS.c.id.in_(sa.select(ORIGINS.c.manifest).where(same)))
        query = query.order_by(MANIFESTS.c.added.desc(), MANIFESTS.c.id).offset(offset).limit(limit)
        with self._parts.database.read() as connection:
            rows = [dict(row._mapping) for row in connection.execute(query)]
            ids = {row["blob"] for row in rows}
            blobs = {
                row.id: dict(row._mapping) for row in connection.execute(sa.select(BLOBS).where(BLOBS.c.id.in_(ids)))
            }
        return [self._seen(row, blobs.get(row["blob"])) for row in rows]

    def reveal(self, id: str, reason: str, by: Principal) -> Iterator[bytes]:
        """The original, piece by piece, each checked before it is given out.

        Permission, manifest and key are checked, and the entry is in the log, before this returns. Where a piece turns
        out to be altered, Broken is raised in its place, with an entry: what came before is genuine but incomplete.
        """
        row, secret = self._parts.allowed_row(id, by, "evidence.reveal")
        reason = reasoned(reason)
        if row["state"] != "kept":
            raise Conflict(f"evidence {id} was removed when its time was over; its manifest is all that is left")
        blob = self._parts.blob_row(row["blob"])
        if blob is None or not self._parts.genuine_blob(blob, secret) or blob["digest"] != row["digest"]:
            self._altered(id, by, 0)
            raise Broken(f"evidence {id} has no blob that is its own: the database was changed; restore the backup")
        try:
            key = self._parts.vault.blob_key(blob)
        except Tampered:
            self._altered(id, by, 0)
            raise Broken(f"the wrapped key of evidence {id} was changed in the database; restore the backup") from None
        with self._parts.database.write() as connection:
            told = self._parts.note(connection, id, "revealed", by, reason)
            body = {"id": id, "blob": blob["id"], "entity": row["entity"] or None, "size": row["size"], "reason": told}
            self._parts.record("evidence.revealed", by.name, body)
        opened = self._opened(id, blob, key, by)
        first = next(opened, b"")  # a store that does not answer shows now
        return chain((first,), opened)

    # ---- retain

    def retain(self, id: str, until: float, reason: str, by: Principal) -> Manifest:
        """Keep it until then (seconds since the epoch). Shortening takes an approval of evidence.retain for the
        resource "<id> until <YYYY-MM-DD>" (UTC)."""
        return retention.retain(self._parts, id, until, reasoned(reason), by)

    def hold(self, id: str, reason: str, by: Principal) -> Manifest:
        """One more reason for a legal hold: while there is any, nothing removes it."""
        return retention.hold(self._parts, id, reasoned(reason), by)

    def release(self, id: str, reason: str, by: Principal) -> Manifest:
        """One reason less; takes an approval of evidence.release for this id."""
        return retention.release(self._parts, id, reasoned(reason), by)

    def expire(self, by: Principal, as_of: float | None = None) -> Expiry:
        """Remove what is past its retention on that day (now, or earlier) and not held, where `by` may."""
        return retention.expire(self._parts, by, as_of)

    # ---- check

    def sweep(self, by: Principal, progress: Progress | None = None) -> Sweep:
        """Check every manifest, blob and file, and go on with a sweep that was interrupted. Raises Conflict while one
        is running."""
        self._parts.check(by, "evidence.sweep")
        return sweeping.sweep(self._parts, by, progress)

    def check_store(
        self, entries: Iterable[LogEntry], by: Principal, progress: Progress | None = None
    ) -> builtins.list[Contradiction]:
        """Hold the records against the audit log; [] where all is well, the first thousand contradictions otherwise.

        entries: all of the log from the first on, taken from it as they are asked for: what changes meanwhile is left
        to the next check. The sweep is for what the log does not know: contents and seals.
        progress: (entries read, 0: how many there are is not known). Raises Denied (audit.verify).
        """
        self._parts.check(by, "audit.verify", "evidence")
        return checking.check_store(self._parts, entries, by, progress)

    def rewrap(self, by: Principal, progress: Progress | None = None) -> int:
        """Wrap anew all data keys that are under older versions of their key; how many. May be interrupted."""
        self._parts.check(by, "keys.manage")
        return rotation.rewrap(self._parts, by, progress)

    # ---- within

    def _allowed(self, piece: Piece, by: Principal) -> Piece:
        """The piece, its entity in its one form. Raises BadInput, Denied."""
        piece = replace(piece, entity=None if piece.entity is None else entity_name(piece.entity))
        self._parts.check(by, "evidence.add", "", piece.entity or UNNAMED)
        adding.checked(piece, self._parts.clock())
        return piece

    def _opened(self, id: str, blob: Row, key: bytes, by: Principal) -> Iterator[bytes]:
        done, store = 0, self._parts.store.name
        try:
            with self._parts.store.open(blob_name(blob)) as file:
                for piece in unseal_chunks(key, self._parts.vault.context(blob["entity"], blob["id"]), file):
                    yield piece
                    done += len(piece)
            if done != blob["size"]:
                raise Tampered
        except Tampered:
            self._altered(id, by, done)
            raise Broken(
                f"evidence {id} was altered in {store} behind byte {done}: what came before is genuine, the rest "
                "is lost unless a backup of the store has it"
            ) from None
        except NotFound:
            self._altered(id, by, done)
            raise Broken(f"the blob of evidence {id} is gone from {store}; restore its backup") from None
        except BadInput:  # the ciphers' word for a source that cannot be read
            raise Unavailable(
                f"evidence {id} cannot be read from {store} behind byte {done}; is its disk sound?"
            ) from None

    def _altered(self, id: str, by: Principal, at: int) -> None:
        self._parts.record("evidence.altered", by.name, {"id": id, "offset": at})

    def _seen(self, row: Row, blob: Row | None) -> Manifest:
        try:
            secret = self._parts.vault.secret(row["entity"])
            self._parts.genuine_manifest(row, secret)
            return self._parts.seen(row, secret, blob)
        except Broken:
            return self._parts.unseen(row, "altered")
        except (BadInput, Denied):  # the key service's words for a key that is suspended, destroyed or withheld
            return self._parts.unseen(row, "locked")

    def _visible(self, by: Principal) -> sa.ColumnElement[bool]:
        """Rows that evidence.read shows to `by`; asked of `may`, so that there is one rule."""
        if may(self._parts.policy, by, "evidence.read", entity="\0"):  # an entity that nobody names: all of them
            return sa.true()
        named = {entity for grant in by.grants for entity in grant.entities or ()}
        covered = [entity for entity in named if may(self._parts.policy, by, "evidence.read", entity=entity)]
        return MANIFESTS.c.entity.in_([NONE, *covered])
