"""Blobs in the making: files in a folder of their own, locked by the process that writes them."""

from __future__ import annotations

import fcntl
import os
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tongguan.errors import CannotWrite

__all__ = ["DraftFile", "drafting", "tidy_drafts"]

FLUSH = 32 << 20  # bytes after which the disk is set to work while more are sealed
HEAD = 48  # first bytes that are remembered
YOUNG_S = 60.0  # a file of this age may not be locked yet


class DraftFile:
    """One blob in the making. `write` may be given any number of bytes; `finish` has them all on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self.head = b""
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._unflushed = 0
        self._flushing: threading.Thread | None = None
        self._failed: OSError | None = None

    def write(self, data: memoryview, /) -> int:
        count = os.write(self._descriptor, data)
        if len(self.head) < HEAD:
            self.head += bytes(data[: min(count, HEAD - len(self.head))])
        self.size += count
        self._unflushed += count
        if self._unflushed >= FLUSH and (self._flushing is None or not self._flushing.is_alive()):
            self._unflushed = 0
            self._flushing = threading.Thread(target=self._flush, name="evidence-flush")
            self._flushing.start()
        return count

    def finish(self) -> None:
        """Wait until all is on disk. Raises OSError."""
        self._join()
        if self._failed is not None:
            raise self._failed
        os.fchmod(self._descriptor, 0o400)
        os.fsync(self._descriptor)

    def close(self) -> None:
        self._join()
        os.close(self._descriptor)

    def _flush(self) -> None:
        try:
            os.fdatasync(self._descriptor)
        except OSError as error:  # told once by the system, and then forgotten: it must not be lost
            self._failed = error

    def _join(self) -> None:
        if self._flushing is not None:
            self._flushing.join()


@contextmanager
def drafting(folder: Path) -> Iterator[DraftFile]:
    """A new draft in the folder, which is there already; removed at the end unless it was moved away."""
    try:
        draft = DraftFile(folder / secrets.token_hex(16))
    except OSError as error:
        raise CannotWrite(f"cannot write evidence to {folder}: {error.strerror}") from None
    try:
        yield draft
    finally:
        with suppress(OSError):
            draft.path.unlink()
        draft.close()


def tidy_drafts(folder: Path) -> int:
    """Remove the drafts of processes that died: those that nobody holds locked. How many."""
    removed = 0
    for path in folder.iterdir():
        with suppress(OSError):  # gone meanwhile, or somebody else's
            if time.time() - path.stat().st_mtime < YOUNG_S:
                continue
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
                removed += 1
            finally:
                os.close(descriptor)
    return removed
