"""Mail messages (RFC 5322, MIME): cut into headers, texts and attachments without copying the whole."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import HeaderParser
from urllib.parse import unquote_to_bytes

from tongguan.capture.protocols.body import Body, Store, slices
from tongguan.capture.protocols.http_head import HEAD_END
from tongguan.capture.protocols.lines import text
from tongguan.capture.protocols.parts import split
from tongguan.model import BlindKind, BlindSpot, Content

__all__ = ["Mail", "read_mail"]

_DEEPEST = 20
_MAX_HEADERS = 1 << 20
_PIECE = 3 << 20
_STUFFED = re.compile(rb"(?m)^\.\.")
_FOLD = re.compile(r"\r?\n[ \t]*")
# Headers of the transport, which hold nothing that people wrote.
_TECHNICAL = re.compile(
    r"(?i)(received|return-path|message-id|in-reply-to|references|date|mime-version|content-.*|dkim-.*|arc-.*|"
    r"authentication-results|received-spf|domainkey-signature|list-.*|x-spam.*|x-mailer|user-agent|precedence)$"
)
# Who writes to whom: the ends of the exchange, not data that it exports. Of a forwarded message they are content.
_ENDS = re.compile(r"(?i)(from|sender|reply-to|to|cc|bcc|delivered-to|return-receipt-to|disposition-notification-to)$")
_SEALED = ("application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted")


@dataclass(slots=True)
class Mail:
    """A message: its decoded headers, what it holds, and what could not be read of it."""

    headers: dict[str, str] = field(default_factory=dict)  # lower-case names, first occurrence
    received: list[str] = field(default_factory=list)
    contents: list[Content] = field(default_factory=list)
    blind_spots: list[BlindSpot] = field(default_factory=list)


def read_mail(view: memoryview, store: Store, where: str, stuffed: bool = True) -> Mail:
    """Read a message as it stood on the wire, with its dots `stuffed` where it came by DATA (RFC 5321 §4.5.2)."""
    mail = Mail()
    _Tree(mail, store, where, stuffed).message(view, 0)
    return mail


class _Tree:
    def __init__(self, mail: Mail, store: Store, where: str, stuffed: bool) -> None:
        self.mail = mail
        self.store = store
        self.where = where
        self.stuffed = stuffed

    def message(self, view: memoryview, depth: int) -> None:
        """A whole message: its headers as a text, then its parts."""
        match = HEAD_END.search(view, 0, _MAX_HEADERS)
        start, end = match.span() if match else (min(len(view), _MAX_HEADERS),) * 2
        message = self._parse(bytes(view[:start]))
        headers: dict[str, str] = {}
        for name, value in message.items():
            headers.setdefault(name.lower(), _decoded(value))
        self._text("headers", "\n".join(f"{name}: {_decoded(message[name])}" for name in _written(message, depth)))
        self._text(None, str(message.get_payload()).strip())  # lines among the headers that are none
        if not depth:
            self.mail.headers = headers
            self.mail.received = [_decoded(value) for value in message.get_all("received", ())]
        self.entity(message, view[end:], depth)

    def entity(self, message: Message, body: memoryview, depth: int) -> None:
        """One entity and what is inside it."""
        media_type = message.get_content_type()
        boundary = _parameter(message, "boundary", "content-type")
        if depth > _DEEPEST:
            self._spot(BlindKind.UNSUPPORTED, "parts nested too deep", len(body))
        elif media_type in _SEALED:
            self._spot(BlindKind.ENCRYPTED, media_type, len(body))
        elif media_type.startswith("multipart/") and boundary:
            for part in split(body, boundary):
                self.entity(self._parse(part.headers), part.body, depth + 1)
        elif media_type == "message/rfc822" and _coding(message) not in ("base64", "quoted-printable"):
            self.message(body, depth + 1)
        elif len(body):
            self._leaf(message, media_type, body)

    def _text(self, name: str | None, plain: str) -> None:
        if plain:
            raw = plain.encode("utf-8", "replace")
            self.mail.contents.append(Content(name, "text/plain", len(raw), raw, "utf-8"))

    def _leaf(self, message: Message, media_type: str, body: memoryview) -> None:
        name = _parameter(message, "filename", "content-disposition") or _parameter(message, "name", "content-type")
        charset = _parameter(message, "charset", "content-type")
        declared = media_type if message.get("content-type") or not name else ""
        out = Body(self.store, declared, name, charset)
        for piece in self._transfer_decoded(_coding(message), body):
            out.add(piece)
            self.mail.contents += out.ready()
        self.mail.contents += out.finish()
        self.mail.blind_spots += out.spots(self.where)

    def _transfer_decoded(self, coding: str, body: memoryview) -> Iterator[bytes | memoryview]:
        if coding == "base64":
            yield from _base64(body)
        elif coding == "quoted-printable":
            for piece in slices(body, _PIECE):
                yield binascii.a2b_qp(self._unstuffed(bytes(piece)))
        elif self.stuffed and _STUFFED.search(body):
            for piece in slices(body, _PIECE):
                yield self._unstuffed(bytes(piece))
        else:
            yield body

    def _unstuffed(self, raw: bytes) -> bytes:
        return _STUFFED.sub(b".", raw) if self.stuffed else raw

    def _parse(self, block: bytes) -> Message:
        return HeaderParser().parsestr(text(self._unstuffed(block)) + "\n\n", headersonly=True)

    def _spot(self, kind: BlindKind, detail: str, size: int) -> None:
        self.mail.blind_spots.append(BlindSpot(kind, self.where, detail, size=size))


def _written(message: Message, depth: int) -> list[str]:
    """Names of headers worth reading, each once; of the outermost message without its ends."""
    names = {name.lower(): name for name in reversed(message.keys()) if not _TECHNICAL.match(name)}
    if not depth:
        names = {lower: name for lower, name in names.items() if not _ENDS.match(lower)}
    return list(reversed(names.values()))


def _coding(message: Message) -> str:
    return str(message.get("content-transfer-encoding", "")).strip().lower()


def _base64(body: memoryview) -> Iterator[bytes]:
    """Decoded in pieces; a damaged end gives what was whole before it."""
    rest = b""
    for at in range(0, len(body), _PIECE):
        rest += bytes(body[at : at + _PIECE]).translate(None, b"\r\n\t ")
        whole = len(rest) - len(rest) % 4
        try:
            yield binascii.a2b_base64(rest[:whole])
        except binascii.Error:
            return
        rest = rest[whole:]
    if len(rest) > 1:
        try:
            yield binascii.a2b_base64(rest + b"=" * (-len(rest) % 4))
        except binascii.Error:
            return


def _decoded(value: object) -> str:
    """A header's value with its encoded words (RFC 2047) decoded, on one line."""
    plain = _FOLD.sub(" ", str(value))
    if "=?" not in plain:
        return plain.strip()
    try:
        parts = decode_header(plain)
    except (HeaderParseError, ValueError):
        return plain.strip()
    return "".join(_word(part, charset) for part, charset in parts).strip()


def _word(part: bytes | str, charset: str | None) -> str:
    if isinstance(part, str):
        return part
    charset = "gb18030" if charset and charset.lower() in ("gb2312", "gbk") else charset
    try:
        return part.decode(charset or "utf-8")
    except (LookupError, UnicodeDecodeError):
        return text(part)


def _parameter(message: Message, name: str, header: str) -> str | None:
    """A header's parameter; RFC 2231 and encoded words are both decoded."""
    try:
        found = message.get_param(name, header=header)
    except (ValueError, LookupError, AttributeError, TypeError):
        return None
    if found is None:
        return None
    if isinstance(found, tuple):
        charset, _, value = found
        return _word(unquote_to_bytes(value.encode("latin-1", "replace")), charset or "utf-8")
    return _decoded(found) or None
