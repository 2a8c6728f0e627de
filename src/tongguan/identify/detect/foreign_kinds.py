"""The identifiers from outside the mainland that are known: their forms, checks, and worth without a label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.detect import checks_europe as europe
from tongguan.identify.detect import checks_world as world
from tongguan.identify.detect import foreign_checks as checks

__all__ = ["KINDS", "SERIES", "SHARED", "Kind"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A form of an identifier: letters (L) and digits (D) in order, its check, and its worth without a label."""

    type: str
    shape: str
    check: checks.Check
    bare: float = 0.0  # 0: only behind a label
    groups: str = ""  # pattern of the groups that are believed without a label; "" for one token
    alone: float = 0.0  # where a text holds nothing else: asks for a check that few numbers pass by chance
    weak: bool = False  # its check is hardly one: behind a label it is worth less
    form: str = ""  # pattern, where letters and digits stand in no set order


def _without_century(rows: checks.Rows) -> NDArray[np.bool_]:
    """A Finnish code whose sign of the century is a letter."""
    return checks.fi_hetu(np.delete(rows, 6, axis=1)) & np.isin(rows[:, 6], np.frombuffer(b"ABCDEFUVWXY", np.uint8))


def _taiwan(low: int, high: int) -> checks.Check:
    def check(rows: checks.Rows) -> checks.Flags:
        flags: checks.Flags = checks.taiwan_id(rows) & (rows[:, 1] >= low) & (rows[:, 1] <= high)
        return flags

    return check


def _foreigner(rows: checks.Rows) -> checks.Flags:
    flags: checks.Flags = checks.es_nif(rows) & (rows[:, 0] >= 88)
    return flags


def _short_nif(rows: checks.Rows) -> checks.Flags:
    """Old Spanish numbers are also written without their leading 0."""
    return checks.es_nif(np.insert(rows, 0, 48, axis=1))


def _macao(rows: checks.Rows) -> checks.Flags:
    flags: checks.Flags = np.isin(rows[:, 0], (49, 53, 55))
    return flags


def _serial(rows: checks.Rows) -> checks.Flags:
    """A German serial number without its check digit."""
    flags: checks.Flags = (rows < 58).sum(axis=1) >= 3
    return flags


def _any(rows: checks.Rows) -> checks.Flags:
    return checks.varied(rows)


