"""A file on this machine as a content, which is read by whoever takes it, as much at a time as it likes."""

from __future__ import annotations

import mimetypes
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tongguan.capture.stores.units import Unread, Unseen
from tongguan.model import Content

__all__ = ["checked", "first_bytes", "media_type_of", "opened_file", "unseen_of"]


@contextmanager
def opened_file(path: Path, where: str, name: str) -> Iterator[Iterator[Content]]:
    """The content of a plain file. Raises Unread: it is gone, may not be read, or something else took its place."""
    size = checked(path, where).st_size
    yield iter((Content(name, media_type_of(name), size, path),))


def checked(path: Path, where: str) -> os.stat_result:
    """What a plain file is like. Raises Unread where none is there to be read: to open a pipe would wait."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            status = os.fstat(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise Unread(unseen_of(error, where)) from None
    if not stat.S_ISREG(status.st_mode):
        raise Unread(Unseen("vanished", where, "another thing took its place"))
    return status


def first_bytes(path: Path, size: int) -> bytes:
    """Of a plain file; none where it cannot be read: whoever reads it will tell why."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(descriptor, size)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def unseen_of(error: OSError, where: str) -> Unseen:
    """Why the system would not."""
    if isinstance(error, PermissionError):
        return Unseen("permission", where)
    if isinstance(error, FileNotFoundError):
        return Unseen("vanished", where)
    return Unseen("failed", where, error.strerror or type(error).__name__)


def media_type_of(name: str) -> str:
    return mimetypes.guess_type(name)[0] or ""
