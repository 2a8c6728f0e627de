"""Rows as a workbook (Office Open XML), written as they come."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO, Final
from xml.sax.saxutils import escape

__all__ = ["write_workbook"]

_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_ROWS: Final = 1_048_576  # of one sheet, by the format
_CELL: Final = 32_767  # characters
_CONTROLS: Final = {n: None for n in range(32) if n not in (9, 10, 13)} | {0xFFFE: None, 0xFFFF: None}
_RELATED: Final = f'<Relationships xmlns="{_PACKAGE}/relationships">'
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'


def write_workbook(file: BinaryIO, rows: Iterator[Sequence[Any]], name: str) -> int:
    """Write rows, of which the first holds the heads, in bounded memory; how many. Texts stay texts: none is a formula.

    What does not fit on one sheet goes on on the next. Raises OSError.
    """
    count, sheets, first = 0, 0, next(rows, None)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as book:
        more = True
        while more:
            sheets += 1
            with book.open(f"xl/worksheets/sheet{sheets}.xml", "w", force_zip64=True) as sheet:
                sheet.write(f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
                here = 0
                if first is not None:
                    sheet.write(_row(first))
                    here = 1
                more = False
                for row in rows:
                    sheet.write(_row(row))
                    here, count = here + 1, count + 1
                    if here == _ROWS:
                        more = True
                        break
                sheet.write(b"</sheetData></worksheet>")
        for place, text in _frame(name, sheets).items():
            book.writestr(place, text)
    return count


def _row(cells: Sequence[Any]) -> bytes:
    return ("<row>" + "".join(map(_cell, cells)) + "</row>").encode("utf-8", "replace")


def _cell(value: Any) -> str:
    if value is None:
        return "<c/>"
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, (int, float)) and abs(value) < 10**15:  # of longer numbers digits would be lost
        return f"<c><v>{value}</v></c>"
    text = escape(str(value).translate(_CONTROLS)[:_CELL])
    return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _frame(name: str, sheets: int) -> Mapping[str, str]:
    """The parts that say what the others are."""
    numbers = range(1, sheets + 1)
    listed = "".join(f'<sheet name="{name}{n if n > 1 else ""}" sheetId="{n}" r:id="r{n}"/>' for n in numbers)
    related = "".join(
        f'<Relationship Id="r{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
    )
    typed = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPE}.worksheet+xml"/>' for n in numbers
    )
    return {
        "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f"{_HEAD}{_RELATED}{related}</Relationships>",
        "_rels/.rels": f'{_HEAD}{_RELATED}<Relationship Id="r1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" '
        f'ContentType="{_TYPE}.sheet.main+xml"/>{typed}</Types>',
    }
