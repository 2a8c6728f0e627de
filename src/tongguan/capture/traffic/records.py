"""Kernels: records of a capture file to rows of packets.

Layouts: the pcap and pcapng Internet-Drafts (draft-ietf-opsawg-pcap, -pcapng). No length in a file is trusted.
"""

# Compiled code takes its types from the signatures of the kernels.
# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls

from __future__ import annotations

import numpy as np
from numba import njit, types

from tongguan.capture.traffic.decode import count, decode
from tongguan.capture.traffic.integers import file16, file32, u32
from tongguan.capture.traffic.layout import (
    BAD_RECORD,
    BIG,
    CUT,
    CUT_BYTES,
    DAMAGED,
    FRAGMENT_BYTES,
    FULL,
    INTERFACES,
    JOINED,
    MALFORMED,
    MAX_BLOCK,
    MAX_CAPTURED,
    MORE,
    NANO,
    PACKETS,
    PCAPNG,
    STATUS,
    TOO_LONG,
)
from tongguan.capture.traffic.signatures import BYTES, COUNTS, I8, INTERFACE_ROWS, PACKET_ROWS

I = np.int64  # noqa: E741
REVISION = "0ac28ab1"  # of the modules that are compiled into these kernels: the cache looks at this file alone
MAX_WIRE = 1 << 24  # no frame is longer, whatever its record says
MAX_SKIPPED = 1 << 24  # a longer block is a damaged length

_WALK = types.UniTuple(types.int64, 2)(BYTES, types.int64, types.int64, I8, INTERFACE_ROWS, PACKET_ROWS, COUNTS)


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


@njit([_WALK], cache=True)
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


@njit([types.int64(BYTES, types.int64, types.int64, I8, types.boolean)], cache=True)
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
