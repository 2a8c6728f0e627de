"""Tables to make fingerprints of, read in steps of bounded memory: CSV, Parquet, Arrow and SQLite files."""

from __future__ import annotations

import codecs
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pyarrow as pa

from tongguan.errors import BadInput
from tongguan.identify.extract.encoding import decode

__all__ = ["read_table"]

_ROWS: Final = 1 << 16
_BLOCK: Final = 8 << 20  # bytes of CSV that are read at once
_SAMPLE: Final = 1 << 18
_ROW: Final = re.compile(r"Row #\d+: Expected \d+ columns, got \d+")
_SQLITE: Final = b"SQLite format 3\x00"


def read_table(path: Path, table: str | None = None) -> Iterator[pa.RecordBatch]:
    """The rows of a file. What it is, is told by its first bytes; text is read as CSV with a line of headers, in any
    encoding that `extract` knows. `table`: of a database, where it has several.

    Raises BadInput where it cannot be read, naming the fault.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_SAMPLE)
        if head.startswith(_SQLITE):
            yield from _sqlite(path, table)
        elif head.startswith(b"PAR1"):
            yield from _parquet(path)
        elif head.startswith(b"ARROW1"):
            yield from _arrow(path)
        else:
            yield from _csv(path, head)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, sqlite3.Error, UnicodeError) as error:
        raise BadInput(f"{path}: cannot be read as a table: {_first_line(error)}") from error
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror or _first_line(error)}") from error


def _first_line(error: Exception) -> str:
    """What a parser says, without what it quotes: that may be a value."""
    text = str(error).split("\n", 1)[0]
    if row := _ROW.search(text):
        return row.group()
    return ":".join(text.split("'", 1)[0].split(":")[:2]).strip()[:160]


def _parquet(path: Path) -> Iterator[pa.RecordBatch]:
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        yield from file.iter_batches(_ROWS)


def _arrow(path: Path) -> Iterator[pa.RecordBatch]:
    with pa.memory_map(str(path)) as file:
        reader = pa.ipc.open_file(file)
        for i in range(reader.num_record_batches):
            yield reader.get_batch(i)


def _csv(path: Path, head: bytes) -> Iterator[pa.RecordBatch]:
    from pyarrow import csv

    sample = decode(head[: head.rfind(b"\n") + 1] or head)
    if sample is None or not sample.text.strip():
        raise BadInput(f"{path}: no table; expected CSV, Parquet, Arrow or SQLite")
    encoding = "utf-8" if sample.encoding == "ascii" else sample.encoding
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"  # takes the mark away
    first = sample.text.split("\n", 1)[0]
    reading = csv.ReadOptions(block_size=_BLOCK, encoding=encoding, use_threads=False)
    parsing = csv.ParseOptions(delimiter=max(",\t;|", key=first.count), newlines_in_values=True)
    names = csv.open_csv(path, reading, parsing).schema.names
    as_text = csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
    yield from csv.open_csv(path, reading, parsing, as_text)


def _sqlite(path: Path, table: str | None) -> Iterator[pa.RecordBatch]:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
        database.text_factory = lambda data: data.decode("utf-8", "replace")
        names = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")]
        if table is None and len(names) != 1:
            raise BadInput(f"{path}: holds {len(names)} tables; name one of {', '.join(names[:12])}")
        chosen = table or names[0]
        if chosen not in names:
            raise BadInput(f"{path}: no table {chosen!r}; it holds {', '.join(names[:12])}")
        quoted = chosen.replace('"', '""')
        cursor = database.execute(f'SELECT * FROM "{quoted}"')
        columns = [about[0] for about in cursor.description]
        while rows := cursor.fetchmany(_ROWS):
            values = [pa.array([None if v is None else _text(v) for v in column]) for column in zip(*rows, strict=True)]
            yield pa.RecordBatch.from_arrays([v.cast(pa.string()) for v in values], columns)


def _text(value: str | int | float | bytes) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
