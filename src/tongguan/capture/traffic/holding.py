"""Kernels: segments held, in order, until the hole before them closes or is given up."""

# Compiled code takes its types from the signatures of the kernels.
# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls

from __future__ import annotations

import numpy as np
from numba import njit

from tongguan.capture.traffic.delivery import E_AGAIN, E_GAP, conflict, deliver, differing, note
from tongguan.capture.traffic.layout import FREE_NODE, HELD, HELD_BYTES, HELD_SEGMENTS, RUNNING, USED_NODES, WAITING

I = np.int64  # noqa: E741


@njit(cache=True)
def drop_head(t, s):
    """Unlink and free the lowest held segment."""
    st = t.streams[s]
    k = st.head
    node = t.nodes[k]
    st.head = node.next
    if st.head < 0:
        st.tail = -1
    st.held -= node.length
    st.count -= 1
    t.scalars[HELD] -= node.length
    node.next = t.scalars[FREE_NODE]
    t.scalars[FREE_NODE] = k


@njit(cache=True)
def take_node(t):
    """A node that is free, -1: none is."""
    k = t.scalars[FREE_NODE]
    if k >= 0:
        t.scalars[FREE_NODE] = I(t.nodes[k].next)
    elif t.scalars[USED_NODES] < len(t.nodes):
        k = t.scalars[USED_NODES]
        t.scalars[USED_NODES] = k + 1
    return k


@njit(cache=True)
def drain(t, s, ts):
    """Deliver held segments that became deliverable."""
    st = t.streams[s]
    while st.head >= 0:
        node = t.nodes[st.head]
        if node.start > st.next:
            break
        deliver(t, s, node.start, I(node.length), I(node.missing), node.offset, node.ts)
        drop_head(t, s)
    st.hole = ts if st.head >= 0 and st.acked >= t.nodes[st.head].start else 0


@njit(cache=True)
def give_up(t, s, ts):
    """Declare the hole before the lowest held segment a gap, or start a waiting stream there."""
    st = t.streams[s]
    start = t.nodes[st.head].start
    if st.state == WAITING and start < st.next:
        st.next = start
    st.state = RUNNING
    if start > st.next:
        st.gap += start - st.next
        st.gaps += start - st.next
        st.next = start
        note(t, s, E_GAP)
    drain(t, s, ts)


@njit(cache=True)
def insert(t, s, start, length, missing, offset, ts, buf):
    """Hold what is new of a segment, in order. Returns whether there was room."""
    st = t.streams[s]
    at = start
    end = start + length
    full = end + missing
    before = I(-1)
    k = I(st.head)
    if st.tail >= 0:
        last = t.nodes[st.tail]
        if last.start + last.length + last.missing <= start:
            before = I(st.tail)
            k = I(-1)
    fresh = False
    while at < full:
        until = full
        while k >= 0:
            node = t.nodes[k]
            node_full = node.start + node.length + node.missing
            if node_full > at:
                break
            before = k
            k = I(node.next)
        if k >= 0:
            node = t.nodes[k]
            if node.start <= at:  # held before: compare
                node_full = node.start + node.length + node.missing
                stop = min(end, node.start + node.length)
                if at < stop:
                    conflict(t, s, differing(buf, node.offset + at - node.start, offset + at - start, stop - at))
                at = node_full
                continue
            until = min(full, node.start)
        new = take_node(t) if st.count < HELD_SEGMENTS else I(-1)
        if new < 0:
            return False
        node = t.nodes[new]
        node.start = at
        node.offset = offset + at - start
        node.ts = ts
        node.length = max(min(end, until) - at, 0)
        node.missing = until - at - node.length
        node.next = k
        if before < 0:
            st.head = new
        else:
            t.nodes[before].next = new
        if k < 0:
            st.tail = new
        st.held += node.length
        st.count += 1
        t.scalars[HELD] += node.length
        before = new
        at = until
        fresh = True
    if not fresh:
        st.retransmissions += 1
        note(t, s, E_AGAIN)
    return True


@njit(cache=True)
def flush(t, s, ts):
    while t.streams[s].head >= 0:
        give_up(t, s, ts)


@njit(cache=True)
def hold(t, s, start, length, missing, offset, ts, buf):
    """Hold a segment; where there is no room, give up the holes before it."""
    st = t.streams[s]
    if not insert(t, s, start, length, missing, offset, ts, buf):
        flush(t, s, ts)
        st.state = RUNNING
        if start > st.next:
            st.gap += start - st.next
            st.gaps += start - st.next
            st.next = start
            note(t, s, E_GAP)
        deliver(t, s, start, length, missing, offset, ts)
    while st.held > HELD_BYTES:
        give_up(t, s, ts)
