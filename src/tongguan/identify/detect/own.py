"""The organisation's own data types: patterns of RE2 and words, over a text whose odd writings are made plain."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.check_digits import CHECKS
from tongguan.identify.detect.characters import IGNORABLE, KIND, Units, units_of
from tongguan.identify.detect.view import Candidate, View, labelled_cells
from tongguan.identify.detect.words import automaton_of, read_words, variants
from tongguan.identify.pieces import Piece
from tongguan.identify.type_packs import OwnType

__all__ = ["OwnTypes"]

_DETECTOR: Final = "own"
_REACH: Final = 24  # characters between a label and the value that it stands before
_LABELLED: Final = 0.15  # what a label adds to a score
_HIGHEST: Final = 0.97


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
        plain = _Plain(view.text) if self._patterns else None
        for one, pattern in self._patterns:
            for start, end in plain.spans(pattern) if plain else ():
                value = _value(view.text[start:end], one)
                if (one.inside or _stands_alone(view.text, start, end)) and _passes(value, one.check):
                    yield from _candidate(one, start, end, value, one.check or "form", labels)
        for start, end, owners in self._words.hits(view.units):
            for one in owners:
                value = _value(view.text[start:end], one)
                if (one.ignore_case or value in one.words) and (one.inside or _stands_alone(view.text, start, end)):
                    yield from _candidate(one, start, end, value, "dictionary", labels)


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

    def hits(self, units: Units) -> list[tuple[int, int, tuple[OwnType, ...]]]:
        """Start, end and the types of each word found; of words inside each other the longest."""
        if self._automaton is None:
            return []
        found = read_words(units, self._automaton)
        names = [self._owners[int(name)] for name in self._automaton.label_names]
        rows = zip(found.start.tolist(), found.end.tolist(), found.label.tolist(), strict=True)
        return [(start, end, names[label]) for start, end, label in rows]

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
        self._hits = lexicon.hits(view.units)
        self._ends = [end for _, end, _ in self._hits]

    def names(self, one: OwnType, start: int) -> bool:
        at = bisect_right(self._ends, start) - 1
        while at >= 0 and start - self._ends[at] <= _REACH:
            gap = self._text[self._ends[at] : start]
            if "\x00" in gap or gap.count("\n") > 1:
                break
            if one in self._hits[at][2]:
                return True
            at -= 1
        if not len(self._cells):
            return False
        cell = int(np.searchsorted(self._cells[:, 0], start, side="right")) - 1
        first, last, label = self._cells[cell].tolist() if cell >= 0 else (0, 0, -1)
        return first <= start < last and label >= 0 and one in self._lexicon.owners(label)


class _Plain:
    """A text with full-width forms made narrow and zero-width characters dropped, as UTF-8, and the way back."""

    def __init__(self, text: str) -> None:
        self._back: NDArray[np.int64] | None = None
        if text.isascii():
            self._bytes = text.encode()
            return
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4").copy()
        wide = (codes >= 0xFF01) & (codes <= 0xFF5E)
        codes[wide] -= 0xFEE0
        codes[(codes >= 0xD800) & (codes <= 0xDFFF)] = 0xFFFD
        kept = np.flatnonzero(KIND[np.minimum(codes, 0xFFFF)] != IGNORABLE)
        self._bytes = codes[kept].tobytes().decode("utf-32-le").encode()
        leads = (np.frombuffer(self._bytes, np.uint8) & 0xC0) != 0x80
        self._back = kept[np.cumsum(leads) - 1]  # of each byte: the place of its character

    def spans(self, pattern: Any) -> Iterator[tuple[int, int]]:
        """Start and end in the text of what a pattern matches; empty matches are none."""
        back = self._back
        for match in pattern.finditer(self._bytes):
            start, end = match.span()
            if start < end:
                yield (start, end) if back is None else (int(back[start]), int(back[end - 1]) + 1)


def _candidate(one: OwnType, start: int, end: int, value: str, validator: str, labels: _Labels) -> Iterator[Candidate]:
    labelled = labels.names(one, start)
    if labelled or not one.needs_label:
        score = max(one.score, min(_HIGHEST, round(one.score + _LABELLED, 2))) if labelled else one.score
        yield Candidate(start, end, one.id, score, validator, _DETECTOR, value)


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether no letter or digit of its own kind goes on before or behind it; Chinese runs on without borders."""
    return not (_goes_on(text[start], text[start - 1 : start]) or _goes_on(text[end - 1], text[end : end + 1]))


def _goes_on(edge: str, beside: str) -> bool:
    return bool(beside) and all(unicodedata.east_asian_width(c) != "W" and c.isalnum() for c in (edge, beside))


def _passes(value: str, check: str | None) -> bool:
    return check is None or CHECKS[check]("".join(filter(str.isalnum, value)).upper())


def _value(text: str, one: OwnType) -> str:
    """Equal for every writing of the same value."""
    plain = _plainly(text)
    return plain.upper() if one.ignore_case else plain


def _plainly(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text) if KIND[min(ord(c), 0xFFFF)] != IGNORABLE)
