"""Check digits of personal numbers of Europe and of the former Soviet republics, for many candidates at once.

Each check takes folded characters, (n, size) uint8 of ASCII digits and capitals, and says which rows are right: (n,)
bool. Sources: each issuer's own rule; Regulation (EU) 883/2004 portal and the OECD's sheets of tax identification
numbers describe most of them.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from tongguan.identify.detect.foreign_checks import (
    Flags,
    Rows,
    among,
    day_of,
    digits_of,
    ends_in,
    is_born,
    luhn,
    modulo_11_10,
    number_of,
    same,
    varied,
    verhoeff,
    weighted,
)

__all__: list[str] = []  # checks are looked up by name


def at_svnr(rows: Rows) -> Flags:
    """Austria: the fourth of ten digits checks the others, the last six are a day (months 13 to 15 are used too)."""
    month = number_of(rows, 6, 8)
    right = ends_in(rows, weighted(rows, (3, 7, 9, 0, 5, 8, 4, 2, 1, 6)) % 11, 3) & (rows[:, 0] > 48)
    return right & day_of(np.where(month > 12, 1, month), number_of(rows, 4, 6))


def bg_egn(rows: Rows) -> Flags:
    """Bulgaria: 20 or 40 is added to the month of other centuries."""
    right = ends_in(rows, weighted(rows, (2, 4, 8, 5, 10, 9, 7, 3, 6)) % 11 % 10)
    month = number_of(rows, 2, 4)
    return right & (month < 60) & day_of(month % 20, number_of(rows, 4, 6))


def hr_oib(rows: Rows) -> Flags:
    """Croatia: ISO/IEC 7064 modulo 11, 10."""
    return modulo_11_10(rows)


def cz_rodne_cislo(rows: Rows) -> Flags:
    """Czechia and Slovakia: 50 (women), 20 or 70 more in the month; ten digits have a check, nine none."""
    born = day_of(number_of(rows, 2, 4) % 50 % 20, number_of(rows, 4, 6))
    if rows.shape[1] == 9:
        year = number_of(rows, 0, 2)
        return born & ((year <= 53) | (year >= 80))
    return born & ends_in(rows, number_of(rows, 0, 9) % 11 % 10)


def dk_cpr(rows: Rows) -> Flags:
    """Denmark: a day and four digits, the first of which tells the century; numbers since 2007 have no check digit."""
    year = number_of(rows, 4, 6)
    unborn = among(rows[:, 6], "5678") & (year >= 37) & (year <= 57)
    return is_born(rows, 2, 0) & ~unborn


def baltic(rows: Rows) -> Flags:
    """Estonia and Lithuania: century and sex, a day, and a check of two rounds."""
    first = weighted(rows, (1, 2, 3, 4, 5, 6, 7, 8, 9, 1)) % 11
    second = weighted(rows, (3, 4, 5, 6, 7, 8, 9, 1, 2, 3)) % 11 % 10
    return ends_in(rows, np.where(first < 10, first, second)) & (rows[:, 0] > 48) & is_born(rows, 3, 5)


def lv_personas_kods(rows: Rows) -> Flags:
    """Latvia: a day and a check; numbers since July 2017 begin with 32 and tell nothing."""
    check = (1 + weighted(rows, (10, 5, 8, 4, 2, 1, 6, 3, 7, 9))) % 11 % 10
    fresh: Flags = number_of(rows, 0, 2) == 32
    return fresh | (ends_in(rows, check) & is_born(rows, 2, 0))


def gr_amka(rows: Rows) -> Flags:
    """Greece, social security: a day and Luhn."""
    return luhn(rows) & is_born(rows, 2, 0)


def gr_afm(rows: Rows) -> Flags:
    """Greece, tax: powers of two modulo 11."""
    right = ends_in(rows, weighted(rows, (256, 128, 64, 32, 16, 8, 4, 2)) % 11 % 10)
    return right & varied(rows)


def hu_taj(rows: Rows) -> Flags:
    """Hungary, social security: 3 and 7 in turn modulo 10."""
    right = ends_in(rows, weighted(rows, (3, 7, 3, 7, 3, 7, 3, 7)) % 10)
    return right & varied(rows)


def hu_adoazonosito(rows: Rows) -> Flags:
    """Hungary, tax: begins with 8, weights 1 to 9 modulo 11."""
    return ends_in(rows, weighted(rows, range(1, 10)) % 11) & among(rows[:, 0], "8")


_IRISH: Final = "WABCDEFGHIJKLMNOPQRSTUV"


def ie_pps(rows: Rows) -> Flags:
    """Ireland: seven digits, a letter modulo 23; a second letter A, B or H counts nine times its place."""
    total = weighted(rows, (8, 7, 6, 5, 4, 3, 2))
    if rows.shape[1] == 9:
        second = rows[:, 8].astype(np.int64) - 64
        counted = among(rows[:, 8], "ABH")
        total = total + np.where(counted, 9 * second, 0)
        return same(rows, _IRISH, total % 23, 7) & among(rows[:, 8], "ABHWTX")
    return same(rows, _IRISH, total % 23, 7)


def pt_nif(rows: Rows) -> Flags:
    """Portugal, tax: weights 9 to 2 modulo 11."""
    return ends_in(rows, (11 - weighted(rows, range(9, 1, -1)) % 11) % 11 % 10) & (rows[:, 0] > 48)


def pt_cc(rows: Rows) -> Flags:
    """Portugal, citizen card: Luhn over twelve characters, letters from 10 for A."""
    values = digits_of(rows)
    values[:, 0::2] *= 2
    values[:, 0::2] -= np.where(values[:, 0::2] > 9, 9, 0)
    right: Flags = values.sum(axis=1) % 10 == 0
    return right


def ro_cnp(rows: Rows) -> Flags:
    """Romania: century and sex, a day, a county, and a check modulo 11."""
    check = weighted(rows, (2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)) % 11
    county = number_of(rows, 7, 9)
    right = ends_in(rows, np.where(check == 10, 1, check)) & (rows[:, 0] > 48) & is_born(rows, 3, 5)
    flags: Flags = right & (county >= 1) & ((county <= 52) | (county == 70) | (county >= 80) & (county <= 83))
    return flags


def jmbg(rows: Rows) -> Flags:
    """Slovenia, Croatia, Bosnia, Montenegro, Serbia, North Macedonia: a day with three digits of the year, a check."""
    right = ends_in(rows, -weighted(rows, (7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11 % 10)
    year = number_of(rows, 4, 7)
    return right & is_born(rows, 2, 0) & ((year >= 850) | (year <= 100))


def no_fodselsnummer(rows: Rows) -> Flags:
    """Norway: a day (40 more for D-numbers) and two check digits."""
    one = -weighted(rows, (3, 7, 6, 1, 8, 9, 4, 5, 2)) % 11
    two = -weighted(rows, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    day, month = number_of(rows, 0, 2), number_of(rows, 2, 4)
    born = day_of(np.where(month > 40, month - 40, month), np.where((day > 40) & (day < 80), day - 40, day))
    return ends_in(rows, one, -2) & ends_in(rows, two) & born


def is_kennitala(rows: Rows) -> Flags:
    """Iceland: a day, a check, and the century's digit; companies have 40 more in the day and are no persons."""
    right = ends_in(rows, -weighted(rows, (3, 2, 7, 6, 5, 4, 3, 2)) % 11, 8)
    return right & is_born(rows, 2, 0) & among(rows[:, 9], "890")


