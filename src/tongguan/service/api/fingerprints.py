"""Fingerprints of known tables and documents: which there are, and texts and files held against them. They are made and
extended at the terminal, which has the files."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import Field

from tongguan.identify.fingerprints import Store
from tongguan.service.api.calling import TrustRoom
from tongguan.service.api.identify import FILE_BODY, FileName, Spot
from tongguan.service.api.shapes import Shown, Strict
from tongguan.service.console.policylist import match, remove_store, store_of, stores_of_house, visible_stores
from tongguan.service.console.uploads import TEXT_LIMIT, Raw, file_content, text_content
from tongguan.service.permission import needs
from tongguan.trust.access import Principal

__all__ = ["StoreName", "router"]

router = APIRouter(prefix="/fingerprints", tags=["fingerprints"])
Reader = Annotated[Principal, needs("fingerprints.read")]
Keeper = Annotated[Principal, needs("fingerprints.manage")]
Matcher = Annotated[Principal, needs("fingerprints.match")]
StoreName = Annotated[str, Path(min_length=1, max_length=60)]
Rows = Annotated[int, Field(ge=1, le=64, description="Rows of which so many columns stand near each other")]
Within = Annotated[int, Field(ge=1, le=1_000_000, description="Characters that are near")]


class SegmentShown(Shown):
    """One file of a store: when it was made (seconds since the epoch), by whom, from what."""

    made: float
    by: str
    source: str
    rows: int
    cells: int
    documents: int
    left_out: int
    bytes: int


class StoreShown(Shown):
    """A store. `entity`: whose data they are, null for everybody's."""

    name: str
    kind: str
    entity: str | None
    columns: list[str]
    rows: int
    cells: int
    documents: int
    bytes: int
    changed: float
    segments: list[SegmentShown]


class StoresShown(Shown):
    """All stores that the caller may see. `damaged`: names of those that cannot be read."""

    stores: list[StoreShown]
    damaged: list[str]


class Matched(Strict):
    """`rows`: join cells to rows; without it cells are told one by one."""

    text: Annotated[str, Field(max_length=TEXT_LIMIT)]
    rows: Rows | None = None
    within: Within = 300


class Matches(Shown):
    """What of a store stands in a text. `total` counts all, `distinct` different ones; the first 200 are told: of rows
    and cells columns and places, of documents shares and passages. No value is among them."""

    store: str
    kind: str
    total: int
    distinct: int
    found: list[dict[str, Any]]
    blind_spots: list[Spot]


class Done(Shown):
    entry: int


@router.get("")
def stores(trust: TrustRoom, by: Reader) -> StoresShown:
    """The stores of this workspace."""
    found, damaged = visible_stores(trust, by)
    return StoresShown(stores=[_shown(store) for store in found], damaged=damaged)


@router.get("/{name}")
def store(trust: TrustRoom, by: Reader, name: StoreName) -> StoreShown:
    """One store."""
    return _shown(store_of(trust, by, name, "fingerprints.read"))


@router.post("/{name}/match")
def match_text(trust: TrustRoom, by: Matcher, name: StoreName, given: Matched) -> Matches:
    """What of a store stands in a text. The log holds a keyed digest of the text, and how much was found."""
    content = text_content(given.text)
    return Matches.model_validate(match(trust, by, name, content, rows=given.rows, within=given.within))


@router.post("/{name}/match/file", openapi_extra=FILE_BODY)
def match_file(
    trust: TrustRoom,
    by: Matcher,
    name: StoreName,
    body: Raw,
    file: FileName = "",
    rows: Annotated[int | None, Query(ge=1, le=64)] = None,
    within: Annotated[int, Query(ge=1, le=1_000_000)] = 300,
) -> Matches:
    """The same of a file: the body, at most 16 MiB, in memory only."""
    content = file_content(body, file or None)
    return Matches.model_validate(match(trust, by, name, content, rows=rows, within=within))


@router.post("/{name}/merge")
def merge(trust: TrustRoom, by: Keeper, name: StoreName) -> StoreShown:
    """Make what was added to a store one file."""
    found = store_of(trust, by, name, "fingerprints.manage")
    merged = stores_of_house(trust).merge(found.name, by.name)
    body = {"name": merged.name, "kind": merged.kind, "entity": merged.entity, "files": len(merged.segments)}
    trust.record("fingerprints_merged", by.name, body)
    return _shown(merged)


@router.delete("/{name}")
def remove(trust: TrustRoom, by: Keeper, name: StoreName) -> Done:
    """Remove a store."""
    return Done(entry=remove_store(trust, by, name))


def _shown(found: Store) -> StoreShown:
    return StoreShown.model_validate(found.to_dict())
