"""Characters as references of XML name them, and as UTF-8 writes them."""

from __future__ import annotations

from tongguan.identify.extract.kernels.compiled import Bytes, compiled

__all__ = ["named", "numbered", "put"]


@compiled("int64(Array(uint8, 1, 'C', readonly=True), int64, int64)")
def named(data: Bytes, begin: int, end: int) -> int:
    """The character that a name between `&` and `;` stands for in XML (section 4.6), -1 for other names."""
    length = end - begin
    first = data[begin] if length > 0 else 0
    if length == 2 and data[begin + 1] == 0x74:  # lt, gt
        return 0x3C if first == 0x6C else 0x3E if first == 0x67 else -1
    if first == 0x61:  # amp, apos
        if length == 3 and data[begin + 1] == 0x6D and data[begin + 2] == 0x70:
            return 0x26
        if length == 4 and data[begin + 1] == 0x70 and data[begin + 2] == 0x6F and data[begin + 3] == 0x73:
            return 0x27
    quot = first == 0x71 and length == 4 and data[begin + 1] == 0x75 and data[begin + 2] == 0x6F
    return 0x22 if quot and data[begin + 3] == 0x74 else -1


@compiled("int64(Array(uint8, 1, 'C', readonly=True), int64, int64)")
def numbered(data: Bytes, begin: int, end: int) -> int:
    """The number between `&#` and `;`, decimal or hexadecimal behind an `x`; -1 for none, or one beyond Unicode."""
    base = 10
    if begin < end and data[begin] == 0x78:
        base = 16
        begin += 1
    if begin == end:
        return -1
    point = 0
    for at in range(begin, end):
        byte = data[at]
        digit = byte - 0x30
        if base == 16 and 0x61 <= byte | 0x20 <= 0x66:
            digit = (byte | 0x20) - 0x57
        elif not 0x30 <= byte <= 0x39:
            return -1
        point = point * base + digit
        if point > 0x10FFFF:
            return -1
    return point


@compiled("int64(int64, uint8[::1], int64)")
def put(point: int, out: Bytes, wrote: int) -> int:
    """Write a character in UTF-8; returns where the next one goes."""
    if point < 0x80:
        out[wrote] = point
        return wrote + 1
    if point < 0x800:
        out[wrote] = 0xC0 | (point >> 6)
        out[wrote + 1] = 0x80 | (point & 0x3F)
        return wrote + 2
    if point < 0x10000:
        out[wrote] = 0xE0 | (point >> 12)
        out[wrote + 1] = 0x80 | ((point >> 6) & 0x3F)
        out[wrote + 2] = 0x80 | (point & 0x3F)
        return wrote + 3
    out[wrote] = 0xF0 | (point >> 18)
    out[wrote + 1] = 0x80 | ((point >> 12) & 0x3F)
    out[wrote + 2] = 0x80 | ((point >> 6) & 0x3F)
    out[wrote + 3] = 0x80 | (point & 0x3F)
    return wrote + 4
