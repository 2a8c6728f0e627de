"""Kernels: one TCP packet taken into its stream: sequence numbers, payload, acknowledgements, flags."""

# Compiled code takes its types from the signatures of the kernels.
# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls

from __future__ import annotations

import numpy as np
from numba import njit

from tongguan.capture.traffic.delivery import (
    E_ACK,
    E_AGAIN,
    E_DATA,
    E_FIN,
    E_RST,
    E_SYN,
    E_SYNACK,
    compare_delivered,
    deliver,
    note,
)
from tongguan.capture.traffic.holding import drain, give_up, hold
from tongguan.capture.traffic.layout import NEW, RUNNING, WAITING

I = np.int64  # noqa: E741
GRACE = 100_000_000  # nanoseconds that a confirmed hole may still be filled: mirrors disorder packets
WAIT = 4  # packets held before a stream without SYN starts at the lowest of them
NEAR = 1 << 24  # bytes in flight where a capture begins
FAR = 1 << 30  # no window is larger
SYN, ACK_FLAG, FIN_FLAG, RST_FLAG = 2, 16, 1, 4


@njit(cache=True)
def distance(seq, base):
    """Signed distance of two sequence numbers."""
    d = (seq - base) & 0xFFFFFFFF
    return d - 0x100000000 if d >= 0x80000000 else d


@njit(cache=True)
def position(st, seq):
    """64-bit offset in the stream of a sequence number, taken as the one nearest to what is expected."""
    return st.next + distance(I(seq), (I(st.base) + st.next) & 0xFFFFFFFF)


@njit(cache=True)
def begin(st, seq):
    """Set where a stream starts whose SYN was not captured: at the first byte that the other side had not confirmed,
    or else at the first byte seen."""
    if st.first_ack >= 0 and 0 <= distance(seq, st.first_ack) < NEAR:
        st.base = st.first_ack
    else:
        st.base = seq
        st.acked = 0
    st.next = 0


@njit(cache=True)
def take_payload(t, s, seq, row, buf):
    """Payload of one TCP packet, its first byte numbered `seq`."""
    st = t.streams[s]
    length = I(row.length)
    missing = I(row.missing)
    offset = row.offset
    if st.state == NEW:
        begin(st, seq)
        st.state = WAITING
    start = position(st, seq)
    end = start + length
    full = end + missing
    if abs(start - st.next) > FAR:
        return
    if st.state == WAITING:
        hold(t, s, start, length, missing, offset, row.ts, buf)
        if st.state == WAITING and st.count >= WAIT:
            give_up(t, s, row.ts)
        return
    if start == st.next and (st.head < 0 or t.nodes[st.head].start >= full):
        deliver(t, s, start, length, missing, offset, row.ts)
        if st.head >= 0:
            drain(t, s, row.ts)
        return
    if start > st.next:
        st.disordered += 1
        hold(t, s, start, length, missing, offset, row.ts, buf)
        return
    if start < st.next:
        if length <= 1 and start == st.next - 1 and missing == 0:  # keep-alive: its byte means nothing
            return
        st.retransmissions += 1
        note(t, s, E_AGAIN)
        compare_delivered(t, s, start, min(end, st.next), offset, buf)
        if full <= st.next:
            return
        cut = st.next - start
        start = st.next
        offset += min(cut, length)
        missing -= max(cut - length, 0)
        length = max(length - cut, 0)
        full = start + length + missing
    if st.head < 0 or t.nodes[st.head].start >= full:
        deliver(t, s, start, length, missing, offset, row.ts)
    else:
        hold(t, s, start, length, missing, offset, row.ts, buf)
    drain(t, s, row.ts)


@njit(cache=True)
def take_ack(t, p, ack, ts):
    """The other side confirmed the bytes of stream p before `ack`."""
    st = t.streams[p]
    if st.state == NEW:
        if st.first_ack < 0:
            st.first_ack = ack
        else:
            far = distance(ack, st.first_ack)
            if far < FAR:
                st.acked = max(st.acked, far)
        return
    at = position(st, ack)
    if abs(at - st.next) > FAR:
        return
    st.acked = max(st.acked, at)
    if st.head >= 0 and at >= t.nodes[st.head].start:
        if st.state == WAITING:
            if at > t.nodes[st.head].start:
                give_up(t, p, ts)
        elif st.hole == 0:
            st.hole = ts


@njit(cache=True)
def take_tcp(t, s, row, buf):
    st = t.streams[s]
    flow = t.flows[s >> 1]
    seq = I(row.seq)
    flags = I(row.flags)
    p = s ^ 1
    if st.hole != 0 and row.ts - st.hole > GRACE and st.head >= 0:
        give_up(t, s, row.ts)
    other = t.streams[p]
    if other.hole != 0 and row.ts - other.hole > GRACE and other.head >= 0:
        give_up(t, p, row.ts)
    if flags & SYN:
        seq = (seq + 1) & 0xFFFFFFFF
        note(t, s, E_SYNACK if flags & ACK_FLAG else E_SYN)
        if st.isn < 0:
            st.isn = seq
            if st.state == NEW:
                st.base = seq
                st.next = 0
                st.acked = 0
                st.state = RUNNING
            elif st.state == WAITING and st.head >= 0:
                start = position(st, seq)
                if start <= t.nodes[st.head].start:
                    st.next = start
                    st.state = RUNNING
                    drain(t, s, row.ts)
    if flags & ACK_FLAG and not flags & RST_FLAG:
        take_ack(t, p, I(row.ack), row.ts)
        if row.length == 0 and not flags & (SYN | FIN_FLAG):
            note(t, s, E_ACK)
    if row.length > 0 or row.missing > 0:
        note(t, s, E_DATA)
        take_payload(t, s, seq, row, buf)
    if flags & FIN_FLAG:
        note(t, s, E_FIN)
        flow.fins |= 1 << (s & 1)
        if st.state == NEW:
            begin(st, seq)
            st.state = RUNNING
        if st.state == WAITING and st.head >= 0:
            give_up(t, s, row.ts)
        end = position(st, (seq + I(row.length) + I(row.missing)) & 0xFFFFFFFF)
        if st.fin < 0 and end >= st.next and end - st.next <= FAR:
            st.fin = end
    if flags & RST_FLAG:
        note(t, s, E_RST)
        flow.resets |= 1 << (s & 1)
