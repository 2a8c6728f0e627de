"""Databases that lie in folders and buckets as files: their tables in place of the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path

from tongguan.capture.stores.addresses import Address
from tongguan.capture.stores.databases.dialect import Listed
from tongguan.capture.stores.units import FileUnit, Rows, TableUnit, Unread, Unseen
from tongguan.errors import TongguanError

__all__ = ["Local", "is_sqlite", "tables_of"]

_MAGIC = b"SQLite format 3\0"
_PAGE = 512  # bytes: the smallest page, of which a database has whole ones

Local = Callable[[], AbstractContextManager[Path]]
"""Gives the place of a file on this machine; usable in another process."""


def is_sqlite(size: int, first: bytes) -> bool:
    """Whether a file says of itself to be a SQLite database; only those are opened that could be one."""
    return first.startswith(_MAGIC) and size >= _PAGE and size % _PAGE == 0


def tables_of(unit: FileUnit, local: Local) -> Iterator[TableUnit | Unseen]:
    """Its tables as `file!table`, each to be read apart. A file that is no good database is one blind spot."""
    from tongguan.capture.stores.databases import DatabaseStore

    try:
        with local() as place, DatabaseStore(Address("sqlite", unit.path, place), None) as store:
            for found in store.units():
                path = f"{unit.path}!{found.where if isinstance(found, Unseen) else found.path}"
                if isinstance(found, Unseen):
                    yield replace(found, where=path)
                else:
                    assert isinstance(found.read, partial)
                    listed = found.read.args[0]
                    yield replace(found, path=path, read=partial(_read, local, unit.path, listed, path), apart=True)
    except Unread as unread:
        yield replace(unread.unseen, where=unit.path, size=unit.size)
    except TongguanError:
        yield Unseen("damaged", unit.path, size=unit.size)


def _read(local: Local, file: str, listed: Listed, path: str, limit: int) -> Rows:
    """The rows of one table, with what was not seen told under the path that the table has here."""
    from tongguan.capture.stores.databases import DatabaseStore

    try:
        with local() as place, DatabaseStore(Address("sqlite", file, place), None) as store:
            rows = store.read(listed, limit)
    except Unread as unread:
        raise Unread(replace(unread.unseen, where=path), rest=False) from None
    except TongguanError:
        raise Unread(Unseen("damaged", path)) from None
    return replace(rows, unseen=tuple(replace(one, where=path) for one in rows.unseen))
