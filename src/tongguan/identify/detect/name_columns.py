"""Names in columns of tables, whole cells of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.detect.characters import fold_text
from tongguan.identify.detect.foreign_names import FOREIGN, LATIN, NEIGHBOURS, OF_PEOPLES, is_nobodys
from tongguan.identify.detect.names import SPACED_NAME, candidate_of, is_full_name, is_likely_name, is_no_name
from tongguan.identify.detect.view import Candidate, View
from tongguan.identify.detect.words import label_id

__all__ = ["SCORE", "find", "is_likely", "name_of"]

SCORE: Final = 0.9
"""Of names in columns of names."""
_SPECIFIC: Final = label_id("person_name")
_GENERIC: Final = label_id("any_name")
_FORM: Final = re.compile(
    "|".join(f"(?:{one.pattern})" for one in (SPACED_NAME, FOREIGN, LATIN, OF_PEOPLES, NEIGHBOURS))
)


def find(view: View) -> Iterator[Candidate]:
    """Names in columns of names, and in columns that may hold them where their rows or cells say so."""
    cells, text, known = view.cells, view.text, _Names()
    for start, end in cells[cells[:, 2] == _SPECIFIC, :2].tolist():
        start, end = _stripped(text, start, end)
        if 2 <= end - start <= 40 and (value := known[text[start:end]]):
            yield candidate_of(start, end, value, SCORE)
    generic = cells[cells[:, 2] == _GENERIC, :2]
    if len(generic):
        tables = np.searchsorted(np.flatnonzero(view.units == 0), generic[:, 0])
        for table in np.split(generic, np.flatnonzero(np.diff(tables)) + 1):
            near = cells[slice(*np.searchsorted(cells[:, 0], (table[0, 0], table[-1, 0] + _BESIDE_CELLS)))]
            yield from _in_column(view.text, table, bool(np.isin(near[:, 2], _OF_PERSONS).any()))


_BESIDE_CELLS: Final = 200  # characters behind the last name in which other cells of its row stand
_OF_PERSONS: Final = [
    label_id(type) for type in ("phone", "email", "id_card", "passport", "birth_date", "gender", "income")
]


def _in_column(text: str, cells: NDArray[np.int64], of_persons: bool) -> Iterator[Candidate]:
    """Likely names in columns of one table that may hold names; rare ones go along where most are likely. Names in
    Latin letters count where other columns are `of_persons`, and most cells hold one."""
    likely: list[Candidate] = []
    rare: list[Candidate] = []
    latin: list[Candidate] = []
    known: dict[str, tuple[str, bool] | None] = {}  # a name and whether it is a likely one, by how it is written
    for start, end in cells.tolist():
        start, end = _stripped(text, start, end)
        if 2 <= end - start <= 6:
            written = text[start:end]
            if written not in known:
                known[written] = _full_name(written)
            if told := known[written]:
                (likely if told[1] else rare).append(candidate_of(start, end, told[0], 0.75))
        if of_persons and _is_foreign(text, start, end):
            latin.append(candidate_of(start, end, text[start:end], 0.75))
    yield from likely
    if 2 * (len(latin) + len(likely)) >= len(cells):
        yield from latin
    if len(likely) >= 3 and 2 * len(likely) >= len(cells):
        yield from rare


def is_likely(cell: str) -> bool:
    """Whether a cell of a column that may hold names is taken for one, whatever the others hold."""
    start, end = _stripped(cell, 0, len(cell))
    told = _full_name(cell[start:end]) if 2 <= end - start <= 6 else None
    return told is not None and told[1]


def _full_name(written: str) -> tuple[str, bool] | None:
    value = fold_text(written)
    if not is_full_name(value) or is_no_name(value) or is_no_name(value[:2]):
        return None
    return value, is_likely_name(value)


def _is_foreign(text: str, start: int, end: int) -> bool:
    if NEIGHBOURS.fullmatch(text, start, end):
        return True
    return LATIN.fullmatch(text, start, end) is not None and not is_nobodys(text[start:end])


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] in " \"'\t\u3000":
        start += 1
    while end > start and text[end - 1] in " \"'\t\u3000\r":
        end -= 1
    return start, end


class _Names(dict[str, str | None]):
    """What cells of columns of names are, as written: the name that one is as a whole, or None. The same persons come
    again in the rows of a table."""

    def __missing__(self, written: str) -> str | None:
        self[written] = name = name_of(written)
        return name


def name_of(written: str) -> str | None:
    """The name that a cell of a column of names is as a whole."""
    value = fold_text(written)
    named = (is_full_name(value) or _FORM.fullmatch(value)) and not is_no_name(value) and not is_no_name(value[:2])
    return value if named else None
