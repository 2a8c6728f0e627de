"""Rows of numbers put aside by part in a file without a name, so that only one part at a time is in memory."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Rows", "Spool", "part_of"]

Rows = NDArray[Any]
"""Rows of a structured data type."""


def part_of(key: NDArray[np.uint64], parts: int) -> NDArray[np.int64]:
    """Which of `parts`, a power of two up to 2**32, a hash belongs to: parts are ranges, in order."""
    part: NDArray[np.int64] = (((key >> np.uint64(32)) * np.uint64(parts)) >> np.uint64(32)).astype(np.int64)
    return part


class Spool:
    """`parts` lots of rows. Used as a context: at its end they are gone."""

    def __init__(self, parts: int, row: np.dtype[Any], folder: Path | None) -> None:
        self.parts, self.row = parts, row
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by `__exit__`
        self._lots: list[NDArray[np.int64]] = []  # of each lot: where its parts begin, and its end, in rows
        self._rows = 0

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __len__(self) -> int:
        return self._rows

    def add(self, part: NDArray[np.signedinteger[Any]], *columns: NDArray[Any]) -> None:
        """Rows, given as columns, each into its part."""
        rows = np.empty(len(part), self.row)
        order = np.argsort(part, kind="stable") if self.parts > 1 else slice(None)
        for name, column in zip(self.row.names or (), columns, strict=True):
            rows[name] = column[order]
        bounds = np.concatenate(([0], np.cumsum(np.bincount(part, minlength=self.parts))))
        self._lots.append(self._rows + bounds.astype(np.int64))
        self._file.write(rows.tobytes())
        self._rows += len(rows)

    def read(self, part: int) -> Rows:
        """The rows of one part, in the order in which they came."""
        return self._read(part, self._lots)

    def chunks(self, part: int, most: int) -> Iterator[Rows]:
        """The same, what was added at once never apart, about so many rows at a time."""
        first = size = 0
        for place, lot in enumerate(self._lots):
            more = int(lot[part + 1] - lot[part])
            if size and size + more > most:
                yield self._read(part, self._lots[first:place])
                first, size = place, 0
            size += more
        if size:
            yield self._read(part, self._lots[first:])

    def _read(self, part: int, lots: Sequence[NDArray[np.int64]]) -> Rows:
        self._file.flush()
        size = sum(int(lot[part + 1] - lot[part]) for lot in lots)
        rows = np.empty(size, self.row)
        into, done = memoryview(rows.view(np.uint8).data), 0
        for lot in lots:
            first, last = (int(row) * self.row.itemsize for row in lot[part : part + 2])
            while first < last:
                count = os.preadv(self._file.fileno(), [into[done : done + last - first]], first)
                if not count:
                    raise EOFError("rows put aside are not there any more")
                first, done = first + count, done + count
        return rows
