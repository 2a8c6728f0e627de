"""Scans: what is found, what changed since, what is read again, and where an interrupted scan goes on."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from asset_sources import KEY, by_path, database, members, people, scanned, settle, view

from tongguan.capture.stores import Unread, Unseen
from tongguan.capture.stores.folders import FolderStore
from tongguan.casework.assets import Catalogue, Filter, rows, scan, totals
from tongguan.casework.assets.judging import Judge
from tongguan.errors import BadInput, Broken, CannotWrite, Conflict, NotFound

CSV = "姓名,手机号\n" + "".join(f"{name},{phone}\n" for _, name, phone, *_ in people(40, 3))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "files"
    (place / "sub").mkdir(parents=True)
    (place / "plain.txt").write_text("nothing of note\n" * 20)
    (place / "sub" / "staff.csv").write_text(CSV, encoding="utf-8")
    settle(place)
    return place


def counts(outcome: Any) -> dict[str, int]:
    return {name: count for name, count in outcome.counts.items() if count}


def test_a_table_and_its_columns(tmp_path: Path, out: Path) -> None:
    (outcome,) = scanned(out, members(tmp_path / "a.db"))
    assert outcome.complete and counts(outcome) == {"read": 2}
    units = by_path(out)
    assert units["members"]["sensitive"] is True and units["members"]["rows"] == 200
    assert set(units["members"]["types"]) >= {"person_name", "phone", "id_card", "address"}
    assert units["members"]["sample"] == {"method": "whole", "rows": 200, "of": 200, "exact": True, "missed": 0.0}
    persons = units["members"]
    assert persons["persons_low"] <= persons["persons"] <= persons["persons_high"]
    assert 190 <= persons["persons"] <= 200
    assert (units["numbers"]["level"], units["numbers"]["types"], units["numbers"]["persons"]) == (None, [], 0)
    columns = {row["name"]: row for row in view(out, "columns") if row["path"] == "members"}
    assert {name: row["type"] for name, row in columns.items()} == {
        "id": None, "name": "person_name", "mobile": "phone", "id_card": "id_card", "address": "address",
        "银行卡号": "bank_card",
    }  # fmt: skip
    assert columns["银行卡号"]["sensitive"] and columns["id_card"]["declared"] == "TEXT"
    assert all(part["zh"] and part["en"] for part in columns["mobile"]["why"])


def test_files_and_tables_in_them(folder: Path, out: Path) -> None:
    (outcome,) = scanned(out, folder)
    assert counts(outcome) == {"read": 2}
    units = by_path(out)
    assert units["plain.txt"]["types"] == [] and set(units["sub/staff.csv"]["types"]) >= {"person_name", "phone"}
    found = {(row["name"], row["type"]): row["found"] for row in view(out, "columns") if row["path"] == "sub/staff.csv"}
    assert found["手机号", "phone"] == 40 and ("姓名", "person_name") in found
    assert units["sub/staff.csv"]["persons_low"] <= 40 <= units["sub/staff.csv"]["persons_high"]


def test_what_did_not_change_is_not_read(
    tmp_path: Path, folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = (members(tmp_path / "a.db"), folder)
    scanned(out, *sources)
    before = view(out)
    monkeypatch.setattr(Judge, "table", lambda *_: pytest.fail("read again"))
    monkeypatch.setattr(Judge, "reading", lambda *_: pytest.fail("read again"))
    assert [counts(one) for one in scanned(out, *sources)] == [{"unchanged": 2}, {"unchanged": 2}]
    kept = [{name: value for name, value in row.items() if name != "last_seen"} for row in view(out)]
    assert kept == [{name: value for name, value in row.items() if name != "last_seen"} for row in before]
    assert view(out, "changes") == []


def test_full_and_other_samples_read_again(tmp_path: Path, out: Path) -> None:
    path = members(tmp_path / "a.db")
    scanned(out, path)
    assert [counts(one)["read"] for one in scanned(out, path, full=True)] == [2]
    assert counts(scanned(out, path, rows=50)[0]) == {"read": 2, "sampled": 1, "blind": 1}
    assert counts(scanned(out, path, rows=50)[0]) == {"unchanged": 2}


def test_a_file_that_was_only_touched_is_the_same(folder: Path, out: Path) -> None:
    scanned(out, folder)
    settle(folder, 7200)
    assert counts(scanned(out, folder)[0]) == {"unchanged": 2}
    assert view(out, "changes") == []


def test_a_file_changed_just_now_is_looked_into_again(folder: Path, out: Path) -> None:
    """Within the same tick of the clock it may change once more without its times showing it."""
    (folder / "plain.txt").write_text("x" * 10)
    scanned(out, folder)
    (folder / "plain.txt").write_text("y" * 10)
    assert counts(scanned(out, folder)[0]) == {"unchanged": 1, "read": 1}


def test_new_gone_back_and_grades(folder: Path, out: Path) -> None:
    scanned(out, folder)
    assert {row["change"] for row in view(out)} == {"same"}  # in a first scan nothing is new
    (folder / "new.txt").write_text("hello")
    (folder / "plain.txt").write_text(f"身份证号：{people(1)[0][3]}，银行卡号：{people(1)[0][5]}\n")
    staff = (folder / "sub/staff.csv").read_bytes()
    (folder / "sub/staff.csv").unlink()
    settle(folder)
    scanned(out, folder)
    units = by_path(out)
    assert {path: row["change"] for path, row in units.items()} == {
        "new.txt": "new", "plain.txt": "changed", "sub/staff.csv": "gone",
    }  # fmt: skip
    assert units["sub/staff.csv"]["state"] == "gone" and units["plain.txt"]["sensitive"]
    told = {(row["path"], row["what"]): (row["before"], row["after"]) for row in view(out, "changes")}
    assert set(told) == {
        ("new.txt", "new"), ("plain.txt", "grade_up"), ("plain.txt", "types_more"), ("sub/staff.csv", "gone"),
    }  # fmt: skip
    assert told["plain.txt", "grade_up"][0] == "" and "id_card" in told["plain.txt", "types_more"][1]
    (folder / "sub/staff.csv").write_bytes(staff)
    (folder / "plain.txt").write_text("nothing")
    settle(folder)
    scanned(out, folder)
    told = {(row["path"], row["what"]) for row in view(out, "changes")[: len(view(out, "changes")) - 4]}
    assert told == {("plain.txt", "grade_down"), ("plain.txt", "types_less"), ("sub/staff.csv", "back")}
    assert by_path(out)["sub/staff.csv"]["state"] == "read" and by_path(out, change="new").keys() == {"sub/staff.csv"}


def test_changed_schemas(tmp_path: Path, out: Path) -> None:
    path = members(tmp_path / "a.db")
    scanned(out, path)
    database(path, "alter table numbers add column id_card text", "alter table numbers drop column b")
    scanned(out, path)
    (told,) = [row for row in view(out, "changes") if row["path"] == "numbers" and row["what"] == "schema"]
    assert (told["before"], told["after"]) == ("b", "id_card")
    assert [row["name"] for row in view(out, "columns") if row["path"] == "numbers"] == ["a", "id_card"]


def test_what_may_not_be_read_any_more_is_not_gone(folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scanned(out, folder)
    real = FolderStore.units

    def units(self: FolderStore) -> Any:
        for unit in real(self):
            yield Unseen("permission", unit.path) if unit.path == "sub/staff.csv" else unit

    monkeypatch.setattr(FolderStore, "units", units)
    scanned(out, folder)
    unit = by_path(out)["sub/staff.csv"]
    assert (unit["state"], unit["change"]) == ("read", "same") and "phone" in unit["types"]
    (blind,) = view(out, "blind_spots", reason="permission")
    assert (blind["unit"], blind["where"], blind["kind"]) == ("sub/staff.csv", "sub/staff.csv", "unreadable")
    monkeypatch.undo()
    scanned(out, folder)
    assert view(out, "blind_spots") == []


def test_an_unlisted_folder_takes_nothing_away(folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scanned(out, folder)
    real = FolderStore.units

    def units(self: FolderStore) -> Any:
        yield Unseen("unlisted", "sub")
        yield from (unit for unit in real(self) if not unit.path.startswith("sub/"))

    monkeypatch.setattr(FolderStore, "units", units)
    (outcome,) = scanned(out, folder)
    assert outcome.complete and by_path(out)["sub/staff.csv"]["state"] == "read"
    assert [row["where"] for row in view(out, "blind_spots", reason="unlisted")] == ["sub"]


def test_a_source_that_goes_away_is_gone_on_with(folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(10):
        (folder / f"f{n}.txt").write_text(str(n))
    settle(folder)
    real = FolderStore.units

    def units(self: FolderStore) -> Any:
        for n, unit in enumerate(sorted(real(self), key=lambda unit: unit.path)):
            if n == 5:
                raise Unread(Unseen("dropped", unit.path), rest=True)
            yield unit

    monkeypatch.setattr(FolderStore, "units", units)
    (outcome,) = scanned(out, folder)
    assert (outcome.complete, counts(outcome)) == (False, {"read": 5, "blind": 1})
    (source,) = view(out, "sources")
    assert (source["finished"], source["complete"], source["units"]) == (None, False, 5)
    monkeypatch.undo()
    (outcome,) = scanned(out, folder)
    assert (outcome.complete, outcome.resumed, counts(outcome)) == (True, True, {"done_before": 5, "read": 7})
    with Catalogue(out) as catalogue:
        assert [row["reason"] for row in rows(catalogue, "blind_spots", Filter())].count("names_off") == 1
    assert view(out, "blind_spots") == [] and len(view(out)) == 12
    (outcome,) = scanned(out, folder)
    assert (outcome.resumed, counts(outcome)) == (False, {"unchanged": 12})


def test_an_interrupted_scan_under_other_options_is_begun_anew(
    folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = FolderStore.units

    def units(self: FolderStore) -> Any:
        yield next(real(self))
        raise Unread(Unseen("dropped", ""), rest=True)

    monkeypatch.setattr(FolderStore, "units", units)
    scanned(out, folder)
    monkeypatch.undo()
    (outcome,) = scanned(out, folder, full=True)
    assert (outcome.resumed, counts(outcome)) == (False, {"read": 2})
    assert {row["change"] for row in view(out)} == {"same"} and view(out, "changes") == []


SCANNER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from asset_sources import scanned
(outcome,) = scanned(Path(sys.argv[1]), sys.argv[2])
"""


