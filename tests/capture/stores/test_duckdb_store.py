"""DuckDB files as stores, named by their address, in folders and in workers."""

from __future__ import annotations

import os
import pickle
import signal
import time
from pathlib import Path

import duckdb
import pytest

from tongguan.capture.stores import Rows, Store, TableUnit, Unread, Unseen, open_store, parse_address
from tongguan.capture.stores.databases import ApartStore, DatabaseStore
from tongguan.capture.stores.databases.apart import DIED, _Process
from tongguan.errors import BadInput

MANY = 100_000


def made(path: Path, *statements: str) -> Path:
    with duckdb.connect(str(path)) as connection:
        for statement in statements:
            connection.execute(statement)
    return path


def opened(path: Path) -> Store:
    return open_store(parse_address(f"duckdb:///{path}"))


def tables(store: Store) -> dict[str, TableUnit]:
    return {unit.path: unit for unit in store.units() if isinstance(unit, TableUnit)}


def reasons(rows: Rows) -> dict[str, int]:
    return {one.reason: one.count for one in rows.unseen}


def test_schemas_comments_and_cells_of_every_kind(tmp_path: Path) -> None:
    path = made(
        tmp_path / "a.duckdb", "create schema s",
        'create table s."a""b" (id int primary key, 姓名 varchar not null, photo blob, tags varchar[], about struct(a int,'
        " b varchar), m map(varchar, int), pay decimal(9,2), born date, mail varchar unique)",
        "comment on table s.\"a\"\"b\" is '员工'", "comment on column s.\"a\"\"b\".姓名 is '真实姓名'",
        "insert into s.\"a\"\"b\" values (1, '张三', '\\x00\\xFF'::blob, ['甲'], {'a': 1, 'b': '字'}, map{'k': 1}, 1.5,"
        " '1990-02-03', 'x'), (2, '', 'text'::blob, null, null, null, null, null, null)",
        "create view v as select 1 as one", "create temporary table t (a int)",
    )  # fmt: skip
    with opened(path) as store:
        listed = list(store.units())
        assert {one.where: one.reason for one in listed if isinstance(one, Unseen)} == {"main.v": "view"}
        (unit,) = tables(store).values()
        assert (unit.path, unit.comment, unit.apart) == ('s."a""b"', "员工", True)
        rows = pickle.loads(pickle.dumps(unit)).read(100)  # as a worker gets it
    about = {column.name: column for column in rows.columns}
    assert about["姓名"].comment == "真实姓名" and not about["姓名"].nullable
    assert [name for name, one in about.items() if one.key] == ["id"] and about["mail"].unique
    first, second = rows.table.to_pylist()
    assert (first["姓名"], first["photo"], first["tags"], first["pay"], first["born"]) == (
        "张三", None, "[甲]", "1.50", "1990-02-03",
    )  # fmt: skip
    assert "字" in first["about"] and second["photo"] == "text"
    assert rows.blobs == {2: [b"\x00\xff"]} and rows.sample.method == "whole" and rows.unseen == ()


