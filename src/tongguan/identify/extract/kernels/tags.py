"""The parts of HTML: tags, attributes, character references."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.extract.kernels.compiled import Bytes, compiled
from tongguan.identify.extract.kernels.references import named, put

__all__ = [
    "BLOCK",
    "BREAK",
    "CELL",
    "FORM",
    "LINE",
    "OFFSET",
    "PRIME",
    "ROW",
    "SCRIPT",
    "STYLE",
    "TABLE",
    "VERBATIM",
    "VOID",
    "Hashes",
]
__all__ += ["attributes", "end_of", "entity", "hash_of", "table_of", "tag_kind"]

REVISION = "8a3e3fe3"  # of the modules that are compiled into these kernels: the cache looks at this file alone

Hashes = NDArray[np.uint64]

OFFSET = 14695981039346656037
PRIME = 1099511628211
_MASK = (1 << 64) - 1


def hash_of(name: str) -> int:
    """FNV-1a of a name, as the kernels compute it."""
    value = OFFSET
    for byte in name.encode():
        value = ((value ^ byte) * PRIME) & _MASK
    return value


# What a tag does to the text around it. Tags that are not listed are inline.
LINE, BLOCK, VOID, SCRIPT, STYLE, VERBATIM, TABLE, ROW, CELL, FORM, BREAK = range(1, 12)
_KINDS = {
    LINE: "div dd dt figcaption header footer main nav aside address caption center thead tbody tfoot html head body "
    "select optgroup legend iframe noscript summary details hr",
    BLOCK: "p li dl ul ol article section h1 h2 h3 h4 h5 h6 option blockquote fieldset figure title",
    VOID: "img input meta link base area col embed source track wbr param",
    SCRIPT: "script",
    STYLE: "style",
    VERBATIM: "pre textarea",
    TABLE: "table",
    ROW: "tr",
    CELL: "td th",
    FORM: "form",
    BREAK: "br",
}
_SLOTS = 512


def table_of(names_of: Mapping[int, str], slots: int) -> tuple[Hashes, Bytes]:
    """An open hash table of names: their hashes, 0 in free slots, and the kind of each."""
    hashes = np.zeros(slots, dtype=np.uint64)
    kinds = np.zeros(slots, dtype=np.uint8)
    for kind, names in names_of.items():
        for name in names.split():
            slot = hash_of(name) % slots
            while hashes[slot]:
                slot = (slot + 1) % slots
            hashes[slot], kinds[slot] = hash_of(name), kind
    return hashes, kinds


_TAG_HASHES, _TAG_KINDS = table_of(_KINDS, _SLOTS)
# Attributes whose values are text; `name` and `id` say what a value is.
_SPEAKING = np.array(
    [hash_of(n) for n in ["value", "alt", "title", "placeholder", "content", "aria-label", "label"]], dtype=np.uint64
)
_NAMES = np.array([hash_of(n) for n in ["name", "id", "property"]], dtype=np.uint64)
_VALUES = np.array([hash_of(n) for n in ["value", "content"]], dtype=np.uint64)
_CLASS = np.uint64(hash_of("class"))
_DATA = np.frombuffer(b"data-", dtype=np.uint8).copy()


@compiled("uint8(uint64)")
def tag_kind(name: np.uint64) -> int:
    slot: Any = np.int64(name % np.uint64(_SLOTS))
    while _TAG_HASHES[slot] != 0:
        if _TAG_HASHES[slot] == name:
            return _TAG_KINDS[slot]  # type: ignore[no-any-return]
        slot = (slot + 1) % _SLOTS
    return 0


@compiled("UniTuple(int64, 2)(Array(uint8, 1, 'C', readonly=True), int64, int64)")
def entity(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """The character that a reference at `at` stands for, and the byte after it; (-1, at) where it is none."""
    probe = at + 1
    if probe < end and data[probe] == 0x23:
        probe += 1
        base = 10
        if probe < end and data[probe] | 0x20 == 0x78:
            base = 16
            probe += 1
        point: Any = 0
        digits = 0
        while probe < end and digits < 8:
            byte = data[probe]
            if 0x30 <= byte <= 0x39:
                nibble = np.int64(byte) - 0x30
            elif base == 16 and 0x61 <= byte | 0x20 <= 0x66:
                nibble = np.int64(byte | 0x20) - 0x57
            else:
                break
            point = point * base + nibble
            digits += 1
            probe += 1
        if digits == 0 or point > 0x10FFFF or 0xD800 <= point < 0xE000:
            return -1, at
        if probe < end and data[probe] == 0x3B:
            probe += 1
        return max(point, 0x20), probe
    while probe < end and probe - at <= 4 and data[probe] != 0x3B:
        probe += 1
    if probe >= end or data[probe] != 0x3B:
        return -1, at
    point = named(data, at + 1, probe)
    if point < 0 and probe - at == 5 and data[at + 1] == 0x6E and data[at + 2] == 0x62 and data[at + 3] == 0x73:
        point = 0x20 if data[at + 4] == 0x70 else -1  # nbsp
    return (point, probe + 1) if point >= 0 else (-1, at)


@compiled("int64(Array(uint8, 1, 'C', readonly=True), int64, int64, uint8[::1], int64)")
def _copy(data: Bytes, begin: int, end: int, out: Bytes, wrote: int) -> int:
    """Copy an attribute's value with its references decoded; line breaks become spaces."""
    at = begin
    while at < end and wrote + 4 < out.shape[0]:
        byte = data[at]
        if byte == 0x26:
            point, after = entity(data, at, end)
            if point >= 0:
                wrote = put(point, out, wrote)
                at = after
                continue
        out[wrote] = 0x20 if byte < 0x20 else byte
        wrote += 1
        at += 1
    return wrote


