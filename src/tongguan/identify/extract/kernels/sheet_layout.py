"""Cells of sheets laid out as tab-separated text."""

from __future__ import annotations

from tongguan.identify.extract.kernels.compiled import Bytes, Offsets, compiled
from tongguan.identify.extract.kernels.sheet_cells import SHARED

__all__ = ["laid_out"]

REVISION = "a028cee1"  # of the modules that are compiled into these kernels: the cache looks at this file alone


@compiled("int64(Array(uint8, 1, 'C', readonly=True), int64, int64)")
def _blank(data: Bytes, at: int, end: int) -> int:
    """How many bytes of white space (as `str.split` knows it) stand at a byte, 0 for none."""
    byte = data[at]
    if byte == 0x20 or 0x09 <= byte <= 0x0D or 0x1C <= byte <= 0x1F:
        return 1
    if byte == 0xC2 and at + 1 < end and (data[at + 1] == 0x85 or data[at + 1] == 0xA0):
        return 2
    if at + 2 < end and (byte == 0xE1 or byte == 0xE2 or byte == 0xE3):
        one, two = data[at + 1], data[at + 2]
        if byte == 0xE1:
            return 3 if one == 0x9A and two == 0x80 else 0
        if byte == 0xE3:
            return 3 if one == 0x80 and two == 0x80 else 0
        if one == 0x80:
            return 3 if two <= 0x8A or two == 0xA8 or two == 0xA9 or two == 0xAF else 0
        return 3 if one == 0x81 and two == 0x9F else 0
    return 0


@compiled(
    "UniTuple(int64, 3)(Array(int64, 2, 'C', readonly=True), Array(uint8, 1, 'C', readonly=True),"
    " Array(uint8, 1, 'C', readonly=True), int64, int64, uint8[::1], int64[:, ::1], int64[::1])"
)
def laid_out(
    cells: Offsets, own: Bytes, strings: Bytes, rows: int, shift: int, text: Bytes, spans: Offsets, starts: Offsets
) -> tuple[int, int, int]:
    """Cells (row, column, start and end of the value, what it is), by rows, as tab-separated text. Values stand in
    `own`, those of shared strings in `strings`.

    The rows are numbered from 0; `shift` columns in front are left out. Breaks within a cell become spaces. Returns
    bytes of the text, cells (start, end, column, in characters) and rows that are not empty, by where they start.
    """
    size, char, cell, found, filled = 0, 0, 0, 0, 0
    for row in range(rows):
        begin, done, last = char, 0, -1
        while cell < cells.shape[0] and cells[cell, 0] == row:
            start, end = cells[cell, 2], cells[cell, 3]
            values = strings if cells[cell, 4] == SHARED else own
            column = max(cells[cell, 1] - shift, 0)
            cell += 1
            broken, some = False, False
            for at in range(start, end):
                byte = values[at]
                broken |= byte == 0x0A or byte == 0x09 or byte == 0x0D
            at = start
            if broken:
                while at < end:  # nothing but white space is no cell
                    step = _blank(values, at, end)
                    if step == 0:
                        some = True
                        break
                    at += step
            else:
                some = end > start
            if not some:
                continue
            while done < column or column <= last:  # a second value of a cell stands beside the first
                last = -1
                text[size] = 0x09
                size += 1
                char += 1
                done = max(done + 1, 0) if done < column else done
            last = column
            first, gap = char, False
            while at < end:
                step = _blank(values, at, end) if broken else 0
                if step:
                    gap = True
                    at += step
                    continue
                if gap:
                    text[size] = 0x20
                    size += 1
                    char += 1
                    gap = False
                byte = values[at]
                text[size] = byte
                size += 1
                char += byte & 0xC0 != 0x80
                at += 1
            spans[found, 0], spans[found, 1], spans[found, 2] = first, char, column
            found += 1
        text[size] = 0x0A
        size += 1
        char += 1
        if char - begin > 1:
            starts[filled] = begin
            filled += 1
    return size, found, filled
