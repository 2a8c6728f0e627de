"""Tables of dBase, FoxPro and what writes their format (.dbf): records of fixed length, also those marked as deleted.

Source: the format as dBASE III Plus and Visual FoxPro document it; widely used by tax, payroll and securities programs.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, BinaryIO

__all__ = ["Dbase", "is_dbase"]

_VERSIONS = b"\x02\x03\x04\x05\x30\x31\x32\x43\x63\x83\x8b\x8c\xcb\xf5\xfb"
_ENTRY = 32  # bytes of the header, and of each field's description behind it
_ENDS = b"\r"
_KINDS = b"CNFDLMIBYTGPVWQO0@+"
_MOST_FIELDS = 2046
_BATCH = 1000  # records
_CODES = {  # language driver to codec
    0x01: "cp437", 0x02: "cp850", 0x03: "cp1252", 0x13: "cp932", 0x4D: "gb18030", 0x4E: "cp949", 0x4F: "cp950",
    0x50: "cp874", 0x57: "cp1252", 0x58: "cp1252", 0x65: "cp866", 0x78: "cp950", 0x79: "cp949", 0x7A: "gb18030",
    0x7B: "cp932", 0x7C: "cp874", 0xC8: "cp1250", 0xC9: "cp1251",
}  # fmt: skip
_JULIAN = 1721425  # the day before 0001-01-01


@dataclass(frozen=True, slots=True)
class _Field:
    name: bytes
    kind: str  # one letter
    start: int  # in the record
    size: int


def is_dbase(data: bytes) -> bool:
    """Whether bytes from the beginning of a file are such a table: its lengths agree with its fields."""
    if len(data) < _ENTRY + 1 or data[0] not in _VERSIONS or not 1 <= data[2] <= 12 or not 1 <= data[3] <= 31:
        return False
    _, _, record = struct.unpack_from("<IHH", data, 4)
    fields = _fields(data)
    return bool(fields) and fields[-1].start + fields[-1].size == record


def _fields(data: bytes) -> list[_Field]:
    """The fields that a header describes; none where it is no such header."""
    found: list[_Field] = []
    at, start = _ENTRY, 1
    while data[at : at + 1] != _ENDS:
        entry = data[at : at + _ENTRY]
        if len(entry) < _ENTRY or len(found) >= _MOST_FIELDS or entry[0] <= 0x20 or entry[11:12] not in _KINDS:
            return []
        kind, size = chr(entry[11]), entry[16]
        if kind == "C":
            size += entry[17] << 8
        found.append(_Field(entry[:11].partition(b"\0")[0], kind, start, size))
        at, start = at + _ENTRY, start + size
    return found


class Dbase:
    """A table in an open file. Raises ValueError where it is none."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        head = file.read(_ENTRY)
        if len(head) < _ENTRY:
            raise ValueError("no header")
        self.records, begin, self._size = struct.unpack_from("<IHH", head, 4)
        head += file.read(begin - _ENTRY)
        if not is_dbase(head):
            raise ValueError("a header whose lengths do not agree")
        self._fields = _fields(head)
        self.memos = 0  # texts that lie in another file, as far as records were read
        self.read = 0  # records that were there
        file.seek(begin)
        self._codec = _CODES.get(head[29]) or self._guessed(file.read(1 << 16))
        file.seek(begin)

    @property
    def columns(self) -> list[str]:
        """Names of the fields."""
        return [self._text(field.name) for field in self._fields]

    def batches(self) -> Iterator[list[list[Any]]]:
        """Rows of values, as far as the file goes."""
        while self.read < self.records:
            block = self._file.read(self._size * min(_BATCH, self.records - self.read))
            whole = len(block) // self._size
            if not whole:
                return
            self.read += whole
            yield [self._row(block[at : at + self._size]) for at in range(0, whole * self._size, self._size)]

    def _row(self, record: bytes) -> list[Any]:
        return [self._value(field.kind, record[field.start : field.start + field.size]) for field in self._fields]

    def _value(self, kind: str, raw: bytes) -> Any:
        match kind:
            case "C" | "V":
                return self._text(raw)
            case "M" | "G" | "P" | "W":
                self.memos += bool(raw.strip(b"\0 0"))
                return ""
            case "D" if len(raw) == 8 and raw.isdigit():
                return f"{raw[:4].decode()}-{raw[4:6].decode()}-{raw[6:].decode()}"
            case "I" | "+" if len(raw) == 4:
                return str(struct.unpack("<i", raw)[0])
            case "B" | "O" if len(raw) == 8:
                return struct.unpack("<d", raw)[0]
            case "Y" if len(raw) == 8:
                return str(struct.unpack("<q", raw)[0] / 10_000)
            case "T" | "@" if len(raw) == 8:
                return _moment(*struct.unpack("<ii", raw))
            case "0" | "Q":
                return ""
        return raw.strip(b"\0 ").decode("ascii", "replace")

    def _text(self, raw: bytes) -> str:
        return raw.rstrip(b"\0 ").decode(self._codec, "replace").strip()

    def _guessed(self, records: bytes) -> str:
        """The codec of text of which the header says nothing: what it is written in here, but for plain UTF-8."""
        texts = b"\n".join(
            records[at + field.start : at + field.start + field.size]
            for at in range(0, len(records) - self._size + 1, self._size)
            for field in self._fields
            if field.kind in "CV"
        )
        try:
            texts.decode("utf-8")
        except UnicodeDecodeError:
            return "gb18030"
        return "utf-8"


def _moment(day: int, milliseconds: int) -> str:
    try:
        found = date.fromordinal(day - _JULIAN) if day else None
    except (ValueError, OverflowError):
        return ""
    return f"{found} {timedelta(seconds=milliseconds // 1000)}" if found else ""
