"""Recognition: what a text or a file holds, and why. Nothing of it is kept."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from tongguan.service.api.calling import TrustRoom
from tongguan.service.api.shapes import Line, Shown, Strict
from tongguan.service.console.recognition import recognise
from tongguan.service.console.uploads import TEXT_LIMIT, Raw, file_content, text_content
from tongguan.service.permission import needs
from tongguan.trust.access import Principal

__all__ = ["FILE_BODY", "FileName", "Looked", "Spot", "router"]

router = APIRouter(prefix="/identify", tags=["identify"])
Looker = Annotated[Principal, needs("files.identify")]
FileName = Annotated[Line, Query(max_length=200, description="Its name: it tells formats that bytes leave open")]
FILE_BODY: dict[str, Any] = {"requestBody": {"content": {"application/octet-stream": {}}}}


class Looked(Strict):
    """`reveal`: values as they stand, for those who may see them (files.reveal); masked samples otherwise."""

    text: Annotated[str, Field(max_length=TEXT_LIMIT)]
    reveal: bool = False


class Words(Shown):
    """A text in both languages."""

    zh: str
    en: str


class Found(Shown):
    """One recognised item. `start` and `end` are characters of its piece; `piece` is its ordinal; `member` the path
    inside the file; `why` what made its score."""

    member: str | None
    piece: int
    type: str
    start: int
    end: int
    text: str
    score: float
    validator: str
    category: str
    level: str
    sensitive: bool
    record: int
    why: list[Words]


class Counted(Shown):
    """A data type: at how many places, how many different values."""

    places: int
    values: int
    level: str
    category: str
    sensitive: bool


class KindFound(Shown):
    """The kind of one document; null with a `reason` (short, unlike, none, unsure) where it is unknown."""

    member: str | None
    kind: str | None
    name: Words | None
    probability: float
    reason: str | None
    likely: list[tuple[str, float]]


class Spot(Shown):
    """What could not be seen, and why."""

    kind: str
    where: str
    detail: str
    count: int
    size: int


class Recognised(Shown):
    """What a text or a file holds. `total` counts all findings; the first 1000 are told. `revealed` says whether they
    are shown as they stand."""

    size: int
    encoding: str | None
    characters: int
    total: int
    revealed: bool
    types: dict[str, Counted]
    findings: list[Found]
    kinds: list[KindFound]
    blind_spots: list[Spot]


@router.post("")
def identify_text(trust: TrustRoom, by: Looker, looked: Looked) -> Recognised:
    """What a text holds. 429 while the caller looks at something else; 503 while two others do."""
    return Recognised.model_validate(recognise(trust, by, text_content(looked.text), reveal=looked.reveal))


@router.post("/file", openapi_extra=FILE_BODY)
def identify_file(trust: TrustRoom, by: Looker, body: Raw, name: FileName = "", reveal: bool = False) -> Recognised:
    """What a file holds: the body, at most 16 MiB, in memory only. What cannot be seen of it is a blind spot."""
    return Recognised.model_validate(recognise(trust, by, file_content(body, name or None), reveal=reveal))