_SSN_IN_BLANKS: Final = r"(?<!\d[ \t])(?<!\d[ \t]{2})\d{3} \d\d \d{4}(?![ \t]{1,3}\d)"  # no other number beside it
_MBI: Final = r"\d[A-Z]\w\d-?[A-Z]\w\d-?[A-Z]{2}\d\d"
_D: Final = "D"
KINDS: Final = (
    # China's neighbours at home
    Kind("hkid", "LDDDDDDD", checks.hkid, 0.85, r"[A-Z]\d{6} ?[(（]\d[)）]"),
    Kind("hkid", "LDDDDDDL", checks.hkid, 0.85, r"[A-Z]\d{6} ?[(（]A[)）]"),
    Kind("hkid", "LLDDDDDDD", checks.hkid, 0.85, r"[A-Z]{2}\d{6} ?[(（]\d[)）]"),
    Kind("hkid", "LLDDDDDDL", checks.hkid, 0.85, r"[A-Z]{2}\d{6} ?[(（]A[)）]"),
    Kind("macao_id", _D * 8, _macao, weak=True),
    Kind("taiwan_id", "L" + _D * 9, _taiwan(49, 50), 0.55),
    Kind("taiwan_arc", "L" + _D * 9, _taiwan(56, 57), 0.55),
    Kind("taiwan_arc", "LL" + _D * 8, _taiwan(65, 68)),
    # Asia
    Kind("sg_nric", "LDDDDDDDL", checks.sg_nric, 0.75),
    Kind("kr_rrn", _D * 13, checks.kr_rrn, 0.8, r"\d{6}-\d{7}", 0.7),
    Kind("kr_rrn", _D * 13, checks.kr_rrn_day, weak=True),  # none since October 2020 has a check
    Kind("kr_rrn", _D * 13, checks.kr_rrn_since_2020, 0.5, r"\d{6}-\d{7}", weak=True),
    Kind("jp_my_number", _D * 12, checks.jp_my_number),
    Kind("in_aadhaar", _D * 12, checks.in_aadhaar, 0, r"[2-9]\d{3}([ :-])\d{4}\1\d{4}", 0.5),
    Kind("in_pan", "LLLLLDDDDL", checks.in_pan, 0.6),
    Kind("in_epic", "LLL" + _D * 7, world.in_epic),
    Kind("th_national_id", _D * 13, checks.th_national_id, 0.8, r"\d[- ]\d{4}[- ]\d{5}[- ]\d\d[- ]\d"),
    Kind("my_nric", _D * 12, checks.my_nric, 0.55, r"\d{6}-\d\d-\d{4}", weak=True),
    Kind("id_nik", _D * 16, world.id_nik, alone=0.5, weak=True),
    Kind("id_npwp", _D * 15, world.id_npwp, 0.7, r"\d\d\.\d{3}\.\d{3}\.\d-\d{3}\.\d{3}"),
    Kind("ph_tin", _D * 9, world.ph_tin),
    Kind("ph_tin", _D * 12, world.ph_tin),
    Kind("ph_philsys", _D * 16, _any, weak=True),
    Kind("vn_cccd", _D * 12, world.vn_cccd, weak=True),
    Kind("vn_mst", _D * 10, world.vn_mst),
    Kind("vn_mst", _D * 13, world.vn_mst),
    Kind("pk_cnic", _D * 13, world.pk_cnic, 0.6, r"[1-7]\d{4}-\d{7}-\d", weak=True),
    Kind("lk_nic", _D * 9 + "L", world.lk_nic, weak=True),
    Kind("lk_nic", _D * 12, world.lk_nic, weak=True),
    Kind("ae_id", _D * 15, world.ae_id, 0.85, r"784[- ]\d{4}[- ]\d{7}[- ]\d", 0.8),
    Kind("sa_id", _D * 10, world.sa_id),
    Kind("il_id", _D * 9, world.il_id),
    Kind("il_id", _D * 8, world.il_id),
    Kind("ir_melli", _D * 10, world.ir_melli),
    Kind("eg_nid", _D * 14, world.eg_nid, weak=True),
    Kind("tr_tckn", _D * 11, checks.tr_tckn, alone=0.6),
    Kind("kz_iin", _D * 12, europe.kz_iin, alone=0.5),
    Kind("uz_pinfl", _D * 14, europe.uz_pinfl, alone=0.5),
    # the Americas
    Kind("us_ssn", _D * 9, checks.us_ssn, 0.6, r"\d{3}-\d\d-\d{4}|\d{3}\.\d\d\.\d{4}", weak=True),
    Kind("us_ssn", _D * 9, checks.us_ssn, 0.45, _SSN_IN_BLANKS, weak=True),
    Kind("us_itin", _D * 9, checks.us_itin, 0.6, r"\d{3}-\d\d-\d{4}", weak=True),
    Kind("us_ein", _D * 9, world.us_ein, weak=True),
    Kind("us_aba", _D * 9, world.us_aba),
    Kind("us_mbi", "DLDDLDDLLDD", world.us_mbi, 0.6, _MBI),
    Kind("us_mbi", "DLLDLDDLLDD", world.us_mbi, 0.6, _MBI),
    Kind("us_mbi", "DLDDLLDLLDD", world.us_mbi, 0.6, _MBI),
    Kind("us_mbi", "DLLDLLDLLDD", world.us_mbi, 0.6, _MBI),
    Kind("us_npi", _D * 10, world.us_npi),
    Kind("us_dea", "LLDDDDDDD", world.us_dea),
    Kind("ca_sin", _D * 9, checks.ca_sin),
    Kind("mx_curp", "LLLLDDDDDDLLLLLLDD", world.mx_curp, 0.85),
    Kind("mx_curp", "LLLLDDDDDDLLLLLLLD", world.mx_curp, 0.85),
    Kind("mx_rfc", "LLLLDDDDDD???", world.mx_rfc, form=r"[A-Z]{4}\d{6}[A-Z0-9]{2}[0-9A]"),
    Kind("mx_rfc", "LLLLDDDDDD???", world.mx_rfc_day, weak=True, form=r"[A-Z]{4}\d{6}[A-Z0-9]{2}[0-9A]"),
    Kind("br_cpf", _D * 11, checks.br_cpf, 0.8, r"\d{3}\.\d{3}\.\d{3}-\d\d", 0.6),
    Kind("ar_cuit", _D * 11, world.ar_cuit, 0.7, r"2[034567]-\d{8}-\d", 0.5),
    Kind("ar_dni", _D * 8, _any, weak=True),
    Kind("ar_dni", _D * 7, _any, weak=True),
    Kind("cl_rut", _D * 9, world.cl_rut, 0.7, r"\d\d\.\d{3}\.\d{3}-\d"),
    Kind("cl_rut", _D * 8 + "L", world.cl_rut, 0.7, r"\d\d\.\d{3}\.\d{3}-[Kk]"),
    Kind("cl_rut", _D * 8, world.cl_rut, 0.7, r"\d\.\d{3}\.\d{3}-\d"),
    Kind("cl_rut", _D * 7 + "L", world.cl_rut, 0.7, r"\d\.\d{3}\.\d{3}-[Kk]"),
    Kind("co_nit", _D * 10, world.co_nit),
    Kind("co_nit", _D * 9, world.co_nit),
    Kind("ec_cedula", _D * 10, world.ec_cedula),
    Kind("uy_ci", _D * 8, world.uy_ci, 0.6, r"\d\.\d{3}\.\d{3}-\d"),
    Kind("do_cedula", _D * 11, world.do_cedula, 0.6, r"\d{3}-\d{7}-\d"),
    # Europe
    Kind("uk_nino", "LLDDDDDDL", checks.uk_nino, 0.7, r"[A-Z]{2}(?: ?\d\d){3} ?[A-D]", 0.6),
    *(
        Kind("driving_licence", "L" * (5 - pad) + "D" * (6 + pad) + initials + sign + "LL", world.uk_driver, 0.6)
        for pad in range(4) for initials in ("LL", "LD") for sign in "DL"
    ),
    Kind("uk_nhs", _D * 10, checks.uk_nhs),
    Kind("de_tax_id", _D * 11, checks.de_tax_id, 0.5, r"\d\d \d{3} \d{3} \d{3}", 0.6),
    Kind("de_svnr", "DDDDDDDDLDDD", europe.de_svnr, 0.6),
    Kind("de_kvnr", "L" + _D * 9, europe.de_kvnr),
    Kind("de_ausweis", "?" * 9, _serial, weak=True, form=r"[C-Z][0-9CFGHJ-NPRTV-Z]{8}"),
    Kind("de_ausweis", "?" * 10, europe.de_ausweis, form=r"[C-Z][0-9CFGHJ-NPRTV-Z]{8}\d"),
    Kind("es_nif", "DDDDDDDDL", checks.es_nif, 0.5, r"(?!(?:19|20)\d\d(?:0\d|1[0-2]))\d{8}-?[A-Z]", 0.6),
    Kind("es_nif", "DDDDDDDL", _short_nif, 0.5, r"\d{7}-[A-Z]", 0.5),
    Kind("es_nif", "LDDDDDDDL", _foreigner, 0.6, r"[XYZ]-?\d{7}-?[A-Z]", 0.6),
    Kind("es_nuss", _D * 12, europe.es_nuss),
    Kind("it_fiscal_code", "?" * 16, checks.it_fiscal_code, form=r"[A-Z]{6}\w\w[A-Z]\w\w[A-Z]\w{3}[A-Z]"),
    Kind("it_fiscal_code", "LLLLLLDDLDDLDDDL", checks.it_fiscal_code, 0.85),
    Kind("fr_nir", _D * 15, checks.fr_nir, 0.6, r"[1-478] ?\d\d ?\d\d ?\d\d ?\d{3} ?\d{3} ?\d\d", 0.6),
    Kind("fr_nir", "DDDDDDLDDDDDDDD", checks.fr_nir, 0.7),
    Kind("fr_spi", _D * 13, europe.fr_spi, 0.6, r"[0-3]\d \d\d \d{3} \d{3} \d{3}", 0.5),
    Kind("nl_bsn", _D * 9, checks.nl_bsn),
    Kind("be_nrn", _D * 11, checks.be_nrn, 0.7, r"\d\d\.\d\d\.\d\d-\d{3}[. ]\d\d", 0.6),
    Kind("ch_ahv", _D * 13, europe.ch_ahv, 0.85, r"756\.\d{4}\.\d{4}\.\d\d", 0.6),
    Kind("at_svnr", _D * 10, europe.at_svnr, alone=0.5),
    Kind("lu_matricule", _D * 13, europe.lu_matricule, alone=0.6),
    Kind("ie_pps", _D * 7 + "L", europe.ie_pps),
    Kind("ie_pps", _D * 7 + "LL", europe.ie_pps),
    Kind("pt_nif", _D * 9, europe.pt_nif),
    Kind("pt_cc", _D * 9 + "LLD", europe.pt_cc, 0.5),
    Kind("dk_cpr", _D * 10, europe.dk_cpr, weak=True),
    Kind("no_fodselsnummer", _D * 11, europe.no_fodselsnummer, alone=0.6),
    Kind("se_personnummer", _D * 12, checks.se_personnummer, 0.6, r"(?:18|19|20)\d{6}-\d{4}", 0.6),
    Kind("se_personnummer", _D * 10, checks.se_personnummer, 0.5, r"\d{6}-\d{4}", 0.5),
    Kind("fi_hetu", "DDDDDDDDDL", checks.fi_hetu, 0.75, r"\d{6}[-+A-FU-Y]\d{3}[A-Y]"),
    Kind("fi_hetu", "DDDDDDDDDD", checks.fi_hetu),
    Kind("fi_hetu", "DDDDDDLDDDL", _without_century, 0.7),
    Kind("fi_hetu", "DDDDDDLDDDD", _without_century, 0.7),
    Kind("is_kennitala", _D * 10, europe.is_kennitala, 0.5, r"\d{6}-\d{4}", 0.5),
    Kind("ee_isikukood", _D * 11, europe.baltic, alone=0.5),
    Kind("lt_asmens_kodas", _D * 11, europe.baltic),
    Kind("lv_personas_kods", _D * 11, europe.lv_personas_kods),
    Kind("pl_pesel", _D * 11, checks.pl_pesel, alone=0.5),
    Kind("cz_rodne_cislo", _D * 10, europe.cz_rodne_cislo, 0.6, r"\d{6}/\d{4}"),
    Kind("cz_rodne_cislo", _D * 9, europe.cz_rodne_cislo, weak=True),
    Kind("hu_taj", _D * 9, europe.hu_taj),
    Kind("hu_adoazonosito", _D * 10, europe.hu_adoazonosito),
    Kind("ro_cnp", _D * 13, europe.ro_cnp, alone=0.6),
    Kind("bg_egn", _D * 10, europe.bg_egn),
    Kind("gr_amka", _D * 11, europe.gr_amka, alone=0.5),
    Kind("gr_afm", _D * 9, europe.gr_afm),
    Kind("hr_oib", _D * 11, europe.hr_oib),
    Kind("jmbg", _D * 13, europe.jmbg, alone=0.6),
    Kind("ru_inn", _D * 12, europe.ru_inn, alone=0.6),
    Kind("ru_snils", _D * 11, europe.ru_snils, 0.85, r"\d{3}-\d{3}-\d{3}[ -]\d\d", 0.6),
    Kind("ru_passport", _D * 10, _any, weak=True),
    Kind("ua_rnokpp", _D * 10, europe.ua_rnokpp),
    Kind("by_personal", "DDDDDDDLDDDLLD", europe.by_personal, 0.7),
    Kind("md_idnp", _D * 13, europe.md_idnp),
    # Africa and Oceania
    Kind("za_id", _D * 13, world.za_id, 0.6, r"\d{6} \d{4} \d{3}", 0.6),
    Kind("ng_nin", _D * 11, world.ng_nin, weak=True),
    Kind("ke_pin", "L" + _D * 9 + "L", world.ke_pin),
    Kind("au_tfn", _D * 9, checks.au_tfn),
    Kind("au_medicare", _D * 10, world.au_medicare, 0.5, r"[2-6]\d{3} \d{5} \d"),
    Kind("au_medicare", _D * 11, world.au_medicare),
    Kind("nz_ird", _D * 9, world.nz_ird),
    Kind("nz_ird", _D * 8, world.nz_ird),
)  # fmt: skip

