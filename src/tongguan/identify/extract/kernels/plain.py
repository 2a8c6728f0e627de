"""Cells of delimited text, and records of prose."""

from __future__ import annotations

from typing import Any

import numpy as np

from tongguan.identify.extract.kernels.compiled import Bytes, Offsets, compiled

__all__ = ["cells", "paragraphs"]

QUOTED_LINES = 200  # a quoted cell that runs over more lines is a stray quote
QUOTED_BYTES = 1 << 16
MAX_KEYS = 64  # distinct keys of one form that are remembered
AHEAD = 200  # lines of a paragraph by which its kind is told
OFFSET, PRIME = 14695981039346656037, 1099511628211

# What the bytes of a line say of it: that it may have a key, holds an @, is not blank; and in one number, how many
# characters it has and, from bit `_DIGITS` on, how many that may be digits.
_KEYED, _AT, _FILLED = 1, 2, 4
_RUN = 6
_DIGITS = 32
_SIGNS = np.array(
    [
        _KEYED * (byte in b":=\xef")
        | _AT * (byte == 0x40)
        | _FILLED * (byte & 0xC0 != 0x80 and byte != 0x20 and not 0x09 <= byte <= 0x0D)
        for byte in range(256)
    ],
    dtype=np.int64,
)
_COUNTED = np.array(
    [(byte & 0xC0 != 0x80) + ((0x30 <= byte <= 0x39 or byte == 0xEF) << _DIGITS) for byte in range(256)],
    dtype=np.int64,
)


@compiled("UniTuple(int64, 2)(Array(uint8, 1, 'C', readonly=True), uint8, int64[:, ::1], int64[:, ::1])")
def cells(data: Bytes, delimiter: int, found: Offsets, rows: Offsets) -> tuple[int, int]:
    """Find the cells of delimited text (RFC 4180, with stray quotes forgiven).

    `found` takes (start, end, column) of each cell that is not empty, without its quotes; `rows` takes (start, columns)
    of each row that is not blank. Returns how many of each.
    """
    size = data.shape[0]
    at = 0
    char = 0
    n_cells = 0
    n_rows = 0
    while at < size:
        row = char
        column = 0
        written = n_cells
        ended = False
        while not ended:
            begin = char
            end = -1
            if at < size and data[at] == 0x22:
                probe = at + 1
                lines = 0
                closed = -1
                while probe < size and probe - at < QUOTED_BYTES:
                    byte = data[probe]
                    if byte == 0x22:
                        if probe + 1 < size and data[probe + 1] == 0x22:
                            probe += 2
                            continue
                        closed = probe
                        break
                    if byte == 0x0A:
                        lines += 1
                        if lines > QUOTED_LINES:
                            break
                    probe += 1
                if closed >= 0:
                    begin = char + 1
                    while at < closed:
                        if data[at] & 0xC0 != 0x80:
                            char += 1
                        at += 1
                    end = char
            last = 0
            while at < size and data[at] != delimiter and data[at] != 0x0A:
                last = data[at]
                if last & 0xC0 != 0x80:
                    char += 1
                at += 1
            if end < 0:
                end = char - 1 if last == 0x0D else char
            if end > begin and n_cells < found.shape[0]:
                found[n_cells, 0] = begin
                found[n_cells, 1] = end
                found[n_cells, 2] = column
                n_cells += 1
            ended = at >= size or data[at] == 0x0A
            if at < size:
                at += 1
                char += 1
            column += 1
        if (n_cells > written or column > 1) and n_rows < rows.shape[0]:
            rows[n_rows, 0] = row
            rows[n_rows, 1] = column
            n_rows += 1
    return n_cells, n_rows


@compiled("uint64(Array(uint8, 1, 'C', readonly=True), int64, int64)")
def _key(data: Bytes, begin: int, end: int) -> np.uint64:
    """A hash of the key of a line, 0 for none: it is short, has no digits, and stands before a colon or equals sign."""
    key = np.uint64(OFFSET)
    length = 0
    for at in range(begin, end):
        byte = data[at]
        if byte & 0xC0 == 0x80:
            key = (key ^ np.uint64(byte)) * np.uint64(PRIME)
            length += 1
            continue
        if byte == 0x20 or 0x09 <= byte <= 0x0D:
            continue
        wide = byte == 0xEF and at + 2 < end and data[at + 1] == 0xBC and data[at + 2] == 0x9A
        if byte == 0x3A or byte == 0x3D or wide:
            path = byte == 0x3A and at + 1 < end and data[at + 1] == 0x2F
            return np.uint64(0) if length == 0 or path else key
        if 0x30 <= byte <= 0x39 or byte == 0x40 or byte == 0x22 or length > 60:
            return np.uint64(0)
        if byte != 0x2D and byte != 0x2A and byte != 0x23:  # bullets
            key = (key ^ np.uint64(byte)) * np.uint64(PRIME)
            length += 1
    return np.uint64(0)


