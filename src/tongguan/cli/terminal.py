"""What several commands share: sub-commands, secrets asked for without echo, and lists for people or programs."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TextIO

from tongguan.errors import BadInput
from tongguan.wording import LANGUAGES, Language, on_one_line, without_controls, wording

if TYPE_CHECKING:
    from tongguan.trust.opening import Trust

__all__ = [
    "DAY_S",
    "Actions",
    "Output",
    "counted",
    "day",
    "lines",
    "moment",
    "new_secret",
    "room",
    "say",
    "secret",
    "table",
    "width_of",
]

LINE_MAX = 4096  # characters of a secret
LINES_MAX = 64

Command = Callable[[argparse.Namespace], int]


class Output:
    """Standard output on which no name of a file or value can move the cursor, change colours or turn a line around."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(without_controls(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Actions:
    """The sub-commands of a command."""

    def __init__(self, parser: argparse.ArgumentParser, language: Language) -> None:
        self._actions = parser.add_subparsers(required=True, metavar="ACTION")
        self._language = language

    def add(self, name: str, command: Command, help: str) -> argparse.ArgumentParser:
        made = self._actions.add_parser(name, help=help)
        made.add_argument("--lang", choices=LANGUAGES, default=self._language)
        made.set_defaults(command=command)
        return made


@contextmanager
def room() -> Iterator[Trust]:
    """The trust room of this machine's home."""
    from tongguan import trust
    from tongguan.trust.opening import open_trust

    with open_trust(trust.home()) as opened:
        yield opened


def secret(prompt: str) -> str:
    """One line that is not shown as it is typed; the next line of standard input where that is no terminal."""
    try:
        text = getpass.getpass(f"{prompt}: ") if sys.stdin.isatty() else sys.stdin.readline(LINE_MAX + 1)
    except (EOFError, UnicodeDecodeError):
        text = ""
    text = text.rstrip("\r\n")
    if not text or len(text) > LINE_MAX:
        raise BadInput(f"{prompt}: expected a line of 1 to {LINE_MAX} characters, at the terminal or on standard input")
    return text


def new_secret(prompt: str, again: str) -> str:
    """A new secret, typed twice at a terminal. Raises BadInput where the two differ."""
    first = secret(prompt)
    if sys.stdin.isatty() and secret(again) != first:
        raise BadInput("the two are not the same; nothing was changed")
    return first


def lines(prompt: str) -> list[str]:
    """Secrets, one a line: at a terminal until an empty one, else all of standard input."""
    found: list[str] = []
    while len(found) < LINES_MAX:
        try:
            text = (
                getpass.getpass(f"{prompt} {len(found) + 1}: ")
                if sys.stdin.isatty()
                else sys.stdin.readline(LINE_MAX + 1)
            )
        except (EOFError, UnicodeDecodeError):
            text = ""
        if not text.strip():
            if sys.stdin.isatty() or not text:
                break
            continue
        found.append(text.strip())
    return found


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], as_json: bool) -> None:
    """Rows as a JSON list with everything in them, or these columns for people."""
    if as_json:
        print(json.dumps([dict(row) for row in rows], ensure_ascii=False, indent=1, default=_plain))
        return
    cells = [[_cell(row[column]) for column in columns] for row in rows]
    widths = [max((width_of(line[n]) for line in cells), default=0) for n in range(len(columns))]
    for line in cells:
        padded = (text + " " * (width - width_of(text)) for text, width in zip(line, widths, strict=True))
        print("  ".join(padded).rstrip())


def _plain(value: object) -> object:
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"{type(value).__name__} is not JSON")


def _cell(value: object) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, (list, tuple, set, frozenset)):
        return ",".join(map(str, value)) or "-"
    return on_one_line(str(value))


def width_of(text: str) -> int:
    """Columns of a terminal: a Han character takes two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def moment(at: float | None) -> str:
    """A moment in UTC, "" where there is none."""
    return "" if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day(text: str) -> int:
    """The first second of a day in UTC, since the epoch; for arguments."""
    try:
        return int(datetime.fromisoformat(f"{text}T00:00:00+00:00").timestamp())
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date; expected YYYY-MM-DD") from None


DAY_S = int(timedelta(days=1).total_seconds())


@contextmanager
def counted(what: str) -> Iterator[Callable[[int, int], None] | None]:
    """A line of progress, where somebody watches."""
    from tongguan import progress

    with progress.shown() as show:
        yield None if show is None else lambda done, total: show(done, total, what)


def say(file: str, key: str, language: Language, /, *, to: Any = None, **values: object) -> None:
    """A text of the command line, from one of its files of texts."""
    told = {name: on_one_line(value) if isinstance(value, str) else value for name, value in values.items()}
    print(wording("tongguan.cli", file).text(key, language, **told), file=to, flush=True)
