"""Whole numbers drawn by lot, none twice, in memory that does not grow with their range."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Lots"]

SHUFFLED: Final = 1 << 22  # a range up to this is put into a random order as a whole


class Lots:
    """Numbers of 0 … span - 1, each with the same chance in every draw."""

    def __init__(self, span: int, chance: np.random.Generator) -> None:
        self._span, self._chance = span, chance
        self._order = chance.permutation(span) if span <= SHUFFLED else None
        self._drawn = np.zeros(0, np.int64)  # ascending, where the range is larger
        self._at = 0

    def draw(self, count: int) -> NDArray[np.int64]:
        """(n,) numbers that were not drawn before, in random order, `count` or few less; none where none are left."""
        if self._order is not None:
            some = self._order[self._at : self._at + count].astype(np.int64)
            self._at += count
            return some
        fresh = np.unique(self._chance.integers(0, self._span, count + count // 8 + 10, dtype=np.uint64).view(np.int64))
        fresh = self._chance.permutation(fresh[~np.isin(fresh, self._drawn, assume_unique=True)])[:count]
        self._drawn = np.union1d(self._drawn, fresh)
        return fresh
