"""Dialogues for the protocol layers: spoken in any pieces, with buffers that are really reused."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tongguan.capture.limits import Limits
from tongguan.capture.protocols import Ends, Expectation, Layer, LogRow, Session, Store
from tongguan.model import BlindKind, Endpoint, Exchange

CLIENT, SERVER = 0, 1
Turn = tuple[int, bytes | int]  # direction and bytes, or the size of a gap
ENDS = Ends("C1", Endpoint("10.20.0.5", 50_000), Endpoint("203.0.113.9", 4_000), "a.pcap")
DATAGRAMS = Ends("C1", Endpoint("10.20.0.5", 50_000), Endpoint("203.0.113.9", 4_000), "a.pcap", "udp")


@dataclass
class Said:
    """An exchange with its contents read."""

    uid: str
    direction: int
    protocol: str
    operation: str
    size: int
    application: str | None
    account: str | None
    names: tuple[str, ...]
    contents: list[tuple[str | None, str, bytes]]
    spots: list[tuple[BlindKind, str, int]]


@dataclass
class Heard:
    """All that a layer gave."""

    said: list[Said] = field(default_factory=list)
    rows: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    expected: list[Expectation] = field(default_factory=list)
    service: str = ""

    def take(self, layer: Layer) -> None:
        for one in layer.take():
            if isinstance(one, Exchange):
                self.said.append(_read(one, layer.ends))
            elif isinstance(one, LogRow):
                self.rows.append((one.log, dict(one.fields)))
            else:
                self.expected.append(one)

    def log(self, name: str) -> list[dict[str, Any]]:
        return [fields for log, fields in self.rows if log == name]

    def bodies(self, direction: int | None = None) -> list[bytes]:
        return [c[2] for one in self.said if direction in (None, one.direction) for c in one.contents]

    @property
    def spots(self) -> list[tuple[BlindKind, str, int]]:
        return [spot for one in self.said for spot in one.spots]


def _read(exchange: Exchange, ends: Ends) -> Said:
    direction = CLIENT if exchange.source == exchange.client else SERVER
    assert exchange.uid.startswith(exchange.conn + "-")
    assert {spot.where for spot in exchange.blind_spots} <= {exchange.uid}
    for content in exchange.contents:
        assert content.size == len(content.read())
    return Said(
        exchange.uid,
        direction,
        exchange.protocol,
        exchange.operation,
        exchange.size,
        exchange.application,
        exchange.account,
        exchange.server_names,
        [(content.name, content.media_type, content.read()) for content in exchange.contents],
        [(spot.kind, spot.detail, spot.size) for spot in exchange.blind_spots],
    )


def whole(turns: Sequence[Turn], ends: Ends = ENDS, limits: Limits | None = None, layer: Layer | None = None) -> Heard:
    """The dialogue, each turn in one piece."""
    return speak(turns, ends, limits or Limits(), layer=layer)


def speak(
    turns: Sequence[Turn],
    ends: Ends = ENDS,
    limits: Limits | None = None,
    chance: random.Random | None = None,
    layer: Layer | None = None,
) -> Heard:
    """The dialogue; with `chance` in pieces, and with buffers overwritten once they were kept."""
    heard = Heard()
    layer = layer or Session(ends, Store(limits or Limits()))
    lent: list[bytearray] = []
    for direction, what in turns:
        if isinstance(what, int):
            layer.gap(direction, what, 1.0)
            heard.take(layer)
            continue
        for piece in _pieces(what, chance):
            buffer = bytearray(piece)
            lent.append(buffer)
            layer.data(direction, memoryview(buffer).toreadonly(), 1.0)
            heard.take(layer)
            if chance is not None and chance.random() < 0.5:
                layer.keep()
                for buffer in lent:
                    buffer[:] = b"\xee" * len(buffer)
                lent.clear()
    layer.close(2.0)
    heard.take(layer)
    heard.service = layer.service
    return heard


def _pieces(data: bytes, chance: random.Random | None) -> list[bytes]:
    if chance is None or not data:
        return [data]
    if len(data) < 800 and chance.random() < 0.1:
        return [data[i : i + 1] for i in range(len(data))]
    cuts = sorted(chance.randrange(len(data)) for _ in range(chance.randrange(6)))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True) if a < b]
