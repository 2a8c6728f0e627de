"""An eye on the server: one that stops in the middle of an answer is given up, whatever its own limits of time say.

A server's limits bind only a server that works. Where it hangs, or a device on the way holds back what it sent, the
connection stays open and nothing comes, and the driver would wait for ever.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["Watch"]

LOOKS = 4  # within the time that is given


class Watch:
    """Ends a connection on which nothing came for `seconds`. `sever` does so, from another thread; it never raises.
    `heard` is called whenever something came."""

    def __init__(self, seconds: float, sever: Callable[[Any], None], heard: Callable[[], None] | None = None) -> None:
        self._seconds, self._sever, self._heard = seconds, sever, heard
        self._changed = threading.Condition()
        self._connection: Any = None
        self._until: float | None = None
        self._closed = False
        self._thread: threading.Thread | None = None
        self.fired = False  # since `over` began

    @contextmanager
    def over(self, connection: Any = None) -> Iterator[None]:
        """Look after a connection of the driver; `connection` may become known later, by `see`."""
        self.fired = False
        self.see(connection)
        try:
            yield
        finally:
            with self._changed:
                self._until = self._connection = None

    def see(self, connection: Any) -> None:
        with self._changed:
            self._connection, self._until = connection, time.monotonic() + self._seconds
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._look, name="watch of a database", daemon=True)
                self._thread.start()

    def came(self) -> None:
        """The server said something, or is asked anew: its time begins again."""
        if self._heard is not None:
            self._heard()
        if self._until is not None:
            self._until = time.monotonic() + self._seconds

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _look(self) -> None:
        while True:
            with self._changed:
                if self._closed:
                    return
                if self._until is None or time.monotonic() < self._until:
                    self._changed.wait(self._seconds / LOOKS)  # nobody wakes it for each statement, which would cost
                    continue
                connection, self._connection, self._until, self.fired = self._connection, None, None, True
                if connection is not None:
                    self._sever(connection)
