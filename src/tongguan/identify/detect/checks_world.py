"""Check digits of personal numbers of the Americas, Asia, Africa and Oceania, for many candidates at once.

Each check takes folded characters, (n, size) uint8 of ASCII digits and capitals, and says which rows are right: (n,)
bool. Sources: each issuer's own rule; the OECD's sheets of tax identification numbers describe most of them.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from tongguan.identify.detect.foreign_checks import (
    Flags,
    Numbers,
    Rows,
    among,
    day_of,
    digits_of,
    ends_in,
    luhn,
    number_of,
    same,
    varied,
    weighted,
)

__all__: list[str] = []  # checks are looked up by name


# ---- the United Kingdom ----


def uk_driver(rows: Rows) -> Flags:
    """A driver's number (DVLA): five letters of the name, filled up with 9, the day of birth with the month among the
    year's digits (50 more for women), two initials or 9, and three signs that tell namesakes apart."""
    month, day = number_of(rows, 6, 8), number_of(rows, 8, 10)
    born: Flags = np.isin(month, (*range(1, 13), *range(51, 63))) & (day > 0) & (day < 32)
    flags: Flags = born & np.all(rows[:, [0, 1, 2, 3, 4, 12]] >= 57, axis=1)  # letters, or 9
    return flags


# ---- the Americas ----


def us_ein(rows: Rows) -> Flags:
    """Employer number: the first two digits are a campus of the Internal Revenue Service."""
    never = (0, 7, 8, 9, 17, 18, 19, 28, 29, 49, 69, 70, 78, 79, 89, 96, 97)
    return ~np.isin(number_of(rows, 0, 2), never) & varied(rows)


def us_aba(rows: Rows) -> Flags:
    """Routing number of a bank: weights 3, 7, 1 modulo 10, and the ranges in use."""
    front = number_of(rows, 0, 2)
    known = (front <= 12) | ((front >= 21) & (front <= 32)) | ((front >= 61) & (front <= 72)) | (front == 80)
    right: Flags = (weighted(rows, (3, 7, 1) * 3) % 10 == 0) & known & varied(rows)
    return right


def us_mbi(rows: Rows) -> Flags:
    """Medicare beneficiary: eleven places, letters without S, L, O, I, B, Z, and no check digit."""
    right = rows[:, 0] > 48
    for place in (1, 4, 7, 8):
        right = right & among(rows[:, place], "ACDEFGHJKMNPQRTUVWXY")
    for place in (2, 5):
        right = right & among(rows[:, place], "0123456789ACDEFGHJKMNPQRTUVWXY")
    for place in (3, 6, 9, 10):
        right = right & (rows[:, place] < 58)
    flags: Flags = right & (rows[:, 0] < 58)
    return flags


def us_npi(rows: Rows) -> Flags:
    """Health care provider: Luhn behind 80840."""
    front = np.tile(np.frombuffer(b"80840", np.uint8), (len(rows), 1))
    return luhn(np.concatenate([front, rows], axis=1)) & among(rows[:, 0], "12") & varied(rows[:, :9])


def us_dea(rows: Rows) -> Flags:
    """Prescriber: two letters, seven digits; the second, fourth and sixth count twice."""
    return ends_in(rows, weighted(rows[:, 2:], (1, 2, 1, 2, 1, 2)) % 10) & among(rows[:, 0], "ABCDEFGHJKLMPRSTUX")


_MEXICAN: Final = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ"
_MEXICO: Final = np.zeros(128, np.int64)
_MEXICO[[ord(c) for c in _MEXICAN]] = np.arange(len(_MEXICAN))


def mx_curp(rows: Rows) -> Flags:
    """Population register: four letters, a day, sex, state, three letters, a sign, and a check modulo 10."""
    total = _MEXICO[rows[:, :17]] @ np.arange(18, 1, -1)
    born = day_of(number_of(rows, 6, 8), number_of(rows, 8, 10))
    return ends_in(rows, -total % 10) & born & among(rows[:, 10], "HMX")