def test_large_tables_are_sampled_by_runs_of_rows_or_by_chance(tmp_path: Path) -> None:
    path = made(
        tmp_path / "a.duckdb", f"create table t as select i as id, 'name ' || i as name from range({MANY}) r(i)",
        "delete from t where id % 5 = 0",
    )  # fmt: skip
    with opened(path) as store:
        (unit,) = tables(store).values()
        for most, method in ((1_000, "random_rows"), (20, "random_pages")):
            rows = unit.read(most)
            found = [int(cell) for cell in rows.table.column("id").to_pylist()]
            assert rows.sample.method == method and rows.sample.of == MANY * 4 // 5
            assert 0 < len(found) == len(set(found)) <= most and all(n % 5 for n in found)
            assert rows.sample.missed is not None
            if method == "random_rows":
                assert all(0.2 < sum(n * 3 // MANY == part for n in found) / len(found) < 0.47 for part in range(3))


def test_huge_cells_are_cut(tmp_path: Path) -> None:
    path = made(
        tmp_path / "a.duckdb", "create table t as select repeat('字', 3000000) as a, repeat('\\xFF', 900000)::blob as b"
    )
    with opened(path) as store:
        rows = tables(store)["main.t"].read(5)
    assert len(rows.table.column(0).to_pylist()[0]) == 65_536 == len(rows.blobs[1][0])
    assert reasons(rows) == {"cells_cut": 2}


def test_nothing_but_the_file_can_be_read_and_nothing_written(tmp_path: Path) -> None:
    path = made(tmp_path / "a.duckdb", "create table t (a int)")
    (tmp_path / "secret.csv").write_text("a\n1\n")
    with DatabaseStore(parse_address(f"duckdb:///{path}"), None) as store:
        for statement in (
            "insert into t values (1)", f"select * from read_csv('{tmp_path}/secret.csv')",
            f"attach '{tmp_path}/b.duckdb'", "set enable_external_access = true", "install httpfs",
        ):  # fmt: skip
            with pytest.raises(Unread):
                store._run(lambda connection, said=statement: connection.exec_driver_sql(said))
        assert tables(store)["main.t"].read(5).sample.method == "whole"
    assert not (tmp_path / "b.duckdb").exists()


def test_marks_and_files_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tongguan.capture.stores.databases.file_marks.SETTLED_S", 0)
    path = made(tmp_path / "a.duckdb", "create table t (a int)")
    marks = []
    for _ in range(2):
        with DatabaseStore(parse_address(f"duckdb:///{path}"), None) as store:
            marks.append(tables(store)["main.t"].mark)
    made(path, "insert into t values (1)")
    with DatabaseStore(parse_address(f"duckdb:///{path}"), None) as store:
        marks.append(tables(store)["main.t"].mark)
    assert marks[0] == marks[1] != marks[2] and None not in marks
    (tmp_path / "noise").write_bytes(b"no database " * 2_000)
    with pytest.raises(BadInput):
        opened(tmp_path / "noise")


def test_files_in_folders_are_read_table_by_table(tmp_path: Path) -> None:
    made(
        tmp_path / "b.data",
        "create table people (name varchar)",
        "insert into people values ('张三')",
        "create table e (a int)",
    )
    cut = made(tmp_path / "cut.duckdb", "create table t as select range as a from range(50000)").read_bytes()
    (tmp_path / "cut.duckdb").write_bytes(cut[: len(cut) // 2])
    with open_store(parse_address(str(tmp_path))) as store:
        listed = list(store.units())
        units = {unit.path: unit for unit in listed if isinstance(unit, TableUnit)}
        assert {"b.data!main.people", "b.data!main.e"} <= set(units)
        assert units["b.data!main.people"].read(9).table.column(0).to_pylist() == ["张三"]
        told = [one for one in listed if isinstance(one, Unseen) and one.where.startswith("cut")]
        if not told:  # its list of tables was whole
            with pytest.raises(Unread):
                units["cut.duckdb!main.t"].read(60_000)


def test_a_file_that_another_program_writes_to_is_told(tmp_path: Path) -> None:
    import subprocess
    import sys

    path = made(tmp_path / "a.duckdb", "create table t (a int)")
    held = "import duckdb, sys, time; c = duckdb.connect(sys.argv[1]); print(1, flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", held, str(path)], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None and other.stdout.readline()
        started = time.monotonic()
        with pytest.raises(BadInput) as raised:
            opened(path)
        other.kill()
    assert "locked" in str(raised.value) and time.monotonic() - started < 10


def test_its_tables_are_listed_by_a_process_that_may_die(tmp_path: Path) -> None:
    path = made(tmp_path / "a.duckdb", *(f"create table t{n} (a int)" for n in range(700)))
    with ApartStore(parse_address(f"duckdb:///{path}"), None) as store:
        found = store.units()
        assert next(found)
        assert store._process is not None
        os.kill(store._process._process.pid, signal.SIGKILL)
        with pytest.raises(Unread) as raised:
            list(found)
        assert raised.value.rest and raised.value.unseen.detail == DIED
        units = [unit for unit in store.units() if isinstance(unit, TableUnit)]  # another process
        assert len(units) == 700 and units[0].read(5).sample.method == "whole"
        held = store._process
        assert held is not None
    assert _Process.idle is held
    with opened(made(tmp_path / "b.duckdb", "create table alone (a int)")) as other:
        assert set(tables(other)) == {"main.alone"} and other._lists._process is held  # type: ignore[attr-defined]
    held.end()
    _Process.idle = None


def test_a_process_that_dies_over_a_table_does_not_end_the_list(tmp_path: Path) -> None:
    path = made(tmp_path / "a.duckdb", *(f"create table t{n} (a int)" for n in range(700)))
    with ApartStore(parse_address(f"duckdb:///{path}"), None) as store:
        found = store.units()
        first = next(found)
        assert isinstance(first, TableUnit) and store._process is not None
        os.kill(store._process._process.pid, signal.SIGKILL)
        with pytest.raises(Unread):
            first.read(5)
        names = {one.name for one in found if isinstance(one, TableUnit)}
        assert {first.name} | names == {f"t{n}" for n in range(700)} and len(names) == 699


def test_a_process_that_says_nothing_is_ended(tmp_path: Path) -> None:
    path = made(tmp_path / "a.duckdb", "create table t (a int)")
    with ApartStore(parse_address(f"duckdb:///{path}"), None) as store:
        (unit,) = (one for one in store.units() if isinstance(one, TableUnit))
        store._patience = 0.3
        process = store._process
        assert process is not None
        os.kill(process._process.pid, signal.SIGSTOP)
        with pytest.raises(Unread) as raised:
            store._ask("t", "size")
        assert (raised.value.unseen.reason, raised.value.unseen.detail) == ("timeout", "no answer")
        assert not process.alive
        assert unit.read(5).sample.method == "whole"
