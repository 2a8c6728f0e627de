"""Files of fingerprints merged into one, in bounded memory: sorted hashes are joined stretch by stretch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tongguan.errors import BadInput
from tongguan.identify.fingerprints.container import writing
from tongguan.identify.fingerprints.documents import KIND as DOCUMENTS
from tongguan.identify.fingerprints.documents import POSTING, DocumentStore
from tongguan.identify.fingerprints.segments import DocumentSegments
from tongguan.identify.fingerprints.spool import Entries, write_sorted
from tongguan.identify.fingerprints.table_build import KIND as TABLE
from tongguan.identify.fingerprints.table_build import Built
from tongguan.identify.fingerprints.table_match import TableIndex

__all__ = ["merge_documents", "merge_tables"]

_STRETCHES: Final = 256  # of the space of hashes; one is in memory at a time
_CELL: Final = np.dtype([("hash", "<u8"), ("low", "<u4"), ("row", "<u4"), ("column", "u1")])


def _stretches(hashes: Sequence[NDArray[np.uint64]]) -> Iterator[list[slice]]:
    """For each stretch of the space of hashes, where it lies in each of some sorted arrays."""
    borders = [
        np.searchsorted(array, np.arange(1, _STRETCHES, dtype=np.uint64) << np.uint64(64 - 8)).tolist()
        for array in hashes
    ]
    ends = [[0, *border, len(array)] for border, array in zip(borders, hashes, strict=True)]
    for i in range(_STRETCHES):
        yield [slice(end[i], end[i + 1]) for end in ends]


# ---- tables


def merge_tables(indexes: Sequence[TableIndex], path: Path, key: bytes) -> Built:
    """Write one index of the rows of several, which have the same columns, one behind the other.

    Raises BadInput where they differ or have too many rows, CannotWrite.
    """
    first = indexes[0]
    if any(index.columns != first.columns for index in indexes):
        raise BadInput("tables of different columns cannot be merged; make a store for each")
    rows = sum(index.rows for index in indexes)
    if rows >= 1 << 32:
        raise BadInput("together these have more than 4,294,967,295 rows; keep them in several stores")
    cells = sum(index.cells for index in indexes)
    built = Built(
        first.columns, rows, cells, _summed([index.short for index in indexes]),
        _summed([index.empty for index in indexes]),
    )  # fmt: skip
    lengths = np.unique(np.concatenate([index.lengths for index in indexes])).tolist()
    bits = max(6, math.ceil(math.log2(cells / 4 + 1)))
    with writing(path, key) as draft:
        write_sorted(draft, _cells(indexes), ("hash", "low", "row", "column"), bits)
        draft.put("beginnings", _joined_filter([index.beginnings for index in indexes], cells))
        draft.put("first", np.bitwise_or.reduce([index.first for index in indexes]))
        draft.finish(TABLE, {**asdict(built), "lengths": lengths})
    return built


def _summed(counts: Sequence[Sequence[int]]) -> tuple[int, ...]:
    return tuple(map(sum, zip(*counts, strict=True)))


def _cells(indexes: Sequence[TableIndex]) -> Iterator[Entries]:
    before = np.cumsum([0] + [index.rows for index in indexes])
    for places in _stretches([index.high for index in indexes]):
        parts = []
        for index, place, shift in zip(indexes, places, before.tolist(), strict=False):
            part = np.empty(place.stop - place.start, _CELL)
            part["hash"], part["low"] = index.high[place], index.low[place]
            part["row"], part["column"] = index.row[place] + np.uint32(shift), index.column[place]
            parts.append(part)
        entries = np.concatenate(parts)
        yield entries[np.lexsort((entries["row"], entries["low"], entries["hash"]))]


def _joined_filter(filters: Sequence[NDArray[np.uint8]], cells: int) -> NDArray[np.uint8]:
    """A filter that knows what any of these knows. A slot is told by the last bits of a hash that is not kept, so a
    smaller filter stands in a larger one several times over."""
    size = max(max(map(len, filters)), 1 << max(12, math.ceil(math.log2(2 * cells + 1))))
    joined = np.zeros(size, np.uint8)
    for one in filters:
        joined.reshape(-1, len(one))[:] |= one
    return joined


# ---- documents


def merge_documents(stores: DocumentSegments, path: Path, key: bytes) -> int:
    """Write one store of the documents of several that still count; gives how many there are.

    What is boilerplate for one is so for all. Raises CannotWrite.
    """
    segments = stores.segments
    numbers, names = _numbers(stores)
    minima = [segment.minima[kept >= 0] for segment, kept in zip(segments, numbers, strict=True)]
    stop = np.unique(np.concatenate([segment.stop for segment in segments]))
    counted, stops = np.zeros(len(names), np.int64), [stop]
    bits = max(6, math.ceil(math.log2(sum(len(segment.hashes) for segment in segments) / 4 + 1)))
    common = max(segment.common for segment in segments)
    with writing(path, key) as draft:
        postings = _postings(segments, numbers, stop, common, counted, stops)
        write_sorted(draft, postings, ("hash", "document", "start", "size"), bits)
        draft.put("stop", np.unique(np.concatenate(stops)))
        draft.put("minima", np.concatenate(minima).astype(np.uint32))
        draft.put("counted", counted)
        draft.finish(DOCUMENTS, {"names": names, "common": common})
    return len(names)


def _numbers(stores: DocumentSegments) -> tuple[list[NDArray[np.int64]], list[str]]:
    """For each document its number in the merged store, -1 for one that counts no more; and the names of those."""
    numbers, names = [], list[str]()
    for segment, gone in zip(stores.segments, stores.superseded, strict=True):
        kept = np.full(len(segment.names), -1, np.int64)
        for i, name in enumerate(segment.names):
            if name not in gone:
                kept[i] = len(names)
                names.append(name)
        numbers.append(kept)
    return numbers, names


def _postings(
    segments: Sequence[DocumentStore],
    numbers: Sequence[NDArray[np.int64]],
    stop: NDArray[np.uint64],
    common: int,
    counted: NDArray[np.int64],
    stops: list[NDArray[np.uint64]],
) -> Iterator[Entries]:
    for places in _stretches([segment.hashes for segment in segments]):
        parts = []
        for segment, kept, place in zip(segments, numbers, places, strict=True):
            number = kept[segment.documents[place]]
            part = np.empty(len(number), POSTING)
            part["hash"], part["document"] = segment.hashes[place], np.maximum(number, 0)
            part["start"], part["size"] = segment.starts[place], segment.sizes[place]
            parts.append(part[(number >= 0) & ~np.isin(part["hash"], stop)])
        entries = np.concatenate(parts)
        entries = entries[np.lexsort((entries["document"], entries["hash"]))]
        hashes, counts = np.unique(entries["hash"], return_counts=True)
        keep = np.repeat(counts <= common, counts)
        stops.append(hashes[counts > common])
        counted += np.bincount(entries["document"][keep], minlength=len(counted))
        yield entries[keep]
