"""Formats that parsers of their own read, in their process: PDF, rich text, old office files, mailboxes, workbooks."""

from __future__ import annotations

from typing import Any

import numpy as np

from tongguan.identify.extract import archive, office, pictures, structured, tables
from tongguan.identify.extract.sniff import Format
from tongguan.identify.extract.unfolding import Unfolding, joined
from tongguan.identify.pieces import Kind
from tongguan.model import BlindKind

__all__ = ["document", "sheet"]


def document(walk: Unfolding, data: bytes, member: str | None, what: str, depth: int, cells: bool = False) -> None:
    """A document: `what` is `pdf`, `rtf`, `compound` or `mailbox`. `cells`: its cells were read already."""
    report, blobs = walk.ask(what, data, member, cells=cells)
    _parts(walk, report, blobs, member, depth)
    if what == "pdf" and "blank" in report:
        pictures.pdf_pictures(walk, data, member, report["blank"], report["pictures"])


def _parts(walk: Unfolding, report: dict[str, Any], blobs: list[bytearray], member: str | None, depth: int) -> None:
    """Add texts, open what lies inside, and pass on what could not be read."""
    for kind, detail, count in report.get("unseen", ()):
        walk.blind(BlindKind(kind), member, detail, count=count)
    walk.members_left -= sum(part["role"] == "open" for part in report.get("parts", ()))
    walk.bytes_left -= sum(map(len, blobs))
    for part, blob in zip(report.get("parts", ()), blobs, strict=True):
        path = joined(member, part["name"])
        if part["role"] == "open":
            walk.open(bytes(blob), path, "", part["name"], None, depth + 1)
            continue
        if part["role"] == "xml":
            walk.pieces.extend(office.part(bytes(blob), path)[0])
            continue
        text = str(blob, "utf-8", "replace")
        kind_of_piece: Kind = "form" if part["role"] == "form" else "prose"
        walk.pieces.append(structured.prose(text, text.encode("utf-8", "replace"), path, kind_of_piece))


def sheet(walk: Unfolding, data: bytes, member: str | None, kind: str, depth: int) -> None:
    """A workbook: its sheets as tables, then all that stands beside their cells. `kind` is xlsx, ods or xls."""
    report, blobs = walk.ask("sheet", data, member, kind=kind)
    if report["end"] == "encrypted":
        return
    sheets = report.get("sheets", ())
    for index, one in enumerate(sheets):
        utf8, cells, rows = blobs[3 * index : 3 * index + 3]
        path = joined(member, one["name"])
        if one["status"] == "damaged":
            walk.blind(BlindKind.UNREADABLE, path, "a sheet that is damaged")
        walk.spend(len(utf8), path)
        text = str(utf8, "utf-8")
        if text.strip():
            spans = np.frombuffer(cells, dtype=np.int64).reshape(-1, 3).copy()
            walk.pieces.append(tables.from_cells(text, spans, np.frombuffer(rows, dtype=np.int64).copy(), path))
    whole = bool(sheets) and all(one["status"] != "damaged" for one in sheets)
    if kind == "xls":
        document(walk, data, member, "compound", depth, cells=True)
        return
    if "beside" in report:
        _parts(walk, report["beside"], blobs[3 * len(sheets) :], member, depth)
    # Comments, drawings, properties and attachments; and all that is left of a workbook that could not be read as one.
    archive.archive(walk, data, member, Format("office", kind if whole else "office"), depth)
