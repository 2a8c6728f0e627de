"""Databases of other dialects, and drivers that are not installed."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from tongguan.capture.stores import Address, TableUnit, Unread, Unseen, open_store, parse_address
from tongguan.errors import BadInput, Missing


def test_what_the_inspector_tells_and_the_first_rows(tmp_path: Path) -> None:
    """SQLite, read as if it were a database that we know nothing of."""
    connection = sqlite3.connect(tmp_path / "a.db")
    connection.execute('create table "odd %name" (id integer primary key, a text not null, b blob)')
    connection.executemany('insert into "odd %name" values (?, ?, ?)', [(n, f"字{n}", b"\xff\x00") for n in range(50)])
    connection.execute("create table small (a text)")
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
        assert rows.table.column(1).to_pylist()[:2] == ["字0", "字1"] and rows.blob_counts == {2: 20}
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
    ("dm://me@127.0.0.1:1/x", "dmPython"),
    ("kingbase8://me@127.0.0.1:1/x", "postgresql://user@host"),
    ("opengauss://me@127.0.0.1:1/x", "postgresql://user@host"),
    ("gaussdb://me@127.0.0.1:1/x", "postgresql://user@host"),
    ("oceanbase://me@127.0.0.1:1/x", "mysql://user@host"),
    ("tidb://me@127.0.0.1:1/x", "mysql://user@host"),
    ("nobodys://me@127.0.0.1:1/x", "a dialect of SQLAlchemy"),
])  # fmt: skip
def test_what_to_install_is_told(typed: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("oracledb", "pyodbc", "pymssql"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises((BadInput, Missing)) as raised:
        open_store(parse_address(typed))
    assert told in str(raised.value)
