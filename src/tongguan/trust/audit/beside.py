"""What lies beside a log on the machine that appends: the newest checkpoint, and a lock between its processes."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tongguan.errors import CannotWrite

__all__ = ["Beside"]

NOTE_MAX = 1 << 16  # bytes that are read of a note


class Beside:
    """`<path>.checkpoint` and `<path>.lock`, mode 0600. Raises CannotWrite."""

    def __init__(self, path: Path) -> None:
        self.newest = path.with_name(path.name + ".checkpoint")
        self._draft = path.with_name(path.name + ".checkpoint.new")
        self._path = path
        with self._errors():
            self._lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)

    def close(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
        self._lock = -1

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes of this machine out."""
        with self._errors():
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    def read(self) -> str | None:
        """The newest signed note, whoever may have written it; None where there is none."""
        with self._errors():
            try:
                with self.newest.open("rb") as file:
                    return file.read(NOTE_MAX).decode("utf-8", "replace")
            except FileNotFoundError:
                return None

    def draft(self, note: str) -> None:
        """Put a note on disk under another name: to publish it, only a rename is left to do."""
        with self._errors(), self._draft.open("w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(note)
            file.flush()
            os.fsync(file.fileno())

    def publish(self) -> None:
        """Make the draft the newest note."""
        with self._errors():
            self._draft.replace(self.newest)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise CannotWrite(f"cannot use what lies beside the audit log {self._path}: {error.strerror}") from error
