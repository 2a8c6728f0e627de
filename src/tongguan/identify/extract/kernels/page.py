"""HTML to text: one pass over the tags, forgiving whatever stands between them."""

from __future__ import annotations

import numpy as np

from tongguan.identify.extract.kernels.compiled import Bytes, Offsets, compiled
from tongguan.identify.extract.kernels.references import put
from tongguan.identify.extract.kernels.tags import (
    BLOCK,
    BREAK,
    CELL,
    FORM,
    LINE,
    OFFSET,
    PRIME,
    ROW,
    SCRIPT,
    STYLE,
    TABLE,
    VERBATIM,
    VOID,
    attributes,
    end_of,
    entity,
    tag_kind,
)

__all__ = ["CODE", "COMMENT", "page"]

REVISION = "16ce39f2"  # of the modules that are compiled into these kernels: the cache looks at this file alone

COMMENT, CODE = 0, 1  # kinds of the byte ranges that `page` sets aside

_MAX_DEPTH = 512


@compiled("int64(uint8[::1], int64, int64)")
def _newlines(out: Bytes, wrote: int, wanted: int) -> int:
    """Write newlines so that `wanted` (0 to 2) stand at the end, none at the very start. Returns how many it wrote."""
    have = 0
    while have < wanted and wrote > have and out[wrote - 1 - have] == 0x0A:
        have += 1
    if wrote == 0:
        return 0
    for index in range(wanted - have):
        out[wrote + index] = 0x0A
    return wanted - have


