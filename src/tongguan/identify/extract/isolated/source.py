"""The bytes of a content as a parser gets them: in memory, or in an open file."""

from __future__ import annotations

import io
from typing import BinaryIO

__all__ = ["Source"]


class Source:
    """A content. Each reader that it gives has a place of its own."""

    def __init__(self, given: bytes | BinaryIO) -> None:
        self._given = given

    @property
    def path(self) -> str | None:
        """Where an open file can be opened again; None for bytes in memory."""
        return None if isinstance(self._given, bytes) else f"/proc/self/fd/{self._given.fileno()}"

    def reader(self) -> BinaryIO:
        """The content as a file, from its beginning."""
        return io.BytesIO(self._given) if self.path is None else open(self.path, "rb")  # type: ignore[arg-type]  # noqa

    def whole(self) -> bytes:
        """All bytes."""
        if isinstance(self._given, bytes):
            return self._given
        with self.reader() as file:
            return file.read()

    def size(self) -> int:
        """In bytes."""
        if isinstance(self._given, bytes):
            return len(self._given)
        with self.reader() as file:
            return file.seek(0, io.SEEK_END)

    def tail(self, size: int) -> bytes:
        """The last bytes."""
        with self.reader() as file:
            file.seek(max(0, self.size() - size))
            return file.read()
