"""Blind spots of a capture: what its packets held that was not read."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from tongguan.capture.traffic import layout
from tongguan.capture.traffic.streams import ConnectionStats
from tongguan.model import BlindKind, BlindSpot

__all__ = ["connection_spots", "cut_spots", "fragment_spots", "other_spots", "tail_spot"]

_ETHERTYPES = {0: "802.2", 0x0806: "ARP", 0x8035: "RARP", 0x8863: "PPPoE discovery", 0x888E: "802.1X"}
_ETHERTYPES |= {0x8809: "LACP", 0x88CC: "LLDP", 0x88E5: "MACsec", 0x88F7: "PTP", 0x893A: "IEEE 1905"}
_PROTOCOLS = {1: "ICMP", 2: "IGMP", 33: "DCCP", 47: "GRE", 50: "ESP", 58: "ICMPv6", 59: "no next header"}
_PROTOCOLS |= {88: "EIGRP", 89: "OSPF", 103: "PIM", 112: "VRRP", 115: "L2TP", 132: "SCTP"}
_ENCRYPTED = {(layout.PROTOCOL, 50), (layout.ETHER, 0x88E5)}
_MALFORMED = {
    layout.BAD_LINK: "link headers malformed",
    layout.BAD_IP: "IP headers malformed",
    layout.BAD_TRANSPORT: "TCP or UDP headers malformed",
    layout.BAD_RECORD: "records malformed",
    layout.CUT_HEADER: "packets cut before their payload",
    layout.TOO_DEEP: "headers nested too deep",
}


def other_spots(where: str, other: NDArray[np.int64]) -> list[BlindSpot]:
    """What the decoder counted (`layout.OTHER_SHAPE`) as blind spots."""
    spots = []
    for group, code in np.argwhere(other[:, :, 0]).tolist():
        packets, size = other[group, code].tolist()
        spots.append(BlindSpot(_kind(group, code), where, _detail(group, code), packets, size))
    return spots


def cut_spots(where: str, packets: int, size: int) -> list[BlindSpot]:
    """Payload that the snap length cut off."""
    detail = "payload cut by the snap length"
    return [BlindSpot(BlindKind.TRUNCATED, where, detail, packets, size)] if packets else []


def _kind(group: int, code: int) -> BlindKind:
    if (group, code) in _ENCRYPTED:
        return BlindKind.ENCRYPTED
    if group == layout.MALFORMED:
        return BlindKind.TRUNCATED if code == layout.CUT_HEADER else BlindKind.UNREADABLE
    return BlindKind.UNSUPPORTED


def _detail(group: int, code: int) -> str:
    if group == layout.LINK:
        return f"link type {code}"
    if group == layout.ETHER:
        return f"ethertype 0x{code:04x}" + (f" ({_ETHERTYPES[code]})" if code in _ETHERTYPES else "")
    if group == layout.PROTOCOL:
        return f"IP protocol {code}" + (f" ({_PROTOCOLS[code]})" if code in _PROTOCOLS else "")
    return _MALFORMED.get(code, "malformed")


def fragment_spots(where: str, lost: int, size: int) -> list[BlindSpot]:
    """IP datagrams of which not all fragments came, or whose fragments contradict each other."""
    return [BlindSpot(BlindKind.GAP, where, "IP datagrams with missing fragments", lost, size)] if lost else []


def connection_spots(closed: Iterable[ConnectionStats]) -> list[BlindSpot]:
    """Gaps and conflicting overlaps of connections that ended."""
    spots = []
    for stats in closed:
        uid = stats.info.uid
        if any(stats.gaps):
            spots.append(BlindSpot(BlindKind.GAP, uid, "stream bytes that were not captured", 1, sum(stats.gaps)))
        if stats.info.midstream and any(stats.bytes):
            spots.append(BlindSpot(BlindKind.GAP, uid, "the beginning of the connection was not captured"))
        if any(stats.overlaps):
            detail = "stream bytes sent again with other values; the first copy was read"
            spots.append(BlindSpot(BlindKind.OVERLAP, uid, detail, 1, sum(stats.overlaps)))
    return spots


def tail_spot(where: str, start: int, end: int) -> BlindSpot:
    """A damaged stretch of the file, up to where records were found again or to its end."""
    return BlindSpot(BlindKind.UNREADABLE, where, f"bytes {start} to {end} of the capture are damaged", 1, end - start)
