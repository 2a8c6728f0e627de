"""Buffers filled from whatever can be read: files, sockets, what a caller made."""

from __future__ import annotations

from typing import BinaryIO

from tongguan.errors import BadInput

__all__ = ["fill"]


def fill(source: BinaryIO, buffer: memoryview, name: str = "the source") -> int:
    """Read until the buffer is full or the source ends; the bytes read. Raises BadInput, which calls it by `name`."""
    into = getattr(source, "readinto", None)
    got = 0
    try:
        while got < len(buffer):
            if into is not None:
                count = into(buffer[got:])
            else:
                data = source.read(len(buffer) - got)
                count = None if data is None else len(data)
                buffer[got : got + len(data or b"")] = data or b""
            if count is None:
                raise BadInput(f"{name} must be one that waits for its data (blocking)")
            if count == 0:
                break
            got += count
    except OSError as error:
        raise BadInput(f"{name} cannot be read: {error.strerror or type(error).__name__}") from None
    except (TypeError, ValueError):
        raise BadInput(f"{name} cannot be read: expected a file opened for reading bytes") from None
    return got
