"""Names of persons in the running text of a table's columns: notes, reports, messages that nobody typed into fields.

What the judge of tables sees of them are names behind labels and beside numbers; those in a sentence need the model
that reads names in the text of files, within the same share of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tongguan import identify
from tongguan.capture.stores import Rows, Unseen
from tongguan.casework.assets.judged import JudgedColumn, Persons, highest

__all__ = ["read_free_text"]

NAME: Final = "person_name"
LONG: Final = 12  # characters of a cell on average, from which on a column holds text
MOST: Final = 400_000  # characters of one table that are gone through
SAMPLES: Final = 3


def read_free_text(
    detector: identify.Detector, rows: Rows, judged: list[JudgedColumn], persons: Persons, where: str
) -> tuple[Persons, list[Unseen]]:
    """Have the columns of text read, and add to `judged` the names found in them. Gives the persons of the table,
    to whom those who are named count, and what was not read. `detector` has a model."""
    chosen = [n for n, column in enumerate(judged) if column.found_type is None and _is_text(rows.table.column(n))]
    people: set[bytes] = set()
    # All columns are one text: the share that is read is of the table, as it is of a file.
    cells = [(n, text) for n in chosen for text in _texts(rows.table.column(n), MOST // len(chosen))]
    if not cells:
        return persons, []
    starts = np.cumsum([0, *(len(text) + 1 for _, text in cells)])
    piece = identify.Piece("\n".join(text for _, text in cells), records=starts[:-1].astype(np.int64))
    (findings,) = detector.scan([piece])
    of_column: dict[int, list[str]] = {}
    for finding in findings:
        if finding.type == NAME:
            cell = int(np.searchsorted(starts, finding.start, side="right")) - 1
            of_column.setdefault(cells[cell][0], []).append(finding.masked)
            people.add(finding.digest)
    for n, masked in of_column.items():
        judged[n] = _with_names(judged[n], masked)
    named = Persons(max(persons.count, len(people)), persons.low, max(persons.high, len(people)))
    spots = detector.blind_spots()
    return named, [Unseen("content", where, one.detail, one.count, one.size, one.kind) for one in spots]


def _is_text(column: pa.ChunkedArray) -> bool:
    return (pc.mean(pc.utf8_length(column)).as_py() or 0.0) >= LONG


def _texts(column: pa.ChunkedArray, most: int) -> Iterator[str]:
    """Different cells, as they come, up to so many characters."""
    for text in column.unique().to_pylist():
        if text:
            yield text[:most]
            most -= len(text)
            if most <= 0:
                return


def _with_names(column: JudgedColumn, masked: Sequence[str]) -> JudgedColumn:
    about = identify.TYPES[NAME]
    return replace(
        column,
        inside=tuple(dict.fromkeys((*column.inside, NAME))),
        found_level=highest((column.found_level, about.level)),
        found_sensitive=column.found_sensitive or about.sensitive,
        samples=column.samples or tuple(dict.fromkeys(masked))[:SAMPLES],
    )
