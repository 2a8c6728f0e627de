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

__all__ = ["inserted_cells"]

Cell = tuple[int, int, int]  # start, end, label of its column

_IDENTIFIER: Final = r"[`\"\[]?[\w$]{1,64}[`\"\]]?"
_NAME: Final = rf"{_IDENTIFIER}(?:\.{_IDENTIFIER}){{0,2}}"
_INSERT: Final = re.compile(
    rf"INSERT\s+INTO\s+({_NAME})\s*(?:\(([^()';]{{1,8000}})\))?\s*VALUES\s*(?=\()", re.IGNORECASE
)
_CREATE: Final = re.compile(rf"CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?({_NAME})\s*\(", re.IGNORECASE)
_STRING: Final = r"'[^'\\]*(?:(?:\\.|'')[^'\\]*)*'"
_TOKEN: Final = re.compile(rf"\s*(?:(?:[NnEeBbXx])?({_STRING})|([(),])|([^\s,()';][^,()';]*))", re.DOTALL)
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
            tables[_plain(create[1])], done = _defined(text, create.end())
        elif insert := _INSERT.match(text, place):
            named = [label_of(name) for name in insert[2].split(",")] if insert[2] else None
            labels = named or tables.get(_plain(insert[1]), [])
            if any(label >= 0 for label in labels):
                done = yield from _rows(text, insert.end(), labels)


def _plain(name: str) -> str:
    return re.sub(r'[`"\[\]]', "", name).rpartition(".")[2].lower()


def _defined(text: str, at: int) -> tuple[list[int], int]:
    """Labels of the columns that a definition names, behind its opening parenthesis, and where it ends."""
    labels: list[int] = []
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
                labels.append(label_of(name))
    return labels, at


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
