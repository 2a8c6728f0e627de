"""What workbooks in XML hold beside their cells: headers, prompts, links, texts in formulas; comments of ODS."""

from __future__ import annotations

import re
import zipfile

from .found import Found
from .source import Source

__all__ = ["beside_cells"]

_XLSX = re.compile(
    rb"<((?:\w+:)?(?:headerFooter|dataValidations|hyperlinks|scenarios|protectedRanges))\b.*?</\1>"
    rb'|<((?:\w+:)?f)\b[^>]*>[^<]*"[^<]*</\2>',
    re.DOTALL,
)
_ODS = re.compile(
    rb"<((?:office:annotation|table:tracked-changes|table:content-validations|table:shapes|draw:frame|draw:custom-shape"
    rb"|text:a)\b).*?</\1>|<((?:table:scenario|table:database-source-\w+)\b)[^>]*>",
    re.DOTALL,
)
_MARKS = {  # what stands in a part in which something of these may be
    "xlsx": (b"headerFooter", b"dataValidations", b"hyperlinks", b"scenarios", b"protectedRanges", b"<f", b":f"),
    "ods": (b"<office:", b"<table:", b"<draw:", b"<text:a"),
}
_SHEET = re.compile(r"xl/(?:worksheets|chartsheets|dialogsheets|macrosheets)/[^/]+\.xml")
_BLOCK = 16 << 20
_OVERLAP = 1 << 20  # bytes that one of these may be long and still be found where two blocks meet


def beside_cells(data: Source, kind: str, found: Found) -> None:
    """Add what stands beside the cells of an XLSX or ODS workbook, as XML, part by part."""
    try:
        with data.reader() as file, zipfile.ZipFile(file) as book:
            for item in book.infolist():
                if item.filename == "content.xml" if kind == "ods" else _SHEET.fullmatch(item.filename):
                    _part(book, item, kind, found)
    except Exception:  # zipfile's errors are many, and each means that a part cannot be read
        found.damaged()


def _part(book: zipfile.ZipFile, item: zipfile.ZipInfo, kind: str, found: Found) -> None:
    wanted, marks = _ODS if kind == "ods" else _XLSX, _MARKS[kind]
    pieces: list[bytes] = []
    size = 0
    with book.open(item) as source:
        rest = b""
        while block := source.read(_BLOCK):
            xml = rest + block
            end = 0
            for match in wanted.finditer(xml) if any(mark in xml for mark in marks) else ():
                end = match.end()
                size += end - match.start()
                if size > found.left:
                    found.end = "bytes"
                    break
                pieces.append(match.group())
            rest = xml[max(end, len(xml) - _OVERLAP) :]
            if found.end == "bytes":
                break
    if pieces:
        found.markup(item.filename, b"<parts>" + b"\n".join(pieces) + b"</parts>")
