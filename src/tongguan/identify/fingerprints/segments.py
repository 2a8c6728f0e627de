"""Several files of fingerprints read as one: what was added later stands in files of its own until they are merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.fingerprints.documents import DocumentMatch, DocumentStore
from tongguan.identify.fingerprints.finding import Hits
from tongguan.identify.fingerprints.table_match import CellHit, Near, RowHit, TableIndex, TableMatches
from tongguan.identify.pieces import Piece
from tongguan.model import BlindSpot

__all__ = ["DocumentSegments", "SegmentMatches", "TableSegments"]


@dataclass(frozen=True)
class SegmentMatches:
    """What of a table in several files was found; as `TableMatches`. Rows are numbered through the files."""

    parts: tuple[TableMatches, ...]
    before: tuple[int, ...]  # rows of the files before each

    @cached_property
    def hits(self) -> Hits:
        """(n, 3) piece, start, end: each place once."""
        found: Hits = np.unique(np.concatenate([part.hits[:, :3] for part in self.parts]), axis=0)
        return found

    @cached_property
    def rows(self) -> tuple[RowHit, ...]:
        """Each row that stands there, once for each piece."""
        found = [
            RowHit(row.piece, row.row + before, row.columns, row.start, row.end)
            for part, before in zip(self.parts, self.before, strict=True)
            for row in part.rows
        ]
        return tuple(sorted(found, key=lambda row: (row.piece, row.start, row.row)))

    @cached_property
    def cells(self) -> list[CellHit]:
        """Each place where a cell of the table stands, with all that hold it."""
        found: dict[tuple[int, int, int], CellHit] = {}
        for part, before in zip(self.parts, self.before, strict=True):
            for cell in part.cells:
                place = cell.piece, cell.start, cell.end
                known = found.get(place)
                found[place] = (
                    CellHit(*place, known.column, known.holders + cell.holders, known.row)
                    if known
                    else CellHit(*place, cell.column, cell.holders, cell.row + before)
                )
        return [found[place] for place in sorted(found)]

    def split(self, bounds: Sequence[int]) -> list[SegmentMatches]:
        """As `TableMatches.split`."""
        each = zip(*(part.split(bounds) for part in self.parts), strict=True)
        return [SegmentMatches(parts, self.before) for parts in each]

    @property
    def distinct_cells(self) -> int:
        """Different values that stand there."""
        return len(np.unique(np.concatenate([part.index.hashes(np.unique(part.hits[:, 3])) for part in self.parts])))

    @property
    def distinct_rows(self) -> int:
        return sum(part.distinct_rows for part in self.parts)

    @property
    def blind_spots(self) -> tuple[BlindSpot, ...]:
        return tuple(dict.fromkeys(spot for part in self.parts for spot in part.blind_spots))


class TableSegments:
    """A table in one file or several, all with the same columns."""

    def __init__(self, segments: Sequence[TableIndex]) -> None:
        self.segments = tuple(segments)
        self.columns = self.segments[0].columns
        self.rows = sum(segment.rows for segment in self.segments)
        self.cells = sum(segment.cells for segment in self.segments)

    def match(self, pieces: Sequence[Piece], near: Near | None = None) -> SegmentMatches:
        """As `TableIndex.match`. A row lies in one file, so its cells are joined there."""
        before = np.cumsum([0] + [segment.rows for segment in self.segments]).tolist()[:-1]
        return SegmentMatches(tuple(segment.match(pieces, near) for segment in self.segments), tuple(before))


class DocumentSegments:
    """Documents in one file or several; of two under one name the later counts."""

    def __init__(self, segments: Sequence[DocumentStore]) -> None:
        self.segments = tuple(segments)
        self.superseded: tuple[frozenset[str], ...] = tuple(
            frozenset(name for later in self.segments[i + 1 :] for name in later.names)
            for i in range(len(self.segments))
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Of all documents that count."""
        return tuple(
            name
            for segment, gone in zip(self.segments, self.superseded, strict=True)
            for name in segment.names
            if name not in gone
        )

    def match(self, pieces: Sequence[Piece], *, least: int = 80) -> list[DocumentMatch]:
        """As `DocumentStore.match`."""
        found = [
            match
            for segment, gone in zip(self.segments, self.superseded, strict=True)
            for match in segment.match(pieces, least=least)
            if match.document not in gone
        ]
        return sorted(found, key=lambda match: (-match.share_of_document, match.document))

    def sharing(self, pieces: Sequence[Piece]) -> NDArray[np.bool_]:
        """As `DocumentStore.sharing`."""
        found: NDArray[np.bool_] = np.logical_or.reduce([segment.sharing(pieces) for segment in self.segments])
        return found

    def nearest(self, pieces: Sequence[Piece], *, least: float = 0.5, most: int = 10) -> list[tuple[str, float]]:
        """As `DocumentStore.nearest`."""
        found = [
            near
            for segment, gone in zip(self.segments, self.superseded, strict=True)
            for near in segment.nearest(pieces, least=least, most=most + len(gone))
            if near[0] not in gone
        ]
        return sorted(found, key=lambda near: -near[1])[:most]
