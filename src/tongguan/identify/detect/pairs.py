"""Compiled search for what may begin a name near some spans: a character of one set, and one of another behind it."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from tongguan.identify.detect.characters import Units
from tongguan.identify.detect.kernels import U8, U16

__all__ = ["pairs_beside"]

_GAP: Final = 3  # signs between a span and what stands behind it
_BORDER, _SIGN = 1, 2  # a unit that a name may follow; one that may also stand between a span and a name
_FLAGS: Final = types.Array(types.bool_, 1, "C", readonly=True)
_PLACES: Final = types.Array(types.int64, 1, "C", readonly=True)


def _borders() -> NDArray[np.uint8]:
    borders = np.full(65536, _BORDER, np.uint8)
    borders[0x3401:0xA000] = 0  # 0x3400 also stands for characters beyond the basic plane: any
    borders[[code for code in range(65536) if re.match(r"[\s,，;；|/、(（-]", chr(code))]] |= _SIGN
    return borders


_BORDERS: Final = _borders()


@njit([types.void(units, _FLAGS, _FLAGS, U8, _PLACES, _PLACES, types.int64, types.int64[::1]) for units in (U8, U16)], cache=True)  # fmt: skip  # noqa: E501
def _pairs_beside(units, first, second, borders, starts, ends, window, found):  # type: ignore[no-untyped-def]
    n = len(units)
    for i in range(len(starts)):
        for at in range(max(0, starts[i] - window), starts[i] - 1):
            if first[units[at]] and second[units[at + 1]] and (at == 0 or borders[units[at - 1]]):
                found[i] = at
                break
        at = ends[i]
        stop = min(at + _GAP, n - 2)
        while found[i] < 0 and at < stop and borders[units[at]] & _SIGN:
            at += 1
            if first[units[at]] and second[units[at + 1]]:
                found[i] = at


def pairs_beside(
    units: Units,
    first: NDArray[np.bool_],
    second: NDArray[np.bool_],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    window: int,
) -> NDArray[np.int64]:
    """(n,): where near a span a unit of `first` is followed by one of `second`, -1 for nowhere: up to `window` units
    before it, and no Han before them, else behind it, with one to three signs between. `first` and `second` are
    (65536,) flags."""
    found = np.full(len(starts), -1, np.int64)
    _pairs_beside(units, first, second, _BORDERS, starts, ends, window, found)
    return found
