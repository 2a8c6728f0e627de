"""Whether a run looks into pictures: `--ocr`, which is the default where the extra is installed, and `--no-ocr`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tongguan.identify import Limits

__all__ = ["limits_of", "ocr_argument"]


def ocr_argument(parser: argparse.ArgumentParser) -> None:
    """`--ocr` and `--no-ocr`."""
    parser.add_argument(
        "--ocr", action=argparse.BooleanOptionalAction, default=True,
        help="read text in pictures and scanned pages (extra `ocr`); what is not looked into is counted",
    )  # fmt: skip


def limits_of(given: argparse.Namespace) -> Limits:
    """How far each file is unfolded."""
    from tongguan.identify import Limits

    return Limits() if given.ocr else Limits(images=0)
