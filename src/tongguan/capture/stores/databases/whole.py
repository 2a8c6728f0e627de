"""A table read whole, a stretch of rows at a time: in memory that does not grow with it.

By its key, where it has one of whole numbers: each stretch is a statement of its own that begins behind the last row
that came, so that a connection may be lost in between, and no statement takes long; another process may go on there.
Else by one statement whose rows the server holds until they are asked for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Final

import sqlalchemy as sa

from tongguan.capture.stores.databases.dialect import Dialect, Limits, Listed, Run, Special
from tongguan.capture.stores.databases.reading import BATCH, Reader
from tongguan.capture.stores.sampling import Sample
from tongguan.capture.stores.units import Rows

__all__ = ["by_cursor", "by_key"]

ROWS: Final = 50_000  # of one stretch, at most
BYTES: Final = 16 << 20  # fewer rows where they are wide
FIRST: Final = 2_000  # rows of the first stretch, before it is known how wide they are


@dataclass(frozen=True, slots=True)
class _Key:
    """What a table is gone through by. Row numbers, which are no column of its own, hold as long as nothing changed:
    `mark` tells that, None where it does not tell."""

    name: str
    own: bool
    mark: str | None

    def place(self, last: int) -> str | None:
        if not self.own and self.mark is None:
            return None
        return json.dumps([self.name, None if self.own else self.mark, last])

    def last(self, place: str | None) -> int | None:
        """Of a place that was given out before; None where it holds no more."""
        if place is None:
            return None
        name, mark, last = json.loads(place)
        return int(last) if self.place(last) == json.dumps([name, mark, last]) else None


def by_key(
    run: Run, dialect: Dialect, listed: Listed, where: str, limits: Limits, came: Callable[[], None], place: str | None
) -> Iterator[Rows] | None:
    """All rows in the order of the key, behind a place; None where there is no key. Raises Unread as it goes."""

    def key_of(connection: sa.Connection) -> _Key | None:
        reader = Reader(connection, dialect, listed, where, FIRST, limits, came)
        name = dialect.walk(connection, listed, reader.columns)
        own = any(column.name == name for column in reader.columns)
        return None if name is None else _Key(name, own, listed.mark)

    key = run(key_of, where)
    return None if key is None else _by_key(key, run, dialect, listed, where, limits, came, place)


def _by_key(
    found: _Key,
    run: Run,
    dialect: Dialect,
    listed: Listed,
    where: str,
    limits: Limits,
    came: Callable[[], None],
    place: str | None,
) -> Iterator[Rows]:
    after = found.last(place)
    first = after is None
    count = FIRST

    def stretch(connection: sa.Connection) -> tuple[Rows, int | None, int]:
        reader = Reader(connection, dialect, listed, where, count, limits, came)
        key = reader.key(found.name)
        statement = reader.select(reader.table, Special(reader.table, None, key)).order_by(key).limit(count)
        came_rows = reader.fetch(statement if after is None else statement.where(key > after))
        there = reader.rows.count
        last = int(reader.rows.pages[-1]) if there else None
        size = reader.rows.size // max(1, there)
        more = reader.rows.full or came_rows >= count
        rows = replace(
            reader.told(Sample("whole", there, there, True, there)),
            first=first,
            place=None if last is None else found.place(last),
        )
        return rows, last if more else None, size

    while True:
        rows, after_this, each = run(stretch, where)
        yield rows
        if after_this is None:
            return
        after, first, count = after_this, False, max(100, min(ROWS, BYTES // max(1, each)))


def by_cursor(
    connection: sa.Connection,
    dialect: Dialect,
    listed: Listed,
    where: str,
    limits: Limits,
    watched: Callable[[], AbstractContextManager[Any]],
    came: Callable[[], None],
) -> Iterator[Rows]:
    """All rows as they lie, within a transaction on the connection. `watched`: the server is looked after meanwhile.
    Raises Unread, and the driver's errors."""
    with watched():
        dialect.patient(connection)
        reader = Reader(connection, dialect, listed, where, ROWS, limits, came)
        options = {"stream_results": True, "max_row_buffer": BATCH, "compiled_cache": None}
        result = connection.execute(reader.select(reader.table), execution_options=options)
    first = True
    while True:
        with watched():
            while reader.rows.count < ROWS and reader.rows.size < BYTES and (batch := result.fetchmany(BATCH)):
                came()
                reader.rows.add(batch)
            there = reader.rows.count
            rows = replace(reader.told(Sample("whole", there, there, True, there)), first=first)
        yield rows
        if not batch:
            return
        reader.again()
        first = False
