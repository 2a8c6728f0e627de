"""The fingerprints of a workspace: stores under names, each in a folder of its own.

    fingerprints/
      customers/
        store.json                what is in it, sealed with the workspace's key
        000001.tgfp 000002.tgfp   files of fingerprints, read as one; the record names those that count
        lock                      held by whoever changes the store

A file that the record does not name was left by a process that was killed; whoever changes the store next removes it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

import pyarrow as pa

from tongguan.errors import BadInput, Broken, Conflict, NotFound
from tongguan.identify.fingerprints.documents import DocumentStore, build_documents
from tongguan.identify.fingerprints.merging import merge_documents, merge_tables
from tongguan.identify.fingerprints.records import good_name, locked, names_in, read_record, write_record
from tongguan.identify.fingerprints.segments import DocumentSegments, TableSegments
from tongguan.identify.fingerprints.table_build import build_table
from tongguan.identify.fingerprints.table_match import TableIndex
from tongguan.identify.pieces import Piece

__all__ = ["Segment", "Store", "Stores"]

StoreKind = Literal["table", "documents"]
Documents = Iterable[tuple[str, Sequence[Piece]]]

_RECORD: Final = "store.json"
_MOST_SEGMENTS: Final = 8  # files of one store; with one more they are merged
_SOURCE: Final = 200  # characters kept of what a store was made from


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of a store: what it was made from, when (seconds since the epoch) and by whom."""

    file: str
    made: float
    by: str
    source: str
    rows: int = 0
    cells: int = 0
    documents: int = 0
    left_out: int = 0  # cells that were empty or too short
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Store:
    """Known tables or documents under a name. `entity`: whose they are, None for everybody's."""

    name: str
    kind: StoreKind
    entity: str | None
    columns: tuple[str, ...]
    segments: tuple[Segment, ...]

    @property
    def rows(self) -> int:
        return sum(segment.rows for segment in self.segments)

    @property
    def cells(self) -> int:
        return sum(segment.cells for segment in self.segments)

    @property
    def documents(self) -> int:
        """Of one that was added again, the later counts; it is counted twice until the files are merged."""
        return sum(segment.documents for segment in self.segments)

    @property
    def bytes(self) -> int:
        return sum(segment.bytes for segment in self.segments)

    @property
    def changed(self) -> float:
        return max(segment.made for segment in self.segments)

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name, "kind": self.kind, "entity": self.entity, "columns": list(self.columns),
            "rows": self.rows, "cells": self.cells, "documents": self.documents, "bytes": self.bytes,
            "changed": self.changed, "segments": [asdict(segment) for segment in self.segments],
        }  # fmt: skip


