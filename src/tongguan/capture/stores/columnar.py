"""Tables in files of Parquet or Arrow, one file or many that are one table: by rows drawn at random, or all of them."""

from __future__ import annotations

import hashlib
import os
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tongguan.capture.stores.arrow_cells import Taken
from tongguan.capture.stores.row_groups import Format, Group, Opened, Part, columns_of, groups_of, unseen_of_file
from tongguan.capture.stores.sampling import Sample
from tongguan.capture.stores.units import Column, Rows, TableUnit, Unread, Unseen

__all__ = ["Format", "Opened", "Part", "columnar_unit", "let_go"]

_SETTLED_S: Final = 2.0  # a file changed so recently may change again without its times showing it
_PARTS: Final = 2_000  # files of one table of which rows are drawn, themselves drawn at random
_DECODED: Final = 1 << 30  # bytes of row groups gone through for a sample; of more some are drawn
_BYTES: Final = 64 << 20  # of a sample
_COLUMNS: Final = 2_000
_STRETCH: Final = 50_000  # rows of one stretch of a table that is read whole
_STRETCH_BYTES: Final = 16 << 20  # fewer rows where they are wide

_CHANCE = random.SystemRandom()  # whoever fills a table must not foresee which rows are read


def columnar_unit(path: str, parts: Sequence[Part]) -> TableUnit:
    """Some files as one table. They are not opened before it is read."""
    parts = sorted(parts, key=lambda part: part.unit.path)
    marks = [part.unit.mark for part in parts]
    fresh = any(abs(time.time() - part.unit.changed) < _SETTLED_S for part in parts)
    mark = None
    if None not in marks and not fresh:
        both = [f"{part.unit.path}\0{part.unit.mark}" for part in parts]
        mark = hashlib.blake2b("\n".join(both).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
    drawn = parts if len(parts) <= _PARTS else _CHANCE.sample(parts, _PARTS)
    size = sum(part.unit.size for part in parts)
    return TableUnit(
        path, "", PurePosixPath(path).name, "", None, size, mark, partial(_read, tuple(drawn), len(parts), path),
        apart=True, part=partial(_part, tuple(parts), path),
    )  # fmt: skip


def _read(parts: Sequence[Part], of: int, path: str, limit: int) -> Rows:
    """At most `limit` rows. Raises Unread."""
    with _told(path), ExitStack() as stack:
        unseen: list[Unseen] = []
        groups = [group for part in parts for group in groups_of(part, stack, path, unseen, single=of == 1)]
        return _sampled(groups, len(parts) < of, path, limit, unseen)


@contextmanager
def _told(path: str) -> Iterator[None]:
    """What goes wrong as what could not be seen of the table."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise Unread(unseen_of_file(error, path)) from None
    except Unread as unread:
        raise Unread(replace(unread.unseen, where=path)) from None


def _sampled(groups: Sequence[Group], parted: bool, path: str, limit: int, unseen: list[Unseen]) -> Rows:
    total = sum(group.rows for group in groups)
    chosen = _within(groups, _DECODED)
    come = sum(group.rows for group in chosen)
    whole = not parted and len(chosen) == len(groups)
    drawn = random.Random(_CHANCE.getrandbits(256))  # seeded by the system, which is slow where it gives each draw
    wanted = (
        np.sort(np.array(drawn.sample(range(come), limit), np.int64))
        if come > limit
        else np.arange(come, dtype=np.int64)
    )
    columns = _columns(groups, path, unseen)
    taken, start = Taken(columns), 0
    for group in chosen:
        inside = _between(wanted, start, start + group.rows)
        start += group.rows
        if len(inside) and taken.size < _BYTES:
            _take(taken, group, columns, inside)
    full = taken.size >= _BYTES
    if full:
        unseen.append(Unseen("sample_cut", path, f"{_BYTES >> 20} MB"))
    if not full and whole:
        done = taken.rows == total
        sample = Sample("whole" if done else "random_rows", taken.rows, total, True, taken.rows)
    elif full:
        sample = Sample("head", taken.rows, total)
    else:
        sample = Sample("random_pages", taken.rows, None if parted else total, not parted, len(chosen))
    if sample.method != "whole":
        unseen.append(Unseen("sampled", path, sample.method, (sample.of or 0) - sample.rows if sample.of else 1))
    return taken.rows_of(sample, path, unseen)


def _within(groups: Sequence[Group], most: int) -> list[Group]:
    """All groups, or as many as may be gone through, drawn by chance; at least one."""
    if sum(group.size for group in groups) <= most:
        return list(groups)
    chosen: list[Group] = []
    for group in _CHANCE.sample(list(groups), len(groups)):
        if chosen and sum(one.size for one in chosen) + group.size > most:
            break
        chosen.append(group)
    return chosen


def _columns(groups: Sequence[Group], path: str, unseen: list[Unseen]) -> list[Column]:
    columns = columns_of(groups)
    if len(columns) > _COLUMNS:
        unseen.append(Unseen("columns_cut", path))
    return columns[:_COLUMNS]


def _asked(group: Group, columns: Sequence[Column]) -> list[str]:
    there = set(group.schema.names)
    return [column.name for column in columns if column.name in there]


def _take(taken: Taken, group: Group, columns: Sequence[Column], inside: NDArray[np.int64]) -> None:
    """Rows of a group by their places in it, ascending. Decoded a batch at a time."""
    start = 0
    values = dict(group.part.values)
    for batch in group.batches(_asked(group, columns)):
        places = _between(inside, start, start + batch.num_rows)
        start += batch.num_rows
        if len(places):
            taken.add(batch.take(pa.array(places)), values)
        if start > inside[-1] or taken.size >= _BYTES:
            return


def _between(places: NDArray[np.int64], first: int, last: int) -> NDArray[np.int64]:
    """Ascending places from `first` to before `last`, counted from there."""
    low, high = np.searchsorted(places, (first, last)).tolist()
    return places[low:high] - first


# ---- all rows


def _part(parts: Sequence[Part], path: str, first: int, count: int) -> Iterator[Rows]:
    """So many rows from one on, a stretch at a time. Raises Unread."""
    try:
        with _told(path):
            yield from _WALK.rows(parts, path, first, count)
    except BaseException:
        _WALK.let_go()
        raise


class _Walk:
    """The table that this process goes through stays open, behind the row that came last: others read what lies
    between, and to come there anew would mean to decode all that lies before."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._is: object = None
        self._groups: list[Group] = []
        self._columns: list[Column] = []
        self._unseen: list[Unseen] = []
        self._at = 0
        self._batches: Iterator[tuple[pa.RecordBatch, Group]] = iter(())
        self._rest: tuple[pa.RecordBatch, Group] | None = None

    def rows(self, parts: Sequence[Part], path: str, first: int, count: int) -> Iterator[Rows]:
        now = (os.getpid(), path, [(part.unit.path, part.unit.mark) for part in parts])
        if self._is != now:
            self._open(parts, path)
            self._is = now
        total = sum(group.rows for group in self._groups)
        if first < self._at:
            self._begin()
        self._pass_over(first)
        unseen = tuple(self._unseen) if first == 0 else ()
        taken = Taken(self._columns)
        while self._at < min(first + count, total) and (found := self._next(first + count - self._at)) is not None:
            batch, group = found
            taken.add(batch, dict(group.part.values))
            if taken.rows >= _STRETCH or taken.size >= _STRETCH_BYTES:
                yield taken.rows_of(Sample("whole", taken.rows, total, True, taken.rows), path, unseen)
                taken, unseen = Taken(self._columns), ()
        if taken.rows or not total:
            yield taken.rows_of(Sample("whole", taken.rows, total, True, taken.rows), path, unseen)

    def _open(self, parts: Sequence[Part], path: str) -> None:
        self.let_go()
        for part in parts:
            _check_same(part)
        with ExitStack() as stack:
            unseen: list[Unseen] = []
            groups = [one for part in parts for one in groups_of(part, stack, path, unseen, single=len(parts) == 1)]
            self._columns = _columns(groups, path, unseen)
            self._groups, self._unseen, self._stack = groups, unseen, stack.pop_all()
        self._begin()

    def _begin(self) -> None:
        self._at, self._rest = 0, None
        self._batches = self._all(0)

    def _all(self, group: int) -> Iterator[tuple[pa.RecordBatch, Group]]:
        for one in self._groups[group:]:
            for batch in one.batches(_asked(one, self._columns)):
                yield batch, one

    def _pass_over(self, first: int) -> None:
        """Whole groups are not even decoded."""
        before = 0
        for number, group in enumerate(self._groups):
            if self._at < before <= first and before + group.rows > first:
                self._at, self._rest, self._batches = before, None, self._all(number)
            before += group.rows
        while self._at < first and self._next(first - self._at) is not None:
            pass

    def _next(self, most: int) -> tuple[pa.RecordBatch, Group] | None:
        """At most so many rows."""
        found, self._rest = self._rest or next(self._batches, None), None
        if found is None:
            return None
        batch, group = found
        if batch.num_rows > most:
            self._rest = batch.slice(most), group
            batch = batch.slice(0, most)
        self._at += batch.num_rows
        return batch, group

    def let_go(self) -> None:
        self._is, self._groups, self._rest, self._batches = None, [], None, iter(())
        self._stack.close()


def _check_same(part: Part) -> None:
    """Rows are told apart by their places: all who read the table must read the same file. Raises Unread."""
    unit = part.unit
    if unit.local is not None:
        now = unit.local.stat()
        if (now.st_size, now.st_mtime) != (unit.size, unit.changed):
            raise Unread(Unseen("vanished", unit.path, "it was changed meanwhile"))


_WALK = _Walk()


def let_go() -> None:
    """Close what is still open in this process."""
    _WALK.let_go()
