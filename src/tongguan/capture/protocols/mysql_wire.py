"""MySQL's wire format: packets, length-encoded values, column definitions, rows (its client/server protocol)."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Column", "Cursor", "Packets", "binary_row", "binary_value", "column", "csv_line", "text_row"]

_FULL = 0xFFFFFF  # a packet of this length goes on in the next one
_QUOTED = re.compile(rb'["\n\r]')
_GBK = frozenset({24, 28, 86, 87, 248, 249, 250})
_BIG5 = frozenset({1, 84})
_LATIN = frozenset({5, 8, 15, 31, 47, 48, 49, 94})


class Packets:
    """Cuts one direction into packets."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.lost = 0  # bytes of packets too long to hold
        self.stopped = False  # what follows is no packet
        self._waiting = bytearray()
        self._long = b""  # the beginning of a packet of several parts

    def feed(self, payload: memoryview) -> Iterator[tuple[int, bytes]]:
        """Packets that are complete now: sequence number and payload."""
        waiting = self._waiting
        waiting += payload
        if len(waiting) < 4 or len(waiting) < 4 + int.from_bytes(waiting[:3], "little"):
            return
        data = bytes(waiting)
        waiting.clear()
        at = 0
        while at + 4 <= len(data):
            size = data[at] | data[at + 1] << 8 | data[at + 2] << 16
            end = at + 4 + size
            if end > len(data):
                break
            packet, number, at = data[at + 4 : end], data[at + 3], end
            if size == _FULL or self._long:
                if len(self._long) + size > self.limit:
                    self.lost += size
                else:
                    self._long += packet
                if size == _FULL:
                    continue
                packet, self._long = self._long, b""
            yield number, packet
            if self.stopped:
                break
        waiting += data[at:]

    def leftover(self) -> bytes:
        """What follows the last packet."""
        rest = bytes(self._waiting)
        self.clear()
        return rest

    def clear(self) -> None:
        """Forget what has only begun."""
        self._waiting.clear()
        self._long = b""

    def __len__(self) -> int:
        return len(self._waiting) + len(self._long)


