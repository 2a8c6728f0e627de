"""Folders as stores: links, loops, pipes, names of odd bytes, files that nobody may read."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tongguan.capture.stores import FileUnit, TableUnit, Unread, Unseen
from tongguan.capture.stores.folders import FolderStore
from tongguan.errors import BadInput


def units(store: FolderStore) -> dict[str, FileUnit]:
    return {unit.path: unit for unit in store.units() if isinstance(unit, FileUnit)}


def unseen(store: FolderStore) -> dict[str, str]:
    return {one.where: one.reason for one in store.units() if isinstance(one, Unseen)}


def read(unit: FileUnit) -> list[bytes]:
    with unit.open() as contents:
        return [content.read() for content in contents]


def test_files_at_any_depth(tmp_path: Path) -> None:
    (tmp_path / "a/b/c").mkdir(parents=True)
    (tmp_path / "a/b/c/名单.csv").write_bytes(b"x,y\n1,2\n")
    (tmp_path / ".hidden").write_bytes(b"h")
    (tmp_path / "empty").write_bytes(b"")
    store = FolderStore(tmp_path)
    found = units(store)
    assert set(found) == {"a/b/c/名单.csv", ".hidden", "empty"}
    assert read(found["a/b/c/名单.csv"]) == [b"x,y\n1,2\n"]
    assert store.size() == 9 and unseen(store) == {}


def test_links_are_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "sub/file").write_bytes(b"f")
    (tmp_path / "outside").write_bytes(b"secret")
    for name, target in (
        ("to-file", "sub/file"), ("to-sub", "sub"), ("up", ".."), ("circle", "circle"), ("nowhere", "gone"),
        ("out", "../outside"), ("sub/parent", ".."),
    ):  # fmt: skip
        (root / name).symlink_to(target)
    assert set(units(FolderStore(root))) == {"sub/file"}
    assert unseen(FolderStore(root)) == {"up": "link", "circle": "link", "nowhere": "link", "out": "link"}


def test_pipes_are_told_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert unseen(FolderStore(tmp_path)) == {"pipe": "special"}


def test_a_file_that_becomes_a_pipe_or_a_link_is_not_opened(tmp_path: Path) -> None:
    for name in ("pipe", "link", "gone"):
        (tmp_path / name).write_bytes(b"x")
    found = units(FolderStore(tmp_path))
    for name in found:
        (tmp_path / name).unlink()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/etc/passwd")
    for name, reason in (("pipe", "vanished"), ("link", "failed"), ("gone", "vanished")):
        with pytest.raises(Unread) as raised:
            read(found[name])
        assert (raised.value.unseen.reason, raised.value.unseen.where) == (reason, name)


def test_names_of_odd_bytes(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe")).write_bytes(b"odd")
    (tmp_path / "new\nline").write_bytes(b"n")
    found = units(FolderStore(tmp_path))
    assert set(found) == {"\\udcff\\udcfe", "new\nline"}
    assert read(found["\\udcff\\udcfe"]) == [b"odd"]


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_what_may_not_be_read_is_told(tmp_path: Path) -> None:
    """In a child that is nobody: root may read everything."""
    (tmp_path / "shut").mkdir(mode=0o000)
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "file").chmod(0o000)
    for folder in (tmp_path, *tmp_path.parents):
        if folder != Path("/tmp") and folder != Path("/"):
            folder.chmod(0o755)
    child = os.fork()
    if child == 0:
        try:
            os.setgid(65534)
            os.setuid(65534)
            store = FolderStore(tmp_path)
            assert unseen(store) == {"shut": "unlisted"}
            with pytest.raises(Unread) as raised:
                read(units(store)["file"])
            assert raised.value.unseen.reason == "permission"
            with pytest.raises(BadInput):
                FolderStore(tmp_path / "shut")
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0


def test_files_are_given_by_their_place_whatever_their_size(tmp_path: Path) -> None:
    (tmp_path / "long.csv").write_bytes(b"name,phone\n" + b"abc,123\n" * 2_000)
    with units(FolderStore(tmp_path))["long.csv"].open() as contents:
        (content,) = contents
    assert (content.source, content.name, content.media_type) == (tmp_path / "long.csv", "long.csv", "text/csv")
    assert content.size == 16_011


def test_marks_change_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"one")
    first = units(FolderStore(tmp_path))["f"].mark
    assert units(FolderStore(tmp_path))["f"].mark == first
    status = path.stat()
    path.write_bytes(b"two")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))  # same size, time of change set back
    assert units(FolderStore(tmp_path))["f"].mark != first


def test_deep_folders_end(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    try:
        for _ in range(600):
            os.mkdir("d", dir_fd=here)
            here, before = os.open("d", os.O_RDONLY, dir_fd=here), here
            os.close(before)
    finally:
        os.close(here)
    found = list(FolderStore(tmp_path).units())
    assert [one.reason for one in found if isinstance(one, Unseen)] == ["unlisted"]
    os.system(f"rm -rf '{tmp_path}/d'")


def test_a_folder_of_very_many_files_is_walked_in_bounded_memory(tmp_path: Path) -> None:
    import tracemalloc

    for n in range(5_000):
        os.close(os.open(tmp_path / f"{n:06}", os.O_CREAT))
    tracemalloc.start()
    count = sum(1 for _ in FolderStore(tmp_path).units())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 5_000 and peak < 1 << 20


def test_sqlite_files_are_read_table_by_table(tmp_path: Path) -> None:
    import sqlite3

    connection = sqlite3.connect(tmp_path / "app.bin")
    connection.execute("create table t (a text)")
    connection.execute("insert into t values ('x')")
    connection.execute("create view v as select * from t")
    connection.commit()
    connection.close()
    (tmp_path / "broken.db").write_bytes((tmp_path / "app.bin").read_bytes()[:100] + os.urandom(924))
    (tmp_path / "short.db").write_bytes(b"SQLite format 3\0")
    found = list(FolderStore(tmp_path).units())
    (table,) = [unit for unit in FolderStore(tmp_path).units() if isinstance(unit, TableUnit)]
    assert (table.path, table.name) == ("app.bin!t", "t")
    assert {one.path for one in found if isinstance(one, FileUnit)} == {"short.db"}
    assert {one.where: one.reason for one in found if isinstance(one, Unseen)} == {
        "app.bin!v": "view",
        "broken.db": "damaged",
    }
    for unit in FolderStore(tmp_path).units():
        if isinstance(unit, TableUnit):
            assert unit.read(5).table.column(0).to_pylist() == ["x"]


def test_a_table_whose_file_becomes_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    table = pa.table({"n": list(range(20_000))})
    pq.write_table(table, tmp_path / "a.parquet")
    with pa.OSFile(str(tmp_path / "b.arrow"), "wb") as out, pa.ipc.new_file(out, table.schema) as writer:
        writer.write_table(table)
    with closing(sqlite3.connect(tmp_path / "c.db")) as made, made:
        made.execute("create table t (n)")
        made.executemany("insert into t values (?)", ((n,) for n in range(2_000)))
    tables = [unit for unit in FolderStore(tmp_path).units() if isinstance(unit, TableUnit)]
    assert len(tables) == 3
    for name in ("a.parquet", "b.arrow", "c.db"):
        (tmp_path / name).unlink()
        os.mkfifo(tmp_path / name)
    for unit in tables:
        with pytest.raises(Unread) as raised:
            unit.read(100)
        assert raised.value.unseen.reason == "vanished"
