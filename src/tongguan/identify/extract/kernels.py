"""Compiled scans over UTF-8 bytes that find where records and cells lie. Offsets given back are characters.

All structure that is looked for is ASCII, so the scans walk over bytes and count characters as they go
(every byte that is not a UTF-8 continuation byte starts one). Every array access is bounds-checked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["cells", "compile_kernels", "elements", "json_records", "paragraphs", "tuples", "unescape"]

Bytes = NDArray[np.uint8]
Offsets = NDArray[np.int64]

MAX_NESTING = 1024  # deeper containers start no records
MAX_KEYS = 64  # distinct keys of one form that are remembered
QUOTED_LINES = 200  # a quoted cell that runs over more lines is a stray quote
QUOTED_BYTES = 1 << 16

F = TypeVar("F", bound=Callable[..., Any])


def _compiled(signature: str) -> Callable[[F], F]:
    """Compile at import, or load what an earlier import compiled."""
    return cast(Callable[[F], F], njit(signature, cache=True, boundscheck=True, nogil=True))


@_compiled("Tuple((int64, int64, boolean, boolean))(Array(uint8, 1, 'C', readonly=True), int64, int64[::1])")
def json_records(data: Bytes, begin: int, starts: Offsets) -> tuple[int, int, bool, bool]:
    """Find where JSON records start: top-level values, and objects that are elements of arrays.

    What follows a closed array of records within its object starts a record of its own, so that it is tied to none of
    its elements. Returns the number of starts, the byte where the scan ended, whether all of it was JSON (an early end
    is), and whether there are escapes.
    """
    kinds = np.zeros(MAX_NESTING, dtype=np.uint8)  # 1 object, 2 array
    held = np.zeros(MAX_NESTING, dtype=np.uint8)  # 1 the container holds records, 2 an array of records closed in it
    depth = 0
    count = 0
    char = 0
    escapes = False
    quoted = False
    skip = False
    size = data.shape[0]
    for at in range(size):
        byte = data[at]
        if byte & 0xC0 != 0x80:
            char += 1
        if at < begin:
            continue
        if quoted:
            if skip:
                skip = False
            elif byte == 0x5C:
                skip = True
                escapes = True
            elif byte == 0x22:
                quoted = False
            continue
        if byte == 0x22:
            if depth == 0:
                return count, at, False, escapes
            quoted = True
        elif byte == 0x7B or byte == 0x5B:
            inside = depth - 1
            record = depth == 0 or (byte == 0x7B and inside < MAX_NESTING and kinds[inside] == 2)
            if record:
                if depth > 0:
                    held[inside] = 1
                if count < starts.shape[0] and (count == 0 or starts[count - 1] < char - 1):
                    starts[count] = char - 1
                    count += 1
            if depth < MAX_NESTING:
                kinds[depth] = 1 if byte == 0x7B else 2
                held[depth] = 0
            depth += 1
        elif byte == 0x7D or byte == 0x5D:
            if depth == 0:
                return count, at, False, escapes
            depth -= 1
            if depth < MAX_NESTING:
                if kinds[depth] != (1 if byte == 0x7D else 2):
                    return count, at, False, escapes
                if byte == 0x5D and held[depth] == 1 and depth > 0 and kinds[depth - 1] == 1:
                    held[depth - 1] = 2
        elif byte == 0x2C:
            if 0 < depth <= MAX_NESTING and held[depth - 1] == 2:
                held[depth - 1] = 0
                if count < starts.shape[0]:
                    starts[count] = char
                    count += 1
        elif depth == 0:
            if not (byte == 0x20 or 0x09 <= byte <= 0x0D or byte == 0x1E or byte == 0x29 or byte == 0x3B):
                return count, at, False, escapes
        elif not (
            byte == 0x20
            or 0x09 <= byte <= 0x0D
            or 0x30 <= byte <= 0x3A  # digits and colon
            or byte == 0x2B
            or byte == 0x2D
            or byte == 0x2E
            or byte == 0x45  # E
            or byte == 0x61  # the letters of true, false, null
            or byte == 0x65
            or byte == 0x66
            or byte == 0x6C
            or byte == 0x6E
            or 0x72 <= byte <= 0x75
        ):
            return count, at, False, escapes
    return count, size, True, escapes


@_compiled("int64(uint8, uint8, uint8, uint8)")
def _hex4(a: int, b: int, c: int, d: int) -> int:
    value = 0
    for digit in (a, b, c, d):
        if 0x30 <= digit <= 0x39:
            nibble = digit - 0x30
        elif 0x61 <= digit <= 0x66:
            nibble = digit - 0x57
        elif 0x41 <= digit <= 0x46:
            nibble = digit - 0x37
        else:
            return -1
        value = value * 16 + nibble
    return value


@_compiled("int64(Array(uint8, 1, 'C', readonly=True), uint8[::1], int64[::1])")
def unescape(data: Bytes, out: Bytes, starts: Offsets) -> int:
    r"""Decode JSON's backslash escapes into `out` (as long as `data`) and move `starts` along, in place.

    A pair of \u surrogates becomes one character, a lone one U+FFFD. Returns the bytes written.
    """
    size = data.shape[0]
    at = 0
    wrote = 0
    char_in = 0
    char_out = 0
    mark = 0
    while at < size:
        while mark < starts.shape[0] and starts[mark] <= char_in:
            starts[mark] = char_out
            mark += 1
        byte = data[at]
        if byte != 0x5C or at + 1 >= size:
            out[wrote] = byte
            wrote += 1
            at += 1
            if byte & 0xC0 != 0x80:
                char_in += 1
                char_out += 1
            continue
        after = data[at + 1]
        point = -1
        used = 2
        if after == 0x75:
            if at + 5 < size:
                point = _hex4(data[at + 2], data[at + 3], data[at + 4], data[at + 5])
            if point >= 0:
                used = 6
                if 0xD800 <= point < 0xDC00 and at + 11 < size and data[at + 6] == 0x5C and data[at + 7] == 0x75:
                    low = _hex4(data[at + 8], data[at + 9], data[at + 10], data[at + 11])
                    if 0xDC00 <= low < 0xE000:
                        point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00)
                        used = 12
                if 0xD800 <= point < 0xE000:
                    point = 0xFFFD
        elif after == 0x22 or after == 0x2F or after == 0x5C:
            point = int(after)
        elif after == 0x6E:
            point = 0x0A
        elif after == 0x74:
            point = 0x09
        elif after == 0x72:
            point = 0x0D
        elif after == 0x62 or after == 0x66:
            point = 0x20
        if point < 0:  # not an escape of JSON: the backslash stays
            point = 0x5C
            used = 1
        if point < 0x80:
            out[wrote] = point
            wrote += 1
        elif point < 0x800:
            out[wrote] = 0xC0 | (point >> 6)
            out[wrote + 1] = 0x80 | (point & 0x3F)
            wrote += 2
        elif point < 0x10000:
            out[wrote] = 0xE0 | (point >> 12)
            out[wrote + 1] = 0x80 | ((point >> 6) & 0x3F)
            out[wrote + 2] = 0x80 | (point & 0x3F)
            wrote += 3
        else:
            out[wrote] = 0xF0 | (point >> 18)
            out[wrote + 1] = 0x80 | ((point >> 12) & 0x3F)
            out[wrote + 2] = 0x80 | ((point >> 6) & 0x3F)
            out[wrote + 3] = 0x80 | (point & 0x3F)
            wrote += 4
        char_out += 1
        char_in += used
        at += used
    while mark < starts.shape[0]:
        starts[mark] = char_out
        mark += 1
    return wrote


@_compiled("UniTuple(int64, 2)(Array(uint8, 1, 'C', readonly=True), uint8, int64[:, ::1], int64[:, ::1])")
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


@_compiled("UniTuple(int64, 2)(Array(uint8, 1, 'C', readonly=True), int64)")
def _line(data: Bytes, begin: int) -> tuple[int, int]:
    """The byte after a line's newline, and 1 where the line is not blank, else 0."""
    at = begin
    filled = 0
    while at < data.shape[0]:
        byte = data[at]
        at += 1
        if byte == 0x0A:
            break
        if byte != 0x20 and not 0x09 <= byte <= 0x0D:
            filled = 1
    return at, filled


