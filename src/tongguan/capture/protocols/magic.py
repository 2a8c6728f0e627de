"""Media types told from first bytes: enough for the logs, not for judging content."""

from __future__ import annotations

import re

__all__ = ["sniff"]

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (rb"%PDF-", "application/pdf"),
    (
        rb"PK\x03\x04.{26}(?:\[Content_Types\]\.xml|_rels/\.rels|docProps)",
        "application/vnd.openxmlformats-officedocument",
    ),
    (rb"PK(?:\x03\x04|\x05\x06)", "application/zip"),
    (rb"\x1f\x8b", "application/gzip"),
    (rb"Rar!\x1a\x07", "application/x-rar-compressed"),
    (rb"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (rb"BZh[1-9]", "application/x-bzip2"),
    (rb"\xfd7zXZ\x00", "application/x-xz"),
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/msword"),
    (rb"\x89PNG\r\n", "image/png"),
    (rb"\xff\xd8\xff", "image/jpeg"),
    (rb"GIF8[79]a", "image/gif"),
    (rb"BM.{4}\x00\x00\x00\x00", "image/x-ms-bmp"),
    (rb"RIFF.{4}WEBP", "image/webp"),
    (rb"RIFF.{4}AVI ", "video/avi"),
    (rb"\x00\x00\x01\x00", "image/x-icon"),
    (rb"\x7fELF", "application/x-executable"),
    (rb"MZ", "application/x-dosexec"),
    (rb"[FC]WS[\x01-\x30]", "application/x-shockwave-flash"),
    (rb"OggS", "application/ogg"),
    (rb".{4}ftyp", "video/mp4"),
    (rb"ID3", "audio/mpeg"),
    (rb"wOFF", "application/font-woff"),
    (rb"-----BEGIN [A-Z ]*CERTIFICATE", "application/x-x509-ca-cert"),
    (rb"\s*(?:<!--.*?-->\s*)*<(?i:!doctype html|html|head|body|title|script|table|h1)\b", "text/html"),
    (rb"(?:\xef\xbb\xbf)?\s*<\?xml\b", "application/xml"),
    (rb"\s*[\[{]\s*(?:[\"\]}\[{]|-?\d|true|false|null)", "application/json"),
)
_PATTERN = re.compile(b"|".join(b"(" + pattern + b")" for pattern, _ in _MAGIC), re.DOTALL)
_TEXT = re.compile(rb"[\t\n\f\r\x1b\x20-\x7e\x80-\xff]+\Z")


def sniff(first: bytes) -> str | None:
    """The media type that a content's first bytes show, None where they show none."""
    if match := _PATTERN.match(first):
        return _MAGIC[(match.lastindex or 1) - 1][1]
    return "text/plain" if _TEXT.match(first) else None
