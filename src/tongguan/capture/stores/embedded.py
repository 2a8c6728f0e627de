"""Databases that lie in folders and buckets as files: their tables in place of the file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tongguan.capture.stores.addresses import Address
from tongguan.capture.stores.contents import unseen_of
from tongguan.capture.stores.databases import ApartStore, DatabaseStore
from tongguan.capture.stores.databases.dialect import Listed
from tongguan.capture.stores.units import FileUnit, Rows, TableUnit, Unread, Unseen
from tongguan.errors import TongguanError

__all__ = ["FileStore", "Local", "kind_of_database", "let_go", "tables_of"]

_SQLITE = b"SQLite format 3\0"
_PAGE = 512  # bytes: the smallest page of SQLite, of which a database has whole ones
_DUCKDB, _DUCKDB_AT, _DUCKDB_LEAST = b"DUCK", 8, 3 * 4096

Local = Callable[[], AbstractContextManager[Path]]
"""Gives the place of a file on this machine; usable in another process."""


def kind_of_database(size: int, first: bytes) -> str | None:
    """What a file of so many bytes says of itself by its first 16; only those are opened that could be one."""
    if first.startswith(_SQLITE) and size >= _PAGE and size % _PAGE == 0:
        return "sqlite"
    return "duckdb" if first[_DUCKDB_AT:].startswith(_DUCKDB) and size >= _DUCKDB_LEAST else None


def tables_of(unit: FileUnit, local: Local, kind: str) -> Iterator[TableUnit | Unseen]:
    """Its tables as `file!table`, each to be read apart. A file that is no good database is one blind spot."""
    try:
        with local() as place, _opened(kind)(Address(kind, unit.path, place), None) as store:
            for found in store.units():
                path = f"{unit.path}!{found.where if isinstance(found, Unseen) else found.path}"
                if isinstance(found, Unseen):
                    yield replace(found, where=path)
                else:
                    assert isinstance(found.read, partial)
                    # What was fetched was made just now: what tells of a change is the object's own mark.
                    mark = found.mark if unit.local is not None else unit.mark
                    listed = replace(found.read.args[0], mark=mark)
                    read = partial(_read, local, kind, unit.path, listed, path)
                    whole = partial(_whole, local, kind, unit.path, listed, path)
                    yield replace(found, path=path, read=read, whole=whole, mark=mark, apart=True)
    except Unread as unread:
        yield replace(unread.unseen, where=unit.path, size=unit.size)
    except TongguanError:
        yield Unseen("damaged", unit.path, size=unit.size)


class FileStore:
    """A DuckDB file of this machine: listed by a process of its own, its tables read apart by whoever judges them."""

    def __init__(self, address: Address) -> None:
        """Raises as `DatabaseStore` does."""
        assert address.path is not None
        self.kind, self.name = address.kind, address.name
        self._lists = ApartStore(address, None)
        self._local = partial(_here, address.path)

    def __enter__(self) -> FileStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        let_go()
        self._lists.close()

    def size(self) -> int:
        return self._lists.size()

    def units(self) -> Iterator[TableUnit | Unseen]:
        for found in self._lists.units():
            if isinstance(found, TableUnit):
                assert isinstance(found.read, partial)
                told = self._local, self.kind, self.name, found.read.args[0], found.path
                yield replace(found, read=partial(_read, *told), whole=partial(_whole, *told), apart=True)
            else:
                yield found


def _here(path: Path) -> AbstractContextManager[Path]:
    return nullcontext(path)


def _read(local: Local, kind: str, file: str, listed: Listed, path: str, limit: int) -> Rows:
    """The rows of one table, with what was not seen told under the path that the table has here."""
    try:
        rows = _LAST.store(local, kind, file).read(listed, limit)
    except Unread as unread:
        _LAST.let_go()
        raise Unread(replace(unread.unseen, where=path), rest=False) from None
    except TongguanError:
        _LAST.let_go()
        raise Unread(Unseen("damaged", path)) from None
    return replace(rows, unseen=tuple(replace(one, where=path) for one in rows.unseen))


def _whole(local: Local, kind: str, file: str, listed: Listed, path: str, after: str | None) -> Iterator[Rows]:
    """All rows of one table, likewise."""
    try:
        with local() as place, _opened(kind)(Address(kind, file, place), None) as store:
            for rows in store.whole(listed, after):
                yield replace(rows, unseen=tuple(replace(one, where=path) for one in rows.unseen))
    except Unread as unread:
        raise Unread(replace(unread.unseen, where=path), rest=False) from None
    except TongguanError:
        raise Unread(Unseen("damaged", path)) from None


def _opened(kind: str) -> type[ApartStore] | type[DatabaseStore]:
    """SQLite itself was tried with what others make."""
    return ApartStore if kind == "duckdb" else DatabaseStore


class _Last:
    """The file that was read last in this process stays open: its tables come one after the other, and to open a file
    of very many takes long."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._is: Any = None
        self._store: DatabaseStore | None = None

    def store(self, local: Local, kind: str, file: str) -> DatabaseStore:
        """Raises Unread, TongguanError."""
        with ExitStack() as stack:
            place = stack.enter_context(local())
            try:
                about = place.stat()
            except OSError as error:
                raise Unread(unseen_of(error, file)) from None
            now = (os.getpid(), about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns)
            if self._store is None or now != self._is:
                self.let_go()
                self._store = stack.enter_context(DatabaseStore(Address(kind, file, place), None))
                self._is, self._stack = now, stack.pop_all()
        return self._store

    def let_go(self) -> None:
        self._store = self._is = None
        self._stack.close()


_LAST = _Last()


def let_go() -> None:
    """Close what is still open in this process."""
    _LAST.let_go()
