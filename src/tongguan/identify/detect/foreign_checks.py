"""Check digits of identifiers from outside the mainland, for many candidates at once.

Each check takes folded characters, (n, size) uint8 of ASCII digits and capitals, and says which rows are right: (n,)
bool. Sources: Hong Kong Immigration Department (HKID), Taiwan's Ministry of the Interior (national and resident
numbers), ISO 13616 and ISO/IEC 7064 (IBAN), ICAO Doc 9303 (MRZ), ISO/IEC 7812 (Luhn), and each issuer's own rule.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Check", "Flags", "Numbers", "Rows", "among", "day_of", "digits_of", "ends_in", "iban_sizes", "is_born", "is_iban",
    "is_mrz_field", "luhn", "modulo_11_10", "number_of", "same", "varied", "verhoeff", "weighted",
]  # fmt: skip

Rows = NDArray[np.uint8]
Flags = NDArray[np.bool_]
Numbers = NDArray[np.int64]
Check = Callable[[Rows], Flags]


def digits_of(rows: Rows) -> Numbers:
    """Digits as numbers; letters as 10 for A up to 35 for Z."""
    values = rows.astype(np.int64)
    return np.where(values > 57, values - 55, values - 48)


def weighted(rows: Rows, weights: Sequence[int]) -> Numbers:
    total: Numbers = digits_of(rows[:, : len(weights)]) @ np.array(weights, np.int64)
    return total


def number_of(rows: Rows, first: int, last: int) -> Numbers:
    """The number that the digits from `first` up to `last` write: (n,)."""
    value: Numbers = digits_of(rows[:, first:last]) @ (10 ** np.arange(last - first - 1, -1, -1, dtype=np.int64))
    return value


_DAYS: Final = np.array([0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


def day_of(month: Numbers, day: Numbers) -> Flags:
    """Whether a month has such a day; February always has 29."""
    known = (month >= 1) & (month <= 12)
    right: Flags = known & (day >= 1) & (day <= _DAYS[np.where(known, month, 0)])
    return right


def among(column: Rows, letters: str) -> Flags:
    return np.isin(column, np.frombuffer(letters.encode(), np.uint8))


def same(rows: Rows, letters: str, index: Numbers, place: int = -1) -> Flags:
    """Whether the character at `place` is that of `letters` at `index`."""
    table = np.frombuffer(letters.encode(), np.uint8)
    right: Flags = table[index] == rows[:, place]
    return right


def ends_in(rows: Rows, check: Numbers, place: int = -1) -> Flags:
    """Whether the digit at `place` is the number that was worked out."""
    right: Flags = digits_of(rows[:, place]) == check
    return right


def varied(rows: Rows) -> Flags:
    """Not one digit over and over."""
    flags: Flags = (rows != rows[:, :1]).any(axis=1)
    return flags


def is_born(rows: Rows, month: int, day: int) -> Flags:
    """Whether the two digits at `month` and the two at `day` make a day."""
    return day_of(number_of(rows, month, month + 2), number_of(rows, day, day + 2))


def luhn(rows: Rows) -> Flags:
    """ISO/IEC 7812: every second digit from the right doubled, the digits of all add up to 0 modulo 10."""
    doubled = digits_of(rows)
    doubled[:, -2::-2] *= 2
    right: Flags = (doubled // 10 + doubled % 10).sum(axis=1) % 10 == 0
    return right


def hkid(rows: Rows) -> Flags:
    """One or two letters, six digits, a check digit or A: weights 9 to 1 modulo 11; a lone letter stands behind 36."""
    body = digits_of(rows[:, :-1])
    padded = np.concatenate([np.full((len(rows), 8 - body.shape[1]), 36), body], axis=1)
    return same(rows, "0A987654321", padded @ np.arange(9, 1, -1) % 11)


_TAIWAN: Final = np.array([10 + "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(chr(c)) for c in range(65, 91)], np.int64)


def taiwan_id(rows: Rows) -> Flags:
    """A letter and nine digits (or, on old resident cards, two letters and eight): weights 1, 9 … 1, 1 modulo 10."""
    first = _TAIWAN[rows[:, 0] - 65]
    second = np.where(rows[:, 1] > 57, _TAIWAN[np.maximum(rows[:, 1], 65) - 65] % 10, digits_of(rows[:, 1]))
    total = first // 10 + first % 10 * 9 + second * 8 + digits_of(rows[:, 2:9]) @ np.arange(7, 0, -1)
    right: Flags = (total + digits_of(rows[:, 9])) % 10 == 0
    return right


_NRIC: Final = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "F": "XWUTRQPNMLK", "G": "XWUTRQPNMLK", "M": "KLJNPQRTUWX"}


def sg_nric(rows: Rows) -> Flags:
    total = digits_of(rows[:, 1:8]) @ np.array([2, 7, 6, 5, 4, 3, 2])
    right = np.zeros(len(rows), np.bool_)
    for prefix, letters in _NRIC.items():
        shift = {"T": 4, "G": 4, "M": 3}.get(prefix, 0)
        index = (total + shift) % 11
        if prefix == "M":
            index = 10 - index
        right |= (rows[:, 0] == ord(prefix)) & same(rows, letters, index)
    return right


_PRINTED = (78051120, 219099999, 457555462)
"""Numbers printed on sample cards and in advertisements, which the Social Security Administration made void."""


def us_ssn(rows: Rows) -> Flags:
    area, group, serial = number_of(rows, 0, 3), number_of(rows, 3, 5), number_of(rows, 5, 9)
    right: Flags = (area > 0) & (area != 666) & (area < 900) & (group > 0) & (serial > 0)
    flags: Flags = right & (rows != rows[:, :1]).any(axis=1) & ~np.isin(number_of(rows, 0, 9), _PRINTED)
    return flags


def us_itin(rows: Rows) -> Flags:
    group = number_of(rows, 3, 5)
    right: Flags = (rows[:, 0] == 57) & (group >= 50) & (group != 66) & (group != 89) & (group != 93)
    return right & ~((group > 65) & (group < 70))


def uk_nino(rows: Rows) -> Flags:
    pair = rows[:, 0].astype(np.int64) * 256 + rows[:, 1]
    barred = [ord(a) * 256 + ord(b) for a, b in ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ")]
    right = ~among(rows[:, 0], "DFIQUV") & ~among(rows[:, 1], "DFIOQUV") & ~np.isin(pair, barred)
    return right & among(rows[:, 8], "ABCD")


def uk_nhs(rows: Rows) -> Flags:
    check = 11 - weighted(rows, range(10, 1, -1)) % 11
    right: Flags = np.where(check == 11, 0, check) == digits_of(rows[:, 9])
    return right & varied(rows)


def modulo_11_10(rows: Rows) -> Flags:
    """ISO/IEC 7064 modulo 11, 10: the last digit checks those before it."""
    digits = digits_of(rows)
    product = np.full(len(rows), 10)
    for place in range(rows.shape[1] - 1):
        product = (digits[:, place] + product) % 10
        product = np.where(product == 0, 10, product) * 2 % 11
    right: Flags = (11 - product) % 10 == digits[:, -1]
    return right


def de_tax_id(rows: Rows) -> Flags:
    """ISO/IEC 7064 modulo 11, 10; of the first ten digits just one occurs twice or thrice."""
    digits = digits_of(rows)
    counts = np.stack([(digits[:, :10] == d).sum(axis=1) for d in range(10)])
    flags: Flags = modulo_11_10(rows) & (digits[:, 0] > 0) & (counts.max(axis=0) <= 3) & ((counts > 1).sum(axis=0) == 1)
    return flags


def es_nif(rows: Rows) -> Flags:
    """Eight digits and a letter modulo 23; X, Y, Z in front of a foreigner's stand for 0, 1, 2."""
    number = rows.copy()
    number[:, 0] = np.where(rows[:, 0] >= 88, rows[:, 0] - 40, rows[:, 0])
    plain = number[:, 0] < 58
    index = np.where(plain, number_of(np.where(plain[:, None], number, 48).astype(np.uint8), 0, 8), 0) % 23
    return plain & same(rows, "TRWAGMYFPDXBNJZSQVHLCKE", index)


