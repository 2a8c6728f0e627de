"""Made-up identifiers of other countries and regions, with check digits as their issuers publish them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import TypeVar

__all__ = ["FOREIGN", "digits", "one_of"]

Chance = random.Random
Item = TypeVar("Item")


def digits(chance: Chance, count: int, first: str = "0123456789") -> str:
    return chance.choice(first) + "".join(chance.choice("0123456789") for _ in range(count - 1))


def one_of(chance: Chance, items: Sequence[Item]) -> Item:
    return chance.choice(items)


def _weighed(body: str, weights: Sequence[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True))


def _born(chance: Chance) -> date:
    return date(1960, 1, 1) + timedelta(days=chance.randrange(15000))


def hkid(chance: Chance, variant: str) -> str:
    letter, body = one_of(chance, "ADEGKPRSVYZ"), digits(chance, 6)
    total = 36 * 9 + (ord(letter) - 55) * 8 + _weighed(body, (7, 6, 5, 4, 3, 2))
    check = -total % 11
    sign = "A" if check == 10 else str(check)
    return f"{letter}{body}{sign}" if variant == "flat" else f"{letter}{body}({sign})"


def taiwan_id(chance: Chance, _: str) -> str:
    letter = one_of(chance, "ABCDEFHJKT")
    code = {"A": 10, "B": 11, "C": 12, "D": 13, "E": 14, "F": 15, "H": 17, "J": 18, "K": 19, "T": 27}[letter]
    body = one_of(chance, "12") + digits(chance, 7)
    return f"{letter}{body}{-(code // 10 + code % 10 * 9 + _weighed(body, (8, 7, 6, 5, 4, 3, 2, 1))) % 10}"


def macao_id(chance: Chance, _: str) -> str:
    return f"{one_of(chance, '157')}{digits(chance, 6)}({digits(chance, 1)})"


def sg_nric(chance: Chance, _: str) -> str:
    letter, body = one_of(chance, "ST"), digits(chance, 7)
    body = one_of(chance, "678") + body[1:] if letter == "S" else "0" + body[1:]
    total = _weighed(body, (2, 7, 6, 5, 4, 3, 2)) + (4 if letter == "T" else 0)
    return letter + body + "JZIHGFEDCBA"[total % 11]


def us_ssn(chance: Chance, _: str) -> str:
    return f"{chance.randrange(100, 660)}-{chance.randrange(10, 99)}-{chance.randrange(1000, 9999)}"


def uk_nino(chance: Chance, variant: str) -> str:
    head, body, tail = one_of(chance, ("AB", "CE", "JG", "PW", "SL")), digits(chance, 6), one_of(chance, "ABCD")
    return f"{head} {body[:2]} {body[2:4]} {body[4:]} {tail}" if variant else head + body + tail


def uk_nhs(chance: Chance, _: str) -> str:
    while True:
        body = digits(chance, 9, first="4679")
        check = 11 - _weighed(body, range(10, 1, -1)) % 11
        if check != 10:
            number = body + str(check % 11)
            return f"{number[:3]} {number[3:6]} {number[6:]}"


def _mod_11_10(body: str) -> str:
    product = 10
    for digit in body:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return str((11 - product) % 10)


def de_tax_id(chance: Chance, variant: str) -> str:
    kept = chance.sample("0123456789", 9)  # nine different digits, one of them twice
    if kept[0] == "0":
        kept[0], kept[1] = kept[1], kept[0]
    kept.insert(chance.randrange(3, 9), kept[1])
    body = "".join(kept)
    number = body + _mod_11_10(body)
    return f"{number[:2]} {number[2:5]} {number[5:8]} {number[8:]}" if variant else number


def fr_nir(chance: Chance, variant: str) -> str:
    born = _born(chance)
    body = f"{one_of(chance, '12')}{born:%y%m}{one_of(chance, ('59', '69', '75', '33'))}{chance.randrange(10, 500):03}{chance.randrange(1, 400):03}"
    key = f"{97 - int(body) % 97:02}"
    return f"{body[0]} {body[1:3]} {body[3:5]} {body[5:7]} {body[7:10]} {body[10:]} {key}" if variant else body + key


def jp_my_number(chance: Chance, variant: str) -> str:
    body = digits(chance, 11, first="123456789")
    rest = _weighed(body[::-1], (2, 3, 4, 5, 6, 7, 2, 3, 4, 5, 6)) % 11
    number = body + ("0" if rest <= 1 else str(11 - rest))
    return f"{number[:4]} {number[4:8]} {number[8:]}" if variant else number


def kr_rrn(chance: Chance, _: str) -> str:
    body = f"{_born(chance):%y%m%d}{one_of(chance, '12')}{digits(chance, 5, first='012345678')}"
    check = (11 - _weighed(body, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)) % 11) % 10
    return f"{body[:6]}-{body[6:]}{check}"


def in_aadhaar(chance: Chance, _: str) -> str:
    body = digits(chance, 11, first="23456789")
    state = 0
    for place, digit in enumerate(reversed(body), start=1):
        state = _dihedral(state, _turned(int(digit), place))
    number = body + str(next(d for d in range(10) if _dihedral(state, d) == 0))
    return f"{number[:4]} {number[4:8]} {number[8:]}"


def _dihedral(one: int, other: int) -> int:
    """Multiplication in the group of the pentagon's symmetries, as Verhoeff numbers them."""
    if one < 5:
        return (one + other) % 5 if other < 5 else (one + other - 5) % 5 + 5
    return (one - 5 - other) % 5 + 5 if other < 5 else (one - other) % 5


