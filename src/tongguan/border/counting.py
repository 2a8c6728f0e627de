"""Natural persons, each counted once, for any choice of exchanges, in bounded memory.

The subjects of all chosen exchanges come in bundles (`bundles`): nobody of one bundle is one person with somebody of
another, so each is joined by itself (`joining`), counted (`census`), and forgotten, and the counts are added up. Two
things go across. Names: of subjects without a strong identifier each name is one person, wherever it stands; they are
put aside by their hashes and counted at the end, lot by lot. And what very many have in common (`hubs`): it joins
people for the lower bound.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import duckdb
import numpy as np
from numpy.typing import NDArray

from tongguan.border.bundles import Bundle, Kind, Subjects, on_board
from tongguan.border.census import Census, distinct
from tongguan.border.hubs import Hubs
from tongguan.border.joining import Ints, Persons, join, ranges
from tongguan.border.spool import Spool, part_of
from tongguan.model import Count

__all__ = ["CERTAIN", "ESTIMATED", "POSSIBLE", "Asked", "count_persons"]

CERTAIN, ESTIMATED, POSSIBLE = 0, 1, 2
"""What a group of exchanges weighs in: estimate and both bounds, estimate and upper bound, upper bound only."""

Data = Literal["any", "sensitive", "ordinary"]
Choice = frozenset[int]
"""Kinds of subjects' rows: a set of subjects to count."""

_NAME = np.dtype([("name", "u8"), ("code", "u4")])  # code: twice the kind, and 1 where its bearer is known
_LOTS: Final = 64  # of names


@dataclass(frozen=True, slots=True)
class Asked:
    """One count asked for: over these groups of exchanges, each with what it weighs in, and of this kind of data."""

    groups: Mapping[int, int]  # group → CERTAIN, ESTIMATED or POSSIBLE
    data: Data = "any"


def count_persons(
    cursor: duckdb.DuckDBPyConnection, chosen: str, asked: Sequence[Asked]
) -> tuple[list[Count], dict[tuple[int, str], int]]:
    """Counts as asked, and the estimate for each (`part`, data type).

    `chosen`: a query for the columns uid (of an exchange), number (its group) and part (for the second answer).
    """
    with Subjects(cursor, chosen) as subjects:
        by_group: dict[int, list[int]] = defaultdict(list)
        by_type: dict[tuple[int, str], list[int]] = defaultdict(list)
        for number, kind in enumerate(subjects.kinds):
            by_group[kind.number].append(number)
            for type in kind.types:
                by_type[kind.part, type].append(number)
        wanted = [_choices(one, subjects.kinds, by_group) for one in asked]
        typed = {key: Choice(kinds) for key, kinds in by_type.items()}
        sums = _Sums(
            low=_Sum({low for low, _, _ in wanted}),
            estimate=_Sum({estimate for _, estimate, _ in wanted} | set(typed.values())),
            high=_Sum({high for _, _, high in wanted}),
            hubs=Hubs(subjects.hubs),
        )
        with Spool(_LOTS, _NAME, subjects.folder) as names:
            for bundle in subjects.bundles():
                persons = join(bundle.links)
                sums.add(bundle, persons)
                _put_names_aside(bundle, persons, subjects.borne, names)
            for lot in range(_LOTS if len(names) else 0):
                sums.add_names(names.read(lot))
            sums.add_hubs()
    counts = [
        Count(count=sums.estimate.of[estimate], low=sums.low.of[low], high=sums.high.of[high])
        for low, estimate, high in wanted
    ]
    return counts, {key: sums.estimate.of[choice] for key, choice in typed.items()}


def _choices(one: Asked, kinds: Sequence[Kind], by_group: Mapping[int, list[int]]) -> tuple[Choice, Choice, Choice]:
    """What weighs in at each tier."""

    def at(tier: int) -> Choice:
        return Choice(
            kind
            for group, weighs in one.groups.items()
            if weighs <= tier
            for kind in by_group.get(group, ())
            if one.data == "any" or getattr(kinds[kind], one.data)
        )

    return at(CERTAIN), at(ESTIMATED), at(POSSIBLE)


