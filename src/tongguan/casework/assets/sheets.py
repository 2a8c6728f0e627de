"""Tables in files: a delimited text, a sheet, JSON records; each judged once, by rows drawn from all of it."""

from __future__ import annotations

from typing import Final

from tongguan.identify import Piece
from tongguan.identify.tables import Judge, Table, TableVerdict
from tongguan.identify.tables.pieces import is_continued, joined, table_of
from tongguan.identify.tables.records import table_of_records

__all__ = ["Sheets"]

_MOST: Final = 100  # tables of one file; the text of further ones is searched all the same


class Sheets:
    """The tables of one file, as they come by stretches."""

    def __init__(self) -> None:
        self._tables: list[Table] = []

    def add(self, piece: Piece, name: str) -> Table | None:
        """The piece as a table, where it is one; `name`: what a table is called that has none of its own."""
        table = table_of_records(piece, name) if piece.kind == "json" else table_of(piece, name)
        if table is None or not table.columns:
            return None
        last = self._tables[-1] if self._tables else None
        if last is not None and is_continued(last, table):
            self._tables[-1] = joined(last, table)
        elif len(self._tables) < _MOST:
            self._tables.append(table)
        else:
            return None
        return table

    def judged(self, judge: Judge) -> list[TableVerdict]:
        """Each table by its columns' names and values, in order."""
        return [judge.judge(table) for table in self._tables]

    @property
    def rows(self) -> int | None:
        """Of the one table that there is; None where there are none or several."""
        return self._tables[0].rows if len(self._tables) == 1 else None
