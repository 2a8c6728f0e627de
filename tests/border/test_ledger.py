from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest
from border_scenes import MEMBERS, OUTSIDE, RETAILER, Scene, at, exchange, org_of, people

from tongguan.border import Ledger, LedgerBatch, Org, summarise
from tongguan.border.rows import SCHEMAS, day_of
from tongguan.errors import BadInput, Broken, CannotWrite
from tongguan.model import BlindKind, BlindSpot

HERE = Path(__file__).parent


@pytest.fixture
def org(tmp_path: Path) -> Org:
    return org_of(RETAILER, tmp_path)


@pytest.fixture
def scene(tmp_path: Path, org: Org) -> Scene:
    return Scene(tmp_path, org)


def counts(ledger: Ledger) -> dict[str, int]:
    return {t: ledger.query(f"SELECT count(*) AS n FROM {t}")["n"][0].as_py() for t in SCHEMAS}


def test_an_empty_ledger_answers(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "none")
    tables = ("exchanges", "findings", "subjects", "held", "kinds", "blind_spots")
    assert counts(ledger) == dict.fromkeys(tables, 0)
    assert ledger.done("x") == set()
    assert not (tmp_path / "none").exists()


def test_rows_come_back_as_they_were_put_in(scene: Scene) -> None:
    spot = BlindSpot(BlindKind.TRUNCATED, "here", "cut", 1, 7)
    moved = exchange(MEMBERS, "203.0.113.9", application="portal", blind_spots=(spot,))
    ledger = scene.sent(moved, [{"phone": "1", "bank_card": "2"}, {"phone": "1"}]).committed()
    (row,) = ledger.query("SELECT * FROM exchanges").to_pylist()
    assert row["uid"] == moved.uid
    assert row["ts"] == moved.ts
    assert row["day"] == date(2026, 9, 1)
    assert (row["recipient_id"], row["country"], row["basis"], row["system"]) == (
        "parent",
        "SG",
        "register",
        "会员中心",
    )
    assert (row["direction"], row["act"], row["activity"]) == ("export", "transmission", "MEMBERS")
    assert (row["types"], row["sensitive_types"]) == (["bank_card", "phone"], ["bank_card"])
    assert (row["records"], row["findings"], row["blind"]) == (2, 3, ["truncated"])
    findings = {row["type"]: row for row in ledger.query("SELECT * FROM findings").to_pylist()}
    assert (findings["phone"]["count"], findings["phone"]["distinct"], findings["phone"]["masked"]) == (2, 1, ["***"])
    subjects = ledger.query("SELECT * FROM subjects ORDER BY record").to_pylist()
    assert [len(subject["identifiers"]) for subject in subjects] == [2, 1]
    assert {len(identifier["digest"]) for identifier in subjects[0]["identifiers"]} == {16}
    assert ledger.query('SELECT "where", detail, size FROM blind_spots').to_pylist() == [
        {"where": "here", "detail": "cut", "size": 7}
    ]


def test_columns_are_those_that_were_agreed(scene: Scene) -> None:
    ledger = scene.sent(exchange(MEMBERS, OUTSIDE), people(0, 2, "phone")).committed()
    for table, schema in SCHEMAS.items():
        assert ledger.query(f"SELECT * FROM {table} LIMIT 0").schema.names == schema.names


def test_days_are_beijings(scene: Scene) -> None:
    assert day_of(at("2026-09-01T15:59")) == date(2026, 9, 1)
    assert day_of(at("2026-09-01T16:00")) == date(2026, 9, 2)
    assert day_of(-1e300) == date(1, 1, 1)
    assert day_of(1e300) == date(9999, 12, 31)
    for time_ in ("2026-09-01T15:59", "2026-09-01T16:00"):
        scene.sent(exchange(MEMBERS, OUTSIDE, ts=at(time_)), people(0, 3, "phone"))
    ledger = scene.committed()
    parts = sorted(path.parent.name for path in (ledger.folder / "subjects").rglob("*.parquet"))
    assert parts == ["day=2026-09-01", "day=2026-09-02"]
    assert counts(ledger)["subjects"] == 6


