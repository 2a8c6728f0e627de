"""Compiled: fingerprints that a text and a document share, joined to passages."""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit, types

__all__ = ["join_passages", "pair_up"]

_READ32, _READ64 = (types.Array(t, 1, "C", readonly=True) for t in (types.uint32, types.uint64))
_READI64 = types.Array(types.int64, 1, "C", readonly=True)
_ROWS = types.Array(types.int64, 2, "C", readonly=True)

_OPEN: Final = 4  # passages of one document that may go on at a time
_APART: Final = 300  # characters of the text between two shared fingerprints of one passage
_SLACK: Final = 200  # characters that were put in or taken out between them


@njit([types.int64(_READ64, _READ32, types.uint64, _READ64, _READ32, types.int64[:, ::1])], cache=True)
def pair_up(hashes, directory, shift, known, documents, pairs):  # type: ignore[no-untyped-def]
    """Pairs (document, place in `hashes`, posting) of equal hashes, -1 where there is no room for them."""
    found = 0
    for i in range(len(hashes)):
        bucket = hashes[i] >> shift
        for at in range(directory[bucket], directory[bucket + np.uint64(1)]):
            if known[at] == hashes[i]:
                if found == len(pairs):
                    return -1
                pairs[found, 0], pairs[found, 1], pairs[found, 2] = documents[at], i, at
                found += 1
    return found


@njit([types.int64(_ROWS, _READI64, _READ32, types.int64[:, ::1], types.int64[::1])], cache=True)
def join_passages(pairs, text, document, passages, member):  # type: ignore[no-untyped-def]
    """Join pairs, ordered by document and place, to passages; `text` and `document` say where they stand in either.

    Fills a row of `passages` for each: first and last pair, and how many pairs; and for each pair its passage in
    `member`. Gives the number of passages.
    """
    found = 0
    going = np.full(_OPEN, -1, np.int64)
    for i in range(len(pairs)):
        if i == 0 or pairs[i, 0] != pairs[i - 1, 0]:
            going[:] = -1
        here, there = text[i], document[i]
        best, drift = -1, np.int64(_SLACK + 1)
        for slot in range(_OPEN):
            if going[slot] < 0:
                continue
            last = passages[going[slot], 1]
            off = abs((np.int64(there) - np.int64(document[last])) - (here - text[last]))
            if here - text[last] <= _APART and off < drift:
                best, drift = slot, off
        if best < 0:
            oldest = 0
            for slot in range(_OPEN):
                if going[slot] < 0 or passages[going[slot], 1] < passages[going[oldest], 1]:
                    oldest = slot
                    if going[slot] < 0:
                        break
            going[oldest] = found
            passages[found, 0], passages[found, 1], passages[found, 2] = i, i, 1
            member[i] = found
            found += 1
        else:
            passages[going[best], 1] = i
            passages[going[best], 2] += 1
            member[i] = going[best]
    return found