@compiled("boolean(uint64, Array(uint64, 1, 'C', readonly=True))")
def _among(name: np.uint64, names: Hashes) -> bool:
    for index in range(names.shape[0]):  # noqa: SIM110 (a loop is what compiles well)
        if names[index] == name:
            return True
    return False


@compiled("int64(Array(uint8, 1, 'C', readonly=True), int64, int64, Array(uint8, 1, 'C', readonly=True))")
def _starts(data: Bytes, begin: int, end: int, prefix: Bytes) -> int:
    """1 where the bytes begin with a prefix, else 0."""
    if end - begin < prefix.shape[0]:
        return 0
    for index in range(prefix.shape[0]):
        if data[begin + index] != prefix[index]:
            return 0
    return 1


@compiled("boolean(Array(uint8, 1, 'C', readonly=True), int64, int64)")
def _telling(data: Bytes, begin: int, end: int) -> bool:
    """Whether any attribute's value may say something of a person: a run of six digits, an @, or what is not ASCII."""
    run = 0
    for at in range(begin, end):
        byte = data[at]
        run = run + 1 if 0x30 <= byte <= 0x39 else 0
        if run == 6 or byte == 0x40 or byte >= 0x80:
            return True
    return False


@compiled(
    "Tuple((int64, int64, uint64, boolean))(Array(uint8, 1, 'C', readonly=True), int64, uint64, uint8[::1], int64)"
)
def attributes(data: Bytes, begin: int, tag: np.uint64, out: Bytes, wrote: int) -> tuple[int, int, np.uint64, bool]:
    """Read the attributes of a tag, writing the speaking ones as `name: value` lines.

    Returns the byte after the tag, where the next line goes, a hash of tag and class, and whether the tag closes
    itself.
    """
    size = data.shape[0]
    at = begin
    own_begin = own_end = value_begin = value_end = -1
    look = tag
    closed = False
    while at < size and data[at] != 0x3E:
        byte = data[at]
        if byte <= 0x20 or byte == 0x2F:
            closed = byte == 0x2F
            at += 1
            continue
        closed = False
        name_begin = at
        name = np.uint64(OFFSET)
        while at < size and data[at] > 0x20 and data[at] != 0x3D and data[at] != 0x3E and data[at] != 0x2F:
            letter = data[at]
            if 0x41 <= letter <= 0x5A:
                letter |= 0x20
            name = (name ^ np.uint64(letter)) * np.uint64(PRIME)
            at += 1
        name_end = at
        if name_end == name_begin:  # a stray sign
            at += 1
            continue
        while at < size and data[at] <= 0x20:
            at += 1
        if at >= size or data[at] != 0x3D:
            continue
        at += 1
        while at < size and data[at] <= 0x20:
            at += 1
        quote = data[at] if at < size else 0
        quoted = quote == 0x22 or quote == 0x27
        first = at + 1 if quoted else at
        stop = first
        if quoted:
            while stop < size and data[stop] != quote:
                stop += 1
        if quoted and stop < size:
            at = stop + 1
        else:  # without quotes, or with one that nothing closes
            stop = first
            while stop < size and data[stop] > 0x20 and data[stop] != 0x3E:
                stop += 1
            at = stop
        if stop == first:
            continue
        if name == _CLASS:
            for index in range(first, stop):
                look = (look ^ np.uint64(data[index])) * np.uint64(PRIME)
        elif _among(name, _NAMES):
            if own_begin < 0 and stop - first <= 64:
                own_begin, own_end = first, stop
        elif _among(name, _VALUES):
            value_begin, value_end = first, stop
        elif (
            _among(name, _SPEAKING) or _starts(data, name_begin, name_end, _DATA) or _telling(data, first, stop)
        ) and wrote + (stop - name_begin) + 8 < out.shape[0]:
            wrote = _copy(data, name_begin, name_end, out, wrote)
            out[wrote] = 0x3A
            out[wrote + 1] = 0x20
            wrote = _copy(data, first, stop, out, wrote + 2)
            out[wrote] = 0x0A
            wrote += 1
    if value_begin >= 0 and wrote + (value_end - value_begin) + 80 < out.shape[0]:
        if own_begin >= 0:
            wrote = _copy(data, own_begin, own_end, out, wrote)
            out[wrote] = 0x3A
            out[wrote + 1] = 0x20
            wrote += 2
        wrote = _copy(data, value_begin, value_end, out, wrote)
        out[wrote] = 0x0A
        wrote += 1
    return min(at + 1, size), wrote, look, closed


@compiled("int64(Array(uint8, 1, 'C', readonly=True), int64, uint64)")
def end_of(data: Bytes, begin: int, tag: np.uint64) -> int:
    """Where the closing tag of a script or style begins; the end of the data where there is none."""
    size: int = data.shape[0]
    for at in range(begin, size - 1):
        if data[at] == 0x3C and data[at + 1] == 0x2F:
            name = np.uint64(OFFSET)
            probe = at + 2
            while probe < size and 0x41 <= data[probe] | 0x20 <= 0x7A and probe - at < 10:
                name = (name ^ np.uint64(data[probe] | 0x20)) * np.uint64(PRIME)
                probe += 1
            if name == tag:
                return at
    return size
