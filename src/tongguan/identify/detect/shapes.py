"""Compiled search for tokens of known shapes: how many characters, and which of them are letters."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from tongguan.identify.detect.kernels import I32, OUT32, U8, Tokens

__all__ = ["LONGEST", "shape_of", "shape_table", "tokens_of_shape"]

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
