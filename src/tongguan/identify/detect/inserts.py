"""Values in SQL's INSERT statements and PostgreSQL's COPY, as cells under the names of their columns.

The names stand in the statement, or in a CREATE TABLE before it (ISO/IEC 9075-2, as MySQL, PostgreSQL, Oracle and SQL
Server write it; COPY as pg_dump writes it: a row a line, tabs between values, `\\N` for none, `\\.` behind the rows).
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.detect.words import Words, label_of

__all__ = ["heads_at", "inserted_cells"]

Cell = tuple[int, int, int]  # start, end, label of its column

_IDENTIFIER: Final = r"[`\"\[]?[\w$]{1,64}[`\"\]]?"
_NAME: Final = rf"{_IDENTIFIER}(?:\.{_IDENTIFIER}){{0,2}}"
_INSERT: Final = re.compile(
    rf"INSERT\s++(?:INTO\s++)?({_NAME})\s*+(?:\(([^()';]{{1,8000}})\)\s*+)?VALUES\s*+(?=\()", re.IGNORECASE
)
_CREATE: Final = re.compile(rf"CREATE\s++TABLE\s++(?:IF\s++NOT\s++EXISTS\s++)?({_NAME})\s*+\(", re.IGNORECASE)
# A backslash escapes in MySQL and stands for itself elsewhere: that reading holds behind which a value may end.
_STRING: Final = r"'[^'\\]*+(?:(?:\\.|'')[^'\\]*+)*+'(?=\s*+[,)])|'[^']*+(?:''[^']*+)*+'"
_TOKEN: Final = re.compile(rf"\s*(?:(?:[NnEeBbXx])?({_STRING})|([(),])|([^\s,()';][^,()';]*))", re.DOTALL)
_WHOLE_ROW: Final = re.compile(rf"\s*+\((?:[^()']++|{_STRING})*+\)\s*+,")
_NO_COLUMN: Final = frozenset({"primary", "key", "unique", "constraint", "index", "foreign", "check", "fulltext"})
_FROM: Final = "FROM stdin"
_COPY: Final = re.compile(rf"COPY {_NAME} \(([^()';]{{1,8000}})\) FROM stdin[^\n\x00]{{0,200}}\n", re.IGNORECASE)
_ROW: Final = re.compile(r"(?!\\\.)([^\n\x00]+)(?:\n|\Z)")
_LONGEST_HEAD: Final = 8_300  # characters of COPY up to FROM
_LONGEST: Final = 64 << 10  # characters of a table's definition that are read


def inserted_cells(text: str, words: Words) -> NDArray[np.int64]:
    """(n, 3) start, end, label of the values of INSERT statements whose columns are labels, ascending."""
    places = words.start[words.of("marks/sql")].tolist()
    cells = sorted([*_values(text, places), *_copied(text, places)])
    return np.array(cells, np.int64).reshape(-1, 3)


def _copied(text: str, places: Sequence[int]) -> Iterator[Cell]:
    """The labelled values of rows behind COPY … FROM stdin."""
    end = 0
    for place in places:
        near = max(0, place - _LONGEST_HEAD)
        begin = max(text.rfind("\n", near, place), text.rfind("\0", near, place)) + 1
        if place >= end and text.startswith(_FROM, place) and (copy := _COPY.match(text, begin)):
            labels = [label_of(name) for name in copy[1].split(",")]
            end = copy.end()
            while row := _ROW.match(text, end):
                yield from _in_row(row.start(), row[1], labels)
                end = row.end()


def _in_row(at: int, row: str, labels: Sequence[int]) -> Iterator[Cell]:
    for value, label in zip(row.removesuffix("\r").split("\t"), labels, strict=False):
        if label >= 0 and value and value != r"\N":
            yield at, at + len(value), label
        at += len(value) + 1


def _values(text: str, places: Sequence[int]) -> Iterator[Cell]:
    tables: dict[str, list[int]] = {}
    done = 0
    for place in places:
        if place < done:  # inside a value
            continue
        if create := _CREATE.match(text, place):
            names, done = _defined(text, create.end())
            tables[_plain(create[1])] = [label_of(name) for name in names]
        elif insert := _INSERT.match(text, place):
            named = [label_of(name) for name in insert[2].split(",")] if insert[2] else None
            labels = named or tables.get(_plain(insert[1]), [])
            if any(label >= 0 for label in labels):
                done = yield from _rows(text, insert.end(), labels)


def heads_at(text: str, places: Sequence[int], until: int) -> tuple[list[str], str, int]:
    """Definitions of the tables before a place, the head of the statement whose rows it lies in ("" for none), and
    where the row begins in which it lies (else the place itself)."""
    tables: dict[str, str] = {}
    last: re.Match[str] | None = None
    for place in places:
        if place >= until:
            break
        if create := _CREATE.match(text, place):
            names, _ = _defined(text, create.end())
            tables[_plain(create[1])] = f"CREATE TABLE {create[1]} ({' x,'.join(names)} x);\n"
        elif insert := _INSERT.match(text, place):
            last = insert
        elif text.startswith(_FROM, place):
            begin = max(text.rfind(sign, max(0, place - _LONGEST_HEAD), place) for sign in "\n\0") + 1
            last = _COPY.match(text, begin) or last
    head, begun = "", until
    if last and last[0][:4].upper() == "COPY":
        if last.end() <= until and text.find("\n\\.", last.end() - 1, until) < 0:
            head, begun = last[0], text.rfind("\n", 0, until) + 1
    elif last and last.end() < until and (row := _row_at(text, last.end(), until)) is not None:
        head, begun = last[0] + " ", row
    return list(tables.values()), head, begun


def _row_at(text: str, at: int, until: int) -> int | None:
    """Where the row of values begins in which a place lies, or else the one before; None where the rows have ended."""
    depth, row, sign = 0, None, ""
    while (whole := _WHOLE_ROW.match(text, at)) and whole.end() <= until:
        row, at, sign = at, whole.end(), ","
    while at < until and (token := _TOKEN.match(text, at)):
        if token[2] == "(":
            row = token.end() - 1 if depth == 0 and token.end() <= until else row
            depth += 1
        elif token[2] == ")":
            depth -= 1
        elif not token[2] and depth == 0:
            return None
        at, sign = token.end(), token[2]
    if depth == 0 and text[at:until].strip():  # what follows is neither a row nor a comma
        return None
    return until if depth == 0 and sign == "," else row


def _plain(name: str) -> str:
    return re.sub(r'[`"\[\]]', "", name).rpartition(".")[2].lower()


def _defined(text: str, at: int) -> tuple[list[str], int]:
    """The columns that a definition names, behind its opening parenthesis, and where it ends."""
    names: list[str] = []
    depth, first = 1, True
    limit = min(len(text), at + _LONGEST)
    while depth and (token := _TOKEN.match(text, at, limit)):
        at = token.end()
        if token[2]:
            depth += {"(": 1, ")": -1}.get(token[2], 0)
            first = token[2] == "," and depth == 1
        elif first and token[3]:
            first = False
            name = token[3].split(None, 1)[0]
            if name.lower() not in _NO_COLUMN:
                names.append(name)
    return names, at


def _rows(text: str, at: int, labels: Sequence[int]) -> Generator[Cell, None, int]:
    """The labelled values of rows in parentheses; gives the place up to which it read, so that all is read once."""
    depth = column = 0
    while token := _TOKEN.match(text, at):
        at = token.end()
        if token[2] == "(":
            depth += 1
            column = 0 if depth == 1 else column
        elif token[2] == ")":
            depth -= 1
        elif token[2]:
            column += depth == 1
        elif depth == 0:  # what follows the rows
            return at
        elif depth == 1 and column < len(labels) and labels[column] >= 0:
            start, end = (token.start(1) + 1, at - 1) if token[1] else token.span(3)
            yield start, end, labels[column]
    return at
