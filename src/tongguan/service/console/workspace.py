"""What `tongguan inspect` left in a folder: the result, and the ledger behind it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from tongguan.errors import Broken

__all__ = ["Ledger", "Workspace"]

Row = dict[str, Any]


class Ledger(Protocol):
    """The part of the ledger's face that the console uses."""

    def query(self, sql: str, params: Sequence[Any] = ()) -> Any:
        """Answer as a `pyarrow.Table`."""


class Workspace:
    """One inspected workspace, read again whenever a run has replaced its result."""

    def __init__(self, folder: Path, open_ledger: Callable[[Path], Ledger]) -> None:
        self.folder = folder
        self._open = open_ledger
        self._lock = threading.Lock()
        self._stamp: tuple[int, int] | None = None
        self._result: Row | None = None
        self._ledger: Ledger | None = None

    def result(self) -> Row | None:
        """The newest `result.json`, or None where nothing was inspected yet. Raises Broken on a damaged one."""
        path = self.folder / "result.json"
        try:
            status = path.stat()
        except FileNotFoundError:
            return None
        stamp = (status.st_mtime_ns, status.st_size)
        with self._lock:
            if stamp != self._stamp:
                self._result = _load(path)
                self._stamp = stamp
            return self._result

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[Row]:
        """Rows of a query over the ledger; none where there is no ledger yet."""
        if not (self.folder / "ledger").is_dir():
            return []
        with self._lock:
            if self._ledger is None:
                self._ledger = self._open(self.folder / "ledger")
            found: list[Row] = self._ledger.query(sql, list(params)).to_pylist()
        return found


def _load(path: Path) -> Row:
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Broken(
            f"cannot read {path.name} of the workspace: {type(error).__name__}; run the inspection again"
        ) from error
    if not isinstance(loaded, dict) or "totals" not in loaded or "recipients" not in loaded:
        raise Broken(f"{path.name} of the workspace is not a result of `tongguan inspect`; run the inspection again")
    return loaded
