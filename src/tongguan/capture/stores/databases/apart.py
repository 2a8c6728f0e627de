"""A database that is read by a process of its own: a driver of which nothing is known, or an engine within the process
that reads what others made. It may die or hang in native code and costs a table then, never the scan.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import islice
from multiprocessing.connection import Connection
from typing import Any, Final

from tongguan.capture.stores.addresses import Address
from tongguan.capture.stores.databases.dialect import Limits, Listed
from tongguan.capture.stores.databases.store import LOST, SILENT, DatabaseStore, check_driver
from tongguan.capture.stores.refusals import TEXTS
from tongguan.capture.stores.units import Rows, TableUnit, Unread, Unseen
from tongguan.errors import Missing, TongguanError, Unavailable

__all__ = ["ApartStore"]

TOGETHER: Final = 500  # units listed in one message
BEAT_S: Final = 1.0  # between two signs of life, at least
START_S: Final = 60.0  # for a process to begin
DIED: Final = "its process ended"


class ApartStore:
    """As `DatabaseStore`, whose words it passes on."""

    def __init__(self, address: Address, password: str | None, limits: Limits | None = None) -> None:
        """Raises as `DatabaseStore` does."""
        self.kind, self.name = address.kind, address.name
        limits = limits or Limits()
        self._opening = ("open", address, password, limits)
        self._patience = float(limits.statement_s + limits.answer_s)
        self._lost = 0
        self._process: _Process | None = None
        check_driver(address)
        try:
            self._open()
        except Unread as unread:
            if unread.unseen.reason == "timeout":
                raise Unavailable(TEXTS.both("server.timeout", name=self.name, code="timeout")) from None
            raise Missing(TEXTS.both("driver.fault", name=self.name, code=DIED)) from None

    def __enter__(self) -> ApartStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if self.kind == "duckdb" and _Process.idle is None:  # a folder may hold many files
            with suppress(Unread, TongguanError):
                process.ask("", BEAT_S, "close")
                _Process.idle = process
                return
        process.end()

    def size(self) -> int:
        try:
            return int(self._ask("", "size"))
        except (Unread, TongguanError):
            return 0

    def units(self) -> Iterator[TableUnit | Unseen]:
        """Raises Unread with `rest` where the process ends: nobody knows how far it was."""
        given, lists = 0, None
        while True:
            goes_on = lists is not None and lists is self._process  # else another began since, which lists anew
            try:
                found = self._ask("", *(("more",) if goes_on else ("units", given)))
            except Unread as unread:
                raise Unread(unread.unseen, rest=True) from None
            lists = self._process
            for unit, listed in found:
                if listed is not None:
                    unit = replace(unit, read=partial(self.read, listed), whole=partial(self.whole, listed))
                yield unit
            if len(found) < TOGETHER:
                return
            given += len(found)

    def read(self, listed: Listed, limit: int) -> Rows:
        """A sample of a table that was listed. Raises Unread."""
        where = ".".join(name for name in (listed.schema, listed.name) if name)
        try:
            return self._read(where, listed, limit, False)
        except Unread as unread:
            if unread.unseen.detail != SILENT or unread.rest:
                raise
            seen = unread.unseen
        rows = self._read(where, listed, limit, True)  # to draw rows at random took too long, perhaps
        return replace(rows, unseen=(replace(seen, detail=""), *rows.unseen))

    def whole(self, listed: Listed, place: str | None = None) -> Iterator[Rows]:
        """All rows of a table that was listed, behind a place (see `Rows`), a stretch at a time. Raises Unread."""
        where = ".".join(name for name in (listed.schema, listed.name) if name)
        rows = self._ask(where, "whole", listed, place)
        while rows is not None:
            yield rows
            rows = self._ask(where, "on")

    # ---- within

    def _read(self, where: str, listed: Listed, limit: int, head: bool) -> Rows:
        try:
            rows: Rows = self._ask(where, "read", listed, limit, head)
        except Unread as unread:
            lost = unread.unseen.detail in (SILENT, DIED) or unread.unseen.reason == "dropped"
            self._lost = self._lost + 1 if lost else 0
            unread.rest |= self._lost >= LOST
            raise
        self._lost = 0
        return rows

    def _open(self) -> _Process:
        process, _Process.idle = _Process.idle or _Process(), None
        try:
            process.ask("", START_S + self._patience, *self._opening)
        except BaseException:
            process.end()
            raise
        self._process = process
        return process

    def _ask(self, where: str, *what: Any) -> Any:
        """What the process answers, a new one where it has ended. Raises Unread."""
        try:
            process = self._process or self._open()
        except TongguanError:
            raise Unread(Unseen("dropped", where), rest=True) from None
        try:
            return process.ask(where, self._patience, *what)
        except Unread as unread:
            if self.kind == "database" and unread.unseen.reason == "dropped":
                process.end()  # nobody knows in what state a driver is then
            if not process.alive:
                self._process = None
            raise


class _Process:
    """Does what it is asked for, one thing after the other."""

    idle: _Process | None = None  # with no database open

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")  # the server of the scan's workers has other things loaded
        self._pipe, theirs = context.Pipe()
        self._process: Any = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()

    @property
    def alive(self) -> bool:
        return self._process is not None

    def end(self) -> None:
        if self._process is not None:
            process, self._process = self._process, None
            self._pipe.close()
            process.kill()
            process.join()
            process.close()

    def ask(self, where: str, seconds: float, *what: Any) -> Any:
        """Its answer, waited for as long as there are signs of life. Raises what it raised; Unread where it ends or is
        silent for so many seconds, which ends it."""
        try:
            self._pipe.send(what)
            while self._pipe.poll(seconds):
                done, answer = self._pipe.recv()
                if isinstance(answer, Exception):
                    raise answer
                if done:
                    return answer
        except (EOFError, OSError):
            self.end()
            raise Unread(Unseen("failed", where, DIED)) from None
        self.end()
        raise Unread(Unseen("timeout", where, SILENT))


def _serve(pipe: Connection) -> None:
    """What is asked for, until the other side is gone. Between two answers signs of life."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    last = 0.0

    def heard() -> None:
        nonlocal last
        if time.monotonic() - last > BEAT_S:
            last = time.monotonic()
            pipe.send((False, None))

    store: DatabaseStore | None = None
    found: Iterator[TableUnit | Unseen] = iter(())
    rows: Iterator[Rows] = iter(())
    with suppress(EOFError, OSError):
        while True:
            what, *given = pipe.recv()
            try:
                answer: Any = None
                if what in ("open", "close"):
                    if store is not None:
                        store.close()
                    store = DatabaseStore(*given, heard=heard) if what == "open" else None
                elif store is None:
                    raise AssertionError("nothing is open")
                elif what == "size":
                    answer = store.size()
                elif what == "read":
                    answer = store.read(*given)
                elif what in ("whole", "on"):
                    rows = store.whole(*given) if what == "whole" else rows
                    answer = next(rows, None)
                else:
                    found = islice(store.units(), given[0], None) if what == "units" else found
                    answer = [_bare(unit) for unit in islice(found, TOGETHER)]
                pipe.send((True, answer))
            except (Unread, TongguanError) as error:
                pipe.send((True, error))


def _bare(unit: TableUnit | Unseen) -> tuple[TableUnit | Unseen, Listed | None]:
    if isinstance(unit, Unseen):
        return unit, None
    assert isinstance(unit.read, partial)
    return replace(unit, read=_nobody, whole=None), unit.read.args[0]


def _nobody(limit: int) -> Rows:
    raise AssertionError("it is read by its process")
