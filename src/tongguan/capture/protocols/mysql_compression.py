"""MySQL's compressed protocol: seven bytes of header before each stretch of packets, which may be deflated."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

__all__ = ["Compressed"]

_HEADER = 7  # length here, sequence number, length unpacked (0: as it is)


class Compressed:
    """One direction, unpacked. `lost`: bytes that could not be."""

    def __init__(self) -> None:
        self.lost = 0
        self._waiting = bytearray()

    def feed(self, payload: memoryview) -> Iterator[bytes]:
        """What is complete now, a stretch of packets at a time."""
        waiting = self._waiting
        waiting += payload
        at = 0
        while len(waiting) - at >= _HEADER:
            size = int.from_bytes(waiting[at : at + 3], "little")
            plain = int.from_bytes(waiting[at + 4 : at + _HEADER], "little")
            if len(waiting) - at < _HEADER + size:
                break
            piece = bytes(waiting[at + _HEADER : at + _HEADER + size])
            at += _HEADER + size
            if plain:
                try:
                    piece = zlib.decompressobj().decompress(piece, plain)
                except zlib.error:
                    self.lost += size
                    continue
            yield piece
        del waiting[:at]

    def give_up(self) -> None:
        """What has only begun is lost."""
        self.lost += len(self._waiting)
        self._waiting.clear()

    def __len__(self) -> int:
        return len(self._waiting)
