"""A database of which we know nothing but its dialect: a real Firebird server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from faulty_proxy import FaultyProxy
from firebird_server import PASSWORD, FirebirdServer, is_installed

from tongguan.capture.stores import Rows, Store, TableUnit, Unread, Unseen, open_store, parse_address
from tongguan.capture.stores.databases import ApartStore, DatabaseStore, Limits
from tongguan.capture.stores.databases.dialect import CELL
from tongguan.errors import BadInput, Unavailable

pytest.importorskip("sqlalchemy_firebird", reason="pip install sqlalchemy-firebird")
pytestmark = pytest.mark.skipif(not is_installed(), reason="apt-get install firebird3.0-server")

MANY = 12_000


@pytest.fixture(scope="module")
def server() -> Iterator[FirebirdServer]:
    server = FirebirdServer()
    yield server
    server.stop()


@pytest.fixture
def database(server: FirebirdServer) -> str:
    return server.database()


def opened(url: str, limits: Limits | None = None, password: str = PASSWORD) -> DatabaseStore:
    return DatabaseStore(parse_address(url), password, limits)


def tables(store: Store) -> dict[str, TableUnit]:
    return {unit.name: unit for unit in store.units() if isinstance(unit, TableUnit)}


def reasons(rows: Rows) -> dict[str, int]:
    return {one.reason: one.count for one in rows.unseen}


def filled(name: str, key: str, count: int = MANY) -> tuple[str, ...]:
    insert = f"insert into {name} values (:n * 3, 'row ' || :n)"
    return (
        f"create table {name} (id {key}, a varchar(40))",
        f"execute block as declare n int = 0; begin while (n < {count}) do begin {insert}; n = n + 1; end end",
    )


def test_schema_comments_and_cells_of_every_kind(server: FirebirdServer, database: str) -> None:
    server.run(
        database,
        "create table people (id int primary key, name varchar(20) not null unique, note blob sub_type text character set"
        " utf8, photo blob, born date, pay numeric(9,2), ok boolean, bin char(4) character set octets, nums int[3])",
        'create table "奇 ""x" ("列 a" varchar(10), "Mixed" int, "select" int)', "create view v as select id from people",
        "comment on table people is '员工'", "comment on column people.name is '姓名'",
        ("insert into people values (?, ?, ?, ?, ?, ?, ?, ?, null)",
         (1, "张三", "长文", b"\x00\xff", "1990-02-03", 12.5, True, b"\x00\x01\xff\x02")),
        "insert into people (id, name) values (2, '')",
        "insert into \"奇 \"\"x\" values ('值', 1, 2)",
    )  # fmt: skip
    with opened(server.url(database)) as store:
        assert {one.where: one.reason for one in store.units() if isinstance(one, Unseen)} == {"v": "view"}
        found = tables(store)
        assert found["people"].comment == "员工" and found["people"].path == "people"
        rows = found["people"].read(10)
        assert found['奇 "x'].read(10).table.to_pylist() == [{"列 a": "值", "Mixed": "1", "select": "2"}]
    about = {column.name: column for column in rows.columns}
    assert about["name"].comment == "姓名" and about["name"].unique and not about["name"].nullable
    assert [name for name, one in about.items() if one.key] == ["id"]
    first, second = rows.table.to_pylist()
    assert (first["name"], first["note"], first["born"], float(first["pay"])) == ("张三", "长文", "1990-02-03", 12.5)
    assert (second["name"], second["note"]) == ("", None)
    assert rows.blobs == {3: [b"\x00\xff"], 7: [b"\x00\x01\xff\x02"]} and rows.sample.method == "whole"


def test_large_tables_by_keys_by_chance_and_by_no_chance(server: FirebirdServer, database: str) -> None:
    server.run(database, *filled("by_key", "bigint primary key"), *filled("by_chance", "varchar(20) primary key"))
    with opened(server.url(database)) as store:
        found = tables(store)
        for name, method in (("by_key", "random_keys"), ("by_chance", "random_rows")):
            rows = found[name].read(1_000)
            drawn = [int(cell.split()[1]) for cell in rows.table.column("a").to_pylist()]
            assert rows.sample.method == method and 800 < len(set(drawn)) == len(drawn) <= 1_000
            assert rows.sample.of == pytest.approx(MANY, rel=0.25) and 0 < (rows.sample.missed or 0) < 0.005
            assert all(0.25 < sum(n * 3 // MANY == part for n in drawn) / len(drawn) < 0.42 for part in range(3))
        store._dialect._random = None  # type: ignore[attr-defined]  # a dialect of which no way to draw is known
        rows = found["by_chance"].read(1_000)
        assert (rows.sample.method, rows.sample.rows, rows.sample.of, rows.sample.missed) == ("head", 1_000, None, None)
        assert reasons(rows)["sampled"] == 1


def test_huge_cells_stay_with_the_server(server: FirebirdServer, database: str) -> None:
    server.run(
        database, "create table t (a blob sub_type text character set utf8, b blob)",
        ("insert into t values (?, ?)", ("字" * 3_000_000, b"\x00\xff" * 20_000_000)),
        ("insert into t values (?, ?)", ("字" * 30_000, b"\xff" * 66_000)),
    )  # fmt: skip
    before = _peak()
    with opened(server.url(database)) as store:
        rows = tables(store)["t"].read(5)
    assert [len(cell) for cell in rows.table.column(0).to_pylist()] == [CELL, 30_000]
    assert [len(cell) for cell in rows.blobs[1]] == [CELL, CELL] and reasons(rows) == {"cells_cut": 3}
    assert _peak() - before < 60


def test_what_the_account_may_not_read_is_told_and_the_rest_read(server: FirebirdServer, database: str) -> None:
    server.run(database, "create table open_ (a varchar(9))", "insert into open_ values ('seen')",
               "create table shut (a varchar(9))", f"create or alter user reader password '{PASSWORD}'",
               "grant select on open_ to reader")  # fmt: skip
    with opened(server.url(database, "reader")) as store:
        found = tables(store)
        with pytest.raises(Unread) as raised:
            found["shut"].read(5)
        assert raised.value.unseen.reason == "permission" and not raised.value.rest
        assert found["open_"].read(5).table.to_pylist() == [{"a": "seen"}]


def test_refusals_in_our_words_and_without_secrets(server: FirebirdServer, database: str) -> None:
    with pytest.raises(BadInput) as raised:
        opened(server.url(database), password="HUSH-1")
    assert "password" in str(raised.value) and "HUSH" not in str(raised.value)
    with pytest.raises(Unavailable) as silent:
        opened(server.url(database).replace(f":{server.port}/", ":1/"))
    assert "HUSH" not in str(silent.value)


def test_a_password_of_any_signs_reaches_the_driver(
    server: FirebirdServer, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.run(database, "create or alter user odd password 'a@b/c:d %41#?'", "create table t (a int)",
               "grant select on t to odd")  # fmt: skip
    monkeypatch.setenv("TONGGUAN_SOURCE_PASSWORD", "a@b/c:d %41#?")
    with open_store(parse_address(server.url(database, "odd"))) as store:
        assert set(tables(store)) == {"t"}


def test_a_server_that_hangs_or_cuts_costs_a_table(
    server: FirebirdServer, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver waits in native code and knows no limit of time."""
    monkeypatch.setattr("tongguan.capture.stores.databases.store.PAUSES_S", (0.05, 0.05))
    for name in ("t0", "t1", "t2"):
        server.run(database, *filled(name, "bigint primary key", 4_000))
    with FaultyProxy(server.port) as proxy:
        url = server.url(database).replace(f":{server.port}/", f":{proxy.port}/")
        with ApartStore(parse_address(url), PASSWORD, Limits(statement_s=2, answer_s=1)) as store:
            first, second, third = tables(store).values()
            proxy.hang_after = 30_000
            started = time.monotonic()
            with pytest.raises(Unread) as raised:
                first.read(4_000)
            assert raised.value.unseen.reason == "timeout" and not raised.value.rest
            assert time.monotonic() - started < 15
            proxy.hang_after = None
            assert first.read(4_000).sample.method == "whole" == second.read(4_000).sample.method
            proxy.cut_after = 30_000
            with pytest.raises(Unread) as raised:
                third.read(4_000)
            assert raised.value.unseen.reason in ("dropped", "failed")  # the latter: the driver dies of it at times
            proxy.cut_after = None
            assert third.read(4_000).sample.method == "whole"


def _peak() -> int:
    """Of this process, in MB."""
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) >> 10
