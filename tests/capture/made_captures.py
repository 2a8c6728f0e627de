"""Small captures with known conversations, as files."""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence

Turn = tuple[int, bytes]
CLIENT_IP, SERVER_IP = "10.20.0.5", "203.0.113.9"
START = 1_795_222_800


def conversation(
    turns: Sequence[Turn], client: tuple[str, int] = (CLIENT_IP, 40_000), server: tuple[str, int] = (SERVER_IP, 80)
) -> list[bytes]:
    """The IPv4 packets of one TCP connection; segments of at most 1,400 bytes."""
    ends, numbers, packets = (client, server), [100, 900], []

    def segment(side: int, flags: int, payload: bytes = b"") -> None:
        (sip, sport), (dip, dport) = ends[side], ends[1 - side]
        head = struct.pack(">HHIIBBHHH", sport, dport, numbers[side], numbers[1 - side], 0x50, flags, 65535, 0, 0)
        size = 20 + len(head) + len(payload)
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, size, 0, 0, 64, 6, 0, socket.inet_aton(sip), socket.inet_aton(dip))
        packets.append(ip + head + payload)
        numbers[side] += len(payload) + (flags & 3 != 0)

    segment(0, 2)
    segment(1, 18)
    segment(0, 16)
    for side, data in turns:
        for at in range(0, len(data), 1400):
            segment(side, 24, data[at : at + 1400])
    segment(0, 17)
    segment(1, 17)
    return packets


def datagram(payload: bytes, answer: bool = False) -> bytes:
    """An IPv4 packet with a UDP datagram of port 53."""
    ips, ports = (CLIENT_IP, SERVER_IP), (40_001, 53)
    if answer:
        ips, ports = ips[::-1], ports[::-1]
    size = 28 + len(payload)
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, size, 0, 0, 64, 17, 0, *map(socket.inet_aton, ips))
    return ip + struct.pack(">HHHH", *ports, 8 + len(payload), 0) + payload


def pcap(packets: Sequence[bytes]) -> bytes:
    """A capture of raw IP, a millisecond a packet."""
    out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 101)]
    for i, packet in enumerate(packets):
        out.append(struct.pack("<IIII", START + i // 1000, i % 1000 * 1000, len(packet), len(packet)) + packet)
    return b"".join(out)


def web(
    method: str = "GET", target: str = "/a", body: bytes = b"", answer: bytes = b"ok", kind: str = "text/plain"
) -> list[Turn]:
    """One request and its response."""
    head = f"{method} {target} HTTP/1.1\r\nHost: api.example\r\nContent-Length: {len(body)}\r\n\r\n"
    reply = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(answer)}\r\n\r\n"
    return [(0, head.encode() + body), (1, reply.encode() + answer)]
