"""Texts of a column made tidy and told apart in one compiled pass over the bytes of an Arrow array.

Tidy is a text without spaces and quotation marks around it, cut at its longest; a text that only says that there is
none is null. Bytes are those of UTF-8.
"""

from __future__ import annotations

import secrets
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numba import njit, types
from numpy.typing import NDArray

__all__ = ["LONGEST", "Joined", "Tidy", "joined", "tidied"]

LONGEST: Final = 512  # characters of a text that are looked at
_NULLS: Final = ("null", "NULL", "Null", "\\N", "None", "none", "nan", "NaN", "N/A", "n/a", "#N/A", "-", "--", "NA")
_WORDS: Final = np.array([int.from_bytes(word.encode(), "little") | len(word) << 32 for word in _NULLS], np.int64)
_NO_BYTES: Final = np.zeros(0, np.uint8)
_PRIME: Final = (1 << 31) - 1
_BASE: Final = 2 + secrets.randbelow(_PRIME - 2)  # not known to who writes a table: none can be made that takes long

Places = NDArray[np.int64]
_BYTES = types.Array(types.uint8, 1, "C", readonly=True)
_PLACES = types.Array(types.int64, 1, "C", readonly=True)


class Tidy(NamedTuple):
    """`codes` (rows,): which of the different texts each one is, -1 for null; `first`, `last` (n,): where each of those
    begins and ends in `data`; `long`: whether any text has more bytes than are looked at."""

    codes: NDArray[np.int32]
    first: Places
    last: Places
    data: NDArray[np.uint8]
    long: bool


class Joined(NamedTuple):
    """Different texts with a NUL behind each: `ends` (n,): where each ends in `data`; `sizes` (n,): characters."""

    data: NDArray[np.uint8]
    ends: Places
    sizes: Places


def tidied(texts: pa.Array) -> Tidy:
    """The texts (of small or large offsets) made tidy. All whole numbers with nothing behind their points, as
    spreadsheets leave them (13800001111.0), lose these."""
    small = pa.types.is_string(texts.type)
    valid, places, values = texts.buffers()
    rows, begin = len(texts), texts.offset
    offsets: NDArray[Any] = np.zeros(1, np.int32)
    if places is not None and places.size:
        offsets = np.frombuffer(places, np.int32 if small else np.int64)[begin : begin + rows + 1]
    data = np.frombuffer(values, np.uint8) if values is not None and values.size else _NO_BYTES
    is_null = np.zeros(0, np.bool_)
    if texts.null_count and valid is not None:
        bits = np.unpackbits(np.frombuffer(valid, np.uint8), bitorder="little")
        is_null = bits[begin : begin + rows] == 0
    codes, first, last = np.empty(rows, np.int32), np.empty(rows, np.int64), np.empty(rows, np.int64)
    slots = np.full(1 << max(4, (2 * rows).bit_length()), -1, np.int32)
    count, long = _tidied(data, offsets, is_null, _BASE, slots, codes, first, last)
    return Tidy(codes, first[:count].copy(), last[:count].copy(), data, bool(long))


def joined(tidy: Tidy) -> Joined:
    """The different texts."""
    ends = np.cumsum(tidy.last - tidy.first + 1) - 1
    data, sizes = np.zeros(int(ends[-1]) + 1 if len(ends) else 0, np.uint8), np.empty(len(ends), np.int64)
    _joined(tidy.data, tidy.first, tidy.last, data, sizes)
    return Joined(data, ends, sizes)


@njit(inline="always")
def _is_space(byte):  # type: ignore[no-untyped-def]
    return byte == 32 or byte == 9 or byte == 10 or byte == 13 or byte == 34 or byte == 39


@njit(inline="always")
def _space(data, at, end, byte):  # type: ignore[no-untyped-def]
    """How many bytes a sign has that is taken off (U+00A0, U+3000, U+FEFF among them), 0 for others."""
    if byte < 0x80:
        return 1 if _is_space(byte) else 0
    if byte == 0xC2:
        return 2 if at + 1 < end and data[at + 1] == 0xA0 else 0
    if at + 2 < end and byte == 0xE3:
        return 3 if data[at + 1] == 0x80 and data[at + 2] == 0x80 else 0
    if at + 2 < end and byte == 0xEF:
        return 3 if data[at + 1] == 0xBB and data[at + 2] == 0xBF else 0
    return 0


