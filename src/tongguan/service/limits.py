"""How often somebody may call, and how many long calls there are at once; counted in memory."""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Buckets", "Full", "Places"]

KEPT = 20_000  # callers remembered: a stranger must not fill the memory


class Buckets:
    """A token bucket for each caller: a minute's worth at once, then as fast as it fills again. Threads may share it.

    `clock`: seconds that only go forward.
    """

    def __init__(self, per_minute: float, kept: int = KEPT, clock: Callable[[], float] = time.monotonic) -> None:
        self.size = max(1.0, per_minute)
        self._rate = self.size / 60
        self._kept = kept
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # caller → tokens left, when

    def take(self, caller: str) -> float:
        """Count one call. 0.0 where it may go on; else the seconds until the next may."""
        with self._lock:
            now = self._clock()
            left, since = self._buckets.pop(caller, (self.size, now))
            left = min(self.size, left + (now - since) * self._rate)
            if left >= 1:
                self._buckets[caller] = (left - 1, now)
            else:
                self._buckets[caller] = (left, now)
            if len(self._buckets) > self._kept:  # the one that was quiet longest has the fullest bucket
                self._buckets.popitem(last=False)
            return 0.0 if left >= 1 else (1 - left) / self._rate


class Full(Exception):
    """No place is free. `own`: the caller holds as many as one may; else others hold them."""

    def __init__(self, own: bool) -> None:
        super().__init__()
        self.own = own


class Places:
    """Room for a few long calls at once: `total` in all, `each` of one caller. Nobody waits for one: who waited would
    hold a thread that others need. Threads may share it."""

    def __init__(self, total: int, each: int) -> None:
        self._total = total
        self._each = each
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()

    @contextmanager
    def one(self, caller: str) -> Iterator[None]:
        """Hold a place. Raises Full."""
        with self._lock:
            own = self._taken[caller] >= self._each
            if own or self._taken.total() >= self._total:
                raise Full(own)
            self._taken[caller] += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken[caller] -= 1
                self._taken += Counter()  # forgets callers without a place