def mx_rfc(rows: Rows) -> Flags:
    """Tax number of a person: four letters, a day, two signs, and a check modulo 11."""
    total = _MEXICO[rows[:, :12]] @ np.arange(13, 1, -1)
    check = np.frombuffer(b"0123456789A", np.uint8)[-total % 11]
    born = day_of(number_of(rows, 6, 8), number_of(rows, 8, 10))
    right: Flags = (check == rows[:, 12]) & born
    return right


def mx_rfc_day(rows: Rows) -> Flags:
    """The same without the check, which the issuer itself has not always kept."""
    return day_of(number_of(rows, 6, 8), number_of(rows, 8, 10))


def ar_cuit(rows: Rows) -> Flags:
    """Argentina: prefixes of persons, weights modulo 11."""
    check = (11 - weighted(rows, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11) % 11
    return ends_in(rows, np.where(check == 10, 9, check)) & np.isin(number_of(rows, 0, 2), (20, 23, 24, 25, 26, 27))


def cl_rut(rows: Rows) -> Flags:
    """Chile: weights 2 to 7 from the right modulo 11, K for 10; numbers from 50 million on are companies'."""
    size = rows.shape[1] - 1
    total = weighted(rows, [2 + (size - 1 - place) % 6 for place in range(size)])
    return same(rows, "0K987654321", total % 11) & (number_of(rows, 0, size) < 50_000_000) & varied(rows)


def ec_cedula(rows: Rows) -> Flags:
    """Ecuador: a province, a third digit up to 6, Luhn."""
    province = number_of(rows, 0, 2)
    known: Flags = ((province >= 1) & (province <= 24)) | (province == 30) | (province == 50)
    return luhn(rows) & known & (rows[:, 2] < 55)


def uy_ci(rows: Rows) -> Flags:
    """Uruguay: weights 2987634 modulo 10."""
    return ends_in(rows, -weighted(rows, (2, 9, 8, 7, 6, 3, 4)) % 10) & varied(rows)


def do_cedula(rows: Rows) -> Flags:
    """Dominican Republic: Luhn."""
    return luhn(rows) & varied(rows)


def co_nit(rows: Rows) -> Flags:
    """Colombia: weights of primes modulo 11."""
    primes = (3, 7, 13, 17, 19, 23, 29, 37, 41, 43)
    size = rows.shape[1] - 1
    return same(rows, "01987654321", weighted(rows, primes[:size][::-1]) % 11) & varied(rows)


# ---- Asia ----


def id_nik(rows: Rows) -> Flags:
    """Indonesia: province, regency, district, a day (40 more for women), an order."""
    day, order = number_of(rows, 6, 8), number_of(rows, 12, 16)
    born = day_of(number_of(rows, 8, 10), np.where(day > 40, day - 40, day))
    province = number_of(rows, 0, 2)
    flags: Flags = born & (order > 0) & (province >= 11) & (province <= 96)
    return flags


def id_npwp(rows: Rows) -> Flags:
    """Indonesia, tax: Luhn over the first nine of fifteen digits."""
    return luhn(rows[:, :9]) & varied(rows[:, :9])


def ph_tin(rows: Rows) -> Flags:
    """The Philippines, tax: weights 9 to 2 modulo 11 over nine digits; three of a branch may follow."""
    return ends_in(rows, weighted(rows, range(9, 1, -1)) % 11 % 10, 8)


def vn_cccd(rows: Rows) -> Flags:
    """Viet Nam: a province 001 to 096, century and sex, a year, an order."""
    province = number_of(rows, 0, 3)
    flags: Flags = (province >= 1) & (province <= 96) & (number_of(rows, 6, 12) > 0)
    return flags


def vn_mst(rows: Rows) -> Flags:
    """Viet Nam, tax: weights of primes modulo 11; three digits of a branch may follow."""
    return ends_in(rows[:, :10], 10 - weighted(rows, (31, 29, 23, 19, 17, 13, 7, 5, 3)) % 11) & varied(rows[:, :10])


def pk_cnic(rows: Rows) -> Flags:
    """Pakistan: a province, and no check digit."""
    return among(rows[:, 0], "1234567") & varied(rows)


def lk_nic(rows: Rows) -> Flags:
    """Sri Lanka: a year and a day of it (500 more for women): nine digits and V or X, or twelve digits."""
    first = 4 if rows.shape[1] == 12 else 2
    day = number_of(rows, first, first + 3) % 500
    known: Flags = (day >= 1) & (day <= 366) & (number_of(rows, first, first + 3) < 867)
    if first == 4:
        year = number_of(rows, 0, 4)
        return known & (year >= 1900) & (year < 2100)
    return known & among(rows[:, 9], "VX")


def ae_id(rows: Rows) -> Flags:
    """United Arab Emirates: 784, a year, Luhn."""
    year = number_of(rows, 3, 7)
    flags: Flags = luhn(rows) & (number_of(rows, 0, 3) == 784) & (year >= 1900) & (year < 2100)
    return flags


def sa_id(rows: Rows) -> Flags:
    """Saudi Arabia: 1 for citizens, 2 for residents, Luhn."""
    return luhn(rows) & among(rows[:, 0], "12")


def il_id(rows: Rows) -> Flags:
    """Israel: Luhn over nine digits, or eight without a leading 0."""
    return luhn(rows) & varied(rows)


def ir_melli(rows: Rows) -> Flags:
    """Iran: weights 10 to 2 modulo 11."""
    rest = weighted(rows, range(10, 1, -1)) % 11
    return ends_in(rows, np.where(rest < 2, rest, 11 - rest)) & varied(rows)


def eg_nid(rows: Rows) -> Flags:
    """Egypt: century, a day, a governorate; the issuer keeps the check digit's rule to itself."""
    place = number_of(rows, 7, 9)
    known: Flags = (place >= 1) & (place <= 35) | (place == 88)
    return among(rows[:, 0], "23") & day_of(number_of(rows, 3, 5), number_of(rows, 5, 7)) & known


def in_epic(rows: Rows) -> Flags:
    """India, voters: three letters, and Luhn over seven digits."""
    return luhn(rows[:, 3:]) & varied(rows[:, 3:])


# ---- Africa and Oceania ----


def za_id(rows: Rows) -> Flags:
    """South Africa: a day, an order, citizenship, Luhn."""
    born = day_of(number_of(rows, 2, 4), number_of(rows, 4, 6))
    return luhn(rows) & born & among(rows[:, 10], "012")


def ng_nin(rows: Rows) -> Flags:
    """Nigeria: eleven digits of which the issuer makes no rule known."""
    return varied(rows)


def ke_pin(rows: Rows) -> Flags:
    """Kenya, tax number of a person: A, nine digits, a letter."""
    return among(rows[:, 0], "A") & varied(rows[:, 1:10])


def nz_ird(rows: Rows) -> Flags:
    """New Zealand, tax: weights modulo 11, in two rounds; numbers lie between 10 and 150 million."""
    body = digits_of(rows[:, :-1])
    body = np.concatenate([np.zeros((len(rows), 8 - body.shape[1]), np.int64), body], axis=1)
    first: Numbers = -(body @ np.array((3, 2, 7, 6, 5, 4, 3, 2))) % 11
    second: Numbers = -(body @ np.array((7, 4, 3, 2, 5, 2, 7, 6))) % 11
    number = number_of(rows, 0, rows.shape[1])
    known = (number > 10_000_000) & (number < 150_000_000)
    return ends_in(rows, np.where(first == 10, second, first)) & known


def au_medicare(rows: Rows) -> Flags:
    """Australia, health: begins with 2 to 6, the ninth digit checks the first eight; an order follows."""
    return ends_in(rows, weighted(rows, (1, 3, 7, 9, 1, 3, 7, 9)) % 10, 8) & among(rows[:, 0], "23456")
