"""Source text of macros ([MS-OVBA])."""

from __future__ import annotations

__all__ = ["source"]

_MARK = b"\x00Attribut"  # eight literal bytes: how the compressed text of every module begins
_CHUNK = 4096


def source(stream: bytes) -> bytes:
    """The source text in a module's stream, in the project's code page; empty where the stream is no module."""
    at = stream.find(_MARK) - 3
    if at < 0 or stream[at] != 1:
        return b""
    out = bytearray()
    at += 1
    while at + 2 <= len(stream):
        head = int.from_bytes(stream[at : at + 2], "little")
        end = at + (head & 0xFFF) + 3
        out += _chunk(stream[at + 2 : end], bool(head & 0x8000))
        at = end
    return bytes(out)


def _chunk(data: bytes, packed: bool) -> bytes:
    if not packed:
        return data[:_CHUNK]
    out = bytearray()
    at = 0
    while at < len(data) and len(out) < _CHUNK:
        flags = data[at]
        at += 1
        for bit in range(8):
            if at >= len(data):
                break
            if not flags >> bit & 1:
                out.append(data[at])
                at += 1
                continue
            token = int.from_bytes(data[at : at + 2], "little")
            at += 2
            width = max(4, (len(out) - 1).bit_length())
            length = (token & (0xFFFF >> width)) + 3
            begin = len(out) - (token >> (16 - width)) - 1
            if begin < 0:
                return bytes(out)
            for offset in range(length):
                out.append(out[begin + offset])
    return bytes(out)
