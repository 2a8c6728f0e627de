"""Compiled: a text to the fingerprints that winnowing chooses (Schleimer, Wilkerson and Aiken, 2003).

A Han character weighs two, others one, so that Chinese and English of one weight say about as much. A gram is the
shortest run of characters that weighs `GRAM`. Of the grams that begin in a run of weight `WINDOW` the one with the
least rolling hash is chosen, so that two texts that share a run of `GRAM` + `WINDOW` share a fingerprint, wherever it
stands. What is stored of a chosen gram is its keyed hash.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from tongguan.identify.fingerprints.canonical import CODES, canonical
from tongguan.identify.fingerprints.siphash import Key, siphash

__all__ = ["GRAM", "MINHASHES", "WINDOW", "Chosen", "chosen_of", "minhash", "resemblance"]

GRAM: Final = 16
WINDOW: Final = 16
MINHASHES: Final = 128

_FIRST_HAN: Final = 0x2E80
_READ: Final = 1 << 20  # characters that are read at once
_CONTEXT: Final = 1 << 10  # of its neighbours that a window sees
_MIX = np.uint64(0xD6E8FEB86659FD93)
_HALF, _ONE = np.uint64(32), np.uint64(1)
_READ64 = types.Array(types.uint64, 1, "C", readonly=True)
_READ32I = types.Array(types.int32, 1, "C", readonly=True)

Chosen = tuple[NDArray[np.uint64], NDArray[np.int64]]
"""Keyed hashes (n,), and (n, 3) start and end (exclusive) of their grams in the original text, and the weight of what
stands before; by place."""


@njit
def _mixed(hash):  # type: ignore[no-untyped-def]
    hash ^= hash >> _HALF
    hash *= _MIX
    return hash ^ (hash >> _HALF)


@njit([types.int64(CODES, _READ64, types.uint64[::1], types.int32[::1], types.int32[::1])], cache=True)
def _roll(codes, constants, grams, ends, before):  # type: ignore[no-untyped-def]
    """Of the gram that begins at each character its rolling hash, its end (exclusive), and the weight of what stands
    before; gives how many there are. `constants`: base of the hash, which is odd, a mask, and the inverse of the base.
    """
    n = len(codes)
    base, mask, inverse = constants[0], constants[1], constants[2]
    hash, top = np.uint64(0), np.uint64(1)  # of codes[start:end], and base ** (end - start)
    end, weight, passed = 0, 0, 0
    for start in range(n):
        while end < n and weight < GRAM:
            hash = hash * base + np.uint64(codes[end])
            top *= base
            weight += 2 if codes[end] >= _FIRST_HAN else 1
            end += 1
        if weight < GRAM:
            return start
        grams[start], ends[start], before[start] = _mixed(hash ^ mask), end, passed
        top *= inverse
        hash -= np.uint64(codes[start]) * top
        own = 2 if codes[start] >= _FIRST_HAN else 1
        weight -= own
        passed += own
    return n


@njit([types.int64(_READ64, _READ32I, types.int64[::1])], cache=True)
def _winnow(grams, before, chosen):  # type: ignore[no-untyped-def]
    """Which grams are the least of their windows, the rightmost of equals; gives how many."""
    n = len(grams)
    if n == 0:
        return 0
    found, least, first = 0, 0, 0  # first: where the window begins
    for i in range(n):
        while before[i] - before[first] >= WINDOW:
            first += 1
        if least < first:
            least = i
            for j in range(i - 1, first - 1, -1):
                if grams[j] < grams[least]:
                    least = j
        elif grams[i] < grams[least]:
            least = i
        if (first or i == n - 1) and (found == 0 or chosen[found - 1] != least):
            chosen[found] = least
            found += 1
    return found


@njit([types.void(CODES, _READ64, types.Array(types.int64, 1, "C", readonly=True), _READ32I, types.uint64[::1])], cache=True)  # fmt: skip  # noqa: E501
def _seal(codes, key, chosen, ends, hashes):  # type: ignore[no-untyped-def]
    for i in range(len(chosen)):
        hashes[i] = siphash(key, codes, chosen[i], np.int64(ends[chosen[i]]))


@njit([types.void(_READ64, _READ64, types.uint32[::1])], cache=True)
def _minima(hashes, seeds, least):  # type: ignore[no-untyped-def]
    least[:] = np.uint32(0xFFFFFFFF)
    for hash in hashes:
        for j in range(len(seeds)):
            value = np.uint32(((hash ^ seeds[j]) * (seeds[j] | _ONE)) >> _HALF)
            if value < least[j]:
                least[j] = value


def chosen_of(text: str, rolling: Key, key: Key) -> Chosen:
    """The fingerprints of a text of any length, read in windows of bounded memory."""
    base = int(rolling[0]) | 1
    constants = np.array([base, rolling[1], pow(base, -1, 1 << 64)], np.uint64)
    hashes, spans, weight = [np.zeros(0, np.uint64)], [np.zeros((0, 3), np.int64)], 0
    for start in range(0, len(text), _READ):
        first = max(0, start - _CONTEXT)
        found, places = _chosen(text[first : start + _READ + _CONTEXT], constants, key)
        places += np.array([first, first, weight])
        own = slice(*np.searchsorted(places[:, 0], (start, start + _READ)))
        hashes.append(found[own])
        spans.append(places[own])
        behind = int(np.searchsorted(places[:, 0], start + _READ - _CONTEXT))  # where the next window begins
        weight = int(places[behind, 2]) if behind < len(places) else weight
    return np.concatenate(hashes), np.concatenate(spans)


def _chosen(text: str, constants: NDArray[np.uint64], key: Key) -> Chosen:
    view = canonical(text)
    n = len(view.codes)
    grams, ends, before = np.empty(n, np.uint64), np.empty(n, np.int32), np.empty(n, np.int32)
    count = _roll(view.codes, constants, grams, ends, before)
    places = np.empty(count, np.int64)
    places = places[: _winnow(grams[:count], before[:count], places)]
    hashes = np.empty(len(places), np.uint64)
    _seal(view.codes, key, places, ends, hashes)
    last = view.place[ends[places] - 1] + 1
    return hashes, np.column_stack((view.place[places], last, before[places])).astype(np.int64)


def _seeds() -> NDArray[np.uint64]:
    return np.random.Generator(np.random.PCG64(20261121)).integers(0, 1 << 64, MINHASHES, np.uint64)


_SEEDS: Final = _seeds()


def minhash(hashes: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """(128,) the least value of the set under each of 128 orders (Broder, 1997); the hashes are even already."""
    least = np.empty(MINHASHES, np.uint32)
    _minima(np.ascontiguousarray(hashes), _SEEDS, least)
    return least


def resemblance(one: NDArray[np.uint32], others: NDArray[np.uint32]) -> NDArray[np.float64]:
    """How alike sets are (Jaccard), estimated from their minima: `others` is (n, 128), the answer (n,)."""
    alike: NDArray[np.float64] = np.mean(others == one, axis=1)
    return alike
