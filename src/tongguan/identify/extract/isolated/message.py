"""Outlook messages, contacts and appointments ([MS-OXMSG]): every text property, recipients, and attachments."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from .found import Found

if TYPE_CHECKING:
    from .compound import Storage

__all__ = ["is_own", "read"]

_PROPERTY = re.compile(r"^__substg1\.0_([0-9a-f]{4})([0-9a-f]{4})", re.IGNORECASE)
_NARROW, _WIDE, _BINARY, _OBJECT = "001e", "001f", "0102", "000d"
_SUBJECT, _BODY, _HTML, _RTF, _HEADERS = "0037", "1000", "1013", "1009", "007d"
_NAMES = {
    _SUBJECT: "subject",
    "0c1a": "sender",
    "0c1f": "sender address",
    "5d01": "sender address",
    "0042": "sent for",
    "0065": "sent for address",
    "5d02": "sent for address",
    "0e04": "to",
    "0e03": "cc",
    "0e02": "bcc",
    "3001": "name",
    "3003": "address",
    "39fe": "address",
    "3a1c": "phone",
    "3a08": "phone",
    "3a09": "phone",
}
# Classes, languages, ids of messages and types of addresses: nothing of persons.
_SILENT = {
    "001a",
    "0070",
    "0e1d",
    "003d",
    "1035",
    "1042",
    "1039",
    "3002",
    "0c1e",
    "0064",
    "0077",
    "0075",
    "3703",
    "370e",
}
_CODE_PAGES = {0: "utf-8", 65001: "utf-8", 936: "gb18030", 54936: "gb18030", 950: "big5hkscs", 20127: "ascii"}


def is_own(name: str) -> bool:
    """Whether a storage is part of a message (a recipient, an attachment, names of properties)."""
    return name.lower().startswith(("__recip_version1.0", "__attach_version1.0", "__nameid_version1.0"))


def read(storage: Storage, found: Found, depth: int = 0) -> None:
    """Add a message's headers, bodies, recipients and attachments; messages attached to it too."""
    if depth > 10:
        found.blind("truncated", "messages nested too deep")
        return
    codec = _codec(storage)
    texts = _texts(storage, codec)
    for tag, name in ((_BODY, None), (_HEADERS, "headers")):
        if text := texts.pop(tag, ""):
            found.text(storage.called(name or "") or None, text, "form" if name else "prose")
    if page := _bytes(storage, _HTML, _BINARY):
        found.inside(storage.called("body.html"), page)
    elif packed := _bytes(storage, _RTF, _BINARY):
        found.inside(storage.called("body.rtf"), unpacked(packed, found.left))
    found.text(storage.called("message"), _lines(texts), "form")
    for inner in storage.inner():
        name = inner.path[-1].lower()
        if name.startswith("__recip_version1.0"):
            found.text(inner.called(), _lines(_texts(inner, codec)), "form")
        elif name.startswith("__attach_version1.0"):
            _attachment(inner, codec, found, depth)


def _attachment(storage: Storage, codec: str, found: Found, depth: int) -> None:
    texts = _texts(storage, codec)
    name = texts.get("3707") or texts.get("3704") or texts.get("3001") or "attachment"
    found.text(storage.called(), _lines({tag: text for tag, text in texts.items() if text != name}), "form")
    data = _bytes(storage, "3701", _BINARY)
    if data:
        found.inside("/".join(filter(None, ("/".join(storage.path[:-1]), name))), data)
    inner = [one for one in storage.inner() if one.path[-1].lower() == f"__substg1.0_3701{_OBJECT}"]
    for one in inner:
        if one.has("__properties_version1.0"):
            read(one, found, depth + 1)
    if data is None and not inner:
        found.blind("unsupported", "an attachment that is only a link")


def _texts(storage: Storage, codec: str) -> dict[str, str]:
    """All text properties by the number of their tag."""
    out = {}
    for name in storage.streams:
        tag = _PROPERTY.match(name)
        if tag and tag.group(2).lower() in (_NARROW, _WIDE):
            raw = storage.stream(name) or b""
            text = raw.decode("utf-16-le" if tag.group(2).lower() == _WIDE else codec, "replace").rstrip("\0")
            if text.strip():
                out[tag.group(1).lower()] = text
    return out


def _lines(texts: dict[str, str]) -> str:
    kept = {tag: text for tag, text in texts.items() if tag not in _SILENT and not text.startswith("IPM.")}
    return "\n".join(dict.fromkeys(f"{_NAMES.get(tag, f'property {tag}')}: {text}" for tag, text in kept.items()))


def _bytes(storage: Storage, tag: str, kind: str) -> bytes | None:
    return storage.stream(f"__substg1.0_{tag}{kind}")


def _codec(storage: Storage) -> str:
    """The code page of texts that are not Unicode, from the fixed properties."""
    fixed = storage.stream("__properties_version1.0") or b""
    for at in range(len(fixed) % 16, len(fixed) - 15, 16):
        tag, _, value = struct.unpack_from("<III", fixed, at)
        if tag in (0x3FFD0003, 0x3FDE0003):
            codec = _CODE_PAGES.get(value, f"cp{value}")
            try:
                "".encode(codec)
            except LookupError:
                continue
            return codec
    return "gb18030"


def unpacked(data: bytes, most: int) -> bytes:
    """Compressed RTF ([MS-OXRTFCP]) unpacked, up to `most` bytes."""
    if len(data) < 16 or data[8:12] == b"MELA":
        return data[16:]
    size = min(int.from_bytes(data[4:8], "little"), most)
    window = bytearray(_PRESET.ljust(4096, b" "))
    write = len(_PRESET)
    out = bytearray()
    at = 16
    while at < len(data) and len(out) < size:
        flags = data[at]
        at += 1
        for bit in range(8):
            if at >= len(data):
                break
            if not flags >> bit & 1:
                run = data[at : at + 1]
                at += 1
                window[write] = run[0]
                write = (write + 1) % 4096
                out += run
                continue
            token = int.from_bytes(data[at : at + 2], "big")
            at += 2
            read_from, length = token >> 4, (token & 15) + 2
            if read_from == write:
                return bytes(out)
            for _ in range(length):
                byte = window[read_from]
                read_from = (read_from + 1) % 4096
                window[write] = byte
                write = (write + 1) % 4096
                out.append(byte)
    return bytes(out[:size])


_PRESET = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans Serif"
    rb"SymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0" + b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)  # the words that every packer and unpacker knows beforehand, [MS-OXRTFCP] 2.1.2.1
