"""`tongguan law`: what the book of the law says, and when something is due."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from tongguan.wording import LANGUAGES, Language

__all__ = ["arguments"]


@dataclass(frozen=True, slots=True)
class Action:
    """One sub-command: what it does, what it is called with, and its line of help."""

    command: Callable[[argparse.Namespace], int]
    arguments: Callable[[argparse.ArgumentParser], None]
    help: str


def arguments(parser: argparse.ArgumentParser, language: Language = "zh") -> None:
    """The sub-commands of `law`; `language` is that of the terminal."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    for name, action in ACTIONS.items():
        made = actions.add_parser(name, help=action.help)
        made.add_argument("--lang", choices=LANGUAGES, default=language)
        action.arguments(made)
        made.set_defaults(command=action.command)


ACTIONS: dict[str, Action] = {}
