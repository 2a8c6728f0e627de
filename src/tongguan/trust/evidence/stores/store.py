"""What every store of sealed blobs does. A store sees ciphertext only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from tongguan.errors import Broken

__all__ = ["Draft", "Store", "Stored", "is_name", "place_of"]

_NAME = re.compile(r"[0-9a-f]{64}\.[0-9a-f]{32}")


class Draft(Protocol):
    """A sealed blob in the making, on this machine. Gone at the end of its `with` unless it was kept."""

    @property
    def size(self) -> int:
        """Bytes written."""

    @property
    def head(self) -> bytes:
        """The first 48 of them."""

    def write(self, data: memoryview, /) -> int: ...


@dataclass(frozen=True, slots=True)
class Stored:
    """One blob as the store has it. changed: seconds since the epoch."""

    name: str
    size: int
    changed: float


class Store(Protocol):
    """Blobs by name. Names are "<64 hex>.<32 hex>", each written once and never changed.

    Raises Unavailable where the store does not answer, CannotWrite, NotFound.
    """

    name: str  # for messages

    def draft(self) -> AbstractContextManager[Draft]: ...

    def keep(self, draft: Draft, name: str) -> None:
        """Keep the draft under this name: whole and durable when this returns, not there at all where it raises."""

    def keep_many(self, drafts: Sequence[tuple[Draft, str]]) -> None:
        """The same for several: all are kept when this returns; where it raises, any of them may be there."""

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        """The blob's bytes, to be read once from the beginning. Raises NotFound."""

    def size(self, name: str) -> int | None:
        """In bytes; None where there is none."""

    def remove(self, name: str) -> None:
        """Nothing where it is not there."""

    def blobs(self, after: str = "") -> Iterator[Stored]:
        """All of them behind this name, by name, in bounded memory."""

    def tidy(self) -> int:
        """Remove what dead processes left unfinished; how many."""


def is_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def place_of(name: str) -> tuple[str, str, str]:
    """Two levels of folders and the name. Raises Broken on a name that is none of ours."""
    if not is_name(name):
        raise Broken("a record names a blob as no blob is named: the database was changed; run the integrity sweep")
    return name[:2], name[2:4], name
