"""Cells of sheets of workbooks ([ECMA-376] part 1, SpreadsheetML; see `sheet_text`)."""

from __future__ import annotations

from tongguan.identify.extract.kernels.compiled import Bytes, Offsets, compiled
from tongguan.identify.extract.kernels.sheet_text import ROW, RPH, C, T, V, tag, text

__all__ = ["DATE", "DURATION", "NUMBER", "SHARED", "VALUE", "sheet_cells"]

REVISION = "4c861434"  # of the modules that are compiled into these kernels: the cache looks at this file alone

VALUE, SHARED, NUMBER, DATE, DURATION = 0, 1, 2, 3, 4
"""What a cell is: text as it stands, a shared string, a number to be written without an exponent, a day or time, or how
long something takes."""
COLUMNS = 16_384
EXACT = 15  # digits of a fraction that is written as it was read (IEEE 754, double)
SMALL = 3  # zeros behind the point of a fraction that is written without an exponent


@compiled("UniTuple(int64, 3)(Array(uint8, 1, 'C', readonly=True), int64, int64, int64)")
def _about(data: Bytes, at: int, end: int, before: int) -> tuple[int, int, int]:
    """Column, type (its first letter; `i` for inlineStr, 0 for none) and style (-1 for none) of a cell, by its tag."""
    column, kind, style = before + 1, 0, -1
    while at + 3 < end:
        name = data[at + 1]
        if data[at] <= 0x20 and data[at + 2] == 0x3D and (name == 0x72 or name == 0x74 or name == 0x73):
            quote = data[at + 3]
            at += 4
            number = 0
            if name == 0x72:
                while at < end and 0x41 <= data[at] <= 0x5A:
                    number = min(26 * number + data[at] - 64, COLUMNS)
                    at += 1
                column = number - 1 if number else column
            elif name == 0x74:
                kind = data[at]
                if kind == 0x73 and at + 1 < end and data[at + 1] == 0x74:  # str: the text of a formula
                    kind = 0x69
            elif 0x30 <= data[at] <= 0x39:
                while at < end and 0x30 <= data[at] <= 0x39:
                    number = min(10 * number + data[at] - 0x30, 1 << 30)
                    at += 1
                style = number
            while at < end and data[at] != quote:
                at += 1
        elif data[at] == 0x22 or data[at] == 0x27:  # the value of another attribute
            quote = data[at]
            at += 1
            while at < end and data[at] != quote:
                at += 1
        at += 1
    return min(column, COLUMNS - 1), kind, style


@compiled("UniTuple(int64, 2)(uint8[::1], int64, int64)")
def _number(out: Bytes, start: int, end: int) -> tuple[int, int]:
    """Behind what is written of a number, and `VALUE`, or `NUMBER` where it is to be written anew."""
    at = start
    if at < end and out[at] == 0x2D:
        at += 1
    first = at
    while at < end and 0x30 <= out[at] <= 0x39:
        at += 1
    if at == first or (out[first] == 0x30 and (at > first + 1 or first > start)):
        return end, NUMBER
    if at == end:
        return end, VALUE
    point = at
    if out[at] != 0x2E:
        return end, NUMBER
    at += 1
    while at < end and 0x30 <= out[at] <= 0x39:
        at += 1
    if at < end or at == point + 1:
        return end, NUMBER
    while out[at - 1] == 0x30:
        at -= 1
    if at == point + 1:
        return point, VALUE
    zeros = point + 1
    while out[zeros] == 0x30:
        zeros += 1
    small = out[first] == 0x30 and zeros - point - 1 > SMALL
    plain = at - first - 1 <= EXACT and not small
    return (at, VALUE) if plain else (end, NUMBER)


@compiled(
    "Tuple((int64, int64, boolean))(Array(uint8, 1, 'C', readonly=True), Array(uint8, 1, 'C', readonly=True), int64,"
    " uint8[::1], int64[:, ::1], int64[::1])"
)
def sheet_cells(
    data: Bytes, dates: Bytes, strings: int, out: Bytes, cells: Offsets, rows: Offsets
) -> tuple[int, int, bool]:
    """The cells of a stretch of a sheet, which is cut between two rows.

    `dates`: of each style 0, or one more than how far behind `DATE` that is which it shows; `strings`: how many shared
    ones there are. `cells` takes row, column, start and end of the value in `out` (or which shared string it is), and
    what it is. `rows` takes how many rows there are. Returns the cells, the bytes in `out`, which is as long as `data`
    at least, and whether all tags end.
    """
    at, size, count, row = 0, 0, 0, 0
    column, kind, style, start = -1, 0, -1, 0
    within, silent = False, False
    while at < data.shape[0]:
        if data[at] != 0x3C:
            at += 1
            continue
        begin = at
        what, closes, empty, at = tag(data, at)
        if at > data.shape[0]:
            rows[0] = row
            return count, size, False
        if what == C and not closes:
            column, kind, style = _about(data, begin + 2, at - 1, column)
            start, within = size, not empty
        elif within and what in (V, T) and not closes and not empty and not silent:
            at, size = text(data, at, out, size)
        elif what == RPH:
            silent = not closes and not empty
        elif what == C and within:
            within = False
            if kind == 0x65:  # an error, which is no value
                size = start
            if size > start and count < cells.shape[0]:
                end, is_ = size, VALUE
                if kind == 0x73:  # a shared string
                    number = 0
                    for n in range(start, end):
                        if 0x30 <= out[n] <= 0x39:
                            number = min(10 * number + out[n] - 0x30, 1 << 40)
                    size = start
                    if number >= strings:
                        continue
                    cells[count, 2], cells[count, 3], cells[count, 4] = number, 0, SHARED
                else:
                    if kind == 0x62:
                        true = out[start] == 0x31
                        word = b"TRUE" if true else b"FALSE"
                        size = start
                        for n in range(len(word)):
                            out[size] = word[n]
                            size += 1
                        end = size
                    elif kind == 0 or kind == 0x6E:
                        if 0 <= style < dates.shape[0] and dates[style]:
                            is_ = DATE + dates[style] - 1
                        else:
                            end, is_ = _number(out, start, end)
                    cells[count, 2], cells[count, 3], cells[count, 4] = start, end, is_
                cells[count, 0], cells[count, 1] = row, column
                count += 1
        elif what == ROW and (closes or empty):
            row += 1
            column = -1
    rows[0] = row
    return count, size, True
