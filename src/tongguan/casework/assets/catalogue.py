"""The catalogue of data assets: a database of its own, one file, written by one scan at a time.

It holds no values: types, levels, counts, masked samples, keyed hashes of files' contents, and as long as a table is
read whole those by which its persons are counted.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from tongguan.capture.stores import Unit, Unseen
from tongguan.casework.assets.catalogue_file import FILE, create, engine_of, upgrade
from tongguan.casework.assets.catalogue_rows import column_of, described, held, judged_of, rows_of
from tongguan.casework.assets.changes import Was, changes_between
from tongguan.casework.assets.judged import Judged, JudgedColumn
from tongguan.casework.assets.seeing import narrow
from tongguan.casework.assets.tables import SCHEMA, blinds, changes, columns, meta, scans, sources, under_way, units
from tongguan.errors import Broken, CannotWrite, Conflict, NotFound
from tongguan.wording import system_error, wording

__all__ = ["FILE", "Catalogue", "Scan", "Seen"]

TOGETHER = 500  # units held against rules at once

_texts: Final = wording("tongguan.casework.assets")
_UNUSABLE: Final = {
    "SQLITE_FULL": "catalogue.full",
    **dict.fromkeys(("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_CANTOPEN"), "catalogue.closed"),
    **dict.fromkeys(("SQLITE_BUSY", "SQLITE_LOCKED"), "catalogue.locked"),
}


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan of one source, in progress or finished."""

    id: int
    source: int
    resumed: bool
    first: bool  # the first scan of this source: nothing is called new


@dataclass(frozen=True, slots=True)
class Seen:
    """A unit as the catalogue knows it."""

    id: int
    mark: str | None
    digest: str
    scan: int  # the last in which it was seen
    state: str
    was: Was


