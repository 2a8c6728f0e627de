"""Exact data match, second half: where cells and rows of an indexed table stand in text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tongguan.errors import BadInput
from tongguan.identify.fingerprints.container import Opened, open_container
from tongguan.identify.fingerprints.finding import Finder, Hits
from tongguan.identify.fingerprints.rows import confirm, join_rows, propose
from tongguan.identify.fingerprints.siphash import key_of
from tongguan.identify.fingerprints.table_build import CELL, FILTER, KIND
from tongguan.identify.pieces import Piece
from tongguan.model import BlindKind, BlindSpot

__all__ = ["CellHit", "Near", "RowHit", "TableIndex", "TableMatches"]

_RARE: Final = 256  # rows that may hold a value which proposes rows; a more common value only confirms them
_MOST_LINES: Final = 4_000_000  # of rows proposed and confirmed at once


@dataclass(frozen=True, slots=True)
class Near:
    """When cells of one row count as the row: at least `least` of `columns` (all where none is named), `required` among
    them, whose beginnings lie at most `characters` apart, or, where `records` is given, which stand in so many
    neighbouring records of a piece (1: the same record)."""

    least: int = 2
    columns: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    characters: int = 300
    records: int | None = None


@dataclass(frozen=True, slots=True)
class CellHit:
    """A cell of the table in a piece: characters [start, end) of its text, one of the columns that hold it, in how many
    cells of the table it stands, and the lowest row of these."""

    piece: int
    start: int
    end: int
    column: str
    holders: int
    row: int


@dataclass(frozen=True, slots=True)
class RowHit:
    """A row of the table in a piece: which columns of it, on characters [start, end)."""

    piece: int
    row: int
    columns: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True)
class TableMatches:
    """What of a table was found in some pieces.

    `hits` (n, 5): piece, start, end, first and last entry; `row_hits` (m, 5): piece, row, columns as bits, start, end.
    Both by place.
    """

    index: TableIndex
    hits: Hits
    row_hits: NDArray[np.int64]
    blind_spots: tuple[BlindSpot, ...]

    @cached_property
    def rows(self) -> tuple[RowHit, ...]:
        """Each row that stands there, once for each piece."""
        named: dict[int, tuple[str, ...]] = {}
        found = []
        for piece, row, bits, start, end in self.row_hits.tolist():
            if bits not in named:
                named[bits] = tuple(name for i, name in enumerate(self.index.columns) if bits >> i & 1)
            found.append(RowHit(piece, row, named[bits], start, end))
        return tuple(found)

    @cached_property
    def cells(self) -> list[CellHit]:
        """Each place where a cell of the table stands, by piece and start."""
        at, names = self.index, self.index.columns
        first = self.hits[:, 3]
        return [
            CellHit(piece, start, end, names[column], holders, row)
            for (piece, start, end), column, holders, row in zip(
                self.hits[:, :3].tolist(), at.column[first].tolist(), (self.hits[:, 4] - first).tolist(),
                at.row[first].tolist(), strict=True,
            )
        ]  # fmt: skip

    def split(self, bounds: Sequence[int]) -> list[TableMatches]:
        """Those of each run of pieces, numbered from 0 in each: pieces [bounds[i], bounds[i + 1])."""
        places, rows = np.searchsorted(self.hits[:, 0], bounds), np.searchsorted(self.row_hits[:, 0], bounds)
        return [
            TableMatches(
                self.index, self.hits[places[i] : places[i + 1]] - np.array([first, 0, 0, 0, 0]),
                self.row_hits[rows[i] : rows[i + 1]] - np.array([first, 0, 0, 0, 0]), self.blind_spots,
            )
            for i, first in enumerate(bounds[:-1])
        ]  # fmt: skip

    @property
    def distinct_cells(self) -> int:
        """Different values that stand there."""
        return len(np.unique(self.hits[:, 3]))

    @property
    def distinct_rows(self) -> int:
        return len(np.unique(self.row_hits[:, 1]))


class TableIndex:
    """An index that `build_table` wrote, mapped into memory. Raises BadInput, Broken as `open_container` does."""

    def __init__(self, path: Path, key: bytes, opened: Opened | None = None) -> None:
        opened = opened or open_container(path, key, KIND)
        self.columns: tuple[str, ...] = tuple(opened.about["columns"])
        self.rows: int = opened.about["rows"]
        self.cells: int = opened.about["cells"]
        self.short: tuple[int, ...] = tuple(opened.about["short"])
        self.empty: tuple[int, ...] = tuple(opened.about["empty"])
        at = opened.sections
        self.row, self.column, self.high, self.low = at["row"], at["column"], at["hash"], at["low"]
        self.first, self.beginnings = at["first"], at["beginnings"]
        self.lengths = np.array(opened.about["lengths"], np.uint16)
        self._finder = Finder(
            (key_of(key, FILTER), key_of(key, CELL)), self.first, self.beginnings, self.lengths, at["directory"],
            self.high, self.low,
        )  # fmt: skip

    def hashes(self, entries: NDArray[np.int64]) -> NDArray[Any]:
        """(n,) the whole keyed hashes of some entries, 12 bytes each: equal for equal values of any index of a key."""
        wide = np.empty(len(entries), [("high", "<u8"), ("low", "<u4")])
        wide["high"], wide["low"] = self.high[entries], self.low[entries]
        return wide

    def match(self, pieces: Sequence[Piece], near: Near | None = None) -> TableMatches:
        """Cells in the pieces, and rows as `near` says (none where it is not given).

        False matches: a stretch of text that is no value of the table is taken for one with a chance of cells / 2^96.
        Raises BadInput where `near` names a column that the index lacks.
        """
        chosen = self._chosen(near) if near else None
        hits = self._finder.find(pieces)
        if near is None or chosen is None:
            return TableMatches(self, hits, np.zeros((0, 5), np.int64), ())
        return TableMatches(self, hits, *self._rows(pieces, hits, near, *chosen))

    # ---- rows

    def _chosen(self, near: Near) -> tuple[np.uint64, np.uint64]:
        """The columns that count and those that must be there, as sets of bits."""
        for name in (*near.columns, *near.required):
            if name not in self.columns:
                raise BadInput(f"the fingerprints know no column {name!r}; they know {', '.join(self.columns[:12])}")
        count = len(set(near.columns or self.columns) | set(near.required))
        if not 1 <= near.least <= count:
            raise BadInput(f"{near.least} of {count} columns can never stand together; expected 1 to {count}")
        return self._bits((near.columns or self.columns) + near.required), self._bits(near.required)

    def _bits(self, names: Sequence[str]) -> np.uint64:
        return np.uint64(sum(1 << self.columns.index(name) for name in set(names)))

    def _rows(
        self, pieces: Sequence[Piece], hits: Hits, near: Near, chosen: np.uint64, required: np.uint64
    ) -> tuple[NDArray[np.int64], tuple[BlindSpot, ...]]:
        within = near.characters if near.records is None else near.records - 1
        at = hits[:, 1] if near.records is None else _records(pieces, hits)
        places = np.column_stack((hits[:, :3], at, hits[:, 3:]))
        holders = hits[:, 4] - hits[:, 3]
        rare, common = places[holders <= _RARE], places[holders > _RARE]
        found = [np.zeros((0, 5), np.int64)]
        spots: dict[int, BlindSpot] = {}
        for part in _parts(rare, within):
            lines = np.empty((int((part[:, 5] - part[:, 4]).sum()), 6), np.int64)
            lines = lines[: propose(part, self.row, self.column, chosen, lines)]
            more = self._confirmed(lines, _span(common, part, within), within, chosen)
            if more is None:
                spots[int(part[0, 0])] = _too_many(pieces, int(part[0, 0]))
            else:
                found.append(_joined(np.concatenate((lines, more)), within, near.least, required))
        return _once(np.concatenate(found)), tuple(spots.values())

    def _confirmed(self, lines: Hits, common: Hits, within: int, chosen: np.uint64) -> Hits | None:
        """Lines that common values add, None where they are too many."""
        room = 1 << 12
        while len(common):
            more = np.empty((room, 6), np.int64)
            count = confirm(lines, common, within, self.row, self.column, chosen, more)
            if count >= 0:
                return more[:count]
            if room >= _MOST_LINES:
                return None
            room *= 8
        return np.zeros((0, 6), np.int64)


def _joined(lines: NDArray[np.int64], within: int, least: int, required: np.uint64) -> NDArray[np.int64]:
    group, row, at, start, end, column = lines.T
    lines = np.ascontiguousarray(lines[np.lexsort((column, -end, start, at, row, group))])
    out = np.empty((len(lines) + 1, 5), np.int64)
    return out[: join_rows(lines, within, least, required, out)]


def _once(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each row of a piece where most of its columns stand, by place."""
    piece, row, bits, start, _ = rows.T
    rows = rows[np.lexsort((start, -np.bitwise_count(bits).astype(np.int64), row, piece))]
    first = np.ones(len(rows), np.bool_)
    first[1:] = (rows[1:, :2] != rows[:-1, :2]).any(axis=1)
    rows = rows[first]
    return rows[np.lexsort((rows[:, 1], rows[:, 3], rows[:, 0]))]


