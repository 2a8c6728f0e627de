"""What each database does in its own way."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa

from tongguan.capture.stores.units import Column, Unseen

__all__ = ["CELL", "Dialect", "Limits", "Listed", "Run", "Special", "Texts", "shut"]

T = TypeVar("T")


CELL = 1 << 16  # characters, or bytes of a binary cell, that are read of one cell


@dataclass(frozen=True, slots=True)
class Limits:
    """How far one table is read."""

    statement_s: int = 60
    answer_s: int = 30  # beyond that, for a server that says nothing at all
    lock_s: int = 5
    connect_s: int = 10
    bytes: int = 64 << 20  # of one sample
    columns: int = 2_000


@dataclass(frozen=True, slots=True)
class Listed:
    """One table in a listing."""

    schema: str
    name: str
    comment: str = ""
    rows: int | None = None  # an estimate
    size: int = 0
    mark: str | None = None
    share: int = 0  # of the size of all, where its own is unknown
    why_not: str | None = None  # a reason of REASONS for which it is not read


@dataclass(frozen=True, slots=True)
class Special:
    """A way of drawing rows that only this database knows: `source` in place of the table, `where` of its rows, and a
    column that tells the place of a row, `page,number`: None where rows are drawn one by one."""

    source: Any
    where: Any
    page: Any


class Texts:
    """Bytes that are declared to be text: as UTF-8, else as GB18030, else with marks; `odd` counts those not UTF-8."""

    def __init__(self) -> None:
        self.odd = 0

    def __call__(self, data: bytes) -> str:
        try:
            return data.decode()
        except UnicodeDecodeError:
            self.odd += 1
        try:
            return data.decode("gb18030")
        except UnicodeDecodeError:
            return data.decode("utf-8", "replace")


def shut(descriptor: int) -> None:
    """End what goes through a socket, which stays its owner's to close."""
    with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as same:
        same.shutdown(socket.SHUT_RDWR)


class Run(Protocol):
    """One transaction on the connection, which is made again where it was lost. Raises Unread with `rest`."""

    def __call__(self, work: Callable[[sa.Connection], T], where: str = "") -> T: ...


class Dialect(Protocol):
    """Face of one database."""

    texts: Texts
    raw: bool  # the server does not know its encoding: texts and names come as one character for each byte
    folds: bool  # names come as SQLAlchemy gives them, to be quoted where that dialect says so; else always
    bounded: bool  # the server itself ends a statement that takes too long

    def begin(self) -> None:
        """Work of limited time begins."""

    def prepare(self, connection: Any) -> None:
        """Of a new connection of the driver: read-only, limits of time, nobody else's functions."""

    def listing(self, run: Run) -> Iterator[Listed | Unseen]:
        """All tables, in bounded memory. The same connection is used for other work between two of them."""

    def size(self, run: Run) -> int:
        """About how many bytes all tables hold."""

    def columns(self, connection: sa.Connection, schema: str, name: str) -> list[Column]: ...

    def cell(self, column: Any, about: Column, most: int) -> Any:
        """The column as text, or as bytes where it holds bytes, cut behind `most` and one more."""

    def key(self, connection: sa.Connection, listed: Listed, columns: list[Column]) -> str | None:
        """A column of whole numbers, unique and never null, by which rows are found at once."""

    def walk(self, connection: sa.Connection, listed: Listed, columns: list[Column]) -> str | None:
        """A column of whole numbers in whose order a table is gone through, each row once."""

    def patient(self, connection: sa.Connection) -> None:
        """The next statement may take as long as it likes, as long as rows come."""

    def estimate(self, connection: sa.Connection, listed: Listed, table: Any) -> int | None:
        """A better estimate of the number of rows, for a table that is larger than the sample and has no keys."""

    def special(self, listed: Listed, table: Any, estimate: int, rows: int) -> Special | None: ...

    def coin(self, share: float) -> Any | None:
        """A condition that holds for each row by chance; None where the database knows none."""

    def sever(self, connection: Any) -> None:
        """End the driver's connection from another thread, so that whoever waits for an answer waits no more."""

    def reason(self, error: BaseException) -> tuple[str, str]:
        """A reason of REASONS, and the database's code."""
