"""Texts as fingerprints see them: letters and digits only, every writing of a character made one.

Full-width and other compatibility forms (NFKD), accents, case, decimal digits of any script, and numbers written out
in Han numerals are made equal; spaces, line breaks, punctuation and zero-width characters are dropped, so that none of
them hides a match. The place of each character that is kept is remembered.

Compiled code is kept by file: who edits this one must touch `cells.py` and `winnow.py`, into which it is compiled.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from tongguan.identify.detect.characters import HAN_NUMERALS

__all__ = ["CODES", "Canonical", "adjacent", "canonical", "codes_of", "fold", "fold_table", "numeral_table"]

Codes = NDArray[np.uint32]
CODES = types.Array(types.uint32, 1, "C", readonly=True)

_TABLE: Final = 0x30000  # characters beyond are Han of the third plane, or nothing
_LAST_HAN: Final = 0x323AF
_PLAIN: Final = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0x20000, 0x2F7FF))  # folded to themselves
_SHORTEST_NUMBER: Final = 7  # Han numerals in a row that are read as digits
_FIRST_HAN: Final = 0x2E80  # from here on scripts have no spaces between words


@dataclass(frozen=True, slots=True)
class Canonical:
    """A text in canonical form: character i of it stands at `place[i]` of the original."""

    codes: Codes  # (n,) folded code points
    place: NDArray[np.int32]  # (n,) ascending


@cache
def fold_table() -> Codes:
    """(0x30000,) the folded code point of each, 0 where it is dropped."""
    table = np.zeros(_TABLE, np.uint32)
    plain = np.zeros(_TABLE, np.bool_)
    for first, last in _PLAIN:
        table[first : last + 1] = np.arange(first, last + 1)
        plain[first : last + 1] = True
    plain[0xD800:0xF900] = True  # surrogates and private use
    plain[0x18D00:0x1D000] = True  # nothing there
    for code in np.flatnonzero(~plain).tolist():
        table[code] = _fold(chr(code))
    table.flags.writeable = False
    return table


def _fold(character: str) -> int:
    bare = [c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c)]
    if len(bare) == 1:
        character = bare[0]
    if not character.isalnum():
        return 0
    if character.isdecimal():
        return ord("0") + unicodedata.decimal(character)
    upper = character.upper()
    return ord(upper if len(upper) == 1 else character)


@cache
def numeral_table() -> NDArray[np.uint8]:
    """(65536,) the ASCII digit of each Han numeral, else 0."""
    table = np.zeros(65536, np.uint8)
    for character, digit in HAN_NUMERALS.items():
        table[ord(character)] = ord("0") + digit
    table.flags.writeable = False
    return table


@njit
def adjacent(codes, place, left):  # type: ignore[no-untyped-def]
    """Whether characters `left` and `left + 1` are two digits, or two letters of a script with spaces, side by side."""
    if left < 0 or left + 1 >= len(codes) or place[left + 1] != place[left] + 1:
        return False
    one, two = codes[left], codes[left + 1]
    if one >= _FIRST_HAN or two >= _FIRST_HAN:
        return False
    return (48 <= one <= 57) == (48 <= two <= 57)


@njit
def fold_one(code, table):  # type: ignore[no-untyped-def]
    if code < _TABLE:
        return table[code]
    return np.uint32(code if code <= _LAST_HAN else 0)


@njit
def read_numerals(codes, first, last, numerals):  # type: ignore[no-untyped-def]
    """Make digits of the runs of Han numerals in [first, last)."""
    i = first
    while i < last:
        start = i
        while i < last and codes[i] < 65536 and numerals[codes[i]] != 0:
            i += 1
        if i - start >= _SHORTEST_NUMBER:
            for j in range(start, i):
                codes[j] = numerals[codes[j]]
        if i == start:
            i += 1


@njit(types.int64(CODES, CODES, types.Array(types.uint8, 1, "C", readonly=True), types.uint32[::1], types.int32[::1]), cache=True)  # fmt: skip  # noqa: E501
def fold(text, table, numerals, codes, place):  # type: ignore[no-untyped-def]
    """Fill `codes` and `place`, which have room for the whole text; gives how many characters were kept."""
    kept = 0
    for i in range(len(text)):
        folded = fold_one(text[i], table)
        codes[kept] = folded
        place[kept] = i
        kept += folded != 0
    read_numerals(codes, 0, kept, numerals)
    return kept


def codes_of(text: str) -> Codes:
    """(len(text),) code points."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def canonical(text: str) -> Canonical:
    """The canonical form of a text."""
    codes, place = np.empty(len(text) + 1, np.uint32), np.empty(len(text) + 1, np.int32)
    kept = fold(codes_of(text), fold_table(), numeral_table(), codes, place)
    return Canonical(codes[:kept], place[:kept])
