"""Whether a run looks into pictures: `--ocr`, which is the default where the extra is installed, `--no-ocr`, and for
how long (`--ocr-seconds`)."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tongguan.identify import Limits

__all__ = ["limits_of", "ocr_argument"]


def ocr_argument(parser: argparse.ArgumentParser) -> None:
    """`--ocr`, `--no-ocr` and `--ocr-seconds`."""
    parser.add_argument(
        "--ocr", action=argparse.BooleanOptionalAction, default=True,
        help="read text in pictures and scanned pages (extra `ocr`); what is not looked into is counted",
    )  # fmt: skip
    parser.add_argument(
        "--ocr-seconds", type=_seconds, metavar="N", help="of text recognition for one file; 120 where absent"
    )


def limits_of(given: argparse.Namespace) -> Limits:
    """How far each file is unfolded."""
    from tongguan.identify import Limits

    return Limits.of_pictures(given.ocr, given.ocr_seconds)


def _seconds(text: str) -> float:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 86_400):
        raise argparse.ArgumentTypeError("expected a whole number of seconds, 1 to 86400")
    return float(text)
