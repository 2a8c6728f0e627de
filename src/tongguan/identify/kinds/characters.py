"""How single characters are read: one table of what they fold to, one of what they are."""

from __future__ import annotations

import unicodedata
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["DIGIT", "FOLD", "HAN", "LETTER", "MARK", "NEWLINE", "NOTHING", "ROLE", "SPACE", "units"]

NOTHING, SPACE, NEWLINE, LETTER, DIGIT, HAN, MARK = range(7)

_UNITS: Final = 1 << 16  # UTF-16 code units; half of a character beyond the first plane counts as a mark


def _role(folded: str, original: str) -> int:
    if original in "\n\r\u2028\u2029\x0b\x0c\x85":
        return NEWLINE
    if original.isspace() or original == "\u3000":
        return SPACE
    category = unicodedata.category(folded)
    if category in {"Cc", "Cf"}:
        return NOTHING
    if category == "Nd":
        return DIGIT
    if ("\u2e80" <= folded <= "\u9fff" and category in {"Lo", "So", "Nl"}) or "\uf900" <= folded <= "\ufaff":
        return HAN
    return LETTER if category[0] in "LM" else MARK


def _tables() -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    fold = np.arange(_UNITS, dtype=np.uint16)
    role = np.full(_UNITS, MARK, np.uint8)
    for unit in range(_UNITS):
        if 0xD800 <= unit < 0xE000 or 0xAC00 <= unit < 0xD7A4 or 0x3400 <= unit < 0xA000:
            continue  # surrogates, Hangul and Han stand for themselves
        character = chr(unit)
        folded = unicodedata.normalize("NFKC", character).lower()
        folded = folded if len(folded) == 1 and ord(folded) < _UNITS else character
        role[unit] = _role(folded, character)
        fold[unit] = ord("0") if role[unit] == DIGIT else ord(folded)
    role[0x3400:0xA000] = HAN
    role[0xAC00:0xD7A4] = LETTER
    return fold, role


FOLD, ROLE = _tables()  # (65536,) each: NFKC and lower case with all digits as "0"; what a unit is


def units(text: str) -> NDArray[np.uint16]:
    """The text as UTF-16 code units, (n,) uint16; lone surrogates are kept."""
    return np.frombuffer(text.encode("utf-16-le", "surrogatepass"), dtype=np.uint16)
