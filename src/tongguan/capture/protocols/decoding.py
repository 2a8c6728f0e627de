"""Content codings of HTTP: gzip, deflate, br, zstd, decoded as they come and within limits."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Protocol

from tongguan.capture.limits import Limits

__all__ = ["Decoder", "DecodingError", "decoder"]

_PIECE = 1 << 20  # of decoded bytes
_FEED = 1 << 16  # of encoded bytes at a time: zlib copies what it has not used
_FLOOR = 16 << 20  # decoded bytes that are always allowed, whatever the ratio


class DecodingError(Exception):
    """The encoded bytes are damaged, or would grow beyond the limits."""


class Decoder(Protocol):
    """One encoded body."""

    def feed(self, piece: memoryview) -> Iterator[bytes]:
        """What the next bytes decode to. Raises `DecodingError`."""

    def finish(self) -> Iterator[bytes]:
        """What is left. Raises `DecodingError` where the end is missing."""

    def keep(self) -> None:
        """Copy borrowed bytes."""


def decoder(coding: str, limits: Limits) -> Decoder | None:
    """The decoder of a content coding, None where we have none."""
    if coding in ("gzip", "x-gzip", "deflate"):
        return _Zlib(coding == "deflate", limits)
    if coding in ("br", "zstd"):
        return _Whole("brotli" if coding == "br" else "zstd", limits)
    return None


class _Growth:
    """Stops a body that grows without measure."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.encoded = 0
        self.decoded = 0

    def count(self, size: int) -> None:
        self.decoded += size
        if self.decoded > self.limits.content:
            raise DecodingError("decoded body longer than the limit")
        if self.decoded > max(_FLOOR, self.encoded * self.limits.ratio):
            raise DecodingError("decoded body grows beyond the limit of the ratio")


class _Zlib:
    def __init__(self, deflate: bool, limits: Limits) -> None:
        self.deflate = deflate
        self.growth = _Growth(limits)
        self.inner = zlib.decompressobj(zlib.MAX_WBITS if deflate else zlib.MAX_WBITS | 16)
        self.started = False

    def feed(self, piece: memoryview) -> Iterator[bytes]:
        for at in range(0, len(piece), _FEED):
            yield from self._some(piece[at : at + _FEED])

    def _some(self, piece: memoryview | bytes) -> Iterator[bytes]:
        self.growth.encoded += len(piece)
        if self.deflate and not self.started and piece and (piece[0] & 0x0F != 8):
            self.inner = zlib.decompressobj(-zlib.MAX_WBITS)  # many servers send deflate without its zlib frame
        while piece:
            self.started = True
            if self.inner.eof:
                if self.deflate or bytes(piece[:2]) != b"\x1f\x8b":
                    return  # padding after the end
                self.inner = zlib.decompressobj(zlib.MAX_WBITS | 16)  # a further gzip member
            try:
                out = self.inner.decompress(piece, _PIECE)
            except zlib.error:
                raise DecodingError("damaged compressed body") from None
            self.growth.count(len(out))
            if out:
                yield out
            piece = self.inner.unused_data if self.inner.eof else self.inner.unconsumed_tail

    def finish(self) -> Iterator[bytes]:
        if self.started and not self.inner.eof:
            yield self.inner.flush()
            raise DecodingError("compressed body ends early")

    def keep(self) -> None:
        """Nothing is borrowed."""


class _Whole:
    """Codings that the Arrow library decodes: the encoded body is collected first."""

    def __init__(self, codec: str, limits: Limits) -> None:
        self.codec = codec
        self.growth = _Growth(limits)
        self.parts: list[bytes | memoryview] = []

    def feed(self, piece: memoryview) -> Iterator[bytes]:
        self.growth.encoded += len(piece)
        if self.growth.encoded > self.growth.limits.slice:
            raise DecodingError("compressed body longer than the limit")
        self.parts.append(piece)
        return iter(())

    def finish(self) -> Iterator[bytes]:
        import pyarrow as pa  # slow to import, and few bodies need it

        if not self.parts:
            return
        try:
            stream = pa.CompressedInputStream(pa.BufferReader(b"".join(self.parts)), self.codec)
            while out := stream.read(_PIECE):
                self.growth.count(len(out))
                yield out
        except (OSError, pa.ArrowException):
            raise DecodingError("damaged compressed body") from None

    def keep(self) -> None:
        self.parts = [b"".join(self.parts)] if self.parts else []
