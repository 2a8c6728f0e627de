"""Tables read to their last row, a stretch at a time, on real servers and in files."""

from __future__ import annotations

import os
import pickle
import signal
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import psycopg
import pymysql
import pytest
from faulty_proxy import FaultyProxy
from mariadb_server import PASSWORD, MariaServer
from postgres_server import PostgresServer

from tongguan.capture.stores import Rows, TableUnit, Unread, open_store, parse_address
from tongguan.capture.stores.databases import ApartStore, DatabaseStore, Limits

MANY = 120_000


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tongguan.capture.stores.databases.store.PAUSES_S", (0.05, 0.05))


def tables(store: DatabaseStore | ApartStore) -> dict[str, TableUnit]:
    return {unit.name: unit for unit in store.units() if isinstance(unit, TableUnit)}


def stretches(unit: TableUnit) -> Iterator[Rows]:
    assert unit.whole is not None
    return unit.whole(None)


def column(unit: TableUnit, name: str) -> list[str]:
    return [cell for rows in stretches(unit) for cell in rows.table.column(name).to_pylist()]


@pytest.fixture(scope="module")
def postgresql(postgres: PostgresServer) -> str:
    url = postgres.database().replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in (
            "create table keyed (id bigint primary key, a text)",
            f"insert into keyed select -5 + n * 7, 'row ' || n from generate_series(1, {MANY}) n",
            "create table keyless as select a from keyed", "create table empty (id int primary key, a text)",
            "create table wide (id int primary key, a text)",
            "insert into wide select n, repeat(md5(n::text), 600) from generate_series(1, 3000) n", "create table bulk as select a from wide",
        ):  # fmt: skip
            connection.execute(statement)
    return url


@pytest.fixture(scope="module")
def mariadb(maria: MariaServer) -> str:
    name = maria.database()
    maria.run(
        "create table keyed (id bigint primary key, a text)",
        f"insert into keyed select -5 + seq * 7, concat('row ', seq) from seq_1_to_{MANY}",
        "create table keyless as select a from keyed", "create table empty (id int primary key, a text)",
        "create table wide (id int primary key, a text)",
        "insert into wide select seq, repeat(md5(seq), 600) from seq_1_to_3000", "create table bulk as select a from wide", database=name,
    )  # fmt: skip
    return maria.url(maria.reader(f"select on {name}.*"), name)