def test_a_killed_scan_goes_on_where_it_was(folder: Path, out: Path) -> None:
    for n in range(400):
        (folder / f"f{n}.txt").write_text(f"手机号 1380013{n:04}\n" * 200)
    settle(folder)
    arguments = [sys.executable, "-c", SCANNER, str(out), str(folder), str(Path(__file__).parent)]
    process = subprocess.Popen(arguments)
    done = 0
    try:
        deadline = time.monotonic() + 120
        while done < 30 and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.01)
            if (out / "catalogue.db").exists():
                try:
                    done = len(view(out))
                except (NotFound, Broken, CannotWrite):
                    continue
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
    committed = len(view(out))
    assert 30 <= committed < 402
    (outcome,) = scanned(out, folder)
    assert outcome.resumed and counts(outcome) == {"done_before": committed, "read": 402 - committed}
    assert len(view(out)) == 402 and all(row["types"] == ["phone"] for row in view(out) if row["path"].startswith("f"))


def test_one_scan_at_a_time(folder: Path, out: Path) -> None:
    with Catalogue(out, write=True), pytest.raises(Conflict):
        scanned(out, folder)
    scanned(out, folder)
    with Catalogue(out, write=True):
        assert len(view(out)) == 2  # reading waits for nobody


def test_the_catalogue_does_not_scan_itself(folder: Path) -> None:
    scanned(folder / "out", folder)
    scanned(folder / "out", folder)
    assert set(by_path(folder / "out")) == {"plain.txt", "sub/staff.csv"}


