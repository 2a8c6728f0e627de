"""HTTP/1 (RFC 9112): requests and responses, matched in their order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from tongguan.capture.protocols.body import Store
from tongguan.capture.protocols.forms import ASIDE, FORM, aside
from tongguan.capture.protocols.http_head import Head, safe_path
from tongguan.capture.protocols.http_message import Message
from tongguan.capture.protocols.http_stream import UNTIL_CLOSE, Framing, Mode, Stream
from tongguan.capture.protocols.layer import CLIENT, SERVER, Ends, Layer, fuid
from tongguan.capture.protocols.magic import sniff
from tongguan.model import BlindKind, BlindSpot, Content

__all__ = ["Http"]

_EARLY = 1 << 20  # bytes of a response held while its request has not come
_WAITING = 10_000  # requests without an answer


@dataclass(slots=True)
class _Transaction:
    depth: int
    ts: float
    request: Head | None = None
    response: Head | None = None
    interim: Head | None = None
    operation: str = "HTTP"
    sizes: list[int] = field(default_factory=lambda: [0, 0])
    done: list[bool] = field(default_factory=lambda: [False, False])
    files: tuple[list[_File], list[_File]] = field(default_factory=lambda: ([], []))
    logged: bool = False

    @property
    def host(self) -> str | None:
        return (self.request.host or None) if self.request else None


_File = tuple[str, str | None, str | None]  # fuid, name, media type


class Http(Layer):
    """One HTTP/1 connection. `tunnel` makes the layer that reads what follows CONNECT or an upgrade."""

    protocol = service = "http"

    def __init__(self, ends: Ends, store: Store, tunnel: Callable[[Ends], Layer]) -> None:
        super().__init__(ends, store)
        self._tunnel_of = tunnel
        self._tunnel: Layer | None = None
        limit = store.limits.head
        self._streams = (Stream(CLIENT, self, limit), Stream(SERVER, self, limit))
        self._waiting: deque[_Transaction] = deque()
        self._open: list[tuple[_Transaction, Message] | None] = [None, None]
        self._depth = 0
        self._early: list[tuple[memoryview | bytes, float]] = []
        self._early_size = 0
        self._patient = not ends.midstream  # whether a response without its request is worth waiting with

    # ---- a dialogue in -------------------------------------------------------------------------------------------

    def data(self, direction: int, payload: memoryview, ts: float) -> None:
        """The next bytes of one direction."""
        if self._tunnel is not None:
            self.tunnel(direction, payload, ts)
        elif direction == SERVER and self._is_early(len(payload)):
            self._early.append((payload, ts))
            self._early_size += len(payload)
        else:
            if self._early and direction == SERVER:
                self._flush_early()
            self._streams[direction].feed(payload, ts)
            if self._early and self._waiting:
                self._flush_early()

    def gap(self, direction: int, size: int, ts: float) -> None:
        """Bytes that the capture never held."""
        if self._tunnel is not None:
            self._tunnel.gap(direction, size, ts)
            self.out += self._tunnel.take()
            return
        if direction == CLIENT:
            self._patient = False
        self._flush_early()
        self._streams[direction].gap(size, ts)

    def close(self, ts: float) -> None:
        """End both directions; what was not answered is given as it is."""
        if self._tunnel is not None:
            self._tunnel.close(ts)
            self.out += self._tunnel.take()
        self._flush_early()
        for stream in self._streams:
            stream.close(ts)
        while self._waiting:
            self._log(self._waiting.popleft(), unanswered=True)

    def keep(self) -> None:
        """Copy what is borrowed."""
        self._early = [(bytes(payload), ts) for payload, ts in self._early]
        for entry in self._open:
            if entry is not None:
                entry[1].keep()
        if self._tunnel is not None:
            self._tunnel.keep()

    def _is_early(self, size: int) -> bool:
        """Whether a response came before its request was delivered."""
        return (
            self._patient
            and not self._waiting
            and self._streams[SERVER].idle
            and self._open[CLIENT] is None
            and self._early_size + size <= _EARLY
        )

    def _flush_early(self) -> None:
        early, self._early, self._early_size = self._early, [], 0
        for payload, ts in early:
            if self._tunnel is not None:
                self.tunnel(SERVER, memoryview(payload), ts)
            else:
                self._streams[SERVER].feed(memoryview(payload), ts)

    # ---- what the streams found ----------------------------------------------------------------------------------

    def head(self, direction: int, head: Head, ts: float) -> Framing | Mode:
        """A head came; the answer says what follows it."""
        return self._request(head, ts) if direction == CLIENT else self._response(head, ts)

    def _request(self, head: Head, ts: float) -> Framing | Mode:
        self._depth += 1
        transaction = _Transaction(self._depth, ts, request=head)
        transaction.operation = f"{head.method} {safe_path(head.target)}".rstrip()
        self._waiting.append(transaction)
        if len(self._waiting) > _WAITING:
            self._log(self._waiting.popleft(), unanswered=True)
        self._open[CLIENT] = (transaction, Message(self.store, head, head.target, ts))
        return _framing(head, 0)

    def _response(self, head: Head, ts: float) -> Framing | Mode:
        if self._streams[SERVER].broken:
            # Answers are missing: take this one for the newest question.
            while len(self._waiting) > 1:
                self._log(self._waiting.popleft(), unanswered=True)
        if 100 <= head.status < 200 and head.status != 101:
            if self._waiting:
                self._waiting[0].interim = head
            return 0
        if self._waiting:
            transaction = self._waiting.popleft()
        else:
            self._depth += 1
            transaction = _Transaction(self._depth, ts)
        transaction.response = head
        request = transaction.request
        method = request.method if request else ""
        message = Message(self.store, head, request.target if request else "", ts)
        self._open[SERVER] = (transaction, message)
        if head.status == 101 or (method == "CONNECT" and 200 <= head.status < 300):
            self.end(SERVER, True)
            return self._switch(transaction)
        if method == "HEAD" or head.status in (204, 304):
            return 0
        return _framing(head, UNTIL_CLOSE)

    def body(self, direction: int, piece: memoryview) -> None:
        """Bytes of the body."""
        entry = self._open[direction]
        if entry is not None:
            transaction, message = entry
            for content in message.add(piece):
                self._give(direction, transaction, message, [content])

    def missing(self, direction: int, size: int) -> None:
        """Bytes of the body that the capture never held."""
        entry = self._open[direction]
        if entry is not None:
            entry[1].gap(size)
        else:
            self.lost(direction, BlindKind.GAP, size, 0.0)

    def end(self, direction: int, whole: bool) -> None:
        """The body has ended."""
        entry = self._open[direction]
        if entry is None:
            return
        self._open[direction] = None
        transaction, message = entry
        contents = message.finish()
        transaction.sizes[direction] = message.body.seen  # decoded, as Zeek counts it
        if direction == CLIENT:
            masked = transaction.operation.endswith("*") or "/*" in transaction.operation
            contents = [*aside(message.head, masked), *contents]
        spots = message.spots(self.uid(f"{transaction.depth}-{direction}"), whole)
        self._give(direction, transaction, message, contents, spots)
        transaction.done[direction] = True
        if transaction.response is not None and (all(transaction.done) or transaction.request is None):
            self._log(transaction)

    def lost(self, direction: int, kind: BlindKind, size: int, ts: float) -> None:
        """Bytes outside any message that could be read."""
        self._depth += 1
        uid = f"{self._depth}-{direction}"
        detail = "bytes missing from the capture" if kind is BlindKind.GAP else "no HTTP message"
        seen = 0 if kind is BlindKind.GAP else size
        self.exchange(uid, direction, ts, "HTTP", seen, blind_spots=(self.spot(uid, kind, detail, size),))

    def tunnel(self, direction: int, payload: memoryview, ts: float) -> None:
        """Bytes of another protocol."""
        if self._tunnel is not None:
            self._tunnel.data(direction, payload, ts)
            self.out += self._tunnel.take()

    def _switch(self, transaction: _Transaction) -> Mode:
        """What follows is another protocol's."""
        self._tunnel = self._tunnel_of(replace(self.ends, within=f"{self.ends.within}{transaction.depth}t"))
        for stream in self._streams:
            stream.mode = Mode.TUNNEL
        return Mode.TUNNEL

    # ---- out -----------------------------------------------------------------------------------------------------

    def _give(
        self,
        direction: int,
        transaction: _Transaction,
        message: Message,
        contents: list[Content],
        spots: tuple[BlindSpot, ...] = (),
    ) -> None:
        uid = f"{transaction.depth}-{direction}" + (f".{message.given}" if message.given else "")
        size, message.wire = message.wire, 0
        message.given += 1
        host = transaction.host
        self.exchange(
            uid,
            direction,
            message.ts,
            transaction.operation,
            size,
            application=host,
            account=transaction.request.user if transaction.request else None,
            server_names=(host,) if host else (),
            contents=tuple(contents),
            blind_spots=spots,
        )
        for ordinal, content in enumerate(contents if self.store.logs else ()):
            if content.name not in ASIDE and len(transaction.files[direction]) < 64:
                first = bytes(content.source[:512]) if isinstance(content.source, (bytes, memoryview)) else b""
                name = content.name if content.name != FORM else None
                transaction.files[direction].append((fuid(self.uid(uid), ordinal), name, sniff(first)))

    def _log(self, transaction: _Transaction, unanswered: bool = False) -> None:
        if transaction.logged or not self.store.logs:
            return
        transaction.logged = True
        fields: dict[str, Any] = {"trans_depth": transaction.depth}
        if head := transaction.request:
            fields |= {"method": head.method, "host": head.get("host") or head.host or None, "uri": head.target}
            fields |= {"referrer": head.get("referer") or None, "version": head.version or None}
            fields |= {"user_agent": head.get("user-agent") or None, "origin": head.get("origin") or None}
            fields |= {"username": head.user}
        fields["request_body_len"], fields["response_body_len"] = transaction.sizes
        if head := transaction.response:
            fields["version"] = head.version
            fields |= {"status_code": head.status, "status_msg": head.reason or None}
        if head := transaction.interim:
            fields |= {"info_code": head.status, "info_msg": head.reason or None}
        for side, files in zip(("orig", "resp"), transaction.files, strict=True):
            if files:
                fields[f"{side}_fuids"] = [file[0] for file in files]
                fields[f"{side}_filenames"] = [file[1] for file in files if file[1]] or None
                fields[f"{side}_mime_types"] = [file[2] for file in files if file[2]] or None
        self.log("http", transaction.ts, {name: value for name, value in fields.items() if value is not None})


def _framing(head: Head, otherwise: int) -> Framing:
    """How long the body is (RFC 9112 §6.3)."""
    if "chunked" in head.get("transfer-encoding").lower():
        return None
    length = head.get("content-length").partition(",")[0].strip()
    if length.isascii() and length.isdigit() and len(length) < 16:
        return int(length)
    return otherwise
