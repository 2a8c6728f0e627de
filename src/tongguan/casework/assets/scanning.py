"""Scans: every unit of every source judged and kept, one at a time, so that a scan that ends anywhere goes on there."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tongguan import __version__, identify
from tongguan.capture.stores import Address, FileUnit, Store, Unit, Unread, Unseen, open_store
from tongguan.casework.assets.catalogue import Catalogue, Scan, Seen
from tongguan.casework.assets.judged import Judged
from tongguan.casework.assets.judging import Judge
from tongguan.errors import BadInput, TongguanError

__all__ = ["ROWS", "ROWS_MOST", "Outcome", "scan"]

ROWS = 10_000
ROWS_MOST = 1_000_000
FAULT = "fault of the reader"
SETTLED_S = 2.0  # a file changed so recently may change again without its times showing it

Progress = Callable[[int, int, str], None]


@dataclass(slots=True)
class Outcome:
    """What became of one source."""

    source: str
    kind: str
    complete: bool = False  # False: it went away before its end; the same command goes on from there
    resumed: bool = False
    counts: Counter[str] = field(default_factory=Counter)  # read, unchanged, unread, blind, sampled
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        return {
            "source": self.source, "kind": self.kind, "complete": self.complete, "resumed": self.resumed,
            "counts": dict(self.counts), "seconds": round(self.seconds, 2),
        }  # fmt: skip


def scan(
    addresses: Sequence[Address],
    folder: Path,
    key: bytes,
    *,
    rows: int = ROWS,
    full: bool = False,
    credentials: Path | None = None,
    progress: Progress | None = None,
) -> list[Outcome]:
    """Scan sources into the catalogue of a folder.

    `rows`: of a table that are looked at; smaller ones are read whole. `full`: also what did not change. `key` keys the
    hashes of contents. A unit that cannot be read is a blind spot; so is what is left of a source that goes away.
    Raises BadInput, Missing, Unavailable, before anything is read, where a source cannot be opened at all; CannotWrite,
    Conflict.
    """
    if not 1 <= rows <= ROWS_MOST:
        raise BadInput(f"a sample has 1 to {ROWS_MOST:,} rows")
    if len({address.name for address in addresses}) < len(addresses):
        raise BadInput("a source is named twice")
    with ExitStack() as stack:
        stores = [stack.enter_context(_opened(address, credentials)) for address in addresses]
        catalogue = stack.enter_context(Catalogue(folder, write=True))
        line = _Line(progress, sum(store.size() for store in stores) if progress else 0)
        judge = Judge(key)
        return [_Source(store, catalogue, judge, rows, full, line, folder).scan() for store in stores]


def _opened(address: Address, credentials: Path | None) -> Store:
    return open_store(address, credentials)


class _Line:
    """How far all sources are, in bytes."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def show(self, what: str) -> None:
        if self._progress is not None:
            self._progress(min(self._done, self._total), self._total, what)

    def add(self, size: int) -> None:
        self._done += size


class _Source:
    """One source on its way through."""

    def __init__(
        self, store: Store, catalogue: Catalogue, judge: Judge, rows: int, full: bool, line: _Line, folder: Path
    ) -> None:
        self._store, self._catalogue, self._judge = store, catalogue, judge
        self._rows, self._full, self._line = rows, full, line
        self._reader = _reader(rows)
        self._own = _own_places(store, folder)
        self._outcome = Outcome(store.name, store.kind)
        self._unlisted = False

    def scan(self) -> Outcome:
        started, outcome = time.monotonic(), self._outcome
        options = {"rows": self._rows, "full": self._full}
        scan = self._catalogue.begin(self._store.name, self._store.kind, options)
        outcome.resumed = scan.resumed
        try:
            for found in self._store.units():
                if isinstance(found, Unseen):
                    self._blind(scan, found)
                else:
                    self._line.show(found.path)
                    self._unit(scan, found)
                    self._line.add(found.weight)
            outcome.complete = True
        except Unread as unread:  # the source went away
            self._blind(scan, unread.unseen)
        finally:
            outcome.seconds = time.monotonic() - started
        if outcome.complete:
            self._catalogue.finish(scan, complete=True, unlisted=self._unlisted, counts=outcome.counts)
        return outcome

    def _unit(self, scan: Scan, unit: Unit) -> None:
        if self._own and unit.path.partition("!")[0] in self._own:
            return
        counts = self._outcome.counts
        seen = self._catalogue.seen(scan, unit.path)
        if seen is not None and seen.scan == scan.id:  # done before this scan was interrupted
            counts["done_before"] += 1
            return
        mark = self._mark(unit)
        if not self._full and seen is not None and mark is not None and seen.mark == mark:
            self._catalogue.unchanged(scan, seen)
            counts["unchanged"] += 1
            return
        try:
            judged = self._read(unit)
        except Unread as unread:
            if unread.rest:
                raise
            self._catalogue.unread(scan, unread.unseen, unit, seen)
            counts["unread"] += 1
            return
        if not self._full and self._same(seen, judged):
            assert seen is not None
            self._catalogue.unchanged(scan, seen, mark)
            counts["unchanged"] += 1
            return
        self._catalogue.keep(scan, unit, judged, mark, seen)
        counts["read"] += 1
        counts["blind"] += len(judged.unseen)
        counts["sampled"] += judged.sample is not None and judged.sample.method != "whole"

    def _read(self, unit: Unit) -> Judged:
        try:
            if isinstance(unit, FileUnit):
                with unit.open() as contents:
                    return self._judge.file(contents, unit.path)
            return self._judge.table(unit, unit.read(self._rows))
        except (Unread, TongguanError):
            raise
        except Exception as error:  # a fault of ours must cost one unit, not the run, and must be seen
            raise Unread(Unseen("failed", unit.path, f"{FAULT}: {type(error).__name__}")) from None

    def _same(self, seen: Seen | None, judged: Judged) -> bool:
        """Whether a file that was touched still holds what it held, and was judged by the same rules."""
        known = seen is not None and seen.mark is not None and seen.mark.startswith(self._reader + ":")
        return known and bool(judged.digest) and seen is not None and seen.digest == judged.digest

    def _mark(self, unit: Unit) -> str | None:
        if unit.mark is None:
            return None
        if isinstance(unit, FileUnit) and abs(time.time() - unit.changed) < SETTLED_S:
            return None
        return f"{self._reader}:{unit.mark}"

    def _blind(self, scan: Scan, unseen: Unseen) -> None:
        self._unlisted |= unseen.reason in ("unlisted", "partial_view", "dropped")
        self._catalogue.unread(scan, unseen)
        self._outcome.counts["blind"] += 1


def _reader(rows: int) -> str:
    """By what units were judged: with another version, other types or another sample they are read again."""
    known = "\n".join(map(repr, identify.TYPES.values()))
    return hashlib.blake2b(f"{__version__}\n{rows}\n{known}".encode(), digest_size=6).hexdigest()


def _own_places(store: Store, folder: Path) -> set[str]:
    """Files of the catalogue itself, where it lies within the folder that is scanned."""
    from tongguan.casework.assets.catalogue import FILE

    root = Path(store.name)
    if store.kind != "folder" or not folder.resolve().is_relative_to(root):
        return set()
    within = folder.resolve().relative_to(root)
    return {str(within / name) for name in (FILE, f"{FILE}-wal", f"{FILE}-shm", f"{FILE}.lock")}


def sealed(outcomes: Sequence[Outcome]) -> Mapping[str, Any]:
    """What the audit log keeps of a scan."""
    return {"sources": [outcome.to_dict() for outcome in outcomes]}
