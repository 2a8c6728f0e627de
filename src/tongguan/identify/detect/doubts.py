"""What is hardly anybody's is told, with its reason, and not counted: it scores below `COUNTED`."""

from __future__ import annotations

from tongguan.identify.detect import examples, hosts
from tongguan.identify.detect.surroundings import Surroundings
from tongguan.identify.detect.view import Candidate, View

__all__ = ["weigh"]


def weigh(view: View, candidates: list[Candidate]) -> list[Candidate]:
    """Candidates in order of start, in the same order, the doubtful ones with less of a score and the reason."""
    around = Surroundings(view)
    return hosts.weigh(view, examples.weigh(view, candidates, around), around)