@_compiled("uint64(Array(uint8, 1, 'C', readonly=True), int64, int64)")
def _key(data: Bytes, begin: int, end: int) -> np.uint64:
    """A hash of the key of a `key: value` line, 0 where the line is none. A key is short and has no digits."""
    key = np.uint64(14695981039346656037)
    length = 0
    at = begin
    while at < end and length <= 60:
        byte = data[at]
        wide = byte == 0xEF and at + 2 < end and data[at + 1] == 0xBC and data[at + 2] == 0x9A
        if byte == 0x3A or byte == 0x3D or wide:
            if length == 0 or (byte == 0x3A and at + 1 < end and data[at + 1] == 0x2F):
                return np.uint64(0)
            return key
        if 0x30 <= byte <= 0x39 or byte == 0x40 or byte == 0x22:
            return np.uint64(0)
        if byte > 0x20 and byte != 0x2D and byte != 0x2A and byte != 0x23:
            key = (key ^ np.uint64(byte)) * np.uint64(1099511628211)
            length += 1
        at += 1
    return np.uint64(0)


@_compiled("boolean(Array(uint8, 1, 'C', readonly=True), int64, int64)")
def _identifies(data: Bytes, begin: int, end: int) -> bool:
    """Whether a line holds something like an identifier: six digits in a run (full-width ones too), or an @."""
    run = 0
    at = begin
    while at < end:
        byte = data[at]
        if 0x30 <= byte <= 0x39:
            run += 1
        elif byte == 0xEF and at + 2 < end and data[at + 1] == 0xBC and 0x90 <= data[at + 2] <= 0x99:
            run += 1
            at += 2
        elif byte == 0x40:
            return True
        elif byte != 0x2D and byte != 0x20:
            run = 0
        if run == 6:
            return True
        at += 1
    return False


