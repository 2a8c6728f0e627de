"""HTML to pieces: what is read on the page, its tables, what its fields hold, and the data in its scripts."""

from __future__ import annotations

import re
from html import entities, unescape
from urllib.parse import unquote_to_bytes

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.extract import kernels, structured, tables
from tongguan.identify.extract.kernels.page import CODE, COMMENT
from tongguan.identify.extract.signs import occurrences_behind
from tongguan.identify.pieces import Piece

__all__ = ["html", "spans_joined"]

_NAMED = re.compile(rb"&([A-Za-z]{2,8}[0-9]{0,2});")
_KEPT = {b"amp", b"lt", b"gt", b"quot", b"apos", b"nbsp"}  # the kernel decodes these where they stand
_COLUMN, _TABLE = 2, 3
_WITHIN = 3  # pages within pages
_MOST_WITHIN = 1000
# A page in an attribute of another: that of a frame, or the address of what is shown (RFC 2397) where it is no base64.
_FRAME = re.compile(
    rb"""\b(?:srcdoc\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)')"""
    rb"""|(?:src|href|data)\s{0,9}=\s{0,9}(?:"data:(?:text/html|image/svg\+xml)([;,][^"]*)"|'data:(?:text/html|image/svg\+xml)([;,][^']*)'))""",
    re.IGNORECASE,
)
_MARKS = (b"srcdoc", b"SRCDOC", b"data:text/html", b"data:image/svg")
_ACROSS = re.compile(r"\bx\s{0,9}=")
_SPANS = re.compile(r"</(?:svg:)?tspan\s{0,9}>\s{0,200}<(?:svg:)?tspan\b([^<>]{0,2000})>")
_MOVED = re.compile(r"""\b(?:y|dy)\s{0,9}=\s{0,9}["']\s{0,9}(?!-?0*\.?0*[a-z%]{0,3}\s{0,9}["'])""")


def spans_joined(xml: str) -> str:
    """XML with the spans of SVG that stand in one line written as one; those of other lines begin a line."""
    if "tspan" not in xml:
        return xml
    return _SPANS.sub(lambda found: "\n" if _MOVED.search(found[1]) else " " if _ACROSS.search(found[1]) else "", xml)


def html(utf8: bytes, member: str | None, depth: int = 0) -> list[Piece]:
    """The pieces of an HTML page in UTF-8, then those of the pages that stand in its attributes.

    First what is read on it (kind `prose`, a record a block), then each table of at least two rows and columns, then
    the values of fields and other attributes that are text or look like an identifier (`form`), then each script, then
    all comments (`code`).
    """
    inner: list[bytes] = []
    if depth < _WITHIN and any(mark in utf8 for mark in _MARKS):
        utf8, inner = _parted(utf8)
    if b"&" in utf8:
        utf8 = _NAMED.sub(_named, utf8)
    data = np.frombuffer(utf8, dtype=np.uint8)
    scripts, cells_and_rows = occurrences_behind(data, b"<", b"sS!", b"tT")
    out = np.empty(2 * len(utf8) + 64, dtype=np.uint8)
    fields = np.empty(2 * len(utf8) + 256, dtype=np.uint8)
    aside = np.empty((scripts, 3), dtype=np.int64)
    cells = np.empty((cells_and_rows, 4), dtype=np.int64)
    rows = np.empty((cells_and_rows, 2), dtype=np.int64)
    layout = np.zeros(cells_and_rows, dtype=np.uint8)
    size, noted, n_aside, n_cells, n_rows, n_tables = kernels.page(data, out, fields, aside, cells, rows, layout)
    text = out[:size].tobytes().decode("utf-8", "replace")
    grids, prose = _grids(text, cells[:n_cells], rows[:n_rows], layout[:n_tables], member)
    pieces = [structured.prose(prose, prose.encode(), member)] if prose.strip() else []
    pieces += grids
    if noted:
        values = fields[:noted].tobytes()
        pieces.append(structured.prose(values.decode("utf-8", "replace"), values, member, "form"))
    pieces += _aside(utf8, aside[:n_aside], member)
    for page in inner:
        pieces += html(page, member, depth + 1)
    return pieces


def _parted(utf8: bytes) -> tuple[bytes, list[bytes]]:
    """A page without the pages in its attributes, and those."""
    inner: list[bytes] = []

    def taken(found: re.Match[bytes]) -> bytes:
        if len(inner) >= _MOST_WITHIN:
            return found[0]
        page = next(group for group in found.groups() if group is not None)
        if found[3] is not None or found[4] is not None:
            kind, comma, page = page.partition(b",")
            if not comma or b"base64" in kind.lower():  # long ones are opened as files are
                return found[0]
        page = unescape(page.decode("utf-8", "replace")).encode()
        if found[3] is not None or found[4] is not None:
            page = unquote_to_bytes(page)
        inner.append(page)
        return b""

    return _FRAME.sub(taken, utf8), inner


def _named(found: re.Match[bytes]) -> bytes:
    name = found.group(1)
    if name in _KEPT:
        return found.group()
    return entities.html5.get(name.decode() + ";", found.group().decode()).encode()


def _grids(
    text: str, cells: NDArray[np.int64], rows: NDArray[np.int64], layout: NDArray[np.uint8], member: str | None
) -> tuple[list[Piece], str]:
    """The tables that hold no table and have at least two rows and columns, and the text without them."""
    if len(layout) == 0:
        return [], text
    found: list[Piece] = []
    rest: list[str] = []
    done = 0
    cells = cells[np.argsort(cells[:, 0], kind="stable")]
    by_cell = np.argsort(cells[:, _TABLE], kind="stable")
    by_row = np.argsort(rows[:, 1], kind="stable")
    numbers = np.arange(len(layout) + 1)
    cell_from = np.searchsorted(cells[by_cell, _TABLE], numbers)
    row_from = np.searchsorted(rows[by_row, 1], numbers)
    for table in np.flatnonzero(layout == 0).tolist():
        spans = cells[by_cell[cell_from[table] : cell_from[table + 1]]]
        starts = np.unique(rows[by_row[row_from[table] : row_from[table + 1]], 0])  # a row of nothing is none
        if len(starts) < 2 or len(spans) < 2 or spans[:, _COLUMN].max() < 1:
            continue
        begin, end = int(starts[0]), int(spans[:, 1].max())
        if begin < done or end <= begin or int(spans[0, 0]) < begin:
            continue  # crossed tags: the text stays prose
        shift = np.array([begin, begin, 0], dtype=np.int64)
        found.append(tables.from_cells(text[begin:end], spans[:, :3] - shift, starts[starts < end] - begin, member))
        rest += [text[done:begin], "\n\n"]
        done = end
    return found, "".join([*rest, text[done:]])


def _aside(utf8: bytes, ranges: NDArray[np.int64], member: str | None) -> list[Piece]:
    """Scripts, each a piece, and all comments in one."""
    pieces: list[Piece] = []
    comments: list[bytes] = []
    for begin, end, kind in ranges.tolist():
        source = utf8[begin:end]
        if not source.strip():
            continue
        if kind == CODE:
            pieces.append(structured.code(source.decode("utf-8", "replace"), source, member))
        elif kind == COMMENT:
            comments.append(source.strip())
    if comments:
        source = b"\n\n".join(comments)
        pieces.append(structured.prose(source.decode("utf-8", "replace"), source, member, "code"))
    return pieces
