"""Kernels: rows of packets to connections and payload in order.

Each packet is taken once, in the order of the capture: its connection is found or opened (`flows`), its bytes are
delivered (`delivery`), held until the hole before them closes (`holding`), or recognised as sent before (`tcp`).
`gathering` copies what was delivered, connection by connection; `keeping` carries over what the next chunk needs.

Indexes into the tables come from the tables; lengths and offsets come from rows that `decode` has bounded, and whoever
copies or compares looks at them again before it touches the arena.
"""

# Compiled code takes its types from the signatures of the kernels.
# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls

from __future__ import annotations

import numpy as np
from numba import njit, types

from tongguan.capture.traffic.delivery import E_DATA, note
from tongguan.capture.traffic.flows import find_flow, finish, patience
from tongguan.capture.traffic.holding import flush
from tongguan.capture.traffic.layout import ENDED, FREE_SLOTS, GRAMS, HELD, IDLE, OPENED, SEGS, SLACK, TOUCHED
from tongguan.capture.traffic.signatures import BYTES, PACKET_ROWS, TABLES
from tongguan.capture.traffic.tcp import take_tcp

I = np.int64  # noqa: E741
REVISION = "3592f450"  # of the modules that are compiled into these kernels: the cache looks at this file alone


@njit([types.int64(TABLES, PACKET_ROWS, types.int64, types.int64, BYTES)], cache=True)
def assemble(t, rows, begin, end, buf):
    """Take rows[begin:end]; returns where it stopped because the lists of the chunk are full."""
    for i in range(max(begin, 0), min(end, len(rows))):
        if (
            t.scalars[SEGS] + SLACK > len(t.segments)
            or t.scalars[FREE_SLOTS] <= 0
            or t.scalars[OPENED] >= len(t.opened)
            or t.scalars[ENDED] >= len(t.ended)
            or t.scalars[TOUCHED] + 2 > len(t.touched)
            or 2 * t.scalars[GRAMS] + 2 > len(t.grams)
        ):
            return I(i)
        row = rows[i]
        if row.fragment != 0 or (row.proto != 6 and row.proto != 17):
            continue
        s = find_flow(t, row)
        flow = t.flows[s >> 1]
        flow.last = max(flow.last, row.ts)
        t.streams[s].packets += 1
        if row.proto == 6:
            take_tcp(t, s, row, buf)
        else:
            note(t, s, E_DATA)
            t.streams[s].bytes += row.length
            t.streams[s].truncated += row.missing
            k = t.scalars[GRAMS]
            t.grams[2 * k] = i
            t.grams[2 * k + 1] = s
            t.scalars[GRAMS] = k + 1
    return I(end)


@njit([types.int64(TABLES, types.int64, types.int64, types.int64, types.int64)], cache=True)
def expire(t, begin, now, before, how):
    """End the open connections from slot `begin` on that were silent too long at `now`, or since `before`; returns the
    slot where it stopped because the lists of the chunk are full."""
    for slot in range(max(begin, 0), len(t.flows)):
        if t.flows[slot].ended == 0:
            if (
                t.scalars[SEGS] + SLACK > len(t.segments)
                or t.scalars[TOUCHED] + 2 > len(t.touched)
                or t.scalars[ENDED] >= len(t.ended)
            ):
                return I(slot)
            last = t.flows[slot].last
            if last <= before or now - last > patience(t, slot):
                finish(t, slot, how if last <= before else IDLE)
    return I(len(t.flows))


@njit([types.int64(TABLES, types.int64)], cache=True)
def relieve(t, limit):
    """Give up the holes of streams that hold more than `limit` bytes; returns the bytes still held."""
    for s in range(len(t.streams)):
        if t.flows[s >> 1].ended == 0 and t.streams[s].held > limit:
            if t.scalars[SEGS] + SLACK > len(t.segments) or t.scalars[TOUCHED] + 2 > len(t.touched):
                break
            flush(t, s, t.flows[s >> 1].last)
    return t.scalars[HELD]