class Catalogue:
    """Opened for writing by one process at a time, for reading by any number.

    `only`: names of the sources that there are for this reader, with all that is of them; None: all.

    Raises CannotWrite, Conflict where a scan is under way, NotFound where there is no catalogue to read, Broken.
    """

    def __init__(self, folder: Path, *, write: bool = False, only: frozenset[str] | None = None) -> None:
        self.path, self.only = folder / FILE, only
        self._lock: int | None = None
        self._together: sa.Connection | None = None  # in whose transaction all is read and written
        if write:
            self._make(folder)
        elif not self.path.is_file():
            raise NotFound(_texts.both("catalogue.none", folder=folder))
        self._engine = engine_of(self.path)
        if only is not None:
            sa.event.listen(self._engine, "connect", lambda connection, _: narrow(connection, only))
        try:
            with self.read() as connection:
                version = connection.execute(sa.select(meta.c.version)).scalar()
            if version == 1 and write:
                upgrade(self._engine)
            elif version != SCHEMA:
                raise Broken(_texts.both("catalogue.format", path=self.path, version=version, known=SCHEMA))
            if write:
                with self.write() as connection:
                    under_way.create(connection, checkfirst=True)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Catalogue:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._engine.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """One consistent view."""
        if self._together is not None:  # what is written there is seen there alone
            yield self._together
            return
        with self._errors(), self._engine.begin() as connection:
            yield connection

    # ---- a scan

    def begin(self, name: str, kind: str, options: Mapping[str, Any]) -> Scan:
        """Begin a scan of a source, or go on with the one that was interrupted under the same options."""
        now, said = time.time(), json.dumps(options, sort_keys=True)
        with self.write() as connection:
            source = connection.execute(sa.select(sources.c.id).where(sources.c.name == name)).scalar()
            if source is None:
                made = connection.execute(sources.insert().values(name=name, kind=kind, first_seen=now))
                source = _id(made)
            begun = (scans.c.source == source, scans.c.finished.is_(None), scans.c.options == said)
            open_scan = connection.execute(sa.select(scans.c.id).where(*begun)).scalar()
            done = sa.select(scans.c.id).where(scans.c.source == source, scans.c.complete)
            first = connection.execute(done.limit(1)).scalar() is None
            if open_scan is not None:
                # What never became a unit is met again.
                met = sa.and_(blinds.c.scan == open_scan, blinds.c.unit.is_(None))
                connection.execute(blinds.delete().where(met))
                return Scan(open_scan, source, True, first)
            connection.execute(under_way.delete().where(under_way.c.source == source))
            given_up = scans.update().where(scans.c.source == source, scans.c.finished.is_(None))
            connection.execute(given_up.values(finished=now, complete=False))
            made = connection.execute(scans.insert().values(source=source, started=now, options=said, complete=False))
            return Scan(_id(made), source, False, first)

    def seen_of(self, scan: Scan, paths: Sequence[str]) -> dict[str, Seen]:
        """What is known of units of the scan's source, by path; those never seen are left out."""
        chosen = sa.select(
            units.c.path, units.c.id, units.c.mark, units.c.digest, units.c.scan, units.c.state, units.c.schema_text,
            units.c.level, units.c.types, units.c.read_scan,
        )  # fmt: skip
        with self.read() as connection:
            of_source = chosen.where(units.c.source == scan.source, units.c.path.in_(paths))
            return {row.path: _seen(row) for row in connection.execute(of_source)} if paths else {}

    def unchanged(self, scan: Scan, known: Sequence[Seen], mark: str | None = None) -> None:
        """These units are there as they were: what is known of them stays, also what could not be seen of them.
        `mark`: their new one, where they have one."""
        if not known:
            return
        values: dict[str, Any] = {"scan": scan.id, "last_seen": time.time(), "change": "same"}
        if mark is not None:
            values["mark"] = mark
        back = [seen.id for seen in known if seen.state == "gone"]
        with self.write() as connection:
            of_these = units.update().where(units.c.id.in_([seen.id for seen in known]))
            connection.execute(of_these.values(**values))
            if back:
                connection.execute(units.update().where(units.c.id.in_(back)).values(change="new", state="read"))
                rows = [{"scan": scan.id, "unit": id, "what": "back"} for id in back]
                connection.execute(changes.insert(), rows)

    def keep(self, scan: Scan, unit: Unit, judged: Judged, mark: str | None, seen: Seen | None) -> None:
        """What a unit holds, with what could not be seen of it and what changed: all in one transaction. `seen`: what
        was known of it before."""
        was = seen.was if seen else Was()
        now = Was(True, judged.schema, judged.level, judged.types)
        found = changes_between(was, now) if was.read else [("new", "", "")]
        values = {
            **described(unit), **held(judged), "mark": mark, "scan": scan.id, "read_scan": scan.id, "state": "read",
            "last_seen": time.time(), "change": _change(scan, was, found),
        }  # fmt: skip
        with self.write() as connection:
            id = self._put(connection, scan, unit, values, seen)
            lapsed = set(connection.scalars(sa.select(columns.c.lapsed).where(columns.c.unit == id))) if seen else set()
            found += [
                ("lapsed", column.name, column.found_type or "")
                for column in judged.columns
                if column.lapsed is not None and column.lapsed not in lapsed and was.read
            ]
            if seen:
                connection.execute(columns.delete().where(columns.c.unit == id))
            if judged.columns:
                connection.execute(columns.insert(), rows_of(id, judged))
            self._blind(connection, scan, id if seen else None, judged.unseen, id)
            if not scan.first:
                self._tell(connection, scan, id, found)

    def unread(self, scan: Scan, unseen: Unseen, unit: Unit | None = None, seen: Seen | None = None) -> None:
        """A unit, or something else of the source, that could not be read. What was known of it stays, and is old."""
        if seen is None and unseen.where:
            seen = self.seen_of(scan, [unseen.where]).get(unseen.where)
        values: dict[str, Any] = {"scan": scan.id, "mark": None}
        with self.write() as connection:
            id = seen.id if seen else None
            if unit is not None:
                values |= {"last_seen": time.time()} | ({} if seen and seen.was.read else {"state": "unread"})
                if seen is None:
                    values |= {**described(unit), **held(Judged()), "change": "same" if scan.first else "new"}
                id = self._put(connection, scan, unit, values, seen)
            elif seen is not None:  # it was read before and now may not be: it is not gone
                connection.execute(units.update().where(units.c.id == seen.id).values(**values))
            self._blind(connection, scan, seen.id if seen else None, (unseen,), id)

    def finish(self, scan: Scan, *, complete: bool, unlisted: bool, counts: Mapping[str, int]) -> None:
        """The end of a scan. Units not seen in it are gone, where the listing was whole."""
        with self.write() as connection:
            if complete and not unlisted:
                gone = sa.and_(units.c.source == scan.source, units.c.scan < scan.id, units.c.state != "gone")
                missing = sa.select(sa.literal(scan.id), units.c.id, sa.literal("gone"), units.c.level, sa.literal(""))
                connection.execute(
                    changes.insert().from_select(["scan", "unit", "what", "before", "after"], missing.where(gone))
                )
                connection.execute(units.update().where(gone).values(state="gone", change="gone"))
            if complete:
                # What could not be seen before and was met again is written anew; the rest is no more.
                unread_now = sa.func.coalesce(units.c.read_scan, 0) < scan.id
                seen_again = sa.select(units.c.id).where(
                    units.c.source == scan.source, units.c.scan == scan.id, unread_now
                )
                old = sa.and_(blinds.c.source == scan.source, blinds.c.scan < scan.id)
                gone_blinds = sa.or_(blinds.c.unit.is_(None), blinds.c.unit.not_in(seen_again))
                connection.execute(blinds.delete().where(old, gone_blinds))
            connection.execute(
                scans.update().where(scans.c.id == scan.id).values(
                    finished=time.time(), complete=complete, counts=dict(counts)
                )
            )  # fmt: skip
            connection.execute(sources.update().where(sources.c.id == scan.source).values(last_scan=scan.id))

    # ---- rules

    @property
    def rules(self) -> str | None:
        """The digest of the rules that all units were last held against."""
        with self.read() as connection:
            return connection.execute(sa.select(meta.c.rules)).scalar()

    @rules.setter
    def rules(self, digest: str) -> None:
        with self.write() as connection:
            connection.execute(meta.update().values(rules=digest))

    def judged_units(self) -> Iterator[list[tuple[int, str, str, Judged]]]:
        """Units that were read, some at a time: id, name, comment, and what they were judged to hold."""
        after = 0
        while True:
            chosen = sa.select(units).where(units.c.id > after, units.c.read_scan.is_not(None)).order_by(units.c.id)
            with self.read() as connection:
                found = connection.execute(chosen.limit(TOGETHER)).all()
                if not found:
                    return
                inside = columns.c.unit.in_([row.id for row in found])
                parts = connection.execute(sa.select(columns).where(inside).order_by(columns.c.unit, columns.c.ordinal))
                of_unit: dict[int, list[JudgedColumn]] = {}
                for part in parts:
                    of_unit.setdefault(part.unit, []).append(column_of(part))
            after = found[-1].id
            yield [(row.id, row.name, row.comment, judged_of(row, of_unit.get(row.id, []))) for row in found]

    def rule(self, judged: Sequence[tuple[int, Judged]]) -> None:
        """Units as rules see them now."""
        with self.write() as connection:
            for id, one in judged:
                values = {"level": one.level, "sensitive": one.sensitive, "types": list(one.types)}
                connection.execute(units.update().where(units.c.id == id).values(**values))
                connection.execute(columns.delete().where(columns.c.unit == id))
                if one.columns:
                    connection.execute(columns.insert(), rows_of(id, one))

    # ---- within

    def _put(
        self, connection: sa.Connection, scan: Scan, unit: Unit, values: Mapping[str, Any], seen: Seen | None
    ) -> int:
        """The unit's row changed, or made where there is none; its id."""
        if seen is not None:
            connection.execute(units.update().where(units.c.id == seen.id), dict(values))
            return seen.id
        new = {"source": scan.source, "path": unit.path, "first_seen": values["last_seen"], **values}
        return _id(connection.execute(units.insert(), new))

    def _blind(
        self, connection: sa.Connection, scan: Scan, known: int | None, unseen: tuple[Unseen, ...], id: int | None
    ) -> None:
        """Write what could not be seen of a unit, in place of what was written of it while it was `known`."""
        if known is not None:
            connection.execute(blinds.delete().where(blinds.c.unit == known))
        rows = [
            {
                "source": scan.source, "scan": scan.id, "unit": id, "reason": one.reason, "kind": str(one.spot.kind),
                "where": one.where, "detail": one.detail, "count": one.count, "size": one.size,
            }
            for one in unseen
        ]  # fmt: skip
        if rows:
            connection.execute(blinds.insert(), rows)

    def _tell(self, connection: sa.Connection, scan: Scan, id: int, found: list[tuple[str, str, str]]) -> None:
        rows = [
            {"scan": scan.id, "unit": id, "what": what, "before": before, "after": after}
            for what, before, after in found
        ]
        connection.execute(changes.delete().where(changes.c.scan == scan.id, changes.c.unit == id))
        if rows:
            connection.execute(changes.insert(), rows)

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction of a scan."""
        if self._together is not None:
            yield self._together
            return
        with self._errors(), self._engine.execution_options(tongguan_writes=True).begin() as connection:
            yield connection

    @contextmanager
    def together(self) -> Iterator[None]:
        """All that is written meanwhile in one transaction: units that are there at once, and nothing that is waited
        for, since a killed process loses all of it."""
        with self.write() as connection:
            self._together = connection
            try:
                yield
            finally:
                self._together = None

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.OperationalError as error:
            if "no such table" in str(error.orig):
                raise Broken(_texts.both("catalogue.foreign", path=self.path)) from None
            raise _unusable(self.path, error.orig) from None
        except sa.exc.DatabaseError as error:
            code = type(error.orig).__name__
            raise Broken(_texts.both("catalogue.damaged", path=self.path, code=code)) from None

    def _make(self, folder: Path) -> None:
        """The folder and the file, and the lock that goes with this process."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(folder / f"{FILE}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not self.path.exists():
                create(self.path)
        except BlockingIOError:
            self._unlock()
            raise Conflict(_texts.both("catalogue.busy", folder=folder)) from None
        except (OSError, sqlite3.Error, sa.exc.DatabaseError) as error:
            self._unlock()
            if not isinstance(error, OSError):
                raise _unusable(self.path, getattr(error, "orig", error)) from None
            raise CannotWrite(_texts.both("catalogue.folder", folder=folder, why=system_error(error))) from None

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _unusable(path: Path, error: BaseException | None) -> CannotWrite:
    """By SQLite's own name of the error."""
    code = str(getattr(error, "sqlite_errorname", None) or type(error).__name__)
    key = next((key for beginning, key in _UNUSABLE.items() if code.startswith(beginning)), "catalogue.unusable")
    return CannotWrite(_texts.both(key, path=path, code=code))


def _seen(row: Any) -> Seen:
    read = row.read_scan is not None and row.state != "gone"
    was = Was(read, row.schema_text, row.level, tuple(row.types))
    return Seen(row.id, row.mark, row.digest, row.scan, row.state, was)


def _id(made: sa.CursorResult[Any]) -> int:
    """Of the row that was just made."""
    assert made.inserted_primary_key is not None
    return int(made.inserted_primary_key[0])


def _change(scan: Scan, was: Was, found: list[tuple[str, str, str]]) -> str:
    if scan.first or not found:
        return "same"
    return "new" if not was.read else "changed"
