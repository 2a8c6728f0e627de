"""Compiled loops over text: tokens with digits, and known words. Nothing here knows what a number means.

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
    IGNORABLE,
    IN_DOMAIN,
    KIND,
    LETTER,
    MAIL,
    PROVINCE,
)

__all__ = ["DIGITS", "HAN_DIGITS", "MIXED", "SINGLE_LETTER", "Tokens", "find_words", "read_tokens", "skip_gaps"]

U8, U16, I32 = (types.Array(t, 1, "C", readonly=True) for t in (types.uint8, types.uint16, types.int32))
OUT8, OUT32 = types.uint8[::1], types.int32[::1]
ROWS32 = types.int32[:, ::1]

DIGITS, MIXED, SINGLE_LETTER, HAN_DIGITS = 0, 1, 2, 3  # flavours of token
SPAN_AT, SPAN_MAC, SPAN_IPV6 = 0, 1, 2

_LONGEST_MAIL = 254  # characters of a domain name, RFC 1035
_LONGEST_HAN_NUMBER = 18
_SHORTEST_HAN_NUMBER = 11


@dataclass(frozen=True, slots=True)
class Tokens:
    """Runs of letters and digits that hold a digit, in order; `folded[offset[i]:offset[i + 1]]` is token i's text."""

    start: NDArray[np.int32]  # (n,) first character
    end: NDArray[np.int32]  # (n,) exclusive
    offset: NDArray[np.int32]  # (n + 1,)
    flavour: NDArray[np.uint8]  # (n,)
    folded: NDArray[np.uint8]  # ASCII digits and capitals, all tokens one behind the other
    spans: NDArray[np.int32]  # (m, 3) what, start, end: signs of e-mail, MAC and IPv6 addresses


@njit(types.boolean(types.int64), cache=True)
def _is_hex(code):  # type: ignore[no-untyped-def]
    return 48 <= code <= 57 or 65 <= code <= 70


@njit(types.boolean(U16, U8, U8, types.int64, types.int64), cache=True)
def _is_later_pair(units, kind, fold, start, sign):  # type: ignore[no-untyped-def]
    """Whether a pair of hexadecimal digits and the sign stand before `start`: a longer run began earlier."""
    if start < 3 or units[start - 1] != sign or units[start - 2] >= 128 or units[start - 3] >= 128:
        return False
    if not (_is_hex(fold[units[start - 2]]) and _is_hex(fold[units[start - 3]])):
        return False
    return start < 4 or kind[units[start - 4]] not in (DIGIT, LETTER)


@njit(types.UniTuple(types.int64, 2)(U16, U8, types.int64), cache=True)
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


@njit(types.UniTuple(types.int64, 2)(U16, U8, U8, U8, OUT32, OUT32, OUT32, OUT8, OUT8, ROWS32), cache=True)
def _read_tokens(units, kind, fold, mail, starts, ends, offsets, flavours, folded, spans):  # type: ignore[no-untyped-def]
    """Fill the columns of `Tokens`; gives the numbers of tokens and of spans."""
    n = len(units)
    tokens, found, used = 0, 0, 0
    i = 0
    while i < n:
        k = kind[units[i]]
        if k == 0 or k > HAN_NUMERAL:
            i += 1
            continue
        if tokens >= len(starts) or found >= len(spans):
            break
        if k == AT:
            first, last = i, i + 1
            while first > 0 and i - first < _LONGEST_MAIL and mail[units[first - 1]]:
                first -= 1
            while last < n and last - i < _LONGEST_MAIL and mail[units[last]] == IN_DOMAIN:
                last += 1
            if first < i and last > i + 1:
                spans[found, 0], spans[found, 1], spans[found, 2] = SPAN_AT, first, last
                found += 1
            i += 1
            continue
        start = i
        base = used
        if k == HAN_NUMERAL:
            while i < n and kind[units[i]] == HAN_NUMERAL:
                if i - start < _LONGEST_HAN_NUMBER:
                    folded[used] = fold[units[i]]
                    used += 1
                i += 1
            if _SHORTEST_HAN_NUMBER <= i - start <= _LONGEST_HAN_NUMBER:
                starts[tokens], ends[tokens], offsets[tokens], flavours[tokens] = start, i, base, HAN_DIGITS
                tokens += 1
            else:
                used = base
            continue
        digits, size, end = 0, 0, i
        while i < n:
            k = kind[units[i]]
            if k in (DIGIT, LETTER):
                digits += k == DIGIT
                size += 1
                end = i + 1
            elif k != IGNORABLE:
                break
            i += 1
        signed = size <= 4 and i < n and end == i and (units[i] == 58 or (units[i] == 45 and size == 2))
        if signed and not _is_later_pair(units, kind, fold, start, units[i]):
            what, stop = _hex_run(units, fold, start)
            if what > 0:
                spans[found, 0], spans[found, 1], spans[found, 2] = what, start, stop
                found += 1
        before = units[start - 1] if start else 0
        if digits and (before == 92 or before == 37):  # after \ or %: part of the token is an escape
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
        if digits == 0 and not (size == 1 and kind[before] == PROVINCE):
            continue
        for j in range(start, end):
            if kind[units[j]] != IGNORABLE:
                folded[used] = fold[units[j]]
                used += 1
        starts[tokens], ends[tokens], offsets[tokens] = start, end, base
        flavours[tokens] = DIGITS if digits == size else MIXED if digits else SINGLE_LETTER
        tokens += 1
    offsets[tokens] = used
    return tokens, found


