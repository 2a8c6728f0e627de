"""`tongguan law grade`: the level of data, and whether it counts as important for filing."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from tongguan.cli.question import readings_argument, readings_of, text_of
from tongguan.wording import readable

__all__ = ["grade", "grade_arguments"]


def grade_arguments(parser: argparse.ArgumentParser) -> None:
    """FACTS.yaml, the readings where the text leaves two, and the shape of the answer."""
    parser.add_argument("facts", type=Path, metavar="FACTS.yaml", help="what is known of the data, on a day")
    readings_argument(parser)
    parser.add_argument("--json", action="store_true", help="as JSON")


def grade(given: argparse.Namespace) -> int:
    """The action; nothing is recorded."""
    from tongguan import law
    from tongguan.cli.who import allowed

    allowed("decisions.ask")
    facts = law.parse_grading(text_of(given.facts), readable(str(given.facts)))
    found = law.grade(facts, readings=readings_of(given.reading, "degree=definition"))
    as_json = json.dumps(found.to_dict(), ensure_ascii=False, indent=1) if given.json else None
    print(as_json or readable(law.explain_grade(found, given.lang)))
    return 0