@compiled("boolean(Array(uint8, 1, 'C', readonly=True), int64, int64)")
def _has_run(data: Bytes, begin: int, end: int) -> bool:
    """Whether there are six digits in a run, also full-width ones, also with spaces or hyphens between them."""
    run = 0
    for at in range(begin, end):
        byte = data[at]
        if 0x30 <= byte <= 0x39 or (
            byte == 0xEF and at + 2 < end and data[at + 1] == 0xBC and 0x90 <= data[at + 2] <= 0x99
        ):
            run += 1
            if run == _RUN:
                return True
        elif byte & 0xC0 != 0x80 and byte != 0x2D and byte != 0x20:
            run = 0
    return False


@compiled("Tuple((int64, int64, uint64, boolean, boolean))(Array(uint8, 1, 'C', readonly=True), int64)")
def _line(data: Bytes, begin: int) -> tuple[int, int, np.uint64, bool, bool]:
    """One line: the byte after it, its characters, a hash of its key (0: none), whether it is filled, and whether it
    holds something like an identifier.

    What lines hold is gathered first, so that most of them need not be looked at for keys and identifiers.
    """
    size = data.shape[0]
    signs: Any = 0
    counted: Any = 0
    at = begin
    while at < size:
        byte = data[at]
        at += 1
        signs |= _SIGNS[byte]
        counted += _COUNTED[byte]
        if byte == 0x0A:
            break
    key = _key(data, begin, at) if signs & _KEYED else np.uint64(0)
    identifies = signs & _AT != 0 or (counted >> _DIGITS >= _RUN and _has_run(data, begin, at))
    return at, counted & ((1 << _DIGITS) - 1), key, signs & _FILLED != 0, identifies


@compiled("int64(Array(uint8, 1, 'C', readonly=True), int64, int64[::1])")
def paragraphs(data: Bytes, limit: int, starts: Offsets) -> int:
    """Find where the records of prose start. Returns their number.

    A run of lines without a blank one is a paragraph. One whose lines are mostly `key: value` is a form: a record ends
    where a key comes again. One whose lines mostly hold an identifier is a list: each line is a record. Any other is
    one record. A record longer than `limit` characters is cut at the next line, space or Han character.
    """
    size = data.shape[0]
    ends = np.zeros(AHEAD, dtype=np.int64)
    chars = np.zeros(AHEAD, dtype=np.int64)
    keys = np.zeros(AHEAD, dtype=np.uint64)
    known = np.zeros(MAX_KEYS, dtype=np.uint64)
    n_known = 0
    count = 0
    at = 0
    char = 0
    last = 0  # where the record now open starts
    broken = True  # a blank line came before
    in_form = False
    while at < size:
        lines = 0
        keyed = 0
        listed = 0
        end = at
        blank = False
        while end < size and lines < AHEAD and not blank:
            after, length, key, filled, identifies = _line(data, end)
            if filled:
                ends[lines] = after
                chars[lines] = length
                keys[lines] = key
                lines += 1
                keyed += key != 0
                listed += identifies
            else:
                blank = True
                if lines == 0:
                    char += length
                    at = after
            end = after
        if lines == 0:
            broken = True
            continue
        form = keyed * 2 > lines
        rows = not form and lines > 1 and listed * 10 >= lines * 6
        for index in range(lines):
            start = rows or char - last >= limit or (index == 0 and broken and not (form and lines == 1 and in_form))
            if form:
                if index == 0 and start:
                    n_known = 0
                key = keys[index]
                if key != 0:
                    for other in range(n_known):
                        if known[other] == key:
                            start = True
                    if start:
                        n_known = 0
                    if n_known < MAX_KEYS:
                        known[n_known] = key
                        n_known += 1
            if start and count < starts.shape[0]:
                starts[count] = char
                count += 1
                last = char
            if char + chars[index] - last < limit:
                at = ends[index]
                char += chars[index]
                continue
            while at < ends[index]:
                byte = data[at]
                if byte & 0xC0 != 0x80:
                    over = char - last
                    soft = byte == 0x20 or byte >= 0xC0 or byte == 0x2C or byte == 0x3B
                    if over >= limit and (soft or over >= 2 * limit) and count < starts.shape[0]:
                        starts[count] = char
                        count += 1
                        last = char
                    char += 1
                at += 1
        in_form = form
        broken = blank
        if blank:
            char += length
            at = end
    return count
