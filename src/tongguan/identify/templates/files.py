"""Tables in files, classified."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tongguan.errors import BadInput
from tongguan.identify.extract import Extraction, extract_file
from tongguan.identify.tables import Judge, Table
from tongguan.identify.tables.pieces import is_continued, joined, table_of
from tongguan.identify.templates.classifying import classify
from tongguan.identify.templates.results import TableResult
from tongguan.identify.templates.rulebook import Rules
from tongguan.model import BlindKind, BlindSpot

__all__ = ["Classified", "classify_files"]


@dataclass(frozen=True, slots=True)
class Classified:
    """What one file holds: its tables, and what of it was not seen."""

    path: str
    tables: tuple[TableResult, ...]
    blind_spots: tuple[BlindSpot, ...]


def classify_files(
    paths: Sequence[Path], key: bytes, rules: Rules, *, as_of: date | None = None
) -> Iterator[Classified]:
    """Files and folders (in order of name), file by file. A table without a name is called after its file.

    Raises BadInput, before anything is read, where a path is absent.
    """
    for path in paths:
        if not os.path.lexists(path):
            raise BadInput(f"{path}: no such file or folder")
    judge = Judge(key, as_of=as_of)
    for path in paths:
        for file in sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]:
            yield _classified(file, judge, rules, as_of)


def _classified(path: Path, judge: Judge, rules: Rules, as_of: date | None) -> Classified:
    spots: list[BlindSpot] = []
    results = []
    try:
        for table in _tables(extract_file(path), path.stem, spots):
            verdict = judge.judge(table)
            results.append(
                classify(verdict, rules.templates, policy=rules.policy, exceptions=rules.exceptions, as_of=as_of)
            )
    except OSError as error:
        spots.append(BlindSpot(BlindKind.UNREADABLE, str(path), error.strerror or "cannot be read"))
    return Classified(str(path), tuple(results), (*spots, *judge.blind_spots()))


def _tables(extractions: Iterable[Extraction], name: str, spots: list[BlindSpot]) -> Iterator[Table]:
    """Tables one after another; stretches of one are joined."""
    last: Table | None = None
    for extraction in extractions:
        spots += extraction.blind_spots
        for piece in extraction.pieces:
            table = table_of(piece, name)
            if table is None:
                continue
            if last is not None and is_continued(last, table):
                last = joined(last, table)
                continue
            if last is not None:
                yield last
            last = table
    if last is not None:
        yield last
