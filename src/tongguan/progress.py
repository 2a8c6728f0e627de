"""Progress of long work: a line on the terminal with rate and time left. Silent where nobody watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tongguan.wording import on_one_line

__all__ = ["Line", "Progress", "shown"]

Progress = Callable[[int, int, str], None]
"""Called with bytes done, bytes in all (0 where unknown), and what is being read."""


@contextmanager
def shown() -> Iterator[Line | None]:
    """A progress line on stderr, where that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    line = Line()
    try:
        yield line
    finally:
        line.clear()


class Line:
    """The line. `passed`: bytes of what is done that an earlier run had done: they say nothing of the rate."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.drawn = 0.0
        self.passed = 0

    def __call__(self, done: int, total: int, what: str) -> None:
        now = time.monotonic()
        if now - self.drawn < 0.2:
            return
        self.drawn = now
        rate = max(0, done - self.passed) / max(now - self.started, 0.001)
        left = f"  {(total - done) / max(rate, 1):.0f} s left" if rate else ""
        share = f"{done / total:4.0%}{left}" if total else ""
        print(f"\r\x1b[K{share}  {rate / 1e6:.0f} MB/s  {on_one_line(what)[-60:]}", end="", file=sys.stderr, flush=True)

    def counted(self, _: int, passed: int) -> None:
        """Of units: how many are done, and bytes of them that an earlier run had done."""
        self.passed = passed

    def clear(self) -> None:
        if self.drawn:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
