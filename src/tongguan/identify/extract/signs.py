"""How often signs stand in a text of bytes: what the kernels' tables of places are made large enough by.

`bytes.count` looks at one byte after another; a comparison of arrays at as many as the processor holds at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["occurrences", "occurrences_behind"]

_BLOCK = 1 << 18  # bytes: what is compared stays in the processor's cache, however long the text is


def occurrences(data: NDArray[np.uint8], signs: bytes) -> int:
    """How many bytes of (n,) are one of `signs`, of which there are few."""
    blocks = [data[at : at + _BLOCK] for at in range(0, len(data), _BLOCK)]
    return sum(int(np.count_nonzero(block == sign)) for block in blocks for sign in signs)


def occurrences_behind(data: NDArray[np.uint8], first: bytes, *signs: bytes) -> list[int]:
    """How many bytes that stand behind a `first` (one byte) are one of `signs`, for each of these."""
    blocks = (data[at : at + _BLOCK + 1] for at in range(0, len(data), _BLOCK))
    found = [block[1:][block[:-1] == first[0]] for block in blocks]
    return [sum(occurrences(block, some) for block in found) for some in signs]
