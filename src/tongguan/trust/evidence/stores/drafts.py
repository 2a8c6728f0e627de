"""Blobs in the making: files in a folder of their own, locked by the process that writes them."""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from tongguan.errors import CannotWrite

__all__ = ["DraftFile", "drafting", "tidy_drafts"]

BUFFER = 4 << 20  # bytes that go to disk at once
HEAD = 48  # first bytes that are remembered
YOUNG_S = 60.0  # a file of this age may not be locked yet
_DIRECT = getattr(os, "O_DIRECT", 0)


class DraftFile:
    """One blob in the making. `write` takes any number of bytes; `finish` has them all on disk.

    Full buffers go to disk on a thread of their own, past the system's page cache where it lets us: evidence is hardly
    ever read right after, and copying it there costs more than encrypting it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self.head = b""
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._filled = 0
        self._buffer = mmap.mmap(-1, BUFFER)  # page-aligned, as writing past the cache asks for
        self._other: mmap.mmap | None = None
        self._writer: ThreadPoolExecutor | None = None
        self._writing: Future[None] | None = None

    def write(self, data: memoryview, /) -> int:
        """Raises OSError, also for what was written before."""
        count = min(len(data), BUFFER - self._filled)
        self._buffer[self._filled : self._filled + count] = data[:count]
        if len(self.head) < HEAD:
            self.head += bytes(data[: min(count, HEAD - len(self.head))])
        self._filled += count
        self.size += count
        if self._filled == BUFFER:
            self._turn()
        return count

    def finish(self) -> None:
        """Wait until all is on disk. Raises OSError."""
        self._settle()
        self._direct(False)  # what is left has any length
        self._put(self._buffer, self._filled)
        self._filled = 0
        os.fchmod(self._descriptor, 0o400)
        os.fsync(self._descriptor)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.shutdown()
        os.close(self._descriptor)

    def _turn(self) -> None:
        """Have the full buffer written while the other one is filled."""
        self._settle()
        if self._writer is None:
            self._writer = ThreadPoolExecutor(1, thread_name_prefix="evidence-draft")
            self._other = mmap.mmap(-1, BUFFER)
            self._direct(True)
        assert self._other is not None
        self._writing = self._writer.submit(self._put, self._buffer, BUFFER)
        self._buffer, self._other, self._filled = self._other, self._buffer, 0

    def _settle(self) -> None:
        if self._writing is not None:
            self._writing.result()

    def _put(self, buffer: mmap.mmap, size: int) -> None:
        done = 0
        with memoryview(buffer) as view:
            while done < size:
                try:
                    with view[done:size] as rest:
                        done += os.write(self._descriptor, rest)
                except OSError as error:
                    if error.errno != errno.EINVAL or not self._direct(False):
                        raise

    def _direct(self, on: bool) -> bool:
        """Write past the page cache, or not; whether that is a change. Not every file system can."""
        flags = fcntl.fcntl(self._descriptor, fcntl.F_GETFL)
        wanted = flags | _DIRECT if on else flags & ~_DIRECT
        with suppress(OSError):
            fcntl.fcntl(self._descriptor, fcntl.F_SETFL, wanted)
        return wanted != flags


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
