"""PowerPoint 97 to 2003 ([MS-PPT]): texts of slides, notes, masters and comments, and what is embedded."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

from .found import Found

if TYPE_CHECKING:
    from .compound import Storage

__all__ = ["read"]

_CONTAINER, _TAGS = 0xF, 0x138B  # tags hold records too: comments
_WIDE, _NARROW, _STRING, _STORAGE = 0x0FA0, 0x0FA8, 0x0FBA, 0x1011
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
    at = 0
    while at + 8 <= len(data):
        head, kind, size = struct.unpack_from("<HHI", data, at)
        at += 8
        if head & 0xF == _CONTAINER or kind == _TAGS:
            continue  # its records follow
        body = data[at : at + size]
        if len(body) < size:
            found.damaged()
        if kind in (_WIDE, _STRING):
            texts.append(body.decode("utf-16-le", "replace").translate(_BREAKS))
        elif kind == _NARROW:
            texts.append(body.decode("latin-1").translate(_BREAKS))
        elif kind == _STORAGE:
            found.inside(storage.called(f"object at {at}"), _object(body, head >> 4, found))
        at += size
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
