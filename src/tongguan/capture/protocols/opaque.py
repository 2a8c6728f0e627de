"""Protocols that we do not know: what they carried is kept, within limits, and said to be unread."""

from __future__ import annotations

import re

from tongguan.capture.protocols.body import Body, Store
from tongguan.capture.protocols.layer import CLIENT, SERVER, Ends, Layer
from tongguan.model import BlindKind, BlindSpot

__all__ = ["Opaque", "sealed_name"]

_SEALED = (
    (re.compile(rb"SSH-[12]\.\d"), "SSH"),
    (re.compile(rb"[\xc0-\xff](?:\x00\x00\x00\x01|\x6b\x33\x43\xcf|\xff\x00\x00.|Q0[0-9]{2})"), "QUIC"),
    (re.compile(rb"\x13BitTorrent protocol"), "BitTorrent"),
)
_UNREAD = (
    (re.compile(rb"PRI \* HTTP/2\.0"), "HTTP/2"),
    (re.compile(rb"\+OK\b"), "POP3"),
    (re.compile(rb"\* (?:OK|PREAUTH)\b"), "IMAP"),
    (re.compile(rb"\x00\x00[\x00-\x0f][\x00-\xff](?:\x00\x03\x00[\x00-\x02]|\x04\xd2\x16\x2f)"), "PostgreSQL"),
    (re.compile(rb"\x00[\x00-\xff]{3}[\xfe\xff]SMB"), "SMB"),
    (re.compile(rb"\*\d+\r\n\$\d+\r\n"), "Redis"),
    (re.compile(rb"\x03\x00[\x00-\xff]{2}[\x05-\x7f]\xe0"), "RDP"),
    (re.compile(rb"(?:[A-Z]+ sips?:|SIP/2\.0 )"), "SIP"),
)


def _known_name(first: bytes) -> str:
    """The name of a protocol that we recognise but do not read, empty for others."""
    return next((name for pattern, name in _UNREAD if pattern.match(first)), "")


def sealed_name(first: bytes, transport: str) -> str:
    """The name of an encrypted protocol that first bytes show, empty where they show none."""
    for pattern, name in _SEALED:
        if pattern.match(first) and (name != "QUIC" or transport == "udp"):
            return name
    return ""


class Opaque(Layer):
    """Keeps the payload of each direction as one content."""

    def __init__(self, ends: Ends, store: Store, note: str = "unknown protocol") -> None:
        super().__init__(ends, store)
        self.protocol = ends.transport
        self.note = note
        self.fault = ""  # what went wrong while it was looked for somebody who reads this
        self._bodies: list[Body | None] = [None, None]
        self._ts = [0.0, 0.0]
        self._sealed = ""
        self._name = ""

    def data(self, direction: int, payload: memoryview, ts: float) -> None:
        """The next bytes, or a datagram."""
        body = self._body(direction, ts)
        if not body.seen and not self._sealed:
            first = bytes(payload[:16])
            self._sealed = sealed_name(first, self.ends.transport)
            self._name = self._name or _known_name(first)
        room = self.store.limits.opaque - body.size
        if self._sealed:
            body.seen += len(payload)
        elif len(payload) > room:
            body.seen += len(payload) - room
            body.lost += len(payload) - room
            if room:
                body.add(payload[:room])
        else:
            body.add(payload)

    def gap(self, direction: int, size: int, ts: float) -> None:
        """Bytes that the capture never held."""
        body = self._body(direction, ts)
        if body.size and size < self.store.limits.opaque - body.size:
            body.gap(size)
        else:
            body.gaps += size

    def close(self, ts: float) -> None:
        """Give what each direction carried."""
        for direction in (CLIENT, SERVER):
            body = self._bodies[direction]
            if body is None:
                continue
            self._bodies[direction] = None
            uid = f"0-{direction}"
            spots: tuple[BlindSpot, ...]
            if self._sealed:
                spots = (self.spot(uid, BlindKind.ENCRYPTED, self._sealed, body.seen),)
            else:
                spots = (
                    self.spot(uid, BlindKind.UNSUPPORTED, self.fault or self._name or self.note, body.seen),
                    *body.spots(self.uid(uid)),
                )
            contents = tuple(body.finish())
            operation = self._sealed or self._name or self.protocol.upper()
            self.exchange(
                uid, direction, self._ts[direction], operation, body.seen, contents=contents, blind_spots=spots
            )

    def hand_over(self, layer: Layer) -> None:
        """Let another layer read what came so far: the connection was announced after it began."""
        for direction, body in enumerate(self._bodies):
            if body is None:
                continue
            if body.size:
                layer.data(direction, body.view(), self._ts[direction])
            if body.gaps + body.lost:
                layer.gap(direction, body.gaps + body.lost, self._ts[direction])
        self._bodies = [None, None]

    def keep(self) -> None:
        """Copy what is borrowed."""
        for body in self._bodies:
            if body is not None:
                body.keep()

    def _body(self, direction: int, ts: float) -> Body:
        body = self._bodies[direction]
        if body is None:
            body = self._bodies[direction] = Body(self.store, whole=True)
            self._ts[direction] = ts
        return body
