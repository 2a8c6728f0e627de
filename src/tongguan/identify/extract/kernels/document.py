"""XML parts of office documents to text: one pass over XML that is known to be well formed."""

from __future__ import annotations

from typing import Any

import numpy as np

from tongguan.identify.extract.kernels.compiled import Bytes, Offsets, compiled
from tongguan.identify.extract.kernels.references import named, numbered, put
from tongguan.identify.extract.kernels.tags import OFFSET, PRIME, Hashes, table_of

__all__ = ["CELL_END", "ROW_END", "SILENT_TEXT", "TABLE_END", "TELLING_TAG", "document"]

REVISION = "16ce39f2"  # of the modules that are compiled into these kernels: the cache looks at this file alone

# Written behind cells, rows and tables: signs that XML cannot hold.
CELL_END, ROW_END, TABLE_END = 0x1F, 0x1E, 0x1D
TELLING_TAG, SILENT_TEXT = 0, 1  # kinds of the byte ranges that are set aside

_SILENT, _TABLE, _ROW, _CELL, _BLOCK, _LINE, _TAB, _SPACE, _HYPHEN = range(1, 10)
_KINDS = {
    _SILENT: "instrText delInstrText binData fldData posOffset tableStyleId ClientData pctWidth pctHeight styles "
    "automatic-styles",
    _TABLE: "tbl table",
    _ROW: "tr table-row",
    _CELL: "tc table-cell covered-table-cell",
    _BLOCK: "p h v author title",
    _LINE: "br cr line-break",
    _TAB: "tab",
    _SPACE: "s",
    _HYPHEN: "noBreakHyphen",
}
# Attributes for whose sake a tag is set aside: people fill them in, or they name people or lead somewhere.
_TELLING = {
    1: "author displayName descr tooltip prompt promptTitle error errorTitle display string user alt connection "
    "command help-message title sourceFile name v comment Target href displayText"
}
_SLOTS = 128
_NAMES, _KIND_OF = table_of(_KINDS, _SLOTS)
_ATTRIBUTES, _TELLS = table_of(_TELLING, _SLOTS)
_WRITTEN = np.zeros(_HYPHEN + 1, dtype=np.uint8)
_WRITTEN[[_LINE, _TAB, _SPACE, _HYPHEN]] = 0x0A, 0x09, 0x20, 0x2D


@compiled("uint8(uint64, Array(uint64, 1, 'C', readonly=True), Array(uint8, 1, 'C', readonly=True))")
def _found(name: np.uint64, names: Hashes, kinds: Bytes) -> int:
    slot: Any = np.int64(name % np.uint64(_SLOTS))
    while names[slot] != 0:
        if names[slot] == name:
            return kinds[slot]  # type: ignore[no-any-return]
        slot = (slot + 1) % _SLOTS
    return 0


@compiled("UniTuple(int64, 2)(Array(uint8, 1, 'C', readonly=True), int64)")
def _reference(data: Bytes, at: int) -> tuple[int, int]:
    """The character that a reference at `at` stands for, -1 for one that XML does not know; and the byte after it."""
    end = at + 1
    while end < data.shape[0] and data[end] != 0x3B:
        end += 1
    if end > at + 1 and data[at + 1] == 0x23:
        point = numbered(data, at + 2, end)
        return point if point > 0 else -1, end + 1
    return named(data, at + 1, end), end + 1


@compiled("int64(Array(uint8, 1, 'C', readonly=True), int64, int64, boolean, uint8[::1], int64)")
def _text(data: Bytes, begin: int, end: int, raw: bool, out: Bytes, wrote: int) -> int:
    """Write character data, with its references decoded where it is not `raw`, and one kind of line end. Returns where
    the next goes, -1 at a reference that XML does not know."""
    at = begin
    while at < end:
        byte = data[at]
        if byte == 0x26 and not raw:
            point, at = _reference(data, at)
            if point < 0:
                return -1
            wrote = put(point, out, wrote)
            continue
        at += 1
        if byte == 0x0D:
            byte = 0x0A
            if at < end and data[at] == 0x0A:
                at += 1
        out[wrote] = byte
        wrote += 1
    return wrote


@compiled("Tuple((int64, boolean, boolean))(Array(uint8, 1, 'C', readonly=True), int64)")
def _attributes(data: Bytes, begin: int) -> tuple[int, bool, bool]:
    """The byte after a tag, whether the tag closes itself, and whether one of its attributes tells something."""
    size = data.shape[0]
    at = begin
    name = np.uint64(OFFSET)
    telling = False
    while at < size and data[at] != 0x3E:
        byte = data[at]
        if byte == 0x22 or byte == 0x27:
            telling |= _found(name, _ATTRIBUTES, _TELLS) > 0
            at += 1
            while at < size and data[at] != byte:
                at += 1
            name = np.uint64(OFFSET)
        elif byte == 0x3A:
            name = np.uint64(OFFSET)
        elif byte > 0x20 and byte != 0x3D:
            name = (name ^ np.uint64(byte)) * np.uint64(PRIME)
        at += 1
    return at + 1, data[at - 1] == 0x2F, telling


