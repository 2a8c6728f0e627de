"""Kernels: records of a capture to rows of packets.

Nothing in a file is trusted: each read stands behind a comparison with the end of its frame, and frames lie inside the
buffer. Layouts: the pcap and pcapng Internet-Drafts (draft-ietf-opsawg-pcap, -pcapng), link types of tcpdump.org.
The compiled code is cached by file: any edit here compiles all of it again.
"""

# Compiled code takes its types from the signatures of the kernels.
# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls

from __future__ import annotations

import numpy as np
from numba import from_dtype, njit, types

from tongguan.capture.traffic.layout import (
    ANY,
    BAD_IP,
    BAD_LINK,
    BAD_RECORD,
    BAD_TRANSPORT,
    BIG,
    CUT,
    CUT_BYTES,
    CUT_HEADER,
    DAMAGED,
    ETHER,
    FRAGMENT_BYTES,
    FULL,
    INTERFACE,
    INTERFACES,
    JOINED,
    LINK,
    MALFORMED,
    MAX_BLOCK,
    MAX_CAPTURED,
    MORE,
    NANO,
    PACKET,
    PACKETS,
    PCAPNG,
    PROTOCOL,
    STATUS,
    TOO_DEEP,
    TOO_LONG,
)

I = np.int64  # noqa: E741
MAPPED = 0xFFFF << 32  # ::ffff:0:0/96
IPV4, IPV6 = 0x0800, 0x86DD
MAX_WIRE = 1 << 24  # no frame is longer, whatever its record says
MAX_SKIPPED = 1 << 24  # a longer block is a damaged length

_bytes = types.Array(types.uint8, 1, "C")
_packets = types.Array(from_dtype(PACKET), 1, "C")
_interfaces = types.Array(from_dtype(INTERFACE), 1, "C")
_scalars = types.Array(types.int64, 1, "C")
_counts = types.Array(types.int64, 3, "C")


@njit(cache=True)
def u16(b, o):
    return (I(b[o]) << 8) | I(b[o + 1])


@njit(cache=True)
def u32(b, o):
    return (I(b[o]) << 24) | (I(b[o + 1]) << 16) | (I(b[o + 2]) << 8) | I(b[o + 3])


@njit(cache=True)
def u64(b, o):
    return (u32(b, o) << 32) | u32(b, o + 4)


@njit(cache=True)
def swapped(v):
    return ((v & 0xFF) << 24) | ((v & 0xFF00) << 8) | ((v >> 8) & 0xFF00) | (v >> 24)


@njit(cache=True)
def file16(b, o, big):
    return u16(b, o) if big else I(b[o]) | (I(b[o + 1]) << 8)


@njit(cache=True)
def file32(b, o, big):
    v = u32(b, o)
    return v if big else swapped(v)


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
def version(b, o):
    """Ethertype of a bare IP packet."""
    v = I(b[o]) >> 4
    return I(IPV4) if v == 4 else (I(IPV6) if v == 6 else I(0))


@njit(cache=True)
def link(b, o, end, kind):
    """Link header: (ethertype, where its payload starts); -1: too short, -2: unknown link type."""
    if kind == 1:  # Ethernet
        if end - o < 14:
            return I(-1), o
        return u16(b, o + 12), o + 14
    if kind == 113:  # Linux cooked
        if end - o < 16:
            return I(-1), o
        return u16(b, o + 14), o + 16
    if kind == 276:  # Linux cooked v2
        if end - o < 20:
            return I(-1), o
        return u16(b, o), o + 20
    if kind == 0 or kind == 108:  # loopback: address family in the byte order of the machine that wrote it
        if end - o < 4:
            return I(-1), o
        family = u32(b, o)
        if family > 0xFFFF:
            family = swapped(family)
        if family == 2:
            return I(IPV4), o + 4
        if family == 10 or family == 24 or family == 28 or family == 30:
            return I(IPV6), o + 4
        return I(0), o + 4
    if kind == 12 or kind == 14 or kind == 101 or kind == 228 or kind == 229:  # raw IP
        if end - o < 1:
            return I(-1), o
        return version(b, o), o
    return I(-2), o


@njit(cache=True)
def shim(b, o, end, ether):
    """One VLAN, MPLS, PPPoE or SNAP header: (ethertype, payload); -1: too short; nothing moved: not such a header."""
    if ether == 0x8100 or ether == 0x88A8 or ether == 0x9100 or ether == 0x9200:
        if end - o < 4:
            return I(-1), o
        return u16(b, o + 2), o + 4
    if ether == 0x8847 or ether == 0x8848:
        while end - o >= 4 and (b[o + 2] & 1) == 0:
            o += 4
        if end - o < 5:
            return I(-1), o
        return version(b, o + 4), o + 4
    if ether == 0x8864:
        if end - o < 8:
            return I(-1), o
        ppp = u16(b, o + 6)
        return (I(IPV4) if ppp == 0x21 else (I(IPV6) if ppp == 0x57 else I(0))), o + 8
    if ether < 0x600 and end - o >= 8 and u32(b, o) == 0xAAAA0300 and b[o + 4] == 0 and b[o + 5] == 0:
        return u16(b, o + 6), o + 8
    return ether, o


