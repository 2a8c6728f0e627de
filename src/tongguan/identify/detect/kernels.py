"""Compiled loops over text: tokens with digits, and signs of addresses. Nothing here knows what a number means.

Explicit signatures and an on-disk cache: compiled once at set-up (by importing this module), loaded afterwards. Every
loop is bounded by the lengths of the arrays that it is given, and outputs have room for the worst case.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from tongguan.identify.detect.characters import (
    AT,
    DIGIT,
    FOLD,
    HAN_NUMERAL,
    HYPHEN,
    IGNORABLE,
    IN_DOMAIN,
    KIND,
    LETTER,
    MAIL,
    PROVINCE,
    SPACE,
    Units,
)

__all__ = ["DIGITS", "HAN_DIGITS", "MIXED", "SINGLE_LETTER", "SPAN_NUMERALS", "Tokens", "read_tokens"]

U8, U16, I32 = (types.Array(t, 1, "C", readonly=True) for t in (types.uint8, types.uint16, types.int32))
OUT8, OUT32 = types.uint8[::1], types.int32[::1]
ROWS32 = types.int32[:, ::1]

DIGITS, MIXED, SINGLE_LETTER, HAN_DIGITS = 0, 1, 2, 3  # flavours of token
SPAN_AT, SPAN_MAC, SPAN_IPV6, SPAN_NUMERALS = 0, 1, 2, 3

_LONGEST_MAIL = 254  # characters of a domain name, RFC 1035
_LONGEST_HAN_NUMBER = 19
_SHORTEST_HAN_NUMBER = 11
_COLON, _MINUS = ord(":"), ord("-")


def _stops() -> NDArray[np.uint8]:
    stops = np.isin(KIND, (DIGIT, AT, HAN_NUMERAL, PROVINCE)).astype(np.uint8)
    stops[[_COLON, _MINUS]] = 1
    return stops


_STOPS = _stops()  # (65536,) units at which the loop looks closer: most text is passed over


@dataclass(frozen=True, slots=True)
class Tokens:
    """Runs of letters and digits that hold a digit, in order; `folded[offset[i]:offset[i + 1]]` is token i's text."""

    start: NDArray[np.int32]  # (n,) first character
    end: NDArray[np.int32]  # (n,) exclusive
    offset: NDArray[np.int32]  # (n + 1,)
    flavour: NDArray[np.uint8]  # (n,)
    folded: NDArray[np.uint8]  # ASCII digits and capitals, all tokens one behind the other
    spans: NDArray[np.int32]  # (m, 3) what, start, end: signs of e-mail, MAC and IPv6 addresses, Han numerals at digits


@njit
def _is_hex(code):  # type: ignore[no-untyped-def]
    return 48 <= code <= 57 or 65 <= code <= 70


@njit
def _is_later_pair(units, kind, fold, start, sign):  # type: ignore[no-untyped-def]
    """Whether a pair of hexadecimal digits and the sign stand before `start`: a longer run began earlier."""
    if start < 3 or units[start - 1] != sign or units[start - 2] >= 128 or units[start - 3] >= 128:
        return False
    if not (_is_hex(fold[units[start - 2]]) and _is_hex(fold[units[start - 3]])):
        return False
    return start < 4 or kind[units[start - 4]] not in (DIGIT, LETTER)


@njit
def _hex_run(units, fold, start):  # type: ignore[no-untyped-def]
    """What groups of hexadecimal digits joined by one sign are: (kind of span or -1, end)."""
    n = len(units)
    i = start
    groups, doubles, pairs, digits, first = 0, 0, 0, 0, 0
    sign = 0
    while i < n and groups < 9:
        size = 0
        while i < n and size < 5 and units[i] < 128 and _is_hex(fold[units[i]]):
            digits += units[i] < 58
            size += 1
            i += 1
        if size > 4:
            return -1, start
        if size:
            groups += 1
            pairs += size == 2
            if groups == 1:
                first = size
        if i + 1 >= n or (units[i] != 58 and units[i] != 45) or (sign and units[i] != sign):
            break
        double = sign == 58 and units[i] == 58 and units[i + 1] == 58
        if not double and (units[i + 1] >= 128 or not _is_hex(fold[units[i + 1]])):
            double = units[i] == 58 and units[i + 1] == 58
            if not double:
                break
        sign = units[i]
        doubles += double
        i += 1 + double
    if i < n and units[i] < 128 and fold[units[i]]:  # a letter or a digit follows: not ours
        return -1, start
    if groups == 6 and pairs == 6 and doubles == 0:
        return 1, i
    whole = (groups == 8 and doubles == 0) or (doubles == 1 and groups < 8 and (groups > 2 or first == 4))
    if sign == 58 and digits and whole:
        return 2, i
    return -1, start


