"""One compiled pass over JSON records that are objects: which members they have, and where the values stand.

What is plain is read here (RFC 8259 without escapes); what is not is left to the reader of the standard library, a
value or a record at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

__all__ = ["NULL", "ODD", "Members", "read_members"]

PLAIN, NULL, ODD = 0, 1, 2  # a value as it would be written, null, and one that is to be read by others
_DEPTH: Final = 3  # of objects within a record whose members are told apart
_NAMES: Final = 1024  # members that are told apart
_SLOTS: Final = 4 * _NAMES
_EXACT: Final = 15  # digits of a fraction that is written as it was read (IEEE 754, double)
_SMALL: Final = 3  # zeros behind the point of a fraction that is written without an exponent
_LONGEST: Final = 1000  # digits of a number

_U8 = types.Array(types.uint8, 1, "C", readonly=True)
_I64 = types.Array(types.int64, 1, "C", readonly=True)


@dataclass(frozen=True, slots=True)
class Members:
    """`rows` (n, 5): record, name, start and end of the value in bytes, what it is (`PLAIN`, `NULL`, `ODD`); in order.

    `odd`: (records,) those that are none of these. `names` (m, 3): parent (-1 for none), start and end of a name.
    """

    rows: NDArray[np.int64]
    odd: NDArray[np.bool_]
    names: NDArray[np.int64]


def read_members(data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> Members:
    """The members of records, which stand in UTF-8 from `starts` to `ends`."""
    rows = np.empty((int(np.count_nonzero(data == ord(":"))), 5), np.int64)
    odd = np.zeros(len(starts), np.bool_)
    names = np.empty((_NAMES, 3), np.int64)
    count, known = _read(data, starts, ends, rows, odd, names)
    return Members(rows[:count], odd, names[:known])


@njit(inline="always")
def _is_blank(byte):  # type: ignore[no-untyped-def]
    return byte == 32 or 9 <= byte <= 10 or byte == 13


@njit([types.int64(_U8, types.int64, types.int64)], cache=True, boundscheck=True)
def _string(data, at, end):  # type: ignore[no-untyped-def]
    """Where a plain string ends, at its second quote; -1 where it has escapes or control characters, or no end."""
    while at < end:
        byte = data[at]
        if byte == 0x22:
            return at
        if byte == 0x5C or byte < 0x20:
            return -1
        at += 1
    return -1


@njit([types.int64(_U8, types.int64, types.int64)], cache=True, boundscheck=True)
def _nested(data, at, end):  # type: ignore[no-untyped-def]
    """Behind the array or object that begins here; -1 where it does not end."""
    depth, quoted = 0, False
    while at < end:
        byte = data[at]
        if quoted:
            if byte == 0x5C:
                at += 1
            elif byte == 0x22:
                quoted = False
        elif byte == 0x22:
            quoted = True
        elif byte == 0x5B or byte == 0x7B:
            depth += 1
        elif byte == 0x5D or byte == 0x7D:
            depth -= 1
            if depth == 0:
                return at + 1
        at += 1
    return -1


@njit([types.Tuple((types.int64, types.int64, types.int64))(_U8, types.int64, types.int64)], cache=True, boundscheck=True)  # fmt: skip  # noqa: E501
def _number(data, at, end):  # type: ignore[no-untyped-def]
    """Behind a number (-1 for none), behind what is written of it, and whether that is plain."""
    begin = at
    if at < end and data[at] == 0x2D:
        at += 1
    first = at
    while at < end and 48 <= data[at] <= 57:
        at += 1
    whole = at - first
    if whole == 0 or whole > _LONGEST or (data[first] == 48 and whole > 1):
        return -1, 0, ODD
    if at < end and data[at] == 0x2E:
        point = at
        at += 1
        while at < end and 48 <= data[at] <= 57:
            at += 1
        if at == point + 1:
            return -1, 0, ODD
        last = at
        while last > point + 2 and data[last - 1] == 48:
            last -= 1
        zeros = point + 1
        while zeros < last and data[zeros] == 48:
            zeros += 1
        small = data[first] == 48 and zeros < last and zeros - point - 1 > _SMALL
        plain = whole + last - point - 1 <= _EXACT and not small
    else:
        last = at
        plain = not (data[begin] == 0x2D and data[first] == 48)  # -0
    if at < end and (data[at] == 0x45 or data[at] == 0x65):
        at += 1
        if at < end and (data[at] == 0x2B or data[at] == 0x2D):
            at += 1
        if at >= end or not 48 <= data[at] <= 57:
            return -1, 0, ODD
        while at < end and 48 <= data[at] <= 57:
            at += 1
        plain = False
    return at, last if plain else at, PLAIN if plain else ODD


@njit([types.int64(_U8, types.int64, types.int64)], cache=True, boundscheck=True)
def _word(data, at, end):  # type: ignore[no-untyped-def]
    """Behind `true`, `false` or `null`; -1 for none of them."""
    for word in (b"true", b"false", b"null"):
        if at + len(word) <= end:
            same = True
            for n in range(len(word)):
                same &= data[at + n] == word[n]
            if same:
                return at + len(word)
    return -1


@njit([types.int64(_U8, types.int64, types.int64, types.int64, types.int64[:, ::1], types.int64, types.int64[::1])], cache=True, boundscheck=True)  # fmt: skip  # noqa: E501
def _named(data, parent, start, end, names, known, slots):  # type: ignore[no-untyped-def]
    """The number of a name, `known` where it is a new one; -1 where there is no room for another."""
    hashed = types.uint64(14695981039346656037) ^ types.uint64(parent + 1)
    for at in range(start, end):
        hashed = (hashed ^ types.uint64(data[at])) * types.uint64(1099511628211)
    slot = types.int64((hashed ^ (hashed >> types.uint64(29))) % types.uint64(_SLOTS))
    while slots[slot] >= 0:
        name = slots[slot]
        if names[name, 0] == parent and names[name, 2] - names[name, 1] == end - start:
            same = True
            for n in range(end - start):
                if data[names[name, 1] + n] != data[start + n]:
                    same = False
                    break
            if same:
                return name
        slot = (slot + 1) % _SLOTS
    if known >= _NAMES:
        return -1
    slots[slot] = known
    names[known, 0], names[known, 1], names[known, 2] = parent, start, end
    return known


@njit([types.UniTuple(types.int64, 2)(_U8, _I64, _I64, types.int64[:, ::1], types.boolean[::1], types.int64[:, ::1])], cache=True, boundscheck=True)  # fmt: skip  # noqa: E501
def _read(data, starts, ends, rows, odd, names):  # type: ignore[no-untyped-def]
    slots = np.full(_SLOTS, -1, np.int64)
    last = np.full(_NAMES, -1, np.int64)  # record that has it, to see names that come twice
    parents = np.zeros(_DEPTH, np.int64)
    count, known = 0, 0
    for record in range(len(starts)):
        at, end, begin = starts[record], ends[record], count
        while at < end and (_is_blank(data[at]) or data[at] == 0x5B):
            at += 1
        depth, fits = 0, at < end and data[at] == 0x7B
        fresh = True  # nothing stands in the object yet
        parents[0] = -1
        at += 1
        while fits and depth >= 0:
            while at < end and _is_blank(data[at]):
                at += 1
            if not fresh and at < end and data[at] == 0x7D:
                depth -= 1
                at += 1
                continue
            if not fresh:
                fits = at < end and data[at] == 0x2C
                at += 1
                while at < end and _is_blank(data[at]):
                    at += 1
            if not fits or at >= end or data[at] != 0x22:
                fits = False
                break
            first = at + 1
            at = _string(data, first, end)
            if at < 0:
                fits = False
                break
            name = _named(data, parents[depth], first, at, names, known, slots)
            if name < 0 or last[name] == record:
                fits = False
                break
            known = max(known, name + 1)
            last[name] = record
            at += 1
            while at < end and _is_blank(data[at]):
                at += 1
            if at >= end or data[at] != 0x3A:
                fits = False
                break
            at += 1
            while at < end and _is_blank(data[at]):
                at += 1
            if at >= end:
                fits = False
                break
            fresh = False
            byte = data[at]
            if byte == 0x7B and depth + 1 < _DEPTH:
                inside = at + 1
                while inside < end and _is_blank(data[inside]):
                    inside += 1
                if inside < end and data[inside] != 0x7D:
                    depth += 1
                    parents[depth] = name
                    at, fresh = inside, True
                    continue
            value, behind, what = at, -1, PLAIN
            if byte == 0x22:
                value = at + 1
                behind = _string(data, value, end)
                if behind < 0:
                    fits = False
                    break
                at = behind + 1
            elif byte == 0x7B or byte == 0x5B:
                behind, what = _nested(data, at, end), ODD
                at = behind
            elif byte == 0x2D or 48 <= byte <= 57:
                at, behind, what = _number(data, at, end)
            else:
                behind, what = _word(data, at, end), NULL if byte == 0x6E else PLAIN
                at = behind
            if at < 0 or count >= len(rows):
                fits = False
                break
            rows[count, 0], rows[count, 1], rows[count, 2], rows[count, 3] = record, name, value, behind
            rows[count, 4] = what
            count += 1
        while fits and at < end:
            fits = _is_blank(data[at]) or data[at] == 0x5D or data[at] == 0x2C
            at += 1
        if not fits:
            odd[record], count = True, begin
    return count, known
