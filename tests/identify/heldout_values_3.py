"""Made-up numbers for the third set of held-out texts: valid by their check digits, nobody's otherwise.

Where a range is kept for fiction or documentation the number comes from it (addresses of RFC 5737 and RFC 3849, North
American exchange 555, Ofcom's 07700 900). Names, places and what words tell stand in the texts themselves.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from check_digits import id_check, luhn_check, uscc_check, vin_check
from heldout_values import LOOSE, MAKERS, NOISE

__all__ = ["LOOSE_3", "MAKERS_3", "NOISE_3"]

Chance = random.Random
Maker = Callable[[Chance, str], str]
_WIDE = str.maketrans({chr(c): chr(c + 0xFEE0) for c in range(0x21, 0x7F)})
_CAPITALS = "ABCDEFGHJKLMNPRSTUVWXYZ"
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def _digits(chance: Chance, count: int) -> str:
    return "".join(chance.choices("0123456789", k=count))


def _shaped(chance: Chance, shape: str) -> str:
    """# a digit, @ a capital letter, ~ a letter or digit, ? a small hexadecimal digit."""
    signs = {"#": "0123456789", "@": _CAPITALS, "~": _BASE64, "?": "0123456789abcdef"}
    return "".join(chance.choice(signs[c]) if c in signs else c for c in shape)


def _either(**shapes: str) -> Maker:
    return lambda chance, variant: _shaped(chance, shapes[variant or next(iter(shapes))])


def id_card(chance: Chance, variant: str) -> str:
    region = chance.choice(["330782", "350582", "441302", "320583", "610802", "430181", "371702", "511781", "532329"])
    year = chance.randrange(2013, 2019) if variant == "child" else chance.randrange(1961, 2004)
    body = f"{region}{year}{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}{chance.randrange(1, 999):03}"
    if variant == "x":
        while id_check(body) != "X":
            body = f"{body[:14]}{chance.randrange(1, 999):03}"
    value = body + id_check(body)
    if variant == "ocr":
        return f"{value[:6]} {value[6:10]} {value[10:14]} {value[14:]}"
    return value.translate(_WIDE) if variant == "wide" else value


def phone(chance: Chance, variant: str) -> str:
    value = chance.choice(["134", "137", "139", "150", "152", "158", "159", "176", "181", "183", "186", "187", "188"])
    value += _digits(chance, 8)
    shapes = {
        "us": "+1 (206) 555-01##", "usbare": "415-555-01##", "uk": "+44 7700 900###", "ukbare": "07700 900###",
        "jp": "+81 90-0000-####", "jpbare": "090-0000-####", "kr": "+82 10-0000-####", "krbare": "010-0000-####",
        "sg": "+65 8### ####", "br": "+55 11 9####-####", "in": "+91 98### #####", "de": "+49 171 3920###",
        "au": "+61 491 570 ###", "hk": "+852 9### ####", "hkbare": "6### ####", "mo": "+853 66## ####",
        "tw": "0912-###-###", "twplus": "+886 912 ### ###", "fr": "+33 6 39 98 ## ##",
    }  # fmt: skip
    if variant in shapes:
        return _shaped(chance, shapes[variant])
    writings = {
        "": value, "space": f"{value[:3]} {value[3:7]} {value[7:]}", "hyphen": f"{value[:3]}-{value[3:7]}-{value[7:]}",
        "plus": f"+86 {value}", "join": f"+86{value}", "bracket": f"(86){value}", "wide": value.translate(_WIDE),
        "groups": f"+86 {value[:3]} {value[3:7]} {value[7:]}",
    }  # fmt: skip
    return writings[variant]


def bank_card(chance: Chance, variant: str) -> str:
    bank, _, writing = variant.partition("-")
    head, size = {
        "": ("621226", 19), "ccb": ("622700", 16), "abc": ("622841", 19), "cmb": ("621485", 16), "boc": ("621790", 19),
        "visa": ("421234", 16), "master": ("521234", 16), "amex": ("371234", 15), "union": ("625912", 16),
    }[bank]  # fmt: skip
    value = head + _digits(chance, size - len(head) - 1)
    value += luhn_check(value)
    if writing == "space":
        return " ".join(value[i : i + 4] for i in range(0, size, 4))
    return value.translate(_WIDE) if writing == "wide" else value


