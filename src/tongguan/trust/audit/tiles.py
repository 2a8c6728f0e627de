"""The audit log as a folder of static files in the layout of C2SP tlog-tiles, for anybody to read and check.

    checkpoint                      the signed head that all the rest adds up to
    tile/<L>/<N>[.p/<W>]            256 hashes each: leaves at level 0, roots of full tiles below above it
    tile/entries/<N>[.p/<W>]        the 256 entries under a tile of level 0, each behind its length in 2 bytes
    tongguan/log.json               ours from here on: the log's verifier key and the names of hash and format
    tongguan/large/<N>              one entry of more than 65,535 bytes, which no bundle can hold
    tongguan/heads/<size>           earlier heads worth keeping: those that witnesses cosigned
    tongguan/anchors.jsonl          receipts of heads written to a chain

An entry too long for a bundle has the length 0 there (no entry of ours is empty) and lies whole in `large/`; its leaf
hash is over the whole entry, as ever. A reader that knows the specification alone finds that leaf different, and is
right to. Logs with another hash than SHA-256 have the same layout, which the specification does not know either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from tongguan.trust.audit.merkle import TreeHash

__all__ = [
    "CHECKPOINT",
    "ENTRIES",
    "HEADS",
    "LARGE",
    "LOG",
    "RECEIPTS",
    "WIDTH",
    "Rows",
    "bundle",
    "index_path",
    "split_tile",
    "subtree",
    "tile_path",
    "unbundle",
]

WIDTH = 256  # hashes of a tile, entries of a bundle
HASH_SIZE = 32
BUNDLED_LIMIT = 0xFFFF  # bytes of an entry in a bundle
BUNDLE_LIMIT = WIDTH * (BUNDLED_LIMIT + 2)

CHECKPOINT = "checkpoint"
ENTRIES = "entries"
LOG = "tongguan/log.json"
LARGE = "tongguan/large"
HEADS = "tongguan/heads"
RECEIPTS = "tongguan/anchors.jsonl"
FORMAT = "tongguan-audit-export/1"


def index_path(index: int) -> PurePosixPath:
    """1234067 → x001/x234/067."""
    parts = [f"{index % 1000:03}"]
    while index := index // 1000:
        parts.append(f"x{index % 1000:03}")
    return PurePosixPath(*reversed(parts))


def tile_path(level: int | str, index: int, width: int = WIDTH) -> PurePosixPath:
    """Where a tile lies; `level` is a number, or `entries` for a bundle."""
    path = PurePosixPath("tile", str(level)) / index_path(index)
    return path if width == WIDTH else path.with_name(f"{path.name}.p") / str(width)


def bundle(entries: Sequence[bytes]) -> bytes:
    """Entries behind their lengths; too long a one as an empty one."""
    parts: list[bytes] = []
    for entry in entries:
        kept = entry if len(entry) <= BUNDLED_LIMIT else b""
        parts += (len(kept).to_bytes(2, "big"), kept)
    return b"".join(parts)


def unbundle(data: bytes, width: int) -> list[bytes]:
    """The entries of a bundle; an empty one stands for one in `large/`. Raises ValueError unless there are `width`."""
    entries = []
    place, end = 0, len(data)
    while place + 2 <= end:
        start = place + 2
        place = start + (data[place] << 8 | data[place + 1])
        entries.append(data[start:place])
    if place != end or len(entries) != width:
        raise ValueError(f"not a bundle of {width} entries")
    return entries


def split_tile(data: bytes, width: int) -> list[bytes]:
    """The hashes of a tile. Raises ValueError unless there are `width`."""
    if len(data) != width * HASH_SIZE:
        raise ValueError(f"not a tile of {width} hashes")
    return [data[place : place + HASH_SIZE] for place in range(0, len(data), HASH_SIZE)]


def subtree(hashes: Sequence[bytes], tree: TreeHash) -> bytes:
    """Root over one or more equally large subtrees, of which the last may be smaller (RFC 9162 section 2.1)."""
    row = list(hashes)
    while len(row) > 1:
        joined = [tree.node(left, right) for left, right in zip(row[::2], row[1::2], strict=False)]
        if len(row) & 1:
            joined.append(row[-1])
        row = joined
    return row[0]


@dataclass
class Rows:
    """A tree that grows tile by tile: of each level, the hashes of the tile that is not full yet.

    `made` is called with each tile of level 1 and above as it fills: (level, index, hashes).
    """

    tree: TreeHash
    made: Callable[[int, int, list[bytes]], None] | None = None

    def __post_init__(self) -> None:
        self.rows: list[list[bytes]] = []  # of level 1, 2, …
        self.full: list[int] = []  # full tiles of those levels

    def add(self, root: bytes, level: int = 1) -> None:
        """Add the root of a full tile of the level below."""
        if level > len(self.rows):
            self.rows.append([])
            self.full.append(0)
        row = self.rows[level - 1]
        row.append(root)
        if len(row) == WIDTH:
            if self.made:
                self.made(level, self.full[level - 1], row)
            self.full[level - 1] += 1
            self.rows[level - 1] = []
            self.add(subtree(row, self.tree), level + 1)

    def root(self, leaves: Sequence[bytes] = ()) -> bytes:
        """Root over all full tiles of level 0 and, after them, fewer than 256 leaf hashes."""
        rest = [subtree(leaves, self.tree)] if leaves else []
        for row in self.rows:
            if row or rest:
                rest = [subtree([*row, *rest], self.tree)]
        return rest[0] if rest else self.tree.empty

    def partial(self) -> Iterator[tuple[int, int, list[bytes]]]:
        """The tiles of level 1 and above that are not full."""
        for level, row in enumerate(self.rows, 1):
            if row:
                yield level, self.full[level - 1], row
