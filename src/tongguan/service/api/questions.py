"""Questions of the law beside the path: clocks of a case, bulk thresholds, checklists, the grade of data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from tongguan import law
from tongguan.law import clocks
from tongguan.service.api.answers import Text, language_of
from tongguan.service.api.facts import Case, Checked, Day, Graded, Noticed, Readings, apart, dated, today
from tongguan.service.api.law import Country, Reader
from tongguan.service.api.shapes import Name, Shown, Strict
from tongguan.service.permission import needs
from tongguan.trust.access import Principal

__all__ = ["router"]

router = APIRouter(prefix="/law", tags=["law"])
Asker = Annotated[Principal, needs("decisions.ask")]
MOST = 10_000_000_000
CALENDAR = "text/calendar"


class Asked(Strict):
    """A number of persons or devices over the preceding twelve months; null is unknown."""

    category: Name | Annotated[list[Name], Field(min_length=1, max_length=20)] | None = None
    number: Annotated[int, Field(ge=0, le=MOST)] | None = None
    as_of: Day | None = None
    readings: Readings = Field(default_factory=dict)


class ThresholdShown(Shown):
    """Whether the number reaches the line; null cannot be told, and `missing` says what would tell."""

    country: str
    categories: list[str] | None
    number: int | None
    reached: bool | None
    at: int | None
    unit: str | None
    cite: str | None
    confidence: str | None
    reading: str
    missing: list[str]
    text: Text


class FieldShown(Shown):
    """What may be answered. A claim counts as not made where it is absent."""

    path: str
    kind: str
    choices: list[str]
    claim: bool
    text: Text


class ChecklistShown(Shown):
    id: str
    names: Text
    answers: list[FieldShown]


# ---- clocks


@router.post(
    "/clocks",
    response_model=dict[str, Any],
    responses={200: {"content": {CALENDAR: {"schema": {"type": "string"}}}, "description": "The timeline"}},
)
def timeline(
    request: Request,
    by: Asker,
    case: Case,
    format: Annotated[Literal["json", "ics"] | None, Query(description="ics: as an iCalendar file")] = None,
) -> Response:
    """Where a case stands, what can come next and what is due when. With `Accept: text/calendar`, or as `ics`, an
    iCalendar file in the caller's language."""
    told = clocks.clocks({**case, "as_of": case.get("as_of") or today()})
    if format == "ics" or (format is None and CALENDAR in request.headers.get("accept", "")):
        headers = {"Content-Disposition": 'attachment; filename="clocks.ics"'}
        return Response(clocks.to_icalendar(told, language_of(request)), media_type=CALENDAR, headers=headers)
    return JSONResponse(clocks.timeline_json(told))


# ---- destinations


@router.post("/destinations/{country}/threshold")
def threshold(by: Asker, country: Country, asked: Asked) -> ThresholdShown:
    """Whether a number reaches a bulk threshold of that country. Several categories: they are combined."""
    category = tuple(asked.category) if isinstance(asked.category, list) else asked.category
    found = law.threshold(country, category, asked.number, asked.as_of or today(), readings=asked.readings)
    return ThresholdShown.model_validate(asdict(found))


# ---- checklists


@router.get("/checklists")
def checklists(by: Reader) -> list[ChecklistShown]:
    """The checklists, and what each may be answered with."""
    return [_checklist(name, law.checklists()[name]) for name in ("necessity", "notice")]


@router.post("/checklists/necessity")
def necessity(by: Asker, answers: Checked) -> dict[str, Any]:
    """Whether it is necessary that the data leaves: the factors one by one, and what is still to be shown."""
    return law.necessity(dated(answers)).to_dict()


@router.post("/checklists/notice")
def notice(by: Asker, answers: Noticed) -> dict[str, Any]:
    """Whether notice was given and separate consent obtained as the law asks: point by point, and what to add."""
    asked, taken = apart(answers)
    return law.notice(dated(asked), readings=taken).to_dict()


# ---- grades


@router.post("/grade")
def grade(by: Asker, facts: Graded) -> dict[str, Any]:
    """The grade of data, core, important or general, and apart from it whether it counts as important for filing;
    which factor or number fired, and what is missing."""
    asked, taken = apart(facts)
    return law.grade(dated(asked), readings=taken).to_dict()


def _checklist(name: str, entry: Mapping[str, Any]) -> ChecklistShown:
    fields = [
        FieldShown(
            path=path,
            kind=field["kind"],
            choices=field.get("choices", []),
            claim=bool(field.get("claim")),
            text=_text(field),
        )
        for path, field in entry["answers"].items()
    ]
    return ChecklistShown(id=name, names=_text(entry), answers=fields)


def _text(entry: Mapping[str, Any]) -> Text:
    return Text(zh=entry["zh"], en=entry["en"])