@njit([types.Tuple((types.int64, types.int64))(_BYTES, types.int64, types.int64)], cache=True)
def _trimmed(data, start, end):  # type: ignore[no-untyped-def]
    """Without spaces, line ends, quotation marks and marks of byte order around it."""
    while start < end:
        size = _space(data, start, end, data[start])
        if size == 0:
            break
        start += size
    while start < end:
        size = 1 if _is_space(data[end - 1]) else 0
        for wide in (2, 3):
            if size == 0 and end - start >= wide and _space(data, end - wide, end, data[end - wide]) == wide:
                size = wide
        if size == 0:
            break
        end -= size
    return start, end


@njit([types.int64(_BYTES, types.int64, types.int64)], cache=True)
def _cut(data, start, end):  # type: ignore[no-untyped-def]
    """Behind the last character that is looked at."""
    characters = 0
    for at in range(start, end):
        if data[at] & 0xC0 != 0x80:
            if characters == LONGEST:
                return at
            characters += 1
    return end


@njit([types.boolean(_BYTES, types.int64, types.int64)], cache=True)
def _is_null(data, start, end):  # type: ignore[no-untyped-def]
    if end - start > 4:
        return False
    word = 0
    for at in range(end - 1, start - 1, -1):
        word = word << 8 | types.int64(data[at])
    word |= (end - start) << 32
    if word == 0:  # nothing at all
        return True
    for one in _WORDS:  # noqa: SIM110 (a loop is what compiles well)
        if word == one:
            return True
    return False


@njit([types.boolean(_BYTES, types.int64, types.int64)], cache=True)
def _went_through_fractions(data, start, end):  # type: ignore[no-untyped-def]
    if end - start < 3 or data[end - 1] != 48 or data[end - 2] != 46:
        return False
    for at in range(start, end - 2):  # noqa: SIM110 (a loop is what compiles well)
        if not 48 <= data[at] <= 57:
            return False
    return True


@njit([types.int64(types.int64, types.int64, types.int64)], cache=True)
def _step(hashed, base, word):  # type: ignore[no-untyped-def]
    value = hashed * base + word
    value = (value & _PRIME) + (value >> 31)
    return value - _PRIME if value >= _PRIME else value


@njit([types.int64(_BYTES, types.int64, types.int64, types.int64)], cache=True)
def _hash(data, start, end, base):  # type: ignore[no-untyped-def]
    """A polynomial in a secret base over a prime field (Carter and Wegman 1979), three bytes a step."""
    hashed, at = (end - start) & _PRIME >> 1, start
    while at + 3 <= end:
        hashed = _step(
            hashed, base, types.int64(data[at]) | types.int64(data[at + 1]) << 8 | types.int64(data[at + 2]) << 16
        )
        at += 3
    while at < end:
        hashed = _step(hashed, base, types.int64(data[at]))
        at += 1
    return _step(hashed, base, 0)


@njit([types.Tuple((types.int64, types.boolean))(_BYTES, types.Array(kind, 1, "C", readonly=True), types.boolean[::1], types.int64, types.int32[::1], types.int32[::1], types.int64[::1], types.int64[::1]) for kind in (types.int32, types.int64)], cache=True)  # fmt: skip  # noqa: E501
def _tidied(data, offsets, nulls, base, slots, codes, first, last):  # type: ignore[no-untyped-def]
    mask, count, long = len(slots) - 1, 0, False
    for row in range(len(codes)):
        codes[row] = -1
        if len(nulls) and nulls[row]:
            continue
        start, end = types.int64(offsets[row]), types.int64(offsets[row + 1])
        long |= end - start > LONGEST
        start, end = _trimmed(data, start, end)
        if end - start > LONGEST:
            end = _cut(data, start, end)
        if _is_null(data, start, end):
            continue
        size = end - start
        slot = _hash(data, start, end, base) & mask
        while slots[slot] >= 0:
            known = first[slots[slot]]
            same = last[slots[slot]] - known == size
            at = 0
            while same and at < size:
                same = data[known + at] == data[start + at]
                at += 1
            if same:
                break
            slot = (slot + 1) & mask
        if slots[slot] < 0:
            slots[slot] = count
            first[count], last[count] = start, end
            count += 1
        codes[row] = slots[slot]
    fractions = count > 0
    for one in range(count):
        fractions = fractions and _went_through_fractions(data, first[one], last[one])
        if not fractions:
            break
    if fractions:
        for one in range(count):
            last[one] -= 2
    return count, long


@njit([types.void(_BYTES, _PLACES, _PLACES, types.uint8[::1], types.int64[::1])], cache=True)
def _joined(data, first, last, out, characters):  # type: ignore[no-untyped-def]
    at = 0
    for one in range(len(first)):
        count = 0
        for place in range(first[one], last[one]):
            byte = data[place]
            out[at] = byte
            count += byte & 0xC0 != 0x80
            at += 1
        characters[one] = count
        at += 1
