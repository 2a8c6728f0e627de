"""Rows of cells to tab-separated text with the places of its cells, in answers of bounded size."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

__all__ = ["FULL", "Rows", "written"]

FULL = 4 << 20  # characters of one answer


class Rows:
    """The rows of one table since the last answer."""

    def __init__(self, name: str, columns: Sequence[str] = ()) -> None:
        self._about: dict[str, Any] = {"name": name, "columns": list(columns)}
        self._clear()

    def _clear(self) -> None:
        self._parts: list[str] = []
        self._cells = array("q")
        self._rows = array("q")
        self.size = 0  # characters

    def add(self, row: Sequence[Any]) -> None:
        """Add a row; cells that are "" or None are empty. Breaks within a cell become spaces."""
        parts, cells, at = self._parts, self._cells, self.size
        begin = at
        done = 0  # tabs, of which none follow the last filled cell
        for column, value in enumerate(row):
            if value != "" and value is not None:
                text = value if type(value) is str else written(value)
                if "\n" in text or "\t" in text or "\r" in text:
                    text = " ".join(text.split())
                if text:
                    parts.append("\t" * (column - done))
                    at += column - done
                    done = column
                    cells.extend((at, at + len(text), column))
                    parts.append(text)
                    at += len(text)
        parts.append("\n")
        at += 1
        if at - begin > 1:
            self._rows.append(begin)
        self.size = at

    def answer(self, status: str = "ok") -> tuple[dict[str, Any], list[bytes]]:
        """The rows as a part of an answer: what `sheets` says of them, and three blobs; begins anew.

        The blobs: text in UTF-8, cells as int64 (start, end, column), row starts as int64.
        """
        text = "".join(self._parts).encode("utf-8", "replace")
        blobs = [text, self._cells.tobytes(), self._rows.tobytes()]
        self._clear()
        return {**self._about, "status": status}, blobs


def written(value: Any) -> str:
    """A cell's value as a person would read it: 13800138000.0 is a number of eleven digits, not 1.38E10."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e18 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, (date, time, timedelta)):
        return str(value)
    return str(value)
