"""MySQL and MariaDB."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zlib import crc32

import sqlalchemy as sa

from tongguan.capture.stores.databases.dialect import Limits, Listed, Run, Special, Texts, shut
from tongguan.capture.stores.units import Column, Unseen

__all__ = ["MySQL"]

SETTLED = timedelta(seconds=2)  # UPDATE_TIME counts whole seconds: a table may change again within one

_SYSTEM = "('mysql', 'information_schema', 'performance_schema', 'sys')"
_SCHEMAS = sa.text(f"select schema_name from information_schema.schemata where schema_name not in {_SYSTEM}")
_NAMES = sa.text("select table_name from information_schema.tables where table_schema = :schema order by 1")
_ONE = sa.text("""
    select table_type, table_comment, table_rows, coalesce(data_length, 0) + coalesce(index_length, 0), engine,
           create_time, update_time, auto_increment, now()
    from information_schema.tables where table_schema = :schema and table_name = :name
""")
_COLUMNS = sa.text("""
    select column_name, column_type, column_comment, is_nullable = 'YES', column_key = 'PRI',
           privileges like '%select%', column_key = 'UNI'
    from information_schema.columns where table_schema = :schema and table_name = :name
    order by ordinal_position limit :most
""")
# A column that is added at once or renamed need not change the table's times. Sums, for joined texts would be cut.
_SHAPE = sa.text("""
    select sum(crc32(concat_ws('/', ordinal_position, column_name, column_type, column_comment, privileges)))
    from information_schema.columns where table_schema = :schema and table_name = :name
""")
_SIZE = sa.text(f"""
    select sum(data_length) from information_schema.tables
    where table_schema not in {_SYSTEM} and (:schema is null or table_schema = :schema)
