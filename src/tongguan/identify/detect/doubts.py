"""What is hardly anybody's is told, with its reason, and not counted: it scores below `COUNTED`."""

from __future__ import annotations

from operator import itemgetter
from typing import Final

from tongguan.identify.detect import examples, hosts, telephone_samples
from tongguan.identify.detect.surroundings import Surroundings
from tongguan.identify.detect.view import Candidate, View

__all__ = ["weigh"]


def weigh(view: View, candidates: list[Candidate]) -> list[Candidate]:
    """Candidates in order of start, in the same order, the doubtful ones with less of a score and the reason."""
    around = Surroundings(view)
    types = list(map(_TYPE, candidates))
    numbers = [place for place, type in enumerate(types) if type in telephone_samples.TYPES]
    weighed = hosts.weigh(view, examples.weigh(view, candidates, types, around), types, around)
    return telephone_samples.weigh(view, weighed, numbers, around) if numbers else weighed


_TYPE: Final = itemgetter(2)
