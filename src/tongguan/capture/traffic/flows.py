"""Kernels: the table of connections: found, opened, ended, and which side is the server."""

# Compiled code takes its types from the signatures of the kernels.
# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls

from __future__ import annotations

import numpy as np
from numba import njit

from tongguan.capture.traffic.delivery import E_DATA, E_GAP, emit, note
from tongguan.capture.traffic.holding import flush
from tongguan.capture.traffic.layout import (
    ENDED,
    FREE_SLOTS,
    IDLE,
    LIVE,
    MASK,
    NEW,
    NUMBER,
    OPENED,
    REUSE,
    RUNNING,
    SEED,
    WAITING,
)
from tongguan.capture.traffic.tcp import ACK_FLAG, SYN, position

I = np.int64  # noqa: E741
SECOND = 1_000_000_000
LINGER = 5 * SECOND  # after FIN or RST
UDP_IDLE = 60 * SECOND
ATTEMPT_IDLE = 60 * SECOND  # no answer and no data
TCP_IDLE = 3600 * SECOND


@njit(cache=True)
def hashed(t, a0, a1, b0, b1, ports):
    h = (a1 * I(-7046029254386353131)) ^ (b1 * I(-4417276706812531889)) ^ (a0 * 31 + b0 * 17)
    h ^= ports * I(1609587929392839161) ^ t.scalars[SEED]
    h = (h ^ (h >> 29)) * I(-4658895280553007687)
    h = (h ^ (h >> 32)) * I(-7723592293110705685)
    return (h ^ (h >> 29)) & t.scalars[MASK]


@njit(cache=True)
def patience(t, slot):
    """How long a connection may be silent before it counts as over."""
    flow = t.flows[slot]
    if flow.ports & 0xFF == 17:
        return I(UDP_IDLE)
    if flow.resets or flow.fins == 3:
        return I(LINGER)
    one, two = t.streams[2 * slot], t.streams[2 * slot + 1]
    data = (I(1) << E_DATA) | (I(1) << (E_DATA + 16))
    if (one.packets == 0 or two.packets == 0) and not flow.seen & data:
        return I(ATTEMPT_IDLE)
    return I(TCP_IDLE)


@njit(cache=True)
def unlink(t, slot):
    flow = t.flows[slot]
    h = hashed(t, flow.a0, flow.a1, flow.b0, flow.b1, flow.ports)
    k = I(t.buckets[h])
    if k == slot:
        t.buckets[h] = flow.next
        return
    while k >= 0:
        after = I(t.flows[k].next)
        if after == slot:
            t.flows[k].next = flow.next
            return
        k = after


@njit(cache=True)
def finish(t, slot, how):
    """End a connection: deliver what is held, declare what is missing at its ends."""
    flow = t.flows[slot]
    if flow.ports & 0xFF == 6:
        for d in range(2):
            s = 2 * slot + d
            st = t.streams[s]
            flush(t, s, flow.last)
            end = st.fin
            if end < 0 and st.acked - st.next > 1:  # one more may be a FIN that was not seen
                end = st.acked
            if end > st.next:
                st.gap += end - st.next
                st.gaps += end - st.next
                st.next = end
                note(t, s, E_GAP)
            if st.gap > 0:
                emit(t, s, I(0), I(0), flow.last)
    flow.ended = how
    unlink(t, slot)
    t.scalars[LIVE] -= 1
    t.ended[t.scalars[ENDED]] = slot
    t.scalars[ENDED] += 1


@njit(cache=True)
def server_sends(row):
    """Of a connection whose beginning is not there: whether the sender looks like the server."""
    x, y = I(row.sport), I(row.dport)
    return (x < 1024 and y >= 1024) or (x < 32768 and y >= 32768)


