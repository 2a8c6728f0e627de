"""The bytes of a content: in memory, or in a file of which no more is held than asked for."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from tongguan.plain_file import open_plain

__all__ = ["Data", "OnDisk", "Read", "digest", "reader", "sketch", "tail", "view_reader"]

_HEAD, _TAIL = 1 << 20, 1 << 18

Read = Callable[[int], bytes]  # the next bytes, up to a number of them; none at the end


class OnDisk:
    """A plain file, as long as it is when it is opened: one that is written to meanwhile would have no end.

    Its place is nobody's but the reader's: several may read it at once. Raises OSError.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = open_plain(path)
        self._size = os.fstat(self._descriptor).st_size

    def __len__(self) -> int:
        return self._size

    def fileno(self) -> int:
        return self._descriptor

    def part(self, start: int, size: int) -> bytes:
        """`size` bytes from `start` on; fewer at the end."""
        taken: list[bytes] = []
        size = min(size, self._size - start)
        while size > 0 and (got := os.pread(self._descriptor, size, start)):
            taken.append(got)
            start, size = start + len(got), size - len(got)
        return taken[0] if len(taken) == 1 else b"".join(taken)

    def digest(self) -> bytes:
        """What tells this file from others, without reading it."""
        about = os.fstat(self._descriptor)
        return repr((about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns)).encode()

    def grown(self) -> int:
        """Bytes that came since it was opened; below 0 where it lost some."""
        return os.fstat(self._descriptor).st_size - self._size

    def close(self) -> None:
        os.close(self._descriptor)


Data = bytes | OnDisk


def sketch(data: Data) -> bytes:
    """All that a format shows itself by: the whole, or of a file its beginning and its end."""
    if isinstance(data, bytes):
        return data
    if len(data) <= _HEAD + _TAIL:
        return data.part(0, len(data))
    return data.part(0, _HEAD) + data.part(len(data) - _TAIL, _TAIL)


def tail(data: Data, size: int) -> bytes:
    """The last bytes."""
    return data[-size:] if isinstance(data, bytes) else data.part(max(0, len(data) - size), size)


def digest(data: Data, what: str) -> bytes:
    """A short name of a content, as one parser sees it."""
    given = data if isinstance(data, bytes) else data.digest()
    return hashlib.blake2b(given, digest_size=16, person=what.encode()[:16]).digest()


def reader(data: Data) -> Read:
    """Reads a content from its beginning."""
    at = 0

    def read(size: int) -> bytes:
        nonlocal at
        got = data[at : at + size] if isinstance(data, bytes) else data.part(at, size)
        at += len(got)
        return got

    return read


def view_reader(view: memoryview) -> Read:
    """Reads what lies in memory from its beginning, without a copy of the whole."""
    at = 0

    def read(size: int) -> bytes:
        nonlocal at
        got = bytes(view[at : at + size])
        at += len(got)
        return got

    return read
