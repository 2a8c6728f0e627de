"""What the command line says of itself, `--help` and what argparse refuses, in Chinese. The English stands where the
arguments are told; `help.yaml` has the Chinese to it, which is read when it is first asked for."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final, NoReturn

from tongguan.cli.terminal import width_of
from tongguan.shipped_yaml import shipped_yaml
from tongguan.wording import Language

__all__ = ["ChineseParser", "language_asked"]

_HELP: Final = "help.yaml"
_WORD: Final = re.compile(r"[!-~…]+|\s+|.")  # what no line is broken within
_CLOSING: Final = frozenset("，。；：、）”》！？")  # no line begins with these
_MISTAKE: Final = "{}：错误：{}\n"


@cache
def _help() -> Any:
    return shipped_yaml(__package__, _HELP)


def _in_chinese(text: str) -> str:
    """A text of the help. Raises KeyError for one without: a fault of ours, and the tests look for it."""
    return str(_help()["texts"][text])


class _Formatter(argparse.HelpFormatter):
    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[Any],
        prefix: str | None = None,
    ) -> None:
        super().add_usage(usage, actions, groups, "用法：" if prefix is None else prefix)

    def start_section(self, heading: str | None) -> None:
        super().start_section(_in_chinese(heading) if heading else heading)

    def add_text(self, text: str | None) -> None:
        super().add_text(_in_chinese(text) if text and text != argparse.SUPPRESS else text)

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return _in_chinese(action.help) if action.help else action.help

    def _split_lines(self, text: str, width: int) -> list[str]:
        return _lines(text, width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(indent + line for line in _lines(text, width - len(indent)))


def _lines(text: str, width: int) -> list[str]:
    """Lines of so many columns, of which a Han character takes two."""
    lines = [""]
    for word in _WORD.findall(text):
        if width_of(lines[-1] + word.rstrip()) > width and word not in _CLOSING and lines[-1]:
            lines.append("")
        lines[-1] += word if lines[-1] else word.lstrip()
    return [line.rstrip() for line in lines]


class ChineseParser(argparse.ArgumentParser):
    """A parser, and those of its sub-commands, whose help and refusals are Chinese."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"formatter_class": _Formatter, **options})

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(2, _MISTAKE.format(self.prog, _mistake(message)))


def _mistake(message: str) -> str:
    for one in _help()["errors"]:
        if found := re.fullmatch(one["en"], message, re.DOTALL):
            return str(one["zh"]).format(*found.groups())
    return message


def language_asked(argv: Sequence[str], usual: Language) -> Language:
    """The language of a command line, before it is read: help is printed while it is."""
    for before, given in zip(("", *argv), (*argv, ""), strict=True):
        told = given.removeprefix("--lang=") if given.startswith("--lang=") else given if before == "--lang" else ""
        if told == "zh" or told == "en":
            return "zh" if told == "zh" else "en"
    return usual
