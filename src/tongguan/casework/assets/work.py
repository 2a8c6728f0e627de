"""One unit's work: read and judged, in this process or in another one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tongguan import identify
from tongguan.capture.stores import FileUnit, Rows, TableUnit, Unread, Unseen
from tongguan.casework.assets.judged import Judged
from tongguan.casework.assets.judging import Judge, Knowledge
from tongguan.casework.assets.whole import Stretch
from tongguan.errors import TongguanError
from tongguan.identify import kinds
from tongguan.identify.fingerprints import open_fingerprints
from tongguan.identify.templates import Rules
from tongguan.wording import readable

__all__ = ["Setup", "Task", "perform", "stretch_of", "task_of"]

FAULT = "fault of the reader"


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
        """Raises BadInput and Broken where a file of fingerprints cannot be used: before anything is read."""
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


def perform(judge: Judge, task: Task) -> Judged | Stretch | Unseen:
    """What the unit holds, or why it could not be read. A fault of ours costs one unit, not the run, and is seen."""
    unit = task.unit
    try:
        if isinstance(unit, FileUnit):
            with unit.open() as contents:
                return judge.file(contents, unit.path)
        if task.stretch and task.rows is not None:
            return judge.stretch(unit, task.rows)
        return judge.table(unit, task.rows if task.rows is not None else unit.read(task.limit))
    except Unread as unread:
        return unread.unseen
    except TongguanError:
        raise
    except Exception as error:
        return Unseen("failed", unit.path, f"{FAULT}: {type(error).__name__}")


def _read_already(limit: int) -> Rows:
    raise AssertionError("its rows are in the task")
