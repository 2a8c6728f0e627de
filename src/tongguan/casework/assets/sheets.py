"""Tables in files: a delimited text, a sheet, JSON records; each judged once, by rows drawn from all of it."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tongguan.identify import Piece
from tongguan.identify.tables import Column, Judge, Table, TableVerdict
from tongguan.identify.tables.pieces import is_continued, joined, table_of

__all__ = ["Sheets"]

_MOST: Final = 100  # tables of one file; the text of further ones is searched all the same
_ROWS: Final = 10_000  # by which the columns of a table are judged
_COLUMNS: Final = 500  # of JSON records
_NAME: Final = 200  # characters of a column's name
_ALIKE: Final = 0.8  # share of records that must be plain objects
_DEPTH: Final = 3  # of objects within a record, whose keys become names joined by dots
_SEED: Final = 20_260_101  # the same file gives the same verdict


class Sheets:
    """The tables of one file, as they come by stretches."""

    def __init__(self) -> None:
        self._tables: list[Table] = []

    def add(self, piece: Piece, name: str) -> Table | None:
        """The piece as a table, where it is one; `name`: what a table is called that has none of its own."""
        table = _of_json(piece, name) if piece.kind == "json" else table_of(piece, name, _ROWS)
        if table is None or not table.columns:
            return None
        last = self._tables[-1] if self._tables else None
        if last is not None and is_continued(last, table):
            self._tables[-1] = joined(last, table, _ROWS)
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


def _of_json(piece: Piece, name: str) -> Table | None:
    """JSON records as rows, where most are objects of much the same keys."""
    starts = piece.records.tolist()
    if len(starts) < 2:
        return None
    chosen: Sequence[int] = range(len(starts))
    if len(starts) > _ROWS:
        chosen = sorted(random.Random(_SEED).sample(chosen, _ROWS))
    ends = [*starts[1:], len(piece.text)]
    found: list[dict[str, str | None]] = []
    for n in chosen:
        row: dict[str, str | None] = {}
        record = _loaded(piece.text[starts[n] : ends[n]])
        if isinstance(record, dict) and record:
            _flatten(record, "", row, _DEPTH)
            found.append(row)
    if len(found) < 2 or len(found) < _ALIKE * len(chosen):
        return None
    names = list(dict.fromkeys(key for row in found for key in row))
    if len(names) > _COLUMNS or len(names) * len(found) > 20 * sum(map(len, found)):
        return None  # keys that are data themselves
    columns = [Column(key[:_NAME], None, [row.get(key) for row in found]) for key in names]
    return Table(piece.member or name, None, columns, len(found) if len(chosen) == len(starts) else len(starts))


def _loaded(text: str) -> Any:
    try:
        return json.loads(text.strip().lstrip("[").rstrip("],\n\r\t "))
    except (ValueError, RecursionError):
        return None


def _flatten(record: Mapping[str, Any], before: str, into: dict[str, str | None], depth: int) -> None:
    for key, value in record.items():
        if isinstance(value, dict) and value and depth > 1:
            _flatten(value, f"{before}{key}.", into, depth - 1)
        elif isinstance(value, (dict, list)):
            into[before + key] = json.dumps(value, ensure_ascii=False)
        elif value is None or isinstance(value, str):
            into[before + key] = value
        else:
            into[before + key] = json.dumps(value)
