"""What a sample is worth, against the definition and against simulation."""

from __future__ import annotations

import math
import random

import pytest

from tongguan.capture.stores import Sample, binomial_bounds


def tail(found: int, draws: int, share: float) -> float:
    """P(X >= found), by the definition."""
    return sum(math.comb(draws, k) * share**k * (1 - share) ** (draws - k) for k in range(found, draws + 1))


@pytest.mark.parametrize(("found", "draws"), [(0, 1), (0, 59), (1, 10), (7, 20), (20, 20), (19, 20), (50, 300)])
def test_bounds_are_where_the_tails_are_five_percent(found: int, draws: int) -> None:
    low, high = binomial_bounds(found, draws)
    assert 0 <= low <= found / draws <= high <= 1
    assert low == 0 if found == 0 else tail(found, draws, low) == pytest.approx(0.05, abs=1e-6)
    assert high == 1 if found == draws else 1 - tail(found + 1, draws, high) == pytest.approx(0.05, abs=1e-6)


@pytest.mark.parametrize("draws", [100, 10_000, 1_000_000])
def test_large_samples_follow_the_rule_of_three(draws: int) -> None:
    sample = Sample("random_keys", draws, 10**9, draws=draws)
    assert sample.missed == pytest.approx(3 / draws, rel=0.02)
    assert binomial_bounds(0, draws)[1] == pytest.approx(sample.missed, rel=1e-6)


def test_whole_tables_miss_nothing_and_heads_promise_nothing() -> None:
    assert Sample("whole", 7, 7, True, 7).missed == 0.0
    assert Sample("whole", 7, 7, True, 7).rows_with(3) == (3, 3)
    assert Sample("head", 10_000, 10**6).missed is None
    assert Sample("head", 10_000, 10**6).rows_with(3) == (3, 10**6)
    assert Sample("random_keys", 0, 10**6).missed is None
    assert Sample("head", 10, None).rows_with(1) is None


def test_a_type_that_is_more_frequent_than_the_bound_is_seldom_missed() -> None:
    """As often as promised: at most 5 % of the samples miss a type that is just as frequent as the bound."""
    chance = random.Random(5)
    sample = Sample("random_rows", 400, 100_000, draws=400)
    assert sample.missed is not None
    holders = math.ceil(sample.missed * 100_000)
    missed = sum(not any(chance.randrange(100_000) < holders for _ in range(400)) for _ in range(2_000))
    assert 0.03 < missed / 2_000 < 0.07


def test_rows_with_covers_the_truth() -> None:
    chance, covered = random.Random(6), 0
    for _ in range(300):
        drawn = sum(chance.random() < 0.02 for _ in range(1_000))
        low, high = Sample("random_rows", 1_000, 50_000, draws=1_000).rows_with(drawn)
        covered += low <= 1_000 <= high
    assert covered / 300 > 0.85  # 90 % by the two tails, and some noise of 300 trials
