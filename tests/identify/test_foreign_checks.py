"""Check digits of other countries, many at once, held against python-stdnum or a second writing of the rule."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import numpy as np
import pytest

from tongguan.identify.detect import checks_europe, checks_world
from tongguan.identify.detect import foreign_checks as checks
from tongguan.identify.detect.foreign_kinds import KINDS, SHARED

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
    "at_svnr": ("at.vnr", "D" * 10),
    "bg_egn": ("bg.egn", "D" * 10),
    "hr_oib": ("hr.oib", "D" * 11),
    "cz_rodne_cislo": ("cz.rc", "D" * 10),
    "dk_cpr": ("dk.cpr", "D" * 10),
    "baltic": ("lt.asmens", "D" * 11),
    "gr_amka": ("gr.amka", "D" * 11),
    "gr_afm": ("gr.vat", "D" * 9),
    "ie_pps": ("ie.pps", "D" * 7 + "L"),
    "pt_nif": ("pt.nif", "D" * 9),
    "pt_cc": ("pt.cc", "D" * 9 + "LLD"),
    "ro_cnp": ("ro.cnp", "D" * 13),
    "jmbg": ("si.emso", "D" * 13),
    "no_fodselsnummer": ("no.fodselsnummer", "D" * 11),
    "is_kennitala": ("is_.kennitala", "D" * 10),
    "ch_ahv": ("ch.ssn", "D" * 13),
    "fr_spi": ("fr.nif", "D" * 13),
    "ru_inn": ("ru.inn", "D" * 12),
    "ua_rnokpp": ("ua.rntrc", "D" * 10),
    "us_ein": ("us.ein", "D" * 9),
    "us_aba": ("us.rtn", "D" * 9),
    "mx_curp": ("mx.curp", "L" * 4 + "D" * 6 + "L" * 6 + "DD"),
    "ar_cuit": ("ar.cuit", "D" * 11),
    "cl_rut": ("cl.rut", "D" * 9),
    "ec_cedula": ("ec.ci", "D" * 10),
    "do_cedula": ("do.cedula", "D" * 11),
    "co_nit": ("co.nit", "D" * 10),
    "id_nik": ("id.nik", "D" * 16),
    "id_npwp": ("id.npwp", "D" * 15),
    "vn_mst": ("vn.mst", "D" * 10),
    "pk_cnic": ("pk.cnic", "D" * 13),
    "il_id": ("il.idnr", "D" * 9),
    "za_id": ("za.idnr", "D" * 13),
    "nz_ird": ("nz.ird", "D" * 9),
    "ke_pin": ("ke.pin", "L" + "D" * 9 + "L"),
}
FRONTS = {  # what stands in front of the random part
    "fr_nir": "19510", "kr_rrn": "9103112", "baltic": "3850", "ro_cnp": "18501", "jmbg": "0101006", "ch_ahv": "756",
    "mx_curp": "BOXW310820HNE", "ar_cuit": "20", "id_nik": "317101", "is_kennitala": "1201", "no_fodselsnummer": "0501",
    "za_id": "8001", "fr_spi": "30", "gr_amka": "0101", "ke_pin": "A", "nz_ird": "04",
}  # fmt: skip
# Where python-stdnum asks more of a number: days, provinces and repeated digits that we do not read, older ranges.
LOOSER = {
    "pl_pesel", "kr_rrn", "in_aadhaar", "us_itin", "at_svnr", "bg_egn", "cz_rodne_cislo", "dk_cpr", "baltic", "gr_amka",
    "ro_cnp", "jmbg", "no_fodselsnummer", "is_kennitala", "us_ein", "id_nik", "za_id", "mx_curp", "us_aba", "il_id",
    "pk_cnic", "ec_cedula",
}  # fmt: skip
# One digit over and over is none for us, nor is a company's number, nor a province that Thailand does not have.
STRICTER = {
    "nl_bsn", "uk_nhs", "jp_my_number", "au_tfn", "th_national_id", "ar_cuit", "cl_rut", "do_cedula", "co_nit",
    "us_ein", "us_aba", "ua_rnokpp", "gr_afm", "il_id", "vn_mst", "ru_inn", "fr_spi", "pk_cnic", "id_npwp", "at_svnr",
    "ke_pin", "hr_oib", "is_kennitala", "lv_personas_kods", "id_nik",
}  # fmt: skip


def rows_of(values: list[str]) -> checks.Rows:
    return np.frombuffer("".join(values).encode("ascii"), np.uint8).reshape(len(values), -1)


def random_values(form: str, count: int, seed: int) -> list[str]:
    chance = np.random.default_rng(seed)
    columns = [chance.choice(list(LETTERS if c == "L" else DIGITS), count) for c in form]
    return ["".join(row) for row in zip(*columns, strict=True)]


def check_of(name: str) -> checks.Check:
    found: checks.Check = next(getattr(m, name) for m in (checks, checks_europe, checks_world) if hasattr(m, name))
    return found


@pytest.mark.parametrize("name", sorted(ORACLES))
def test_against_python_stdnum(name: str) -> None:
    pytest.importorskip("stdnum")
    module, form = ORACLES[name]
    is_valid: Callable[[str], bool] = import_module(f"stdnum.{module}").is_valid
    check = check_of(name)
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


# Numbers that issuers print as specimens, or made up with a check digit worked out by hand; and one digit wrong.
SPECIMENS = {
    "lv_personas_kods": ("16117519997", "16117519998"),
    "ph_tin": ("000123456", "000123457"),
    "hu_taj": ("123456788", "123456789"),
    "hu_adoazonosito": ("8071592153", "8071592154"),
    "lu_matricule": ("1893120105732", "1893120105733"),
    "de_svnr": ("15070649C103", "15070649C104"),
    "de_kvnr": ("A123456780", "A123456781"),
    "de_ausweis": ("T220001293", "T220001294"),
    "es_nuss": ("281234567840", "281234567841"),
    "ru_snils": ("11223344595", "11223344596"),
    "kz_iin": ("920317300332", "920317300333"),
    "us_npi": ("1234567893", "1234567894"),
    "us_dea": ("AB1234563", "AB1234564"),
    "ae_id": ("784198012345678", "784198012345679"),
    "sa_id": ("1000000008", "1000000009"),
    "ir_melli": ("0067749828", "0067749829"),
    "uy_ci": ("12345672", "12345673"),
    "au_medicare": ("2123456701", "2123456711"),
    "us_mbi": ("1EG4TE5MK73", "1SG4TE5MK73"),
    "in_epic": ("WKH1186253", "WKH1186263"),
    "lk_nic": ("853400937V", "859990937V"),
    "vn_cccd": ("001085123456", "099085123456"),
    "eg_nid": ("29001011234567", "29013011234567"),
    "ng_nin": ("12345678901", "11111111111"),
    "uk_driver": ("SMIT9801015JK2CD", "SMIT9801325JK2CD"),
    "mx_rfc": ("GODE561231GR8", "GODE561231GR9"),
    "mx_rfc_day": ("VACE460910SX6", "VACE461310SX6"),
}


@pytest.mark.parametrize("name", sorted(SPECIMENS))
def test_specimens(name: str) -> None:
    right, wrong = SPECIMENS[name]
    assert check_of(name)(rows_of([right, wrong])).tolist() == [True, False]


def test_every_check_is_held_against_something() -> None:
    known = set(ORACLES) | set(SPECIMENS) | {"it_fiscal_code", "fi_hetu", "se_personnummer", "be_nrn", "hkid"}
    known |= {"taiwan_id", "sg_nric", "uk_nino", "in_pan", "my_nric", "kr_rrn_day", "kr_rrn_since_2020"}
    used = {kind.check.__name__ for kind in KINDS if kind.check.__module__ != "tongguan.identify.detect.foreign_kinds"}
    assert used - known == {"by_personal", "md_idnp", "uz_pinfl"}, "weights 7, 3, 1, as the others"
    sums = {"by_personal": "3110190A001PB", "md_idnp": "200012345678", "uz_pinfl": "3190190123456"}
    for name, body in sums.items():
        values = [int(c, 36) for c in body]
        digit = sum(v * w for v, w in zip(values, (7, 3, 1) * 5, strict=False)) % 10
        rows = [body + c for c in DIGITS]
        assert check_of(name)(rows_of(rows)).tolist() == [c == str(digit) for c in DIGITS]


def test_shared_words_lead_to_known_kinds() -> None:
    assert {type for types in SHARED.values() for type in types} <= {kind.type for kind in KINDS}


def test_no_rows() -> None:
    for kind in KINDS:
        assert kind.check(np.zeros((0, len(kind.shape)), np.uint8)).tolist() == []