def test_a_fault_of_ours_costs_one_unit(folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Judge.reading

    def reading(self: Judge, contents: Any, where: str) -> Any:
        if where == "plain.txt":
            raise ZeroDivisionError("13800138000")
        return real(self, contents, where)

    monkeypatch.setattr(Judge, "reading", reading)
    (outcome,) = scanned(out, folder)
    assert outcome.complete and counts(outcome) == {"read": 1, "unread": 1}
    (blind,) = view(out, "blind_spots")
    assert (blind["reason"], blind["detail"]) == ("failed", "fault of the reader: ZeroDivisionError")
    assert by_path(out)["plain.txt"]["state"] == "unread"


def test_nothing_holds_a_value(tmp_path: Path, out: Path) -> None:
    """Neither the catalogue nor its journal: no value, in any column, in text or in blobs."""
    persons = people(300, 11)
    path = database(
        tmp_path / "a.db", "create table t (a text, b text, c text, d text, e blob)",
        ("insert into t values (?, ?, ?, ?, ?)", [
            (name, phone, card, f"{name}住在{address}，电话{phone}", f"{phone} {card}\0".encode()) for _, name, phone, card, address, _ in persons
        ]),
    )  # fmt: skip
    place = tmp_path / "files"
    place.mkdir()
    (place / "list.csv").write_text("".join(f"{phone},{card}\n" for _, _, phone, card, *_ in persons))
    scanned(out, path, place)
    assert set(by_path(out)["t"]["types"]) >= {"phone", "id_card"}
    held = b"".join(file.read_bytes() for file in out.iterdir())
    for _, _, phone, card, address, _ in persons:
        assert not any(value.encode() in held for value in (phone, card, address))


def test_sampled_tables_say_so(tmp_path: Path, out: Path) -> None:
    scanned(out, members(tmp_path / "a.db", 5_000), rows=1_000)
    unit = by_path(out)["members"]
    assert unit["sample"]["method"] == "random_keys" and unit["sample"]["rows"] == 1_000
    assert unit["sample"]["missed"] == pytest.approx(0.003, rel=0.01) and unit["rows"] == 5_000
    (blind,) = view(out, "blind_spots", reason="sampled")
    assert (blind["kind"], blind["unit"], blind["count"]) == ("sampled", "members", 4_000)
    assert unit["persons_low"] >= 950 and unit["persons_high"] >= 4_900


def test_progress_goes_up_to_the_whole(tmp_path: Path, folder: Path, out: Path) -> None:
    seen: list[tuple[int, int, str]] = []
    scanned(out, members(tmp_path / "a.db"), folder, progress=lambda *line: seen.append(line))
    done, total, _ = zip(*seen, strict=True)
    assert list(done) == sorted(done) and len(set(total)) == 1 and 0 < done[-1] <= total[0]
    assert list(dict.fromkeys(what for _, _, what in seen))[:2] == ["members", "numbers"]


def test_units_are_counted_once_they_are_done(tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not when they are handed out; and of those that an earlier run read, the bytes are told apart."""
    monkeypatch.setattr("tongguan.casework.assets.workers.LITTLE_S", 0.0)
    files = tmp_path / "several"
    files.mkdir()
    for n in range(60):
        (files / f"{n:02}.txt").write_text("x" * 1_000, encoding="utf-8")
    told: list[tuple[int, int]] = []
    kept: list[int] = []

    def counted(units: int, before: int) -> None:
        told.append((units, before))
        kept.append(len(by_path(out)))
        if units == 40 and not before:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scanned(out, files, workers=2, counted=counted)
    assert [units for units, _ in told] == list(range(1, 41)) and {before for _, before in told} == {0}
    done = len(by_path(out))
    assert 0 < done < 60 and all(units <= now + 32 for (units, _), now in zip(told, kept, strict=True))
    told.clear()
    scanned(out, files, workers=2, counted=counted)
    assert told[-1] == (60, done * 1_000) and told[done - 1] == (done, done * 1_000)


def test_bad_input(tmp_path: Path, folder: Path, out: Path) -> None:
    for sample in (0, -1, 10**9):
        with pytest.raises(BadInput):
            scanned(out, folder, rows=sample)
    with pytest.raises(BadInput):
        scanned(out, folder, folder)
    assert not out.exists()
    (tmp_path / "no.db").write_bytes(b"x" * 3000)
    with pytest.raises(BadInput):
        scanned(out, folder, tmp_path / "no.db")
    assert not out.exists()
    with pytest.raises(NotFound):
        Catalogue(out)
    (tmp_path / "file").touch()
    with pytest.raises(CannotWrite):
        scanned(tmp_path / "file", folder)


def test_what_is_no_catalogue(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "noise").mkdir()
    (tmp_path / "noise" / "catalogue.db").write_bytes(os.urandom(9000))
    with pytest.raises(Broken):
        Catalogue(tmp_path / "noise")
    (tmp_path / "other").mkdir()
    sqlite3.connect(tmp_path / "other" / "catalogue.db").execute("create table t (a)").connection.close()
    with pytest.raises(Broken):
        Catalogue(tmp_path / "other")
    scanned(tmp_path / "newer", folder)
    connection = sqlite3.connect(tmp_path / "newer" / "catalogue.db", isolation_level=None)
    connection.execute("update meta set version = 99")
    connection.close()
    with pytest.raises(Broken):
        scanned(tmp_path / "newer", folder)


def test_totals(tmp_path: Path, folder: Path, out: Path) -> None:
    scanned(out, members(tmp_path / "a.db"), folder)
    with Catalogue(out) as catalogue:
        assert totals(catalogue) == {
            "units": 4, "with_findings": 2, "sensitive": 1, "gone": 0, "new": 0, "changed": 0, "blind_spots": 2,  # of each source that names in prose were not read
        }  # fmt: skip
        assert [row["kind"] for row in rows(catalogue, "sources")] == ["folder", "sqlite"]


def test_every_reason_has_a_kind_of_blind_spot(folder: Path, out: Path) -> None:
    from tongguan.capture.stores import REASONS
    from tongguan.model import BlindKind

    assert all(isinstance(kind, BlindKind) for kind in REASONS.values())
    assert scan([], out, KEY) == []


def test_what_a_killed_first_scan_left_is_no_hindrance(folder: Path, out: Path) -> None:
    out.mkdir()
    for suffix in ("", "-wal", "-shm"):
        (out / f".catalogue.db.draft{suffix}").write_bytes(os.urandom(5000))
    (outcome,) = scanned(out, folder)
    assert outcome.complete and {path.name for path in out.iterdir()} <= {
        "catalogue.db",
        "catalogue.db.lock",
        "catalogue.db-wal",
        "catalogue.db-shm",
    }
