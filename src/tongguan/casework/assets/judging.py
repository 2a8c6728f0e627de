"""Units to what they hold: tables column by column, files piece by piece."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from tongguan import identify
from tongguan.capture.stores import Rows, TableUnit, Unseen
from tongguan.casework.assets.judged import Judged, JudgedColumn, Persons, highest
from tongguan.identify import tables
from tongguan.identify.tables import Column, ColumnVerdict, Subjects, Table
from tongguan.model import BlindKind, BlindSpot, Content, Finding

__all__ = ["Judge"]

SAMPLES = 3  # masked, of a column or a type
DISTINCT = 100_000  # hashes of one type in one file that are told apart
IDENTIFYING = ("document", "personal")
ROWS = 10_000  # of a table in a file, by which its columns are judged; all of it is searched
NAME = 200  # characters of a column's name
BLIND_MOST = 200  # blind spots of one unit told one by one


class Judge:
    """Judges units. `key` keys the hashes of values and of contents; both stay in memory or in the catalogue. `prose`
    has names in running text read by a model."""

    def __init__(self, key: bytes, prose: identify.Prose | None = None) -> None:
        self._detector = identify.Detector(key, prose=prose)
        self._tables = tables.Judge(key)
        self._key = hashlib.blake2b(key, digest_size=32, person=b"assets").digest()

    def table(self, unit: TableUnit, rows: Rows) -> Judged:
        """A table by its sample."""
        columns = [
            Column(about.name, about.comment or None, rows.table.column(n)) for n, about in enumerate(rows.columns)
        ]
        whole = rows.sample.method == "whole"
        verdict = self._tables.judge(Table(unit.name, unit.comment or None, columns, None if whole else rows.sample.of))
        judged = [
            _column(found, about.declared, about.comment)
            for found, about in zip(verdict.columns, rows.columns, strict=True)
        ]
        unseen = [*rows.unseen, *self._blobs(rows, judged, unit.path)]
        return Judged(
            tuple(judged),
            highest((verdict.level, *(column.level for column in judged))),
            verdict.sensitive or any(column.sensitive for column in judged),
            _persons(verdict.subjects),
            rows.sample,
            rows.sample.of,
            unseen=tuple(unseen),
            combinations=tuple(_combination(found, judged) for found in verdict.combinations),
        )

    def _blobs(self, rows: Rows, judged: list[JudgedColumn], where: str) -> list[Unseen]:
        """What lies within binary cells, added to their columns."""
        unseen: list[Unseen] = []
        for ordinal, cells in rows.blobs.items():
            tally = _Tally(where)
            for cell in cells:
                self._content(Content(None, "", len(cell), cell), tally)
            unseen += tally.unseen
            found = tally.columns()
            if found:
                column = judged[ordinal]
                judged[ordinal] = replace(
                    column,
                    inside=tuple(dict.fromkeys((*column.inside, *(one.type for one in found if one.type)))),
                    level=highest((column.level, *(one.level for one in found))),
                    sensitive=column.sensitive or any(one.sensitive for one in found),
                    found=column.found + sum(one.found for one in found),
                    samples=column.samples or found[0].samples,
                )
        return unseen

    def file(self, contents: Iterable[Content], where: str) -> Judged:
        """A file by all that lies in it. Raises Unread while its contents are read."""
        tally, digest = _Tally(where), hashlib.blake2b(key=self._key, digest_size=16)
        for content in contents:
            data = content.read()
            digest.update(data)
            self._content(Content(content.name, content.media_type, len(data), data, content.charset), tally)
        found = tally.columns()
        return Judged(
            tuple(found),
            highest(column.level for column in found),
            any(column.sensitive for column in found),
            tally.persons(),
            digest=digest.hexdigest(),
            unseen=tuple(tally.unseen),
        )

    def _content(self, content: Content, tally: _Tally) -> None:
        extraction = identify.extract(content)
        for piece, findings in zip(extraction.pieces, self._detector.scan(extraction.pieces), strict=True):
            tally.add(piece, findings)
            if piece.kind == "table" and (table := _table_of(piece)) is not None:
                tally.judged(self._tables.judge(table))
        for spot in (*extraction.blind_spots, *self._detector.blind_spots()):
            tally.blind(spot)


@dataclass(slots=True)
class _Found:
    count: int = 0
    score: float = 0.0
    samples: list[str] = field(default_factory=list)
    why: tuple[dict[str, Any], ...] = ()


@dataclass(slots=True)
class _Tally:
    """What was found in the contents of one file, by column and type."""

    where: str
    found: dict[tuple[str, str], _Found] = field(default_factory=dict)
    distinct: dict[str, set[bytes]] = field(default_factory=dict)
    blinds: dict[tuple[str, str, BlindKind], tuple[int, int]] = field(default_factory=dict)  # count and bytes

    def add(self, piece: identify.Piece, findings: Sequence[Finding]) -> None:
        names = _columns_of(piece, findings)
        for name, finding in zip(names, findings, strict=True):
            found = self.found.setdefault((name, finding.type), _Found())
            found.count += 1
            found.score = max(found.score, finding.score)
            if len(found.samples) < SAMPLES and finding.masked not in found.samples:
                found.samples.append(finding.masked)
            known = self.distinct.setdefault(finding.type, set())
            if len(known) < DISTINCT:
                known.add(finding.digest)

    def judged(self, verdict: tables.TableVerdict) -> None:
        """Columns whose names and values together say what their cells alone do not."""
        for column in verdict.columns:
            if column.type is not None:
                found = self.found.setdefault((column.name[:NAME], column.type), _Found())
                found.score = max(found.score, column.score)
                found.count = max(found.count, column.rows - column.nulls)
                found.samples = found.samples or list(column.samples[:SAMPLES])
                found.why = _why(column)

    def blind(self, spot: BlindSpot) -> None:
        where = self.where if spot.where in ("", self.where) else f"{self.where}!{spot.where}"
        key = (where, spot.detail, spot.kind)
        if key not in self.blinds and len(self.blinds) >= BLIND_MOST:
            key = (self.where, "and others", BlindKind.UNREADABLE)
        count, size = self.blinds.get(key, (0, 0))
        self.blinds[key] = count + spot.count, size + spot.size

    @property
    def unseen(self) -> list[Unseen]:
        return [
            Unseen("content", where, detail, *sums, kind=kind) for (where, detail, kind), sums in self.blinds.items()
        ]

    def columns(self) -> list[JudgedColumn]:
        made = []
        for (name, type), found in sorted(self.found.items()):
            about = identify.TYPES[type]
            made.append(JudgedColumn(
                name, type=type, level=about.level, sensitive=about.sensitive, score=round(found.score, 3),
                found=found.count, samples=tuple(found.samples), why=found.why,
            ))  # fmt: skip
        return made

    def persons(self) -> Persons:
        """At least as many as there are distinct identifiers of the kind that has most, at most as many as there are of
        all kinds, names and addresses among them."""
        kinds = {type: len(known) for type, known in self.distinct.items()}
        strong = [count for type, count in kinds.items() if identify.TYPES[type].strength in IDENTIFYING]
        high = sum(count for type, count in kinds.items() if identify.TYPES[type].strength != "none")
        names = kinds.get("person_name", 0)
        low = max(strong, default=0)
        return Persons(max(low, names), low, max(high, names))


def _columns_of(piece: identify.Piece, findings: Sequence[Finding]) -> list[str]:
    """The name of the column that each finding stands in, "" where it stands in none."""
    if piece.cells is None or not len(piece.cells) or not piece.columns:
        return [""] * len(findings)
    cell = np.searchsorted(piece.cells[:, 0], [finding.start for finding in findings], side="right") - 1
    ordinals = piece.cells[np.maximum(cell, 0), 2].tolist()
    return [piece.columns[n][:NAME] if n < len(piece.columns) else "" for n in ordinals]


def _column(found: ColumnVerdict, declared: str, comment: str) -> JudgedColumn:
    return JudgedColumn(
        found.name, declared, comment, found.type, tuple(inside.type for inside in found.inside), found.level,
        found.sensitive, round(found.score, 3), found.rows - found.nulls, tuple(found.samples[:SAMPLES]),
        found.protection, _why(found),
    )  # fmt: skip


def _why(found: ColumnVerdict) -> tuple[dict[str, Any], ...]:
    """The evidence, as plain values."""
    return tuple({"from": part.source, "points": round(part.points, 2), **part.text} for part in found.parts)


def _combination(found: tables.Combination, columns: Sequence[JudgedColumn]) -> dict[str, Any]:
    return {
        "rule": found.rule, "columns": [columns[n].name for n in found.columns], "level": found.level,
        "sensitive": found.sensitive, **found.text, "instrument": found.instrument, "article": found.article,
    }  # fmt: skip


def _table_of(piece: identify.Piece) -> Table | None:
    """A table that lies in a file, by some of its rows; None where it has no header."""
    if piece.cells is None or not len(piece.cells) or not piece.columns:
        return None
    cells = piece.cells
    rows = np.searchsorted(piece.records, cells[:, 0], side="right") - 1
    header = int(rows[0])
    others = np.unique(rows[rows > header])
    if len(others) > ROWS:
        others = np.sort(np.random.default_rng().choice(others, ROWS, replace=False))
    kept = np.isin(rows, others) & (cells[:, 2] < len(piece.columns))
    values: list[list[str | None]] = [[None] * len(others) for _ in piece.columns]
    places = np.searchsorted(others, rows[kept]).tolist()
    for (start, end, column), row in zip(cells[kept].tolist(), places, strict=True):
        values[column][row] = piece.text[start:end]
    columns = [Column(name[:NAME], None, cells) for name, cells in zip(piece.columns, values, strict=True)]
    return Table(piece.member or "", None, columns, len(piece.records) - 1)


def _persons(subjects: Subjects | None) -> Persons:
    return Persons(subjects.count, subjects.low, subjects.high) if subjects else Persons()
