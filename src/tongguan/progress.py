"""Progress of long work: a line on the terminal with rate and time left. Silent where nobody watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Progress", "shown"]

Progress = Callable[[int, int, str], None]
"""Called with bytes done, bytes in all (0 where unknown), and what is being read."""


@contextmanager
def shown() -> Iterator[Progress | None]:
    """A progress line on stderr, where that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    line = _Line()
    try:
        yield line
    finally:
        line.clear()


class _Line:
    def __init__(self) -> None:
        self.started = time.monotonic()
        self.drawn = 0.0

    def __call__(self, done: int, total: int, what: str) -> None:
        now = time.monotonic()
        if now - self.drawn < 0.2:
            return
        self.drawn = now
        rate = done / max(now - self.started, 0.001)
        left = f"  {(total - done) / max(rate, 1):.0f} s left" if done else ""
        share = f"{done / total:4.0%}{left}" if total else ""
        print(f"\r\x1b[K{share}  {rate / 1e6:.0f} MB/s  {what[-60:]}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self.drawn:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
