"""The ledger: what was seen, in Parquet files by day, read through DuckDB.

A batch is committed whole or not at all. Its part files are written under other names, synced and renamed; then one
line in the manifest makes them part of the ledger. Readers see only what the manifest names, so that a process killed
at any moment leaves either the batch or nothing. One process writes at a time; any number read.

    ledger/
      manifest.jsonl                          one line a commit: source, ordinal, files, rows
      exchanges/day=2026-11-18/000001.parquet
      findings/… subjects/… blind_spots/…
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from tongguan.border.rows import SCHEMAS, LedgerBatch
from tongguan.errors import BadInput, Broken, CannotWrite

__all__ = ["Ledger"]

_MANIFEST, _LOCK = "manifest.jsonl", "lock"
_MEMORY = "1GB"
"""Memory for queries; what they need beyond it lies on disk while they run."""


@dataclass
class _Commits:
    """What the manifest says."""

    done: dict[str, set[int]] = field(default_factory=dict)
    completed: set[str] = field(default_factory=set)
    files: dict[str, list[str]] = field(default_factory=lambda: {table: [] for table in SCHEMAS})
    number: int = 0  # of commits
    size: int = 0  # bytes of whole lines: what lies beyond is torn
    tally: Counter[str] = field(default_factory=Counter)  # what was counted over all batches, such as packets


class Ledger:
    """The ledger in a folder. Reading needs nothing; the first write takes the lock and holds it until `close`."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self._lock: int | None = None
        self._commits = self._read()
        self._database: duckdb.DuckDBPyConnection | None = None

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets the next writer in."""
        if self._database is not None:
            self._database.close()
            self._database = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def done(self, source_id: str) -> set[int]:
        """Ordinals of a source's batches that are committed."""
        return set(self._commits.done.get(source_id, ()))

    def completed(self, source_id: str) -> bool:
        """Whether a source was read to its end."""
        return source_id in self._commits.completed

    def complete(self, source_id: str) -> None:
        """Marks a source as read to its end."""
        with self._writing():
            if source_id not in self._commits.completed:
                self._append({"source": source_id, "completed": True})

    def tally(self) -> dict[str, int]:
        """Sums over all batches of what `commit` was told to tally."""
        return dict(self._commits.tally)

    def commit(
        self, source_id: str, ordinal: int, rows: LedgerBatch, tally: Mapping[str, int] = MappingProxyType({})
    ) -> bool:
        """Adds a batch, all of it or nothing. False where it was committed before. Raises CannotWrite."""
        with self._writing():
            if ordinal in self._commits.done.get(source_id, ()):
                return False
            written: list[Path] = []
            try:
                files = self._write_parts(rows.tables(), written, f"{self._commits.number + 1:06d}")
                for table, names in rows.written.items():
                    files.setdefault(table, []).extend(names)
                entry = {"source": source_id, "ordinal": ordinal, "files": files, "rows": len(rows)}
                self._append({**entry, "tally": dict(tally)})
            except BaseException:
                for path in written:
                    path.unlink(missing_ok=True)
                raise
        return True

    def put_aside(self, rows: LedgerBatch) -> None:
        """Writes the subjects of a batch that is still being filled, so that they need no memory. They count once it is
        committed. Raises CannotWrite."""
        with self._writing():
            part = f"{self._commits.number + 1:06d}-{sum(map(len, rows.written.values()))}"
            files = self._write_parts({"subjects": rows.tables()["subjects"]}, [], part)
            rows.forget_subjects()
            for table, names in files.items():
                rows.written.setdefault(table, []).extend(names)

    def clear(self) -> None:
        """Empties the ledger, as when its rows were located by another organisation file."""
        with self._writing():
            self._append({"cleared": True})
            self._sweep()

    def query(self, sql: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> pa.Table:
        """The answer to a query over the views exchanges, findings, subjects and blind_spots."""
        with self.cursor() as cursor:
            return cursor.sql(sql, params=params).to_arrow_table()

    @contextlib.contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of one's own to the ledger's views as they stand now. Raises Broken where a part is damaged."""
        if self._lock is None and self._size() != self._commits.size:
            self._commits, self._database = self._read(), None
        try:
            self._database = self._database or self._open()
            with self._database.cursor() as cursor:
                yield cursor
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            raise Broken(f"{self.folder}: a part of the ledger cannot be read ({_first_line(error)})") from None

    def _open(self) -> duckdb.DuckDBPyConnection:
        settings = {
            "threads": min(4, os.cpu_count() or 1),
            "memory_limit": _MEMORY,
            "temp_directory": str(self.folder / "spill"),
        }
        database = duckdb.connect(":memory:", config=settings)
        for table, schema in SCHEMAS.items():
            files = [str(self.folder / name) for name in self._commits.files[table]]
            if files:
                database.execute(
                    f"CREATE VIEW {table} AS SELECT * FROM read_parquet({_literal(files)}, hive_partitioning = false)"
                )
            else:
                empty = schema.empty_table()
                database.execute(f"CREATE TABLE {table} AS SELECT * FROM empty")
                del empty
        return database

    def _size(self) -> int:
        try:
            return (self.folder / _MANIFEST).stat().st_size
        except OSError:
            return 0

    def _read(self) -> _Commits:
        """The manifest. A torn last line is what a killed writer left: it says nothing."""
        commits = _Commits()
        try:
            raw = (self.folder / _MANIFEST).read_bytes()
        except FileNotFoundError:
            return commits
        except OSError as error:
            raise BadInput(f"{self.folder}: not a ledger that can be read ({error.strerror})") from None
        lines = raw.split(b"\n")
        for i, line in enumerate(lines[:-1]):
            try:
                _take(commits, json.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError):
                if any(rest.strip(b"\0") for rest in lines[i + 1 :]):
                    raise Broken(f"{self.folder / _MANIFEST}: line {i + 1} is damaged, and lines follow it") from None
                break
            commits.size += len(line) + 1
            commits.number += 1
        return commits

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Takes the lock at the first write; whatever the disk says against it is a CannotWrite."""
        try:
            if self._lock is None:
                self._take_lock()
            yield
        except (OSError, pa.ArrowException) as error:
            reason = getattr(error, "strerror", None) or _first_line(error)
            raise CannotWrite(
                f"{self.folder}: the ledger cannot be written ({reason}); nothing half-written is kept"
            ) from None

    def _take_lock(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(self.folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise CannotWrite(f"{self.folder}: another run is writing this ledger; wait for it to end") from None
        self._lock = lock
        self._commits, self._database = self._read(), None
        manifest = self.folder / _MANIFEST
        if manifest.exists() and manifest.stat().st_size > self._commits.size:
            os.truncate(manifest, self._commits.size)
        self._sweep()

    def _sweep(self) -> None:
        """Removes what the manifest does not name: parts of a batch that never came to be."""
        named = {name for files in self._commits.files.values() for name in files}
        for table in SCHEMAS:
            for path in (self.folder / table).rglob("*.parquet*"):
                if str(path.relative_to(self.folder)) not in named:
                    path.unlink(missing_ok=True)

    def _write_parts(
        self, tables: Mapping[str, Mapping[date | None, pa.Table]], written: list[Path], name: str
    ) -> dict[str, list[str]]:
        number = f"{name}.parquet"
        files: dict[str, list[str]] = {}
        folders: set[Path] = set()
        for table, days in tables.items():
            for day, part in days.items():
                folder = self.folder / table / (f"day={day}" if day else "")
                if not folder.is_dir():
                    folder.mkdir(parents=True, exist_ok=True)
                    folders |= {folder.parent, self.folder}
                path, temporary = folder / number, folder / f"{number}.tmp"
                written.append(temporary)
                pq.write_table(part, temporary, compression="zstd")
                _sync(temporary)
                written.append(path)
                temporary.rename(path)
                folders.add(folder)
                files.setdefault(table, []).append(str(path.relative_to(self.folder)))
        for folder in folders:
            _sync(folder)
        return files

    def _append(self, entry: dict[str, Any]) -> None:
        """One line more; a line that did not reach the disk whole is taken back."""
        line = json.dumps(entry, separators=(",", ":")).encode() + b"\n"
        manifest = os.open(self.folder / _MANIFEST, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            if os.write(manifest, line) != len(line):
                raise OSError(28, "no space left on the device")
            os.fsync(manifest)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(manifest, self._commits.size)
            raise
        finally:
            os.close(manifest)
        if self._commits.number == 0:
            _sync(self.folder)
        _take(self._commits, entry)
        self._commits.size += len(line)
        self._commits.number += 1
        self._database = None


def _take(commits: _Commits, entry: dict[str, Any]) -> None:
    if entry.get("cleared"):
        commits.done, commits.completed = {}, set()
        commits.files = {table: [] for table in SCHEMAS}
        commits.tally = Counter()
    elif entry.get("completed"):
        commits.completed.add(entry["source"])
    else:
        for table, names in entry["files"].items():
            commits.files[table] += names
        commits.tally.update(entry.get("tally", {}))
        commits.done.setdefault(entry["source"], set()).add(int(entry["ordinal"]))


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _literal(files: Sequence[str]) -> str:
    """A list of file names for SQL, with the characters that a glob would read escaped."""
    plain = (re.sub(r"[*?\[]", r"[\g<0>]", name).replace("'", "''") for name in files)
    return "[" + ", ".join(f"'{name}'" for name in plain) + "]"


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