""")
_GRANTEE = """privilege_type = 'SELECT' and grantee = concat(
    quote(substring_index(current_user(), '@', 1)), '@', quote(substring_index(current_user(), '@', -1)))"""
_ALL = sa.text(f"select count(*) from information_schema.user_privileges where {_GRANTEE}")
_SOME = sa.text(
    f"select count(*) from information_schema.schema_privileges where :schema like table_schema and {_GRANTEE}"
)
_BLOBS = ("blob", "tinyblob", "mediumblob", "longblob", "varbinary")
_TEXTS = ("text", "tinytext", "mediumtext", "longtext", "varchar")
_BINARY = (*_BLOBS, "binary", "bit")
_PLACES = ("geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon",
           "geometrycollection", "geomcollection")  # fmt: skip
_INTEGERS = ("tinyint", "smallint", "mediumint", "int", "bigint")
_NOT_READ = {"VIEW": "view", "SYSTEM VIEW": "view", "SEQUENCE": "view"}
_ELSEWHERE = ("FEDERATED", "CONNECT", "SPIDER", "S3")
# Servers that speak as MySQL and whose UPDATE_TIME does not tell when rows were changed.
_UNCHANGING = ("oceanbase", "tidb", "starrocks", "doris", "tddl", "polardb-x", "clickhouse", "databend")
_REASONS = {
    1142: "permission", 1143: "permission", 1044: "permission", 1227: "permission", 1356: "view",
    1146: "vanished", 1054: "vanished", 1049: "vanished", 1051: "vanished", 1412: "vanished",
    3024: "timeout", 1969: "timeout", 1317: "timeout", 1205: "locked",
    126: "damaged", 127: "damaged", 145: "damaged", 1034: "damaged", 1194: "damaged", 1030: "damaged",
    3185: "encrypted", 192: "encrypted",
    2006: "dropped", 2013: "dropped", 2055: "dropped", 2003: "dropped", 1927: "dropped", 1053: "dropped", 0: "dropped",
}  # fmt: skip


class MySQL:
    raw = False
    folds = False
    bounded = True

    def __init__(self, limits: Limits, schema: str | None) -> None:
        self._limits = limits
        self.texts = Texts()
        self._schema = schema
        self._marks = True

    def begin(self) -> None: ...

    def prepare(self, connection: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("set names utf8mb4")
            cursor.execute("set session transaction read only")
            cursor.execute("set session lock_wait_timeout = %s", (self._limits.lock_s,))
            cursor.execute("select concat(version(), ' ', @@version_comment)")
            version = str(cursor.fetchone()[0]).lower()
            self._marks = not any(name in version for name in _UNCHANGING)
            if "mariadb" in version:
                cursor.execute("set session max_statement_time = %s", (self._limits.statement_s,))
            else:
                for name, value in (
                    ("max_execution_time", self._limits.statement_s * 1000),
                    ("ob_query_timeout", self._limits.statement_s * 1_000_000),
                    ("information_schema_stats_expiry", 0),  # else what it says of its tables may be a day old
                ):
                    with suppress(connection.Error):  # not all that speak as MySQL know all of them
                        cursor.execute(f"set session {name} = %s", (value,))
        connection.commit()

    def listing(self, run: Run) -> Iterator[Listed | Unseen]:
        """Names are listed first, for the server looks through all tables for any list with more in it."""
        every, schemas = run(self._schemas)
        for schema in schemas:
            if not every and not run(partial(_first, _SOME, {"schema": schema}))[0]:
                yield Unseen("partial_view", schema)
            for name in run(partial(_names, schema)):
                given = {"schema": schema, "name": name}
                row = run(partial(_first, _ONE, given))
                shape = run(partial(_first, _SHAPE, given)) if self._marks else None
                yield _listed(schema, name, row, None if shape is None else str(shape[0]))

    def _schemas(self, connection: sa.Connection) -> tuple[bool, list[str]]:
        every = bool(connection.execute(_ALL).scalar())
        return every, [self._schema] if self._schema else [str(name) for name in connection.scalars(_SCHEMAS)]

    def size(self, run: Run) -> int:
        return run(lambda connection: int(connection.execute(_SIZE, {"schema": self._schema}).scalar() or 0))

    def columns(self, connection: sa.Connection, schema: str, name: str) -> list[Column]:
        given = {"schema": schema, "name": name, "most": self._limits.columns + 1}
        return [
            Column(str(row[0]), _text(row[1]), _text(row[2]), bool(row[3]), bool(row[4]), bool(row[5]), bool(row[6]))
            for row in connection.execute(_COLUMNS, given)
        ]

    def cell(self, column: Any, about: Column, most: int) -> Any:
        """Long ones are cut as they are: a cast of more than `max_allowed_packet` would be NULL."""
        base = _base(about.declared)
        if base in _BINARY:
            whole = column if base in _BLOBS else sa.cast(column, sa.LargeBinary)
            return sa.func.left(whole, most + 1, type_=sa.LargeBinary)
        if base in _PLACES:  # as `POINT(121.5 31.2)`
            return sa.func.left(sa.func.st_astext(column), most + 1, type_=sa.String)
        if base in _TEXTS:
            return sa.func.left(column, most + 1, type_=sa.String)
        return sa.func.left(sa.cast(column, sa.CHAR), most + 1, type_=sa.String)

    def key(self, connection: sa.Connection, listed: Listed, columns: list[Column]) -> str | None:
        keys = [column for column in columns if column.key]
        return keys[0].name if len(keys) == 1 and _base(keys[0].declared) in _INTEGERS and keys[0].readable else None

    def walk(self, connection: sa.Connection, listed: Listed, columns: list[Column]) -> str | None:
        return self.key(connection, listed, columns)

    def patient(self, connection: sa.Connection) -> None:
        """A limit of time holds for all that a statement sends. It is back with the next connection."""
        for statement in ("max_statement_time = 0", "max_execution_time = 0", "net_write_timeout = 600"):
            with suppress(sa.exc.DBAPIError):
                connection.exec_driver_sql(f"set session {statement}")

    def estimate(self, connection: sa.Connection, listed: Listed, table: Any) -> int | None:
        return listed.rows

    def special(self, listed: Listed, table: Any, estimate: int, rows: int) -> Special | None:
        return None

    def coin(self, share: float) -> Any:
        return sa.func.rand() < share

    def sever(self, connection: Any) -> None:
        with suppress(AttributeError, OSError):
            shut(connection._sock.fileno())

    def reason(self, error: BaseException) -> tuple[str, str]:
        code = error.args[0] if error.args and isinstance(error.args[0], int) else -1
        return _REASONS.get(code, "failed"), str(code) if code >= 0 else type(error).__name__


def _names(schema: str, connection: sa.Connection) -> list[str]:
    return [str(name) for name in connection.scalars(_NAMES, {"schema": schema})]


def _first(statement: sa.TextClause, given: dict[str, str], connection: sa.Connection) -> Any:
    return connection.execute(statement, given).first()


def _listed(schema: str, name: str, row: Any, shape: str | None) -> Listed:
    """`shape`: what changes with its columns; None where there are no marks."""
    if row is None:
        return Listed(schema, name, why_not="vanished")
    kind, comment, rows, size, engine, created, updated, sequence, now = row
    why = _NOT_READ.get(_text(kind)) or ("foreign" if _text(engine).upper() in _ELSEWHERE else None)
    if engine is None and why is None:
        why = "damaged"  # the server could not open it; what stands in its comment is an error
    settled = shape is not None and isinstance(updated, datetime) and now - updated >= SETTLED
    mark = f"{created}/{updated}/{size}/{sequence}/{shape}/{crc32(_text(comment).encode())}" if settled else None
    estimate = int(rows) if rows is not None else None
    return Listed(schema, name, "" if why else _text(comment)[:2000], estimate, int(size or 0), mark, why_not=why)


def _base(declared: str) -> str:
    return declared.lower().partition("(")[0].partition(" ")[0]


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")
