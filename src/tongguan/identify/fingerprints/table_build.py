"""Exact data match, first half: a table's cells to an index of keyed hashes, in bounded memory.

Each cell is brought into canonical form and hashed to 96 bits under a key that comes from the workspace's; hashes are
spooled by their first bits, sorted part by part, and written in order. Nothing else of a cell is kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tongguan.errors import BadInput
from tongguan.identify.fingerprints.canonical import fold_table, numeral_table
from tongguan.identify.fingerprints.cells import FIRST_BITS, LEAST, hash_cells
from tongguan.identify.fingerprints.container import Draft, writing
from tongguan.identify.fingerprints.siphash import key_of
from tongguan.identify.fingerprints.spool import Entries, Spool, write_sorted

__all__ = ["KIND", "Built", "build_table"]

KIND: Final = "a table"
CELL, FILTER = "fingerprints: cells of tables", "fingerprints: beginnings of cells"  # purposes of keys
_MOST_COLUMNS: Final = 64
_ROWS: Final = 1 << 16  # of a step
_SPARSE: Final = 6  # slots of the filter for each cell, at least
_ENTRY: Final = np.dtype(
    [("hash", "<u8"), ("low", "<u4"), ("row", "<u4"), ("prefix", "<u4"), ("column", "u1"), ("length", "u1")]
)


@dataclass(frozen=True, slots=True)
class Built:
    """What an index holds. `short` and `empty` are cells that were left out, by column."""

    columns: tuple[str, ...]
    rows: int
    cells: int
    short: tuple[int, ...]  # too short to be told from other text: under two Han characters, or five others
    empty: tuple[int, ...]


def build_table(
    batches: Iterable[pa.RecordBatch], path: Path, key: bytes, *, columns: Sequence[str] | None = None
) -> Built:
    """Write the index of a table, read batch by batch; the rows keep their ordinals, from 0.

    `columns`: those to be known, at most 64 (all of the first batch where not given). Values of any type are taken as
    their text. Raises BadInput where a column is absent or none is left, CannotWrite.
    """
    with ExitStack() as stack:
        build = _Build(key, stack)
        for batch in batches:
            for start in range(0, batch.num_rows, _ROWS):
                build.add(batch.slice(start, _ROWS), columns)
        if not build.columns:
            raise BadInput("the table has no rows; expected at least one to make fingerprints of")
        with writing(path, key) as draft:
            built = build.built()
            lengths = build.write(draft)
            draft.finish(KIND, {**asdict(built), "lengths": lengths})
    return built


class _Build:
    def __init__(self, key: bytes, stack: ExitStack) -> None:
        self.keys = key_of(key, FILTER), key_of(key, CELL)
        self.columns: tuple[str, ...] = ()
        self.rows = 0
        self.short, self.empty = np.zeros(_MOST_COLUMNS, np.int64), np.zeros(_MOST_COLUMNS, np.int64)
        self.first = np.zeros(1 << (FIRST_BITS - 3), np.uint8)
        self.lengths = np.zeros(256, np.bool_)
        self.spool = Spool(_ENTRY, stack)

    def built(self) -> Built:
        n = len(self.columns)
        return Built(
            self.columns, self.rows, int(self.spool.sizes.sum()), tuple(self.short[:n].tolist()),
            tuple(self.empty[:n].tolist()),
        )  # fmt: skip

    def add(self, batch: pa.RecordBatch, wanted: Sequence[str] | None) -> None:
        if not self.columns:
            self.columns = _columns(batch, wanted)
        if self.rows + batch.num_rows >= 1 << 32:
            raise BadInput("the table has more than 4,294,967,295 rows; make several indexes of it")
        for ordinal, name in enumerate(self.columns):
            place = batch.schema.get_field_index(name)
            if place < 0:
                raise BadInput(f"row {self.rows + 1}: the table has no column {name!r} any more")
            self._column(ordinal, batch.column(place))
        self.rows += batch.num_rows

    def _column(self, ordinal: int, values: pa.Array) -> None:
        offsets, data, valid = _texts(values)
        n = len(valid)
        high, low, prefix = np.empty(n, np.uint64), np.empty(n, np.uint32), np.empty(n, np.uint32)
        length = np.empty(n, np.uint8)
        hash_cells(
            offsets,
            data,
            valid,
            fold_table(),
            numeral_table(),
            *self.keys,
            LEAST,
            high,
            low,
            prefix,
            length,
            self.first,
        )
        self.empty[ordinal] += np.count_nonzero(length == 0)
        self.short[ordinal] += np.count_nonzero(length == 1)
        kept = np.flatnonzero(length > 1)
        entries = np.empty(len(kept), _ENTRY)
        entries["hash"], entries["low"], entries["prefix"] = high[kept], low[kept], prefix[kept]
        entries["row"], entries["column"], entries["length"] = kept + self.rows, ordinal, length[kept]
        self.lengths[np.unique(entries["length"])] = True
        self.spool.add(entries)

    def write(self, draft: Draft) -> list[int]:
        """The sections of the file; gives the lengths of the cells."""
        cells = int(self.spool.sizes.sum())
        bits = max(6, math.ceil(math.log2(cells / 4 + 1)))
        beginnings = np.zeros(1 << max(12, math.ceil(math.log2(_SPARSE * cells + 1))), np.uint8)
        write_sorted(draft, self._sorted(beginnings), ("hash", "low", "row", "column"), bits)
        draft.put("beginnings", beginnings)
        draft.put("first", self.first)
        return np.flatnonzero(self.lengths).tolist()

    def _sorted(self, beginnings: NDArray[np.uint8]) -> Iterator[Entries]:
        """The entries in order; their beginnings are marked on the way."""
        for entries in self.spool.parts():
            mark = np.left_shift(np.uint8(1), entries["length"] & 7, dtype=np.uint8)
            np.bitwise_or.at(beginnings, entries["prefix"] & np.uint32(len(beginnings) - 1), mark)
            twins = (entries["hash"][1:] == entries["hash"][:-1]) & (entries["low"][1:] != entries["low"][:-1])
            yield entries[np.lexsort((entries["row"], entries["low"], entries["hash"]))] if twins.any() else entries


def _columns(batch: pa.RecordBatch, wanted: Sequence[str] | None) -> tuple[str, ...]:
    names = batch.schema.names
    for name in wanted or ():
        if names.count(name) != 1:
            shown = ", ".join(names[:12])
            raise BadInput(f"the table has {names.count(name) or 'no'} column {name!r}; its columns are {shown}")
    chosen = tuple(dict.fromkeys(wanted if wanted else names))
    if not 1 <= len(chosen) <= _MOST_COLUMNS or (not wanted and len(chosen) < len(names)):
        raise BadInput(f"{len(names)} columns, some of them of one name; name 1 to {_MOST_COLUMNS} of them")
    return chosen


def _texts(values: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.bool_]]:
    """Offsets (n + 1,), UTF-8 bytes, and which values are there."""
    valid = np.ascontiguousarray(values.is_valid().to_numpy(zero_copy_only=False))
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_floating(values.type):  # numbers that a spreadsheet made of identifiers
        values = pa.array([f"{v:.0f}" if v == v // 1 else repr(v) for v in values.fill_null(0.0).to_pylist()])
    try:
        texts = pc.cast(values, pa.large_string(), safe=True)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        texts = pa.array([_text(v) for v in values.to_pylist()], pa.large_string())
    offsets = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset : texts.offset + len(texts) + 1]
    data = texts.buffers()[2]
    return offsets, np.frombuffer(data, np.uint8) if data else np.zeros(0, np.uint8), valid


def _text(value: object) -> str | None:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return None if value is None else str(value).encode("utf-8", "replace").decode()
