"""The file that the catalogue lies in: made whole, opened, and brought to the present format."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tongguan.casework.assets.tables import METADATA, SCHEMA, columns, meta, units

__all__ = ["FILE", "create", "engine_of", "upgrade"]

FILE = "catalogue.db"
BUSY_S = 30


def engine_of(path: Path) -> sa.Engine:
    engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_S}, hide_parameters=True)
    sa.event.listen(engine, "connect", _prepare)
    sa.event.listen(engine, "begin", _begin)
    return engine


def create(path: Path) -> None:
    """An empty catalogue under another name, then put in its place: nobody ever sees half of one."""
    draft = path.with_name(f".{path.name}.draft")  # the lock is ours: what lies there a killed process left
    for left in (draft, draft.with_name(draft.name + "-wal"), draft.with_name(draft.name + "-shm")):
        left.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    engine = engine_of(draft)
    try:
        with closing(sqlite3.connect(draft)) as plain:
            plain.execute("pragma journal_mode = wal")  # kept in the file itself
        with engine.begin() as connection:
            METADATA.create_all(connection)
            connection.execute(meta.insert().values(version=SCHEMA))
    finally:
        engine.dispose()  # the last connection folds the journal into the file
    draft.rename(path)


def upgrade(engine: sa.Engine) -> None:
    """From format 1, which kept what was found and no rules: units keep what is known of them, and are read again."""
    new = [(units, ("found_level", "document", "document_probability", "known")), (meta, ("rules",))]
    new.append((columns, tuple(column.name for column in columns.c)[columns.c.keys().index("within") :]))
    defaults = {"known": "not null default '[]'", "within": "not null default ''"}
    defaults |= {"found_sensitive": "not null default 0", "no_data": "not null default 0"}
    with engine.execution_options(tongguan_writes=True).begin() as connection:
        for table, names in new:
            for name in names:
                kind = table.c[name].type.compile(engine.dialect)
                connection.exec_driver_sql(
                    f"alter table {table.name} add column {name} {kind} {defaults.get(name, '')}"
                )
        connection.execute(units.update().values(found_level=units.c.level, mark=None))
        raw = {"found_type": columns.c.type, "found_level": columns.c.level, "found_sensitive": columns.c.sensitive}
        connection.execute(columns.update().values(**raw))
        connection.execute(meta.update().values(version=SCHEMA))


def _prepare(connection: Any, _: object) -> None:
    """What is committed outlives a killed process; after a loss of power the last units are read once more."""
    connection.isolation_level = None
    for pragma in ("synchronous = normal", "foreign_keys = on"):
        connection.execute(f"pragma {pragma}")


def _begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("tongguan_writes")
    connection.exec_driver_sql("begin immediate" if writes else "begin")
