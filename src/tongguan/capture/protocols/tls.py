"""TLS: names and versions of the handshake (RFC 5246, RFC 8446); what is encrypted is counted, and stays unread."""

from __future__ import annotations

from typing import Any

from tongguan.capture.protocols.body import Store
from tongguan.capture.protocols.layer import CLIENT, SERVER, Ends, Layer
from tongguan.capture.protocols.tls_hello import (
    ClientHello,
    ServerHello,
    certificate_names,
    certificates,
    cipher_name,
    client_hello,
    curve_name,
    key_exchange_curve,
    server_hello,
    version_name,
)
from tongguan.model import BlindKind, BlindSpot

__all__ = ["Tls", "is_tls"]

_CHANGE_CIPHER, _ALERT, _HANDSHAKE, _APPLICATION = 20, 21, 22, 23
_HEADER = 5
_LONGEST = (1 << 14) + 2048


def is_tls(first: bytes, direction: int) -> bool:
    """Whether bytes begin a TLS connection: a handshake record with a hello, or an alert of the server."""
    if len(first) < 6 or not _is_version(first):
        return False
    size = int.from_bytes(first[3:5], "big")
    if first[0] == _HANDSHAKE:
        return 4 <= size <= _LONGEST and first[5] == (1 if direction == CLIENT else 2)
    return first[0] == _ALERT and size == 2 and direction == SERVER


def _is_version(header: bytes) -> bool:
    """SSL 3.0 to TLS 1.3, or TLCP 1.1 (GB/T 38636)."""
    return (header[1] == 3 and header[2] <= 4) or header[1:3] == b"\x01\x01"


class _Side:
    """One direction."""

    def __init__(self) -> None:
        self.header = b""  # of a record that has only begun
        self.left = 0  # bytes of the record still to come
        self.type = 0
        self.handshake = bytearray()
        self.encrypted = False  # after ChangeCipherSpec
        self.lost = False  # record boundaries are unknown
        self.ts = 0.0
        self.application = 0
        self.first_application = 0.0
        self.gaps = 0
        self.odd = 0
        self.fault = ""  # what of its certificate cannot be read


class Tls(Layer):
    """One TLS connection."""

    protocol = "tls"
    service = "ssl"

    def __init__(self, ends: Ends, store: Store) -> None:
        super().__init__(ends, store)
        self._sides = (_Side(), _Side())
        self._ts = 0.0
        self._client: ClientHello | None = None
        self._server: ServerHello | None = None
        self._names: tuple[str, ...] = ()
        self._fields: dict[str, Any] = {}
        self._alert: int | None = None

    def data(self, direction: int, payload: memoryview, ts: float) -> None:
        """The next bytes."""
        self._ts = self._ts or ts
        side = self._sides[direction]
        side.ts = ts
        at, end = 0, len(payload)
        while at < end:
            if side.lost:
                self._application(side, end - at)
                return
            if not side.left:
                at = self._record(side, payload, at)
                continue
            size = min(side.left, end - at)
            self._fragment(direction, side, payload[at : at + size])
            side.left -= size
            at += size

    def gap(self, direction: int, size: int, ts: float) -> None:
        """Bytes that the capture never held: record boundaries survive where the gap is inside one record."""
        side = self._sides[direction]
        side.gaps += size
        if size <= side.left:
            side.left -= size
        else:
            side.lost = True
            side.left = 0
        side.handshake.clear()

    def close(self, ts: float) -> None:
        """Give the encrypted bytes of each direction, and the row of the handshake."""
        names = tuple(dict.fromkeys(filter(None, (self._client.server_name if self._client else None, *self._names))))
        application = names[0] if names else None
        for direction, side in enumerate(self._sides):
            uid = f"0-{direction}"
            spots: list[BlindSpot] = []
            if side.application:
                spots.append(self.spot(uid, BlindKind.ENCRYPTED, "TLS application data", side.application))
            if side.gaps:
                spots.append(self.spot(uid, BlindKind.GAP, "bytes missing from the capture", side.gaps))
            if side.odd:
                spots.append(self.spot(uid, BlindKind.UNREADABLE, "no TLS record", side.odd))
            if side.fault:
                spots.append(self.spot(uid, BlindKind.UNREADABLE, side.fault, 0))
            if spots:
                self.exchange(
                    uid,
                    direction,
                    side.first_application or self._ts,
                    "TLS",
                    side.application + side.odd,
                    application=application,
                    server_names=names,
                    blind_spots=tuple(spots),
                )
        self._log()

    def _record(self, side: _Side, payload: memoryview, at: int) -> int:
        need = _HEADER - len(side.header)
        side.header += bytes(payload[at : at + need])
        at += need
        if len(side.header) < _HEADER:
            return min(at, len(payload))
        header, side.header = side.header, b""
        side.type, size = header[0], int.from_bytes(header[3:5], "big")
        if not _CHANGE_CIPHER <= side.type <= 24 or not _is_version(header) or size > _LONGEST:
            side.lost = True
            side.odd += _HEADER
            return at
        side.left = size
        if side.type == _CHANGE_CIPHER:
            side.encrypted = True
        return at

    def _fragment(self, direction: int, side: _Side, piece: memoryview) -> None:
        if side.type == _APPLICATION:
            self._application(side, len(piece))
        elif side.type == _ALERT and len(piece) == 2 and not side.encrypted and self._alert is None:
            self._alert = piece[1]
        elif side.type == _HANDSHAKE and not side.encrypted:
            if len(side.handshake) + len(piece) > self.store.limits.head:
                side.encrypted = True  # no handshake is that long
                return
            side.handshake += piece
            self._messages(direction, side.handshake)

    def _application(self, side: _Side, size: int) -> None:
        if not side.application:
            side.first_application = side.ts
        side.application += size

    def _messages(self, direction: int, waiting: bytearray) -> None:
        while len(waiting) >= 4:
            size = int.from_bytes(waiting[1:4], "big")
            if len(waiting) < 4 + size:
                return
            kind, body = waiting[0], bytes(waiting[4 : 4 + size])
            del waiting[: 4 + size]
            self._message(direction, kind, body)

    def _message(self, direction: int, kind: int, body: bytes) -> None:
        if direction == CLIENT:
            if kind == 1 and self._client is None:
                self._client = client_hello(body)
        elif kind == 2 and self._server is None:
            self._server = server_hello(body)
        elif kind == 11 and not self._names:
            self._names, fields, self._sides[1].fault = certificate_names(certificates(body))
            self._fields |= fields
        elif kind == 12:
            self._fields["curve"] = key_exchange_curve(body)

    def _log(self) -> None:
        client, server = self._client, self._server
        fields = dict(self._fields)
        if server is not None:
            fields["version"] = version_name(server.version)
            fields["cipher"] = cipher_name(server.cipher)
            if server.group is not None:
                fields["curve"] = curve_name(server.group)
            fields["next_protocol"] = server.alpn
        if client is not None:
            fields["server_name"] = client.server_name
            fields["client_alpn"] = list(client.alpn) or None
        ticket = bool(client and server and client.session and client.session == server.session)
        fields["resumed"] = ticket and bool(server and server.version < 0x0304) and "subject" not in fields
        fields["last_alert"] = self._alert
        fields["established"] = all(side.encrypted or side.application for side in self._sides)
        self.log("ssl", self._ts, {name: value for name, value in fields.items() if value is not None})
