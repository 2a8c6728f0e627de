"""Kernels: headers around IP: link layers, VLAN, MPLS, PPPoE, SNAP and GRE. Link types are those of tcpdump.org."""

# Compiled code takes its types from the signatures of the kernels.
# mypy: allow-untyped-defs, no-check-untyped-defs, allow-untyped-calls

from __future__ import annotations

import numpy as np
from numba import njit

from tongguan.capture.traffic.integers import swapped, u16, u32

I = np.int64  # noqa: E741
IPV4, IPV6 = 0x0800, 0x86DD


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
