"""One compiled pass over the cells of a column: what each is made of, and which simple form it has.

The cells stand one behind the other in one text of units (see `detect.characters`). Dates are ISO 8601 and the writings
usual in China.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from tongguan.identify.detect.characters import DIGIT, FOLD, HAN, HAN_NUMERAL, KIND, LETTER, PROVINCE, Units
from tongguan.identify.detect.checks import is_day
from tongguan.identify.detect.kernels import I32, OUT32, U8, U16
from tongguan.shipped_yaml import shipped_yaml

__all__ = [
    "ADDRESS", "DATE", "DATETIME", "DECIMAL", "DIGITS", "HEX", "LATIN_NAME", "MASKED", "NAME", "NAME_LIKELY", "SPACED",
    "compile_kernels", "profile",
]  # fmt: skip

# Flags of a cell.
DIGITS: Final = 1  # digits only
DECIMAL: Final = 2  # a number with a point, perhaps signed
HEX: Final = 4  # hexadecimal digits only, 16 or more, with a letter
MASKED: Final = 8  # two or more signs that hide something
DATE: Final = 16  # a day
DATETIME: Final = 32  # a day with a time
NAME: Final = 64  # a family name and one or two Han characters
NAME_LIKELY: Final = 128  # … and these are usual in given names
ADDRESS: Final = 256  # places of two kinds: a district, and a road, door or village
LATIN_NAME: Final = 512  # two or three words of Latin letters, each with a capital in front
SPACED: Final = 1024  # holds spaces

_SURNAME, _GIVEN, _ADMIN, _ROAD, _DOOR, _HIDES, _COMPOUND = 1, 2, 4, 8, 16, 32, 64


@cache
def _tables() -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    """Classes of the units, and the family names of two characters as pairs."""
    lists: dict[str, Any] = shipped_yaml("tongguan.identify.detect", "surnames.yaml")
    compound = [name for name in lists["compound"] if len(name) == 2]
    table = np.zeros(65536, np.uint8)
    for flag, characters in (
        (_SURNAME, set(lists["single"]) - {" "}),
        (_GIVEN, set(lists["given"]) - {" "}),
        (_COMPOUND, {name[0] for name in compound}),
        (_ADMIN, "省市区县州旗盟"),
        (_ROAD, "路街道巷弄村镇乡胡庄屯社"),
        (_DOOR, "号栋幢座室楼单层院苑园寓厦组户坊里府庭城"),
        (_HIDES, "*＊•●×xX#"),
    ):
        for character in characters:
            table[ord(character)] |= flag
    return table, np.array([[ord(name[0]), ord(name[1])] for name in compound], np.uint16)


@njit
def _day(units, fold, start, end):  # type: ignore[no-untyped-def]
    """(yyyymmdd, where it ends) of the day that a cell begins with, (0, start) for none."""
    parts = np.zeros(3, np.int64)
    sizes = np.zeros(3, np.int64)
    part, i = 0, start
    sign = 0
    while i < end and part < 3:
        code = fold[units[i]] if units[i] < 128 or fold[units[i]] else 0
        if 48 <= code <= 57:
            parts[part] = parts[part] * 10 + code - 48
            sizes[part] += 1
            if sizes[part] > 8:
                return 0, start
        elif units[i] in (45, 47, 46, 0x5E74, 0x6708) and sizes[part] and part < 2:  # - / . 年 月
            same = units[i] == sign or part == 0 or units[i] == 0x6708
            if not same:
                return 0, start
            sign = units[i]
            part += 1
        elif units[i] == 0x65E5 and part == 2 and sizes[2]:  # 日
            i += 1
            break
        else:
            break
        i += 1
    year, month, day = parts[0], parts[1], parts[2]
    if part == 0 and sizes[0] == 8:
        year, month, day = parts[0] // 10000, parts[0] // 100 % 100, parts[0] % 100
    elif part != 2 or sizes[0] != 4 or not 1 <= sizes[1] <= 2 or not 1 <= sizes[2] <= 2:
        return 0, start
    if year < 1880 or year > 2200 or not is_day(year, month, day):
        return 0, start
    return year * 10000 + month * 100 + day, i


@njit([types.void(units, U8, U8, U8, types.Array(types.uint16, 2, "C", readonly=True), I32, I32, OUT32, OUT32, OUT32, OUT32) for units in (U8, U16)], cache=True)  # fmt: skip  # noqa: E501
def _profile(units, kind, fold, classes, compounds, starts, ends, flags, digits, han, days):  # type: ignore[no-untyped-def]
    for cell in range(len(starts)):
        start, end = starts[cell], ends[cell]
        size = end - start
        n_digits, n_han, n_latin, n_hex, n_hides, n_points, n_spaces, seen = 0, 0, 0, 0, 0, 0, 0, 0
        n_given, words, capitals = 0, 0, 0
        tidy, run = True, 0
        for i in range(start, end):
            unit = units[i]
            k = kind[unit]
            if k == DIGIT:
                n_digits += 1
                n_hex += 1
                run = 0
            elif k == LETTER:
                n_latin += 1
                n_hex += 65 <= fold[unit] <= 70
                if i == start or units[i - 1] in (32, 44, 46, 45, 39):
                    words += 1
                    capitals += unit == fold[unit]
                run = run + 1 if unit in (88, 120) else 0
                n_hides += 2 * (run == 3)
            elif k in (HAN, HAN_NUMERAL, PROVINCE):
                n_han += 1
                c = classes[unit]
                seen |= c & (_ADMIN | _ROAD | _DOOR)
                n_given += (c & _GIVEN) != 0
                run = 0
            else:
                run = 0
                n_hides += (classes[unit] & _HIDES) != 0
                if unit == 46:
                    n_points += 1
                    tidy &= size > 3
                elif unit == 32:
                    n_spaces += 1
                elif not (unit == 45 or unit == 39 or unit == 44):
                    tidy = False
        flag = 0
        if n_digits == size and size:
            flag |= DIGITS
        elif n_points == 1 and n_digits and n_digits + 1 + (units[start] in (43, 45)) == size:
            flag |= DECIMAL
        elif n_hex == size and size >= 16 and n_latin:
            flag |= HEX
        if n_spaces:
            flag |= SPACED
        if n_hides >= 2:
            flag |= MASKED
        district = n_han and seen & _ADMIN and seen & (_ROAD | _DOOR)
        if size >= 6 and (district or (n_han >= 3 and seen & _ROAD and seen & _DOOR and n_digits)):
            flag |= ADDRESS
        if n_han == size and 2 <= size <= 4:
            first = classes[units[start]]
            body = 0
            if first & _COMPOUND and size >= 3:
                for j in range(len(compounds)):
                    if units[start] == compounds[j, 0] and units[start + 1] == compounds[j, 1]:
                        body = 2
            if body == 0 and first & _SURNAME and size <= 3:
                body = 1
            if body:
                flag |= NAME
                given = 0
                for j in range(start + body, end):
                    given += (classes[units[j]] & _GIVEN) != 0
                if given == size - body:
                    flag |= NAME_LIKELY
        if n_latin + n_spaces >= size - 2 and 2 <= words <= 4 and capitals == words and tidy and 4 <= size <= 40:
            flag |= LATIN_NAME
        days[cell] = 0
        if n_digits >= 6 and size <= 40:
            day, stop = _day(units, fold, start, end)
            if day and (stop == end or n_digits >= 8):
                if stop == end:
                    flag |= DATE
                    days[cell] = day
                elif units[stop] in (32, 84) and stop + 4 < end and kind[units[stop + 1]] == DIGIT:
                    flag |= DATETIME
                    days[cell] = day
        flags[cell], digits[cell], han[cell] = flag, n_digits, n_han


def profile(
    units: Units, starts: NDArray[np.int32], ends: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Of each cell: flags, how many digits, how many Han characters, its day as yyyymmdd (0 for none). (n,) each."""
    classes, compounds = _tables()
    flags, digits, han, days = (np.empty(len(starts), np.int32) for _ in range(4))
    _profile(units, KIND, FOLD, classes, compounds, starts, ends, flags, digits, han, days)
    return flags, digits, han, days


def compile_kernels() -> None:
    """Compile the kernel for this machine, or load what was compiled before, and run it once. Importing compiles it."""
    place = np.zeros(1, np.int32)
    for units in (np.zeros(1, np.uint8), np.zeros(1, np.uint16)):
        profile(units, place, place)
