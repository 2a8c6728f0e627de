"""Cells of XLSX as the kernel reads them: what the values are, and what the reader beside it makes of the same parts."""

import io
import random
import sys
import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path

import openpyxl
import pytest

from tongguan.identify.extract import extract
from tongguan.identify.extract import worker as of_worker
from tongguan.identify.extract.workbook import Workbook
from tongguan.model import BlindKind, Content

VALUES = {
    True: "TRUE", -5: "-5", 12.5: "12.5", 0.125: "0.125", 1e-7: "1e-07", 1e20: "1e+20", 7.0: "7",
    13800138000: "13800138000", "110101199003071237": "110101199003071237", "王芳": "王芳", "a\nb": "a b",
    "  x ": "  x ", "\u3000宽\tq": "宽 q", "&<>\"'": "&<>\"'", "😀𠮷": "😀𠮷", "x" * 300: "x" * 300,
    datetime(2026, 1, 2, 3, 4, 5): "2026-01-02 03:04:05", date(1990, 3, 7): "1990-03-07", time(3, 4, 5): "03:04:05",
    timedelta(days=1, hours=2): "1 day, 2:00:00", "#N/A": "", None: "",
}  # fmt: skip
HEAD = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
TAIL = "</sheetData></worksheet>"
STRINGS = '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'


def rows_of(data: bytes) -> tuple[list[list[str]], list]:
    """Rows of the tables of a workbook, without empty cells behind the last, and blind spots."""
    found = extract(Content("made.xlsx", "", len(data), data))
    rows = []
    for piece in found.pieces:
        if piece.kind == "table":
            assert piece.cells is not None
            starts = piece.records.tolist()
            lines = [piece.text[a:b].rstrip("\n") for a, b in zip(starts, [*starts[1:], None], strict=True)]
            rows += [line.split("\t") for line in lines]
            for start, end, column in piece.cells.tolist():
                line = piece.text.rfind("\n", 0, start) + 1
                assert piece.text[line:end].split("\t")[column] == piece.text[start:end] != ""
    return rows, found.blind_spots


def book(sheet: str | bytes, strings: str | None = None, **more: str | bytes) -> bytes:
    """A workbook with one sheet of this XML."""
    empty = openpyxl.Workbook()
    made, out = io.BytesIO(), io.BytesIO()
    empty.save(made)
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            if item.filename not in ("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"):
                new.writestr(item, old.read(item))
        new.writestr("xl/worksheets/sheet1.xml", sheet)
        if strings is not None:
            new.writestr("xl/sharedStrings.xml", strings)
        for name, data in more.items():
            new.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize("write_only", [True, False])
def test_values_are_written_as_people_would(write_only) -> None:
    chance, rows = random.Random(7), [["编号", "姓名", "备注", "其他"]]
    workbook = openpyxl.Workbook(write_only=write_only)
    sheet = workbook.create_sheet("客户") if write_only else workbook.active
    sheet.append(rows[0])
    for n in range(400):
        values = [n, *chance.choices(list(VALUES), k=3)]
        sheet.append(values)
        rows.append([str(n), *(VALUES[value] for value in values[1:])])
    out = io.BytesIO()
    workbook.save(out)
    found, blind = rows_of(out.getvalue())
    for row in rows:
        while row[-1] == "":
            row.pop()
    assert found == rows and blind == []


def test_what_stands_in_odd_ways() -> None:
    strings = (
        STRINGS + "<si><t>一</t></si><si/><si><r><t>a</t></r><r><rPr><b/></rPr><t xml:space='preserve'> b</t></r>"
        '<rPh sb="0" eb="1"><t>aloud</t></rPh></si><si><t>_x000D_c_x0041_ _x00G0_</t></si></sst>'
    )
    sheet = (
        f"<?xml version='1.0' encoding='utf-8' standalone='yes'?>\n<!-- made -->{HEAD}"
        '<row r="1"><c t="s"><v>0</v></c><c t="s"><v>1</v></c><c t="s"><v> 2 </v></c><c t="s"><v>3</v></c></row>'
        '<row><c t="s"><v>99</v></c><c r="C2"><v>0.30000000000000004</v></c><c r="D2" t="str"><f>A1&gt;"&lt;/c&gt;"</f>'
        '<v>&#x738B;&#33459;&bogus;&amp;</v></c><c r="F2" t="inlineStr"><is><t><![CDATA[<b>&amp;]]></t></is></c></row>'
        '<!-- <row><c><v>9</v></c></row> --><row r="7"/><row><c/><c><v/></c><c s="1" t="e"><v>#REF!</v></c>'
        '<c custom=\'r="A1"\'><v>-0</v></c><c><v>1.38E10</v></c><c t="b"><v>0</v></c>'
        f'<c><v>&#0;&#xD800;x</v></c></row>{TAIL}'
    )  # fmt: skip
    rows, blind = rows_of(book(sheet, strings))
    assert rows[0] == ["一", "", "a b", "cA _x00G0_"]
    assert rows[1] == ["", "", "0.30000000000000004", "王芳&bogus;&", "", "<b>&amp;"]
    assert rows[2] == ["", "", "", "0", "13800000000", "FALSE", "\ufffd\ufffdx"]
    assert len(rows) == 3 and blind == []


def test_columns_in_front_that_are_empty_are_left_out() -> None:
    sheet = HEAD + '<row><c r="C4"><v>1</v></c><c r="E4"><v>2</v></c></row><row><c r="D5"><v>3</v></c></row>' + TAIL
    rows, _ = rows_of(book(sheet))
    assert rows == [["1", "", "2"], ["", "3"]]