@njit(cache=True)
def open_flow(t, h, a0, a1, b0, b1, ports, row, swap):
    top = t.scalars[FREE_SLOTS] - 1
    t.scalars[FREE_SLOTS] = top
    slot = I(t.free[top])
    flow = t.flows[slot]
    flow.a0 = a0
    flow.a1 = a1
    flow.b0 = b0
    flow.b1 = b1
    flow.ports = ports
    flow.number = t.scalars[NUMBER]
    t.scalars[NUMBER] += 1
    flow.first = row.ts
    flow.last = row.ts
    flow.history = 0
    flow.seen = 0
    flow.head = -1
    flow.tail = -1
    flow.fins = 0
    flow.resets = 0
    flow.ended = 0
    syn = I(row.flags) & (SYN | ACK_FLAG)
    tcp = row.proto == 6
    flow.midstream = 1 if tcp and not syn & SYN else 0
    from_server = syn == (SYN | ACK_FLAG) if tcp and syn & SYN else server_sends(row)
    flow.flip = 1 if swap != from_server else 0
    flow.next = t.buckets[h]
    t.buckets[h] = slot
    for d in range(2):
        st = t.streams[2 * slot + d]
        st.next = 0
        st.fin = -1
        st.acked = 0
        st.hole = 0
        st.gap = 0
        st.isn = -1
        st.first_ack = -1
        st.packets = 0
        st.bytes = 0
        st.gaps = 0
        st.truncated = 0
        st.overlaps = 0
        st.retransmissions = 0
        st.disordered = 0
        st.base = 0
        st.head = -1
        st.tail = -1
        st.held = 0
        st.count = 0
        st.latest = -1
        st.state = NEW
    t.scalars[LIVE] += 1
    t.opened[t.scalars[OPENED]] = slot
    t.scalars[OPENED] += 1
    return slot


@njit(cache=True)
def is_reuse(t, slot, swap, row):
    """Whether a SYN opens another connection on the same ports."""
    flow = t.flows[slot]
    seq = (I(row.seq) + 1) & 0xFFFFFFFF
    st = t.streams[2 * slot + (1 if swap != (flow.flip != 0) else 0)]
    if I(row.flags) & ACK_FLAG:
        return st.isn >= 0 and st.isn != seq and (flow.fins != 0 or flow.resets != 0)
    if st.isn >= 0:
        return st.isn != seq
    if st.state == WAITING:  # the SYN may have been disordered
        before = t.nodes[st.head].start - position(st, seq) if st.head >= 0 else I(-1)
        return before < 0 or before > 1 << 20
    return st.state == RUNNING and (st.next != 0 or position(st, seq) != 0)


@njit(cache=True)
def find_flow(t, row):
    """The stream number (2 * slot + direction) of a packet, opening a connection where there is none."""
    a0, a1, b0, b1 = row.s0, row.s1, row.d0, row.d1
    x, y = I(row.sport), I(row.dport)
    swap = a1 > b1 or (a1 == b1 and (a0 > b0 or (a0 == b0 and x > y)))
    if swap:
        a0, a1, b0, b1, x, y = b0, b1, a0, a1, y, x
    ports = (x << 24) | (y << 8) | I(row.proto)
    h = hashed(t, a0, a1, b0, b1, ports)
    slot = I(t.buckets[h])
    while slot >= 0:
        flow = t.flows[slot]
        if flow.a1 == a1 and flow.b1 == b1 and flow.ports == ports and flow.a0 == a0 and flow.b0 == b0:
            break
        slot = I(flow.next)
    if slot >= 0:
        if row.ts - t.flows[slot].last > patience(t, slot):
            finish(t, slot, IDLE)
            slot = I(-1)
        elif row.proto == 6 and I(row.flags) & SYN and is_reuse(t, slot, swap, row):
            finish(t, slot, REUSE)
            slot = I(-1)
    if slot < 0:
        slot = open_flow(t, h, a0, a1, b0, b1, ports, row, swap)
    return 2 * slot + (1 if swap != (t.flows[slot].flip != 0) else 0)
