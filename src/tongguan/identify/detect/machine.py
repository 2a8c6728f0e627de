"""Building the automaton that `automaton` runs: the machine of Aho and Corasick in a few megabytes.

Of a full table of transitions (states by characters) nearly all repeat what the start says: whoever reads a character
that goes on with nothing begins anew. Only what differs is kept, and the rows of these are laid over each other so that
none of their entries meet (Tarjan and Yao, Storing a sparse table, Communications of the ACM 22(11), 1979). An entry
says for which column it is: one of another column is of another row, and then the start's transition counts. 30,000
states of 1,500 columns are 6 MB so, where the table takes 180.

A transition is 32 bits, the place of the row that it leads to and `WORD_ENDS`; an entry is that below its column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from tongguan.identify.detect.characters import units_of

__all__ = ["BREAK", "SKIP", "TARGET", "WORD_ENDS", "Machine", "build"]

BREAK, SKIP = 0, 1  # columns: no word has the character; it stands within words and does not count
WORD_ENDS = np.uint64(1 << 31)
"""Set in a transition where words end in the state that it leads to."""
TARGET = np.uint64((1 << 32) - 1)
_COLUMN = np.uint64(32)  # bits below the column of an entry
_NOTHING = np.uint64(1 << 48)  # an entry of a column that there is not
_REACH = 64  # places behind the last row at which a fit for the next is looked for

_I32, _I64, _U64 = (types.Array(t, 1, "C", readonly=True) for t in (types.int32, types.int64, types.uint64))
_OUT32, _OUT64, _OUTU64 = types.int32[::1], types.int64[::1], types.uint64[::1]


@dataclass(frozen=True, slots=True)
class Machine:
    first: NDArray[np.uint64]  # (65536,) unit → the start's transition, below the unit's column
    table: NDArray[np.uint64]  # entries; where a row begins stands the number of its state, below no column
    match: NDArray[np.int32]  # (states,) word that ends here, or -1
    fallback: NDArray[np.int32]  # (states,) next state of the chain of words that end here, 0 for none


@njit(types.int64(_I32, _I64, _I64, _OUT32, _OUT32, _OUT32, _OUT32), cache=True)
def _plant(columns, offsets, order, parent, column, depth, match):  # type: ignore[no-untyped-def]
    """The tree of words, which come sorted by their columns; gives the number of states. 0 is the start."""
    path = np.zeros(len(columns) + 1, np.int32)
    states, reached, before = 1, 0, -1
    match[0] = -1
    for word in order:
        start, size = offsets[word], offsets[word + 1] - offsets[word]
        same = 0
        while same < min(size, reached) and columns[start + same] == columns[before + same]:
            same += 1
        for level in range(same, size):
            parent[states], column[states], depth[states] = path[level], columns[start + level], level + 1
            match[states] = -1
            path[level + 1] = states
            states += 1
        match[path[size]] = word
        reached, before = size, start
    return states


@njit
def _step(row, into, transitions, ends, begins, state, column):  # type: ignore[no-untyped-def]
    """Where a state leads, by its row and else by the start's."""
    for at in range(begins[state], ends[state]):
        if row[at] == column:
            return into[at]
    return transitions[column]


@njit(types.int64(_I32, _I32, _I32, _OUT32, _OUT32, _OUT32, _OUT64, _OUT64, _OUT32, _OUT32), cache=True)
def _link(parent, column, match, start, report, fallback, begins, ends, row, into):  # type: ignore[no-untyped-def]
    """Rows of what differs from `start` (the start's transitions by column), for states numbered level by level.

    Gives the number of entries, or -1 where there was no room for them. `report`: the state itself where a word ends
    in it, else the first of its suffixes in which one does, or 0.
    """
    states = len(parent)
    child, used = 1, 0  # the first state that is not yet anyone's child
    while child < states and parent[child] == 0:
        start[column[child]] = child
        child += 1
    suffix = np.zeros(states, np.int32)
    report[0], fallback[0], begins[0], ends[0] = 0, 0, 0, 0
    for state in range(1, states):
        if parent[state]:
            suffix[state] = _step(row, into, start, ends, begins, suffix[parent[state]], column[state])
        shorter = suffix[state]
        fallback[state] = report[shorter]
        report[state] = state if match[state] >= 0 else fallback[state]
        inherited, last = begins[shorter], ends[shorter]
        begins[state] = used
        while True:  # both by column: children of the state, and what its suffix knows
            own = child < states and parent[child] == state
            if not own and inherited == last:
                break
            if used == len(row):
                return -1
            if own and (inherited == last or column[child] <= row[inherited]):
                inherited += inherited < last and column[child] == row[inherited]
                row[used], into[used] = column[child], child
                child += 1
            else:
                row[used], into[used] = row[inherited], into[inherited]
                inherited += 1
            used += 1
        ends[state] = used
    return used


