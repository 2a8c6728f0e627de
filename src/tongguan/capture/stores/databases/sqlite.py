"""SQLite: a file that anybody may have made."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tongguan.capture.stores.databases.dialect import Limits, Listed, Run, Special, Texts
from tongguan.capture.stores.databases.file_marks import mark_of
from tongguan.capture.stores.units import Column, Unseen

__all__ = ["SQLite", "connect"]

PAGE = 1_000
HUGE = 64 << 20  # bytes of a blob that is not looked into
OPENING = 5  # times a statement's time: the first one reads the whole schema, which takes SQLite long where it is large
STEPS = 100_000  # of SQLite's machine between two looks at the clock

_LISTING = sa.text("""
    select rowid, name, type, coalesce(sql, '') like 'create virtual%' from sqlite_master
    where type in ('table', 'view') and name not like 'sqlite\\_%' escape '\\' and rowid > :after
    order by rowid limit :page
""")
_COUNT = sa.text("select count(*) from sqlite_master where type = 'table'")
_COLUMNS = sa.text("""
    select name, type, "notnull" = 0, pk > 0,
           exists (select 1 from pragma_index_list(:name) l where l."unique" and not l.partial
                   and (select count(*) = 1 and max(i.name) = x.name from pragma_index_info(l.name) i))
    from pragma_table_xinfo(:name) x where hidden <> 1 order by cid limit :most
""")
_ROWIDS = ("_rowid_", "rowid", "oid")


def connect(path: Path) -> sqlite3.Connection:
    """Read-only, also for what the file's own schema might ask for."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5, check_same_thread=False)
    connection.isolation_level = None
    return connection


class SQLite:
    raw = False
    folds = False
    bounded = True

    def __init__(self, limits: Limits, path: Path) -> None:
        self._limits = limits
        self._path = path
        self._until = 0.0
        self._begun = 0  # works on this connection
        self.texts = Texts()

    def prepare(self, connection: Any) -> None:
        """`trusted_schema`: functions in the file's schema do not run."""
        self._begun = 0
        connection.text_factory = self.texts
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 256 << 20)
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        for pragma in ("query_only = on", "trusted_schema = off", "cell_size_check = on", "mmap_size = 0"):
            connection.execute(f"pragma {pragma}")
        connection.set_progress_handler(lambda: time.monotonic() > self._until, STEPS)

    def begin(self) -> None:
        """A statement's time runs from here."""
        self._begun += 1
        first = self._begun <= 2  # told before the work and before its statement
        self._until = time.monotonic() + self._limits.statement_s * (OPENING if first else 1)

    def listing(self, run: Run) -> Iterator[Listed | Unseen]:
        mark = mark_of(self._path, "-wal")
        count = run(lambda connection: int(connection.execute(_COUNT).scalar() or 0))
        share = self.size(run) // max(1, count)
        rows = run(partial(_page, -1))
        while rows:
            for _, name, kind, virtual in rows:
                why = "view" if kind == "view" else "virtual" if virtual else None
                yield Listed("", str(name), mark=mark, share=share, why_not=why)
            rows = run(partial(_page, rows[-1][0])) if len(rows) == PAGE else []

    def size(self, run: Run) -> int:
        return self._path.stat().st_size

    def columns(self, connection: sa.Connection, schema: str, name: str) -> list[Column]:
        given = {"name": name, "most": self._limits.columns + 1}
        return [
            Column(str(row[0]), str(row[1] or ""), "", bool(row[2]), bool(row[3]), unique=bool(row[4]))
            for row in connection.execute(_COLUMNS, given)
        ]

    def cell(self, column: Any, about: Column, most: int) -> Any:
        """SQLite's columns hold anything: what is long is cut, numbers stay numbers. A blob is read whole to be cut; of
        a huge one, whose length is known without that, zeros stand here, and it is told as cut."""
        kind = sa.func.typeof(column)
        cut = sa.func.substr(column, 1, most + 1)
        huge = sa.and_(kind == "blob", sa.func.length(column) > HUGE)
        return sa.case((huge, sa.func.zeroblob(most + 1)), (kind.in_(("text", "blob")), cut), else_=column)

    def key(self, connection: sa.Connection, listed: Listed, columns: list[Column]) -> str | None:
        taken = {column.name.lower() for column in columns}
        name = next((name for name in _ROWIDS if name not in taken), None)
        if name is None:
            return None
        table = sa.table(sa.sql.quoted_name(listed.name, quote=True))
        try:
            connection.execute(sa.select(sa.literal_column(name)).select_from(table).limit(0))
        except sa.exc.OperationalError:  # without rowid
            return None
        return name

    def walk(self, connection: sa.Connection, listed: Listed, columns: list[Column]) -> str | None:
        return self.key(connection, listed, columns)

    def patient(self, connection: sa.Connection) -> None: ...

    def estimate(self, connection: sa.Connection, listed: Listed, table: Any) -> int | None:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar()

    def special(self, listed: Listed, table: Any, estimate: int, rows: int) -> Special | None:
        return None

    def coin(self, share: float) -> Any:
        return sa.func.abs(sa.func.random() % 1_000_000_007) < int(share * 1_000_000_007)

    def sever(self, connection: Any) -> None: ...

    def reason(self, error: BaseException) -> tuple[str, str]:
        code = str(getattr(error, "sqlite_errorname", "") or type(error).__name__)
        text = str(error)
        if code == "SQLITE_INTERRUPT" or "interrupted" in text:
            return "timeout", code
        if code.startswith("SQLITE_NOTADB"):
            return "encrypted", code  # or no database at all: its first bytes are not SQLite's
        if code.startswith(("SQLITE_CORRUPT", "SQLITE_IOERR", "SQLITE_FORMAT")) or "malformed" in text:
            return "damaged", code
        if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            return "locked", code
        if code.startswith("SQLITE_TOOBIG"):
            return "too_large", code
        if code.startswith(("SQLITE_PERM", "SQLITE_AUTH", "SQLITE_CANTOPEN", "SQLITE_READONLY")):
            return "permission", code
        if "no such table" in text or "no such column" in text:
            return "vanished", code
        return "failed", code


def _page(after: int, connection: sa.Connection) -> Sequence[Any]:
    return connection.execute(_LISTING, {"after": after, "page": PAGE}).all()
