"""Text in which records can be found by its syntax: JSON, XML, SQL dumps; and prose, where they are guessed."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.extract import kernels
from tongguan.identify.extract.signs import occurrences
from tongguan.identify.pieces import Kind, Piece

__all__ = ["RECORD_LIMIT", "code", "json_piece", "prose", "sql", "xml"]

RECORD_LIMIT = 2000  # characters of a record of prose
_ESCAPE = re.compile(rb"\\(?:u[0-9a-fA-F]{4}|[\"/])")
_PASSES = 3  # JSON in a string of JSON in a string of JSON
_WRAPPED = re.compile(  # no step back within white space: a file of blank lines would take for ever
    rb"\s*+(?:while\(1\);|for\(;;\);|\)\]\}',?|[\w.$]{1,100}+\s*+\(|/\*\*/\s*+[\w.$]{1,100}+\s*+\(|(?:var|let|const|window\.)?\s*+[\w.$]{1,100}+\s*+=)?\s*+(?=[\[{])"
)
_CHARACTER_REFERENCE = re.compile(r"&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(amp|lt|gt|quot|apos|nbsp));")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "nbsp": " "}


def _view(utf8: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(utf8, dtype=np.uint8)


def _ordered(starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Ascending starts without repeats, first 0: what comes before the first start belongs to record 0."""
    if len(starts) == 0:
        return np.zeros(1, dtype=np.int64)
    later = starts[1:] > starts[:-1]
    if not later.all():
        starts = np.concatenate((starts[:1], starts[1:][later]))
    starts[0] = 0
    return starts


def json_piece(
    text: str, utf8: bytes, member: str | None, *, declared: bool, midst: bool = False, kind: Kind = "json"
) -> Piece | None:
    """JSON, JSON lines or JSON in a function call; None where it is none.

    Records are top-level values and objects that are elements of arrays. Where there are escapes the piece's text is
    the decoded rendering, else it is the text itself. Text that turns out to be no JSON half-way is JSON where it was
    declared, and so is what begins in the midst of it.
    """
    begin = _WRAPPED.match(utf8)
    if not begin and not (declared and midst):
        return None
    starts = np.empty(occurrences(_view(utf8), b"{[]") + 1, dtype=np.int64)
    count, _, valid, escapes = kernels.json_records(_view(utf8), begin.end() if begin else 0, starts)
    if not valid and not declared:
        return None
    starts = starts[:count].copy()
    pending = escapes or (not valid and b"\\" in utf8)
    for _ in range(_PASSES):
        if not pending:
            break
        out = np.empty(len(utf8), dtype=np.uint8)
        size = kernels.unescape(_view(utf8), out, starts)
        utf8 = out[:size].tobytes()
        text = utf8.decode("utf-8", "replace")
        pending = _ESCAPE.search(utf8) is not None
    return Piece(text, member, kind, _ordered(starts))


def xml(text: str, utf8: bytes, member: str | None) -> Piece:
    """XML as it stands, or with its character references decoded. Records are repeated elements with content."""
    if "&" in text and _CHARACTER_REFERENCE.search(text):
        text = _CHARACTER_REFERENCE.sub(_character, text)
        utf8 = text.encode("utf-8", "replace")
    starts = np.empty(2 * occurrences(_view(utf8), b"<") + 1, dtype=np.int64)
    count = kernels.elements(_view(utf8), starts)
    records = np.concatenate((np.zeros(1, dtype=np.int64), np.sort(starts[:count])))
    return Piece(text, member, "code", _ordered(records))


def _character(found: re.Match[str]) -> str:
    decimal, hexadecimal, name = found.groups()
    if name:
        # Markup that was escaped stays escaped, so that it starts no elements.
        return found.group() if name in ("lt", "gt") else _NAMED[name]
    point = int(decimal) if decimal else int(hexadecimal, 16)
    if point in (0x3C, 0x3E) or point > 0x10FFFF or 0xD800 <= point < 0xE000 or point < 0x20:
        return found.group()
    return chr(point)


def sql(text: str, utf8: bytes, member: str | None) -> Piece:
    """An SQL dump: one record a statement or tuple of values."""
    starts = np.empty(occurrences(_view(utf8), b"(;") + 1, dtype=np.int64)
    count = kernels.tuples(_view(utf8), starts)
    return Piece(text, member, "code", _ordered(starts[:count].copy()))


def prose(text: str, utf8: bytes, member: str | None, kind: Kind = "prose") -> Piece:
    """Text without syntax: records are forms, lines of lists, and paragraphs (see `kernels.paragraphs`)."""
    starts = np.empty(occurrences(_view(utf8), b"\n") + 2 + 2 * (len(utf8) // RECORD_LIMIT), dtype=np.int64)
    count = kernels.paragraphs(_view(utf8), RECORD_LIMIT, starts)
    return Piece(text, member, kind, _ordered(starts[:count].copy()))


def code(text: str, utf8: bytes, member: str | None) -> Piece:
    """Program text and style sheets; JSON in a call or an assignment keeps its records."""
    return json_piece(text, utf8, member, declared=False, kind="code") or prose(text, utf8, member, "code")