def _turned(digit: int, times: int) -> int:
    for _ in range(times % 8):
        digit = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)[digit]
    return digit


def in_pan(chance: Chance, _: str) -> str:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return (
        "".join(chance.choice(letters) for _ in range(3))
        + "P"
        + chance.choice(letters)
        + digits(chance, 4, "123456789")
        + chance.choice(letters)
    )


def br_cpf(chance: Chance, _: str) -> str:
    number = digits(chance, 9, first="123456789")
    for size in (10, 11):
        rest = _weighed(number, range(size, 1, -1)) * 10 % 11
        number += str(rest % 10)
    return f"{number[:3]}.{number[3:6]}.{number[6:9]}-{number[9:]}"


def ru_inn(chance: Chance, _: str) -> str:
    number = one_of(chance, ("77", "78", "50")) + digits(chance, 8)
    number += str(_weighed(number, (7, 2, 4, 10, 3, 5, 9, 4, 6, 8)) % 11 % 10)
    return number + str(_weighed(number, (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)) % 11 % 10)


def ru_snils(chance: Chance, _: str) -> str:
    body = digits(chance, 9, first="123456789")
    check = _weighed(body, range(9, 0, -1)) % 101 % 100
    return f"{body[:3]}-{body[3:6]}-{body[6:]} {check:02}"


def ru_passport(chance: Chance, _: str) -> str:
    return f"{one_of(chance, ('45', '40', '46'))} {one_of(chance, ('08', '12', '17'))} {digits(chance, 6, '123456789')}"


def nl_bsn(chance: Chance, _: str) -> str:
    while True:
        body = digits(chance, 8, first="12")
        if (check := _weighed(body, range(9, 1, -1)) % 11) < 10:
            return body + str(check)


def es_nif(chance: Chance, _: str) -> str:
    body = digits(chance, 8, first="1234567")
    return body + "TRWAGMYFPDXBNJZSQVHLCKE"[int(body) % 23]


def ca_sin(chance: Chance, _: str) -> str:
    body = digits(chance, 8, first="1234567")
    total = sum(sum(divmod(int(d) * (1 + i % 2), 10)) for i, d in enumerate(body))
    return f"{body[:3]}-{body[3:6]}-{body[6:]}{-total % 10}"


def au_tfn(chance: Chance, _: str) -> str:
    while True:
        number = digits(chance, 9, first="123456789")
        if _weighed(number, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0:
            return f"{number[:3]} {number[3:6]} {number[6:]}"


def iban(chance: Chance, variant: str) -> str:
    country, body = {
        "": ("DE", digits(chance, 18)), "fr": ("FR", digits(chance, 23)), "gb": ("GB", "WEST" + digits(chance, 14)),
        "nl": ("NL", "ABNA" + digits(chance, 10)),
    }[variant if variant != "spaces" else ""]  # fmt: skip
    value = "".join(str(int(sign, 36)) for sign in body + country + "00")
    number = f"{country}{98 - int(value) % 97:02}{body}"
    return " ".join(number[i : i + 4] for i in range(0, len(number), 4)) if variant == "spaces" else number


FOREIGN: dict[str, Callable[[Chance, str], str]] = {
    "hkid": hkid, "taiwan_id": taiwan_id, "macao_id": macao_id, "sg_nric": sg_nric, "us_ssn": us_ssn, "uk_nino": uk_nino,
    "uk_nhs": uk_nhs, "de_tax_id": de_tax_id, "fr_nir": fr_nir, "jp_my_number": jp_my_number, "kr_rrn": kr_rrn,
    "in_aadhaar": in_aadhaar, "in_pan": in_pan, "br_cpf": br_cpf, "ru_inn": ru_inn, "ru_snils": ru_snils,
    "ru_passport": ru_passport, "nl_bsn": nl_bsn, "es_nif": es_nif, "ca_sin": ca_sin, "au_tfn": au_tfn, "iban": iban,
}  # fmt: skip
