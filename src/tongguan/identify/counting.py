"""Distinct values counted by their keyed hashes, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Final

import numpy as np

__all__ = ["Distinct"]

_SIZE: Final = 16  # bytes of a hash
_MOST: Final = 100_000
_BATCH: Final = 50_000  # hashes that are taken in before what is kept is cut
_SPREAD: Final = 3.3 / _MOST**0.5  # of the estimate: 99.9 %


class Distinct:
    """How many different hashes came by: exactly up to some hundred thousand, then an estimate from the least of them
    (the k-minimum-values sketch of Bar-Yossef and others, 2002)."""

    __slots__ = ("_kept", "_line")

    def __init__(self) -> None:
        self._kept: set[bytes] = set()
        self._line: bytes | None = None  # only hashes below it are kept

    def add(self, digests: Iterable[bytes]) -> None:
        """Hashes of 16 bytes, in any order."""
        rest = iter(digests)
        while batch := list(islice(rest, _BATCH)):
            line = self._line
            self._kept.update(batch if line is None else (digest for digest in batch if digest < line))
            if len(self._kept) > 2 * _MOST:
                self._cut()

    def add_packed(self, digests: bytes) -> None:
        """Hashes of 16 bytes, one after the other: those that would not be kept are left out many at a time."""
        found = np.frombuffer(digests, ">u8").reshape(-1, 2)
        if self._line is not None:
            found = found[found[:, 0] <= int.from_bytes(self._line[:8])]
        data = found.tobytes()
        self.add(data[at : at + 16] for at in range(0, len(data), 16))

    def packed(self) -> bytes:
        """All that is known, to be gone on with by `of_packed`."""
        return b"".join((self._line or bytes(_SIZE), *self._kept))

    @classmethod
    def of_packed(cls, packed: bytes) -> Distinct:
        made, line = cls(), packed[:_SIZE]
        made._line = line if any(line) else None
        made._kept = {packed[at : at + _SIZE] for at in range(_SIZE, len(packed), _SIZE)}
        return made

    def _cut(self) -> None:
        least = sorted(self._kept)[: _MOST + 1]
        self._line = least.pop()
        self._kept = set(least)

    @property
    def bounds(self) -> tuple[int, int, int]:
        """The number, and what it is at least and at most."""
        if self._line is not None and len(self._kept) > _MOST:  # the same, in whatever batches they came
            self._cut()
        seen = len(self._kept)
        if self._line is None:
            return seen, seen, seen
        count = seen / (int.from_bytes(self._line) / 2.0 ** (8 * len(self._line)))
        return round(count), max(seen, int(count * (1 - _SPREAD))), int(count * (1 + _SPREAD)) + 1