@pytest.mark.parametrize(
    ("sheet", "plain"),
    [
        (HEAD + '<row><c t="str"><v>王芳</v></c></row>' + TAIL, True),
        ("\ufeff<?xml version='1.0'?>" + HEAD + '<row><c t="str"><v>王芳</v></c></row>' + TAIL, True),
        (
            ("<?xml version='1.0' encoding='UTF-16'?>" + HEAD + '<row><c t="str"><v>王芳</v></c></row>' + TAIL)
            .encode("utf-16"),
            False,
        ),
        (b"<?xml version='1.0' encoding='GBK'?>" + (HEAD + "<row><c t='str'><v>王芳</v></c></row>" + TAIL)
         .encode("gbk"), False),
        (
            (HEAD + '<row><c t="str"><v>王芳</v></c></row>' + TAIL)
            .replace("<", "<x:").replace("<x:/", "</x:").replace("xmlns=", "xmlns:x="),
            False,
        ),
        ('<!DOCTYPE w [<!ENTITY a "王芳">]>' + HEAD + '<row><c t="str"><v>&a;</v></c></row>' + TAIL, False),
    ],
)  # fmt: skip
def test_other_writings_go_to_the_other_reader(sheet, plain) -> None:
    sys.path.insert(0, str(Path(of_worker.__file__).parent))
    try:
        from isolated import xlsx
        from isolated.source import Source

        assert xlsx.is_plain(Source(book(sheet))) is plain
    finally:
        sys.path.pop(0)
    found = extract(Content("made.xlsx", "", 0, book(sheet)))
    entity = isinstance(sheet, str) and "ENTITY" in sheet
    assert any("王芳" in piece.text for piece in found.pieces) or found.blind_spots
    assert not entity or all("王芳" not in p.text for p in found.pieces if p.kind == "table")


@pytest.mark.parametrize("end", ["", "<row><c r", '<row><c><v>1</v></c><c t="', "<row><c><v>1</v></c></row><!-- "])
def test_a_sheet_that_breaks_off(end) -> None:
    sheet = HEAD + "".join(f'<row><c t="str"><v>n{n}</v></c><c><v>{n}</v></c></row>' for n in range(20)) + end
    rows, blind = rows_of(book(sheet))
    assert [row for row in rows if row[0].startswith("n")] == [[f"n{n}", str(n)] for n in range(20)]
    assert not end or any(spot.kind is BlindKind.UNREADABLE for spot in blind)


def test_one_string_that_comes_in_every_cell_of_a_row_is_not_laid_out() -> None:
    strings = STRINGS + "<si><t>" + "王" * 100_000 + "</t></si></sst>"
    wide = "<row>" + '<c t="s"><v>0</v></c>' * 16_384 + "</row>"
    sheet = HEAD + "<row><c><v>1</v></c></row>" + wide + TAIL
    found = extract(Content("made.xlsx", "", 0, book(sheet, strings)))
    assert any(spot.kind is BlindKind.TRUNCATED for spot in found.blind_spots)
    assert sum(len(piece.text) for piece in found.pieces) < 1_000_000


def test_a_string_that_comes_in_every_row_ends_at_the_limit() -> None:
    strings = STRINGS + "<si><t>" + "王" * 30_000 + "</t></si></sst>"
    sheet = HEAD + '<row><c t="s"><v>0</v></c></row>' * 2_000 + TAIL
    found = extract(Content("made.xlsx", "", 0, book(sheet, strings)))
    assert any(spot.kind is BlindKind.TRUNCATED for spot in found.blind_spots)
    assert sum(len(piece.text) for piece in found.pieces) < 40 << 20


def test_long_sheets_come_in_pieces_without_a_row_lost() -> None:
    sheet = HEAD + "<row><c t='str'><v>编号</v></c><c t='str'><v>姓名</v></c></row>"
    sheet += "".join(
        f'<row><c><v>{n}</v></c><c t="str"><v>{"王芳" if n % 2 else "李明" * 9}</v></c></row>' for n in range(220_000)
    )
    found = extract(Content("made.xlsx", "", 0, book(sheet + TAIL)))
    pieces = [piece for piece in found.pieces if piece.kind == "table"]
    assert len(pieces) > 1 and {piece.columns for piece in pieces} == {("编号", "姓名")}
    numbers = [int(line.split("\t")[0]) for piece in pieces for line in piece.text.splitlines() if line[:1].isdigit()]
    assert numbers == list(range(220_000))


def test_shared_strings_come_in_stretches_and_are_no_more_than_was_said() -> None:
    blocks = [f"<si><t>第{n}项</t></si><si/>".encode() for n in range(5)]
    book = Workbook({"dates": [], "first": 693_594, "strings": sum(map(len, blocks))})
    assert all(map(book.strings, blocks))
    for cells in ((0, 2, 8), (9, 10, 4)):  # an empty one, one that there is not
        sheet = book.sheet()
        row = "".join(f'<c t="s"><v>{n}</v></c>' for n in cells)
        assert not list(sheet.add(f"<row>{row}</row>".encode()))
        texts = [f"第{n // 2}项" for n in cells if n % 2 == 0 and n < 10]
        assert sheet.rest().text.split() == texts
    assert not all(book.strings(blocks[0]) for _ in range(20))