_ODD: Final = np.zeros(128, np.int64)
_ODD[[*range(48, 58)]] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21]
_ODD[[*range(65, 91)]] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]


def it_fiscal_code(rows: Rows) -> Flags:
    """Sixteen characters, months as letters, digits of namesakes as letters LMNPQRSTUV."""
    even = rows[:, 1:15:2].astype(np.int64)
    total = _ODD[rows[:, 0:15:2]].sum(axis=1) + np.where(even > 57, even - 65, even - 48).sum(axis=1)
    right: Flags = total % 26 + 65 == rows[:, 15]
    for place in (6, 7, 9, 10, 12, 13, 14):
        right &= (rows[:, place] < 58) | among(rows[:, place], "LMNPQRSTUV")
    return right & (rows[:, :6] > 57).all(axis=1) & among(rows[:, 8], "ABCDEHLMPRST")


def fr_nir(rows: Rows) -> Flags:
    """Thirteen characters and a key: 97 less the number modulo 97; Corsica is 2A or 2B."""
    letter = rows[:, 6]
    plain = rows[:, :13].copy()
    plain[:, 6] = np.where(letter > 57, 48, letter)
    less = np.where(letter == 65, 1_000_000, np.where(letter == 66, 2_000_000, 0))
    shift = np.where(letter > 57, number_of(plain, 0, 13) - less, number_of(plain, 0, 13))
    month = number_of(rows, 3, 5)
    right: Flags = (97 - shift % 97 == number_of(rows, 13, 15)) & among(rows[:, 0], "123478")
    flags: Flags = right & ((month <= 12) | (month >= 20)) & (month > 0) & ((letter < 58) | (rows[:, 5] == 50))
    return flags


