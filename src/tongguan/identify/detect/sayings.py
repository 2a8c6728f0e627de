"""Ways of saying something of a person, and whether what stands around them speaks of one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

__all__ = ["Saying", "around", "of_one", "speaks_of"]

_SENTENCE: Final = 80  # characters to either side that are read
_EDGE: Final = re.compile("[。！？!?\n\x00]")


class Saying(NamedTuple):
    """A form (group 1 is the value) around one of some words. `told` gets the text and the value's start and end."""

    type: str
    words: str  # with bars between them
    form: re.Pattern[str]
    told: Callable[[str, int, int], bool]
    back: int = 24  # characters before the word at which the form may begin
    ahead: int = 48  # characters behind the word
    score: float = 0.72


def around(text: str, start: int, end: int, reach: int = _SENTENCE) -> str:
    """The sentence, or the line, around a value, without it."""
    before = _EDGE.split(text[max(0, start - reach) : start])[-1]
    return before + "\t" + _EDGE.split(text[end : end + reach], maxsplit=1)[0]


def speaks_of(
    one: re.Pattern[str] | None, many: re.Pattern[str], reach: int = _SENTENCE, lines: int = 0
) -> Callable[[str, int, int], bool]:
    """Whether a sentence has a word of `one` (where given) and none of `many`; with `lines` the words of `one` may
    stand that many characters before it, on other lines."""

    def told(text: str, start: int, end: int) -> bool:
        sentence = around(text, start, end, reach)
        if many.search(sentence):
            return False
        if one is None or one.search(sentence):
            return True
        piece = text[max(0, start - lines) : start].split("\x00")[-1] + text[end : end + lines].split("\x00")[0]
        return lines > 0 and one.search(piece) is not None

    return told


_ONE: Final = re.compile(
    r"(?<![A-Za-z])(?:he|she|his|her|him|mr|mrs|ms|miss|dr|patient|employee|passenger|guest|insured|claimant"
    r"|applicant|candidate|son"
    r"|daughter|wife|husband|mother|father|baby|boy|girl|widow|child|man|woman|i|i'm|my|mine|party b|gp notes?"
    r"|holder of|passport|male|female)(?![A-Za-z])",
    re.IGNORECASE,
)
_MANY: Final = re.compile(
    r"(?<![A-Za-z])(?:must|should|at least|older than|younger than|people|persons|patients|users|adults|those|anyone"
    r"|if you|guidelines?"
    r"|study|studies|trial enrolled|prevalence|research|versions?|average|median|vaccine)(?![A-Za-z])",
    re.IGNORECASE,
)
of_one: Final = speaks_of(_ONE, _MANY, reach=160)
"""Whether an English sentence speaks of one person."""
