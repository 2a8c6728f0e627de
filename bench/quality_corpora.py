"""Readers of corpora that others wrote, for `quality.py`. None of them is part of the project: a folder names them.

    FOLDER/presidio/tests/test_*_recognizer.py        Presidio's analyzer tests (MIT)
    FOLDER/argus-redact/tests/fixtures/*.json         argus-redact's fixtures (Apache-2.0)
    FOLDER/python-stdnum/stdnum/                      python-stdnum (LGPL-2.1+): only the examples in its docstrings
    FOLDER/ner/msra_test_bio.txt, pd_example.test, weiboNER_2nd_conll.{train,dev,test}
                                                      MSRA, People's Daily, Weibo: no licence found, for research only
    FOLDER/ner/zh_gsdsimp-ud-test.iob2                Universal NER, Chinese GSD simplified (CC BY-SA 4.0)
    FOLDER/cpca/addr.csv                              addresses of companies, from cpca's tests (MIT)

What is absent is left out and said.
"""

from __future__ import annotations

import ast
import csv
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from ipaddress import ip_address
from pathlib import Path

__all__ = [
    "SHARED",
    "Example",
    "addresses",
    "argus",
    "is_refused",
    "named_entities",
    "names_no_host",
    "presidio",
    "stdnum",
]


@dataclass(frozen=True)
class Example:
    """A text, what is to be found in it, and which types its author looked at: others are not judged."""

    text: str
    spans: frozenset[tuple[str, int, int]]  # type, start, end
    judged: frozenset[str]
    loose: frozenset[tuple[int, int]] = field(default_factory=frozenset)  # found or not: both are right
    anywhere: frozenset[str] = field(default_factory=frozenset)  # types to be found, at a place the author left open


LABELS = {
    "US_SSN": ("us_ssn", "SSN: "),
    "US_ITIN": ("us_itin", "ITIN: "),
    "UK_NINO": ("uk_nino", "National Insurance number: "),
    "UK_NHS": ("uk_nhs", "NHS number: "),
    "IBAN_CODE": ("iban", "IBAN: "),
    "SG_NRIC_FIN": ("sg_nric", "NRIC: "),
    "KR_RRN": ("kr_rrn", "RRN: "),
    "IN_AADHAAR": ("in_aadhaar", "Aadhaar: "),
    "IN_PAN": ("in_pan", "PAN: "),
    "DE_TAX_ID": ("de_tax_id", "Steuer-ID: "),
    "ES_NIF": ("es_nif", "NIF: "),
    "ES_NIE": ("es_nif", "NIE: "),
    "IT_FISCAL_CODE": ("it_fiscal_code", "Codice fiscale: "),
    "PL_PESEL": ("pl_pesel", "PESEL: "),
    "SE_PERSONNUMMER": ("se_personnummer", "Personnummer: "),
    "FI_PERSONAL_IDENTITY_CODE": ("fi_hetu", "HETU: "),
    "CREDIT_CARD": ("bank_card", "card number: "),
    "EMAIL_ADDRESS": ("email", "email: "),
    "IP_ADDRESS": ("ip", "IP: "),
    "MAC_ADDRESS": ("mac", "MAC: "),
    "ABA_ROUTING_NUMBER": ("us_aba", "Routing number: "),
    "AU_MEDICARE": ("au_medicare", "Medicare card number: "),
    "AU_TFN": ("au_tfn", "TFN: "),
    "CA_SIN": ("ca_sin", "SIN: "),
    "DE_ID_CARD": ("de_ausweis", "Personalausweis: "),
    "DE_PASSPORT": ("de_ausweis", "Reisepass: "),
    "DE_SOCIAL_SECURITY": ("de_svnr", "Rentenversicherungsnummer: "),
    "DE_HEALTH_INSURANCE": ("de_kvnr", "Krankenversichertennummer: "),
    "IN_VOTER": ("in_epic", "Voter ID: "),
    "IN_PASSPORT": ("passport", "Passport: "),
    "IT_PASSPORT": ("passport", "Passaporto: "),
    "IT_DRIVER_LICENSE": ("driving_licence", "Patente: "),
    "KR_PASSPORT": ("passport", "여권번호: "),
    "KR_DRIVER_LICENSE": ("driving_licence", "운전면허: "),
    "KR_FRN": ("kr_rrn", "외국인등록번호: "),
    "NG_NIN": ("ng_nin", "NIN: "),
    "PH_TIN": ("ph_tin", "TIN: "),
    "PH_MOBILE_NUMBER": ("phone", "Mobile: "),
    "PHONE_NUMBER": ("phone", "Phone: "),
    "TH_TNIN": ("th_national_id", "Thai national ID: "),
    "TR_NATIONAL_ID": ("tr_tckn", "T.C. Kimlik No: "),
    "UK_DRIVING_LICENCE": ("driving_licence", "Driving licence: "),
    "UK_PASSPORT": ("passport", "Passport: "),
    "US_DRIVER_LICENSE": ("driving_licence", "Driver license: "),
    "US_PASSPORT": ("passport", "Passport: "),
    "ES_PASSPORT": ("passport", "Pasaporte: "),
    "US_MBI": ("us_mbi", "Medicare number: "),
    "US_NPI": ("us_npi", "NPI: "),
    "ZA_ID_NUMBER": ("za_id", "South African ID: "),
}
# Types that many countries share: what one country's recogniser refuses another issues, so refusals are not judged.
SHARED = {"passport", "driving_licence", "phone"}
_SURE = 0.4  # what Presidio itself expects to score less without context may be found or not


