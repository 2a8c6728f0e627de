"""Numbers that pass by chance: where a text is full of numbers of one shape and few of them pass, none is what it
seems.

Of random numbers of eleven digits 6 in 100 begin like a mobile number, of those in groups of 3, 4 and 4 as many. A
column of part numbers shows itself by the others.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.detect.kernels import DIGITS
from tongguan.identify.detect.view import View

__all__ = ["by_chance"]

_REACH: Final = 2_000  # characters to either side that are looked at: less than what windows of a long text share
_ENOUGH: Final = 12  # numbers of one shape
_SHARE: Final = 0.2  # at most so many of them pass
_GROUPS: Final = 3
_WIDEST: Final = 20  # digits of a group


def by_chance(view: View, start: NDArray[np.int32], end: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which of the numbers at [start, end), ascending, pass by chance: judged by all numbers of their shape nearby."""
    tokens = view.tokens
    chance = np.zeros(len(start), np.bool_)
    first = np.searchsorted(tokens.start, start)
    count = np.searchsorted(tokens.start, end) - first
    usable = (count >= 1) & (count <= _GROUPS)
    usable[usable] &= tokens.start[first[usable]] == start[usable]
    if np.count_nonzero(usable) == 0 or len(tokens.start) < _ENOUGH:
        return chance
    sizes = np.diff(tokens.offset)
    sizes[(tokens.flavour != DIGITS) | (sizes >= _WIDEST)] = 0
    shape = np.zeros(len(start), np.int64)
    for group in range(_GROUPS):
        more = np.flatnonzero(usable & (count > group))
        size = sizes[first[more] + group]
        shape[more] = shape[more] * _WIDEST + size
        usable[more[size == 0]] = False
    for one in np.unique(shape[usable]).tolist():
        alike = _of_shape(view, sizes, one)
        if len(alike) < _ENOUGH:
            continue
        mine = np.flatnonzero(usable & (shape == one))
        chance[mine] = _few_pass(tokens.start[alike], start[mine], view.breaks)
    return chance


def _of_shape(view: View, sizes: NDArray[np.int32], shape: int) -> NDArray[np.int64]:
    """The tokens that begin numbers of a shape, one sign between their groups."""
    groups: list[int] = []
    while shape:
        shape, size = divmod(shape, _WIDEST)
        groups.insert(0, size)
    found = np.flatnonzero(sizes[: len(sizes) - len(groups) + 1] == groups[0])
    for place, size in enumerate(groups[1:], start=1):
        found = found[sizes[found + place] == size]
        found = found[view.tokens.start[found + place] - view.tokens.end[found + place - 1] == 1]
    return found


def _few_pass(places: NDArray[np.int32], mine: NDArray[np.int32], breaks: NDArray[np.int64]) -> NDArray[np.bool_]:
    """For each of `mine`, which are some of `places`: whether few of the places near it are among `mine`."""
    bounds = np.concatenate(([-1], breaks, [np.iinfo(np.int32).max]))
    piece = np.searchsorted(breaks, mine)
    low, high = np.maximum(mine - _REACH, bounds[piece]), np.minimum(mine + _REACH, bounds[piece + 1])
    near = np.searchsorted(places, high) - np.searchsorted(places, low)
    passing = np.searchsorted(mine, high) - np.searchsorted(mine, low)
    few: NDArray[np.bool_] = (near >= _ENOUGH) & (passing <= near * _SHARE)
    return few
