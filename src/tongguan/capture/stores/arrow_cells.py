"""Columns of Arrow as text: rows that were chosen, as stores give them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from tongguan.capture.stores.sampling import Sample
from tongguan.capture.stores.units import Column, Rows, Unseen

__all__ = ["Taken"]

_CELL: Final = 1 << 16  # characters of a cell
_BYTES: Final = 64 << 20  # of what is kept, beyond which no blob is
_BLOBS: Final = 20  # binary cells of one column that are looked into


class Taken:
    """Rows that were drawn, as columns of text."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._chunks: list[list[pa.Array]] = []
        self.rows = self.size = self.cut = 0
        self.blobs: dict[int, list[bytes]] = {}
        self.blob_counts: dict[int, int] = {}

    def add(self, batch: pa.RecordBatch, values: Mapping[str, str]) -> None:
        """Rows of one file; `values` of columns that stand beside it."""
        names = batch.schema.names
        arrays = []
        for ordinal, column in enumerate(self._columns):
            if column.name in names:
                array = self._text(ordinal, batch.column(names.index(column.name)))
            else:
                array = pa.array([values.get(column.name)] * batch.num_rows, pa.large_string())
            self.size += array.nbytes
            arrays.append(array)
        self._chunks.append(arrays)
        self.rows += batch.num_rows

    def _text(self, ordinal: int, array: pa.Array) -> pa.Array:
        if pa.types.is_dictionary(array.type):
            array = array.dictionary_decode()
        kind = array.type
        if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
            made = pa.array([self._bytes(ordinal, cell) for cell in array.to_pylist()], pa.large_string())
        elif pa.types.is_nested(kind):
            made = pa.array([None if cell is None else _json(cell) for cell in array.to_pylist()], pa.large_string())
        else:
            try:
                made = array.cast(pa.large_string())
            except pa.ArrowException:
                cells = array.to_pylist()
                made = pa.array([None if cell is None else str(cell) for cell in cells], pa.large_string())
        if made.nbytes > _CELL and (long := pc.sum(pc.greater(pc.utf8_length(made), _CELL)).as_py()):
            self.cut += long
            made = pc.utf8_slice_codeunits(made, 0, _CELL)
        return made

    def _bytes(self, ordinal: int, cell: bytes | None) -> str | None:
        """Text that lies in a binary column, else a blob."""
        if cell is None:
            return None
        with suppress(UnicodeDecodeError):
            text = cell.decode()
            if "\0" not in text:
                return text
        self.blob_counts[ordinal] = self.blob_counts.get(ordinal, 0) + 1
        kept = self.blobs.setdefault(ordinal, [])
        if len(kept) < _BLOBS and self.size < _BYTES:
            kept.append(cell)
            self.size += len(cell)
        return None

    def rows_of(self, sample: Sample, path: str, unseen: Sequence[Unseen] = ()) -> Rows:
        """What was taken, drawn in a way, with what of it was not seen."""
        told = list(unseen)
        if self.cut:
            told.append(Unseen("cells_cut", path, count=self.cut))
        for ordinal, count in self.blob_counts.items():
            if count > _BLOBS:
                told.append(Unseen("blobs", path, self._columns[ordinal].name, count - _BLOBS))
        return Rows(tuple(self._columns), self.table(), sample, self.blobs, self.blob_counts, tuple(told))

    def table(self) -> pa.Table:
        width = len(self._columns)
        chunks = [pa.chunked_array([chunk[n] for chunk in self._chunks], pa.large_string()) for n in range(width)]
        return pa.Table.from_arrays(chunks, names=[column.name for column in self._columns])


def _json(cell: Any) -> str:
    return json.dumps(cell, ensure_ascii=False, default=str)