@njit
def _run_start(units, kind, at):  # type: ignore[no-untyped-def]
    """Where the run of letters and digits begins that reaches up to `at`."""
    start = at
    i = at - 1
    while i >= 0:
        k = kind[units[i]]
        if k in (LETTER, DIGIT):
            start = i
        elif k != IGNORABLE:
            break
        i -= 1
    return start


@njit
def _read_address(spans, found, units, kind, fold, start, stop):  # type: ignore[no-untyped-def]
    """The MAC or IPv6 address whose first group is [start, stop); gives the number of spans."""
    if not _is_later_pair(units, kind, fold, start, units[stop]):
        what, end = _hex_run(units, fold, start)
        if what > 0:
            spans[found, 0], spans[found, 1], spans[found, 2] = what, start, end
            return found + 1
    return found


@njit
def _read_mail(spans, found, units, mail, at):  # type: ignore[no-untyped-def]
    """What stands around an @; gives the number of spans."""
    n = len(units)
    first, last = at, at + 1
    while first > 0 and at - first < _LONGEST_MAIL and mail[units[first - 1]]:
        first -= 1
    while last < n and last - at < _LONGEST_MAIL and mail[units[last]] == IN_DOMAIN:
        last += 1
    if first < at and last > at + 1:
        spans[found, 0], spans[found, 1], spans[found, 2] = SPAN_AT, first, last
        return found + 1
    return found


@njit
def _is_at_digit(units, kind, start, end, size):  # type: ignore[no-untyped-def]
    """Whether Han numerals stand against a digit, or, two or more of them, a blank or a stroke before or behind one."""
    n = len(units)
    if (end < n and kind[units[end]] == DIGIT) or (start > 0 and kind[units[start - 1]] == DIGIT):
        return True
    if size < 2:
        return False
    behind = end + 1 < n and kind[units[end]] in (SPACE, HYPHEN) and kind[units[end + 1]] == DIGIT
    return behind or (start > 1 and kind[units[start - 1]] in (SPACE, HYPHEN) and kind[units[start - 2]] == DIGIT)