def uscc(chance: Chance, variant: str) -> str:
    body = "91" + chance.choice(["310115", "330212", "440101", "320594"]) + "MA"
    body += "".join(chance.choices("0123456789ABCDEFGHJKLMNPQRTUWXY", k=7))
    return body + uscc_check(body)


def vin(chance: Chance, variant: str) -> str:
    body = (
        chance.choice(["LFV", "LSG", "LGX", "LRW", "LVS"])
        + _shaped(chance, "@##@#")
        + "0R"
        + _shaped(chance, "@######")
    )
    return body[:8] + vin_check(body) + body[9:]


def imei(chance: Chance, variant: str) -> str:
    value = "35" + _digits(chance, 12)
    return value + luhn_check(value)


def hkid(chance: Chance, variant: str) -> str:
    letter, digits = chance.choice("ACDEGHKRYZ"), _digits(chance, 6)
    total = 36 * 9 + (ord(letter) - 55) * 8 + sum(int(d) * w for d, w in zip(digits, range(7, 1, -1), strict=True))
    check = "0123456789A"[-total % 11]
    return f"{letter}{digits}{check}" if variant == "bare" else f"{letter}{digits}({check})"


def taiwan_id(chance: Chance, variant: str) -> str:
    letter, body = chance.choice("ABDFHKNPST"), chance.choice("12") + _digits(chance, 7)
    number = 10 + "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(letter)
    total = number // 10 + number % 10 * 9 + sum(int(d) * w for d, w in zip(body, range(8, 0, -1), strict=True))
    return letter + body + str(-total % 10)


def us_ssn(chance: Chance, variant: str) -> str:
    return f"{chance.randrange(201, 650)}-{chance.randrange(10, 99)}-{chance.randrange(1000, 9999)}"


def uk_nhs(chance: Chance, variant: str) -> str:
    while True:
        body = "999" + _digits(chance, 6)  # the range kept for tests
        check = -sum(int(d) * w for d, w in zip(body, range(10, 1, -1), strict=True)) % 11
        if check != 10:
            value = body + str(check)
            return f"{value[:3]} {value[3:6]} {value[6:]}"


def de_tax_id(chance: Chance, variant: str) -> str:
    while True:
        first = chance.sample("0123456789", 9)
        body = [*first[:4], first[0], *first[4:]]  # one digit stands twice in ten
        if body[0] == "0":
            continue
        product = 10
        for digit in body:
            total = (int(digit) + product) % 10 or 10
            product = total * 2 % 11
        return "".join(body) + str((11 - product) % 10)


def jp_my_number(chance: Chance, variant: str) -> str:
    body = _digits(chance, 11)
    rest = sum(int(d) * (n + 1 if n <= 6 else n - 5) for n, d in enumerate(reversed(body), 1)) % 11
    value = body + str(0 if rest <= 1 else 11 - rest)
    return f"{value[:4]} {value[4:8]} {value[8:]}" if variant == "space" else value


def kr_rrn(chance: Chance, variant: str) -> str:
    body = f"{chance.randrange(60, 99)}{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}{chance.choice('12')}" + _digits(chance, 5)  # fmt: skip
    total = sum(int(d) * w for d, w in zip(body, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5), strict=True))
    return f"{body[:6]}-{body[6:]}{(11 - total % 11) % 10}"


def sg_nric(chance: Chance, variant: str) -> str:
    digits = _digits(chance, 7)
    total = sum(int(d) * w for d, w in zip(digits, (2, 7, 6, 5, 4, 3, 2), strict=True))
    if variant == "fin":
        return f"G{digits}" + "XWUTRQPNMLK"[(total + 4) % 11]
    return f"S{digits}" + "JZIHGFEDCBA"[total % 11]


