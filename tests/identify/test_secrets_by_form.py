"""Secrets that their form tells, or a label with no sign behind it; and what has their form and opens nothing.

Values are drawn anew from fixed seeds: none was ever issued.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable

import pytest

from tongguan.model import Finding

HEX, UPPER, ALL = "0123456789abcdef", string.ascii_uppercase + string.digits, string.ascii_letters + string.digits
DRAW = random.Random(3)


def drawn(signs: str, size: int) -> str:
    return "".join(DRAW.choice(signs) for _ in range(size))


BY_FORM = [
    "ABIA" + drawn(UPPER, 16), "AKLT" + drawn(ALL, 40), "JDC_" + drawn(UPPER, 28), "dapi" + drawn(HEX, 32),
    "dor_v1_" + drawn(HEX, 64), "glsoat-" + drawn(ALL, 20), "rubygems_" + drawn(HEX, 48), "lin_api_" + drawn(ALL, 40),
    "PMAK-" + drawn(HEX, 24) + "-" + drawn(HEX, 34), "hvb." + drawn(ALL, 140), "shippo_live_" + drawn(HEX, 40),
    "xkeysib-" + drawn(HEX, 64) + "-" + drawn(ALL, 16), "key-" + drawn(HEX, 32), "SK" + drawn(HEX, 32),
    "xapp-1-A" + drawn(UPPER, 9) + "-" + drawn("123456789", 13) + "-" + drawn(HEX, 64), "pplx-" + drawn(ALL, 48),
    "hf_" + drawn(string.ascii_letters, 34), "sgp_" + drawn(HEX, 40), "gho_" + drawn(ALL, 36),
    "hooks.slack.com/services/T" + drawn(UPPER, 9) + "/B" + drawn(UPPER, 9) + "/" + drawn(ALL, 24),
    "oapi.dingtalk.com/robot/send?access_token=" + drawn(HEX, 64),
    "open.feishu.cn/open-apis/bot/v2/hook/01234567-89ab-4cde-8f01-23456789abcd",
    "123456789:AA" + drawn(ALL, 33), "ab1" + "8Q~" + drawn(ALL, 34),
]  # fmt: skip
NONE = [
    "ghp_" + "x" * 36,
    "AKIA" + "X" * 16,
    "hf_requiredCharacteristicTypesForDisplayMetadata",
    "props_eyJ and dapigration, SKELETON, duffel_bag, key-value, A3-format",
    "a/b+EZAK" + drawn(ALL, 54) + "/3",  # base64
    "curl -u username:password https://api.example.com",
    "curl -u <user:password> https://api.example.com",
    'primaryKey: "' + drawn(HEX, 32) + '"',
    'translationKey = "checkout.summary.total_amount_2"',
    "Token: '#dcdccc'",
    "SRP_user_pwd *SRP_VBASE_get1_by_user(SRP_VBASE *vb)",
    "the token authentication_middleware_2fa, password reset_password_token_1",
    "支付卡尾号 8810   授权码：90456",
    "出厂密码为admin，首次登录须修改",
    "密码 2026 年修订，密码 8 位",
]
TOLD = [
    ("exp 08/29, CVV 417.", "417"),
    ("cvv2=4567", "4567"),
    ("send code 482913 to him", "482913"),
    ("密码 123456", "123456"),
    ("加签 SEC" + "9a1c8366bac92229" * 4, "SEC" + "9a1c8366bac92229" * 4),
    ("AccessKeySecret jDyfiAwzF9IVhqZIiobocmqobStMrhqx", "jDyfiAwzF9IVhqZIiobocmqobStMrhqx"),
    ("access token Xk9!pQz2aa", "Xk9!pQz2aa"),
    ("Cookie: JSESSIONID=9a1c8366bac922297a5a6a425c5506a4", "9a1c8366bac922297a5a6a425c5506a4"),
    ("curl -u admin:S3cret99 https://x.example.com", "S3cret99"),
    ("QQ邮箱授权码：abcdefghijklmnop", "abcdefghijklmnop"),
    ("出厂密码：Xk9!pQz2", "Xk9!pQz2"),
    ('"mapsKey": "7fc075b9yebenuq9aiv4vurbri7xk8zk"', "7fc075b9yebenuq9aiv4vurbri7xk8zk"),
]


@pytest.mark.parametrize("secret", BY_FORM)
def test_by_form(secret: str, find: Callable[[str], list[Finding]]) -> None:
    text = f"see https://{secret} ok" if "/" in secret else f"see {secret} ok"
    (found,) = [f for f in find(text) if f.type == "credential"]
    assert text[found.start : found.end] == secret


@pytest.mark.parametrize(("text", "secret"), TOLD)
def test_behind_a_label(text: str, secret: str, find: Callable[[str], list[Finding]]) -> None:
    assert [text[f.start : f.end] for f in find(text) if f.type == "credential"] == [secret]


@pytest.mark.parametrize("text", NONE)
def test_no_secret(text: str, find: Callable[[str], list[Finding]]) -> None:
    assert [text[f.start : f.end] for f in find(text) if f.type == "credential"] == []
