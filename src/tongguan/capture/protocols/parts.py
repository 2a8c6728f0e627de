"""Multipart bodies (RFC 2046, RFC 7578): cut at their boundary without copying."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tongguan.capture.protocols.http_head import HEAD_END

__all__ = ["Part", "split"]

_MAX_PARTS = 10_000
_MAX_HEADERS = 256 << 10


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its header block and its body as they stand on the wire."""

    headers: bytes
    body: memoryview


def split(view: memoryview, boundary: str, most: int = _MAX_PARTS) -> Iterator[Part]:
    """The parts of a multipart body. A last part whose end is missing reaches to the end of the body."""
    mark = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary.encode("utf-8", "replace")) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    start = None
    for match in mark.finditer(view):
        if start is not None:
            yield _part(view[start : match.start()])
            most -= 1
        start = match.end()
        if match[1] or not most:
            return
    if start is not None and start < len(view):
        yield _part(view[start:])


def _part(view: memoryview) -> Part:
    """`view` starts with the line end of its boundary."""
    if match := HEAD_END.match(view):  # no headers at all
        return Part(b"", view[match.end() :])
    match = HEAD_END.search(view, 0, _MAX_HEADERS)
    if match is None:
        return Part(b"", view)
    return Part(bytes(view[: match.start()]).strip(b"\r\n"), view[match.end() :])
