"""Formats that parsers of their own read, in their process: PDF, OFD, rich text, old office files, mail, workbooks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tongguan.identify.extract import archive, office, pictures, structured, tables, workbook
from tongguan.identify.extract.given import Data
from tongguan.identify.extract.sniff import Format
from tongguan.identify.extract.unfolding import TOO_MUCH, Unfolding, joined
from tongguan.identify.pieces import Kind
from tongguan.model import BlindKind

__all__ = ["document", "sheet", "table"]

_LARGE_BATCHES = 256 << 20  # bytes of a file whose one batch may ask for more than parsers may have


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
            walk.called(path)
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
    reading = _Sheets(walk, member)
    # A batch of Arrow is mapped as a whole, of which only what is read is in memory.
    memory = walk.limits.image_memory if kind == "arrow" and len(data) > _LARGE_BATCHES else 0
    for report, blobs in walk.answers("table", data, member, memory, kind=kind):
        yield from reading.sheets(report, blobs)
        if "beside" in report:
            yield from _parts(walk, report["beside"], blobs, member, depth)


def sheet(walk: Unfolding, data: Data, member: str | None, kind: str, depth: int) -> Iterator[None]:
    """A workbook: its sheets as tables, then all that stands beside their cells. `kind` is xlsx, ods or xls."""
    if kind == "xls":
        data = walk.whole(data, member)
    reading = _Sheets(walk, member)
    for report, blobs in walk.answers("sheet", data, member, kind=kind):
        if report.get("end") == "encrypted":
            return
        if "part" in report:
            yield from reading.part(report, blobs)
            if walk.bytes_left < 0:
                walk.blind(BlindKind.TRUNCATED, member, TOO_MUCH)
                break
        yield from reading.sheets(report, blobs)
        if "beside" in report:
            yield from _parts(walk, report["beside"], blobs, member, depth)
    if kind == "xls":
        yield from document(walk, data, member, "compound", depth, cells=True)
        return
    # Comments, drawings, properties and attachments; and all that is left of a workbook that could not be read as one.
    yield from archive.archive(walk, data, member, Format("office", kind if reading.whole else "office"), depth)


class _Sheets:
    """Adds the tables of one content, of which long ones come in several answers."""

    def __init__(self, walk: Unfolding, member: str | None) -> None:
        self._walk, self._member = walk, member
        self._places: dict[str, tuple[int, tuple[str, ...]]] = {}  # of each: characters before, names of its columns
        self._book: workbook.Workbook | None = None
        self._sheet: workbook.Sheet | None = None
        self.whole: bool | None = None  # whether none of those that there are is damaged

    def part(self, report: dict[str, Any], blobs: list[bytearray]) -> Iterator[None]:
        """A stretch of a part of a workbook in XML, which is taken away; up to what may be taken out of a content."""
        block = bytes(blobs.pop())
        if self._book is None:
            self._book = workbook.Workbook(report)
        name, whole = report["name"], report["status"] != "damaged"
        if report["part"] == "strings":
            if not self._book.strings(block) or not whole:
                self._damaged(name)
            return
        self._sheet = self._sheet or self._book.sheet()
        try:
            for rows in self._sheet.add(block):
                whole = whole and rows is not None
                if rows is not None:
                    yield from self._add(name, (), rows)
                if self._walk.bytes_left < 0:
                    return
        except workbook.TooLarge:
            self._walk.blind(BlindKind.TRUNCATED, joined(self._member, name), TOO_MUCH)
        if report["status"] != "more":
            yield from self._add(name, (), self._sheet.rest())
            self._sheet = None
        if whole:
            self.whole = self.whole is not False
        else:
            self._damaged(name)

    def sheets(self, report: dict[str, Any], blobs: list[bytearray]) -> Iterator[None]:
        """Tables whose cells are known; their blobs come first and are taken away."""
        for one in report.get("sheets", ()):
            utf8, cells, starts = blobs[:3]
            del blobs[:3]
            if one["status"] == "damaged":
                self._damaged(one["name"])
            self.whole = self.whole is not False
            spans = np.frombuffer(cells, dtype=np.int64).reshape(-1, 3).copy()
            rows = workbook.Rows(str(utf8, "utf-8"), spans, np.frombuffer(starts, dtype=np.int64).copy())
            yield from self._add(one["name"], one.get("columns", ()), rows)

    def _damaged(self, name: str) -> None:
        self.whole = False
        self._walk.blind(BlindKind.UNREADABLE, joined(self._member, name), "a sheet that is damaged")

    def _add(self, name: str, columns: Sequence[str], rows: workbook.Rows) -> Iterator[None]:
        walk, path = self._walk, joined(self._member, name)
        text, cells, starts = rows
        walk.bytes_left -= len(text)
        if text.strip():
            start, names = self._places.get(name, (0, tuple(columns)))
            if names:
                piece = tables.under(names, text, cells, starts, path, start)
            else:
                piece = tables.from_cells(text, cells, starts, path)
            walk.add(piece)
            self._places[name] = start + len(text), piece.columns
        yield from walk.breath()
