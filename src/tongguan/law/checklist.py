"""Checklists: dated points, each judged met, unmet, unknown or not applicable on the answers given.

A point of data/checklists.yaml *applies* under conditions and *needs* others; a condition is an answer, or something
derived from answers, and the value that it must have. An absent answer is unknown. What is unknown and could change a
point is named in `missing`; a point whose needs are met is met whether or not it applies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any

from tongguan.errors import BadFacts
from tongguan.law.answers import Sheet, checked
from tongguan.law.book import Cite, book, load
from tongguan.wording import LANGUAGES, Language

__all__ = [
    "Derived",
    "Finding",
    "Findings",
    "Guidance",
    "Outcome",
    "Point",
    "Truth",
    "both",
    "checklists",
    "is_",
    "judge_list",
    "readings_taken",
]


class Outcome(StrEnum):
    """What a point or a finding comes to."""

    MET = "met"
    UNMET = "unmet"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Truth:
    """True, false, or unknown with the answers that could settle it. `detail` says in words what is in the way."""

    value: bool | None
    missing: frozenset[str] = frozenset()
    detail: tuple[str, ...] = ()

    def __invert__(self) -> Truth:
        return self if self.value is None else Truth(not self.value)


Derived = Mapping[str, Callable[[Sheet], Truth]]


@dataclass(frozen=True, slots=True)
class Guidance:
    """An official answer or a judgment that shows how the law is read. It explains; it is not itself the law."""

    id: str
    title: Mapping[str, str]
    item: str
    published: date | None
    source: str | None
    confidence: str
    text: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Point:
    """One requirement. `facts` are the answers looked at, `add` the words for what is still to be done.

    `confidence` is official where the articles were read, else secondary.
    """

    id: str
    outcome: Outcome
    text: Mapping[str, str]
    add: Mapping[str, str] | None
    confidence: str
    cites: tuple[Cite, ...]
    guidance: tuple[Guidance, ...]
    facts: Mapping[str, Any]
    missing: tuple[str, ...]
    detail: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """Points that belong together; the worst of them counts."""

    id: str
    text: Mapping[str, str]
    points: tuple[Point, ...]

    @property
    def outcome(self) -> Outcome:
        return _worst(point.outcome for point in self.points)

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(path for point in self.points for path in point.missing))

    @property
    def cites(self) -> tuple[Cite, ...]:
        return tuple(dict.fromkeys(cite for point in self.points for cite in point.cites))


@dataclass(frozen=True, slots=True)
class Findings:
    """A checklist's answer on a day.

    `readings` were taken where the text leaves two; `not_claimed` are extraordinary claims that count as not made.
    """

    checklist: str
    date: date
    findings: tuple[Finding, ...]
    readings: Mapping[str, str]
    not_claimed: tuple[str, ...]

    @property
    def outcome(self) -> Outcome:
        return _worst(finding.outcome for finding in self.findings)

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(path for finding in self.findings for path in finding.missing))

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON, texts in both languages."""
        return {
            "checklist": self.checklist,
            "date": self.date.isoformat(),
            "outcome": self.outcome.value,
            "missing": list(self.missing),
            "readings": dict(self.readings),
            "not_claimed": list(self.not_claimed),
            "findings": [_finding_dict(finding) for finding in self.findings],
        }

    def explain(self, language: Language) -> str:
        """Plain text for people: one line a point, below it what to add and where the law says so."""
        names = checklists()["outcomes"]
        lines = [f"{checklists()[self.checklist][language]}: {names[self.outcome][language]} · {self.date}"]
        for finding in self.findings:
            lines.append(f"\n{finding.text[language]}: {names[finding.outcome][language]}")
            for point in finding.points:
                lines.extend(_point_lines(point, names, language))
        lines.extend(self._readings_lines(language))
        return "\n".join(lines)

    def _readings_lines(self, language: Language) -> Iterator[str]:
        """How the law is read, each source once, and the readings taken."""
        used = (
            entry
            for finding in self.findings
            for point in finding.points
            if point.outcome != Outcome.NOT_APPLICABLE
            for entry in point.guidance
        )
        for guidance in {entry.id: entry for entry in used}.values():
            where = f"{guidance.title[language]} {guidance.item}".strip()
            yield f"\n{where} ({guidance.published}): {guidance.text[language]}"
        for name, taken in self.readings.items():
            entry = checklists()[self.checklist]["readings"][name]
            yield f"\n{entry[language]}: {entry['readings'][taken][language]}"


def checklists() -> dict[str, Any]:
    """The data of this room's checklists."""
    return _loaded()


def is_(sheet: Sheet, path: str, wanted: Any) -> Truth:
    """Whether an answer is this value."""
    value = sheet(path)
    return Truth(None, frozenset({path})) if value is None else Truth(value == wanted)


def both(*parts: Truth) -> Truth:
    """Conjunction: one false part decides; otherwise what is unknown stays so."""
    failed = [part for part in parts if part.value is False]
    if failed:
        return Truth(False, detail=tuple(word for part in failed for word in part.detail))
    missing = frozenset[str]().union(*(part.missing for part in parts if part.value is None))
    return Truth(None, missing) if missing else Truth(True)


def judge_list(
    name: str, given: Mapping[str, Any], derived: Derived, readings: Mapping[str, str] | None = None
) -> Findings:
    """Go through a checklist. Raises BadFacts on answers or readings that cannot be."""
    spec = checklists()[name]
    values = checked(given, spec["answers"], name)
    taken = readings_taken(spec.get("readings", {}), readings or {})
    day: date = values["date"]
    claims = frozenset(path for path, field in spec["answers"].items() if field.get("claim"))
    findings = []
    for entry in spec["findings"]:
        points = tuple(
            _point(point, Sheet(values, taken, claims), derived, day, list(spec["answers"]))
            for point in entry["points"]
            if _in_force(point, day)
        )
        if points:
            findings.append(Finding(entry["id"], _texts(entry), points))
    not_claimed = tuple(path for path in spec["answers"] if path in claims - values.keys())
    return Findings(name, day, tuple(findings), taken, not_claimed)


