"""The audit log's file: entries, tree nodes and checkpoints in SQLite, which only ever grow.

`entries` holds each entry's canonical JSON; `nodes` the hash of every complete subtree; `checkpoints` a signed note for
each batch. Triggers refuse updates, deletions, and rows put anywhere but at the end. They guard against mistakes; it is
the hashes and signatures that show intent.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tongguan.errors import Broken, CannotWrite

__all__ = ["GUARDS", "connect", "create", "guarded"]

APPLICATION = 0x746F6E67  # "tong"
FORMAT = 1
BUSY_S = 60.0

_TABLES = """
create table entries ("index" integer primary key, text text not null) strict;
create index entries_kind on entries (json_extract(text, '$.kind'), "index");
create table nodes (level integer, "index" integer, hash blob not null, primary key (level, "index"))
    strict, without rowid;
create table checkpoints (size integer primary key, note text not null) strict;
"""
_NEXT = {
    "entries": """new."index" <> (select coalesce(max("index") + 1, 0) from entries)""",
    "nodes": """exists (select 1 from nodes where level = new.level and "index" >= new."index")""",
    "checkpoints": "new.size <= (select coalesce(max(size), -1) from checkpoints)",
}
GUARDS = frozenset(f"{table}_{act}" for table in _NEXT for act in ("insert", "update", "delete"))


def create(path: Path) -> None:
    """Make the file with mode 0600 where it is not there. The caller holds the log's lock."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    database = connect(path)
    try:
        database.execute("begin immediate")
        if _number(database, "application_id") == 0 and not database.execute("select 1 from sqlite_master").fetchone():
            for statement in _TABLES.strip().split(";\n"):
                database.execute(statement)
            for guard in _triggers():
                database.execute(guard)
            database.execute(f"pragma application_id = {APPLICATION}")
            database.execute(f"pragma user_version = {FORMAT}")
        found = (_number(database, "application_id"), _number(database, "user_version"))
        database.execute("commit")
    finally:
        database.close()
    if found != (APPLICATION, FORMAT):
        raise Broken(f"{path} is not an audit log of this version of Tongguan")


def connect(path: Path) -> sqlite3.Connection:
    """A connection that waits for other writers and, once a commit returns, has it on disk."""
    database = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    database.execute("pragma journal_mode = wal")
    database.execute("pragma synchronous = full")
    return database


@contextmanager
def guarded(path: Path) -> Iterator[None]:
    """Turn SQLite's and the system's errors into ours."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_ERROR:
            raise Broken(f"the audit log {path} is not in order: {error}") from error
        raise CannotWrite(
            f"cannot use the audit log {path}: {error}; is its folder writable, and its disk full?"
        ) from error
    except sqlite3.DatabaseError as error:
        raise Broken(f"the audit log {path} is damaged: {error}; keep it as evidence and restore a backup") from error
    except OSError as error:
        raise CannotWrite(f"cannot write the audit log {path}: {error.strerror}") from error


def _triggers() -> Iterator[str]:
    for table, misplaced in _NEXT.items():
        yield _trigger(table, "insert", f"when {misplaced}")
        yield _trigger(table, "update")
        yield _trigger(table, "delete")


def _trigger(table: str, act: str, when: str = "") -> str:
    return (
        f"create trigger {table}_{act} before {act} on {table} {when} "
        "begin select raise(abort, 'the audit log only grows'); end"
    )


def _number(database: sqlite3.Connection, pragma: str) -> int:
    return int(database.execute(f"pragma {pragma}").fetchone()[0])
