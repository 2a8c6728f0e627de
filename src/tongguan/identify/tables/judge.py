"""Tables to verdicts: each column by itself, then beside its neighbours, then all together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tongguan.identify.detect import Detector
from tongguan.identify.detect.masking import Hasher, mask
from tongguan.identify.pieces import Piece
from tongguan.identify.tables import kernel
from tongguan.identify.tables.canonical import canonical
from tongguan.identify.tables.cells import cells_of
from tongguan.identify.tables.combining import combinations_of
from tongguan.identify.tables.looks import Looks, looks_of
from tongguan.identify.tables.neighbours import listen
from tongguan.identify.tables.rules import OWN_CHECK
from tongguan.identify.tables.subjects import subjects_of
from tongguan.identify.tables.verdict import Column, ColumnVerdict, Inside, Table, TableVerdict
from tongguan.identify.tables.weighing import Candidate, weigh
from tongguan.identify.types import OWN, TYPES

__all__ = ["Judge"]

_ENOUGH: Final = 0.5  # score from which a column is of its type
_SAMPLES: Final = 5
_TEXT: Final = 1 << 16  # characters of a column's free text that are read
_PROSE: Final = 12  # characters of the mean cell from which a column may hold text
_WORDED, _LONG = 4, 40  # Han characters, or characters in all, of cells that are text
_SOME: Final = 0.02  # share of the cells from which text is read
_RARE: Final = 0.001  # share below which a type inside a column is left to chance
_SHAPES: Final = {  # checks that only cells of some sizes could pass: what fails them at that size is as telling
    "phone": (11,), "card": tuple(range(13, 20)), "id_card": (18,), "uscc": (18,), "vin": (17,),
    "email": (), "plate": (),
}  # fmt: skip
_TYPE_OF: Final = {"card": "bank_card"}


class Judge:
    """Judges tables. `key` keys the hashes of values (see `Detector`); ages are reckoned on the day `as_of`."""

    def __init__(self, key: bytes, *, as_of: date | None = None) -> None:
        self._today = int((as_of or date.today()).strftime("%Y%m%d"))
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
        inside = self._inside(look, type, {c.type for c in found})
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
        )

    def _inside(self, look: Looks, type: str | None, weighed: set[str]) -> tuple[Inside, ...]:
        """Types of some cells, and types within the text of cells."""
        if not look.distinct:
            return ()
        found: dict[str, Inside] = {}
        for name, sizes in _SHAPES.items():
            known, passed = _TYPE_OF.get(name, name), look.passed[name]
            if known == type or not passed.any():
                continue
            share = look.share(passed)
            if share >= _ENOUGH and known in weighed:  # the whole column was weighed as one, and found to be none
                continue
            alike = look.share(np.isin(look.size, sizes)) if sizes else share
            if share >= _RARE and share >= _ENOUGH * alike and int(passed.sum()) >= (1 if share > 0.05 else 3):
                found[known] = Inside(known, share)
        for own in OWN.values():
            share = 0.0 if own.id == type or own.needs_label else look.share(look.check(OWN_CHECK + own.id))
            if _RARE <= share < _ENOUGH:
                found[own.id] = Inside(own.id, share)
        if _is_prose(look, type):
            for kind, share in self._read(look).items():
                if kind != type and kind not in found and share >= 0.01:
                    found[kind] = Inside(kind, share, estimated=True)
        return tuple(sorted(found.values(), key=lambda i: -i.share))

    def _read(self, look: Looks) -> dict[str, float]:
        """Read some of the text as text; the share of the cells read in which each type was found."""
        ends = np.cumsum(look.size + 1)
        count = max(1, int(np.searchsorted(ends, _TEXT)))
        records = np.concatenate(([0], ends[: count - 1])).astype(np.int64)
        text = "\n".join(look.cells.texts.slice(0, count).to_pylist())
        hits: dict[str, set[int]] = {}
        for finding in self._detector.scan([Piece(text, records=records)])[0]:
            if finding.type != "organisation":
                hits.setdefault(finding.type, set()).add(finding.record)
        weights = look.cells.counts[:count]
        return {type: float(weights[list(cells)].sum() / weights.sum()) for type, cells in hits.items()}


def _is_prose(look: Looks, type: str | None) -> bool:
    """Whether cells are long, and neither numbers, hashes, dates nor values of the column's own type."""
    if type not in (None, "communication_content", "health", "browsing_record", "criminal_record"):
        return False
    plain = look.has(kernel.DIGITS | kernel.DECIMAL | kernel.HEX | kernel.DATE | kernel.DATETIME)
    worded = look.has(kernel.SPACED) | (look.han >= _WORDED) | (look.size >= _LONG)
    if look.is_hopeful("several"):  # 13800001111/13900002222
        worded |= look.check("several")
    return look.share((look.size >= _PROSE) & worded & ~plain & ~look.check("digest")) >= _SOME


def _nulls(look: Looks) -> int:
    return look.cells.rows - len(look.cells.numbers) if look.cells.numbers is not None else 0


def _samples(look: Looks, chosen: Candidate) -> tuple[str, ...]:
    fits: NDArray[np.int64] = np.flatnonzero(chosen.fits)[:_SAMPLES]
    return tuple(mask(chosen.type, canonical(chosen.type, text)) for text in look.cells.texts.take(fits).to_pylist())
