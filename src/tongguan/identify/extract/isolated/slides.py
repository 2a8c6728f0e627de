"""PowerPoint 97 to 2003 ([MS-PPT]): texts of slides, notes, masters and comments, and what is embedded."""

from __future__ import annotations

import re
import struct
import zlib
from typing import TYPE_CHECKING

from .found import Found

if TYPE_CHECKING:
    from .compound import Storage

__all__ = ["read"]

# The records that hold text or an object, wherever they stand: some writers leave gaps between records, or nest them
# in ones that are no containers. Their headers are hardly found by chance.
_RECORD = re.compile(rb"(?:\0\0(?:\xa0|\xa8)\x0f|[\x00-\xf0]\0\xba\x0f|[\x00\x10]\0\x11\x10)", re.DOTALL)
_NARROW, _STORAGE = 0x0FA8, 0x1011
_DOCUMENT = b"\x0f\0\xe8\x03"
_ENCRYPTED = 0xF3D1C4DF  # the token of an encrypted presentation in Current User
_BREAKS = str.maketrans({"\r": "\n", "\x0b": "\n", "\0": None})


def read(storage: Storage, found: Found) -> None:
    """Add the texts of a storage that holds a presentation, in the order of the file."""
    user = storage.stream("Current User") or b""
    if len(user) >= 16 and struct.unpack_from("<I", user, 12)[0] == _ENCRYPTED:
        found.end = "encrypted"
        return
    data = storage.stream("PowerPoint Document") or b""
    texts: list[str] = []
    if _DOCUMENT not in data:
        found.blind("unsupported", "presentation of PowerPoint 95 or older")
    at = 0
    while match := _RECORD.search(data, at):
        begin = match.start()
        head, kind, size = struct.unpack_from("<HHI", data.ljust(begin + 8, b"\0"), begin)
        body = data[begin + 8 : begin + 8 + size]
        if len(body) < size:
            at = begin + 1  # no record, then
            continue
        at = begin + 8 + size
        if kind == _STORAGE:
            found.inside(storage.called(f"object at {begin}"), _object(body, head >> 4, found))
        else:
            texts.append(body.decode("latin-1" if kind == _NARROW else "utf-16-le", "replace").translate(_BREAKS))
    kept = dict.fromkeys(text for text in texts if text.strip() and not text.startswith("___PPT"))
    found.text(storage.called() or None, "\n\n".join(kept))
    if len(user) > 24:
        (length,) = struct.unpack_from("<H", user, 20)
        name = user[28 : 28 + length].decode("latin-1")
        wide = user[32 + length : 32 + 3 * length].decode("utf-16-le", "replace")
        found.text(storage.called("people"), f"last author: {wide or name}" if (wide or name).strip() else "", "form")


def _object(body: bytes, packed: int, found: Found) -> bytes:
    if not packed:
        return body
    engine = zlib.decompressobj()
    data = engine.decompress(body[4:], max(1, found.left))
    if engine.unconsumed_tail:
        found.end = "bytes"
        return b""
    return data
