"""Heads of HTTP/1 messages (RFC 9112), read leniently: what is on the wire was accepted by somebody."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from email.message import Message
from urllib.parse import unquote, unquote_to_bytes, urlsplit

__all__ = ["HEAD_END", "Head", "is_request", "is_response", "parse_head", "parse_headers", "safe_path"]

HEAD_END = re.compile(rb"\r?\n\r?\n")
_METHOD = rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) +"
_REQUEST = re.compile(_METHOD + rb"(?:(.*?) +HTTP/(\d\.\d?)|([^\s]+))\s*\Z", re.DOTALL)
_RESPONSE = re.compile(rb"HTTP/(\d\.\d) +(\d{3})(?: (.*?))?\s*\Z", re.DOTALL)
_REQUEST_START = re.compile(  # whole, or as far as it has come
    rb"[A-Z][A-Z_-]{1,31} [^\x00-\x20\x7f]*(?: HTTP/1\.| (?:H(?:T(?:T(?:P(?:/1?)?)?)?)?)?\Z|\Z)"
)
_FOLD = re.compile(rb"\r?\n[ \t]+")
_LONG_DIGITS = re.compile(r"\d(?:[-. ]?\d){5,}")
_HEXADECIMAL = re.compile(r"[0-9a-f-]{16,}", re.IGNORECASE)


@dataclass(slots=True)
class Head:
    """A request's or a response's head. Header names are lower case; of a repeated header the values are joined."""

    method: str = ""
    target: str = ""
    version: str = ""
    status: int = 0
    reason: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    size: int = 0

    def get(self, name: str) -> str:
        """A header's value, empty where it is absent."""
        return self.headers.get(name, "")

    @property
    def media_type(self) -> str:
        """The declared media type without parameters, lower case."""
        return self.get("content-type").partition(";")[0].strip().lower()

    @property
    def host(self) -> str:
        """The name asked for, without its port."""
        host = self.get("host") or (urlsplit(self.target).netloc if "://" in self.target[:8] else "")
        return _without_port(host.rpartition("@")[2])

    @property
    def user(self) -> str | None:
        """The account of Basic authentication; the secret stays behind."""
        scheme, _, value = self.get("authorization").partition(" ")
        if scheme.lower() == "digest":
            found = re.search(r'username="([^"]*)"', value)
            return found[1] if found else None
        if scheme.lower() != "basic":
            return None
        try:
            name = base64.b64decode(value, validate=False).partition(b":")[0].decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            return None
        return name or None

    def parameter(self, header: str, name: str) -> str | None:
        """A header's parameter: charset, boundary, filename."""
        value = self.headers.get(header)
        if not value or name not in value.lower():
            return None
        message = Message()
        message["h"] = _flat(value)
        try:
            found = message.get_param(name, header="h")
        except (ValueError, LookupError):
            return None
        if isinstance(found, tuple):  # RFC 2231: charset, language, value
            charset, _, text = found
            try:
                return unquote_to_bytes(text.encode("latin-1", "replace")).decode(charset or "utf-8", "replace")
            except LookupError:
                return text
        return unquote(found) if isinstance(found, str) and found else None


def is_request(first: bytes | memoryview) -> bool | None:
    """Whether bytes begin a request; None where more of them are needed."""
    if _REQUEST_START.match(first):
        return True if b" HTTP/1." in bytes(first[:8192]) else None if len(first) < 8192 else False
    if len(first) < 32 and re.fullmatch(rb"[A-Z][A-Z_-]{0,31}", first):
        return None
    return False


def is_response(first: bytes | memoryview) -> bool:
    """Whether bytes begin a response."""
    return bytes(first[:7]) == b"HTTP/1."


def parse_head(block: bytes) -> Head | None:
    """A head without its last empty line; None where the start line is none of HTTP."""
    first, _, rest = block.partition(b"\n")
    head = Head(size=len(block))
    if match := _RESPONSE.match(first):
        head.version, head.status = match[1].decode(), int(match[2])
        head.reason = _text(match[3] or b"").strip()
    elif (match := _REQUEST.match(first)) and (target := match[2] or match[4]):
        head.method = match[1].decode()
        head.target = _text(target)
        head.version = (match[3] or b"").decode()
    else:
        return None
    head.headers = parse_headers(rest)
    return head


def parse_headers(block: bytes) -> dict[str, str]:
    """Header lines: lower-case name to value; repeated ones joined, but for those that must not be."""
    if b"\n " in block or b"\n\t" in block:
        block = _FOLD.sub(b" ", block)
    headers: dict[str, str] = {}
    for line in _text(block).split("\n"):
        name, colon, value = line.partition(":")
        if not colon:
            continue
        name, value = name.strip().lower(), value.strip()
        if name not in headers:
            headers[name] = value
        elif name not in ("host", "content-length", "content-type"):
            headers[name] += ("; " if name == "cookie" else ", ") + value
    return headers


def safe_path(target: str) -> str:
    """A target's path for people to read: no query, and segments that may name a person are masked."""
    path = urlsplit(target).path if "://" in target[:8] else target.partition("?")[0]
    path = path.partition(";")[0].partition("#")[0]
    return "/".join(_safe_segment(segment) for segment in path.split("/"))[:256]


def _safe_segment(segment: str) -> str:
    plain = unquote(segment)
    if not plain.isascii() or "@" in plain or "=" in plain or len(plain) > 64:
        return "*"
    if _LONG_DIGITS.search(plain) or (_HEXADECIMAL.fullmatch(plain) and any(c.isdigit() for c in plain)):
        return "*"
    return segment


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].strip().rstrip(".").lower()


def _flat(value: str) -> str:
    return value.replace("\r", " ").replace("\n", " ")


def _text(raw: bytes) -> str:
    """Header bytes as text: UTF-8, else the Chinese encoding that some servers send, else Latin-1."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")