def br_cpf(chance: Chance, variant: str) -> str:
    value = _digits(chance, 9)
    for size in (10, 11):
        rest = sum(int(d) * w for d, w in zip(value, range(size, 1, -1), strict=True)) * 10 % 11
        value += str(rest % 10)
    return f"{value[:3]}.{value[3:6]}.{value[6:9]}-{value[9:]}"


_D = [[(j + i) % 5 if i < 5 and j < 5 else 0 for j in range(10)] for i in range(10)]
for _i in range(10):  # the dihedral group of the pentagon
    for _j in range(10):
        a, b = _i % 5, _j % 5
        _D[_i][_j] = ((a + b) % 5 if _i < 5 else (a - b) % 5) + 5 * ((_i >= 5) != (_j >= 5))
_P = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def in_aadhaar(chance: Chance, variant: str) -> str:
    body = chance.choice("23456789") + _digits(chance, 10)

    def checks(value: str) -> bool:
        state = 0
        for place, digit in enumerate(reversed(value)):
            turned = int(digit)
            for _ in range(place % 8):
                turned = _P[turned]
            state = _D[state][turned]
        return state == 0

    value = next(body + check for check in "0123456789" if checks(body + check))
    return f"{value[:4]} {value[4:8]} {value[8:]}"


def iban(chance: Chance, variant: str) -> str:
    country, bank = {"": ("DE", "37040044" + _digits(chance, 10)), "gb": ("GB", "NWBK" + _digits(chance, 14))}[variant]
    number = int("".join(str(int(c, 36)) for c in bank + country + "00"))
    value = f"{country}{98 - number % 97:02}{bank}"
    return " ".join(value[i : i + 4] for i in range(0, len(value), 4))


def _mrz_check(part: str) -> str:
    values = (0 if c == "<" else int(c, 36) for c in part)
    return str(sum(v * (7, 3, 1)[i % 3] for i, v in enumerate(values)) % 10)


def passport_mrz(chance: Chance, variant: str) -> str:
    number, born, till = f"E{chance.choice('BCDGH')}{_digits(chance, 7)}", "880412", "320819"
    optional = "<" * 14
    second = f"{number}{_mrz_check(number)}CHN{born}{_mrz_check(born)}F{till}{_mrz_check(till)}{optional}<"
    second += _mrz_check(second[:10] + second[13:20] + second[21:43])
    return "P<CHNQIAO<<WANQIU".ljust(44, "<") + "\n" + second


def credential(chance: Chance, variant: str) -> str:
    shapes = {
        "": "~~~~~~~~~~~~~~", "github": "ghp_" + "~" * 36, "aws": "AKIA" + "@" * 16, "secret": "~" * 40,
        "google": "AIza" + "~" * 35, "stripe": "sk_live_" + "~" * 24, "aliyun": "LTAI5t" + "~" * 18,
        "jwt": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1aWQiOiI4OCIsImV4cCI6MTh9." + "~" * 43,
        "dingtalk": "SEC" + "?" * 64, "hex": "?" * 32,
    }  # fmt: skip
    return _shaped(chance, shapes[variant])


def location_track(chance: Chance, variant: str) -> str:
    lat, lon, rows = 31.2 + chance.random() / 9, 121.4 + chance.random() / 9, []
    for minute in range(6):
        lat, lon = lat + chance.random() / 900, lon + chance.random() / 900
        rows.append({
            "": f"2026-09-14 07:{10 + minute},{lat:.6f},{lon:.6f},{6 + minute / 10:.1f}",
            "log": f"09-14 07:{10 + minute}:02 I/Run: fix lat={lat:.6f} lng={lon:.6f} hr={120 + minute}",
            "json": f'{{"t":{1789340000 + minute * 60},"la":{lat:.6f},"lo":{lon:.6f}}}',
        }[variant])  # fmt: skip
    return (", " if variant == "json" else "\n").join(rows)


