"""However a number is written, it is found, and its digest is that of the plain number."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import check_digits
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongguan.identify import TYPES, Detector, Piece
from tongguan.model import Finding

DETECTOR = Detector(b"a key of tests")
WIDE = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
SEPARATORS = ["-", " ", "\u00a0", "\u2011", "－", "\u200b", "", "·", "_", ".", "  "]

phones = st.builds(
    lambda prefix, rest: f"{prefix}{rest:08}", st.sampled_from([138, 159, 186, 199]), st.integers(0, 10**8 - 1)
)
days = st.dates(min_value=date(1930, 1, 1), max_value=date(2020, 12, 31))
id_bodies = st.builds(
    lambda region, day, order: f"{region}{day:%Y%m%d}{order:03}",
    st.sampled_from([110101, 310115, 440306, 510108]),
    days,
    st.integers(0, 999),
)
card_bodies = st.builds(lambda bank, rest: f"62{bank:04}{rest:012}", st.integers(0, 9999), st.integers(0, 10**12 - 1))


def only(text: str, type: str) -> Finding:
    found = [f for f in DETECTOR.scan([Piece(text)])[0] if f.type == type]
    assert len(found) == 1, (text, found)
    return found[0]


def written(groups: list[str], separator: str, wide: bool) -> str:
    text = separator.join(groups)
    return text.translate(WIDE) if wide else text


@settings(max_examples=60, deadline=None)
@given(phones, st.sampled_from(SEPARATORS), st.booleans(), st.sampled_from(["", "+86", "+86 ", "0086-", "86-"]))
def test_phones(phone: str, separator: str, wide: bool, prefix: str) -> None:
    value = prefix + written([phone[:3], phone[3:7], phone[7:]], separator, wide)
    found = only(f"请致电{value}。", "phone")
    assert (found.start, found.end) == (3, 3 + len(value))
    assert found.digest == only(phone, "phone").digest


@settings(max_examples=60, deadline=None)
@given(id_bodies, st.sampled_from([s for s in SEPARATORS if s != "."]), st.booleans(), st.booleans())
def test_identity_cards(body: str, separator: str, wide: bool, small: bool) -> None:
    number = body + check_digits.id_check(body)
    value = written([number[:6], number[6:14], number[14:]], separator, wide)
    value = value.lower() if small else value
    found = only(f"证件{value}，", "id_card")
    assert (found.start, found.end) == (2, 2 + len(value))
    assert found.digest == only(number, "id_card").digest


@settings(max_examples=60, deadline=None)
@given(card_bodies, st.sampled_from(SEPARATORS), st.booleans())
def test_bank_cards(body: str, separator: str, wide: bool) -> None:
    number = body + check_digits.luhn_check(body)
    value = written([number[i : i + 4] for i in range(0, len(number), 4)], separator, wide)
    found = only(f"卡号：{value}", "bank_card")
    assert (found.start, found.end) == (3, 3 + len(value))
    assert found.digest == only(f"卡号 {number}", "bank_card").digest


@settings(max_examples=40, deadline=None)
@given(id_bodies, st.integers(0, 16), st.integers(1, 9))
def test_a_wrong_digit_is_no_identity_card(body: str, place: int, step: int) -> None:
    number = body + check_digits.id_check(body)
    wrong = number[:place] + str((int(number[place]) + step) % 10) + number[place + 1 :]
    assert not [f for f in DETECTOR.scan([Piece(f"号码 {wrong}")])[0] if f.type == "id_card"]


@settings(max_examples=40, deadline=None)
@given(st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=9, max_size=9), st.integers(110000, 659999))
def test_credit_codes(body: str, region: int) -> None:
    code = f"91{region}{body}"
    code += check_digits.uscc_check(code)
    found = {f.type for f in DETECTOR.scan([Piece(f"统一社会信用代码：{code}")])[0]}
    assert found & {"uscc", "foreign_permit", "id_card"}


@settings(max_examples=40, deadline=None)
@given(st.text("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", min_size=5, max_size=5), st.integers(0, 999999))
def test_vehicle_numbers(body: str, serial: int) -> None:
    vin = f"LSV{body}0E2{serial:06}"
    vin = vin[:8] + check_digits.vin_check(vin) + vin[9:]
    assert only(f"车架号 {vin}", "vin").validator == "checksum"


@pytest.mark.parametrize(
    ("type", "one", "other"),
    [
        ("email", "Someone@Example.COM", "someone@example.com"),
        ("plate", "京A·12345", "京A12345"),
        ("birth_date", "生日1990年3月7日", "birthday: 1990-03-07"),
        ("mac", "00-1a-2b-3c-4d-5e", "00:1A:2B:3C:4D:5E"),
        ("ip", "2001:0db8:0000:0000:0000:0000:0000:0007", "2001:db8::7"),
        ("address", "住址：北京市 朝阳区 建国路88号", "地址：北京市朝阳区建国路88号"),
        ("passport", "护照e12345678", "护照E12345678"),
    ],
)
def test_other_writings(type: str, one: str, other: str) -> None:
    assert only(one, type).digest == only(other, type).digest


def test_types_and_keys_set_digests_apart(find: Callable[[str], list[Finding]]) -> None:
    qq, phone = only("QQ：13800138000", "qq"), only("13800138000", "phone")
    assert qq.digest != phone.digest
    (elsewhere,) = Detector(b"another key").scan([Piece("13800138000")])[0]
    assert elsewhere.digest != phone.digest
    assert len(phone.digest) == 16


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200), st.text("0123456789-.:@ +X省市路号姓名手机密码\n\u200b１２", max_size=200))
def test_any_text_is_read_and_spans_lie_inside(noise: str, dense: str) -> None:
    text = noise + dense
    for found in DETECTOR.scan([Piece(text)])[0]:
        assert 0 <= found.start < found.end <= len(text)
        assert found.type in TYPES
        assert 0 < found.score <= 1
        assert len(found.digest) == 16


def test_lone_surrogates_and_astral_characters() -> None:
    text = "\ud800📱13800138000 𠮷 姓名：李娜"
    found = DETECTOR.scan([Piece(text)])[0]
    assert [text[f.start : f.end] for f in found] == ["13800138000", "李娜"]
