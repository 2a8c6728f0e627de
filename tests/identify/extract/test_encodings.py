"""Which encoding a text is in, and what of it could not be read."""

from __future__ import annotations

import random

import pytest

from tongguan.identify.extract.encoding import decode
from tongguan.model import BlindKind

SIMPLIFIED = "姓名,手机,地址\n张伟,13800138000,北京市海淀区中关村大街\n"
TRADITIONAL = "姓名,手機,地址\n張偉,0912345678,臺北市中正區重慶南路\n"
JAPANESE = "氏名,電話\n田中太郎,090-1234-5678 こんにちは\n"
WESTERN = "Müller, José, façade – “quoted” naïve\n"


@pytest.mark.parametrize("times", [1, 300])
@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *[(SIMPLIFIED, e) for e in ("utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be")],
        *[(SIMPLIFIED, e) for e in ("utf-32", "utf-32-le", "utf-32-be")],
        *[(TRADITIONAL, e) for e in ("utf-8", "big5", "utf-16-le", "gb18030")],
        *[(JAPANESE, e) for e in ("shift_jis", "utf-8", "utf-16")],
        *[(WESTERN, e) for e in ("cp1252", "utf-8")],
        *[("plain ASCII, with punctuation\n", e) for e in ("ascii", "utf-16-le", "utf-16-be", "utf-32-le")],
        ("张三", "gbk"),
        ("陳大文", "big5"),
        ("𠮷田先生住在㐀村", "gb18030"),
    ],
)
def test_text_without_a_declaration_is_read_right(text: str, encoding: str, times: int) -> None:
    found = decode((text * times).encode(encoding))
    assert found is not None
    assert found.text == text * times
    assert found.utf8 == (text * times).encode()
    assert found.unreadable == 0


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *[(name, "gb18030") for name in ("薛强", "石平", "宋婷婷", "王楠", "张楠,13800138000", "北京空间因此.")],
        *[(text, "utf-8") for text in ("Да", "Привет", "Ω", "é", "ñandú", "Ελλάς")],
    ],
)
def test_a_few_characters_are_enough(text: str, encoding: str) -> None:
    found = decode(text.encode(encoding))
    assert found is not None
    assert (found.text, found.encoding) == (text, encoding)


def test_a_declared_charset_that_fits_is_used() -> None:
    found = decode("Ãlter Straße".encode("iso8859-15"), "ISO-8859-15")
    assert found is not None
    assert (found.text, found.encoding) == ("Ãlter Straße", "iso8859-15")


def test_a_declared_gb2312_may_hold_characters_of_gb18030() -> None:
    found = decode("朱镕基、喆、𠮷".encode("gb18030"), "GB2312")
    assert found is not None
    assert found.text == "朱镕基、喆、𠮷"


@pytest.mark.parametrize("charset", ["iso-8859-1", "big5", "no-such-charset", "utf-8\0", "rot13", "hex", "idna"])
def test_a_wrong_declaration_does_no_harm_to_utf8(charset: str) -> None:
    text = "张伟的手机是13800138000，请联系。"
    found = decode(text.encode(), charset)
    assert found is not None
    assert found.text == text or charset == "big5"


def test_a_page_says_which_encoding_it_is_in(opened) -> None:
    page = "<html><head><meta http-equiv='Content-Type' content='text/html; charset=euc-kr'></head><p>홍길동</p>"
    assert "홍길동" in opened(page.encode("euc-kr"), "a.html").pieces[0].text


def test_broken_bytes_are_replaced_and_counted() -> None:
    data = ("好" * 300).encode() + b"\xff" + ("人" * 300).encode() + b"\xfe\xfe"
    found = decode(data)
    assert found is not None
    assert found.encoding == "utf-8"
    assert found.text == "好" * 300 + "\ufffd" + "人" * 300 + "\ufffd\ufffd"
    assert found.unreadable == 3


def test_text_cut_within_a_character_stays_utf8() -> None:
    found = decode("中文字符".encode()[:-1])
    assert found is not None
    assert (found.text, found.encoding, found.unreadable) == ("中文字\ufffd", "utf-8", 1)


