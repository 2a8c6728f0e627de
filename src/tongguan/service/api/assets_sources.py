"""Sources of data assets, and scans of them: register, test, start, stop, schedule."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field

from tongguan.casework.assets.jobs import Options
from tongguan.casework.assets.schedule import Schedule
from tongguan.casework.assets.sources import Given, Secret
from tongguan.service.api.calling import TrustRoom
from tongguan.service.api.shapes import Ident, Line, Name, Prose, Shown, Strict
from tongguan.service.console.assetruns import Rooms, job_row, source_row
from tongguan.service.permission import needs
from tongguan.trust.access import Principal

__all__ = ["router"]

router = APIRouter(prefix="/assets", tags=["assets"])
Reader = Annotated[Principal, needs("assets.read")]
Keeper = Annotated[Principal, needs("assets.sources")]
Scanner = Annotated[Principal, needs("assets.scan")]

Kind = Literal["postgresql", "mysql", "mariadb", "sqlite", "duckdb", "s3", "folder"]
Sector = Literal["automotive", "finance", "health", "industry", "retail", "telecom"]
Secret_ = Annotated[str, Field(max_length=4096, json_schema_extra={"writeOnly": True})]
JobId = Annotated[int, Path(ge=1, le=2**31)]


class ScanOptions(Strict):
    """Of a scan. Under the options of one that did not come to its end it goes on where that was."""

    rows: Annotated[int, Field(ge=1, le=1_000_000, description="Rows of a table that are looked at")] = 10_000
    full: Annotated[bool, Field(description="Also what did not change")] = False
    whole: Annotated[bool, Field(description="Every row of a database's tables instead of samples")] = False
    names: Annotated[bool | None, Field(description="Names in prose by a model; null: where it is installed")] = None
    ocr: Annotated[bool, Field(description="Look into pictures, where text recognition is installed")] = True
    sector: Annotated[Sector | None, Field(description="Whose templates are used beside those of every sector")] = None

    def options(self) -> Options:
        """As scans take them."""
        return Options(**self.model_dump())


class SourceGiven(Strict):
    """A source. Databases take `host`, `port`, `database`, `user`, `tls`, `password`; buckets `bucket`, `prefix`,
    `endpoint`, `region`, `access_key`, `secret_key`; folders, SQLite and DuckDB files `path`, beneath a folder that
    `assets.roots` in settings.yaml allows. Secrets are sealed at once and never shown again."""

    name: Annotated[Name, Field(max_length=100)]
    owner: Annotated[Name, Field(description="Who answers for the data")]
    entity: Annotated[Line | None, Field(max_length=300)] = None
    note: Annotated[Prose, Field(max_length=1000)] = ""
    host: Line = ""
    port: Annotated[int | None, Field(ge=1, le=65535)] = None
    database: Annotated[Line, Field(max_length=300)] = ""
    user: Annotated[Line, Field(max_length=300)] = ""
    tls: Literal["prefer", "verify"] = "prefer"
    path: Annotated[str, Field(max_length=4096)] = ""
    bucket: Line = ""
    prefix: Annotated[Line, Field(max_length=300)] = ""
    endpoint: Line = ""
    region: Line = ""
    password: Secret_ | None = None
    access_key: Secret_ | None = None
    secret_key: Secret_ | None = None

    def given(self, kind: str) -> Given:
        """As the register takes it."""
        return Given(kind=kind, **self.model_dump(exclude={"password", "access_key", "secret_key", "kind"}))

    def secret(self) -> Secret | None:
        """None where none was given."""
        found = {"password": self.password, "access_key": self.access_key, "secret_key": self.secret_key}
        kept = {name: value for name, value in found.items() if value is not None}
        return Secret(**kept) if kept else None


class NewSource(SourceGiven):
    """A source to register."""

    kind: Kind


class Plan(Strict):
    """When a source is scanned by itself, in the time of China. `weekday`: 0 Monday to 6 Sunday."""

    every: Literal["day", "week"]
    hour: Annotated[int, Field(ge=0, le=23)]
    minute: Annotated[int, Field(ge=0, le=59)] = 0
    weekday: Annotated[int, Field(ge=0, le=6)] = 0
    options: ScanOptions = ScanOptions()


class SourceShown(Shown):
    """A registered source. `address` is its name in the catalogue; `has_secret`, never which."""

    id: str
    name: str
    kind: str
    place: dict[str, Any]
    address: str
    owner: str
    entity: str | None
    note: str
    enabled: bool
    has_secret: bool
    schedule: dict[str, Any] | None
    due: float | None
    created: float
    created_by: str
    changed: float
    changed_by: str


class ScanShown(Shown):
    """A scan that was asked for here. `state`: waiting, running, complete, incomplete (the source went away), stopped,
    interrupted (its process was killed), failed. Why it failed: `text` in both languages, `error` in English.
    `progress` while it runs: units and bytes done, bytes in all, bytes and units a second, seconds left, and what is
    being read."""

    id: int
    source: str
    address: str
    options: dict[str, Any]
    state: str
    scheduled: bool
    by: str
    asked: float
    started: float | None
    stop_asked: float | None
    ended: float | None
    error: str | None
    text: dict[str, str] | None
    outcome: dict[str, Any] | None
    progress: dict[str, Any] | None
    reached: dict[str, Any] | None


class Scans(Shown):
    """One page of scans, the newest first."""

    rows: list[ScanShown]
    total: int


class Tested(Shown):
    """Whether a source answers; `text` says why not in both languages, `error` in English."""

    ok: bool
    error: str | None
    text: dict[str, str] | None


@router.get("/sources")
def sources(
    trust: TrustRoom, by: Reader, kind: Kind | None = None, enabled: bool | None = None,
    words: Annotated[Line, Query(max_length=200)] = "",
) -> list[SourceShown]:  # fmt: skip
    """Registered sources, by name."""
    found = Rooms(trust).sources.listed(by=by, kind=kind, text=words, enabled=enabled)
    return [SourceShown.model_validate(source_row(source)) for source in found]


@router.post("/sources", status_code=201)
def register(trust: TrustRoom, by: Keeper, given: NewSource) -> SourceShown:
    """Register a source."""
    made = Rooms(trust).sources.register(given.given(given.kind), given.secret() or Secret(), by)
    return SourceShown.model_validate(source_row(made))


@router.get("/sources/{id}")
def source(trust: TrustRoom, by: Reader, id: Ident) -> SourceShown:
    """One source."""
    return SourceShown.model_validate(source_row(Rooms(trust).sources.seen_by(by, id)))


@router.put("/sources/{id}")
def change(trust: TrustRoom, by: Keeper, id: Ident, given: SourceGiven) -> SourceShown:
    """Describe a source anew. Without a secret the old one stays, unless the place changed: then it is asked for."""
    rooms = Rooms(trust)
    made = rooms.sources.change(id, given.given(rooms.sources.get(id).kind), given.secret(), by)
    return SourceShown.model_validate(source_row(made))


@router.delete("/sources/{id}")
def remove(trust: TrustRoom, by: Keeper, id: Ident) -> SourceShown:
    """Out of the register, its credentials with it. What scans found stays in the catalogue."""
    return SourceShown.model_validate(source_row(Rooms(trust).sources.remove(id, by)))


@router.post("/sources/{id}/test")
def test(trust: TrustRoom, by: Keeper, id: Ident) -> Tested:
    """Connect as a scan would."""
    told = Rooms(trust).jobs.test(id, by)
    return Tested(ok=told is None, error=told["en"] if told else None, text=dict(told) if told else None)


@router.post("/sources/{id}/enable")
def enable(trust: TrustRoom, by: Keeper, id: Ident) -> SourceShown:
    """It may be scanned again."""
    return SourceShown.model_validate(source_row(Rooms(trust).sources.enable(id, True, by)))


@router.post("/sources/{id}/disable")
def disable(trust: TrustRoom, by: Keeper, id: Ident) -> SourceShown:
    """It is not scanned any more; what is known of it stays."""
    return SourceShown.model_validate(source_row(Rooms(trust).sources.enable(id, False, by)))


@router.put("/sources/{id}/schedule")
def plan(trust: TrustRoom, by: Scanner, id: Ident, given: Plan) -> SourceShown:
    """Scan it every day or every week. Turns that were missed are made up for by one."""
    options = given.options.model_dump()
    schedule = Schedule(given.every, given.hour, given.minute, given.weekday, options, by.name)
    return SourceShown.model_validate(source_row(Rooms(trust).sources.plan(id, schedule, by)))


@router.delete("/sources/{id}/schedule")
def unplan(trust: TrustRoom, by: Scanner, id: Ident) -> SourceShown:
    """No scans by themselves any more."""
    return SourceShown.model_validate(source_row(Rooms(trust).sources.plan(id, None, by)))


@router.post("/sources/{id}/scans", status_code=202)
def start(trust: TrustRoom, by: Scanner, id: Ident, given: ScanOptions) -> ScanShown:
    """Ask for a scan, in a process of its own; one of a source, and one in all, at a time."""
    return _shown(Rooms(trust).jobs.start(id, given.options(), by))


@router.post("/sources/{id}/resumption", status_code=202)
def resume(trust: TrustRoom, by: Scanner, id: Ident) -> ScanShown:
    """Go on with the last scan under its options."""
    return _shown(Rooms(trust).jobs.resume(id, by))


@router.get("/runs")
def runs(
    trust: TrustRoom, by: Reader, source: Annotated[Line | None, Query(max_length=40)] = None,
    state: Literal["waiting", "running", "complete", "incomplete", "stopped", "interrupted", "failed"] | None = None,
    page: Annotated[int, Query(ge=1, le=10**6)] = 1, size: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> Scans:  # fmt: skip
    """Scans that were asked for here, the newest first."""
    found, total = Rooms(trust).jobs.listed(by=by, source=source, state=state, offset=(page - 1) * size, limit=size)
    return Scans(rows=[_shown(job) for job in found], total=total)


@router.get("/runs/{id}")
def run(trust: TrustRoom, by: Reader, id: JobId) -> ScanShown:
    """One of them, with how far it is."""
    return _shown(Rooms(trust).jobs.seen_by(by, id))


@router.post("/runs/{id}/stop")
def stop(trust: TrustRoom, by: Scanner, id: JobId) -> ScanShown:
    """Tell it to end. What it kept stays, and a resumption goes on from there."""
    return _shown(Rooms(trust).jobs.stop(id, by))


def _shown(job: Any) -> ScanShown:
    return ScanShown.model_validate(job_row(job))
