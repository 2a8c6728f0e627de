"""A file on disk in bounded memory: whole, or a long text stretch by stretch, cut where no value is torn."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tongguan.identify.extract.encoding import looks_binary
from tongguan.identify.extract.extraction import Extraction, Limits
from tongguan.identify.extract.sniff import sniff
from tongguan.identify.extract.walk import extract
from tongguan.model import Content

__all__ = ["STRETCH", "extract_file", "place_to_cut"]

STRETCH = 16 << 20  # bytes
_LOOK = 1 << 20  # bytes before the end of a stretch in which a place to cut is looked for
_HEAD = 1 << 16
# Where a text may be cut, best first: after a line, an object of an array, an element, a word, a number.
_PLACES = tuple(re.compile(place) for place in (rb"\n", rb"[}\]],\s*(?=[\[{])", rb">(?=<)", rb"[;,\s]", rb"\d(?=\D)"))
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
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


def extract_file(path: Path, limits: Limits = Limits()) -> Iterator[Extraction]:  # noqa: B008 (frozen)
    """The text of a file, and of all that lies inside it.

    One extraction, but for a text longer than a stretch (16 MB) one for each stretch, whose `start` says where in the
    decoded text it begins; a content that is not text is read whole. Raises OSError where the file cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if size <= STRETCH or not _is_plain(head, path.name):
        yield extract(Content(path.name, "", size, path.read_bytes() if size else b""), limits)
        return
    start = 0
    charset: str | None = None
    kind = ""
    header = b""
    for data in _stretches(path):
        found = extract(Content(path.name, kind, len(header) + len(data), header + data, charset), limits)
        if found.encoding not in (None, "ascii"):
            charset = charset or found.encoding  # a stretch is in the encoding that the text was found to be in
        yield replace(found, start=start - _characters(header, found.encoding))
        if not start and found.pieces:
            first = found.pieces[0]
            kind = "application/json" if first.kind == "json" else ""  # what follows begins in the midst of it
            header = data[: data.find(b"\n") + 1] if first.columns else b""  # names its columns again
        start += _characters(data, found.encoding)


def _is_plain(head: bytes, name: str) -> bool:
    """Whether a file is text of one or more bytes a character, which may be cut anywhere between characters."""
    return (
        sniff(head, "", name).family == "text"
        and not looks_binary(head)
        and b"\0" not in head
        and not head.startswith(_WIDE)
    )


def _stretches(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        rest = b""
        while True:
            data = rest + file.read(STRETCH - len(rest))
            if len(data) < STRETCH:
                if data:
                    yield data
                return
            end = len(data) - _LOOK + place_to_cut(data[-_LOOK:])
            rest = data[end:]
            yield data[:end]


def _characters(data: bytes, encoding: str | None) -> int:
    return len(data.decode(encoding or "latin-1", "replace"))
