"""Scans: every unit of every source judged and kept, one at a time, so that a scan that ends anywhere goes on there."""

from __future__ import annotations

import hashlib
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tongguan import __version__, identify, registry
from tongguan.capture.stores import Address, FileUnit, Store, TableUnit, Unit, Unread, Unseen, open_store
from tongguan.casework.assets.applying import apply_rules
from tongguan.casework.assets.catalogue import Catalogue, Scan, Seen
from tongguan.casework.assets.judged import Judged
from tongguan.casework.assets.ruling import ruled
from tongguan.casework.assets.stretches import WholeTable
from tongguan.casework.assets.under_way import UnderWay
from tongguan.casework.assets.work import Result, Setup, task_of
from tongguan.casework.assets.workers import Workers, usual_count
from tongguan.errors import BadInput
from tongguan.identify.templates import Rulebook, Rules

__all__ = ["ROWS", "ROWS_MOST", "Outcome", "scan"]

ROWS = 10_000
ROWS_MOST = 1_000_000
TOGETHER = 500  # units listed before what is known of them is asked
JUDGING = 4  # raised where what is found in a unit is found otherwise than before
SETTLED_S = 2.0  # a file changed so recently may change again without its times showing it

Progress = Callable[[int, int, str], None]
Counted = Callable[[int, int], None]


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
    whole: bool = False,
    names: bool | None = None,
    workers: int | None = None,
    sector: str | None = None,
    ocr: bool = True,
    ocr_seconds: float | None = None,
    registered: Sequence[Path] = (),
    prepare: Callable[[], None] | None = None,
    credentials: Path | None = None,
    progress: Progress | None = None,
    counted: Counted | None = None,
) -> list[Outcome]:
    """Scan sources into the catalogue of a folder.

    `rows`: of a table that are looked at; smaller ones are read whole, and all tables of databases where `whole` says
    so. `full`: also what did not change. `names`: read
    names in running prose by a model; None where its extra is installed. `workers`: processes, as many as there are
    processors where absent; with one, all is done in this one. `sector`: whose templates are used beside those for
    every sector; the organisation's own rules lie in the folder (see `Rulebook`). `ocr`: look into pictures, where that
    extra is installed, for `ocr_seconds` of each file, those of `identify.Limits` where absent. `registered`:
    fingerprints that files are held against. `prepare` is called in every process that reads. `key` keys the hashes of
    contents. `progress` is told how far it is, `counted` before it how many units are done, and how many bytes of what
    is done were done by the scan that this one goes on with: they say nothing of its pace.

    A unit that cannot be read is a blind spot; so is what is left of a source that goes away. Raises BadInput, Broken
    (fingerprints), BadPack (rules), Missing, Unavailable, before anything is read, where a source cannot be opened at
    all; CannotWrite, Conflict.
    """
    if not 1 <= rows <= ROWS_MOST:
        raise BadInput(f"a sample has 1 to {ROWS_MOST:,} rows")
    if len({address.name for address in addresses}) < len(addresses):
        raise BadInput("a source is named twice")
    with ExitStack() as stack:
        stores = [stack.enter_context(_opened(address, credentials)) for address in addresses]
        catalogue = stack.enter_context(Catalogue(folder, write=True))
        line = _Line(progress, counted, sum(store.size() for store in stores) if progress else 0)
        prose = stack.enter_context(identify.names_in_prose(names))
        rules = Rulebook(folder).rules(sector)
        apply_rules(catalogue, rules)
        limits = identify.Limits.of_pictures(ocr, ocr_seconds)
        setup = Setup(key, rules, names, tuple(path.absolute() for path in registered), prepare, limits)
        setup.check()
        pool = stack.enter_context(Workers(setup, workers or usual_count(), catalogue.together))
        reader = _reader(rows, whole, prose.on, registered, limits)
        keyed = hashlib.blake2b(key, digest_size=8, person=b"under way").hexdigest()
        asked = _Asked(reader, f"{reader}:{keyed}", rows, full, whole, rules)
        done = [_Source(store, catalogue, pool, asked, line, folder).scan(prose.on) for store in stores]
        apply_rules(catalogue, Rulebook(folder).rules(sector))  # they may have been changed meanwhile
        return done


def _opened(address: Address, credentials: Path | None) -> Store:
    return open_store(address, credentials)


