"""Property sets of compound files ([MS-OLEPS]): author, company, who saved last, and properties of people's own."""

from __future__ import annotations

import struct

__all__ = ["lines"]

_NAMES = {2: "title", 3: "subject", 4: "author", 5: "keywords", 6: "comments", 8: "last author"}
_DOCUMENT = {2: "category", 14: "manager", 15: "company"}
_SUMMARY = bytes.fromhex("e0859ff2f94f6810ab9108002b27b3d9")
_TEXT, _WIDE, _VECTOR, _VARIANT = 0x1E, 0x1F, 0x1000, 0x0C
_MOST = 1000


def lines(data: bytes) -> str:
    """The properties that are text, as `name: value` lines. Raises struct.error where the set is cut."""
    if data[:2] != b"\xfe\xff":
        return ""
    (sections,) = struct.unpack_from("<I", data, 24)
    out: list[str] = []
    for index in range(min(sections, 2)):
        kind = data[28 + 20 * index : 44 + 20 * index]
        (offset,) = struct.unpack_from("<I", data, 44 + 20 * index)
        out += _section(data[offset:], {} if index else _NAMES if kind == _SUMMARY else _DOCUMENT)
    return "\n".join(dict.fromkeys(out))


def _section(data: bytes, names: dict[int, str]) -> list[str]:
    (count,) = struct.unpack_from("<I", data, 4)
    count = min(count, _MOST, (len(data) - 8) // 8)
    places = dict(struct.iter_unpack("<II", data[8 : 8 + 8 * count]))
    codec = _codec(struct.unpack_from("<H", data, places[1] + 4)[0]) if 1 in places else "cp1252"
    own = _dictionary(data, places[0], codec) if 0 in places and places[0] + 4 <= len(data) else {}
    out = []
    for number, offset in places.items():
        if number in (0, 1, 18) or offset + 8 > len(data):  # 18: the program that wrote it
            continue
        name = own.get(number) or names.get(number) or f"property {number}"
        out += [f"{name}: {value}" for value in _texts(data, offset, codec) if value.strip()]
    return out


def _texts(data: bytes, at: int, codec: str) -> list[str]:
    """The texts of one property: none, one, or those of a vector."""
    (kind,) = struct.unpack_from("<I", data, at)
    at += 4
    count = 1
    if kind & _VECTOR:
        (count,) = struct.unpack_from("<I", data, at)
        at += 4
    out: list[str] = []
    for _ in range(min(count, _MOST)):
        item = kind & 0xFFF
        if item == _VARIANT:
            (item,) = struct.unpack_from("<I", data, at)
            at += 4
            if item not in (_TEXT, _WIDE):
                at += 4
                continue
        if item not in (_TEXT, _WIDE):
            return out
        (size,) = struct.unpack_from("<I", data, at)
        size *= 2 if item == _WIDE else 1
        out.append(_decoded(data[at + 4 : at + 4 + size], "utf-16-le" if item == _WIDE else codec))
        at += 4 + size + (-size % 4 if not kind & _VECTOR or item == _WIDE else 0)
    return out


def _dictionary(data: bytes, at: int, codec: str) -> dict[int, str]:
    (count,) = struct.unpack_from("<I", data, at)
    at += 4
    names = {}
    wide = codec == "utf-16-le"
    for _ in range(min(count, _MOST)):
        if at + 8 > len(data):
            break
        number, size = struct.unpack_from("<II", data, at)
        size *= 2 if wide else 1
        names[number] = _decoded(data[at + 8 : at + 8 + size], codec)
        at += 8 + size + (-size % 4 if wide else 0)
    return names


def _codec(page: int) -> str:
    known = {65001: "utf-8", 1200: "utf-16-le", 936: "gb18030", 54936: "gb18030", 10000: "mac-roman"}
    return known.get(page, f"cp{page}")


def _decoded(raw: bytes, codec: str) -> str:
    try:
        text = raw.decode(codec, "replace")
    except LookupError:
        text = raw.decode("latin-1")
    return text.split("\0", 1)[0].strip()
