"""The book of the law: instruments, entries, readings, lists of zones, and what destinations ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import Field

from tongguan import law
from tongguan.errors import NotFound
from tongguan.law import clocks
from tongguan.law.book import Instrument, book
from tongguan.law.destinations import data as destinations_data
from tongguan.law.grading.reading import data as grading_data
from tongguan.service.api.answers import Text, refusal
from tongguan.service.api.facts import AsOf, Day, today
from tongguan.service.api.shapes import Ident, Name, Shown
from tongguan.service.permission import needs
from tongguan.trust.access import Principal

__all__ = ["Country", "Reader", "router"]

router = APIRouter(prefix="/law", tags=["law"])
Reader = Annotated[Principal, needs("law.read")]
Country = Annotated[
    str,
    Path(max_length=20, pattern="^[A-Za-z0-9 _-]+$", description="ISO 3166-1 alpha-2, or EU", examples=["SG"]),
]
EntryName = Annotated[Name, Path(pattern=r"^[^/\\\x00-\x1f\x7f-\x9f\u2028\u2029]+$", description="An id or a title")]


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
    of: Literal["decisions", "clocks", "necessity", "notice", "grade", "destinations"]
    default: str
    text: Text
    options: dict[str, Text]


class ListShown(Shown):
    """A list or regional rules of one edition, with its days."""

    id: str
    kind: str
    zones: list[str]
    edition: str
    names: Text
    first: date = Field(serialization_alias="from")
    last: date | None = Field(serialization_alias="to")
    confidence: str


class DestinationShown(Shown):
    """A card and the countries that it holds for."""

    id: str
    names: Text
    countries: list[str]
    bulk_categories: list[str]


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
    except NotFound as error:
        return _not_found(request, error)


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
def zones(by: Reader, as_of: AsOf = None) -> list[ListShown]:
    """The lists of zones and the rules of regions in force on a day, the oldest first."""
    return [_list(one) for one in law.zone_lists(as_of or today())]


@router.get("/zones/disagreements")
def disagreements(by: Reader, as_of: AsOf = None) -> list[dict[str, Any]]:
    """Data that two lists in force on a day treat differently: what each says, and where."""
    return [law.disagreement_json(one) for one in law.disagreements(as_of or today())]


@router.get("/zones/{id}", response_model=dict[str, Any])
def zone_list(request: Request, by: Reader, id: Ident, as_of: AsOf = None) -> Any:
    """One list in full, whether or not it is in force."""
    try:
        return law.zone_list_json(law.zone_list(id), as_of or today())
    except NotFound as error:
        return _not_found(request, error)


# ---- destinations


@router.get("/destinations")
def destinations(by: Reader, as_of: AsOf = None) -> list[DestinationShown]:
    """The cards that are held."""
    day = as_of or today()
    return [
        DestinationShown(
            id=card.regime,
            names=_text(card.names),
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
    for key, entry in grading_data()["readings"].items():
        yield _reading("grade", key, entry, entry["readings"])
    for key, entry in destinations_data()["readings"].items():
        yield _reading("destinations", key, entry, entry["readings"])


def _reading(of: Any, key: str, entry: Mapping[str, Any], options: Mapping[str, Any]) -> ReadingShown:
    says = {option: _text(text) for option, text in options.items()}
    return ReadingShown(id=key, of=of, default=entry["default"], text=_text(entry), options=says)


def _list(one: law.ZoneList) -> ListShown:
    return ListShown(
        id=one.id,
        kind=one.kind,
        zones=list(one.zones),
        edition=one.edition,
        names=_text(one.names),
        first=one.first,
        last=None if one.last == date.max else one.last,
        confidence=one.confidence,
    )


def _not_found(request: Request, error: NotFound) -> Response:
    """The law is no secret: what is near may be told."""
    return refusal(request, "not_found", {"zh": str(error), "en": str(error)})


def _text(entry: Mapping[str, Any]) -> Text:
    return Text(zh=entry["zh"], en=entry["en"])
