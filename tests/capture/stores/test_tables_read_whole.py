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
    return unit.whole()


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