@compiled(
    "UniTuple(int64, 6)(Array(uint8, 1, 'C', readonly=True), uint8[::1], uint8[::1], int64[:, ::1], int64[:, ::1],"
    " int64[:, ::1], uint8[::1])"
)
def page(
    data: Bytes, out: Bytes, fields: Bytes, aside: Offsets, cells: Offsets, rows: Offsets, layout: Bytes
) -> tuple[int, int, int, int, int, int]:
    """Turn HTML in UTF-8 into text.

    Writes the text to `out` and the speaking attributes to `fields` (each twice as long as `data`, at least), byte
    ranges of scripts and comments with their kind to `aside`, cells (start, end, column, table, as characters of the
    text) to `cells`, rows (start, table) to `rows`, and 1 to `layout` for each table that holds another one. A blank
    line stands around paragraphs, list items, forms and tables, and between neighbours that look alike and hold blocks
    themselves. Returns how much of each was written.
    """
    size = data.shape[0]
    names = np.zeros(_MAX_DEPTH, dtype=np.uint64)  # open elements
    before = np.zeros(_MAX_DEPTH + 1, dtype=np.uint64)  # look of the last child of each
    rich = np.zeros(_MAX_DEPTH + 1, dtype=np.uint8)  # whether that child holds blocks
    open_table = np.full(_MAX_DEPTH + 1, -1, dtype=np.int64)  # stack of tables
    column = np.zeros(_MAX_DEPTH + 1, dtype=np.int64)
    cell = np.full(_MAX_DEPTH + 1, -1, dtype=np.int64)  # where the open cell of each starts
    depth = nest = wrote = char = noted = n_aside = n_cells = n_rows = n_tables = 0
    verbatim = 0
    owed = 0  # newlines to stand before the next text
    space = False  # white space came before it
    fresh = False  # it is the first of its cell
    at = 0
    while at < size and wrote + 8 < out.shape[0]:
        byte = data[at]
        if byte != 0x3C or at + 1 >= size:
            # ── text ──
            if byte <= 0x20:
                if verbatim > 0 and byte == 0x0A:
                    owed = max(owed, 1)
                space = True
                at += 1
                continue
            if owed > 0:
                fill = 0 if fresh else _newlines(out, wrote, owed)
                wrote += fill
                char += fill
                owed = 0
            elif space and wrote > 0 and out[wrote - 1] > 0x20:
                out[wrote] = 0x20
                wrote += 1
                char += 1
            space = fresh = False
            if byte == 0x26:
                point, after = entity(data, at, size)
                if point >= 0:
                    wrote = put(point, out, wrote)
                    char += 1
                    at = after
                    continue
            out[wrote] = byte
            wrote += 1
            if byte & 0xC0 != 0x80:
                char += 1
            at += 1
            continue
        following = data[at + 1]
        if following == 0x21 or following == 0x3F:
            # ── comments, declarations ──
            begin = at + 2
            if following == 0x21 and at + 3 < size and data[at + 2] == 0x2D and data[at + 3] == 0x2D:
                begin = at + 4
                at = begin
                while at < size and not (
                    data[at] == 0x3E and at >= begin + 2 and data[at - 1] == 0x2D and data[at - 2] == 0x2D
                ):
                    at += 1
                if at - begin > 4 and n_aside < aside.shape[0]:
                    aside[n_aside, 0] = begin
                    aside[n_aside, 1] = max(begin, at - 2)
                    aside[n_aside, 2] = COMMENT
                    n_aside += 1
            else:
                while at < size and data[at] != 0x3E:
                    at += 1
            at += 1
            continue
        closing = following == 0x2F
        at_name = at + 2 if closing else at + 1
        if at_name >= size or not 0x61 <= data[at_name] | 0x20 <= 0x7A:
            # ── a sign that opens no tag ──
            if owed > 0:
                fill = 0 if fresh else _newlines(out, wrote, owed)
                wrote += fill
                char += fill
                owed = 0
            space = fresh = False
            out[wrote] = byte
            wrote += 1
            char += 1
            at += 1
            continue
        tag = np.uint64(OFFSET)
        at = at_name
        while at < size and data[at] > 0x20 and data[at] != 0x3E and data[at] != 0x2F:
            letter = data[at]
            if 0x41 <= letter <= 0x5A:
                letter |= 0x20
            tag = (tag ^ np.uint64(letter)) * np.uint64(PRIME)
            at += 1
        kind = tag_kind(tag)
        if closing:
            while at < size and data[at] != 0x3E:
                at += 1
            at += 1
            # Close the innermost element of that name, if one is open near by.
            up = depth - 1
            while up >= 0 and up >= depth - 16 and names[min(up, _MAX_DEPTH - 1)] != tag:
                up -= 1
            if up >= 0 and up >= depth - 16:
                depth = up
        else:
            at, noted, look, closed = attributes(data, at, tag, fields, noted)
            if kind in (SCRIPT, STYLE):
                end = end_of(data, at, tag)
                if kind == SCRIPT and n_aside < aside.shape[0]:
                    aside[n_aside, 0] = at
                    aside[n_aside, 1] = end
                    aside[n_aside, 2] = CODE
                    n_aside += 1
                at = end
                continue
            alike = depth <= _MAX_DEPTH and before[min(depth, _MAX_DEPTH)] == look and rich[min(depth, _MAX_DEPTH)] > 0
            if kind != 0 and kind != VOID and kind != BREAK and 0 < depth <= _MAX_DEPTH:
                rich[depth - 1] = 1
            if kind == BLOCK and 0 < depth <= _MAX_DEPTH and names[depth - 1] == tag:
                depth -= 1  # <p> and <li> close those before them
            if depth < _MAX_DEPTH and kind != VOID and kind != BREAK and not closed:
                before[depth] = look
                rich[depth] = 0
                names[depth] = tag
                depth += 1
                before[depth] = 0
                rich[depth] = 0
            if alike and kind != 0:
                owed = 2
        # ── what the tag does to the text ──
        if kind in (BREAK, LINE):
            owed = max(owed, 1)
        elif kind in (BLOCK, FORM, TABLE):
            owed = 2
        elif kind == VERBATIM:
            verbatim = max(0, verbatim + (-1 if closing else 1))
            owed = max(owed, 1)
        if not closing and kind in (FORM, ROW) and 1 < noted < fields.shape[0] and fields[noted - 2] != 0x0A:
            fields[noted] = 0x0A  # a record of its own
            noted += 1
        if kind < TABLE or kind > CELL:
            continue
        # ── tables ──
        if nest > 0 and cell[nest] >= 0 and (kind != TABLE or closing):
            # The open cell ends.
            if n_cells < cells.shape[0] and char > cell[nest]:
                cells[n_cells, 0] = cell[nest]
                cells[n_cells, 1] = char
                cells[n_cells, 2] = column[nest]
                cells[n_cells, 3] = open_table[nest]
                n_cells += 1
            cell[nest] = -1
            if kind in (CELL, ROW):
                column[nest] += 1
        if kind == TABLE:
            if not closing and nest < _MAX_DEPTH and n_tables < layout.shape[0]:
                if nest > 0:
                    layout[open_table[nest]] = 1
                nest += 1
                open_table[nest] = n_tables
                cell[nest] = -1
                column[nest] = 0
                n_tables += 1
            elif closing and nest > 0:
                nest -= 1
        elif nest > 0 and not closing:
            fill = _newlines(out, wrote, 1 if kind == ROW else 0 if fresh or column[nest] > 0 else owed)
            wrote += fill
            char += fill
            owed = 0
            space = False
            fresh = True
            if kind == ROW:
                column[nest] = 0
                if n_rows < rows.shape[0]:
                    rows[n_rows, 0] = char
                    rows[n_rows, 1] = open_table[nest]
                    n_rows += 1
            else:
                if column[nest] > 0:
                    out[wrote] = 0x09
                    wrote += 1
                    char += 1
                cell[nest] = char
        elif closing and kind == ROW:
            owed = max(owed, 1)
    return wrote, noted, n_aside, n_cells, n_rows, n_tables
