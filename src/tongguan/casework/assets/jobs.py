"""Scans that the service asked for: each a process of its own, one at a time, that outlives the service.

What is the case is not remembered but seen: a job runs while its process holds the job's lock, and ended as its note
says; one that holds no lock and left no word of its end was killed. `tick` writes that down, starts what is due and
what waits; it may be called by anybody at any time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from tongguan.casework.assets.catalogue import FILE
from tongguan.casework.assets.failures import Why, kept, read, why
from tongguan.casework.assets.processes import reap, taken
from tongguan.casework.assets.runs import Runs
from tongguan.casework.assets.scanning import ROWS, ROWS_MOST
from tongguan.casework.assets.sources import Record, Source, Sources
from tongguan.errors import BadInput, Conflict, NotFound, TongguanError
from tongguan.trust.access import Principal
from tongguan.trust.database import METADATA, Database
from tongguan.wording import wording

__all__ = ["OPEN", "STATES", "Job", "Jobs", "Options"]

_texts = wording("tongguan.casework.assets")
STATES: Final = ("waiting", "running", "complete", "incomplete", "stopped", "interrupted", "failed")
"""`incomplete`: the source went away before its end. `interrupted`: the process was killed."""
OPEN: Final = ("waiting", "running")
KILL_S = 20.0  # after which a process that was told to end is killed

_jobs = sa.Table(
    "asset_jobs",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("source", sa.String(40), nullable=False, index=True),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("options", sa.JSON, nullable=False),
    sa.Column("state", sa.String(20), nullable=False, index=True),
    sa.Column("scheduled", sa.Boolean, nullable=False),
    sa.Column("by", sa.String(300), nullable=False),
    sa.Column("asked", sa.Float, nullable=False),
    sa.Column("started", sa.Float),
    sa.Column("stop_asked", sa.Float),
    sa.Column("ended", sa.Float),
    sa.Column("error", sa.Text),  # see `failures`
    sa.Column("outcome", sa.JSON(none_as_null=True)),
    sa.Column("entry", sa.Integer),  # of the log, where the scan began
)


@dataclass(frozen=True, slots=True)
class Options:
    """Of a scan. `rows`: of a table that are looked at; `whole`: all rows of a database's tables instead; `full`: also
    what did not change; `names`: read names in
    running prose by a model, None where it is installed; `ocr`: look into pictures, where that is installed; `sector`:
    whose templates are used beside those for every sector."""

    rows: int = ROWS
    full: bool = False
    whole: bool = False
    names: bool | None = None
    ocr: bool = True
    sector: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.rows <= ROWS_MOST:
            raise BadInput(_texts.both("scan.rows", most=ROWS_MOST))


@dataclass(frozen=True, slots=True)
class Job:
    """One scan that was asked for. `error`: why it failed, {"zh": …, "en": …}; `note`: how far it is, as its process
    last said, None before it began."""

    id: int
    source: str
    address: str
    options: Options
    state: str
    scheduled: bool
    by: str
    asked: float
    started: float | None
    stop_asked: float | None
    ended: float | None
    error: Why | None
    outcome: Mapping[str, Any] | None
    note: Mapping[str, Any] | None = None


class Jobs:
    """The scans of a home. Threads and processes may share one home."""

    def __init__(
        self,
        database: Database,
        sources: Sources,
        record: Record,
        home: Path,
        settings: tuple[Sequence[str], Sequence[str]],
        key: bytes,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`settings`: the roots and networks that settings allow. `key`: of the catalogue's hashes."""
        self._database, self._sources, self._record, self._clock = database, sources, record, clock
        self._assets = home / "assets"
        self._runs = Runs(sources, home, self._assets, settings, key)

    # ---- to read

    def listed(
        self, *, by: Principal | None = None, source: str | None = None, state: str | None = None, offset: int = 0,
        limit: int = 100,
    ) -> tuple[list[Job], int]:  # fmt: skip
        """The newest first, and how many there are; of sources that `by` may see, where somebody asks."""
        query = sa.select(_jobs)
        if by is not None and self._sources.seen(by) is not None:
            query = query.where(_jobs.c.source.in_([one.id for one in self._sources.listed(by=by)]))
        if source:
            query = query.where(_jobs.c.source == source)
        if state:
            query = query.where(_jobs.c.state == state)
        with self._database.read() as connection:
            total = connection.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar() or 0
            rows = connection.execute(query.order_by(_jobs.c.id.desc()).offset(offset).limit(limit))
            return [self._seen(row) for row in rows], int(total)

    def get(self, ident: int) -> Job:
        """Raises NotFound."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(_jobs).where(_jobs.c.id == ident)).first()
        if row is None:
            raise NotFound(_texts.both("scan.none"))
        return self._seen(row)

    def seen_by(self, by: Principal, ident: int) -> Job:
        """A scan, for somebody to look at. Raises NotFound, Denied."""
        job = self.get(ident)
        source = self._sources.find(job.source)
        self._sources.allow(by, "assets.read", source.entity if source else None)
        return job

    def newest(self) -> dict[str, Job]:
        """The newest of each source, by the source's id."""
        last = sa.select(sa.func.max(_jobs.c.id)).group_by(_jobs.c.source)
        with self._database.read() as connection:
            return {
                row.source: self._seen(row) for row in connection.execute(sa.select(_jobs).where(_jobs.c.id.in_(last)))
            }

    # ---- to change

    def start(self, source_id: str, options: Options, by: Principal) -> Job:
        """Ask for a scan; it begins at once where no other one is under way. Under the options of one that did not come
        to its end it goes on where that was.

        Raises NotFound, Denied, Conflict (disabled, or under way already), BadInput or Unavailable where the source may
        not be reached.
        """
        source = self._sources.get(source_id)
        self._sources.allow(by, "assets.scan", source.entity)
        if not source.enabled:
            raise Conflict(_texts.both("scan.disabled"))
        job = self._ask(source, options, by.name, scheduled=False)
        self.tick()
        return self.get(job)

    def resume(self, source_id: str, by: Principal) -> Job:
        """Go on with the last scan of a source, under its options. Raises as `start` does, NotFound where there is
        none."""
        jobs, _ = self.listed(source=source_id, limit=1)
        if not jobs:
            raise NotFound(_texts.both("scan.never"))
        return self.start(source_id, jobs[0].options, by)

    def stop(self, ident: int, by: Principal) -> Job:
        """Tell a scan to end. What it kept stays. Raises NotFound, Denied, Conflict where it has ended."""
        job = self.get(ident)
        source = self._sources.find(job.source)
        self._sources.allow(by, "assets.scan", source.entity if source else None)
        if job.state not in OPEN:
            raise Conflict(_texts.both("scan.ended"))
        now = self._clock()
        with self._database.write() as connection:
            row = connection.execute(sa.select(_jobs.c.state).where(_jobs.c.id == ident)).one()
            values: dict[str, Any] = {"stop_asked": now}
            if row.state == "waiting":
                values |= {"state": "stopped", "ended": now}
            connection.execute(_jobs.update().where(_jobs.c.id == ident).values(**values))
            self._record("scan_stop_asked", by.name, {"scan": ident, "source": job.source, "address": job.address})
        self.tick()
        return self.get(ident)

    def test(self, source_id: str, by: Principal) -> Why | None:
        """Connect to a source as a scan would; None where that went well, else why not, {"zh": …, "en": …}. Raises
        NotFound, Denied, Conflict while another test runs."""
        source = self._sources.get(source_id)
        self._sources.allow(by, "assets.sources", source.entity)
        with self._runs.alone("test", wait=False):
            told = self._runs.tried(source)
        body = {"id": source.id, "name": source.name, "address": source.address, "ok": told is None}
        self._record("asset_source_tested", by.name, body)
        return told

    def tick(self) -> None:
        """Write down what ended, put an end to what must, ask for what is due, begin what waits."""
        with suppress(Conflict), self._runs.alone("tick", wait=True):
            reap()
            self._settle()
            for source in self._sources.due(self._clock()):
                self._sources.put_off(source)  # first: what cannot be scanned is not tried again at every turn
                options = Options(**(source.schedule.options or {})) if source.schedule else Options()
                with suppress(Conflict):  # still under way: that scan is the one that was due
                    self._ask(source, options, source.schedule.by if source.schedule else "", scheduled=True)
            self._begin_next()

    # ---- within

    def _ask(self, source: Source, options: Options, by: str, *, scheduled: bool) -> int:
        values = {
            "source": source.id, "address": source.address, "options": asdict(options), "state": "waiting",
            "scheduled": scheduled, "by": by, "asked": self._clock(),
        }  # fmt: skip
        with self._database.write() as connection:
            under_way = sa.select(_jobs).where(_jobs.c.source == source.id, _jobs.c.state.in_(OPEN))
            if any(self._seen(row).state in OPEN for row in connection.execute(under_way)):
                raise Conflict(_texts.both("scan.under_way"))
            made = connection.execute(_jobs.insert().values(**values)).inserted_primary_key
            assert made is not None
            ident = int(made[0])
            body = {"scan": ident, "id": source.id, "sources": [source.address], "options": asdict(options),
                    "scheduled": scheduled}  # fmt: skip
            entry = self._record("scan_started", by, body)
            connection.execute(_jobs.update().where(_jobs.c.id == ident).values(entry=entry))
        return ident

    def _seen(self, row: sa.Row[Any]) -> Job:
        """A job as it is now, whatever was written of it."""
        state, note = row.state, None
        if row.started is not None:
            note = self._runs.note(row.id)
        if state == "running" and not self._runs.running(row.id):
            end = (note or {}).get("end")
            state = end["state"] if end else "interrupted"
            state = "waiting" if state == "busy" else state
        return Job(
            row.id, row.source, row.address, Options(**row.options), state, row.scheduled, row.by, row.asked,
            row.started, row.stop_asked, row.ended, read(row.error), row.outcome, note,
        )  # fmt: skip

    def _settle(self) -> None:
        """Write down the ends of jobs; kill what was told to end and does not."""
        with self._database.read() as connection:
            running = connection.execute(sa.select(_jobs).where(_jobs.c.state == "running")).all()
        for row in running:
            if self._runs.running(row.id):
                if row.stop_asked is not None:
                    self._runs.end(row.id, hard=self._clock() - row.stop_asked > KILL_S)
                continue
            note = self._runs.note(row.id) or {}
            end = note.get("end") or {"state": "interrupted", "at": note.get("at") or row.started}
            if end["state"] == "interrupted" and row.stop_asked is not None:
                end = {**end, "state": "stopped"}
            self._write_end(row, end)

    def _write_end(self, row: sa.Row[Any], end: Mapping[str, Any]) -> None:
        values: dict[str, Any]
        if end["state"] == "busy":
            values = {"state": "waiting", "started": None}
        else:
            values = {
                "state": end["state"],
                "ended": end["at"],
                "error": kept(end.get("error")),
                "outcome": end.get("outcome"),
            }
        with self._database.write() as connection:
            mine = sa.and_(_jobs.c.id == row.id, _jobs.c.state == "running")
            if connection.execute(_jobs.update().where(mine).values(**values)).rowcount and end["state"] != "busy":
                sources = [end["outcome"]] if end.get("outcome") else []
                body = {"begun": row.entry, "scan": row.id, "id": row.source, "state": end["state"], "sources": sources}
                self._record("scan", row.by, body)

    def _begin_next(self) -> None:
        """The oldest that waits, where nothing is under way: the catalogue has one writer."""
        with self._database.read() as connection:
            if connection.execute(sa.select(_jobs.c.id).where(_jobs.c.state == "running").limit(1)).first():
                return
            waiting = sa.select(_jobs).where(_jobs.c.state == "waiting").order_by(_jobs.c.id)
            rows = connection.execute(waiting).all()
        if not rows or taken(self._assets / f"{FILE}.lock"):
            return
        for row in rows:
            if self._begin(row):
                return

    def _begin(self, row: sa.Row[Any]) -> bool:
        """Whether a process began."""
        now = self._clock()
        try:
            source = self._sources.get(row.source)
            if not source.enabled:
                raise Conflict(_texts.both("scan.disabled"))
            self._sources.reachable(source)
            self._runs.spawn(row.id, source, row.options, now, lambda: self._say_running(row.id, now))
            return True
        except (TongguanError, OSError) as error:
            with self._database.write() as connection:
                failed = {"state": "failed", "started": now, "ended": now, "error": kept(why(error))}
                connection.execute(_jobs.update().where(_jobs.c.id == row.id).values(**failed))
                body = {"begun": row.entry, "scan": row.id, "id": row.source, "state": "failed", "sources": []}
                self._record("scan", row.by, body)
            return False

    def _say_running(self, ident: int, now: float) -> None:
        with self._database.write() as connection:
            connection.execute(_jobs.update().where(_jobs.c.id == ident).values(state="running", started=now))