def test_a_batch_is_committed_once(scene: Scene) -> None:
    scene.sent(exchange(MEMBERS, OUTSIDE), people(0, 3, "phone"))
    batch = scene.batch
    assert scene.ledger.commit("s", 4, batch, {"packets": 5})
    assert not scene.ledger.commit("s", 4, batch, {"packets": 5})
    assert scene.ledger.commit("t", 4, LedgerBatch(), {"packets": 2})
    assert scene.ledger.done("s") == {4}
    assert counts(scene.ledger)["exchanges"] == 1
    assert scene.ledger.tally() == {"packets": 7}


def test_completion_is_remembered(scene: Scene) -> None:
    scene.ledger.complete("s")
    assert Ledger(scene.ledger.folder).completed("s")
    assert not Ledger(scene.ledger.folder).completed("t")


def test_a_reader_sees_what_a_writer_adds(scene: Scene) -> None:
    reader = Ledger(scene.ledger.folder)
    assert counts(reader)["exchanges"] == 0
    scene.sent(exchange(MEMBERS, OUTSIDE), people(0, 3, "phone")).committed()
    assert counts(reader)["exchanges"] == 1
    scene.sent(exchange(MEMBERS, OUTSIDE)).committed(1)
    assert counts(reader)["exchanges"] == 2
    assert counts(scene.ledger)["exchanges"] == 2


def test_one_writer_at_a_time(scene: Scene) -> None:
    scene.sent(exchange(MEMBERS, OUTSIDE)).committed()
    other = Ledger(scene.ledger.folder)
    with pytest.raises(CannotWrite, match="another run is writing"):
        other.commit("x", 0, LedgerBatch())
    scene.ledger.close()
    assert other.commit("x", 0, LedgerBatch())


def test_a_torn_last_line_says_nothing_and_is_mended(scene: Scene) -> None:
    scene.sent(exchange(MEMBERS, OUTSIDE)).committed()
    scene.ledger.close()
    manifest = scene.ledger.folder / "manifest.jsonl"
    whole = manifest.read_bytes()
    for torn in (b'{"source":"s","ordi', b"\0" * 40, b'{"source":"s"}\n', b"\xff\n"):
        manifest.write_bytes(whole + torn)
        ledger = Ledger(scene.ledger.folder)
        assert counts(ledger)["exchanges"] == 1
        assert ledger.commit("next", 0, LedgerBatch())
        ledger.close()
        assert manifest.read_bytes().startswith(whole + b'{"source":"next"')
        assert Ledger(scene.ledger.folder).done("next") == {0}


def test_a_damaged_line_before_others_is_told(scene: Scene) -> None:
    scene.sent(exchange(MEMBERS, OUTSIDE)).committed()
    scene.ledger.close()
    manifest = scene.ledger.folder / "manifest.jsonl"
    manifest.write_bytes(b"{garbage\n" + manifest.read_bytes())
    with pytest.raises(Broken, match="line 1 is damaged"):
        Ledger(scene.ledger.folder)


