"""The n-grams that a model knows, and texts as sparse vectors over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from tongguan.identify.kinds.layout import BINS, MEASURES, layout
from tongguan.identify.kinds.ngrams import LONGEST, NGrams, ngrams

__all__ = ["LAYOUT_COLUMNS", "RARITY_STEPS", "Vector", "Vocabulary"]

LAYOUT_COLUMNS: Final = len(MEASURES) * BINS
RARITY_STEPS: Final = 32  # steps of `rarity` a unit of inverse document frequency (natural logarithm)
_LAYOUT_VALUE: Final = 0.15  # of one measure, beside n-grams whose squares sum to one

_I32 = types.Array(types.int32, 1, "C", readonly=True)


@dataclass(frozen=True, slots=True)
class Vector:
    """A text as columns with values; the n-grams' part has length one, layout columns stand last."""

    columns: NDArray[np.int32]  # (n,) each once
    values: NDArray[np.float32]  # (n,)
    grams: NGrams
    rows: NDArray[np.int32]  # (LONGEST * tokens,) column of each n-gram, -1 where the model does not know it

    @property
    def tokens(self) -> int:
        """Tokens read."""
        return len(self.grams.start)

    @property
    def coverage(self) -> float:
        """Share of the n-grams of two and more tokens that the model knows, 0 to 1."""
        rows, keys = self.rows.reshape(-1, LONGEST)[:, 1:], self.grams.key.reshape(-1, LONGEST)[:, 1:]
        asked = int(np.count_nonzero(keys >= 0))
        return int(np.count_nonzero(rows >= 0)) / asked if asked else 0.0


class Vocabulary:
    """Known n-grams: column i is the n-gram of hash `keys[i]`; after them stand the columns of the layout."""

    def __init__(self, keys: NDArray[np.int32], rarity: NDArray[np.uint8]) -> None:
        """`keys`: (n,) ascending, each once. `rarity`: (n,) inverse document frequencies, RARITY_STEPS a unit."""
        self.keys = keys
        self.rarity = rarity
        self._slots = np.full(1 << max(4, int(2 * len(keys)).bit_length()), -1, np.int32)
        _fill(keys, self._slots)

    @property
    def columns(self) -> int:
        """Columns in all."""
        return len(self.keys) + LAYOUT_COLUMNS

    def vector(self, codes: NDArray[np.uint16]) -> Vector:
        """The vector of a text's code units, (n,) uint16."""
        grams = ngrams(codes)
        rows = np.empty(len(grams.key), np.int32)
        columns, counts = np.empty(len(rows), np.int32), np.zeros(len(self.keys), np.int32)
        found = columns[: _look_up(grams.key, self.keys, self._slots, rows, columns, counts)]
        values = (1 + np.log(counts[found].astype(np.float32))) * self.rarity[found].astype(np.float32)
        length = float(np.sqrt(np.dot(values, values)))
        shape = layout(codes) + np.arange(len(MEASURES), dtype=np.int32) * BINS + np.int32(len(self.keys))
        return Vector(
            np.concatenate([found, shape]),
            np.concatenate([values / (length or 1.0), np.full(len(shape), _LAYOUT_VALUE, np.float32)]),
            grams,
            rows,
        )


@njit(types.void(_I32, types.int32[::1]), cache=True)
def _fill(keys, slots):  # type: ignore[no-untyped-def]
    mask = len(slots) - 1
    for row in range(len(keys)):
        at = (keys[row] * 0x9E3779B1) & mask
        while slots[at] >= 0:
            at = (at + 1) & mask
        slots[at] = row


@njit(types.int64(_I32, _I32, _I32, types.int32[::1], types.int32[::1], types.int32[::1]), cache=True)
def _look_up(asked, keys, slots, rows, columns, counts):  # type: ignore[no-untyped-def]
    mask = len(slots) - 1
    found = 0
    for i in range(len(asked)):
        rows[i] = -1
        if asked[i] < 0:
            continue
        at = (asked[i] * 0x9E3779B1) & mask
        while slots[at] >= 0 and keys[slots[at]] != asked[i]:
            at = (at + 1) & mask
        row = slots[at]
        rows[i] = row
        if row >= 0:
            if counts[row] == 0:
                columns[found] = row
                found += 1
            counts[row] += 1
    return found
