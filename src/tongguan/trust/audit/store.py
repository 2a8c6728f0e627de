"""What the audit log asks of the place where it is kept, and the statements that both places understand.

`entries` holds each entry's canonical JSON; `nodes` the hash of every complete subtree, in the order in
which they became complete (`merkle.place`); `checkpoints` a signed note for
each batch; `kinds` how many entries there are of each kind; `about` what was settled when the log was made. Triggers
refuse updates, deletions, and rows put anywhere but at the end. They guard against mistakes; it is the hashes and
signatures that show intent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

__all__ = ["FORMAT", "Row", "Snapshot", "Store"]

FORMAT = 2

Row = tuple[int, str, str, str]  # index, text, kind, actor of an entry


class Snapshot(Protocol):
    """The log as it is at one moment, whatever is appended meanwhile; read once from end to end in bounded memory."""

    def rows(self, query: str, values: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        """What a query gives, piece by piece. `?` stands for a value."""

    def entries(self) -> Iterator[tuple[int, str, bool]]:
        """Index, text, and whether the columns that are searched say the same as the text."""

    def missing_guards(self) -> set[str]:
        """Triggers that should be there and are not."""


class Store(Protocol):
    """A place for one log. Threads may share it. Its errors are CannotWrite, Unavailable and Broken."""

    place: str  # what messages call it, without secrets
    about: Mapping[str, str]  # hash, signature

    def rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """What a query gives. `?` stands for a value."""

    def nodes(self, places: Collection[int]) -> dict[int, bytes]:
        """The hashes at these places; those that are not there are left out."""

    def writing(self) -> AbstractContextManager[None]:
        """One transaction that keeps other writers out: all of it or nothing, and on disk when it ends."""

    def add(self, entries: Sequence[Row], nodes: Sequence[tuple[int, bytes]], size: int, note: str) -> None:
        """Within `writing`: put rows at the end, nodes by their places, and the checkpoint over them."""

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """A view for verification."""

    def guarded(self) -> AbstractContextManager[None]:
        """Turns the place's errors into ours."""

    def close(self) -> None:
        """Let go of the place."""
