"""Kernels: rows of packets to connections and payload in order.

Each packet is taken once, in the order of the capture: its connection is found or opened, its bytes are delivered, held
until the hole before them closes, or recognised as sent before. What is delivered only points into the arena; `gather`
copies it, connection by connection. The first copy of a byte wins; later copies are compared with it.

Indexes into the tables come from the tables; lengths and offsets come from rows that `decode` has bounded, and `gather`
and `differing` look at them again before they touch the arena.
The compiled code is cached by file: any edit here compiles all of it again.
"""

# Compiled code takes its types from the signatures of the kernels.
# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls

from __future__ import annotations

import numpy as np
from numba import from_dtype, njit, types

from tongguan.capture.traffic.layout import (
    CURRENT_POOL,
    ENDED,
    FLOW,
    FREE_NODE,
    FREE_SLOTS,
    FRESH,
    GRAMS,
    HELD,
    HELD_BYTES,
    HELD_SEGMENTS,
    HISTORY_SEGMENTS,
    IDLE,
    LIVE,
    MASK,
    NEW,
    NODE,
    NUMBER,
    OPENED,
    PACKET,
    POOL,
    REUSE,
    RUNNING,
    SEED,
    SEGMENT,
    SEGS,
    SLACK,
    STREAM,
    TOUCHED,
    USED_NODES,
    WAITING,
    Tables,
)

I = np.int64  # noqa: E741
SECOND = 1_000_000_000
GRACE = SECOND // 10  # a confirmed hole may still be filled this long: mirrors disorder packets
LINGER = 5 * SECOND  # after FIN or RST
UDP_IDLE = 60 * SECOND
ATTEMPT_IDLE = 60 * SECOND  # no answer and no data
TCP_IDLE = 3600 * SECOND
WAIT = 4  # packets held before a stream without SYN starts at the lowest of them
NEAR = 1 << 24  # bytes in flight where a capture begins
FAR = 1 << 30  # no window is larger
COMPARED = 4096  # segments looked back at for the first copy of a retransmission
SYN, ACK_FLAG, FIN_FLAG, RST_FLAG = 2, 16, 1, 4
# Events of a history, as letters S H A D F R T G I; 16 is added for the server.
E_SYN, E_SYNACK, E_ACK, E_DATA, E_FIN, E_RST, E_AGAIN, E_GAP, E_INCONSISTENT = range(1, 10)

_bytes = types.Array(types.uint8, 1, "C")
_i4 = types.Array(types.int32, 1, "C")
_i8 = types.Array(types.int64, 1, "C")
_f8 = types.Array(types.float64, 1, "C")
_u1 = types.Array(types.uint8, 1, "C")
_packets = types.Array(from_dtype(PACKET), 1, "C")
_tables = types.NamedTuple(
    (
        _i8,
        _i4,
        _i4,
        types.Array(from_dtype(FLOW), 1, "C"),
        types.Array(from_dtype(STREAM), 1, "C"),
        types.Array(from_dtype(NODE), 1, "C"),
        types.Array(from_dtype(SEGMENT), 1, "C"),
        _i8,
        _i4,
        _i4,
        _i4,
    ),
    Tables,
)


@njit(cache=True)
def hashed(t, a0, a1, b0, b1, ports):
    h = (a1 * I(-7046029254386353131)) ^ (b1 * I(-4417276706812531889)) ^ (a0 * 31 + b0 * 17)
    h ^= ports * I(1609587929392839161) ^ t.scalars[SEED]
    h = (h ^ (h >> 29)) * I(-4658895280553007687)
    h = (h ^ (h >> 32)) * I(-7723592293110705685)
    return (h ^ (h >> 29)) & t.scalars[MASK]


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


@njit([types.int64(_tables, _packets, types.int64, types.int64, _bytes)], cache=True)
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


@njit([types.int64(_tables, types.int64, types.int64, types.int64, types.int64)], cache=True)
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


@njit([types.int64(_tables, types.int64)], cache=True)
def relieve(t, limit):
    """Give up the holes of streams that hold more than `limit` bytes; returns the bytes still held."""
    for s in range(len(t.streams)):
        if t.flows[s >> 1].ended == 0 and t.streams[s].held > limit:
            if t.scalars[SEGS] + SLACK > len(t.segments) or t.scalars[TOUCHED] + 2 > len(t.touched):
                break
            flush(t, s, t.flows[s >> 1].last)
    return t.scalars[HELD]


@njit([types.int64(_tables)], cache=True)
def delivered(t):
    """Bytes that `gather` will copy."""
    total = I(0)
    for n in range(t.scalars[TOUCHED]):
        k = I(t.flows[t.touched[n]].head)
        while k >= 0:
            total += t.segments[k].length
            k = I(t.segments[k].following)
    return total


@njit([types.int64(_tables, _bytes, _bytes, _i8, _u1, _f8, _i8, _i8, _i8)], cache=True)
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


@njit([types.int64(_tables, _packets, _bytes, _bytes, types.int64, _i8, _u1, _f8, _i8, _i8, _i8)], cache=True)
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


@njit([types.void(_tables)], cache=True)
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


@njit([types.int64(_tables, _bytes)], cache=True)
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


@njit([types.void(_tables, _bytes, types.int64, types.int64, types.int64, _i4)], cache=True)
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
