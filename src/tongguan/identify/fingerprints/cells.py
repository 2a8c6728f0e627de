"""Compiled: cells of a table to keyed hashes, and the places of a text where a cell stands."""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit, types

from tongguan.identify.fingerprints.canonical import adjacent, fold_one, read_numerals
from tongguan.identify.fingerprints.siphash import siphash, siphash_wide

__all__ = ["FIRST_BITS", "LEAST", "LONGEST", "OVERLAP", "find_cells", "hash_cells"]

LONGEST: Final = 128
"""Characters of a cell, in canonical form, that are hashed; of longer ones the beginning stands for the whole."""
FIRST_BITS: Final = 19
"""Binary logarithm of the bits in the filter of first pairs of characters."""
_SPREAD: Final = 12  # characters that may stand between two of a value: line breaks, indents, signs of quotation
OVERLAP: Final = LONGEST * (_SPREAD + 1)
"""Characters of a text that a cell can stand on, at most."""
LEAST: Final = 5
"""Weight of a cell that is known apart from other text: a Han character counts three, others one."""
_FIRST_HAN: Final = 0x2E80

_READ8, _READ16, _READ32, _READ64 = (
    types.Array(t, 1, "C", readonly=True) for t in (types.uint8, types.uint16, types.uint32, types.uint64)
)
_READI64 = types.Array(types.int64, 1, "C", readonly=True)
_READI32 = types.Array(types.int32, 1, "C", readonly=True)
_BYTE = np.uint64(0xFF)
_THREE = np.uint64(3)
_SEVEN = np.uint64(7)
_HALF = np.uint64(32)
_FIRST_MASK = np.uint64((1 << FIRST_BITS) - 1)


@njit
def prefix_size(length):  # type: ignore[no-untyped-def]
    """How many characters of a cell the filter of beginnings knows."""
    if length >= 8:
        return 8
    return 4 if length >= 4 else 2


@njit
def _read_cell(data, start, end, table, codes):  # type: ignore[no-untyped-def]
    """The canonical form of one cell in (well-formed) UTF-8; gives its length, at most `LONGEST`."""
    kept = 0
    i = start
    while i < end and kept < LONGEST:
        one = np.uint32(data[i])
        size = 1
        if one >= 0xF0:
            one, size = one & np.uint32(0x07), 4
        elif one >= 0xE0:
            one, size = one & np.uint32(0x0F), 3
        elif one >= 0xC0:
            one, size = one & np.uint32(0x1F), 2
        for j in range(i + 1, min(i + size, end)):
            one = (one << np.uint32(6)) | np.uint32(data[j] & 0x3F)
        i += size
        folded = fold_one(one, table)
        if folded != 0:
            codes[kept] = folded
            kept += 1
    return kept


@njit
def _country_code(codes, kept):  # type: ignore[no-untyped-def]
    """Characters of +86 or 0086 before a mobile number: texts mostly leave it out."""
    skip = 0
    if kept == 13 and codes[0] == 56 and codes[1] == 54:
        skip = 2
    elif kept == 15 and codes[0] == 48 and codes[1] == 48 and codes[2] == 56 and codes[3] == 54:
        skip = 4
    if skip == 0 or codes[skip] != 49:
        return 0
    for i in range(kept):
        if not 48 <= codes[i] <= 57:
            return 0
    return skip


@njit([types.void(_READI64, _READ8, types.Array(types.bool_, 1, "C", readonly=True), _READ32, _READ8, _READ64, _READ64, types.int64, types.uint64[::1], types.uint32[::1], types.uint32[::1], types.uint8[::1], types.uint8[::1])], cache=True)  # fmt: skip  # noqa: E501
def hash_cells(offsets, data, valid, table, numerals, filter_key, cell_key, least, high, low, prefix, length, first):  # type: ignore[no-untyped-def]
    """Hash the cells of a column: 96 bits in `high` and `low`, 32 bits of the beginning in `prefix`, and `length`.

    Cells that weigh less than `least` are left out. The length is 0 for a cell that is empty and 1 for one that is too
    light. `first` is a filter of first pairs of characters, and is added to.
    """
    codes = np.empty(LONGEST, np.uint32)
    for row in range(len(valid)):
        length[row] = 0
        if not valid[row]:
            continue
        kept = _read_cell(data, offsets[row], offsets[row + 1], table, codes)
        if kept == 0:
            continue
        read_numerals(codes, 0, kept, numerals)
        start = _country_code(codes, kept)
        weight = 0
        for i in range(start, kept):
            weight += 3 if codes[i] >= _FIRST_HAN else 1
        size = kept - start
        if weight < least or size < 2:
            length[row] = 1
            continue
        pair = siphash(filter_key, codes, start, start + 2)
        bit = pair & _FIRST_MASK
        first[bit >> _THREE] |= np.uint8(1) << np.uint8(bit & _SEVEN)
        beginning = prefix_size(size)
        if beginning > 2:
            pair = siphash(filter_key, codes, start, start + beginning)
        prefix[row] = np.uint32(pair >> _HALF)
        one, two = siphash_wide(cell_key, codes, start, kept)
        high[row], low[row], length[row] = one, np.uint32(two & np.uint64(0xFFFFFFFF)), size


