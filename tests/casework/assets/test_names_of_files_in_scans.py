"""Names of files in the catalogue: found, said to stand in a name, told again when a file is called otherwise."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from asset_sources import KEY, by_path, scanned, settle, view

from tongguan import border, identify
from tongguan.casework.seeing import Reader, see
from tongguan.model import Content, Crossing, Direction, Endpoint, Exchange, Party, Role


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "files"
    (place / "离职证明").mkdir(parents=True)
    (place / "离职证明" / "王五 110101199003071233.txt").write_text("nothing of note")
    (place / "IMG_20240101_123456.txt").write_text("nothing of note")
    with zipfile.ZipFile(place / "old.zip", "w") as file:
        for n in range(3):
            file.writestr(f"张三_13812345678/{n}.bin", b"\x01\x02")
    settle(place)
    return place


def told(out: Path, path: str) -> dict[str, dict[str, Any]]:
    return {row["type"]: row for row in view(out, "columns") if row["path"] == path}


def test_what_stands_in_names(folder: Path, tmp_path: Path) -> None:
    scanned(tmp_path / "out", folder)
    units = by_path(tmp_path / "out")
    assert units["IMG_20240101_123456.txt"]["types"] == []
    one = units["离职证明/王五 110101199003071233.txt"]
    assert sorted(one["types"]) == ["id_card", "person_name"] and one["persons"] == 1
    found = told(tmp_path / "out", one["path"])
    assert found["id_card"]["found"] == 1 and found["id_card"]["samples"] == ["110*************33"]
    [why] = found["id_card"]["why"]
    assert why["from"] == "file_name" and "名称" in why["zh"] and "names" in why["en"]
    members = told(tmp_path / "out", "old.zip")
    assert members["phone"]["found"] == 1, "a folder's name counts once"
    assert members["person_name"]["samples"] == ["张*"]


def test_text_and_names_of_one_type_are_one_line(tmp_path: Path) -> None:
    place = tmp_path / "files"
    place.mkdir()
    (place / "13812345678.txt").write_text("手机 13912345678，手机 13712345678")
    settle(place)
    scanned(tmp_path / "out", place)
    row = told(tmp_path / "out", "13812345678.txt")["phone"]
    assert row["found"] == 3 and row["why"][0]["en"].startswith("1 of them")


def test_a_file_called_otherwise_is_another_unit(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    scanned(out, folder)
    plain = folder / "IMG_20240101_123456.txt"
    plain.rename(folder / "简历-李娜.txt")
    settle(folder)
    (outcome,) = scanned(out, folder)
    assert outcome.counts["unchanged"] == 2 and outcome.counts["read"] == 1
    units = by_path(out)
    assert units["简历-李娜.txt"]["types"] == ["person_name"]
    assert units["IMG_20240101_123456.txt"]["state"] == "gone"


def test_names_of_old_systems_and_of_none(tmp_path: Path) -> None:
    place = tmp_path / "files"
    place.mkdir()
    (place / "简历_李娜.txt".encode("gb18030").decode("utf-8", "surrogateescape")).write_text("nothing")
    (place / b"\xff\xfe\x80.txt".decode("utf-8", "surrogateescape")).write_text("nothing")
    settle(place)
    scanned(tmp_path / "out", place)
    assert sorted(unit["types"] for unit in view(tmp_path / "out")) == [[], ["person_name"]]
    assert [row["detail"] for row in view(tmp_path / "out", "blind_spots")] == [identify.UNREAD]


def test_tables_in_files_have_names_too(tmp_path: Path) -> None:
    place = tmp_path / "files"
    place.mkdir()
    pq.write_table(pa.table({"a": [1, 2]}), place / "客户_张三_13812345678.parquet")
    settle(place)
    scanned(tmp_path / "out", place)
    [unit] = view(tmp_path / "out")
    assert unit["kind"] == "table" and sorted(unit["types"]) == ["person_name", "phone"]


def test_processes_and_one_process_find_the_same(folder: Path, tmp_path: Path) -> None:
    scanned(tmp_path / "one", folder, workers=1)
    scanned(tmp_path / "two", folder, workers=2)
    shown = [
        [(row["path"], row["type"], row["found"], row["samples"]) for row in view(tmp_path / out, "columns")]
        for out in ("one", "two")
    ]
    assert shown[0] == shown[1]


# ---- what leaves is called something, too


def sent(uid: str, *contents: Content) -> Crossing:
    exchange = Exchange(
        uid=uid, conn="C", ts=0.0, source=Endpoint("10.0.0.1"), destination=Endpoint("203.0.113.9"), protocol="http",
        role=Role.REQUEST, operation="POST /up", size=1, contents=contents,
    )  # fmt: skip
    somebody = Party("somebody", None, "unknown", 0.0)
    return Crossing(exchange, Direction.EXPORT, "transmission", somebody, somebody)


def test_names_of_uploads_once_an_exchange() -> None:
    picture = b"\xff\xd8\xff\xe0\0\x10JFIF"
    upload = Content("身份证_李娜_13812345678.jpg", "image/jpeg", len(picture), picture)
    reader = Reader(identify.Detector(KEY), identify.Limits.of_pictures(False), 0)
    rows = border.LedgerBatch()
    crossings = [sent("C-1-0", upload, upload), sent("C-1-0.1", upload), sent("C-2-0", upload)]
    see(crossings, reader, rows, None, None, lambda rows: None)
    exchanges = rows.columns["exchanges"]
    assert exchanges["uid"] == ["C-1-0", "C-1-0.1", "C-2-0"]
    assert [sorted(types) for types in exchanges["types"]] == [["person_name", "phone"], [], ["person_name", "phone"]]
    assert exchanges["records"] == [0, 0, 0], "a name is no record"
    assert len(rows.columns["subjects"]["uid"]) == 2, "one person, twice sent"
