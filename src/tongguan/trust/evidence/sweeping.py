"""The integrity sweep: every manifest, every blob, every file, held against each other.

One sweep at a time (turn.py). Three walks in the order of ids, each with a cursor that is written down on the way: a
sweep that is interrupted goes on there. Memory is a page of rows and a piece of a blob. What is found:

    manifest_altered   its row is not as it was written          blob_missing    no row says where its content is
    blob_altered       a blob's row is not as it was written     key_altered     its wrapped data key does not open
    missing            the store does not have it                truncated, lengthened   it has another size there
    swapped            another blob lies in its place            altered         its bytes are not what was stored
    manifest_missing   a blob that no manifest stands for        unreadable      the disk does not give it
    key_refused        its key is suspended or destroyed         orphan          a file of no row, older than an hour
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO, cast

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tongguan.errors import BadInput, Broken, Denied, NotFound, TongguanError
from tongguan.trust.access import Principal
from tongguan.trust.ciphers import Tampered, unseal_chunks
from tongguan.trust.evidence.adding import discard
from tongguan.trust.evidence.digest import Digesting, keyed
from tongguan.trust.evidence.parts import DAY_S, Parts, Row, blob_name
from tongguan.trust.evidence.records import BLOBS, MANIFESTS, PROBLEMS, SWEEPS
from tongguan.trust.evidence.stores.store import is_name
from tongguan.trust.evidence.turn import Turn
from tongguan.trust.evidence.vault import Secret
from tongguan.wording import readable

__all__ = ["Problem", "Progress", "Sweep", "sweep"]

Progress = Callable[[int, int], None]  # done, of how much

PAGE = 200
SHOWN = 1000  # problems in a result; all of them are counted and kept in the database
ORPHAN_S = 3600.0
UNFINISHED_S = DAY_S / 4  # a blob that is still on its way to the store after this time will not arrive
PHASES = ("manifests", "blobs", "files", "done")


@dataclass(frozen=True, slots=True)
class Problem:
    """subject: the id of a manifest or blob, or the name of a file in the store."""

    subject: str
    problem: str
    detail: str


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a sweep went through and found. `cleared`: leftovers of interrupted work that were removed."""

    id: str
    started: float
    finished: float
    manifests: int
    blobs: int
    bytes: int
    cleared: int
    problem_count: int
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        return self.problem_count == 0


def sweep(parts: Parts, by: Principal, progress: Progress | None) -> Sweep:
    """See `Evidence.sweep`."""
    turn = Turn(parts, by)
    try:
        run = _Run(parts, by, turn, progress)
        cleared = parts.store.tidy() + run.clear()
        run.walk()
        return run.finish(cleared)
    finally:
        with suppress(TongguanError):  # where the database is gone, that is what to tell of
            turn.end()


