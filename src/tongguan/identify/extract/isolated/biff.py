"""What an XLS workbook ([MS-XLS]) holds beside its cells: comments, text boxes, headers, links, pivots, pictures."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .cfb import with_stream
from .found import Found
from .pictures import pictures

if TYPE_CHECKING:
    from .compound import Storage

__all__ = ["pivot", "read"]

_CONTINUE, _FILEPASS, _HEADER, _FOOTER, _NOTE, _TEXT = 0x3C, 0x2F, 0x14, 0x15, 0x1C, 0x1B6
_USER, _LINK, _DRAWINGS, _PIVOT, _VALIDATION = 0x5C, 0x1B8, 0xEB, 0xCD, 0x1BE


def read(storage: Storage, found: Found, cells: bool) -> None:
    """Add what stands beside the cells; where those were not read yet, the workbook is given out to be opened."""
    name = "Workbook" if storage.has("Workbook") else "Book"
    data = storage.stream(name) or b""
    texts: list[str] = []
    people: list[str] = []
    drawings = bytearray()
    for kind, body, more in _records(data, found):
        if kind == _FILEPASS:
            found.end = "encrypted"
            return
        if kind in (_HEADER, _FOOTER) and body:
            texts.append(_string(body))
        elif kind == _NOTE and len(body) > 11:
            people.append(_string(body[8:]))
        elif kind == _TEXT and more:
            texts.append(_text(body, more))
        elif kind == _USER:
            people.append(_string(body))
        elif kind == _LINK:
            texts.append("\n".join(_addresses(body)))
        elif kind == _VALIDATION:
            texts.append("\n".join(_prompts(body)))
        elif kind == _DRAWINGS:
            drawings += body + b"".join(more)
    if not cells:
        found.inside(storage.called("workbook.xls"), with_stream(name, data))
    found.text(storage.called("comments, headers and text boxes"), "\n\n".join(filter(str.strip, texts)))
    names = [person.strip() for person in dict.fromkeys(people) if person.strip()]
    found.text(storage.called("people"), "\n".join(f"author: {person}" for person in names), "form")
    for number, picture in enumerate(pictures(bytes(drawings), found)):
        found.inside(storage.called(f"picture {number + 1}"), picture)


def pivot(data: bytes) -> str:
    """The texts that a pivot table keeps of its source, which may be deleted long ago."""
    return "\n".join(_string(body) for kind, body, _ in _records(data, None) if kind == _PIVOT)


def _records(data: bytes, found: Found | None) -> Iterator[tuple[int, bytes, list[bytes]]]:
    """Each record with the ones that continue it."""
    at = 0
    pending: tuple[int, bytes, list[bytes]] | None = None
    while at + 4 <= len(data):
        kind, size = struct.unpack_from("<HH", data, at)
        body = data[at + 4 : at + 4 + size]
        at += 4 + size
        if len(body) < size and found:
            found.damaged()
        if kind == _CONTINUE and pending:
            pending[2].append(body)
            continue
        if pending:
            yield pending
        pending = (kind, body, [])
    if pending:
        yield pending


def _string(body: bytes) -> str:
    """A string with its length, and whether its characters have two bytes, before it."""
    if len(body) < 3:
        return ""
    count, wide = int.from_bytes(body[:2], "little"), body[2] & 1
    raw = body[3 : 3 + count * (2 if wide else 1)]
    return raw.decode("utf-16-le" if wide else "latin-1", "replace")


def _text(head: bytes, more: list[bytes]) -> str:
    """A text of a comment or a box, which lies in the records that follow its own."""
    left = int.from_bytes(head[10:12], "little")
    out = []
    for body in more:
        if left <= 0 or not body:
            break
        wide = body[0] & 1
        raw = body[1 : 1 + left * (2 if wide else 1)]
        out.append(raw.decode("utf-16-le" if wide else "latin-1", "replace"))
        left -= len(out[-1])
    return "".join(out)


def _addresses(body: bytes) -> list[str]:
    """The strings of a link that look like one: UTF-16 runs that hold `@` or a colon."""
    out = []
    for begin in (0, 1):
        text = body[begin:].decode("utf-16-le", "replace")
        for run in "".join(c if c.isprintable() and c != "\ufffd" else "\0" for c in text).split("\0"):
            if len(run) > 5 and ("@" in run or "://" in run or "tel:" in run) and run.isascii():
                out.append(run)
    return out


def _prompts(body: bytes) -> list[str]:
    """Titles and texts of the prompt and of the error of a rule for cells."""
    out, at = [], 4
    for _ in range(4):
        text = _string(body[at:])
        out.append(text.strip("\0"))
        at += 3 + len(text) * (2 if len(body) > at + 2 and body[at + 2] & 1 else 1)
    return [text for text in out if text]
