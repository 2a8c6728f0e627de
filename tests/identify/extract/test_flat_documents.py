"""OpenDocument files in one piece of XML: their tables are tables."""

from __future__ import annotations

import time

import pytest

from tongguan.identify import Detector, extract
from tongguan.identify.extract import Extraction
from tongguan.model import BlindKind, Content

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:draw="urn:d" office:version="1.3"'
    ' office:mimetype="application/vnd.oasis.opendocument.spreadsheet"><office:body>'
)
END = "</office:body></office:document>"
GAP = '<table:table-cell table:number-columns-repeated="3"/>'


def cell(text: str, value: str | None = None) -> str:
    kind = f' office:value-type="float" office:value="{value}"' if value else ' office:value-type="string"'
    return f"<table:table-cell{kind}>\n<text:p>{text}</text:p></table:table-cell>"


def read(body: str) -> Extraction:
    data = (HEAD + body + END).encode()
    return extract(Content("sheet.fods", "", len(data), data))


def found(read: Extraction) -> list[tuple[str, str]]:
    told = Detector(b"a key of tests").scan(read.pieces)
    return [
        (one.type, piece.text[one.start : one.end])
        for piece, some in zip(read.pieces, told, strict=True)
        for one in some
    ]


def test_names_in_columns_behind_cells_that_are_left_out() -> None:
    rows = [
        f"<table:table-row>{cell(n)}{GAP}{cell(name)}{cell(phone, value)}</table:table-row>"
        for n, name, phone, value in (
            ("编号", "姓名", "手机", None), ("1", "王小明", "1.38E+10", "13812345678"), ("2", "李建国", "13812345679", None),
        )
    ]  # fmt: skip
    sheet = read("<office:spreadsheet><table:table>" + "".join(rows) + "</table:table></office:spreadsheet>")
    (piece,) = sheet.pieces
    assert piece.kind == "table" and not sheet.blind_spots
    assert found(sheet) == [
        ("person_name", "王小明"), ("phone", "13812345678"), ("person_name", "李建国"), ("phone", "13812345679"),
    ]  # fmt: skip


def test_text_and_tables_of_a_letter_and_what_is_not_opened() -> None:
    letter = read(
        "<office:text><text:p>身份证 110101199003074518 请核对</text:p><draw:frame><draw:image><office:binary-data>"
        "iVBORw0KGgo=</office:binary-data></draw:image></draw:frame></office:text>"
    )
    assert [piece.text.strip() for piece in letter.pieces] == ["身份证 110101199003074518 请核对"]
    assert [(spot.kind, spot.count) for spot in letter.blind_spots] == [(BlindKind.UNSUPPORTED, 1)]


@pytest.mark.parametrize("cut", [10, 40, 200])
def test_what_is_damaged_is_read_as_text(cut: int) -> None:
    data = (HEAD + "<office:text><text:p>手机 13812345678</text:p></office:text>" + END).encode()[:-cut]
    if b"13812345678" in data:
        read = extract(Content("letter.fodt", "", len(data), data))
        assert ("phone", "13812345678") in found(read)
        assert [spot.kind for spot in read.blind_spots] == [BlindKind.UNREADABLE]


def test_an_entity_bomb_is_read_as_text() -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
    data = (bomb + HEAD.partition("?>")[2] + "<office:text><text:p>&b;</text:p></office:text>" + END).encode()
    read = extract(Content("letter.fodt", "", len(data), data))
    assert sum(len(piece.text) for piece in read.pieces) <= 2 * len(data)


@pytest.mark.parametrize(
    "hostile",
    [
        "<!-- " + "<table:table-cell " * 150_000 + "-->",
        "<!-- " + "<office:binary-data " * 150_000 + "-->",
        '<table:table-cell table:number-columns-repeated="99"/>' * 60_000,
        "<?x " + "<office:document " * 150_000 + "?>",
    ],
    ids=["cells", "binary", "repeated", "roots"],
)
def test_hostile_ones_take_no_more_than_others(hostile: str) -> None:
    started = time.process_time()
    read(f"<office:text>{hostile}<text:p>手机 13812345678</text:p></office:text>")
    assert time.process_time() - started < 10
