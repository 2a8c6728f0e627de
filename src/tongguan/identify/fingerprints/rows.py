"""Compiled: which rows of a table stand in a text, from the places where its cells stand."""

from __future__ import annotations

import numpy as np
from numba import njit, types

__all__ = ["confirm", "join_rows", "propose"]

_READ8, _READ32 = (types.Array(t, 1, "C", readonly=True) for t in (types.uint8, types.uint32))
_HITS = types.Array(types.int64, 2, "C", readonly=True)
_OUT = types.int64[:, ::1]


@njit([types.int64(_HITS, _READ32, _READ8, types.uint64, _OUT)], cache=True)
def propose(hits, rows, columns, chosen, out):  # type: ignore[no-untyped-def]
    """Each row that holds a value of `hits` (group, start, end, at, first, last): group, row, at, start, end, column.

    Gives how many there are; `out` has room for all entries of the hits.
    """
    found = 0
    for i in range(len(hits)):
        for entry in range(hits[i, 4], hits[i, 5]):
            if chosen >> np.uint64(columns[entry]) & np.uint64(1):
                out[found, 0], out[found, 1], out[found, 2] = hits[i, 0], rows[entry], hits[i, 3]
                out[found, 3], out[found, 4], out[found, 5] = hits[i, 1], hits[i, 2], columns[entry]
                found += 1
    return found


@njit([types.int64(_HITS, _HITS, types.int64, _READ32, _READ8, types.uint64, _OUT)], cache=True)
def confirm(proposed, common, within, rows, columns, chosen, out):  # type: ignore[no-untyped-def]
    """What `common` values near by add to proposed rows: lines as of `propose`, -1 in place of their number where there
    is no room. Both are ordered by group, then `at`."""
    found, near = 0, 0
    for i in range(len(proposed)):
        group, row, at = proposed[i, 0], proposed[i, 1], proposed[i, 2]
        while near < len(common) and (common[near, 0] < group or (common[near, 0] == group and common[near, 3] < at - within)):  # fmt: skip  # noqa: E501
            near += 1
        j = near
        while j < len(common) and common[j, 0] == group and common[j, 3] <= at + within:
            low, high = common[j, 4], common[j, 5]
            while low < high:
                middle = (low + high) // 2
                if rows[middle] < row:
                    low = middle + 1
                else:
                    high = middle
            while low < common[j, 5] and rows[low] == row:
                if chosen >> np.uint64(columns[low]) & np.uint64(1):
                    if found == len(out):
                        return -1
                    out[found, 0], out[found, 1], out[found, 2] = group, row, common[j, 3]
                    out[found, 3], out[found, 4], out[found, 5] = common[j, 1], common[j, 2], columns[low]
                    found += 1
                low += 1
            j += 1
    return found


@njit
def _standing(last, at, starts, ends):  # type: ignore[no-untyped-def]
    """How many columns stand in the window that begins at `at`, as a set of bits, with first start and last end."""
    mask, start, end = np.uint64(0), np.int64(1 << 62), np.int64(-1)
    for column in range(64):
        if last[column] >= at:
            mask |= np.uint64(1) << np.uint64(column)
            start, end = min(start, starts[column]), max(end, ends[column])
    return mask, start, end


@njit([types.int64(_HITS, types.int64, types.int64, types.uint64, _OUT)], cache=True)
def join_rows(lines, within, least, required, out):  # type: ignore[no-untyped-def]
    """Rows of which `least` columns, the `required` ones among them, stand within `within`.

    `lines` as of `propose`, ordered by group, row, at, start, then the longest first. A value inside a longer one of
    its row does not count. Fills group, row, columns (bits), start, end: once for each row of a group, where most of
    its columns stand together. Gives the number of rows.
    """
    found, i = 0, 0
    last, starts, ends = np.empty(64, np.int64), np.empty(64, np.int64), np.empty(64, np.int64)
    while i < len(lines):
        group, row = lines[i, 0], lines[i, 1]
        last[:] = np.int64(-1) << 62
        most, covered = least - 1, np.int64(-1)
        first = i
        while i < len(lines) and lines[i, 0] == group and lines[i, 1] == row:
            start, end, column = lines[i, 3], lines[i, 4], lines[i, 5]
            again = i > first and lines[i - 1, 3] == start and lines[i - 1, 4] == end and lines[i - 1, 5] == column
            if end > covered and not again:
                covered = end
                last[column], starts[column], ends[column] = lines[i, 2], start, end
                mask, begin, stop = _standing(last, lines[i, 2] - within, starts, ends)
                count, bits = 0, mask
                while bits:
                    bits &= bits - np.uint64(1)
                    count += 1
                if count > most and mask & required == required:
                    out[found, 0], out[found, 1], out[found, 2] = group, row, np.int64(mask)
                    out[found, 3], out[found, 4] = begin, stop
                    most = count
            i += 1
        if most >= least:
            found += 1
    return found
