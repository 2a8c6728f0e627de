"""Numbers written so that filters do not see them: in part in Han numerals (一三8-1234-567八), or as identity cards
whose X stands by itself (1-1-0-1-…-X)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import numpy as np

from tongguan.identify.detect.characters import DOT, HAN_NUMERALS, HYPHEN, KIND, MARK, SPACE, fold_text, units_of
from tongguan.identify.detect.checks import CARD_UNIONPAY, ID_CARD, PHONE
from tongguan.identify.detect.digits import find_numbers
from tongguan.identify.detect.kernels import HAN_DIGITS, SPAN_NUMERALS, read_tokens
from tongguan.identify.detect.view import Candidate, View

__all__ = ["find"]

_DETECTOR: Final = "mixed_numerals"
_ONE: Final = rf"[0-9\uff10-\uff19{''.join(HAN_NUMERALS)}]"
_BEFORE: Final = re.compile(rf"(?:{_ONE}[ -]?){{0,18}}\Z")
_NUMBER: Final = re.compile(rf"{_ONE}(?:[ -]?{_ONE}){{10,18}}[Xx\uff38\uff58]?(?![A-Za-z]|[ -]?{_ONE})")
_REACH: Final = 40  # characters of the longest number, with signs
_WORTH: Final = {
    PHONE: ("phone", 0.8, "prefix"),
    ID_CARD: ("id_card", 0.97, "checksum"),
    CARD_UNIONPAY: ("bank_card", 0.85, "luhn"),
}
_X: Final = tuple(map(ord, "XxＸｘ"))
_JOINS: Final = (KIND == SPACE) | (KIND == HYPHEN) | (KIND == DOT) | (KIND == MARK)
_SIGN: Final = rf"[{re.escape(''.join(map(chr, np.flatnonzero(_JOINS).tolist())))}]"
_DIGIT: Final = "[0-9０-９]"
_APART: Final = re.compile(
    rf"(?<![0-9０-９A-Za-z])(?<!{_DIGIT}{_SIGN})[1-9１-９](?:{_SIGN}{{0,3}}{_DIGIT}){{16}}{_SIGN}{{1,3}}[XxＸｘ](?![0-9０-９A-Za-z])"
)
_SHORTEST_APART: Final = 18  # characters before the X
_LONGEST_APART: Final = 18 * 4
_TO_DIGITS: Final = str.maketrans({numeral: str(digit) for numeral, digit in HAN_NUMERALS.items()} | {" ": "", "-": ""})


def find(view: View) -> Iterator[Candidate]:
    """Mobile numbers, identity cards and bank cards."""
    yield from _in_han(view)
    yield from _behind_signs(view)


def _behind_signs(view: View) -> Iterator[Candidate]:
    units = view.units
    is_x = units == _X[0]
    for x in _X[1:]:
        is_x |= units == x
    at = np.flatnonzero(is_x)
    at = at[at >= _SHORTEST_APART]
    for end in (at[_JOINS[units[at - 1]]] + 1).tolist():
        number = _APART.search(view.text, max(0, end - _LONGEST_APART), min(end + 1, len(view.text)))
        if number is None or number.end() != end:
            continue
        value = re.sub(r"\D", "", fold_text(number.group())) + "X"
        if told := _told(value, view.latest):
            type, score, check = told
            yield Candidate(*number.span(), type, score, check, _DETECTOR, value)


def _in_han(view: View) -> Iterator[Candidate]:
    spans, tokens = view.tokens.spans, view.tokens
    runs = spans[spans[:, 0] == SPAN_NUMERALS, 1:].tolist()
    han = tokens.flavour == HAN_DIGITS  # as long as a number, which a longer one may begin or end with
    runs += np.stack((tokens.start[han], tokens.end[han]), axis=1).tolist()
    done = 0
    for start, end in sorted(runs):
        if start < done:
            continue
        before = _BEFORE.search(view.text, max(0, start - _REACH), start)
        number = _NUMBER.match(view.text, before.start() if before else start, end + _REACH)
        if number is None or number.span() == (start, end):
            continue
        done = number.end()
        value = fold_text(number.group()).translate(_TO_DIGITS).upper()
        if told := _told(value, view.latest):
            type, score, check = told
            yield Candidate(*number.span(), type, score, check, _DETECTOR, value)


def _told(value: str, latest: int) -> tuple[str, float, str] | None:
    """Type, score and check of digits."""
    units = units_of(value)
    for code, start, end, *_ in find_numbers(units, read_tokens(units), latest).tolist():
        if code in _WORTH and (start, end) == (0, len(value)):
            return _WORTH[code]
    return None