def location(chance: Chance, variant: str) -> str:
    lat, lon = 31.2 + chance.random() / 9, 121.4 + chance.random() / 9
    return f"{lon:.6f},{lat:.6f}" if variant == "lonlat" else f"{lat:.6f}, {lon:.6f}"


MAKERS_3: dict[str, Maker] = MAKERS | {
    "id_card": id_card, "phone": phone, "bank_card": bank_card, "uscc": uscc, "vin": vin, "imei": imei, "hkid": hkid,
    "taiwan_id": taiwan_id, "us_ssn": us_ssn, "uk_nhs": uk_nhs, "de_tax_id": de_tax_id, "jp_my_number": jp_my_number,
    "kr_rrn": kr_rrn, "sg_nric": sg_nric, "br_cpf": br_cpf, "in_aadhaar": in_aadhaar, "iban": iban,
    "passport_mrz": passport_mrz, "credential": credential, "location_track": location_track, "location": location,
    "uk_nino": _either(plain="AB######C", space="AB ## ## ## D"), "in_pan": _either(plain="ABCPK####L"),
    "landline": _either(
        sh="021-6###5###", sz="0755-8###2###", plus="+86 21 5### 6###", ext="010-6###8###转8##", bracket="(0571)8###3###",
        hk="+852 2### 3###", tw="02-2###-3###", de="+49 30 23125 ###", us="+1 (206) 555-01##", hkbare="2### 3###",
    ),
    "ip": _either(doc="203.0.113.1##", two="198.51.100.2#", three="192.0.2.1#", six="2001:db8:4?:?a##::1?"),
    "mac": _either(colon="8C:85:90:?2:1?:?e", hyphen="F0-18-98-#A-3#-C#", bare="f01898#a3#c#"),
    "imsi": _either(plain="46002##########", telecom="46011##########"),
    "passport": _either(e="E########", eb="EB#######", ej="EJ#######", us="5########", uk="5########", jp="TK#######", tw="3########", kr="M########", hk="K0#######"),
    "hk_macao_permit": _either(c="C########", cc="CB#######", h="H########", m="M########"),
    "taiwan_permit": _either(old="0#######", l="L########"),
    "macao_id": _either(brackets="1######(#)"),
    "driving_licence": _either(file="3101########"),
    "medical_record": _either(plain="ZY00######", out="M26######", short="1002####"),
    "social_security": _either(plain="6########", long="3301##########"),
    "provident_fund": _either(plain="8801########"),
    "financial_account": _either(stock="A4########", plain="0253######", corp="4000####0920####"),
    "qq": _either(plain="3#######6", ten="18########"),
    "wechat": _either(wxid="wxid_k?9?2?4?a?", own="lanlan_0###"),
}  # fmt: skip

NOISE_3: dict[str, Callable[[Chance], str]] = NOISE | {
    "po": lambda c: f"PO-45{_digits(c, 8)}", "awb": lambda c: f"999-{_digits(c, 8)}",
    "uuid": lambda c: _shaped(c, "????????-????-4???-a???-????????????"), "lot": lambda c: _shaped(c, "L26####@"),
    "customs": lambda c: f"2233{_digits(c, 14)}", "sku": lambda c: _shaped(c, "@@-####-##"), "n10": lambda c: "4" + _digits(c, 9),
    "n15": lambda c: "21" + _digits(c, 13), "n18": lambda c: "88" + _digits(c, 16), "n11": lambda c: "20" + _digits(c, 9),
    "commit": lambda c: c.randbytes(20).hex(), "ship": lambda c: "SF" + _digits(c, 13),
}  # fmt: skip


_TITLED = re.compile(r"(?:Mrs?\.? |Ms\.? |Herrn? |[小老](?=.$))?(.+?)(?:女士|先生|老师|醫師| MR)?")


def _untitled(value: str) -> tuple[tuple[int, int], ...]:
    """A name without what it is called by is as right."""
    match = _TITLED.fullmatch(value)
    assert match
    return (match.span(1), (match.start(1), len(value)), (0, match.end(1)))


LOOSE_3 = LOOSE | {"person_name": _untitled}