class Stores:
    """The stores in a folder. `by` is who changes one; nothing of a value is kept but keyed hashes.

    All methods raise Broken where a record or a file was altered, CannotWrite.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        self.folder = folder
        self._key = key

    # ---- what there is

    def names(self) -> list[str]:
        """Of all stores, in order."""
        return names_in(self.folder, _RECORD)

    def get(self, name: str) -> Store:
        """Raises NotFound."""
        about = read_record(self.folder / good_name(name) / _RECORD, self._key)
        if about is None:
            raise NotFound(f"{name}: no fingerprints of this name; `tongguan fingerprint list` shows those that are")
        try:
            segments = tuple(Segment(**segment) for segment in about["segments"])
            store = Store(about["name"], about["kind"], about["entity"], tuple(about["columns"]), segments)
        except (KeyError, TypeError):
            raise Broken(f"{name}: the record of these fingerprints is of another version; make them again") from None
        if store.name != good_name(name):
            raise Broken(f"{name}: the record of these fingerprints is that of {store.name}; make them again")
        return store

    def all(self) -> list[Store]:
        return [self.get(name) for name in self.names()]

    def open(self, name: str) -> TableSegments | DocumentSegments:
        """The fingerprints of a store, mapped into memory. Raises NotFound."""
        store = self.get(name)
        try:
            return self._opened(store)
        except Broken:
            if (now := self.get(name)) == store:
                raise
            return self._opened(now)  # its files were merged in between

    def _opened(self, store: Store) -> TableSegments | DocumentSegments:
        paths = [self.folder / store.name / segment.file for segment in store.segments]
        if store.kind == "table":
            return TableSegments([_table(*_stamped(path), self._key) for path in paths])
        return DocumentSegments([_documents(*_stamped(path), self._key) for path in paths])

    # ---- changes

    def make_table(
        self,
        name: str,
        batches: Iterable[pa.RecordBatch],
        *,
        by: str,
        source: str,
        columns: Sequence[str] | None = None,
        entity: str | None = None,
    ) -> Store:
        """A new store of a table. Raises Conflict where the name is taken, BadInput as `build_table` does."""
        with self._new(name) as folder:
            made = self._rows(folder, batches, columns, by, source)
            return self._put(Store(folder.name, "table", entity, (), ()), made)

    def make_documents(
        self,
        name: str,
        documents: Documents,
        *,
        by: str,
        source: str,
        boilerplate: Iterable[Sequence[Piece]] = (),
        entity: str | None = None,
    ) -> Store:
        """A new store of documents. Raises Conflict where the name is taken, BadInput as `build_documents` does."""
        with self._new(name) as folder:
            made = self._texts(folder, documents, boilerplate, (), by, source)
            return self._put(Store(folder.name, "documents", entity, (), ()), made)

    def extend_table(self, name: str, batches: Iterable[pa.RecordBatch], *, by: str, source: str) -> Store:
        """More rows, with the columns that the store knows. Raises NotFound, BadInput as `build_table` does."""
        with self._there(name, "table") as (store, folder):
            return self._put(store, self._rows(folder, batches, store.columns, by, source))

    def extend_documents(
        self,
        name: str,
        documents: Documents,
        *,
        by: str,
        source: str,
        boilerplate: Iterable[Sequence[Piece]] = (),
    ) -> Store:
        """More documents; one of a name that is there already takes its place. Raises NotFound, BadInput."""
        with self._there(name, "documents") as (store, folder):
            known = self.open(name)
            assert isinstance(known, DocumentSegments)
            return self._put(store, self._texts(folder, documents, boilerplate, known.segments, by, source))

    def merge(self, name: str, by: str) -> Store:
        """All files of a store made one. Raises NotFound."""
        store = self.get(name)
        with self._there(name, store.kind) as (store, folder):
            return self._merged(store, folder, by)

    def remove(self, name: str) -> Store:
        """Remove a store; gives what it was. One whose record is damaged goes too. Raises NotFound."""
        folder = self.folder / good_name(name)
        if not (folder / _RECORD).exists():
            self.get(name)
        with locked(folder):
            try:
                store = self.get(name)
            except Broken:
                store = Store(folder.name, "table", None, (), ())
            (folder / _RECORD).unlink(missing_ok=True)  # first: whoever reads now finds nothing rather than a part
            _sweep(folder, frozenset())
        _clear(folder)
        return store

    # ---- how

    @contextmanager
    def _new(self, name: str) -> Iterator[Path]:
        folder = self.folder / good_name(name)
        try:
            with locked(folder):
                if (folder / _RECORD).exists():
                    raise Conflict(f"{name}: fingerprints of this name are there; extend them, or remove them first")
                _sweep(folder, frozenset())
                yield folder
        finally:
            if not (folder / _RECORD).exists():  # nothing came of it
                _clear(folder)

    @contextmanager
    def _there(self, name: str, kind: StoreKind) -> Iterator[tuple[Store, Path]]:
        store = self.get(name)
        if store.kind != kind:
            other = "a table" if store.kind == "table" else "documents"
            raise BadInput(f"{name}: these are fingerprints of {other}; expected more of the same")
        folder = self.folder / store.name
        with locked(folder):
            store = self.get(name)
            _sweep(folder, frozenset(segment.file for segment in store.segments))
            yield store, folder

    def _rows(
        self, folder: Path, batches: Iterable[pa.RecordBatch], columns: Sequence[str] | None, by: str, source: str
    ) -> tuple[Segment, tuple[str, ...]]:
        path = _next(folder)
        built = build_table(batches, path, self._key, columns=columns)
        left_out = sum(built.short) + sum(built.empty)
        segment = Segment(path.name, time.time(), by, source[:_SOURCE], built.rows, built.cells, 0, left_out)
        return replace(segment, bytes=path.stat().st_size), built.columns

    def _texts(
        self,
        folder: Path,
        documents: Documents,
        boilerplate: Iterable[Sequence[Piece]],
        known: Sequence[DocumentStore],
        by: str,
        source: str,
    ) -> tuple[Segment, tuple[str, ...]]:
        path = _next(folder)
        count = build_documents(documents, path, self._key, boilerplate=boilerplate, known=known)
        segment = Segment(path.name, time.time(), by, source[:_SOURCE], documents=count, bytes=path.stat().st_size)
        return segment, ()

    def _put(self, store: Store, made: tuple[Segment, tuple[str, ...]]) -> Store:
        """The store with one file more, on the disk."""
        segment, columns = made
        store = replace(store, columns=columns, segments=(*store.segments, segment))
        folder = self.folder / store.name
        self._write(store)
        return self._merged(store, folder, segment.by) if len(store.segments) > _MOST_SEGMENTS else store

    def _merged(self, store: Store, folder: Path, by: str) -> Store:
        if len(store.segments) < 2:
            return store
        known, path = self.open(store.name), _next(folder)
        source = ", ".join(dict.fromkeys(segment.source for segment in store.segments))[:_SOURCE]
        segment = Segment(path.name, time.time(), by, source, left_out=sum(one.left_out for one in store.segments))
        if isinstance(known, TableSegments):
            built = merge_tables(known.segments, path, self._key)
            segment = replace(segment, rows=built.rows, cells=built.cells)
        else:
            segment = replace(segment, documents=merge_documents(known, path, self._key))
        store = replace(store, segments=(replace(segment, bytes=path.stat().st_size),))
        self._write(store)
        _sweep(folder, frozenset({path.name}))
        return store

    def _write(self, store: Store) -> None:
        about = {
            "name": store.name, "kind": store.kind, "entity": store.entity, "columns": list(store.columns),
            "segments": [asdict(segment) for segment in store.segments],
        }  # fmt: skip
        write_record(self.folder / store.name / _RECORD, self._key, about)


def _next(folder: Path) -> Path:
    last = max((int(path.stem) for path in folder.glob("*.tgfp") if path.stem.isdecimal()), default=0)
    return folder / f"{last + 1:06d}.tgfp"


def _sweep(folder: Path, named: frozenset[str]) -> None:
    """Remove what a killed process left: drafts, and files that the record does not name. The caller holds the lock."""
    for path in folder.iterdir():
        if path.name.endswith(".draft") or (path.suffix == ".tgfp" and path.name not in named):
            path.unlink(missing_ok=True)


def _clear(folder: Path) -> None:
    """Remove the folder of a store that is no more, unless somebody makes one there now."""
    with contextlib.suppress(OSError, Conflict), locked(folder):
        if not (folder / _RECORD).exists():
            (folder / "lock").unlink()
            folder.rmdir()


def _stamped(path: Path) -> tuple[Path, int, int]:
    """The file, and what tells it from another of its name."""
    try:
        about = path.stat()
    except OSError:
        raise Broken(f"{path}: a file of these fingerprints is gone; make them again") from None
    return path, about.st_ino, about.st_mtime_ns


@lru_cache(maxsize=32)
def _table(path: Path, inode: int, changed: int, key: bytes) -> TableIndex:
    """Opened once: every opening checks all its seals."""
    return TableIndex(path, key)


@lru_cache(maxsize=32)
def _documents(path: Path, inode: int, changed: int, key: bytes) -> DocumentStore:
    return DocumentStore(path, key)
