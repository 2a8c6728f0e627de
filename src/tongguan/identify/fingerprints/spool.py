"""Entries on their way to an index: kept on disk, in parts by the first bits of their hashes, then put in order."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.fingerprints.container import Draft

__all__ = ["Entries", "Spool", "write_sorted"]

Entries = NDArray[Any]
"""(n,) records with a field `hash` (uint64)."""

_BITS: Final = 6
_PARTS: Final = 1 << _BITS
_STEP: Final = 8 << 20


class Spool:
    """Takes entries in any order. Its files have no names: they are gone when the process is."""

    def __init__(self, dtype: np.dtype[Any], stack: ExitStack) -> None:
        self.dtype = dtype
        self.sizes = np.zeros(_PARTS, np.int64)
        self._files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(_PARTS)]  # noqa: SIM115

    def add(self, entries: Entries) -> None:
        part = (entries["hash"] >> np.uint64(64 - _BITS)).astype(np.uint8)
        sizes = np.bincount(part, minlength=_PARTS)
        entries = entries[np.argsort(part, kind="stable")]
        for file, some in zip(self._files, np.split(entries, np.cumsum(sizes)[:-1]), strict=True):
            file.write(some.tobytes())
        self.sizes += sizes

    def parts(self) -> Iterator[Entries]:
        """All entries by hash; those of one hash in the order in which they came."""
        for file, size in zip(self._files, self.sizes.tolist(), strict=True):
            file.seek(0)
            entries = np.frombuffer(file.read(size * self.dtype.itemsize), self.dtype)
            yield entries[np.argsort(entries["hash"], kind="stable")]


def write_sorted(draft: Draft, parts: Iterator[Entries], fields: tuple[str, ...], bits: int) -> None:
    """A section for each field, and `directory`, (2^bits + 1,): where the entries with those first bits begin."""
    counts = np.zeros(1 << bits, np.int64)
    with ExitStack() as stack:
        waiting: dict[str, IO[bytes]] = {}
        types = {}
        for entries in parts:
            for name in fields:
                if name not in waiting:
                    waiting[name] = stack.enter_context(tempfile.TemporaryFile())
                    types[name] = entries.dtype[name].str
                waiting[name].write(entries[name].tobytes())
            buckets, sizes = np.unique(entries["hash"] >> np.uint64(64 - bits), return_counts=True)
            counts[buckets.astype(np.int64)] += sizes
        for name, file in waiting.items():
            with draft.section(name, types[name]) as section:
                file.seek(0)
                while chunk := file.read(_STEP):
                    section.append(np.frombuffer(chunk, types[name]))
    draft.put("directory", np.concatenate(([0], np.cumsum(counts))).astype(np.uint32))
