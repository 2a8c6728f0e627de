"""Calls into a library that may never return."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["Patience", "TookTooLong"]

T = TypeVar("T")


class TookTooLong(Exception):
    """The call did not return in time; it may still be under way."""


class Patience:
    """Runs calls in a thread of its own and waits `seconds` for each. Callers must take turns.

    While one that took too long is still under way, further ones are refused at once: the library is in use.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._worker: threading.Thread | None = None
        self._work: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._late: queue.SimpleQueue[Any] | None = None

    @property
    def busy(self) -> bool:
        """Whether a call that took too long is still under way."""
        alive = self._worker is not None and self._worker.is_alive()  # not so in a forked child
        return alive and self._late is not None and self._late.empty()

    def call(self, deed: Callable[[], T]) -> T:
        """What the deed gives or raises. Raises TookTooLong."""
        if self.busy:
            raise TookTooLong
        self._late = None
        if self._worker is None or not self._worker.is_alive():
            self._work = queue.SimpleQueue()
            self._worker = threading.Thread(target=_serve, args=(self._work,), name="hsm", daemon=True)
            self._worker.start()
        reply: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()
        self._work.put((deed, reply))
        try:
            found, error = reply.get(timeout=self.seconds)
        except queue.Empty:
            self._late = reply
            raise TookTooLong from None
        if error is not None:
            raise error
        done: T = found
        return done


def _serve(work: queue.SimpleQueue[Any]) -> None:
    while True:
        deed, reply = work.get()
        try:
            reply.put((deed(), None))
        except BaseException as error:
            reply.put((None, error))
        del deed, reply  # nothing is kept until the next call
