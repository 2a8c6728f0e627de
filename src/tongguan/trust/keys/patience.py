"""Calls into a library that may never return."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

__all__ = ["Patience", "TookTooLong"]

T = TypeVar("T")


class TookTooLong(Exception):
    """The call did not return in time; it may still be under way."""


class Patience:
    """Runs calls one at a time in a thread of their own and waits `seconds` for each.

    While one that took too long is still under way, further ones are refused at once: the library is in use.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._stuck: threading.Thread | None = None

    def call(self, deed: Callable[[], T]) -> T:
        """What the deed gives or raises. Raises TookTooLong."""
        if self._stuck is not None and self._stuck.is_alive():
            raise TookTooLong
        done: list[T] = []
        failed: list[BaseException] = []

        def run() -> None:
            try:
                done.append(deed())
            except BaseException as error:
                failed.append(error)

        thread = threading.Thread(target=run, name="hsm", daemon=True)
        thread.start()
        thread.join(self.seconds)
        if thread.is_alive():
            self._stuck = thread
            raise TookTooLong
        if failed:
            raise failed[0]
        return done[0]
