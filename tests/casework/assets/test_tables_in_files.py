"""Files that are tables or hold them: Parquet, delimited text, sheets, JSON records, compressed or in databases."""

from __future__ import annotations

import gzip
import json
import os
import sqlite3
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from asset_sources import by_path, people, scanned, settle, view

HEADS = ["编号", "姓名", "手机号", "证件号码", "备注"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "files"
    place.mkdir()
    return place


def rows(count: int) -> list[list[str]]:
    return [[str(n), name, phone, card, "ok"] for n, name, phone, card, *_ in people(count)]


def columns(out: Path, path: str) -> dict[str, str | None]:
    return {row["name"]: row["type"] for row in view(out, "columns") if row["path"] == path}


TYPED = {"编号": None, "姓名": "person_name", "手机号": "phone", "证件号码": "id_card", "备注": None}


def delimited(count: int) -> bytes:
    return "\n".join(",".join(row) for row in [HEADS, *rows(count)]).encode()


def test_every_shape_of_the_same_table(folder: Path, tmp_path: Path) -> None:
    (folder / "a.csv").write_bytes(delimited(120))
    (folder / "b.csv.gz").write_bytes(gzip.compress(delimited(120)))
    objects = [dict(zip(HEADS, row, strict=True)) for row in rows(120)]
    (folder / "c.jsonl").write_text("\n".join(json.dumps(one, ensure_ascii=False) for one in objects), encoding="utf-8")
    (folder / "d.json").write_text(json.dumps(objects, ensure_ascii=False), encoding="utf-8")
    book = openpyxl.Workbook()
    book.active.title = "客户"
    for row in [HEADS, *rows(120)]:
        book.active.append(row)
    book.save(folder / "e.xlsx")
    pq.write_table(
        pa.table({name: [row[n] for row in rows(120)] for n, name in enumerate(HEADS)}), folder / "f.parquet"
    )
    settle(folder)
    scanned(tmp_path / "out", folder)
    units = by_path(tmp_path / "out")
    for path in ("a.csv", "b.csv.gz", "c.jsonl", "d.json", "e.xlsx", "f.parquet"):
        assert columns(tmp_path / "out", path) == TYPED, path
        assert units[path]["rows"] == 120, path
        assert units[path]["persons_low"] <= 120 <= units[path]["persons_high"], path
    assert units["f.parquet"]["kind"] == "table" and units["f.parquet"]["sample"]["method"] == "whole"


def test_a_folder_of_parquet_files_is_one_table(folder: Path, tmp_path: Path) -> None:
    for day in range(3):
        place = folder / "sales" / f"day=2026-03-0{day + 1}"
        place.mkdir(parents=True)
        pq.write_table(pa.table({"phone": [row[2] for row in rows(50)], "n": range(50)}), place / "x.parquet")
    numbered = folder / "members"
    numbered.mkdir()
    for part in range(4):
        pq.write_table(
            pa.table({"mail": [f"u{part}-{n}@example.com" for n in range(30)]}), numbered / f"part-{part:05}.parquet"
        )
    settle(folder)
    (outcome,) = scanned(tmp_path / "out", folder)
    units = by_path(tmp_path / "out")
    assert {path: unit["rows"] for path, unit in units.items()} == {"sales": 150, "members": 120}
    assert columns(tmp_path / "out", "sales") == {"phone": "phone", "n": None, "day": None}
    (outcome,) = scanned(tmp_path / "out", folder)
    assert outcome.counts["unchanged"] == 2 and not outcome.counts["read"]
    pq.write_table(pa.table({"mail": ["z@example.com"]}), numbered / "part-00009.parquet")
    settle(numbered / "part-00009.parquet")
    (outcome,) = scanned(tmp_path / "out", folder)
    assert outcome.counts["read"] == 1 and by_path(tmp_path / "out")["members"]["rows"] == 121


def test_parquet_of_every_type_and_what_cannot_be_read(folder: Path, tmp_path: Path) -> None:
    phones = [row[2] for row in rows(40)]
    table = pa.table({
        "tags": pa.array([[phone] for phone in phones]),
        "who": pa.array([{"mobile": phone, "n": 1} for phone in phones]),
        "raw": pa.array([phone.encode() for phone in phones], pa.binary()),
        "code": pa.array(phones).dictionary_encode(),
        "at": pa.array(range(40), pa.timestamp("us")),
        "amount": pa.array([None, *range(39)], pa.decimal128(12, 2)),
    })  # fmt: skip
    pq.write_table(table, folder / "types.parquet")
    (folder / "empty.parquet").write_bytes(b"")
    pq.write_table(pa.table({"a": pa.array([], pa.int64())}), folder / "none.parquet")
    whole = (folder / "types.parquet").read_bytes()
    (folder / "cut.parquet").write_bytes(whole[:-200])
    (folder / "noise.parquet").write_bytes(b"PAR1" + os.urandom(2000) + b"PAR1")
    settle(folder)
    (outcome,) = scanned(tmp_path / "out", folder)
    assert outcome.complete
    found = {row["name"]: {row["type"], *row["inside"]} for row in view(tmp_path / "out", "columns")}
    assert all("phone" in found[name] for name in ("tags", "who", "raw", "code"))
    assert found["at"] == {None} and found["amount"] == {None}
    assert {row["where"]: row["reason"] for row in view(tmp_path / "out", "blind_spots")} == {
        "cut.parquet": "damaged", "noise.parquet": "damaged",
    }  # fmt: skip
    assert by_path(tmp_path / "out")["none.parquet"]["rows"] == 0


def test_a_large_parquet_table_is_sampled(folder: Path, tmp_path: Path) -> None:
    pq.write_table(pa.table({"n": range(50_000), "s": ["x"] * 50_000}), folder / "big.parquet", row_group_size=5_000)
    settle(folder)
    scanned(tmp_path / "out", folder, rows=2_000)
    sample = by_path(tmp_path / "out")["big.parquet"]["sample"]
    assert (sample["method"], sample["rows"], sample["of"], sample["exact"]) == ("random_rows", 2_000, 50_000, True)
    assert 0.001 < sample["missed"] < 0.002


def test_many_tables_of_a_database_in_a_folder(folder: Path, tmp_path: Path) -> None:
    database = sqlite3.connect(folder / "app.db")
    for n in range(30):
        database.execute(f"create table t{n} (phone text)")
        database.executemany(f"insert into t{n} values (?)", [(row[2],) for row in rows(5)])
    database.commit()
    database.close()
    settle(folder)
    scanned(tmp_path / "out", folder)
    units = by_path(tmp_path / "out")
    assert len(units) == 30 and all(unit["types"] == ["phone"] for unit in units.values())


def test_text_and_tables_in_one_archive_keep_their_places(folder: Path, tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        archive.writestr("a/list.csv", delimited(60))
        archive.writestr(
            "b/list.csv", b"sku,price,mail\n" + b"".join(b"%d,1.5,u%d@example.com\n" % (n, n) for n in range(60))
        )
        archive.writestr("note.txt", "请联系王小明，电话 13812345678。\n")
    settle(folder)
    scanned(tmp_path / "out", folder)
    found = {(row["within"], row["name"]): row["type"] for row in view(tmp_path / "out", "columns")}
    assert found["a/list.csv", "手机号"] == "phone" and found["b/list.csv", "mail"] == "email"
    assert found["b/list.csv", "price"] is None
    assert "phone" in {row["type"] for row in view(tmp_path / "out", "columns") if row["name"] == ""}
    assert by_path(tmp_path / "out")["all.zip"]["rows"] is None