@_compiled("int64(Array(uint8, 1, 'C', readonly=True), int64, int64[::1])")
def paragraphs(data: Bytes, limit: int, starts: Offsets) -> int:
    """Find where the records of prose start. Returns their number.

    A run of lines without a blank one is a paragraph. One whose lines are mostly `key: value` is a form: a record ends
    where a key comes again. One whose lines mostly hold an identifier is a list: each line is a record. Any other is
    one record. A record longer than `limit` characters is cut at the next line, space or Han character.
    """
    size = data.shape[0]
    keys = np.zeros(MAX_KEYS, dtype=np.uint64)
    n_keys = 0
    count = 0
    at = 0
    char = 0
    last = 0  # where the record now open starts
    open_form = False
    while at < size:
        # Look ahead: what kind of paragraph begins here?
        lines = 0
        keyed = 0
        listed = 0
        end = at
        while end < size and lines < 200:
            after, filled = _line(data, end)
            if filled == 0:
                if lines > 0:
                    break
            else:
                lines += 1
                if _key(data, end, after) != 0:
                    keyed += 1
                if _identifies(data, end, after):
                    listed += 1
            end = after
        form = lines > 0 and keyed * 2 > lines
        rows = not form and lines > 1 and listed * 10 >= lines * 6
        # Walk it line by line.
        fresh = not (form and lines == 1 and open_form)
        while at < end:
            after, filled = _line(data, at)
            start = filled == 1 and (fresh or rows or char - last >= limit)
            if filled == 1 and form:
                key = _key(data, at, after)
                if fresh:
                    n_keys = 0
                if key != 0:
                    for i in range(n_keys):
                        if keys[i] == key:
                            start = True
                    if start:
                        n_keys = 0
                    if n_keys < MAX_KEYS:
                        keys[n_keys] = key
                        n_keys += 1
            if start and count < starts.shape[0]:
                starts[count] = char
                count += 1
                last = char
            if filled == 1:
                fresh = False
            while at < after:
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
        open_form = form
    return count