def test_a_part_that_is_gone_or_damaged_is_told(scene: Scene) -> None:
    ledger = scene.sent(exchange(MEMBERS, OUTSIDE)).committed()
    part = next((ledger.folder / "exchanges").rglob("*.parquet"))
    whole = part.read_bytes()
    for damage in (b"", b"garbage", whole[: len(whole) // 2], b"\0" * len(whole)):
        part.write_bytes(damage)
        with pytest.raises(Broken, match="cannot be read"):
            Ledger(ledger.folder).query("SELECT * FROM exchanges")
    part.unlink()
    with pytest.raises(Broken, match="cannot be read"):
        summarise(Ledger(ledger.folder), scene.org, date(2026, 11, 20))


def test_leftovers_of_a_killed_writer_are_swept(scene: Scene) -> None:
    ledger = scene.sent(exchange(MEMBERS, OUTSIDE)).committed()
    ledger.close()
    part = next((ledger.folder / "exchanges").rglob("*.parquet"))
    (part.parent / "000009.parquet").write_bytes(part.read_bytes())
    (part.parent / "000009.parquet.tmp").write_bytes(b"half")
    assert counts(Ledger(ledger.folder))["exchanges"] == 1
    Ledger(ledger.folder).complete("s")
    assert [path.name for path in part.parent.iterdir()] == [part.name]


def test_clearing(scene: Scene) -> None:
    ledger = scene.sent(exchange(MEMBERS, OUTSIDE), people(0, 3, "phone")).committed()
    ledger.complete("scene")
    ledger.clear()
    assert set(counts(ledger).values()) == {0}
    assert (ledger.done("scene"), ledger.completed("scene"), ledger.tally()) == (set(), False, {})
    assert not list(ledger.folder.rglob("*.parquet"))
    assert ledger.commit("scene", 0, LedgerBatch())


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadInput):
        Ledger(tmp_path / "file" / "ledger").commit("s", 0, LedgerBatch())
    blocked = tmp_path / "ledger"
    blocked.mkdir()
    (blocked / "exchanges").write_text("in the way")
    full = LedgerBatch()
    full.blind([BlindSpot(BlindKind.GAP, "x")])
    (blocked / "blind_spots").write_text("in the way")
    with pytest.raises(CannotWrite, match="nothing half-written"):
        Ledger(blocked).commit("s", 0, full)


def test_a_folder_whose_name_a_glob_would_read(tmp_path: Path, org: Org) -> None:
    folder = tmp_path / "a [b]*? 'c'"
    folder.mkdir()
    ledger = Scene(folder, org).sent(exchange(MEMBERS, OUTSIDE)).committed()
    assert counts(ledger)["exchanges"] == 1


FULL_DISK = """
import resource, signal, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from border_scenes import MEMBERS, OUTSIDE, RETAILER, Scene, exchange, org_of, people
from tongguan.errors import CannotWrite
folder = Path(sys.argv[2])
scene = Scene(folder, org_of(RETAILER, folder))
scene.sent(exchange(MEMBERS, OUTSIDE), people(0, 3, "phone")).committed(0)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
scene.sent(exchange(MEMBERS, OUTSIDE), people(0, 30000, "phone", "email"))
try:
    scene.committed(1)
except CannotWrite as error:
    print(error)
"""


def test_a_full_disk(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(HERE), str(tmp_path)], capture_output=True, text=True, timeout=120
    )
    assert "cannot be written" in done.stdout, done.stderr
    ledger = Ledger(tmp_path / "ledger")
    assert ledger.done("scene") == {0}
    assert counts(ledger)["subjects"] == 3
    named = {
        name
        for line in (ledger.folder / "manifest.jsonl").open()
        for names in json.loads(line)["files"].values()
        for name in names
    }
    assert {str(path.relative_to(ledger.folder)) for path in ledger.folder.rglob("*.parquet*")} == named


WRITER = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from border_scenes import MEMBERS, OUTSIDE, RETAILER, Scene, at, exchange, org_of, people
folder = Path(sys.argv[2])
scene = Scene(folder, org_of(RETAILER, folder))
print("ready", flush=True)
for ordinal in range(int(sys.argv[3])):
    if ordinal in scene.ledger.done("scene"):
        continue
    for day in (1, 2):
        scene.sent(exchange(MEMBERS, OUTSIDE, ts=at(f"2026-09-0{day}T08:00")), people(0, 50, "phone", "email"))
    scene.committed(ordinal)
    print(ordinal, flush=True)
scene.ledger.complete("scene")
"""


def test_a_writer_killed_at_any_moment(tmp_path: Path) -> None:
    """Nothing that was reported as committed is lost, no batch is there by half, and the next run goes on."""
    chance, batches = random.Random(5), 40
    command = [sys.executable, "-c", WRITER, str(HERE), str(tmp_path), str(batches)]
    held_before: set[int] = set()
    for run in range(5):
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        told = [writer.stdout.readline() for _ in range(1 + chance.randrange(5))]  # "ready", then commits
        if run < 4:
            time.sleep(chance.uniform(0.0, 0.02))
            os.kill(writer.pid, signal.SIGKILL)
        told += writer.communicate(timeout=120)[0].splitlines(keepends=True)
        reported = {int(line) for line in told if line.strip().isdigit() and line.endswith("\n")}
        ledger = Ledger(tmp_path / "ledger")
        done = ledger.done("scene")
        assert reported | held_before <= done
        assert ledger.completed("scene") == (run == 4)
        held = counts(ledger)
        assert (held["exchanges"], held["subjects"]) == (2 * len(done), 100 * len(done))
        held_before = done
    assert held_before == set(range(batches))
    assert not list((tmp_path / "ledger").rglob("*.tmp"))
