"""Files opened for their contents: whatever took a path's place since it was listed, opening it does not wait."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

__all__ = ["blocks", "open_plain"]

_BLOCK = 1 << 20


def open_plain(path: Path) -> int:
    """A descriptor for reading a plain file. Raises OSError for anything else: a pipe would wait for its writer.

    A link is followed where the path is one now, not where it becomes one meanwhile.
    """
    follow = 0 if path.is_symlink() else os.O_NOFOLLOW
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | follow)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a plain file", str(path))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def blocks(path: Path) -> Iterator[bytes]:
    """The bytes of a plain file, up to the size that it has at opening. Raises OSError."""
    with os.fdopen(open_plain(path), "rb", buffering=0) as file:
        left = os.fstat(file.fileno()).st_size
        while left > 0 and (block := file.read(min(_BLOCK, left))):
            yield block
            left -= len(block)
