"""Opened keys, kept in memory for a bounded time."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

__all__ = ["Opened"]

MOST = 4096  # keys kept at once


class Opened:
    """What was unwrapped, forgotten after `seconds` whether or not anybody asks. 0 keeps nothing."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._kept: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def get(self, name: Hashable) -> Any | None:
        with self._lock:
            found = self._kept.get(name)
            return found[1] if found and found[0] > self._clock() else None

    def put(self, name: Hashable, value: Any) -> None:
        if self._seconds <= 0:
            return
        with self._lock:
            self._kept.pop(name, None)
            self._kept[name] = (self._clock() + self._seconds, value)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
            self._arm()

    def drop(self, chosen: Callable[[Hashable], bool]) -> None:
        """Forget those that are chosen by name."""
        with self._lock:
            for name in [name for name in self._kept if chosen(name)]:
                del self._kept[name]

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
            if self._timer:
                self._timer.cancel()
                self._timer = None

    def __len__(self) -> int:
        return len(self._kept)

    def _arm(self) -> None:
        if self._timer is None:
            self._timer = threading.Timer(self._seconds, self._sweep)
            self._timer.daemon = True
            self._timer.start()

    def _sweep(self) -> None:
        with self._lock:
            self._timer = None
            now = self._clock()
            while self._kept and next(iter(self._kept.values()))[0] <= now:
                self._kept.popitem(last=False)
            if self._kept:
                self._arm()
