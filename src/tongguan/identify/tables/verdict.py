"""Tables as they are given, and what is said of them. Frozen, typed, without I/O; a verdict holds no values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import pyarrow as pa

__all__ = [
    "Column",
    "ColumnVerdict",
    "Combination",
    "Inside",
    "Part",
    "Protection",
    "Source",
    "Subjects",
    "Table",
    "TableVerdict",
    "Text",
]

Text = Mapping[str, str]
"""{"zh": …, "en": …}"""

Protection = Literal["clear", "masked", "hashed"]
Source = Literal["name", "comment", "values", "checks", "neighbours"]


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A column with its values, or a sample of them: an Arrow array of any type, or texts and None.

    `unique`: the catalogue of the database says that no value comes twice (a primary key, a unique index).
    """

    name: str
    comment: str | None = None
    values: pa.Array | pa.ChunkedArray | Sequence[Any] = ()
    unique: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table. `rows`: how many the whole table has, where the values are a sample of its rows; `random`: whether each
    row had the same chance to be in it, without which a sample bounds nothing but what was seen."""

    name: str
    comment: str | None
    columns: Sequence[Column]
    rows: int | None = None
    random: bool = True


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of evidence. `points` are natural logarithms of odds: they add up, and 0 in all is even odds."""

    source: Source
    points: float
    text: Text


@dataclass(frozen=True, slots=True)
class Inside:
    """A type that is found in some cells, or within the text of cells. `share` is of the cells that are not null."""

    type: str
    share: float
    estimated: bool = False  # from a part of the column's text
    rows: int = 0  # in which it is found
    values: int = 0  # distinct ones among those read
    times: int = 0  # how often in all rows


@dataclass(frozen=True, slots=True)
class ColumnVerdict:
    """What a column holds, and why. `type` is a key of `identify.TYPES` or None."""

    index: int
    name: str
    comment: str | None
    type: str | None
    score: float  # probability that the column is of its type, 0 … 1; of the best candidate where `type` is None
    parts: tuple[Part, ...]
    alternatives: tuple[tuple[str, float], ...]  # other types above 0.1 with their scores, best first
    inside: tuple[Inside, ...]
    protection: Protection
    category: str | None
    level: str | None  # the highest of its type and of what is inside
    sensitive: bool
    rows: int
    nulls: int
    distinct: int  # of values that are not null, without spaces around them
    samples: tuple[str, ...]  # masked, up to five; none for a column without a type
    kind: str  # Arrow's name of the type of the values
    named: int = 0  # how many persons are named at most in some cells, or within the text of cells, by `inside`

    @property
    def null_share(self) -> float:
        return self.nulls / self.rows if self.rows else 0.0

    @property
    def distinct_share(self) -> float:
        """Distinct values among those that are not null."""
        return self.distinct / (self.rows - self.nulls) if self.rows > self.nulls else 0.0


@dataclass(frozen=True, slots=True)
class Combination:
    """Columns that say more together than each alone. `sensitive` None: whoever holds the data must judge it."""

    rule: str
    columns: tuple[int, ...]
    level: str
    sensitive: bool | None
    text: Text
    instrument: str | None  # Chinese title without 《》
    article: str | None
    detail: Mapping[str, float] = field(default_factory=dict)  # measured: shares 0 … 1, counts


@dataclass(frozen=True, slots=True)
class Subjects:
    """Which column ties rows to persons, and how many persons the table holds.

    `count`, `low` and `high` are distinct persons in the whole table. Every row given: exact where the column is an
    identifier by law. A sample: `low` are those seen, `high` takes every row that was not read for another person; both
    hold for certain. `count` is an estimate then, and `likely` what it may be with 95 % confidence, None where the rows
    were not drawn at random. `rows` have an identifier, `without` have none in any such column.
    """

    column: int
    type: str | None  # None: a key of the organisation's own (user_id), which names nobody by itself
    others: tuple[int, ...]  # further columns that identify the same person, strongest first
    rows: int
    without: int
    seen: int
    count: int
    low: int
    high: int
    text: Text
    likely: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class TableVerdict:
    """A table column by column, and as a whole."""

    name: str
    comment: str | None
    rows: int  # given
    columns: tuple[ColumnVerdict, ...]
    combinations: tuple[Combination, ...]
    subjects: Subjects | None
    level: str | None  # the highest of columns and combinations; None where nothing personal was found
    sensitive: bool

    @property
    def types(self) -> tuple[str, ...]:
        """Types of the columns and of what is inside them, each once, in order of the columns."""
        found = (t for c in self.columns for t in (c.type, *(i.type for i in c.inside)) if t)
        return tuple(dict.fromkeys(found))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)
