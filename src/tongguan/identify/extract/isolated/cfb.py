"""A compound file around one stream, so that a workbook embedded in a document can be read as a file of its own."""

from __future__ import annotations

import struct

__all__ = ["with_stream"]

_SECTOR = 512
_FREE, _END, _FAT, _DIFAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFC
_PER_SECTOR = _SECTOR // 4
_IN_HEADER = 109  # places of the FAT that the header itself names


def with_stream(name: str, data: bytes) -> bytes:
    """A file of [MS-CFB] version 3 that holds one stream. Streams under 4096 bytes are padded to that."""
    data = data.ljust(4096, b"\0")
    body = -(-len(data) // _SECTOR)
    fat = difat = 0
    while True:  # the table of sectors counts its own sectors too
        need = -(-(body + 1 + fat + difat) // _PER_SECTOR)
        more = -(-max(0, need - _IN_HEADER) // (_PER_SECTOR - 1))
        if (need, more) == (fat, difat):
            break
        fat, difat = need, more
    directory, first_fat, first_difat = body, body + 1, body + 1 + fat
    chain = [*range(1, body), _END, _END, *[_FAT] * fat, *[_DIFAT] * difat]
    chain += [_FREE] * (fat * _PER_SECTOR - len(chain))
    places = [*range(first_fat, first_fat + fat)]
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, fat, directory, 0, 4096, _END, 0,
                          first_difat if difat else _END, difat)  # fmt: skip
    header += struct.pack(f"<{_IN_HEADER}I", *(places + [_FREE] * _IN_HEADER)[:_IN_HEADER])
    entries = _entry("Root Entry", 5, 1, _END, 0) + _entry(name, 2, _FREE, 0, len(data)) + bytes(256)
    table = struct.pack(f"<{len(chain)}I", *chain)
    return (
        header + data.ljust(body * _SECTOR, b"\0") + entries + table + _difat(places[_IN_HEADER:], first_difat, difat)
    )


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    raw = name.encode("utf-16-le")
    links = struct.pack("<III", _FREE, _FREE, child)
    return raw.ljust(64, b"\0") + struct.pack("<HBB", len(raw) + 2, kind, 1) + links + bytes(36) + struct.pack(
        "<IQ", start, size
    )  # fmt: skip


def _difat(places: list[int], first: int, count: int) -> bytes:
    out = b""
    step = _PER_SECTOR - 1
    for index in range(count):
        held = places[index * step : (index + 1) * step]
        held += [_FREE] * (step - len(held))
        out += struct.pack(f"<{_PER_SECTOR}I", *held, first + index + 1 if index + 1 < count else _END)
    return out
