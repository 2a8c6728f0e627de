"""Text in parts of workbooks ([ECMA-376] part 1, SpreadsheetML), and the strings that their cells share.

Parts are in UTF-8, without prefixes or entities of their own.
"""

from __future__ import annotations

from tongguan.identify.extract.kernels.compiled import Bytes, Offsets, compiled
from tongguan.identify.extract.kernels.references import named, numbered, put

__all__ = ["ROW", "RPH", "C", "T", "V", "shared_strings", "tag", "text"]

REVISION = "8a3e3fe3"  # of the modules that are compiled into these kernels: the cache looks at this file alone

LONGEST_REFERENCE = 10  # characters of a character reference

OTHER, C, V, T, ROW, SI, RPH, F = 0, 1, 2, 3, 4, 5, 6, 7
"""Which tag it is."""


@compiled("Tuple((int64, boolean, boolean, int64))(Array(uint8, 1, 'C', readonly=True), int64)")
def tag(data: Bytes, at: int) -> tuple[int, bool, bool, int]:
    """The tag whose `<` stands at a byte: which it is, whether it closes, whether it is empty, and the byte behind it;
    comments and instructions are others. Behind the end of the data where it does not end."""
    size = data.shape[0]
    at += 1
    if at < size and (data[at] == 0x21 or data[at] == 0x3F):
        comment = at + 2 < size and data[at] == 0x21 and data[at + 1] == 0x2D and data[at + 2] == 0x2D
        instruction = data[at] == 0x3F
        at += 3 if comment else 1
        while at < size:
            if data[at] == 0x3E:
                if comment and data[at - 1] == 0x2D and data[at - 2] == 0x2D:
                    return OTHER, False, True, at + 1
                if not comment and (not instruction or data[at - 1] == 0x3F):
                    return OTHER, False, True, at + 1
            at += 1
        return OTHER, False, True, size + 1
    closes = at < size and data[at] == 0x2F
    if closes:
        at += 1
    begin = at
    while at < size and data[at] != 0x3E and data[at] != 0x20 and data[at] != 0x2F and not 9 <= data[at] <= 13:
        at += 1
    length = at - begin
    what = OTHER
    if length == 1:
        byte = data[begin]
        if byte == 0x63:
            what = C
        elif byte == 0x76:
            what = V
        elif byte == 0x74:
            what = T
        elif byte == 0x66:
            what = F
    elif length == 2 and data[begin] == 0x73 and data[begin + 1] == 0x69:
        what = SI
    elif length == 3 and data[begin] == 0x72:
        if data[begin + 1] == 0x6F and data[begin + 2] == 0x77:
            what = ROW
        elif data[begin + 1] == 0x50 and data[begin + 2] == 0x68:
            what = RPH
    quote = 0
    while at < size:
        byte = data[at]
        if quote:
            if byte == quote:
                quote = 0
        elif byte == 0x22 or byte == 0x27:
            quote = byte
        elif byte == 0x3E:
            return what, closes, data[at - 1] == 0x2F, at + 1
        at += 1
    return what, closes, False, size + 1


@compiled("int64(uint8[::1], int64, int64)")
def _written(out: Bytes, size: int, point: int) -> int:
    """Write a character in UTF-8; what is none becomes U+FFFD. The size after it."""
    if point > 0x10FFFF or 0xD800 <= point < 0xE000 or point == 0:
        point = 0xFFFD
    return put(point, out, size)


@compiled("UniTuple(int64, 2)(Array(uint8, 1, 'C', readonly=True), int64, uint8[::1], int64)")
def _reference(data: Bytes, at: int, out: Bytes, size: int) -> tuple[int, int]:
    """What an `&` stands for, written to `out`; the byte behind it, and the size after it. Unknown ones stay."""
    end = at + 1
    while end < data.shape[0] and end - at <= LONGEST_REFERENCE and data[end] != 0x3B and data[end] != 0x3C:
        end += 1
    if end < data.shape[0] and data[end] == 0x3B:
        number = data[at + 1] == 0x23
        point = numbered(data, at + 2, end) if number else named(data, at + 1, end)
        if point >= 0:
            return end + 1, _written(out, size, point)
    out[size] = 0x26
    return at + 1, size + 1


@compiled("int64(Array(uint8, 1, 'C', readonly=True), int64)")
def _escaped(data: Bytes, at: int) -> int:
    """The character that `_x000D_` stands for, -1 where there is none."""
    if at + 6 >= data.shape[0] or data[at + 1] != 0x78 or data[at + 6] != 0x5F:
        return -1
    point = 0
    for n in range(at + 2, at + 6):
        byte = data[n] | 0x20
        digit = byte - 0x57 if 0x61 <= byte <= 0x66 else data[n] - 0x30
        if not 0 <= digit <= 15 or (digit > 9) != (byte >= 0x61):
            return -1
        point = point * 16 + digit
    return point


@compiled("UniTuple(int64, 2)(Array(uint8, 1, 'C', readonly=True), int64, uint8[::1], int64)")
def text(data: Bytes, at: int, out: Bytes, size: int) -> tuple[int, int]:
    """The text up to the next tag, CDATA as it stands; the byte of that tag, and the size after it."""
    while at < data.shape[0]:
        byte = data[at]
        if byte == 0x26:
            at, size = _reference(data, at, out, size)
        elif byte == 0x5F and _escaped(data, at) >= 0:
            size = _written(out, size, _escaped(data, at))
            at += 7
        elif byte != 0x3C:
            out[size] = byte
            size += 1
            at += 1
        elif at + 8 < data.shape[0] and data[at + 1] == 0x21 and data[at + 2] == 0x5B:  # <![CDATA[
            at += 9
            while at < data.shape[0]:
                if data[at] == 0x5D and at + 2 < data.shape[0] and data[at + 1] == 0x5D and data[at + 2] == 0x3E:
                    at += 3
                    break
                out[size] = data[at]
                size += 1
                at += 1
        else:
            break
    return at, size


@compiled("Tuple((int64, int64, boolean))(Array(uint8, 1, 'C', readonly=True), uint8[::1], int64[::1])")
def shared_strings(data: Bytes, out: Bytes, ends: Offsets) -> tuple[int, int, bool]:
    """The shared strings of a stretch of their part, which is cut between two of them: one behind the other in `out`,
    as long as `data` at least. How many, how many bytes, and whether all tags end."""
    at, size, count = 0, 0, 0
    silent = False  # how it is read aloud
    while at < data.shape[0]:
        if data[at] != 0x3C:
            at += 1
            continue
        what, closes, empty, at = tag(data, at)
        if at > data.shape[0]:
            return count, size, False
        if what == T and not closes and not empty and not silent:
            at, size = text(data, at, out, size)
        elif what == RPH:
            silent = not closes and not empty
        elif what == SI and (closes or empty) and count < ends.shape[0]:
            ends[count] = size
            count += 1
    return count, size, True