class Cursor:
    """Reads one packet; reading beyond its end is a `ValueError`."""

    __slots__ = ("at", "data")

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        end = self.at + size
        if end > len(self.data):
            raise ValueError("packet ends early")
        piece = self.data[self.at : end]
        self.at = end
        return piece

    def number(self, size: int) -> int:
        """A little-endian number."""
        return int.from_bytes(self.take(size), "little")

    def length(self) -> int:
        """A length-encoded number."""
        first = self.number(1)
        if first < 0xFB:
            return first
        if first in (0xFC, 0xFD, 0xFE):
            return self.number((2, 3, 8)[first - 0xFC])
        raise ValueError("no length")

    def string(self) -> bytes:
        """A length-encoded string."""
        return self.take(self.length())

    def until_nul(self) -> bytes:
        """Bytes up to a zero, or to the end."""
        end = self.data.find(b"\0", self.at)
        end = len(self.data) if end < 0 else end
        piece = self.data[self.at : end]
        self.at = end + 1
        return piece

    def rest(self) -> bytes:
        """All that is left."""
        return self.data[self.at :]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a result."""

    name: str
    table: str
    type: int
    encoding: str
    unsigned: bool = False


def column(packet: bytes) -> Column:
    """A column definition. Raises `ValueError`."""
    cursor = Cursor(packet)
    for _ in range(2):
        cursor.string()
    table = cursor.string()
    cursor.string()
    name = cursor.string()
    cursor.string()
    if cursor.data[cursor.at : cursor.at + 1] != b"\x0c":
        cursor.string()  # MariaDB's extended metadata
    cursor.length()
    charset = cursor.number(2)
    cursor.number(4)
    kind, flags = cursor.number(1), cursor.number(2)
    return Column(_utf8(name), _utf8(table), kind, encoding(charset), bool(flags & 0x20))


def encoding(charset: int) -> str:
    """Python's name of a collation's character set."""
    if charset in _GBK:
        return "gb18030"
    return "big5" if charset in _BIG5 else "cp1252" if charset in _LATIN else "utf-8"


def text_row(packet: bytes, columns: int) -> list[bytes | None]:
    """A row of a text result. Raises `ValueError`."""
    row: list[bytes | None] = []
    at, end = 0, len(packet)
    for _ in range(columns):
        if at >= end:
            raise ValueError("row ends early")
        size = packet[at]
        at += 1
        if size == 0xFB:
            row.append(None)
            continue
        if size > 0xFB:
            width = {0xFC: 2, 0xFD: 3, 0xFE: 8}.get(size, 0)
            size = int.from_bytes(packet[at : at + width], "little")
            at += width
        if at + size > end:
            raise ValueError("row ends early")
        row.append(packet[at : at + size])
        at += size
    return row


def binary_row(packet: bytes, columns: list[Column]) -> list[bytes | None]:
    """A row of a prepared statement's result. Raises `ValueError`."""
    cursor = Cursor(packet, 1)
    nulls = cursor.take((len(columns) + 9) // 8)
    return [
        None if nulls[(i + 2) // 8] >> (i + 2) % 8 & 1 else binary_value(cursor, one.type, one.unsigned)
        for i, one in enumerate(columns)
    ]


def binary_value(cursor: Cursor, kind: int, unsigned: bool) -> bytes | None:
    """A value of the binary protocol, as its text. Raises `ValueError`, also for a type that we do not know."""
    if kind in _INTEGERS:
        return str(int.from_bytes(cursor.take(_INTEGERS[kind]), "little", signed=not unsigned)).encode()
    if kind == 4:
        return f"{struct.unpack('<f', cursor.take(4))[0]:.7g}".encode()
    if kind == 5:
        return repr(struct.unpack("<d", cursor.take(8))[0]).encode()
    if kind in (7, 10, 12):
        return _date(cursor.take(cursor.number(1)), kind == 10)
    if kind == 11:
        return _time(cursor.take(cursor.number(1)))
    if kind == 6:
        return None
    if kind in _STRINGS:
        return cursor.string()
    raise ValueError(f"type {kind}")


_INTEGERS = {1: 1, 2: 2, 3: 4, 8: 8, 9: 4, 13: 2}
_STRINGS = frozenset({0, 14, 15, 16, *range(242, 256)})


def _date(raw: bytes, date_only: bool) -> bytes:
    if len(raw) not in (0, 4, 7, 11):
        raise ValueError("no date")
    raw = raw.ljust(11, b"\0")
    year, month, day, hour, minute, second, micro = struct.unpack("<HBBBBBI", raw)
    text = f"{year:04}-{month:02}-{day:02}"
    if not date_only:
        text += f" {hour:02}:{minute:02}:{second:02}" + (f".{micro:06}" if micro else "")
    return text.encode()


def _time(raw: bytes) -> bytes:
    if len(raw) not in (0, 8, 12):
        raise ValueError("no time")
    negative, days, hour, minute, second, micro = struct.unpack("<BIBBBI", raw.ljust(12, b"\0"))
    text = f"{'-' * bool(negative)}{days * 24 + hour:02}:{minute:02}:{second:02}" + (f".{micro:06}" if micro else "")
    return text.encode()


def csv_line(cells: list[bytes | None], columns: list[Column], utf8: bool = False) -> bytes:
    """A row as a line of CSV in UTF-8; NULL is empty. `utf8` where every column says that it is."""
    line = b",".join([cell or b"" for cell in cells])
    if line.count(b",") < len(cells) and not _QUOTED.search(line) and (line.isascii() or (utf8 and _is_utf8(line))):
        return line + b"\n"  # most rows
    return b",".join([_cell(cell, one.encoding) for cell, one in zip(cells, columns, strict=True)]) + b"\n"


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _cell(cell: bytes | None, charset: str) -> bytes:
    if cell is None:
        return b""
    if not cell.isascii():
        for name in (charset, "utf-8"):
            try:
                text = cell.decode(name)
                cell = cell if name == "utf-8" else text.encode("utf-8")
                break
            except UnicodeError:
                continue
        else:
            cell = b"0x" + cell.hex().encode()  # a binary value
    if b"," in cell or _QUOTED.search(cell):
        return b'"' + cell.replace(b'"', b'""') + b'"'
    return cell


def _utf8(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
