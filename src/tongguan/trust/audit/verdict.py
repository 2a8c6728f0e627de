"""Whether an audit log is as it was written: every leaf and node recomputed, every checkpoint held against them."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tongguan.errors import Broken
from tongguan.trust.audit import merkle
from tongguan.trust.audit.checkpoint import Checkpoint, Verifier, parse
from tongguan.trust.audit.merkle import TreeHash
from tongguan.trust.audit.store import Snapshot
from tongguan.wording import wording

PROBLEMS_MAX = 1000

__all__ = ["Problem", "Verdict", "examine"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and the entries it touches (both inclusive; -1 where it touches none)."""

    kind: str  # altered, moved, missing, cut, node, rewritten, unsealed, forged, …
    first: int
    last: int
    text: Mapping[str, str]  # {"zh": …, "en": …}

    def __str__(self) -> str:
        return self.text["en"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found. `root` is recomputed from the entries as they are now."""

    size: int
    root: bytes
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        return not self.problems


def examine(snapshot: Snapshot, tree: TreeHash, verifier: str, notes: Sequence[str], *, published: bool) -> Verdict:
    """Walk the log once, in bounded memory.

    Every checkpoint is held against the entries. Signatures are checked on the newest, on those from outside, and on
    those that do not fit; one further back that fits says nothing that the newest does not say of all before it.
    `notes`: checkpoints from outside the database. `published`: whether the file with the newest one is there.
    """
    walk = _Walk(snapshot, tree, Verifier(verifier))
    try:
        walk.guards()
        walk.notes(notes)
        walk.entries()
        walk.end()
        walk.counts()
    except Broken as error:
        walk.problem("damaged", walk.size, detail=str(error))
    if walk.size and not published:
        walk.problem("unpublished")
    if walk.unlisted:
        walk.problems.append(_problem("more", -1, walk.unlisted))
    return Verdict(walk.size, merkle.frontier_root(walk.true, tree), tuple(walk.problems))


class _Nodes:
    """The stored nodes, read once and in order."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._rows = snapshot.rows("select place, hash from nodes order by place")
        self._next = next(self._rows, None)

    def at(self, place: int) -> bytes | None:
        """The hash at a place above the last one asked for."""
        while self._next and self._next[0] < place:
            self._next = next(self._rows, None)
        if self._next is None or self._next[0] > place:
            return None
        found: bytes = self._next[1]
        self._next = next(self._rows, None)
        return found


class _Walk:
    """State of one verification.

    `true` is the frontier as the entries are; `stored` goes on from what is stored wherever the two differ, so that one
    change is reported once and not again at every level above it. They are one until a difference is met.
    """

    def __init__(self, snapshot: Snapshot, tree: TreeHash, verifier: Verifier) -> None:
        self.snapshot = snapshot
        self.tree = tree
        self.verifier = verifier
        self.nodes = _Nodes(snapshot)
        self.problems: list[Problem] = []
        self.unlisted = 0
        self.size = 0
        self.true: dict[int, bytes] = {}
        self.stored = self.true
        self.held = 0  # the largest size whose checkpoint holds
        self.witnessed = 0  # the same, of those from outside the database
        self.fitting: deque[tuple[Checkpoint, str]] = deque(maxlen=64)  # the newest that fit; to be checked when needed
        self.sealed = 0  # the largest size that a checkpoint of this log covers
        self.failed = False  # a checkpoint failed: later ones can only repeat it
        self.outside: dict[int, list[bytes]] = {}  # size → signed roots from outside the database

    def problem(self, kind: str, first: int = -1, last: int = -1, detail: str = "") -> None:
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(_problem(kind, first, last, detail))
        else:
            self.unlisted += 1

    def guards(self) -> None:
        if gone := self.snapshot.missing_guards():
            self.problem("unguarded", detail=", ".join(sorted(gone)))

    def notes(self, notes: Sequence[str]) -> None:
        for note in notes:
            known = self._fits(note)
            if known and self._signed(known, note):
                self.outside.setdefault(known.size, []).append(known.root)
                self.sealed = max(self.sealed, known.size)

    def entries(self) -> None:
        sealed = self.snapshot.rows("select size, note from checkpoints order by size")
        upcoming = next(sealed, None)
        self._hold(self.outside.pop(0, []))
        for index, text, labelled in self.snapshot.entries():
            if not self._gap(index):
                break
            self._leaf(index, text, labelled)
            while upcoming and upcoming[0] <= self.size:
                self._checkpoint(*upcoming)
                upcoming = next(sealed, None)
            if self.size in self.outside:
                self._hold(self.outside.pop(self.size))
        self._settle()
        while upcoming:  # checkpoints beyond the last entry
            known = self._fits(upcoming[1], upcoming[0])
            if known and self._signed(known, upcoming[1]):
                self.sealed = max(self.sealed, known.size)
            upcoming = next(sealed, None)

    def end(self) -> None:
        """Whether the log ends where it was sealed."""
        nodes = next(self.snapshot.rows("select coalesce(max(place) + 1, 0) from nodes"))[0]
        leaves = bisect_right(range(nodes + 1), nodes, key=lambda size: merkle.place(0, size)) - 1
        if max(self.sealed, leaves) > self.size:
            self.problem("cut", self.size, max(self.sealed, leaves) - 1)
        elif self.sealed < self.size:
            self.problem("unsealed", self.sealed, self.size - 1)

    def counts(self) -> None:
        """Whether the counters of kinds say what is there; where entries are wrong, that has been said already."""
        if any(problem.first >= 0 for problem in self.problems):
            return
        there = set(self.snapshot.rows("select kind, count(*) from entries group by kind"))
        if wrong := there ^ set(self.snapshot.rows("select kind, count from kinds")):
            self.problem("miscounted", detail=", ".join(sorted({str(kind) for kind, _ in wrong})))

    def _gap(self, index: int) -> bool:
        """Go over entries that are gone on their stored leaf hashes, so that the rest can still be checked.

        False where those are gone too.
        """
        if index > self.size:
            self.problem("missing", self.size, index - 1)
        while self.size < index:
            stored = self.nodes.at(merkle.place(0, self.size))
            if stored is None:
                return False
            self._grow(self.tree.empty, stored)
        return True

    def _leaf(self, index: int, text: str, labelled: bool) -> None:
        leaf = self.tree.leaf(text.encode())
        stored = self.nodes.at(merkle.place(0, index))
        if stored is None:
            self.problem("node", index, index)
        elif stored != leaf:
            self._explain(index, text)
        elif not labelled:
            self.problem("mislabelled", index, index)
        self._grow(leaf, leaf if stored is None else stored)

    def _explain(self, index: int, text: str) -> None:
        try:
            claimed = json.loads(text)["index"]
        except (ValueError, KeyError, TypeError, RecursionError):
            claimed = None
        if not isinstance(claimed, int):
            self.problem("foreign", index, index)
        elif claimed != index:
            self.problem("moved", index, claimed)
        else:
            self.problem("altered", index, index)

    def _grow(self, leaf: bytes, found: bytes) -> None:
        """Add a leaf to both frontiers: as the entry is, and as it is stored."""
        node, made, level, index = self.tree.node, leaf, 0, self.size
        place = merkle.place(0, index)
        if found != leaf:
            self._part()
        while index & 1:
            made = node(self.true.pop(level), made)
            found = made if self.stored is self.true else node(self.stored.pop(level), found)
            level, index = level + 1, index >> 1
            kept = self.nodes.at(place + level)
            if kept != found:
                self.problem("node", index << level, ((index + 1) << level) - 1)
                if kept is not None:
                    self._part()
                    found = kept
        self.true[level] = made
        self.stored[level] = found
        self.size += 1

    def _part(self) -> None:
        if self.stored is self.true:
            self.stored = dict(self.true)

    def _checkpoint(self, size: int, note: str) -> None:
        """Hold a checkpoint of the log itself against the entries before it."""
        known = self._fits(note, size)
        if known is None or self.failed:
            return
        if size == self.size and known.root == merkle.frontier_root(self.true, self.tree):
            self.fitting.append((known, note))
            return
        self._settle()
        if self._signed(known, note):
            self.sealed = max(self.sealed, size)
            self._fail(self.held)

    def _settle(self) -> None:
        """Check the signature of the newest checkpoint that fits, and of those before it until one is good."""
        while self.fitting:
            known, note = self.fitting.pop()
            if self._signed(known, note):
                self.held = max(self.held, known.size)
                self.sealed = max(self.sealed, known.size)
                self.fitting.clear()

    def _hold(self, roots: Sequence[bytes]) -> None:
        """Hold signed roots of the present size against the entries."""
        if not roots or self.failed:
            return
        true = merkle.frontier_root(self.true, self.tree)
        if all(root == true for root in roots):
            self.held = self.witnessed = self.size
        else:
            self._settle()
            # Whoever has the key could have signed what the database holds: only notes from outside bound this.
            self._fail(self.witnessed)

    def _fail(self, good: int) -> None:
        """A signed root is not that of the entries; that of the first `good` is."""
        self.failed = True
        if not any(p.first <= self.size - 1 and p.last >= good for p in self.problems if p.first >= 0):
            self.problem("rewritten", good, self.size - 1)

    def _fits(self, note: str, size: int | None = None) -> Checkpoint | None:
        """What a note says, where it is one of this log; None, and a problem, where it is not."""
        known = parse(note)
        if known is not None and known.origin != self.verifier.origin:
            self.problem("other_key", detail=known.origin)
            return None
        if known is None or size not in (None, known.size) or known.hash != self.tree.name:
            self.problem("forged", last=known.size if known else -1)
            return None
        return known

    def _signed(self, known: Checkpoint, note: str) -> bool:
        if not self.verifier.signed(note):
            self.problem("forged", last=known.size)
            return False
        return True


def _problem(kind: str, first: int = -1, last: int = -1, detail: str = "") -> Problem:
    text = wording("tongguan.trust.audit").both(kind, first=first, last=last, detail=detail)
    return Problem(kind, first, last, text)
