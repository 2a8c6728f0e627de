"""Tables that lie in extracted text, as the judge takes them."""

from __future__ import annotations

from typing import Final

import numpy as np

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
    lines = np.searchsorted(piece.records, cells[:, 0], side="right") - 1
    header = int(lines[0])
    others = np.unique(lines[lines > header])
    if len(others) > rows:
        others = np.sort(np.random.default_rng(_SEED).choice(others, rows, replace=False))
    kept = np.isin(lines, others) & (cells[:, 2] < len(piece.columns))
    values: list[list[str | None]] = [[None] * len(others) for _ in piece.columns]
    places = np.searchsorted(others, lines[kept]).tolist()
    for (start, end, column), line in zip(cells[kept].tolist(), places, strict=True):
        values[column][line] = piece.text[start:end]
    columns = [Column(title[:_NAME], None, column) for title, column in zip(piece.columns, values, strict=True)]
    return Table(piece.member or name, None, columns, max(len(others), len(piece.records) - 1 - header))


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
