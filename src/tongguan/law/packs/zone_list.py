"""A zone's or region's list as values. Days are `datetime.date`, both ends inclusive; texts are {"zh": …, "en": …}."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from tongguan.law.packs.shape import COUNTS, LIMITS, SECTIONS

__all__ = ["ListScenario", "Reading", "Sector", "Statement", "ZoneList", "as_zone_list", "stem_of"]

UNVERIFIED = "unverified"
STATED = frozenset(
    {"zh", "en", "id", "about", "treatment", "confidence", "note", "instrument", "article", "from", "to"}
)

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that a list says.

    `about` and `treatment` let lists be compared. `values` holds what its section adds: `persons`, `of`, `boundary`,
    `ciio` (important data and parts), `only` (fields), `places`, and `n`, `unit`, `after`, `whom` (procedure, duties).
    `first` and `last` are its own days, where it does not hold as long as its list.
    """

    text: Texts
    confidence: str
    note: Texts | None
    id: str | None
    about: str | None
    treatment: str | None
    cite: tuple[str, str] | None  # the id of an instrument and its article, where it is not the list itself
    first: date | None
    last: date | None
    values: Mapping[str, Any]


Sections = Mapping[str, tuple[Statement, ...]]


@dataclass(frozen=True, slots=True)
class ListScenario:
    """A scenario of a list. `limits` are its own limits of persons, as far as they are known."""

    id: str  # beijing-2024/retail/membership
    names: Texts
    confidence: str
    note: Texts | None
    purpose: Texts | None
    limits: Mapping[str, int]
    limits_confidence: str | None
    limits_note: Texts | None
    sections: Sections


@dataclass(frozen=True, slots=True)
class Sector:
    """A sector, or a class of data, of a list."""

    id: str
    names: Texts
    confidence: str
    note: Texts | None
    counts: Mapping[str, int]
    scenarios: tuple[ListScenario, ...]
    sections: Sections


@dataclass(frozen=True, slots=True)
class Reading:
    """A switch: taken as `in_force_where`, the list holds after its last day too; by `default` it does not."""

    id: str
    text: Texts
    default: str
    in_force_where: str


@dataclass(frozen=True, slots=True)
class ZoneList:
    """A list, or a region's rules, of one edition. `origin` is the file that it came from; None: it came with us.

    `counts` are what was published of its size, which may be more than is held. `expected_end` is a month (2027-09)
    about which it ends, where the day is not known.
    """

    id: str
    kind: str  # negative_list, general_list, regional_rules, regional_contract
    zones: tuple[str, ...]
    edition: str
    names: Texts
    instrument: str
    measures: str | None
    first: date
    last: date
    confidence: str
    note: Texts | None
    area: str  # zone, city, not_stated
    ciio: str  # excluded, open, not_stated
    covers: Mapping[str, tuple[Statement, ...]]  # registered, exporting, others
    counts: Mapping[str, int]
    counts_confidence: str | None
    counts_note: Texts | None
    expected_end: tuple[str, Statement] | None
    reading: Reading | None
    sectors: tuple[Sector, ...]
    sections: Sections
    unverified: tuple[Texts, ...]
    replaces: str | None = None  # the list for which this is another text
    succeeds: str | None = None  # the edition before, which ends on the day before this one begins
    origin: str | None = None

    def in_force(self, day: date, readings: Mapping[str, str] | None = None) -> bool:
        """Whether it holds on that day, under the readings chosen."""
        return self.first <= day and (day <= self.last or self.held_by_reading(day, readings))

    def held_by_reading(self, day: date, readings: Mapping[str, str] | None) -> bool:
        """Whether it is past its last day, and holds only because a reading says so."""
        if self.reading is None or day <= self.last:
            return False
        return (readings or {}).get(self.reading.id, self.reading.default) == self.reading.in_force_where

    def scenarios(self) -> Iterator[tuple[Sector, ListScenario]]:
        """Every scenario with its sector."""
        return ((sector, scenario) for sector in self.sectors for scenario in sector.scenarios)

    def statements(self) -> Iterator[tuple[str, str, Statement]]:
        """Every statement: where it stands (the list's, a sector's or a scenario's id), its section, and itself."""
        places: list[tuple[str, Sections]] = [(self.id, self.sections)]
        for sector in self.sectors:
            places.append((f"{self.id}/{sector.id}", sector.sections))
            places += [(scenario.id, scenario.sections) for scenario in sector.scenarios]
        for where, sections in places:
            for section, said in sections.items():
                yield from ((where, section, statement) for statement in said)


