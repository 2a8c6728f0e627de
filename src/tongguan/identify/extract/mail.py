"""Mail messages (RFC 5322 and MIME) to headers, bodies and attachments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses

import numpy as np

from tongguan.identify.extract.encoding import decode
from tongguan.identify.pieces import Piece

__all__ = ["MailPart", "mail"]

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


@dataclass(frozen=True, slots=True)
class MailPart:
    """A body or an attachment."""

    name: str | None
    media_type: str
    charset: str | None
    data: bytes


def mail(data: bytes, member: str | None) -> tuple[Piece | None, list[MailPart], bool]:
    """The headers as a `form` piece, the parts in order, and whether there were more parts than are read.

    Each address and each other header is a record of its own: sender and recipients are different persons, and none of
    them need be the person that the body speaks of.
    """
    message = message_from_bytes(data, policy=policy.compat32)
    parts: list[MailPart] = []
    for part in message.walk():
        if part.is_multipart() and part.get_content_maintype() == "multipart":
            parts += _around(part)
            continue
        if len(parts) >= MAX_PARTS:
            return _headers(message, member), parts, True
        if part.is_multipart():  # message/rfc822: walk() goes on into it, its headers are read here
            headers = "\n".join(f"{name}: {value}" for name, value in _lines(part.get_payload(0)))  # type: ignore[arg-type]
            parts.append(MailPart("message", "text/x-headers", "utf-8", headers.encode("utf-8", "replace")))
            continue
        parts.append(_part(part))
    return _headers(message, member), parts, False


def _around(part: Message) -> list[MailPart]:
    """Text before the first and after the last boundary, which mail programs do not show."""
    texts = (text for text in (part.preamble, part.epilogue) if text and text.strip() and "MIME" not in text[:200])
    return [MailPart(None, "text/plain", None, text.encode("utf-8", "surrogateescape")) for text in texts]


def _part(part: Message) -> MailPart:
    try:
        body = part.get_payload(decode=True)
    except (ValueError, LookupError, MessageError, AssertionError):
        body = None
    try:
        charset = part.get_content_charset()
        name = part.get_filename()
    except (ValueError, LookupError, TypeError):
        charset, name = None, None
    raw = body if isinstance(body, bytes) else str(part.get_payload()).encode("utf-8", "surrogateescape")
    return MailPart(_text(name) if name else None, part.get_content_type(), charset, raw)


def _headers(message: Message, member: str | None) -> Piece | None:
    lines = [f"{name}: {value}" for name, value in _lines(message)]
    if not lines:
        return None
    sizes = np.array([0, *(len(line) + 1 for line in lines[:-1])], dtype=np.int64)
    return Piece("\n".join(lines), member, "form", np.cumsum(sizes))


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
