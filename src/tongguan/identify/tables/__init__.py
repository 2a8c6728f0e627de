"""Tables to verdicts: columns are judged by name, comment, values and neighbours; tables by what stands together."""

from tongguan.identify.tables.combining import combination_rules, still_hold
from tongguan.identify.tables.judge import Judge
from tongguan.identify.tables.sure import Memory, Sure, SureCells, is_long
from tongguan.identify.tables.verdict import (
    Column,
    ColumnVerdict,
    Combination,
    Inside,
    Part,
    Protection,
    Subjects,
    Table,
    TableVerdict,
)

__all__ = [
    "Column",
    "ColumnVerdict",
    "Combination",
    "Inside",
    "Judge",
    "Memory",
    "Part",
    "Protection",
    "Subjects",
    "Sure",
    "SureCells",
    "Table",
    "TableVerdict",
    "combination_rules",
    "is_long",
    "still_hold",
]
