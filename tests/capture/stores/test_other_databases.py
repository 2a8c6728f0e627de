"""Databases of other dialects, and drivers that are not installed."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from tongguan.capture.stores import Address, TableUnit, Unread, Unseen, open_store, parse_address
from tongguan.capture.stores.databases import DatabaseStore
from tongguan.errors import BadInput, Missing


def test_what_the_inspector_tells_and_the_first_rows(tmp_path: Path) -> None:
    """SQLite, read as if it were a database that we know nothing of."""
    connection = sqlite3.connect(tmp_path / "a.db")
    connection.execute('create table "odd %name" (id integer primary key, a text not null, b blob)')
    connection.executemany('insert into "odd %name" values (?, ?, ?)', [(n, f"字{n}", b"\xff\x00") for n in range(50)])
    connection.execute("create table small (a text)")
    connection.execute('create table keyless as select a, b from "odd %name"')
    connection.execute("create view v as select 1")
    connection.commit()
    connection.close()
    address = Address("database", "other://x", url=sa.make_url(f"sqlite:///{tmp_path}/a.db"))
    with open_store(address) as store:
        found = list(store.units())
        units = {unit.name: unit for unit in found if isinstance(unit, TableUnit)}
        assert [one.reason for one in found if isinstance(one, Unseen)] == ["view"]
        rows = units["odd %name"].read(20)
        assert [(column.name, column.key, column.nullable) for column in rows.columns][:2] == [
            ("id", True, True), ("a", False, False),
        ]  # fmt: skip
        assert set(rows.table.column(1).to_pylist()) <= {f"字{n}" for n in range(50)} and rows.blob_counts[2] >= 20
        assert (rows.sample.method, rows.sample.rows, rows.sample.of) == ("random_keys", 20, 50)
        rows = units["keyless"].read(20)
        assert rows.table.column(0).to_pylist() == [f"字{n}" for n in range(20)]
        assert (rows.sample.method, rows.sample.rows, rows.sample.missed) == ("head", 20, None)
        assert units["small"].read(20).sample.method == "whole"
        (tmp_path / "a.db").write_bytes(b"overwritten " * 1000)
        with pytest.raises(Unread):
            units["small"].read(20)


@pytest.mark.parametrize(("typed", "module", "extra"), [
    ("mysql://me@127.0.0.1:1/x", "pymysql", "tongguan[mysql]"),
    ("postgresql://me@127.0.0.1:1/x", "psycopg", "tongguan[postgresql]"),
    ("s3://bucket", "boto3", "tongguan[s3]"),
])  # fmt: skip
def test_drivers_that_are_not_installed(typed: str, module: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(Missing) as raised:
        open_store(parse_address(typed))
    assert extra in str(raised.value)


def test_dialects_that_are_not_there() -> None:
    with pytest.raises((BadInput, Missing)):
        open_store(parse_address("nothing://me@127.0.0.1/x"))


@pytest.mark.parametrize(("typed", "told"), [
    ("oracle://me@127.0.0.1:1/x", "pip install oracledb"),
    ("mssql+pyodbc://me@127.0.0.1:1/x", "pip install pyodbc"),
    ("mssql+pymssql://me@127.0.0.1:1/x", "pip install pymssql"),
    ("mssql+aioodbc://me@127.0.0.1:1/x", "pip install aioodbc"),
    ("dm+dmPython://me@127.0.0.1:1/x", "pip install dmSQLAlchemy dmPython"),
    ("clickhouse+native://me@127.0.0.1:1/x", "pip install clickhouse-sqlalchemy"),
    ("gbase8s://me@127.0.0.1:1/x", "pip install gbase8s-sqlalchemy"),
    ("gbase://me@127.0.0.1:1/x", "mysql://user@host"),
    ("firebird+fdb://me@127.0.0.1:1/x", "pip install"),
    ("kingbase8://me@127.0.0.1:1/x", "postgresql://user@host"),
    ("opengauss+psycopg2://me@127.0.0.1:1/x", "pip install opengauss-sqlalchemy"),
    ("gaussdb://me@127.0.0.1:1/x", "postgresql://user@host"),
    ("oceanbase://me@127.0.0.1:1/x", "mysql://user@host"),
    ("tidb://me@127.0.0.1:1/x", "mysql://user@host"),
    ("nobodys://me@127.0.0.1:1/x", "SQLAlchemy"),
])  # fmt: skip
def test_what_to_install_is_told(typed: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("oracledb", "pyodbc", "pymssql", "aioodbc", "fdb", "sqlalchemy_firebird"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises((BadInput, Missing)) as raised:
        open_store(parse_address(typed))
    assert told in str(raised.value) and raised.value.text is not None and told in raised.value.text["zh"]


@pytest.mark.parametrize("typed", ["postgresql+psycopg2://me@h/x", "postgresql+asyncpg://me@h/x", "postgres://me@h/x"])
def test_postgresql_is_read_by_our_own_driver_whatever_is_named(typed: str) -> None:
    address = parse_address(typed)
    assert (address.kind, address.url.drivername) == ("postgresql", "postgresql+psycopg")
    assert (
        parse_address(typed.replace("postgres", "mysql").replace("mysqlql", "mysql")).url.drivername == "mysql+pymysql"
    )


class _Odd:
    """What a dialect's maker may have made."""

    def __init__(self, fault: BaseException) -> None:
        self.fault = fault

    def __call__(self, *_: object, **__: object) -> None:
        raise self.fault


@pytest.mark.parametrize(
    "fault", [ImportError("libodbc.so.2: cannot open"), RuntimeError("HUSH"), KeyError("x"), OSError()]
)
def test_a_driver_that_breaks_at_once_is_told(
    fault: Exception, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sqlalchemy.dialects.sqlite.pysqlite.SQLiteDialect_pysqlite.connect", _Odd(fault))
    with pytest.raises(Missing) as raised:
        DatabaseStore(Address("database", "other://x", url=sa.make_url(f"sqlite:///{tmp_path}/a.db")), None)
    assert type(fault).__name__ in str(raised.value) and "HUSH" not in str(raised.value)


def test_a_dialect_that_breaks_at_one_table_costs_that_table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "a.db")
    connection.executescript("create table good (a text); insert into good values ('x'); create table bad (a text)")
    connection.close()
    original = sa.Inspector.get_columns

    def columns(self: sa.Inspector, name: str, *more: object, **others: object) -> object:
        if name == "bad":
            raise IndexError("HUSH")
        return original(self, name, *more, **others)

    monkeypatch.setattr(sa.Inspector, "get_columns", columns)
    with DatabaseStore(Address("database", "other://x", url=sa.make_url(f"sqlite:///{tmp_path}/a.db")), None) as store:
        units = {unit.name: unit for unit in store.units() if isinstance(unit, TableUnit)}
        with pytest.raises(Unread) as raised:
            units["bad"].read(5)
        assert (raised.value.unseen.reason, raised.value.unseen.detail) == ("failed", "IndexError")
        assert units["good"].read(5).table.to_pylist() == [{"a": "x"}]


def test_drivers_that_wait_for_nobody_are_refused(tmp_path: Path) -> None:
    pytest.importorskip("aiosqlite")
    with pytest.raises(BadInput):
        open_store(Address("database", "other://x", url=sa.make_url(f"sqlite+aiosqlite:///{tmp_path}/a.db")))