def _records(pieces: Sequence[Piece], hits: Hits) -> NDArray[np.int64]:
    records = np.zeros(len(hits), np.int64)
    bounds = np.flatnonzero(np.diff(hits[:, 0], prepend=-1, append=-1))
    for first, last in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        piece = pieces[int(hits[first, 0])]
        records[first:last] = np.searchsorted(piece.records, hits[first:last, 1], side="right") - 1
    return records


def _parts(rare: Hits, within: int) -> Iterator[Hits]:
    """The hits in parts of bounded work; what lies near the end of one stands at the beginning of the next again."""
    lines = np.cumsum(rare[:, 5] - rare[:, 4])
    first = 0
    while first < len(rare):
        before = int(lines[first - 1]) if first else 0
        last = max(int(np.searchsorted(lines, before + _MOST_LINES)), first + 1)
        yield rare[first:last]
        if last >= len(rare):
            return
        back = last
        while back > first + 1 and rare[back - 1, 0] == rare[last, 0] and rare[back - 1, 3] >= rare[last, 3] - within:
            back -= 1
        first = back if back > first + (last - first) // 2 else last


def _span(common: Hits, part: Hits, within: int) -> Hits:
    """The common values that lie near those of a part."""
    order = common[:, 0] * (1 << 40) + common[:, 3]
    low = np.searchsorted(order, part[0, 0] * (1 << 40) + max(0, part[0, 3] - within))
    high = np.searchsorted(order, part[-1, 0] * (1 << 40) + part[-1, 3] + within, side="right")
    return common[low:high]


def _too_many(pieces: Sequence[Piece], piece: int) -> BlindSpot:
    return BlindSpot(
        BlindKind.SAMPLED, pieces[piece].member or "", "too many rows of the fingerprints share values that stand here"
    )
