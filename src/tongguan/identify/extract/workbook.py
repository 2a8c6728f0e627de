"""Cells of a workbook in XML ([ECMA-376] part 1, SpreadsheetML): from stretches of its parts to tab-separated text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.extract.kernels.sheet_cells import DURATION, NUMBER, SHARED, sheet_cells
from tongguan.identify.extract.kernels.sheet_layout import laid_out
from tongguan.identify.extract.kernels.sheet_text import shared_strings
from tongguan.identify.extract.signs import occurrences

__all__ = ["Rows", "Sheet", "TooLarge", "Workbook"]

_FULL = 4 << 20  # characters of one piece of a sheet
_MOST_ROW = 64 << 20  # bytes of one row, whose shared strings may come again and again
_DAY = 86_400_000  # milliseconds

Places = NDArray[np.int64]


class Rows(NamedTuple):
    """Rows of a sheet: tab-separated text, cells (start, end, column) and where rows start that are not empty."""

    text: str
    cells: Places
    starts: Places


class TooLarge(Exception):
    """A row takes more than may be held."""


class Workbook:
    """Reads the parts of one workbook: its shared strings, then its sheets."""

    def __init__(self, report: Mapping[str, Any]) -> None:
        """`report`: of the first stretch, with `dates`, `first` and `strings` (see `isolated.xlsx.parts`)."""
        self._dates = np.array(report["dates"], np.uint8)
        self._first = int(report["first"])
        self._strings = np.empty(int(report["strings"]), np.uint8)  # memory is taken where it is written to
        self._ends = [np.zeros(1, np.int32)]  # of the shared strings, behind a 0
        self._size = 0

    def strings(self, block: bytes) -> bool:
        """Add shared strings; whether the stretch is whole."""
        data = np.frombuffer(block, np.uint8)
        room, ends = self._strings[self._size :], np.empty(block.count(b"<si"), np.int64)
        if len(room) < len(data):  # more than the workbook said that there are
            return False
        count, size, whole = shared_strings(data, room, ends)
        self._ends.append((ends[:count] + self._size).astype(np.int32))
        self._size += size
        return bool(whole)

    def sheet(self) -> Sheet:
        """Begin with a sheet."""
        if len(self._ends) > 1:
            self._ends = [np.concatenate(self._ends)]
        return Sheet(self._strings[: self._size], self._ends[0], self._dates, self._first)


class Sheet:
    """Reads one sheet, a stretch at a time."""

    def __init__(
        self, strings: NDArray[np.uint8], ends: NDArray[np.int32], dates: NDArray[np.uint8], first: int
    ) -> None:
        self._strings, self._ends, self._dates, self._first = strings, ends, dates, first
        self._shift: int | None = None  # columns in front that are empty
        self._held: list[tuple[bytes, Places, Places]] = []
        self._size = 0  # characters that are held

    def add(self, block: bytes) -> Iterator[Rows | None]:
        """The rows of a stretch, once there are enough of them; None where the stretch is damaged.

        Raises TooLarge.
        """
        data = np.frombuffer(block, np.uint8)
        # As many as there are tags: room that is not written to takes no memory.
        out, found = np.empty(len(data), np.uint8), np.empty((occurrences(data, b"<"), 5), np.int64)
        about = np.zeros(1, np.int64)
        count, size, whole = sheet_cells(data, self._dates, len(self._ends) - 1, out, found, about)
        cells = found[:count]
        if count and self._shift is None:
            self._shift = int(cells[:, 1].min())
        values = self._values(cells, out[:size])
        for first, last in _stretches(cells, int(about[0])):
            begin, end = np.searchsorted(cells[:, 0], (first, last)).tolist()
            self._lay(cells[begin:end], values, first, last)
            if self._size >= _FULL:
                yield self.rest()
        if not whole:
            yield None

    def rest(self) -> Rows:
        """The rows that are held."""
        texts, at = [], 0
        for text, spans, starts in self._held:
            texts.append(str(text, "utf-8", "replace"))
            spans[:, :2] += at
            starts += at
            at += len(texts[-1])
        nothing = np.zeros((0, 3), np.int64), np.zeros(0, np.int64)
        cells = np.concatenate([spans for _, spans, _ in self._held] or [nothing[0]])
        starts = np.concatenate([starts for _, _, starts in self._held] or [nothing[1]])
        self._held, self._size = [], 0
        return Rows("".join(texts), cells, starts)

    def _values(self, cells: Places, out: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """All values but shared strings, one behind the other; the cells are set to where theirs stand."""
        shared = cells[:, 4] == SHARED
        which = cells[shared, 2]
        cells[shared, 2], cells[shared, 3] = self._ends[which], self._ends[which + 1]
        odd = np.flatnonzero(cells[:, 4] >= NUMBER)
        if not len(odd):
            return out
        parts, at, data = list[bytes](), len(out), out.tobytes()
        known: dict[tuple[bytes, int], tuple[int, int]] = {}
        places: list[tuple[int, int]] = []
        for start, end, what in cells[odd, 2:].tolist():
            raw = data[start:end]
            place = known.get((raw, what))
            if place is None:
                value = raw.decode("utf-8", "replace").strip()
                text = _number(value) if what == NUMBER else _time(value, self._first, what)
                parts.append(text.encode())
                known[raw, what] = place = at, at + len(parts[-1])
                at = place[1]
            places.append(place)
        cells[odd, 2:4] = places
        return np.concatenate((out, np.frombuffer(b"".join(parts), np.uint8)))

    def _lay(self, cells: Places, values: NDArray[np.uint8], first: int, last: int) -> None:
        cells = cells.copy()
        cells[:, 0] -= first
        room = int((cells[:, 3] - cells[:, 2]).sum()) + int(_widths(cells, last - first).sum()) + len(cells)
        text, spans = np.empty(room, np.uint8), np.empty((len(cells), 3), np.int64)
        starts = np.empty(last - first, np.int64)
        size, found, filled = laid_out(
            cells, values, self._strings, last - first, self._shift or 0, text, spans, starts
        )
        self._held.append((text[:size].tobytes(), spans[:found], starts[:filled]))
        self._size += size


def _widths(cells: Places, rows: int) -> Places:
    """Of each row how many columns it reaches over, and one."""
    widths = np.zeros(rows, np.int64)
    np.maximum.at(widths, cells[:, 0], cells[:, 1])
    return widths + 1


def _stretches(cells: Places, rows: int) -> Iterator[tuple[int, int]]:
    """First and last of rows that are laid out together. Raises TooLarge."""
    if not rows:
        return
    sizes = _widths(cells, rows) + np.bincount(cells[:, 0], cells[:, 3] - cells[:, 2], rows).astype(np.int64)
    if int(sizes.max()) > _MOST_ROW:
        raise TooLarge
    ends, first = np.cumsum(sizes), 0
    while first < rows:
        before = int(ends[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(ends, before + _FULL)))
        yield first, last
        first = last


def _number(raw: str) -> str:
    """A number without an exponent: 1.38E10 is written out."""
    try:
        value = float(raw)
    except ValueError:
        return raw
    return str(int(value)) if abs(value) < 1e18 and value.is_integer() else repr(value)


def _time(raw: str, first: int, what: int) -> str:
    """A day, a moment, a time of day or how long something takes, which is written as so many days from a first one."""
    try:
        days = float(raw)
        span = timedelta(milliseconds=round(days * _DAY))
        when = datetime.combine(date.fromordinal(first), time()) + span
    except (ValueError, OverflowError):
        return raw
    if what == DURATION:
        return str(span)
    if 0 <= days < 1:
        return str(when.time())
    return when.isoformat(" ") if when.time() != time() else when.date().isoformat()
