"""What the columns of a long table hold, by its first rows: whether they are worth a look before they are searched."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.detect import Detector, checks
from tongguan.identify.detect.words import label_id, label_of
from tongguan.identify.pieces import Piece
from tongguan.model import Finding

__all__ = ["NUMBERS", "TEXTS", "ColumnKnown", "Columns", "FoundAs", "columns_of"]

NUMBERS: Final = {"phone": checks.PHONE, "id_card": checks.ID_CARD, "bank_card": checks.CARD_UNIONPAY}
"""Types of numbers that are sought, with what the kernels call them."""
TEXTS: Final = frozenset({"person_name", "organisation", "address"})
"""Types of texts that are sought."""
_ROWS: Final = 200
_OFTEN: Final = 0.2  # share of them in which a column's cell is found as a whole
_WORTH: Final = 1.5  # such cells in a row: with fewer, to look for them takes longer than to search them
_STRONG: Final = 0.97  # score above that of whatever else a number may be
_HAN: Final = re.compile("[\u3400-\u9fff]{2}")


class FoundAs(NamedTuple):
    """What a text is found as."""

    type: str
    score: float
    digest: bytes
    masked: str


@dataclass(slots=True)
class ColumnKnown:
    """What is known of a column: that it holds numbers of a type, found with a score; or what its texts are found as
    between two `signs`, None for those that are left to the detector."""

    type: str | None = None
    score: float = 0.0
    texts: dict[str, FoundAs | None] = field(default_factory=dict)
    name: str = ""
    signs: str = ""  # behind a cell: the delimiter, and before it the quote, if there is one


Columns = dict[int, ColumnKnown]


def columns_of(piece: Piece, detector: Detector) -> Columns:
    """Columns in which much is found as whole cells; none where there is too little of it."""
    assert piece.cells is not None
    cut = int(piece.records[_ROWS])
    cells = piece.cells[: int(np.searchsorted(piece.cells[:, 0], cut))]
    if not _may_be_worth(piece.columns, cells, piece.text):
        return {}
    few = replace(piece, text=piece.text[:cut], records=piece.records[:_ROWS], cells=cells)
    column_of = {(start, end): column for start, end, column in cells.tolist()}
    found: dict[int, list[Finding]] = {}
    for finding in detector.scan([few])[0]:
        column = column_of.get((finding.start, finding.end), len(piece.columns))
        if column < len(piece.columns):
            found.setdefault(column, []).append(finding)
    columns: Columns = {}
    for column, some in found.items():
        if len(some) >= _OFTEN * _ROWS and (kind := _kind(piece.columns[column], some)):
            columns[column] = kind
    return columns if sum(len(found[column]) for column in columns) >= _WORTH * _ROWS else {}


def _may_be_worth(names: Sequence[str], cells: NDArray[np.int64], text: str) -> bool:
    """Whether columns may hold what is sought: by their labels, or because what they hold is Han."""
    filled = np.bincount(cells[:, 2], minlength=len(names))[: len(names)]
    last: dict[int, tuple[int, int]] = {column: (start, end) for start, end, column in cells.tolist()}
    found = 0
    for n in np.flatnonzero(filled >= _OFTEN * _ROWS).tolist():
        if label_of(names[n]) in _labels() or _HAN.search(text, *last[n]):
            found += int(filled[n])
    return found >= _WORTH * _ROWS


@cache
def _labels() -> frozenset[int]:
    return frozenset(map(label_id, (*NUMBERS, *TEXTS)))


def _kind(name: str, found: Sequence[Finding]) -> ColumnKnown | None:
    """What a column is whose cells were found so."""
    for type in NUMBERS:
        scores = [finding.score for finding in found if finding.type == type]
        if scores and label_of(name) == label_id(type):
            return ColumnKnown(type, max(scores)) if max(scores) >= _STRONG else None
    return ColumnKnown(name=name) if any(finding.type in TEXTS for finding in found) else None
