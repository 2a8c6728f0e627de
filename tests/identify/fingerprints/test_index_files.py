"""Files of fingerprints: whole or refused. Nothing of a value stands in them, and nothing half-written is taken."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pytest
from known_tables import KEY
from pyarrow import parquet

from tongguan.errors import BadInput, Broken, CannotWrite
from tongguan.identify import Piece
from tongguan.identify.fingerprints import (
    DocumentStore,
    Near,
    TableIndex,
    build_documents,
    build_table,
    read_table,
)

TABLE = pa.RecordBatch.from_pydict({"name": ["王小明", "李雷"], "phone": ["13800138000", "13900139000"]})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    build_table([TABLE], tmp_path / "t.tgfp", KEY)
    return tmp_path / "t.tgfp"


def test_no_value_stands_in_the_file(path: Path) -> None:
    data = path.read_bytes()
    for value in ("王小明", "13800138000"):
        for encoding in ("utf-8", "utf-16-le", "utf-32-le", "gb18030"):
            assert value.encode(encoding) not in data
    assert oct(path.stat().st_mode & 0o777) == "0o600"


def test_another_key_is_told_and_finds_nothing(path: Path) -> None:
    with pytest.raises(BadInput, match="made with another workspace's key"):
        TableIndex(path, b"another key")


def test_every_cut_is_refused(path: Path, tmp_path: Path) -> None:
    data, cut = path.read_bytes(), tmp_path / "cut.tgfp"
    for size in [*range(60), *range(60, len(data), 97), *range(len(data) - 60, len(data))]:
        cut.write_bytes(data[:size])
        with pytest.raises((Broken, BadInput), match=r"cut short|no file of fingerprints|altered"):
            TableIndex(cut, KEY)


def test_every_flipped_bit_is_refused(path: Path, tmp_path: Path) -> None:
    data, bad, pick = bytearray(path.read_bytes()), tmp_path / "bad.tgfp", random.Random(3)
    used = [i for i in range(len(data)) if data[i]]
    for at in [*pick.sample(used, 150), *range(len(data) - 60, len(data))]:
        data[at] ^= 1 << pick.randrange(8)
        bad.write_bytes(data)
        try:
            index = TableIndex(bad, KEY)
        except (Broken, BadInput) as error:
            assert str(bad) in str(error)
        else:  # between two sections nothing is read
            assert len(index.match([Piece("王小明 13800138000")], Near(2)).rows) == 1
            pytest.fail(f"byte {at} was altered and not noticed")
        data[:] = path.read_bytes()


def test_kinds_are_not_mixed_up(path: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="fingerprints of a table; expected those of documents"):
        DocumentStore(path, KEY)
    build_documents([("a", [Piece("文" * 100)])], tmp_path / "d.tgfp", KEY)
    with pytest.raises(BadInput, match="expected those of a table"):
        TableIndex(tmp_path / "d.tgfp", KEY)
    for name, content in (("text", b"hello"), ("empty", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BadInput, match="no file of fingerprints"):
            TableIndex(tmp_path / name, KEY)
    with pytest.raises(BadInput, match="No such file"):
        TableIndex(tmp_path / "absent", KEY)


def test_a_source_that_fails_leaves_the_old_file_and_nothing_else(path: Path) -> None:
    before = path.read_bytes()

    def broken():
        yield TABLE
        raise BadInput("the source went away")

    with pytest.raises(BadInput, match="went away"):
        build_table(broken(), path, KEY)
    assert path.read_bytes() == before and list(path.parent.iterdir()) == [path]
    with pytest.raises(CannotWrite):
        build_table([TABLE], path.parent / "no" / "such" / "folder", KEY)


def test_a_build_that_is_killed_leaves_no_file(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib, pyarrow as pa\n"
        "from tongguan.identify.fingerprints import build_table\n"
        "def rows():\n"
        "    for i in range(10_000):\n"
        "        yield pa.RecordBatch.from_pydict({'a': [str(10**9 + 5000 * i + j) for j in range(5000)]})\n"
        "        print(i, flush=True)\n"
        "build_table(rows(), pathlib.Path(sys.argv[1]), b'k')\n"
    )
    target = tmp_path / "killed.tgfp"
    child = subprocess.Popen([sys.executable, "-c", program, str(target)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    for _ in range(20):
        child.stdout.readline()
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert list(tmp_path.iterdir()) == []


def test_a_build_that_is_killed_while_it_writes_leaves_no_index(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib, time, pyarrow as pa\n"
        "from tongguan.identify.fingerprints import build_table, container\n"
        "put = container.Draft.put\n"
        "def slow(self, name, array):\n"
        "    put(self, name, array); self.file.flush(); print(name, flush=True); time.sleep(60)\n"
        "container.Draft.put = slow\n"
        "build_table([pa.RecordBatch.from_pydict({'a': ['13800138000'] * 9})], pathlib.Path(sys.argv[1]), b'k')\n"
    )
    target = tmp_path / "killed.tgfp"
    child = subprocess.Popen([sys.executable, "-c", program, str(target)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline()
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert not target.exists()
    (draft,) = tmp_path.iterdir()
    with pytest.raises(Broken, match="not whole"):
        TableIndex(draft, b"k")
    build_table([TABLE], target, b"k")
    assert TableIndex(target, b"k").cells == 4


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_csv_is_read_in_any_encoding(tmp_path: Path, encoding: str, separator: str) -> None:
    rows = [["姓名", "电话", "备注"], ["王小明", "0013800138000", '"两行\n的备注"'], ["李雷", "13900139000", ""]]
    file = tmp_path / "people.csv"
    file.write_bytes("\n".join(separator.join(row) for row in rows).encode(encoding))
    built = build_table(read_table(file), tmp_path / "t.tgfp", KEY)
    assert (built.columns, built.rows) == (("姓名", "电话", "备注"), 2)
    index = TableIndex(tmp_path / "t.tgfp", KEY)
    assert [hit.row for hit in index.match([Piece("李雷，13900139000")], Near(2)).rows] == [1]
    assert len(index.match([Piece("0013800138000")]).cells) == 1  # text stays text: no zero is lost


def test_parquet_arrow_and_sqlite_are_read(tmp_path: Path) -> None:
    table = pa.Table.from_pydict({"id": [13800138000, 13900139000], "name": ["王小明", None]})
    parquet.write_table(table, tmp_path / "a")
    with pa.OSFile(str(tmp_path / "b"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    with sqlite3.connect(tmp_path / "c") as database:
        database.execute('CREATE TABLE "客户""表" (id, name TEXT)')
        database.executemany('INSERT INTO "客户""表" VALUES (?, ?)', [(13800138000.0, "王小明"), (13900139000, None)])
    database.close()
    for name in "abc":
        built = build_table(read_table(tmp_path / name), tmp_path / "t.tgfp", KEY)
        assert (built.rows, built.cells, built.empty) == (2, 3, (0, 1)), name
        assert len(TableIndex(tmp_path / "t.tgfp", KEY).match([Piece("王小明13800138000")], Near(2)).rows) == 1


def test_bad_tables_give_one_clear_message_and_no_value(tmp_path: Path) -> None:
    bad = {
        "ragged.csv": b"a,b\n1,2\n13800138000\n",
        "picture.csv": bytes(range(256)) * 50,
        "empty.csv": b"",
        "parquet": b"PAR1" + b"\x00" * 100,
        "sqlite": b"SQLite format 3\x00" + b"\x01" * 4000,
        "headers.csv": b"a,a\nx,y\n",
        "no_rows.csv": b"a,b\n",
    }
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BadInput) as caught:
            build_table(read_table(tmp_path / name), tmp_path / "t.tgfp", KEY)
        assert "13800138000" not in str(caught.value) and "\n" not in str(caught.value), name
        assert not (tmp_path / "t.tgfp").exists(), name
    with pytest.raises(BadInput, match="no column 'c'"):
        build_table([TABLE], tmp_path / "t.tgfp", KEY, columns=["c"])


def test_a_large_table_is_built_in_bounded_memory(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib, resource, numpy as np, pyarrow as pa\n"
        "from tongguan.identify.fingerprints import build_table\n"
        "def rows(n):\n"
        "    for i in range(n):\n"
        "        yield pa.RecordBatch.from_arrays([pa.array(np.arange(i << 16, (i + 1) << 16) + 10**10).cast(pa.string())], ['a'])\n"
        "build_table(rows(1), pathlib.Path(sys.argv[1]), b'k')\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "build_table(rows(16), pathlib.Path(sys.argv[1]), b'k')\n"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)\n"
    )
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "t")], capture_output=True, check=True, text=True
    )
    assert int(done.stdout) < 60, "megabytes for a million cells"
    assert time.monotonic() - start < 60
