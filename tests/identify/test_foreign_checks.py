"""Check digits of other countries, many at once, held against python-stdnum or a second writing of the rule."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import numpy as np
import pytest

from tongguan.identify.detect import foreign_checks as checks

DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ORACLES = {
    # check: python-stdnum's module, the form as letters (L) and digits (D), how many random rows of that form to try
    "de_tax_id": ("de.idnr", "D" * 11),
    "es_nif": ("es.dni", "D" * 8 + "L"),
    "fr_nir": ("fr.nir", "D" * 15),
    "nl_bsn": ("nl.bsn", "D" * 9),
    "pl_pesel": ("pl.pesel", "D" * 11),
    "jp_my_number": ("jp.in_", "D" * 12),
    "in_aadhaar": ("in_.aadhaar", "D" * 12),
    "br_cpf": ("br.cpf", "D" * 11),
    "ca_sin": ("ca.sin", "D" * 9),
    "au_tfn": ("au.tfn", "D" * 9),
    "tr_tckn": ("tr.tckimlik", "D" * 11),
    "th_national_id": ("th.pin", "D" * 13),
    "uk_nhs": ("gb.nhs", "D" * 10),
    "us_ssn": ("us.ssn", "D" * 9),
    "us_itin": ("us.itin", "D" * 9),
    "kr_rrn": ("kr.rrn", "D" * 13),
}
FRONTS = {"fr_nir": "19510", "kr_rrn": "9103112"}  # what stands in front of the random part
# Where python-stdnum asks more of a number: days, provinces and repeated digits that we do not read, older ranges.
LOOSER = {"pl_pesel", "kr_rrn", "in_aadhaar", "de_tax_id", "us_itin"}
STRICTER = {"nl_bsn", "uk_nhs", "jp_my_number", "au_tfn"}  # one digit over and over is none for us


def rows_of(values: list[str]) -> checks.Rows:
    return np.frombuffer("".join(values).encode("ascii"), np.uint8).reshape(len(values), -1)


def random_values(form: str, count: int, seed: int) -> list[str]:
    chance = np.random.default_rng(seed)
    columns = [chance.choice(list(LETTERS if c == "L" else DIGITS), count) for c in form]
    return ["".join(row) for row in zip(*columns, strict=True)]


@pytest.mark.parametrize("name", sorted(ORACLES))
def test_against_python_stdnum(name: str) -> None:
    pytest.importorskip("stdnum")
    module, form = ORACLES[name]
    is_valid: Callable[[str], bool] = import_module(f"stdnum.{module}").is_valid
    check: checks.Check = getattr(checks, name)
    front = FRONTS.get(name, "")
    values = [front + value for value in random_values(form[len(front) :], 20_000, seed=len(form))]
    values += [value[:-1] + digit for value in values[:300] for digit in (LETTERS if form[-1] == "L" else DIGITS)]
    ours = check(rows_of(values)).tolist()
    theirs = [bool(is_valid(value)) for value in values]
    assert sum(theirs) > 20, "the oracle saw nothing right"
    if name not in LOOSER:
        assert [v for v, a, b in zip(values, ours, theirs, strict=True) if a and not b] == []
    if name not in STRICTER:
        assert [v for v, a, b in zip(values, ours, theirs, strict=True) if b and not a] == []


def test_iban_against_python_stdnum() -> None:
    stdnum = pytest.importorskip("stdnum.iban")
    chance = np.random.default_rng(20261121)
    for country, size in sorted(checks.iban_sizes().items()):
        body = "".join(chance.choice(list(DIGITS), size - 4))
        remainder = int("".join(str(int(c, 36)) for c in f"{body}{country}00")) % 97
        value = f"{country}{98 - remainder:02}{body}"
        assert checks.is_iban(value)
        assert stdnum.calc_check_digits(value) == value[2:4]
        assert not checks.is_iban(value[:-1] + str((int(value[-1]) + 1) % 10))
        assert not checks.is_iban(value + "0")
        assert not checks.is_iban("ZZ" + value[2:])


def test_italian_and_finnish_and_swedish_examples() -> None:
    stdnum = pytest.importorskip("stdnum")
    assert stdnum
    italian = import_module("stdnum.it.codicefiscale")
    bodies = [f"RSSMRA{year:02}A{day:02}H50{n}" for year in (70, 85) for day in (1, 17, 28) for n in range(10)]
    values = [body + letter for body in bodies for letter in LETTERS]
    assert checks.it_fiscal_code(rows_of(values)).tolist() == [italian.is_valid(value) for value in values]
    finnish = import_module("stdnum.fi.hetu")
    codes = [f"13105{y}{n:03}{c}" for y in (2, 7) for n in (2, 308, 899) for c in DIGITS + LETTERS]
    right = [finnish.is_valid(f"{code[:6]}-{code[6:]}") for code in codes]
    assert checks.fi_hetu(rows_of(codes)).tolist() == right
    assert any(right)
    swedish = import_module("stdnum.se.personnummer")
    numbers = [f"88032{d}{n:04}" for d in range(10) for n in range(0, 9999, 37)]
    assert checks.se_personnummer(rows_of(numbers)).tolist() == [
        swedish.is_valid(f"{number[:6]}-{number[6:]}") for number in numbers
    ]
    belgian = import_module("stdnum.be.nn")
    numbers = [f"85073{d}{n:03}{c:02}" for d in (0, 1) for n in (1, 33, 500) for c in range(100)]
    theirs = [belgian.is_valid(number) for number in numbers]
    assert [a for a, b in zip(checks.be_nrn(rows_of(numbers)).tolist(), theirs, strict=True) if b] == [True] * sum(
        theirs
    )


def hong_kong(body: str) -> str:
    """The check digit of a Hong Kong identity card: letters from 10 for A, a blank in front 36."""
    values = [36] * (8 - len(body)) + [int(c, 36) for c in body]
    total = sum(value * weight for value, weight in zip(values, range(9, 1, -1), strict=False))
    return "0123456789A"[-total % 11]


def taiwan(body: str) -> str:
    code = 10 + "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(body[0])
    second = body[1] if body[1].isdigit() else str((10 + "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(body[1])) % 10)
    digits = f"{code}{second}{body[2:]}"
    return str(-sum(int(d) * w for d, w in zip(digits, (1, 9, 8, 7, 6, 5, 4, 3, 2, 1), strict=True)) % 10)


@pytest.mark.parametrize("form", ["LDDDDDD", "LLDDDDDD"])
def test_hong_kong(form: str) -> None:
    for body in random_values(form, 200, 3):
        right = hong_kong(body)
        values = [body + c for c in "0123456789A"]
        assert checks.hkid(rows_of(values)).tolist() == [c == right for c in "0123456789A"]


@pytest.mark.parametrize("form", ["LDDDDDDDD", "LLDDDDDDD"])
def test_taiwan(form: str) -> None:
    for body in random_values(form, 200, 5):
        assert checks.taiwan_id(rows_of([body + c for c in DIGITS])).tolist() == [c == taiwan(body) for c in DIGITS]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (["S2740116C", "F2346401L", "S9108268C", "T7572225C", "M4332674T"], ["S2740116D", "A1234567Z", "F2346401M"]),
    ],
)
def test_singapore(right: list[str], wrong: list[str]) -> None:
    assert checks.sg_nric(rows_of(right)).all()
    assert not checks.sg_nric(rows_of(wrong)).any()


def test_machine_readable_fields() -> None:
    """The specimen of ICAO Doc 9303-4."""
    assert checks.is_mrz_field("L898902C3", "6")
    assert checks.is_mrz_field("740812", "2")
    assert checks.is_mrz_field("120415", "9")
    assert checks.is_mrz_field("<<<<", "<")
    assert not checks.is_mrz_field("L898902C3", "7")


def test_no_rows() -> None:
    empty = np.zeros((0, 11), np.uint8)
    for check in (checks.de_tax_id, checks.pl_pesel, checks.br_cpf, checks.tr_tckn, checks.be_nrn):
        assert check(empty).tolist() == []
