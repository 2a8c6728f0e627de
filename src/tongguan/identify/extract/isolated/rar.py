"""What RAR archives say of themselves and libarchive does not: parts of several, and members with a password."""

from __future__ import annotations

from typing import BinaryIO

__all__ = ["is_part", "locked"]

_OLD, _NEW = b"Rar!\x1a\x07\0", b"Rar!\x1a\x07\1\0"
_MAIN, _FILE, _ENCRYPTION = 1, 2, 1  # of RAR 5: kinds of headers, and of what is noted beside a file
_MOST_HEADER = 2 << 20
_MOST = 100_000


def is_part(head: bytes) -> bool:
    """Whether an archive (its first 64 bytes) is one of several that belong together.

    RAR 4 (technote.txt, MHD_VOLUME), RAR 5 (archive format, 2021: archive flags 0x0001) and cabinets ([MS-CAB] 2.1).
    """
    if head.startswith(_OLD):
        return len(head) > 11 and head[9] == 0x73 and bool(head[10] & 1)
    if head.startswith(b"MSCF"):
        return len(head) > 30 and bool(head[30] & 3)
    if not head.startswith(_NEW):
        return False
    _, at = _number(head, 12)
    kind, at = _number(head, at)
    flags, at = _number(head, at)
    if flags & 1:
        _, at = _number(head, at)
    return kind == _MAIN and bool(_number(head, at)[0] & 1)


def locked(file: BinaryIO) -> set[bytes]:
    """Names of the members of a RAR 5 archive that are encrypted; none of what is damaged."""
    names: set[bytes] = set()
    if file.read(8) != _NEW:
        return names
    for _ in range(_MOST):
        before = file.tell()
        start = file.read(4 + 3)
        size, first = _number(start, 4)
        if len(start) < 6 or not 0 < size <= _MOST_HEADER:
            break
        file.seek(before + first)
        header = file.read(size)
        kind, at = _number(header, 0)
        flags, at = _number(header, at)
        extra, at = _number(header, at) if flags & 1 else (0, at)
        body, at = _number(header, at) if flags & 2 else (0, at)
        if kind == _FILE and extra and _ENCRYPTION in _noted(header[len(header) - extra :]):
            names.add(_name(header, at))
        file.seek(before + first + size + body)
    return names


def _noted(extra: bytes) -> set[int]:
    """Kinds of what is noted beside a file."""
    kinds: set[int] = set()
    at = 0
    while at < len(extra):
        size, at = _number(extra, at)
        kinds.add(_number(extra, at)[0])
        at += max(1, size)
    return kinds


def _name(header: bytes, at: int) -> bytes:
    flags, at = _number(header, at)
    for _ in ("size", "attributes"):
        _, at = _number(header, at)
    at += 4 * bool(flags & 2) + 4 * bool(flags & 4)
    for _ in ("method", "system"):
        _, at = _number(header, at)
    size, at = _number(header, at)
    return header[at : at + size]


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, and the place behind it; 0 where the data end."""
    value = shift = 0
    while at < len(data) and shift < 70:
        value |= (data[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if data[at - 1] < 0x80:
            break
    return value, at