@njit([types.UniTuple(types.int64, 2)(units, U8, U8, U8, U8, OUT32, OUT32, OUT32, OUT8, OUT8, ROWS32) for units in (U8, U16)], cache=True)  # fmt: skip  # noqa: E501
def _read_tokens(units, stops, kind, fold, mail, starts, ends, offsets, flavours, folded, spans):  # type: ignore[no-untyped-def]
    """Fill the columns of `Tokens`; gives the numbers of tokens and of spans."""
    n = len(units)
    tokens, found, used = 0, 0, 0
    i = 0
    while i < n:
        if stops[units[i]] == 0:
            i += 1
            continue
        if tokens >= len(starts) or found >= len(spans):
            break
        k = kind[units[i]]
        if k == AT:
            found = _read_mail(spans, found, units, mail, i)
            i += 1
            continue
        start = i
        if k == HAN_NUMERAL:
            base, size = used, 0
            while i < n:
                k = kind[units[i]]
                if k == HAN_NUMERAL:
                    if size < _LONGEST_HAN_NUMBER:
                        folded[used] = fold[units[i]]
                        used += 1
                    size += 1
                elif not (k in (IGNORABLE, SPACE, HYPHEN) and i + 1 < n and kind[units[i + 1]] == HAN_NUMERAL):
                    break
                i += 1
            alone = i + 1 >= n or kind[units[i + 1]] not in (LETTER, DIGIT)
            if size == 17 and i < n and fold[units[i]] == 88 and alone:  # X, the check digit of an identity card
                folded[used] = 88
                used, size, i = used + 1, 18, i + 1
            if _SHORTEST_HAN_NUMBER <= size <= _LONGEST_HAN_NUMBER:
                starts[tokens], ends[tokens], offsets[tokens], flavours[tokens] = start, i, base, HAN_DIGITS
                tokens += 1
            else:
                used = base
                if _is_at_digit(units, kind, start, i, size):
                    spans[found, 0], spans[found, 1], spans[found, 2] = SPAN_NUMERALS, start, i
                    found += 1
            continue
        if k == PROVINCE:  # 京A·12345: a letter alone
            i += 1
            if i < n and kind[units[i]] == LETTER:
                behind = i + 1
                while behind < n and kind[units[behind]] == IGNORABLE:
                    behind += 1
                if behind == n or (kind[units[behind]] != LETTER and kind[units[behind]] != DIGIT):
                    starts[tokens], ends[tokens], offsets[tokens], flavours[tokens] = i, i + 1, used, SINGLE_LETTER
                    folded[used] = fold[units[i]]
                    used += 1
                    tokens += 1
            continue
        if k != DIGIT:  # : or - behind letters only; behind digits it was seen with them
            if i and kind[units[i - 1]] == LETTER:
                first = i - 1
                while first > 0 and i - first < 5 and kind[units[first - 1]] == LETTER:
                    first -= 1
                size = i - first
                whole = first == 0 or _run_start(units, kind, first) == first
                if whole and size <= 4 and (units[i] == _COLON or size == 2):
                    found = _read_address(spans, found, units, kind, fold, first, i)
            i += 1
            continue
        if i:
            k = kind[units[i - 1]]
            if k in (LETTER, IGNORABLE):
                start = _run_start(units, kind, i)
                i = start
        digits, size, end = 0, 0, start
        while i < n:
            k = kind[units[i]]
            if k in (LETTER, DIGIT):
                folded[used + size] = fold[units[i]]
                digits += k == DIGIT
                size += 1
                end = i + 1
            elif k != IGNORABLE:
                break
            i += 1
        if size <= 4 and i < n and end == i and (units[i] == _COLON or (units[i] == _MINUS and size == 2)):
            found = _read_address(spans, found, units, kind, fold, start, i)
        before = units[start - 1] if start else 0
        if before == 92 or before == 37:  # after \ or %: part of the token is an escape
            skip = 0
            if before == 37:
                skip = 2
            elif units[start] == 117:
                skip = 5
            elif kind[units[start]] == LETTER:
                skip = 1
            if skip and skip < end - start and end - start == size:
                for j in range(skip):
                    digits -= kind[units[start + j]] == DIGIT
                start += skip
                size -= skip
                before = 0
        if digits == 0:
            continue
        offsets[tokens] = used
        for j in range(start, end):
            if kind[units[j]] != IGNORABLE:
                folded[used] = fold[units[j]]
                used += 1
        starts[tokens], ends[tokens] = start, end
        flavours[tokens] = DIGITS if digits == size else MIXED
        tokens += 1
    offsets[tokens] = used
    return tokens, found


def read_tokens(units: Units) -> Tokens:
    """The tokens of a text given as units."""
    n = len(units)
    room = n // 2 + 2
    start, end = np.empty(room, np.int32), np.empty(room, np.int32)
    offset, flavour = np.empty(room + 1, np.int32), np.empty(room, np.uint8)
    folded = np.empty(n + 1, np.uint8)
    spans = np.empty((n + 2, 3), np.int32)
    tokens, found = _read_tokens(units, _STOPS, KIND, FOLD, MAIL, start, end, offset, flavour, folded, spans)
    return Tokens(
        start[:tokens], end[:tokens], offset[: tokens + 1], flavour[:tokens], folded[: offset[tokens]], spans[:found]
    )
