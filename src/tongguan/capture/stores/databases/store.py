"""A database as a store: one connection that may only read, made again where it was lost."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import sqlalchemy as sa

from tongguan.capture.stores.addresses import Address
from tongguan.capture.stores.databases.dialect import Dialect, Limits, Listed
from tongguan.capture.stores.databases.generic import Generic
from tongguan.capture.stores.databases.others import asynchronous, no_dialect, no_driver
from tongguan.capture.stores.databases.reading import read_rows, told_of
from tongguan.capture.stores.databases.watching import Watch
from tongguan.capture.stores.databases.whole import by_cursor, by_key
from tongguan.capture.stores.refusals import TEXTS, database_refusal, file_refusal
from tongguan.capture.stores.units import Rows, TableUnit, Unread, Unseen
from tongguan.errors import BadInput, Missing, Unavailable
from tongguan.wording import readable

__all__ = ["LOST", "SILENT", "DatabaseStore", "check_driver"]

PAUSES_S = (0.5, 2.0, 5.0)  # between trials to come back
LOST = 3  # units on end of which the server said nothing or dropped the connection: it is of no use any more

SILENT = "no answer"

_UNHEARD = "scan"

T = TypeVar("T")

_FILES = {"sqlite": "SQLite", "duckdb": "DuckDB"}


class DatabaseStore:
    """Tables of one database, or of one server where the address of a MySQL server names none.

    Raises Missing (the driver), BadInput (refused: user, password, name), Unavailable (it does not answer).
    """

    def __init__(
        self, address: Address, password: str | None, limits: Limits | None = None, *,
        heard: Callable[[], None] | None = None,
    ) -> None:  # fmt: skip
        """`heard` is called whenever the server said something."""
        self.kind, self.name = address.kind, address.name
        self._limits = limits or Limits()
        self._dialect = _dialect(address, self._limits)
        self._watch = Watch(self._limits.statement_s + self._limits.answer_s, self._dialect.sever, heard)
        self._lost = 0
        self._engine = _engine(address, password, self._dialect, self._limits, self._watch)
        try:
            with self._watch.over():
                self._connection = self._engine.connect()
            next(self._dialect.listing(self._run), None)
        except sa.exc.DBAPIError as error:
            reason, code = self._dialect.reason(error.orig or error)
            raise self._refusal("timeout" if self._watch.fired else reason, code, str(error.orig)) from None
        except Unread as unread:
            code = "timeout" if unread.unseen.detail == SILENT else unread.unseen.detail
            raise self._refusal(unread.unseen.reason, code, "") from None
        except ModuleNotFoundError as error:  # asked for late
            raise no_driver(str(error.name)) from None
        except Exception as error:  # of a driver that does not fit, or whose libraries are not there
            raise Missing(TEXTS.both("driver.fault", name=self.name, code=type(error).__name__)) from None

    def __enter__(self) -> DatabaseStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        try:
            self._connection.close()
        except sa.exc.SQLAlchemyError:
            self._connection.invalidate()
        self._engine.dispose()
        self._watch.close()

    def size(self) -> int:
        try:
            return self._dialect.size(self._run)
        except (Unread, OSError):
            return 0

    def units(self) -> Iterator[TableUnit | Unseen]:
        for listed in self._dialect.listing(self._run):
            if isinstance(listed, Unseen):
                yield listed
            elif listed.why_not is not None:
                yield Unseen(listed.why_not, self._path(listed), size=listed.size)
            else:
                yield TableUnit(
                    self._path(listed), self._told(listed.schema), self._told(listed.name),
                    self._told(listed.comment),
                    listed.rows, listed.size, listed.mark, partial(self.read, listed), share=listed.share,
                    whole=partial(self.whole, listed),
                )  # fmt: skip

    # ---- within

    def _told(self, text: str) -> str:
        return readable(told_of(self._dialect, text))

    def _path(self, listed: Listed) -> str:
        """Unique within the store, and readable: names that hold a dot or a quote are quoted."""
        return ".".join(_part(self._told(name)) for name in (listed.schema, listed.name) if name)

    def read(self, listed: Listed, limit: int, head: bool = False) -> Rows:
        """A sample of a table that was listed, also by another store of the same database; its first rows where `head`
        asks for no more. Raises Unread."""
        where = self._path(listed)

        def work(connection: sa.Connection, head: bool = head) -> Rows:
            return read_rows(connection, self._dialect, listed, where, limit, self._limits, self._watch.came, head=head)

        try:
            return self._run(work, where)
        except Unread as unread:
            seen = unread.unseen
            if seen.reason == "vanished":  # its columns changed between listing and reading: once more, as it is now
                return self._run(work, where)
            silent = seen.detail == SILENT and self._dialect.bounded
            if seen.reason != "timeout" or silent or unread.rest:
                raise
        rows = self._run(partial(work, head=True), where)  # to draw rows at random takes too long
        return replace(rows, unseen=(seen, *rows.unseen))

    def whole(self, listed: Listed, place: str | None = None) -> Iterator[Rows]:
        """All rows of a table that was listed, behind a place (see `Rows`), a stretch at a time. Raises Unread; nothing
        else is to be asked of the store before the end."""
        where = self._path(listed)
        found = by_key(self._run, self._dialect, listed, where, self._limits, self._watch.came, place)
        return self._by_cursor(listed, where) if found is None else found

    def _by_cursor(self, listed: Listed, where: str) -> Iterator[Rows]:
        def watched() -> AbstractContextManager[None]:
            return self._watch.over(_driver_of(self._connection))

        try:
            if self._connection.closed:
                self._come_back(where)
            yield from by_cursor(
                self._connection, self._dialect, listed, where, self._limits, watched, self._watch.came
            )
        except Unread:
            raise
        except Exception as error:
            reason, code = self._why(error)
            raise Unread(
                Unseen("timeout", where, SILENT) if self._watch.fired else Unseen(reason, where, code)
            ) from None
        finally:
            self._connection.invalidate()  # with limits of time as they were
            self._connection.close()

    def _run(self, work: Callable[[sa.Connection], T], where: str = "") -> T:
        """Work in one transaction, twice where the connection is lost in it.

        Raises Unread: with `rest` where the database does not come back or lost several units on end, without where
        only this work fails.
        """
        unread = Unread(Unseen("dropped", where))
        for _ in range(2):
            try:
                if self._connection.closed:
                    self._come_back(where)
                self._dialect.begin()
                with self._watch.over(_driver_of(self._connection)), self._connection.begin() as transaction:
                    done = work(self._connection)
                    transaction.rollback()
                self._lost = 0
                return done
            except Unread:
                raise
            except Exception as error:  # dialects and drivers are of many hands
                reason, code = self._why(error)
                unread = Unread(Unseen(reason, where, code))
                if reason != "dropped" and not self._watch.fired:
                    self._lost = 0
                    if not isinstance(error, sa.exc.SQLAlchemyError):
                        self._connection.invalidate()  # left wherever it was
                    raise unread from None
                if self._watch.fired:  # to ask once more would take as long again
                    unread = Unread(Unseen("timeout", where, SILENT))
                    break
                self._come_back(where)
        self._lost += 1
        unread.rest = self._lost >= LOST
        if not unread.rest and unread.unseen.detail == SILENT:
            self._come_back(where)
        raise unread

    def _come_back(self, where: str) -> None:
        if not self._connection.closed:
            self._connection.invalidate()
        for pause in PAUSES_S:
            time.sleep(pause)
            try:
                self._connection.close()
                with self._watch.over():
                    self._connection = self._engine.connect()
                return
            except sa.exc.SQLAlchemyError:
                continue
        raise Unread(Unseen("dropped", where), rest=True)

    def _why(self, error: Exception) -> tuple[str, str]:
        if not isinstance(error, sa.exc.DBAPIError):
            return "failed", type(error).__name__
        return ("dropped", "") if error.connection_invalidated else self._dialect.reason(error.orig or error)

    def _refusal(self, reason: str, code: str, said: str) -> BadInput | Unavailable:
        if what := _FILES.get(self.kind):
            return file_refusal(self.name, what, reason, code)
        return database_refusal(self.name, reason, code, said)


def check_driver(address: Address) -> None:
    """Raises Missing and BadInput where an address cannot be read for want of a driver."""
    limits = Limits()
    _engine(address, None, _dialect(address, limits), limits, Watch(1.0, lambda _: None)).dispose()


def _driver_of(connection: sa.Connection) -> Any:
    return connection.connection.dbapi_connection


def _part(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if not name.isidentifier() else name


def _dialect(address: Address, limits: Limits) -> Dialect:
    if address.kind == "postgresql":
        from tongguan.capture.stores.databases.postgresql import PostgreSQL

        return PostgreSQL(limits)
    if address.kind == "mysql":
        from tongguan.capture.stores.databases.mysql import MySQL

        return MySQL(limits, address.url.database or None)
    if address.kind == "sqlite":
        from tongguan.capture.stores.databases.sqlite import SQLite

        assert address.path is not None
        return SQLite(limits, address.path)
    if address.kind == "duckdb":
        from tongguan.capture.stores.databases.duck import DuckDB

        assert address.path is not None
        return DuckDB(limits, address.path)
    return Generic(limits)


def _engine(address: Address, password: str | None, dialect: Dialect, limits: Limits, watch: Watch) -> sa.Engine:
    given: dict[str, Any] = {}
    if address.kind == "postgresql":
        given = {
            "connect_timeout": limits.connect_s, "keepalives_idle": 30, "tcp_user_timeout": 60_000,
            "client_encoding": "utf8", "application_name": "tongguan scan",
        }  # fmt: skip
    elif address.kind == "mysql":
        given = {  # reads end later than the watch would end them: they are for the greeting, which it does not see
            "connect_timeout": limits.connect_s, "read_timeout": int(1.5 * (limits.statement_s + limits.answer_s)),
            "local_infile": False,
        }  # fmt: skip
    options: dict[str, Any] = {"poolclass": sa.NullPool, "hide_parameters": True, "pool_logging_name": _UNHEARD}
    logging.getLogger(f"sqlalchemy.pool.impl.NullPool.{_UNHEARD}").disabled = True  # it repeats what drivers say
    try:
        if address.kind == "sqlite":
            from tongguan.capture.stores.databases.sqlite import connect

            assert address.path is not None
            engine = sa.create_engine("sqlite://", creator=partial(connect, address.path), **options)
        elif address.kind == "duckdb":
            from tongguan.capture.stores.databases.duck import engine_of

            assert address.path is not None
            engine = engine_of(address.path, hide_parameters=True)
        else:
            own = address.kind == "database" and password is not None  # each dialect hands it on in a way of its own
            engine = sa.create_engine(
                address.url.set(password=password) if own else address.url, connect_args=given, **options
            )
    except ModuleNotFoundError as error:
        raise no_driver(str(error.name)) from None
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError):
        raise no_dialect(address.name) from None
    except Exception as error:  # of a dialect, or of libraries that a driver needs
        raise Missing(TEXTS.both("driver.fault", name=address.name, code=type(error).__name__)) from None
    if engine.dialect.is_async:
        raise asynchronous(address.name)

    @sa.event.listens_for(engine, "do_connect")
    def connect_watched(spoken: Any, _record: Any, arguments: Any, parameters: dict[str, Any]) -> Any:
        connect = spoken.connect
        if address.kind == "mysql":
            from tongguan.capture.stores.databases.quitting import QuittingConnection as connect
        if password is not None and address.kind != "database":  # PyMySQL knows Latin letters only
            parameters["password"] = password.encode() if address.kind == "mysql" else password
        made = connect(*arguments, **parameters)
        watch.see(made)
        return made

    @sa.event.listens_for(engine, "before_cursor_execute")
    def ask(*_: Any) -> None:
        dialect.begin()
        watch.came()

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        dialect.prepare(connection)

    return engine
