"""DuckDB: a file that anybody may have made, by the library's own connection, which may only read that file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

import duckdb
import sqlalchemy as sa
from sqlalchemy.engine.default import DefaultDialect

from tongguan.capture.stores.databases.dialect import Limits, Listed, Run, Special, Texts
from tongguan.capture.stores.databases.file_marks import mark_of
from tongguan.capture.stores.units import Column, Unseen

__all__ = ["DuckDB", "engine_of"]

PAGE: Final = 1_000
VECTOR: Final = 2_048  # rows that lie together, and are drawn together
_GUARDS: Final = {
    "access_mode": "READ_ONLY", "enable_external_access": "false", "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false", "allow_unsigned_extensions": "false", "lock_configuration": "true",
    "threads": "1", "memory_limit": "512MB",
}  # fmt: skip
_LISTING = sa.text("""
    select schema_name, table_name, coalesce(comment, ''), estimated_size, true from duckdb_tables()
    where not internal and not temporary and (schema_name, table_name) > (:schema, :name)
    union all
    select schema_name, view_name, '', 0, false from duckdb_views()
    where not internal and not temporary and (schema_name, view_name) > (:schema, :name)
    order by 1, 2 limit :page
""")
_COUNT = sa.text("select count(*) from duckdb_tables() where not internal")
_COLUMNS = sa.text("""
    with alone as (
      select constraint_type as kind, constraint_column_names[1] as name, len(constraint_column_names) as many,
             constraint_column_names as names
      from duckdb_constraints() where schema_name = :schema and table_name = :table
        and constraint_type in ('PRIMARY KEY', 'UNIQUE')
    )
    select column_name, data_type, coalesce(comment, ''), is_nullable,
           exists (select 1 from alone where kind = 'PRIMARY KEY' and list_contains(names, column_name)),
           exists (select 1 from alone where many = 1 and name = column_name)
    from duckdb_columns() where schema_name = :schema and table_name = :table order by column_index limit :most
""")
_REASONS: Final = (
    (duckdb.PermissionException, "permission"),
    (duckdb.InterruptException, "timeout"),
    (duckdb.SerializationException, "damaged"),
    (duckdb.InternalException, "damaged"),
    (duckdb.FatalException, "damaged"),
    (duckdb.OutOfMemoryException, "too_large"),
    (duckdb.CatalogException, "vanished"),
    (duckdb.BinderException, "vanished"),
)


class _Spoken(DefaultDialect):
    """Statements as DuckDB understands them: those of the standard."""

    name = driver = "duckdb"
    default_paramstyle = "qmark"
    supports_statement_cache = True
    supports_native_boolean = True

    def do_begin(self, dbapi_connection: Any) -> None:
        dbapi_connection.begin()

    def do_rollback(self, dbapi_connection: Any) -> None:
        with suppress(duckdb.Error):  # no transaction, or one that an error ended
            dbapi_connection.rollback()

    def is_disconnect(self, e: Any, connection: Any, cursor: Any) -> bool:
        return isinstance(e, duckdb.FatalException | duckdb.ConnectionException)


def engine_of(path: Path, **options: Any) -> sa.Engine:
    """Makes connections to one file."""
    spoken = _Spoken(dbapi=duckdb)
    pool = sa.NullPool(partial(_connect, path), dialect=spoken)
    return sa.Engine(pool, spoken, sa.make_url("duckdb://"), **options)


def _connect(path: Path) -> Any:
    return duckdb.connect(str(path), config=dict(_GUARDS))


class DuckDB:
    raw = False
    folds = False
    bounded = False

    def __init__(self, limits: Limits, path: Path) -> None:
        self._limits, self._path = limits, path
        self.texts = Texts()

    def begin(self) -> None: ...

    def prepare(self, connection: Any) -> None: ...

    def listing(self, run: Run) -> Iterator[Listed | Unseen]:
        mark = mark_of(self._path, ".wal")
        share = self.size(run) // max(1, run(lambda connection: int(connection.execute(_COUNT).scalar() or 0)))
        rows = run(partial(_page, "", ""))
        while rows:
            for schema, name, comment, count, is_table in rows:
                why = None if is_table else "view"
                yield Listed(schema, name, comment[:2000], int(count), mark=mark, share=share, why_not=why)
            rows = run(partial(_page, rows[-1][0], rows[-1][1])) if len(rows) == PAGE else []

    def size(self, run: Run) -> int:
        return self._path.stat().st_size

    def columns(self, connection: sa.Connection, schema: str, name: str) -> list[Column]:
        given = {"schema": schema, "table": name, "most": self._limits.columns + 1}
        return [
            Column(row[0], row[1], row[2][:2000], bool(row[3]), bool(row[4]), unique=bool(row[5]))
            for row in connection.execute(_COLUMNS, given)
        ]

    def cell(self, column: Any, about: Column, most: int) -> Any:
        if about.declared == "BLOB":
            return sa.func.array_slice(column, 1, most + 1, type_=sa.LargeBinary)
        return sa.func.left(sa.cast(column, sa.String), most + 1, type_=sa.String)

    def key(self, connection: sa.Connection, listed: Listed, columns: list[Column]) -> str | None:
        return None  # to find a thousand rows by their keys goes through the table

    def walk(self, connection: sa.Connection, listed: Listed, columns: list[Column]) -> str | None:
        return None if any(column.name.lower() == "rowid" for column in columns) else "rowid"

    def patient(self, connection: sa.Connection) -> None: ...

    def estimate(self, connection: sa.Connection, listed: Listed, table: Any) -> int | None:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar()  # kept with the table

    def special(self, listed: Listed, table: Any, estimate: int, rows: int) -> Special | None:
        """As many runs of rows as rows are wanted, and of each about one; where there are not so many, each row by
        chance."""
        share = rows / max(1, estimate // VECTOR)
        if share >= 1.0:
            return Special(table, self.coin(min(1.0, 1.3 * rows / estimate)), None)
        percent: Any = sa.literal_column(f"{100 * share:.9f} percent")
        drawn = sa.tablesample(table, sa.func.system(percent), name="drawn")
        page = sa.literal_column(f"cast(drawn.rowid // {VECTOR} as varchar) || ',0'", sa.Text)
        return Special(drawn, self.coin(min(1.0, 1.3 * rows / max(1.0, estimate * share))), page)

    def coin(self, share: float) -> Any:
        return sa.func.random() < share

    def sever(self, connection: Any) -> None:
        with suppress(duckdb.Error):
            connection.interrupt()

    def reason(self, error: BaseException) -> tuple[str, str]:
        code = type(error).__name__
        text = str(error)
        if isinstance(error, duckdb.IOException):
            if "lock" in text:
                return "locked", code
            return ("encrypted" if "ncrypt" in text or "not a valid" in text else "damaged"), code
        return next((reason for kind, reason in _REASONS if isinstance(error, kind)), "failed"), code


def _page(schema: str, name: str, connection: sa.Connection) -> Sequence[Any]:
    return connection.execute(_LISTING, {"schema": schema, "name": name, "page": PAGE}).all()
