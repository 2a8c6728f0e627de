"""Word 6 to 2003 documents ([MS-DOC]): all text of the piece table, deleted and hidden text too, and who wrote it."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from .found import Found

if TYPE_CHECKING:
    from .compound import Storage

__all__ = ["read"]

_ENCRYPTED, _TABLE_1 = 0x0100, 0x0200
_WORD_97 = 193
_CLX, _COMMENTERS, _REVISERS, _SAVERS = 0x1A2, 0x1BA, 0x232, 0x2D2  # places in the FIB of an offset and a size
_LENGTHS = 0x4C
# Parts of the document in the order of their text and of their lengths.
_PARTS = (None, "footnotes", "headers", "macros", "comments", "endnotes", "text boxes", "text boxes of headers")
_FIELD = re.compile(r"\x13([^\x13\x14\x15]*)(?:\x14([^\x13\x14\x15]*))?\x15")
# What a field of equations writes one thing above another with: a reading above a name, as Word and LibreOffice do it.
_PLAIN = r"(?:[^()\\]|\\[(),;\\])*+"
_RUBY = re.compile(
    rf"\\o\s{{0,9}}(?:\\a[a-z]\s{{0,9}})?\(\\s\\up\s{{0,9}}\d{{0,5}}\(({_PLAIN})\)\s{{0,9}}[,;]({_PLAIN})\)"
)
_SWITCH = re.compile(r'\\\*\s{0,9}(?:"[^"]*"|\S*)|\\[a-z]+\s{0,9}-?\d*|\\')
_SIGNS = {7: "\t", 11: "\n", 12: "\n", 13: "\n", 14: "\n", 30: "-", 160: " "}
_CLEAN = {**dict.fromkeys((*range(9), *range(15, 30), 31), None), **_SIGNS, 9: "\t"}
_LANGUAGES = {0x0804: "gb18030", 0x0404: "big5hkscs", 0x0C04: "big5hkscs", 0x0411: "cp932", 0x0412: "cp949"}


def read(storage: Storage, found: Found) -> None:
    """Add the texts of a storage that holds a Word document."""
    body = storage.stream("WordDocument") or b""
    version, flags = struct.unpack_from("<H", body, 2)[0], struct.unpack_from("<H", body, 10)[0]
    if flags & _ENCRYPTED:
        found.end = "encrypted"
        return
    if version < _WORD_97:
        first, last = struct.unpack_from("<II", body, 24)
        codec = _LANGUAGES.get(struct.unpack_from("<H", body, 6)[0], "cp1252")
        found.text(storage.called() or None, _readable(body[first:last].decode(codec, "replace")))
        return
    table = storage.stream("1Table" if flags & _TABLE_1 else "0Table") or b""
    text = _text(body, _place(body, table, _CLX))
    at = 0
    for index, name in enumerate(_PARTS):
        (length,) = struct.unpack_from("<i", body, _LENGTHS + 4 * index)
        if length > 0:
            called = storage.called(name) if name else storage.called() or None
            found.text(called, _readable(text[2 * at : 2 * (at + length)].decode("utf-16-le", "replace")))
            at += length
    if at * 2 > len(text):
        found.damaged()
    people = _names(_place(body, table, _COMMENTERS)) + _table(_place(body, table, _REVISERS))
    people += _table(_place(body, table, _SAVERS))  # names and paths of the last who saved it
    people = [name for name in dict.fromkeys(people) if name.strip() and name != "Unknown"]
    found.text(storage.called("people"), "\n".join(f"author: {name}" for name in people), "form")


def _place(body: bytes, table: bytes, at: int) -> bytes:
    if at + 8 > len(body):
        return b""
    offset, size = struct.unpack_from("<II", body, at)
    return table[offset : offset + size]


def _text(body: bytes, clx: bytes) -> bytes:
    """The whole text in UTF-16, put together from its pieces."""
    at = 0
    while at < len(clx) and clx[at] == 1:
        at += 3 + struct.unpack_from("<H", clx, at + 1)[0]
    if at >= len(clx) or clx[at] != 2:
        raise ValueError("no piece table")
    (size,) = struct.unpack_from("<I", clx, at + 1)
    plc = clx[at + 5 : at + 5 + size]
    count = (len(plc) - 4) // 12
    ends = struct.unpack_from(f"<{count + 1}I", plc)
    out = []
    for index in range(count):
        (place,) = struct.unpack_from("<I", plc, 4 * (count + 1) + 8 * index + 2)
        length = ends[index + 1] - ends[index]
        if not 0 <= length <= len(body):
            raise ValueError("a piece that cannot be")
        if place & 0x40000000:
            begin = (place & 0x3FFFFFFF) // 2
            out.append(body[begin : begin + length].decode("cp1252", "replace").encode("utf-16-le"))
        else:
            out.append(body[place : place + 2 * length])
    return b"".join(out)


def _readable(text: str) -> str:
    """Without the marks of fields, pictures and notes; the addresses that fields lead to stand at the end."""
    codes: list[str] = []

    def shown(field: re.Match[str]) -> str:
        if "@" in field.group(1) or "tel:" in field.group(1):
            codes.append(field.group(1).strip())
        elif field.group(2) is None and field.group(1).split(None, 1)[:1] == ["EQ"]:  # shows nothing but its code
            return equation(field.group(1).strip()[2:])
        return field.group(2) or ""

    def equation(code: str) -> str:
        above = _RUBY.findall(code)
        codes.extend(reading for reading, _ in above)
        return "".join(base for _, base in above) if above else _SWITCH.sub("", code).strip()

    for _ in range(5):  # fields within fields
        text, count = _FIELD.subn(shown, text)
        if not count:
            break
    return "\n".join([text.replace("\x07\x07", "\n").translate(_CLEAN), *codes])


def _names(data: bytes) -> list[str]:
    """Strings one after another, each with its length before it."""
    out, at = [], 0
    while at + 2 <= len(data):
        size = 2 * int.from_bytes(data[at : at + 2], "little")
        out.append(data[at + 2 : at + 2 + size].decode("utf-16-le", "replace"))
        at += 2 + size
    return out


def _table(data: bytes) -> list[str]:
    """A table of strings (STTB) in UTF-16."""
    if data[:2] != b"\xff\xff":
        return []
    extra = int.from_bytes(data[4:6], "little")
    out, at = [], 6
    while at + 2 <= len(data):
        size = 2 * int.from_bytes(data[at : at + 2], "little")
        out.append(data[at + 2 : at + 2 + size].decode("utf-16-le", "replace"))
        at += 2 + size + extra
    return out
