"""What a sample is worth: how it was drawn, and which share of the rows may still hold what it did not show."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

__all__ = ["CONFIDENCE", "Method", "Sample", "binomial_bounds"]

CONFIDENCE = 0.95

Method = Literal["whole", "random_rows", "random_keys", "random_pages", "head"]


@dataclass(frozen=True, slots=True)
class Sample:
    """How rows were drawn from a table.

    whole: all of them. random_rows: each row with the same chance. random_keys: rows of keys drawn at random between
    the least and the greatest. random_pages: some rows of pages drawn at random. head: the first that came, which
    says nothing of the others.
    """

    method: Method
    rows: int  # in the sample
    of: int | None  # rows of the table: exact where `exact`, else an estimate; None where unknown
    exact: bool = False
    draws: int = 0  # independent draws: rows, or pages where whole pages were drawn

    @property
    def missed(self) -> float | None:
        """The largest share of rows that may hold a type of which the sample shows none, with 95 % confidence.

        0.0 where all rows were read; None where the rows were not drawn at random. From `draws` draws without a
        find: 1 - 0.05^(1/draws), the upper bound of Clopper and Pearson (1934) for none; about 3/draws (Hanley and
        Lippman-Hand 1983, "rule of three"). Drawing without replacement makes the true share smaller still.
        """
        if self.method == "whole":
            return 0.0
        if self.method == "head" or self.draws < 1:
            return None
        return 1.0 - math.pow(1.0 - CONFIDENCE, 1.0 / self.draws)

    def rows_with(self, found: int) -> tuple[int, int] | None:
        """Between how many rows of the table hold what `found` rows of the sample hold, with 95 % confidence each way.

        None where the sample does not tell, or the number of rows is unknown.
        """
        if self.method == "whole":
            return found, found
        if self.of is None:
            return None
        if self.missed is None or not self.rows:
            return found, self.of
        low, high = binomial_bounds(round(found * self.draws / self.rows), self.draws)
        return max(found, math.floor(low * self.of)), max(found, math.ceil(high * self.of))


def binomial_bounds(found: int, draws: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The shares of Clopper and Pearson (1934): each is crossed with a chance of at most 1 - confidence.

    By bisection over the binomial tail, which needs no table of the beta function.
    """
    tail = 1.0 - confidence
    low = 0.0 if found == 0 else _root(lambda p: _at_least(found, draws, p) - tail)
    high = 1.0 if found == draws else _root(lambda p: tail - (1.0 - _at_least(found + 1, draws, p)))
    return low, high


def _root(rising: Callable[[float], float]) -> float:
    """Where it crosses zero."""
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        if rising(middle) < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _at_least(found: int, draws: int, share: float) -> float:
    """P(X >= found) for X ~ Binomial(draws, share): the sum of the shorter tail, from its largest term outwards."""
    if found <= 0:
        return 1.0
    if share <= 0.0:
        return 0.0
    if share >= 1.0:
        return 1.0
    upper = found > draws * share
    k = found if upper else found - 1
    term = math.exp(
        math.lgamma(draws + 1) - math.lgamma(k + 1) - math.lgamma(draws - k + 1)
        + k * math.log(share) + (draws - k) * math.log1p(-share)
    )  # fmt: skip
    odds = share / (1.0 - share)
    total = 0.0
    while 0 <= k <= draws and term > total * 1e-12:
        total += term
        term *= (draws - k) / (k + 1) * odds if upper else k / ((draws - k + 1) * odds)
        k += 1 if upper else -1
    return min(1.0, total) if upper else max(0.0, 1.0 - total)
