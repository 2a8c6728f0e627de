"""Tables that lie in extracted text, as the judge takes them."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.pieces import Piece
from tongguan.identify.tables.verdict import Column, Table

__all__ = ["is_continued", "joined", "table_of"]

_ROWS: Final = 10_000  # of a table by which its columns are judged
_NAME: Final = 200  # characters of a column's name
_SEED: Final = 20_260_101  # the same file gives the same verdict


def table_of(piece: Piece, name: str = "", rows: int = _ROWS) -> Table | None:
    """A table by `rows` of its rows, drawn at random; None where the piece is none or has no header.

    `name`: what it is called where the piece does not say.
    """
    if piece.cells is None or not len(piece.cells) or not piece.columns:
        return None
    cells = piece.cells
    ends = np.append(np.searchsorted(cells[:, 0], piece.records[1:]), len(cells))  # of the rows, in cells
    sizes = np.diff(ends, prepend=0)
    header = int(np.argmax(sizes > 0))
    others = header + 1 + np.flatnonzero(sizes[header + 1 :])
    if len(others) > rows:
        others = np.sort(np.random.default_rng(_SEED).choice(others, rows, replace=False))
    kept = cells[_ranges(ends[others] - sizes[others], sizes[others])]
    lines = np.repeat(np.arange(len(others)), sizes[others])
    values = [_column(piece.text, kept, lines, place, len(others)) for place in range(len(piece.columns))]
    columns = [Column(title[:_NAME], None, column) for title, column in zip(piece.columns, values, strict=True)]
    return Table(piece.member or name, None, columns, max(len(others), len(piece.records) - 1 - header))


def _ranges(starts: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The numbers of several ranges, one range behind the other."""
    before = np.cumsum(sizes) - sizes
    return np.repeat(starts - before, sizes) + np.arange(int(sizes.sum()))


def _column(text: str, cells: NDArray[np.int64], lines: NDArray[np.int64], place: int, rows: int) -> list[str | None]:
    """The values of a column, None in rows that have no such cell."""
    chosen = cells[:, 2] == place
    spans = zip(cells[chosen, 0].tolist(), cells[chosen, 1].tolist(), strict=True)
    if np.array_equal(lines[chosen], np.arange(rows)):
        return [text[start:end] for start, end in spans]
    values: list[str | None] = [None] * rows
    for line, (start, end) in zip(lines[chosen].tolist(), spans, strict=True):
        values[line] = text[start:end]
    return values


def joined(one: Table, more: Table, rows: int = _ROWS) -> Table:
    """A table that came in two stretches: of each as many rows as is its share of the whole."""
    first, second = one.rows or 0, more.rows or 0
    whole = first + second
    if _given(one) + _given(more) <= rows:
        taken = _given(one), _given(more)
    else:
        taken = min(_given(one), round(rows * first / whole)), min(_given(more), round(rows * second / whole))
    chance = np.random.default_rng(_SEED + whole)
    places = [np.sort(chance.choice(_given(t), n, replace=False)) for t, n in zip((one, more), taken, strict=True)]
    columns = [
        Column(a.name, a.comment, [a.values[i] for i in places[0]] + [b.values[i] for i in places[1]])
        for a, b in zip(one.columns, more.columns, strict=True)
    ]
    return Table(one.name, one.comment, columns, whole)


def is_continued(one: Table, more: Table) -> bool:
    """Whether another table may be the next stretch of one: the same name and the same header."""
    return one.name == more.name and [c.name for c in one.columns] == [c.name for c in more.columns]


def _given(table: Table) -> int:
    return len(table.columns[0].values)
