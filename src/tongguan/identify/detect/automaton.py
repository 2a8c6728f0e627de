"""Compiled search for known words: the automaton of Aho and Corasick, run over several parts of a text side by side."""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from tongguan.identify.detect.characters import IGNORABLE, KIND, LETTER, Units
from tongguan.identify.detect.kernels import I32, OUT32, ROWS32, U8, U16
from tongguan.identify.detect.machine import TARGET, WORD_ENDS, Machine

__all__ = ["find_words", "skip_gaps"]

OUT64 = types.int64[::1]
_U64 = types.Array(types.uint64, 1, "C", readonly=True)
_COLUMN = np.uint64(32)  # bits below the column of an entry
_BROKEN = np.uint64(1 << 32)  # less than this: of column 0
_LANES: Final = 4  # parts of a text that are read side by side


@njit
def _is_border(units, kind, left):  # type: ignore[no-untyped-def]
    """Whether a Latin word can end at `left`, or begin behind it."""
    if left < 0 or left + 1 >= len(units) or kind[units[left]] != LETTER or kind[units[left + 1]] != LETTER:
        return True
    return 97 <= units[left] <= 122 and 65 <= units[left + 1] <= 90


@njit([types.void(units, _U64, OUT64) for units in (U8, U16)], cache=True)
def _cut(units, first, cuts):  # type: ignore[no-untyped-def]
    """Cut a text into parts of about equal size where no word reaches over."""
    n = len(units)
    lanes = len(cuts) - 1
    cuts[0], cuts[lanes] = 0, n
    for lane in range(1, lanes):
        at = max(cuts[lane - 1], n * lane // lanes)
        while at < n and first[units[at]] >= _BROKEN:
            at += 1
        cuts[lane] = at


@njit
def _next(first, table, here, unit):  # type: ignore[no-untyped-def]
    """The transition from the state whose row is at `here`: its own, or where it has none the start's."""
    start = first[unit]
    anew = start & TARGET
    own = table[here + (start >> _COLUMN)] ^ (start ^ anew)
    return own if own <= TARGET else anew


@njit([types.int64(units, _U64, _U64, OUT64, ROWS32, ROWS32) for units in (U8, U16)], cache=True)
def _run_automaton(units, first, table, cuts, places, states):  # type: ignore[no-untyped-def]
    """Where words end: places and the states reached there, (parts, n), each row ended by -1. Gives -1 where there was
    no room for them, else 0.

    Each step waits for the one before it, so that a processor does best with several parts of the text side by side.
    """
    room = places.shape[1]
    counts, row = np.zeros(_LANES, np.int64), np.zeros(_LANES, np.uint64)
    together = len(units)
    for lane in range(_LANES):
        together = min(together, cuts[lane + 1] - cuts[lane])
    one, two, three, four = units[: cuts[1]], units[cuts[1] : cuts[2]], units[cuts[2] : cuts[3]], units[cuts[3] :]
    a, b, c, d = np.uint64(0), np.uint64(0), np.uint64(0), np.uint64(0)
    for step in range(together):
        a = _next(first, table, a, one[step])
        b = _next(first, table, b, two[step])
        c = _next(first, table, c, three[step])
        d = _next(first, table, d, four[step])
        if (a | b | c | d) & WORD_ENDS == 0:
            continue
        row[0], row[1], row[2], row[3] = a, b, c, d
        for lane in range(_LANES):
            if row[lane] & WORD_ENDS:
                row[lane] ^= WORD_ENDS
                if counts[lane] + 1 >= room:
                    return -1
                places[lane, counts[lane]], states[lane, counts[lane]] = cuts[lane] + step, table[row[lane]] & TARGET
                counts[lane] += 1
        a, b, c, d = row[0], row[1], row[2], row[3]
    row[0], row[1], row[2], row[3] = a, b, c, d
    for lane in range(_LANES):
        here = row[lane]
        for at in range(cuts[lane] + together, cuts[lane + 1]):
            here = _next(first, table, here, units[at])
            if here & WORD_ENDS:
                here ^= WORD_ENDS
                if counts[lane] + 1 >= room:
                    return -1
                places[lane, counts[lane]], states[lane, counts[lane]] = at, table[here] & TARGET
                counts[lane] += 1
    for lane in range(_LANES):
        places[lane, counts[lane]] = -1
    return 0


@njit
def _start_of(units, kind, at, size):  # type: ignore[no-untyped-def]
    """Where a word of so many characters begins that ends at `at`; zero-width characters inside it do not count."""
    start = at
    while size > 1 and start > 0:
        start -= 1
        size -= kind[units[start]] != IGNORABLE
    return start


@njit([types.int64(units, U8, ROWS32, ROWS32, I32, I32, I32, U8, OUT32, OUT32, OUT32) for units in (U8, U16)], cache=True)  # fmt: skip  # noqa: E501
def _write_words(units, kind, places, states, match, fallback, sizes, latin, starts, ends, words):  # type: ignore[no-untyped-def]
    """The words that end at some places; gives their number, or -1 where there was no room for them.

    Words of Latin letters match only between non-letters or at a turn of case (`userPhone`, `phoneNumber`).
    """
    count = 0
    for lane in range(len(places)):
        i = 0
        while places[lane, i] >= 0:
            at, ending = places[lane, i], states[lane, i]
            i += 1
            while ending > 0:
                word = match[ending]
                ending = fallback[ending]
                if word < 0:
                    continue
                start = _start_of(units, kind, at, sizes[word])
                if latin[word] and not (_is_border(units, kind, start - 1) and _is_border(units, kind, at)):
                    continue
                if count >= len(starts):
                    return -1
                starts[count], ends[count], words[count] = start, at + 1, word
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
    units: Units, machine: Machine, sizes: NDArray[np.int32], latin: NDArray[np.uint8]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Hits of an automaton (see `words`): starts, ends (exclusive), word numbers; none inside another, by end."""
    room = len(units) // 16 + 64
    cuts = np.empty(_LANES + 1, np.int64)
    _cut(units, machine.first, cuts)
    while True:
        places, states = np.empty((_LANES, room), np.int32), np.empty((_LANES, room), np.int32)
        if _run_automaton(units, machine.first, machine.table, cuts, places, states) == 0:
            break
        room *= 4
    match, fallback = machine.match, machine.fallback
    while True:
        starts, ends, words = (np.empty(room, np.int32) for _ in range(3))
        count = _write_words(units, KIND, places, states, match, fallback, sizes, latin, starts, ends, words)
        if count >= 0:
            count = _keep_longest(starts, ends, words, count)
            return starts[:count], ends[:count], words[:count]
        room *= 4


@njit([types.void(units, U8, I32, OUT32) for units in (U8, U16)], cache=True)
def _skip_gaps(units, gap, ends, values):  # type: ignore[no-untyped-def]
    n = len(units)
    for i in range(len(ends)):
        at = ends[i]
        stop = min(n, at + 9)
        while at < stop and gap[units[at]]:
            at += 1
        values[i] = at


def skip_gaps(units: Units, gap: NDArray[np.uint8], ends: NDArray[np.int32]) -> NDArray[np.int32]:
    """For each position the next one that is no gap character, at most nine on: (n,) int32."""
    values = np.empty(len(ends), np.int32)
    _skip_gaps(units, gap, ends, values)
    return values
