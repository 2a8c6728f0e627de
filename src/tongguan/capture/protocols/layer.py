"""What every protocol layer is: bytes of a dialogue in, exchanges and log rows out, no I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tongguan.capture.protocols.body import Store
from tongguan.model import BlindKind, BlindSpot, Content, Endpoint, Exchange, Role

__all__ = ["CLIENT", "SERVER", "Ends", "Expectation", "Layer", "LogRow", "Outcome", "fuid"]

CLIENT, SERVER = 0, 1  # directions: client→server, server→client


@dataclass(frozen=True, slots=True)
class Ends:
    """The connection that a layer reads."""

    uid: str
    client: Endpoint
    server: Endpoint
    capture: str = ""
    transport: str = "tcp"
    midstream: bool = False  # its beginning was not captured
    within: str = ""  # of a tunnel: the part of uids that names it


@dataclass(frozen=True, slots=True)
class LogRow:
    """One row of a Zeek-style log, without the connection's own columns."""

    log: str  # http, dns, ssl, smtp, ftp, mysql
    ts: float
    ends: Ends
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Expectation:
    """A connection announced by another one: who will listen, and what reads it."""

    listeners: tuple[Endpoint, ...]
    layer: Callable[[Ends], Layer]


Outcome = Exchange | LogRow | Expectation


class Layer:
    """Reads one connection. Payloads are borrowed: `keep` is called before their buffer is used again."""

    protocol = ""
    service = ""  # Zeek's name for it

    def __init__(self, ends: Ends, store: Store) -> None:
        self.ends = ends
        self.store = store
        self.out: list[Outcome] = []

    def data(self, direction: int, payload: memoryview, ts: float) -> None:
        """The next bytes of one direction."""
        raise NotImplementedError

    def gap(self, direction: int, size: int, ts: float) -> None:
        """Bytes that the capture never held."""
        raise NotImplementedError

    def close(self, ts: float) -> None:
        """No more bytes will come: give what is left."""
        raise NotImplementedError

    def keep(self) -> None:
        """Copy what is still needed of the payloads seen so far."""

    def take(self) -> list[Outcome]:
        """What became known since the last call."""
        out, self.out = self.out, []
        return out

    def log(self, name: str, ts: float, fields: Mapping[str, Any]) -> None:
        """Add a row to a Zeek-style log."""
        if self.store.logs:
            self.out.append(LogRow(name, ts, self.ends, fields))

    def exchange(
        self,
        uid: str,
        direction: int,
        ts: float,
        operation: str,
        size: int,
        *,
        application: str | None = None,
        account: str | None = None,
        server_names: tuple[str, ...] = (),
        contents: tuple[Content, ...] = (),
        blind_spots: tuple[BlindSpot, ...] = (),
    ) -> None:
        """Add one movement of data. `uid` is its part after the connection's."""
        client, server = self.ends.client, self.ends.server
        source, destination = (client, server) if direction == CLIENT else (server, client)
        self.out.append(
            Exchange(
                uid=self.uid(uid),
                conn=self.ends.uid,
                ts=ts,
                source=source,
                destination=destination,
                protocol=self.protocol,
                role=Role.REQUEST if direction == CLIENT else Role.RESPONSE,
                operation=operation,
                size=size,
                application=application,
                account=account,
                server_names=server_names,
                contents=contents,
                blind_spots=blind_spots,
                capture=self.ends.capture,
            )
        )

    def spot(self, uid: str, kind: BlindKind, detail: str, size: int = 0) -> BlindSpot:
        """A blind spot of the exchange `uid`."""
        return BlindSpot(kind, self.uid(uid), detail, size=size)

    def uid(self, part: str) -> str:
        """The uid of an exchange of this connection."""
        return f"{self.ends.uid}-{self.ends.within}{part}"


def fuid(exchange: str, ordinal: int) -> str:
    """The name in files.jsonl of the `ordinal`-th content of an exchange."""
    return f"F{exchange}.{ordinal}"
