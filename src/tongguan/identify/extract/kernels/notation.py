"""Records of texts with a syntax: JSON, XML, SQL dumps."""

from __future__ import annotations

import numpy as np

from tongguan.identify.extract.kernels.compiled import Bytes, Offsets, compiled

__all__ = ["elements", "json_records", "tuples", "unescape"]

MAX_NESTING = 1024  # deeper containers start no records


@compiled("Tuple((int64, int64, boolean, boolean))(Array(uint8, 1, 'C', readonly=True), int64, int64[::1])")
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


@compiled("int64(uint8, uint8, uint8, uint8)")
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


@compiled("int64(Array(uint8, 1, 'C', readonly=True), uint8[::1], int64[::1])")
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


@compiled("int64(Array(uint8, 1, 'C', readonly=True), int64[::1])")
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


@compiled("int64(Array(uint8, 1, 'C', readonly=True), int64[::1])")
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
