"""The outer form of what a key sealed or wrapped: it names its key and version, and its context binds both.

    "TGK" 1 (4 bytes) · key id (12 bytes) · version (4 bytes, big-endian) · sealed data of `ciphers.seal`

The associated data of the inner seal are those 20 bytes, the key's purpose and entity, the kind of thing sealed, and
the caller's context, each with its length before it: no other split of them gives the same bytes.
"""

from __future__ import annotations

import secrets
import struct

from tongguan.errors import BadInput
from tongguan.trust.ciphers import Tampered

__all__ = ["CONTEXT_MAX", "bound", "head", "new_id", "parse", "raw_id"]

MAGIC = b"TGK\x01"
PREFIX = "key_"
ID_SIZE = 12
_HEAD = struct.Struct(f">4s{ID_SIZE}sI")
CONTEXT_MAX = 1 << 16  # bytes


def new_id() -> str:
    return PREFIX + secrets.token_hex(ID_SIZE)


def raw_id(id: str) -> bytes:
    """The 12 bytes behind an id. Raises BadInput where it is none."""
    try:
        if isinstance(id, str) and id.startswith(PREFIX) and len(id) == len(PREFIX) + 2 * ID_SIZE and id == id.lower():
            return bytes.fromhex(id[len(PREFIX) :])
    except ValueError:
        pass
    raise BadInput(f"{str(id)[:40]!r} is no id of a key; expected {PREFIX} and {2 * ID_SIZE} hexadecimal digits")


def head(id: str, version: int) -> bytes:
    """What stands before the sealed data."""
    return _HEAD.pack(MAGIC, raw_id(id), version)


def parse(form: bytes) -> tuple[str, int, bytes]:
    """Key id, version and the inner sealed data; proven only by unsealing. Raises Tampered, BadInput for text."""
    if not isinstance(form, (bytes, bytearray, memoryview)):
        raise BadInput(f"sealed data: expected bytes, not {type(form).__name__}")
    form = bytes(form)
    if len(form) <= _HEAD.size or not form.startswith(MAGIC):
        raise Tampered
    _, raw, version = _HEAD.unpack_from(form)
    return PREFIX + raw.hex(), version, form[_HEAD.size :]


def bound(*parts: bytes | str | None) -> bytes:
    """The parts as one byte string that can be split in one way only."""
    found = bytearray()
    for part in parts:
        raw = b"" if part is None else part.encode() if isinstance(part, str) else part
        found += struct.pack(">BI", part is not None, len(raw)) + raw
    return bytes(found)