def _point(entry: Mapping[str, Any], sheet: Sheet, derived: Derived, day: date, order: list[str]) -> Point:
    applies = both(
        *_conditions(entry.get("applies", {}), sheet, derived),
        *(~truth for truth in _conditions(entry.get("unless", {}), sheet, derived)),
    )
    needs = both(*_conditions(entry["needs"], sheet, derived))
    outcome = _outcome(applies.value, needs.value)
    missing = applies.missing | needs.missing if outcome == Outcome.UNKNOWN else frozenset[str]()
    open_end = outcome in (Outcome.UNMET, Outcome.UNKNOWN)
    return Point(
        id=entry["id"],
        outcome=outcome,
        text=_texts(entry),
        add=dict(entry["add"]) if open_end else None,
        confidence=entry["confidence"],
        cites=tuple(
            Cite(book().instruments[cite["instrument"]], cite["article"])
            for cite in entry["cites"]
            if _in_force(cite, day)
        ),
        guidance=tuple(_guidance(id) for id in entry.get("guidance", ())),
        facts=dict(sheet.reads),
        missing=tuple(path for path in order if path in missing),
        detail=needs.detail if outcome == Outcome.UNMET else (),
    )


def _conditions(wanted: Mapping[str, Any], sheet: Sheet, derived: Derived) -> list[Truth]:
    """The truth of each condition; a derived one is wanted true or false."""
    truths = []
    for path, value in wanted.items():
        if path in derived:
            truth = derived[path](sheet)
            truths.append(truth if value else ~truth)
        else:
            truths.append(is_(sheet, path, value))
    return truths


def _outcome(applies: bool | None, needs: bool | None) -> Outcome:
    if applies is False:
        return Outcome.NOT_APPLICABLE
    if needs is True:
        return Outcome.MET
    if needs is False and applies:
        return Outcome.UNMET
    return Outcome.UNKNOWN


def _worst(outcomes: Iterator[Outcome]) -> Outcome:
    found = set(outcomes)
    order = (Outcome.UNMET, Outcome.UNKNOWN, Outcome.MET)
    return next((outcome for outcome in order if outcome in found), Outcome.NOT_APPLICABLE)


def readings_taken(known: Mapping[str, Any], chosen: Mapping[str, str]) -> dict[str, str]:
    """The readings chosen, and the defaults of the others. Raises BadFacts on one that is not known."""
    for name, value in chosen.items():
        if name not in known:
            raise BadFacts(f"unknown reading {name!r}; expected one of {', '.join(known) or 'none'}")
        allowed = (known[name]["default"], known[name]["other"])
        if value not in allowed:
            raise BadFacts(f"reading {name}: expected {' or '.join(allowed)}, found {value!r}")
    return {name: chosen.get(name, entry["default"]) for name, entry in known.items()}


def _guidance(id: str) -> Guidance:
    """An official answer is among the instruments; a judgment is not, and brings its own title and day."""
    entry = checklists()["guidance"][id]
    if "instrument" not in entry:
        title = {"zh": entry["title"], "en": entry["title_en"]}
        return Guidance(id, title, "", entry["published"], None, entry["confidence"], _texts(entry))
    at = book().instruments[entry["instrument"]]
    title = {"zh": at.title, "en": at.en}
    return Guidance(id, title, entry["article"], at.published, at.source, at.confidence, _texts(entry))


def _texts(entry: Mapping[str, Any]) -> dict[str, str]:
    return {language: entry[language] for language in LANGUAGES}


def _in_force(entry: Mapping[str, Any], day: date) -> bool:
    return bool(entry.get("from", date.min) <= day <= entry.get("to", date.max))


def _finding_dict(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "outcome": finding.outcome.value,
        "text": dict(finding.text),
        "missing": list(finding.missing),
        "points": [_point_dict(point) for point in finding.points],
    }


def _point_dict(point: Point) -> dict[str, Any]:
    return {
        "id": point.id,
        "outcome": point.outcome.value,
        "text": dict(point.text),
        "add": dict(point.add) if point.add else None,
        "detail": list(point.detail),
        "confidence": point.confidence,
        "cites": [
            {"id": cite.instrument.id, "instrument": cite.instrument.title, "article": cite.article}
            for cite in point.cites
        ],
        "guidance": [
            {
                "id": entry.id,
                "title": dict(entry.title),
                "item": entry.item,
                "published": entry.published.isoformat() if entry.published else None,
                "source": entry.source,
                "confidence": entry.confidence,
                "text": dict(entry.text),
            }
            for entry in point.guidance
        ],
        "facts": {path: value.isoformat() if isinstance(value, date) else value for path, value in point.facts.items()},
        "missing": list(point.missing),
    }


def _point_lines(point: Point, names: Mapping[str, Any], language: Language) -> Iterator[str]:
    between = "、" if language == "zh" else ", "
    detail = f" ({between.join(point.detail)})" if point.detail else ""
    cites = " ".join(f"《{cite.instrument.title}》{cite.article}" for cite in point.cites)
    yield f"  - [{names[point.outcome][language]}] {point.text[language]}{detail} {cites}"
    if point.add:
        yield f"    → {point.add[language]}"


@cache
def _loaded() -> dict[str, Any]:
    loaded: dict[str, Any] = load("checklists")
    return loaded