@njit(cache=True)
def gre(b, o, end):
    """GRE version 0 with Ethernet or ERSPAN inside: (ethertype, payload); -1: too short, -2: another version."""
    if end - o < 4:
        return I(-1), o
    bits = u16(b, o)
    if bits & 7:
        return I(-2), o
    kind = u16(b, o + 2)
    o += 4 + 4 * ((bits >> 15) & 1) + 4 * ((bits >> 13) & 1) + 4 * ((bits >> 12) & 1)
    if kind == 0x88BE:  # ERSPAN I has no sequence number and no header
        o += 8 * ((bits >> 12) & 1)
    elif kind == 0x22EB:
        if end - o < 12:
            return I(-1), o
        o += 12 + 8 * I(b[o + 11] & 1)
    elif kind != 0x6558:
        return kind, o
    if end - o < 14:
        return I(-1), o
    return u16(b, o + 12), o + 14


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


@njit([types.boolean(_bytes, types.int64, types.int64, _packets, types.int64, _counts)], cache=True)
def decode_joined(b, o, end, rows, r, other):
    """The IP packet b[o:end], joined from fragments, to rows[r]. Returns whether there is a row."""
    if o < 0 or end > len(b) or r < 0 or r >= len(rows):
        return False
    return decode(b, o, end, end, I(101), rows, r, other)


@njit(cache=True)
def add_frame(b, o, length, wire, kind, ts, rows, n, scalars, other):
    """Decode one frame that lies inside the buffer; returns the number of rows after it."""
    scalars[PACKETS] += 1
    wire = max(min(wire, I(MAX_WIRE)), length)
    if not decode(b, o, o + length, o + wire, kind, rows, n, other):
        return n
    row = rows[n]
    row.ts = max(ts, I(1))  # 0 stands for "never" in the tables
    if row.fragment != 0:
        scalars[FRAGMENT_BYTES] += row.length
    if row.missing != 0:
        scalars[CUT] += 1
        scalars[CUT_BYTES] += row.missing
    return n + 1


@njit(cache=True)
def nanoseconds(ticks, face):
    """Time of a pcapng record in nanoseconds."""
    seconds = I(0)
    if face.binary:
        power = min(face.power, I(62))
        seconds = ticks >> power
        fraction = ticks & ((I(1) << power) - 1)
        rest = I(float(fraction) / float(I(1) << power) * 1e9)
    else:
        power = min(face.power, I(18))
        unit = I(1)
        for _ in range(power):
            unit *= 10
        seconds = ticks // unit
        fraction = ticks - seconds * unit
        for _ in range(9 - power):
            fraction *= 10
        for _ in range(power - 9):
            fraction //= 10
        rest = fraction
    seconds += face.shift
    if seconds < 0 or seconds > 9_000_000_000:
        return I(1)
    return seconds * 1_000_000_000 + rest


@njit(cache=True)
def add_interface(b, o, end, big, face):
    """Interface description b[o:end] (without its trailing length) to a row of interfaces."""
    face.link = file16(b, o + 8, big)
    face.snap = file32(b, o + 12, big)
    face.power = 6
    face.binary = 0
    face.shift = 0
    o += 16
    while o + 4 <= end:
        code = file16(b, o, big)
        length = file16(b, o + 2, big)
        if code == 0 or o + 4 + length > end:
            return
        if code == 9 and length >= 1:
            face.power = I(b[o + 4]) & 127
            face.binary = I(b[o + 4]) >> 7
        elif code == 14 and length == 8:
            high, low = (o + 4, o + 8) if big else (o + 8, o + 4)
            face.shift = max(min((file32(b, high, big) << 32) | file32(b, low, big), I(1) << 40), -(I(1) << 40))
        o += 4 + ((length + 3) & ~3)


@njit(cache=True)
def walk_pcap(b, pos, end, scalars, interfaces, rows, other):
    n = I(0)
    big = scalars[BIG] != 0
    scale = I(1) if scalars[NANO] else I(1000)
    kind = interfaces[0].link
    while True:
        if n >= len(rows) or scalars[FRAGMENT_BYTES] >= JOINED // 2:
            scalars[STATUS] = FULL
            break
        if end - pos < 16:
            scalars[STATUS] = MORE
            break
        length = file32(b, pos + 8, big)
        wire = file32(b, pos + 12, big)
        seconds = file32(b, pos, big)
        if length > MAX_CAPTURED or (length == 0 and wire == 0 and seconds == 0):
            scalars[STATUS] = DAMAGED
            break
        if end - pos - 16 < length:
            scalars[STATUS] = MORE
            break
        ts = seconds * 1_000_000_000 + file32(b, pos + 4, big) * scale
        n = add_frame(b, pos + 16, length, wire, kind, ts, rows, n, scalars, other)
        pos += 16 + length
    return n, pos


