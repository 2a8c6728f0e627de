"""Tables in files read to their last row, in parts that several processes ask for."""

from __future__ import annotations

import json
import os
import pickle
import random
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq
import pytest

from tongguan.capture.stores import Rows, TableUnit, Unread, columnar, open_store, parse_address
from tongguan.identify.extract.isolated import slices

MANY = 30_000


def table(first: int = 0, count: int = MANY) -> pa.Table:
    chance = random.Random(3)
    return pa.table(
        {
            "n": range(first, first + count),
            "text": ["x" * chance.randrange(40) for _ in range(count)],
            "list": [[str(n)] for n in range(count)],
            "kind": pa.array([str(n % 7) for n in range(count)]).dictionary_encode(),
        }
    )


def arrow(table: pa.Table, place: Path, compression: str | None, rows: int) -> None:
    with ipc.new_file(place, table.schema, options=ipc.IpcWriteOptions(compression=compression)) as sink:
        sink.write_table(table, max_chunksize=rows)


def units(folder: Path) -> dict[str, TableUnit]:
    for path in folder.rglob("*"):
        os.utime(path, (time.time() - 3600,) * 2)
    with open_store(parse_address(str(folder))) as store:
        return {unit.path: pickle.loads(pickle.dumps(unit)) for unit in store.units() if isinstance(unit, TableUnit)}


def part(unit: TableUnit, first: int, count: int) -> list[Rows]:
    assert unit.part is not None
    return list(unit.part(first, count))


def numbers(rows: list[Rows]) -> list[int]:
    return [int(cell) for some in rows for cell in some.table.column("n").to_pylist()]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columnar, "_STRETCH", 4_500)
    monkeypatch.setattr(slices, "_LARGE", 1)
    monkeypatch.setattr(slices, "_SLICE", 200_000)
    yield
    columnar.let_go()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pq.write_table(table(), tmp_path / "groups.parquet", row_group_size=7_000)
    pq.write_table(table(), tmp_path / "one.parquet")
    arrow(table(), tmp_path / "plain.arrow", None, 7_000)
    arrow(table(), tmp_path / "packed.feather", "zstd", MANY)
    pq.write_table(table(count=0), tmp_path / "none.parquet")
    (tmp_path / "parts" / "day=1").mkdir(parents=True)
    (tmp_path / "parts" / "day=2").mkdir()
    pq.write_table(table(count=10_000), tmp_path / "parts" / "day=2" / "a.parquet")
    arrow(table(10_000, 20_000), tmp_path / "parts" / "day=1" / "b.arrow", "lz4", 3_000)
    return tmp_path


@pytest.mark.parametrize("order", ["forth", "back", "mixed"])
def test_every_row_comes_once_in_whatever_parts(folder: Path, order: str) -> None:
    found = units(folder)
    assert set(found) == {"groups.parquet", "one.parquet", "plain.arrow", "packed.feather", "none.parquet", "parts"}
    for path, unit in found.items():
        if path == "none.parquet":
            (nothing,) = part(unit, 0, 100)
            assert (len(nothing.table), nothing.sample.of) == (0, 0)
            continue
        starts = list(range(0, MANY + 5_000, 5_000))
        if order == "back":
            starts.reverse()
        elif order == "mixed":
            random.Random(2).shuffle(starts)
        parts = {start: part(unit, start, 5_000) for start in starts}
        assert [len(numbers(rows)) for rows in parts.values()].count(5_000) == 6 and not parts[MANY]
        assert sorted(n for rows in parts.values() for n in numbers(rows)) == list(range(MANY))
        assert all(some.sample.method == "whole" and some.sample.of == MANY for rows in parts.values() for some in rows)
        assert all(len(some.table) <= 5_000 and not some.unseen for rows in parts.values() for some in rows)
        lists = [json.loads(cell) for some in parts[0] for cell in some.table.column("list").to_pylist()[:3]]
        assert lists and all(isinstance(one, list) for one in lists)


def test_wide_rows_come_in_more_stretches(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columnar, "_STRETCH_BYTES", 200_000)
    rows = part(units(folder)["one.parquet"], 0, MANY)
    assert len(rows) >= 8 and sorted(numbers(rows)) == list(range(MANY))


def test_a_sample_of_an_arrow_file_is_drawn_over_all_of_it(folder: Path) -> None:
    found = units(folder)
    for path in ("plain.arrow", "packed.feather"):
        rows = found[path].read(1_000)
        assert (rows.sample.method, rows.sample.rows, rows.sample.of) == ("random_rows", 1_000, MANY)
        drawn = numbers([rows])
        assert min(drawn) < 3_000 and max(drawn) > MANY - 3_000 and len(set(drawn)) == 1_000
    assert found["plain.arrow"].read(MANY).sample.method == "whole"


def test_columns_of_all_parts_and_of_their_folders(folder: Path) -> None:
    rows = part(units(folder)["parts"], 9_000, 2_000)
    assert [column.name for column in rows[0].columns] == ["n", "text", "list", "kind", "day"]
    days = [cell for some in rows for cell in some.table.column("day").to_pylist()]
    assert days.count("1") == 2_000 and len(days) == 2_000  # day=1 comes first, by the names of the files


def test_what_cannot_be_read_of_them_is_told(folder: Path) -> None:
    found = units(folder)
    whole = (folder / "packed.feather").read_bytes()
    (folder / "packed.feather").write_bytes(whole[:-100])
    with pytest.raises(Unread) as raised:
        part(found["packed.feather"], 0, 100)
    assert raised.value.unseen.reason == "vanished"  # it is not what was listed
    with pytest.raises(Unread) as raised:
        part(units(folder)["packed.feather"], 0, 100)
    assert raised.value.unseen.reason == "damaged" and raised.value.unseen.where == "packed.feather"
    (folder / "parts" / "day=2" / "a.parquet").write_bytes(b"PAR1" + os.urandom(900) + b"PAR1")
    rows = part(units(folder)["parts"], 0, MANY)
    assert sorted(numbers(rows)) == list(range(10_000, 30_000))
    assert [(one.reason, one.where) for some in rows for one in some.unseen] == [("damaged", "parts")]
    (folder / "one.parquet").unlink()
    with pytest.raises(Unread) as raised:
        part(found["one.parquet"], 0, 100)
    assert raised.value.unseen.reason == "vanished"
