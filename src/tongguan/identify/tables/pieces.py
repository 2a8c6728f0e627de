"""Tables that lie in extracted text, as the judge takes them."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tongguan.identify.pieces import Piece
from tongguan.identify.tables.gathering import Utf8, concatenated, laid_out, last_up_to, strings
from tongguan.identify.tables.verdict import Column, Table

__all__ = ["is_continued", "joined", "table_of"]

ROWS: Final = 10_000  # of a table by which its columns are judged
NAME: Final = 200  # characters of a column's name
SEED: Final = 20_260_101  # the same file gives the same verdict


def table_of(piece: Piece, name: str = "", rows: int = ROWS) -> Table | None:
    """A table by `rows` of its rows, drawn at random; None where the piece is none or has no header.

    `name`: what it is called where the piece does not say.
    """
    if piece.cells is None or not len(piece.cells) or not piece.columns:
        return None
    cells = piece.cells
    ends = np.append(last_up_to(cells[:, 0], piece.records[1:] - 1) + 1, len(cells))  # of the rows, in cells
    sizes = np.diff(ends, prepend=0)
    header = int(np.argmax(sizes > 0))
    others = header + 1 + np.flatnonzero(sizes[header + 1 :])
    if len(others) > rows:
        others = np.sort(np.random.default_rng(SEED).choice(others, rows, replace=False))
    text, width = Utf8(piece.text), len(piece.columns)
    grid = np.full((width, len(others)), -1, np.int64)
    points = np.empty(2 * int(sizes[others].sum()), np.int64)
    laid_out(cells, ends[others] - sizes[others], ends[others], grid, points)
    points = np.append(text.places(points), (0, -1))  # what is in no place has no size
    values = [strings(text.data, points[2 * column], points[2 * column + 1]) for column in grid]
    columns = [Column(title[:NAME], None, column) for title, column in zip(piece.columns, values, strict=True)]
    return Table(piece.member or name, None, columns, max(len(others), len(piece.records) - 1 - header))


def joined(one: Table, more: Table, rows: int = ROWS) -> Table:
    """A table that came in two stretches: of each as many rows as is its share of the whole."""
    first, second = one.rows or 0, more.rows or 0
    whole = first + second
    if _given(one) + _given(more) <= rows:
        taken = _given(one), _given(more)
    else:
        taken = min(_given(one), round(rows * first / whole)), min(_given(more), round(rows * second / whole))
    chance = np.random.default_rng(SEED + whole)
    places = [np.sort(chance.choice(_given(t), n, replace=False)) for t, n in zip((one, more), taken, strict=True)]
    columns = [
        Column(a.name, a.comment, concatenated([_rows(a, places[0]), _rows(b, places[1])]))
        for a, b in zip(one.columns, more.columns, strict=True)
    ]
    return Table(one.name, one.comment, columns, whole)


def is_continued(one: Table, more: Table) -> bool:
    """Whether another table may be the next stretch of one: the same name and the same header."""
    return one.name == more.name and [c.name for c in one.columns] == [c.name for c in more.columns]


def _rows(column: Column, places: NDArray[np.int64]) -> pa.Array:
    values = column.values if isinstance(column.values, pa.Array) else pa.array(column.values)
    return values.take(pa.array(places))


def _given(table: Table) -> int:
    return len(table.columns[0].values)