@pytest.fixture(params=["postgresql", "mysql", "sqlite", "duckdb"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DatabaseStore | ApartStore]:
    if request.param == "postgresql":
        made: DatabaseStore | ApartStore = DatabaseStore(parse_address(request.getfixturevalue("postgresql")), None)
    elif request.param == "mysql":
        made = DatabaseStore(parse_address(request.getfixturevalue("mariadb")), PASSWORD)
    elif request.param == "sqlite":
        with sqlite3.connect(tmp_path / "a.db") as connection:
            connection.execute("create table keyed (id integer primary key, a text)")
            rows = [(n * 7 - 5, f"row {n}") for n in range(1, MANY + 1)]
            connection.executemany("insert into keyed values (?, ?)", rows)
            connection.execute("create table keyless (a text primary key) without rowid")
            connection.execute("insert into keyless select a from keyed")
            connection.execute("create table empty (a text)")
            connection.execute("create table wide (id integer primary key, a text)")
            connection.executemany("insert into wide values (?, ?)", [(n, "x" * 19_200) for n in range(3_000)])
        made = DatabaseStore(parse_address(f"sqlite:///{tmp_path}/a.db"), None)
    else:
        with duckdb.connect(str(tmp_path / "a.duckdb")) as duck:
            duck.execute(
                f"create table keyed as select n * 7 - 5 as id, 'row ' || n as a from range(1, {MANY + 1}) r(n)"
            )
            duck.execute("create table keyless as select a from keyed; create table empty (a varchar)")
            duck.execute("create table wide as select n as id, repeat(md5(n::varchar), 600) as a from range(3000) r(n)")
        made = ApartStore(parse_address(f"duckdb:///{tmp_path}/a.duckdb"), None)
    with made:
        yield made


def test_every_row_comes_once_in_bounded_stretches(store: DatabaseStore | ApartStore) -> None:
    found = tables(store)
    wanted = {f"row {n}" for n in range(1, MANY + 1)}
    for name in ("keyed", "keyless"):
        parts = list(stretches(found[name]))
        cells = [cell for rows in parts for cell in rows.table.column("a").to_pylist()]
        assert len(cells) == MANY and set(cells) == wanted and len(parts) >= 3
        assert all(rows.sample.method == "whole" and rows.sample.rows == len(rows.table) for rows in parts)
        assert all(rows.unseen == () for rows in parts)
    assert [len(rows.table) for rows in stretches(found["empty"])] == [0]
    sizes = [rows.table.nbytes for rows in stretches(found["wide"])]
    assert sum(sizes) > 50 << 20 and max(sizes) < 48 << 20
    assert found["keyed"].read(1_000).sample.rows in range(800, 1_001)  # the store is as good as before


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_a_connection_that_is_lost_on_the_way_is_made_again_behind_the_last_row(
    kind: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgresql" if kind == "postgresql" else "mariadb")
    port = int(url.rpartition(":")[2].partition("/")[0])
    with FaultyProxy(port) as proxy:
        address = parse_address(url.replace(f":{port}/", f":{proxy.port}/"))
        with DatabaseStore(address, PASSWORD if kind == "mysql" else None, Limits(statement_s=5, answer_s=5)) as opened:
            found, cells = tables(opened), []
            for n, rows in enumerate(stretches(found["keyed"])):
                cells += rows.table.column("a").to_pylist()
                if n == 1:
                    proxy.drop()
            assert len(cells) == len(set(cells)) == MANY and proxy.count >= 2
            came = []
            with pytest.raises(Unread) as raised:  # without a key nobody knows where it was
                for rows in stretches(found["bulk"]):
                    came.append(len(rows.table))
                    proxy.drop()
            assert raised.value.unseen.reason == "dropped" and not raised.value.rest and 0 < sum(came) < 3_000
            assert len(column(found["keyed"], "a")) == MANY


def test_a_process_that_dies_on_the_way_is_told(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "a.duckdb")) as duck:
        duck.execute(f"create table t as select n as id from range({MANY}) r(n)")
    with ApartStore(parse_address(f"duckdb:///{tmp_path}/a.duckdb"), None) as opened:
        found = stretches(tables(opened)["t"])
        next(found)
        assert opened._process is not None
        os.kill(opened._process._process.pid, signal.SIGKILL)
        with pytest.raises(Unread):
            list(found)
        assert len(column(tables(opened)["t"], "id")) == MANY


def test_tables_of_files_in_folders_are_read_whole_too(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.db") as connection:
        connection.execute("create table t (a)")
        connection.executemany("insert into t values (?)", [(n,) for n in range(5_000)])
    with duckdb.connect(str(tmp_path / "b.duckdb")) as duck:
        duck.execute("create table t as select n as a from range(5000) r(n)")
    with open_store(parse_address(str(tmp_path))) as opened:
        units = {unit.path: unit for unit in opened.units() if isinstance(unit, TableUnit)}
        for path in ("a.db!t", "b.duckdb!main.t"):
            assert len(column(units[path], "a")) == 5_000
            assert pickle.loads(pickle.dumps(replace(units[path], whole=None))).read(9).sample.rows in range(1, 10)


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
@pytest.mark.parametrize(("change", "reason"), [
    ("drop table t", "vanished"), ("revoke", "permission"),
    ("lock", "locked"),
])  # fmt: skip
def test_what_happens_to_a_table_that_is_being_read_costs_that_table(
    kind: str, change: str, reason: str, postgres: PostgresServer, maria: MariaServer
) -> None:
    with _Owned(kind, postgres, maria) as owned:
        owned.run("create table t (id int primary key, a text)", f"insert into t {owned.rows}",
                  "create table other (a text)", "insert into other values ('x')")  # fmt: skip
        owned.grant(other=True)
        with DatabaseStore(parse_address(owned.url), owned.password, Limits(statement_s=2, lock_s=1)) as opened:
            found = tables(opened)
            parts = stretches(found["t"])
            assert len(next(parts).table) > 0
            owned.change(change)
            with pytest.raises(Unread) as raised:
                list(parts)
            told = raised.value.unseen.reason  # MySQL shows nothing of what may not be read
            assert told == reason or (kind, change, told) in (
                ("mysql", "lock", "timeout"),
                ("mysql", "revoke", "vanished"),
            )
            assert not raised.value.rest and len(column(found["other"], "a")) == 1


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_a_column_that_goes_meanwhile_is_seen_by_the_stretches(
    kind: str, postgres: PostgresServer, maria: MariaServer
) -> None:
    with _Owned(kind, postgres, maria) as owned:
        owned.run("create table t (id int primary key, a text)", f"insert into t {owned.rows}")
        owned.grant()
        with DatabaseStore(parse_address(owned.url), owned.password) as opened:
            parts = stretches(tables(opened)["t"])
            first = next(parts)
            owned.run("alter table t drop column a")
            rest = list(parts)
        assert len(first.columns) == 2 and all(len(rows.columns) == 1 for rows in rest)
        assert len(first.table) + sum(len(rows.table) for rows in rest) == 20_000


def test_servers_that_are_read_only_are_read(postgres: PostgresServer, maria: MariaServer) -> None:
    with _Owned("postgresql", postgres, maria) as owned:
        owned.run("create table t (id int primary key, a text)", f"insert into t {owned.rows}")
        owned.grant()
        owned.run(f"alter database {owned.name} set default_transaction_read_only = on")
        with DatabaseStore(parse_address(owned.url), owned.password) as opened:
            unit = tables(opened)["t"]
            assert len(column(unit, "a")) == 20_000 and unit.read(100).sample.method == "random_keys"
    with _Owned("mysql", postgres, maria) as owned:
        owned.run("create table t (id int primary key, a text)", f"insert into t {owned.rows}")
        owned.grant()
        maria.run("set global read_only = on")
        try:
            with DatabaseStore(parse_address(owned.url), owned.password) as opened:
                unit = tables(opened)["t"]
                assert len(column(unit, "a")) == 20_000 and unit.read(100).sample.method == "random_keys"
        finally:
            maria.run("set global read_only = off")


def test_columns_that_may_not_be_read_are_told_in_every_stretch(postgres: PostgresServer, maria: MariaServer) -> None:
    for kind in ("postgresql", "mysql"):
        with _Owned(kind, postgres, maria) as owned:
            owned.run("create table t (id int primary key, a text)", f"insert into t {owned.rows}")
            owned.grant("select (id)")
            with DatabaseStore(parse_address(owned.url), owned.password) as opened:
                parts = list(stretches(tables(opened)["t"]))
            if kind == "mysql":  # a column that may not be read is not even shown
                assert all([one.name for one in rows.columns] == ["id"] for rows in parts)
            else:
                assert all([one.reason for one in rows.unseen] == ["permission"] for rows in parts)
                assert all(rows.table.column("a").null_count == len(rows.table) for rows in parts)
            assert sum(len(rows.table) for rows in parts) == 20_000


class _Owned:
    """A database of one test, with a reader who may read what he is let."""

    def __init__(self, kind: str, postgres: PostgresServer, maria: MariaServer) -> None:
        self.kind, self._maria = kind, maria
        if kind == "postgresql":
            self._owner = postgres.database().replace("+psycopg", "")
            self.name = self._owner.rpartition("/")[2]
            self.user, self.password = f"r{self.name}", None
            self.run(f"create role {self.user} login")
            self.url = self._owner.replace("//tongguan@", f"//{self.user}@")
            self.rows = "select n, repeat('x', 100) from generate_series(1, 20000) n"
        else:
            self.name = maria.database()
            self.user, self.password = maria.reader(), PASSWORD  # type: ignore[assignment]
            self.url = maria.url(self.user, self.name)
            self.rows = "select seq, repeat('x', 100) from seq_1_to_20000"
        self._holding: psycopg.Connection | None = None
        self._locking: pymysql.Connection | None = None

    def __enter__(self) -> _Owned:
        return self

    def __exit__(self, *_: object) -> None:
        if self._holding is not None:
            self._holding.close()
        if self._locking is not None:
            self._locking.close()

    def run(self, *statements: str) -> None:
        if self.kind == "mysql":
            self._maria.run(*statements, database=self.name)
            return
        with psycopg.connect(self._owner, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def grant(self, what: str = "select", *, other: bool = False) -> None:
        whom = self.user if self.kind == "postgresql" else f"{self.user}@'127.0.0.1'"
        self.run(f"grant {what} on t to {whom}")
        if other:
            self.run(f"grant select on other to {whom}")

    def change(self, how: str) -> None:
        whom = self.user if self.kind == "postgresql" else f"{self.user}@'127.0.0.1'"
        if how == "revoke":
            self.run(f"revoke select on t from {whom}")
        elif how != "lock":
            self.run(how)
        elif self.kind == "postgresql":
            self._holding = psycopg.connect(self._owner)
            self._holding.execute("lock table t in access exclusive mode")
        else:
            self._locking = self._maria.root(self.name)
            self._locking.cursor().execute("lock tables t write")
