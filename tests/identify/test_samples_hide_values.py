"""A masked sample shows the form of a value and never enough of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongguan.identify import TYPES
from tongguan.identify.detect.masking import mask
from tongguan.model import Finding


@pytest.mark.parametrize(
    ("text", "sample"),
    [
        ("13800138000", "138******00"),
        ("身份证110101199003074514", "110*************14"),
        ("卡号6222021234567890128", "622************0128"),
        ("姓名：张伟", "张*"),
        ("姓名：欧阳晓明", "欧***"),
        ("someone@example.com", "s***@example.com"),
        ("密码：Abc@12345", "******"),
        ("生日1990年3月7日", "1990-**-**"),
        ("住址：北京市朝阳区建国路88号", "北京市朝阳区******"),
    ],
)
def test_samples(text: str, sample: str, find: Callable[[str], list[Finding]]) -> None:
    assert [f.masked for f in find(text)] == [sample]


@given(st.sampled_from(sorted(set(TYPES) - {"email", "ip", "birth_date"})), st.text(min_size=1, max_size=60))
def test_at_least_half_is_hidden(type: str, value: str) -> None:
    sample = mask(type, value.replace("*", "+"))
    assert sample.count("*") * 2 >= min(len(sample), len(value))
