"""Parts of a text as columns of Arrow, without an object for each of them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numba import njit, types
from numpy.typing import NDArray

__all__ = ["Characters", "Utf8", "characters", "concatenated", "distinct", "laid_out", "last_up_to", "strings"]

Places = NDArray[np.int64]
Characters = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.uint32]
_U8 = types.Array(types.uint8, 1, "C", readonly=True)
_I64 = types.Array(types.int64, 1, "C", readonly=True)
_MOST = (1 << 31) - 1  # bytes of the texts of an array with small offsets


def characters(text: str) -> Characters:
    """A text's code points, as narrow as they all fit."""
    if text.isascii():
        return np.frombuffer(text.encode("ascii"), np.uint8)
    narrow = text.encode("utf-16-le", "surrogatepass")
    if len(narrow) == 2 * len(text):
        return np.frombuffer(narrow, np.uint16)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def distinct(text: Characters, starts: Places, ends: Places) -> tuple[NDArray[np.int32], Places]:
    """Which of the different stretches each one is, and which of the stretches is the first of each."""
    size = 1 << max(4, (2 * len(starts)).bit_length())
    codes, firsts = np.empty(len(starts), np.int32), np.empty(len(starts), np.int64)
    count = _distinct(text, starts, ends, np.full(size, -1, np.int32), codes, firsts)
    return codes, firsts[:count]


@njit([types.void(types.Array(one, 1, "A", readonly=True), types.Array(two, 1, "A", readonly=True), types.int64[::1]) for one in (types.int32, types.int64) for two in (types.int32, types.int64)], cache=True)  # fmt: skip  # noqa: E501
def _last_up_to(places, points, found):  # type: ignore[no-untyped-def]
    at = 0
    for i in range(len(points)):
        while at < len(places) and places[at] <= points[i]:
            at += 1
        while at > 0 and places[at - 1] > points[i]:
            at -= 1
        found[i] = at - 1


def last_up_to(places: Places | NDArray[np.int32], points: Places | NDArray[np.int32]) -> Places:
    """The last of some ascending places that is not behind each point, -1 for none: much faster than to search for each
    where the points are ascending, too, but for some."""
    found = np.empty(len(points), np.int64)
    _last_up_to(places, points, found)
    return found


class Utf8:
    """A text as bytes. Halves of characters, which UTF-8 cannot hold, are question marks there."""

    def __init__(self, text: str) -> None:
        self._plain = text.isascii()
        self.data = np.frombuffer(text.encode("utf-8", "replace"), np.uint8)

    def places(self, characters: Places) -> Places:
        """Where characters begin in the bytes; any order, the text's end is one too."""
        if self._plain:
            return characters
        order = None
        if len(characters) > 1 and (characters[1:] < characters[:-1]).any():
            order = np.argsort(characters, kind="stable")
            characters = characters[order]
        found = np.empty(len(characters), np.int64)
        _count(self.data, np.ascontiguousarray(characters), found)
        if order is not None:
            found[order] = found.copy()
        return found


@njit([types.int64(types.Array(kind, 1, "C", readonly=True), _I64, _I64, types.int32[::1], types.int32[::1], types.int64[::1]) for kind in (types.uint8, types.uint16, types.uint32)], cache=True)  # fmt: skip  # noqa: E501
def _distinct(text, starts, ends, slots, codes, firsts):  # type: ignore[no-untyped-def]
    mask, count = len(slots) - 1, 0
    for i in range(len(starts)):
        size = ends[i] - starts[i]
        hashed = types.uint64(14695981039346656037) ^ types.uint64(size)
        for n in range(starts[i], ends[i]):
            hashed = (hashed ^ types.uint64(text[n])) * types.uint64(1099511628211)
        slot = types.int64((hashed ^ (hashed >> types.uint64(32))) & types.uint64(mask))
        while slots[slot] >= 0:
            first = firsts[slots[slot]]
            same = ends[first] - starts[first] == size
            n = 0
            while same and n < size:
                same = text[starts[first] + n] == text[starts[i] + n]
                n += 1
            if same:
                break
            slot = (slot + 1) & mask
        if slots[slot] < 0:
            slots[slot] = count
            firsts[count] = i
            count += 1
        codes[i] = slots[slot]
    return count


@njit([types.void(_U8, _I64, types.int64[::1])], cache=True)
def _count(data, characters, found):  # type: ignore[no-untyped-def]
    """The first bytes of characters, which are ascending."""
    character, at = -1, -1
    for i in range(len(characters)):
        while character < characters[i]:
            at += 1
            if at >= len(data):
                at = len(data)
                break
            character += (data[at] & 0xC0) != 0x80
        found[i] = max(at, 0)


@njit([types.void(_U8, _I64, _I64, types.uint8[::1])], cache=True)
def _copy(data, starts, sizes, out):  # type: ignore[no-untyped-def]
    at = 0
    for i in range(len(starts)):
        for n in range(sizes[i]):
            out[at + n] = data[starts[i] + n]
        at += sizes[i]


@njit([types.void(types.Array(types.int64, 2, "A", readonly=True), _I64, _I64, types.int64[:, ::1], types.int64[::1])], cache=True)  # fmt: skip  # noqa: E501
def laid_out(cells, firsts, lasts, grid, points):  # type: ignore[no-untyped-def]
    """Lay out cells (start, end, column) of rows, which are `firsts` to `lasts`, by column and row.

    `points` takes the starts and ends of all, `grid` (columns, rows) which of them a cell is; of several the last.
    """
    count = 0
    for row in range(len(firsts)):
        for cell in range(firsts[row], lasts[row]):
            points[2 * count], points[2 * count + 1] = cells[cell, 0], cells[cell, 1]
            if 0 <= cells[cell, 2] < len(grid):
                grid[cells[cell, 2], row] = count
            count += 1


def strings(data: NDArray[np.uint8], starts: Places, ends: Places, *, large: bool = False) -> pa.Array:
    """The stretches of UTF-8 from `starts` to `ends` as texts, with `large` offsets where these are asked for or
    needed; those that end before they start are null."""
    some = ends >= starts
    if not large and not some.any():
        return pa.nulls(len(starts))
    sizes = ends - starts
    filled = None
    if not some.all():
        sizes[~some] = 0
        filled = pa.py_buffer(np.packbits(some, bitorder="little"))
    offsets = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=offsets[1:])
    out = np.empty(int(offsets[-1]), np.uint8)
    _copy(data, starts, sizes, out)
    if large or len(out) > _MOST:
        return pa.Array.from_buffers(pa.large_string(), len(starts), [filled, pa.py_buffer(offsets), pa.py_buffer(out)])
    buffers = [filled, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(out)]
    return pa.Array.from_buffers(pa.string(), len(starts), buffers)


def concatenated(arrays: list[pa.Array]) -> pa.Array:
    """Texts of several arrays, some of which may hold nulls alone."""
    kinds = {array.type for array in arrays} - {pa.null()}
    if len(kinds) > 1 or sum(array.nbytes for array in arrays) > _MOST:
        kinds = {pa.large_string()}
    return pa.concat_arrays([array.cast(kind) for array in arrays for kind in kinds] or arrays)
