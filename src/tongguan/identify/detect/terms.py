"""Words that are sensitive by themselves once they are said of a person: illnesses, faiths, convictions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from tongguan.identify.detect.view import Candidate, View

__all__ = ["find"]

_DETECTOR: Final = "terms"
_REACH: Final = 16  # characters between a term and what makes it personal
_PAIRS: Final = [
    (type, f"terms/{type}", f"cues/{type}") for type in ("health", "religion", "criminal_record", "sexual_orientation")
]


def find(view: View) -> Iterator[Candidate]:
    """A term with a cue of its kind near it in the same sentence."""
    text, words = view.text, view.words
    for type, term, cue in _PAIRS:
        terms = words.of(term)
        if not len(terms):
            continue
        cues = words.of(cue)
        places = words.start[cues]
        for i in terms.tolist():
            start, end = int(words.start[i]), int(words.end[i])
            low, high = np.searchsorted(places, (start - _REACH, end + _REACH))
            for j in range(int(low), int(high)):
                first, last = int(words.start[cues[j]]), int(words.end[cues[j]])
                between = text[last:start] if last <= start else text[end:first]
                if first != start and not any(c in "。！？!?\n\x00" for c in between):
                    yield Candidate(start, end, type, 0.75, "context", _DETECTOR, text[start:end].lower())
                    break