class _Run:
    def __init__(self, parts: Parts, by: Principal, turn: Turn, progress: Progress | None) -> None:
        self._parts = parts
        self._by = by
        self._turn = turn
        self._progress = progress
        unfinished = sa.select(SWEEPS).where(SWEEPS.c.finished.is_(None)).order_by(SWEEPS.c.started.desc()).limit(1)
        with parts.database.write() as connection:
            found = connection.execute(unfinished).first()
            self._row: Row = dict(found._mapping) if found else self._begin(connection)
            sizes = sa.select(sa.func.coalesce(sa.func.sum(BLOBS.c.stored), 0)).where(BLOBS.c.state == "kept")
            self._total = int(connection.execute(sizes).scalar_one())

    def _begin(self, connection: sa.Connection) -> Row:
        counts = dict.fromkeys(("manifests", "blobs", "bytes"), 0)
        times = {"started": self._parts.clock(), "finished": None, "by": self._by.name}
        row = {"id": f"sweep_{secrets.token_hex(8)}", "phase": PHASES[0], "cursor": "", **counts, **times}
        connection.execute(SWEEPS.insert().values(**row))
        self._parts.record("evidence.sweep_begun", self._by.name, {"id": row["id"]})
        return row

    def clear(self) -> int:
        """Finish what was interrupted: blobs on their way in for too long, and on their way out."""
        late = self._parts.clock() - UNFINISHED_S
        left = sa.or_(BLOBS.c.state == "removing", sa.and_(BLOBS.c.state == "pending", BLOBS.c.since < late))
        with self._parts.database.read() as connection:
            rows = [dict(row._mapping) for row in connection.execute(sa.select(BLOBS).where(left))]
        cleared = 0
        for row in rows:
            cleared += discard(self._parts, row, (row["state"],))
            self._turn.sign()
        return cleared

    def walk(self) -> None:
        steps = {"manifests": self._manifests, "blobs": self._blobs, "files": self._files}
        while (phase := self._row["phase"]) != "done":
            for cursor in steps[phase]():
                self._save(cursor=cursor)
            self._save(phase=PHASES[PHASES.index(phase) + 1], cursor="")

    def finish(self, cleared: int) -> Sweep:
        where = PROBLEMS.c.sweep == self._row["id"]
        now = self._parts.clock()
        with self._parts.database.write() as connection:
            self._turn.keep(connection)
            count = int(connection.execute(sa.select(sa.func.count()).where(where)).scalar_one())
            kinds = sa.select(PROBLEMS.c.problem, sa.func.count()).where(where).group_by(PROBLEMS.c.problem)
            by_kind = {str(problem): int(n) for problem, n in connection.execute(kinds)}
            page = sa.select(PROBLEMS).where(where).order_by(PROBLEMS.c.problem, PROBLEMS.c.subject).limit(SHOWN)
            problems = tuple(Problem(row.subject, row.problem, row.detail) for row in connection.execute(page))
            connection.execute(SWEEPS.update().where(SWEEPS.c.id == self._row["id"]).values(finished=now))
            told = {name: self._row[name] for name in ("id", "manifests", "blobs", "bytes")}
            told |= {"ok": count == 0, "problems": by_kind, "cleared": cleared}
            told["first"] = [{"subject": p.subject, "problem": p.problem} for p in problems[:100]]
            self._parts.record("evidence.swept", self._by.name, told)
        counts = (self._row["manifests"], self._row["blobs"], self._row["bytes"])
        return Sweep(self._row["id"], self._row["started"], now, *counts, cleared, count, problems)

    # ---- the three walks; each gives its cursor after every page or blob

    def _manifests(self) -> Iterator[str]:
        while rows := self._page(MANIFESTS, MANIFESTS.c.id > self._row["cursor"]):
            with self._parts.database.read() as connection:
                known = sa.select(BLOBS.c.id).where(BLOBS.c.id.in_({row["blob"] for row in rows}))
                blobs = {id for (id,) in connection.execute(known)}
            for row in rows:
                if problem := self._manifest(row, blobs):
                    self._found(row["id"], *problem)
            self._row["manifests"] += len(rows)
            yield rows[-1]["id"]

    def _blobs(self) -> Iterator[str]:
        while rows := self._page(BLOBS, BLOBS.c.id > self._row["cursor"], BLOBS.c.state == "kept"):
            for row in rows:
                if (problem := self._blob(row)) and self._still(row):
                    self._found(row["id"], *problem)
                self._row["blobs"] += 1
                self._row["bytes"] += row["stored"]
                yield row["id"]
                if self._progress is not None:
                    self._progress(min(self._row["bytes"], self._total), self._total)

    def _files(self) -> Iterator[str]:
        late = self._parts.clock() - ORPHAN_S
        batch: list[tuple[str, float]] = []
        for stored in self._parts.store.blobs(self._row["cursor"]):
            batch.append((stored.name, stored.changed))
            if len(batch) == PAGE:
                yield self._orphans(batch, late)
                batch = []
        if batch:
            yield self._orphans(batch, late)

    # ---- one thing of each

    def _manifest(self, row: Row, blobs: set[str]) -> tuple[str, str] | None:
        """What is wrong with a manifest."""
        try:
            self._parts.genuine_manifest(row, self._parts.vault.secret(row["entity"]))
        except Tampered:
            return "key_altered", "the entity's secret"
        except Broken:
            return "manifest_altered", ""
        except (BadInput, Denied):
            return "key_refused", ""
        if row["state"] == "kept" and row["blob"] not in blobs:
            return "blob_missing", f"blob {row['blob']}"
        return None

    def _blob(self, row: Row) -> tuple[str, str] | None:
        """What is wrong with a blob."""
        parts = self._parts
        try:
            secret = parts.vault.secret(row["entity"])
            if not parts.genuine_blob(row, secret):
                return "blob_altered", ""
            key = parts.vault.blob_key(row)
        except Tampered:
            return "key_altered", ""
        except Broken:
            return "blob_altered", ""
        except (BadInput, Denied):
            return "key_refused", ""
        claims = sa.select(MANIFESTS.c.id).where(MANIFESTS.c.blob == row["id"], MANIFESTS.c.state == "kept").limit(1)
        with parts.database.read() as connection:
            if connection.execute(claims).first() is None:
                return "manifest_missing", ""
        return self._content(row, secret, key)

    def _content(self, row: Row, secret: Secret, key: bytes) -> tuple[str, str] | None:
        """What is wrong with what lies in the store."""
        parts = self._parts
        size = parts.store.size(blob_name(row))
        if size is None:
            return "missing", ""
        try:
            with parts.store.open(blob_name(row)) as file:
                pieces = unseal_chunks(key, parts.vault.context(row["entity"], row["id"]), file)
                algorithm = row["digest"].partition(":")[0]
                with Digesting(algorithm, cast(BinaryIO, _Pieces(pieces))) as reading:
                    while reading.readinto(memoryview(bytearray(1 << 18))):
                        self._turn.sign()
                    digest = keyed(algorithm, secret.digests, reading.size, reading.root())
        except NotFound:
            return "missing", ""
        except BadInput:  # the ciphers' word for a source that cannot be read
            return "unreadable", ""
        except Tampered:
            if other := self._lying(row):
                return "swapped", f"blob {other} lies in its place"
            if size != row["stored"]:
                return ("truncated" if size < row["stored"] else "lengthened"), f"{size} bytes, not {row['stored']}"
            return "altered", ""
        return None if (digest, reading.size) == (row["digest"], row["size"]) else ("altered", "another content")

    def _lying(self, row: Row) -> str | None:
        """The blob that lies where this one should, by how it begins."""
        try:
            with self._parts.store.open(blob_name(row)) as file:
                head = file.read(len(row["head"]))
        except NotFound:
            return None
        if head == row["head"]:
            return None
        with self._parts.database.read() as connection:
            return cast("str | None", connection.execute(sa.select(BLOBS.c.id).where(BLOBS.c.head == head)).scalar())

    def _orphans(self, batch: list[tuple[str, float]], late: float) -> str:
        ids = [name.rpartition(".")[2] for name, _ in batch if is_name(name)]
        with self._parts.database.read() as connection:
            found = connection.execute(sa.select(BLOBS).where(BLOBS.c.id.in_(ids)))
            known = {blob_name(dict(row._mapping)) for row in found}
        for name, changed in batch:
            if name not in known and changed < late:
                self._found(readable(name)[:200], "orphan")
        return next((name for name, _ in reversed(batch) if is_name(name)), str(self._row["cursor"]))

    def _still(self, row: Row) -> bool:
        """Whether the blob was not removed lawfully while it was being read."""
        found = self._parts.blob_row(row["id"])
        return found is not None and found["state"] == "kept"

    # ---- keeping track

    def _page(self, table: sa.Table, *where: sa.ColumnElement[bool]) -> list[Row]:
        with self._parts.database.read() as connection:
            found = connection.execute(sa.select(table).where(*where).order_by(table.c.id).limit(PAGE))
            return [dict(row._mapping) for row in found]

    def _save(self, **changes: str) -> None:
        self._row |= changes
        values = {name: self._row[name] for name in ("phase", "cursor", "manifests", "blobs", "bytes")}
        with self._parts.database.write() as connection:
            self._turn.keep(connection)
            connection.execute(SWEEPS.update().where(SWEEPS.c.id == self._row["id"]).values(**values))

    def _found(self, subject: str, problem: str, detail: str = "") -> None:
        values = {"sweep": self._row["id"], "subject": subject, "problem": problem, "detail": detail}
        try:
            with self._parts.database.write() as connection:
                self._turn.keep(connection)
                connection.execute(PROBLEMS.insert().values(**values))
        except IntegrityError:  # found by the interrupted run already
            pass


class _Pieces:
    """Pieces of bytes as a file to read from."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readinto(self, buffer: memoryview) -> int:
        if not self._rest:
            self._rest = memoryview(next(self._pieces, b""))
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count
