"""Any other database that SQLAlchemy has a dialect for: what its inspector tells, and rows drawn as well as it can.

Dialects are written by many hands: what one does not implement is done without, and whatever it raises costs a table at
most.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from tongguan.capture.stores.databases.dialect import CELL, Limits, Listed, Run, Special, Texts
from tongguan.capture.stores.units import Column, Unread, Unseen

__all__ = ["Generic"]

T = TypeVar("T")

_SYSTEM: Final = (
    "information_schema", "sys", "system", "syscat", "sysibm", "sysstat", "systools", "mdsys", "ctxsys", "xdb",
    "outln", "dbsnmp", "wmsys", "guest", "db_owner", "db_accessadmin", "db_securityadmin", "db_ddladmin",
    "db_backupoperator", "db_datareader", "db_datawriter", "db_denydatareader", "db_denydatawriter", "_statistics_",
)  # fmt: skip
# Dialects of databases whose keys bind nobody: values may come twice.
_ENFORCE_NONE: Final = (
    "clickhouse", "clickhousedb", "chdb", "hive", "impala", "trino", "presto", "redshift", "snowflake", "bigquery",
    "databricks", "vertica", "netezza", "starrocks", "doris", "odps", "kylin", "taos", "taosws", "iotdb", "databend",
    "druid", "drill", "elasticsearch",
)  # fmt: skip
_INTEGER: Final = re.compile(
    r"(TINY|SMALL|MEDIUM|BIG)?INT(EGER)?\d*\b|(NUMBER|NUMERIC|DECIMAL)\(\d+, 0\)", re.IGNORECASE
)
_LONG: Final = re.compile(  # types that a cell of any length may have, and that can be cut
    r"(N?CLOB|BLOB|(LONG|MEDIUM)?TEXT|STRING|BYTEA?S?|(LONG )?VARBINARY|N?VARCHAR2?|CHARACTER VARYING)\b"
    r"(\((?P<length>\d+))?", re.IGNORECASE,
)  # fmt: skip
_CUTS: Final[tuple[Callable[[Any, int], Any], ...]] = (
    lambda cell, most: sa.func.substring(cell, 1, most),
    lambda cell, most: sa.func.substr(cell, 1, most),
)
_RANDOM: Final = {  # a number of 0 … 1 that is another for each row, by the dialect's name
    "firebird": "rand()", "oracle": "dbms_random.value", "mssql": "(abs(checksum(newid())) % 1000000) / 1000000.0",
    "db2": "rand()", "ibm_db_sa": "rand()", "hana": "rand()", "hive": "rand()", "dm": "rand()",
    "clickhouse": "rand() / 4294967296.0", "clickhousedb": "rand() / 4294967296.0", "chdb": "rand() / 4294967296.0",
    "trino": "random()", "presto": "random()", "cockroachdb": "random()", "redshift": "random()",
}  # fmt: skip
# What drivers give away of a refusal: a SQLSTATE, its first two or all five signs; else their words.
_STATES: Final = {
    "08": "dropped", "42501": "permission", "28000": "permission", "42S02": "vanished", "42S22": "vanished",
    "42P01": "vanished", "42703": "vanished", "57014": "timeout", "HYT00": "timeout", "HY008": "timeout",
    "40001": "locked", "55P03": "locked", "XX001": "damaged", "58030": "damaged",
}  # fmt: skip
_WORDS: Final = (
    ("permission", ("permission", "privilege", "access denied", "not authorized", "ora-01031", "ora-00942", "权限")),
    ("locked", ("deadlock", "lock conflict", "lock time", "lock request", "resource busy")),
    ("timeout", ("timeout", "timed out", "cancelled", "canceled")),
    ("dropped", ("connection shutdown", "connection is closed", "connection reset", "broken pipe", "not connected",
                 "error reading data from the connection", "error writing data to the connection")),
    ("vanished", ("table unknown", "column unknown", "no such table", "unknown table", "does not exist",
                  "invalid object name", "不存在")),
)  # fmt: skip


class Generic:
    """Neither read-only sessions nor limits of time are known here: give it an account that may only read."""

    raw = False
    folds = True
    bounded = False

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._random: str | None = None
        self._keys = True
        self._cut: Callable[[Any, int], Any] | None = None
        self._comments = True
        self.texts = Texts()

    def begin(self) -> None: ...

    def prepare(self, connection: Any) -> None:
        """Limits of time that some drivers know."""
        with suppress(Exception):
            if hasattr(connection, "call_timeout"):  # oracledb, in milliseconds
                connection.call_timeout = 1000 * self._limits.statement_s
            elif hasattr(connection, "timeout") and not callable(connection.timeout):  # pyodbc
                connection.timeout = self._limits.statement_s

    def listing(self, run: Run) -> Iterator[Listed | Unseen]:
        name = run(lambda connection: connection.dialect.name.partition(".")[0])
        self._random, self._keys = _RANDOM.get(name), name not in _ENFORCE_NONE
        for way in _CUTS if self._cut is None else ():
            with suppress(Unread):
                run(partial(_works, way))
                self._cut = way
                break
        for schema in run(_schemas):
            tables, views = run(partial(_names, schema))
            for name in tables:
                yield Listed(schema, name, run(partial(self._comment, schema, name)))
            yield from (Listed(schema, name, why_not="view") for name in views)

    def _comment(self, schema: str, name: str, connection: sa.Connection) -> str:
        if self._comments:
            try:
                return str(sa.inspect(connection).get_table_comment(name, schema or None).get("text") or "")[:2000]
            except Exception:  # not told, and not asked for again
                self._comments = False
        return ""

    def size(self, run: Run) -> int:
        return 0

    def columns(self, connection: sa.Connection, schema: str, name: str) -> list[Column]:
        inspector, where = sa.inspect(connection), schema or None
        found = inspector.get_columns(name, where)
        if not self._keys:
            return [_column(each, (), ()) for each in found[: self._limits.columns + 1]]
        key = _asked(lambda: inspector.get_pk_constraint(name, where).get("constrained_columns")) or ()
        alone = _asked(lambda: [each["column_names"] for each in inspector.get_unique_constraints(name, where)]) or ()
        unique = {names[0] for names in alone if len(names) == 1}
        return [_column(each, key, unique) for each in found[: self._limits.columns + 1]]

    def cell(self, column: Any, about: Column, most: int) -> Any:
        """Long ones are cut by the server, where it knows a way."""
        return self._cut(column, most + 1) if self._cut is not None and _is_long(about.declared) else column

    def key(self, connection: sa.Connection, listed: Listed, columns: list[Column]) -> str | None:
        keys = [column for column in columns if column.key]
        return keys[0].name if len(keys) == 1 and _INTEGER.match(keys[0].declared) else None

    def walk(self, connection: sa.Connection, listed: Listed, columns: list[Column]) -> str | None:
        return self.key(connection, listed, columns)

    def patient(self, connection: sa.Connection) -> None: ...

    def estimate(self, connection: sa.Connection, listed: Listed, table: Any) -> int | None:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() if self._random else None

    def special(self, listed: Listed, table: Any, estimate: int, rows: int) -> Special | None:
        return None

    def coin(self, share: float) -> Any | None:
        return sa.literal_column(f"{self._random} < {share:.9f}") if self._random else None

    def sever(self, connection: Any) -> None: ...  # nobody knows how; the process that waits is ended

    def reason(self, error: BaseException) -> tuple[str, str]:
        state, said = str(getattr(error, "sqlstate", None) or ""), str(error).casefold()
        found = _STATES.get(state) or _STATES.get(state[:2])
        if found is None:
            found = next((reason for reason, words in _WORDS if any(word in said for word in words)), "failed")
        return found, state or type(error).__name__


def _column(each: Any, key: Collection[str], unique: Collection[str]) -> Column:
    comment = str(each.get("comment") or "")[:2000]
    name, free = each["name"], bool(each.get("nullable", True))
    return Column(name, _declared(each["type"]), comment, free, name in key, unique=name in unique)


def _schemas(connection: sa.Connection) -> list[str]:
    """Those of people; "" alone where the database knows none."""
    try:
        names = sa.inspect(connection).get_schema_names()
    except NotImplementedError:
        return [""]
    return [name for name in names if name.lower() not in _SYSTEM]


def _names(schema: str, connection: sa.Connection) -> tuple[list[str], list[str]]:
    """Tables, with views that hold rows of their own among them, and other views."""
    inspector, where = sa.inspect(connection), schema or None
    held = _asked(lambda: inspector.get_materialized_view_names(where)) or []
    tables = list(dict.fromkeys((*inspector.get_table_names(where), *held)))
    views = _asked(lambda: inspector.get_view_names(where)) or []
    return tables, [name for name in views if name not in set(tables)]


def _asked(ask: Callable[[], T]) -> T | None:
    """What not every dialect tells."""
    try:
        return ask()
    except NotImplementedError:
        return None


def _works(way: Callable[[Any, int], Any], connection: sa.Connection) -> None:
    connection.execute(sa.select(way(sa.literal_column("'abcdef'"), 3))).all()


def _declared(type: Any) -> str:
    try:
        return str(type)
    except Exception:  # it can be said in that database's words alone
        return str(type.__class__.__name__)


def _is_long(declared: str) -> bool:
    found = _LONG.match(declared)
    return found is not None and not 0 < int(found["length"] or 0) <= CELL
