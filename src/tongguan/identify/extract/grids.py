"""Tables in texts that are not delimited: SYLK (.slk) and DIF, as spreadsheets exchange them."""

from __future__ import annotations

import re

from tongguan.identify.extract import tables
from tongguan.identify.pieces import Piece

__all__ = ["read"]

_SYLK = re.compile(r"ID;P[^\r\n]*\r?\n")
_DIF = re.compile(r"TABLE\r?\n0,1\r?\n\"[^\r\n]*\r?\n")
_FIELD = re.compile(r";(?=[A-Z])")
_WIDEST = 16_384  # columns, as workbooks have at most
_MOST_EMPTY = 1 << 20  # cells that stand for nothing


def read(text: str, member: str | None) -> list[Piece]:
    """The table, and texts beside its cells; nothing where it is neither format.

    SYLK: Microsoft's file format "Multiplan", records C (cell), F (format, which may move the place) and NE.
    DIF: Data Interchange Format of Software Arts, vectors taken for columns.
    """
    begin = text.removeprefix("\ufeff")
    if _SYLK.match(begin):
        return _pieces(_sylk(begin), member)
    return _pieces(_dif(begin), member) if _DIF.match(begin) else []


def _pieces(rows: list[list[str]], member: str | None) -> list[Piece]:
    piece = tables.from_rows(rows, member)
    return [piece] if piece else []


def _sylk(text: str) -> list[list[str]]:
    cells: dict[int, dict[int, str]] = {}
    x = y = 1
    for line in text.splitlines():
        kind, *fields = _FIELD.split(line.replace(";;", "\0"))
        if kind not in ("C", "F", "NE", "NL", "E"):
            continue
        value = ""
        for field in fields:
            sign, rest = field[:1], field[1:].replace("\0", ";")
            if sign == "X" and rest.isdigit():
                x = int(rest)
            elif sign == "Y" and rest.isdigit():
                y = int(rest)
            elif sign in ("K", "A"):  # the value, or what is noted beside it
                value = f"{value} {rest.strip().strip(chr(34))}".strip()
        if value and x <= _WIDEST:
            row = cells.setdefault(y, {})
            row[x] = f"{row[x]} {value}" if x in row else value
    return _filled(cells)


def _filled(cells: dict[int, dict[int, str]]) -> list[list[str]]:
    """Rows of which each cell is in its column; where that would be mostly emptiness, one behind the other."""
    rows = [row for _, row in sorted(cells.items())]
    if sum(max(row) for row in rows) - sum(map(len, rows)) > _MOST_EMPTY:
        return [[row[x] for x in sorted(row)] for row in rows]
    return [[row.get(x, "") for x in range(1, max(row) + 1)] for row in rows]


def _dif(text: str) -> list[list[str]]:
    lines = text.splitlines()
    rows: list[list[str]] = []
    at = next((n for n, line in enumerate(lines) if line.strip() == "DATA"), len(lines)) + 3
    while at + 1 < len(lines):
        kind, _, number = lines[at].partition(",")
        word = lines[at + 1].strip()
        at += 2
        if kind.strip() == "-1":
            if word == "EOD":
                break
            rows.append([])
        elif rows:
            rows[-1].append(word.strip('"').replace('""', '"') if kind.strip() == "1" else number.strip())
    return rows
