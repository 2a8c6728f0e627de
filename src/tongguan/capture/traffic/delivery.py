"""Kernels: bytes of a stream delivered in order, and what is noted of the connection on the way.

What is delivered only points into the arena. The first copy of a byte wins; later copies are compared with it.
"""

# Compiled code takes its types from the signatures of the kernels.
# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls

from __future__ import annotations

import numpy as np
from numba import njit

from tongguan.capture.traffic.layout import SEGS, TOUCHED

I = np.int64  # noqa: E741
COMPARED = 4096  # segments looked back at for the first copy of a retransmission
# Events of a history, as letters S H A D F R T G I; 16 is added for the server.
E_SYN, E_SYNACK, E_ACK, E_DATA, E_FIN, E_RST, E_AGAIN, E_GAP, E_INCONSISTENT = range(1, 10)


@njit(cache=True)
def note(t, s, event):
    """Add an event to the connection's history, at its first occurrence."""
    flow = t.flows[s >> 1]
    code = event + 16 * (s & 1)
    bit = I(1) << code
    if not flow.seen & bit:
        flow.seen |= bit
        if flow.history < I(1) << 55:
            flow.history = (flow.history << 5) | code


@njit(cache=True)
def differing(buf, a, b, n):
    """How many of n bytes differ between two places of the arena."""
    if a < 0 or b < 0 or n < 0 or a + n > len(buf) or b + n > len(buf):
        return I(0)
    d = I(0)
    for k in range(n):
        d += buf[a + k] != buf[b + k]
    return d


@njit(cache=True)
def conflict(t, s, d):
    if d > 0:
        t.streams[s].overlaps += d
        note(t, s, E_INCONSISTENT)


@njit(cache=True)
def emit(t, s, offset, length, ts):
    """Deliver the next bytes of a stream; length 0 only carries a gap."""
    st = t.streams[s]
    k = t.scalars[SEGS]
    t.scalars[SEGS] = k + 1
    seg = t.segments[k]
    seg.start = st.next
    seg.offset = offset
    seg.length = length
    seg.gap = st.gap
    seg.ts = ts
    seg.stream = s
    seg.previous = st.latest
    seg.following = -1
    st.latest = k
    st.gap = 0
    st.next += length
    st.bytes += length
    flow = t.flows[s >> 1]
    if flow.head < 0:
        flow.head = k
        t.touched[t.scalars[TOUCHED]] = s >> 1
        t.scalars[TOUCHED] += 1
    else:
        t.segments[flow.tail].following = k
    flow.tail = k


@njit(cache=True)
def skip(t, s, size):
    """Go on behind bytes that the snap length cut."""
    st = t.streams[s]
    st.next += size
    st.gap += size
    st.truncated += size


@njit(cache=True)
def deliver(t, s, start, length, missing, offset, ts):
    """Deliver what is new of a segment that starts at or before the next byte."""
    st = t.streams[s]
    cut = st.next - start
    if cut < length:
        emit(t, s, offset + cut, length - cut, ts)
    rest = start + length + missing - st.next
    if rest > 0:
        skip(t, s, rest)


@njit(cache=True)
def compare_delivered(t, s, start, end, offset, buf):
    """Compare bytes sent again with their first copy, as far back as it is still in the arena."""
    k = I(t.streams[s].latest)
    for _ in range(COMPARED):
        if k < 0:
            return
        seg = t.segments[k]
        if seg.start + seg.length <= start and seg.length > 0:
            return
        low = max(seg.start, start)
        high = min(seg.start + seg.length, end)
        if low < high:
            conflict(t, s, differing(buf, seg.offset + low - seg.start, offset + low - start, high - low))
        k = I(seg.previous)
