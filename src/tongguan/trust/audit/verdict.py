"""Whether an audit log is as it was written: every leaf and node recomputed, every checkpoint held against them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tongguan.errors import Broken
from tongguan.trust.audit import merkle
from tongguan.trust.audit.checkpoint import Checkpoint, Verifier, parse
from tongguan.trust.audit.merkle import TreeHash
from tongguan.trust.audit.store import Snapshot
from tongguan.wording import wording

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
    return Verdict(walk.size, merkle.frontier_root(walk.true, tree), tuple(walk.problems))


class _Level:
    """The stored nodes of one level, read once and in order."""

    def __init__(self, snapshot: Snapshot, level: int) -> None:
        self._rows = snapshot.rows('select "index", hash from nodes where level = ? order by "index"', (level,))
        self._next = next(self._rows, None)

    def at(self, index: int) -> bytes | None:
        """The hash at an index not below the last one asked for."""
        while self._next and self._next[0] < index:
            self._next = next(self._rows, None)
        return self._next[1] if self._next and self._next[0] == index else None


class _Walk:
    """State of one verification.

    `true` is the frontier as the entries are; `stored` goes on from what is stored wherever the two differ, so that one
    change is reported once and not again at every level above it.
    """

    def __init__(self, snapshot: Snapshot, tree: TreeHash, verifier: Verifier) -> None:
        self.snapshot = snapshot
        self.tree = tree
        self.verifier = verifier
        self.problems: list[Problem] = []
        self.size = 0
        self.true: dict[int, bytes] = {}
        self.stored: dict[int, bytes] = {}
        self.held = 0  # the largest size whose checkpoint holds
        self.sealed = 0  # the largest size that a checkpoint of this log covers
        self.failed = False  # a checkpoint failed: later ones can only repeat it
        self.outside: dict[int, list[bytes]] = {}  # size → signed roots from outside the database
        self.levels: dict[int, _Level] = {}

    def problem(self, kind: str, first: int = -1, last: int = -1, detail: str = "") -> None:
        text = wording("tongguan.trust.audit").both(kind, first=first, last=last, detail=detail)
        self.problems.append(Problem(kind, first, last, text))

    def guards(self) -> None:
        if gone := self.snapshot.missing_guards():
            self.problem("unguarded", detail=", ".join(sorted(gone)))

    def notes(self, notes: Sequence[str]) -> None:
        for note in notes:
            if known := self._signed(note):
                self.outside.setdefault(known.size, []).append(known.root)
                self.sealed = max(self.sealed, known.size)

    def entries(self) -> None:
        sealed = self.snapshot.rows("select size, note from checkpoints order by size")
        upcoming = next(sealed, None)
        self._hold(self.outside.pop(0, []))
        for index, text, labelled in self.snapshot.entries():
            self._gap(index)
            self._leaf(index, text)
            if not labelled:
                self.problem("mislabelled", index, index)
            roots = self.outside.pop(self.size, [])
            while upcoming and upcoming[0] <= self.size:
                if known := self._signed(upcoming[1], upcoming[0]):
                    roots.append(known.root)
                    self.sealed = max(self.sealed, known.size)
                upcoming = next(sealed, None)
            self._hold(roots)
        while upcoming:  # checkpoints beyond the last entry
            if known := self._signed(upcoming[1], upcoming[0]):
                self.sealed = max(self.sealed, known.size)
            upcoming = next(sealed, None)

    def end(self) -> None:
        """Whether the log ends where it was sealed."""
        nodes = next(self.snapshot.rows('select max("index") + 1 from nodes where level = 0'))[0] or 0
        if max(self.sealed, nodes) > self.size:
            self.problem("cut", self.size, max(self.sealed, nodes) - 1)
        elif self.sealed < self.size:
            self.problem("unsealed", self.sealed, self.size - 1)

    def counts(self) -> None:
        """Whether the counters of kinds say what is there; where entries are wrong, that has been said already."""
        if any(problem.first >= 0 for problem in self.problems):
            return
        there = set(self.snapshot.rows("select kind, count(*) from entries group by kind"))
        if wrong := there ^ set(self.snapshot.rows("select kind, count from kinds")):
            self.problem("miscounted", detail=", ".join(sorted({str(kind) for kind, _ in wrong})))

    def _gap(self, index: int) -> None:
        """Go over entries that are gone on their stored leaf hashes, so that the rest can still be checked."""
        if index > self.size:
            self.problem("missing", self.size, index - 1)
        while self.size < index:
            self._grow(self.tree.empty, self._node(0, self.size))

    def _leaf(self, index: int, text: str) -> None:
        leaf = self.tree.leaf(text.encode())
        stored = self._node(0, index)
        if stored is None:
            self.problem("node", index, index)
        elif stored != leaf:
            self._explain(index, text)
        self._grow(leaf, stored)

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

    def _grow(self, leaf: bytes, stored: bytes | None) -> None:
        merkle.grow(self.true, self.size, leaf, self.tree)
        found = leaf if stored is None else stored
        level, place = 0, self.size
        while place & 1:
            found = self.tree.node(self.stored.pop(level), found)
            level, place = level + 1, place >> 1
            kept = self._node(level, place)
            if kept != found:
                self.problem("node", place << level, ((place + 1) << level) - 1)
                found = kept or found
        self.stored[level] = found
        self.size += 1

    def _node(self, level: int, index: int) -> bytes | None:
        if level not in self.levels:
            self.levels[level] = _Level(self.snapshot, level)
        return self.levels[level].at(index)

    def _signed(self, note: str, size: int | None = None) -> Checkpoint | None:
        """What a note of this log says; None, and a problem, where its signature does not hold."""
        known = parse(note)
        if known is not None and known.origin != self.verifier.origin:
            self.problem("other_key", detail=known.origin)
            return None
        if (
            known is None
            or size not in (None, known.size)
            or known.hash != self.tree.name
            or not self.verifier.signed(note)
        ):
            self.problem("forged", last=known.size if known else -1)
            return None
        return known

    def _hold(self, roots: Sequence[bytes]) -> None:
        """Hold signed roots of the present size against the entries."""
        if not roots or self.failed:
            return
        true = merkle.frontier_root(self.true, self.tree)
        if all(root == true for root in roots):
            self.held = self.size
            return
        self.failed = True
        if not any(p.first <= self.size - 1 and p.last >= self.held for p in self.problems if p.first >= 0):
            self.problem("rewritten", self.held, self.size - 1)
