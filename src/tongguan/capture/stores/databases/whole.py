"""A table read whole, a stretch of rows at a time: in memory that does not grow with it.

By its key, where it has one of whole numbers: each stretch is a statement of its own that begins behind the last row
that came, so that a connection may be lost in between, and no statement takes long. Else by one statement whose rows
the server holds until they are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
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


def by_key(
    run: Run, dialect: Dialect, listed: Listed, where: str, limits: Limits, came: Callable[[], None]
) -> Iterator[Rows] | None:
    """All rows in the order of the key; None where there is none. Raises Unread as it goes."""

    def key_of(connection: sa.Connection) -> str | None:
        reader = Reader(connection, dialect, listed, where, FIRST, limits, came)
        return dialect.walk(connection, listed, reader.columns)

    name = run(key_of, where)
    return None if name is None else _by_key(name, run, dialect, listed, where, limits, came)


def _by_key(
    name: str, run: Run, dialect: Dialect, listed: Listed, where: str, limits: Limits, came: Callable[[], None]
) -> Iterator[Rows]:
    after: int | None = None
    count = FIRST

    def stretch(connection: sa.Connection) -> tuple[Rows, int | None, int]:
        reader = Reader(connection, dialect, listed, where, count, limits, came)
        key = reader.key(name)
        statement = reader.select(reader.table, Special(reader.table, None, key)).order_by(key).limit(count)
        came_rows = reader.fetch(statement if after is None else statement.where(key > after))
        there = reader.rows.count
        last = int(reader.rows.pages[-1]) if there else None
        size = reader.rows.size // max(1, there)
        more = reader.rows.full or came_rows >= count
        return reader.told(Sample("whole", there, there, True, there)), last if more else None, size

    while True:
        rows, after_this, each = run(stretch, where)
        yield rows
        if after_this is None:
            return
        after, count = after_this, max(100, min(ROWS, BYTES // max(1, each)))


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
    while True:
        with watched():
            while reader.rows.count < ROWS and reader.rows.size < BYTES and (batch := result.fetchmany(BATCH)):
                came()
                reader.rows.add(batch)
            there = reader.rows.count
            rows = reader.told(Sample("whole", there, there, True, there))
        yield rows
        if not batch:
            return
        reader.again()
