"""Questions that no rule tells apart have one answer: worked out once, then told with each question's own facts.

The first of its kind is watched: which facts were asked for, one after the other, and what they were. So answers hang
on a tree of facts, and the next question only walks down it. Rules compare numbers of persons with lines and never use
them otherwise, so all numbers between two lines are alike; so are all countries and cities that no rule names.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any

from tongguan.law.book import Page, book
from tongguan.law.changes import with_difference
from tongguan.law.facts import FIELDS
from tongguan.law.packs.zone_list import ZoneList
from tongguan.model import Decision, Reason

__all__ = ["answered"]

Values = Mapping[str, Any]
Kinds = Mapping[str, Callable[[Any], Any]]  # of a fact: which of its values no rule tells apart
MOST = 20_000  # answers kept for one stretch of days
COUNTS = tuple(path for path, kind in FIELDS.items() if kind == "count")
CARS = "persons_of_important_automotive_data"
SPECIAL = frozenset({"exporter.zone", "exporter.automotive", "activity.zone_list", "activity.zone_scenario"})
SUMMED = {"persons_of_both_kinds": "left_out", "persons_of_2022": "together"}  # readings that add numbers up


class Watched(Mapping[str, Any]):
    """Facts that note which of them were asked for, in order; they cannot be gone through, only asked."""

    __slots__ = ("asked", "given")

    def __init__(self, given: Values) -> None:
        self.given = given
        self.asked: dict[str, None] = {}

    def __getitem__(self, path: str) -> Any:
        self.asked[path] = None
        return self.given[path]

    def __contains__(self, path: object) -> bool:
        self.asked[str(path)] = None
        return path in self.given

    def __iter__(self) -> Iterator[str]:
        raise TypeError("ask for facts by name: an answer must not hang on facts that nobody asked for")

    def __len__(self) -> int:
        raise TypeError("ask for facts by name: an answer must not hang on how many are given")


@dataclass(slots=True)
class Fork:
    """Where answers part by one fact; `kind` says which of its values are alike, where not each is for itself."""

    path: str
    kind: Callable[[Any], Any] | None
    ways: dict[Any, Fork | Kept] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, and which entries of its `would_change` hold a number of the question."""

    decision: Decision
    counted: tuple[bool, ...]


@dataclass(slots=True)
class Tree:
    """Answers of one page: by what is asked of no single fact, then fork by fork.

    Questions that concern no list and no cars have a tree that pages share which differ in nothing else.
    """

    kinds: Kinds
    ends: tuple[str, ...]  # months about which lists end
    line_of_2022: int | None
    roots: dict[Any, Fork | Kept] = field(default_factory=dict)
    size: int = 0


def answered(
    page: Page, given: Values, day: date, readings: Mapping[str, str], decide: Callable[[Values], Decision]
) -> Decision:
    """The answer to a question of that day. `decide` works it out, from facts that it asks for by name, where none
    alike was asked before."""
    special = not SPECIAL.isdisjoint(given)
    key = page.first if special else "national"
    tree: Tree = page.answers.get(key) or page.answers.setdefault(key, _planted(page, special))
    root = _root(tree, given, day, readings)
    place = tree.roots.get(root)
    while place is not None and type(place) is Fork:
        value = given.get(place.path)
        place = place.ways.get(value if value is None or place.kind is None else place.kind(value))
    if place is not None:
        return _told(place, given, day)  # type: ignore[arg-type]
    watched = Watched(given)
    decision = decide(watched)
    kept = Kept(decision, tuple(entry["difference"] is not None for entry in decision.would_change))
    if tree.size >= MOST:
        tree.roots.clear()
        tree.size = 0
    tree.size += 1
    kinds = tree.kinds
    if any(readings.get(name) == taken for name, taken in SUMMED.items()):
        kinds = {path: kind for path, kind in kinds.items() if path not in COUNTS}
    _hang(tree, root, watched, kept, kinds)
    return decision


def _planted(page: Page, special: bool) -> Tree:
    """An empty tree with the lines of the page, and with those of its lists where it is for them."""
    lines = {path: {1, *(page.numbers[name] for name in page.numbers if _of(name, path))} for path in COUNTS}
    ends: tuple[str, ...] = ()
    if special:
        lists = [book().zone_lists[id] for id in page.list_ids]
        ends = tuple(one.expected_end[0] for one in lists if one.expected_end)
        lines = {path: of_page | _lines_beside(page, lists) for path, of_page in lines.items()}
    countries = {country: country for country in page.gba_recipients | {"CN"}}
    return Tree(
        kinds={
            **{path: partial(bisect_right, sorted(of_path)) for path, of_path in lines.items()},
            "recipient.country": lambda country: countries.get(country, "elsewhere"),
            "exporter.city": book().in_greater_bay_area,
        },
        ends=ends,
        line_of_2022=page.numbers["persons_for_assessment"] if page.regime == "2022" else None,
    )


def _lines_beside(page: Page, lists: Iterable[ZoneList]) -> set[int]:
    """Lines of lists and their scenarios, and of cars."""
    said = [one.values for zone_list in lists for one in zone_list.sections.get("important", ())]
    lines = {values["persons"] + more for values in said if "persons" in values for more in (0, 1)}
    lines |= {number for scenario in page.scenarios.values() for number in scenario.numbers.values()}
    return lines | {number + 1 for name, number in page.numbers.items() if name == CARS}


def _of(number: str, path: str) -> bool:
    """Whether a number of the law is a line for a fact."""
    if path == "exporter.processes_persons":
        return number.startswith("processed_persons_") or number == "small_handler"
    return number.startswith(f"{path.removeprefix('data.').removesuffix('_before_split')}_for_")


def _root(tree: Tree, given: Values, day: date, readings: Mapping[str, str]) -> tuple[Any, ...]:
    """What an answer hangs on beside single facts: the day within its page, numbers against each other, readings."""
    persons, sensitive = given.get("data.persons", 0), given.get("data.sensitive_persons", 0)
    return (
        day > book().parameters["known"]["checked"],
        tree.line_of_2022 is not None and persons + sensitive >= tree.line_of_2022,
        given.get("data.persons_before_split", 0) > persons,
        given.get("data.sensitive_persons_before_split", 0) > sensitive,
        tuple(f"{day:%Y-%m}" >= end for end in tree.ends) if tree.ends else (),
        tuple(sorted(readings.items())) if readings else (),
    )


def _hang(tree: Tree, root: Any, watched: Watched, kept: Kept, kinds: Kinds) -> None:
    """Hang an answer where the facts that it asked for lead."""
    ways, way = tree.roots, root
    for path in watched.asked:
        kind = kinds.get(path)
        fork = ways.setdefault(way, Fork(path, kind))
        assert isinstance(fork, Fork) and fork.path == path, "the same facts so far must lead to the same next question"
        value = watched.given.get(path)
        ways, way = fork.ways, value if value is None or kind is None else kind(value)
    ways[way] = kept


def _told(kept: Kept, given: Values, day: date) -> Decision:
    """The answer with this question's day and numbers."""
    decision = kept.decision
    return Decision(
        date=day.isoformat(),
        regime=decision.regime,
        pathway=decision.pathway,
        options=decision.options,
        reasons=tuple(
            Reason(one.instrument, one.article, one.rule, {path: given[path] for path in one.facts}, one.text)
            for one in decision.reasons
        ),
        missing=decision.missing,
        obligations=decision.obligations,
        warnings=decision.warnings,
        would_change=tuple(
            with_difference(entry, entry["value"] - given[entry["fact"]]) if counted else entry
            for entry, counted in zip(decision.would_change, kept.counted, strict=True)
        ),
    )
