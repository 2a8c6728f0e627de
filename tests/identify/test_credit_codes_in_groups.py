"""Unified social credit codes as forms print them: in groups, behind their label."""

from __future__ import annotations

import pytest
from check_digits import uscc_check

from tongguan.identify import Detector, Piece

BODIES = ["91350211MA2XYQ3K7", "91440300708461136", "9111000010000123X", "92330106MA2B1C3D4"]
GROUPS = [(4, 8, 12, 16), (2, 8), (6, 12), (8, 16)]


def grouped(code: str, cuts: tuple[int, ...], sign: str) -> str:
    ends = (*cuts, len(code))
    return sign.join(code[start:end] for start, end in zip((0, *cuts), ends, strict=True))


def found(text: str) -> list[tuple[str, str]]:
    (findings,) = Detector(b"a key of tests").scan([Piece(text)])
    return [(finding.type, text[finding.start : finding.end]) for finding in findings]


@pytest.mark.parametrize("cuts", GROUPS)
@pytest.mark.parametrize("body", BODIES)
def test_behind_the_label(body: str, cuts: tuple[int, ...]) -> None:
    written = grouped(body + uscc_check(body), cuts, " ")
    assert found(f"统一社会信用代码：{written}，住所") == [("uscc", written)]


@pytest.mark.parametrize("body", BODIES)
def test_not_without_a_label_nor_with_a_wrong_check_character(body: str) -> None:
    right = uscc_check(body)
    wrong = next(c for c in "0123456789" if c != right)
    for text in (
        f"货号 {grouped(body + right, GROUPS[0], ' ')} 箱",
        f"统一社会信用代码：{grouped(body + wrong, GROUPS[0], ' ')}",
    ):
        assert "uscc" not in [type for type, _ in found(text)]