def as_zone_list(values: Mapping[str, Any], origin: str | None = None) -> ZoneList:
    """The list in values in which `shape` and `checking` find no fault."""
    zones = (values["zone"], *(values.get("also") or ())) if values.get("zone") else ()
    covers = values.get("covers") or {}
    counts = values.get("counts") or {}
    instrument = values["instrument"]
    stem = stem_of(values)
    return ZoneList(
        id=values["id"],
        kind=values["kind"],
        zones=zones,
        edition=str(values["edition"]),
        names=_texts(values["names"]),
        instrument=values["id"] if isinstance(instrument, dict) else instrument,
        measures=values.get("measures"),
        first=values["from"],
        last=values.get("to") or date.max,
        confidence=_confidence(values),
        note=_note(values),
        area=covers.get("area") or "not_stated",
        ciio=covers.get("ciio") or "not_stated",
        covers=_covers(covers),
        counts=_counts(counts),
        counts_confidence=_confidence(counts) if counts else None,
        counts_note=_note(counts),
        expected_end=_expected_end(values.get("expected_end")),
        reading=_reading(values.get("reading")),
        sectors=tuple(_sector(entry, stem) for entry in values.get("sectors") or ()),
        sections=_sections(values),
        unverified=tuple(_texts(entry) for entry in values.get("unverified") or ()),
        replaces=values.get("replaces"),
        succeeds=values.get("succeeds"),
        origin=origin,
    )


def stem_of(values: Mapping[str, Any]) -> str:
    """What the ids of a pack's scenarios begin with: beijing-2024."""
    return f"{values.get('zone') or str(values['id']).lower()}-{values['edition']}"


def _sector(entry: Mapping[str, Any], stem: str) -> Sector:
    return Sector(
        id=entry["id"],
        names=_texts(entry),
        confidence=_confidence(entry),
        note=_note(entry),
        counts=_counts(entry.get("counts") or {}),
        scenarios=tuple(_scenario(child, f"{stem}/{entry['id']}") for child in entry.get("scenarios") or ()),
        sections=_sections(entry),
    )


def _scenario(entry: Mapping[str, Any], stem: str) -> ListScenario:
    limits = entry.get("limits") or {}
    return ListScenario(
        id=f"{stem}/{entry['id']}",
        names=_texts(entry),
        confidence=_confidence(entry),
        note=_note(entry),
        purpose=_texts(entry["purpose"]) if entry.get("purpose") else None,
        limits={name: limits[name] for name in LIMITS if limits.get(name)},
        limits_confidence=_confidence(limits) if limits else None,
        limits_note=_note(limits),
        sections=_sections(entry),
    )


def _sections(entry: Mapping[str, Any]) -> Sections:
    return {name: tuple(_statement(said) for said in entry[name]) for name in SECTIONS if entry.get(name)}


def _covers(entry: Mapping[str, Any]) -> Mapping[str, tuple[Statement, ...]]:
    one = {name: (_statement(entry[name]),) for name in ("registered", "exporting") if entry.get(name)}
    others = tuple(_statement(said) for said in entry.get("others") or ())
    return {**one, **({"others": others} if others else {})}


def _statement(entry: Mapping[str, Any]) -> Statement:
    more = {key: value for key, value in entry.items() if key not in STATED and value is not None}
    return Statement(
        text=_texts(entry),
        confidence=_confidence(entry),
        note=_note(entry),
        id=entry.get("id"),
        about=entry.get("about"),
        treatment=entry.get("treatment"),
        cite=(entry["instrument"], entry.get("article") or "") if entry.get("instrument") else None,
        first=entry.get("from"),
        last=entry.get("to"),
        values={key: _texts(value) if isinstance(value, dict) else value for key, value in more.items()},
    )


def _expected_end(entry: Mapping[str, Any] | None) -> tuple[str, Statement] | None:
    if entry is None:
        return None
    return entry["month"], _statement({key: value for key, value in entry.items() if key != "month"})


def _reading(entry: Mapping[str, Any] | None) -> Reading | None:
    return entry and Reading(entry["id"], _texts(entry), entry["default"], entry["in_force_where"])  # type: ignore[return-value]


def _counts(entry: Mapping[str, Any]) -> Mapping[str, int]:
    return {name: entry[name] for name in COUNTS if entry.get(name)}


def _confidence(entry: Mapping[str, Any]) -> str:
    """What does not say how it is known is not verified."""
    return str(entry.get("confidence") or UNVERIFIED)


def _note(entry: Mapping[str, Any]) -> Texts | None:
    return _texts(entry["note"]) if entry.get("note") else None


def _texts(entry: Mapping[str, Any]) -> Texts:
    """Both languages; a text over several lines becomes one."""
    return {language: " ".join(str(entry[language]).split()) for language in ("zh", "en")}
