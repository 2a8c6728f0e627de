"""Fingerprints: known tables and known documents found again in text, without keeping a word of them."""

from tongguan.identify.fingerprints.documents import DocumentMatch, DocumentStore, Passage, build_documents
from tongguan.identify.fingerprints.files import Known, match_lines, open_fingerprints, texts_of
from tongguan.identify.fingerprints.segments import DocumentSegments, SegmentMatches, TableSegments
from tongguan.identify.fingerprints.sources import read_table
from tongguan.identify.fingerprints.stores import Segment, Store, Stores
from tongguan.identify.fingerprints.table_build import Built, build_table
from tongguan.identify.fingerprints.table_match import CellHit, Near, RowHit, TableIndex, TableMatches

__all__ = [
    "Built",
    "CellHit",
    "DocumentMatch",
    "DocumentSegments",
    "DocumentStore",
    "Known",
    "Near",
    "Passage",
    "RowHit",
    "Segment",
    "SegmentMatches",
    "Store",
    "Stores",
    "TableIndex",
    "TableMatches",
    "TableSegments",
    "build_documents",
    "build_table",
    "match_lines",
    "open_fingerprints",
    "read_table",
    "texts_of",
]
