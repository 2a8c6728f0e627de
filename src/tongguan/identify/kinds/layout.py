"""How a text looks on the page: shares of characters and of lines, each put into one of a few bins."""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from tongguan.identify.kinds.characters import DIGIT, HAN, LETTER, MARK, NEWLINE, ROLE, SPACE

__all__ = ["BINS", "MEASURES", "layout"]

BINS: Final = 6

MEASURES: Final = (  # in the order of the array that `layout` fills
    "han", "digits", "marks", "line_length", "indented", "blank", "labelled", "short", "numbered", "code_end",
    "columns", "word_length",
)  # fmt: skip

_U8, _U16 = (types.Array(t, 1, "C", readonly=True) for t in (types.uint8, types.uint16))
_LABEL_WITHIN, _SHORT = 20, 20  # characters
_COLONS = (ord(":"), ord("："))
_CODE_ENDS = (ord(";"), ord("{"), ord("}"), ord(","), ord(")"))
_BARS = (ord("|"), ord("\t"), ord("│"))


def layout(codes: NDArray[np.uint16]) -> NDArray[np.int32]:
    """The bin of each measure, (len(MEASURES),) int32 in [0, BINS)."""
    shares = np.zeros(len(MEASURES), np.float64)
    _measure(codes, ROLE, shares)
    return np.minimum((shares * BINS).astype(np.int32), BINS - 1)


@njit(types.void(_U16, _U8, types.float64[::1]), cache=True)
def _measure(codes, role, shares):  # type: ignore[no-untyped-def]
    han = digits = marks = letters = words = seen = 0
    lines = blank = indented = labelled = short = numbered = code_end = columns = 0
    at, size = 0, len(codes)
    while at < size:
        first, filled, last, label, bars = -1, 0, 0, False, 0
        began = at
        before = NEWLINE
        while at < size and role[codes[at]] != NEWLINE:
            code = codes[at]
            kind = role[code]
            if kind != SPACE:
                if first < 0:
                    first = at
                filled += 1
                last = code
            han += kind == HAN
            digits += kind == DIGIT
            marks += kind == MARK
            letters += kind == LETTER
            words += kind == LETTER and before != LETTER
            label |= (code == _COLONS[0] or code == _COLONS[1]) and filled <= _LABEL_WITHIN
            bars += code == _BARS[0] or code == _BARS[1] or code == _BARS[2]
            before = kind
            at += 1
        at += 1
        seen += filled
        if filled == 0:
            blank += 1
            continue
        lines += 1
        indented += first > began
        labelled += label
        short += filled < _SHORT
        numbered += role[codes[first]] == DIGIT
        columns += bars > 1
        for end in _CODE_ENDS:
            code_end += last == end
    if lines == 0:
        return
    shares[0], shares[1], shares[2] = han / seen, min(1.0, 2.0 * digits / seen), min(1.0, 2.0 * marks / seen)
    shares[3] = min(1.0, max(0.0, np.log2(seen / lines) / 10))
    shares[4], shares[5], shares[6] = indented / lines, blank / (lines + blank), labelled / lines
    shares[7], shares[8], shares[9], shares[10] = short / lines, numbered / lines, code_end / lines, columns / lines
    shares[11] = min(1.0, letters / words / 12) if words else 0.0
