"""Parquet: one file, or many that are one table, by rows drawn at random."""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, replace
from functools import partial
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tongguan.capture.stores.sampling import Sample
from tongguan.capture.stores.units import Column, FileUnit, Rows, TableUnit, Unread, Unseen

__all__ = ["Opened", "Part", "parquet_unit"]

_SETTLED_S: Final = 2.0  # a file changed so recently may change again without its times showing it
_PARTS: Final = 2_000  # files of one table of which rows are drawn, themselves drawn at random
_DECODED: Final = 1 << 30  # bytes of row groups gone through for a sample; of more some are drawn
_BATCH: Final = 4_096  # rows decoded at once
_CELL: Final = 1 << 16  # characters of a cell
_BYTES: Final = 64 << 20  # of a sample
_BLOBS: Final = 20  # binary cells of one column that are looked into
_COLUMNS: Final = 2_000

_CHANCE = random.SystemRandom()  # whoever fills a table must not foresee which rows are read


Opened = Callable[[], AbstractContextManager[Path | BufferedReader]]
"""Lets a file be read at any place; usable in another process."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a table; `values`: of columns that stand in the names of folders."""

    unit: FileUnit
    opened: Opened
    values: tuple[tuple[str, str], ...]


def parquet_unit(path: str, parts: Sequence[Part]) -> TableUnit:
    """Some files as one table. They are not opened before it is read."""
    marks = [part.unit.mark for part in parts]
    fresh = any(abs(time.time() - part.unit.changed) < _SETTLED_S for part in parts)
    mark = None
    if None not in marks and not fresh:
        both = sorted(f"{part.unit.path}\0{part.unit.mark}" for part in parts)
        mark = hashlib.blake2b("\n".join(both).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
    drawn = list(parts) if len(parts) <= _PARTS else _CHANCE.sample(list(parts), _PARTS)
    size = sum(part.unit.size for part in parts)
    read = partial(_read, tuple(drawn), len(parts), path)
    return TableUnit(path, "", PurePosixPath(path).name, "", None, size, mark, read, apart=True)


@dataclass(frozen=True, slots=True)
class _Group:
    """A row group of one of the files."""

    file: pq.ParquetFile
    part: Part
    number: int
    rows: int
    size: int  # bytes, decoded


def _read(parts: Sequence[Part], of: int, path: str, limit: int) -> Rows:
    """At most `limit` rows. Raises Unread."""
    try:
        with ExitStack() as stack:
            unseen: list[Unseen] = []
            groups = [group for part in parts for group in _groups(part, stack, path, unseen, single=of == 1)]
            return _sampled(groups, len(parts) < of, path, limit, unseen)
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise Unread(_unseen(error, path)) from None
    except Unread as unread:
        raise Unread(replace(unread.unseen, where=path)) from None


def _groups(part: Part, stack: ExitStack, path: str, unseen: list[Unseen], *, single: bool) -> Iterator[_Group]:
    """The row groups of one file. Of several files one that cannot be read is told, and the others are read."""
    try:
        place = stack.enter_context(part.opened())
        file = stack.enter_context(pq.ParquetFile(place, memory_map=False, pre_buffer=False))
        about = file.metadata
        for number in range(about.num_row_groups):
            group = about.row_group(number)
            yield _Group(file, part, number, group.num_rows, group.total_byte_size)
    except (pa.ArrowException, OSError, Unread) as error:
        if single:
            raise
        told = error.unseen if isinstance(error, Unread) else _unseen(error, part.unit.path)
        unseen.append(Unseen(told.reason, path, told.detail, size=part.unit.size))


def _sampled(groups: Sequence[_Group], parted: bool, path: str, limit: int, unseen: list[Unseen]) -> Rows:
    total = sum(group.rows for group in groups)
    chosen = _within(groups, _DECODED)
    come = sum(group.rows for group in chosen)
    whole = not parted and len(chosen) == len(groups)
    drawn = random.Random(_CHANCE.getrandbits(256))  # seeded by the system, which is slow where it gives each draw
    wanted = sorted(drawn.sample(range(come), limit)) if come > limit else list(range(come))
    columns = _columns(groups)
    if len(columns) > _COLUMNS:
        unseen.append(Unseen("columns_cut", path))
        columns = columns[:_COLUMNS]
    taken = _Taken(columns)
    start = 0
    for group in chosen:
        inside = [n - start for n in wanted if start <= n < start + group.rows]
        start += group.rows
        if inside and taken.size < _BYTES:
            taken.add(group, inside)
    full = taken.size >= _BYTES
    if full:
        unseen.append(Unseen("sample_cut", path, f"{_BYTES >> 20} MB"))
    if not full and whole:
        done = taken.rows == total
        sample = Sample("whole" if done else "random_rows", taken.rows, total, True, taken.rows)
    elif full:
        sample = Sample("head", taken.rows, total)
    else:
        sample = Sample("random_pages", taken.rows, None if parted else total, not parted, len(chosen))
    if sample.method != "whole":
        unseen.append(Unseen("sampled", path, sample.method, (sample.of or 0) - sample.rows if sample.of else 1))
    if taken.cut:
        unseen.append(Unseen("cells_cut", path, count=taken.cut))
    for ordinal, count in taken.blob_counts.items():
        if count > _BLOBS:
            unseen.append(Unseen("blobs", path, columns[ordinal].name, count - _BLOBS))
    return Rows(tuple(columns), taken.table(), sample, taken.blobs, taken.blob_counts, tuple(unseen))


def _within(groups: Sequence[_Group], most: int) -> list[_Group]:
    """All groups, or as many as may be gone through, drawn by chance; at least one."""
    if sum(group.size for group in groups) <= most:
        return list(groups)
    chosen: list[_Group] = []
    for group in _CHANCE.sample(list(groups), len(groups)):
        if chosen and sum(one.size for one in chosen) + group.size > most:
            break
        chosen.append(group)
    return chosen


def _columns(groups: Sequence[_Group]) -> list[Column]:
    """The columns of all files, by name: those of one may lack in another. Comments stand in the fields' metadata."""
    found: dict[str, Column] = {}
    seen: set[int] = set()
    for group in groups:
        if id(group.file) in seen:
            continue
        seen.add(id(group.file))
        for field in group.file.schema_arrow:
            about = field.metadata or {}
            comment = (about.get(b"comment") or about.get(b"description") or b"").decode("utf-8", "replace")[:2000]
            found.setdefault(field.name, Column(field.name, str(field.type), comment, field.nullable))
        for name, _ in group.part.values:
            found.setdefault(name, Column(name, "partition"))
    return list(found.values())


class _Taken:
    """Rows that were drawn, as columns of text."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._chunks: list[list[pa.Array]] = []
        self.rows = self.size = self.cut = 0
        self.blobs: dict[int, list[bytes]] = {}
        self.blob_counts: dict[int, int] = {}

    def add(self, group: _Group, inside: Sequence[int]) -> None:
        """Rows of a row group by their places in it, ascending. Decoded a batch at a time."""
        at, start = 0, 0
        there = set(group.file.schema_arrow.names)
        asked = [column.name for column in self._columns if column.name in there]
        values = dict(group.part.values)
        for batch in group.file.iter_batches(_BATCH, row_groups=[group.number], columns=asked):
            places = []
            while at < len(inside) and inside[at] < start + batch.num_rows:
                places.append(inside[at] - start)
                at += 1
            start += batch.num_rows
            if places:
                self._add(batch.take(pa.array(places, pa.int64())), values)
            if at == len(inside) or self.size >= _BYTES:
                return

    def _add(self, batch: pa.RecordBatch, values: dict[str, str]) -> None:
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

    def table(self) -> pa.Table:
        width = len(self._columns)
        chunks = [pa.chunked_array([chunk[n] for chunk in self._chunks], pa.large_string()) for n in range(width)]
        return pa.Table.from_arrays(chunks, names=[column.name for column in self._columns])


def _json(cell: Any) -> str:
    return json.dumps(cell, ensure_ascii=False, default=str)


def _unseen(error: BaseException, where: str) -> Unseen:
    if isinstance(error, PermissionError):
        return Unseen("permission", where)
    if isinstance(error, FileNotFoundError):
        return Unseen("vanished", where)
    if "encrypt" in str(error).lower():
        return Unseen("encrypted", where)
    return Unseen("damaged", where, type(error).__name__)
