"""The audit log in one SQLite file."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tongguan.errors import Broken, CannotWrite
from tongguan.trust.audit.merkle import place
from tongguan.trust.audit.store import FORMAT, Row

__all__ = ["SqliteStore"]

APPLICATION = 0x746F6E67  # "tong"
BUSY_S = 60.0

# The columns that are searched are computed from the text, so that they cannot say anything else.
_TABLES = """
create table entries ("index" integer primary key, text text not null,
    kind text as (json_extract(text, '$.kind')), actor text as (json_extract(text, '$.actor'))) strict;
create table nodes (place integer primary key, hash blob not null) strict;
create table checkpoints (size integer primary key, note text not null) strict;
"""
_FORMAT_2 = """
create index entries_kind on entries (kind, "index");
create index entries_actor on entries (actor, "index");
create table kinds (kind text primary key, count integer not null) strict, without rowid;
create table about (key text primary key, value text not null) strict, without rowid;
"""
_FROM_FORMAT_1 = """
drop index entries_kind;
alter table entries add column kind text as (json_extract(text, '$.kind'));
alter table entries add column actor text as (json_extract(text, '$.actor'));
alter table nodes rename to old_nodes;
create table nodes (place integer primary key, hash blob not null) strict;
insert into nodes select place(level, "index"), hash from old_nodes order by 1;
drop table old_nodes;
"""
_NEXT = {
    "entries": """new."index" <> (select coalesce(max("index") + 1, 0) from entries)""",
    "nodes": "new.place <> (select coalesce(max(place) + 1, 0) from nodes)",
    "checkpoints": "new.size <= (select coalesce(max(size), -1) from checkpoints)",
    "about": "exists (select 1 from about where key = new.key)",
}


class SqliteStore:
    """Made with mode 0600 where it is not there; `about` is then written down for good, and else read.

    The caller keeps other processes out while this is made.
    """

    def __init__(self, path: Path, about: Mapping[str, str]) -> None:
        self.place = str(path)
        self._path = path
        self._lock = threading.RLock()
        with self.guarded():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._database = _connect(path)
            try:
                self.about: Mapping[str, str] = self._open(about)
            except BaseException:
                self._database.close()
                raise

    def _open(self, about: Mapping[str, str]) -> Mapping[str, str]:
        run, found = self._database.execute, self._identity()
        if found != (APPLICATION, FORMAT):
            run("begin immediate")
            try:
                self._prepare(about)
                run("commit")
            except BaseException:
                if self._database.in_transaction:
                    run("rollback")
                raise
        return dict(run("select key, value from about").fetchall())

    def _prepare(self, about: Mapping[str, str]) -> None:
        run, found = self._database.execute, self._identity()
        if found == (APPLICATION, FORMAT):  # another process was faster
            return
        if found == (APPLICATION, 1):
            about = {"hash": "sha256", "signature": "ed25519"}
            for table in ("entries", "nodes", "checkpoints"):
                for act in ("insert", "update", "delete"):
                    run(f"drop trigger if exists {table}_{act}")
            self._database.create_function("place", 2, place, deterministic=True)
            _script(self._database, _FROM_FORMAT_1)
        elif found[0] or run("select 1 from sqlite_master").fetchone():
            raise Broken(f"{self.place} is not an audit log of this version of Tongguan")
        else:
            _script(self._database, _TABLES)
        _script(self._database, _FORMAT_2)
        run("insert into kinds select kind, count(*) from entries group by kind")
        self._database.executemany("insert into about values (?, ?)", about.items())
        for guard in _guards().values():
            run(guard)
        run(f"pragma application_id = {APPLICATION}")
        run(f"pragma user_version = {FORMAT}")

    def _identity(self) -> tuple[int, int]:
        numbers = (self._database.execute(f"pragma {p}").fetchone()[0] for p in ("application_id", "user_version"))
        application, version = numbers
        return int(application), int(version)

    def close(self) -> None:
        with self._lock:
            self._database.close()

    def rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self._lock, self.guarded():
            return self._database.execute(query, values).fetchall()

    def nodes(self, places: Collection[int]) -> dict[int, bytes]:
        marks = ", ".join("?" * len(places))
        return dict(self.rows(f"select place, hash from nodes where place in ({marks})", tuple(places)))

    @contextmanager
    def writing(self) -> Iterator[None]:
        with self._lock, self.guarded():
            self._database.execute("begin immediate")
            try:
                yield
                self._database.execute("commit")
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("rollback")
                raise

    def add(self, entries: Sequence[Row], nodes: Sequence[tuple[int, bytes]], size: int, note: str) -> None:
        write = self._database.executemany
        write('insert into entries ("index", text) values (?, ?)', [row[:2] for row in entries])
        write("insert into nodes values (?, ?)", nodes)
        write("insert into checkpoints values (?, ?)", [(size, note)])
        write(
            "insert into kinds values (?, ?) on conflict (kind) do update set count = count + excluded.count",
            Counter(kind for _, _, kind, _ in entries).items(),
        )

    @contextmanager
    def snapshot(self) -> Iterator[SqliteSnapshot]:
        with self.guarded(), closing(_connect(self._path)) as database:
            database.execute("begin")
            yield SqliteSnapshot(self, database)

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Turn SQLite's and the system's errors into ours."""
        try:
            yield
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_ERROR:
                raise Broken(f"the audit log {self.place} is not in order: {error}") from error
            raise CannotWrite(
                f"cannot use the audit log {self.place}: {error}; is its folder writable, and its disk full?"
            ) from error
        except sqlite3.DatabaseError as error:
            raise Broken(
                f"the audit log {self.place} is damaged: {error}; keep it as evidence and restore a backup"
            ) from error
        except OSError as error:
            raise CannotWrite(f"cannot write the audit log {self.place}: {error.strerror}") from error


class SqliteSnapshot:
    def __init__(self, store: SqliteStore, database: sqlite3.Connection) -> None:
        self._store = store
        self._database = database

    def rows(self, query: str, values: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        with self._store.guarded():
            yield from self._database.execute(query, values)

    def entries(self) -> Iterator[tuple[int, str, bool]]:
        return self.rows('select "index", text, 1 from entries order by "index"')

    def missing_guards(self) -> set[str]:
        found = dict(self.rows("select name, sql from sqlite_master where type = 'trigger'"))
        return {name for name, statement in _guards().items() if found.get(name) != statement}


def _connect(path: Path) -> sqlite3.Connection:
    """A connection that waits for other writers and, once a commit returns, has it on disk."""
    database = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        database.execute("pragma journal_mode = wal")
        database.execute("pragma synchronous = full")
        database.execute("pragma cache_size = -16384")  # KiB at most: the upper levels of a large tree
    except BaseException:
        database.close()
        raise
    return database


def _script(database: sqlite3.Connection, statements: str) -> None:
    """One after the other, within the transaction, which `executescript` would end."""
    for statement in statements.strip().split(";\n"):
        database.execute(statement)


def _guards() -> dict[str, str]:
    """The triggers by name."""
    refuse = "begin select raise(abort, 'the audit log only grows'); end"
    return {
        f"{table}_{act}": f"CREATE TRIGGER {table}_{act} before {act} on {table}{when} {refuse}"
        for table, misplaced in _NEXT.items()
        for act, when in (("insert", f" when {misplaced}"), ("update", ""), ("delete", ""))
    }
