"""Numbers of which a part is written in Han numerals."""

from __future__ import annotations

import pytest
from check_digits import id_check, luhn_check
from hypothesis import given
from hypothesis import strategies as st

from tongguan.identify import Detector, Piece

HAN = "零一二三四五六七八九"
CARD = "11010119900307" + "123" + id_check("11010119900307123")
BANK = "622202100112233" + luhn_check("622202100112233")


def found(text: str) -> list[tuple[str, str]]:
    (findings,) = Detector(b"a key of tests").scan([Piece(text)])
    return [(finding.type, text[finding.start : finding.end]) for finding in findings]


@pytest.mark.parametrize(
    "text", ["一三8-1234-567八", "138１2三四五六78", "1三8 1234 5678", "壹38一二三45678", "138二二三三4455"]
)
def test_mobile_numbers(text: str) -> None:
    for before, behind in (("加我", "，谢谢"), ("", ""), ("😀电话：", "\n"), ("VX ", " 备注")):
        assert found(before + text + behind) == [("phone", text)]


@given(st.sets(st.integers(0, 17), min_size=1, max_size=16))
def test_identity_cards_with_any_digits_in_han(places: set[int]) -> None:
    written = "".join(HAN[int(c)] if n in places and c.isdigit() else c for n, c in enumerate(CARD))
    if written != CARD:
        assert found(f"身份证 {written} 请核对") == [("id_card", written)]


def test_bank_cards() -> None:
    written = "六二22 0210 0112 2三3" + BANK[15:]
    assert found(f"卡号 {written}") == [("bank_card", written)]


@pytest.mark.parametrize(
    "text",
    [
        "星期三13800138000",  # the number alone
        "周一13-18点，周二1-6点，一3八1",
        "第一2345678901章",
        "二〇二六年1月2日至三月45日",
        "一1二2三3四4五5六6七7八8九9零0一1",
        "一" * 500 + "1" * 500,
    ],
)
def test_what_is_none(text: str) -> None:
    assert all(type == "phone" and value == "13800138000" for type, value in found(text))


def test_the_same_person_the_same_digest() -> None:
    texts = [Piece("电话 13812345678"), Piece("电话 一三8-1234-567八"), Piece("电话 一三八一二三四五六七八")]
    digests = {finding.digest for findings in Detector(b"k").scan(texts) for finding in findings}
    assert len(digests) == 1


CARD_OF_X = "3701021988072210" + "9X"


@pytest.mark.parametrize("sign", ["-", " ", ".", "－", "/", "_", "·", "*", " - ", "  "])
def test_an_x_that_stands_by_itself(sign: str) -> None:
    assert id_check(CARD_OF_X[:17]) == "X"
    for written in (sign.join(CARD_OF_X), sign.join((CARD_OF_X[:6], CARD_OF_X[6:14], CARD_OF_X[14:17], "x"))):
        for before, behind in (("证件：", "\n"), ("", ""), ("😀（", "）。")):
            assert found(before + written + behind) == [("id_card", written)]
    wrong = sign.join(CARD_OF_X.replace("1988", "1989"))
    assert found(f"证件：{wrong}\n") == []
    assert found(f"型号 {sign.join('12345678901234567')}{sign}X{sign}2 与 9{sign[-1]}{sign.join(CARD_OF_X)}") == []
