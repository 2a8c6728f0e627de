"""Mail messages (RFC 5322 and MIME) and mailboxes of them (mbox) to headers, bodies and attachments.

A message is never held whole: its parts are places in the content, and a part is decoded as it is read.
"""

from __future__ import annotations

import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import getaddresses

import numpy as np

from tongguan.identify.extract.encoding import decode
from tongguan.identify.extract.given import Data
from tongguan.identify.pieces import Piece

__all__ = ["MAX_PARTS", "MailPart", "headers", "inner_headers", "is_mailbox", "messages", "parts"]

_PEOPLE = (
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Bcc",
    "Delivered-To",
    "Return-Path",
    "Disposition-Notification-To",
)
# Headers that say how a message was packed and signed, and nothing of persons.
_TRANSPORT = re.compile(r"(?:content|arc|list|dkim|domainkey|mime|authentication|received-spf|thread)-?", re.IGNORECASE)
MAX_PARTS = 1000
DEPTH = 20  # multiparts in multiparts
_HEAD = 1 << 20  # bytes that the headers of one part may have
_WINDOW = 16 << 20
_LINE = 1 << 10  # bytes that a line between parts or messages has at most
_BLANK = re.compile(rb"\r?\n\r?\n|\A\r?\n")
_FROM = re.compile(rb"(?:\A|(?<=\n))From [^\r\n]{3,500}\d{4}[^\r\n]{0,50}\r?\n(?=[!-9;-~]{1,100}:)")
_NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))
_CHUNK = 4 << 20


@dataclass(frozen=True, slots=True)
class MailPart:
    """A body or an attachment: bytes `start` to `end` of the content. `inner`: the headers of a message within.
    `deeper`: parts or a message that lie deeper than is looked, as they stand."""

    name: str | None
    media_type: str
    charset: str | None
    packing: str
    start: int
    end: int
    inner: Message | None = None
    deeper: bool = False

    def pieces(self, data: Data) -> Iterator[bytes]:
        """The decoded bytes, a few megabytes at a time."""
        at = self.start
        rest = b""
        while at < self.end:
            raw = rest + _part(data, at, min(_CHUNK, self.end - at))
            at += _CHUNK
            out, rest = _unpacked(raw, self.packing, last=at >= self.end)
            if out:
                yield out


def is_mailbox(head: bytes) -> bool:
    """Whether a content is a mailbox: it begins with the line that stands before each message of one."""
    return _FROM.match(head) is not None


def messages(data: Data) -> Iterator[tuple[int, int]]:
    """Where the messages of a mailbox begin and end, the lines before them left out."""
    start: int | None = None
    for found, end in _found(_FROM, data, 0, len(data)):
        if start is not None:
            yield start, found
        start = end
    if start is not None:
        yield start, len(data)


def headers(data: Data, start: int, end: int, member: str | None) -> Piece | None:
    """The headers of the message as a `form` piece.

    Each address and each other header is a record of its own: sender and recipients are different persons, and none of
    them need be the person that the body speaks of.
    """
    lines = [f"{name}: {value}" for name, value in _lines(_opened(data, start, end)[0])]
    if not lines:
        return None
    sizes = np.array([0, *(len(line) + 1 for line in lines[:-1])], dtype=np.int64)
    return Piece("\n".join(lines), member, "form", np.cumsum(sizes))


def inner_headers(message: Message) -> bytes:
    """The headers of a message within a message, as text."""
    return "\n".join(f"{name}: {value}" for name, value in _lines(message)).encode("utf-8", "replace")


def parts(data: Data, start: int, end: int, depth: int = 0) -> Iterator[MailPart]:
    """The bodies and attachments of the message between two places, in order, those of messages within it too."""
    message, body = _opened(data, start, end)
    kind = message.get_content_type()
    if depth >= DEPTH and (kind.startswith("multipart/") or kind == "message/rfc822"):
        yield replace(_leaf(message, body, end), deeper=True)
        return
    boundary = _boundary(message) if kind.startswith("multipart/") else None
    if boundary:
        yield from _split(data, body, end, boundary, depth)
    elif kind == "message/rfc822" and _packing(message) not in ("base64", "quoted-printable"):
        inner, _ = _opened(data, body, end)
        yield MailPart("message", "text/x-headers", "utf-8", "", 0, 0, inner)
        yield from parts(data, body, end, depth + 1)
    else:
        yield _leaf(message, body, end)


def _split(data: Data, start: int, end: int, boundary: bytes, depth: int) -> Iterator[MailPart]:
    """The parts between the lines of a multipart; also what stands before and after them, which is not shown."""
    line = re.compile(rb"(?:\A|(?<=\n))--" + re.escape(boundary) + rb"(--)?[ \t]*(?:\r?\n|\Z)")
    at, first = start, True
    for found, after in _found(line, data, start, end):
        if first:
            yield from _around(data, at, found)
        else:
            yield from parts(data, at, _before_break(data, at, found), depth + 1)
        at, first = after, False
        if _part(data, found, after - found).rstrip().endswith(b"--") and not boundary.endswith(b"--"):
            yield from _around(data, at, end)
            return
    if first:  # no such line: what stands there is text
        yield MailPart(None, "text/plain", None, "", start, end)
    else:
        yield from parts(data, at, end, depth + 1)


