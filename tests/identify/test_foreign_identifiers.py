"""Identifiers of Hong Kong, Macao, Taiwan and other countries: found where, and what looks like them and is none.

Numbers are examples of issuers and standards or made up.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marked_text import marked

from tongguan.identify import TYPES, Detector, Piece
from tongguan.identify.detect.foreign_kinds import KINDS
from tongguan.model import Finding

DETECTOR = Detector(b"a key of tests")

LABELLED = [
    "香港身份证：⟦hkid|A123456(3)⟧，HKID ⟦hkid|AB987654(3)⟧，持⟦hkid|A123456（3）⟧入境",
    "澳门居民身份证 ⟦macao_id|5123456(7)⟧，BIR 的 macao id: ⟦macao_id|1/234567/8⟧",
    "台湾身份证字号⟦taiwan_id|A123456789⟧。身分證字號：⟦taiwan_id|B142610160⟧",
    "统一证号：⟦taiwan_arc|A800000014⟧",
    "NRIC: ⟦sg_nric|S2740116C⟧，fin no. ⟦sg_nric|F2346401L⟧",
    "SSN: ⟦us_ssn|536-90-4399⟧; social security number is ⟦us_ssn|536 90 4399⟧; ssn=⟦us_ssn|536904399⟧",
    "ITIN ⟦us_itin|912-90-3456⟧",
    "National Insurance number ⟦uk_nino|AA 12 34 56 B⟧, NINO: ⟦uk_nino|tw987654a⟧",
    "NHS number: ⟦uk_nhs|401-023-2137⟧, nhs no ⟦uk_nhs|2213951837⟧",
    "IBAN: ⟦iban|DE89 3704 0044 0532 0130 00⟧，汇至⟦iban|GB29NWBK60161331926819⟧。",
    "Steuer-ID: ⟦de_tax_id|36 574 261 809⟧",
    "NIF ⟦es_nif|54362315K⟧, NIE: ⟦es_nif|X-2482300W⟧",
    "Codice fiscale: ⟦it_fiscal_code|RCCMNL83S18D969H⟧",
    "NIR: ⟦fr_nir|2 95 10 99 126 111 93⟧, nir ⟦fr_nir|253072B07300470⟧",
    "BSN: ⟦nl_bsn|111222333⟧",
    "Rijksregisternummer: ⟦be_nrn|85.07.30-033.28⟧",
    "PESEL: ⟦pl_pesel|44051401359⟧",
    "Personnummer: ⟦se_personnummer|880320-0016⟧",
    "HETU: ⟦fi_hetu|131052-308T⟧, henkilötunnus ⟦fi_hetu|131052A308T⟧",
    "주민등록번호: ⟦kr_rrn|971013-9019902⟧".replace("971013-9019902", "960121-1021413"),
    "RRN: ⟦kr_rrn|960121-1234567⟧",
    "マイナンバー：⟦jp_my_number|6214 9832 0257⟧",
    "Aadhaar: ⟦in_aadhaar|2341 2341 2346⟧",
    "PAN number ⟦in_pan|ACUPA7085R⟧",
    "CPF: ⟦br_cpf|390.533.447-05⟧，cpf ⟦br_cpf|39053344705⟧",
    "SIN: ⟦ca_sin|123-456-782⟧",
    "TFN: ⟦au_tfn|123 456 782⟧",
    "T.C. Kimlik No: ⟦tr_tckn|17291716060⟧",
    "Thai national ID: ⟦th_national_id|1-2345-45678-78-1⟧",
    "MyKad: ⟦my_nric|770305-02-1234⟧",
    '{"ssn": "⟦us_ssn|536-90-4399⟧", "iban": "⟦iban|NL91ABNA0417164300⟧"}',
    "Voter ID: ⟦in_epic|WKH1186253⟧; 印度选民证 ⟦in_epic|WKH1186253⟧",
    "NIK: ⟦id_nik|3171011708450001⟧, 印尼身份证号：⟦id_nik|3171 0117 0845 0001⟧",
    "NPWP: ⟦id_npwp|01.312.166.0-091.000⟧",
    "BIR TIN: ⟦ph_tin|000-123-456-000⟧, PhilSys number ⟦ph_philsys|1234-5678-9012-3456⟧",
    "Số CCCD: ⟦vn_cccd|001085123456⟧; mã số thuế ⟦vn_mst|0100233488⟧, 越南税号：⟦vn_mst|0314409058-002⟧",
    "CNIC ⟦pk_cnic|42201-0397640-8⟧",
    "NIC number ⟦lk_nic|853400937V⟧",
    "Emirates ID: ⟦ae_id|784-1980-1234567-8⟧",
    "Iqama no ⟦sa_id|1000000008⟧; רقم".replace("; רقم", "") + ", رقم الهوية ⟦sa_id|1000000008⟧",
    "תעודת זהות: ⟦il_id|3933742-3⟧, israeli id ⟦il_id|039337423⟧",
    "کد ملی: ⟦ir_melli|0067749828⟧",
    "الرقم القومي: ⟦eg_nid|29001011234567⟧",
    "ИИН: ⟦kz_iin|920317300332⟧",
    "EIN: ⟦us_ein|91-1144442⟧, routing number ⟦us_aba|111000025⟧",
    "Medicare number: ⟦us_mbi|1EG4-TE5-MK73⟧, NPI ⟦us_npi|1234567893⟧, DEA ⟦us_dea|AB1234563⟧",
    "CURP: ⟦mx_curp|BOXW310820HNERXN09⟧, RFC personal ⟦mx_rfc|GODE561231GR8⟧",
    "CUIT: ⟦ar_cuit|20-05536168-2⟧, DNI argentino ⟦ar_dni|20.123.456⟧",
    "RUT: ⟦cl_rut|12.531.909-2⟧",
    "NIT: ⟦co_nit|213.123.432-1⟧",
    "Cédula: ⟦ec_cedula|1714307103⟧, cédula ⟦uy_ci|1.234.567-2⟧, cedula ⟦do_cedula|00113918205⟧",
    "Rentenversicherungsnummer: ⟦de_svnr|15 070649 C 103⟧, Krankenversichertennummer ⟦de_kvnr|A123456780⟧",
    "Personalausweis: ⟦de_ausweis|T220001293⟧, 德国身份证 ⟦de_ausweis|L01X00T47⟧",
    "NUSS: ⟦es_nuss|28/12345678/40⟧",
    "Numéro fiscal: ⟦fr_spi|30 23 217 600 053⟧",
    "AHV-Nr: ⟦ch_ahv|756.9217.0769.85⟧",
    "VSNR: ⟦at_svnr|1237 010180⟧",
    "matricule nationale: ⟦lu_matricule|1893120105732⟧",
    "PPS number: ⟦ie_pps|6433435F⟧, ppsn ⟦ie_pps|6433435FT⟧",
    "NIF português: ⟦pt_nif|501964843⟧, nif ⟦pt_nif|501 964 843⟧, cartão de cidadão ⟦pt_cc|00000000 0 ZZ4⟧",
    "CPR: ⟦dk_cpr|211062-5629⟧",
    "Fødselsnummer: ⟦no_fodselsnummer|151086 95088⟧",
    "Kennitala: ⟦is_kennitala|120174-3399⟧",
    "Isikukood: ⟦ee_isikukood|36805280109⟧, asmens kodas ⟦lt_asmens_kodas|33309240064⟧",
    "Personas kods: ⟦lv_personas_kods|161175-19997⟧",
    "Rodné číslo: ⟦cz_rodne_cislo|710319/2745⟧, rodné číslo ⟦cz_rodne_cislo|520115/123⟧",
    "TAJ szám: ⟦hu_taj|123 456 788⟧, adóazonosító jel ⟦hu_adoazonosito|8071592153⟧",
    "CNP: ⟦ro_cnp|1630615123457⟧",
    "ЕГН: ⟦bg_egn|7523169263⟧, егн ⟦bg_egn|752316 926 3⟧",
    "ΑΜΚΑ: ⟦gr_amka|01013099997⟧, ΑΦΜ: ⟦gr_afm|094259216⟧",
    "OIB: ⟦hr_oib|33392005961⟧",
    "EMŠO: ⟦jmbg|0101006500006⟧, јмбг ⟦jmbg|0101006500006⟧",
    "ИНН: ⟦ru_inn|500100732259⟧, СНИЛС ⟦ru_snils|112-233-445 95⟧, паспорт ⟦ru_passport|45 09 123456⟧",
    "РНОКПП: ⟦ua_rnokpp|1759013776⟧",
    "South African ID: ⟦za_id|8001015009087⟧",
    "NIN: ⟦ng_nin|12345678901⟧, KRA PIN: ⟦ke_pin|A004416331M⟧",
    "Medicare card number: ⟦au_medicare|2123 45670 1⟧",
    "IRD number: ⟦nz_ird|49-098-576⟧, 新西兰税号：⟦nz_ird|049098576⟧",
    "证件号码：⟦za_id|8001015009087⟧；ID number: ⟦sg_nric|S2740116C⟧；税号：⟦br_cpf|390.533.447-05⟧",
]
BARE = [
    "客户⟦hkid|A123456(3)⟧已到访",
    "身份为⟦taiwan_id|A123456789⟧，",
    "see ⟦sg_nric|S2740116C⟧ and ⟦us_ssn|536-90-4399⟧",
    "⟦iban|FR14 2004 1010 0505 0001 3M02 606⟧ ⟦iban|NL91ABNA0417164300⟧",
    "⟦it_fiscal_code|RCCMNL83S18D969H⟧ ⟦in_pan|ACUPA7085R⟧",
    "⟦kr_rrn|960121-1021413⟧ ⟦br_cpf|390.533.447-05⟧ ⟦fi_hetu|131052-308T⟧",
    "⟦uk_nino|AA 12 34 56 B⟧",
    "hers: ⟦uk_nino|jk 40 17 22 c⟧, mine ⟦us_mbi|2fh5-qd7-rt20⟧",
    "of ⟦driving_licence|OKAFO702284CE9DW⟧ and ⟦driving_licence|NG999451301T99FA⟧ together",
    "read back ⟦us_ssn|509 36 2247⟧ twice",
    "⟦passport|XK4471203⟧ es mi número de pasaporte",
    "⟦ru_snils|112-233-445 95⟧ ⟦ch_ahv|756.9217.0769.85⟧ ⟦mx_curp|BOXW310820HNERXN09⟧ ⟦ae_id|784-1980-1234567-8⟧",
    "⟦cl_rut|12.531.909-2⟧ ⟦ar_cuit|20-05536168-2⟧ ⟦us_mbi|1EG4-TE5-MK73⟧ ⟦id_npwp|01.312.166.0-091.000⟧",
    "⟦by_personal|3110190A001PB2⟧ ⟦cz_rodne_cislo|710319/2745⟧",
    "⟦uz_pinfl|31901901234560⟧",
    "⟦tr_tckn|36493665440⟧",
    "⟦bank_card|4012888888881881⟧",
    "IDNP ⟦md_idnp|2000123456788⟧",
    "卡⟦card_track|4111111111111111=25121011000012300000⟧",
]
NOTHING = [
    "身份证1-1-0-1-0-5-1-9-4-9-1-2-3-1-0-0-3-X",  # its first thirteen digits pass as a Serbian number
    "A123456(4)", "a123456(3)", "订单号：A123456(3)", "SKU-A123456(3)",
    "A123456788", "订单号 A123456789", "part-A123456789-x", "a123456789",
    "S2740116D", "s2740116c", "NRIC: S2740116D", "/S2740116C/",
    "SSN 000-12-3456", "SSN: 666-12-3456", "SSN: 900-12-3456", "SSN: 078-05-1120", "536-90-43990", "1536-90-4399",
    "SSN: 111-11-1111", "order no 536-90-4399",
    "AA 12 34 56 H", "BG123612A", "NINO: nt 99 88 77 a", "aa 12 34 56 b1", "see aa123456b now", "df 12 34 56 a",
    "2fh5qd7rt20", "OKAFO713284CE9DW", "OKAFO702324CE9DW", "okafo702284ce9dw", "17 509 36 2247", "509 36 2247 11",
    "NHS number: 401-023-2138", "NHS 0000000000",
    "DE00370400440532013000", "ZZ89370400440532013000", "IBAN: DE89 3704 0044 0532 0130 01", "DE89370400440532013000X",
    "Steuer-ID: 36574261890", "NIF: 54362315Z", "20261121A", "20260521W",
    "RCCMNL83S18D969I", "NIR: 295109912611199", "BSN: 111252333", "BSN: 000000000", "PESEL: 44051401358",
    "Personnummer: 880320-0018", "HETU: 131052-308U", "HETU: 310252-308Y", "RRN: 961321-1021413", "960121-1021414",
    "マイナンバー：6214 9832 0258", "Aadhaar: 2341 2341 2347", "AAAXA7085R", "CPF: 390.533.447-06", "111.111.111-11",
    "SIN: 823456785", "TFN: 123456781", "Kimlik No: 07291716092", "1-2345-45678-78-9", "771305-02-1234", "770305-17-1234",
    "sin(123456781)", "my number is 42", "aadhaar", "IBAN", "ssn: none",
    "4111111111111112=25121011000012300000", "4111111111111111=2513", "x=4111111111111111",
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C37UTO7408122F1204159ZE184226B<<<<<10",
]  # fmt: skip


@pytest.mark.parametrize("source", LABELLED + BARE)
def test_exactly_these(source: str, find: Callable[[str], list[Finding]]) -> None:
    case = marked(source)
    assert [(f.type, f.start, f.end) for f in find(case.text)] == list(case.spans)


@pytest.mark.parametrize("text", NOTHING)
def test_nothing(text: str, find: Callable[[str], list[Finding]]) -> None:
    assert [(f.type, text[f.start : f.end]) for f in find(text) if f.type not in ("passport", "bank_card")] == []


def test_every_kind_stands_in_a_table() -> None:
    shown = {type for source in LABELLED + BARE for type, _, _ in marked(source).spans}
    assert {kind.type for kind in KINDS} | {"iban", "card_track"} <= shown
    assert shown <= set(TYPES)


def test_the_foot_of_a_passport(find: Callable[[str], list[Finding]]) -> None:
    """The specimen of ICAO Doc 9303-4."""
    zone = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
    text = f"护照扫描：\n{zone}\n"
    found = {f.type: f for f in find(text)}
    assert (found["passport_mrz"].start, found["passport_mrz"].end) == (6, 6 + len(zone))
    assert "passport" not in found  # the number is part of the zone


@pytest.mark.parametrize(
    ("type", "writings"),
    [
        (
            "us_ssn",
            ["SSN: 536-90-4399", "SSN 536904399", "ssn 536 90 4399", "SSN：５３６－９０－４３９９", "see 536-90-4399"],
        ),
        ("hkid", ["HKID: A123456(3)", "香港身份证A123456（3）", "hkid a1234563", "见A123456(3)"]),
        ("iban", ["IBAN: DE89370400440532013000", "IBAN DE89 3704 0044 0532 0130 00", "DE89370400440532013000"]),
        ("kr_rrn", ["RRN: 960121-1021413", "RRN 9601211021413", "960121-1021413"]),
        ("br_cpf", ["CPF: 390.533.447-05", "cpf 39053344705"]),
        ("fi_hetu", ["HETU: 131052-308T", "131052-308T"]),
        ("uk_nino", ["NINO: AA 12 34 56 B", "nino aa123456b", "AA123456B"]),
    ],
)
def test_same_value_same_digest(type: str, writings: list[str]) -> None:
    digests = set()
    for text in writings:
        (found,) = [f for f in DETECTOR.scan([Piece(text)])[0] if f.type == type]
        digests.add(found.digest)
    assert len(digests) == 1


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from([m for source in LABELLED for m in [marked(source)]]),
    st.text("，。 \n🚀abc甲乙\u200b()-", max_size=12),
    st.text("，。 \n🚀 ()", max_size=8),
)
def test_offsets_are_those_of_the_text_around(case: object, before: str, behind: str) -> None:
    text = f"{before}\n{case.text}\n{behind}"  # type: ignore[attr-defined]
    shift = len(before) + 1
    found = {(f.type, f.start - shift, f.end - shift) for f in DETECTOR.scan([Piece(text)])[0]}
    assert set(case.spans) <= found  # type: ignore[attr-defined]


def test_a_column_of_them() -> None:
    import numpy as np

    values = ["536-90-4399", "536904399", "none", "000-00-0000"]
    text, cells, records = "ssn\n", [(0, 3, 0)], [0]
    for value in values:
        records.append(len(text))
        cells.append((len(text), len(text) + len(value), 0))
        text += value + "\n"
    piece = Piece(text, None, "table", np.array(records), ("ssn",), np.array(cells, np.int64))
    assert [f.type for f in DETECTOR.scan([piece])[0]] == ["us_ssn", "us_ssn"]


@pytest.mark.parametrize("digits", ["0123456789", "０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩", "⁰¹²³⁴⁵⁶⁷⁸⁹"])
@pytest.mark.parametrize(
    "written", ["536-90-4399", "960121-1234567", "111.444.777-35", "85.07.30-033.28", "AB 12 34 56 C", "SSN: 536904399"]
)
def test_digits_of_other_scripts_end_no_run(written: str, digits: str, find: Callable[[str], list[Finding]]) -> None:
    plain, other = find(written), find(written.translate(str.maketrans("0123456789", digits)))
    if digits in ("0123456789", "０１２３４５６７８９"):
        assert [finding.type for finding in other] == [finding.type for finding in plain]
    assert all(0 <= finding.start < finding.end <= len(written) for finding in other)


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("A123456789", True), ('"A123456789"', True), ("a123456789", True), ("A 123456789", True),
        ("A123456789的", True), ("A123456789 x", True), ("A1234567890", False), ("A123456789０", False),
        ("A123456780", False), ("A12345678９", True),
    ],
)  # fmt: skip
def test_a_number_that_a_cell_begins_with(cell: str, found: bool) -> None:
    text = f"身份证号,备注\n{cell},x\n"
    cells = np.array([(0, 4, 0), (5, 7, 1), (8, 8 + len(cell), 0), (9 + len(cell), 10 + len(cell), 1)])
    piece = Piece(text, None, "table", np.array([0, 8]), ("身份证号", "备注"), cells)
    (findings,) = Detector(b"k").scan([piece])
    assert ("taiwan_id" in {one.type for one in findings}) is found
