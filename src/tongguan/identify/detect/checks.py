"""Compiled checks: what a run of digits and letters is by its issuer's rules, and whether its check digit is right.

Sources: GB 11643-1999 (identity card), GB 32100-2015 (unified social credit code), GB 16735-2019 (VIN),
ISO/IEC 7812 (Luhn), MIIT numbering plan of 2017.

The compiled kernels of `digits` hold these checks inside them, and numba's cache looks only at the text of a kernel's
own file: who changes a check raises the revision in the docstring of `digits`.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

(
    ID_CARD, ID_CARD_15, PHONE, PHONE_ABROAD, LANDLINE, CARD_UNIONPAY, CARD_OTHER, CARD_UNCHECKED, USCC,
    VIN, VIN_UNCHECKED, FOREIGN_PERMIT, DOCUMENT, IPV4, IMEI, IMSI, PLATE, DECIMAL, PHONE_UNUSUAL, LANDLINE_UNUSUAL,
) = range(20)  # fmt: skip
CODES = 20

ID_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], np.int64)
ID_CHECKS = np.frombuffer(b"10X98765432", np.uint8)
_USCC_WEIGHTS = np.array([1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28], np.int64)
_VIN_WEIGHTS = np.array([8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2], np.int64)


def _values(alphabet: str) -> NDArray[np.int64]:
    table = np.full(128, -1, np.int64)
    for value, character in enumerate(alphabet):
        table[ord(character)] = value
    return table


_USCC_VALUES = _values("0123456789ABCDEFGHJKLMNPQRTUWXY")
_VIN_VALUES = _values("0123456789")
for _run, _first in (("ABCDEFGH", 1), ("JKLMN", 1), ("P", 7), ("R", 9), ("STUVWXYZ", 2)):
    for _step, _letter in enumerate(_run):
        _VIN_VALUES[ord(_letter)] = _first + _step
_USCC_FIRST = _values("123456789AEGNY") >= 0
_USCC_SECOND = _values("12345679A") >= 0
REGIONS = np.zeros(100, np.bool_)  # first two digits of GB/T 2260
REGIONS[[11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46]] = True
REGIONS[[50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82, 83]] = True
_NOT_ASSIGNED = np.zeros(200, np.bool_)  # 1xx that are no mobile prefix
_NOT_ASSIGNED[[142, 143, 154, 160, 161, 163, 164, 168, 169, 179, 194]] = True


@njit
def number(text, at, size):  # type: ignore[no-untyped-def]
    value = 0
    for i in range(at, at + size):
        value = value * 10 + text[i] - 48
    return value


@njit
def is_day(year, month, day):  # type: ignore[no-untyped-def]
    if month < 1 or month > 12 or day < 1:
        return False
    if month == 2:
        return day <= (29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28)
    return day <= (30 if month in (4, 6, 9, 11) else 31)


@njit
def luhn(text, at, size):  # type: ignore[no-untyped-def]
    total = 0
    for i in range(size):
        digit = text[at + size - 1 - i] - 48
        if i & 1:
            digit = digit * 2 - 9 if digit > 4 else digit * 2
        total += digit
    return total % 10 == 0


@njit
def is_id_card(text, at, latest):  # type: ignore[no-untyped-def]
    """18 characters: region, a day of birth not after `latest` (yyyymmdd), check digit modulo 11."""
    if not REGIONS[number(text, at, 2)] or (number(text, at + 2, 4) == 0 and text[at] != 56):
        return False
    born = number(text, at + 6, 8)
    if born < 19000101 or born > latest or not is_day(born // 10000, born // 100 % 100, born % 100):
        return False
    total = 0
    for i in range(17):
        total += (text[at + i] - 48) * ID_WEIGHTS[i]
    return ID_CHECKS[total % 11] == text[at + 17]


@njit
def is_uscc(text, at):  # type: ignore[no-untyped-def]
    """18 characters: registering authority, kind, six digits of region, body, check character modulo 31."""
    if not (_USCC_FIRST[text[at]] and _USCC_SECOND[text[at + 1]]):
        return False
    total = 0
    for i in range(18):
        value = _USCC_VALUES[text[at + i]]
        if value < 0 or (1 < i < 8 and value > 9):
            return False
        if i < 17:
            total += value * _USCC_WEIGHTS[i]
    return (31 - total % 31) % 31 == _USCC_VALUES[text[at + 17]]


@njit
def vin_grade(text, at):  # type: ignore[no-untyped-def]
    """17 characters: 2 with a right check digit, 1 with the form of a VIN, 0 else."""
    total, digits = 0, 0
    for i in range(17):
        value = _VIN_VALUES[text[at + i]]
        if value < 0:
            return 0
        digits += text[at + i] < 58
        total += value * _VIN_WEIGHTS[i]
    if digits < 4 or digits > 15 or text[at + 13] > 57 or text[at + 15] > 57 or text[at + 16] > 57:
        return 0
    check = total % 11
    return 2 if text[at + 8] == (88 if check == 10 else 48 + check) else 1


@njit
def card_code(text, at, size):  # type: ignore[no-untyped-def]
    """Code of a bank card by issuer range, length and Luhn; -1 where it is none."""
    two, four = number(text, at, 2), number(text, at, 4)
    if two == 62 and 16 <= size <= 19:
        return CARD_UNIONPAY if luhn(text, at, size) else CARD_UNCHECKED
    scheme = (
        (size in (13, 16, 19) and text[at] == 52)
        or (size == 16 and (51 <= two <= 55 or 2221 <= four <= 2720))
        or (size == 15 and two in (34, 37))
        or (size == 14 and (two in (36, 38, 39) or 300 <= number(text, at, 3) <= 305))
        or (size == 15 and text[at] == 49)  # airlines' cards
        or (16 <= size <= 19 and (two == 50 or 56 <= two <= 58 or two in (63, 67)))  # Maestro
        or (size == 16 and (3528 <= four <= 3589 or four == 6011 or two == 65))
        or (16 <= size <= 19 and (two in (60, 68, 69, 81, 90, 91, 94, 95, 96, 98, 99)))  # cards from before UnionPay
    )
    if not scheme:
        return -1
    if luhn(text, at, size):
        return CARD_OTHER
    return -1


@njit
def mobile_code(text, at):  # type: ignore[no-untyped-def]
    """Code of eleven digits that a mobile number can be, -1 for none."""
    prefix = number(text, at, 3)
    if not 130 <= prefix <= 199:
        return -1
    return PHONE_UNUSUAL if _NOT_ASSIGNED[prefix] else PHONE


@njit
def area_size(text, at, size):  # type: ignore[no-untyped-def]
    """Digits of the area code of a Chinese landline number of `size` digits; 0 where it is none."""
    if size < 10 or text[at] != 48 or text[at + 1] == 48:
        return 0
    area = 3 if text[at + 1] == 49 or text[at + 1] == 50 else 4
    if text[at + 1] == 49 and text[at + 2] != 48:
        return 0
    return area if size - area == 8 or (size - area == 7 and area == 4) else 0