@njit
def _fits(taken, place, row, first, last):  # type: ignore[no-untyped-def]
    if taken[place] or taken[place + 1]:  # its number, and what it does at characters that do not count
        return False
    meets = False
    for at in range(first, last):
        meets = meets or taken[place + row[at]] != 0
    return not meets


@njit(types.int64(_I64, _I64, _I32, types.int64, _OUT64, types.uint8[::1]), cache=True)
def _lay(begins, ends, row, width, places, taken):  # type: ignore[no-untyped-def]
    """Find each row a place; gives the size of the table, or -1 where there was no room for it."""
    latest, size = 0, 0
    for state in range(len(begins)):
        place = max(0, latest - _REACH)
        while place + width <= len(taken) and not _fits(taken, place, row, begins[state], ends[state]):
            place += 1
        if place + width > len(taken):
            return -1
        taken[place], taken[place + 1] = 1, 1
        for at in range(begins[state], ends[state]):
            taken[place + row[at]] = 1
        places[state], latest, size = place, place, max(size, place + width)
    return size


@njit(types.void(_I64, _I64, _I32, _I32, _U64, _OUTU64), cache=True)
def _write(begins, ends, row, into, moves, table):  # type: ignore[no-untyped-def]
    """Fill the table. `moves`: for each state the transition to it."""
    for state in range(len(begins)):
        place = moves[state] & ~WORD_ENDS
        table[place] = _NOTHING | np.uint64(state)
        table[place + np.uint64(SKIP)] = (np.uint64(SKIP) << _COLUMN) | place  # it stays; no word ends anew
        for at in range(begins[state], ends[state]):
            column = np.uint64(row[at])
            table[place + column] = (column << _COLUMN) | moves[into[at]]


def build(words: Sequence[str], symbols: NDArray[np.uint16]) -> Machine:
    """The machine that knows `words` in texts whose units `symbols` (65536,) takes to columns.

    Of words that are the same in columns the last counts; one with `BREAK` or `SKIP` in it is never met and left out.
    """
    columns = symbols[units_of("".join(words))]
    offsets = np.cumsum([0, *map(len, words)], dtype=np.int64)
    parent, column, match = _planted(columns, offsets)
    states = len(parent)
    width = int(symbols.max()) + 1
    start, report, fallback = np.zeros(width, np.int32), np.zeros(states, np.int32), np.zeros(states, np.int32)
    begins, ends, room = np.zeros(states, np.int64), np.zeros(states, np.int64), 16 * states
    while True:
        row, into = np.zeros(room, np.int32), np.zeros(room, np.int32)
        if (used := _link(parent, column, match, start, report, fallback, begins, ends, row, into)) >= 0:
            break
        room *= 2
    row, into = row[:used], into[:used]
    places, room = np.zeros(states, np.int64), 3 * (used + 2 * states) + 2 * width
    while (size := _lay(begins, ends, row, width, places, np.zeros(room, np.uint8))) < 0:
        room *= 2
    moves = places.astype(np.uint64) | np.where(report > 0, WORD_ENDS, np.uint64(0))
    table = np.full(size, _NOTHING, np.uint64)
    _write(begins, ends, row, into, moves, table)
    first = moves[start][symbols] | symbols.astype(np.uint64) << _COLUMN
    return Machine(first, table, match, fallback)


def _planted(
    columns: NDArray[np.uint16], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Parent, column and word of each state of the tree, level by level, children in the order of their columns."""
    ordered = columns.astype(">u2").tobytes()
    keys = [ordered[2 * a : 2 * b] for a, b in pairwise(offsets.tolist())]
    met = np.add.reduceat(columns <= SKIP, offsets[:-1]) == 0
    order = np.array(sorted(np.flatnonzero(met).tolist(), key=keys.__getitem__), np.int64)
    parent, column, depth, match = (np.zeros(len(columns) + 1, np.int32) for _ in range(4))
    states = _plant(columns.astype(np.int32), offsets, order, parent, column, depth, match)
    levels = np.argsort(depth[:states], kind="stable")
    number = np.empty(states, np.int32)
    number[levels] = np.arange(states, dtype=np.int32)
    return number[parent[levels]], column[levels], match[levels]
