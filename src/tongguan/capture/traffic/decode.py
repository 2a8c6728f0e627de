"""Kernels: one frame to a row: link, tunnels, IP, UDP or TCP.

Nothing in a frame is trusted: each read stands behind a comparison with its end, and frames lie inside the buffer.
"""

# Compiled code takes its types from the signatures of the kernels.
# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls

from __future__ import annotations

import numpy as np
from numba import njit, types

from tongguan.capture.traffic.integers import u16, u32, u64
from tongguan.capture.traffic.layout import (
    ANY,
    BAD_IP,
    BAD_LINK,
    BAD_TRANSPORT,
    CUT_HEADER,
    ETHER,
    LINK,
    MALFORMED,
    PROTOCOL,
    TOO_DEEP,
)
from tongguan.capture.traffic.links import IPV4, IPV6, gre, link, shim
from tongguan.capture.traffic.signatures import BYTES, COUNTS, PACKET_ROWS

I = np.int64  # noqa: E741
REVISION = "8b562970"  # of the modules that are compiled into these kernels: the cache looks at this file alone
MAPPED = 0xFFFF << 32  # ::ffff:0:0/96


@njit(cache=True)
def count(other, kind, code, size):
    other[MALFORMED, ANY, 0] += 1
    other[kind, code & 0xFFFF, 0] += 1
    other[kind, code & 0xFFFF, 1] += size


@njit(cache=True)
def short(other, code, end, wire, size):
    """A header that does not fit: cut by the snap length, or malformed."""
    count(other, MALFORMED, CUT_HEADER if end < wire else code, size)


@njit(cache=True)
def decode(b, o, end, wire, kind, rows, r, other):
    """Frame b[o:end], which was `wire - o` bytes long on the wire, to rows[r]. Returns whether there is a row."""
    size = wire - o
    row = rows[r]
    ether, o = link(b, o, end, kind)
    if ether == -2:
        count(other, LINK, kind, size)
        return False
    for _ in range(16):  # headers and tunnels one in another
        if ether == -1 or end - o < 0:
            short(other, BAD_LINK, end, wire, size)
            return False
        if ether == IPV4:
            if end - o < 20:
                short(other, BAD_IP, end, wire, size)
                return False
            head = (I(b[o]) & 15) * 4
            total = u16(b, o + 2)
            if total == 0:  # segmentation offload: the length did not fit
                total = wire - o
            if (b[o] >> 4) != 4 or head < 20 or total < head or end - o < head:
                short(other, BAD_IP, end, wire, size)
                return False
            proto = I(b[o + 9])
            row.s0 = 0
            row.s1 = MAPPED | u32(b, o + 12)
            row.d0 = 0
            row.d1 = MAPPED | u32(b, o + 16)
            last = o + total
            if (u16(b, o + 6) & 0x3FFF) != 0:
                row.fragment = 4
                row.proto = 0
                row.offset = o
                row.length = min(end, last) - o
                row.missing = last - min(end, last)
                return True
            o += head
        elif ether == IPV6:
            if end - o < 40 or (b[o] >> 4) != 6:
                short(other, BAD_IP, end, wire, size)
                return False
            proto = I(b[o + 6])
            total = u16(b, o + 4)
            last = o + 40 + total if total else wire
            row.s0 = u64(b, o + 8)
            row.s1 = u64(b, o + 16)
            row.d0 = u64(b, o + 24)
            row.d1 = u64(b, o + 32)
            start = o
            o += 40
            while proto == 0 or proto == 43 or proto == 44 or proto == 51 or proto == 60 or proto == 135:
                if end - o < 8:
                    short(other, BAD_IP, end, wire, size)
                    return False
                if proto == 44:
                    if (u16(b, o + 2) & 0xFFF9) != 0:
                        row.fragment = 6
                        row.proto = 0
                        row.offset = start
                        row.length = max(min(end, last) - start, 0)
                        row.missing = max(last - end, 0)
                        return True
                    proto = I(b[o])
                    o += 8
                elif proto == 51:
                    proto, o = I(b[o]), o + (I(b[o + 1]) + 2) * 4
                else:
                    proto, o = I(b[o]), o + (I(b[o + 1]) + 1) * 8
            if o > end:
                short(other, BAD_IP, end, wire, size)
                return False
        else:
            before = o
            known, o = shim(b, o, end, ether)
            if known == ether and o == before:
                count(other, ETHER, ether if ether >= 0x600 else I(0), size)
                return False
            ether = known
            continue
        if proto == 4:
            ether = I(IPV4)
            continue
        if proto == 41:
            ether = I(IPV6)
            continue
        if proto == 47:
            ether, o = gre(b, o, end)
            if ether == -2:
                count(other, PROTOCOL, I(47), size)
                return False
            continue
        if proto == 17:
            if end - o < 8:
                short(other, BAD_TRANSPORT, end, wire, size)
                return False
            if u16(b, o + 2) == 4789 and end - o >= 30 and (b[o + 8] & 8) != 0:  # VXLAN
                ether = u16(b, o + 28)
                o += 30
                continue
            row.sport = u16(b, o)
            row.dport = u16(b, o + 2)
            row.flags = 0
            told = u16(b, o + 4)
            if told >= 8:
                last = min(last, o + told)
            o += 8
        elif proto == 6:
            if end - o < 20:
                short(other, BAD_TRANSPORT, end, wire, size)
                return False
            head = (I(b[o + 12]) >> 4) * 4
            if head < 20 or end - o < head or o + head > last:
                short(other, BAD_TRANSPORT, end, wire, size)
                return False
            row.sport = u16(b, o)
            row.dport = u16(b, o + 2)
            row.seq = u32(b, o + 4)
            row.ack = u32(b, o + 8)
            row.flags = b[o + 13]
            o += head
        else:
            count(other, PROTOCOL, proto, size)
            return False
        row.fragment = 0
        row.proto = proto
        row.offset = o
        row.length = max(min(end, last) - o, 0)
        row.missing = max(last - max(end, o), 0)
        return True
    count(other, MALFORMED, TOO_DEEP, size)
    return False


@njit([types.boolean(BYTES, types.int64, types.int64, PACKET_ROWS, types.int64, COUNTS)], cache=True)
def decode_joined(b, o, end, rows, r, other):
    """The IP packet b[o:end], joined from fragments, to rows[r]. Returns whether there is a row."""
    if o < 0 or end > len(b) or r < 0 or r >= len(rows):
        return False
    return decode(b, o, end, end, I(101), rows, r, other)
