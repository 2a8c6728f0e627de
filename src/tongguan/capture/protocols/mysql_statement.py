"""Statements of MySQL: their text, and the values bound to prepared ones."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tongguan.capture.protocols.mysql_wire import Column, Cursor, binary_value, csv_line
from tongguan.model import Content

__all__ = ["Prepared", "parameters", "statement_of"]

_STATEMENT = re.compile(
    rb"(?i)\x03(?:\x00\x01)?\s*(?:select|insert|update|delete|replace|show|set|call|with|create|begin|commit|use)\b"
)
_COUNT_IS_SENT = 8  # flag of COM_STMT_EXECUTE
_MOST = 65_535


@dataclass(slots=True)
class Prepared:
    """A prepared statement."""

    statement: str
    operation: str
    parameters: int = 0
    types: list[tuple[int, bool, str]] = field(default_factory=list)  # type, unsigned, name: as last bound
    columns: list[Column] = field(default_factory=list)  # of its last result


def statement_of(packet: bytes, attributes: bool = False, bare: bool = False) -> bytes | None:
    """The text of COM_QUERY behind its query attributes.

    `bare` packets stand without their header. For others, first bytes of a connection caught in the middle: None where
    they are no whole statement.
    """
    if not bare:
        if len(packet) < 8 or packet[3] or int.from_bytes(packet[:3], "little") + 4 != len(packet):
            return None
        return packet[5:] if _STATEMENT.match(packet, 4) else None
    if packet[0] != 3 or not (attributes or packet[1:3] == b"\x00\x01"):
        return None
    cursor = Cursor(packet, 1)
    count = cursor.length()
    cursor.length()
    if count:
        nulls = cursor.take((count + 7) // 8)
        cursor.take(1)
        types = _types(cursor, count, True)
        for i, (kind, unsigned, _) in enumerate(types):
            if not nulls[i // 8] >> i % 8 & 1:
                binary_value(cursor, kind, unsigned)
    return cursor.rest()


def parameters(packet: bytes, prepared: Prepared, named: bool) -> tuple[Content, ...]:
    """The values that COM_STMT_EXECUTE binds, as a table of one row. Raises `ValueError`."""
    cursor = Cursor(packet, 10)
    count = prepared.parameters
    if named and packet[5] & _COUNT_IS_SENT:
        count = cursor.length()
    if not 0 < count <= _MOST:
        return ()
    nulls = cursor.take((count + 7) // 8)
    if cursor.number(1):
        prepared.types = _types(cursor, count, named)
    if len(prepared.types) != count:
        raise ValueError("types of parameters unknown")
    cells = [
        None if nulls[i // 8] >> i % 8 & 1 else binary_value(cursor, kind, unsigned)
        for i, (kind, unsigned, _) in enumerate(prepared.types)
    ]
    columns = [Column(name or f"p{i + 1}", "", 253, "utf-8") for i, (_, _, name) in enumerate(prepared.types)]
    names: list[bytes | None] = [one.name.encode() for one in columns]
    table = csv_line(names, columns) + csv_line(cells, columns)
    return (Content("parameters", "text/csv", len(table), table, "utf-8"),)


def _types(cursor: Cursor, count: int, named: bool) -> list[tuple[int, bool, str]]:
    types = []
    for _ in range(count):
        kind, flags = cursor.number(1), cursor.number(1)
        name = cursor.string().decode("utf-8", "replace") if named else ""
        types.append((kind, bool(flags & 0x80), name))
    return types
