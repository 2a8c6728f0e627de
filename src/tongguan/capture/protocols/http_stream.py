"""One direction of an HTTP/1 connection: where heads and bodies begin and end (RFC 9112 §6)."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Protocol

from tongguan.capture.protocols.http_head import HEAD_END, Head, is_request, is_response, parse_head
from tongguan.capture.protocols.layer import SERVER
from tongguan.model import BlindKind

__all__ = ["UNTIL_CLOSE", "Events", "Framing", "Mode", "Stream"]

_CHUNK_LINE = re.compile(rb"\r?\n?[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\n]*)?\n|\r?\n?[ \t]*([0-9A-Fa-f]{1,15})\r\n")
_LONGEST_CHUNK_LINE = 4096
_FIRST_LOOK = 4096  # most heads are shorter
_BLANK = b"\r\n"

UNTIL_CLOSE = -1
Framing = int | None  # bytes of the body, UNTIL_CLOSE, or None for chunked


class Mode(Enum):
    """What the next bytes are."""

    HEAD = auto()
    FIXED = auto()
    UNTIL = auto()
    CHUNK_LINE = auto()
    CHUNK = auto()
    TRAILER = auto()
    LOST = auto()
    TUNNEL = auto()


class Events(Protocol):
    """Who is told what a direction brings."""

    def head(self, direction: int, head: Head, ts: float) -> Framing | Mode:
        """A head came; the answer says what follows it."""

    def body(self, direction: int, piece: memoryview) -> None:
        """Bytes of the body."""

    def missing(self, direction: int, size: int) -> None:
        """Bytes of the body that the capture never held."""

    def end(self, direction: int, whole: bool) -> None:
        """The body has ended."""

    def lost(self, direction: int, kind: BlindKind, size: int, ts: float) -> None:
        """Bytes outside any message that could be read."""

    def tunnel(self, direction: int, payload: memoryview, ts: float) -> None:
        """Bytes of another protocol."""


class Stream:
    """Finds messages in the bytes of one direction."""

    def __init__(self, direction: int, events: Events, head_limit: int) -> None:
        self.direction = direction
        self.events = events
        self.head_limit = head_limit
        self.mode = Mode.HEAD
        self.broken = False  # a gap may have swallowed whole messages since the last head
        self._pending = b""  # the beginning of a head or of a chunk line
        self._left = 0  # bytes of the body or chunk still to come
        self._lost = 0
        self._ts = 0.0

    @property
    def idle(self) -> bool:
        """Between messages."""
        return self.mode is Mode.HEAD and not self._pending

    def feed(self, payload: memoryview, ts: float) -> None:
        """The next bytes."""
        self._ts = ts
        if self.mode is Mode.LOST or (self.mode is Mode.UNTIL and self.broken):
            self._resume(payload)
        at, end = 0, len(payload)
        while at < end:
            mode = self.mode
            if mode is Mode.HEAD:
                at = self._head(payload, at)
            elif mode is Mode.FIXED or mode is Mode.CHUNK:
                at = self._counted(payload, at)
            elif mode is Mode.CHUNK_LINE:
                at = self._chunk_line(payload, at)
            elif mode is Mode.TRAILER:
                at = self._trailer(payload, at)
            elif mode is Mode.UNTIL:
                self.events.body(self.direction, payload[at:])
                return
            elif mode is Mode.TUNNEL:
                self.events.tunnel(self.direction, payload[at:], ts)
                return
            else:
                self._lost += end - at
                return

    def gap(self, size: int, ts: float) -> None:
        """Bytes that the capture never held."""
        self._ts = ts
        self.broken = True
        mode = self.mode
        if mode is Mode.FIXED and size <= self._left:
            self.events.missing(self.direction, size)
            self._left -= size
            if not self._left:
                self._ended(True)
            return
        if mode in (Mode.CHUNK, Mode.CHUNK_LINE):
            # Where chunks end is unknown from here on: what follows is kept as it is until a new head shows.
            self.events.missing(self.direction, size)
            self._pending = b""
            if mode is Mode.CHUNK and size <= self._left:
                self._left -= size
            else:
                self.mode = Mode.UNTIL
            return
        if mode is Mode.UNTIL:
            self.events.missing(self.direction, size)
            return
        if mode is Mode.FIXED:
            self.events.missing(self.direction, self._left)
            size -= self._left
            self._ended(True)
        elif mode is Mode.TRAILER:
            self._ended(True)
        self.mode = Mode.LOST
        self.events.lost(self.direction, BlindKind.GAP, size, ts)
        self._lost += len(self._pending)
        self._pending = b""

    def close(self, ts: float) -> None:
        """Nothing more comes."""
        self._ts = ts
        if self.mode is Mode.HEAD and self._pending.strip(_BLANK):
            self.events.lost(self.direction, BlindKind.TRUNCATED, len(self._pending), ts)
        elif self.mode is Mode.UNTIL or (self.mode is Mode.TRAILER):
            self.events.end(self.direction, not self.broken)
        elif self.mode in (Mode.FIXED, Mode.CHUNK, Mode.CHUNK_LINE):
            self.events.end(self.direction, False)
        elif self.mode is Mode.LOST and self._lost:
            self.events.lost(self.direction, BlindKind.UNREADABLE, self._lost, ts)
        self._pending, self._lost, self.mode = b"", 0, Mode.HEAD

    def _starts(self, payload: bytes | memoryview) -> bool:
        return is_response(payload) if self.direction == SERVER else is_request(payload) is True

    def _resume(self, payload: memoryview) -> None:
        """After a gap a message may begin where the dialogue turns."""
        if not self._starts(payload):
            return
        if self.mode is Mode.UNTIL:
            self._ended(False)
        elif self._lost:
            self.events.lost(self.direction, BlindKind.UNREADABLE, self._lost, self._ts)
        self._lost = 0
        self.mode = Mode.HEAD

    def _head(self, payload: memoryview, at: int) -> int:
        if not self._pending:
            while at < len(payload) and payload[at] in _BLANK:  # RFC 9112 §2.2
                at += 1
            if at == len(payload):
                return at
        before = len(self._pending)
        look = _FIRST_LOOK
        while True:
            block = self._pending + bytes(payload[at : at + look])
            match = HEAD_END.search(block)
            if match or before + look > self.head_limit or at + look >= len(payload):
                break
            look *= 8
        if match is None:
            if len(block) > self.head_limit or not self._promising(block):
                self._pending = b""
                self._lost += len(block)
                self.mode = Mode.LOST
            else:
                self._pending = block
            return at + len(block) - before
        self._pending = b""
        end = at + match.end() - before
        head = parse_head(block[: match.start()])
        if head is None or bool(head.status) != (self.direction == SERVER):
            self._lost += end - at + before
            self.mode = Mode.LOST
            return end
        head.size = match.end()
        self._begin(self.events.head(self.direction, head, self._ts))
        self.broken = False
        return end

    def _promising(self, block: bytes) -> bool:
        if self.direction == SERVER:
            return b"HTTP/1.".startswith(block[:7]) or is_response(block)
        return is_request(block) is not False

    def _begin(self, framing: Framing | Mode) -> None:
        if isinstance(framing, Mode):
            self.mode = framing
        elif framing is None:
            self.mode = Mode.CHUNK_LINE
        elif framing == UNTIL_CLOSE:
            self.mode = Mode.UNTIL
        elif framing:
            self.mode, self._left = Mode.FIXED, framing
        else:
            self._ended(True)

    def _counted(self, payload: memoryview, at: int) -> int:
        size = min(self._left, len(payload) - at)
        self.events.body(self.direction, payload[at : at + size])
        self._left -= size
        if not self._left:
            if self.mode is Mode.CHUNK:
                self.mode = Mode.CHUNK_LINE
            else:
                self._ended(True)
        return at + size

    def _chunk_line(self, payload: memoryview, at: int) -> int:
        before = len(self._pending)
        block = self._pending + bytes(payload[at : at + _LONGEST_CHUNK_LINE])
        match = _CHUNK_LINE.match(block)
        if match is None:
            if len(block) < _LONGEST_CHUNK_LINE and b"\n" not in block[2:]:
                self._pending = block
                return at + len(block) - before
            # Not chunked after all: the rest is kept as it is.
            self._pending = b""
            self.broken = True
            self.mode = Mode.UNTIL
            self.events.body(self.direction, memoryview(block)[:before])
            return at
        self._pending = b""
        self._left = int(match[1] or match[2], 16)
        self.mode = Mode.CHUNK if self._left else Mode.TRAILER
        return at + match.end() - before

    def _trailer(self, payload: memoryview, at: int) -> int:
        """Skip to the empty line after the last chunk and its trailer fields."""
        before = len(self._pending)
        block = self._pending + bytes(payload[at : at + self.head_limit])
        if block[:2] == b"\r\n" or block[:1] == b"\n":
            end = 2 if block[:1] == b"\r" else 1
        elif match := HEAD_END.search(block):
            end = match.end()
        elif self._starts(block):
            end = 0
        elif len(block) > self.head_limit:
            end = len(block)
        else:
            self._pending = block
            return at + len(block) - before
        self._pending = b""
        self._ended(True)
        return max(at + end - before, at)

    def _ended(self, whole: bool) -> None:
        self.mode = Mode.HEAD
        self.events.end(self.direction, whole)
