"""Files below a folder, and files opened for their contents: whatever took a path's place since it was listed, opening
it does not wait."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

__all__ = ["blocks", "files_below", "open_plain"]

_BLOCK = 1 << 20


def files_below(folder: Path) -> Iterator[tuple[Path, str]]:
    """All that lies below a folder, sorted in each: paths, with why they are not to be read ("": nothing speaks against
    it). Links are followed to files in the same folder alone. Folders that cannot be listed come last, itself too."""
    failed: list[OSError] = []
    inside = folder.resolve()
    for where, folders, names in os.walk(folder, onerror=failed.append):
        folders.sort()
        links = [name for name in folders if Path(where, name).is_symlink()]
        for name in sorted([*names, *links]):
            yield Path(where, name), _why_not(Path(where, name), inside)
    for error in failed:
        yield Path(error.filename), error.strerror or "cannot be listed"


def _why_not(path: Path, inside: Path) -> str:
    try:
        if not path.is_symlink():
            return ""
        if not path.resolve(strict=True).is_relative_to(inside):
            return "a link to outside the folder, not followed"
        return "a link to a folder, not followed" if path.is_dir() else ""
    except FileNotFoundError:
        return "a link that leads nowhere"
    except RuntimeError:
        return "a link that leads in a circle"
    except OSError as error:  # as later Python says it
        return "a link that leads in a circle" if error.errno == errno.ELOOP else error.strerror or "cannot be read"


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
