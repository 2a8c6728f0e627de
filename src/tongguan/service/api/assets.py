"""Data assets: the catalogue that scans make, what changed, templates of classification, corrections."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field

from tongguan.errors import NotFound
from tongguan.identify.templates import Record, Ruling
from tongguan.service.api.calling import TrustRoom
from tongguan.service.api.facts import Day, today
from tongguan.service.api.shapes import Ident, Line, Prose, Shown, Strict
from tongguan.service.console import assetlist, assetscans
from tongguan.service.console.assetlist import Catalogue, Filter, Wanted
from tongguan.service.console.assetrules import (
    classified,
    correction,
    corrections_of,
    file_correction,
    rules_of,
    shown_templates,
    withdraw,
)
from tongguan.service.console.flowlist import Page
from tongguan.service.permission import needs
from tongguan.trust.access import Principal

__all__ = ["router"]

router = APIRouter(prefix="/assets", tags=["assets"])
Reader = Annotated[Principal, needs("assets.read")]
Corrector = Annotated[Principal, needs("assets.correct")]

Level = Literal["general-1", "general-2", "general-3", "general-4", "important", "core"]
What = Literal["new", "back", "gone", "schema", "grade_up", "grade_down", "types_more", "types_less", "lapsed"]
Sector = Literal["automotive", "finance", "health", "industry", "retail", "telecom"]
TypeId = Annotated[str, Field(max_length=64, pattern="^[a-z0-9_]+$")]
Id = Annotated[int, Path(ge=1, le=2**31)]
Source = Annotated[Line, Query(max_length=500, description="A source by its name, as a scan lists it")]
Words = Annotated[Line, Query(max_length=200, description="Within the path, the name or the comment")]
Page_ = Annotated[int, Query(ge=1, le=10**6)]
Size = Annotated[int, Query(ge=1, le=1000)]


class Listed(Shown):
    """One page of a list. `total` counts every row that the filter lets through."""

    rows: list[dict[str, Any]]
    total: int
    page: int
    pages: int
    size: int


class CorrectionShown(Shown):
    """What a person said a column really is. `type` null: data that no type names; "as found": the type is right."""

    id: str
    table: str
    column: str
    found: str | None
    type: str | None
    level: str | None
    sensitive: bool | None
    reason: str
    by: str
    at: datetime


class Filed(Shown):
    """A correction and the entry of the audit log that holds it."""

    correction: CorrectionShown
    entry: int


class Correction(Strict):
    """What a column really is. Null: data that no type names; "as found", which is also what no type means: the type is
    right, and the level is not."""

    column: Annotated[int, Field(ge=0, le=100_000, description="Its `ordinal` in the unit")]
    type: TypeId | Literal["as found"] | None = "as found"
    level: Level | None = None
    sensitive: bool | None = None
    reason: Annotated[Prose, Field(min_length=1, max_length=1000)]


@router.get("")
def assets(
    trust: TrustRoom,
    by: Reader,
    view: Literal["units", "columns"] = "units",
    source: Source | None = None,
    kind: Literal["table", "file"] | None = None,
    type: Annotated[TypeId | None, Query(description="A data type that it holds")] = None,
    level: Annotated[Level | None, Query(description="This level or a higher one")] = None,
    sensitive: bool | None = None,
    change: Annotated[Literal["new", "changed", "gone", "same"] | None, Query(description="In the last scan")] = None,
    state: Literal["read", "unread", "gone"] | None = None,
    document: Annotated[TypeId | None, Query(description="The kind of document that a file is")] = None,
    words: Words | None = None,
    sort: Literal["place", "level", "persons", "seen", "rows", "score", "found"] = "place",
    descending: bool = True,
    page: Page_ = 1,
    size: Size = 100,
) -> Listed:
    """Tables and files, or their columns, with masked samples only. What is gone is left out unless it is asked for.
    Without a scan the list is empty."""
    chosen = Filter(source, kind, state, level, type, sensitive, change, words, document=document)
    wanted = Wanted(page, size, sort, descending)
    return _listed(trust, by, lambda catalogue: assetlist.listed(catalogue, view, chosen, wanted))


@router.get("/scans")
def scans(trust: TrustRoom, by: Reader, page: Page_ = 1, size: Annotated[int, Query(ge=1, le=100)] = 20) -> Listed:
    """Sources with their newest scan: `state` is complete, running, interrupted or given_up; `progress` of one that has
    not ended; how much was read, by which samples; and what was not seen, by reason."""
    return _listed(trust, by, lambda catalogue: assetscans.states(catalogue, trust.home, Wanted(page, size)))


@router.get("/changes")
def changes(
    trust: TrustRoom,
    by: Reader,
    source: Source | None = None,
    what: What | None = None,
    level: Annotated[Level | None, Query(description="Of the unit, at least")] = None,
    words: Words | None = None,
    every: Annotated[bool, Query(description="Of every scan, not of the last one of each source alone")] = False,
    page: Page_ = 1,
    size: Size = 100,
) -> Listed:
    """What is new, changed, gone, graded up or down, the newest first."""
    chosen = Filter(source=source, change=what, text=words)
    wanted = Wanted(page, size)
    return _listed(trust, by, lambda found: assetlist.changed(found, chosen, wanted, level=level, all_scans=every))


@router.get("/review")
def review(
    trust: TrustRoom,
    by: Reader,
    why: Annotated[
        Literal["low", "against", "near", "lapsed"] | None,
        Query(description="A low score, evidence that disagrees, or a type that came close"),
    ] = None,
    source: Source | None = None,
    type: TypeId | None = None,
    words: Words | None = None,
    page: Page_ = 1,
    size: Size = 100,
) -> Listed:
    """Columns whose type is not certain, the sensitive ones first, then the least certain."""
    chosen = Filter(source=source, type=type, text=words)
    return _listed(trust, by, lambda found: assetlist.doubtful(found, chosen, why or "", Wanted(page, size)))


@router.get("/templates")
def templates(
    trust: TrustRoom, by: Reader, sector: Sector | None = None, as_of: Day | None = None
) -> list[dict[str, Any]]:
    """Templates of classification for every sector and the given one: rules, switched on or not, by which text and how
    that is known (text, digest, unverified)."""
    return shown_templates(rules_of(trust.home, sector), as_of or today())


@router.get("/corrections")
def corrections(trust: TrustRoom, by: Reader) -> list[CorrectionShown]:
    """What people corrected, the newest first; of tables that the caller may see."""
    with assetlist.opened(trust, by) as catalogue:
        made = corrections_of(catalogue, rules_of(trust.home))
    return [_shown(correction(one)) for one in made[:1000]]


@router.delete("/corrections/{id}")
def take_back(trust: TrustRoom, by: Corrector, id: Ident) -> Filed:
    """Take a correction back; the log keeps both."""
    with assetlist.opened(trust, by, "assets.correct") as catalogue:
        if not any(one.id == id for one in corrections_of(catalogue, rules_of(trust.home))):
            raise NotFound("no such correction")
    log = _Noted(trust.record)
    gone = withdraw(trust.home, id, by.name, log)
    return Filed(correction=_shown(gone), entry=log.entry)


@router.get("/{id}")
def asset(trust: TrustRoom, by: Reader, id: Id, sector: Sector | None = None) -> dict[str, Any]:
    """One table or file: its columns with the evidence, what could not be seen, its history over scans; and under
    `classification` what the templates say of it."""
    unit = _unit(trust, by, "assets.read", id)
    return {**unit, "classification": classified(unit, rules_of(trust.home, sector)).to_dict()}


@router.post("/{id}/corrections", status_code=201)
def correct(trust: TrustRoom, by: Corrector, id: Id, given: Correction) -> Filed:
    """Say what a column really is, and why. It holds while the judge finds there what it found now, for the tables of
    that name; it is a regression case from then on."""
    unit = _unit(trust, by, "assets.correct", id)
    ruling = Ruling(given.type, given.level, sensitive=given.sensitive)
    log = _Noted(trust.record)
    made = file_correction(trust.home, unit, given.column, ruling, given.reason, by.name, log)
    return Filed(correction=_shown(made), entry=log.entry)


class _Noted:
    """The log, and the entry that was written last."""

    def __init__(self, record: Record) -> None:
        self._record, self.entry = record, -1

    def __call__(self, kind: str, actor: str, body: Mapping[str, Any]) -> int:
        self.entry = self._record(kind, actor, body)
        return self.entry


def _listed(trust: TrustRoom, by: Principal, ask: Callable[[Catalogue], Page]) -> Listed:
    with assetlist.opened(trust, by) as catalogue:
        page = ask(catalogue) if catalogue is not None else Page([], 0, 1, 1)
    return Listed(rows=page.rows, total=page.total, page=page.number, pages=page.pages, size=page.length)


def _unit(trust: TrustRoom, by: Principal, operation: str, ident: int) -> dict[str, Any]:
    """Raises NotFound, also for one that is another entity's."""
    with assetlist.opened(trust, by, operation) as catalogue:
        found = assetlist.unit(catalogue, ident) if catalogue is not None else None
    if found is None:
        raise NotFound("no such asset")
    return found


def _shown(row: dict[str, Any]) -> CorrectionShown:
    return CorrectionShown.model_validate(row)
