"""Values in other writings: escapes, entities, soft line ends, base64, marks without width, digits of other planes.

What stands at text[start:end] must be the value once its writing is undone; nothing else of the text is touched.
"""

from __future__ import annotations

import base64
import html
import json
import quopri
import unicodedata
import urllib.parse

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongguan.identify import Detector, Piece
from tongguan.model import Finding

DETECTOR = Detector(b"a key of tests")
PHONES = st.builds(lambda a, b: f"{a}{b:08}", st.sampled_from(["138", "159", "186", "199"]), st.integers(0, 10**8 - 1))
BEFORE = st.text("，。 a甲🚀\n:", max_size=10)
MARKS = [
    "\u00ad",
    "\u200b",
    "\u200e",
    "\u2060",
    "\ufe0f",
    "\u20e3",
    "\u0301",
    "\u2067",
    "\u3164",
    "\U000e0061",
    "\U000e0100",
]


def found(text: str, type: str) -> list[Finding]:
    return [f for f in DETECTOR.scan([Piece(text)])[0] if f.type == type]


def the_only(text: str, type: str) -> Finding:
    (one,) = found(text, type)
    return one


def percent(value: str) -> str:
    return "".join(f"%{byte:02X}" for byte in value.encode())


def backslash(value: str) -> str:
    return "".join(f"\\u{ord(c):04x}" for c in value)


def entities(value: str) -> str:
    return "".join(f"&#{ord(c)};" for c in value)


UNDONE = {
    percent: urllib.parse.unquote,
    backslash: lambda written: written.encode().decode("unicode_escape"),
    entities: html.unescape,
}


@settings(max_examples=60, deadline=None)
@given(PHONES, st.sampled_from([percent, backslash, entities]), BEFORE, BEFORE, st.integers(0, 10))
def test_escapes_of_all_or_of_a_part(phone: str, write: object, before: str, behind: str, cut: int) -> None:
    written = write(phone[: cut + 1]) + phone[cut + 1 :]  # type: ignore[operator]
    text = f"{before} 手机 {written} {behind}"
    one = the_only(text, "phone")
    assert UNDONE[write](text[one.start : one.end]) == phone  # type: ignore[index]
    assert one.digest == the_only(phone, "phone").digest


@pytest.mark.parametrize(
    ("text", "type", "part"),
    [
        ("tel=%2B86%20138%200013%208000&x=1", "phone", "%2B86%20138%200013%208000"),
        (r'{"name": "\u674e\u5a1c"}', "person_name", r"\u674e\u5a1c"),
        (r"mail: a.b\u0040example.com;", "email", r"a.b\u0040example.com"),
        ("u=%E5%A7%93%E5%90%8D%EF%BC%9A%E6%9D%8E%E5%A8%9C&p=1", "person_name", "%E6%9D%8E%E5%A8%9C"),
        ("a.b&#64;example.com", "email", "a.b&#64;example.com"),
        ("138&nbsp;0013&nbsp;8000", "phone", "138&nbsp;0013&nbsp;8000"),
        ("tel 1380013=\r\n8000 end", "phone", "1380013=\r\n8000"),
        ("a=3Db tel 138=200013=208000", "phone", "138=200013=208000"),
        ("身份证1101011990=\n03074514。", "id_card", "1101011990=\n03074514"),
        (r"\x31\x33\x38\x30\x30\x31\x33\x38\x30\x30\x30", "phone", r"\x31\x33\x38\x30\x30\x31\x33\x38\x30\x30\x30"),
        ("𝟏𝟑𝟖𝟎𝟎𝟏𝟑𝟖𝟎𝟎𝟎", "phone", "𝟏𝟑𝟖𝟎𝟎𝟏𝟑𝟖𝟎𝟎𝟎"),
    ],
)
def test_here(text: str, type: str, part: str) -> None:
    one = the_only(text, type)
    assert text[one.start : one.end] == part


@settings(max_examples=60, deadline=None)
@given(PHONES, st.lists(st.sampled_from(MARKS), min_size=11, max_size=11), st.booleans())
def test_marks_without_width_break_no_number(phone: str, marks: list[str], everywhere: bool) -> None:
    written = (
        "".join(c + m for c, m in zip(phone, marks, strict=True)) if everywhere else phone[:3] + marks[0] + phone[3:]
    )
    text = f"致电{written}。"
    one = the_only(text, "phone")
    inner = "".join(c for c in text[one.start : one.end] if unicodedata.category(c) == "Nd")
    assert inner == phone
    assert one.digest == the_only(phone, "phone").digest


