"""Three-valued judgement by completion: what the answer is over everything that the unknown facts could be.

Rules are asked in order. Where one needs an unknown fact, the question is split over all that the fact could be, and
asked again: the leaves of that tree cover every completion of the facts, and only those that make a difference are told
apart. One pathway in all leaves is a definite answer; more than one is `undetermined`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from tongguan.law.book import Page, Rule, book
from tongguan.law.facts import FIELDS
from tongguan.law.rules import CONDITIONS
from tongguan.law.tree import Tree, planted
from tongguan.law.view import Assumption, Range, Unknown, View
from tongguan.model import Pathway

__all__ = ["Leaf", "Verdict", "compatible", "deciding_rule", "judge"]


@dataclass(frozen=True, slots=True)
class Leaf:
    """What was assumed of the unknown facts, and the rule that then decides; no rule is before all rules."""

    assumed: Mapping[str, Assumption]
    rule: Rule | None
    reads: tuple[
        str, ...
    ] = ()  # the given facts on the whole way to the rule: also those that kept others from applying

    @property
    def pathway(self) -> str:
        return self.rule.pathway if self.rule else Pathway.UNDETERMINED


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement of one set of facts on one page of the law."""

    page: Page
    given: Mapping[str, Any]
    readings: Mapping[str, str]
    leaves: tuple[Leaf, ...]
    looked_at: frozenset[str] = field(init=False)  # given facts that the rules asked for: no other changes the pathway
    pathways: tuple[str, ...] = field(init=False)  # the possible ones, each once, in the order in which they were met

    def __post_init__(self) -> None:
        object.__setattr__(self, "looked_at", frozenset(path for leaf in self.leaves for path in leaf.reads))
        object.__setattr__(self, "pathways", tuple(dict.fromkeys(leaf.pathway for leaf in self.leaves)))

    @property
    def pathway(self) -> Pathway:
        return Pathway(self.pathways[0]) if len(self.pathways) == 1 else Pathway.UNDETERMINED

    def view(self, leaf: Leaf) -> View:
        return View(self.page, self.given, self.readings, leaf.assumed)

    def missing(self) -> tuple[str, ...]:
        """Unknown facts of which one alone, changed, can change the answer."""
        if len(self.pathways) == 1:
            return ()
        found: set[str] = set()
        for one, other in combinations(self.leaves, 2):
            if one.pathway != other.pathway:
                apart = _apart(one.assumed, other.assumed)
                if len(apart) == 1:
                    found |= apart
        return tuple(path for path in FIELDS if path in found)


def judge(page: Page, given: Mapping[str, Any], readings: Mapping[str, str] | None = None) -> Verdict:
    """The verdict on facts given (by dotted path, date left aside) under the law of a page."""
    taken = {name: entry["default"] for name, entry in book().readings.items()} | dict(readings or {})
    tree: Tree[tuple[Leaf, ...]] = planted(page, given, "leaves")
    root = tuple(taken.values())
    leaves = tree.find(root, given)
    if leaves is None:
        leaves = tree.work_out(root, given, taken, lambda facts: _leaves(page, facts, taken))
    return Verdict(page, given, taken, leaves)


def _leaves(page: Page, given: Mapping[str, Any], readings: Mapping[str, str]) -> tuple[Leaf, ...]:
    """The question split until every part has its rule."""
    leaves: list[Leaf] = []
    open_ends: list[dict[str, Assumption]] = [{}]
    while open_ends:
        assumed = open_ends.pop()
        view = View(page, given, readings, assumed)
        try:
            leaves.append(Leaf(assumed, deciding_rule(view), tuple(view.reads)))
        except Unknown as unknown:
            open_ends += [assumed | {unknown.path: value} for value in reversed(unknown.alternatives)]
    return tuple(leaves)


def deciding_rule(view: View, without: Iterable[str] = ()) -> Rule | None:
    """The first rule that holds. Raises Unknown where that hangs on an unknown fact."""
    for rule in view.page.rules:
        if rule.id not in without and CONDITIONS[rule.id](view):
            return rule
    return None


def _apart(one: Mapping[str, Assumption], other: Mapping[str, Assumption]) -> set[str]:
    """The facts on which two sets of assumptions exclude each other."""
    return {path for path in one.keys() & other.keys() if not compatible(one[path], other[path])}


def compatible(one: Assumption, other: Assumption) -> bool:
    """Whether two assumptions about one fact can both be true."""
    if isinstance(one, Range) and isinstance(other, Range):
        return one.overlaps(other)
    return one == other
