"""Bodies of web forms: urlencoded ones to text, multipart ones to fields and files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from urllib.parse import unquote_to_bytes

import numpy as np

from tongguan.identify.extract.encoding import decode
from tongguan.identify.pieces import Piece

__all__ = ["MAX_PARTS", "Part", "is_urlencoded", "multipart", "urlencoded"]

MAX_PARTS = 1000
_PAIRS = re.compile(
    rb"[A-Za-z0-9_.\-\[\]%+*!~'()$]{1,200}=[^\s<>&{}\"]*(?:&[A-Za-z0-9_.\-\[\]%+*!~'()$]{1,200}=[^\s<>&{}\"]*)*&?\s*"
)
_BOUNDARY = re.compile(rb"\A\s*--([^\r\n]{1,200}?)[ \t]*\r?\n")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart body."""

    name: str
    filename: str | None
    media_type: str
    charset: str | None
    data: bytes


def is_urlencoded(utf8: bytes, declared: bool) -> bool:
    """Whether a body is `name=value&name=value`. Undeclared, at least two pairs or an escape are asked for."""
    if b"=" not in utf8[:1024]:
        return False
    if declared:
        return True
    if b"&" not in utf8[:4096] and b"%" not in utf8[:4096]:
        return False
    return len(utf8) <= 1 << 20 and _PAIRS.fullmatch(utf8) is not None


def urlencoded(data: bytes, member: str | None) -> tuple[Piece, int]:
    """`name=value` lines, one record. Values may be in any encoding (old Chinese sites send GBK).

    Returns the piece and the number of bytes that could not be read.
    """
    raw = unquote_to_bytes(data.strip().replace(b"&", b"\n").replace(b"+", b" "))
    found = decode(raw)
    if found is None:
        text = raw.decode("utf-8", "replace")
        return Piece(text, member, "form"), text.count("\ufffd")
    return Piece(found.text, member, "form", np.zeros(1, dtype=np.int64)), found.unreadable


def multipart(data: bytes) -> tuple[list[Part], bool]:
    """The parts of a multipart body (RFC 7578), and whether there are more than are read.

    The boundary is the one that opens the body. The last part may be cut short.
    """
    found = _BOUNDARY.match(data)
    if not found:
        return [], False
    mark = b"--" + found.group(1)
    parts: list[Part] = []
    for chunk in data[found.start(1) - 2 :].split(mark, MAX_PARTS + 1)[1:]:
        if len(parts) == MAX_PARTS:
            return parts, True
        if chunk.startswith(b"--"):
            break
        head, _, body = chunk.lstrip(b" \t").removeprefix(b"\r").removeprefix(b"\n").partition(_blank_line(chunk))
        parts.append(_part(head, body.removesuffix(b"\n").removesuffix(b"\r")))
    return parts, False


def _blank_line(chunk: bytes) -> bytes:
    return b"\r\n\r\n" if b"\r\n\r\n" in chunk[:8192] else b"\n\n"


def _part(head: bytes, body: bytes) -> Part:
    decoded = decode(head)
    header: Message = HeaderParser().parsestr(decoded.text if decoded else "")
    name = header.get_param("name", "", "content-disposition")
    try:
        filename = header.get_filename()
        charset = header.get_content_charset()
    except (LookupError, ValueError, TypeError):
        filename, charset = None, None
    media_type = header.get_content_type() if "content-type" in header else ""
    return Part(name if isinstance(name, str) else name[2], filename, media_type, charset, body)
