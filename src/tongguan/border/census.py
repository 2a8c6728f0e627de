"""How many persons a set of subjects is, once it is known who each subject is.

Names are left out where they may count once for many bundles of subjects: see `counting`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tongguan.border.joining import Ints, Persons, ranges

__all__ = ["Census", "distinct"]


@dataclass(frozen=True, slots=True)
class _Held:
    """What each subject holds of one kind: numbers, those of one subject side by side."""

    start: Ints  # by subject
    size: Ints
    what: Ints

    @classmethod
    def of(cls, subject: Ints, what: Ints, subjects: int) -> _Held:
        order = np.argsort(subject, kind="stable")
        size = np.bincount(subject, minlength=subjects).astype(np.int64)
        return cls(np.cumsum(size) - size, size, what[order])

    def by(self, members: Ints) -> tuple[Ints, Ints]:
        """Each holder among the members with each thing that it holds."""
        size = self.size[members]
        return np.repeat(members, size), self.what[ranges(self.start[members], size)]


class Census:
    """Counts sets of subjects. `members` are distinct subjects, in any order. `hub`: of each group of the lower bound
    the hub that it belongs to (see `hubs`), -1 where there is none."""

    def __init__(self, persons: Persons, hub: Ints) -> None:
        subjects = len(persons.estimate)
        self._persons, self._hub = persons, hub
        self._cards = _Held.of(*persons.cards, subjects)
        self._names = np.maximum(np.bincount(persons.vague_names[0], minlength=subjects), 1)

    def low(self, members: Ints) -> int:
        """Groups of known subjects; names that no known subject among the members bears come on top, and hubs."""
        own = np.where(self._hub[self._persons.low] < 0, self._persons.low, -1)
        holders, cards = self._cards.by(members)
        mine, of_cards = own[members], own[holders]
        groups = len(distinct(mine[mine >= 0])) + len(distinct(cards))
        return groups - len(distinct(of_cards[of_cards >= 0]))

    def hubs(self, members: Ints) -> tuple[Ints, Ints]:
        """Hubs that known subjects belong to, and those that subjects with an identity number do."""
        holders, _ = self._cards.by(members)
        known = members[self._persons.low[members] >= 0]
        of_known, of_holders = self._hub[self._persons.low[known]], self._hub[self._persons.low[holders]]
        return distinct(of_known[of_known >= 0]), distinct(of_holders[of_holders >= 0])

    def estimate(self, members: Ints) -> int:
        """Groups of known subjects; the names of vague ones come on top."""
        return self._groups(self._persons.estimate, members)

    def high(self, members: Ints) -> int:
        """Groups of known subjects, and each vague subject as often as it has names, but once at least."""
        vague = members[self._persons.high[members] < 0]
        return self._groups(self._persons.high, members) + int(self._names[vague].sum())

    def _groups(self, label: Ints, members: Ints) -> int:
        """Groups that the members belong to; one with several identity numbers is as many persons."""
        labels = label[members]
        holders, cards = self._cards.by(members)
        return len(distinct(labels[labels >= 0])) + len(distinct(cards)) - len(distinct(label[holders]))


def distinct(codes: Ints) -> Ints:
    """The different numbers of 0 or more: marked on a board, or sorted where the board would be far larger."""
    size = int(codes.max(initial=-1)) + 1
    if size > 64 * len(codes):
        return np.unique(codes)
    board = np.zeros(size, bool)
    board[codes] = True
    return np.flatnonzero(board)
