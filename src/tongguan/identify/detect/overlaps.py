"""Which of several candidates over the same characters stands."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import Final

from tongguan.identify.detect.view import Candidate

__all__ = ["DERIVED", "INSIDE", "resolve"]

# What is said *about* another finding stands beside it.
DERIVED: Final = frozenset({"minor", "driving_licence", "social_security", "location_track", "passport_mrz"})

INSIDE: Final = "unwrapping"
"""Detector of what was found inside an encoded value, such as a token, that may itself be a finding."""

_START, _END = attrgetter("start"), attrgetter("end")


def resolve(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Ordered by start. Of two that overlap the better score stands, then the longer, then the earlier."""
    beside: list[Candidate] = []
    ranked: list[Candidate] = []
    for candidate in candidates:
        (beside if candidate.type in DERIVED or candidate.detector == INSIDE else ranked).append(candidate)
    ranked.sort(key=_END, reverse=True)
    ranked.sort(key=_START)
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
    if beside:
        standing += dict.fromkeys(beside)
        standing.sort(key=_START)
    return standing


def _better(one: Candidate, other: Candidate) -> bool:
    return (one.score, one.end - one.start) > (other.score, other.end - other.start)
