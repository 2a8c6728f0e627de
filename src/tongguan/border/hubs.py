"""Identifiers and records of very many subjects, found before anybody is tied, so that they tie nobody into one bundle.

A *hub* is a shared personal identifier of many subjects, or a record of many. It joins known subjects for the lower
bound alone, over all bundles: `Hubs` remembers which groups it touches, and who is one person thereby.

A personal identifier of many subjects that is not shared makes all of them one person. It stands beside few values of
any type, so that most of its subjects differ by nothing that tells persons apart: they are taken as one, by their *set*
of telling identifiers, with the number of subjects that it stands for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tongguan.border.joining import PERSONAL, SHARED, Ints
from tongguan.border.spool import Rows, Spool
from tongguan.border.uniting import flatten, unite

__all__ = ["CHUNK", "MANY", "Found", "Hubs", "among", "find"]

MANY: Final = 100  # subjects of a hub
CHUNK: Final = 500_000  # rows at a time

Hashes = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Found:
    """By their hashes, ascending: shared identifiers of many subjects, records of many, and sets of identifiers whose
    subjects are taken as one, each with how many these are."""

    shared: Hashes
    records: Hashes
    sets: Hashes
    copies: Ints

    def __len__(self) -> int:
        return len(self.shared) + len(self.records)


class Hubs:
    """Which hubs turn out to be one, because a group of known subjects belongs to several."""

    def __init__(self, count: int) -> None:
        self._least = np.arange(count, dtype=np.int32)

    def __len__(self) -> int:
        return len(self._least)

    def groups(self, low: Ints, subject: Ints, hub: Ints) -> Ints:
        """A hub of each group, by its label; -1 where it has none. `low`: the label of each subject, -1 if vague;
        `subject` belongs to `hub`."""
        of = np.full(len(low) + 1, -1, np.int64)  # the last one: of the vague
        known = low[subject] >= 0
        label, hub = low[subject[known]], hub[known]
        of[label] = hub
        unite(self._least, hub.astype(np.int32), of[label].astype(np.int32))
        return of

    def persons(self, seen: NDArray[np.bool_]) -> int:
        flatten(self._least)
        return len(np.unique(self._least[seen]))


def find(identifiers: Spool, links: Spool, records: Spool, held: Spool, kind: Ints) -> Found:
    """`kind`: of an identifier by its type. The spools as `bundles` fills them: `identifiers` and `records` by `one`,
    `links` and `held` by `mark`."""
    many = _often(identifiers, lambda rows: kind[rows["type"]] == PERSONAL)
    is_shared = _is_shared(links, many) if len(many) else np.zeros(0, bool)
    sets = _sets(links, many[~is_shared]) if not is_shared.all() else np.zeros(0, np.uint64)
    return Found(many[is_shared], _often(records), sets, _copies(held, sets))


def among(values: Hashes, known: Hashes) -> Ints:
    """Where values stand in ascending ones; -1 where they do not."""
    if not len(known):
        return np.full(len(values), -1, np.int64)
    place = np.minimum(np.searchsorted(known, values), len(known) - 1)
    return np.where(known[place] == values, place, -1)


def _often(spool: Spool, chosen: Callable[[Any], Any] = lambda _: slice(None)) -> Hashes:
    """Keys of more than `MANY` rows."""
    found = []
    for part in range(spool.parts):
        keys, counts = np.zeros(0, np.uint64), np.zeros(0, np.int64)
        for rows in spool.chunks(part, CHUNK):
            some = rows["one"][chosen(rows)]
            keys, place = np.unique(np.concatenate((keys, some)), return_inverse=True)
            counts = np.bincount(place, np.concatenate((counts, np.ones(len(some)))), len(keys)).astype(np.int64)
        found.append(keys[counts > MANY])
    return np.concatenate(found)


def _is_shared(links: Spool, many: Hashes) -> NDArray[np.bool_]:
    """Whether identifiers stand beside more than `SHARED` values of one other type, in more than so many subjects. Of
    what stands beside each no more is remembered than tells that."""
    seen, shared = _Few(), np.zeros(len(many), bool)
    for rows in _chunks(links):
        place = among(rows["identifier"], many)
        place[shared[place]] = -1  # that is known already
        if not (place >= 0).any():
            continue
        within = np.isin(rows["mark"], rows["mark"][place >= 0])
        rows, place = rows[within], place[within]
        order = np.argsort(rows["mark"], kind="stable")
        rows, place = rows[order], place[order]
        one, beside = _pairs(rows["mark"], place)
        other = rows["type"][one] != rows["type"][beside]
        one, beside = one[other], beside[other]
        seen.add(place[one], rows["type"][beside].astype(np.int64), rows["identifier"][beside])
        seen.add(place[place >= 0], np.full(int((place >= 0).sum()), -1, np.int64), rows["mark"][place >= 0])
        shared = seen.full(len(many))
    return shared


def _pairs(mark: Hashes, place: Ints) -> tuple[Ints, Ints]:
    """Rows with a place, each with every row of the same mark; marks side by side."""
    start = np.searchsorted(mark, mark, "left")
    size = np.searchsorted(mark, mark, "right") - start
    mine = np.flatnonzero(place >= 0)
    offset = np.cumsum(size[mine]) - size[mine]
    beside = np.arange(int(size[mine].sum())) + np.repeat(start[mine] - offset, size[mine])
    return np.repeat(mine, size[mine]), beside


class _Few:
    """Of each place and type the different values, up to one more than `SHARED`."""

    def __init__(self) -> None:
        self._group, self._value = np.zeros(0, np.int64), np.zeros(0, np.uint64)

    def add(self, place: Ints, type: Ints, value: Hashes) -> None:
        group = np.concatenate((self._group, place << 16 | (type + 1)))
        value = np.concatenate((self._value, value))
        order = np.lexsort((value, group))
        group, value = group[order], value[order]
        first = np.ones(len(group), bool)
        first[1:] = (group[1:] != group[:-1]) | (value[1:] != value[:-1])
        group, value = group[first], value[first]
        few = np.arange(len(group)) - np.searchsorted(group, group, "left") <= SHARED
        self._group, self._value = group[few], value[few]

    def full(self, places: int) -> NDArray[np.bool_]:
        """Of each place, whether it is full in any type, and in that of the subjects themselves (-1)."""
        group, count = np.unique(self._group, return_counts=True)
        full = group[count > SHARED]
        types, subjects = np.zeros(places, bool), np.zeros(places, bool)
        own = full & 0xFFFF == 0
        types[full[~own] >> 16], subjects[full[own] >> 16] = True, True
        return types & subjects


def _sets(links: Spool, alone: Hashes) -> Hashes:
    """The sets that these identifiers stand in."""
    sets = np.zeros(0, np.uint64)
    for rows in _chunks(links):
        sets = np.union1d(sets, rows["set"][among(rows["identifier"], alone) >= 0])
    return sets


def _copies(held: Spool, sets: Hashes) -> Ints:
    """How many subjects have each of these sets."""
    copies = np.zeros(len(sets), np.int64)
    for part in range(held.parts if len(sets) else 0):
        marks, of = np.zeros(0, np.uint64), np.zeros(0, np.int64)
        for rows in held.chunks(part, CHUNK):
            place = among(rows["set"], sets)
            marks, first = np.unique(np.concatenate((marks, rows["mark"][place >= 0])), return_index=True)
            of = np.concatenate((of, place[place >= 0]))[first]
        copies += np.bincount(of, minlength=len(sets))
    return copies


def _chunks(spool: Spool) -> Iterator[Rows]:
    return (rows for part in range(spool.parts) for rows in spool.chunks(part, CHUNK))
