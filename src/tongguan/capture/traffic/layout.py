"""Shapes of the tables that the kernels share, and their limits.

All times are nanoseconds since the epoch, all offsets are positions in one buffer, the arena:

    pool A | pool B | joined fragments | history | fresh bytes of the file

Held segments move from one pool to the other at the end of a chunk; history is what was fresh before, kept so that
a retransmission can be compared with its first copy.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

MAX_CAPTURED: Final = 262_144  # bytes of one frame: libpcap's own limit; more is a damaged length
MAX_BLOCK: Final = 1 << 20  # bytes of one pcapng block that is read; longer ones are skipped
MAX_INTERFACES: Final = 4096  # of one pcapng section
ROWS: Final = 65_536  # packets of one chunk
MAX_FLOWS: Final = 131_072  # connections open at the end of a chunk
NODES: Final = 131_072  # segments held, all streams together
HELD_SEGMENTS: Final = 4096  # segments held for one stream
HELD_BYTES: Final = 8 << 20  # bytes held for one stream
POOL: Final = 24 << 20  # bytes held from one chunk to the next
JOINED: Final = 8 << 20  # bytes of datagrams joined from fragments in one chunk
HISTORY: Final = 8 << 20
SEGMENTS: Final = 262_144  # segments delivered in one chunk, with history
FRESH: Final = 2 * POOL + JOINED  # where history and fresh bytes begin
HISTORY_SEGMENTS: Final = 65_536
SLACK: Final = 4 * HELD_SEGMENTS  # room that one packet may need at most: two streams flushed

PACKET: Final = np.dtype(
    [
        ("ts", "i8"),
        ("s0", "i8"),  # source address, 128 bits; IPv4 as ::ffff:a.b.c.d
        ("s1", "i8"),
        ("d0", "i8"),
        ("d1", "i8"),
        ("offset", "i8"),  # payload; IP header where it is a fragment
        ("length", "i4"),
        ("missing", "i4"),  # bytes that the snap length cut off the payload
        ("seq", "u4"),
        ("ack", "u4"),
        ("sport", "u2"),
        ("dport", "u2"),
        ("proto", "u1"),  # 6, 17; 0: nothing in it
        ("flags", "u1"),
        ("fragment", "u1"),  # 4, 6: of which IP; 0: whole
    ],
    align=True,
)

INTERFACE: Final = np.dtype(
    [("link", "i8"), ("snap", "i8"), ("power", "i8"), ("binary", "i8"), ("shift", "i8")], align=True
)  # link type, snap length, time unit 10^-power or 2^-power seconds, offset in seconds

FLOW: Final = np.dtype(
    [
        ("a0", "i8"),  # lower end, then higher end
        ("a1", "i8"),
        ("b0", "i8"),
        ("b1", "i8"),
        ("ports", "i8"),  # port of the lower end << 24 | port of the higher end << 8 | protocol
        ("number", "i8"),
        ("first", "i8"),
        ("last", "i8"),
        ("history", "i8"),  # 5 bits an event, latest lowest
        ("seen", "i8"),  # bit set of events
        ("next", "i4"),  # in its hash bucket
        ("head", "i4"),  # first segment delivered in this chunk
        ("tail", "i4"),
        ("flip", "u1"),  # 1: the client is the higher end
        ("midstream", "u1"),
        ("fins", "u1"),  # bit set of directions
        ("resets", "u1"),
        ("ended", "u1"),  # 0: open
    ],
    align=True,
)

STREAM: Final = np.dtype(
    [
        ("next", "i8"),  # offset of the next byte to deliver
        ("fin", "i8"),  # offset of the end, -1: unknown
        ("acked", "i8"),  # highest offset that the other side confirmed
        ("hole", "i8"),  # when the other side confirmed bytes that we lack, 0: it did not
        ("gap", "i8"),  # bytes missing before the next segment delivered
        ("isn", "i8"),  # sequence number of the first byte, -1: no SYN seen
        ("first_ack", "i8"),  # sequence number confirmed first, before any byte was seen, -1: none
        ("packets", "i8"),
        ("bytes", "i8"),
        ("gaps", "i8"),
        ("truncated", "i8"),
        ("overlaps", "i8"),
        ("retransmissions", "i8"),
        ("disordered", "i8"),
        ("base", "u4"),  # sequence number at offset 0
        ("head", "i4"),  # held segments, ascending
        ("tail", "i4"),
        ("held", "i4"),
        ("count", "i4"),
        ("latest", "i4"),  # segment delivered last
        ("state", "u1"),  # NEW, WAITING, RUNNING
    ],
    align=True,
)

NODE: Final = np.dtype(
    [("start", "i8"), ("offset", "i8"), ("ts", "i8"), ("length", "i4"), ("missing", "i4"), ("next", "i4")], align=True
)  # a held segment; `next` also links the free ones

SEGMENT: Final = np.dtype(
    [
        ("start", "i8"),
        ("offset", "i8"),
        ("gap", "i8"),
        ("ts", "i8"),
        ("length", "i4"),
        ("stream", "i4"),
        ("previous", "i4"),  # of the same stream
        ("following", "i4"),  # of the same connection
    ],
    align=True,
)

# Scalars of the walk over records.
(BIG, PCAPNG, NANO, INTERFACES, PACKETS, STATUS, FRAGMENT_BYTES, CUT, CUT_BYTES, WALK_SCALARS) = range(10)
MORE, FULL, DAMAGED, TOO_LONG = range(4)  # values of STATUS

# What was not read, by code.
LINK, ETHER, PROTOCOL, MALFORMED = range(4)
OTHER_SHAPE: Final = (4, 65_536, 2)  # packets and bytes
ANY = 0  # code of MALFORMED that counts all of them
BAD_LINK, BAD_IP, BAD_TRANSPORT, BAD_RECORD, CUT_HEADER, TOO_DEEP = range(1, 7)  # codes of MALFORMED

# Scalars of the flow table.
(SEED, MASK, FREE_SLOTS, LIVE, NUMBER, FREE_NODE, USED_NODES, HELD) = range(8)
(SEGS, GRAMS, OPENED, ENDED, TOUCHED, CURRENT_POOL, SCALARS) = range(8, 15)
NEW, WAITING, RUNNING = range(3)  # states of a stream
FIN, RST, REUSE, IDLE, EVICTED, END = range(1, 7)  # how a connection ended


class Tables(NamedTuple):
    """All that the assembling kernels keep between chunks, and the lists of one chunk."""

    scalars: NDArray[np.int64]
    buckets: NDArray[np.int32]
    free: NDArray[np.int32]  # stack of free slots
    flows: NDArray[np.void]
    streams: NDArray[np.void]  # 2 * slot + direction
    nodes: NDArray[np.void]
    segments: NDArray[np.void]
    grams: NDArray[np.int64]  # pairs: row, 2 * slot + direction
    opened: NDArray[np.int32]
    ended: NDArray[np.int32]
    touched: NDArray[np.int32]
