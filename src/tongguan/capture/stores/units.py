"""What a store holds: tables and files, one at a time, and what of them could not be seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tongguan.capture.stores.sampling import Sample
from tongguan.model import BlindKind, BlindSpot, Content

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["REASONS", "Column", "FileUnit", "Rows", "Store", "TableUnit", "Unit", "Unread", "Unseen"]

REASONS = {
    "permission": BlindKind.UNREADABLE,
    "partial_view": BlindKind.UNREADABLE,  # the account may not even see the names of all tables
    "row_security": BlindKind.UNREADABLE,  # policies would hide rows from this account
    "encrypted": BlindKind.ENCRYPTED,
    "damaged": BlindKind.UNREADABLE,
    "vanished": BlindKind.UNREADABLE,  # gone or changed between listing and reading
    "locked": BlindKind.UNREADABLE,
    "timeout": BlindKind.TRUNCATED,
    "dropped": BlindKind.UNREADABLE,  # the connection
    "unlisted": BlindKind.UNREADABLE,  # a folder or a schema that cannot be listed
    "link": BlindKind.UNREADABLE,  # not followed
    "special": BlindKind.UNSUPPORTED,  # a device, a pipe, a socket
    "view": BlindKind.UNSUPPORTED,  # shows what lies in tables; its functions would run with our rights
    "foreign": BlindKind.UNSUPPORTED,  # lies on another server
    "virtual": BlindKind.UNSUPPORTED,  # a table made by an extension
    "large_objects": BlindKind.UNSUPPORTED,  # of PostgreSQL: contents beside its tables
    "archived": BlindKind.UNREADABLE,  # an object that must be brought back first
    "too_large": BlindKind.TRUNCATED,
    "cells_cut": BlindKind.TRUNCATED,
    "columns_cut": BlindKind.TRUNCATED,
    "sample_cut": BlindKind.TRUNCATED,  # by bytes, before all rows that were asked for
    "encoding": BlindKind.UNREADABLE,  # bytes that are not the text they are declared to be
    "blobs": BlindKind.SAMPLED,
    "sampled": BlindKind.SAMPLED,
    "content": BlindKind.UNREADABLE,  # said by the reader of a file's contents; its own kind goes with it
    "names_off": BlindKind.DETECTOR_DISABLED,  # names in running prose: their model is switched off or not installed
    "failed": BlindKind.UNREADABLE,
}
"""Why something was not seen: reason → the kind of blind spot that it is."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """What could not be seen, and why. `where` is a path within the store, "" for the store itself."""

    reason: str  # a key of REASONS
    where: str
    detail: str = ""  # no values, no messages of others: a code at most
    count: int = 1
    size: int = 0  # bytes, 0 where unknown
    kind: BlindKind | None = None  # where it is not the reason's usual one

    @property
    def spot(self) -> BlindSpot:
        kind = self.kind or REASONS[self.reason]
        return BlindSpot(kind, self.where, self.detail or self.reason, self.count, self.size)


class Unread(Exception):
    """A unit could not be read; the scan goes on. Ends the store where `rest` says so: it does not answer any more."""

    def __init__(self, unseen: Unseen, *, rest: bool = False) -> None:
        super().__init__(unseen.reason)
        self.unseen = unseen
        self.rest = rest

    def __reduce__(self) -> tuple[Any, ...]:
        return _unread, (self.unseen, self.rest)


def _unread(unseen: Unseen, rest: bool) -> Unread:
    return Unread(unseen, rest=rest)


@dataclass(frozen=True, slots=True)
class Column:
    """One column as it is declared."""

    name: str
    declared: str = ""  # its type, in the words of the database
    comment: str = ""
    nullable: bool = True
    key: bool = False  # part of the primary key
    readable: bool = True  # False where the account may not read it
    unique: bool = False  # by an index of its own: no value twice


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one table. `table`: one large_string column for each of `columns`, in their order, cells as text."""

    columns: tuple[Column, ...]
    table: pa.Table
    sample: Sample
    blobs: dict[int, list[bytes]] = field(default_factory=dict)  # some binary cells by ordinal of their column
    blob_counts: dict[int, int] = field(default_factory=dict)  # all that came by
    unseen: tuple[Unseen, ...] = ()
    # Of a table that is read whole: whether these rows are its first, and where the last of them stands, from which on
    # it may be read later; None where nobody can tell.
    first: bool = False
    place: str | None = None


@dataclass(frozen=True, slots=True)
class TableUnit:
    """A table, not yet read."""

    path: str  # unique within the store
    schema: str
    name: str
    comment: str
    rows: int | None  # an estimate
    size: int  # bytes, 0 where unknown
    mark: str | None  # equal marks: nothing changed. None: unknown, so that it is read again
    read: Callable[[int], Rows] = field(repr=False)  # of a sample of at most so many rows; raises Unread
    kind: str = "table"
    share: int = 0  # bytes for progress where `size` is unknown
    # All rows behind a place, a stretch at a time; from the first row on where there is none, or it holds no more.
    # Raises Unread. None: `read` gives all that there is to be had.
    whole: Callable[[str | None], Iterator[Rows]] | None = field(default=None, repr=False)
    # Of a table in files: so many rows from one on, at least one stretch, with the number of all rows in their samples.
    # Usable in another process; raises Unread.
    part: Callable[[int, int], Iterator[Rows]] | None = field(default=None, repr=False)
    apart: bool = False  # `read` works in another process, and is better done there: native code reads what others made

    @property
    def weight(self) -> int:
        return self.size or self.share


@dataclass(frozen=True, slots=True)
class FileUnit:
    """A file or an object, not yet read."""

    path: str
    name: str
    size: int
    changed: float  # seconds since the epoch
    mark: str | None
    open: Callable[[], AbstractContextManager[Iterator[Content]]] = field(repr=False)  # whole, or slice by slice
    kind: str = "file"
    local: Path | None = None  # where it lies on this machine

    @property
    def weight(self) -> int:
        return self.size


Unit = TableUnit | FileUnit


class Store(Protocol):
    """A place with units. Opened for reading only."""

    name: str  # without secrets: what is shown, logged and kept
    kind: str  # postgresql, mysql, sqlite, duckdb, database, folder, file, s3

    def size(self) -> int:
        """About how many bytes a scan goes through, 0 where unknown; for progress alone."""

    def units(self) -> Iterator[Unit | Unseen]:
        """All units, one at a time, in bounded memory. Raises Unread with `rest` where the store goes away."""

    def close(self) -> None: ...

    def __enter__(self) -> Any: ...

    def __exit__(self, *_: object) -> None: ...
