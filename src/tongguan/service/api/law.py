"""The book of the law: instruments, entries, readings, lists and destinations; clocks and checklists that go by it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from tongguan import law
from tongguan.errors import NotFound
from tongguan.law import clocks
from tongguan.law.book import Instrument, book
from tongguan.law.destinations import data as destinations_data
from tongguan.service.api.answers import Text, language_of, refusal
from tongguan.service.api.facts import AsOf, Case, Checked, Day, Noticed, Readings, apart, dated, today
from tongguan.service.api.shapes import Name, Shown, Strict
from tongguan.service.permission import needs
from tongguan.trust.access import Principal

__all__ = ["router"]

router = APIRouter(prefix="/law", tags=["law"])
Reader = Annotated[Principal, needs("law.read")]
Asker = Annotated[Principal, needs("decisions.ask")]
Country = Annotated[
    str,
    Path(max_length=20, pattern="^[A-Za-z0-9 _-]+$", description="ISO 3166-1 alpha-2, or EU", examples=["SG"]),
]
EntryName = Annotated[Name, Path(pattern=r"^[^/\\\x00-\x1f\x7f-\x9f\u2028\u2029]+$", description="An id or a title")]
MOST = 10_000_000_000
CALENDAR = "text/calendar"


class InstrumentShown(Shown):
    """An instrument, and where it stands on the day that was asked for. Null: not known, or none."""

    id: str
    names: Text
    form: str
    issuer: dict[str, str]
    number: str | None
    published: date | None
    effective: date | None
    until: date | None
    replaced_by: str | None
    status: law.Status
    source: str | None
    confidence: str


class HitShown(Shown):
    """An entry that was found; days are inclusive, null is open."""

    kind: str
    id: str
    names: Text
    first: date | None = Field(serialization_alias="from")
    last: date | None = Field(serialization_alias="to")
    confidence: str | None


class ReadingShown(Shown):
    """A point that the text leaves open: the reading taken by default, and what each says."""

    id: str
    of: Literal["decisions", "clocks", "necessity", "notice", "destinations"]
    default: str
    text: Text
    options: dict[str, Text]


class ListShown(Shown):
    """A zone's list and the days on which it holds. `names`: those of its instrument, where the book has one."""

    id: str
    names: Text | None
    first: date | None = Field(serialization_alias="from")
    last: date | None = Field(serialization_alias="to")
    confidence: str


class ZoneShown(Shown):
    """A zone and its lists in force."""

    id: str
    names: Text
    lists: list[ListShown]


class DestinationShown(Shown):
    """A card and the countries that it holds for."""

    id: str
    names: Text
    countries: list[str]
    bulk_categories: list[str]


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


# ---- the book


@router.get("/instruments")
def instruments(by: Reader, as_of: AsOf = None) -> list[InstrumentShown]:
    """Every law, regulation, rule, list and standard of the book."""
    day = as_of or today()
    return [_instrument(one, day) for one in book().instruments.values()]


@router.get("/entries/{name}", response_model=dict[str, Any])
def entry(request: Request, by: Reader, name: EntryName, kind: Name | None = None, as_of: AsOf = None) -> Any:
    """An instrument by its id or title, or a rule, duty, zone, number or any other entry by its id, in full: days,
    source, confidence, what it cites and what cites it. `kind` where several have the id."""
    try:
        return law.show(f"{kind}/{name}" if kind else name, as_of or today())
    except NotFound as error:  # the law is no secret: what is near may be told
        return refusal(request, "not_found", {"zh": str(error), "en": str(error)})


@router.get("/search")
def search(
    by: Reader,
    q: Annotated[Name, Query(description="Words, Chinese or English")],
    as_of: Annotated[Day | None, Query(description="Only what holds on that day")] = None,
    limit: Annotated[int, Query(ge=1, le=law.MOST_HITS)] = 20,
) -> list[HitShown]:
    """Entries of the book by words, best first."""
    return [HitShown.model_validate(hit) for hit in law.search(q, as_of, limit)]


@router.get("/readings")
def readings(by: Reader) -> list[ReadingShown]:
    """Interpretations: where the text leaves two, which is taken, and what each says."""
    return list(_readings())


@router.get("/zones")
def zones(by: Reader, as_of: AsOf = None) -> list[ZoneShown]:
    """Free-trade zones and their lists in force on a day."""
    day = as_of or today()
    return [
        ZoneShown(
            id=zone,
            names=_text(entry),
            lists=[_list(one) for one in entry["lists"] if one["from"] <= day <= one.get("to", date.max)],
        )
        for zone, entry in book().zones.items()
    ]


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


@router.get("/destinations")
def destinations(by: Reader, as_of: AsOf = None) -> list[DestinationShown]:
    """The cards that are held."""
    day = as_of or today()
    return [
        DestinationShown(
            id=card.regime,
            names=Text(**card.names),
            countries=destinations_data()["destinations"][card.regime]["codes"],
            bulk_categories=list(law.bulk_categories(card.regime, day)),
        )
        for card in law.destinations(day)
    ]


@router.get("/destinations/{country}")
def destination(by: Reader, country: Country, as_of: AsOf = None) -> dict[str, Any]:
    """What the law of a country asks when data arrives, goes on or comes back. A country that is not held is answered
    with `covered: false`."""
    return law.destination_json(country, as_of or today())


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


# ---- as shown


def _instrument(one: Instrument, day: date) -> InstrumentShown:
    return InstrumentShown(
        id=one.id,
        names=Text(zh=one.title, en=one.en),
        form=one.kind,
        issuer=dict(one.issuer),
        number=one.number,
        published=one.published,
        effective=one.effective,
        until=None if one.until == date.max else one.until,
        replaced_by=one.replaced_by,
        status=law.status(one, day),
        source=one.source,
        confidence=one.confidence,
    )


def _readings() -> Iterator[ReadingShown]:
    for key, entry in book().parameters["readings"].items():
        yield _reading("decisions", key, entry, entry["says"])
    for key, one in clocks.readings().items():
        yield _reading("clocks", key, {"default": one.default, **one.text}, one.options)
    for name in ("necessity", "notice"):
        for key, entry in law.checklists()[name].get("readings", {}).items():
            yield _reading(name, key, entry, entry["readings"])
    for key, entry in destinations_data()["readings"].items():
        yield _reading("destinations", key, entry, entry["readings"])


def _reading(of: Any, key: str, entry: Mapping[str, Any], options: Mapping[str, Any]) -> ReadingShown:
    says = {option: _text(text) for option, text in options.items()}
    return ReadingShown(id=key, of=of, default=entry["default"], text=_text(entry), options=says)


def _list(entry: Mapping[str, Any]) -> ListShown:
    one = book().instruments.get(entry["id"])
    return ListShown(
        id=entry["id"],
        names=Text(zh=one.title, en=one.en) if one else None,
        first=entry["from"],
        last=entry.get("to"),
        confidence=entry["confidence"],
    )


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
