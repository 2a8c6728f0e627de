"""Natural persons, each counted once, for any choice of exchanges.

The subjects of all chosen exchanges are read out of the ledger and joined once (`joining`); then any set of them can be
counted (`census`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tongguan.border.census import Census, distinct
from tongguan.border.joining import CARD, DOCUMENT, NAME, PERSONAL, WEAK, Ints, Links, join
from tongguan.identify.types import TYPES
from tongguan.model import Count

__all__ = ["CERTAIN", "ESTIMATED", "POSSIBLE", "Asked", "count_persons"]

CERTAIN, ESTIMATED, POSSIBLE = 0, 1, 2
"""What a group of exchanges weighs in: estimate and both bounds, estimate and upper bound, upper bound only."""

Data = Literal["any", "sensitive", "ordinary"]

_TYPE_NUMBERS = {id: number for number, id in enumerate(TYPES)}
# A person without a document is known by the first of these.
_PREFERRED = ("phone", "wechat", "email", "qq", "bank_card", "imsi")
_STRENGTHS = {"document": DOCUMENT, "personal": PERSONAL, "weak": WEAK, "none": WEAK}
_SPECIAL = {"id_card": CARD, "person_name": NAME}
# By type number; the last entry is for types that are no longer known.
_KIND = np.array([*(_SPECIAL.get(t.id, _STRENGTHS[t.strength]) for t in TYPES.values()), WEAK], np.int64)
_RANK = np.array(
    [*(_PREFERRED.index(id) if id in _PREFERRED else len(_PREFERRED) + n for id, n in _TYPE_NUMBERS.items()), 1 << 20],
    np.int64,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One count asked for: over these groups of exchanges, each with what it weighs in, and of this kind of data."""

    groups: Mapping[int, int]  # group → CERTAIN, ESTIMATED or POSSIBLE
    data: Data = "any"


def count_persons(
    cursor: duckdb.DuckDBPyConnection, chosen: str, asked: Sequence[Asked]
) -> tuple[list[Count], dict[tuple[int, str], int]]:
    """Counts as asked, and the estimate for each (`part`, data type).

    `chosen`: a query for the columns uid (of an exchange), number (its group) and part (for the second answer).
    """
    try:
        _gather(cursor, chosen)
        census = Census(join(_links(cursor)))
        return _answer(cursor, census, asked), _by_type(cursor, census)
    finally:
        for table in ("held", "marks"):
            cursor.execute(f"DROP TABLE IF EXISTS temp.{table}")


def _gather(cursor: duckdb.DuckDBPyConnection, chosen: str) -> None:
    """Numbers the subjects: two with equal identifiers are one, and one without any is itself."""
    ordinary = [id for id, type in TYPES.items() if not type.sensitive and type.category != "non_personal"]
    cursor.execute(
        f"""
        CREATE TEMP TABLE held AS
        SELECT c.number, c.part, s.types, s.sensitive, list_has_any(s.types, $ordinary) AS ordinary, s.identifiers,
               hash(s.uid, s.record) AS record,
               CASE WHEN len(s.identifiers) = 0 THEN hash(s.uid, s.record)
                    ELSE hash(list_sort(list_transform(s.identifiers, lambda i: hash(i.type, i.digest)))) END AS mark
        FROM subjects s JOIN ({chosen}) c USING (uid)
        """,
        {"ordinary": ordinary},
    )
    cursor.execute(
        """
        CREATE TEMP TABLE marks AS
        SELECT mark, row_number() OVER () - 1 AS subject, any_value(identifiers) AS identifiers
        FROM held GROUP BY mark
        """
    )
    cursor.execute("ALTER TABLE held DROP COLUMN identifiers")