class _Line:
    """How far all sources are, in bytes."""

    def __init__(self, progress: Progress | None, counted: Counted | None, total: int) -> None:
        self._progress, self._counted, self._total = progress, counted, total
        self._done = self._before = self._units = 0
        self._what = ""

    def show(self, what: str) -> None:
        self._what = what
        if self._progress is not None:
            self._progress(min(self._done, self._total), self._total, what)

    def add(self, size: int) -> None:
        self._done += size

    def end(self, size: int, *, before: bool = False) -> None:
        """A unit is done, `size` bytes of it since `add` was told of others; `before`: by an earlier run."""
        self.add(size)
        self._units += 1
        self._before += size * before
        if self._counted is not None:
            self._counted(self._units, self._before)
        self.show(self._what)


@dataclass(frozen=True, slots=True)
class _Asked:
    """How units are read. `reader`: what tells that they were read so before; `judged_by`: the same, and the key."""

    reader: str
    judged_by: str
    rows: int
    full: bool
    whole: bool
    rules: Rules


class _Source:
    """One source on its way through."""

    def __init__(
        self, store: Store, catalogue: Catalogue, workers: Workers, asked: _Asked, line: _Line, folder: Path
    ) -> None:
        self._store, self._catalogue, self._workers = store, catalogue, workers
        self._asked, self._full, self._reader, self._line = asked, asked.full, asked.reader, line
        self._own = _own_places(store, folder)
        self._outcome = Outcome(store.name, store.kind)
        self._unlisted = False
        self._later = deque[Callable[[], None]]()

    def scan(self, names: bool) -> Outcome:
        """`names`: whether names in running prose are read; where they are not, it is told once for the source."""
        started, outcome = time.monotonic(), self._outcome
        options = {"rows": self._asked.rows, "full": self._full, "names": names}
        options |= {"whole": True} if self._asked.whole else {}
        scan = self._catalogue.begin(self._store.name, self._store.kind, options)
        outcome.resumed = scan.resumed
        if not names:  # also where it goes on: what was told of the source as a whole is forgotten then
            self._catalogue.unread(scan, Unseen("names_off", ""))
        try:
            for some in _together(self._store.units()):
                self._several(scan, some)
            outcome.complete = True
        except Unread as unread:  # the source went away
            self._blind(scan, unread.unseen)
        finally:
            outcome.seconds = time.monotonic() - started
        self._workers.drain()
        while self._later:
            self._go_on()
            self._workers.drain()
        outcome.seconds = time.monotonic() - started
        if outcome.complete:
            self._catalogue.finish(scan, complete=True, unlisted=self._unlisted, counts=outcome.counts)
        return outcome

    def _several(self, scan: Scan, found: Sequence[tuple[Unit | Unseen, str | None]]) -> None:
        """Units that were listed together, each with its mark: what is known of them is asked at once."""
        units = [(unit, mark) for unit, mark in found if not isinstance(unit, Unseen) and not self._is_own(unit)]
        known = self._catalogue.seen_of(scan, [unit.path for unit, _ in units])
        same: list[Seen] = []
        for unit, mark in units:
            self._line.show(unit.path)
            seen, marked = known.get(unit.path), self._marked(mark)
            if seen is not None and seen.scan == scan.id:  # done before this scan was interrupted
                self._outcome.counts["done_before"] += 1
                self._line.end(unit.weight, before=True)
            elif not self._full and seen is not None and marked is not None and seen.mark == marked:
                same.append(seen)
                self._line.end(unit.weight)
            else:
                self._judge(scan, unit, marked, seen)
        self._catalogue.unchanged(scan, same)
        self._outcome.counts["unchanged"] += len(same)
        for one, _ in found:
            if isinstance(one, Unseen):
                self._blind(scan, one)

    def _judge(self, scan: Scan, unit: Unit, mark: str | None, seen: Seen | None) -> None:
        """Have a unit judged, by whoever is free, and what comes of it kept."""

        self._go_on()
        if self._asked.whole and isinstance(unit, TableUnit) and (unit.whole or unit.part) is not None:
            self._whole(scan, unit, mark, seen)
            return

        def done(result: Result) -> None:
            assert isinstance(result, Judged | Unseen)
            self._keep(scan, unit, mark, seen, result)
            self._line.end(unit.weight)

        try:
            task = task_of(unit, self._asked.rows)
        except Unread as unread:
            if unread.rest:
                raise
            done(unread.unseen)
            return
        self._workers.submit(task, done)

    def _whole(self, scan: Scan, unit: TableUnit, mark: str | None, seen: Seen | None) -> None:
        """Have a table judged whole, the stretches by whoever is free, and what comes of all of them kept."""
        shown = 0  # bytes of the progress

        def step(rows: int) -> None:
            nonlocal shown
            part = min(unit.weight - shown, unit.weight * rows // max(unit.rows or 0, rows, 1))
            shown += part
            self._line.add(part)
            self._line.show(unit.path)

        def done(result: Judged | Unseen, mark: str | None) -> None:
            if isinstance(result, Judged):
                result = ruled(result, unit.name, unit.comment, self._asked.rules)
            self._keep(scan, unit, mark, seen, result)
            self._line.end(unit.weight - shown)

        under_way = UnderWay(self._catalogue, scan, self._asked.judged_by)
        WholeTable(unit, mark, self._workers, under_way, done, step, self._later.append).read()

    def _go_on(self) -> None:
        """What tables of files have left to do since their first rows were read."""
        while self._later:
            self._later.popleft()()

    def _keep(self, scan: Scan, unit: Unit, mark: str | None, seen: Seen | None, result: Judged | Unseen) -> None:
        counts = self._outcome.counts
        if isinstance(result, Unseen):
            self._catalogue.unread(scan, result, unit, seen)
            counts["unread"] += 1
        elif not self._full and seen is not None and self._same(seen, result):
            self._catalogue.unchanged(scan, [seen], mark)
            counts["unchanged"] += 1
        else:
            self._catalogue.keep(scan, unit, result, mark, seen)
            counts["read"] += 1
            counts["blind"] += len(result.unseen)
            counts["sampled"] += result.sample is not None and result.sample.method != "whole"

    def _is_own(self, unit: Unit) -> bool:
        return bool(self._own) and unit.path.partition("!")[0] in self._own

    def _same(self, seen: Seen, judged: Judged) -> bool:
        """Whether a file that was touched still holds what it held, and was judged by the same rules."""
        known = seen.mark is not None and seen.mark.startswith(self._reader + ":")
        return known and bool(judged.digest) and seen.digest == judged.digest

    def _marked(self, mark: str | None) -> str | None:
        return None if mark is None else f"{self._reader}:{mark}"

    def _blind(self, scan: Scan, unseen: Unseen) -> None:
        self._unlisted |= unseen.reason in ("unlisted", "partial_view", "dropped")
        self._catalogue.unread(scan, unseen)
        self._outcome.counts["blind"] += 1


def _together(found: Iterator[Unit | Unseen]) -> Iterator[list[tuple[Unit | Unseen, str | None]]]:
    """Units as they are listed, some at a time, each with its mark as of now. Raises Unread behind those that came."""
    some: list[tuple[Unit | Unseen, str | None]] = []
    try:
        for one in found:
            some.append((one, None if isinstance(one, Unseen) else _mark(one)))
            if len(some) >= TOGETHER:
                yield some
                some = []
    except Unread:
        yield some
        raise
    yield some


def _mark(unit: Unit) -> str | None:
    """None where a file was changed so recently that it may change again without its times showing it."""
    if isinstance(unit, FileUnit) and abs(time.time() - unit.changed) < SETTLED_S:
        return None
    return unit.mark


def _reader(rows: int, whole: bool, names: bool, registered: Sequence[Path], limits: identify.Limits) -> str:
    """By what units were judged: with another version, other types, other parts of other packages, another sample,
    other fingerprints, other limits, or names in prose read where they were not, they are read again. Not so with other
    rules, which are laid over what is known."""
    said = hashlib.blake2b(f"{__version__}\n{JUDGING}\n{rows}\n{names}\n".encode(), digest_size=6)
    said.update("\n".join(map(repr, identify.TYPES.values())).encode())
    said.update(registry.mark().encode())
    if whole:
        said.update(b"whole")
    if limits != identify.Limits():
        said.update(repr(limits).encode())
    for path in registered:
        about = path.stat()
        said.update(f"{path.name}/{about.st_size}/{about.st_mtime_ns}".encode("utf-8", "surrogateescape"))
    return said.hexdigest()


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