@njit(cache=True)
def walk_pcapng(b, pos, end, scalars, interfaces, rows, other):
    n = I(0)
    while True:
        if n >= len(rows) or scalars[FRAGMENT_BYTES] >= JOINED // 2:
            scalars[STATUS] = FULL
            break
        if end - pos < 12:
            scalars[STATUS] = MORE
            break
        section = u32(b, pos) == 0x0A0D0D0A
        if section:
            magic = u32(b, pos + 8)
            if magic != 0x1A2B3C4D and magic != 0x4D3C2B1A:
                scalars[STATUS] = DAMAGED
                break
            big = magic == 0x1A2B3C4D
        else:
            big = scalars[BIG] != 0
        size = file32(b, pos + 4, big)
        if size < 12 or size & 3 or size > MAX_SKIPPED:
            scalars[STATUS] = DAMAGED
            break
        if size > MAX_BLOCK:
            scalars[STATUS] = TOO_LONG
            break
        if end - pos < size:
            scalars[STATUS] = MORE
            break
        if file32(b, pos + size - 4, big) != size:
            scalars[STATUS] = DAMAGED
            break
        kind = file32(b, pos, big)
        faces = scalars[INTERFACES]
        if section:
            scalars[BIG] = I(big)
            scalars[INTERFACES] = 0
        elif kind == 1 and size >= 20:
            if faces < len(interfaces):
                add_interface(b, pos, pos + size - 4, big, interfaces[faces])
                scalars[INTERFACES] = faces + 1
            else:
                count(other, MALFORMED, BAD_RECORD, I(0))
        elif (kind == 6 or kind == 2) and size >= 32:
            which = file32(b, pos + 8, big) if kind == 6 else file16(b, pos + 8, big)
            length = file32(b, pos + 20, big)
            if which < faces and length <= size - 32 and length <= MAX_CAPTURED:
                face = interfaces[which]
                ticks = (file32(b, pos + 12, big) << 32) | file32(b, pos + 16, big)
                ts = nanoseconds(ticks, face)
                wire = file32(b, pos + 24, big)
                n = add_frame(b, pos + 28, length, wire, face.link, ts, rows, n, scalars, other)
            else:
                count(other, MALFORMED, BAD_RECORD, size)
        elif kind == 3 and size >= 16:
            if faces > 0:
                wire = file32(b, pos + 8, big)
                length = min(wire, size - 16)
                if interfaces[0].snap > 0:
                    length = min(length, interfaces[0].snap)
                length = min(length, I(MAX_CAPTURED))
                n = add_frame(b, pos + 12, length, wire, interfaces[0].link, I(1), rows, n, scalars, other)
            else:
                count(other, MALFORMED, BAD_RECORD, size)
        pos += size
    return n, pos


_walk = types.UniTuple(types.int64, 2)(_bytes, types.int64, types.int64, _scalars, _interfaces, _packets, _counts)


@njit([_walk], cache=True)
def walk(b, pos, end, scalars, interfaces, rows, other):
    """Decode whole records of b[pos:end]: (rows made, where the first unread record starts); scalars[STATUS] says why
    it stopped there."""
    scalars[FRAGMENT_BYTES] = 0
    if pos < 0 or end > len(b):
        scalars[STATUS] = DAMAGED
        return I(0), pos
    if scalars[PCAPNG]:
        return walk_pcapng(b, pos, end, scalars, interfaces, rows, other)
    return walk_pcap(b, pos, end, scalars, interfaces, rows, other)


@njit([types.int64(_bytes, types.int64, types.int64, _scalars, types.boolean)], cache=True)
def resynchronise(b, pos, end, scalars, final):
    """The next place in b[pos:end] that looks like a pcapng block with the same length at both its ends, or that may
    be one whose end is not read yet (unless `final`)."""
    if pos < 0 or end > len(b):
        return end
    while end - pos >= 12:
        head = u32(b, pos)
        big = scalars[BIG] != 0
        known = head == 0x0A0D0D0A
        if known:
            magic = u32(b, pos + 8)
            known = magic == 0x1A2B3C4D or magic == 0x4D3C2B1A
            big = magic == 0x1A2B3C4D
        else:
            kind = file32(b, pos, big)
            known = kind == 1 or kind == 2 or kind == 3 or kind == 5 or kind == 6
        if known:
            size = file32(b, pos + 4, big)
            if size >= 12 and (size & 3) == 0 and size <= MAX_CAPTURED + 65536:
                if end - pos < size:
                    if not final:
                        return pos
                elif file32(b, pos + size - 4, big) == size:
                    return pos
        pos += 1
    return end if final else pos
