"""What sentences say of a person behind or before a word that gives it away: pay, age in English, work, body and blood,
drugs, genes, arrears, grades of disability.

Every rule has a form around one of the words under `marks/said` in `keywords.yaml`; group 1 is the value. A rule also
asks whether what stands around speaks of one person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from tongguan.identify.detect.said_of_bodies import BODIES
from tongguan.identify.detect.said_of_lives import LIVES
from tongguan.identify.detect.sayings import Saying
from tongguan.identify.detect.traditional import SIMPLIFIED
from tongguan.identify.detect.view import Candidate, View

__all__ = ["find"]

_DETECTOR: Final = "said"


def _by_word() -> dict[str, list[Saying]]:
    sayings: dict[str, list[Saying]] = defaultdict(list)
    for saying in (*LIVES, *BODIES):
        for word in saying.words.split("|"):
            sayings[_key(word)].append(saying)
    return sayings


def _key(word: str) -> str:
    """A word without its blanks and joining signs, in small and in simplified characters."""
    return "".join(SIMPLIFIED.get(c, c) for c in word.lower() if c not in " _-\u3000")


_BY_WORD: Final = _by_word()


def find(view: View) -> Iterator[Candidate]:
    """The values of all sayings."""
    text, words = view.text, view.words
    chosen = words.of("marks/said")
    for start, end in zip(words.start[chosen].tolist(), words.end[chosen].tolist(), strict=True):
        for saying in _BY_WORD.get(_key(text[start:end]), ()):
            for found in saying.form.finditer(text, max(0, start - saying.back), min(len(text), end + saying.ahead)):
                first, last = found.span(found.lastindex or 0)
                if found.start() < end and found.end() > start and saying.told(text, first, last):
                    value = " ".join(text[first:last].lower().split())
                    yield Candidate(first, last, saying.type, saying.score, "context", _DETECTOR, value)
