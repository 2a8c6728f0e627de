"""What workbooks in XML hold beside their cells: headers, prompts, links, texts in formulas; comments of ODS."""

from __future__ import annotations

import io
import re
import zipfile

from .found import Found

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
_SHEET = re.compile(r"xl/(?:worksheets|chartsheets|dialogsheets|macrosheets)/[^/]+\.xml")


def beside_cells(data: bytes, kind: str, found: Found) -> None:
    """Add what stands beside the cells of an XLSX or ODS workbook, as XML, part by part."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            for item in book.infolist():
                if item.filename == "content.xml" if kind == "ods" else _SHEET.fullmatch(item.filename):
                    _part(book, item, _ODS if kind == "ods" else _XLSX, found)
    except Exception:  # zipfile's errors are many, and each means that a part cannot be read
        found.damaged()


def _part(book: zipfile.ZipFile, item: zipfile.ZipInfo, wanted: re.Pattern[bytes], found: Found) -> None:
    with book.open(item) as source:
        xml = source.read(found.left + 1)
    if len(xml) > found.left:
        found.end = "bytes"
        return
    pieces = [match.group() for match in wanted.finditer(xml)]
    if pieces:
        found.markup(item.filename, b"<parts>" + b"\n".join(pieces) + b"</parts>")
