"""Text to numbers: hashed n-grams of one to three tokens.

A token is one Han character, one word of letters, one run of digits (its length, not its value), one mark, one end of
line. So n-grams are of characters in Chinese and of words elsewhere. Each is hashed to `SPACE_BITS` bits; nothing of a
number's digits enters a hash.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from tongguan.identify.kinds.characters import DIGIT, FOLD, LETTER, MARK, NEWLINE, NOTHING, ROLE, SPACE

__all__ = ["LONGEST", "SPACE_BITS", "NGrams", "ngrams"]

LONGEST: Final = 3  # tokens
SPACE_BITS: Final = 24

_WORD_MAX = 24  # letters: what is longer is no word of a language, and all such are one token
_DIGITS_MAX = 20
_SEED, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)  # FNV-1a
_MIX_A, _MIX_B = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)  # the finaliser of MurmurHash3
_SHIFT, _KEEP = np.uint64(33), np.uint64(64 - SPACE_BITS)
_LONG_WORD, _DIGITS, _LINE, _BLANK, _INDENT = (np.uint64(n) for n in (11, 1000, 17, 18, 19))

_U8, _U16 = (types.Array(t, 1, "C", readonly=True) for t in (types.uint8, types.uint16))


@dataclass(frozen=True, slots=True)
class NGrams:
    """The n-grams of a text in order: `key[LONGEST * i + n - 1]` is the one of n tokens that begins with token i."""

    key: NDArray[np.int32]  # (LONGEST * tokens,) hashes below 1 << SPACE_BITS, -1 where the text ends before
    start: NDArray[np.int32]  # (tokens,) first code unit
    end: NDArray[np.int32]  # (tokens,) exclusive


def ngrams(codes: NDArray[np.uint16]) -> NGrams:
    """N-grams of code units (n,) uint16. Time and memory are proportional to n."""
    hashes = np.empty(len(codes), np.uint64)
    start, end = np.empty(len(codes), np.int32), np.empty(len(codes), np.int32)
    count = _tokens(codes, FOLD, ROLE, hashes, start, end)
    key = np.empty(LONGEST * count, np.int32)
    _keys(hashes[:count], key)
    return NGrams(key, start[:count], end[:count])


@njit(types.int64(_U16, _U16, _U8, types.uint64[::1], types.int32[::1], types.int32[::1]), cache=True)
def _tokens(codes, fold, role, hashes, start, end):  # type: ignore[no-untyped-def]
    count, at, size = 0, 0, len(codes)
    while at < size:
        kind = role[codes[at]]
        begin = at
        at += 1
        if kind == NOTHING or kind == SPACE:  # noqa: SIM109
            continue
        if kind == LETTER:
            value = (_SEED ^ np.uint64(fold[codes[begin]])) * _PRIME
            while at < size and role[codes[at]] == LETTER:
                value = (value ^ np.uint64(fold[codes[at]])) * _PRIME
                at += 1
            if at - begin > _WORD_MAX:
                value = _LONG_WORD
        elif kind == DIGIT:
            while at < size and role[codes[at]] == DIGIT:
                at += 1
            value = _DIGITS + np.uint64(min(at - begin, _DIGITS_MAX))
        elif kind == NEWLINE:
            lines = 1
            last = begin
            while at < size and (role[codes[at]] == NEWLINE or role[codes[at]] == SPACE):
                if role[codes[at]] == NEWLINE:
                    lines += 0 if codes[at] == 10 and codes[at - 1] == 13 else 1
                    last = at
                at += 1
            value = _INDENT if at - last > 2 else (_BLANK if lines > 1 else _LINE)
        else:
            value = (_SEED ^ np.uint64(fold[codes[begin]])) * _PRIME
            if kind == MARK:  # a ruler of one mark is one token
                while at < size and codes[at] == codes[begin]:
                    at += 1
        hashes[count], start[count], end[count] = value, begin, at
        count += 1
    return count


@njit(types.void(types.uint64[::1], types.int32[::1]), cache=True)
def _keys(hashes, key):  # type: ignore[no-untyped-def]
    count = len(hashes)
    for first in range(count):
        value = np.uint64(0)
        for n in range(LONGEST):
            if first + n >= count:
                key[LONGEST * first + n] = -1
                continue
            value = (value ^ hashes[first + n]) * _MIX_A
            value ^= value >> _SHIFT
            mixed = value * _MIX_B
            mixed ^= mixed >> _SHIFT
            key[LONGEST * first + n] = np.int32((mixed * _PRIME) >> _KEEP)
