"""Tables in files of their own: SQLite databases, dBase tables, and Parquet, Arrow and ORC by pyarrow. None is run."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from typing import Any

from .dbase import Dbase
from .found import Found
from .rows import FULL, Rows
from .slices import ArrowFile
from .source import Source

__all__ = ["read"]

Answer = tuple[dict[str, Any], list[bytes]]
_VIRTUAL = re.compile(r"\s*create\s+virtual\b", re.IGNORECASE)  # what it shows lies in tables of its own
_BLOB = 64  # bytes: a shorter one is no file
_BLOBS = 1000  # of one table that are opened
_BATCH = 2000  # rows
_BUFFER = 1 << 20  # bytes of a column


def read(data: Source, kind: str, max_bytes: int, max_members: int) -> Iterator[Answer]:
    """Rows of all tables. `kind`: `sqlite`, `dbase`, `parquet`, `arrow` or `orc`.

    A report holds `sheets`, as those of workbooks (see `sheets.read`), each with its `columns`; `beside`, files that
    lie in cells (see `Found`), whose blobs come last; the last one `end`: `ok`, `bytes`, `encrypted` or `damaged`.
    """
    reading = _Reading(max_bytes, Found(max_bytes, max_members))
    match kind:
        case "sqlite":
            yield from reading.sqlite(data)
        case "dbase":
            yield from reading.dbase(data)
        case _:
            yield from reading.arrow(data, kind)
    yield {"end": reading.end, "beside": reading.files.report()}, reading.files.blobs


class _Reading:
    """The tables of one file being read."""

    def __init__(self, left: int, files: Found) -> None:
        self._left = left
        self.files = files
        self.end = "ok"

    def sqlite(self, data: Source) -> Iterator[Answer]:
        try:
            store = _opened(data)
            about = store.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
        except (sqlite3.Error, ValueError):
            self.end = "damaged"
            return
        for name in (str(name) for name, sql in about if not _VIRTUAL.match(str(sql))):
            quoted = name.replace('"', '""')
            try:
                cursor = store.execute(f'SELECT * FROM "{quoted}"')
                columns = [str(about[0]) for about in cursor.description]
                yield from self._rows(name, columns, iter(lambda cursor=cursor: cursor.fetchmany(_BATCH), []))  # type: ignore[misc]
            except (sqlite3.Error, UnicodeDecodeError):  # the latter: of a message, or of a column's name
                self.end = "damaged"
            if self._left <= 0:
                self.end = "bytes"
                return

    def dbase(self, data: Source) -> Iterator[Answer]:
        with data.reader() as file:
            try:
                table = Dbase(file)
            except ValueError:
                self.end = "damaged"
                return
            yield from self._rows("rows", table.columns, table.batches())
        if self._left <= 0:
            self.end = "bytes"
        elif table.read < table.records:
            self.end = "damaged"
        if table.memos:
            self.files.blind("unsupported", "memo texts, which lie in a file beside the table", table.memos)

    def arrow(self, data: Source, kind: str) -> Iterator[Answer]:
        import pyarrow as pa  # large: loaded only where such a file asks for it

        pa.set_memory_pool(pa.system_memory_pool())  # which gives back at once what is large
        try:
            names, batches = _batches(data, kind)
            yield from self._rows("rows", names, (zip(*batch, strict=True) for batch in batches))
        except pa.ArrowMemoryError:  # an ArrowException too
            raise
        except (pa.ArrowException, OSError, ValueError, OverflowError, KeyError, NotImplementedError) as error:
            locked = "encrypt" in str(error) or "decrypt" in str(error)
            self.end = "encrypted" if locked else "damaged"

    def _rows(self, name: str, columns: list[str], batches: Iterator[Any]) -> Iterator[Answer]:
        rows, blobs = Rows(name, columns), 0
        try:
            for batch in batches:
                for row in batch:
                    cells = list(row)
                    for place, value in enumerate(cells):
                        if type(value) is bytes:
                            cells[place] = self._cell(value, f"{name}/{columns[place]}", blobs)
                            blobs += len(value) >= _BLOB
                    rows.add(cells)
                if rows.size >= FULL or self.files.left <= 0:
                    yield self._answer(rows)
                if self._left <= 0:
                    return
        finally:
            if rows.size:  # those before the damage, too
                yield self._answer(rows)

    def _answer(self, rows: Rows) -> Answer:
        self._left -= rows.size
        about, texts = rows.answer()
        report, blobs = self.files.answer()
        return {"sheets": [about], "beside": report}, [*texts, *blobs]

    def _cell(self, value: bytes, where: str, before: int) -> str:
        """Bytes in a cell: text, or a file to be opened."""
        if len(value) < _BLOB or value.isascii():
            text = " ".join(value.decode("utf-8", "replace").split())
            return text if text.isprintable() else ""
        if before < _BLOBS:
            self.files.inside(f"{where} {before + 1}", value)
        else:
            self.files.blind("truncated", "files in cells beyond those that are opened")
        return ""


def _opened(data: Source) -> sqlite3.Connection:
    """A database without the means to write, to load code, or to run what its schema holds."""
    if data.path:
        store = sqlite3.connect(f"file:{data.path}?mode=ro&immutable=1", uri=True)
    else:
        store = sqlite3.connect(":memory:")
        store.deserialize(data.whole())
    store.text_factory = lambda raw: raw.decode("utf-8", "replace")
    for setting in ("trusted_schema=OFF", "query_only=ON", "cell_size_check=ON", "mmap_size=0", "cache_size=-8000"):
        store.execute(f"PRAGMA {setting}")
    store.set_authorizer(_only_reading)
    return store


def _only_reading(action: int, *_: object) -> int:
    allowed = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ)
    return sqlite3.SQLITE_OK if action in allowed else sqlite3.SQLITE_DENY


def _batches(data: Source, kind: str) -> tuple[list[str], Iterator[list[list[Any]]]]:
    """Names of the columns, and their values batch by batch."""
    batches: Iterator[list[Any]]
    if kind == "parquet":
        import pyarrow.parquet as pq

        # A page at a time: a row group may be the whole file.
        file = pq.ParquetFile(data.reader(), memory_map=False, pre_buffer=False, buffer_size=_BUFFER)
        names = file.schema_arrow.names
        batches = (batch.columns for batch in file.iter_batches(_BATCH, use_threads=False))
    elif kind == "orc":
        names, batches = _orc(data)
    else:
        arrow = ArrowFile(data)
        names = arrow.schema.names
        batches = (columns for number in range(arrow.count) for columns in arrow.batches(number))
    return list(names), (
        [column.slice(at, _BATCH).to_pylist() for column in columns]
        for columns in batches
        for at in range(0, len(columns[0]) if columns else 0, _BATCH)
    )


def _orc(data: Source) -> tuple[list[str], Iterator[list[Any]]]:
    """Some rows at a time: a stripe may be the whole file."""
    import pyarrow as pa
    import pyarrow.dataset as dataset

    file = data.reader() if data.path is None else pa.OSFile(data.path)
    rows = dataset.OrcFileFormat().make_fragment(file)
    found = rows.to_batches(batch_size=_BATCH, use_threads=False, batch_readahead=0, fragment_readahead=0)
    return rows.physical_schema.names, (batch.columns for batch in found)
