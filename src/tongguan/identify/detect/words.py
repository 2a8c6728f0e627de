"""Known words: an automaton over all of `keywords.yaml`, and what its hits say.

Aho and Corasick's machine (Communications of the ACM 18(6), 1975) over the characters that occur in words: one look-up
a character, no callback. Traditional characters count as simplified ones.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.detect.automaton import find_words, skip_gaps
from tongguan.identify.detect.characters import FOLD, IGNORABLE, KIND, LETTER, Units, units_of
from tongguan.identify.detect.machine import Machine, build
from tongguan.identify.detect.traditional import SIMPLIFIED
from tongguan.shipped_yaml import shipped_yaml

__all__ = ["Automaton", "Words", "automaton_of", "label_id", "label_of", "read_words", "role_bits", "variants"]

_PREFIXES: Final = frozenset(
    {"EYJ", "AIZA", "AKIA", "ASIA", "ABIA", "ACCA", "ABSK", "LTAI", "AKID", "AKLT", "DAPI", "EZAK", "EZTK", "EAA", "SK"}
    | {"HRKU-AA", "OPS_EYJ", "PYPI-AGE"}
)  # what follows is part of the same word
_GAP: Final = np.zeros(65536, np.uint8)
"""Signs that may stand between a label and its value."""
_NONE: Final = np.zeros(0, np.int64)
_NONE.flags.writeable = False
_GAP[[ord(c) for c in " \t\r\n\"'`:：=＝>】）)]|，,-—\\是为\u3000\u00a0“‘「{["]] = 1


@dataclass(frozen=True, slots=True)
class Automaton:
    machine: Machine
    sizes: NDArray[np.int32]  # (words,)
    latin: NDArray[np.uint8]  # (words,) 1 where the word needs borders
    labels: NDArray[np.int32]  # (words,) label that it is, or -1
    roles: NDArray[np.uint64]  # (words,) what else it is: a bit for each role
    label_names: tuple[str, ...]
    role_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """Hits, none inside another, by end."""

    start: NDArray[np.int32]
    end: NDArray[np.int32]  # exclusive
    label: NDArray[np.int32]  # (n,) the label that it is (see `label_id`), or -1
    roles: NDArray[np.uint64]  # (n,) what else it is: a bit for each role
    value: NDArray[np.int32]  # (n,) where the value stands that it may label
    # Every role is asked for once a text: indices of the hits that have any, their roles, and all of those together.
    told: NDArray[np.int64]
    told_roles: NDArray[np.uint64]
    any_roles: np.uint64

    @classmethod
    def found(
        cls,
        start: NDArray[np.int32],
        end: NDArray[np.int32],
        label: NDArray[np.int32],
        roles: NDArray[np.uint64],
        value: NDArray[np.int32],
    ) -> Words:
        """Hits, with what is asked for often."""
        told = np.flatnonzero(roles)
        of_those = roles[told]
        return cls(start, end, label, roles, value, told, of_those, np.bitwise_or.reduce(of_those))

    def of(self, name: str) -> NDArray[np.int64]:
        """Indices of the hits that have a role: "titles", "openings", "terms/health", "marks/key" …"""
        bit = _role_bit(name)
        return self.told[np.flatnonzero(self.told_roles & bit)] if self.any_roles & bit else _NONE

    def labels(self) -> Words:
        """Only the hits that are labels."""
        return self.chosen(self.label >= 0)

    def chosen(self, which: NDArray[np.bool_]) -> Words:
        """Some of the hits."""
        return Words.found(self.start[which], self.end[which], self.label[which], self.roles[which], self.value[which])

    def within(self, start: int, end: int) -> Words:
        """Those that begin in a stretch of the text, in its offsets."""
        some = slice(*np.searchsorted(self.start, (start, end)).tolist())
        return Words.found(
            self.start[some] - start, self.end[some] - start, self.label[some], self.roles[some],
            self.value[some] - start,
        )  # fmt: skip


@cache
def _role_bit(name: str) -> np.uint64:
    return np.uint64(1 << _automaton().role_names.index(name))


def _entries() -> list[tuple[str, str, str]]:
    """Every writing of every word with its section and its name: ("labels", "phone"), ("terms", "terms/health") …"""
    loaded: dict[str, Any] = shipped_yaml(__package__, "keywords.yaml")
    entries = []
    for section, rows in loaded.items():
        for group, words in rows.items() if isinstance(rows, dict) else [("", rows)]:
            name = group if section == "labels" else f"{section}/{group}" if group else section
            entries += [(variant, section, name) for word in words for variant in variants(str(word))]
    return entries


def variants(word: str) -> list[str]:
    """A label of several Latin words is also written with signs between them, or none."""
    if " " not in word:
        return [word]
    return [word.replace(" ", sign) for sign in (" ", "_", "-", "")]


@cache
def _automaton() -> Automaton:
    return automaton_of(_entries())


def automaton_of(entries: Iterable[tuple[str, str, str]]) -> Automaton:
    """The machine over words given as (writing, section, name): labels in the section "labels", roles in others."""
    table: dict[str, list[tuple[str, str]]] = {}
    for word, section, name in entries:
        table.setdefault(_key(word), []).append((section, name))
    label_names = tuple(dict.fromkeys(n for uses in table.values() for s, n in uses if s == "labels"))
    role_names = tuple(dict.fromkeys(n for uses in table.values() for s, n in uses if s != "labels"))
    words = list(table)
    labels = np.full(len(words), -1, np.int32)
    roles = np.zeros(len(words), np.uint64)
    for number, word in enumerate(words):
        for section, name in table[word]:
            if section != "labels":
                roles[number] |= np.uint64(1 << role_names.index(name))
            elif labels[number] < 0:  # of several labels the first stands
                labels[number] = label_names.index(name)
    symbols = _symbols(words)
    sizes = np.array([len(word) for word in words], np.int32)
    latin = np.array([_needs_borders(word) for word in words], np.uint8)
    return Automaton(build(words, symbols), sizes, latin, labels, roles, label_names, role_names)


def _needs_borders(word: str) -> bool:
    return word.isascii() and word[0].isalpha() and word[-1].isalpha() and word not in _PREFIXES


def _key(word: str) -> str:
    return "".join(c.upper() if c.isascii() else SIMPLIFIED.get(c, c) for c in word)


def _symbols(words: list[str]) -> NDArray[np.uint16]:
    symbols = np.zeros(65536, np.uint16)
    symbols[KIND == IGNORABLE] = 1
    for column, character in enumerate(sorted({c for word in words for c in word}), start=2):
        for written in (character, character.upper(), character.lower()):  # Cyrillic, Greek, accents: in any case
            if len(written) == 1 and not symbols[unit := units_of(written)[0]]:
                symbols[unit] = column
    for traditional, simplified in SIMPLIFIED.items():  # a column for both
        symbols[ord(traditional)] = symbols[ord(simplified)]
    letters = np.flatnonzero(KIND == LETTER)
    symbols[letters] = symbols[FOLD[letters]]
    return symbols


@cache
def label_id(name: str) -> int:
    """Number of a label such as "phone"."""
    return _automaton().label_names.index(name)


def read_words(units: Units, automaton: Automaton | None = None) -> Words:
    """The words that an automaton knows (that of `keywords.yaml` where none is given) in a text given as units."""
    a = automaton or _automaton()
    start, end, words = find_words(units, a.machine, a.sizes, a.latin)
    return Words.found(start, end, a.labels[words], a.roles[words], skip_gaps(units, _GAP, end))


@cache
def role_bits(names: Collection[str]) -> np.uint64:
    """The bits of some roles in `Words.roles`."""
    return np.uint64(sum(1 << _automaton().role_names.index(name) for name in names))


@cache
def label_of(header: str) -> int:
    """What the values of a column of this name are: a label, or -1. The last label in the name decides."""
    found = read_words(units_of(header))
    labels = found.label[found.label >= 0]
    return int(labels[-1]) if len(labels) else -1
