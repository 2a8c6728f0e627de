"""Persons of a table by a sample: the estimate on tables of known make, and bounds that hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pytest
from numpy.typing import NDArray

from tongguan.identify.tables import Column, Judge, Subjects, Table
from tongguan.identify.tables.distinct import Distinct, estimate

Counts = NDArray[np.int64]


def drawn(population: Counts, rows: int, seed: int) -> Counts:
    """Rows of each value in a sample drawn without replacement from a table with so many rows of each value."""
    places = np.random.default_rng(seed).choice(int(population.sum()), rows, replace=False)
    found = np.searchsorted(np.cumsum(population), places, side="right")
    return np.unique(found, return_counts=True)[1].astype(np.int64)


def zipf(a: float, values: int, rows: int) -> Counts:
    weights = 1 / np.arange(1, values + 1) ** a
    counts = np.random.default_rng(7).multinomial(rows, weights / weights.sum())
    return counts[counts > 0].astype(np.int64)


# Of each make: how far off the estimate may be, under and over. By no estimator can all be right (Charikar et al. 2000).
MAKES: dict[str, tuple[Callable[[], Counts], float, float]] = {
    "a key": (lambda: np.ones(400_000, np.int64), 0.999, 1.0),
    "each twice": (lambda: np.full(200_000, 2), 0.7, 1.7),
    "each five times": (lambda: np.full(80_000, 5), 0.8, 1.9),
    "each a hundred times": (lambda: np.full(4_000, 100), 0.95, 1.1),
    "half once, half ten times": (lambda: np.r_[np.ones(200_000, np.int64), np.full(20_000, 10)], 0.35, 1.2),
    "half once, half often": (lambda: np.r_[np.ones(200_000, np.int64), np.full(200, 1000)], 0.9, 1.1),
    "one value in a tenth of the rows": (lambda: np.r_[np.ones(360_000, np.int64), np.full(1, 40_000)], 0.95, 1.05),
    "Zipf's law": (lambda: zipf(1.0, 80_000, 400_000), 0.4, 1.5),
}


@pytest.mark.parametrize("make", MAKES)
def test_the_estimate_is_near_and_the_bounds_hold(make: str) -> None:
    population, under, over = MAKES[make][0](), *MAKES[make][1:]
    found = [estimate(drawn(population, 10_000, seed), 10_000, int(population.sum())) for seed in range(8)]
    truth = len(population)
    assert under * truth <= float(np.median([one.count for one in found])) <= over * truth
    assert sum(one.low <= truth <= one.high for one in found) >= 6
    assert all(one.seen <= one.low <= one.count <= one.high for one in found)


def test_more_rows_make_the_bounds_closer() -> None:
    population = zipf(0.5, 50_000, 200_000)
    widths = []
    for rows in (2_000, 20_000, 200_000 - 1):
        one = estimate(drawn(population, rows, 3), rows, 200_000)
        assert one.low <= len(population) <= one.high
        widths.append(one.high / one.low)
    assert widths == sorted(widths, reverse=True) and widths[-1] < 1.01


def test_all_rows_are_counted_and_none_is_nothing() -> None:
    assert estimate(np.array([3, 1, 1]), 5, 5) == Distinct(3, 3, 3, 3)
    assert estimate(np.array([], np.int64), 5, 100) == Distinct(0, 0, 0, 0)
    assert estimate(np.array([1]), 1, 10**12).high <= 10**12


def test_a_declared_key_is_not_guessed_at() -> None:
    one = estimate(np.ones(900, np.int64), 1000, 50_000, unique=True)
    assert one.count == 45_000 and one.low < 45_000 < one.high and one.high - one.low < 2_500
    assert estimate(np.ones(1000, np.int64), 1000, 50_000, unique=True) == Distinct(1000, 50_000, 50_000, 50_000)


def judged(ids: list[str | None], rows: int, **given: bool) -> Subjects:
    column = Column("sfzh", None, ids, unique=given.pop("unique", False))
    found = Judge(b"a key of tests", as_of=date(2026, 11, 21)).judge(Table("t", None, [column], rows, **given)).subjects
    assert found is not None
    return found


def cards(count: int) -> list[str | None]:
    """Numbers with right check digits of persons born on days in 1950 to 1989."""
    made: list[str | None] = []
    for n in range(count):
        body = f"110101{1950 + n % 40}{n // 40 % 12 + 1:02}{n // 480 % 28 + 1:02}{n // 13440:03}"
        weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
        made.append(body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11])
    return made


def test_a_table_of_persons_is_not_undercounted() -> None:
    """All of a sample are different persons: so are probably all of the table."""
    found = judged(cards(2000), 1_000_000)
    assert (found.seen, found.low, found.high) == (2000, 2000, 1_000_000)
    assert found.count == 1_000_000
    assert found.likely is not None and found.likely[0] >= 300_000 and found.likely[1] == 1_000_000
    assert "1,000,000" in found.text["zh"] and "95" in found.text["zh"] and "95 %" in found.text["en"]


def test_empty_cells_may_be_further_persons_and_are_not_counted_as_such() -> None:
    found = judged([*cards(900), *[None] * 100], 100_000)
    assert found.low == 900 and found.high == 100_000 and 88_000 <= found.count <= 92_000
    assert found.likely is not None and found.likely[1] > found.count + 8_000


def test_a_sample_that_was_not_drawn_at_random_gives_certain_bounds_only() -> None:
    found = judged(cards(500), 10_000, random=False)
    assert found.likely is None and (found.low, found.high) == (500, 10_000)
    assert "随机" in found.text["zh"]


def test_a_declared_key_counts_rows() -> None:
    assert judged(cards(500), 10_000, unique=True).likely == (10_000, 10_000)


def test_few_persons_in_many_rows_are_few() -> None:
    ids = (cards(50) * 60)[:3000]
    found = judged(ids, 1_000_000)
    assert found.count == 50 and found.likely is not None and found.likely[1] < 2_000
