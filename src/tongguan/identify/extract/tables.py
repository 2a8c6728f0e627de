"""Delimited text and rows of cells to table pieces."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.extract import kernels
from tongguan.identify.extract.signs import occurrences
from tongguan.identify.pieces import Piece

__all__ = ["delimited", "delimiter_of", "from_cells", "from_rows", "under"]

_DELIMITERS = b",\t;|"
_SAMPLE = 1 << 16
_TITLE_ROWS = 10  # a header may stand below a title, but not deeper
_DATUM = re.compile(r"\d{4}|\d[.,]\d|@|[\d０-９]{3}[-－ ]?[\d０-９]{3}|^[-+]?\d+$|^\d{1,4}[-/.年]\d")
_HEADERISH = re.compile(
    r"^[A-Za-z][A-Za-z]*[_A-Z][A-Za-z0-9_]*$|^(?:id|no\.?|name|phone|mobile|tel|e-?mail|address|gender|sex|age|city|date"
    r"|birthday|passport|id card|card|bank|remark|first name|last name|full name|company|department|country)$"
    r"|姓名|名字|名称|性别|年龄|电话|手机|邮箱|地址|住址|身份证|证件|护照|卡号|账号|编号|序号|日期|生日|籍贯|民族"
    r"|备注|部门|职务|单位|公司|城市|会员|客户|员工|工号|学号|號碼|電話|地區|編號|户名|昵称|微信|车牌",
    re.IGNORECASE,
)


def delimiter_of(utf8: bytes, hinted: bool) -> int | None:
    """The delimiter (as a byte) of what looks like delimited text, else None. A hint makes up for doubt."""
    sample = utf8[:_SAMPLE]
    if len(utf8) > _SAMPLE:
        sample = sample[: sample.rfind(b"\n") + 1] or sample
    if not hinted and sample.count(b"\n") < 1:
        return None
    best: tuple[float, int] | None = None
    for delimiter in _DELIMITERS:
        if delimiter not in sample:
            continue
        _, rows = _scan(sample, delimiter)
        if len(rows) == 0:
            continue
        widths = Counter(rows[:, 1].tolist())
        width, usual = max(widths.items(), key=lambda pair: (pair[1], pair[0]))
        agree = usual / len(rows)
        if width < 2:
            continue
        enough = 2 if delimiter == 9 or width >= 3 else 3
        if hinted or (agree >= 0.9 and len(rows) >= enough and not _is_prose(sample, delimiter)):
            score = agree + min(width, 20) / 100
            if best is None or score > best[0]:
                best = score, delimiter
    if best:
        return best[1]
    return 0x2C if hinted else None


def _is_prose(sample: bytes, delimiter: int) -> bool:
    """Commas and semicolons that are followed by a space are punctuation of sentences."""
    if delimiter not in b",;":
        return False
    spaced = sample.count(bytes((delimiter, 0x20)))
    return spaced * 2 > sample.count(delimiter)


def delimited(text: str, utf8: bytes, delimiter: int, member: str | None) -> Piece:
    """CSV or TSV as it stands: one record a row, a header in row 0 named in `columns`."""
    found, rows = _scan(utf8, delimiter)
    return from_cells(text, found, rows[:, 0], member)


def _scan(utf8: bytes, delimiter: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    data = np.frombuffer(utf8, dtype=np.uint8)
    lines = occurrences(data, b"\n") + 1
    found = np.empty((occurrences(data, bytes((delimiter,))) + lines, 3), dtype=np.int64)
    rows = np.empty((lines, 2), dtype=np.int64)
    n_cells, n_rows = kernels.cells(data, delimiter, found, rows)
    return _fit(found, n_cells), _fit(rows, n_rows)


def _fit(array: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """The used part of an array, without holding on to much that is unused."""
    return array[:size] if size * 2 > len(array) else array[:size].copy()


def from_rows(rows: Sequence[Sequence[str]], member: str | None) -> Piece | None:
    """Rows of cells as tab-separated text (tabs and newlines in a cell become spaces); None where all are empty."""
    parts: list[str] = []
    found: list[tuple[int, int, int]] = []
    starts: list[int] = []
    at = 0
    for row in rows:
        starts.append(at)
        for column, value in enumerate(row):
            clean = " ".join(value.split()) if not value.isalnum() else value
            if clean:
                found.append((at, at + len(clean), column))
                parts.append(clean)
            parts.append("\t")
            at += len(clean) + 1
        if row:
            parts[-1] = "\n"
        else:
            parts.append("\n")
            at += 1
    if not found:
        return None
    spans = np.array(found, dtype=np.int64).reshape(-1, 3)
    return from_cells("".join(parts), spans, np.array(starts, dtype=np.int64), member)


def from_cells(text: str, cells: NDArray[np.int64], starts: NDArray[np.int64], member: str | None) -> Piece:
    """A table piece of text whose cells and rows are known."""
    return Piece(text, member, "table", _records(starts), _header(text, cells, starts), cells)


def under(
    columns: Sequence[str],
    text: str,
    cells: NDArray[np.int64],
    starts: NDArray[np.int64],
    member: str | None,
    start: int,
) -> Piece:
    """Rows of a table whose columns are known, `start` characters from its beginning: the header is set above them."""
    clean = [" ".join(name.split()) for name in columns]
    header = "\t".join(clean) + "\n"
    ends = np.cumsum([len(name) + 1 for name in clean], dtype=np.int64) - 1
    begins = ends - [len(name) for name in clean]
    head = np.stack((begins, ends, np.arange(len(clean), dtype=np.int64)), axis=1)[ends > begins]
    moved = cells + np.array([len(header), len(header), 0], dtype=np.int64)
    rows = np.concatenate((np.zeros(1, dtype=np.int64), starts + len(header)))
    return Piece(header + text, member, "table", rows, tuple(clean), np.concatenate((head, moved)), start - len(header))


def _records(starts: NDArray[np.int64]) -> NDArray[np.int64]:
    if len(starts) and starts[0] == 0:
        return starts
    return np.concatenate((np.zeros(1, dtype=np.int64), starts[starts > 0]))


def _header(text: str, cells: NDArray[np.int64], starts: NDArray[np.int64]) -> tuple[str, ...]:
    """The names of the columns: a row near the top that holds only labels, above rows that hold data."""
    if len(starts) < 2 or len(cells) == 0:
        return ()
    end = starts[min(len(starts) - 1, _TITLE_ROWS + 20)] if len(starts) > _TITLE_ROWS + 20 else len(text) + 1
    top = cells[: int(np.searchsorted(cells[:, 0], end))]
    owner = np.searchsorted(starts, top[:, 0], side="right") - 1
    grid: dict[int, dict[int, str]] = {}
    for (begin, stop, column), row in zip(top.tolist(), owner.tolist(), strict=True):
        grid.setdefault(row, {})[column] = text[begin:stop].strip()
    widest = max((len(row) for row in grid.values()), default=0)
    for index, row in sorted(grid.items())[:_TITLE_ROWS]:
        if len(row) * 10 < widest * 6 or (widest > 1 and len(row) < 2):
            continue  # a title
        below = [cell for i, later in grid.items() if i > index for cell in later.values()]
        left = [later[0] for i, later in grid.items() if i > index and 0 in later]
        if not below or _is_form(row, left) or not _labels(list(row.values()), below):
            return ()
        return tuple(row.get(column, "") for column in range(max(row) + 1))
    return ()


def _is_form(row: dict[int, str], left: list[str]) -> bool:
    """Whether a table is a filled-in form: labels down its first column, and values beside them in the first row."""
    labels = sum(1 for cell in left if len(cell) <= 12 and _HEADERISH.search(cell))
    beside = _HEADERISH.search(row.get(0, "")) and not _HEADERISH.search(row.get(1, ""))
    return bool(beside) and labels * 2 >= len(left) > 0


def _labels(row: list[str], below: list[str]) -> bool:
    """Whether a row is a header: short distinct labels, and the rows below hold data or the labels are usual ones."""
    if any(len(cell) > 60 or _DATUM.search(cell) for cell in row) or len(set(row)) < len(row) * 0.8:
        return False
    usual = sum(1 for cell in row if _HEADERISH.search(cell))
    return usual * 2 >= len(row) or any(_DATUM.search(cell) for cell in below)
