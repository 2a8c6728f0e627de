"""Tables in files of their own, mailboxes, hidden sheets, and archives behind archives."""

from __future__ import annotations

import base64
import io
import sqlite3
import tarfile
import warnings
import zipfile

import openpyxl
import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.orc as orc
import pyarrow.parquet as pq
import pytest

from tongguan.identify.extract import Extraction, Limits
from tongguan.model import BlindKind


def texts(found: Extraction) -> str:
    return "\n".join(piece.text for piece in found.pieces)


def database(blob: bytes) -> bytes:
    store = sqlite3.connect(":memory:")
    store.execute("CREATE TABLE 会员 (姓名 TEXT, 手机 INTEGER, 照片 BLOB)")
    store.execute("INSERT INTO 会员 VALUES ('张三', 13800138000, ?)", (blob,))
    store.execute("CREATE VIRTUAL TABLE f USING fts5(a)")
    store.execute("INSERT INTO f VALUES ('李四 13900139000')")
    store.commit()
    return store.serialize()


def test_a_database_is_tables_and_files_in_cells_are_opened(opened, zipped) -> None:
    found = opened(database(zipped([("a.txt", "王五 13700137000 " * 9)])), "a.db")
    first = found.pieces[0]
    assert (first.member, first.columns, first.kind) == ("会员", ("姓名", "手机", "照片"), "table")
    assert all(phone in texts(found) for phone in ("13800138000", "13900139000", "13700137000"))
    assert found.blind_spots == []


def test_a_damaged_database_is_told(opened) -> None:
    data = database(b"x" * 100)
    assert BlindKind.UNREADABLE in [s.kind for s in opened(data[:5000]).blind_spots]


@pytest.mark.parametrize("kind", ["parquet", "orc", "arrow"])
def test_tables_of_columns(opened, kind: str) -> None:
    table = pa.table({"姓名": ["张三", None], "phone": [13800138000, 2]})
    sink = io.BytesIO()
    if kind == "parquet":
        pq.write_table(table, sink)
    elif kind == "orc":
        orc.write_table(table, sink)
    else:
        with ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
    found = opened(sink.getvalue())
    [piece] = found.pieces
    assert piece.text == "姓名\tphone\n张三\t13800138000\n\t2\n"
    assert piece.columns == ("姓名", "phone")
    assert [piece.text[a:b] for a, b, _ in piece.cells.tolist()] == ["姓名", "phone", "张三", "13800138000", "2"]


def test_each_message_of_a_mailbox_has_its_attachments(opened) -> None:
    body = base64.encodebytes("姓名,手机\n张三,1380013800{}\n".encode()).decode()
    one = (
        "From a@example.com Mon Nov  9 10:00:00 2026\nFrom: a@example.com\nTo: b@example.com\nSubject: x\n"
        'Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/csv\n'
        'Content-Transfer-Encoding: base64\nContent-Disposition: attachment; filename="a.csv"\n\n{}\n--b--\n\n'
    )
    data = "".join(
        one.format(base64.encodebytes(f"姓名,手机\n张三,1380013800{n}\n".encode()).decode()) for n in range(3)
    )
    assert body
    found = opened(data.encode(), "a.mbox")
    assert all(f"1380013800{n}" in texts(found) for n in range(3))
    assert [p.member for p in found.pieces if p.kind == "table"] == ["a.csv", "message 2/a.csv", "message 3/a.csv"]


def test_sheets_that_no_program_shows_are_read(opened) -> None:
    book = openpyxl.Workbook()
    book.active.append(["张三", 13800138000])
    hidden = book.create_sheet("藏")
    hidden.append(["李四", 13900139000])
    hidden.sheet_state = "veryHidden"
    data = io.BytesIO()
    book.save(data)
    with zipfile.ZipFile(data, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sheet = archive.read("xl/worksheets/sheet2.xml")
        archive.writestr("xl/worksheets/sheet9.xml", sheet.replace(b"13900139000", b"13700137000"))
        archive.writestr("xl/worksheets/sheet1.xml", sheet.replace(b"13900139000", b"13600136000"))
    found = texts(opened(data.getvalue(), "a.xlsx"))
    assert all(phone in found for phone in ("13800138000", "13900139000", "13700137000", "13600136000"))


def test_a_large_workbook_is_read_as_a_small_one(opened, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import date

    from tongguan.identify.extract.isolated import source, xlsx

    book = openpyxl.Workbook()
    for row in (["姓名", "手机", "生日", "在职", "薪"], ["张三", 13800138000, date(1990, 1, 2), True, 12.5]):
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    [piece] = [p for p in opened(data.getvalue()).pieces if p.kind == "table"]
    answers = list(xlsx.read(source.Source(data.getvalue()), 1 << 20))
    assert answers[-1][0] == {"end": "ok"}
    assert str(answers[0][1][0], "utf-8") == piece.text


def test_what_stands_behind_the_end_of_a_tar_is_read(opened) -> None:
    def tar(text: str) -> bytes:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            info = tarfile.TarInfo("a.txt")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
        return buffer.getvalue()

    assert [p.text for p in opened(tar("first") + tar("second")).pieces] == ["first", "second"]


def test_a_member_of_many_megabytes_comes_in_stretches(opened, zipped) -> None:
    rows = "".join(f"赵{n},{13800000000 + n}\n" for n in range(1_000_000))
    found = opened(zipped([("a.csv", "姓名,手机\n" + rows)]))
    assert len(found.pieces) > 1
    assert {p.columns for p in found.pieces} == {("姓名", "手机")}
    assert sum(len(p.records) - 1 for p in found.pieces) == 1_000_000
    assert found.blind_spots == []
    assert opened(zipped([("a.csv", rows)]), limits=Limits(total_bytes=1 << 20)).blind_spots
