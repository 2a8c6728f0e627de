"""One table on its way through a scan that reads it whole: stretches judged by whoever is free, put together in order.

In order, so that at any time all rows up to one place are known and no others: that is written down now and then, and a
scan that was killed goes on behind it. Databases are read here, where the connection is; of tables in files each
process reads the rows that it is to judge.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from tongguan.capture.stores import TableUnit, Unread, Unseen
from tongguan.casework.assets.judged import Judged
from tongguan.casework.assets.under_way import Known, UnderWay
from tongguan.casework.assets.whole import Stretch, Together
from tongguan.casework.assets.work import Result, part_of, stretch_of
from tongguan.casework.assets.workers import Workers

__all__ = ["WholeTable"]

PART: Final = 100_000  # rows of a file that one process reads and judges at a time
KEEP_S: Final = 10.0  # between two times that it is written down how far a table was read
AHEAD: Final = 32  # answers that wait for an earlier one


class WholeTable:
    """`mark`: the table's now. `done` is called once, in this process, with what the table holds, before any rule, and
    its mark, None where it is to be read again; not at all where its database goes away: then the next scan goes on.
    `step` is told how many rows came; `later` takes what is left to do once the first rows say how many there are."""

    def __init__(
        self,
        unit: TableUnit,
        mark: str | None,
        workers: Workers,
        under_way: UnderWay,
        done: Callable[[Judged | Unseen, str | None], None],
        step: Callable[[int], None],
        later: Callable[[Callable[[], None]], None],
    ) -> None:
        self._unit, self._mark, self._workers, self._under_way = unit, mark, workers, under_way
        self._done, self._step, self._later = done, step, later
        self._together, self._unseen = Together(), list[Unseen]()
        self._since = mark  # of when its first row was read
        self._place: str | None = None  # of the last row of what is together
        self._answers: dict[int, tuple[Result, str | None]] = {}  # by the number of their stretch, as they come
        self._next = 0
        self._left = 1  # answers to come; the end of the reading is one of them
        self._gone = False
        self._kept_at = time.monotonic()

    def read(self) -> None:
        """Raises Unread where the database goes away, and what `done` and the workers raise."""
        if (known := self._under_way.found(self._unit.path)) is not None:
            self._together, self._place, self._since = Together.of(known.state), known.place, known.mark
        if self._unit.part is not None:
            start = self._rows_at()
            self._begin(first=start == 0)
            self._hand_out(0, start)
            return
        assert self._unit.whole is not None
        try:
            for number, rows in enumerate(self._unit.whole(self._place)):
                if number == 0:
                    self._begin(first=rows.first)
                self._left += 1
                self._workers.submit(stretch_of(self._unit, rows), partial(self._answered, number, rows.place))
                self._step(len(rows.table))
                self._not_too_far()
        except Unread as unread:
            if unread.rest:
                self._gone = True
                self._end_one()
                raise
            self._unseen.append(unread.unseen)
        self._end_one()

    def _begin(self, *, first: bool) -> None:
        if first:
            self._together, self._since = Together(), self._mark
        self._step(self._together.rows)

    # ---- of files

    def _rows_at(self) -> int:
        """How many rows of the very file were read before."""
        mark, rows = json.loads(self._place) if self._place is not None else (None, 0)
        return int(rows) if mark is not None and mark == self._unit.mark else 0

    def _hand_out(self, number: int, start: int) -> None:
        came = partial(self._part_came, number, start)
        self._workers.submit(part_of(self._unit, start, PART), came)

    def _part_came(self, number: int, start: int, result: Result) -> None:
        if number == 0 and isinstance(result, tuple):
            rows = result[0].judged.sample
            starts = range(start + PART, (rows.of if rows else 0) or 0, PART)
            if starts:
                self._left += len(starts)
                self._later(partial(self._rest, starts))
        if isinstance(result, tuple):
            self._step(sum(stretch.judged.sample.rows for stretch in result if stretch.judged.sample))
        place = None if self._unit.mark is None else json.dumps([self._unit.mark, start + PART])
        self._answered(number, place, result)

    def _rest(self, starts: range) -> None:
        for number, start in enumerate(starts, 1):
            self._hand_out(number, start)
            self._not_too_far()

    # ---- put together

    def _not_too_far(self) -> None:
        if len(self._answers) > AHEAD:
            self._workers.drain()

    def _answered(self, number: int, place: str | None, result: Result) -> None:
        self._answers[number] = result, place
        while self._next in self._answers:
            self._add(*self._answers.pop(self._next))
            self._next += 1
        if time.monotonic() - self._kept_at > KEEP_S:
            self._keep()
        self._end_one()

    def _add(self, result: Result, place: str | None) -> None:
        if isinstance(result, Unseen):
            self._unseen.append(result)
            return
        for stretch in result if isinstance(result, tuple) else (result,):
            assert isinstance(stretch, Stretch)
            if not self._together.add(stretch):
                self._unseen.append(Unseen("vanished", self._unit.path, "its columns changed meanwhile"))
                return
        self._place = place

    def _keep(self) -> None:
        """How far it was read; once something is missing, what was written down before stands."""
        if self._place is not None and not self._unseen and not self._together.none:
            self._under_way.keep(self._unit.path, Known(self._since, self._place, self._together.state()))
            self._kept_at = time.monotonic()

    def _end_one(self) -> None:
        self._left -= 1
        if self._left:
            return
        if self._gone:
            self._keep()
            return
        mark = self._mark if self._since == self._mark and not self._unseen else None
        self._done(self._unseen[0] if self._together.none else self._together.judged(self._unseen), mark)
        self._under_way.remove(self._unit.path)
