"""How many distinct values a column of the whole table has, from a random sample of its rows.

Undercounting is the error that matters: numbers of persons decide which path the law asks. Two estimates of the values
that the sample missed are made, and the larger stands:

- Chao and Lin (Biometrics 2012), for rows drawn without replacement: on average not more than there are, exact where
  all values are equally frequent; a column of which no value comes twice has as many values as rows;
- Norris and Pollock (Biometrics 1996): the mixture of frequencies under which what was seen is likeliest, by
  expectation and maximisation (Dempster, Laird and Rubin 1977), for tables where some come once and others often.

No estimator can be right for all tables (Charikar, Chaudhuri, Motwani and Narasayya, PODS 2000): with q = n / N some
table makes it wrong by a factor of about √(1/q). So bounds go with it. docs/templates.md has the measured errors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Distinct", "estimate"]

_COUNTED: Final = 24  # rows of a value up to which values are told apart by their rows: the missed ones have few
_GRID: Final = 160  # frequencies of the mixture
_STEPS: Final = 1000
_Z: Final = 1.959964  # of the normal distribution, 95 % both sides


@dataclass(frozen=True, slots=True)
class Distinct:
    """Distinct values of the whole column. `low` and `high` hold with about 95 % confidence for random samples."""

    seen: int
    count: int
    low: int
    high: int


def estimate(counts: NDArray[np.int64], sampled: int, rows: int, *, unique: bool = False) -> Distinct:
    """`counts`: rows of the sample by distinct value; `sampled` of `rows` rows were read, nulls among them.

    `unique`: no value can come twice (a declared key), so that only the nulls are uncertain.
    """
    seen, filled = len(counts), int(counts.sum())
    if not filled or rows <= sampled:
        return Distinct(seen, seen, seen, seen)
    share = sampled / rows
    most = seen + round((rows - sampled) * _wilson(filled, sampled)[1])  # every further row that is filled is another
    if unique:
        low, high = (round(rows * bound) for bound in _wilson(filled, sampled))
        return Distinct(seen, max(seen, round(filled / share)), max(seen, low), max(seen, min(high, rows)))
    seen_in = np.bincount(np.minimum(counts, _COUNTED + 1), minlength=_COUNTED + 2).astype(np.float64)
    once, twice = float(seen_in[1]), float(seen_in[2])
    missed = _chao_lin(once, twice, filled, share)
    if once:
        missed = max(missed, _mixture(seen_in[1 : _COUNTED + 1], share))
    fewer = max(0.0, once - _Z * math.sqrt(once * (1 - share)))  # seen once in another sample as likely
    low = seen + math.floor(_chao_lin(fewer, _poisson(twice), filled, share))
    high = math.ceil(seen - once + _poisson(once) / share)  # a value that comes once in the table stands for 1/share
    count = min(seen + round(missed), most)
    return Distinct(seen, count, min(low, count), max(count, min(high, most)))


def _chao_lin(once: float, twice: float, filled: int, share: float) -> float:
    """Values missed, by those seen once and twice."""
    if not once:
        return 0.0
    return once * once / (2 * twice * filled / max(1, filled - 1) + once * share / (1 - share))


def _mixture(seen_in: NDArray[np.float64], share: float) -> float:
    """Values missed, by the likeliest mixture: so many values of each frequency in the table.

    `seen_in`: values seen in 1, 2, … rows of the sample.
    """
    most = len(seen_in)
    steps = np.round(np.geomspace(1, max(2.0, most / share), _GRID))
    frequencies = np.union1d(steps, np.arange(1.0, 10.0))
    chances = _binomial(np.arange(1, most + 1), frequencies, share)
    reach = chances.sum(axis=0)
    kept = reach > 1e-12
    chances, reach, frequencies = chances[:, kept], reach[kept], frequencies[kept]
    mixture = np.full(len(frequencies), seen_in.sum() / reach.sum())
    for _ in range(_STEPS):
        mixture *= chances.T @ (seen_in / np.maximum(chances @ mixture, 1e-300)) / reach
    return float(mixture @ np.exp(frequencies * math.log1p(-share)))


def _binomial(rows: NDArray[np.int64], frequencies: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Chances (rows, frequencies) that a value of a frequency stands in so many rows of the sample."""
    chances = np.zeros((len(rows), len(frequencies)))
    last = np.exp(frequencies * math.log1p(-share))  # in none
    for i, row in enumerate(rows.tolist()):
        last = last * np.maximum(frequencies - row + 1, 0) / row * (share / (1 - share))
        chances[i] = last
    return chances


def _poisson(found: float) -> float:
    """The largest mean of which so few are a likely draw (Wilson and Hilferty's approximation of the exact limit)."""
    above = found + 1
    return float(above * (1 - 1 / (9 * above) + _Z / (3 * math.sqrt(above))) ** 3)


def _wilson(found: int, draws: int) -> tuple[float, float]:
    """The shares of which so many finds are a likely draw, 95 % (E. B. Wilson 1927); what is all stays all."""
    if found == draws:
        return 1.0, 1.0
    middle = (found + _Z * _Z / 2) / (draws + _Z * _Z)
    half = _Z * math.sqrt(found * (draws - found) / draws + _Z * _Z / 4) / (draws + _Z * _Z)
    return max(0.0, middle - half), min(1.0, middle + half)
