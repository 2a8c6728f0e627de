"""Files to make fingerprints of, and files to hold against them: what the commands and jobs go through."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tongguan.errors import BadInput
from tongguan.identify.extract import Extraction, extract
from tongguan.identify.fingerprints.container import open_container
from tongguan.identify.fingerprints.documents import DocumentStore
from tongguan.identify.fingerprints.segments import DocumentSegments, TableSegments
from tongguan.identify.fingerprints.table_build import KIND as TABLE
from tongguan.identify.fingerprints.table_match import Near, TableIndex
from tongguan.model import BlindKind, BlindSpot, Content

__all__ = ["Known", "match_lines", "open_fingerprints", "texts_of"]

Known = TableIndex | TableSegments | DocumentStore | DocumentSegments
"""Fingerprints that were opened."""


def open_fingerprints(path: Path, key: bytes) -> TableIndex | DocumentStore:
    """A file of fingerprints, of whichever kind. Raises BadInput, Broken as `open_container` does."""
    opened = open_container(path, key, None)
    return TableIndex(path, key, opened) if opened.kind == TABLE else DocumentStore(path, key, opened)


def texts_of(paths: Sequence[Path]) -> Iterator[tuple[str, Extraction]]:
    """The text of files, and of all files in folders by name. Raises BadInput, before the first, where one is absent.

    What cannot be read is an extraction with a blind spot.
    """
    for path in paths:
        if not os.path.lexists(path):
            raise BadInput(f"{path}: no such file or folder")
    for path in paths:
        for file in _files(path):
            yield str(file), _text_of(file)


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for folder, folders, names in os.walk(path):
        folders.sort()
        yield from (Path(folder, name) for name in sorted(names))


def _text_of(file: Path) -> Extraction:
    try:
        if not file.is_file():
            return Extraction([], [BlindSpot(BlindKind.UNSUPPORTED, str(file), "not a plain file")])
        data = Content(file.name, "", 0, file).read()
    except OSError as error:
        return Extraction([], [BlindSpot(BlindKind.UNREADABLE, str(file), error.strerror or "cannot be read")])
    return extract(Content(file.name, "", len(data), data))


def match_lines(known: Known, paths: Sequence[Path], near: Near | None = None) -> Iterator[dict[str, Any]]:
    """What of the fingerprints stands in files: a line for each cell or row, or for each document; and for each thing
    that could not be seen.

    Lines hold `path, member, found` ("cell", "row", "document") and places in characters of the piece; no value. `near`
    joins cells to rows; without it cells are told one by one.
    """
    for path, extraction in texts_of(paths):
        members = [piece.member for piece in extraction.pieces]
        spots = list(extraction.blind_spots)
        if isinstance(known, TableIndex | TableSegments):
            matches = known.match(extraction.pieces, near)
            spots += matches.blind_spots
            for row in matches.rows:
                yield {
                    "path": path, "member": members[row.piece], "found": "row", "row": row.row,
                    "columns": list(row.columns), "start": row.start, "end": row.end,
                }  # fmt: skip
            for cell in matches.cells if near is None else ():
                yield {
                    "path": path, "member": members[cell.piece], "found": "cell", "column": cell.column,
                    "row": cell.row, "holders": cell.holders, "start": cell.start, "end": cell.end,
                }  # fmt: skip
        else:
            for match in known.match(extraction.pieces):
                places = [[members[p.piece], p.start, p.end, p.document_start, p.document_end] for p in match.passages]
                yield {
                    "path": path, "found": "document", "document": match.document,
                    "share_of_document": round(match.share_of_document, 4),
                    "share_of_text": round(match.share_of_text, 4),
                    "resemblance": round(match.resemblance, 4), "passages": places,
                }  # fmt: skip
        for spot in spots:
            yield {"path": path, "member": spot.where or None, "blind_spot": str(spot.kind), "detail": spot.detail}
