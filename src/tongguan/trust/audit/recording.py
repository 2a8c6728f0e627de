"""How the parts of the house write entries: they are given a `Record` and never open a log."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable, Mapping
from typing import Any

from tongguan.trust.audit.entry import canonical, checked, stamp
from tongguan.trust.audit.log import AuditLog

__all__ = ["BatchedRecorder", "Record", "recorder"]

Record = Callable[[str, str, Mapping[str, Any]], int]  # kind, actor, body → index of the entry

Draft = tuple[str, str, dict[str, Any]]


def recorder(log: AuditLog) -> Record:
    """Each entry is on disk and under a signed checkpoint before the call returns."""
    return log.append


class BatchedRecorder:
    """For hot paths: entries are written together, within `within_s` seconds or once there are `most`.

    Until then they are in memory only, so a process that is killed loses what it took in during the last `within_s`;
    what must not be lost that way goes through `recorder`. What cannot be written is kept, and every later call raises
    the reason and takes nothing in, until writing works again: nothing is lost silently. Threads may share one.
    Use it as a context manager, or call `close`, which writes the rest and raises where it cannot.
    """

    def __init__(self, log: AuditLog, *, within_s: float = 0.2, most: int = 1000) -> None:
        self._log = log
        _ = log.verifier  # loads what signs: when a process ends, nothing can be loaded any more
        self._within_s = within_s
        self._most = most
        self._waiting: list[Draft] = []
        self._failed = False
        self._closed = False
        self._state = threading.Condition()  # guards the three above
        self._writing = threading.Lock()  # one batch at a time, so that entries keep their order
        self._thread = threading.Thread(target=self._run, name="audit-recorder", daemon=True)
        self._thread.start()
        atexit.register(self.close)  # a process that ends without closing writes all the same, or says that it cannot

    def __call__(self, kind: str, actor: str, body: Mapping[str, Any]) -> int:
        """Take an entry in; -1, for its index is not known yet. Raises BadInput, and what the log raises."""
        draft = checked(kind, actor, body)
        # An entry that cannot be written must not hold up those of others.
        canonical({"index": 1 << 62, "ts": stamp(0), "kind": kind, "actor": draft[1], "body": draft[2]})
        with self._state:
            must_write = self._failed
        if must_write:
            self.flush()
        with self._state:
            if self._closed:
                raise ValueError("this recorder is closed")
            self._waiting.append(draft)
            full = len(self._waiting) >= self._most
            if len(self._waiting) == 1:
                self._state.notify()
        if full:
            self.flush()
        return -1

    def __enter__(self) -> BatchedRecorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def flush(self) -> None:
        """Write what waits. Raises what the log raises; then it all waits still."""
        with self._writing:
            with self._state:
                batch = list(self._waiting)
            if not batch:
                return
            try:
                self._log.append_many(batch)
            except BaseException:
                with self._state:
                    self._failed = True
                raise
            with self._state:
                del self._waiting[: len(batch)]
                self._failed = False

    def close(self) -> None:
        """Write the rest and take nothing more in. Raises what the log raises; it may be called again then."""
        with self._state:
            self._closed = True
            self._state.notify()
        self._thread.join()
        self.flush()
        atexit.unregister(self.close)

    def _run(self) -> None:
        while True:
            with self._state:
                self._state.wait_for(lambda: self._closed or bool(self._waiting))
                if self._closed:
                    return
                self._state.wait_for(lambda: self._closed, self._within_s)
            try:
                self.flush()
            except Exception:
                # `_failed` is set: the next caller tries again and learns why. Wait, lest a full disk keep us busy.
                with self._state:
                    self._state.wait_for(lambda: self._closed, max(1.0, self._within_s))
