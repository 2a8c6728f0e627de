"""Texts made to be missed or mistaken, for `quality.py`: identifiers in every writing, and look-alikes beside them.

Check digits are worked out here from the issuers' rules, apart from the detectors. Seeds are fixed; nobody's data.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator

from quality_corpora import Example

__all__ = ["adversarial", "clean_texts"]

_WIDE = str.maketrans({**{chr(c): chr(c + 0xFEE0) for c in range(0x30, 0x3A)}, "X": "Ｘ"})
_HAN = str.maketrans("0123456789", "零一二三四五六七八九")
_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def _id_card(chance: random.Random) -> str:
    body = f"{chance.choice(['110101', '310115', '440306', '510108', '350203'])}{chance.randrange(1950, 2010)}"
    body += f"{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}{chance.randrange(1, 1000):03}"
    return body + "10X98765432"[sum(int(d) * pow(2, 17 - i, 11) for i, d in enumerate(body)) % 11]


def _luhn(body: str) -> str:
    digits = [int(d) * (2 if i % 2 == 0 else 1) for i, d in enumerate(reversed(body))]
    return body + str(-sum(d // 10 + d % 10 for d in digits) % 10)


def _phone(chance: random.Random) -> str:
    return f"{chance.choice([138, 139, 150, 159, 186, 188, 199, 177])}{chance.randrange(10**8):08}"


def _card(chance: random.Random) -> str:
    return _luhn(f"62{chance.randrange(10**16):016}"[: chance.choice([15, 18])])


def _uscc(chance: random.Random) -> str:
    body = f"91440300MA5{''.join(chance.choices(_USCC, k=6))}"
    return body + _USCC[-sum(_USCC.index(c) * pow(3, i, 31) for i, c in enumerate(body)) % 31]


def _mail(chance: random.Random) -> str:
    return f"{chance.choice(['li.na', 'wang_wei', 'z.h+tag', 'qa2026'])}{chance.randrange(99)}@example.{chance.choice(['com', 'cn', 'org'])}"  # noqa: E501


def _hkid(chance: random.Random) -> str:
    letter, digits = chance.choice("ABCDEGHKPRVYZ"), f"{chance.randrange(10**6):06}"
    total = 9 * 36 + 8 * (ord(letter) - 55) + sum(int(d) * (7 - i) for i, d in enumerate(digits))
    return f"{letter}{digits}({'0123456789A'[-total % 11]})"


def _twid(chance: random.Random) -> str:
    letter = chance.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    code = 10 + "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(letter)
    digits = f"{chance.choice('12')}{chance.randrange(10**7):07}"
    total = code // 10 + code % 10 * 9 + sum(int(d) * (8 - i) for i, d in enumerate(digits))
    return letter + digits + str(-total % 10)


def _nric(chance: random.Random) -> str:
    digits = f"{chance.randrange(10**7):07}"
    total = sum(int(d) * w for d, w in zip(digits, (2, 7, 6, 5, 4, 3, 2), strict=True))
    return "S" + digits + "JZIHGFEDCBA"[total % 11]


def _iban(chance: random.Random) -> str:
    bank = f"{chance.randrange(10**18):018}"
    return f"DE{98 - int(bank + '131400') % 97:02}{bank}"


def _ssn(chance: random.Random) -> str:
    return f"{chance.randrange(900, 999)}-{chance.randrange(10, 50)}-{chance.randrange(1, 9999):04}".replace(
        "9", "5", 1
    )


def _groups(value: str, *sizes: int) -> list[str]:
    parts, at = [], 0
    for size in sizes:
        parts.append(value[at : at + size])
        at += size
    return [part for part in [*parts, value[at:]] if part]


_KINDS: dict[str, tuple[Callable[[random.Random], str], tuple[int, ...], tuple[str, ...]]] = {
    "phone": (_phone, (3, 4), ("手机", "联系电话：", "call me at ", "mobile=")),
    "id_card": (_id_card, (6, 8), ("身份证", "证件号码：", "id card: ", "本人")),
    "bank_card": (_card, (4, 4, 4, 4), ("银行卡号", "卡号：", "card number ", "转账到")),
    "uscc": (_uscc, (), ("统一社会信用代码：", "税号 ", "credit code: ")),
    "email": (_mail, (), ("邮箱", "请发", "email: ", "")),
    "hkid": (_hkid, (), ("香港身份证", "HKID: ", "持", "")),
    "taiwan_id": (_twid, (), ("台湾身份证字号：", "身分證字號 ", "Taiwan ID: ")),
    "sg_nric": (_nric, (), ("NRIC: ", "新加坡身份证 ", "FIN ")),
    "iban": (_iban, (4, 4, 4, 4, 4), ("IBAN: ", "账户 ", "pay to ")),
    "us_ssn": (_ssn, (), ("SSN: ", "social security number ", "美国社会安全号 ")),
}
_TAILS = ("。", "，谢谢", " ", "\n下一行", "）", ";", "", "和", " and more")


def adversarial(count: int, seed: int) -> Iterator[Example]:
    """Values in odd writings, one or several a text, among words of two languages and look-alikes."""
    chance = random.Random(seed)
    for i in range(count):
        type = list(_KINDS)[i % len(_KINDS)]
        make, sizes, labels = _KINDS[type]
        value = make(chance)
        written, ways = value, ["plain"]
        if sizes:
            ways += ["hyphen", "space", "wide", "zero width", "line break", "odd space"]
        if type == "phone":
            ways += ["han", "dots"]
        way = chance.choice(ways)
        if way in ("hyphen", "space", "zero width", "odd space", "dots"):
            sign = {"hyphen": "-", "space": " ", "zero width": "\u200b", "odd space": "\u00a0", "dots": "."}[way]
            written = sign.join(_groups(value, *sizes))
        elif way == "wide":
            written = value.translate(_WIDE)
        elif way == "han":
            written = value.translate(_HAN)
        elif way == "line break":
            written = value[: sizes[0]] + "\n" + value[sizes[0] :]
        if type == "iban" and way in ("hyphen", "wide", "zero width", "line break", "odd space"):
            written = value
        lead = chance.choice(
            ["", "您好，", "Note: ", "备注：", "[2026-11-21 10:22:31] ", chance.choice(_LOOK_ALIKES)(chance) + " "]
        )
        label = chance.choice(labels)
        text = f"{lead}{label}{written}{chance.choice(_TAILS)}"
        start = len(lead) + len(label)
        yield Example(text, frozenset({(type, start, start + len(written))}), frozenset(_KINDS))
    for make_text in _LOOK_ALIKES:
        for _ in range(count // 40):
            yield Example(
                make_text(chance), frozenset(), frozenset({*_KINDS, "passport", "ip", "vin", "plate", "imei"})
            )


_LOOK_ALIKES: list[Callable[[random.Random], str]] = [
    lambda c: f"订单号：{_phone(c)}",
    lambda c: f"order_id={c.randrange(10**17, 10**18)}",
    lambda c: f"ts={1_700_000_000_000 + c.randrange(10**10)}",
    lambda c: f"￥{c.randrange(10**11)}.{c.randrange(100):02}",
    lambda c: f"sha256 {c.randbytes(32).hex()}",
    lambda c: f"md5:{c.randbytes(16).hex()}",
    lambda c: f"trace {uuid.UUID(bytes=c.randbytes(16), version=4)}",
    lambda c: f"v{c.randrange(20)}.{c.randrange(20)}.{c.randrange(99)}.{c.randrange(9)}",
    lambda c: f"快递单号 SF{c.randrange(10**13):013}",
    lambda c: f"ISBN 978-7-{c.randrange(100, 999)}-{c.randrange(10000, 99999)}-{c.randrange(10)}",
    lambda c: f"{c.random():.15f}",
    lambda c: f"commit {c.randbytes(20).hex()[: c.choice([7, 8, 12, 40])]}",
    lambda c: f"2026{c.randrange(1, 13):02}{c.randrange(1, 29):02}{c.randrange(10**6):06}{c.randrange(10**6):06}",
    lambda c: f"SKU-{c.choice('ABCDEF')}{c.randrange(10**6):06} 库存{c.randrange(999)}",
    lambda c: f"流水号{c.randrange(10**18, 10**19)}",
    lambda c: f"RFC {c.randrange(1000, 9999)}, port {c.randrange(65536)}, build {c.randrange(10**9)}",
    lambda c: (
        f"{c.randrange(100, 999)}-{c.randrange(10, 99)} rows in {c.randrange(10**4)}ms at 0x{c.randrange(16**8):08X}"
    ),
]


def clean_texts(size: int, seed: int) -> dict[str, str]:
    """About `size` bytes each of logs and of base64, hashes and numbers that hold no personal data."""
    chance = random.Random(seed)
    logs: list[str] = []
    written = 0
    while written < size:
        line = (
            f"2026-11-{chance.randrange(1, 29):02}T{chance.randrange(24):02}:{chance.randrange(60):02}:"
            f"{chance.randrange(60):02}.{chance.randrange(1000):03}Z {chance.choice(['INFO', 'WARN', 'DEBUG'])} "
            f"[pool-{chance.randrange(9)}-thread-{chance.randrange(99)}] c.e.{chance.choice(['Order', 'Pay', 'Cart'])}"
            f"Service - {chance.choice(_LOOK_ALIKES)(chance)} took {chance.randrange(9999)}ms"
        )
        logs.append(line)
        written += len(line.encode()) + 1
    return {"generated logs": "\n".join(logs)}
