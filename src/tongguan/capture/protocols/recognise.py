"""Which protocol a connection speaks, told from its first bytes and never from its port."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Protocol, runtime_checkable

from tongguan.capture.protocols.body import Store
from tongguan.capture.protocols.dns import Dns, is_dns, is_dns_stream
from tongguan.capture.protocols.ftp import COMMANDS, Ftp
from tongguan.capture.protocols.guests import Guest
from tongguan.capture.protocols.http import Http
from tongguan.capture.protocols.http_head import is_request, is_response
from tongguan.capture.protocols.layer import CLIENT, SERVER, Ends, Layer
from tongguan.capture.protocols.mysql import MySql, is_mysql
from tongguan.capture.protocols.opaque import Opaque
from tongguan.capture.protocols.quic import Quic, is_quic
from tongguan.capture.protocols.smtp import Smtp
from tongguan.capture.protocols.tls import Tls, is_tls
from tongguan.registry import FAULTS, Kind, parts

__all__ = ["PROTOCOLS", "ProtocolLayer", "Session"]

_ENOUGH = 8192  # bytes of one direction after which an undecided connection is taken for unknown

_GREETING = re.compile(rb"220[ -]")
_REPLY = re.compile(rb"[1-5]\d\d[ -]")
_VERB = re.compile(rb"([A-Za-z]{3,4})(?:[ \t][^\r\n]*)?\r?\n")

Choice = Callable[[Ends, Store], Layer]


class Session(Layer):
    """A connection: undecided first, then read by the layer of its protocol."""

    def __init__(self, ends: Ends, store: Store, announced: Callable[[], Layer | None] = lambda: None) -> None:
        super().__init__(ends, store)
        self._announced = announced
        self._layer: Layer | None = announced()
        self._held: list[tuple[int, memoryview | bytes | int, float]] = []  # an int is a gap
        self._first = [b"", b""]
        self._fault = ""  # of a layer of others

    @property
    def service(self) -> str:  # type: ignore[override]
        """Zeek's name of the protocol, empty where it is unknown."""
        return self._layer.service if self._layer is not None else ""

    def data(self, direction: int, payload: memoryview, ts: float) -> None:
        """The next bytes."""
        if self._layer is None and self._held and direction == CLIENT and is_tls(bytes(payload[:6]), CLIENT):
            self._start(Opaque(self.ends, self.store))  # what came before asked for TLS, in a way of its own
        layer = self._layer
        if layer is None:
            self._held.append((direction, payload, ts))
            if len(self._first[direction]) < _ENOUGH:
                self._first[direction] += bytes(payload[:_ENOUGH])
            self._decide(False)
        else:
            if isinstance(layer, Opaque) and self.ends.transport == "tcp":
                layer = self._second_look(direction, payload, ts) or layer
            layer.data(direction, payload, ts)
            self.out += layer.take()

    def gap(self, direction: int, size: int, ts: float) -> None:
        """Bytes that the capture never held."""
        if self._layer is None:
            self._held.append((direction, size, ts))
        else:
            self._layer.gap(direction, size, ts)
            self.out += self._layer.take()

    def close(self, ts: float) -> None:
        """End the connection."""
        if self._layer is None and self._held:
            self._decide(True)
        if self._layer is not None:
            if isinstance(self._layer, Opaque) and (late := self._announced()):
                self._layer.hand_over(late)
                self._layer = late
            self._layer.close(ts)
            self.out += self._layer.take()

    def keep(self) -> None:
        """Copy what is borrowed."""
        self._held = [
            (direction, what if isinstance(what, int) else bytes(what), ts) for direction, what, ts in self._held
        ]
        if self._layer is not None:
            self._layer.keep()

    def _decide(self, final: bool) -> None:
        choice = self._choose(self._first[CLIENT], self._first[SERVER], final)
        if choice is None and not final and self.ends.transport != "udp" and max(map(len, self._first)) < _ENOUGH:
            return
        self._start(choice(self.ends, self.store) if choice else Opaque(self.ends, self.store))

    def _choose(self, client: bytes, server: bytes, final: bool) -> Choice | None:
        choice, fault = choose(self.ends.transport, client, server, final)
        self._fault = self._fault or fault
        return choice

    def _start(self, layer: Layer) -> None:
        self._layer = layer
        if isinstance(layer, Opaque):
            layer.fault = self._fault
        held, self._held = self._held, []
        for direction, what, ts in held:
            if isinstance(what, int):
                layer.gap(direction, what, ts)
            else:
                layer.data(direction, memoryview(what), ts)
        self.out += layer.take()

    def _second_look(self, direction: int, payload: memoryview, ts: float) -> Layer | None:
        """A protocol may begin later: TLS after a command of its own, anything where the capture began too late."""
        if direction == CLIENT and is_tls(bytes(payload[:6]), CLIENT):
            return self._change(Tls(replace(self.ends, within=f"{self.ends.within}t"), self.store))
        if not self.ends.midstream:
            return None
        first = bytes(payload[:_ENOUGH])
        choice = self._choose(first, b"", False) if direction == CLIENT else self._choose(b"", first, False)
        return self._change(choice(self.ends, self.store)) if choice else None

    def _change(self, layer: Layer) -> Layer:
        assert self._layer is not None
        self._layer.close(0.0)
        self.out += self._layer.take()
        self._layer = layer
        return layer


