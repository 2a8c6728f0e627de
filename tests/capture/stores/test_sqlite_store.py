"""SQLite files as stores: whatever anybody may have put into one."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

import pytest

from tongguan.capture.stores import Rows, Store, TableUnit, Unread, Unseen, open_store, parse_address
from tongguan.capture.stores.databases import DatabaseStore, Limits
from tongguan.capture.stores.databases.dialect import CELL
from tongguan.errors import BadInput

MANY = 30_000


def made(path: Path, *statements: str | tuple[str, list[tuple[object, ...]]]) -> Path:
    connection = sqlite3.connect(path)
    connection.execute("pragma synchronous = off")
    for statement in statements:
        if isinstance(statement, str):
            connection.execute(statement)
        else:
            connection.executemany(*statement)
    connection.commit()
    connection.close()
    return path


def opened(path: Path, limits: Limits | None = None) -> Store:
    return DatabaseStore(parse_address(f"sqlite:///{path}"), None, limits)


def tables(store: Store) -> dict[str, TableUnit]:
    return {unit.name: unit for unit in store.units() if isinstance(unit, TableUnit)}


def reasons(rows: Rows) -> dict[str, int]:
    return {one.reason: one.count for one in rows.unseen}


def test_names_with_quotes_percents_colons_and_nothing(tmp_path: Path) -> None:
    names = ['a"b', "a'b", "a;b -- c", "a%sb", "a:b", "客户 表", "select", "a\\b", "a.b", "[a]", "`a`", "a\nb", "%(x)s"]
    quoted = [name.replace('"', '""') for name in names]
    path = made(
        tmp_path / "a.db",
        *(f'create table "{name}" ("{name}" text, "" text)' for name in quoted),
        *(f"""insert into "{name}" values ('x', 'y')""" for name in quoted),
    )
    with opened(path) as store:
        found = tables(store)
        assert set(found) == set(names) and len({unit.path for unit in found.values()}) == len(names)
        for name, unit in found.items():
            rows = unit.read(10)
            assert [column.name for column in rows.columns] == [name, ""]
            assert [rows.table.column(n).to_pylist() for n in (0, 1)] == [["x"], ["y"]]


def test_cells_of_every_kind(tmp_path: Path) -> None:
    path = made(
        tmp_path / "a.db",
        "create table t (a, b text, c blob)",
        ("insert into t values (?, ?, ?)", [
            (1, "一", b"\x00\xff"), (2.5, None, b"plain text"), (None, "b", None), ("字", "c", "text in a blob column"),
            (b"\x89PNG\x00", "d", b" "), (-(2**63), "e", b"x" * 10),
        ]),
    )  # fmt: skip
    with opened(path) as store:
        rows = tables(store)["t"].read(100)
    assert rows.table.column(0).to_pylist() == ["1", "2.5", None, "字", None, str(-(2**63))]
    assert rows.table.column(1).to_pylist() == ["一", None, "b", "c", "d", "e"]
    assert rows.table.column(2).to_pylist() == [None, "plain text", None, "text in a blob column", " ", "x" * 10]
    assert rows.blobs == {0: [b"\x89PNG\x00"], 2: [b"\x00\xff"]}
    assert rows.sample.method == "whole" and rows.unseen == ()


def test_columns_that_hold_no_value_twice_are_known(tmp_path: Path) -> None:
    path = made(
        tmp_path / "a.db", "create table t (id integer primary key, phone text unique, a, b, c, d, unique (a, b))",
        "create unique index one on t (c) where d is null", "create index two on t (d)",
        "create unique index three on t (lower(d))",
    )  # fmt: skip
    with opened(path) as store:
        columns = tables(store)["t"].read(1).columns
    assert [column.name for column in columns if column.unique] == ["phone"]
    assert [column.name for column in columns if column.key] == ["id"]


def test_texts_that_are_not_utf8(tmp_path: Path) -> None:
    chinese = "张三，住址".encode("gb18030").hex()
    path = made(
        tmp_path / "a.db", "create table t (a text)", f"insert into t values (cast(x'{chinese}' as text))",
        "insert into t values (cast(x'ff' as text))", "insert into t values ('好')",
    )  # fmt: skip
    with opened(path) as store:
        rows = tables(store)["t"].read(100)
    assert rows.table.column(0).to_pylist() == ["张三，住址", "\ufffd", "好"]
    assert reasons(rows) == {"encoding": 2}


def test_huge_cells_are_cut(tmp_path: Path) -> None:
    path = made(
        tmp_path / "a.db", "create table t (a text, b blob)",
        ("insert into t values (?, ?)", [("字" * 50_000_000, b"\xff" * 150_000_000), ("short", None)]),
    )  # fmt: skip
    with opened(path) as store:
        rows = tables(store)["t"].read(100)
    assert [len(cell) for cell in rows.table.column(0).to_pylist()] == [CELL, 5]
    assert len(rows.blobs[1][0]) == CELL and reasons(rows) == {"cells_cut": 2}


def test_samples_end_at_their_bytes(tmp_path: Path) -> None:
    path = made(
        tmp_path / "a.db", "create table t (a text)",
        ("insert into t values (?)", [("x" * 10_000,) for _ in range(2_000)]),
    )  # fmt: skip
    with opened(path, Limits(bytes=1 << 20)) as store:
        rows = tables(store)["t"].read(1_500)
    assert rows.table.nbytes < 8 << 20 and rows.sample.rows < 1_500 and "sample_cut" in reasons(rows)


@pytest.mark.parametrize("gaps", [1, 7])
def test_large_tables_are_sampled_by_keys(tmp_path: Path, gaps: int) -> None:
    """Whatever the gaps, old rows and new ones are drawn alike."""
    path = made(
        tmp_path / "a.db", "create table t (id integer primary key, a text)",
        ("insert into t values (?, ?)", [(n * gaps - 5_000, str(n)) for n in range(MANY)]),
    )  # fmt: skip
    with opened(path) as store:
        rows = tables(store)["t"].read(5_000)
    found = [int(cell) for cell in rows.table.column(1).to_pylist()]
    assert rows.sample.method == "random_keys" and rows.sample.rows == len(set(found)) == 5_000
    assert rows.sample.missed == pytest.approx(3 / 5_000, rel=0.01)
    assert rows.sample.of == (
        MANY if gaps == 1 else pytest.approx(MANY, rel=0.1)
    )  # by the share of keys that are there
    thirds = [sum(n // (MANY // 3) == part for n in found) for part in range(3)]
    assert all(1_450 < third < 1_900 for third in thirds)
    assert reasons(rows) == {"sampled": (rows.sample.of or 0) - 5_000}


def test_keys_too_far_apart_are_not_drawn(tmp_path: Path) -> None:
    path = made(
        tmp_path / "a.db", "create table t (id integer primary key, a text)",
        ("insert into t values (?, ?)", [(n * 10**12, str(n)) for n in range(MANY)]),
    )  # fmt: skip
    with opened(path) as store:
        rows = tables(store)["t"].read(1_000)
    assert rows.sample.method == "random_rows" and rows.sample.rows == 1_000
    assert max(int(cell) for cell in rows.table.column(1).to_pylist()) > MANY * 0.9


def test_tables_without_rowid_and_with_rowids_shadowed(tmp_path: Path) -> None:
    path = made(
        tmp_path / "a.db", "create table w (a text primary key, b) without rowid",
        "create table s (rowid text, oid text, _rowid_ text)",
        ("insert into w values (?, ?)", [(str(n), n) for n in range(3_000)]),
        ("insert into s values (?, ?, ?)", [(str(n), "", "") for n in range(3_000)]),
    )  # fmt: skip
    with opened(path) as store:
        for name in "ws":
            rows = tables(store)[name].read(500)
            assert (rows.sample.method, rows.sample.rows) == ("random_rows", 500)


def test_views_virtual_tables_and_triggers_do_not_run(tmp_path: Path) -> None:
    path = made(
        tmp_path / "a.db", "create table t (a text, b text generated always as (a || '!'))", "insert into t values ('x')",
        "create view v as select * from t", "create virtual table f using fts5(body)",
        "insert into f values ('searched text')",
    )  # fmt: skip
    with opened(path) as store:
        listed = list(store.units())
        assert {one.where: one.reason for one in listed if isinstance(one, Unseen)} == {"v": "view", "f": "virtual"}
        assert tables(store)["t"].read(9).table.column(1).to_pylist() == ["x!"]
        assert "f_content" in tables(store)


def test_nothing_can_be_written(tmp_path: Path) -> None:
    path = made(tmp_path / "a.db", "create table t (a text)")
    before = path.read_bytes(), path.stat().st_mtime_ns
    with opened(path) as store:
        tables(store)["t"].read(5)
        with pytest.raises(Unread):
            store._run(lambda connection: connection.exec_driver_sql("insert into t values ('x')"))
        with pytest.raises(Unread):
            store._run(lambda connection: connection.exec_driver_sql("attach ':memory:' as other"))
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a database, but long enough to be looked at as one " * 20)
    (tmp_path / "noise").write_bytes(os.urandom(8192))
    for name in ("text", "noise"):
        with pytest.raises(BadInput):
            open_store(parse_address(f"sqlite:///{tmp_path}/{name}"))


def test_damaged_pages_cost_their_table_alone(tmp_path: Path) -> None:
    path = made(
        tmp_path / "a.db", "pragma page_size = 4096", "create table good (a text)", "create table bad (a text)",
        "insert into good values ('fine')", ("insert into bad values (?)", [("b" * 3_000,) for _ in range(50)]),
    )  # fmt: skip
    data = bytearray(path.read_bytes())
    data[4096 * 2 : 4096 * 3] = b"\xaa" * 4096  # the root of `bad`
    path.write_bytes(data)
    with opened(path) as store:
        found = tables(store)
        assert found["good"].read(5).table.column(0).to_pylist() == ["fine"]
        with pytest.raises(Unread) as raised:
            found["bad"].read(5)
    assert raised.value.unseen.reason == "damaged" and not raised.value.rest


def test_a_table_that_changes_or_goes_between_listing_and_reading(tmp_path: Path) -> None:
    path = made(
        tmp_path / "a.db", "create table t (a text, b text)", "create table gone (a)", "insert into t values (1, 2)"
    )
    with opened(path) as store:
        found = tables(store)
        made(path, "drop table gone", "alter table t drop column b", "alter table t add column c default 'new'")
        rows = found["t"].read(5)
        assert [column.name for column in rows.columns] == ["a", "c"] and rows.table.column(1).to_pylist() == ["new"]
        with pytest.raises(Unread) as raised:
            found["gone"].read(5)
    assert raised.value.unseen.reason == "vanished"


def test_statements_end_in_time(tmp_path: Path) -> None:
    path = made(tmp_path / "a.db", "create table t (a text)")
    with opened(path, Limits(statement_s=1)) as store:
        endless = "with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n"
        started = time.monotonic()
        with pytest.raises(Unread) as raised:
            store._run(lambda connection: connection.exec_driver_sql(endless).all())
        assert raised.value.unseen.reason == "timeout" and time.monotonic() - started < 10
        assert tables(store)["t"].read(5).sample.method == "whole"


def test_marks_tell_changes_also_in_the_write_ahead_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made(tmp_path / "a.db", "create table t (a text)")
    with opened(path) as store:
        assert tables(store)["t"].mark is None  # it may change again before its times can show it
    monkeypatch.setattr("tongguan.capture.stores.databases.file_marks.SETTLED_S", 0)

    def mark() -> str | None:
        with opened(path) as store:
            return tables(store)["t"].mark

    first = mark()
    assert mark() == first is not None
    writer = sqlite3.connect(path)
    writer.execute("pragma journal_mode = wal")
    writer.execute("insert into t values ('x')")
    writer.commit()
    second = mark()
    writer.execute("insert into t values ('y')")
    writer.commit()
    assert len({first, second, mark()}) == 3
    writer.close()


def test_four_thousand_tables_are_listed_in_bounded_memory(tmp_path: Path) -> None:
    import tracemalloc

    connection = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    connection.execute("pragma synchronous = off")
    connection.execute("begin")
    for n in range(4_000):
        connection.execute(f"create table t{n} (a)")
    connection.execute("commit")
    connection.close()
    with opened(tmp_path / "a.db") as store:
        tracemalloc.start()
        count = sum(1 for _ in store.units())
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert count == 4_000 and peak < 2 << 20


def test_very_many_columns_are_cut(tmp_path: Path) -> None:
    path = made(
        tmp_path / "a.db", f"create table t ({', '.join(f'c{n}' for n in range(300))})", "insert into t default values"
    )
    with opened(path, Limits(columns=100)) as store:
        rows = tables(store)["t"].read(5)
    assert len(rows.columns) == 100 and reasons(rows) == {"columns_cut": 1}
