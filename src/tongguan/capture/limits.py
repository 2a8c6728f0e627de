"""How much of a run may be held at once, and of one content at most."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]

MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one run, in bytes. What goes beyond them becomes a `truncated` blind spot."""

    chunk: int = 32 * MB  # capture read in one step
    slice: int = 16 * MB  # a longer text is given in slices of this size, cut at line ends; a longer file goes to disk
    content: int = 256 * MB  # one content that must be whole (an archive, a document); one decoded body
    opaque: int = 16 * MB  # one direction of a protocol that we do not know
    head: int = 64 << 10  # a header block, a command line, a handshake
    memory: int = 192 * MB  # all contents copied out of the capture's buffers
    disk: int = 2048 * MB  # all temporary files
    ratio: int = 2000  # decoded size over encoded size of one body