class _Sum:
    """A count for each of some choices."""

    def __init__(self, choices: Iterable[Choice]) -> None:
        self.of = dict.fromkeys(choices, 0)
        self._with: dict[int, list[Choice]] = defaultdict(list)
        for choice in self.of:
            for kind in choice:
                self._with[kind].append(choice)

    def concerned(self, kinds: Iterable[int]) -> set[Choice]:
        """The choices that hold any of these kinds."""
        return {choice for kind in kinds for choice in self._with.get(kind, ())}


class _ByKind:
    """Numbers under kinds or codes, gathered for many choices of these."""

    def __init__(self, kind: Ints, what: Ints) -> None:
        order = np.argsort(kind, kind="stable")
        self._what = what[order]
        self.kinds, starts = np.unique(kind[order], return_index=True)
        self._slices = (
            dict(zip(self.kinds.tolist(), np.split(self._what, starts[1:]), strict=True)) if len(kind) else {}
        )

    def of(self, choice: Iterable[int]) -> Ints:
        """The different numbers under any of these."""
        found = [self._slices[kind] for kind in choice if kind in self._slices]
        return distinct(np.concatenate(found)) if found else np.zeros(0, np.int64)


@dataclass(frozen=True)
class _Sums:
    """What is counted of each choice, in each of the three ways."""

    low: _Sum
    estimate: _Sum
    high: _Sum
    hubs: Hubs
    _of_hubs: dict[Choice, tuple[NDArray[np.bool_], NDArray[np.bool_]]] = field(default_factory=dict)

    def add(self, bundle: Bundle, persons: Persons) -> None:
        hub = self.hubs.groups(persons.low, *bundle.hubs)
        census = Census(persons, hub)
        held = _ByKind(bundle.kind, bundle.subject)
        kinds = Choice(held.kinds.tolist())
        members: dict[Choice, Ints] = {}
        for sum_, count in ((self.low, census.low), (self.estimate, census.estimate), (self.high, census.high)):
            for choice in sum_.concerned(kinds):
                if (within := choice & kinds) not in members:
                    members[within] = held.of(within)
                sum_.of[choice] += count(members[within])
        if (hub >= 0).any():
            for choice in self.low.concerned(kinds):
                self._see_hubs(choice, *census.hubs(members[choice & kinds]))

    def _see_hubs(self, choice: Choice, known: Ints, holders: Ints) -> None:
        if choice not in self._of_hubs:
            self._of_hubs[choice] = (np.zeros(len(self.hubs), bool), np.zeros(len(self.hubs), bool))
        for seen, these in zip(self._of_hubs[choice], (known, holders), strict=True):
            seen[these] = True

    def add_hubs(self) -> None:
        """Groups that belong to one hub over all bundles are one; with identity numbers, as many as these, which are
        counted already."""
        for choice, (known, holders) in self._of_hubs.items():
            self.low.of[choice] += self.hubs.persons(known) - self.hubs.persons(holders)

    def add_names(self, rows: NDArray[Any]) -> None:
        """Of vague subjects each name is a person; at least, only where no known subject of the choice bears it."""
        _, name = np.unique(rows["name"], return_inverse=True)
        held = _ByKind(rows["code"].astype(np.int64), name)
        kinds = {code >> 1 for code in held.kinds.tolist()}
        for choice in self.estimate.concerned(kinds):
            self.estimate.of[choice] += len(held.of(2 * kind for kind in choice))
        for choice in self.low.concerned(kinds):
            known = held.of(2 * kind + 1 for kind in choice)
            both = held.of(2 * kind + borne for kind in choice for borne in (0, 1))
            self.low.of[choice] += len(both) - len(known)


def _put_names_aside(bundle: Bundle, persons: Persons, borne: NDArray[np.bool_], names: Spool) -> None:
    """Names of vague subjects, and those of known ones that a vague one may bear, under each kind of their bearers."""
    borne[on_board(bundle.hashes[persons.vague_names[1]])] = True
    order = np.argsort(bundle.subject, kind="stable")
    size = np.bincount(bundle.subject, minlength=bundle.links.subjects)
    start = np.cumsum(size) - size
    for known, (subject, identifier) in enumerate((persons.vague_names, persons.known_names)):
        hashes = bundle.hashes[identifier]
        if not bundle.tied:  # all vague names are known by now
            told = borne[on_board(hashes)]
            subject, hashes = subject[told], hashes[told]
        kind = bundle.kind[order][ranges(start[subject], size[subject])]
        hashes = np.repeat(hashes, size[subject])
        names.add(part_of(hashes, names.parts), hashes, 2 * kind + known)
