"""Numbers behind labels that are misprinted or not given out: found for less, and the explanation says why."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tongguan.identify import Detector, Piece
from tongguan.identify.explaining import explain
from tongguan.model import Finding

WRONG = [
    ("身份证号：110101199003078516", "id_card", "110101199003078516"),
    ("身份证 110101 19900307 8516，", "id_card", "110101 19900307 8516"),
    ("证件号码：１１０１０１１９９００３０７８５１６", "id_card", "１１０１０１１９９００３０７８５１６"),
    ('{"idCard": "31011519751231001x"}', "id_card", "31011519751231001x"),
    ("香港身份证 A123456(4)", "hkid", "A123456(4)"),
    ("台灣身分證 A123456780。", "taiwan_id", "A123456780"),
    ("信用卡号：4111 1111 1111 1112", "bank_card", "4111 1111 1111 1112"),
    ("card number: 378282246310006", "bank_card", "378282246310006"),
    ("银行卡 6222021234567890123", "bank_card", "6222021234567890123"),
    ("IMEI：353456789012340", "imei", "353456789012340"),
]
UNASSIGNED = [
    ("电话：16012345678", "phone", "16012345678"),
    ("mobile=12312345678", "phone", "12312345678"),
    ("联系方式 0755-12345678", "landline", "0755-12345678"),
    ("传真：075512345678", "landline", "075512345678"),
    ("电话：15345678", "phone", "15345678"),
    ("Phone: (555) 123-4567", "phone", "(555) 123-4567"),
    ("16012345678", "phone", "16012345678"),
    ("0755-12345678", "landline", "0755-12345678"),
    ("555-123-4567", "phone", "555-123-4567"),
]
FICTION = [("call 212-555-0147 now", "phone", "212-555-0147"), ("(415) 555-0198", "phone", "(415) 555-0198")]
NOTHING = [
    "身份证号：990101199003078515",  # no such region
    "身份证号：110101199013078515",  # no such month
    "身份证号：123456789012345678",
    "订单号 110101199003078516",
    "110101199003078516",
    "账号：4111111111111112",  # accounts of banks have no such check
    "device id: 353456789012340",
    "A123456(4)",
    "call 15345678",  # a blank alone is too little
    "Tel: 123-456-7890",  # counted up: of a form
    "电话：12345678",
    "电话：10086",
    "手机：1380013",
    "5551234567",
    "编号 16012345678",
    "备件 16012345678 已入库，另有 16012345679 在途，合计两件，明日发出。",
    "part 0755-12345678 in stock, and much else is there besides in this line",
]


def _told(text: str) -> list[tuple[str, str, str, float]]:
    (found,) = Detector(b"misprints").scan([Piece(text)])
    return [(f.type, text[f.start : f.end], f.validator, f.score) for f in found]


@pytest.mark.parametrize(
    ("text", "type", "written", "ground", "most"),
    [(*row, "wrong_check", 0.65) for row in WRONG]
    + [(*row, "unassigned", 0.75) for row in UNASSIGNED]
    + [(*row, "fiction", 0.6) for row in FICTION],
)
def test_found_for_less(text: str, type: str, written: str, ground: str, most: float) -> None:
    ((found, where, validator, score),) = _told(text)
    assert (found, where, validator) == (type, written, ground)
    assert 0.4 <= score <= most


@pytest.mark.parametrize("text", NOTHING)
def test_nothing(text: str, find: Callable[[str], list[Finding]]) -> None:
    assert [(f.type, text[f.start : f.end]) for f in find(text)] == []


@pytest.mark.parametrize(
    ("text", "chinese", "english"),
    [
        ("身份证号：110101199003078516", "校验位错误", "check digit is wrong"),
        ("电话：16012345678", "未分配", "does not give it out"),
        ("Tel: 212-555-0147", "虚构作品", "fiction"),
    ],
)
def test_both_languages_say_why(text: str, chinese: str, english: str) -> None:
    piece = Piece(text)
    (finding,) = Detector(b"misprints").scan([piece])[0]
    reasons = explain(piece, finding)
    assert any(chinese in reason["zh"] for reason in reasons)
    assert any(english in reason["en"] for reason in reasons)
    assert not any(text[finding.start : finding.end] in said for reason in reasons for said in reason.values())


def test_a_right_number_scores_more_than_a_misprint() -> None:
    (right,), (wrong,) = _told("身份证号：110101199003078515"), _told("身份证号：110101199003078516")
    assert right[2] == "checksum" and right[3] > wrong[3] + 0.2


def test_a_column_with_misprints() -> None:
    text = "110101199003078515\n110101199003078516\n110101199003070019\n"
    cells = np.array([[0, 18, 0], [19, 37, 0], [38, 56, 0]])
    (found,) = Detector(b"misprints").scan([Piece(text, cells=cells, columns=("身份证号",))])
    assert [f.validator for f in found] == ["checksum", "wrong_check", "wrong_check"]