def _around(data: Data, start: int, end: int) -> Iterator[MailPart]:
    text = _part(data, start, min(end - start, _HEAD))
    if text.strip() and b"MIME" not in text[:200]:
        yield MailPart(None, "text/plain", None, "", start, end)


def _before_break(data: Data, start: int, end: int) -> int:
    """The end of a part, without the line break that belongs to the boundary after it."""
    last = _part(data, max(start, end - 2), min(2, end - start))
    return end - (2 if last == b"\r\n" else 1 if last.endswith(b"\n") else 0)


def _opened(data: Data, start: int, end: int) -> tuple[Message, int]:
    """The headers that begin at a place, and where the body begins."""
    head = _part(data, start, min(_HEAD, end - start))
    blank = _BLANK.search(head)
    size = blank.end() if blank else len(head)
    return BytesHeaderParser(policy=compat32).parsebytes(head[:size]), start + size


def _boundary(message: Message) -> bytes | None:
    try:
        boundary = message.get_boundary()
    except (ValueError, LookupError, TypeError):
        return None
    return boundary.encode("utf-8", "surrogateescape") if boundary else None


def _packing(message: Message) -> str:
    return str(message.get("content-transfer-encoding", "")).strip().lower()


def _leaf(message: Message, start: int, end: int) -> MailPart:
    try:
        charset = message.get_content_charset()
        name = message.get_filename()
    except (ValueError, LookupError, TypeError):
        charset, name = None, None
    declared = message.get_content_type() if "content-type" in message else "text/plain"
    return MailPart(_text(name) if name else None, declared, charset, _packing(message), start, end)


def _unpacked(raw: bytes, packing: str, last: bool) -> tuple[bytes, bytes]:
    """Bytes in their transfer encoding decoded, and those that must wait for what follows them."""
    if packing == "base64":
        clean = raw.translate(None, _NOT_BASE64)
        whole = len(clean) & ~3
        if not last:
            return binascii.a2b_base64(clean[:whole]), clean[whole:]
        rest = len(clean) - whole  # a single sign says nothing
        return binascii.a2b_base64(
            clean[: whole + rest if rest > 1 else whole] + b"=" * (-rest % 4 if rest > 1 else 0)
        ), b""
    if packing not in ("quoted-printable", "x-uuencode", "uuencode", "uue", "x-uue"):
        return raw, b""
    cut = len(raw) if last else raw.rfind(b"\n") + 1
    if packing == "quoted-printable":
        return quopri.decodestring(raw[:cut]), raw[cut:]
    return b"".join(map(_uudecoded, raw[:cut].splitlines())), raw[cut:]


def _uudecoded(line: bytes) -> bytes:
    if line.startswith(b"begin ") or line.strip() in (b"end", b"`", b""):
        return b""
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:  # longer than it says, as some programs write it
        size = (((line[0] - 32) & 63) * 4 + 5) // 3
        try:
            return binascii.a2b_uu(line[:size])
        except binascii.Error:
            return line + b"\n"


def _part(data: Data, start: int, size: int) -> bytes:
    return data[start : start + size] if isinstance(data, bytes) else data.part(start, size)


def _found(line: re.Pattern[bytes], data: Data, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where lines stand, window by window; one that is cut by the end of a window is found in the next."""
    at = done = start
    while at < end:
        window = _part(data, at, min(_WINDOW, end - at))
        final = at + len(window) >= end
        for match in line.finditer(window):
            first = at + match.start()
            if first < done or (not final and match.end() > len(window) - _LINE):
                continue
            if not match.start() and at != start:
                continue  # it only seems to begin a line
            done = at + match.end()
            yield first, done
        if final:
            return
        at += len(window) - 2 * _LINE


def _lines(message: Message) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name in _PEOPLE:
        values = [re.sub(r"\s+", " ", _text(value)) for value in message.get_all(name, [])]
        for person, address in getaddresses(values):
            if person or address:
                found.append((name, f"{person} <{address}>" if person else address))
    known = {name.lower() for name in _PEOPLE}
    for name, value in message.items():
        if name.lower() not in known and not _TRANSPORT.match(name):
            found.append((name, re.sub(r"\s+", " ", _text(value)).strip()))
    return found


def _text(value: object) -> str:
    """A header's value with its encoded words (RFC 2047) and raw 8-bit bytes decoded."""
    try:
        chunks = decode_header(value)  # type: ignore[arg-type]  # it also takes the Header objects of raw 8-bit values
    except (ValueError, LookupError, MessageError):
        return str(value)
    out = []
    for chunk, charset in chunks:
        raw = chunk.encode("utf-8", "surrogateescape") if isinstance(chunk, str) else chunk
        found = decode(raw, charset if charset != "unknown-8bit" else None)
        out.append(found.text if found else raw.decode("utf-8", "replace"))
    return "".join(out)
