"""One unit's work: read and judged, in this process or in another one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tongguan import identify
from tongguan.capture.stores import FileUnit, Rows, TableUnit, Unread, Unseen
from tongguan.casework.assets.judged import Judged
from tongguan.casework.assets.judging import Judge, Knowledge, Part
from tongguan.casework.assets.whole import Stretch
from tongguan.errors import TongguanError
from tongguan.identify import kinds
from tongguan.identify.fingerprints import open_fingerprints
from tongguan.identify.templates import Rules
from tongguan.registry import parts
from tongguan.wording import readable

__all__ = ["Result", "Setup", "Task", "part_of", "perform", "perform_all", "stretch_of", "task_of"]

FAULT = "fault of the reader"
TOGETHER = 1 << 20  # characters of several files that are searched at once

Result = Judged | Stretch | tuple[Stretch, ...] | Unseen


@dataclass(frozen=True, slots=True)
class Setup:
    """What a judge is made with."""

    key: bytes
    rules: Rules
    names: bool | None = None
    registered: tuple[Path, ...] = ()  # files of fingerprints
    prepare: Callable[[], None] | None = None  # called first in another process
    limits: identify.Limits = field(default_factory=identify.Limits)  # of one file

    def check(self) -> None:
        """Raises BadInput and Broken where a file of fingerprints or a part of another package cannot be used: before
        anything is read."""
        parts(identify.RECOGNISERS)
        for path in self.registered:
            open_fingerprints(path, self.key)

    @contextmanager
    def judge(self) -> Iterator[Judge]:
        """The judge, for as long as units come. Raises Missing, BadInput and Broken (fingerprints)."""
        opened = {readable(path.name): open_fingerprints(path, self.key) for path in self.registered}
        knowledge = Knowledge(self.rules, kinds.shipped(), opened)
        with identify.names_in_prose(self.names) as prose:
            yield Judge(self.key, knowledge, prose if prose.on else None, self.limits)


@dataclass(frozen=True, slots=True)
class Task:
    """A file to be read and judged, or rows that were read and are to be judged."""

    unit: FileUnit | TableUnit
    rows: Rows | None = None
    limit: int = 0  # rows to be read of a table that is read apart
    stretch: bool = False  # the rows are some of a table that is read whole
    part: tuple[int, int] | None = None  # of such a table in files: the first row to be read, and how many

    @property
    def size(self) -> int:
        """About how many bytes it holds in memory while it waits."""
        return self.rows.table.nbytes if self.rows is not None else 0


def task_of(unit: FileUnit | TableUnit, limit: int) -> Task:
    """Tables of a database are read here, where the connection is. Raises Unread."""
    if isinstance(unit, FileUnit) or unit.apart:
        return Task(replace(unit, whole=None) if isinstance(unit, TableUnit) else unit, limit=limit)
    return Task(replace(unit, read=_read_already, whole=None), unit.read(limit))


def stretch_of(unit: TableUnit, rows: Rows) -> Task:
    """Some rows of a table that is read whole."""
    return Task(replace(unit, read=_read_already, whole=None), rows, stretch=True)


def part_of(unit: TableUnit, start: int, count: int) -> Task:
    """So many rows of a table that is read whole, and is read by whoever judges it."""
    return Task(replace(unit, read=_read_already, whole=None), part=(start, count))


def perform(judge: Judge, task: Task) -> Result:
    """What the unit holds, or why it could not be read. A fault of ours costs one unit, not the run, and is seen."""
    unit = task.unit
    try:
        if isinstance(unit, FileUnit):
            with unit.open() as contents:
                return judge.file(contents, unit.path)
        if task.stretch and task.rows is not None:
            return judge.stretch(unit, task.rows)
        if task.part is not None and unit.part is not None:
            return tuple(judge.stretch(unit, rows) for rows in unit.part(*task.part))
        return judge.table(unit, task.rows if task.rows is not None else unit.read(task.limit))
    except Unread as unread:
        return unread.unseen
    except TongguanError:
        raise
    except Exception as error:
        return Unseen("failed", unit.path, f"{FAULT}: {type(error).__name__}")


def perform_all(judge: Judge, tasks: Sequence[Task]) -> list[Result]:
    """The same of several units, in their order; files are read side by side, and what is little is searched at
    once: a search costs some milliseconds however short the text is."""
    files = [task.unit for task in tasks if isinstance(task.unit, FileUnit)]
    if len(files) < 2 or len(files) < len(tasks) or not judge.joins:
        return [perform(judge, task) for task in tasks]
    try:
        return _SideBySide(judge, files).read()
    except TongguanError:
        raise
    except Exception:  # of one of them: by themselves it is seen of which
        return [perform(judge, task) for task in tasks]


_Reading = Generator[Part, None, Judged]


class _SideBySide:
    """Files that are read until each waits for a search; no more than `TOGETHER` characters wait."""

    def __init__(self, judge: Judge, files: Sequence[FileUnit]) -> None:
        self._judge, self._files = judge, files
        self._results: dict[int, Result] = {}
        self._waiting: dict[bool, list[tuple[int, _Reading, Part]]] = {True: [], False: []}  # by whether all is ASCII
        self._ready = deque((n, _reading(judge, file)) for n, file in enumerate(files))

    def read(self) -> list[Result]:
        while self._ready or any(self._waiting.values()):
            if self._ready:
                self._next(*self._ready.popleft())
            else:
                self._search(max(self._waiting, key=lambda plain: len(self._waiting[plain])))
        return [self._results[n] for n in range(len(self._files))]

    def _next(self, number: int, reading: _Reading) -> None:
        try:
            part = next(reading)
        except StopIteration as end:
            self._results[number] = end.value
            return
        except Unread as unread:
            self._results[number] = unread.unseen
            return
        if part.read is not None or part.size > TOGETHER:
            self._judge.search([part])
            self._ready.appendleft((number, reading))
            return
        # What is all ASCII is searched faster by itself; names are, whatever they hold.
        plain = all(piece.text.isascii() for piece in part.pieces if piece.kind != "name")
        if sum(other.size for *_, other in self._waiting[plain]) + part.size > TOGETHER:
            self._search(plain)
        self._waiting[plain].append((number, reading, part))

    def _search(self, plain: bool) -> None:
        waiting, self._waiting[plain] = self._waiting[plain], []
        self._judge.search([part for *_, part in waiting])
        self._ready.extendleft((number, reading) for number, reading, _ in reversed(waiting))


def _reading(judge: Judge, file: FileUnit) -> _Reading:
    with file.open() as contents:
        return (yield from judge.reading(contents, file.path))


def _read_already(limit: int) -> Rows:
    raise AssertionError("its rows are in the task")
