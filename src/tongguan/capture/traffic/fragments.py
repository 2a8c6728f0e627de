"""Fragments of IP datagrams, joined. The one place that takes packets singly in Python: fragments are rare."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

__all__ = ["Fragments"]

MAX_DATAGRAM = 65_535
MAX_HELD = 16 << 20  # bytes
MAX_DATAGRAMS = 8192
MAX_PIECES = 512  # of one datagram: smaller ones than 128 bytes are no honest fragments
PATIENCE = 60 * 1_000_000_000  # nanoseconds; RFC 8200 section 4.5
_EXTENSIONS = (0, 43, 60, 135)


@dataclass(slots=True)
class _Partial:
    """A datagram of which fragments are held."""

    ts: int
    head: bytes = b""  # header of the fragment at offset 0
    protocol: int = 0
    total: int = -1
    held: int = 0
    pieces: dict[int, bytes] = field(default_factory=dict)

    def add(self, offset: int, data: bytes, more: bool) -> None:
        if len(self.pieces) < MAX_PIECES and offset not in self.pieces:
            self.pieces[offset] = data
            self.held += len(data)
        if not more and self.total < 0:
            self.total = offset + len(data)

    def joined(self) -> bytes | None:
        """The payload, once it is whole; empty where two fragments contradict each other."""
        if self.total < 0 or self.held < self.total or not self.head:
            return None
        out = bytearray()
        for offset in sorted(self.pieces):
            if offset > len(out):
                return None
            piece = self.pieces[offset]
            again = len(out) - offset
            if again and out[offset : offset + len(piece)] != piece[:again]:
                return b""
            out += piece[again:]
        return bytes(out[: self.total]) if len(out) >= self.total else None


class Fragments:
    """Fragments held between packets and chunks, within bounds; counts what never became whole."""

    def __init__(self) -> None:
        self._partials: dict[bytes, _Partial] = {}
        self._held = 0
        self.lost = 0
        self.lost_bytes = 0

    def add(self, packet: bytes, version: int, ts: int) -> bytes | None:
        """Take a fragment, an IP packet of this version, at `ts` nanoseconds; returns the packet once it is whole."""
        parsed = _parse4(packet) if version == 4 else _parse6(packet)
        if parsed is None:
            self._lose(1, len(packet))
            return None
        key, head, protocol, offset, data, more = parsed
        if offset + len(data) > MAX_DATAGRAM or not data:
            self._lose(1, len(data))
            return None
        partial = self._partials.get(key)
        if partial is not None and ts - partial.ts > PATIENCE:
            self._drop(key)
            partial = None
        if partial is None:
            partial = self._partials[key] = _Partial(ts)
        before = partial.held
        partial.add(offset, data, more)
        self._held += partial.held - before
        if offset == 0 and not partial.head:
            partial.head, partial.protocol = head, protocol
        whole = partial.joined()
        if whole == b"":
            self._drop(key)
            return None
        if whole is not None:
            self._held -= partial.held
            del self._partials[key]
            return _whole4(partial, whole) if version == 4 else _whole6(partial, whole)
        while self._held > MAX_HELD or len(self._partials) > MAX_DATAGRAMS:
            self._drop(next(iter(self._partials)))
        return None

    def finish(self) -> None:
        """Count what is still held as lost."""
        for key in list(self._partials):
            self._drop(key)

    def take_lost(self) -> tuple[int, int]:
        """Datagrams and bytes lost since the last call."""
        lost = self.lost, self.lost_bytes
        self.lost = self.lost_bytes = 0
        return lost

    def _lose(self, datagrams: int, size: int) -> None:
        self.lost += datagrams
        self.lost_bytes += size

    def _drop(self, key: bytes) -> None:
        partial = self._partials.pop(key)
        self._held -= partial.held
        self._lose(1, partial.held)


_Parsed = tuple[bytes, bytes, int, int, bytes, bool]  # key, head, protocol, offset, data, more follow


def _parse4(packet: bytes) -> _Parsed | None:
    if len(packet) < 20:
        return None
    size = (packet[0] & 15) * 4
    total, ident, where = struct.unpack_from(">HHH", packet, 2)
    end = total or len(packet)
    if size < 20 or len(packet) < max(size, end):
        return None
    key = b"4" + packet[9:10] + ident.to_bytes(2, "big") + packet[12:20]
    return key, packet[:size], packet[9], (where & 0x1FFF) * 8, packet[size:end], bool(where & 0x2000)


def _parse6(packet: bytes) -> _Parsed | None:
    if len(packet) < 48:
        return None
    end = 40 + int.from_bytes(packet[4:6], "big")
    if len(packet) < end:
        return None
    header, at = packet[6], 40
    while header in _EXTENSIONS or header == 51:
        if at + 8 > end:
            return None
        after = (packet[at + 1] + 2) * 4 if header == 51 else (packet[at + 1] + 1) * 8
        header, at = packet[at], at + after
    if header != 44 or at + 8 > end:
        return None
    where = int.from_bytes(packet[at + 2 : at + 4], "big")
    key = b"6" + packet[8:40] + packet[at + 4 : at + 8]
    return key, packet[:40], packet[at], where & 0xFFF8, packet[at + 8 : end], bool(where & 1)


def _whole4(partial: _Partial, payload: bytes) -> bytes | None:
    head = partial.head
    total = len(head) + len(payload)
    if total > MAX_DATAGRAM:
        return None
    return head[:2] + struct.pack(">H", total) + head[4:6] + b"\0\0" + head[8:] + payload


def _whole6(partial: _Partial, payload: bytes) -> bytes | None:
    head = partial.head
    return head[:4] + struct.pack(">HB", len(payload), partial.protocol) + head[7:40] + payload
