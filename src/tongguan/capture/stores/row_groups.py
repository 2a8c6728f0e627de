"""What tables in files are read by: row groups of Parquet, batches of Arrow. Files that are parts of one table are
opened side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from functools import partial
from io import BufferedReader
from pathlib import Path
from typing import Any, Final, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from tongguan.capture.stores.units import Column, FileUnit, Unread, Unseen

__all__ = ["Format", "Group", "Opened", "Part", "columns_of", "groups_of", "unseen_of_file"]

BATCH: Final = 4_096  # rows decoded at once
_BUFFER: Final = 1 << 20  # bytes of a column that are read at once: a row group may be the whole file

Format = Literal["parquet", "arrow"]
Opened = Callable[[], AbstractContextManager[Path | BufferedReader]]
"""Lets a file be read at any place; usable in another process."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a table; `values`: of columns that stand in the names of folders."""

    unit: FileUnit
    format: Format
    opened: Opened
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of one of the files that are read together. `batches`: of some columns, by their names, in order."""

    part: Part
    schema: pa.Schema
    rows: int
    size: int  # bytes, decoded, as far as the file says
    batches: Callable[[Sequence[str]], Iterator[pa.RecordBatch]] = field(repr=False)


def groups_of(part: Part, stack: ExitStack, path: str, unseen: list[Unseen], *, single: bool) -> Iterator[Group]:
    """The groups of one file. Of several files one that cannot be read is told, and the others are read."""
    try:
        place = stack.enter_context(part.opened())
        yield from (_of_parquet if part.format == "parquet" else _of_arrow)(part, place, stack)
    except (pa.ArrowException, OSError, ValueError, KeyError, Unread) as error:
        if single:
            raise
        told = error.unseen if isinstance(error, Unread) else unseen_of_file(error, part.unit.path)
        unseen.append(Unseen(told.reason, path, told.detail, size=part.unit.size))


def _of_parquet(part: Part, place: Any, stack: ExitStack) -> Iterator[Group]:
    file = stack.enter_context(pq.ParquetFile(place, memory_map=False, pre_buffer=False, buffer_size=_BUFFER))
    about = file.metadata
    for number in range(about.num_row_groups):
        group = about.row_group(number)
        read = partial(_row_group, file, number)
        yield Group(part, file.schema_arrow, group.num_rows, group.total_byte_size, read)


def _row_group(file: pq.ParquetFile, number: int, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
    found: Iterator[pa.RecordBatch] = file.iter_batches(BATCH, row_groups=[number], columns=list(names))
    return found


def _of_arrow(part: Part, place: Any, stack: ExitStack) -> Iterator[Group]:
    from tongguan.identify.extract.isolated.slices import ArrowFile  # asked for late: what lies around it is large
    from tongguan.identify.extract.isolated.source import Source

    file = ArrowFile(Source(stack.enter_context(place.open("rb"))))
    for number in range(file.count if len(file.schema) else 0):
        size = part.unit.size // file.count
        yield Group(part, file.schema, file.rows(number), size, partial(_batch, file, number))


def _batch(file: Any, number: int, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
    for columns in file.batches(number):
        some = pa.RecordBatch.from_arrays(columns, schema=file.schema).select(list(names))
        yield from (some.slice(at, BATCH) for at in range(0, some.num_rows, BATCH))


def columns_of(groups: Sequence[Group]) -> list[Column]:
    """The columns of all files, by name: those of one may lack in another. Comments stand in the fields' metadata."""
    found: dict[str, Column] = {}
    seen: set[int] = set()
    for group in groups:
        if id(group.part) in seen:
            continue
        seen.add(id(group.part))
        for one in group.schema:
            about = one.metadata or {}
            comment = (about.get(b"comment") or about.get(b"description") or b"").decode("utf-8", "replace")[:2000]
            found.setdefault(one.name, Column(one.name, str(one.type), comment, one.nullable))
        for name, _ in group.part.values:
            found.setdefault(name, Column(name, "partition"))
    return list(found.values())


def unseen_of_file(error: BaseException, where: str) -> Unseen:
    """Why a file could not be read."""
    if isinstance(error, PermissionError):
        return Unseen("permission", where)
    if isinstance(error, FileNotFoundError):
        return Unseen("vanished", where)
    if "encrypt" in str(error).lower():
        return Unseen("encrypted", where)
    return Unseen("damaged", where, type(error).__name__)
