"""The export as a reader sees it who knows only the specification (C2SP tlog-tiles, RFC 9162), and its making."""

import base64
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pytest

from tongguan.errors import BadInput, Broken, CannotWrite
from tongguan.trust.audit import AuditLog
from tongguan.trust.audit.checkpoint import Verifier
from tongguan.trust.audit.export import export
from tongguan.trust.audit.merkle import SHA256, tree_hash
from tongguan.trust.audit.offline import verify_export
from tongguan.trust.audit.tiles import Rows, bundle, index_path, subtree, tile_path, unbundle

SIZES = [1, 2, 255, 256, 257, 511, 512, 70_000]


def fill(log, size, kind="run"):
    while log.size < size:
        log.append_many([(kind, "kim", {"n": n}) for n in range(log.size, min(size, log.size + 5000))])


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# ---- a reading of the specification that shares no code with ours


def mth(leaves):
    """RFC 9162 section 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + mth(leaves[:split]) + mth(leaves[split:])).digest()


def path_of(index):
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    parts = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    return "/".join([f"x{part}" for part in parts[:-1]] + parts[-1:])


def read_as_specified(folder):
    """The leaves of an export, each tile held against the level below, and the root."""
    origin, size, root = (folder / "checkpoint").read_text().split("\n")[:3]
    size, root = int(size), base64.b64decode(root)
    leaves = []
    for n in range(-(-size // 256)):
        width = min(256, size - n * 256)
        name = path_of(n) if width == 256 else f"{path_of(n)}.p/{width}"
        tile = (folder / "tile/0" / name).read_bytes()
        data = (folder / "tile/entries" / name).read_bytes()
        assert len(tile) == width * 32
        for i in range(width):
            length = int.from_bytes(data[:2], "big")
            entry, data = data[2 : 2 + length], data[2 + length :]
            leaves.append(hashlib.sha256(b"\x00" + entry).digest())
            assert tile[i * 32 : i * 32 + 32] == leaves[-1]
        assert data == b""
    level, below = 1, leaves
    expected = {"0", "entries"}
    while len(below) >= 256:
        here = [mth(below[i : i + 256]) for i in range(0, len(below) // 256 * 256, 256)]
        for n in range(-(-len(here) // 256)):
            width = min(256, len(here) - n * 256)
            name = path_of(n) if width == 256 else f"{path_of(n)}.p/{width}"
            assert (folder / "tile" / str(level) / name).read_bytes() == b"".join(here[n * 256 : n * 256 + width])
        expected.add(str(level))
        level, below = level + 1, here
    assert {path.name for path in (folder / "tile").iterdir()} == expected
    assert mth(leaves) == root
    return origin, size, leaves


@pytest.mark.parametrize("size", SIZES)
def test_as_specified(tmp_path, size):
    with AuditLog(tmp_path / "audit.db") as log:
        fill(log, size)
        made = export(log, tmp_path / "out")
        origin, exported, _ = read_as_specified(tmp_path / "out")
        assert (origin, exported) == (log.verifier.partition("+")[0], size) == (origin, made.size)
        assert made.root == log.root() and Verifier(log.verifier).signed((tmp_path / "out/checkpoint").read_text())


def test_the_specification_s_own_examples():
    assert str(index_path(1234067)) == "x001/x234/067"
    assert [str(index_path(n)) for n in (0, 999, 1000)] == ["000", "999", "x001/000"]
    assert str(tile_path(0, 273, 112)) == "tile/0/273.p/112"
    # 70,000: 273 full tiles and one of 112 at level 0, one full and one of 17 at level 1, one of 1 at level 2
    made = []
    rows = Rows(SHA256, lambda level, index, row: made.append((level, index, len(row))))
    for n in range(273):
        rows.add(n.to_bytes(32, "big"))
    assert made == [(1, 0, 256)]
    assert [(level, index, len(row)) for level, index, row in rows.partial()] == [(1, 1, 17), (2, 0, 1)]


@pytest.mark.parametrize("name", ["sha256", "sm3"])
def test_roots_are_those_of_the_log(name, tmp_path):
    tree = tree_hash(name)
    with AuditLog(tmp_path / "audit.db", suite="guomi" if name == "sm3" else "international") as log:
        fill(log, 600)
        leaves = [tree.leaf(text.encode()) for text in log.texts()]
        for size in (1, 3, 255, 256, 257, 300, 512, 513, 600):
            rows = Rows(tree)
            for n in range(size // 256):
                rows.add(subtree(leaves[n * 256 : n * 256 + 256], tree))
            assert rows.root(leaves[size // 256 * 256 : size]) == log.root(size)
        assert Rows(tree).root() == tree.empty


@pytest.mark.parametrize("entries", [[b"a"], [b"a" * 65535, b"bc"], [b"x"] * 256])
def test_bundles(entries):
    assert unbundle(bundle(entries), len(entries)) == entries
    for damaged in (bundle(entries)[:-1], bundle(entries) + b"\0", b""):
        with pytest.raises(ValueError):
            unbundle(damaged, len(entries))
    with pytest.raises(ValueError):
        unbundle(bundle(entries), len(entries) + 1)


# ---- making it


def test_the_same_bytes_whatever_the_way(tmp_path):
    with AuditLog(tmp_path / "audit.db") as log:
        for size in (100, 256, 300, 5_000, 66_000):
            fill(log, size)
            export(log, tmp_path / "grown")
        export(log, tmp_path / "at once")
        again = files(tmp_path / "grown")
        assert export(log, tmp_path / "grown").entries == 66_000 % 256
        assert files(tmp_path / "grown") == again
    grown, once = files(tmp_path / "grown"), files(tmp_path / "at once")
    assert once.items() <= grown.items()
    assert all(".p/" in name for name in grown.keys() - once.keys())


def test_partial_tiles_of_earlier_heads_stay_until_the_full_one_is_there(tmp_path):
    with AuditLog(tmp_path / "audit.db") as log:
        fill(log, 10)
        export(log, tmp_path / "out")
        fill(log, 20)
        export(log, tmp_path / "out")
        assert {path.name for path in (tmp_path / "out/tile/0/000.p").iterdir()} == {"10", "20"}
        fill(log, 300)
        export(log, tmp_path / "out")
        assert not (tmp_path / "out/tile/0/000.p").exists() and not (tmp_path / "out/tile/entries/000.p").exists()


def test_from_every_place(place, tmp_path):
    with place.open() as log:
        fill(log, 300)
        made = export(log, tmp_path / "exports" / "one")
        fill(log, 700)
        export(log, tmp_path / "exports" / "one")
        report = verify_export(tmp_path / "exports" / "one", log.verifier)
        assert report.ok and report.size == 700 and made.size == 300


def test_long_entries_lie_apart(tmp_path):
    with AuditLog(tmp_path / "audit.db") as log:
        log.append("run", "kim", {})
        log.append("run", "kim", {"long": "字" * 100_000})
        log.append("run", "kim", {"edge": "x" * (65535 - len(log.entry(0).text) - len('"edge":""'))})
        assert len(log.entry(2).text) == 65535
        export(log, tmp_path / "out")
        entries = unbundle((tmp_path / "out/tile/entries/000.p/3").read_bytes(), 3)
        assert [len(entry) for entry in entries] == [len(log.entry(0).text), 0, 65535]
        assert (tmp_path / "out/tongguan/large/001").read_text() == log.entry(1).text
        assert (tmp_path / "out/tile/0/000.p/3").read_bytes()[32:64] == SHA256.leaf(log.entry(1).text.encode())


def test_sm3_in_the_same_layout(tmp_path):
    with AuditLog(tmp_path / "audit.db", suite="guomi") as log:
        fill(log, 300)
        made = export(log, tmp_path / "out")
        assert made.root == log.root()
        assert json.loads((tmp_path / "out/tongguan/log.json").read_text())["hash"] == "sm3"
        assert len((tmp_path / "out/tile/0/000").read_bytes()) == 8192


def test_killed_at_any_moment_and_gone_on_with(tmp_path):
    with AuditLog(tmp_path / "audit.db") as log:
        fill(log, 700)
        export(log, tmp_path / "out")
        fill(log, 40_000)
    program = (
        "import sys; from pathlib import Path; from tongguan.trust.audit import AuditLog, export as e\n"
        "e.SYNC_EVERY = 8; print('on', flush=True)\n"
        "e.export(AuditLog(Path(sys.argv[1])), Path(sys.argv[2]))"
    )
    killed = 0
    for wait in (0.0, 0.02, 0.05, 0.1, 0.15):
        process = subprocess.Popen(
            [sys.executable, "-c", program, tmp_path / "audit.db", tmp_path / "out"], stdout=subprocess.PIPE
        )
        assert process.stdout.readline() == b"on\n"
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        process.stdout.close()
        size = int((tmp_path / "out/checkpoint").read_text().split("\n")[1])
        assert size in (700, 40_000)
    assert killed
    with AuditLog(tmp_path / "audit.db") as log:
        export(log, tmp_path / "out")
        export(log, tmp_path / "fresh")
    found = {name: data for name, data in files(tmp_path / "out").items() if not name.endswith(".new")}
    assert files(tmp_path / "fresh").items() <= found.items()
    read_as_specified(tmp_path / "out")


def test_it_goes_on_from_the_last_mark(tmp_path, monkeypatch):
    monkeypatch.setattr("tongguan.trust.audit.export.SYNC_EVERY", 4)

    class Stopped(Exception):
        pass

    def stop(done, size):
        if done >= 300 * 20:
            raise Stopped

    with AuditLog(tmp_path / "audit.db") as log:
        fill(log, 10_000)
        with pytest.raises(Stopped):
            export(log, tmp_path / "out", progress=stop)
        assert not (tmp_path / "out/checkpoint").exists()
        made = export(log, tmp_path / "out")
        assert made.entries < 10_000 - 4_000
    read_as_specified(tmp_path / "out")
    assert not (tmp_path / "out/tongguan/done").exists()


def test_folders_that_are_not_ours(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/letter.txt").write_text("dear reader")
    with AuditLog(tmp_path / "audit.db") as log:
        with pytest.raises(BadInput, match="no signed checkpoint"):
            export(log, tmp_path / "out")
        fill(log, 10)
        with pytest.raises(BadInput, match="something else"):
            export(log, tmp_path / "full")
        with pytest.raises(CannotWrite):
            export(log, tmp_path / "full/letter.txt")
        export(log, tmp_path / "out")
    (tmp_path / "second").mkdir()
    with AuditLog(tmp_path / "second/audit.db") as other:
        fill(other, 10)
        with pytest.raises(BadInput, match="another log"):
            export(other, tmp_path / "out")
    assert files(tmp_path / "full") == {"letter.txt": b"dear reader"}


def test_a_log_that_is_not_the_one_exported_before(tmp_path):
    (tmp_path / "a").mkdir()
    with AuditLog(tmp_path / "a/audit.db") as log:
        fill(log, 10)
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    with AuditLog(tmp_path / "a/audit.db") as log:
        log.append("run", "kim", {"way": "a"})
        export(log, tmp_path / "out")
    before = files(tmp_path / "out")
    with AuditLog(tmp_path / "b/audit.db") as log:
        with pytest.raises(Broken, match="set back"):
            export(log, tmp_path / "out")
        log.append("run", "kim", {"way": "b"})
        log.append("run", "kim", {"way": "b"})
        with pytest.raises(Broken, match="rewritten"):
            export(log, tmp_path / "out")
    assert files(tmp_path / "out") == before


def test_tiles_that_were_changed_are_not_built_upon(tmp_path):
    with AuditLog(tmp_path / "audit.db") as log:
        fill(log, 600)
        export(log, tmp_path / "out")
        tile = tmp_path / "out/tile/0/000"
        tile.write_bytes(tile.read_bytes()[:-1] + bytes([tile.read_bytes()[-1] ^ 1]))
        fill(log, 700)
        before = (tmp_path / "out/checkpoint").read_bytes()
        with pytest.raises(Broken, match="do not add up"):
            export(log, tmp_path / "out")
        assert (tmp_path / "out/checkpoint").read_bytes() == before
        tile.unlink()
        with pytest.raises(Broken, match="missing or damaged"):
            export(log, tmp_path / "out")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "shut").mkdir(mode=0o500)
    with AuditLog(tmp_path / "audit.db") as log:
        fill(log, 3)
        with pytest.raises(CannotWrite, match="shut"):
            export(log, tmp_path / "shut/out")


def test_no_more_memory_for_more_entries(tmp_path):
    peaks = []
    for size in (4_000, 40_000):
        (tmp_path / str(size)).mkdir()
        with AuditLog(tmp_path / str(size) / "audit.db") as log:
            fill(log, size)
            tracemalloc.start()
            export(log, tmp_path / str(size) / "out")
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5 + (1 << 20), peaks


def test_a_reader_meanwhile_finds_a_head_with_all_that_belongs_to_it(tmp_path):
    with AuditLog(tmp_path / "audit.db") as log:
        fill(log, 1_000)
        export(log, tmp_path / "out")
        fill(log, 9_000)

        def look(done, size):
            if done % 2560 == 0:
                report = verify_export(tmp_path / "out", log.verifier)
                assert report.ok and report.size == 1_000, report.problems

        export(log, tmp_path / "out", progress=look)
    assert read_as_specified(Path(tmp_path / "out"))[1] == 9_000
