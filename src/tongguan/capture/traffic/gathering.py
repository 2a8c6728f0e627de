"""Kernels: what was delivered in a chunk copied out, connection by connection, as runs and datagrams."""

# Compiled code takes its types from the signatures of the kernels.
# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls

from __future__ import annotations

import numpy as np
from numba import njit, types

from tongguan.capture.traffic.layout import GRAMS, TOUCHED
from tongguan.capture.traffic.signatures import BYTES, F8, I8, PACKET_ROWS, TABLES

I = np.int64  # noqa: E741
REVISION = "01f72e67"  # of the modules that are compiled into these kernels: the cache looks at this file alone


@njit([types.int64(TABLES)], cache=True)
def delivered(t):
    """Bytes that `gather` will copy."""
    total = I(0)
    for n in range(t.scalars[TOUCHED]):
        k = I(t.flows[t.touched[n]].head)
        while k >= 0:
            total += t.segments[k].length
            k = I(t.segments[k].following)
    return total


@njit([types.int64(TABLES, BYTES, BYTES, I8, BYTES, F8, I8, I8, I8)], cache=True)
def gather(t, buf, out, conn, direction, ts, offset, length, gap):
    """Copy what was delivered, connection by connection, to `out`, and describe it as runs; returns their number."""
    n = I(-1)
    at = I(0)
    for f in range(t.scalars[TOUCHED]):
        flow = t.flows[t.touched[f]]
        k = I(flow.head)
        side = I(-1)
        while k >= 0:
            seg = t.segments[k]
            size = I(seg.length)
            if seg.offset < 0 or seg.offset + size > len(buf) or at + size > len(out):
                size = I(0)
            if seg.stream & 1 != side or seg.gap > 0:
                if n + 1 >= len(conn):
                    return n + 1
                n += 1
                side = I(seg.stream & 1)
                conn[n] = flow.number
                direction[n] = side
                ts[n] = seg.ts * 1e-9
                offset[n] = at
                length[n] = 0
                gap[n] = seg.gap
            out[at : at + size] = buf[seg.offset : seg.offset + size]
            length[n] += size
            at += size
            k = I(seg.following)
        flow.head = -1
        flow.tail = -1
    t.scalars[TOUCHED] = 0
    return n + 1


@njit([types.int64(TABLES, PACKET_ROWS, BYTES, BYTES, types.int64, I8, BYTES, F8, I8, I8, I8)], cache=True)
def gather_datagrams(t, rows, buf, out, at, conn, direction, ts, offset, length, missing):
    """Copy UDP payload to `out` from `at` on; returns the number of datagrams."""
    n = I(0)
    for g in range(t.scalars[GRAMS]):
        row = rows[t.grams[2 * g]]
        s = t.grams[2 * g + 1]
        size = I(row.length)
        if row.offset < 0 or row.offset + size > len(buf) or at + size > len(out) or n >= len(conn):
            break
        conn[n] = t.flows[s >> 1].number
        direction[n] = s & 1
        ts[n] = row.ts * 1e-9
        offset[n] = at
        length[n] = size
        missing[n] = row.missing
        out[at : at + size] = buf[row.offset : row.offset + size]
        at += size
        n += 1
    t.scalars[GRAMS] = 0
    return n
