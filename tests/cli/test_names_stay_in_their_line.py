"""Names of files and values are anybody's: on a terminal they forge no line and move no cursor."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tongguan.cli import main
from tongguan.wording import on_one_line, without_controls

NAME = "a\nb.txt:0-3 id_card \x1b[31m\u202etxt.\x9b2J"


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TONGGUAN_HOME", str(tmp_path / "home"))
    path = tmp_path / NAME
    path.write_text("手机：13800138000", encoding="utf-8")
    return path


@pytest.mark.parametrize("command", [["identify"], ["kinds", "classify"]])
def test_a_hostile_name_is_one_line_without_controls(
    odd: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, str(odd)]) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert not any(sign in out for sign in "\x1b\x9b\u202e")


def test_json_says_the_name_as_it_is(odd: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["identify", str(odd), "--json"]) == 0
    out = capsys.readouterr().out
    assert "\u202e" not in out
    assert Path(json.loads(out)["path"]).name == NAME


def test_an_error_stays_in_its_line_too(odd: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["identify", str(odd) + "\nand more"]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "\x1b" not in err


def test_what_people_write_stays() -> None:
    text = "一行\n\t两行 é😀"
    assert without_controls(text) == text
    assert on_one_line("通关 é😀") == "通关 é😀"
    assert on_one_line("a\tb\r\n\udc80") == "a\\u0009b\\u000d\\u000a\\udc80"
