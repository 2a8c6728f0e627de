"""The import file, read and checked line by line: CSV with columns named as SCIM names them (RFC 7643, §4)."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tongguan.errors import BadInput
from tongguan.trust.identity.accounts import checked
from tongguan.trust.identity.names import account_name

__all__ = ["BYTES", "COLUMNS", "ROWS", "ImportRow", "LineError", "read_rows"]

BYTES, ROWS = 4 << 20, 10_000
COLUMNS = ("userName", "displayName", "email", "active", "entity", "teams", "roles")
YES, NO = frozenset({"true", "1", "yes", "是", "启用"}), frozenset({"false", "0", "no", "否", "停用"})
LISTED = 50  # teams or roles of one line


@dataclass(frozen=True, slots=True)
class LineError:
    """One thing that is wrong; `line` counts from 1, the header is the first. Holds no values of the file."""

    line: int
    column: str
    text: str


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One account as the file wants it. None: the file does not say."""

    line: int
    name: str
    values: dict[str, Any] = field(default_factory=dict)  # display, email, entity
    active: bool | None = None
    teams: tuple[str, ...] | None = None  # names
    roles: tuple[str, ...] = ()


def read_rows(document: bytes | str) -> tuple[list[ImportRow], list[LineError], str]:
    """The rows that could be read, what is wrong with the others, and the encoding. Raises BadInput where it is no such
    file at all: too large, neither UTF-8 nor GB 18030, an unknown or missing column."""
    text, encoding = _text(document)
    lines = _lines(text)
    header = _header(next(lines, (1, []))[1])
    rows: list[ImportRow] = []
    errors: list[LineError] = []
    seen: dict[str, int] = {}
    for line, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if len(rows) >= ROWS:
            raise BadInput(f"more than {ROWS} accounts; import them in several files")
        row = _row(line, header, cells, errors)
        if row is None:
            continue
        if row.name in seen:
            errors.append(LineError(line, "userName", f"the same account as in line {seen[row.name]}"))
            continue
        seen[row.name] = line
        rows.append(row)
    return rows, errors, encoding


def _text(document: bytes | str) -> tuple[str, str]:
    if len(document) > BYTES:
        raise BadInput(f"the file is larger than {BYTES >> 20} MiB; import it in parts")
    if isinstance(document, str):
        return document.removeprefix("\ufeff"), "text"
    if document.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise BadInput("the file is UTF-16; save it as CSV in UTF-8 or GB 18030")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return document.decode(encoding), encoding.removesuffix("-sig")
        except UnicodeDecodeError:
            continue
    raise BadInput("the file is neither UTF-8 nor GB 18030; save it as CSV in one of these")


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    if "\0" in text:
        raise BadInput("the file holds NUL characters; it is no CSV text")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error:
        raise BadInput(f"line {reader.line_num}: quotes do not match; the file is no valid CSV (RFC 4180)") from None


def _header(cells: list[str]) -> list[str]:
    known = {column.casefold(): column for column in COLUMNS}
    header = [known.get(cell.strip().casefold(), "") for cell in cells]
    if "" in header or "userName" not in header:
        raise BadInput(f"the first line names the columns: userName, and any of {', '.join(COLUMNS[1:])}")
    if len(set(header)) < len(header):
        raise BadInput("a column occurs twice in the first line")
    return header


def _row(line: int, header: list[str], cells: list[str], errors: list[LineError]) -> ImportRow | None:
    if len(cells) != len(header):
        errors.append(LineError(line, "", f"{len(cells)} cells; the first line has {len(header)}"))
        return None
    found = dict(zip(header, (cell.strip() for cell in cells), strict=True))
    before = len(errors)

    def take(column: str, read: Callable[[str], Any]) -> Any:
        try:
            return read(found[column]) if column in found else None
        except BadInput as error:
            errors.append(LineError(line, column, str(error)))
            return None

    name = take("userName", account_name)
    values: dict[str, Any] = {}
    for column, key in (("displayName", "display"), ("email", "email"), ("entity", "entity")):
        values |= take(column, partial(_one_value, key)) or {}
    active, teams = take("active", _active), take("teams", _list)
    roles = take("roles", _list) or ()
    return ImportRow(line, name, values, active, teams, roles) if len(errors) == before else None


def _one_value(key: str, cell: str) -> dict[str, Any]:
    return checked(**{"display": None, "email": None, "entity": None, key: cell})


def _active(cell: str) -> bool | None:
    if not cell:
        return None
    if (plain := cell.casefold()) in YES | NO:
        return plain in YES
    raise BadInput("active is true or false")


def _list(cell: str) -> tuple[str, ...]:
    parts = tuple(dict.fromkeys(part.strip() for part in cell.replace("；", ";").split(";") if part.strip()))
    if len(parts) > LISTED:
        raise BadInput(f"at most {LISTED} of these in one line")
    return parts
