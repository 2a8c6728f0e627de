"""Keywords found in text, as many as there are in one pass, in every writing that fingerprints see through."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from tongguan.identify.fingerprints.canonical import canonical, fold_table, numeral_table
from tongguan.identify.fingerprints.cells import FIRST_BITS, LONGEST, hash_cells
from tongguan.identify.fingerprints.finding import Finder
from tongguan.identify.fingerprints.policy.evidence import Look, Span
from tongguan.identify.fingerprints.siphash import key_of
from tongguan.wording import wording

__all__ = ["bad_word", "words_in"]

_KEYS: Final = key_of(b"keywords", "beginnings"), key_of(b"keywords", "words")  # no secret: the policy names the words


def bad_word(word: str) -> dict[str, str] | None:
    """What is wrong with a keyword, in both languages; None where it can be found."""
    size, faults = len(canonical(word).codes), wording(__package__, "faults.yaml")
    if size < 2:
        return faults.both("keyword.short", word=repr(word))
    return faults.both("keyword.long", size=size, most=LONGEST) if size > LONGEST else None


def words_in(look: Look, words: Sequence[str]) -> list[list[Span]]:
    """Where each word stands."""

    def find() -> list[list[Span]]:
        finder, places = _finder(tuple(words))
        found: list[list[Span]] = [[] for _ in words]
        for piece, start, end, entry, _ in finder.find(look.evidence.pieces).tolist():
            for place in places[entry]:
                found[place].append((piece, start, end))
        return found

    return look.once(("words", tuple(words)), find)


@lru_cache(maxsize=64)
def _finder(words: tuple[str, ...]) -> tuple[Finder, dict[int, list[int]]]:
    """The finder, and for each of its entries the words that it stands for (those of one canonical form)."""
    n = len(words)
    data = [word.encode("utf-8", "replace") for word in words]
    offsets = np.cumsum([0, *map(len, data)], dtype=np.int64)
    high, low, prefix = np.empty(n, np.uint64), np.empty(n, np.uint32), np.empty(n, np.uint32)
    length, first = np.empty(n, np.uint8), np.zeros(1 << (FIRST_BITS - 3), np.uint8)
    hash_cells(
        offsets, np.frombuffer(b"".join(data), np.uint8), np.ones(n, np.bool_), fold_table(), numeral_table(), *_KEYS,
        0, high, low, prefix, length, first,
    )  # fmt: skip
    order = np.lexsort((low, high))
    beginnings = np.zeros(1 << max(12, math.ceil(math.log2(8 * n))), np.uint8)
    np.bitwise_or.at(beginnings, prefix & np.uint32(len(beginnings) - 1), np.left_shift(1, length & 7).astype(np.uint8))
    high, low = high[order], low[order]
    counts = np.bincount((high >> np.uint64(58)).astype(np.int64), minlength=64)
    directory = np.concatenate(([0], np.cumsum(counts))).astype(np.uint32)
    finder = Finder(_KEYS, first, beginnings, np.unique(length).astype(np.uint16), directory, high, low)
    places: dict[int, list[int]] = {}
    start = 0
    for i, place in enumerate(order.tolist()):
        if i and (high[i] != high[i - 1] or low[i] != low[i - 1]):
            start = i
        places.setdefault(start, []).append(place)
    return finder, places
