"""`--help` and what argparse refuses, in the language that is asked for."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

import pytest

from tongguan.cli.help import ChineseParser, language_asked
from tongguan.cli.main import _parser, main
from tongguan.cli.terminal import width_of
from tongguan.shipped_yaml import shipped_yaml

HELP = shipped_yaml("tongguan.cli", "help.yaml")


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from parsers(below)


def texts(parser: argparse.ArgumentParser) -> Iterator[str | None]:
    yield parser.description
    yield parser.epilog
    for group in parser._action_groups:
        yield group.title
        yield group.description
    for action in parser._actions:
        yield action.help
        if isinstance(action, argparse._SubParsersAction):
            yield from (choice.help for choice in action._choices_actions)


def test_every_text_of_the_help_is_there_in_chinese_and_none_too_many() -> None:
    told = {text for one in parsers(_parser("en")) for text in texts(one) if text and text != argparse.SUPPRESS}
    assert len(told) > 200
    assert told == set(HELP["texts"])
    assert not [text for text, chinese in HELP["texts"].items() if not re.search("[一-鿿]", chinese)]


def test_the_help_of_every_command_fits_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for parser in parsers(_parser("zh")):
        assert isinstance(parser, ChineseParser)
        shown = parser.format_help()
        assert shown.startswith("用法：") and "显示本说明并退出" in shown
        _, _, rest = shown.partition("\n\n")
        assert max(map(width_of, rest.splitlines())) <= 80, parser.prog
        assert not re.search(r"^\s*[，。；：、）]", rest, re.MULTILINE), parser.prog


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["scan", "--lang", "zh"], "缺少参数：SOURCE"),
        (["scan", "--lang=zh", "x", "--sample", "many"], "参数 --sample：'many' 不是合格的值（应为 int）"),
        (["scan", "x", "--lang", "zh", "--nope"], "无法识别的参数：--nope"),
        (["decide", "x", "--lang", "zh", "--reading"], "参数 --reading：须给出一个值"),
        (["inspect", "--lang", "zh", "--as-of", "2026-13-01"], "2026-13-01"),
        (["audit", "prove", "--lang", "zh", "one"], "不是合格的值"),
    ],
)
def test_what_is_refused_is_said_in_chinese(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    told = capsys.readouterr().err
    assert ended.value.code == 2
    assert "用法：" in told and "：错误：" in told and said in told


def test_english_stays_argparses_own(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["scan", "--lang", "en"])
    assert "error: the following arguments are required: SOURCE" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        main(["scan", "--help", "--lang", "en"])
    shown = capsys.readouterr().out
    assert ended.value.code == 0 and shown.startswith("usage:") and not re.search("[一-鿿]", shown)


@pytest.mark.parametrize(
    ("argv", "language"),
    [
        ([], "zh"), (["--lang"], "zh"), (["--lang", "en"], "en"), (["--lang=en", "x"], "en"),
        (["--lang", "fr", "--lang", "en"], "en"), (["en"], "zh"), (["--language", "en"], "zh"),
    ],
)  # fmt: skip
def test_the_language_is_known_before_the_line_is_read(argv: list[str], language: str) -> None:
    assert language_asked(argv, "zh") == language


def test_what_no_pattern_knows_is_told_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    parser = ChineseParser(prog="x")
    with pytest.raises(SystemExit):
        parser.error("something new")
    assert capsys.readouterr().err.endswith("x：错误：something new\n")