def test_unreadable_bytes_become_a_blind_spot(opened) -> None:
    found = opened("人名".encode() * 500 + b"\xff\xff" + b" end", "notes.txt")
    spot = next(s for s in found.blind_spots if s.kind is BlindKind.UNREADABLE)
    assert (spot.where, spot.count) == ("notes.txt", 2)
    assert found.encoding == "utf-8"


@pytest.mark.parametrize("name", ["table.csv", "notes.txt", "data.json", "page.html", None])
def test_binary_in_declared_text_is_unsupported(opened, name: str | None) -> None:
    found = opened(random.Random(7).randbytes(4000), name, "text/csv")
    assert found.pieces == []
    assert [spot.kind for spot in found.blind_spots] == [BlindKind.UNSUPPORTED]


def test_odd_length_utf16_counts_what_is_left_over(opened) -> None:
    found = opened("\ufeff姓名：张三".encode("utf-16-le") + b"\x41")
    assert found.pieces[0].text.startswith("姓名：张三")
    assert found.blind_spots[0].kind is BlindKind.UNREADABLE


def test_a_lone_surrogate_in_utf16_is_no_surrogate_in_the_text(opened) -> None:
    found = opened(b"\xff\xfe" + "姓名".encode("utf-16-le") + b"\x00\xd8" + "张三".encode("utf-16-le"))
    assert "张三" in found.pieces[0].text
    assert found.blind_spots


@pytest.mark.parametrize("times", [1, 300])
@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *[
            (text, e)
            for e in ("utf-16-le", "utf-16-be")
            for text in (
                "手机13800138000",
                "姓名：李娜",
                "王小明的电话是多少",
                "Телефон: +7 912",
                "陳大文先生住在臺北市",
            )
        ],
        ("주민등록번호: 960121-1021413", "gb18030"),
        ("香港嘅電話係 9123 4567 啲嘢", "gb18030"),
        ("香港嘅電話係 9123 4567 啲嘢", "big5hkscs"),
        ("深水埗 㗎 嘅", "big5hkscs"),
        ("携帯番号は090-1234-5678です。こんにちは、田中です。", "iso2022_jp"),
        ("개인정보 보호법에 따라 고객님의 주민등록번호를 수집합니다.", "cp949"),
        ("주민등록번호: 960121-1021413", "iso2022_kr"),
        ("姓名,手机\n张三,13800138000\n", "hz"),
        ("张三，手机13800138000", "utf-7"),
    ],
)
def test_encodings_on_the_path_to_text(text: str, encoding: str, times: int) -> None:
    found = decode((text * times).encode(encoding))
    assert found is not None
    assert found.text == text * times
    assert found.unreadable == 0


@pytest.mark.parametrize(
    "text", ["a+b=c; x += 1", "+86 138 0013 8000", "q=a+b+c", "~{not hz~}", "c++ and ~{x}", "+YWJjZGVm"]
)
def test_ascii_that_only_looks_escaped(text: str) -> None:
    found = decode(text.encode())
    assert found is not None
    assert (found.text, found.encoding) == (text, "ascii")


@pytest.mark.parametrize(
    ("line", "encoding"), [("收款人：张伟，开户行：招商银行\n", "gbk"), ("客戶：陳大文先生，電話\n", "big5")]
)
@pytest.mark.parametrize("order", ["first", "midst", "last", "many"])
def test_a_line_of_another_encoding_is_found_and_said(line: str, encoding: str, order: str) -> None:
    ours, plain = "用户登录成功 手机13800138000\n", "GET / 200\n"
    lines = {
        "first": [line, ours, plain], "midst": [plain, ours, line, ours], "last": [ours, ours, line],
        "many": [ours, *[line, plain] * 700],
    }[order]  # fmt: skip
    found = decode(b"".join(each.encode(encoding if each == line else "utf-8") for each in lines))
    assert found is not None
    assert found.text == "".join(lines)
    assert found.utf8 == found.text.encode()
    assert (found.encoding, found.second) == ("utf-8", {"gbk": "gb18030", "big5": "big5hkscs"}[encoding])
    assert found.second_lines == lines.count(line)
