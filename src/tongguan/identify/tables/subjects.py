"""Which column ties rows to persons, and how many persons a table holds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from tongguan.identify.tables.distinct import Distinct, estimate
from tongguan.identify.tables.looks import Looks
from tongguan.identify.tables.naming import is_key_of_person, read_table
from tongguan.identify.tables.verdict import ColumnVerdict, Inside, Subjects, Table, Text
from tongguan.identify.types import TYPES
from tongguan.wording import LANGUAGES, wording

__all__ = ["is_key", "subjects_of"]

_STRENGTH: Final = {"document": 4.0, "personal": 3.0, "weak": 1.0}
_KEY: Final = 2.0
_COVERS: Final = 0.5  # share of the rows that the chosen column must fill, where another does
_TEXTS: Final = wording("tongguan.identify.tables")


def is_key(table: Table, column: ColumnVerdict) -> bool:
    """Whether a column is the organisation's own number of a person; `id` is one in a table of persons."""
    if column.type is not None or not column.distinct or column.kind in ("double", "float", "bool"):
        return False
    own = column.name.lower() == "id" and column.distinct == column.rows
    about_persons = max(read_table(table.name), read_table(table.comment or "")) > 0
    return is_key_of_person(column.name) or (own and about_persons)


def subjects_of(table: Table, columns: Sequence[ColumnVerdict], looks: Sequence[Looks]) -> Subjects | None:
    """None where no column tells persons apart."""
    ranked = sorted(
        (rank, i) for i, column in enumerate(columns) if (rank := _rank(table, column)) > (0.0, 0.0)
    )[::-1]  # fmt: skip
    if not ranked:
        return _within(table, columns)
    chosen = ranked[0][1]
    others = tuple(i for _, i in ranked[1:])
    anyone = np.zeros(columns[chosen].rows, np.bool_)
    for i in (chosen, *others):
        if len(looks[i].cells.codes) == len(anyone):
            anyone |= looks[i].cells.codes >= 0
    return _counted(table, columns, looks, chosen, others, int((~anyone).sum()))


def _within(table: Table, columns: Sequence[ColumnVerdict]) -> Subjects | None:
    """Persons that are named within the text of a column, where no column is an identifier of theirs."""
    named = [
        (inside, column)
        for column in columns
        for inside in column.inside
        if inside.values and (TYPES[inside.type].strength in ("document", "personal") or inside.type == "person_name")
    ]
    if not named:
        return None
    most = max(inside.rows for inside, _ in named)

    def rank(one: tuple[Inside, ColumnVerdict]) -> tuple[float, int]:
        strength = _STRENGTH.get(TYPES[one[0].type].strength, 0.0)
        return strength if one[0].rows >= _COVERS * most else strength / 10, one[0].rows

    best, column = max(named, key=rank)
    whole = max(table.rows or 0, column.rows)
    kind = TYPES[best.type]
    text: Text = {
        language: _TEXTS.text("subject_inside", language, column=column.name, type=getattr(kind, language))
        for language in LANGUAGES
    }
    low = best.values if best.type != "person_name" else 1
    unread = whole - column.rows + (column.rows - column.nulls - best.rows if best.estimated else 0)
    high = max(best.values, *(each.named for each in columns)) + unread
    count = min(high, max(low, round(best.values * whole / column.rows)))
    if whole > column.rows:
        text = _estimated(text, count, low, high, None)
    return Subjects(
        column.index, best.type, (), best.rows, column.rows - best.rows, best.values, count, low, high, text
    )


def _rank(table: Table, column: ColumnVerdict) -> tuple[float, float]:
    """Strength first, but a column that fills most rows before one that does not; then how many rows it fills."""
    if column.type:
        strength = _STRENGTH.get(TYPES[column.type].strength, 0.0)
        if strength == _STRENGTH["weak"] and column.type not in ("person_name", "landline"):
            strength = 0.0
    else:
        strength = _KEY if is_key(table, column) else 0.0
    if not strength or not column.distinct:
        return 0.0, 0.0
    filled = 1 - column.null_share
    return strength if filled >= _COVERS else strength / 10, filled


def _counted(
    table: Table,
    columns: Sequence[ColumnVerdict],
    looks: Sequence[Looks],
    chosen: int,
    others: tuple[int, ...],
    without: int,
) -> Subjects:
    column = columns[chosen]
    strength = TYPES[column.type].strength if column.type else "key"
    alike = [i for i in others if columns[i].null_share < 0.1 and columns[i].type]
    sizes = [column.distinct, *(columns[i].distinct for i in alike)]
    low = column.distinct if strength in ("document", "key") else min(sizes)
    high = column.distinct if strength == "document" else max(sizes)
    if strength == "weak":
        low, high = column.distinct, int(looks[chosen].cells.filled)
    high += column.nulls
    count, likely = column.distinct, None
    key = {"document": "subject_exact", "key": "subject_key"}.get(strength, "subject_loose")
    text: Text = _TEXTS.both(key, column=column.name)
    whole = max(table.rows or 0, column.rows)
    if whole > column.rows and column.rows:
        chosen_first = [chosen] if strength in ("document", "key") else [chosen, *alike]
        sizes_of = [_whole(table, looks[i], i, column.rows, whole) for i in chosen_first]
        count, high = sizes_of[0].count, high + whole - column.rows
        below, above = min(size.low for size in sizes_of), max(size.high for size in sizes_of)
        if strength == "weak":  # namesakes: as many persons as rows
            above = high
        elif column.nulls:
            above += math.ceil(column.nulls * whole / column.rows)
        likely = (max(low, min(below, count)), min(high, max(above, count))) if table.random else None
        text = _estimated(text, count, low, high, likely)
    return Subjects(
        chosen, column.type, others, column.rows - column.nulls, without, column.distinct, count, low,
        max(high, count), text, likely,
    )  # fmt: skip


def _whole(table: Table, look: Looks, index: int, sampled: int, rows: int) -> Distinct:
    return estimate(look.cells.counts, sampled, rows, unique=table.columns[index].unique)


def _estimated(text: Text, count: int, low: int, high: int, likely: tuple[int, int] | None) -> Text:
    """What is said of a sample, behind how persons are told apart."""
    if likely:
        more = _TEXTS.both("sampled", count=f"{count:,}", low=f"{likely[0]:,}", high=f"{likely[1]:,}")
    else:
        more = _TEXTS.both("sampled_oddly", count=f"{count:,}")
    sure = _TEXTS.both("certain", low=f"{low:,}", high=f"{high:,}")
    return {"zh": f"{text['zh']}；{more['zh']}；{sure['zh']}", "en": f"{text['en']}; {more['en']}; {sure['en']}"}
