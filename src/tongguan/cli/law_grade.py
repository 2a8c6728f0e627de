"""`tongguan law grade`: the level of data, and whether it counts as important for filing."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from tongguan.errors import BadInput
from tongguan.wording import readable

__all__ = ["grade_action", "grade_arguments"]


def grade_arguments(parser: argparse.ArgumentParser) -> None:
    """FACTS.yaml, the readings where the text leaves two, and the shape of the answer."""
    parser.add_argument("facts", type=Path, metavar="FACTS.yaml", help="what is known of the data, on a day")
    parser.add_argument(
        "--reading", action="append", default=[], metavar="NAME=VALUE", help="take another reading; may be repeated"
    )
    parser.add_argument("--json", action="store_true", help="as JSON")


def grade_action(read: Callable[[Path], str]) -> Callable[[argparse.Namespace], int]:
    """The action, given how a file of facts is read; nothing is recorded."""

    def act(given: argparse.Namespace) -> int:
        from tongguan import law
        from tongguan.cli.who import allowed

        allowed("decisions.ask")
        facts = law.parse_grading(read(given.facts), readable(str(given.facts)))
        found = law.grade(facts, readings=dict(map(_reading, given.reading)))
        as_json = json.dumps(found.to_dict(), ensure_ascii=False, indent=1) if given.json else None
        print(as_json or readable(law.explain_grade(found, given.lang)))
        return 0

    return act


def _reading(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise BadInput(f"--reading: expected NAME=VALUE, such as degree=definition; found {text[:60]!r}")
    return name, value
