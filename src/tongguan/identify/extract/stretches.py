"""A long text stretch by stretch, cut where no value is torn."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from tongguan.identify.extract.given import Read

__all__ = ["STRETCH", "place_to_cut", "stretches", "transcoded"]

STRETCH = 4 << 20  # bytes; findings of a dense one take 70 MB
_LOOK = 1 << 20  # bytes before the end of a stretch in which a place to cut is looked for
# Where a text may be cut, best first: after a line, an object or row among others, an element, a word, a number.
_PLACES = tuple(re.compile(place) for place in (rb"\n", rb"[}\])],\s*(?=[\[{(])", rb">(?=<)", rb"[;,\s]", rb"\d(?=\D)"))
_MOST_VALUE = 1 << 16  # bytes of the tail that one search goes back at a time


def place_to_cut(tail: bytes) -> int:
    """How many bytes of `tail` belong to the stretch that it ends; the rest begins the next one."""
    for place in _PLACES:
        end = len(tail)
        while end > 0:
            begin = max(0, end - _MOST_VALUE)
            last = None
            for last in place.finditer(tail, begin, min(len(tail), end + 8)):  # noqa: B007
                pass
            if last:
                return last.end()
            end = begin
    end = len(tail)  # no place at all: at least no character is torn
    while end > max(0, len(tail) - 4) and tail[end - 1] & 0xC0 == 0x80:
        end -= 1
    return end - 1 if end > 0 and tail[end - 1] >= 0xC0 else len(tail)


def stretches(read: Read) -> Iterator[bytes]:
    """The stretches of a text of one or more bytes a character, in order."""
    rest = b""
    while True:
        data = rest + _full(read, STRETCH - len(rest))
        if len(data) < STRETCH:
            if data:
                yield data
            return
        end = len(data) - _LOOK + place_to_cut(data[-_LOOK:])
        rest = data[end:]
        yield data[:end]


def transcoded(read: Read, encoding: str) -> Read:
    """Reads a text of two or four bytes a character (`encoding`) as UTF-8, without its byte order mark."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    ended = False
    fresh = True

    def utf8(size: int) -> bytes:
        nonlocal ended, fresh
        out = b""
        while not out and not ended:
            raw = read(max(4, size // 2))
            ended = not raw
            text = decoder.decode(raw, final=ended)
            if fresh and text:
                text, fresh = text.removeprefix("\ufeff"), False
            out = text.encode("utf-8", "replace")
        return out

    return utf8


def _full(read: Read, size: int) -> bytes:
    """As many bytes as asked for or, once there are no more, what is left."""
    taken: list[bytes] = []
    while size > 0 and (got := read(size)):
        taken.append(got)
        size -= len(got)
    return taken[0] if len(taken) == 1 else b"".join(taken)
