"""Where values of an index stand in pieces of text: short pieces are read together, long ones in windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.fingerprints.canonical import canonical
from tongguan.identify.fingerprints.cells import OVERLAP, find_cells
from tongguan.identify.fingerprints.siphash import Key
from tongguan.identify.pieces import Piece

__all__ = ["Finder", "Hits"]

_WINDOW: Final = 1 << 20  # characters that are read at once
_BREAK: Final = "\n" * 16  # between pieces: no value reaches over it
_ROOM: Final = 1 << 17

Hits = NDArray[np.int64]
"""(n, 5) piece, start, end (exclusive), first and last (exclusive) entry; by place."""


@dataclass(frozen=True, slots=True)
class Finder:
    """Sorted keyed hashes of values, with the filters before them; see `hash_cells` and `find_cells`."""

    keys: tuple[Key, Key]
    first: NDArray[np.uint8]
    beginnings: NDArray[np.uint8]
    lengths: NDArray[np.uint16]  # of all values, ascending
    directory: NDArray[np.uint32]  # (2^bits + 1,)
    high: NDArray[np.uint64]
    low: NDArray[np.uint32]

    def find(self, pieces: Sequence[Piece]) -> Hits:
        """All places where a value stands."""
        found = [np.zeros((0, 5), np.int64)]
        for batch in _batches(pieces):
            texts = [pieces[i].text for i in batch]
            starts = np.cumsum([0] + [len(text) + len(_BREAK) for text in texts])[:-1]
            hits = np.concatenate([*_windows(_BREAK.join(texts), self._scan)])
            owner = np.searchsorted(starts, hits[:, 0], side="right") - 1
            hits[:, :2] -= starts[owner][:, None]
            found.append(np.column_stack((np.array(batch, np.int64)[owner], hits)))
        return _inside_cells(pieces, np.concatenate(found))

    def _scan(self, text: str, first: int, last: int) -> Hits:
        """Hits that begin at characters [first, last) of a text."""
        found = [np.zeros((0, 4), np.int64)]
        if not len(self.high) or not text:
            return found[0]
        view = canonical(text)
        at, stop = (int(n) for n in np.searchsorted(view.place, (first, last)))
        shift = np.uint64(64 - (len(self.directory) - 1).bit_length() + 1)
        room = np.empty((max(_ROOM, len(self.lengths)), 4), np.int64)
        while at < min(stop, len(view.codes) - 1):
            count, at = find_cells(
                view.codes, view.place, at, stop, *self.keys, self.first, self.beginnings, self.lengths,
                self.directory, shift, self.high, self.low, room,
            )  # fmt: skip
            found.append(room[:count].copy())
        return np.concatenate(found)


def _batches(pieces: Sequence[Piece]) -> Iterator[list[int]]:
    """Ordinals of pieces that are read together: up to a window, or one piece that is longer."""
    batch: list[int] = []
    size = 0
    for i, piece in enumerate(pieces):
        if batch and size + len(piece.text) > _WINDOW:
            yield batch
            batch, size = [], 0
        batch.append(i)
        size += len(piece.text) + len(_BREAK)
    if batch:
        yield batch


def _windows(text: str, scan: Any) -> Iterator[Hits]:
    """Hits of a text of any length, window by window; each begins in one window only."""
    yield np.zeros((0, 4), np.int64)
    for start in range(0, len(text), _WINDOW):
        first = max(0, start - 32)  # what stands before a value tells whether it begins there
        hits = scan(text[first : start + _WINDOW + OVERLAP], start - first, start - first + _WINDOW)
        hits[:, :2] += first
        yield hits


def _inside_cells(pieces: Sequence[Piece], hits: Hits) -> Hits:
    """Without those that reach over the border of a cell of their own table: these are no value of it."""
    keep = np.ones(len(hits), np.bool_)
    for i in np.unique(hits[:, 0]).tolist():
        cells = pieces[i].cells
        if cells is None or not len(cells):
            continue
        own = np.flatnonzero(hits[:, 0] == i)
        cell = np.searchsorted(cells[:, 0], hits[own, 1], side="right") - 1
        keep[own] = (cell < 0) | (hits[own, 2] <= cells[np.maximum(cell, 0), 1]) | (
            hits[own, 1] >= cells[np.maximum(cell, 0), 1]
        )  # fmt: skip
    return hits[keep]
