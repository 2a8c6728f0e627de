"""Which of several candidates over the same characters stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.detect.view import Candidate

__all__ = ["DERIVED", "INSIDE", "offsets", "resolve"]

# What is said *about* another finding stands beside it.
DERIVED: Final = frozenset({"minor", "driving_licence", "social_security", "location_track", "passport_mrz"})

INSIDE: Final = "unwrapping"
"""Detector of what was found inside an encoded value, such as a token, that may itself be a finding."""

_START, _END = itemgetter(0), itemgetter(1)


def resolve(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Ordered by start. Of two that overlap the better score stands, then the longer, then the earlier."""
    candidates = list(candidates)
    ranked = [c for c in candidates if c.type not in DERIVED and c.detector != INSIDE]
    starts, ends = offsets(ranked)
    order = np.argsort((starts << 32) - ends, kind="stable")
    starts, ends = starts[order], ends[order]
    apart = np.ones(len(order) + 1, np.bool_)  # from here on nothing reaches over what stands before
    apart[1:-1] = starts[1:] >= np.maximum.accumulate(ends)[:-1]
    first = np.flatnonzero(apart)
    sizes = np.diff(first)
    kept = np.ones(len(order), np.bool_)
    kept[_lesser(ranked, order, starts, ends, first[:-1][sizes == 2])] = False
    standing: list[Candidate] = []
    done = 0
    several = np.flatnonzero(sizes > 2)
    ordered = list(map(ranked.__getitem__, order[kept].tolist()))
    place = np.append(0, np.cumsum(kept))
    for low, high in zip(place[first[several]].tolist(), place[first[several + 1]].tolist(), strict=True):
        standing += ordered[done:low]
        standing += _standing(ordered[low:high])
        done = high
    standing += ordered[done:]
    if len(ranked) < len(candidates):
        standing += dict.fromkeys(c for c in candidates if c.type in DERIVED or c.detector == INSIDE)
        standing.sort(key=_START)
    return standing


def offsets(candidates: Sequence[Candidate]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Starts and ends, (n,) each."""
    size = len(candidates)
    return np.fromiter(map(_START, candidates), np.int64, size), np.fromiter(map(_END, candidates), np.int64, size)


def _lesser(
    ranked: Sequence[Candidate],
    order: NDArray[np.int64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    pairs: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Of candidates at `pairs` in an order, and those right behind them, the ones that do not stand."""
    both = order[np.concatenate((pairs, pairs + 1))].tolist()
    scores = np.fromiter((ranked[place].score for place in both), np.float64, len(both))
    one, other = scores[: len(pairs)], scores[len(pairs) :]
    sizes = ends - starts
    better = (other > one) | ((other == one) & (sizes[pairs + 1] > sizes[pairs]))
    return np.where(better, pairs, pairs + 1)


def _standing(ranked: Iterable[Candidate]) -> list[Candidate]:
    """Which of some candidates stand that reach over one another, ordered by start, the longer first."""
    standing: list[Candidate] = []
    reach = -1
    for candidate in ranked:
        if candidate.start < reach:
            while standing and standing[-1].end > candidate.start and _better(candidate, standing[-1]):
                standing.pop()
            if standing and standing[-1].end > candidate.start:
                continue
        standing.append(candidate)
        reach = candidate.end
    return standing


def _better(one: Candidate, other: Candidate) -> bool:
    return (one.score, one.end - one.start) > (other.score, other.end - other.start)
