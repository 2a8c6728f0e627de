"""Batches of Arrow as large as their file, in slices of rows.

A batch that is not packed is mapped, and what was gone through of it is given back. Of a packed one rows cannot be read
from the middle, but some columns without the others: each group of columns is unpacked once for every slice, and of it
only the slice is kept. So memory is that of a group and a slice, for more work.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from .source import Source

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ArrowFile"]

_LARGE = 16 << 20  # bytes of a file for each of its batches, from which on they are read in slices
_SLICE = 64 << 20  # bytes of all columns of a slice
_GROUPS = 8  # of columns

Columns = list[Any]  # arrays


class ArrowFile:
    """A file of Arrow's format for files: batches, which are read by number. Raises pyarrow's errors wherever it is
    asked for something."""

    def __init__(self, data: Source) -> None:
        self._given, self._forget = _mapping(data)
        self._file = self._opened(None)
        self.schema: pa.Schema = self._file.schema
        self.count: int = self._file.num_record_batches
        large = len(self._given) >= _LARGE * self.count > 0
        self._packed = large and _is_packed(self._given)

    def rows(self, number: int) -> int:
        """Nothing tells but the batch itself; of a packed one the narrowest column."""
        batch = (
            self._opened([_narrowest(self.schema)]).get_batch(number) if self._packed else self._file.get_batch(number)
        )
        self._forget()
        return int(batch.num_rows)

    def batches(self, number: int) -> Iterator[Columns]:
        """All columns of a batch, some rows at a time."""
        if self._packed:
            return _unpacked(len(self.schema), partial(self._read, number))
        return _mapped(self._file.get_batch(number), self._forget)

    def _opened(self, columns: list[int] | None) -> Any:
        import pyarrow.ipc as ipc

        return ipc.open_file(self._given, options=ipc.IpcReadOptions(included_fields=columns, use_threads=False))

    def _read(self, number: int, columns: list[int]) -> Any:
        batch = self._opened(columns).get_batch(number)
        self._forget()
        return batch


def _narrowest(schema: pa.Schema) -> int:
    import pyarrow.types as types

    widths = [kind.bit_width if types.is_primitive(kind) else 1 << 20 for kind in schema.types]
    return widths.index(min(widths))


def _mapping(data: Source) -> tuple[Any, Callable[[], None]]:
    """All bytes, as a buffer that is read where it lies, and how what was read of it leaves memory."""
    import pyarrow as pa

    if data.path is None:
        return pa.py_buffer(data.whole()), lambda: None
    with data.reader() as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return pa.py_buffer(mapped), lambda: mapped.madvise(mmap.MADV_DONTNEED)


def _is_packed(given: Any) -> bool:
    """Whether its first batch says that its columns are packed: the fourth field of the header of its message."""
    import pyarrow.ipc as ipc

    messages = ipc.MessageReader.open_stream(given.slice(8))  # behind the magic number and its padding
    first = next((message for message in messages if message.type == "record batch"), None)
    if first is None:
        return False
    about = first.metadata.to_pybytes()
    root = int.from_bytes(about[:4], "little")
    header = _field(about, root, 2)
    return bool(header and _field(about, header + int.from_bytes(about[header : header + 4], "little"), 3))


def _field(about: bytes, table: int, number: int) -> int:
    """Where a field of a FlatBuffers table lies; 0 where it is absent."""
    places = table - int.from_bytes(about[table : table + 4], "little", signed=True)
    at = 4 + 2 * number
    if at >= int.from_bytes(about[places : places + 2], "little"):
        return 0
    offset = int.from_bytes(about[places + at : places + at + 2], "little")
    return table + offset if offset else 0


def _mapped(batch: pa.RecordBatch, forget: Callable[[], None]) -> Iterator[Columns]:
    for some in _steps(batch.num_rows, batch.nbytes):
        yield batch.slice(some.start, len(some)).columns
        forget()


def _unpacked(columns: int, read: Callable[[list[int]], pa.RecordBatch]) -> Iterator[Columns]:
    """`read` gives some columns, by their places, and all rows."""
    width = max(1, -(-columns // _GROUPS))
    groups = [list(range(first, min(first + width, columns))) for first in range(0, columns, width)]
    size = rows = 0
    for group in groups:
        batch = read(group)
        size, rows = size + batch.nbytes, batch.num_rows
        del batch
    for some in _steps(rows, size):
        yield [column for group in groups for column in _part(read(group), some)]


def _steps(rows: int, size: int) -> Iterator[range]:
    step = max(1, rows * _SLICE // max(size, _SLICE))
    return (range(start, min(start + step, rows)) for start in range(0, rows, step))


def _part(batch: pa.RecordBatch, rows: range) -> Columns:
    """Some rows, copied: a slice alone would keep all of the batch."""
    import pyarrow as pa

    some = batch.slice(rows.start, len(rows))
    with suppress(pa.ArrowNotImplementedError):  # of a type that cannot be copied so
        some = some.take(pa.array(range(len(rows)), pa.int64()))
    columns: Columns = some.columns
    return columns
