"""Where the trust room keeps its records: one database, SQLite in the workspace's home or a PostgreSQL server.

Each part declares its tables on `METADATA`; `Database` makes those that are not there yet.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, DataError, DBAPIError, IntegrityError, OperationalError

from tongguan.errors import BadInput, BadSettings, Broken, CannotWrite, Missing, Unavailable

__all__ = ["METADATA", "Database"]

METADATA = sa.MetaData()
SCHEMA = 1
BUSY_S = 30

_schema = sa.Table("schema", METADATA, sa.Column("version", sa.Integer, primary_key=True))


class Database:
    """Connections to the records. Threads and processes may share one database; writers wait for each other.

    `place`: a file for SQLite (made with mode 0600), or a SQLAlchemy URL such as postgresql+psycopg://host/name.
    Raises BadSettings on a URL that cannot be read, CannotWrite, Unavailable where the server does not answer, Broken.
    """

    def __init__(self, place: Path | str) -> None:
        self.place = place
        self.name = str(place) if isinstance(place, Path) else _without_secret(place)
        self.engine = _engine(place)
        with self.write() as connection:
            if self.engine.dialect.name == "postgresql":  # two processes that start at once
                connection.execute(sa.text("select pg_advisory_xact_lock(7493989779944505344)"))
            METADATA.create_all(connection)
            version = connection.execute(sa.select(_schema.c.version)).scalar()
            if version is None:
                connection.execute(_schema.insert().values(version=SCHEMA))
        if version not in (None, SCHEMA):
            self.close()
            raise Broken(f"{self.name} has records of format {version}; this version of Tongguan reads {SCHEMA}")

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction that may write: all of it or nothing. On SQLite it keeps other writers out from the start.

        IntegrityError (a row that is there already) passes through, for the caller knows what it means.
        """
        options = self.engine.execution_options(tongguan_writes=True)
        with self._errors(), options.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """One consistent view that does not hold up writers."""
        with self._errors(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise
        except (DataError, UnicodeEncodeError):
            raise BadInput("this text cannot be stored: it holds NUL or half a character; send plain text") from None
        except OperationalError as error:
            # The driver's message only: SQLAlchemy's own holds the statement and its values.
            if self.engine.dialect.name == "sqlite":
                raise CannotWrite(
                    f"cannot use {self.name}: {error.orig}; is its folder writable, its disk full?"
                ) from None
            raise Unavailable(
                f"the database {self.name} does not answer; is the server running and reachable?"
            ) from None
        except (DatabaseError, DBAPIError) as error:
            raise Broken(f"{self.name} is damaged or not ours: {type(error.orig).__name__}; restore a backup") from None


def _engine(place: Path | str) -> sa.Engine:
    if isinstance(place, Path):
        try:
            os.close(os.open(place, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise CannotWrite(f"cannot write {place}: {error.strerror}") from error
        engine = sa.create_engine(f"sqlite:///{place}", connect_args={"timeout": BUSY_S}, hide_parameters=True)
        sa.event.listen(engine, "connect", _prepare)
        sa.event.listen(engine, "begin", _begin)
        return engine
    try:
        return sa.create_engine(place, pool_pre_ping=True, hide_parameters=True)
    except ModuleNotFoundError as error:
        raise Missing(
            f"the database driver {error.name} is not installed; `pip install tongguan[postgresql]`"
        ) from None
    except sa.exc.ArgumentError:
        raise BadSettings("settings: database is no URL; expected postgresql+psycopg://user@host/name") from None


def _prepare(connection: Any, _: object) -> None:
    """SQLite: transactions begin where we say so, and are on disk when they end."""
    connection.isolation_level = None
    for pragma in ("journal_mode = wal", "synchronous = full", "foreign_keys = on"):
        connection.execute(f"pragma {pragma}")


def _begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("tongguan_writes")
    connection.exec_driver_sql("begin immediate" if writes else "begin")


def _without_secret(url: str) -> str:
    try:
        return sa.make_url(url).render_as_string(hide_password=True)
    except sa.exc.ArgumentError:
        return "(no URL)"
