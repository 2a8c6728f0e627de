"""Tables drawn in a text: lines of cells between bars, as Markdown and consoles write them, or with blanks between.

│ 姓名   │ 手机号      │      NAME      PASSPORT    DOB
├────────┼─────────────┤      LI, SI    E12345678   12-JAN-1961
│ 张三   │ 13800138000 │
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.detect.characters import Units
from tongguan.identify.detect.words import Words

__all__ = ["drawn_cells"]

Cell = tuple[int, int, int]  # start, end, label of its column
_Split = Callable[[str, int, int], list[tuple[int, int]]]

_BARS: Final = "|│"
_BAR: Final = re.compile(f"[{_BARS}]")
_EDGE: Final = np.zeros(65536, np.bool_)
_EDGE[[ord(c) for c in _BARS + " \t\u3000"]] = True
_BLANK: Final = np.zeros(65536, np.bool_)
_BLANK[[ord(c) for c in " \t\r\n\u3000\x00"]] = True
_WIDE: Final = np.zeros(65536, np.bool_)
_WIDE[[ord(c) for c in "\t\r\n\u3000\x00"]] = True
"""Blanks of which one is enough between two columns."""
_CELL: Final = re.compile(r"[^\s\x00]+(?: [^\s\x00]+)*")
_RULE: Final = re.compile(r"[\s|│┃║+:=┼├┤─━═╪╞╡╟╢╫┿┠┨-]*")
_LONGEST: Final = 2_000  # characters of a line that is a row


def drawn_cells(text: str, units: Units, labels: Words) -> NDArray[np.int64]:
    """(n, 3) start, end, label of the cells below a line with two names of columns or more, ascending."""
    found: list[Cell] = []
    last = len(units) - 1
    if sum(int(np.count_nonzero(units == ord(bar))) for bar in _BARS) >= 4:
        framed = _EDGE[units[np.maximum(labels.start - 1, 0)]] & _EDGE[units[np.minimum(labels.end, last)]]
        _read(text, labels, framed, _split, found)
    if len(labels.start) >= 2:
        _read(text, labels, _set_apart(units, labels), _split_by_blanks, found)
    return np.array(sorted(found), np.int64).reshape(-1, 3)


def _set_apart(units: Units, labels: Words) -> NDArray[np.bool_]:
    """Labels with two blanks, a tab or the edge of their line to either side, beside another such on the same line."""
    last = len(units) - 1
    apart = np.zeros(len(labels.start), np.bool_)
    chosen = np.flatnonzero(_BLANK[units[np.minimum(labels.end, last)]] | (labels.end > last))
    start, end = labels.start[chosen], labels.end[chosen]
    before, behind = units[np.maximum(start - 1, 0)], units[np.minimum(end, last)]
    further = (_BLANK[before] & _BLANK[units[np.maximum(start - 2, 0)]]) | _WIDE[before] | (start == 0)
    further &= _BLANK[units[np.minimum(end + 1, last)]] | _WIDE[behind] | (end >= last)
    apart[chosen[further]] = np.count_nonzero(further) >= 2
    return apart


def _read(text: str, labels: Words, framed: NDArray[np.bool_], split: _Split, found: list[Cell]) -> None:
    """Adds the cells of the tables whose heads are lines with framed labels."""
    names = dict(zip(labels.start[framed].tolist(), labels.label[framed].tolist(), strict=True))
    done = -1
    for place in names:
        start = max(text.rfind("\n", max(0, place - _LONGEST), place) + 1, place - _LONGEST, 0)
        if start < done:
            continue
        done, end = _line(text, start)
        columns = [_label(text, a, b, names) for a, b in split(text, start, end)]
        if len(columns) - columns.count(-1) >= 2:
            done = _rows(text, done, columns, split, found)


def _rows(text: str, at: int, columns: list[int], split: _Split, found: list[Cell]) -> int:
    """Adds the cells of the lines from `at` that have so many cells; gives where they end."""
    while at < len(text):
        after, end = _line(text, at)
        cells = split(text, at, end)
        if len(cells) == len(columns):
            if not _RULE.fullmatch(text, at, end):
                found += [(a, b, label) for (a, b), label in zip(cells, columns, strict=True) if label >= 0 and a < b]
        elif at == end or not _RULE.fullmatch(text, at, end):
            return at
        at = after
    return at


def _line(text: str, start: int) -> tuple[int, int]:
    """Where the next line begins, and where this one ends."""
    end = text.find("\n", start, start + _LONGEST)
    if end < 0:
        end = min(len(text), start + _LONGEST)
    return end + 1, end


def _split(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The cells of a line, without the blanks around them."""
    bars = [found.start() for found in _BAR.finditer(text, start, end)]
    if not bars:
        return []
    edges = [start - 1, *bars, end]
    cells = []
    for a, b in pairwise(edges):
        first, last = a + 1, b
        while first < last and text[first] in " \t\r\u3000":
            first += 1
        while last > first and text[last - 1] in " \t\r\u3000":
            last -= 1
        cells.append((first, last))
    return cells


def _split_by_blanks(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The cells of a line between two blanks or more; none where there are bars."""
    cells = [found.span() for found in _CELL.finditer(text, start, end)]
    return cells if len(cells) > 1 and not any(bar in text[start:end] for bar in _BARS) else []


def _label(text: str, start: int, end: int, names: dict[int, int]) -> int:
    """The label that a cell of a head is; -1 where it holds more, or none."""
    return names.get(start, -1) if start < end <= start + 12 and not any(c.isdigit() for c in text[start:end]) else -1
