"""What stands within the cells of a column: values of other types, and types within running text.

Cells in which the detectors' checks find a number or address beside other text are read in full, and so are cells too
long to be looked at whole. Of other text a part is read, and the share is an estimate.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tongguan.identify.detect import Detector
from tongguan.identify.detect.view import BREAK
from tongguan.identify.pieces import Piece
from tongguan.identify.tables import kernel
from tongguan.identify.tables.looks import Looks
from tongguan.identify.tables.rules import OWN_CHECK, RULES
from tongguan.identify.tables.verdict import Inside
from tongguan.identify.types import OWN, TYPES

__all__ = ["inside_of"]

_ENOUGH: Final = 0.5  # share from which a column would be of a type
_TEXT: Final = 1 << 16  # characters of a column's other text that are read
_READ: Final = 1 << 25  # characters of cells that hold something, or are long
_PIECE: Final = 1 << 22  # characters that are read together
_PROSE: Final = 12  # characters of a cell from which it may be text
_WORDED, _LONG = 4, 40  # Han characters, or characters in all, of cells that are text
_SOME: Final = 0.02  # share of the cells from which text is read
_RARE: Final = 0.001  # share below which values that pass a weak check are left to chance
_STRICT: Final = 0.001  # chance up to which one value that passes a check is enough
_SAID: Final = 0.01  # share below which what is no identifier is not told
_SHAPES: Final = {  # checks that only cells of some sizes could pass: what fails them at that size is as telling
    "phone": (11,), "card": tuple(range(13, 20)), "id_card": (18,), "uscc": (18,), "vin": (17,),
    "email": (), "plate": (),
}  # fmt: skip
_TYPE_OF: Final = {"card": "bank_card"}
_IDENTIFYING: Final = ("document", "personal")


@dataclass(slots=True)
class _Seen:
    """What was found of one type: rows (estimated where not all cells were read), values, and how often in all."""

    rows: float = 0.0
    times: float = 0.0
    values: set[bytes] = field(default_factory=set)
    estimated: bool = False


@dataclass(slots=True)
class _Read:
    """All that was read of a column: by type, and how many persons it may name at most (a type's values in one cell
    are one person each, different types in one cell are the same person's)."""

    types: dict[str, _Seen] = field(default_factory=dict)
    persons: float = 0.0


@dataclass(frozen=True, slots=True)
class _Group:
    """Distinct texts to be read, with their rows; `all_rows` are those of the group with what is not read of it."""

    texts: pa.LargeStringArray
    counts: NDArray[np.int64]
    all_rows: int


def inside_of(
    detector: Detector, look: Looks, type: str | None, weighed: Collection[str]
) -> tuple[tuple[Inside, ...], int]:
    """Types of some cells, and types within the text of cells, the most frequent first; and how many persons the cells
    may name in that way at most.

    `type` is what the column is, `weighed` what it was weighed as.
    """
    if not look.distinct:
        return (), 0
    found = {inside.type: inside for inside in (*_whole_cells(look, type, weighed), *_own(look, type))}
    persons = sum(inside.rows for inside in found.values() if TYPES[inside.type].strength in _IDENTIFYING)
    read = _read(detector, look, type)
    for kind, seen in read.types.items():
        share = min(1.0, seen.rows / look.cells.filled)
        told = TYPES[kind].strength in _IDENTIFYING or share >= _SAID
        if told and kind not in (type, "organisation") and (kind not in found or found[kind].share < share):
            found[kind] = Inside(
                kind, share, seen.estimated, rows=round(seen.rows), values=len(seen.values), times=round(seen.times)
            )
    return tuple(sorted(found.values(), key=lambda inside: -inside.share)), persons + math.ceil(read.persons)


def _whole_cells(look: Looks, type: str | None, weighed: Collection[str]) -> Iterator[Inside]:
    for name, sizes in _SHAPES.items():
        known, passed = _TYPE_OF.get(name, name), look.passed[name]
        if known == type or passed is look.none:
            continue
        share = look.share(passed)
        if share >= _ENOUGH and known in weighed:  # the whole column was weighed as one, and found to be none
            continue
        alike = look.share(np.isin(look.size, sizes)) if sizes else share
        values = int(passed.sum())
        enough = values >= (1 if share > 0.05 else 3) and share >= _RARE
        if share >= _ENOUGH * alike and (enough or RULES[known].chance <= _STRICT):
            rows = int(look.cells.counts[passed].sum())
            yield Inside(known, share, rows=rows, values=values, times=rows)


def _own(look: Looks, type: str | None) -> Iterator[Inside]:
    """The organisation's own types, of cells as a whole."""
    for own in OWN.values():
        if own.id != type and not own.needs_label:
            passed = look.check(OWN_CHECK + own.id)
            share = look.share(passed)
            if 0 < share < _ENOUGH:
                rows = int(look.cells.counts[passed].sum())
                yield Inside(own.id, share, rows=rows, values=int(passed.sum()), times=rows)


def _read(detector: Detector, look: Looks, type: str | None) -> _Read:
    """Read cells as text."""
    found = _Read()
    for group in _groups(look, type):
        read = 0
        here = _Read()
        for first, last in _pieces(group.texts):
            read += int(group.counts[first:last].sum())
            _scan(detector, group.texts.slice(first, last - first), group.counts[first:last], here)
        scale = group.all_rows / read if read else 1.0
        found.persons += here.persons * scale
        for kind, seen in here.types.items():
            total = found.types.setdefault(kind, _Seen())
            total.rows += seen.rows * scale
            total.times += seen.times * scale
            total.values |= seen.values
            total.estimated |= read < group.all_rows
    return found


def _scan(detector: Detector, texts: pa.LargeStringArray, counts: NDArray[np.int64], found: _Read) -> None:
    sizes = pc.utf8_length(texts).to_numpy(zero_copy_only=False)
    records = np.concatenate(([0], np.cumsum(sizes + len(BREAK))[:-1])).astype(np.int64)
    rows: dict[str, dict[int, int]] = {}  # of each type: in which cells, and how often there
    for finding in detector.scan([Piece(BREAK.join(texts.to_pylist()), records=records)])[0]:
        found.types.setdefault(finding.type, _Seen()).values.add(finding.digest)
        cells = rows.setdefault(finding.type, {})
        cells[finding.record] = cells.get(finding.record, 0) + 1
    most: dict[int, int] = {}
    for kind, cells in rows.items():
        weights = counts[list(cells)]
        found.types[kind].rows += int(weights.sum())
        found.types[kind].times += int((weights * np.array(list(cells.values()))).sum())
        if TYPES[kind].strength in _IDENTIFYING or kind == "person_name":
            for cell, times in cells.items():
                most[cell] = max(times, most.get(cell, 0))
    found.persons += sum(int(counts[cell]) * times for cell, times in most.items())


def _groups(look: Looks, type: str | None) -> Iterator[_Group]:
    cells = look.cells
    if len(cells.long_texts):
        yield _first(cells.long_texts, cells.long_counts, _READ)
    is_long = look.size >= cells.longest
    held = look.holds & ~is_long
    yield from _chosen(look, held, _READ)
    prose = _prose(look, type)
    if look.share(prose) >= _SOME:
        yield from _chosen(look, prose & ~held & ~is_long, _TEXT)


def _chosen(look: Looks, mask: NDArray[np.bool_], most: int) -> Iterator[_Group]:
    places = np.flatnonzero(mask)
    if len(places):
        yield _first(look.cells.texts.take(pa.array(places)), look.cells.counts[places], most)


def _first(texts: pa.LargeStringArray, counts: NDArray[np.int64], most: int) -> _Group:
    """The first texts, up to so many characters."""
    ends = np.cumsum(pc.utf8_length(texts).to_numpy(zero_copy_only=False).astype(np.int64) + 1)
    count = max(1, int(np.searchsorted(ends, most))) if len(texts) else 0
    return _Group(texts.slice(0, count), counts[:count], int(counts.sum()))


def _pieces(texts: pa.LargeStringArray) -> Iterator[tuple[int, int]]:
    """First and last of the texts that are read together."""
    ends = np.cumsum(pc.utf8_length(texts).to_numpy(zero_copy_only=False).astype(np.int64) + 1)
    first = 0
    while first < len(texts):
        base = int(ends[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(ends, base + _PIECE)))
        yield first, last
        first = last


def _prose(look: Looks, type: str | None) -> NDArray[np.bool_]:
    """Cells that are long, and neither numbers, hashes, dates nor values of the column's own type."""
    if type not in (None, "communication_content", "health", "browsing_record", "criminal_record"):
        return look.none
    long = look.size >= _PROSE
    if not long.any():
        return look.none
    plain = look.has(kernel.DIGITS | kernel.DECIMAL | kernel.HEX | kernel.DATE | kernel.DATETIME)
    worded = look.has(kernel.SPACED) | (look.han >= _WORDED) | (look.size >= _LONG)
    if look.is_hopeful("several"):  # 13800001111/13900002222
        worded |= look.check("several")
    mask: NDArray[np.bool_] = long & worded & ~plain
    return mask & ~look.check("digest") if mask.any() else look.none
