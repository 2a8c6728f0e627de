"""How a MySQL connection begins: who logs in, to which database, with which abilities."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tongguan.capture.protocols.lines import text
from tongguan.capture.protocols.mysql_wire import Cursor, encoding

__all__ = ["Login", "is_greeting", "read_change_user", "read_login"]

_WITH_DATABASE, _PROTOCOL_41, _SECURE, _PLUGIN_LENGTH = 1 << 3, 1 << 9, 1 << 15, 1 << 21
_GREETING = re.compile(rb"\x0a[0-9][\x20-\x7e]{0,80}\x00")
_REFUSAL = re.compile(rb"\xff[\x00-\xff]{2}(#[0-9A-Z]{5})?[\x20-\x7e]*(Host|host|connection)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Login:
    """What a client says of itself; its secret is not read."""

    flags: int
    user: str
    database: str
    encoding: str


def is_greeting(first: bytes) -> bool:
    """Whether bytes begin with a server's greeting (protocol 10), or its refusal."""
    size = int.from_bytes(first[:3], "little")
    if len(first) < 5 or first[3] or not 8 <= size <= 1024:
        return False
    return bool(_GREETING.match(first, 4) or (size + 4 == len(first) and _REFUSAL.match(first, 4)))


def read_login(packet: bytes) -> Login:
    """The client's answer to the greeting. Raises `ValueError`."""
    flags = int.from_bytes(packet[:2], "little")
    if not flags & _PROTOCOL_41:  # as clients before 4.1 do
        cursor = Cursor(packet, 5)
        return Login(flags, text(cursor.until_nul()), "", "utf-8")
    cursor = Cursor(packet)
    flags = cursor.number(4)
    cursor.take(4)
    charset = cursor.number(1)
    cursor.take(23)
    if not cursor.rest():
        return Login(flags, "", "", encoding(charset))  # a request for TLS
    user = cursor.until_nul()
    if flags & _PLUGIN_LENGTH:
        cursor.string()
    elif flags & _SECURE:
        cursor.take(cursor.number(1))
    else:
        cursor.until_nul()
    database = cursor.until_nul() if flags & _WITH_DATABASE else b""
    return Login(flags, text(user), text(database), encoding(charset))


def read_change_user(packet: bytes) -> Login:
    """COM_CHANGE_USER. Raises `ValueError`."""
    cursor = Cursor(packet, 1)
    user = cursor.until_nul()
    cursor.take(cursor.number(1))
    database = cursor.until_nul()
    charset = cursor.number(2) if len(cursor.rest()) >= 2 else 0
    return Login(0, text(user), text(database), encoding(charset))
