"""Compiled search for tokens of known shapes (how many characters, which of them letters) and for series of tokens."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from tongguan.identify.detect.characters import Units
from tongguan.identify.detect.kernels import I32, OUT32, U8, U16, Tokens

__all__ = ["LONGEST", "series_in", "shape_of", "shape_table", "tokens_of_shape"]

LONGEST = 18  # characters of a token that has a shape


def shape_of(pattern: str) -> int:
    """Number of a shape such as "LDDDDDDD" (letter, digits): a leading 1, then a 1 for each letter."""
    return int("1" + "".join("1" if c == "L" else "0" for c in pattern), 2)


def shape_table(patterns: Iterable[str]) -> NDArray[np.uint8]:
    """(2 ** 19,) flags by number of shape."""
    table = np.zeros(1 << (LONGEST + 1), np.uint8)
    table[[shape_of(pattern) for pattern in patterns]] = 1
    return table


@njit(types.int64(I32, U8, U8, OUT32, OUT32), cache=True)
def _tokens_of_shape(offsets, folded, wanted, chosen, shapes):  # type: ignore[no-untyped-def]
    count = 0
    for i in range(len(offsets) - 1):
        size = offsets[i + 1] - offsets[i]
        if size > LONGEST or size < 4:
            continue
        shape = 1
        for j in range(offsets[i], offsets[i + 1]):
            shape = shape << 1 | (folded[j] > 57)
        if wanted[shape]:
            chosen[count], shapes[count] = i, shape
            count += 1
    return count


def tokens_of_shape(tokens: Tokens, wanted: NDArray[np.uint8]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Indices of the tokens whose shape is wanted, and their shapes."""
    chosen, shapes = np.empty(len(tokens.start), np.int32), np.empty(len(tokens.start), np.int32)
    count = _tokens_of_shape(tokens.offset, tokens.folded, wanted, chosen, shapes)
    return chosen[:count], shapes[:count]


_ROWS8 = types.Array(types.uint8, 2, "C", readonly=True)


@njit([types.int64(units, I32, I32, I32, _ROWS8, _ROWS8, OUT32, OUT32) for units in (U8, U16)], cache=True)
def _series_in(units, starts, ends, offsets, sizes, signs, chosen, which):  # type: ignore[no-untyped-def]
    count = 0
    begins = np.zeros((20, 128), np.uint8)  # by size of a first token and the sign behind it
    for series in range(len(sizes)):
        for sign in signs[series]:
            begins[sizes[series, 0], sign] = 1
    for i in range(len(starts) - 1):
        size = offsets[i + 1] - offsets[i]
        if size > 19 or ends[i] >= len(units):
            continue
        sign = units[ends[i]]
        if sign > 127 or begins[size, sign] == 0 or starts[i + 1] != ends[i] + 1:
            continue
        for series in range(len(sizes)):
            fits = signs[series, 0] == sign or signs[series, 1] == sign
            place = 0
            while fits and place < sizes.shape[1] and sizes[series, place] > 0:
                at = i + place
                fits = at < len(starts) and offsets[at + 1] - offsets[at] == sizes[series, place]
                fits = fits and (place == 0 or starts[at] - ends[at - 1] == 1)
                place += 1
            if fits and count < len(chosen):
                chosen[count], which[count] = i, series
                count += 1
    return count


def series_in(
    units: Units, tokens: Tokens, sizes: NDArray[np.uint8], signs: NDArray[np.uint8]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Tokens that begin a series of tokens of set sizes, one character between them: their indices, and which series.

    `sizes` is (series, longest), ended by 0; `signs` (series, 2) are what may stand behind the first token.
    """
    chosen, which = np.empty(2 * len(tokens.start), np.int32), np.empty(2 * len(tokens.start), np.int32)
    count = _series_in(units, tokens.start, tokens.end, tokens.offset, sizes, signs, chosen, which)
    return chosen[:count], which[:count]
