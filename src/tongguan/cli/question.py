"""A question to the law at a terminal: its file, read within bounds, and the readings taken."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from tongguan.errors import BadInput
from tongguan.wording import readable

__all__ = ["readings_argument", "readings_of", "text_of"]

FILE_LIMIT = 1 << 20  # bytes of a file of facts


def text_of(path: Path) -> str:
    """The text of a short file. Raises BadInput where it cannot be read, is too long or is not UTF-8."""
    name = readable(str(path))
    try:
        with path.open("rb") as file:  # bounded, so that a device does not run on
            raw = file.read(FILE_LIMIT + 1)
        if len(raw) > FILE_LIMIT:
            raise BadInput(f"{name}: more than {FILE_LIMIT:,} bytes; expected a short YAML file")
        return raw.decode()
    except UnicodeDecodeError as error:
        raise BadInput(f"{name}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    except (OSError, ValueError) as error:
        raise BadInput(f"{name}: cannot be read: {getattr(error, 'strerror', None) or error}") from None


def readings_argument(parser: argparse.ArgumentParser) -> None:
    """`--reading NAME=VALUE`, where a text leaves two readings."""
    parser.add_argument(
        "--reading", action="append", default=[], metavar="NAME=VALUE", help="take another reading; may be repeated"
    )


def readings_of(given: Sequence[str], example: str) -> dict[str, str]:
    """Readings by name, from `NAME=VALUE`. Raises BadInput, with `example`, where one is not so written or twice."""
    readings: dict[str, str] = {}
    for text in given:
        name, _, value = text.partition("=")
        if not (name and value) or name in readings:
            raise BadInput(f"--reading: expected NAME=VALUE, each name once, such as {example}; found {text[:60]!r}")
        readings[name] = value
    return readings
