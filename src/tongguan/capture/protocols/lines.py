"""Text protocols: bytes of one direction cut into lines."""

from __future__ import annotations

import re

__all__ = ["Lines", "text"]

_LINE_END = re.compile(rb"\n")


class Lines:
    """Finds lines; the beginning of one waits for its end."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.pending = b""
        self.odd = 0  # bytes of lines that are none of the protocol, as its layer counts them
        self._cut = 0

    @property
    def unread(self) -> int:
        """Bytes that nobody read: odd lines, what was cut, a line without an end."""
        return self.odd + self._cut + len(self.pending)

    def next(self, payload: memoryview, at: int) -> tuple[bytes | None, int]:
        """The line that ends in `payload[at:]`, without its line end, and where the next one begins.

        None where it does not end there. A line longer than the limit is cut.
        """
        match = _LINE_END.search(payload, at)
        end = match.end() if match else len(payload)
        room = self.limit - len(self.pending)
        line = self.pending + bytes(payload[at : min(end, at + max(room, 0))])
        self._cut += max(end - at - max(room, 0), 0)
        if match is None:
            self.pending = line
            return None, end
        self.pending = b""
        return line.rstrip(b"\r\n"), end


def text(line: bytes) -> str:
    """A line as text: UTF-8, else GB 18030, else Latin-1."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            continue
    return line.decode("latin-1")
