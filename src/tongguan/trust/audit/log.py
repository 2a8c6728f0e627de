"""The audit log: what was run, decided and looked at, by whom, in an order that nobody can change unseen.

Entries are leaves of a Merkle tree (RFC 9162). Every batch ends with a checkpoint signed by the log's own key; the
newest also lies in a file of its own beside the log, so that a log set back to an earlier state contradicts it.
Entries hold no personal values: ids, counts, hashes, file names.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tongguan.errors import BadInput, Broken
from tongguan.trust.audit import merkle, store
from tongguan.trust.audit.checkpoint import Signer, parse
from tongguan.trust.audit.merkle import Proof
from tongguan.trust.places import home, secret

if TYPE_CHECKING:
    from tongguan.trust.audit.verdict import Verdict

__all__ = ["AuditLog", "Entry", "audit_log", "canonical"]

ENTRY_LIMIT = 1 << 20  # bytes of one entry's JSON


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log. `text` is the canonical JSON of the other five: what the leaf hash is over."""

    index: int
    ts: str  # ISO 8601 in UTC, microseconds
    kind: str  # run, decision, sign_in, export, …
    actor: str
    body: dict[str, Any]
    text: str


class AuditLog:
    """An append-only log in one SQLite file. Threads and processes may share it; appends wait for each other.

    Beside `path` lie `<path>.checkpoint` (the newest signed note), `<path>.lock`, and `audit.key` (mode 0600).
    Raises CannotWrite where the files cannot be made or written, Broken where they contradict each other.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._newest = path.with_name(path.name + ".checkpoint")
        self._lock = threading.RLock()
        with store.guarded(path):
            self._lock_file = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
            try:
                with self._alone():
                    store.create(path)
                self._database = store.connect(path)
            except BaseException:
                os.close(self._lock_file)
                raise

    def __enter__(self) -> AuditLog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files. All that was appended is on disk already."""
        with self._lock:
            self._database.close()
            if self._lock_file >= 0:
                os.close(self._lock_file)
            self._lock_file = -1

    # ---- write

    def append(self, kind: str, actor: str, body: Mapping[str, Any]) -> int:
        """Add one entry and return its index. On return it is on disk and under a signed checkpoint."""
        return self.append_many([(kind, actor, body)])[0]

    def append_many(self, entries: Iterable[tuple[str, str, Mapping[str, Any]]]) -> range:
        """Add (kind, actor, body) entries, all or none, and return their indices. Raises BadInput on a body that is
        not JSON or too large."""
        entries = list(entries)
        with self._lock, store.guarded(self.path):
            if not entries:
                return range(self.size, self.size)
            self._database.execute("begin immediate")
            try:
                first = self.size
                self._refuse_contradiction(first)
                note = self._write(first, entries)
                self._database.execute("commit")
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("rollback")
                raise
            self._publish(note)
        return range(first, first + len(entries))

    def _write(self, first: int, entries: Sequence[tuple[str, str, Mapping[str, Any]]]) -> str:
        """Insert entries, the nodes that they complete, and a checkpoint, which is returned."""
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        frontier = self._frontier(first)
        rows: list[tuple[int, str]] = []
        nodes: list[tuple[int, int, bytes]] = []
        for index, (kind, actor, body) in enumerate(entries, first):
            text = canonical({"index": index, "ts": now, "kind": kind, "actor": actor, "body": dict(body)})
            rows.append((index, text))
            nodes += merkle.grow(frontier, index, merkle.leaf_hash(text.encode()))
        self._database.executemany("insert into entries values (?, ?)", rows)
        self._database.executemany("insert into nodes values (?, ?, ?)", nodes)
        size = first + len(rows)
        note = self._signer.sign(size, merkle.frontier_root(frontier))
        self._database.execute("insert into checkpoints values (?, ?)", (size, note))
        return note

    def _frontier(self, size: int) -> dict[int, bytes]:
        """The complete subtrees that make up a tree of `size` leaves: level → hash."""
        return {
            level: self._node(level, (size >> level) - 1) for level in range(size.bit_length()) if size >> level & 1
        }

    def _refuse_contradiction(self, size: int) -> None:
        """A log behind its own newest checkpoint was set back; writing on would hide it."""
        if note := self.checkpoint():
            known = parse(note)
            if known is None or known.origin != self._signer.origin:
                raise Broken(f"{self._newest} was not signed by this log's key; see `tongguan audit verify`")
            if known.size > size:
                raise Broken(
                    f"the audit log {self.path} holds {size} entries, but {known.size} were signed for: it was set "
                    "back or cut. Restore the newer file, or move both aside as evidence to begin a new log"
                )

    def _publish(self, note: str) -> None:
        """Put the note beside the log unless a newer one lies there."""
        ours = parse(note)
        with self._alone():
            theirs = parse(self.checkpoint() or "")
            if theirs and ours and theirs.size >= ours.size:
                return
            draft = self._newest.with_name(self._newest.name + ".new")
            with draft.open("w", encoding="utf-8") as file:
                os.fchmod(file.fileno(), 0o600)
                file.write(note)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._newest)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes out."""
        fcntl.flock(self._lock_file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._lock_file, fcntl.LOCK_UN)

    @cached_property
    def _signer(self) -> Signer:
        return Signer(secret(self.path.with_name("audit.key")))

    # ---- read

    @property
    def size(self) -> int:
        """Number of entries."""
        return int(self._one('select coalesce(max("index") + 1, 0) from entries')[0])

    def root(self, size: int | None = None) -> bytes:
        """Root of the tree of the first `size` entries, of all by default."""
        size = self._within(size)
        with store.guarded(self.path):
            return merkle.root_hash(self._node, size)

    def entry(self, index: int) -> Entry:
        """Raises IndexError where there is none."""
        with self._lock, store.guarded(self.path):
            row = self._database.execute('select text from entries where "index" = ?', (index,)).fetchone()
        if row is None:
            raise IndexError(f"no entry {index} in the audit log")
        return _entry(row[0])

    def entries(self, offset: int = 0, limit: int = 100, kind: str | None = None, newest: bool = False) -> list[Entry]:
        """A page of entries, oldest first or newest first, of one kind or of all."""
        where = "where json_extract(text, '$.kind') = :kind" if kind is not None else ""
        order = "desc" if newest else "asc"
        query = f'select text from entries {where} order by "index" {order} limit :limit offset :offset'
        with self._lock, store.guarded(self.path):
            rows = self._database.execute(query, {"kind": kind, "limit": limit, "offset": offset}).fetchall()
        return [_entry(text) for (text,) in rows]

    def kinds(self) -> dict[str, int]:
        """How many entries there are of each kind."""
        with self._lock, store.guarded(self.path):
            query = "select json_extract(text, '$.kind') as kind, count(*) from entries group by kind order by kind"
            return dict(self._database.execute(query).fetchall())

    def checkpoint(self) -> str | None:
        """The newest signed note, as it lies beside the log."""
        try:
            return self._newest.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return None

    @property
    def verifier(self) -> str:
        """The public key of this log's checkpoints, as the verifier key of a signed note."""
        with store.guarded(self.path):
            return self._signer.verifier

    # ---- prove

    def inclusion(self, index: int, size: int | None = None) -> Proof:
        """That an entry stands in the tree of `size` entries. Raises IndexError."""
        size = self._within(size)
        with store.guarded(self.path):
            path = merkle.inclusion_path(self._node, index, size)
            leaf = merkle.leaf_hash(self.entry(index).text.encode())
            return Proof(index, size, leaf, tuple(path), merkle.root_hash(self._node, size))

    def consistency(self, first: int, second: int) -> list[bytes]:
        """That the tree of `second` entries begins with that of `first`. Raises IndexError."""
        with store.guarded(self.path):
            return merkle.consistency_path(self._node, first, self._within(second))

    def proof_json(self, index: int) -> dict[str, Any]:
        """An inclusion proof that a third party can check with `check_proof`: JSON, hashes in base64."""
        size = self.size
        proof = self.inclusion(index, size)
        note = self._one("select note from checkpoints where size = ?", size)[0]
        return {
            "entry": self.entry(index).text,
            "index": index,
            "size": size,
            "leaf": _base64(proof.leaf),
            "path": [_base64(step) for step in proof.path],
            "root": _base64(proof.root),
            "checkpoint": note,
            "verifier": self.verifier,
        }

    def verify(self, witnessed: Sequence[str] = ()) -> Verdict:
        """Recompute every leaf and node and hold them against what is stored and signed.

        `witnessed`: checkpoints that were kept elsewhere (mailed, printed, in a report).
        """
        from tongguan.trust.audit.verdict import examine

        with store.guarded(self.path):
            notes = [note for note in (self.checkpoint(), *witnessed) if note is not None]
            with closing(store.connect(self.path)) as database:
                return examine(database, self._signer.verifier, notes, published=self._newest.exists())

    # ---- within

    def _within(self, size: int | None) -> int:
        here = self.size
        if size is None:
            return here
        if not 0 <= size <= here:
            raise IndexError(f"the audit log holds {here} entries, not {size}")
        return size

    def _node(self, level: int, index: int) -> bytes:
        return bytes(self._one('select hash from nodes where level = ? and "index" = ?', level, index)[0])

    def _one(self, query: str, *values: object) -> tuple[Any, ...]:
        with self._lock, store.guarded(self.path):
            row = self._database.execute(query, values).fetchone()
        if row is None:
            raise Broken(f"the audit log {self.path} lacks a row that it must hold; run `tongguan audit verify`")
        return tuple(row)


def audit_log() -> AuditLog:
    """The log of this user's workspace: audit.db in `home()`."""
    return AuditLog(home() / "audit.db")


def canonical(value: Mapping[str, Any]) -> str:
    """JSON with sorted keys and no spaces: the same value gives the same text. Raises BadInput where it is not JSON."""
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadInput(f"an audit entry must be plain JSON: {type(error).__name__}") from error
    # File names may hold bytes that are not UTF-8, which Python carries as lone surrogates: escape them, as JSON may.
    encoded = text.encode("utf-8", "backslashreplace")
    if len(encoded) > ENTRY_LIMIT:
        raise BadInput(f"an audit entry holds at most {ENTRY_LIMIT} bytes, not {len(encoded)}")
    return encoded.decode()


def _entry(text: str) -> Entry:
    found = json.loads(text)
    return Entry(found["index"], found["ts"], found["kind"], found["actor"], found["body"], text)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
