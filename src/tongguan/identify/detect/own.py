"""The organisation's own data types: patterns of RE2 and words, over a text whose odd writings are made plain."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.check_digits import CHECKS
from tongguan.identify.detect.characters import DIGIT, IGNORABLE, KIND, LETTER, Units, units_of
from tongguan.identify.detect.view import Candidate, View, labelled_cells
from tongguan.identify.detect.words import automaton_of, read_words, variants
from tongguan.identify.pieces import Piece
from tongguan.identify.type_packs import OwnType

__all__ = ["OwnTypes"]

Spans = NDArray[np.int64]  # (n, 2) start, end in the text

_DETECTOR: Final = "own"
_REACH: Final = 24  # characters between a label and the value that it stands before
_LABELLED: Final = 0.15  # what a label adds to a score
_HIGHEST: Final = 0.97

_WORD: Final = np.isin(KIND, (DIGIT, LETTER))
_CODES: Final = np.arange(65536)
_ODD: Final = (
    (KIND == IGNORABLE) | ((_CODES >= 0xFF01) & (_CODES <= 0xFF5E)) | ((_CODES >= 0xD800) & (_CODES <= 0xDFFF))
)


class OwnTypes:
    """Finds values of an organisation's own types."""

    def __init__(self, types: Iterable[OwnType]) -> None:
        types = list(types)
        self._patterns = [(one, pattern) for one in types for pattern in one.compiled()]
        self._words = _Lexicon((word, one) for one in types for word in one.words)
        self._labels = _Lexicon((writing, one) for one in types for label in one.labels for writing in variants(label))

    def cells(self, pieces: Sequence[Piece], starts: Sequence[int]) -> NDArray[np.int64]:
        """Cells of tables with the label in their column's name: (n, 3) start, end, label or -1."""
        if not self._labels:
            return np.zeros((0, 3), np.int64)
        return labelled_cells(pieces, starts, self._labels.last_in)

    def find(self, view: View, cells: NDArray[np.int64]) -> Iterator[Candidate]:
        """Candidates, in no order. `cells` are those of `cells`, in the view's offsets."""
        labels = _Labels(self._labels, view, cells)
        plain = _Plain(view) if self._patterns else None
        for one, pattern in self._patterns:
            for start, end in _alone(one, view.units, plain.spans(pattern)).tolist() if plain else ():
                if score := _score(one, start, labels):
                    value = _value(view.text[start:end], one)
                    if _passes(value, one.check):
                        yield Candidate(start, end, one.id, score, one.check or "form", _DETECTOR, value)
        for one, spans in self._words.hits_by_type(view.units):
            for start, end in _alone(one, view.units, spans).tolist():
                value = _value(view.text[start:end], one)
                if (one.ignore_case or value in one.words) and (score := _score(one, start, labels)):
                    yield Candidate(start, end, one.id, score, "dictionary", _DETECTOR, value)


class _Lexicon:
    """Words that belong to types, found in one run over a text; case is not looked at."""

    def __init__(self, words: Iterable[tuple[str, OwnType]]) -> None:
        owners: dict[str, dict[str, OwnType]] = {}
        for word, one in words:
            owners.setdefault(_plainly(word).upper(), {})[one.id] = one
        self._owners = [tuple(found.values()) for found in owners.values()]
        entries = [(word, "labels", str(number)) for number, word in enumerate(owners)]
        self._automaton = automaton_of(entries) if entries else None

    def __bool__(self) -> bool:
        return self._automaton is not None

    def hits(self, units: Units) -> tuple[Spans, list[tuple[OwnType, ...]]]:
        """Where words stand, by their ends, and the types of each; of words inside each other the longest."""
        if self._automaton is None:
            return np.zeros((0, 2), np.int64), []
        found = read_words(units, self._automaton)
        names = [self._owners[int(name)] for name in self._automaton.label_names]
        return np.column_stack((found.start, found.end)).astype(np.int64), [names[i] for i in found.label.tolist()]

    def hits_by_type(self, units: Units) -> Iterator[tuple[OwnType, Spans]]:
        spans, owners = self.hits(units)
        for one in dict.fromkeys(one for each in owners for one in each):
            yield one, spans[[one in each for each in owners]]

    def last_in(self, header: str) -> int:
        """The last word in the name of a column, by its number, or -1."""
        if self._automaton is None:
            return -1
        found = read_words(units_of(header), self._automaton).label
        return int(self._automaton.label_names[int(found[-1])]) if len(found) else -1

    def owners(self, number: int) -> tuple[OwnType, ...]:
        return self._owners[number]


