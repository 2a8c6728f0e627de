"""`tongguan law`: what the book of the law says, and when something is due."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from tongguan import china_time, whole_file
from tongguan.cli.law_grade import grade, grade_arguments
from tongguan.cli.question import readings_argument, readings_of, text_of
from tongguan.errors import BadInput
from tongguan.wording import LANGUAGES, Language, readable

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


# ---- show and search ---------------------------------------------------------------------------------------------


def _show_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="INSTRUMENT|RULE|ZONE|PARAMETER", help="an id, or a title")
    parser.add_argument("--as-of", type=_day, metavar="DATE", help="how it stands on that day; today where absent")
    _json_argument(parser)


def _show(given: argparse.Namespace) -> int:
    from tongguan import law

    entry = law.show(given.name, given.as_of or china_time.today())
    _print(given, entry, lambda: law.shown(entry, given.lang))
    return 0


def _search_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs="+", metavar="WORDS", help="Chinese or English")
    parser.add_argument("--as-of", type=_day, metavar="DATE", help="only what holds on that day")
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="how many at most, up to 100")
    _json_argument(parser)


def _search(given: argparse.Namespace) -> int:
    from tongguan import law

    if not 1 <= given.limit <= law.MOST_HITS:
        raise BadInput(f"--limit: expected 1 to {law.MOST_HITS}, found {given.limit}")
    hits = law.search(" ".join(given.words), given.as_of, given.limit)
    _print(given, [law.hit_json(hit) for hit in hits], lambda: law.found(hits, given.lang))
    return 0


# ---- explain -----------------------------------------------------------------------------------------------------


def _explain_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("facts", type=Path, metavar="FACTS.yaml")
    readings_argument(parser)
    _json_argument(parser)


def _explain(given: argparse.Namespace) -> int:
    """What `decide` answers, and every rule that was asked; nothing is recorded."""
    from tongguan import law
    from tongguan.cli.who import allowed

    allowed("decisions.ask")
    facts = law.parse_facts(text_of(given.facts), readable(str(given.facts)))
    readings = readings_of(given.reading, "ground_for_ciio=closed")
    steps, decision = law.trace(facts, readings=readings), law.decide(facts, readings=readings)
    answer = {**law.decision_json(decision), "trace": [law.step_json(step) for step in steps]}
    _print(given, answer, lambda: f"{law.explain(decision, given.lang)}\n\n{law.traced(steps, given.lang)}")
    return 0


# ---- check -------------------------------------------------------------------------------------------------------


def _check_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("packs", nargs="+", type=Path, metavar="PACK", help="a list of a zone or region, or a folder")
    _json_argument(parser)


def _check(given: argparse.Namespace) -> int:
    """0 where every pack can be used, else 2."""
    from tongguan.law.packs.checking import check, checked_json, checked_text

    found = check(given.packs)
    _print(given, checked_json(found), lambda: checked_text(found, given.lang))
    return 2 if any(one.faults for one in found) else 0


# ---- clocks ------------------------------------------------------------------------------------------------------


def _clocks_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("case", type=Path, metavar="CASE.yaml", help="the procedure, what happened when, what is known")
    parser.add_argument("--ics", type=Path, metavar="FILE", help="write an iCalendar file (RFC 5545) too")
    _json_argument(parser)


def _clocks(given: argparse.Namespace) -> int:
    from tongguan.cli.who import allowed
    from tongguan.law import clocks

    allowed("decisions.ask")
    timeline = clocks.clocks(clocks.parse_case(text_of(given.case), readable(str(given.case))))
    if given.ics is not None:
        whole_file.replace(given.ics, clocks.to_icalendar(timeline, given.lang).encode(), private=False)
    _print(given, clocks.timeline_json(timeline), lambda: clocks.tell(timeline, given.lang))
    return 0


# ---- what several need -------------------------------------------------------------------------------------------


def _json_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as JSON")


def _print(given: argparse.Namespace, answer: Any, text: Callable[[], str]) -> None:
    print(json.dumps(answer, ensure_ascii=False, indent=1) if given.json else readable(text()))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date; expected YYYY-MM-DD") from None


ACTIONS: dict[str, Action] = {
    "clocks": Action(_clocks, _clocks_arguments, "where a procedure stands, and what is due when"),
    "show": Action(_show, _show_arguments, "one instrument, rule, zone or parameter, with its days and its source"),
    "search": Action(_search, _search_arguments, "instruments, matters, rules, duties and zones by words"),
    "check": Action(_check, _check_arguments, "whether a zone's list (a data pack) can be used, and what it would add"),
    "explain": Action(_explain, _explain_arguments, "the answer to a question, and why each rule applied or did not"),
    "grade": Action(grade, grade_arguments, "the level of data, and whether it counts as important data"),
}