@settings(max_examples=60, deadline=None)
@given(PHONES, st.text("abc甲乙 ", max_size=12), st.booleans(), st.booleans())
def test_json_in_base64(phone: str, note: str, plain: bool, url: bool) -> None:
    data = json.dumps({"note": note, "phone": phone}, ensure_ascii=plain).encode()
    token = (base64.urlsafe_b64encode if url else base64.b64encode)(data).decode()
    text = f"payload={token} ok"
    one = the_only(text, "phone")
    start = one.start - 8
    padded = text[8 + start - start % 4 : one.end + (-(one.end - 8) % 4)]
    assert phone.encode() in base64.b64decode(padded.replace("-", "+").replace("_", "/") + "=" * (-len(padded) % 4))
    assert one.digest == the_only(phone, "phone").digest


def test_a_token_is_a_secret_and_what_it_holds_is_found() -> None:
    body = base64.urlsafe_b64encode(b'{"sub":"1","email":"a.b@example.com"}').decode().rstrip("=")
    text = f"Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.{body}.c2lnbmF0dXJlc2lnbg"
    assert {f.type for f in DETECTOR.scan([Piece(text)])[0]} == {"credential", "email"}


@settings(max_examples=100, deadline=None)
@given(st.text("%\\ux&#;=\r\n0123456789abcdefE5A7eyJ ", max_size=300))
def test_any_escapes_are_read(text: str) -> None:
    for one in DETECTOR.scan([Piece(text)])[0]:
        assert 0 <= one.start < one.end <= len(text)


def test_many_escapes_take_time_in_proportion() -> None:
    text = "%41" * 200_000 + "\\u0041" * 100_000 + "&#65;" * 100_000 + "eyJ" * 100_000 + "=\n" * 100_000
    assert found(text + " 手机 " + percent("13800138000"), "phone")


def test_quoted_printable_of_a_mail() -> None:
    text = "手机：13800138000，邮箱 a.b@example.com"
    written = quopri.encodestring(text.encode()).decode()
    assert {f.type for f in DETECTOR.scan([Piece(f"x=3D1 {written}")])[0]} >= {"phone", "email"}


WRITINGS = ["〇一二三四五六七八九", "零壹贰叁肆伍陆柒捌玖", "⓪①②③④⑤⑥⑦⑧⑨", "⁰¹²³⁴⁵⁶⁷⁸⁹", "₀₁₂₃₄₅₆₇₈₉", "⓪❶❷❸❹❺❻❼❽❾"]
NUMBERS = [
    ("phone", "手机", "13800138000"),
    ("id_card", "身份证", "11010119900307897X"),
    ("bank_card", "卡号", "6222021234567890128"),
]


@pytest.mark.parametrize("writing", WRITINGS)
@pytest.mark.parametrize(("type", "label", "number"), NUMBERS)
def test_numbers_in_signs_of_other_kinds(type: str, label: str, number: str, writing: str) -> None:
    written = number.translate({ord(str(digit)): sign for digit, sign in enumerate(writing)})
    text = f"①{label}：{written}。②𠮷"
    one = the_only(text, type)
    assert text[one.start : one.end] == written
    assert one.digest == the_only(f"{label} {number}", type).digest


def test_han_numerals_in_groups() -> None:
    text = "一三八-零零一三-八零零零"
    one = the_only(f"手机{text}，", "phone")
    assert (one.start, one.end) == (2, 2 + len(text))


@pytest.mark.parametrize("text", ["①13800138000 ②13900139000", "见②13800138000"])
def test_the_sign_of_an_item_belongs_to_no_number(text: str) -> None:
    assert text[found(text, "phone")[0].start :].startswith("13800138000")


@pytest.mark.parametrize("text", ["一 二 三 四 五 六 七 八 九", "①②③④⑤⑥⑦⑧⑨⑩", "x² + y³ = z⁴，第一⑴三项"])
def test_counting_is_no_number(text: str) -> None:
    assert DETECTOR.scan([Piece(text)])[0] == []
