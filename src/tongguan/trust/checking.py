"""All records of the room held against the audit log, in one walk over it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tongguan.trust.access import Principal
    from tongguan.trust.audit import AuditLog, Entry
    from tongguan.trust.opening import Trust

__all__ = ["Contradiction", "check_stores", "entries_of"]

PAGE = 1000  # entries in memory
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Something in the records that the audit log denies.

    `store`: users, approvals, keys or evidence. `subject`: an account's name, or the record's id. What `what` may be,
    and what each means, is said by the part that found it: `Contradiction` of trust.identity.checking, and alike.
    """

    store: str
    subject: str
    what: str
    detail: str


def check_stores(trust: Trust, by: Principal, progress: Progress | None = None) -> list[Contradiction]:
    """Hold accounts, grants, approvals, keys and evidence against the whole log; [] where all is well.

    The log is read once, a page at a time, to its end as it is then. progress: (entries read, entries there are).
    Raises Denied (audit.verify), and what keeps a part from being checked: Broken, Unavailable, CannotWrite. Each part
    writes an entry of what it found.
    """
    trust.identity.context.allow(by, "audit.verify", "stores")
    checks: dict[str, tuple[str, Any]] = {
        "users": ("user", trust.identity.check_store),
        "approvals": ("approval", trust.approvals.check_store),
        "keys": ("key", trust.keys.check_store),
        "evidence": ("evidence", trust.evidence.check_store),
    }
    walk = _Walk(trust.audit, len(checks), progress)
    with ThreadPoolExecutor(len(checks), "check") as threads:
        running = [threads.submit(walk.reader, check, by) for _, check in checks.values()]
        try:
            wait(running)
        except BaseException:  # the caller was interrupted
            walk.stop()
            raise
    _raise_first(running)
    return [
        Contradiction(store, str(getattr(one, subject)), one.what, one.detail)
        for (store, (subject, _)), done in zip(checks.items(), running, strict=True)
        for one in done.result()
    ]


def entries_of(log: AuditLog) -> Iterator[Entry]:
    """All entries from the first on, a page at a time, to where the log ends when one comes there."""
    offset = 0
    while page := log.entries(offset, PAGE):
        yield from page
        offset += len(page)


class _Walk:
    """One walk over the log for several readers in threads of their own: a page is read once all have asked for it, so
    that no more than one is in memory, and none begins before all are ready."""

    def __init__(self, log: AuditLog, readers: int, progress: Progress | None) -> None:
        self._log = log
        self._progress = progress
        self._seen = 0
        self._page: list[Entry] = []
        self._turn = threading.Barrier(readers, self._read)

    def reader(self, check: Callable[[Iterable[Entry], Principal], list[Any]], by: Principal) -> list[Any]:
        """One part's check over the walk."""
        entries = self._entries()
        try:
            found = check(entries, by)
            for _ in entries:  # what it did not ask for: the others go on
                pass
            return found
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Let nobody wait for the others any longer."""
        self._turn.abort()

    def _entries(self) -> Iterator[Entry]:
        while True:
            self._turn.wait()
            page = self._page  # the next one is read when all have come back for it
            if not page:
                return
            yield from page

    def _read(self) -> None:
        self._page = self._log.entries(self._seen, PAGE)
        self._seen += len(self._page)
        if self._progress and self._page:
            self._progress(self._seen, max(self._seen, self._log.size))


def _raise_first(running: Iterable[Future[list[Any]]]) -> None:
    """What went wrong, rather than that others were stopped by it."""
    wrong = [error for done in running if (error := done.exception())]
    cause = next((error for error in wrong if not isinstance(error, threading.BrokenBarrierError)), None)
    if wrong:
        raise cause or wrong[0]
