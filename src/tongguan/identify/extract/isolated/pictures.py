"""Pictures in the streams of old office documents ([MS-ODRAW] 2.2.23, the records that begin with OfficeArtBlip)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .found import Found

__all__ = ["pictures"]

_BLIP = re.compile(rb"[\x00-\xff][\x00-\xff]([\x1a-\x1f\x29\x2a])\xf0", re.DOTALL)
_METAFILES = {0x1A, 0x1B, 0x1C}  # EMF, WMF, PICT
_MAGICS = (b"\x89PNG", b"\xff\xd8\xff", b"II*\0", b"MM\0*")


def pictures(data: bytes, found: Found) -> Iterator[bytes]:
    """Bitmaps as the files that they were; drawings are counted as blind spots."""
    at = 0
    while match := _BLIP.search(data, at):
        at = match.start() + 1
        head, kind = match.start(), match.group(1)[0]
        size = int.from_bytes(data[head + 4 : head + 8], "little")
        if not 0 < size <= len(data) - head - 8:
            continue
        body = data[head + 8 : head + 8 + size]
        begin = next((skip for skip in (17, 33) if body.startswith(_MAGICS, skip)), None)
        if begin is not None:
            yield body[begin:]
        elif kind in _METAFILES and len(body) > 50:
            found.blind("unsupported", "drawing (EMF, WMF or PICT) in an old office document")
        elif kind == 0x1F and body[17:21] == b"\x28\0\0\0":  # a bitmap without its file header
            yield b"BM" + (len(body) - 3).to_bytes(4, "little") + bytes(4) + b"\x36\0\0\0" + body[17:]
        else:
            continue
        at = head + 8 + size
