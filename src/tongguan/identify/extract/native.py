"""Formats that parsers of their own read, in their process: PDF, OFD, rich text, old office files, mail, workbooks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tongguan.identify.extract import archive, office, pictures, structured, tables
from tongguan.identify.extract.given import Data
from tongguan.identify.extract.sniff import Format
from tongguan.identify.extract.unfolding import Unfolding, joined
from tongguan.identify.pieces import Kind
from tongguan.model import BlindKind

__all__ = ["document", "sheet", "table"]


def document(
    walk: Unfolding, data: Data, member: str | None, what: str, depth: int, cells: bool = False
) -> Iterator[None]:
    """A document: `what` is `pdf`, `ofd`, `rtf`, `compound` or `mailbox`. `cells`: its cells were read already."""
    if what not in ("pdf", "ofd"):
        data = walk.whole(data, member)
    report: dict[str, Any] = {}
    for report, blobs in walk.answers(what, data, member, cells=cells):
        yield from _parts(walk, report, blobs, member, depth)
    if what == "pdf" and "blank" in report:
        pictures.pdf_pictures(walk, data, member, report["blank"], report["pictures"])


def _parts(
    walk: Unfolding, report: dict[str, Any], blobs: list[bytearray], member: str | None, depth: int
) -> Iterator[None]:
    """Add texts, open what lies inside, and pass on what could not be read."""
    for kind, detail, count in report.get("unseen", ()):
        walk.blind(BlindKind(kind), member, detail, count=count)
    walk.members_left -= sum(part["role"] == "open" for part in report.get("parts", ()))
    walk.bytes_left -= sum(map(len, blobs))
    blobs.reverse()
    for part in report.get("parts", ()):
        blob = bytes(blobs.pop())  # each is let go before the next
        path = joined(member, part["name"])
        if part["role"] == "open":
            yield from walk.open(blob, path, "", part["name"], None, depth + 1)
        elif part["role"] == "xml":
            walk.add(*office.part(blob, path)[0])
        else:
            text = str(blob, "utf-8", "replace")
            kind_of_piece: Kind = "form" if part["role"] == "form" else "prose"
            walk.add(structured.prose(text, text.encode("utf-8", "replace"), path, kind_of_piece))
        yield from walk.breath()


def table(walk: Unfolding, data: Data, member: str | None, kind: str, depth: int) -> Iterator[None]:
    """Tables in files of their own: `kind` is `sqlite`, `dbase`, `parquet`, `arrow` or `orc`."""
    places: _Places = {}
    for report, blobs in walk.answers("table", data, member, kind=kind):
        yield from _sheets(walk, report, blobs, member, places)
        if "beside" in report:
            yield from _parts(walk, report["beside"], blobs, member, depth)


def sheet(walk: Unfolding, data: Data, member: str | None, kind: str, depth: int) -> Iterator[None]:
    """A workbook: its sheets as tables, then all that stands beside their cells. `kind` is xlsx, ods or xls."""
    if kind == "xls":
        data = walk.whole(data, member)
    whole: bool | None = None
    places: _Places = {}
    for report, blobs in walk.answers("sheet", data, member, kind=kind):
        if report.get("end") == "encrypted":
            return
        for one in report.get("sheets", ()):
            whole = whole is not False and one["status"] != "damaged"
        yield from _sheets(walk, report, blobs, member, places)
        if "beside" in report:
            yield from _parts(walk, report["beside"], blobs, member, depth)
    if kind == "xls":
        yield from document(walk, data, member, "compound", depth, cells=True)
        return
    # Comments, drawings, properties and attachments; and all that is left of a workbook that could not be read as one.
    yield from archive.archive(walk, data, member, Format("office", kind if whole else "office"), depth)


_Places = dict[str, tuple[int, tuple[str, ...]]]  # of each table: characters before these rows, names of its columns


def _sheets(
    walk: Unfolding, report: dict[str, Any], blobs: list[bytearray], member: str | None, places: _Places
) -> Iterator[None]:
    """Add sheets, whose blobs come first and are taken away. One that is long comes in several answers."""
    for one in report.get("sheets", ()):
        utf8, cells, rows = blobs[:3]
        del blobs[:3]
        name, path = one["name"], joined(member, one["name"])
        if one["status"] == "damaged":
            walk.blind(BlindKind.UNREADABLE, path, "a sheet that is damaged")
        walk.bytes_left -= len(utf8)
        text = str(utf8, "utf-8")
        if text.strip():
            spans = np.frombuffer(cells, dtype=np.int64).reshape(-1, 3).copy()
            starts = np.frombuffer(rows, dtype=np.int64).copy()
            start, columns = places.get(name, (0, tuple(one.get("columns", ()))))
            if columns:
                piece = tables.under(columns, text, spans, starts, path, start)
            else:
                piece = tables.from_cells(text, spans, starts, path)
            walk.add(piece)
            places[name] = start + len(text), piece.columns
        yield from walk.breath()