def ch_ahv(rows: Rows) -> Flags:
    """Switzerland: 756 and ten digits, of which the last is that of EAN-13."""
    right = ends_in(rows, -weighted(rows, (1, 3) * 6) % 10)
    flags: Flags = right & (number_of(rows, 0, 3) == 756)
    return flags


def lu_matricule(rows: Rows) -> Flags:
    """Luxembourg: a day with four digits of the year; Luhn over twelve digits, Verhoeff over eleven and the last."""
    year = number_of(rows, 0, 4)
    right = luhn(rows[:, :12]) & verhoeff(np.delete(rows, 11, axis=1)) & (year > 1880) & (year < 2100)
    return right & day_of(number_of(rows, 4, 6), number_of(rows, 6, 8))


def _crossed(rows: Rows, letter: int, weights: tuple[int, ...]) -> Flags:
    """German numbers: the letter counts as two digits (A is 01), each product by its digits, the sum modulo 10."""
    code = rows[:, letter].astype(np.int64) - 64
    values = digits_of(rows)
    wide = np.column_stack([values[:, :letter], code // 10, code % 10, values[:, letter + 1 : -1]])
    products = wide * np.array(weights, np.int64)
    return ends_in(rows, (products // 10 + products % 10).sum(axis=1) % 10)


def de_svnr(rows: Rows) -> Flags:
    """Germany, pension insurance: area, day of birth, first letter of the name, order, check."""
    day, month = number_of(rows, 2, 4), number_of(rows, 4, 6)
    born = day_of(month, np.where(day > 50, day - 50, day))
    return _crossed(rows, 8, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)) & born


def de_kvnr(rows: Rows) -> Flags:
    """Germany, health insurance: a letter, eight digits and a check."""
    return _crossed(rows, 0, (1, 2, 1, 2, 1, 2, 1, 2, 1, 2))


def de_ausweis(rows: Rows) -> Flags:
    """Germany, identity cards and passports: nine characters and a check, weights 7, 3, 1 (ICAO Doc 9303)."""
    right = ends_in(rows, weighted(rows, (7, 3, 1) * 3) % 10)
    flags: Flags = right & among(rows[:, 0], "CFGHJKLMNPRTVWXYZ") & ((rows[:, 1:9] < 58).sum(axis=1) >= 3)
    return flags


def fr_spi(rows: Rows) -> Flags:
    """France, tax: ten digits and their remainder modulo 511."""
    right: Flags = number_of(rows, 0, 10) % 511 == number_of(rows, 10, 13)
    return right & among(rows[:, 0], "0123") & (number_of(rows, 0, 10) > 511)


def es_nuss(rows: Rows) -> Flags:
    """Spain, social security: province, number, and their remainder modulo 97."""
    province, number, check = number_of(rows, 0, 2), number_of(rows, 2, 10), number_of(rows, 10, 12)
    joined = np.where(number < 10_000_000, number + province * 10_000_000, province * 100_000_000 + number)
    right: Flags = (joined % 97 == check) & (province >= 1) & (province <= 66)
    return right


def ru_inn(rows: Rows) -> Flags:
    """Russia, tax number of a person: twelve digits, two of them checks."""
    one = weighted(rows, (7, 2, 4, 10, 3, 5, 9, 4, 6, 8)) % 11 % 10
    two = weighted(rows, (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)) % 11 % 10
    return ends_in(rows, one, -2) & ends_in(rows, two) & varied(rows)


def ru_snils(rows: Rows) -> Flags:
    """Russia, pension insurance: weights 9 to 1 modulo 101."""
    right: Flags = weighted(rows, range(9, 0, -1)) % 101 % 100 == number_of(rows, 9, 11)
    flags: Flags = right & (number_of(rows, 0, 9) > 1_001_998)
    return flags


def ua_rnokpp(rows: Rows) -> Flags:
    """Ukraine, tax: weights modulo 11."""
    right = ends_in(rows, weighted(rows, (-1, 5, 7, 9, 4, 6, 10, 5, 7)) % 11 % 10)
    return right & varied(rows)


def kz_iin(rows: Rows) -> Flags:
    """Kazakhstan: a day, century and sex, a check of two rounds."""
    first = weighted(rows, range(1, 12)) % 11
    second = weighted(rows, (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)) % 11
    right = ends_in(rows, np.where(first < 10, first, second)) & is_born(rows, 2, 4)
    return right & among(rows[:, 6], "0123456")


def uz_pinfl(rows: Rows) -> Flags:
    """Uzbekistan: century and sex, a day, and a check of weights 7, 3, 1."""
    right = ends_in(rows, weighted(rows, (7, 3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1, 7)) % 10)
    return right & among(rows[:, 0], "123456") & is_born(rows, 3, 1)


def by_personal(rows: Rows) -> Flags:
    """Belarus: fourteen characters with a check of weights 7, 3, 1, letters from 10 for A."""
    right = ends_in(rows, weighted(rows, (7, 3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1, 7)) % 10)
    return right & among(rows[:, 0], "123456") & is_born(rows, 3, 1)


def md_idnp(rows: Rows) -> Flags:
    """Moldova: thirteen digits with a check of weights 7, 3, 1."""
    return ends_in(rows, weighted(rows, (7, 3, 1) * 4) % 10) & among(rows[:, 0], "029")