def _links(cursor: duckdb.DuckDBPyConnection) -> Links:
    """Subjects and identifiers as numbers."""
    rows = cursor.sql(
        """
        SELECT subject, hash(i.type, i.digest) AS identifier, i.type AS type
        FROM (SELECT subject, unnest(identifiers) AS i FROM marks)
        """
    ).to_arrow_table()
    types = rows["type"].combine_chunks().dictionary_encode()
    numbers = np.array([_TYPE_NUMBERS.get(id, -1) for id in types.dictionary.to_pylist()], np.int64)
    number = numbers[_column(types.indices)] if len(rows) else np.zeros(0, np.int64)
    _, first, identifier = np.unique(_column(rows["identifier"]), return_index=True, return_inverse=True)
    type = number[first]
    subjects = cursor.execute("SELECT count(*) FROM marks").fetchall()
    return Links(
        subject=_column(rows["subject"]).astype(np.int64),
        identifier=identifier.astype(np.int64),
        subjects=int(subjects[0][0]),
        kind=_KIND[type],
        type=type,
        rank=_RANK[type],
        same_record=_same_record(cursor),
    )


def _same_record(cursor: duckdb.DuckDBPyConnection) -> tuple[Ints, Ints]:
    pairs = cursor.sql(
        """
        WITH placed AS (SELECT record, subject FROM held JOIN marks USING (mark)),
             several AS (SELECT record, min(subject) AS first FROM placed GROUP BY record HAVING first <> max(subject))
        SELECT DISTINCT first, subject FROM placed JOIN several USING (record) WHERE subject <> first
        """
    ).to_arrow_table()
    return _column(pairs["first"]).astype(np.int64), _column(pairs["subject"]).astype(np.int64)


def _answer(cursor: duckdb.DuckDBPyConnection, census: Census, asked: Sequence[Asked]) -> list[Count]:
    rows = cursor.sql(
        "SELECT DISTINCT number, sensitive, ordinary, subject FROM held JOIN marks USING (mark) ORDER BY number"
    ).to_arrow_table()
    number, subject = _column(rows["number"]), _column(rows["subject"])
    flags = {"sensitive": _column(rows["sensitive"]), "ordinary": _column(rows["ordinary"])}

    def members(one: Asked, tier: int) -> Ints:
        """Subjects of the groups that weigh in at this tier."""
        parts = [np.zeros(0, np.int64)]
        for group, weighs in one.groups.items():
            if weighs <= tier:
                place = slice(np.searchsorted(number, group, "left"), np.searchsorted(number, group, "right"))
                parts.append(subject[place] if one.data == "any" else subject[place][flags[one.data][place]])
        return distinct(np.concatenate(parts))

    @cache
    def counted(groups: frozenset[tuple[int, int]], data: Data) -> Count:
        one = Asked(dict(groups), data)
        return Count(
            count=census.estimate(members(one, ESTIMATED)),
            low=census.low(members(one, CERTAIN)),
            high=census.high(members(one, POSSIBLE)),
        )

    return [counted(frozenset(one.groups.items()), one.data) for one in asked]


def _by_type(cursor: duckdb.DuckDBPyConnection, census: Census) -> dict[tuple[int, str], int]:
    rows = cursor.sql(
        """
        SELECT DISTINCT part, type, subject
        FROM (SELECT part, unnest(types) AS type, mark FROM held) JOIN marks USING (mark)
        ORDER BY part, type
        """
    ).to_arrow_table()
    part, subject = _column(rows["part"]), _column(rows["subject"])
    types = rows["type"].combine_chunks().dictionary_encode()
    type = _column(types.indices)
    starts = np.flatnonzero(np.r_[True, (part[1:] != part[:-1]) | (type[1:] != type[:-1])]) if len(rows) else part
    ends = [*starts[1:], len(rows)]
    return {
        (int(part[start]), types.dictionary[int(type[start])].as_py()): census.estimate(subject[start:end])
        for start, end in zip(starts, ends, strict=False)
    }


def _column(column: pa.ChunkedArray | pa.Array) -> NDArray[Any]:
    values: NDArray[Any] = column.to_numpy()
    return values
