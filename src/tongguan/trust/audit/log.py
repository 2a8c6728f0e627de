"""The audit log: what was run, decided and looked at, by whom, in an order that nobody can change unseen.

Entries are leaves of a Merkle tree (RFC 9162). Every batch ends with a checkpoint signed by the log's own key; the
newest also lies in a file of its own on this machine, so that a log set back to an earlier state contradicts it.
Entries hold no personal values: ids, counts, hashes, file names.
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from tongguan.errors import BadInput, Broken
from tongguan.trust.audit import merkle
from tongguan.trust.audit.beside import Beside
from tongguan.trust.audit.checkpoint import NoteSigner, Signer, checkpoint_text, parse, signed_note
from tongguan.trust.audit.entry import Entry, canonical, checked, read_entry, stamp, stamp_of
from tongguan.trust.audit.merkle import Proof, TreeHash, tree_hash
from tongguan.trust.audit.sqlite import SqliteStore
from tongguan.trust.audit.store import Row, Store
from tongguan.trust.places import secret

if TYPE_CHECKING:
    from tongguan.trust.audit.search import Count, Page, Query
    from tongguan.trust.audit.verdict import Verdict

__all__ = ["AuditLog", "SuiteName"]

SuiteName = Literal["international", "guomi"]
T = TypeVar("T")

SUITES: Mapping[str, Mapping[str, str]] = {
    "international": {"hash": "sha256", "signature": "ed25519"},
    "guomi": {"hash": "sm3", "signature": "sm2"},
}
INDEX_MAX = 1 << 61
CLOCK_STEP_S = 1.0  # a clock this far behind the newest entry is worth an entry; below it, time stands still


class AuditLog:
    """An append-only log. Threads and processes may share it; appends wait for each other.

    `path`: an SQLite file. Beside it lie `<path>.checkpoint` (the newest signed note), `<path>.lock`, and, unless
    another `signer` is given, `audit.key` (mode 0600). `suite`: SHA-256 and Ed25519, or SM3 and SM2; it counts when the
    log is made, and a log that is there keeps its own. `clock`: seconds since the epoch.
    Raises CannotWrite where the files cannot be made or written, Broken where they contradict each other.
    """

    def __init__(
        self,
        path: Path,
        *,
        suite: SuiteName = "international",
        signer: NoteSigner | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._begin(path, lambda: SqliteStore(path, _about(suite)), signer, clock)

    @classmethod
    def connect(
        cls,
        url: str,
        folder: Path,
        *,
        suite: SuiteName = "international",
        signer: NoteSigner | None = None,
        clock: Callable[[], float] = time.time,
    ) -> AuditLog:
        """A log in a PostgreSQL database: postgresql://user@host/name, also with SQLAlchemy's `+psycopg`.

        In `folder` lie the newest checkpoint and the key, so that a database set back contradicts this machine.
        Raises BadSettings, Missing without psycopg, Unavailable where the server does not answer.
        """
        from tongguan.trust.audit.postgresql import PostgresqlStore

        log = cls.__new__(cls)
        log._begin(folder / "audit.postgresql", lambda: PostgresqlStore(url, _about(suite)), signer, clock)
        return log

    def _begin(
        self, path: Path, store: Callable[[], Store], signer: NoteSigner | None, clock: Callable[[], float]
    ) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._clock = clock
        self._given_signer = signer
        self._beside = Beside(path)
        try:
            with self._beside.alone():
                self._store = store()
        except BaseException:
            self._beside.close()
            raise
        try:
            self._tree: TreeHash = tree_hash(self._store.about.get("hash", ""))
        except BadInput:
            self.close()
            raise Broken(
                f"the audit log {self._store.place} does not say which hash it is made with; restore a backup"
            ) from None

    def __enter__(self) -> AuditLog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files. All that was appended is on disk already."""
        with self._lock:
            self._store.close()
            self._beside.close()

    # ---- write

    def append(self, kind: str, actor: str, body: Mapping[str, Any]) -> int:
        """Add one entry and return its index. On return it is on disk and under a signed checkpoint."""
        return self.append_many([(kind, actor, body)])[0]

    def append_many(self, entries: Iterable[tuple[str, str, Mapping[str, Any]]]) -> range:
        """Add (kind, actor, body) entries, all or none, and return their indices. Raises BadInput on a body that is
        not JSON or too large.

        Where the clock stands behind the newest entry, an entry of kind `clock` that says so goes before them.
        """
        drafts = [checked(*entry) for entry in entries]
        if not drafts:
            return range(self.size, self.size)
        with self._lock, self._beside.alone():
            with self._store.writing():
                first, now, behind = self._now()
                if behind:
                    drafts.insert(0, ("clock", "audit", {"behind_s": behind}))
                note = self._write(first, now, drafts)
                self._beside.draft(note)  # before the commit, which a full disk must not follow
            self._beside.publish()
        return range(first + bool(behind), first + len(drafts))

    def _now(self) -> tuple[int, str, float]:
        """Size, the time of the entries to come, and the seconds by which the clock was set back, 0 where it was not.

        From one entry of kind `clock` to the next, times never decrease.
        """
        last = self._store.rows('select "index", text from entries order by "index" desc limit 1')
        now = self._clock()
        if not last:
            return 0, stamp(now), 0.0
        index, text = last[0]
        newest = stamp_of(text)
        if stamp(now) >= newest:
            return index + 1, stamp(now), 0.0
        if stamp(now + CLOCK_STEP_S) >= newest:
            return index + 1, newest, 0.0
        from datetime import datetime

        return index + 1, stamp(now), round(datetime.fromisoformat(read_entry(text).ts).timestamp() - now, 3)

    def _write(self, first: int, now: str, drafts: Sequence[tuple[str, str, Mapping[str, Any]]]) -> str:
        """Insert entries, the nodes that they complete, and a checkpoint, which is returned."""
        tree, frontier = self._tree, self._frontier(first)
        self._refuse_contradiction(first, frontier)
        rows: list[Row] = []
        nodes: list[bytes] = []
        for index, (kind, actor, body) in enumerate(drafts, first):
            text = canonical({"index": index, "ts": now, "kind": kind, "actor": actor, "body": body})
            rows.append((index, text, kind, actor))
            nodes += (made for _, _, made in merkle.grow(frontier, index, tree.leaf(text.encode()), tree))
        size = first + len(rows)
        root = merkle.frontier_root(frontier, tree)
        note = signed_note(self._signer, checkpoint_text(self._signer.name, size, root, tree.name))
        self._store.add(rows, list(enumerate(nodes, merkle.place(0, first))), size, note)
        return note

    def _frontier(self, size: int) -> dict[int, bytes]:
        """The complete subtrees that make up a tree of `size` leaves: level → hash."""
        wanted = [(level, (size >> level) - 1) for level in range(size.bit_length()) if size >> level & 1]
        return self._with_nodes(lambda node: {level: node(level, index) for level, index in wanted})

    def _refuse_contradiction(self, size: int, frontier: dict[int, bytes]) -> None:
        """A log that does not begin with its own newest checkpoint was changed; writing on would hide it."""
        if (note := self.checkpoint()) is None:
            return
        known = parse(note)
        if known is None or known.origin != self._signer.name:
            raise Broken(f"{self._beside.newest} was not signed by this log's key; see `tongguan audit verify`")
        if known.size > size:
            raise Broken(
                f"the audit log {self._store.place} holds {size} entries, but {known.size} were signed for: it was set "
                "back or cut. Restore the newer one, or move both aside as evidence to begin a new log"
            )
        root = merkle.frontier_root(frontier, self._tree) if known.size == size else self.root(known.size)
        if root != known.root:
            raise Broken(
                f"the first {known.size} entries of the audit log {self._store.place} are not those that were signed "
                "for: it was rewritten, or another was put in its place. Run `tongguan audit verify` and keep it"
            )

    @cached_property
    def _signer(self) -> NoteSigner:
        if self._given_signer is not None:
            return self._given_signer
        algorithm = self._store.about.get("signature")
        seed = secret(self.path.with_name("audit.key"))
        return Signer(seed, "sm2" if algorithm == "sm2" else "ed25519")

    # ---- read

    @property
    def size(self) -> int:
        """Number of entries."""
        return int(self._store.rows('select coalesce(max("index") + 1, 0) from entries')[0][0])

    @property
    def tree(self) -> TreeHash:
        """The hash that this log is made with."""
        return self._tree

    def root(self, size: int | None = None) -> bytes:
        """Root of the tree of the first `size` entries, of all by default."""
        size = self._within(size)
        return self._with_nodes(lambda node: merkle.root_hash(node, size, self._tree))

    def entry(self, index: int) -> Entry:
        """Raises IndexError where there is none."""
        rows = self._store.rows('select text from entries where "index" = ?', (index,)) if index <= INDEX_MAX else []
        if not rows:
            raise IndexError(f"no entry {index} in the audit log")
        return read_entry(rows[0][0])

    def entries(self, offset: int = 0, limit: int = 100, kind: str | None = None, newest: bool = False) -> list[Entry]:
        """A page of entries, oldest first or newest first, of one kind or of all."""
        order = "desc" if newest else "asc"
        offset, limit = (min(max(0, number), INDEX_MAX) for number in (offset, limit))
        if kind is None:
            size = self.size
            start, stop = (size - offset - limit, size - offset) if newest else (offset, offset + limit)
            query = f'select text from entries where "index" >= ? and "index" < ? order by "index" {order}'
            rows = self._store.rows(query, (max(0, start), max(0, stop)))
        else:
            chosen = f'select "index" from entries where kind = ? order by "index" {order} limit ? offset ?'
            query = f'select text from entries where "index" in ({chosen}) order by "index" {order}'
            rows = self._store.rows(query, (kind, limit, offset))
        return [read_entry(text) for (text,) in rows]

    def texts(self, start: int = 0, stop: int | None = None) -> Iterator[str]:
        """The text of one entry after the other, in bounded memory. Raises Broken where one is missing."""
        stop = self._within(stop)
        query = 'select text from entries where "index" >= ? and "index" < ? order by "index"'
        for first in range(start, stop, 1000):
            last = min(first + 1000, stop)
            rows = self._store.rows(query, (first, last))
            if len(rows) != last - first:
                raise self._incomplete()
            yield from (text for (text,) in rows)

    def kinds(self) -> dict[str, int]:
        """How many entries there are of each kind."""
        return dict(self._store.rows("select kind, count from kinds order by kind"))

    def search(self, query: Query, before: int | None = None, limit: int = 100) -> Page:
        """Entries that answer the query, newest first. `before`: the `next` of the page before, None for the first."""
        from tongguan.trust.audit.search import Search

        return Search(self._store, self.size, query).page(before, limit)

    def count(self, query: Query, most: int = 10_000) -> Count:
        """How many entries answer the query, counted up to `most`."""
        from tongguan.trust.audit.search import Search

        return Search(self._store, self.size, query).count(most)

    def checkpoint(self) -> str | None:
        """The newest signed note, as it lies on this machine."""
        return self._beside.read()

    def sealed(self, size: int) -> str | None:
        """The signed note of exactly this size, None where no batch ended there."""
        rows = self._store.rows("select note from checkpoints where size = ?", (size,))
        return str(rows[0][0]) if rows else None

    @property
    def verifier(self) -> str:
        """The public key of this log's checkpoints, as the verifier key of a signed note."""
        return self._signer.verifier

    # ---- prove

    def inclusion(self, index: int, size: int | None = None) -> Proof:
        """That an entry stands in the tree of `size` entries. Raises IndexError."""
        size, tree = self._within(size), self._tree

        def proof(node: merkle.Nodes) -> Proof:
            path = merkle.inclusion_path(node, index, size, tree)
            return Proof(index, size, leaf, tuple(path), merkle.root_hash(node, size, tree))

        if not 0 <= index < size:
            raise IndexError(f"no entry {index} in the first {size} of the audit log")
        leaf = tree.leaf(self.entry(index).text.encode())
        return self._with_nodes(proof)

    def consistency(self, first: int, second: int) -> list[bytes]:
        """That the tree of `second` entries begins with that of `first`. Raises IndexError."""
        second = self._within(second)
        return self._with_nodes(lambda node: merkle.consistency_path(node, first, second, self._tree))

    def proof_json(self, index: int) -> dict[str, Any]:
        """An inclusion proof that a third party can check with `check_proof`: JSON, hashes in base64."""
        size = self.size
        proof = self.inclusion(index, size)
        note = self.sealed(size)
        if note is None:
            raise self._incomplete()
        return {
            "entry": self.entry(index).text,
            "index": index,
            "size": size,
            "hash": self._tree.name,
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

        notes = [note for note in (self.checkpoint(), *witnessed) if note is not None]
        with self._store.snapshot() as snapshot:
            return examine(snapshot, self._tree, self.verifier, notes, published=self._beside.newest.exists())

    # ---- within

    def _within(self, size: int | None) -> int:
        here = self.size
        if size is None:
            return here
        if not 0 <= size <= here:
            raise IndexError(f"the audit log holds {here} entries, not {size}")
        return size

    def _with_nodes(self, compute: Callable[[merkle.Nodes], T]) -> T:
        """Compute something from nodes: once to learn which, so that they are fetched at one go, and once with them."""
        wanted: set[int] = set()

        def note(level: int, index: int) -> bytes:
            wanted.add(merkle.place(level, index))
            return b""

        compute(note)
        found = self._store.nodes(wanted)
        if len(found) != len(wanted):
            raise self._incomplete()
        return compute(lambda level, index: found[merkle.place(level, index)])

    def _incomplete(self) -> Broken:
        return Broken(f"the audit log {self._store.place} lacks a row that it must hold; run `tongguan audit verify`")


def _about(suite: str) -> Mapping[str, str]:
    try:
        return SUITES[suite]
    except KeyError:
        raise BadInput(f"{suite[:40]!r} is no suite; expected one of {', '.join(SUITES)}") from None


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
