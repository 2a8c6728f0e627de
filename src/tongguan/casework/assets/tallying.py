"""What was found in the contents of one file, by column and type."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import attrgetter
from typing import Any

import numpy as np

from tongguan import identify
from tongguan.capture.stores import Unseen
from tongguan.casework.assets.judged import JudgedColumn, Persons, highest
from tongguan.identify import tables
from tongguan.identify.counting import Distinct
from tongguan.identify.tables import ColumnVerdict, Table, TableVerdict
from tongguan.model import BlindKind, BlindSpot, Finding
from tongguan.wording import wording

__all__ = ["Tally", "column_of", "combination_of"]

SAMPLES = 3  # masked, of a column or a type
IDENTIFYING = ("document", "personal")
NAME = 200  # characters of a column's name
BLIND_MOST = 200  # blind spots of one unit told one by one
_SCORE, _MASKED, _DIGEST, _TYPE, _START = map(attrgetter, ("score", "masked", "digest", "type", "start"))

Place = tuple[str, str]
"""The table within the file, and the column; both "" for text outside tables."""


@dataclass(slots=True)
class _Found:
    count: int = 0
    score: float = 0.0
    samples: list[str] = field(default_factory=list)
    named: int = 0  # of them in names of files, folders and members


@dataclass(slots=True)
class Tally:
    """`where`: the path of the unit."""

    where: str
    found: dict[Place, dict[str, _Found]] = field(default_factory=dict)
    distinct: dict[str, Distinct] = field(default_factory=dict)
    names: identify.Once = field(default_factory=identify.Once)
    blinds: dict[tuple[str, str, BlindKind], tuple[int, int]] = field(default_factory=dict)  # count and bytes

    def add(
        self,
        piece: identify.Piece,
        findings: Sequence[Finding],
        table: Table | None,
        sure: Sequence[tables.SureCells] = (),
    ) -> None:
        """Findings of a piece; `table`: the piece as a table, where it is one; `sure`: its cells that were not read."""
        within = table.name if table is not None else ""
        findings = self.names.new(piece, list(findings)) if piece.kind == "name" else findings
        # Tables give millions of findings: all but the grouping is done a group at a time.
        groups: dict[tuple[str, str], list[Finding]] = defaultdict(list)
        places = zip(_columns_of(piece, findings), map(_TYPE, findings), strict=True)
        for place, finding in zip(places, findings, strict=True):
            groups[place].append(finding)
        cells: dict[tuple[str, str], list[tables.SureCells]] = defaultdict(list)
        for one in sure:
            cells[piece.columns[one.column][:NAME], one.type].append(one)
        for name, type in dict.fromkeys((*groups, *cells)):
            group, beside = groups.get((name, type), []), cells.get((name, type), [])
            found = self.found.setdefault((within, name), {}).setdefault(type, _Found())
            found.count += len(group) + sum(one.count for one in beside)
            found.named += len(group) if piece.kind == "name" else 0
            found.score = max(found.score, *map(_SCORE, group), *(one.score for one in beside))
            if len(found.samples) < SAMPLES:
                masked = dict.fromkeys((*found.samples, *_in_order(group, beside)))
                found.samples = list(islice(masked, SAMPLES))
            known = self.distinct.setdefault(type, Distinct())
            for digests in (map(_DIGEST, group), *(one.digests for one in beside)):
                known.add(digests)

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

    def columns(self, verdicts: Sequence[TableVerdict]) -> list[JudgedColumn]:
        """The columns of the tables, then what was found elsewhere, a type at a time."""
        left = {place: dict(found) for place, found in self.found.items()}
        made = []
        for verdict in verdicts:
            typed = {column.type for column in verdict.columns}
            for column in verdict.columns:
                cells = left.pop((verdict.name, column.name[:NAME]), {})
                made.append(_with_cells(column_of(column, within=verdict.name), cells))
            # Of JSON the place of a finding is not known: what is of a column's type lies there.
            rest = left.get((verdict.name, ""), {})
            for type in typed & rest.keys():
                del rest[type or ""]
        for (within, name), found in sorted(left.items()):
            for type, one in sorted(found.items()):
                made.append(_of_text(within, name, type, one))
        return made

    def persons(self) -> Persons:
        """At least as many as there are distinct identifiers of the kind that has most, at most as many as there are of
        all kinds, names and addresses among them."""
        counts = {type: known.bounds for type, known in self.distinct.items()}
        strong = [bounds for type, bounds in counts.items() if identify.TYPES[type].strength in IDENTIFYING]
        high = sum(most for type, (_, _, most) in counts.items() if identify.TYPES[type].strength != "none")
        names = counts.get("person_name", (0, 0, 0))[0]
        count = max(names, max((bounds[0] for bounds in strong), default=0))
        return Persons(count, max((bounds[1] for bounds in strong), default=0), max(high, count))


def column_of(found: ColumnVerdict, declared: str = "", comment: str = "", *, within: str = "") -> JudgedColumn:
    """A column as the judge gave it, before any rule."""
    return JudgedColumn(
        found.name[:NAME], declared, comment, found.type, tuple(inside.type for inside in found.inside), found.level,
        found.sensitive, round(found.score, 3), found.rows - found.nulls, tuple(found.samples[:SAMPLES]),
        found.protection, _why(found), within, found.type, found.level, found.sensitive,
    )  # fmt: skip


def combination_of(found: tables.Combination, columns: Sequence[JudgedColumn]) -> dict[str, Any]:
    """What columns say together, as plain values."""
    return {
        "rule": found.rule, "columns": [columns[n].name for n in found.columns], "level": found.level,
        "sensitive": found.sensitive, **found.text, "instrument": found.instrument, "article": found.article,
    }  # fmt: skip


def _with_cells(column: JudgedColumn, cells: Mapping[str, _Found]) -> JudgedColumn:
    """A column with what was found in its cells, all of which were searched."""
    if not cells:
        return column
    inside = tuple(dict.fromkeys((*column.inside, *(type for type in cells if type != column.found_type))))
    about = [identify.TYPES[type] for type in inside]
    level = highest((column.found_level, *(one.level for one in about)))
    sensitive = column.found_sensitive or any(one.sensitive for one in about)
    own = cells.get(column.found_type or "") or max(cells.values(), key=lambda one: one.count)
    return JudgedColumn(
        column.name, column.declared, column.comment, column.type, inside, level, sensitive, column.score,
        max(column.found, own.count), column.samples or tuple(own.samples), column.protection, column.why,
        column.within, column.found_type, level, sensitive,
    )  # fmt: skip


def _of_text(within: str, name: str, type: str, found: _Found) -> JudgedColumn:
    about = identify.TYPES[type]
    return JudgedColumn(
        name, type=type, level=about.level, sensitive=about.sensitive, score=round(found.score, 3), found=found.count,
        samples=tuple(found.samples), within=within, found_type=type, found_level=about.level,
        found_sensitive=about.sensitive, why=_in_names(found.named),
    )  # fmt: skip


def _in_names(count: int) -> tuple[dict[str, Any], ...]:
    """The evidence of what stands in names rather than in text."""
    if not count:
        return ()
    said = wording("tongguan.casework.assets").both("in_names", count=f"{count:,}")
    return ({"from": "file_name", "points": 0.0, **said},)


def _columns_of(piece: identify.Piece, findings: Sequence[Finding]) -> list[str]:
    """The name of the column that each finding stands in, "" where it stands in none."""
    if piece.cells is None or not len(piece.cells) or not piece.columns or not findings:
        return [""] * len(findings)
    starts = np.fromiter(map(_START, findings), np.int64, len(findings))
    cell = np.searchsorted(piece.cells[:, 0], starts, side="right") - 1
    ordinals = np.minimum(piece.cells[np.maximum(cell, 0), 2], len(piece.columns))
    names = [*(name[:NAME] for name in piece.columns), ""]
    return list(map(names.__getitem__, ordinals.tolist()))


def _in_order(findings: Sequence[Finding], beside: Sequence[tables.SureCells]) -> Iterable[str]:
    """Masked samples in the order of the text, each different one at least once."""
    if not beside:
        return map(_MASKED, findings)
    first: dict[str, int] = {}
    for finding in findings:
        first.setdefault(finding.masked, finding.start)
        if len(first) == SAMPLES:
            break
    placed = [(start, masked) for masked, start in first.items()]
    return [masked for _, masked in sorted((*placed, *(one for cells in beside for one in cells.first)))]


def _why(found: ColumnVerdict) -> tuple[dict[str, Any], ...]:
    """The evidence, as plain values."""
    return tuple({"from": part.source, "points": round(part.points, 2), **part.text} for part in found.parts)