class _Labels:
    """Which types a place in a text is labelled as: by a word before it, or by the name of its column."""

    def __init__(self, lexicon: _Lexicon, view: View, cells: NDArray[np.int64]) -> None:
        self._lexicon, self._text, self._cells = lexicon, view.text, cells
        spans, self._owners = lexicon.hits(view.units)
        self._ends = spans[:, 1].tolist()

    def names(self, one: OwnType, start: int) -> bool:
        at = bisect_right(self._ends, start) - 1
        while at >= 0 and start - self._ends[at] <= _REACH:
            gap = self._text[self._ends[at] : start]
            if "\x00" in gap or gap.count("\n") > 1:
                break
            if one in self._owners[at]:
                return True
            at -= 1
        if not len(self._cells):
            return False
        cell = int(np.searchsorted(self._cells[:, 0], start, side="right")) - 1
        first, last, label = self._cells[cell].tolist() if cell >= 0 else (0, 0, -1)
        return first <= start < last and label >= 0 and one in self._lexicon.owners(label)


class _Plain:
    """A text with full-width forms made narrow and zero-width characters dropped, as UTF-8, and the way back."""

    def __init__(self, view: View) -> None:
        self._places: NDArray[np.int64] | None = None  # of each character kept, where some were dropped
        self._is_ascii = view.text.isascii()
        if not _ODD[view.units].any():
            self._bytes = view.text.encode()
            return
        codes = np.frombuffer(view.text.encode("utf-32-le", "surrogatepass"), "<u4").copy()
        wide = (codes >= 0xFF01) & (codes <= 0xFF5E)
        codes[wide] -= 0xFEE0
        codes[(codes >= 0xD800) & (codes <= 0xDFFF)] = 0xFFFD
        self._places = np.flatnonzero(KIND[np.minimum(codes, 0xFFFF)] != IGNORABLE)
        self._bytes = codes[self._places].tobytes().decode("utf-32-le").encode()

    @cached_property
    def _characters(self) -> NDArray[np.int64]:
        """Of each byte the character that it belongs to."""
        ordinals = np.cumsum((np.frombuffer(self._bytes, np.uint8) & 0xC0) != 0x80) - 1
        return ordinals if self._places is None else self._places[ordinals]

    def spans(self, pattern: Any) -> Spans:
        """Where in the text a pattern matches; empty matches are none."""
        found = np.array([match.span() for match in pattern.finditer(self._bytes)], np.int64).reshape(-1, 2)
        found = found[found[:, 0] < found[:, 1]]
        if len(found) and not self._is_ascii:
            found = np.column_stack((self._characters[found[:, 0]], self._characters[found[:, 1] - 1] + 1))
        return found


def _alone(one: OwnType, units: Units, spans: Spans) -> Spans:
    """Those at whose ends no Latin letter or digit goes on; Chinese runs on without borders."""
    if one.inside or not len(spans):
        return spans
    start, end = spans[:, 0], spans[:, 1]
    before = (start > 0) & _WORD[units[start - 1]] & _WORD[units[start]]
    behind = (end < len(units)) & _WORD[units[end - 1]] & _WORD[units[np.minimum(end, len(units) - 1)]]
    return spans[~(before | behind)]


def _score(one: OwnType, start: int, labels: _Labels) -> float:
    """0 where a label is needed and there is none."""
    if labels.names(one, start):
        return max(one.score, min(_HIGHEST, round(one.score + _LABELLED, 2)))
    return 0.0 if one.needs_label else one.score


def _passes(value: str, check: str | None) -> bool:
    return check is None or CHECKS[check]("".join(filter(str.isalnum, value)).upper())


def _value(text: str, one: OwnType) -> str:
    """Equal for every writing of the same value."""
    plain = _plainly(text)
    return plain.upper() if one.ignore_case else plain


def _plainly(text: str) -> str:
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFKC", text) if KIND[min(ord(c), 0xFFFF)] != IGNORABLE)
