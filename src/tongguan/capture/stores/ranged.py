"""An object of a bucket as a file of which only the parts that are read are fetched."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

__all__ = ["opened_ranges"]

BUFFER = 256 << 10  # bytes fetched at least


def opened_ranges(size: int, fetch: Callable[[int, int], bytes]) -> io.BufferedReader:
    """A file for reading, of `size` bytes. `fetch` gives so many bytes from a place; what it raises comes through."""
    return io.BufferedReader(_Ranges(size, fetch), BUFFER)


class _Ranges(io.RawIOBase):
    def __init__(self, size: int, fetch: Callable[[int, int], bytes]) -> None:
        self._size, self._fetch, self._at = size, fetch, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, into: Any) -> int:
        wanted = min(len(into), max(0, self._size - self._at))
        data = self._fetch(self._at, wanted) if wanted else b""
        into[: len(data)] = data
        self._at += len(data)
        return len(data)
