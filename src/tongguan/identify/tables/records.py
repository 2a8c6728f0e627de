"""JSON records in extracted text as a table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tongguan.identify.pieces import Piece
from tongguan.identify.tables.gathering import Utf8, strings
from tongguan.identify.tables.members import NULL, ODD, Members, read_members
from tongguan.identify.tables.pieces import NAME, ROWS, SEED
from tongguan.identify.tables.verdict import Column, Table

__all__ = ["table_of_records"]

_COLUMNS: Final = 500
_ALIKE: Final = 0.8  # share of records that must be plain objects
_DEPTH: Final = 3  # of objects within a record, whose keys become names joined by dots
_SPARSE: Final = 20  # times as many places as there are values, from which on keys are data themselves

_Written = dict[str, str | None]


def table_of_records(piece: Piece, name: str = "", rows: int = ROWS) -> Table | None:
    """JSON records as rows, by `rows` of them drawn at random; None where they are not most objects of much the same
    keys. `name`: what it is called where the piece does not say."""
    count = len(piece.records)
    if count < 2:
        return None
    chosen = np.arange(count)
    if count > rows:
        chosen = np.sort(np.random.default_rng(SEED).choice(count, rows, replace=False))
    text = Utf8(piece.text)
    edges = text.places(np.append(piece.records, len(piece.text)))
    grid = _read(text.data, edges[chosen], edges[chosen + 1])
    if grid.rows < 2 or grid.rows < _ALIKE * len(chosen):
        return None
    if len(grid.names) > _COLUMNS or len(grid.names) * grid.rows > _SPARSE * len(grid.cells):
        return None
    columns = [Column(key[:NAME], None, values) for key, values in grid.columns()]
    return Table(piece.member or name, None, columns, grid.rows if len(chosen) == count else count)


@dataclass(frozen=True, slots=True)
class _Grid:
    """Records by rows and columns. `cells` (n, 4): row, column, start and end of the value in `data`, an end before the
    start for null."""

    names: Sequence[str]
    rows: int
    cells: NDArray[np.int64]
    data: NDArray[np.uint8]

    def columns(self) -> Iterator[tuple[str, pa.Array]]:
        row, column, start, end = self.cells.T
        starts, ends = np.zeros((len(self.names), self.rows), np.int64), np.full((len(self.names), self.rows), -1)
        starts[column, row], ends[column, row] = start, end
        for n, name in enumerate(self.names):
            yield name, strings(self.data, starts[n], ends[n])


def _read(data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> _Grid:
    """The records that are objects: plain ones by a kernel, others one by one."""
    members = read_members(data, starts, ends)
    names, odd = _names(members.names, data), members.odd
    more = _Behind(len(data))
    rows = _with_odd_values(members, data, more)
    told = np.unique(rows[:, 1])
    if len({names[n] for n in told.tolist()}) < len(told):  # {"a.b": 1} beside {"a": {"b": 1}}
        odd[:], rows = True, rows[:0]
    rows = rows[~odd[rows[:, 0]]]
    told, first = np.unique(rows[:, 1], return_index=True)
    order = {names[n]: (int(rows[at, 0]), at) for n, at in zip(told.tolist(), first.tolist(), strict=True)}
    added: list[tuple[int, str, int, int]] = []
    for record in np.flatnonzero(odd).tolist():
        for key, value in _flat(data[starts[record] : ends[record]].tobytes()).items():
            order[key] = min(order.get(key, (record, len(added))), (record, len(added)))
            added.append((record, key, *more.put(value)))
    columns = {name: n for n, name in enumerate(sorted(order, key=order.__getitem__))}
    column_of = np.array([columns.get(name, 0) for name in names], np.int64)
    cells = np.concatenate(
        (
            np.column_stack((rows[:, 0], column_of[rows[:, 1]], rows[:, 2:4])),
            np.array([(record, columns[key], *span) for record, key, *span in added], np.int64).reshape(-1, 4),
        )
    )
    found = np.unique(cells[:, 0])
    cells[:, 0] = np.searchsorted(found, cells[:, 0])
    return _Grid(list(columns), len(found), cells, more.behind(data))


def _names(members: NDArray[np.int64], data: NDArray[np.uint8]) -> list[str]:
    """Names of members, with those of the objects that they stand in before them."""
    names: list[str] = []
    for parent, start, end in members.tolist():
        name = data[start:end].tobytes().decode("utf-8", "replace")
        names.append(f"{names[parent]}.{name}" if parent >= 0 else name)
    return names


def _with_odd_values(members: Members, data: NDArray[np.uint8], more: _Behind) -> NDArray[np.int64]:
    """The members with nulls set, and with the values that no kernel reads; a record in which one is no JSON is odd."""
    rows = members.rows
    rows[rows[:, 4] == NULL, 3] = -1
    for at in np.flatnonzero(rows[:, 4] == ODD).tolist():
        try:
            value = json.loads(data[rows[at, 2] : rows[at, 3]].tobytes())
            rows[at, 2:4] = more.put(json.dumps(value, ensure_ascii=False))
        except (ValueError, RecursionError):
            members.odd[rows[at, 0]] = True
    return rows


class _Behind:
    """Texts that are put behind others. `size`: bytes of those."""

    def __init__(self, size: int) -> None:
        self._at, self._parts = size, list[bytes]()

    def put(self, text: str | None) -> tuple[int, int]:
        """Start and end of a text."""
        if text is None:
            return 0, -1
        self._parts.append(text.encode("utf-8", "replace"))
        start, self._at = self._at, self._at + len(self._parts[-1])
        return start, self._at

    def behind(self, data: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.concatenate((data, np.frombuffer(b"".join(self._parts), np.uint8))) if self._parts else data


def _flat(record: bytes) -> _Written:
    """The members of a record as they are written; none of what is no object."""
    try:
        found = json.loads(record.decode().strip().lstrip("[").rstrip("],\n\r\t "))
    except (ValueError, RecursionError):
        return {}
    row: _Written = {}
    if isinstance(found, dict):
        _flatten(found, "", row, _DEPTH)
    return row


def _flatten(record: Mapping[str, Any], before: str, into: _Written, depth: int) -> None:
    for key, value in record.items():
        if isinstance(value, dict) and value and depth > 1:
            _flatten(value, f"{before}{key}.", into, depth - 1)
        elif value is None or isinstance(value, str):
            into[before + key] = value
        else:
            into[before + key] = json.dumps(value, ensure_ascii=False)
