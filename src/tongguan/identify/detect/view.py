"""What every recogniser looks at: one text with its tokens, words, pieces and cells, read once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.detect.characters import Units, units_of
from tongguan.identify.detect.digits import find_numbers
from tongguan.identify.detect.grids import drawn_cells
from tongguan.identify.detect.hl7 import message_cells
from tongguan.identify.detect.inserts import inserted_cells
from tongguan.identify.detect.kernels import Tokens, read_tokens
from tongguan.identify.detect.words import Words, label_of, read_words
from tongguan.identify.pieces import Piece

__all__ = ["BREAK", "Candidate", "Passage", "View", "labelled_cells", "view_of"]

_SHORTEST = 8  # characters of a text that is looked at as a whole
BREAK = "\n\x00\n"  # between pieces: no number, word or label reaches over it


class Candidate(NamedTuple):
    """What a recogniser proposes; offsets are those of the view's text."""

    start: int
    end: int
    type: str
    score: float
    validator: str
    detector: str
    value: str  # normalised: equal for every writing of the same thing


class Passage(NamedTuple):
    """One of the texts in a view, as it is where it stands alone. `ordinal`: by what it is told from the others."""

    text: str
    units: Units
    words: Words
    ordinal: int = 0


@dataclass(frozen=True, slots=True)
class View:
    """One text (several pieces with `BREAK` between them) and what was read in it."""

    text: str
    latest: int  # last day of birth that can be, as yyyymmdd
    units: Units
    tokens: Tokens
    numbers: NDArray[np.int32]  # see `digits.find_numbers`
    words: Words
    cells: NDArray[np.int64]  # (n, 3) start, end, label of the column (-1 for none): ascending
    labelled: Words = field(repr=False)  # only the words that are labels
    breaks: NDArray[np.int64] = field(repr=False)  # where pieces end, ascending

    def passage(self, start: int, end: int, ordinal: int) -> Passage:
        """One of the texts that the view was joined of."""
        if start == 0 and end == len(self.text):
            return Passage(self.text, self.units, self.words, ordinal)
        return Passage(self.text[start:end], self.units[start:end], self.words.within(start, end), ordinal)

    def part(self, start: int, end: int) -> View:
        """The same with the text, cells and breaks of such a text alone, in its offsets; the rest is the whole's."""
        cells = self.cells[slice(*np.searchsorted(self.cells[:, 0], (start, end)).tolist())]
        breaks = self.breaks[slice(*np.searchsorted(self.breaks, (start, end)).tolist())]
        return replace(
            self, text=self.text[start:end], cells=cells - np.array([start, start, 0]), breaks=breaks - start
        )

    def label_before(self, starts: NDArray[np.int32], reach: int) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """The label that stands before each position (or heads its column), -1 for none, and whether it stands directly
        before it.

        `reach` is the greatest distance in characters between a label and the position.
        """
        label = np.full(len(starts), -1, np.int32)
        direct = np.zeros(len(starts), np.bool_)
        if len(self.labelled.end):
            nearest = np.searchsorted(self.labelled.end, starts, side="right") - 1
            some = nearest >= 0
            nearest[~some] = 0
            some &= starts - self.labelled.end[nearest] <= reach
            label[some] = self.labelled.label[nearest[some]]
            direct = some & (self.labelled.value[nearest] >= starts)
            far = np.flatnonzero(some & ~direct)
            if len(far):
                ends = self.labelled.end[nearest[far]]
                passed = np.searchsorted(self.breaks, starts[far]) > np.searchsorted(self.breaks, ends)
                label[far[passed]] = -1
        if len(self.cells):
            cell = np.searchsorted(self.cells[:, 0], starts, side="right") - 1
            inside = (cell >= 0) & (starts < self.cells[cell, 1]) & (self.cells[cell, 2] >= 0)
            label[inside] = self.cells[cell[inside], 2]
            direct |= inside
        return label, direct

    def short_texts(self, longest: int) -> list[tuple[int, int]]:
        """Start and end of each text of 8 to `longest` characters: a field, a message, a cell."""
        ends = np.append(self.breaks, len(self.units))
        starts = np.concatenate(([0], ends[:-1] + 1))
        sizes = ends - starts
        return np.column_stack((starts, ends))[(sizes >= _SHORTEST) & (sizes <= longest)].tolist()  # type: ignore[no-any-return]

    def in_short_texts(self, starts: NDArray[np.int32], longest: int) -> NDArray[np.bool_]:
        """(n,): whether each position lies in such a text."""
        ends = np.append(self.breaks, len(self.units))
        piece = np.searchsorted(self.breaks, starts)
        sizes = ends[piece] - np.append(-1, self.breaks)[piece] - 1
        short: NDArray[np.bool_] = (sizes >= _SHORTEST) & (sizes <= longest)
        return short


def view_of(text: str, latest: int, cells: NDArray[np.int64]) -> View:
    """Read a text once for all recognisers."""
    units = units_of(text)
    words = read_words(units)
    tokens = read_tokens(units)
    labels = words.labels()
    heads = labels.chosen(~_inside(cells, labels.start)) if len(cells) else labels  # a table that was read is not drawn
    cells = _with_drawn(cells, drawn_cells(text, units, heads))
    cells = _with_drawn(cells, inserted_cells(text, words))
    cells = _with_drawn(cells, message_cells(text, words))
    numbers, breaks = find_numbers(units, tokens, latest), np.flatnonzero(units == 0)
    return View(text, latest, units, tokens, numbers, words, cells, labels, breaks)


def _inside(cells: NDArray[np.int64], starts: NDArray[np.int32]) -> NDArray[np.bool_]:
    """(n,): whether each position lies in a cell."""
    cell = np.searchsorted(cells[:, 0], starts, side="right") - 1
    inside: NDArray[np.bool_] = (cell >= 0) & (starts < cells[cell, 1])
    return inside


def _with_drawn(cells: NDArray[np.int64], drawn: NDArray[np.int64]) -> NDArray[np.int64]:
    """Cells of tables, and those drawn in the text where no table was read."""
    if not len(drawn) or not len(cells):
        return cells if len(cells) else drawn
    before = np.searchsorted(cells[:, 0], drawn[:, 0], side="right") - 1
    both = np.concatenate((cells, drawn[(before < 0) | (cells[before, 1] <= drawn[:, 0])]))
    joined: NDArray[np.int64] = both[np.argsort(both[:, 0], kind="stable")]
    return joined


def labelled_cells(
    pieces: Sequence[Piece], starts: Sequence[int], label: Callable[[str], int] = label_of
) -> NDArray[np.int64]:
    """Cells of tables with the labels of their columns, at the places of their pieces in a joined text.

    `label` gives the number of the label in a column's name, or -1.
    """
    rows = []
    for piece, start in zip(pieces, starts, strict=True):
        if piece.cells is None or not len(piece.cells) or not piece.columns:
            continue
        labels = np.array([label(name) for name in piece.columns] + [-1], np.int64)
        column = np.minimum(piece.cells[:, 2], len(piece.columns))
        for cell, (first, last, place) in enumerate(piece.cells[: len(piece.columns)].tolist()):
            if place < len(piece.columns) and piece.text[first:last].strip(" \t\"'\ufeff") == piece.columns[place]:
                column[cell] = len(piece.columns)  # the header itself
        placed = np.empty((len(column), 3), np.int64)
        np.add(piece.cells[:, :2], start, out=placed[:, :2])
        placed[:, 2] = labels[column]
        rows.append(placed)
    if len(rows) == 1:
        return rows[0]
    return np.concatenate(rows) if rows else np.zeros((0, 3), np.int64)
