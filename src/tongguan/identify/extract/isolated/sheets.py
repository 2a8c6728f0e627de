"""Workbooks (XLSX, XLSB, XLS, ODS) to tab-separated text with the places of its cells, by calamine."""

from __future__ import annotations

import io
from array import array
from datetime import date, datetime, time, timedelta
from typing import Any

from python_calamine import CalamineWorkbook, PasswordError

from .found import Found
from .parts import beside_cells

__all__ = ["read"]


def read(data: bytes, kind: str, max_bytes: int) -> tuple[dict[str, Any], list[bytes]]:
    """All sheets, hidden ones too.

    Returns a report with `end` (`ok`, `bytes`, `encrypted` or `damaged`) and `sheets` (name, and `status` `ok`, `cut`
    or `damaged`), and for each sheet three blobs: text in UTF-8, cells as int64 (start, end, column), row starts as
    int64. For `kind` xlsx and ods, `beside` is the report on what stands beside the cells (see `Found`), whose blobs
    come last.
    """
    report: dict[str, Any] = {"sheets": [], "end": "ok"}
    blobs: list[bytes] = []
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    except PasswordError:
        report["end"] = "encrypted"
        return report, blobs
    except BaseException as error:  # its errors are many, panics too, and each means that the workbook cannot be read
        report["end"] = "encrypted" if "assword" in str(error) else "damaged"
        return report, blobs
    left = max_bytes
    for name in book.sheet_names:
        status = "ok"
        try:
            text, cells, rows, cut = _render(book.get_sheet_by_name(name), left)
        except BaseException:
            text, cells, rows, cut, status = "", array("q"), array("q"), False, "damaged"
        encoded = text.encode("utf-8", "replace")
        left -= len(encoded)
        report["sheets"].append({"name": name, "status": "cut" if cut else status})
        blobs += [encoded, cells.tobytes(), rows.tobytes()]
        if cut:
            report["end"] = "bytes"
            break
    if kind in ("xlsx", "ods"):
        found = Found(max(0, left))
        beside_cells(data, kind, found)
        report["beside"] = found.report()
        blobs += found.blobs
    return report, blobs


def _render(sheet: Any, left: int) -> tuple[str, array[int], array[int], bool]:
    parts: list[str] = []
    cells = array("q")
    rows = array("q")
    at = 0
    for row in sheet.iter_rows():
        begin = at
        written = 0  # tabs, of which none follow the last filled cell
        for column, value in enumerate(row):
            if value != "":
                text = value if type(value) is str else _written(value)
                if "\n" in text or "\t" in text or "\r" in text:
                    text = " ".join(text.split())
                if text:
                    parts.append("\t" * (column - written))
                    at += column - written
                    written = column
                    cells.extend((at, at + len(text), column))
                    parts.append(text)
                    at += len(text)
        parts.append("\n")
        at += 1
        if at - begin > 1:
            rows.append(begin)
        if at > left:
            return "".join(parts), cells, rows, True
    return "".join(parts), cells, rows, False


def _written(value: Any) -> str:
    """A cell's value as a person would read it: 13800138000.0 is a number of eleven digits, not 1.38E10."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e18 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, (date, time, timedelta)):
        return str(value)
    return str(value)