def read_tokens(units: NDArray[np.uint16]) -> Tokens:
    """The tokens of a text given as units."""
    n = len(units)
    room = n // 2 + 2
    start, end = np.empty(room, np.int32), np.empty(room, np.int32)
    offset, flavour = np.empty(room + 1, np.int32), np.empty(room, np.uint8)
    folded = np.empty(n + 1, np.uint8)
    spans = np.empty((n + 2, 3), np.int32)
    tokens, found = _read_tokens(units, KIND, FOLD, MAIL, start, end, offset, flavour, folded, spans)
    return Tokens(
        start[:tokens], end[:tokens], offset[: tokens + 1], flavour[:tokens], folded[: offset[tokens]], spans[:found]
    )


@njit(types.boolean(U16, U8, types.int64), cache=True)
def _is_border(units, kind, left):  # type: ignore[no-untyped-def]
    """Whether a Latin word can end at `left`, or begin behind it."""
    if left < 0 or left + 1 >= len(units) or kind[units[left]] != LETTER or kind[units[left + 1]] != LETTER:
        return True
    return 97 <= units[left] <= 122 and 65 <= units[left + 1] <= 90


@njit(types.int64(U16, U8, U16, I32, types.int64, I32, I32, I32, U8, OUT32, OUT32, OUT32), cache=True)
def _find_words(units, kind, symbols, goto, width, match, fallback, sizes, latin, starts, ends, words):  # type: ignore[no-untyped-def]
    """Run the automaton over the text; gives the number of hits, or -1 where there was no room for them.

    `goto` holds rows of the states' transitions as offsets of rows, or, where words end in a state, their complement.
    Words of Latin letters match only between non-letters or at a turn of case (`userPhone`, `phoneNumber`).
    """
    n = len(units)
    count, row = 0, 0
    for i in range(n):
        symbol = symbols[units[i]]
        if symbol == 0:
            row = 0
            continue
        if symbol == 1:  # zero-width
            continue
        row = goto[row + symbol]
        if row >= 0:
            continue
        row = ~row
        ending = row // width
        while ending > 0:
            word = match[ending]
            ending = fallback[ending]
            if word < 0:
                continue
            start = max(0, i + 1 - sizes[word])
            if latin[word] and not (_is_border(units, kind, start - 1) and _is_border(units, kind, i)):
                continue
            if count >= len(starts):
                return -1
            starts[count], ends[count], words[count] = start, i + 1, word
            count += 1
    return count


@njit(types.int64(OUT32, OUT32, OUT32, types.int64), cache=True)
def _keep_longest(starts, ends, words, count):  # type: ignore[no-untyped-def]
    """Drop hits that lie inside another; they come ordered by end. Gives the number kept, at the front."""
    lowest = np.int64(2147483647)
    kept = count
    for i in range(count - 1, -1, -1):
        if starts[i] >= lowest:
            continue
        lowest = starts[i]
        if kept == count or ends[kept] != ends[i]:  # of two that end together the longer comes first
            kept -= 1
        starts[kept], ends[kept], words[kept] = starts[i], ends[i], words[i]
    for i in range(kept, count):
        starts[i - kept], ends[i - kept], words[i - kept] = starts[i], ends[i], words[i]
    return count - kept


def find_words(
    units: NDArray[np.uint16],
    symbols: NDArray[np.uint16],
    goto: NDArray[np.int32],
    match: NDArray[np.int32],
    fallback: NDArray[np.int32],
    sizes: NDArray[np.int32],
    latin: NDArray[np.uint8],
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Hits of an automaton (see `words`): starts, ends (exclusive), word numbers; none inside another, by end."""
    room = len(units) // 16 + 64
    width = len(goto) // len(match)
    while True:
        starts, ends, words = (np.empty(room, np.int32) for _ in range(3))
        count = _find_words(units, KIND, symbols, goto, width, match, fallback, sizes, latin, starts, ends, words)
        if count >= 0:
            count = _keep_longest(starts, ends, words, count)
            return starts[:count], ends[:count], words[:count]
        room *= 4


@njit(types.void(U16, U8, I32, OUT32), cache=True)
def _skip_gaps(units, gap, ends, values):  # type: ignore[no-untyped-def]
    n = len(units)
    for i in range(len(ends)):
        at = ends[i]
        stop = min(n, at + 9)
        while at < stop and gap[units[at]]:
            at += 1
        values[i] = at


def skip_gaps(units: NDArray[np.uint16], gap: NDArray[np.uint8], ends: NDArray[np.int32]) -> NDArray[np.int32]:
    """For each position the next one that is no gap character, at most nine on: (n,) int32."""
    values = np.empty(len(ends), np.int32)
    _skip_gaps(units, gap, ends, values)
    return values
