"""Natural persons, each counted once, for any choice of exchanges.

The subjects of all chosen exchanges are joined once (`joining`). What stands for a person becomes *atoms*: numbers of
which the distinct ones are counted, so that any group of exchanges has its count and its bounds from one query.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tongguan.border.joining import CARD, DOCUMENT, NAME, PERSONAL, WEAK, Ints, Links, Persons, join
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
# Measures of a tier: number and sign.
_SIGNS = {
    "group": (0, 1),
    "card": (1, 1),
    "group with card": (2, -1),
    "name": (3, 1),
    "known name": (4, -1),
    "vague": (5, 1),
}
_SIGN = dict(_SIGNS.values())


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
        links = _links(cursor)
        cursor.register("atoms", _atoms(join(links), links.subjects))
        return _answer(cursor, asked), _by_type(cursor)
    finally:
        for view in ("atoms", "asked"):
            cursor.unregister(view)
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


def _atoms(persons: Persons, subjects: int) -> pa.Table:
    """Rows (tier, measure, subject, code). In each tier persons = groups + cards - groups with a card + the vague."""
    everyone = np.arange(subjects, dtype=np.int64)
    vague = everyone[persons.estimate < 0]
    holder, card = persons.cards
    parts: list[tuple[int, str, Ints, Ints]] = []
    for tier, label in enumerate((persons.low, persons.estimate, persons.high)):
        known = label >= 0
        parts += [
            (tier, "group", everyone[known], label[known]),
            (tier, "card", holder, card),
            (tier, "group with card", holder, label[holder]),
        ]
    vague_names, known_names = persons.vague_names, persons.known_names
    bearers = np.concatenate([vague_names[0], known_names[0]])
    names = np.concatenate([vague_names[1], known_names[1]])
    nameless = np.setdiff1d(vague, vague_names[0])
    # A vague subject with several names is several: one atom for each.
    unlike = (
        np.concatenate([vague_names[0], nameless]),
        np.concatenate([vague_names[0] << 24 | _place_within(vague_names[0]), nameless << 24]),
    )
    parts += [
        (CERTAIN, "name", bearers, names),
        (CERTAIN, "known name", *known_names),
        (ESTIMATED, "name", *vague_names),
        (POSSIBLE, "vague", *unlike),
    ]
    return pa.table(
        {
            "tier": np.concatenate([np.full(len(s), tier, np.int8) for tier, _, s, _ in parts]),
            "measure": np.concatenate([np.full(len(s), _SIGNS[m][0], np.int8) for _, m, s, _ in parts]),
            "subject": np.concatenate([s for _, _, s, _ in parts]),
            "code": np.concatenate([c for _, _, _, c in parts]),
        }
    )


def _place_within(subject: Ints) -> Ints:
    """0, 1, 2 … within each run of equal numbers; equal numbers may stand anywhere."""
    order = np.argsort(subject, kind="stable")
    ordered = subject[order]
    place = np.empty(len(subject), np.int64)
    place[order] = np.arange(len(subject)) - np.searchsorted(ordered, ordered, "left")
    return place


def _answer(cursor: duckdb.DuckDBPyConnection, asked: Sequence[Asked]) -> list[Count]:
    cursor.register("asked", _asked_table(asked))
    rows = cursor.execute(
        """
        WITH base AS (SELECT DISTINCT number, sensitive, ordinary, subject FROM held JOIN marks USING (mark)),
             member AS (SELECT a.place, b.subject, min(a.tier) AS tier FROM asked a JOIN base b USING (number)
                        WHERE a.data = 'any' OR (a.data = 'sensitive' AND b.sensitive)
                           OR (a.data = 'ordinary' AND b.ordinary)
                        GROUP BY ALL)
        SELECT m.place, t.tier, t.measure, count(DISTINCT t.code)
        FROM member m JOIN atoms t ON t.subject = m.subject AND m.tier <= t.tier GROUP BY ALL
        """
    ).fetchall()
    cursor.unregister("asked")
    totals = np.zeros((len(asked), 3), np.int64)
    for place, tier, measure, distinct in rows:
        totals[place, tier] += _SIGN[measure] * distinct
    return [Count(count=int(row[ESTIMATED]), low=int(row[CERTAIN]), high=int(row[POSSIBLE])) for row in totals]


def _asked_table(asked: Sequence[Asked]) -> pa.Table:
    rows = [(i, number, tier, one.data) for i, one in enumerate(asked) for number, tier in one.groups.items()]
    places, numbers, tiers, data = zip(*rows, strict=True) if rows else ((),) * 4
    return pa.table(
        {
            "place": pa.array(places, pa.int64()),
            "number": pa.array(numbers, pa.int64()),
            "tier": pa.array(tiers, pa.int8()),
            "data": pa.array(data, pa.string()),
        }
    )


def _by_type(cursor: duckdb.DuckDBPyConnection) -> dict[tuple[int, str], int]:
    rows = cursor.execute(
        f"""
        WITH base AS (SELECT DISTINCT part, unnest(types) AS type, subject FROM held JOIN marks USING (mark))
        SELECT b.part, b.type, t.measure, count(DISTINCT t.code)
        FROM base b JOIN atoms t ON t.subject = b.subject AND t.tier = {ESTIMATED} GROUP BY ALL
        """
    ).fetchall()
    totals: dict[tuple[int, str], int] = {}
    for part, type, measure, distinct in rows:
        totals[part, type] = totals.get((part, type), 0) + _SIGN[measure] * distinct
    return totals


def _column(column: pa.ChunkedArray | pa.Array) -> NDArray[Any]:
    values: NDArray[Any] = column.to_numpy()
    return values
