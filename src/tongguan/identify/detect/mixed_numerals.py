"""Numbers of which a part is written in Han numerals, so that filters do not see them: 一三8-1234-567八."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tongguan.identify.detect.characters import HAN_NUMERALS, fold_text, units_of
from tongguan.identify.detect.checks import CARD_UNIONPAY, ID_CARD, PHONE
from tongguan.identify.detect.digits import find_numbers
from tongguan.identify.detect.kernels import SPAN_NUMERALS, read_tokens
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
_TO_DIGITS: Final = str.maketrans({numeral: str(digit) for numeral, digit in HAN_NUMERALS.items()} | {" ": "", "-": ""})


def find(view: View) -> Iterator[Candidate]:
    """Mobile numbers, identity cards and bank cards."""
    spans = view.tokens.spans
    done = 0
    for start, end in spans[spans[:, 0] == SPAN_NUMERALS, 1:].tolist():
        if start < done:
            continue
        before = _BEFORE.search(view.text, max(0, start - _REACH), start)
        number = _NUMBER.match(view.text, before.start() if before else start, end + _REACH)
        if number is None:
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
