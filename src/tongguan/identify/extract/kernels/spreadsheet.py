"""Cells of workbooks in XML ([ECMA-376] part 1, SpreadsheetML): parts in UTF-8, without prefixes or own entities."""

from __future__ import annotations

from tongguan.identify.extract.kernels.compiled import Bytes, Offsets, compiled

__all__ = ["DATE", "DURATION", "NUMBER", "SHARED", "VALUE", "laid_out", "shared_strings", "sheet_cells"]

VALUE, SHARED, NUMBER, DATE, DURATION = 0, 1, 2, 3, 4
"""What a cell is: text as it stands, a shared string, a number to be written without an exponent, a day or time, or how
long something takes."""
COLUMNS = 16_384
EXACT = 15  # digits of a fraction that is written as it was read (IEEE 754, double)
SMALL = 3  # zeros behind the point of a fraction that is written without an exponent
LONGEST_REFERENCE = 10  # characters of a character reference

_OTHER, _C, _V, _T, _ROW, _SI, _RPH, _F = 0, 1, 2, 3, 4, 5, 6, 7


@compiled("Tuple((int64, boolean, boolean, int64))(Array(uint8, 1, 'C', readonly=True), int64)")
def _tag(data: Bytes, at: int) -> tuple[int, bool, bool, int]:
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
                    return _OTHER, False, True, at + 1
                if not comment and (not instruction or data[at - 1] == 0x3F):
                    return _OTHER, False, True, at + 1
            at += 1
        return _OTHER, False, True, size + 1
    closes = at < size and data[at] == 0x2F
    if closes:
        at += 1
    begin = at
    while at < size and data[at] != 0x3E and data[at] != 0x20 and data[at] != 0x2F and not 9 <= data[at] <= 13:
        at += 1
    length = at - begin
    what = _OTHER
    if length == 1:
        byte = data[begin]
        if byte == 0x63:
            what = _C
        elif byte == 0x76:
            what = _V
        elif byte == 0x74:
            what = _T
        elif byte == 0x66:
            what = _F
    elif length == 2 and data[begin] == 0x73 and data[begin + 1] == 0x69:
        what = _SI
    elif length == 3 and data[begin] == 0x72:
        if data[begin + 1] == 0x6F and data[begin + 2] == 0x77:
            what = _ROW
        elif data[begin + 1] == 0x50 and data[begin + 2] == 0x68:
            what = _RPH
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
def _put(out: Bytes, size: int, point: int) -> int:
    """Write a character in UTF-8; what is none becomes U+FFFD. The size after it."""
    if point > 0x10FFFF or 0xD800 <= point < 0xE000 or point == 0:
        point = 0xFFFD
    if point < 0x80:
        out[size] = point
        return size + 1
    if point < 0x800:
        out[size] = 0xC0 | point >> 6
        size += 1
    else:
        if point < 0x10000:
            out[size] = 0xE0 | point >> 12
            size += 1
        else:
            out[size] = 0xF0 | point >> 18
            out[size + 1] = 0x80 | point >> 12 & 0x3F
            size += 2
        out[size] = 0x80 | point >> 6 & 0x3F
        size += 1
    out[size] = 0x80 | point & 0x3F
    return size + 1


@compiled("UniTuple(int64, 2)(Array(uint8, 1, 'C', readonly=True), int64, uint8[::1], int64)")
def _reference(data: Bytes, at: int, out: Bytes, size: int) -> tuple[int, int]:
    """What an `&` stands for, written to `out`; the byte behind it, and the size after it. Unknown ones stay."""
    end = at + 1
    while end < data.shape[0] and end - at <= LONGEST_REFERENCE and data[end] != 0x3B and data[end] != 0x3C:
        end += 1
    if end < data.shape[0] and data[end] == 0x3B:
        first, length, point = data[at + 1], end - at - 1, -1
        if first == 0x23 and length > 1:
            point = 0
            if data[at + 2] == 0x78 or data[at + 2] == 0x58:
                for n in range(at + 3, end):
                    byte = data[n] | 0x20
                    digit = byte - 0x57 if 0x61 <= byte <= 0x66 else data[n] - 0x30
                    if not 0 <= digit <= 15:
                        point = -1
                        break
                    point = point * 16 + digit
            else:
                for n in range(at + 2, end):
                    if not 0x30 <= data[n] <= 0x39:
                        point = -1
                        break
                    point = point * 10 + data[n] - 0x30
        elif length == 3 and first == 0x61 and data[at + 2] == 0x6D:
            point = 0x26
        elif length == 2 and data[at + 2] == 0x74:
            point = 0x3C if first == 0x6C else 0x3E if first == 0x67 else -1
        elif length == 4 and first == 0x71:
            point = 0x22
        elif length == 4 and first == 0x61:
            point = 0x27
        if point >= 0:
            return end + 1, _put(out, size, point)
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
def _text(data: Bytes, at: int, out: Bytes, size: int) -> tuple[int, int]:
    """The text up to the next tag, CDATA as it stands; the byte of that tag, and the size after it."""
    while at < data.shape[0]:
        byte = data[at]
        if byte == 0x26:
            at, size = _reference(data, at, out, size)
        elif byte == 0x5F and _escaped(data, at) >= 0:
            size = _put(out, size, _escaped(data, at))
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
        what, closes, empty, at = _tag(data, at)
        if at > data.shape[0]:
            return count, size, False
        if what == _T and not closes and not empty and not silent:
            at, size = _text(data, at, out, size)
        elif what == _RPH:
            silent = not closes and not empty
        elif what == _SI and (closes or empty) and count < ends.shape[0]:
            ends[count] = size
            count += 1
    return count, size, True


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
        what, closes, empty, at = _tag(data, at)
        if at > data.shape[0]:
            rows[0] = row
            return count, size, False
        if what == _C and not closes:
            column, kind, style = _about(data, begin + 2, at - 1, column)
            start, within = size, not empty
        elif within and what in (_V, _T) and not closes and not empty and not silent:
            at, size = _text(data, at, out, size)
        elif what == _RPH:
            silent = not closes and not empty
        elif what == _C and within:
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
        elif what == _ROW and (closes or empty):
            row += 1
            column = -1
    rows[0] = row
    return count, size, True


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
    "UniTuple(int64, 3)(Array(int64, 2, 'C', readonly=True), Array(uint8, 1, 'C', readonly=True), int64, int64,"
    " uint8[::1], int64[:, ::1], int64[::1])"
)
def laid_out(
    cells: Offsets, values: Bytes, rows: int, shift: int, text: Bytes, spans: Offsets, starts: Offsets
) -> tuple[int, int, int]:
    """Cells (row, column, start and end of the value), by rows, as tab-separated text.

    The rows are numbered from 0; `shift` columns in front are left out. Breaks within a cell become spaces. Returns
    bytes of the text, cells (start, end, column, in characters) and rows that are not empty, by where they start.
    """
    size, char, cell, found, filled = 0, 0, 0, 0, 0
    for row in range(rows):
        begin, done, last = char, 0, -1
        while cell < cells.shape[0] and cells[cell, 0] == row:
            start, end = cells[cell, 2], cells[cell, 3]
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
