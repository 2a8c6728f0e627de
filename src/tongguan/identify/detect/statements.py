"""What is said of persons in running prose: which stretches a model is asked about, and what its answers are worth.

A clause is weighed by its n-grams of one to three characters, hashed to a table of weights that was fitted on the same
texts as the model (`scripts/statements`): a cheap sieve that lets nearly all through that the model would find, and
little of programs and manuals. Stretches of some lines with such clauses go to the model, those with the most of them
first (`asking`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from tongguan.identify.detect.asking import Asked, Asking, Read, ReadsSpans, Span
from tongguan.identify.detect.characters import units_of
from tongguan.identify.detect.view import Candidate, Passage
from tongguan.model import BlindSpot

__all__ = ["CLAUSE_ENDS", "SIGN_BITS", "SaidInProse", "slots", "stretches"]

_SHARE: Final = 0.02  # of the stretches that may tell something, at most
_LEAST: Final = 8_000  # characters that are read whatever the share
_STRETCH: Final = 160  # characters from which on a stretch ends with its line
_LONGEST: Final = 320  # characters of a stretch; it ends before with a clause where it can
_SHORT: Final = 2  # characters of what can just tell anything
_SHORT_STANDS: Final = 0.6  # probability from which so little stands
SIGN_BITS: Final = 16
CLAUSE_ENDS: Final = "，。；！？,;!?|\t\r\n\x00\u2028\u2029"
_DETECTOR: Final = "statements"
_STANDS: Final = 0.55  # probability from which something is told of somebody who is spoken of
_ALONE: Final = 0.8  # the same where nobody is spoken of; what is likely but less so is doubtful
_NEVER: Final = 1.1  # beyond all probability
_DOUBTFUL: Final = 0.3  # score, below what is counted
_PERSONS: Final = frozenset({"person_name", "phone", "id_card", "passport", "gender", "age", "medical_record"})
_SOMEBODY: Final = re.compile(
    "[我俺咱你您他她佢]|本人|自己|爸|妈|爷|奶|老公|老婆|丈夫|妻|太太|媳妇|先生|女士|儿子|女儿|孩子|娃|闺女|哥|姐|弟|妹|叔|姨|舅|嫂|邻居|同事|室友"
    r"|\b(?:I|he|she|his|her|my|him|me|wife|husband|son|daughter|mother|father|mum|mom|dad|brother|sister|client)\b",
    re.IGNORECASE | re.ASCII,  # so that a word ends at a Han character
)
_STATUTE: Final = re.compile(
    r"处[一二三四五六七八九十\d]{1,3}(?:年|个?月|日)以[上下]|以[上下]有期徒刑|依照本(?:法|条|办法|规定)"
)
"""What a law says of everybody."""
_WORD: Final = re.compile("[\u4e00-\u9fff]|(?i:years?|old|aged?|born|turn|in (?:my|his|her))")
"""What stands near an age that is given in digits alone, by somebody who speaks; in logs only digits do."""
_NEAR: Final = 24  # characters
_YEARS: Final = r"(?:周|足)?[岁歲]|[ -]years?[ -]old"
_CHILD: Final = re.compile(
    rf"(?<![\d.百零一二三四五六七八九十])(?:1[0-3]|\d|十[一二三]?|[一二两兩三四五六七八九])(?:{_YEARS})"
    r"|(?:\d|[一二两兩三四五六七八九十])(?:个多?半?月[大了]|個多?半?月[大了]|[ -](?:months?|weeks?)[ -]old)"
)
_GROWN: Final = re.compile(
    rf"(?:1[4-9]|[2-9]\d|1\d\d|十[四五六七八九]|[二三四五六七八九]十.?|百.{{0,3}})(?:多|来|來)?(?:{_YEARS})"
)
"""An age under fourteen (PIPL article 28), and one from there on, whichever of the two the reader took it for."""
_EDGES: Final = " \u3000，。；：！？、,.;:!?|\"'“”‘’（）()【】[]…—-~\t\r\n"

_ENDS: Final = np.zeros(65536, np.bool_)
_ENDS[[ord(c) for c in CLAUSE_ENDS]] = True
_FOLD: Final = np.arange(65536, dtype=np.uint32)
_FOLD[ord("A") : ord("Z") + 1] += 32
_FOLD[ord("0") : ord("9") + 1] = ord("0")  # that there are digits tells something, which they are does not

_U16, _U32, _BOOLS = (types.Array(t, 1, "C", readonly=True) for t in (types.uint16, types.uint32, types.boolean))
_WEIGHTS: Final = types.Array(types.float32, 1, "C", readonly=True)
_ONE, _TWO, _THREE, _MIX = (np.uint32(n) for n in (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x2C1B3C6D))
_HALF, _KEEP = np.uint32(15), np.uint32(32 - SIGN_BITS)


@njit(types.int64(types.uint32), cache=True, inline="always")
def _slot(key):  # type: ignore[no-untyped-def]
    return np.int64(np.uint32(np.uint32(key ^ (key >> _HALF)) * _MIX) >> _KEEP)


@njit(types.UniTuple(types.int64, 3)(_U16, _U32, types.int64, types.int64), cache=True, inline="always")
def _slots(units, fold, at, end):  # type: ignore[no-untyped-def]
    """Of the n-grams of one, two and three characters that start at `at` in a clause up to `end`."""
    one = np.uint32(fold[units[at]] * _ONE)
    two = np.uint32(one ^ np.uint32((fold[units[at + 1]] if at + 1 < end else np.uint32(0)) * _TWO))
    three = np.uint32(two ^ np.uint32((fold[units[at + 2]] if at + 2 < end else np.uint32(0)) * _THREE))
    return _slot(one), _slot(np.uint32(two + np.uint32(1))), _slot(np.uint32(three + np.uint32(2)))


def slots(clause: str) -> NDArray[np.int64]:
    """(3 · n,) slots of the n-grams of a clause, for those who fit the weights."""
    units = units_of(clause).astype(np.uint16, copy=False)
    return np.array([_slots(units, _FOLD, at, len(units)) for at in range(len(units))], np.int64).ravel()


@njit(types.int64[:, ::1](_U16, _U32, _BOOLS, _WEIGHTS, types.float32, types.int64, types.int64), cache=True)
def stretches(units, fold, ends, weights, bias, stretch, longest):  # type: ignore[no-untyped-def]
    """Start, end and number of telling clauses of each stretch of text that has one: (n, 3), ascending.

    A stretch ends with a piece, with a line from `stretch` characters on, with a clause from half of `longest` on, and
    at `longest` at the latest. `weights` are those of hashed n-grams, `bias` what they are added to.
    """
    size = len(units)
    found = np.empty((size // 2 + 1, 3), np.int64)
    count, start, told, at = 0, 0, 0, 0
    while at < size:
        end = at
        while end < size and not ends[units[end]] and end - at < longest:
            end += 1
        score = bias
        for i in range(at, end):
            for slot in _slots(units, fold, i, end):
                score += weights[slot]
        told += end > at and score >= 0
        at = max(end, at + 1) if end < size and not ends[units[end]] else end + 1
        length = at - start
        last = units[end] if end < size else 0
        line = last == 10 or last == 13
        if (end < size and last == 0) or (line and length >= stretch) or length >= longest // 2:
            if told:
                found[count, 0], found[count, 1], found[count, 2] = start, min(at, size), told
                count += 1
            start, told = at, 0
    if told:
        found[count, 0], found[count, 1], found[count, 2] = start, size, told
        count += 1
    return found[:count].copy()


@cache
def _signs() -> tuple[NDArray[np.float32], float]:
    """Weights (1 << SIGN_BITS,) of hashed n-grams, and the bias, at which a clause is worth reading from 0 on."""
    with files("tongguan.identify.detect").joinpath("statement_signs.npz").open("rb") as file:
        shipped = np.load(file, allow_pickle=False)
        weights = shipped["weights"].astype(np.float32) * float(shipped["scale"])
        weights.flags.writeable = False
        return weights, float(shipped["bias"])


class SaidInProse:
    """Asks a reader what is said of persons; without one it counts what it would have asked."""

    def __init__(self, reader: ReadsSpans | None, share: float = _SHARE, least: int = _LEAST) -> None:
        self._asking = Asking("what is said of persons in running prose", "statements", reader, share, least)

    @property
    def on(self) -> bool:
        """Whether there is a reader."""
        return self._asking.on

    def take(self, ordinal: int = 0) -> list[BlindSpot]:
        """What was not read of a text since the last call."""
        return self._asking.take(ordinal)

    def find(self, passages: Sequence[Passage], known: Sequence[Sequence[Candidate]]) -> list[list[Candidate]]:
        """What the reader tells of each text that is not known, beside what is known of it."""
        weights, bias = _signs()
        asked = []
        for one in passages:
            units = one.units.astype(np.uint16, copy=False)
            parts = stretches(units, _FOLD, _ENDS, weights, bias, _STRETCH, _LONGEST)
            asked.append(Asked(one.text, parts[:, :2], parts[:, 2], one.ordinal))
        return list(map(self._told, passages, self._asking.ask(asked), known))

    def _told(self, view: Passage, read: Sequence[Read], known: Sequence[Candidate]) -> list[Candidate]:
        if not read:
            return []
        persons = np.array(sorted(one.start for one in known if one.type in _PERSONS), np.int64)
        told = []
        for start, end, spans in read:
            whole = view.text[start:end]
            likely = [span for span in spans if span[3] >= _STANDS]
            least = _least(whole, likely, np.searchsorted(persons, [start, end]))
            told += [(_of_its_age(type, whole[a:b]), start + a, start + b, p, p >= least) for type, a, b, p in likely]
        return list(_beside(view.text, sorted(told, key=lambda span: span[1]), known))


def _least(text: str, spans: Sequence[Span], persons: NDArray[np.int64]) -> float:
    """The probability from which something stands that is likely told in a stretch, which holds known persons from one
    ordinal to the other: less where it speaks of somebody, and none where it does not and is a law's."""
    somebody = persons[0] < persons[1] or len({type for type, *_ in spans}) > 1 or _SOMEBODY.search(text) is not None
    return _STANDS if somebody else _NEVER if _STATUTE.search(text) else _ALONE


