from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date

import pytest
from schema_habits import HABITS, Habit
from schema_habits_known import MORE

from tongguan.identify.tables import Judge, Table

JUDGE = Judge(b"a key of tests", as_of=date(2026, 11, 21))


@pytest.mark.parametrize("habit", HABITS + MORE, ids=lambda h: h.__name__)
def test_every_column_is_what_its_designer_meant(habit: Callable[[], Habit]) -> None:
    made = habit()
    verdict = JUDGE.judge(made.table())
    assert {c.name: c.type for c in verdict.columns} == dict(
        zip([name for name, *_ in made.columns], made.expected, strict=True)
    )


@pytest.mark.parametrize("habit", HABITS + MORE, ids=lambda h: h.__name__)
def test_the_order_of_columns_says_nothing(habit: Callable[[], Habit]) -> None:
    made = habit()
    table = made.table()
    expected = dict(zip([c.name for c in table.columns], made.expected, strict=True))
    for seed in range(3):
        columns = list(table.columns)
        random.Random(seed).shuffle(columns)
        verdict = JUDGE.judge(Table(table.name, table.comment, columns))
        assert {c.name: c.type for c in verdict.columns} == expected
