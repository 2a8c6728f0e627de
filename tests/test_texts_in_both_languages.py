"""Texts in both languages: values that come in both themselves, and why the system refuses."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

import pytest

from tongguan import whole_file
from tongguan.errors import CannotWrite, Conflict
from tongguan.wording import Wording, system_error, wording


def test_values_may_come_in_both_languages() -> None:
    texts = Wording({"a": {"zh": "{where}：{why}", "en": "{where}: {why}"}})
    told = texts.both("a", where="x", why={"zh": "没有权限", "en": "no right"})
    assert told == {"zh": "x：没有权限", "en": "x: no right"}


def test_the_systems_reasons_are_its_own_words_in_english() -> None:
    for name, both in wording("tongguan", "system_errors.yaml").texts.items():
        number = getattr(errno, name)
        assert both["en"] == os.strerror(number) and re.search("[一-鿿]", both["zh"]), name
        assert system_error(OSError(number, os.strerror(number))) == both


def test_a_rare_reason_is_told_as_the_system_says_it() -> None:
    told = system_error(OSError(errno.EXDEV, "Invalid cross-device link"))
    assert told["zh"] == told["en"] == "Invalid cross-device link"
    assert system_error(OSError())["en"] == "OSError"


def test_places_that_cannot_be_written_are_told_in_both(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"")
    with pytest.raises(Conflict) as taken:
        whole_file.create(tmp_path / "there", b"")
    assert taken.value.text and "已存在" in taken.value.text["zh"]
    with pytest.raises(CannotWrite) as closed:
        whole_file.create(tmp_path / "there" / "a", b"")
    assert closed.value.text == {
        "zh": f"{tmp_path}/there/a：无法写入：不是文件夹", "en": f"{tmp_path}/there/a: cannot be written: Not a directory",
    }  # fmt: skip
