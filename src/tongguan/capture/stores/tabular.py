"""Files that are tables or hold tables: SQLite and DuckDB files table by table, files of Parquet and Arrow, and folders
of those that are one table between them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Final

from tongguan.capture.stores.columnar import Format, Opened, Part, columnar_unit
from tongguan.capture.stores.embedded import Local, kind_of_database, tables_of
from tongguan.capture.stores.units import FileUnit, TableUnit, Unseen

__all__ = ["FIRST", "LEAST", "with_tables"]

FIRST, LEAST = 16, 12  # first bytes that tell a format, and bytes of the smallest file that is one
_FORMATS: Final[dict[bytes, Format]] = {b"PAR1": "parquet", b"ARROW1\0\0": "arrow"}
_ENCRYPTED = b"PARE"
_PARTITION = re.compile(r"[^=/]+=[^/]*")
_PART = re.compile(r"part[-_.]\d", re.IGNORECASE)


def with_tables(
    found: Iterator[FileUnit | Unseen],
    first: Callable[[FileUnit], bytes],
    local: Callable[[FileUnit], Local],
    opened: Callable[[FileUnit], Opened],
) -> Iterator[FileUnit | TableUnit | Unseen]:
    """Units as they come, tables in place of the files that hold them.

    `first`: the first bytes of a file, none where that is not to be known; `local`: gives its place on this machine;
    `opened`: lets it be read at any place.
    """
    root, parts = "", list[Part]()
    for unit in found:
        if parts and not _path(unit).startswith(root + "/"):
            yield columnar_unit(root, parts)
            parts = []
        if isinstance(unit, Unseen):
            yield unit
            continue
        start = first(unit)
        if (kind := kind_of_database(unit.size, start)) is not None:
            yield from tables_of(unit, local(unit), kind)
        elif start.startswith(_ENCRYPTED):
            yield Unseen("encrypted", unit.path, size=unit.size)
        elif (format := _format(start)) is None:
            yield unit
        else:
            read = opened(unit) if format == "parquet" else local(unit)  # Arrow's batches are mapped
            if (whole := _table_of(unit.path)) is None:
                yield columnar_unit(unit.path, [Part(unit, format, read, ())])
                continue
            root = whole
            parts.append(Part(unit, format, read, _values(unit.path[len(whole) + 1 :])))
    if parts:
        yield columnar_unit(root, parts)


def _format(start: bytes) -> Format | None:
    return next((format for magic, format in _FORMATS.items() if start.startswith(magic)), None)


def _path(unit: FileUnit | Unseen) -> str:
    return unit.where if isinstance(unit, Unseen) else unit.path


def _table_of(path: str) -> str | None:
    """The folder that is one table, of which a file is a part: above partitions (`day=2026-01-01`), or that in which
    parts are numbered; None where the file is a table itself."""
    folders = PurePosixPath(path).parts[:-1]
    for depth, name in enumerate(folders):
        if depth and _PARTITION.fullmatch(name):
            return "/".join(folders[:depth])
    if folders and _PART.match(PurePosixPath(path).name):
        return "/".join(folders)
    return None


def _values(below: str) -> tuple[tuple[str, str], ...]:
    """Columns that stand in the names of folders."""
    pairs = (part.split("=", 1) for part in PurePosixPath(below).parts[:-1] if _PARTITION.fullmatch(part))
    return tuple((name, value) for name, value in pairs)
