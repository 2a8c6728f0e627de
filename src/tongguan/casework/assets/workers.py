"""Units judged by several processes at once, each of which may die without taking the scan along.

Results are taken in this process as they come. Little work is done here and at once: processes are started where there
is enough to do.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any

from tongguan.capture.stores import FileUnit, TableUnit, Unseen
from tongguan.casework.assets.judging import Judge
from tongguan.casework.assets.starting import READY, begin, not_begun, said_by, why_not
from tongguan.casework.assets.work import Result, Setup, Task, perform_all
from tongguan.errors import TongguanError
from tongguan.garbage import keep_freed_memory

__all__ = ["Workers", "usual_count"]

SMALL = 4 << 20  # bytes of a unit that is judged in this process, as long as there was little
LITTLE_S = 2.0  # of work, before processes are started
GROUP, GROUP_BYTES = (
    32,
    1 << 20,
)  # small files that one process is given at once: so many at most, and so large together
AHEAD = 64  # units that wait
AHEAD_BYTES = 96 << 20  # of rows that wait
TRIES = 2  # a unit that ended two processes is told, and left
STARTS = 3  # processes on end that never were ready: the scan ends, for no unit's doing
LONGEST_S = 1800.0  # one unit, and as long again for each GB
DIED, LATE = "its process ended", "no end in sight"

Done = Callable[[Result], None]


def usual_count() -> int:
    """As many as there are processors for us."""
    return len(os.sched_getaffinity(0))


@dataclass(slots=True)
class _Order:
    task: Task
    done: Done
    tries: int = 0

    @property
    def small(self) -> bool:
        """Whether it may be done with others; not what was in a process that ended, so that it is seen whose doing
        that was."""
        return isinstance(self.task.unit, FileUnit) and self.task.unit.weight <= GROUP_BYTES // 2 and not self.tries


@dataclass(slots=True)
class _Worker:
    process: Any
    connection: Connection
    orders: list[_Order] = field(default_factory=list)
    until: float = field(default=0.0)
    ready: bool = False  # has loaded all that it needs


class Workers:
    """`count` processes; with one, all is done in this one. Used as a context: at its end processes are ended.

    `together`: what several results that came at once are taken in.

    Raises Missing (names in prose without their extra) with the first unit; Unavailable where processes do not begin.
    """

    def __init__(
        self, setup: Setup, count: int, together: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext
    ) -> None:
        self._setup, self._count, self._together = setup, count, together
        self._stack = contextlib.ExitStack()
        self._judge: Judge | None = None
        self._spent = 0.0
        self._waiting: deque[_Order] = deque()
        self._gathered: list[_Order] = []  # small files to be done here, together
        self._workers: list[_Worker] = []
        self._not_begun = 0  # processes on end

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._waiting.clear()
        self._gathered.clear()
        for worker in self._workers:
            _end(worker)
        self._stack.close()

    def submit(self, task: Task, done: Done) -> None:
        """Have a unit judged; `done` is called with what came of it, in this process, here or in a later call.

        Waits where many wait already. Raises what `done` raises.
        """
        apart = isinstance(task.unit, TableUnit) and task.unit.apart
        little = not self._workers and self._spent < LITTLE_S and task.unit.weight <= SMALL and not apart
        here = self._count < 2 or little
        order = _Order(task, done)
        if here:
            some = self._gathered if order.small else []
            some.append(order)
            if not order.small or _is_full(some):
                self._here(some)
            return
        self._here(self._gathered)
        self._waiting.append(order)
        self._hand_out()
        while self._too_many():
            self._take(None)
        self._take(0)

    def drain(self) -> None:
        """Wait until nothing is left to do. Raises what `done` raises."""
        self._here(self._gathered)
        while self._waiting or self._busy():
            self._take(None)

    # ---- within

    def _here(self, given: list[_Order]) -> None:
        """Have done in this process what is taken from a list."""
        if not given:
            return
        orders = given[:]
        given.clear()
        if self._judge is None:
            self._judge = self._stack.enter_context(self._setup.judge())
        started = time.monotonic()
        try:
            results = perform_all(self._judge, [order.task for order in orders])
        finally:
            self._spent += time.monotonic() - started
        self._done(orders, results)

    def _busy(self) -> list[_Worker]:
        return [worker for worker in self._workers if worker.orders]

    def _too_many(self) -> bool:
        return len(self._waiting) > AHEAD or sum(order.task.size for order in self._waiting) > AHEAD_BYTES

    def _hand_out(self) -> None:
        while self._waiting and len(self._busy()) < self._count:
            idle = next((worker for worker in self._workers if not worker.orders), None)
            if (worker := idle or self._start()) is not None:
                self._give(worker, self._some())

    def _some(self) -> list[_Order]:
        """The first that waits, and with a small one other small ones, so that enough is left for the others."""
        most = -(-len(self._waiting) // self._count)
        some, left = [self._waiting.popleft()], deque[_Order]()
        for order in self._waiting:
            more = some[0].small and order.small and len(some) < most and not _is_full(some)
            (some if more else left).append(order)
        self._waiting = left
        return some

    def _start(self) -> _Worker | None:
        """None where that is to be tried again."""
        try:
            process, ours = begin(_serve, self._setup)
        except (EOFError, OSError) as error:
            self._count_one_not_begun(None, error)
            return None
        self._workers.append(_Worker(process, ours))
        return self._workers[-1]

    def _count_one_not_begun(self, process: Any, error: Exception | None = None) -> None:
        """Raises Unavailable where there were several on end."""
        self._not_begun += 1
        if self._not_begun >= STARTS:
            raise not_begun(why_not(process, error))

    def _give(self, worker: _Worker, orders: list[_Order]) -> None:
        worker.orders = orders
        for order in orders:
            order.tries += 1
        worker.until = time.monotonic() + LONGEST_S * (1 + sum(order.task.unit.weight for order in orders) / 1e9)
        try:
            worker.connection.send([order.task for order in orders])
        except OSError:
            self._died(worker)

    def _take(self, seconds: float | None) -> None:
        """Whatever is done, waiting so long for it (None: until something is)."""
        busy = self._busy()
        if not busy:
            return
        until = min(worker.until for worker in busy)
        longest = max(0.0, until - time.monotonic())
        ready = wait([worker.connection for worker in busy], longest if seconds is None else seconds)
        for worker in [worker for worker in busy if worker.connection in ready]:
            try:
                results = worker.connection.recv()
            except (EOFError, OSError):
                self._died(worker)
                continue
            if results == READY:
                worker.ready, self._not_begun = True, 0
            else:
                self._finish(worker, results)
        for worker in self._busy():
            if time.monotonic() >= worker.until:
                self._ended(worker, "timeout", LATE, again=len(worker.orders) > 1)
        self._hand_out()

    def _finish(self, worker: _Worker, results: list[Result] | TongguanError) -> None:
        orders, worker.orders = worker.orders, []
        self._hand_out()  # before the results are kept: nobody waits for that
        if isinstance(results, TongguanError):
            raise results
        self._done(orders, results)

    def _done(self, orders: list[_Order], results: list[Result]) -> None:
        with self._together() if len(orders) > 1 else contextlib.nullcontext():
            for order, result in zip(orders, results, strict=True):
                order.done(result)

    def _died(self, worker: _Worker) -> None:
        if not worker.ready:  # what it was given had no part in it
            self._remove(worker)
            for order in worker.orders:
                order.tries -= 1
            self._waiting.extendleft(reversed(worker.orders))
            self._count_one_not_begun(worker.process)
            return
        self._ended(worker, "failed", DIED, again=worker.orders[0].tries < TRIES)

    def _ended(self, worker: _Worker, why: str, detail: str, *, again: bool) -> None:
        """What a process was given that is no more: `again`, each by itself in another process, or told."""
        self._remove(worker)
        if again:
            self._waiting.extendleft(reversed(worker.orders))
            return
        for order in worker.orders:
            order.done(Unseen(why, order.task.unit.path, detail))

    def _remove(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        _end(worker)


def _is_full(orders: list[_Order]) -> bool:
    """Whether small files make a group."""
    return len(orders) >= GROUP or sum(order.task.unit.weight for order in orders) >= GROUP_BYTES


def _end(worker: _Worker) -> None:
    with contextlib.suppress(OSError):
        worker.connection.close()
    worker.process.kill()
    worker.process.join()


def _serve(connection: Connection, setup: Setup) -> None:
    """Units in, what they hold out, until the other side is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the scan itself says when to end
    keep_freed_memory()
    with contextlib.suppress(EOFError, OSError), contextlib.ExitStack() as stack:
        try:
            if setup.prepare is not None:
                setup.prepare()
            judge = stack.enter_context(setup.judge())
        except Exception as error:
            connection.send(error if isinstance(error, TongguanError) else not_begun(said_by(error)))
            return
        connection.send(READY)
        try:
            while True:
                connection.send(perform_all(judge, connection.recv()))
        except TongguanError as error:
            connection.send(error)
