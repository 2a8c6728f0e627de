"""A file on this machine as contents: whole, or a long text slice by slice, in bounded memory."""

from __future__ import annotations

import mimetypes
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from tongguan.capture.limits import Limits
from tongguan.capture.sources import Source, SourceInfo, file_exchanges
from tongguan.capture.stores.units import Unread, Unseen
from tongguan.model import Content

__all__ = ["contents_of", "media_type_of"]


def contents_of(path: Path, where: str, limits: Limits) -> Iterator[Content]:
    """The contents of a plain file. Raises Unread: it is gone, may not be read, or is too large to be read whole."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)  # not what took its place meanwhile
        try:
            status = os.fstat(descriptor)
        finally:
            os.close(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Unread(Unseen("vanished", where, "another thing took its place"))
        source = Source(SourceInfo(str(path), "file", status.st_size), path, False)
        for exchange in file_exchanges(source, limits):
            content = exchange.contents[0]
            if content.size > limits.content:
                raise Unread(
                    Unseen("too_large", where, f"over {limits.content >> 20} MB and no text", size=content.size)
                )
            yield Content(content.name, content.media_type, content.size, content.read(), content.charset)
    except OSError as error:
        raise Unread(unseen_of(error, where)) from None


def unseen_of(error: OSError, where: str) -> Unseen:
    """Why the system would not."""
    if isinstance(error, PermissionError):
        return Unseen("permission", where)
    if isinstance(error, FileNotFoundError):
        return Unseen("vanished", where)
    return Unseen("failed", where, error.strerror or type(error).__name__)


def media_type_of(name: str) -> str:
    return mimetypes.guess_type(name)[0] or ""