def presidio(folder: Path, labelled: bool) -> Iterator[Example]:
    """Presidio's tables of text, count and positions, bare as they stand or behind a label of their own."""
    for file in sorted(folder.glob("presidio/tests/test_*_recognizer.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        entities = _entities(tree) & set(LABELS)
        if len(entities) != 1:
            continue
        type, label = LABELS[entities.pop()]
        for text, count, positions, scores in _tables(tree):
            shift = 0
            if labelled:
                if any(text[:start].strip() for start, _ in positions) or len(positions) > 1:
                    continue  # it has words of its own
                shift, text = len(label), label + text
            weak = {
                (start + shift, end + shift)
                for (start, end), score in zip(positions, scores or [], strict=False)
                if isinstance(score, tuple) and isinstance(score[1], float) and score[1] < _SURE
            }
            spans = {(type, start + shift, end + shift) for start, end in positions}
            if labelled and type in SHARED and not spans:
                continue
            if len(spans) == count:
                firm = frozenset(span for span in spans if span[1:] not in weak)
                yield Example(text, firm, frozenset({type}), frozenset(weak))


def _entities(tree: ast.Module) -> set[str]:
    """What the fixture `entities` returns."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == "entities":
            found |= {c.value for c in ast.walk(node) if isinstance(c, ast.Constant) and isinstance(c.value, str)}
    return found


def _tables(tree: ast.Module) -> Iterator[tuple[str, int, tuple[tuple[int, int], ...], tuple[object, ...]]]:
    """Rows whose first column is a text, whose second a count, and whose third places."""
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "parametrize" and len(call.args) > 1):
            continue
        names, rows = call.args[0], call.args[1]
        if not isinstance(names, ast.Constant) or not isinstance(rows, ast.List | ast.Tuple):
            continue
        columns = [name.strip() for name in str(names.value).split(",")]
        if len(columns) < 3 or "len" not in columns[1]:
            continue
        for row in rows.elts:
            cells = [_literal(cell) for cell in getattr(row, "elts", [])]
            if len(cells) < 3 or not isinstance(cells[0], str) or not isinstance(cells[1], int):
                continue
            places = cells[3] if "scores" in columns[2] and "ranges" not in columns[2] and len(cells) > 3 else cells[2]
            scores = cells[3] if len(cells) > 3 and places is cells[2] else ()
            if isinstance(places, tuple | list):
                pairs = (places,) if places and isinstance(places[0], int) else places
                if isinstance(scores, int | float):
                    scores = [(0.0, float(scores))] * cells[1]
                yield cells[0], cells[1], tuple(map(tuple, pairs))[: cells[1]], tuple(scores or ())


def _literal(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


_ARGUS = {
    "phone": {"phone", "landline"}, "id_number": {"id_card"}, "bank_card": {"bank_card"}, "address": {"address"},
    "passport": {"passport"}, "email": {"email"}, "license_plate": {"plate"}, "credit_code": {"uscc"},
    "military_id": {"military_id"}, "person": {"person_name"}, "organization": {"organisation"},
    "date_of_birth": {"birth_date"}, "medical": {"health", "medical_record"}, "religion": {"religion"},
    "criminal_record": {"criminal_record"}, "biometric": {"biometric"}, "sexual_orientation": {"sexual_orientation"},
    "financial": {"income", "credit"}, "social_security": {"social_security"}, "qq": {"qq"}, "wechat": {"wechat"},
    "ethnicity": {"ethnicity"}, "imei": {"imei"}, "mac_address": {"mac"}, "ip_address": {"ip"}, "gender": {"gender"},
    "school": {"organisation"}, "workplace": {"organisation"}, "ssn": {"us_ssn"}, "iban": {"iban"},
    "my_number": {"jp_my_number"}, "rrn": {"kr_rrn"}, "aadhaar": {"in_aadhaar"}, "pan": {"in_pan"},
    "nino": {"uk_nino"}, "tax_id": {"de_tax_id"}, "cpf": {"br_cpf"}, "credit_card": {"bank_card"},
    "openai_api_key": {"credential"}, "anthropic_api_key": {"credential"}, "aws_access_key": {"credential"},
    "github_token": {"credential"}, "jwt": {"credential"}, "ssh_private_key": {"credential"},
}  # fmt: skip


def argus(folder: Path) -> Iterator[Example]:
    """argus-redact's fixtures. It wants some values with their labels (月薪2万元); ours are without: near hits."""
    for file in sorted(folder.glob("argus-redact/tests/fixtures/*.json")):
        for case in json.loads(file.read_text(encoding="utf-8")):
            ours = _ARGUS.get(str(case.get("type", ""))) if isinstance(case, dict) and "should_match" in case else None
            if ours is None:
                continue
            text, wanted = case["input"], case.get("expected_text", "")
            name = min(ours)
            if not case["should_match"]:
                yield Example(text, frozenset(), frozenset(ours))
            elif wanted and wanted in text:
                start = text.index(wanted)
                yield Example(text, frozenset({(name, start, start + len(wanted))}), frozenset(ours))
            else:
                yield Example(text, frozenset(), frozenset(ours), anywhere=frozenset({name}))


_STDNUM = {
    "us/ssn": ("us_ssn", "SSN: "), "us/itin": ("us_itin", "ITIN: "), "gb/nhs": ("uk_nhs", "NHS number: "),
    "iban": ("iban", "IBAN: "), "kr/rrn": ("kr_rrn", "RRN: "), "in_/aadhaar": ("in_aadhaar", "Aadhaar: "),
    "in_/pan": ("in_pan", "PAN: "), "de/idnr": ("de_tax_id", "Steuer-ID: "), "fr/nir": ("fr_nir", "NIR: "),
    "it/codicefiscale": ("it_fiscal_code", "Codice fiscale: "), "es/nif": ("es_nif", "NIF: "),
    "es/dni": ("es_nif", "DNI: "), "es/nie": ("es_nif", "NIE: "), "nl/bsn": ("nl_bsn", "BSN: "),
    "pl/pesel": ("pl_pesel", "PESEL: "), "se/personnummer": ("se_personnummer", "Personnummer: "),
    "fi/hetu": ("fi_hetu", "HETU: "), "be/nn": ("be_nrn", "Rijksregisternummer: "), "br/cpf": ("br_cpf", "CPF: "),
    "ca/sin": ("ca_sin", "SIN: "), "au/tfn": ("au_tfn", "TFN: "), "cn/ric": ("id_card", "身份证号："),
    "cn/uscc": ("uscc", "统一社会信用代码："), "imei": ("imei", "IMEI: "), "luhn": ("", ""),
    "tr/tckimlik": ("tr_tckn", "T.C. Kimlik No: "), "th/pin": ("th_national_id", "Thai national ID: "),
    "my/nric": ("my_nric", "MyKad: "), "jp/in_": ("jp_my_number", "マイナンバー："), "mac": ("mac", "MAC: "),
    "ar/cuit": ("ar_cuit", "CUIT: "), "ar/dni": ("ar_dni", "DNI: "), "at/vnr": ("at_svnr", "VSNR: "),
    "be/bis": ("be_nrn", "Rijksregisternummer: "), "bg/egn": ("bg_egn", "ЕГН: "), "ch/ssn": ("ch_ahv", "AHV-Nr: "),
    "cl/rut": ("cl_rut", "RUT: "), "co/nit": ("co_nit", "NIT: "), "cz/rc": ("cz_rodne_cislo", "Rodné číslo: "),
    "dk/cpr": ("dk_cpr", "CPR: "), "do/cedula": ("do_cedula", "Cédula: "), "ec/ci": ("ec_cedula", "Cédula: "),
    "ee/ik": ("ee_isikukood", "Isikukood: "), "fr/nif": ("fr_spi", "Numéro fiscal: "),
    "gr/amka": ("gr_amka", "ΑΜΚΑ: "), "gr/vat": ("gr_afm", "ΑΦΜ: "), "hr/oib": ("hr_oib", "OIB: "),
    "id/nik": ("id_nik", "NIK: "), "id/npwp": ("id_npwp", "NPWP: "), "ie/pps": ("ie_pps", "PPS number: "),
    "il/idnr": ("il_id", "תעודת זהות: "), "in_/epic": ("in_epic", "Voter ID: "),
    "is_/kennitala": ("is_kennitala", "Kennitala: "), "ke/pin": ("ke_pin", "KRA PIN: "),
    "lt/asmens": ("lt_asmens_kodas", "Asmens kodas: "), "lv/pvn": ("lv_personas_kods", "Personas kods: "),
    "md/idno": ("md_idnp", "IDNP: "), "mx/curp": ("mx_curp", "CURP: "), "mx/rfc": ("mx_rfc", "Clave RFC: "),
    "no/fodselsnummer": ("no_fodselsnummer", "Fødselsnummer: "), "nz/ird": ("nz_ird", "IRD number: "),
    "pk/cnic": ("pk_cnic", "CNIC: "), "pt/nif": ("pt_nif", "NIF: "), "pt/cc": ("pt_cc", "Cartão de Cidadão: "),
    "ro/cnp": ("ro_cnp", "CNP: "), "ru/inn": ("ru_inn", "ИНН: "), "si/emso": ("jmbg", "EMŠO: "),
    "sk/rc": ("cz_rodne_cislo", "Rodné číslo: "), "th/tin": ("th_national_id", "Thai national ID: "),
    "tw/ubn": ("", ""), "ua/rntrc": ("ua_rnokpp", "РНОКПП: "), "us/ein": ("us_ein", "EIN: "),
    "us/rtn": ("us_aba", "Routing number: "), "uy/rut": ("", ""), "vn/mst": ("vn_mst", "Mã số thuế: "),
    "za/idnr": ("za_id", "South African ID: "), "gb/utr": ("", ""),
}  # fmt: skip
# Numbers of companies, branches and states in its examples: no personal identifiers.
_OF_COMPANIES = {
    "B64717838", "76086428-5", "EL 094259216 ", "P051365947M", "LV 4000 3521 600", "1008600038413",
    "PT 501 964 843", "1234567894", "0-99-4-000-61772-1",
}  # fmt: skip
_CALL = re.compile(r">>> validate\('([^']+)'\)\s*\n\s*(?:'([^']*)'|(Traceback))")


def stdnum(folder: Path) -> Iterator[Example]:
    """Numbers that python-stdnum's docstrings call valid or not, each behind a label of its own."""
    for module, (type, label) in _STDNUM.items():
        file = folder / "python-stdnum/stdnum" / f"{module}.py"
        if not type or not file.is_file():
            continue
        for number, valid, _ in _CALL.findall(file.read_text(encoding="utf-8")):
            if number in _OF_COMPANIES:
                continue
            text = f"{label}{number}"
            spans = frozenset({(type, len(label), len(text))}) if valid else frozenset()
            yield Example(text, spans, frozenset({type}))


_NER_FILES = {
    "msra": ("msra_test_bio.txt",),
    "people's daily": ("pd_example.test",),
    "uner gsd": ("zh_gsdsimp-ud-test.iob2",),
    "weibo": ("weiboNER_2nd_conll.train", "weiboNER_2nd_conll.dev", "weiboNER_2nd_conll.test"),
}
_NER_TYPES = {"PER": "person_name", "ORG": "organisation", "LOC": "place", "GPE": "place"}


def named_entities(folder: Path) -> dict[str, list[Example]]:
    """Sentences of news and of microblogs; of Weibo only named mentions (NAM), no common nouns."""
    read = {}
    for name, files in _NER_FILES.items():
        paths = [folder / "ner" / file for file in files]
        if all(map(Path.is_file, paths)):
            texts = [path.read_text(encoding="utf-8") for path in paths]
            read[name] = [
                one for text in texts for one in _sentences(_by_character(text) if "# sent_id" in text else text)
            ]
    return read


def _by_character(text: str) -> str:
    """Words of IOB2 in columns (number, word, tag …) as a character and a tag a line."""
    lines = []
    for line in text.splitlines():
        columns = line.split("\t")
        if len(columns) > 2:
            word, tag = columns[1], columns[2]
            lines += [f"{c} {tag if i == 0 else tag.replace('B-', 'I-')}" for i, c in enumerate(word)]
        elif not line.startswith("#"):
            lines.append("")
    return "\n".join(lines)


def addresses(folder: Path) -> list[str]:
    """Addresses of companies as they gave them: with misprints, names of towers alone, two in one."""
    file = folder / "cpca/addr.csv"
    if not file.is_file():
        return []
    with file.open(encoding="utf-8", newline="") as lines:
        values = [row[0].strip() for row in csv.reader(lines) if row]
    return [value for value in dict.fromkeys(values[1:]) if value]


def _sentences(text: str) -> Iterator[Example]:
    for block in re.split(r"\n\s*\n", text):
        rows = [line.split() for line in block.splitlines() if line.split()]
        rows = [row for row in rows if len(row) == 2]
        characters = [row[0][0] for row in rows]
        spans: list[list[object]] = []
        previous = "O"
        for i, (_, tag) in enumerate(rows):
            kind = tag[2:].removesuffix(".NAM")
            if tag == "O" or tag.endswith(".NOM") or kind not in _NER_TYPES:
                previous = "O"
                continue
            if tag[0] == "B" or previous != kind:
                spans.append([_NER_TYPES[kind], i, i + 1])
            else:
                spans[-1][2] = i + 1
            previous = kind
        if characters:
            judged = frozenset(_NER_TYPES.values())
            yield Example("".join(characters), frozenset((str(t), int(s), int(e)) for t, s, e in spans), judged)  # type: ignore[call-overload]


# Types whose numbers python-stdnum judges where another corpus demands them: the modules, of which one must agree.
_JUDGES = {
    "sg_nric": (), "us_ssn": ("us.ssn",), "uk_nhs": ("gb.nhs",), "kr_rrn": ("kr.rrn",),
    "in_aadhaar": ("in_.aadhaar",), "in_epic": ("in_.epic",), "de_tax_id": ("de.idnr",),
    "it_fiscal_code": ("it.codicefiscale",), "pl_pesel": ("pl.pesel",),
    "se_personnummer": ("se.personnummer",), "bank_card": ("luhn",), "imei": ("imei",),
    "th_national_id": ("th.pin",), "tr_tckn": ("tr.tckimlik",), "za_id": ("za.idnr",), "ca_sin": ("ca.sin",),
    "au_tfn": ("au.tfn",), "us_aba": ("us.rtn",), "br_cpf": ("br.cpf",), "jp_my_number": ("jp.in_",),
}  # fmt: skip
_NRIC = {"S": "JZIHGFEDCBA", "T": "GFEDCBAJZIH", "F": "XWUTRQPNMLK", "G": "TRQPNMLKXWU", "M": "XWUTRQPNJLK"}


def is_refused(type: str, value: str) -> bool:
    """Whether python-stdnum, or for Singapore the issuer's rule written out here, calls a wanted number wrong."""
    written = "".join(c for c in unicodedata.normalize("NFKC", value).upper() if c.isalnum())
    if type == "sg_nric" and written[:1] in ("S", "T", "F", "G"):
        total = sum(int(d) * w for d, w in zip(written[1:8], (2, 7, 6, 5, 4, 3, 2), strict=True))
        return _NRIC[written[0]][total % 11] != written[8]
    try:
        modules = [import_module(f"stdnum.{name}") for name in _JUDGES.get(type, ())]
    except ImportError:
        return False
    return bool(modules) and not any(module.is_valid(form) for module in modules for form in (value, written))


def names_no_host(value: str) -> bool:
    """Whether an address of IP is that of a network, of every machine itself, or of all at once: nobody's."""
    if "/" in value:
        return True
    try:
        address = ip_address(value)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified or value == "255.255.255.255"