@runtime_checkable
class ProtocolLayer(Protocol):
    """A protocol: it is told from the first bytes of both directions, and read by a layer."""

    @property
    def transport(self) -> str:
        """tcp or udp."""

    def shows(self, client: bytes, server: bytes, final: bool, /) -> bool:
        """Whether a connection begins like this; no more bytes will come where `final` says so. Of UDP these are the
        first datagram."""

    def layer(self, ends: Ends, store: Store, /) -> Layer:
        """What reads the connection, from its beginning."""


@dataclass(frozen=True, slots=True)
class _Ours:
    transport: str
    shows: Callable[[bytes, bytes, bool], bool]
    layer: Choice


def choose(transport: str, client: bytes, server: bytes, final: bool) -> tuple[Choice | None, str]:
    """The layer for the first bytes of both directions, None where they do not tell (yet); and what went wrong with
    those of other packages."""
    fault = ""
    for part in parts(PROTOCOLS):
        try:
            if part.value.transport == transport and part.value.shows(client, server, final):
                made = part.value.layer
                return (made if part.plugin is None else partial(Guest, part.plugin, made)), fault
        except FAULTS as error:
            if part.plugin is None:
                raise
            fault = fault or f"the plug-in {part.plugin} failed: {type(error).__name__}"
    return None, fault


def _greets(layer: Choice, client: bytes, server: bytes, final: bool) -> bool:
    return _greeted(client, server, final) is layer


def _greeted(client: bytes, server: bytes, final: bool) -> Choice | None:
    """SMTP or FTP: both greet with 220, and the client's first command tells them apart."""
    greeted = _GREETING.match(server)
    verb = _VERB.match(client)
    if verb is not None:
        word = verb[1].upper()
        if word in (b"EHLO", b"HELO", b"LHLO") or (word == b"MAIL" and b"FROM:" in client[:64].upper()):
            return _smtp
        if word.decode() in COMMANDS and (greeted or (final and _REPLY.match(server)) or word in (b"PASV", b"EPSV")):
            return _smtp if b"SMTP" in server[:512].upper() else _ftp
    if final and greeted:
        return _smtp if b"SMTP" in server[:512].upper() else _ftp if b"FTP" in server[:512].upper() else None
    return None


def _http(ends: Ends, store: Store) -> Layer:
    return Http(ends, store, lambda inner: Session(inner, store))


def _smtp(ends: Ends, store: Store) -> Layer:
    return Smtp(ends, store, lambda inner: Session(inner, store))


def _ftp(ends: Ends, store: Store) -> Layer:
    return Ftp(ends, store, lambda inner: Session(inner, store))


def _mysql(ends: Ends, store: Store) -> Layer:
    return MySql(ends, store, lambda inner: Session(inner, store))


PROTOCOLS: Final = Kind[ProtocolLayer](
    "protocols",
    ProtocolLayer,
    {
        "http": _Ours("tcp", lambda client, server, _: is_request(client) or is_response(server), _http),
        "tls": _Ours("tcp", lambda client, server, _: is_tls(client, CLIENT) or is_tls(server, SERVER), Tls),
        "dns_stream": _Ours("tcp", lambda client, server, _: is_dns_stream(client) or is_dns_stream(server), Dns),
        "mysql": _Ours("tcp", lambda client, server, _: is_mysql(client, server), _mysql),
        "smtp": _Ours("tcp", partial(_greets, _smtp), _smtp),
        "ftp": _Ours("tcp", partial(_greets, _ftp), _ftp),
        "quic": _Ours("udp", lambda client, server, _: is_quic(client) or is_quic(server), Quic),
        "dns": _Ours("udp", lambda client, server, _: is_dns(client) or is_dns(server), Dns),
    },
)
"""Ours are asked first, so that nobody takes from them what they read."""