@njit
def _begins(codes, place, i):  # type: ignore[no-untyped-def]
    """Whether a value can begin here: not inside a number or a word, save behind the country code of a telephone."""
    if not adjacent(codes, place, i - 1):
        return True
    if codes[i] != 49 or i < 2 or codes[i - 1] != 54 or codes[i - 2] != 56 or place[i - 2] + 2 != place[i]:
        return False
    if not adjacent(codes, place, i - 3):
        return True
    zeros = i >= 4 and codes[i - 3] == 48 and codes[i - 4] == 48 and place[i - 4] + 4 == place[i]
    return zeros and not adjacent(codes, place, i - 5)


@njit
def _spread(place, start, end):  # type: ignore[no-untyped-def]
    """The first character of [start, end) that stands too far from the one before it, else `end`."""
    for i in range(start + 1, end):
        if place[i] - place[i - 1] > _SPREAD + 1:
            return i
    return end


@njit
def _look_up(one, two, directory, shift, high, low):  # type: ignore[no-untyped-def]
    """The entries of a hash: first and last (exclusive)."""
    bucket = one >> shift
    at, last = directory[bucket], directory[bucket + np.uint64(1)]
    while at < last and (high[at] < one or (high[at] == one and low[at] < two)):
        at += 1
    end = at
    while end < last and high[end] == one and low[end] == two:
        end += 1
    return at, end


@njit([types.UniTuple(types.int64, 2)(_READ32, _READI32, types.int64, types.int64, _READ64, _READ64, _READ8, _READ8, _READ16, _READ32, types.uint64, _READ64, _READ32, types.int64[:, ::1])], cache=True)  # fmt: skip  # noqa: E501
def find_cells(  # type: ignore[no-untyped-def]
    codes, place, start, stop, filter_key, cell_key, first, beginnings, lengths, directory, shift, high, low, hits
):
    """Cells that begin at characters [start, stop) of a canonical text.

    Fills rows of `hits`: start and end (exclusive) in the original text, first and last (exclusive) of the entries.
    `lengths` are those of all cells, ascending. Gives how many hits there are, and where it went on reading no more for
    lack of room.
    """
    n, room = len(codes), len(hits)
    found = 0
    mask = np.uint64(len(beginnings) - 1)
    for i in range(start, min(stop, n - 1)):
        if found + len(lengths) > room:
            return found, i
        if not _begins(codes, place, i):
            continue
        pair = siphash(filter_key, codes, i, i + 2)
        bit = pair & _FIRST_MASK
        if first[bit >> _THREE] & (np.uint8(1) << np.uint8(bit & _SEVEN)) == 0:
            continue
        reach = _spread(place, i, min(n, i + LONGEST))
        size, known = 2, np.uint8(beginnings[(pair >> _HALF) & mask])
        for length in lengths:
            end = i + length
            if end > reach:
                break
            if prefix_size(length) != size:
                size = prefix_size(length)
                known = np.uint8(beginnings[(siphash(filter_key, codes, i, i + size) >> _HALF) & mask])
            if known == 0 or known & (np.uint8(1) << np.uint8(length & 7)) == 0:
                continue
            if length < LONGEST and adjacent(codes, place, end - 1):
                continue
            one, two = siphash_wide(cell_key, codes, i, end)
            low_end, high_end = _look_up(one, np.uint32(two & np.uint64(0xFFFFFFFF)), directory, shift, high, low)
            if low_end < high_end:
                hits[found, 0], hits[found, 1] = place[i], place[end - 1] + 1
                hits[found, 2], hits[found, 3] = low_end, high_end
                found += 1
    return found, max(start, min(stop, n - 1))