@compiled("int64(Array(uint8, 1, 'C', readonly=True), int64, uint8, uint8)")
def _behind(data: Bytes, at: int, first: int, second: int) -> int:
    """The byte behind two signs and a `>`, none of them before `at`; 0 stands for any sign."""
    size: int = data.shape[0]
    at += 2 if first else 1
    while at < size and not (data[at] == 0x3E and data[at - 1] == second and (first == 0 or data[at - 2] == first)):
        at += 1
    return at + 1


@compiled("UniTuple(int64, 3)(Array(uint8, 1, 'C', readonly=True), int64, uint8[::1], uint8[::1], int64[:, ::1])")
def document(data: Bytes, deepest: int, prose: Bytes, grids: Bytes, aside: Offsets) -> tuple[int, int, int]:
    """Write the text of well-formed XML in UTF-8 to `prose`, that of the cells of tables to `grids`.

    Both are as long as `data`. Behind each cell, row and table stands its sign; a table within a cell joins its text.
    `aside` takes (kind, start, end, bytes of prose before it) of each tag with an attribute that tells something, and
    of text that is not shown, with comments in it. Returns how much was written of each. The first is -1 where the XML
    is not plain: a DOCTYPE, cells that lie in no row or in each other, elements more than `deepest` deep, more to be
    set aside than there is room for.
    """
    size = data.shape[0]
    depth = tables = silent = wrote = in_grids = noted = 0
    in_row = in_cell = False
    going_on = False  # since the last text that is not shown no tag came
    at = 3 if size > 3 and data[0] == 0xEF and data[1] == 0xBB and data[2] == 0xBF else 0
    while at < size:
        start = begin = at
        following = data[at + 1] if at + 1 < size else 0
        raw = data[at] == 0x3C and following == 0x21 and at + 2 < size and data[at + 2] == 0x5B
        if data[at] != 0x3C or raw:
            # ── text, or a CDATA section ──
            end = size
            if raw:
                begin += len("<![CDATA[")
                at = _behind(data, begin, 0x5D, 0x5D)
                end = at - len("]]>")
            else:
                while at < size and data[at] != 0x3C:
                    at += 1
                end = at
            if silent > 0:
                if not going_on:
                    if noted >= aside.shape[0]:
                        return -1, 0, 0
                    aside[noted, 0], aside[noted, 1], aside[noted, 3] = SILENT_TEXT, start, wrote
                    noted += 1
                    going_on = True
                aside[noted - 1, 2] = at
            elif in_cell:
                in_grids = _text(data, begin, end, raw, grids, in_grids)
            elif depth > 0:
                wrote = _text(data, begin, end, raw, prose, wrote)
            if wrote < 0 or in_grids < 0:
                return -1, 0, 0
            continue
        if following == 0x3F:
            at = _behind(data, at + 2, 0, 0x3F)
            continue
        if following == 0x21:
            if at + 2 >= size or data[at + 2] != 0x2D:  # DOCTYPE
                return -1, 0, 0
            at = _behind(data, at + 4, 0x2D, 0x2D)
            continue
        # ── a tag ──
        going_on = False
        closing = following == 0x2F
        at += 2 if closing else 1
        name = np.uint64(OFFSET)
        while at < size and data[at] > 0x20 and data[at] != 0x3E and data[at] != 0x2F:
            name = np.uint64(OFFSET) if data[at] == 0x3A else (name ^ np.uint64(data[at])) * np.uint64(PRIME)
            at += 1
        kind = _found(name, _NAMES, _KIND_OF)
        at, closed, telling = _attributes(data, at)
        sign = 0
        if not closing:
            depth += 1
            if depth > deepest:
                return -1, 0, 0
            if silent > 0 or kind == _SILENT:
                silent += 1
            elif kind == _TABLE:
                tables += 1
            elif kind in (_ROW, _CELL):
                if tables == 1:
                    if in_cell or in_row != (kind == _CELL):
                        return -1, 0, 0
                    in_row, in_cell = True, kind == _CELL
            else:
                sign = _WRITTEN[kind]
        if closing or closed:
            depth -= 1
            if silent > 0:
                silent -= 1
            elif kind == _TABLE:
                tables -= 1
                if tables == 0:
                    grids[in_grids] = TABLE_END
                    in_grids += 1
            elif kind in (_ROW, _CELL):
                if tables == 1:
                    grids[in_grids] = CELL_END if kind == _CELL else ROW_END
                    in_grids += 1
                    in_row, in_cell = kind == _CELL, False
            elif kind == _BLOCK:
                sign = 0x0A
        if telling:
            if noted >= aside.shape[0]:
                return -1, 0, 0
            before = wrote + 1 if sign > 0 and kind != _BLOCK and not in_cell else wrote
            aside[noted, 0], aside[noted, 1], aside[noted, 2], aside[noted, 3] = TELLING_TAG, start, at, before
            noted += 1
        if sign > 0 and in_cell:
            grids[in_grids] = sign
            in_grids += 1
        elif sign > 0:
            prose[wrote] = sign
            wrote += 1
    return wrote, in_grids, noted
