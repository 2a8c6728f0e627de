"""Cells that came from a database, as Arrow columns of text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from tongguan.capture.stores.databases.dialect import CELL, Dialect
from tongguan.capture.stores.units import Column

__all__ = ["Cells", "longest"]

BLOBS: Final = 20  # binary cells of one column that are looked into
WIDE: Final = 64  # columns; of tables with more, cells are cut shorter, so that no row holds much more
SHORTEST: Final = 1_024

_NULL = type(None)


def longest(columns: int) -> int:
    """Characters, or bytes of a binary cell, that are read of one cell of a table of so many columns."""
    return CELL if columns <= WIDE else max(SHORTEST, CELL * WIDE // columns)


@dataclass(slots=True)
class Cells:
    """Rows as they come."""

    columns: Sequence[Column]
    dialect: Dialect
    most: int  # bytes
    batches: list[list[pa.Array]] = field(default_factory=list)
    count: int = 0
    size: int = 0
    cut: int = 0
    pages: list[str] = field(default_factory=list)  # of each row, where that is known
    blobs: dict[int, list[bytes]] = field(default_factory=dict)
    blob_counts: dict[int, int] = field(default_factory=dict)
    longest: int = field(init=False)

    def __post_init__(self) -> None:
        self.longest = longest(len(self.columns))

    @property
    def full(self) -> bool:
        return self.size >= self.most

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Rows of the columns' width, or of one more, which is not a cell."""
        width = len(self.columns)
        arrays = [self._array(ordinal, cells) for ordinal, cells in enumerate(list(zip(*rows, strict=True))[:width])]
        self.batches.append(arrays)
        self.count += len(rows)
        self.size += sum(array.nbytes for array in arrays)

    def keep(self, chosen: Sequence[int]) -> None:
        """These rows alone, by their places."""
        self.pages = [self.pages[n] for n in chosen] if self.pages else []
        whole = self.table().take(pa.array(chosen, pa.int64()))
        self.batches = [[column.combine_chunks() for column in whole.columns]]
        self.count = len(chosen)

    def table(self) -> pa.Table:
        """One column of text for each, in their order."""
        width = len(self.columns)
        chunks = [pa.chunked_array([batch[n] for batch in self.batches], pa.large_string()) for n in range(width)]
        return pa.Table.from_arrays(chunks, names=[column.name for column in self.columns])

    def _array(self, ordinal: int, cells: Sequence[Any]) -> pa.Array:
        kinds = set(map(type, cells))
        try:
            if kinds <= {int, _NULL}:
                made: Any = [None if cell is None else str(cell) for cell in cells]
            elif kinds <= {str, _NULL} and not self.dialect.raw:
                made = cells
            else:
                made = self._texts(ordinal, cells)
            array = pa.array(made, pa.large_string())
        except UnicodeEncodeError:  # half of a surrogate pair
            array = pa.array(self._texts(ordinal, cells), pa.large_string())
        if array.nbytes > self.longest:
            long = pc.greater(pc.utf8_length(array), self.longest)
            if count := pc.sum(long).as_py():
                self.cut += count
                array = pc.utf8_slice_codeunits(array, 0, self.longest)
        return array

    def _texts(self, ordinal: int, cells: Iterable[Any]) -> list[str | None]:
        made: list[str | None] = []
        for given in cells:
            cell = given.read(self.longest + 1) if hasattr(given, "read") else given  # a large one, by some drivers
            if isinstance(cell, (bytes, bytearray, memoryview)):
                made.append(self._bytes(ordinal, bytes(cell)))
            elif cell is None:
                made.append(None)
            elif self.dialect.raw and isinstance(cell, str):
                made.append(self.dialect.texts(cell.encode("latin-1")))
            elif isinstance(cell, (dict, list, tuple)):
                made.append(
                    json.dumps(cell, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace").decode()
                )
            else:
                made.append(str(cell).encode("utf-8", "backslashreplace").decode())
        return made

    def _bytes(self, ordinal: int, cell: bytes) -> str | None:
        """Text that lies in a binary column, else a blob."""
        try:
            text = cell.decode()
            if "\0" not in text:
                return text
        except UnicodeDecodeError:
            pass
        self.blob_counts[ordinal] = self.blob_counts.get(ordinal, 0) + 1
        kept = self.blobs.setdefault(ordinal, [])
        if len(kept) < BLOBS:
            self.cut += len(cell) > self.longest
            kept.append(cell[: self.longest])
            self.size += min(len(cell), self.longest)
        return None
