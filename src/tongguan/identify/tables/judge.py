"""Tables to verdicts: each column by itself, then beside its neighbours, then all together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tongguan import china_time
from tongguan.identify.detect import Detector
from tongguan.identify.detect.masking import Hasher, mask
from tongguan.identify.tables.canonical import canonical
from tongguan.identify.tables.cells import cells_of
from tongguan.identify.tables.combining import combinations_of
from tongguan.identify.tables.inside import inside_of
from tongguan.identify.tables.looks import Looks, looks_of
from tongguan.identify.tables.neighbours import listen
from tongguan.identify.tables.subjects import subjects_of
from tongguan.identify.tables.verdict import Column, ColumnVerdict, Table, TableVerdict
from tongguan.identify.tables.weighing import Candidate, weigh
from tongguan.identify.types import TYPES
from tongguan.model import BlindSpot

__all__ = ["Judge"]

_ENOUGH: Final = 0.5  # score from which a column is of its type
_SAMPLES: Final = 5


class Judge:
    """Judges tables. `key` keys the hashes of values (see `Detector`); ages are reckoned on the day `as_of`."""

    def __init__(self, key: bytes, *, as_of: date | None = None) -> None:
        self._today = int((as_of or china_time.today()).strftime("%Y%m%d"))
        self._detector = Detector(key, as_of=as_of)
        self._hasher = Hasher(key, TYPES)

    def judge(self, table: Table) -> TableVerdict:
        """What every column holds, what they say together, and whose the rows are.

        Columns may be of any Arrow type and of different lengths; nothing is raised for odd values. The verdict holds
        no values but masked samples.
        """
        looks = [looks_of(cells_of(column.values), self._today) for column in table.columns]
        candidates = [weigh(c.name, c.comment, look) for c, look in zip(table.columns, looks, strict=True)]
        listen(table, looks, candidates, self._today)
        columns = tuple(
            self._column(i, column, look, found)
            for i, (column, look, found) in enumerate(zip(table.columns, looks, candidates, strict=True))
        )
        together = combinations_of(table, columns, looks, self._today)
        levels = [level for level in (*(c.level for c in columns), *(c.level for c in together)) if level]
        return TableVerdict(
            table.name,
            table.comment,
            max((look.cells.rows for look in looks), default=0),
            columns,
            together,
            subjects_of(table, columns, looks),
            max(levels, default=None),
            any(c.sensitive for c in columns) or any(c.sensitive for c in together),
        )

    def blind_spots(self) -> list[BlindSpot]:
        """What could not be looked at since the last call."""
        return self._detector.blind_spots()

    def digests(self, column: Column, type: str) -> pa.Array:
        """Of each row the keyed hash of its value as one of a type, 16 bytes, null where there is none.

        Equal to `Finding.digest` of the same value, so that persons are counted once over tables and texts.
        """
        cells = cells_of(column.values)
        distinct = [self._hasher.digest(type, canonical(type, text)) for text in cells.texts.to_pylist()]
        kept = pa.array([*distinct, None], pa.binary(16))
        return kept.take(pa.array(np.where(cells.codes < 0, len(distinct), cells.codes)))

    def _column(self, index: int, column: Column, look: Looks, found: Sequence[Candidate]) -> ColumnVerdict:
        best = found[0] if found else None
        chosen = best if best and best.score >= _ENOUGH else None
        type = chosen.type if chosen else None
        inside, named = inside_of(self._detector, look, type, {c.type for c in found})
        about = [TYPES[t] for t in (type, *(i.type for i in inside)) if t]
        return ColumnVerdict(
            index,
            column.name,
            column.comment,
            type,
            best.score if best else 0.0,
            tuple(best.parts + best.extra) if best else (),
            tuple((c.type, c.score) for c in found[1:] if c.score > 0.1),
            inside,
            chosen.protection if chosen else "clear",
            TYPES[type].category if type else None,
            max((t.level for t in about), default=None),
            any(t.sensitive for t in about),
            look.cells.rows,
            look.cells.rows - look.cells.filled if look.cells.numbers is None else _nulls(look),
            look.distinct if look.cells.numbers is None else len(np.unique(look.cells.numbers)),
            _samples(look, chosen) if chosen else (),
            look.cells.kind,
            named,
        )


def _nulls(look: Looks) -> int:
    return look.cells.rows - len(look.cells.numbers) if look.cells.numbers is not None else 0


def _samples(look: Looks, chosen: Candidate) -> tuple[str, ...]:
    fits: NDArray[np.int64] = np.flatnonzero(chosen.fits)[:_SAMPLES]
    return tuple(mask(chosen.type, canonical(chosen.type, text)) for text in look.cells.texts.take(fits).to_pylist())
