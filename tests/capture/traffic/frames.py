"""Captures of known content, built byte by byte: packets, links, pcap and pcapng files, whole conversations."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

ETHERNET, RAW, NULL, LOOP, SLL, SLL2 = 1, 101, 0, 108, 113, 276
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
CLIENT, SERVER = "198.51.100.7", "10.20.0.5"
SECOND = 1_000_000_000
START = 1_795_222_800 * SECOND


@dataclass(frozen=True)
class Frame:
    """A captured frame: time in nanoseconds, bytes captured, bytes on the wire."""

    ts: int
    data: bytes
    wire: int = -1

    def cut(self, length: int) -> Frame:
        """The same frame as a snap length leaves it."""
        return Frame(self.ts, self.data[:length], max(self.wire, len(self.data)))


# -- packets -----------------------------------------------------------------------------------------------------------


def ip(source: str, destination: str, protocol: int, payload: bytes, *, ident: int = 0, where: int = 0) -> bytes:
    """An IPv4 or IPv6 packet; `where` is IPv4's flags and fragment offset field."""
    a, b = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    if a.version == 6:
        return struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64) + a.packed + b.packed + payload
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), ident, where, 64, protocol, 0)
    return head + a.packed + b.packed + payload


def tcp_segment(sport: int, dport: int, seq: int, ack: int, flags: int, payload: bytes) -> bytes:
    head = struct.pack(">HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, 0x50, flags, 65535, 0, 0)
    return head + payload


def udp_datagram(sport: int, dport: int, payload: bytes) -> bytes:
    return struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload


def fragments4(packet: bytes, size: int, ident: int = 77) -> list[bytes]:
    """An IPv4 packet in fragments of `size` payload bytes (a multiple of 8)."""
    head, payload = packet[:20], packet[20:]
    pieces = []
    for at in range(0, len(payload), size):
        piece = payload[at : at + size]
        where = at // 8 | (0x2000 if at + size < len(payload) else 0)
        pieces.append(head[:2] + struct.pack(">HHH", 20 + len(piece), ident, where) + head[8:] + piece)
    return pieces


def fragments6(packet: bytes, size: int, ident: int = 77) -> list[bytes]:
    """An IPv6 packet in fragments of `size` payload bytes (a multiple of 8)."""
    head, payload = packet[:40], packet[40:]
    pieces = []
    for at in range(0, len(payload), size):
        piece = payload[at : at + size]
        extra = struct.pack(">BBHI", head[6], 0, at | int(at + size < len(payload)), ident)
        pieces.append(head[:4] + struct.pack(">HB", len(piece) + 8, 44) + head[7:] + extra + piece)
    return pieces


# -- links -------------------------------------------------------------------------------------------------------------


def ethertype(packet: bytes) -> int:
    return 0x0800 if packet[0] >> 4 == 4 else 0x86DD


def ethernet(packet: bytes, *tags: tuple[int, int], kind: int | None = None) -> bytes:
    """An Ethernet frame; tags are (ethertype of the tag, VLAN number) from the outside in."""
    out = b"\x02\0\0\0\0\1\x02\0\0\0\0\2"
    for tag, vlan in tags:
        out += struct.pack(">HH", tag, vlan)
    return out + struct.pack(">H", ethertype(packet) if kind is None else kind) + packet


def on_link(packet: bytes, link: int, *, big: bool = False) -> bytes:
    """The packet as a frame of a link type."""
    kind = ethertype(packet)
    if link == ETHERNET:
        return ethernet(packet)
    if link == SLL:
        return struct.pack(">HHH8sH", 0, 1, 6, b"\2\0\0\0\0\1\0\0", kind) + packet
    if link == SLL2:
        return struct.pack(">HHIHBB8s", kind, 0, 1, 1, 0, 6, b"\2\0\0\0\0\1\0\0") + packet
    if link in (NULL, LOOP):
        order = ">" if big or link == LOOP else "<"
        return struct.pack(order + "I", 2 if kind == 0x0800 else 30) + packet
    return packet


# -- files -------------------------------------------------------------------------------------------------------------


def pcap(frames: Iterable[Frame], link: int = ETHERNET, *, big: bool = False, nano: bool = False) -> bytes:
    order, scale = ">" if big else "<", 1 if nano else 1000
    out = [struct.pack(order + "IHHiIII", 0xA1B23C4D if nano else 0xA1B2C3D4, 2, 4, 0, 0, 262144, link)]
    for frame in frames:
        seconds, rest = divmod(frame.ts, SECOND)
        wire = max(frame.wire, len(frame.data))
        out.append(struct.pack(order + "IIII", seconds, rest // scale, len(frame.data), wire) + frame.data)
    return b"".join(out)


def block(order: str, kind: int, body: bytes) -> bytes:
    body += b"\0" * (-len(body) % 4)
    size = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + size + body + size


def section(order: str = "<") -> bytes:
    return block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))


def interface(order: str, link: int, *, resolution: int = 6, shift: int = 0, snap: int = 0) -> bytes:
    """Interface description; `resolution` is if_tsresol as it stands in the file (high bit: power of two)."""
    options = struct.pack(order + "HHB3x", 9, 1, resolution) + struct.pack(order + "HHq", 14, 8, shift)
    return block(order, 1, struct.pack(order + "HHI", link, 0, snap) + options + b"\0\0\0\0")


def ticks(ts: int, resolution: int) -> int:
    if resolution & 128:
        return (ts << (resolution & 127)) // SECOND
    return ts * 10**resolution // SECOND


def enhanced(order: str, frame: Frame, which: int = 0, *, resolution: int = 6, shift: int = 0) -> bytes:
    """Enhanced packet block."""
    t = ticks(frame.ts - shift * SECOND, resolution)
    wire = max(frame.wire, len(frame.data))
    head = struct.pack(order + "IIIII", which, t >> 32, t & 0xFFFFFFFF, len(frame.data), wire)
    return block(order, 6, head + frame.data)


def pcapng(
    frames: Iterable[Frame], link: int = ETHERNET, *, big: bool = False, resolution: int = 6, shift: int = 0
) -> bytes:
    order = ">" if big else "<"
    out = [section(order), interface(order, link, resolution=resolution, shift=shift)]
    out += [enhanced(order, frame, resolution=resolution, shift=shift) for frame in frames]
    return b"".join(out)


# -- conversations -----------------------------------------------------------------------------------------------------


@dataclass
class Talk:
    """A TCP connection being played. Each step adds a packet to `packets` (time, IP packet) and keeps the truth in
    `sent`. Direction 0 is client → server."""

    client: str = CLIENT
    server: str = SERVER
    cport: int = 40000
    sport: int = 80
    isn: tuple[int, int] = (1000, 5000)
    clock: int = START
    step: int = 1_000_000
    packets: list[tuple[int, bytes]] = field(default_factory=list)
    sent: list[bytearray] = field(default_factory=lambda: [bytearray(), bytearray()])

    def segment(self, direction: int, at: int, payload: bytes, flags: int = ACK | PSH, *, acked: int = -1) -> None:
        """A segment at any offset of the stream, which leaves `sent` as it is."""
        back = 1 - direction
        ends = (self.client, self.server, self.cport, self.sport)
        a, b, x, y = ends if direction == 0 else (ends[1], ends[0], ends[3], ends[2])
        ack = self.isn[back] + 1 + (len(self.sent[back]) if acked < 0 else acked)
        body = tcp_segment(x, y, self.isn[direction] + 1 + at, ack if flags & ACK else 0, flags, payload)
        self.packets.append((self.clock, ip(a, b, 6, body)))
        self.clock += self.step

    def open(self) -> Talk:
        self.segment(0, -1, b"", SYN)
        self.segment(1, -1, b"", SYN | ACK)
        self.segment(0, 0, b"", ACK)
        return self

    def send(self, direction: int, payload: bytes) -> Talk:
        self.segment(direction, len(self.sent[direction]), payload)
        self.sent[direction] += payload
        return self

    def lose(self, direction: int, payload: bytes) -> Talk:
        """Send a segment that the capture misses."""
        self.sent[direction] += payload
        return self

    def acknowledge(self, direction: int) -> Talk:
        """`direction` confirms all that it got."""
        self.segment(direction, len(self.sent[direction]), b"", ACK)
        return self

    def close(self) -> Talk:
        for direction in (0, 1):
            self.segment(direction, len(self.sent[direction]), b"", FIN | ACK)
        self.segment(0, len(self.sent[0]) + 1, b"", ACK, acked=len(self.sent[1]) + 1)
        return self

    def frames(self, link: int = ETHERNET, *, big: bool = False) -> list[Frame]:
        return [Frame(ts, on_link(packet, link, big=big)) for ts, packet in self.packets]


def framed(packets: Sequence[bytes], link: int = ETHERNET, *, step: int = 1_000_000) -> list[Frame]:
    """IP packets as frames, one each `step` nanoseconds."""
    return [Frame(START + k * step, on_link(packet, link)) for k, packet in enumerate(packets)]