def nl_bsn(rows: Rows) -> Flags:
    right: Flags = weighted(rows, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0
    return right & varied(rows)


def be_nrn(rows: Rows) -> Flags:
    number, check = number_of(rows, 0, 9), number_of(rows, 9, 11)
    right: Flags = (97 - number % 97 == check) | (97 - (number + 2_000_000_000) % 97 == check)
    return right & (number_of(rows, 2, 4) % 20 <= 12) & (number_of(rows, 4, 6) <= 31)


def pl_pesel(rows: Rows) -> Flags:
    right: Flags = weighted(rows, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0
    return right & day_of(number_of(rows, 2, 4) % 20, number_of(rows, 4, 6))


def se_personnummer(rows: Rows) -> Flags:
    """Ten digits, or twelve with the century; 60 is added to the day of a coordination number."""
    short = rows[:, -10:]
    day = number_of(short, 4, 6)
    right = luhn(short) & day_of(number_of(short, 2, 4), np.where(day > 60, day - 60, day))
    if rows.shape[1] == 12:
        right &= (number_of(rows, 0, 2) >= 18) & (number_of(rows, 0, 2) <= 20)
    return right


def fi_hetu(rows: Rows) -> Flags:
    """Six digits of a day, three of an order, a check character modulo 31 (the sign of the century is dropped)."""
    number = number_of(rows, 0, 6) * 1000 + number_of(rows, 6, 9)
    right = same(rows, "0123456789ABCDEFHJKLMNPRSTUVWXY", number % 31)
    return right & day_of(number_of(rows, 2, 4), number_of(rows, 0, 2)) & (number_of(rows, 6, 9) >= 2)


def kr_rrn_day(rows: Rows) -> Flags:
    """A day of birth and a digit of century and sex; numbers since October 2020 have no check digit."""
    return day_of(number_of(rows, 2, 4), number_of(rows, 4, 6)) & among(rows[:, 6], "12345678")


def kr_rrn_since_2020(rows: Rows) -> Flags:
    """Of those born since October 2020."""
    flags: Flags = kr_rrn_day(rows) & among(rows[:, 6], "3478") & (number_of(rows, 0, 6) >= 201001)
    return flags & (number_of(rows, 0, 2) < 50)


def kr_rrn(rows: Rows) -> Flags:
    """Weights 2 to 9 and again, modulo 11; foreigners' numbers may have 2 more."""
    check = (11 - weighted(rows, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)) % 11) % 10
    last = digits_of(rows[:, 12])
    right: Flags = (check == last) | (among(rows[:, 6], "5678") & ((check + 2) % 10 == last))
    old = among(rows[:, 6], "90") & is_born(rows, 2, 4) & (number_of(rows, 0, 2) >= 70)  # of the 19th century
    return right & (kr_rrn_day(rows) | old)


def jp_my_number(rows: Rows) -> Flags:
    rest = weighted(rows, (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    right: Flags = np.where(rest <= 1, 0, 11 - rest) == digits_of(rows[:, 11])
    return right & varied(rows)


def _turned(i: int, j: int) -> int:
    """What two symmetries of a pentagon make together; 5 to 9 are mirrored."""
    return (i + (j if i < 5 else -j)) % 5 + 5 * ((i < 5) != (j < 5))


_DIHEDRAL: Final = np.array([[_turned(i, j) for j in range(10)] for i in range(10)], np.int64)
_ROTATION: Final = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def _permutations() -> NDArray[np.int64]:
    rows = [list(range(10))]
    for _ in range(7):
        rows.append([_ROTATION[i] for i in rows[-1]])
    return np.array(rows, np.int64)


_PERMUTED: Final = _permutations()


def verhoeff(rows: Rows) -> Flags:
    """Verhoeff's check (Error Detecting Decimal Codes, 1969): the last digit brings the state back to 0."""
    digits = digits_of(rows)
    state = np.zeros(len(rows), np.int64)
    for i in range(rows.shape[1]):
        state = _DIHEDRAL[state, _PERMUTED[i % 8][digits[:, -1 - i]]]
    right: Flags = state == 0
    return right


def in_aadhaar(rows: Rows) -> Flags:
    """Verhoeff's check over twelve digits, of which the first is neither 0 nor 1."""
    flags: Flags = verhoeff(rows) & (rows[:, 0] > 49) & (rows != rows[:, ::-1]).any(axis=1)
    return flags


def in_pan(rows: Rows) -> Flags:
    return among(rows[:, 3], "ABCFGHJLPTK")


def br_cpf(rows: Rows) -> Flags:
    first = weighted(rows, range(10, 1, -1)) * 10 % 11 % 10
    second = weighted(rows, range(11, 1, -1)) * 10 % 11 % 10
    right: Flags = (first == digits_of(rows[:, 9])) & (second == digits_of(rows[:, 10]))
    return right & varied(rows)


def ca_sin(rows: Rows) -> Flags:
    return luhn(rows) & ~among(rows[:, 0], "08")


def au_tfn(rows: Rows) -> Flags:
    right: Flags = weighted(rows, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0
    return right & varied(rows)


def tr_tckn(rows: Rows) -> Flags:
    digits = digits_of(rows)
    tenth = (digits[:, 0:9:2].sum(axis=1) * 7 - digits[:, 1:8:2].sum(axis=1)) % 10
    right: Flags = (tenth == digits[:, 9]) & (digits[:, :10].sum(axis=1) % 10 == digits[:, 10])
    return right & (digits[:, 0] > 0)


def th_national_id(rows: Rows) -> Flags:
    right: Flags = (11 - weighted(rows, range(13, 1, -1)) % 11) % 10 == digits_of(rows[:, 12])
    return right & ~among(rows[:, 0], "09") & (number_of(rows, 1, 3) >= 10) & (number_of(rows, 1, 3) <= 96)


def my_nric(rows: Rows) -> Flags:
    """A day of birth and a place: there is no check digit."""
    place = number_of(rows, 6, 8)
    known = (place > 0) & ~np.isin(place, (17, 18, 19, 20, 69, 70, 73, 80, 81, 94, 95, 96, 97))
    return day_of(number_of(rows, 2, 4), number_of(rows, 4, 6)) & known


_IBAN: Final = {
    country: int(size)
    for row in (
        "15 NO", "16 BE", "18 DK FI FK FO GL NL SD", "19 MK SI", "20 AT BA EE KZ LT LU MN XK", "21 CH HR LI LV",
        "22 BG BH CR DE GB GE IE ME RS VA", "23 AE GI IL IQ OM SO TL", "24 AD CZ ES MD PK RO SA SE SK TN VG",
        "25 LY PT ST", "26 IS TR", "27 BI DJ FR GR IT MC MR SM", "28 AL AZ BY CY DO GT HN HU LB NI PL SV",
        "29 BR EG PS QA UA", "30 JO KW MU YE", "31 MT SC", "32 LC", "33 RU",
    )
    for size, *countries in [row.split()]
    for country in countries
}  # fmt: skip


def iban_sizes() -> dict[str, int]:
    """Length of an IBAN by country (ISO 13616 registry)."""
    return dict(_IBAN)


def is_iban(value: str) -> bool:
    """Whether folded characters are an IBAN: the country's length, and 1 modulo 97 with the front behind."""
    if _IBAN.get(value[:2]) != len(value) or not value[2:4].isdigit() or not value.isalnum():
        return False
    return int("".join(str(int(c, 36)) for c in value[4:] + value[:4])) % 97 == 1


def is_mrz_field(field: str, check: str) -> bool:
    """Whether a check digit of a machine-readable zone is right: weights 7, 3, 1 modulo 10, < counts 0 (Doc 9303-3)."""
    values = [0 if c == "<" else int(c, 36) for c in field]
    total = sum(value * (7, 3, 1)[i % 3] for i, value in enumerate(values))
    return str(total % 10) == ("0" if check == "<" else check)