SHARED: Final[Mapping[str, tuple[str, ...]]] = {
    # words that several countries use → what may stand behind them, the likelier first
    "dni": ("es_nif", "ar_dni"),
    "nif": ("es_nif", "pt_nif"),
    "cedula": ("ec_cedula", "do_cedula", "uy_ci"),
    "id_card": (
        "hkid", "sg_nric", "taiwan_id", "kr_rrn", "za_id", "th_national_id", "tr_tckn", "pl_pesel", "fi_hetu", "ro_cnp",
        "no_fodselsnummer", "jmbg", "ae_id", "my_nric", "il_id", "kz_iin", "de_tax_id", "fr_nir", "br_cpf",
        "in_aadhaar", "in_pan", "jp_my_number", "ru_snils",
    ),
    "uscc": (
        "de_tax_id", "it_fiscal_code", "br_cpf", "ru_inn", "mx_rfc", "ar_cuit", "fr_spi", "us_itin", "in_pan", "au_tfn",
        "nl_bsn",
    ),
}  # fmt: skip

SERIES: Final = (
    # sizes of the groups, signs behind the first, whose identifiers are written so
    ((3, 2, 4), "-.", ("us_ssn", "us_itin")),
    ((3, 2, 4), "  ", ("us_ssn",)),
    ((6, 7), "--", ("kr_rrn",)),
    ((3, 3, 3, 2), "..", ("br_cpf",)),
    ((3, 3, 3, 2), "--", ("ru_snils",)),
    ((6, 2, 4), "--", ("my_nric",)),
    ((1, 4, 5, 2, 1), "- ", ("th_national_id",)),
    ((6, 4), "-+", ("fi_hetu", "se_personnummer", "is_kennitala")),
    ((6, 4), "//", ("cz_rodne_cislo",)),
    ((8, 4), "--", ("se_personnummer",)),
    ((2, 2, 2, 3, 2), "..", ("be_nrn",)),
    ((1, 2, 2, 2, 3, 3, 2), "  ", ("fr_nir",)),
    ((2, 2, 3, 3, 3), "  ", ("fr_spi",)),
    ((2, 3, 3, 3), "  ", ("de_tax_id",)),
    ((2, 2, 2), "  ", ("uk_nino",)),
    ((3, 4, 4, 2), "..", ("ch_ahv",)),
    ((3, 4, 7, 1), "- ", ("ae_id",)),
    ((2, 3, 3, 1, 3, 3), "..", ("id_npwp",)),
    ((5, 7, 1), "--", ("pk_cnic",)),
    ((2, 8, 1), "--", ("ar_cuit",)),
    ((3, 7, 1), "--", ("do_cedula",)),
    ((2, 3, 3), "..", ("cl_rut",)),
    ((1, 3, 3), "..", ("cl_rut", "uy_ci")),
    ((4, 5, 1), "  ", ("au_medicare",)),
    ((6, 4, 3), "  ", ("za_id",)),
    ((4, 3, 4), "--", ("us_mbi",)),
)
