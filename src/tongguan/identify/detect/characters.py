"""Characters as the kernels see them: one unit a character (8 bits in ASCII texts, else 16), a kind, and a folded form.

Folding makes the writings of a number equal: full-width and other decimal digits become ASCII digits, letters become
ASCII capitals. Offsets stay those of the original text, because a unit always stands for exactly one character.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["FOLD", "HAN_NUMERALS", "KIND", "Units", "fold_text", "units_of"]

Units = NDArray[np.uint8] | NDArray[np.uint16]

OTHER: Final = 0
DIGIT: Final = 1
LETTER: Final = 2
AT: Final = 3
HAN_NUMERAL: Final = 4
HAN: Final = 5
PROVINCE: Final = 6  # Han, and the first character of a vehicle plate
SPACE: Final = 7
HYPHEN: Final = 8
DOT: Final = 9
MARK: Final = 10  # other signs that people put between the digits of a number
NEWLINE: Final = 11
IGNORABLE: Final = 12  # zero-width: stands inside words and numbers without breaking them

HAN_NUMERALS: Final = {
    character: digit
    for digit, row in enumerate(["零〇", "一壹幺", "二贰", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖"])
    for character in row
}
_PROVINCES: Final = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_IGNORABLE: Final = [  # zero-width, marks of direction, accents and frames put upon a character, its variants
    0x00AD, 0x115F, 0x1160, 0x180E, 0x3164, 0xFFA0,
    *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF,
    *range(0x0300, 0x0370), *range(0x20D0, 0x20F1), *range(0xFE00, 0xFE10),
]  # fmt: skip
_SIGNS_OF_DIGITS: Final = {  # ①, ², ⒊: digits among themselves only, for ① before a number begins an item of a list
    sign: unicodedata.digit(sign) for sign in map(chr, range(65536)) if sign.isdigit() and not sign.isdecimal()
}
_ASTRAL_IGNORABLE: Final = (range(0xE0000, 0xE0080), range(0xE0100, 0xE01F0))  # tags, variants of characters
_ASTRAL_DIGITS: Final = range(0x1D7CE, 0x1D800)  # five sets of mathematical digits
_ASTRAL_HAN: Final = 0x20000  # the supplementary ideographic plane starts here


@cache
def _tables() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    kind = np.zeros(65536, dtype=np.uint8)
    fold = np.zeros(65536, dtype=np.uint8)
    for first, last in ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF)):
        kind[first : last + 1] = HAN
    for character in filter(str.isdecimal, map(chr, range(65536))):
        kind[ord(character)], fold[ord(character)] = DIGIT, ord("0") + unicodedata.decimal(character)
    for base in (ord("A"), ord("a"), 0xFF21, 0xFF41):
        kind[base : base + 26] = LETTER
        fold[base : base + 26] = np.arange(ord("A"), ord("Z") + 1)
    for class_, characters in (
        (SPACE, " \u00a0\u3000\u202f\u205f" + "".join(map(chr, range(0x2000, 0x200B)))),
        (HYPHEN, "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d\ufe63\ufe58"),
        (DOT, ".\uff0e\u2024"),
        (MARK, "()（）[]_*/\\·•・~～"),
        (NEWLINE, "\r\n\u2028\u2029\x85"),
        (AT, "@＠"),
        (HAN_NUMERAL, "".join(HAN_NUMERALS) + "".join(_SIGNS_OF_DIGITS)),
        (PROVINCE, _PROVINCES),
    ):
        kind[[ord(c) for c in characters]] = class_
    kind[_IGNORABLE] = IGNORABLE
    for character, digit in (HAN_NUMERALS | _SIGNS_OF_DIGITS).items():
        fold[ord(character)] = ord("0") + digit
    kind.flags.writeable = fold.flags.writeable = False
    return kind, fold


def _mail() -> NDArray[np.uint8]:
    mail = np.zeros(65536, np.uint8)
    mail[[ord(c) for c in "!#$%&'*+/=?^_`{|}~＿"]] = IN_LOCAL
    mail[(KIND == DIGIT) | (KIND == LETTER) | (KIND == IGNORABLE)] = IN_DOMAIN
    mail[[ord(c) for c in ".．-－"]] = IN_DOMAIN
    return mail


KIND, FOLD = _tables()
"""(65536,) uint8 each: kind of a unit, and its folded ASCII code (0 where it has none)."""

IN_LOCAL: Final = 1
IN_DOMAIN: Final = 2
MAIL: Final = _mail()
"""(65536,) uint8: units of the local part of an e-mail address (RFC 5322), and those that a domain may hold."""


def units_of(text: str) -> Units:
    """One unit a character: (len(text),). Characters beyond the basic plane become a Han or a neutral unit."""
    if text.isascii():
        return np.frombuffer(text.encode("ascii"), dtype=np.uint8)
    narrow = text.encode("utf-16-le", "surrogatepass")
    if len(narrow) == 2 * len(text):
        return np.frombuffer(narrow, dtype="<u2")
    wide = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    units = wide.astype(np.uint16)
    beyond = np.flatnonzero(wide > 0xFFFF)
    units[beyond] = np.where(wide[beyond] >= _ASTRAL_HAN, 0x3400, 0xFFFD)
    for ignorable in _ASTRAL_IGNORABLE:
        units[_within(wide, beyond, ignorable)] = _IGNORABLE[0]
    digits = _within(wide, beyond, _ASTRAL_DIGITS)
    units[digits] = (wide[digits] - _ASTRAL_DIGITS.start) % 10 + ord("0")
    return units


def _within(wide: NDArray[np.uint32], places: NDArray[np.int64], codes: range) -> NDArray[np.int64]:
    """Those of the places at which a character of a range stands."""
    return places[(wide[places] >= codes.start) & (wide[places] < codes.stop)]


def _beyond_ascii(kind: int) -> list[int]:
    codes = np.flatnonzero(kind == KIND)
    return codes[codes >= 128].tolist()  # type: ignore[no-any-return]


_FOLDED: Final = str.maketrans(
    {code: chr(FOLD[code]) for code in _beyond_ascii(DIGIT)}
    | {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    | {code: str((code - _ASTRAL_DIGITS.start) % 10) for code in _ASTRAL_DIGITS}
    | dict.fromkeys(_beyond_ascii(SPACE), " ")
    | {0x2024: "."}
    | dict.fromkeys(chain(_IGNORABLE, *_ASTRAL_IGNORABLE), "")
)


def _foldable() -> re.Pattern[str]:
    """What `_FOLDED` changes. Beyond the basic plane as ranges: there each single character costs a comparison."""
    plain = "".join(chr(code) for code in sorted(_FOLDED) if code <= 0xFFFF)
    beyond = (_ASTRAL_DIGITS, *_ASTRAL_IGNORABLE)
    return re.compile(f"[{re.escape(plain)}{''.join(f'{chr(one.start)}-{chr(one.stop - 1)}' for one in beyond)}]")


_FOLDABLE: Final = _foldable()


def fold_text(text: str) -> str:
    """Full-width forms made narrow, odd spaces made plain, zero-width characters dropped; case is kept."""
    return text if text.isascii() or not _FOLDABLE.search(text) else text.translate(_FOLDED)
