"""One walk over an exported log from its first entry to its last: what adds up, and where it stops doing so.

Where two things differ, the level above tells which of them was altered, and the walk goes on with the other one: one
change is reported once, and what comes after it can still be verified.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from tongguan.trust.audit import tiles
from tongguan.trust.audit.checkpoint import Checkpoint
from tongguan.trust.audit.listing import Listing, read_regular
from tongguan.trust.audit.merkle import tree_hash
from tongguan.trust.audit.tiles import ENTRIES, WIDTH, Rows, split_tile, subtree, tile_path, unbundle

__all__ = ["Claim", "Walk"]

LARGE_LIMIT = 1 << 20  # bytes of the longest entry that a log takes

Source = Literal["checkpoint", "head", "receipt", "chain"]


@dataclass
class Claim:
    """That the tree of `size` entries has this root; who says so; and whether it is so, once the walk is over."""

    size: int
    root: bytes
    source: Source
    label: str
    agreed: bool | None = None  # None: it could not be told


class Report(Protocol):
    def __call__(self, kind: str, first: int = -1, last: int = -1, detail: str = "") -> None: ...


class Walk:
    """`claims` are judged while it runs; `entries` counts those that were read."""

    def __init__(self, listing: Listing, top: Checkpoint, problem: Report) -> None:
        self.listing = listing
        self.top = top
        self.problem = problem
        self.tree = tree_hash(top.hash)
        self.rows = Rows(self.tree, self._made)
        self.entries = 0
        self.root = b""
        self.claims: list[Claim] = [Claim(top.size, top.root, "checkpoint", tiles.CHECKPOINT)]

    def run(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Walk. Raises nothing on what the folder holds."""
        upcoming = sorted((claim for claim in self.claims if claim.size <= self.top.size), key=lambda c: c.size)
        upcoming.reverse()  # the next one is the last
        leaves: Sequence[bytes] = ()
        for number in range(-(-self.top.size // WIDTH)):
            first = number * WIDTH
            width = min(WIDTH, self.top.size - first)
            while upcoming and upcoming[-1].size == first < self.top.size:
                self._judge(upcoming.pop(), ())
            found = self._leaves(number, width)
            whole = found is not None
            root = (
                subtree(found, self.tree) if found is not None else self._stored(1, number) if width == WIDTH else None
            )
            if root is None:
                self._after(number + 1)
                return
            leaves = found or ()
            while upcoming and upcoming[-1].size < min(first + WIDTH, self.top.size):
                claim = upcoming.pop()
                if whole:
                    self._judge(claim, leaves[: claim.size - first])
            if width == WIDTH:
                self.rows.add(root)
                leaves = ()
            if progress:
                progress(first + width, self.top.size)
        self._edge(leaves)
        self.root = self.rows.root(leaves)
        for claim in upcoming:
            self._judge(claim, leaves)
        self._older()

    def _judge(self, claim: Claim, leaves: Sequence[bytes]) -> None:
        claim.agreed = self.rows.root(leaves) == claim.root

    def _after(self, number: int) -> None:
        """What is left to check where a hash is missing that nothing stands in for: entries against their tiles."""
        last = -(-self.top.size // WIDTH)
        while number < last:
            there = [self.listing.from_on(level, number) for level in (ENTRIES, "0")]
            following = min((n for n in there if n is not None), default=last)
            if self.top.size % WIDTH and following >= last - 1:
                following = last - 1
            if following > number:
                self.problem("missing", number * WIDTH, min(following * WIDTH, self.top.size) - 1)
            if following < last:
                self._leaves(following, min(WIDTH, self.top.size - following * WIDTH))
            number = following + 1

    def _leaves(self, number: int, width: int) -> list[bytes] | None:
        """The leaf hashes under a tile of level 0: of the entries, else of the tile; None where neither is there."""
        first, last = number * WIDTH, number * WIDTH + width - 1
        tile = self._tile(0, number, width)
        entries = self._bundle(number, width)
        if tile is None:
            self.problem("tile_missing", first, last, str(tile_path(0, number, width)))
        if entries is None:
            return tile
        self.entries += width
        leaves = list(map(self.tree.leaf, entries))
        for place, entry in enumerate(entries):
            if not entry:
                long = self._large(first + place)
                if long is None:
                    self.problem("large_missing", first + place, first + place)
                    if tile is None:
                        return None
                leaves[place] = tile[place] if long is None and tile else self.tree.leaf(long or b"")
        if tile is None or leaves == tile:
            return leaves
        return self._differing(number, entries, leaves, tile)

    def _differing(self, number: int, entries: list[bytes], leaves: list[bytes], tile: list[bytes]) -> list[bytes]:
        """Report entries and a tile that differ, and return the one that the rest bears out."""
        first = number * WIDTH
        if len(leaves) == WIDTH:
            above = self._stored(1, number)
            whole = above == subtree(leaves, self.tree) != subtree(tile, self.tree)
        else:
            whole = self.rows.root(leaves) == self.top.root
        if whole:
            self.problem("tile", first, first + len(leaves) - 1, str(tile_path(0, number, len(leaves))))
            return leaves
        for place, (entry, leaf, kept) in enumerate(zip(entries, leaves, tile, strict=True), first):
            if leaf != kept:
                claimed = _claimed(entry)
                if claimed is None or claimed == place:
                    self.problem("altered", place, place)
                else:
                    self.problem("moved", place, claimed)
        return tile

    def _made(self, level: int, index: int, row: list[bytes]) -> None:
        """Hold a full tile against the file; where they differ, put into `row` what the tile above bears out."""
        stored = self._tile(level, index, WIDTH)
        if stored == row:
            return
        if stored is None:
            self._absent(level, index, WIDTH)
            return
        above = self._stored(level + 1, index)
        if above is not None and above == subtree(row, self.tree):
            self._wrong("tile", level, index, row, stored)
        else:
            self._wrong("node", level, index, row, stored)
            if above is not None and above == subtree(stored, self.tree):
                row[:] = stored

    def _edge(self, leaves: Sequence[bytes]) -> None:
        """Hold the partial tiles of level 1 and above against their files; the signed root tells which one holds."""
        for level, index, row in self.rows.partial():
            stored = self._tile(level, index, len(row))
            if stored is None:
                self._absent(level, index, len(row))
            elif stored != row:
                computed = row[:]
                row[:] = stored
                if self.rows.root(leaves) == self.top.root:
                    self._wrong("node", level, index, computed, stored)
                else:
                    row[:] = computed
                    self._wrong("tile", level, index, computed, stored)

    def _absent(self, level: int, index: int, width: int) -> None:
        span = WIDTH**level
        first = index * WIDTH * span
        self.problem("tile_missing", first, first + width * span - 1, str(tile_path(level, index, width)))

    def _wrong(self, kind: str, level: int, index: int, row: list[bytes], stored: list[bytes]) -> None:
        span = WIDTH**level
        path = str(tile_path(level, index, len(row)))
        for place, (ours, theirs) in enumerate(zip(row, stored, strict=True), index * WIDTH):
            if ours != theirs:
                self.problem(kind, place * span, (place + 1) * span - 1, path)

    def _older(self) -> None:
        """Partial tiles of earlier heads begin what is there now."""
        for (level, index), widths in self.listing.partial.items():
            scale = 1 if level == ENTRIES else WIDTH ** int(level)
            present = min(WIDTH, self.top.size // scale - index * WIDTH)
            now = self.listing.read(level, index, present) or self.listing.read(level, index, WIDTH) or b""
            for width in widths:
                if 0 < width < present and not self._begins(now, level, index, width):
                    self.problem("older_tile", detail=str(tile_path(level, index, width)))

    def _begins(self, now: bytes, level: str, index: int, width: int) -> bool:
        before = self.listing.read(level, index, width) or b""
        try:
            unbundle(before, width) if level == ENTRIES else split_tile(before, width)
        except ValueError:
            return False
        return now.startswith(before)

    def _stored(self, level: int, index: int) -> bytes | None:
        """The hash of a full tile of the level below, as the tile over it has it; None where that is not there."""
        number, place = divmod(index, WIDTH)
        width = min(WIDTH, self.top.size // WIDTH**level - number * WIDTH)
        tile = self._tile(level, number, width) if place < width else None
        return tile[place] if tile else None

    def _tile(self, level: int, number: int, width: int) -> list[bytes] | None:
        """The hashes of a tile, from the full one where that took the place of the partial one; None where damaged."""
        data = self.listing.read(str(level), number, width)
        if data is None and width < WIDTH:
            data = self.listing.read(str(level), number, WIDTH)
            data = data and data[: width * tiles.HASH_SIZE]
        try:
            return split_tile(data or b"", width)
        except ValueError:
            return None

    def _bundle(self, number: int, width: int) -> list[bytes] | None:
        """The entries of a bundle, likewise; a problem where they are missing or damaged."""
        data, held = self.listing.read(ENTRIES, number, width), width
        if data is None and width < WIDTH:
            data, held = self.listing.read(ENTRIES, number, WIDTH), WIDTH
        first, last = number * WIDTH, number * WIDTH + width - 1
        if data is None:
            self.problem("missing", first, last)
            return None
        try:
            return unbundle(data, held)[:width]
        except ValueError:
            self.problem("bundle", first, last, str(tile_path(ENTRIES, number, held)))
            return None

    def _large(self, index: int) -> bytes | None:
        if index not in self.listing.large:
            return None
        return read_regular(self.listing.folder / tiles.LARGE / tiles.index_path(index), LARGE_LIMIT)


def _claimed(entry: bytes) -> int | None:
    """The number that an entry says it has."""
    try:
        found = json.loads(entry)["index"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return found if type(found) is int and 0 <= found < 1 << 63 else None
