"""Databases that lie in folders as files: their tables in place of the file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from tongguan.capture.stores.addresses import Address
from tongguan.capture.stores.units import FileUnit, Rows, TableUnit, Unread, Unseen
from tongguan.errors import TongguanError

__all__ = ["is_sqlite", "tables_of"]

_MAGIC = b"SQLite format 3\0"
_PAGE = 512  # bytes: the smallest page, of which a database has whole ones


def is_sqlite(unit: FileUnit) -> bool:
    """Whether a local file says of itself to be a SQLite database; only those are opened that could be one."""
    if unit.local is None or unit.size < _PAGE or unit.size % _PAGE:
        return False
    try:
        descriptor = os.open(unit.local, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return False  # reading it as a file will tell why
    try:
        return os.read(descriptor, len(_MAGIC)) == _MAGIC
    except OSError:
        return False
    finally:
        os.close(descriptor)


def tables_of(unit: FileUnit) -> Iterator[TableUnit | Unseen]:
    """Its tables as `file!table`. A file that is no good database is one blind spot."""
    from tongguan.capture.stores.databases import DatabaseStore

    try:
        with DatabaseStore(Address("sqlite", unit.path, unit.local), None) as store:
            for found in store.units():
                if isinstance(found, Unseen):
                    yield replace(found, where=f"{unit.path}!{found.where}")
                else:
                    path = f"{unit.path}!{found.path}"
                    yield replace(found, path=path, read=partial(_read, found, path))
    except (TongguanError, Unread):
        yield Unseen("damaged", unit.path, size=unit.size)


def _read(unit: TableUnit, path: str, limit: int) -> Rows:
    """Its rows, with what was not seen told under the path that the table has here."""
    try:
        rows = unit.read(limit)
    except Unread as unread:
        raise Unread(replace(unread.unseen, where=path), rest=False) from None
    return replace(rows, unseen=tuple(replace(one, where=path) for one in rows.unseen))