def _of_its_age(type: str, said: str) -> str:
    """The class of what is said of an age, by the number in it where there is one."""
    if type == "age" and _CHILD.search(said) and not _GROWN.search(said):
        return "minor"
    if type == "minor" and _GROWN.search(said) and not _CHILD.search(said):
        return "age"
    return type


def _beside(
    text: str, told: Sequence[tuple[str, int, int, float, bool]], known: Sequence[Candidate]
) -> Iterator[Candidate]:
    """What is told (type, start, end, probability, whether of somebody), without the places that are known: the longest
    stretch that is left of each."""
    ordered = sorted((one.start, one.end, one.type) for one in known)
    first = 0
    for type, start, end, probability, stands in told:
        while first < len(ordered) and ordered[first][1] <= start - _LONGEST:
            first += 1
        taken = []
        for low, high, what in ordered[first:]:
            if low >= end:
                break
            if high > start:
                taken.append((low, high, what))
        if any(what == type for _, _, what in taken):
            continue
        a, b = _trimmed(text, *_longest_left(start, end, taken))
        if b - a > _SHORT or (b - a == _SHORT and probability >= _SHORT_STANDS):
            value = " ".join(text[a:b].lower().split())
            if type == "age" and value.isdecimal() and not _WORD.search(text, max(0, a - _NEAR), b + _NEAR):
                continue
            score, reason = (round(0.4 + 0.4 * probability, 2), "model") if stands else (_DOUBTFUL, "whose")
            yield Candidate(a, b, type, score, reason, _DETECTOR, value)


def _longest_left(start: int, end: int, taken: Sequence[tuple[int, int, str]]) -> tuple[int, int]:
    left, at = (start, start), start
    for low, high, _ in [*taken, (end, end, "")]:
        if low - at > left[1] - left[0]:
            left = at, low
        at = max(at, high)
    return left


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] in _EDGES:
        start += 1
    while end > start and text[end - 1] in _EDGES:
        end -= 1
    return start, end
