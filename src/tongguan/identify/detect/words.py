"""Known words: an automaton over all of `keywords.yaml`, and what its hits say.

Aho and Corasick's machine (Communications of the ACM 18(6), 1975) with a full transition table over the few hundred
characters that occur in words: one look-up a character, no callback.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
import yaml
from numpy.typing import NDArray

from tongguan.identify.detect.characters import FOLD, IGNORABLE, KIND, LETTER, units_of
from tongguan.identify.detect.kernels import find_words, skip_gaps

__all__ = ["Words", "label_of", "meaning", "meanings", "read_words"]

_ANY_ORDER: Final = ("labels", "titles", "openings", "terms", "cues", "marks")
_MEANINGS: Final = 6  # at most, of one word
_GAP: Final = np.zeros(65536, np.uint8)
"""Signs that may stand between a label and its value."""
_GAP[[ord(c) for c in " \t\r\n\"'`:：=＝>】）)]|，,-—\\是为\u3000\u00a0“‘「{["]] = 1


@dataclass(frozen=True, slots=True)
class _Automaton:
    symbols: NDArray[np.uint16]  # (65536,) unit → column; 0 breaks a word, 1 is skipped
    goto: NDArray[np.int32]  # (states * width,)
    match: NDArray[np.int32]  # (states,) word that ends here, or -1
    report: NDArray[np.int32]  # (states,) first state of the chain of words that end here, 0 for none
    fallback: NDArray[np.int32]  # (states,) next in that chain
    sizes: NDArray[np.int32]  # (words,)
    latin: NDArray[np.uint8]  # (words,) 1 where the word needs borders
    meanings: NDArray[np.int32]  # (words, _MEANINGS) meanings, -1 where there are fewer
    labels: NDArray[np.int32]  # (words,) meaning as a label, or -1
    names: tuple[str, ...]  # meaning → "labels/phone", "titles", …


@dataclass(frozen=True, slots=True)
class Words:
    """Hits, none inside another, by end."""

    start: NDArray[np.int32]
    end: NDArray[np.int32]  # exclusive
    meanings: NDArray[np.int32]  # (n, _MEANINGS), see `meanings`
    label: NDArray[np.int32]  # (n,) its meaning as a label, or -1
    value: NDArray[np.int32]  # (n,) where the value stands that it may label

    def of(self, meaning: int) -> NDArray[np.int64]:
        """Indices of the hits that have a meaning."""
        return np.flatnonzero((self.meanings == meaning).any(axis=1))


def _entries() -> list[tuple[str, str]]:
    text = files(__package__).joinpath("keywords.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    entries = []
    for section in _ANY_ORDER:
        rows = loaded[section]
        for name, words in rows.items() if isinstance(rows, dict) else [("", rows)]:
            meaning = f"{section}/{name}" if name else section
            entries += [(variant, meaning) for word in words for variant in _variants(str(word))]
    return entries


def _variants(word: str) -> list[str]:
    """A label of several Latin words is also written with signs between them, or none."""
    if " " not in word:
        return [word]
    return [word.replace(" ", sign) for sign in (" ", "_", "-", "")]


@cache
def _automaton() -> _Automaton:
    entries = _entries()
    names = tuple(dict.fromkeys(meaning for _, meaning in entries))
    table: dict[str, list[int]] = {}
    for word, meaning in entries:
        of_word = table.setdefault(_key(word), [])
        if names.index(meaning) not in of_word:
            of_word.append(names.index(meaning))
    words = list(table)
    symbols = _symbols(words)
    goto, match, report, fallback = _machine(words, symbols)
    rows = np.full((len(words), _MEANINGS), -1, np.int32)
    labels = np.full(len(words), -1, np.int32)
    for number, word in enumerate(words):
        rows[number, : len(table[word])] = table[word]
        labels[number] = next((m for m in table[word] if names[m].startswith("labels/")), -1)
    return _Automaton(
        symbols, goto, match, report, fallback,
        np.array([len(word) for word in words], np.int32),
        np.array([word[0].isascii() and word[0].isalpha() and word[-1].isascii() and word[-1].isalpha()
                  and word not in ("EYJ", "AIZA", "AKIA", "LTAI", "AKID") for word in words], np.uint8),
        rows, labels, names,
    )  # fmt: skip


def _key(word: str) -> str:
    return "".join(c.upper() if c.isascii() else c for c in word)


def _symbols(words: list[str]) -> NDArray[np.uint16]:
    symbols = np.zeros(65536, np.uint16)
    symbols[KIND == IGNORABLE] = 1
    for column, character in enumerate(sorted({c for word in words for c in word}), start=2):
        symbols[ord(character)] = column
    letters = np.flatnonzero(KIND == LETTER)
    symbols[letters] = symbols[FOLD[letters]]
    return symbols


def _machine(words: list[str], symbols: NDArray[np.uint16]) -> tuple[NDArray[np.int32], ...]:
    width = int(symbols.max()) + 1
    children: list[dict[int, int]] = [{}]
    match = [-1]
    for number, word in enumerate(words):
        state = 0
        for character in word:
            symbol = int(symbols[ord(character)])
            if symbol not in children[state]:
                children[state][symbol] = len(children)
                children.append({})
                match.append(-1)
            state = children[state][symbol]
        match[state] = number
    goto = np.zeros((len(children), width), np.int32)
    report, fallback, suffix = [0] * len(children), [0] * len(children), [0] * len(children)
    queue = deque([0])
    while queue:  # breadth first: a state's suffix is complete before the state is
        state = queue.popleft()
        if state:
            goto[state] = goto[suffix[state]]
            fallback[state] = report[suffix[state]]
            report[state] = state if match[state] >= 0 else fallback[state]
        for symbol, child in children[state].items():
            suffix[child] = int(goto[suffix[state], symbol]) if state else 0
            queue.append(child)
        for symbol, child in children[state].items():
            goto[state, symbol] = child
    as_array = [np.array(column, np.int32) for column in (match, report, fallback)]
    return goto.reshape(-1), *as_array


@cache
def meaning(name: str) -> int:
    """Number of a meaning such as "labels/phone" or "titles"."""
    return _automaton().names.index(name)


def meanings() -> tuple[str, ...]:
    """All meanings, by number."""
    return _automaton().names


def read_words(units: NDArray[np.uint16]) -> Words:
    """The known words in a text given as units."""
    a = _automaton()
    start, end, words = find_words(units, a.symbols, a.goto, a.match, a.report, a.fallback, a.sizes, a.latin)
    return Words(start, end, a.meanings[words], a.labels[words], skip_gaps(units, _GAP, end))


@cache
def label_of(header: str) -> int:
    """What the values of a column of this name are: a meaning, or -1. The last label in the name decides."""
    found = read_words(units_of(header))
    labels = found.label[found.label >= 0]
    return int(labels[-1]) if len(labels) else -1
