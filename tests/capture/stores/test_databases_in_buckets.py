"""Databases and tables of columns that lie in buckets: fetched once, or by parts, and gone afterwards."""

from __future__ import annotations

import os
import pickle
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from swift_server import ACCESS_KEY, SECRET_KEY, Swift

from tongguan.capture.limits import Limits
from tongguan.capture.stores import TableUnit, Unread, parse_address
from tongguan.capture.stores import objects as module
from tongguan.capture.stores.objects import ObjectStore
from tongguan.capture.stores.shelf import Shelf, ShelfOwner


@pytest.fixture
def bucket(swift: Swift, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Any, str, str]:
    """A client that may write, the bucket's name, and the address; temporary files lie in the test's own folder."""
    monkeypatch.setenv("TONGGUAN_S3_ACCESS_KEY", ACCESS_KEY)
    monkeypatch.setenv("TONGGUAN_S3_SECRET_KEY", SECRET_KEY)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    name = f"b{os.urandom(6).hex()}"
    address = f"s3://{name}?endpoint={swift.endpoint}"
    client = module._client(parse_address(address))
    client.create_bucket(Bucket=name)
    return client, name, address


def tables(store: ObjectStore) -> dict[str, TableUnit]:
    return {unit.path: unit for unit in store.units() if isinstance(unit, TableUnit)}


def databases(tmp_path: Path) -> list[Path]:
    with sqlite3.connect(tmp_path / "a.db") as connection:
        for n in range(5):
            connection.execute(f"create table t{n} (name text)")
            connection.execute(f"insert into t{n} values ('张三')")
    connection.close()
    with duckdb.connect(str(tmp_path / "b.duckdb")) as other:
        other.execute("create table t as select '李四' as name")
    return [tmp_path / "a.db", tmp_path / "b.duckdb"]


def test_a_database_is_fetched_once_for_all_its_tables(
    bucket: tuple[Any, str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, name, address = bucket
    for path in databases(tmp_path):
        client.upload_file(str(path), name, path.name)
    fetched: list[str] = []
    real = module._fetch
    monkeypatch.setattr(module, "_fetch", lambda one, into: (fetched.append(one.key), real(one, into))[1])
    with ObjectStore(parse_address(address)) as store:
        found = tables(store)
        assert set(found) == {*(f"a.db!t{n}" for n in range(5)), "b.duckdb!main.t"}
        for path, unit in found.items():
            rows = pickle.loads(pickle.dumps(unit)).read(10)  # as another process gets it
            assert rows.table.column(0).to_pylist() == (["李四"] if path.startswith("b") else ["张三"])
        assert sorted(fetched) == ["a.db", "b.duckdb"]
        marks = {path: unit.mark for path, unit in found.items()}
    assert list((tmp_path / "temporary").iterdir()) == []
    with ObjectStore(parse_address(address)) as store:
        assert {path: unit.mark for path, unit in tables(store).items()} == marks and None not in marks.values()


def test_parquet_is_read_by_parts_whatever_its_size(
    bucket: tuple[Any, str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, name, address = bucket
    table = pa.table({"id": range(200_000), "noise": [os.urandom(12).hex() for _ in range(200_000)]})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=10_000)
    size = (tmp_path / "a.parquet").stat().st_size
    client.upload_file(str(tmp_path / "a.parquet"), name, "a.parquet")
    asked: list[int] = []
    real = module._Object.part
    monkeypatch.setattr(
        module._Object,
        "part",
        lambda self, client, start, size: (asked.append(size), real(self, client, start, size))[1],
    )
    monkeypatch.setattr("tongguan.capture.stores.columnar._DECODED", 1)  # one row group is gone through
    with ObjectStore(parse_address(address), Limits(disk=size // 2)) as store:
        (unit,) = tables(store).values()
        rows = unit.read(500)
        assert (
            rows.sample.rows == 500
            and rows.sample.of == 200_000
            and len(set(rows.table.column("id").to_pylist())) == 500
        )
        assert sum(asked) < size / 3
        client.put_object(Bucket=name, Key="a.parquet", Body=b"PAR1 another content " * 500_000)
        with pytest.raises(Unread) as raised:
            unit.read(500)
        assert (raised.value.unseen.reason, raised.value.unseen.where) == ("vanished", "a.parquet")


def test_tables_in_a_bucket_are_read_to_their_last_row(
    bucket: tuple[Any, str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tongguan.capture.stores.columnar._STRETCH", 900)
    many, (client, name, address) = 5_000, bucket
    table = pa.table({"n": range(many), "name": [f"会员{n}" for n in range(many)]})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=1_300)
    with pa.ipc.new_file(tmp_path / "b.arrow", table.schema) as sink:
        sink.write_table(table, max_chunksize=700)
    with closing(sqlite3.connect(tmp_path / "c.db")) as connection:
        connection.execute("create table t (n integer, name text)")
        connection.executemany("insert into t values (?, ?)", zip(*table.to_pydict().values(), strict=True))
        connection.commit()
    for path in tmp_path.glob("?.*"):
        client.upload_file(str(path), name, path.name)
    with ObjectStore(parse_address(address)) as store:
        found = {path: pickle.loads(pickle.dumps(unit)) for path, unit in tables(store).items()}
        assert set(found) == {"a.parquet", "b.arrow", "c.db!t"}
        for path in ("a.parquet", "b.arrow"):
            starts = [3_000, 0, 4_500, 1_500]
            parts = [rows for start in starts for rows in found[path].part(start, 1_500)]
            assert sorted(int(n) for rows in parts for n in rows.table.column("n").to_pylist()) == list(range(many))
            assert {(rows.sample.method, rows.sample.of) for rows in parts} == {("whole", many)}
        rows = list(found["c.db!t"].whole(None))
        assert [int(n) for some in rows for n in some.table.column("n").to_pylist()] == list(range(many))
        client.upload_file(str(tmp_path / "b.arrow"), name, "a.parquet")
        with pytest.raises(Unread) as raised:
            list(found["a.parquet"].part(0, 10))
        assert raised.value.unseen.reason == "vanished"
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_shelf_keeps_what_fits_and_sweeps_up_after_killed_owners(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left = tmp_path / "tongguan-object-left"
    left.mkdir()
    (left / "owner").touch()
    os.utime(left, (time.time() - 3_600,) * 2)
    first, second = ShelfOwner(1_000), ShelfOwner(1_000)
    assert not left.exists() and first.shelf.folder.exists() and second.shelf.folder.exists()
    made: list[str] = []
    shelf = Shelf(first.shelf.folder, 1_000)

    def ask(name: str) -> None:
        def fetch(into: Path) -> None:
            made.append(name)
            into.write_bytes(b"x" * 400)

        with shelf.file(name, 400, fetch) as path:
            assert path.stat().st_size == 400
            assert sum(each.stat().st_size for each in shelf.folder.glob("?" * 32)) <= 1_000

    for name in ("a", "b", "a", "c", "a", "b"):
        ask(name)
        time.sleep(0.02)
    assert made == ["a", "b", "c", "b"]  # what was not asked for longest went first

    def broken(into: Path) -> None:
        into.write_bytes(b"half")
        raise OSError("cut off")

    with pytest.raises(OSError, match="cut off"), shelf.file("d", 10, broken):
        pass
    assert not [each for each in shelf.folder.iterdir() if each.stat().st_size == 4]
    for owner in (first, second):
        owner.close()
    assert list(tmp_path.iterdir()) == []