@_compiled("int64(Array(uint8, 1, 'C', readonly=True), int64[::1])")
def elements(data: Bytes, starts: Offsets) -> int:
    """Find where the records of XML start: elements with children or attributes whose neighbour has the same name.

    Returns their number; not in order (the first of a run is noted when the second comes).
    """
    size = data.shape[0]
    before = np.zeros(MAX_NESTING + 1, dtype=np.uint64)  # name of the last child of each open element
    where = np.zeros(MAX_NESTING + 1, dtype=np.int64)  # where it started
    rich = np.zeros(MAX_NESTING + 1, dtype=np.uint8)  # bit 0: it has children or attributes, bit 1: noted already
    depth = 0
    count = 0
    at = 0
    char = 0
    while at < size:
        if data[at] != 0x3C:
            if data[at] & 0xC0 != 0x80:
                char += 1
            at += 1
            continue
        begin = char
        probe = at + 1
        opening = probe < size and (0x41 <= data[probe] <= 0x5A or 0x61 <= data[probe] <= 0x7A or data[probe] >= 0x80)
        closing = probe < size and data[probe] == 0x2F
        name = np.uint64(14695981039346656037)
        naming = True
        attributes = False
        cdata = (
            probe + 2 < size and data[probe] == 0x21 and data[probe + 1] == 0x5B and data[probe + 2] == 0x43
        )  # <![C of <![CDATA[
        comment = probe + 2 < size and data[probe] == 0x21 and data[probe + 1] == 0x2D and data[probe + 2] == 0x2D
        while at < size:
            byte = data[at]
            if byte & 0xC0 != 0x80:
                char += 1
            at += 1
            if byte == 0x3E:
                if cdata and not (at >= 3 and data[at - 2] == 0x5D and data[at - 3] == 0x5D):
                    continue
                if comment and not (at >= 3 and data[at - 2] == 0x2D and data[at - 3] == 0x2D):
                    continue
                break
            if opening and at > probe:
                if byte == 0x20 or 0x09 <= byte <= 0x0D or byte == 0x2F:
                    naming = False
                elif naming:
                    name = (name ^ np.uint64(byte)) * np.uint64(1099511628211)
                if byte == 0x3D:
                    attributes = True
        if opening:
            if 0 < depth <= MAX_NESTING:
                rich[depth - 1] |= 1
            if depth <= MAX_NESTING:
                if before[depth] == name and rich[depth] & 1 and depth > 0:
                    if not rich[depth] & 2 and count < starts.shape[0]:
                        starts[count] = where[depth]
                        count += 1
                    if count < starts.shape[0]:
                        starts[count] = begin
                        count += 1
                    rich[depth] = 2
                else:
                    rich[depth] = 0
                before[depth] = name
                where[depth] = begin
                if attributes:
                    rich[depth] |= 1
            empty = at >= 2 and data[at - 2] == 0x2F
            if not empty:
                depth += 1
                if depth <= MAX_NESTING:
                    before[depth] = 0
                    rich[depth] = 0
        elif closing and depth > 0:
            depth -= 1
    return count


@_compiled("int64(Array(uint8, 1, 'C', readonly=True), int64[::1])")
def tuples(data: Bytes, starts: Offsets) -> int:
    """Find where the records of an SQL dump start: each statement, and each tuple of VALUES. Returns their number."""
    size = data.shape[0]
    count = 0
    char = 0
    depth = 0
    quote = 0
    skip = False
    fresh = True  # a statement is about to start
    for at in range(size):
        byte = data[at]
        if byte & 0xC0 == 0x80:
            continue
        char += 1
        if quote:
            if skip:
                skip = False
            elif byte == 0x5C:
                skip = True
            elif byte == quote:
                quote = 0
            continue
        start = False
        if fresh and byte > 0x20:
            start = True
            fresh = False
        if byte == 0x27 or byte == 0x22 or byte == 0x60:
            quote = byte
        elif byte == 0x28:
            if depth == 0:
                start = True
            depth += 1
        elif byte == 0x29:
            depth = max(depth - 1, 0)
        elif byte == 0x3B:
            fresh = True
            depth = 0
        if start and count < starts.shape[0]:
            starts[count] = char - 1
            count += 1
    return count


def compile_kernels() -> None:
    """Nothing to do beyond the import: every kernel has an explicit signature and is compiled, or loaded, there."""
