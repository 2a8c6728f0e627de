"""Names of files, folders and members as pieces of their own kind, whatever their bytes were."""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from tongguan.identify.pieces import Piece
from tongguan.model import Finding

__all__ = ["UNREAD", "Once", "is_unread", "named"]

UNREAD: Final = "a name in an unknown encoding"
_TOLD: Final = 100_000  # places that are remembered
_RECORD: Final = np.zeros(1, dtype=np.int64)
_RECORD.flags.writeable = False
_ESCAPED: Final = re.compile(r"(?:\\udc[89a-f][0-9a-f])+")
"""Bytes that are no UTF-8, as names with them are shown."""
_ODD: Final = re.compile("[\ud800-\udfff]")
_MISREAD: Final = re.compile("[\x80-\x9f][\x80-\xff]|[\xa0-\xff][\x80-\x9f]")
"""Controls of ISO 8859 among its letters: what comes of other bytes read one by one. One alone is a control."""


def named(name: str, member: str | None = None) -> Piece:
    """The name of something as it is searched. `member`: the path of what lies inside a content.

    Bytes that are no UTF-8 are read as GB18030 where they are that (drives and archives of old systems), else each
    shows as U+FFFD. Offsets are those of the name as read.
    """
    return Piece(_read(name), member, "name", _RECORD)


class Once:
    """What names say, each place once: a folder is called so in the name of every file in it. For one content, or one
    folder that is walked."""

    def __init__(self) -> None:
        self._told: set[tuple[str, int, str]] = set()

    def new(self, piece: Piece, findings: list[Finding]) -> list[Finding]:
        """Those that were not told before; all of what is no name."""
        if piece.kind != "name" or not findings:
            return findings
        if len(self._told) > _TOLD:
            self._told.clear()
        places = [(piece.text[: one.end], one.start, one.type) for one in findings]
        new = [one for one, place in zip(findings, places, strict=True) if place not in self._told]
        self._told.update(places)
        return new


def is_unread(name: str) -> bool:
    """Whether bytes of a name are in no encoding that is known."""
    return _MISREAD.search(name) is not None or (_is_odd(name) and "\ufffd" in _read(name))


def _is_odd(name: str) -> bool:
    return "\\udc" in name or _ODD.search(name) is not None


def _read(name: str) -> str:
    if (name.isascii() and "\\" not in name) or not _is_odd(name):
        return name
    name = _ESCAPED.sub(lambda found: "".join(map(_byte, found.group().split("\\u")[1:])), name)
    return "/".join(map(_part, name.split("/")))


def _byte(code: str) -> str:
    return chr(int(code, 16))


def _part(name: str) -> str:
    """The name of one folder or file."""
    try:
        raw = name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # halves of pairs, as an old Windows may keep them
        return _ODD.sub("\ufffd", name)
    if len(raw) == len(name.encode("utf-8", "surrogatepass")):
        return name
    try:
        return raw.decode("gb18030")
    except UnicodeDecodeError:
        return raw.decode("utf-8", "replace")
