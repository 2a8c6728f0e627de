"""Whether a run reads names in running prose: `--names`, else the setting, else where the extra is installed."""

from __future__ import annotations

import argparse

__all__ = ["names_argument", "names_of"]


def names_argument(parser: argparse.ArgumentParser) -> None:
    """`--names` and `--no-names`."""
    parser.add_argument(
        "--names", action=argparse.BooleanOptionalAction, default=None,
        help="read prose by models (extras `names` and `statements`, what is said of persons); on where installed",
    )  # fmt: skip


def names_of(given: argparse.Namespace) -> bool | None:
    """What was typed, else what the settings say, else None."""
    from tongguan import trust
    from tongguan.trust.settings import load_settings

    typed: bool | None = given.names
    return load_settings(trust.home()).names if typed is None else typed
