"""What is done with memory that was used: the collector held back where millions of objects are made that hold nothing
cyclic, and freed memory kept where as much is asked for again and again."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["keep_freed_memory", "no_collection"]

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # parameters of glibc's mallopt
_KEPT, _LARGE = 64 << 20, 32 << 20  # bytes


@contextmanager
def no_collection() -> Iterator[None]:
    """Within, nothing is collected: the collector would walk over all that was made again and again."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def keep_freed_memory() -> None:
    """Let this process keep some freed memory for what it asks for next. What is given back to the system and asked for
    anew comes page by page and cleared, which takes a tenth of the time of a scan. Nothing where there is no glibc."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGE)
        mallopt(_TRIM_THRESHOLD, _KEPT)
