"""Workbooks (XLSX, XLSB, XLS, ODS) to rows of cells: by calamine, or where a sheet is large as it is unpacked.

Plain XLSX is only unpacked here: its XML is read by kernels, which the caller has.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from python_calamine import CalamineWorkbook, PasswordError

from . import xlsx
from .found import Found
from .parts import beside_cells
from .rows import FULL, Rows
from .source import Source

__all__ = ["read"]

Answer = tuple[dict[str, Any], list[bytes]]


def read(data: Source, kind: str, max_bytes: int) -> Iterator[Answer]:
    """All sheets, hidden ones too; of a plain XLSX the parts that hold cells, as they are (see `xlsx.parts`).

    A report holds `sheets` (name, and `status` `ok`, `cut` or `damaged`; a long sheet comes in several answers), each
    with the three blobs of `Rows.answer`. The last one has `end` (`ok`, `bytes`, `encrypted` or `damaged`) and, for
    `kind` xlsx and ods, `beside`: the report on what stands beside the cells (see `Found`), whose blobs come last.
    """
    left = max_bytes
    for report, blobs in _sheets(data, kind, max_bytes):
        if "part" in report:
            yield report, blobs
            continue
        left -= sum(len(text) for text in blobs[::3])
        if "end" not in report:
            yield report, blobs
            continue
        if kind in ("xlsx", "ods") and report["end"] != "encrypted" and report.pop("beside", True):
            found = Found(max(0, min(left, xlsx.LARGE)))
            beside_cells(data, kind, found)
            report["beside"] = found.report()
            blobs += found.blobs
        yield report, blobs


def _sheets(data: Source, kind: str, left: int) -> Iterator[Answer]:
    if kind == "xlsx" and xlsx.is_plain(data):
        yield from xlsx.parts(data)
        return
    if kind == "xlsx" and xlsx.is_large(data):
        yield from xlsx.read(data, left)
        return
    try:
        book = CalamineWorkbook.from_filelike(data.reader())
    except PasswordError:
        yield {"end": "encrypted"}, []
        return
    except BaseException as error:  # its errors are many, panics too, and each means that the workbook cannot be read
        yield {"end": "encrypted" if "assword" in str(error) else "damaged"}, []
        return
    end = "ok"
    for name in book.sheet_names:
        rows, status = Rows(name), "ok"
        try:
            for row in book.get_sheet_by_name(name).iter_rows():
                rows.add(row)
                if rows.size > left:
                    status = "cut"
                    break
                if rows.size >= FULL:
                    left -= rows.size
                    about, blobs = rows.answer()
                    yield {"sheets": [about]}, blobs
        except GeneratorExit:
            raise
        except BaseException:
            status = "damaged"
        left -= rows.size
        about, blobs = rows.answer(status)
        yield {"sheets": [about]}, blobs
        if status == "cut":
            end = "bytes"
            break
    if kind == "xlsx" and end == "ok":
        yield from _unlisted(data, left)
    else:
        yield {"end": end}, []


def _unlisted(data: Source, left: int) -> Iterator[Answer]:
    """Sheets that calamine does not show."""
    try:
        yield from xlsx.read(data, left, unlisted=True)
    except Exception:  # zipfile's errors are many; what calamine read stands
        yield {"end": "damaged"}, []
