"""A list as a file: CSV, XLSX, DOCX or JSON, its digest sealed in the audit log before it leaves."""

from __future__ import annotations

import csv
import hmac
import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from xml.sax.saxutils import escape

from fastapi.responses import Response

from tongguan.service.console import figures
from tongguan.service.console.visit import Visit
from tongguan.trust.places import workspace_key

__all__ = ["FORMATS", "Table", "export"]

Table = tuple[Sequence[str], Sequence[Sequence[Any]]]  # heads, rows

SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
CONTENT = "http://schemas.openxmlformats.org/package/2006/content-types"
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
SEARCHES = frozenset({"q", "words"})
# Codes and days, and no long number.
PLAIN = re.compile(r"(?!(?:\D*\d){5})[A-Za-z_][A-Za-z0-9_.,-]{0,63}|\d{4}-\d\d-\d\d")
FORMULA = frozenset("=+-@\t\r\n")
CONTROLS = {n: None for n in range(32) if n not in (9, 10, 13)}  # not allowed in XML 1.0


def export(
    visit: Visit, what: str, asked: Mapping[str, Any], heads: Sequence[str], rows: Sequence[Row], of: int | None = None
) -> Response:
    """The file in the format that the address asks for. `asked`: the filter, for the log. `of`: how many rows the list
    has, where it may have more than the file: that is said in the file's last row, its name and the log."""
    form = visit.get("format", "csv")
    if form not in FORMATS:
        form = "csv"
    write, media = FORMATS[form]
    cut = of is not None and of > len(rows)
    shown = [*rows, [_cut(visit, len(rows), of or 0), *[None] * (len(heads) - 1)]] if cut else rows
    content = write((heads, shown))
    body = {
        "what": what,
        "format": form,
        "rows": len(rows),
        "filter": _noted(visit, asked),
        "sha256": sha256(content).hexdigest(),
    }
    if cut:
        body["of"] = of
    entry = visit.seal("export", body)
    part = f"-first-{len(rows)}-of-{of}" if cut else ""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    headers = {
        "Content-Disposition": f'attachment; filename="tongguan-{what}{part}-{stamp}.{form}"',
        "X-Audit-Entry": str(entry),
    }
    return Response(content, media_type=media, headers=headers)


Row = Sequence[Any]


def _cut(visit: Visit, rows: int, of: int) -> str:
    return visit.t("export.cut", n=figures.exact(rows), of=figures.exact(of))


def _noted(visit: Visit, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The filter as the log keeps it for ever: words that were searched for, and whatever else is no code or day, may
    be personal data, and so are there as a keyed hash, by which one can check a guess."""
    key = workspace_key(visit.console.trust.home)

    def hashed(value: str) -> str:
        return hmac.digest(key, b"export filter\0" + value.encode("utf-8", "surrogatepass"), "sha256").hex()

    plain = {name: name not in SEARCHES and PLAIN.fullmatch(str(value)) for name, value in asked.items()}
    return {
        name: value if plain[name] else {"hmac_sha256": hashed(str(value))} for name, value in asked.items() if value
    }


def _csv(table: Table) -> bytes:
    """With a byte-order mark, so that a spreadsheet program reads the Chinese right."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(table[0])
    writer.writerows([_harmless(cell) for cell in row] for row in table[1])
    return out.getvalue().encode("utf-8-sig")


def _harmless(cell: Any) -> Any:
    """A spreadsheet program would run a text that begins like a formula: traffic from outside may hold one. Those for
    Chinese and Japanese also take full-width signs for the beginning of one."""
    begins = isinstance(cell, str) and unicodedata.normalize("NFKC", cell[:1])[:1] in FORMULA
    return f"'{cell}" if begins else cell


def _json(table: Table) -> bytes:
    rows = [dict(zip(table[0], row, strict=True)) for row in table[1]]
    return json.dumps(rows, ensure_ascii=False, indent=1, default=str).encode()


def _xlsx(table: Table) -> bytes:
    """The smallest workbook: one sheet, texts in place, numbers as numbers."""
    lines = "".join(f"<row>{''.join(_cell(_harmless(cell)) for cell in row)}</row>" for row in [table[0], *table[1]])
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{CONTENT}">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{SHEET_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{SHEET_TYPE}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{RELATIONS}"><Relationship Id="rId1" '
        f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{SPREADSHEET}" xmlns:r="{OFFICE}"><sheets>'
        '<sheet name="tongguan" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{RELATIONS}"><Relationship Id="rId1" '
        f'Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{SPREADSHEET}"><sheetData>{lines}</sheetData></worksheet>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in parts.items():
            book.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>' + text)
    return out.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return "<c/>"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"<c><v>{value}</v></c>"
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(_text(value))}</t></is></c>'


def _docx(table: Table) -> bytes:
    from docx import Document
    from docx.enum.section import WD_ORIENT
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    document = Document()
    page = document.sections[0]
    page.orientation = WD_ORIENT.LANDSCAPE
    page.page_width, page.page_height = page.page_height, page.page_width
    drawn = document.add_table(rows=1, cols=len(table[0]), style="Table Grid")
    for cell, head in zip(drawn.rows[0].cells, table[0], strict=True):
        cell.text = head
    # The library makes a cell in a millisecond: a long list would take minutes.
    lines = "".join(f"<w:tr>{''.join(map(_docx_cell, row))}</w:tr>" for row in table[1])
    for line in list(parse_xml(f"<w:tbl {nsdecls('w')}>{lines}</w:tbl>")):
        drawn._tbl.append(line)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _docx_cell(value: Any) -> str:
    text = '</w:t><w:br/><w:t xml:space="preserve">'.join(escape(_text(value)).splitlines())
    return f'<w:tc><w:p><w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p></w:tc>'


def _text(value: Any) -> str:
    return "" if value is None else str(value).translate(CONTROLS)


FORMATS: Mapping[str, tuple[Callable[[Table], bytes], str]] = {
    "csv": (_csv, "text/csv; charset=utf-8"),
    "xlsx": (_xlsx, f"{SHEET_TYPE}.sheet"),
    "docx": (_docx, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "json": (_json, "application/json"),
}
