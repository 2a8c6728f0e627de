"""What questions have in common that no rule tells apart: a tree of facts, with something kept where they lead.

The first question of its kind is watched: which facts were asked for, one after the other, and what they were. What was
worked out for it hangs on the tree by these facts, and the next question only walks down. Rules compare numbers of
persons with lines and never use them otherwise, so all numbers between two lines are alike; so are all countries and
cities that no rule names.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

from tongguan.law.book import Page, book
from tongguan.law.facts import FIELDS
from tongguan.law.packs.zone_list import ZoneList

__all__ = ["Tree", "Values", "planted"]

Values = Mapping[str, Any]
Kind = Callable[[Any], Any]  # of a fact: which of its values no rule tells apart
COUNTS = tuple(path for path, kind in FIELDS.items() if kind == "count")
CARS = "persons_of_important_automotive_data"
SPECIAL = ("exporter.zone", "exporter.automotive", "activity.zone_list", "activity.zone_scenario")
SUMMED = {"persons_of_both_kinds": "left_out", "persons_of_2022": "together"}  # readings that add numbers up
Thing = TypeVar("Thing")


class Watched(Mapping[str, Any]):
    """Facts that note which of them were asked for, in order; they cannot be gone through, only asked."""

    __slots__ = ("asked", "given")

    def __init__(self, given: Values) -> None:
        self.given = given
        self.asked: dict[str, None] = {}

    def __getitem__(self, path: str) -> Any:
        self.asked[path] = None
        return self.given[path]

    def get(self, path: str, default: Any = None) -> Any:
        self.asked[path] = None
        return self.given.get(path, default)

    def __contains__(self, path: object) -> bool:
        self.asked[path] = None  # type: ignore[index]
        return path in self.given

    def __iter__(self) -> Iterator[str]:
        raise TypeError("ask for facts by name: an answer must not hang on facts that nobody asked for")

    def __len__(self) -> int:
        raise TypeError("ask for facts by name: an answer must not hang on how many are given")


@dataclass(slots=True)
class Fork:
    """Where ways part by one fact; `kind` says which of its values are alike, where not each is for itself."""

    path: str
    kind: Kind | None
    ways: dict[Any, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Tree(Generic[Thing]):
    """Things of one page: by `root`, what they hang on beside single facts, then fork by fork."""

    kinds: Mapping[str, Kind]
    roots: dict[Any, Any] = field(default_factory=dict)
    size: int = 0

    def find(self, root: Any, given: Values) -> Thing | None:
        """What was kept for a question alike."""
        place = self.roots.get(root)
        while type(place) is Fork:
            value = given.get(place.path)
            place = place.ways.get(value if value is None or place.kind is None else place.kind(value))
        return place

    def work_out(self, root: Any, given: Values, readings: Mapping[str, str], work: Callable[[Values], Thing]) -> Thing:
        """Something new, kept for all alike. `work` may only ask for facts by name."""
        watched = Watched(given)
        thing = work(watched)
        book().make_room()
        self.size += 1
        exact = any(readings.get(name) == taken for name, taken in SUMMED.items())
        ways, way = self.roots, root
        for path in watched.asked:
            kind = None if exact and path in COUNTS else self.kinds.get(path)
            fork = ways.setdefault(way, Fork(path, kind))
            assert type(fork) is Fork and fork.path == path, "the same facts so far must lead to the same next question"
            value = given.get(path)
            ways, way = fork.ways, value if value is None or kind is None else kind(value)
        ways[way] = thing
        return thing


def planted(page: Page, given: Values, what: str) -> Tree[Any]:
    """The page's tree of that name for a question.

    Questions that concern no list and no cars share one with all pages that differ in nothing else.
    """
    special = any(path in given for path in SPECIAL)
    key = (what, page.first if special else "national")
    tree: Tree[Any] | None = page.answers.get(key)
    if tree is None:
        tree = page.answers[key] = Tree(_kinds(page, special))
    return tree


def _kinds(page: Page, special: bool) -> Mapping[str, Kind]:
    """Lines of the page, and of its lists where they matter; countries and cities that a rule names."""
    lines = {path: {1, *(page.numbers[name] for name in page.numbers if _of(name, path))} for path in COUNTS}
    if special:
        beside = _lines_beside(page, [book().zone_lists[id] for id in page.list_ids])
        lines = {path: of_page | beside for path, of_page in lines.items()}
    countries = {country: country for country in page.gba_recipients | {"CN"}}
    return {
        **{path: partial(bisect_right, sorted(of_path)) for path, of_path in lines.items()},
        "recipient.country": lambda country: countries.get(country, "elsewhere"),
        "exporter.city": book().in_greater_bay_area,
    }


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
