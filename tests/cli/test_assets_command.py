"""`tongguan assets` and what `scan` exits with."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import time
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest

from tongguan.cli import main
from tongguan.identify.templates import LeaveOut, Rulebook, Switch

ROWS = "编号,姓名,手机号\n" + "".join(f"{n},王小{chr(0x4E00 + n)},138{n:08}\n" for n in range(1000, 1060))


@pytest.fixture
def scanned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A home with the catalogue of a folder."""
    monkeypatch.setenv("TONGGUAN_HOME", str(tmp_path / "home"))
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "members.csv").write_text(ROWS, encoding="utf-8")
    (folder / "plain.txt").write_text("order 1 shipped\n", encoding="utf-8")
    database = sqlite3.connect(folder / "=odd.db")
    database.execute("create table t (phone text, n int)")
    database.executemany("insert into t values (?, ?)", [(f"139{n:08}", n) for n in range(40)])
    database.commit()
    database.close()
    old = time.time() - 3600
    for path in folder.iterdir():
        os.utime(path, (old, old))
    assert main(["scan", str(folder), "--no-names", "--lang", "en"]) == 0
    capsys.readouterr()
    return tmp_path


def listed(capsys: pytest.CaptureFixture[str], *more: str) -> list[dict[str, object]]:
    assert main(["assets", "list", "--json", *more]) == 0
    return json.loads(capsys.readouterr().out)  # type: ignore[no-any-return]


def test_units_and_columns_by_filters(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert [row["path"] for row in listed(capsys)] == ["=odd.db!t", "members.csv", "plain.txt"]
    assert [row["path"] for row in listed(capsys, "--type", "person_name")] == ["members.csv"]
    columns = listed(capsys, "--view", "columns", "--text", "members")
    assert [(row["name"], row["type"]) for row in columns] == [
        ("编号", None), ("姓名", "person_name"), ("手机号", "phone"),
    ]  # fmt: skip
    assert main(["assets", "list", "--text", "nowhere", "--fail-on", "found"]) == 0
    assert main(["assets", "list", "--type", "phone", "--fail-on", "found"]) == 1
    assert main(["assets", "list", "--level", "huge"]) == 2


def test_one_unit_in_full(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["assets", "show", "members.csv"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["persons_low"] <= 60 <= shown["persons_high"] and len(shown["columns"]) == 3
    assert main(["assets", "show", "members"]) == 2 and "members" in capsys.readouterr().err


@pytest.mark.parametrize("suffix", ["csv", "json", "parquet", "xlsx"])
def test_exports(scanned: Path, capsys: pytest.CaptureFixture[str], suffix: str) -> None:
    path = scanned / f"out.{suffix}"
    assert main(["assets", "export", str(path), "--lang", "en"]) == 0
    if suffix == "csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            found = [row["path"] for row in csv.DictReader(file)]
        assert found == ["'=odd.db!t", "members.csv", "plain.txt"]
    elif suffix == "json":
        assert len(json.loads(path.read_text(encoding="utf-8"))["units"]) == 3
    elif suffix == "parquet":
        assert pq.read_table(path)["path"].to_pylist() == ["=odd.db!t", "members.csv", "plain.txt"]
    else:
        sheet = openpyxl.load_workbook(path).active
        heads, *rows = list(sheet.iter_rows(values_only=True))
        assert [row[heads.index("path")] for row in rows] == ["=odd.db!t", "members.csv", "plain.txt"]
    assert main(["assets", "export", str(scanned / "out.doc")]) == 2


def test_rules_laid_over_what_was_scanned(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = Rulebook(scanned / "home" / "assets")
    rule = next(row["rule"] for row in listed(capsys, "--view", "columns", "--type", "phone"))
    book.edit(Switch(str(rule), False), by="me", record=lambda *_: 0)
    book.edit(LeaveOut("members*", "姓名", "试验"), by="me", record=lambda *_: 0)
    assert main(["assets", "apply", "--lang", "en"]) == 0 and "2 assets" in capsys.readouterr().out
    after = {(row["path"], row["name"]): row for row in listed(capsys, "--view", "columns")}
    assert after["members.csv", "姓名"]["left_out"] and after["=odd.db!t", "phone"]["rule"] != rule
    assert main(["assets", "apply", "--lang", "en"]) == 0 and "0 assets" in capsys.readouterr().out


def test_a_scan_fails_on_what_was_asked(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(scanned / "files")
    assert main(["scan", folder, "--no-names", "--fail-on", "finding"]) == 1
    assert main(["scan", folder, "--no-names", "--fail-on", "new"]) == 0
    assert main(["scan", folder, "--workers", "0"]) == 2
    assert main(["scan", folder, "--fingerprints", str(scanned / "absent")]) == 2
