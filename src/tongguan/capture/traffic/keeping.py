"""Kernels: what the next chunk needs of this one: held payload, history to compare with, free slots."""

# Compiled code takes its types from the signatures of the kernels.
# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls

from __future__ import annotations

import numpy as np
from numba import njit, types

from tongguan.capture.traffic.layout import (
    CURRENT_POOL,
    ENDED,
    FREE_SLOTS,
    FRESH,
    HELD,
    HISTORY_SEGMENTS,
    OPENED,
    POOL,
    SEGS,
)
from tongguan.capture.traffic.signatures import BYTES, I4, TABLES

I = np.int64  # noqa: E741
REVISION = "01f72e67"  # of the modules that are compiled into these kernels: the cache looks at this file alone


@njit([types.void(TABLES)], cache=True)
def release(t):
    """Give back the slots of ended connections, once they were reported."""
    for n in range(t.scalars[ENDED]):
        slot = I(t.ended[n])
        t.streams[2 * slot].latest = -1
        t.streams[2 * slot + 1].latest = -1
        top = t.scalars[FREE_SLOTS]
        t.free[top] = slot
        t.scalars[FREE_SLOTS] = top + 1
    t.scalars[ENDED] = 0
    t.scalars[OPENED] = 0


@njit([types.int64(TABLES, BYTES)], cache=True)
def keep_held(t, buf):
    """Copy held payload from where it lies to the other pool, so that the rest of the arena can be filled again.
    Returns where the pool is free."""
    pool = I(1) - t.scalars[CURRENT_POOL]
    t.scalars[CURRENT_POOL] = pool
    at = pool * POOL
    end = at + POOL
    if t.scalars[HELD] == 0:
        return at
    for s in range(len(t.streams)):
        if t.flows[s >> 1].ended != 0:
            continue
        k = I(t.streams[s].head)
        while k >= 0:
            node = t.nodes[k]
            size = I(node.length)
            if node.offset >= 0 and node.offset + size <= len(buf) and at + size <= end:
                buf[at : at + size] = buf[node.offset : node.offset + size]
                node.offset = at
                at += size
            k = I(node.next)
    return at


@njit([types.void(TABLES, BYTES, types.int64, types.int64, types.int64, I4)], cache=True)
def keep_history(t, buf, oldest, shift, pool, moved):
    """Keep the latest delivered segments that lie at `oldest` or later in the arena, whose bytes move down by `shift`.
    Those that were held or joined lie before; they are copied to `pool` on, as long as there is room there, or stay
    where they are for a negative `pool`. `moved` is scratch, one number a segment."""
    total = t.scalars[SEGS]
    kept = I(0)
    end = pool - pool % POOL + POOL
    for k in range(total):
        seg = t.segments[k]
        s = I(seg.stream)
        newest = t.streams[s].latest == k
        size = I(seg.length)
        at = seg.offset - shift
        lost = size == 0 or total - k > HISTORY_SEGMENTS
        if seg.offset < FRESH:
            at = seg.offset
            if pool >= 0 and not lost:
                lost = at < 0 or pool + size > end or at + size > len(buf)
                if not lost:
                    buf[pool : pool + size] = buf[at : at + size]
                    at = pool
                    pool += size
        elif seg.offset < oldest:
            lost = True
        if lost:
            moved[k] = -1
            if newest:
                t.streams[s].latest = I(moved[seg.previous]) if seg.previous >= 0 else I(-1)
            continue
        previous = I(moved[seg.previous]) if seg.previous >= 0 else I(-1)
        to = t.segments[kept]
        to.start = seg.start
        to.offset = at
        to.gap = 0
        to.ts = seg.ts
        to.length = seg.length
        to.stream = s
        to.previous = previous
        to.following = -1
        moved[k] = kept
        if newest:
            t.streams[s].latest = kept
        kept += 1
    t.scalars[SEGS] = kept
