"""The answer of a grading: the level and what made it, what counts for filing, what is missing, what is to be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from tongguan.law.book import Cite

__all__ = ["Basis", "Filing", "Grade", "Obligation", "Open", "Trigger"]


@dataclass(frozen=True, slots=True)
class Basis:
    """A rule and whether it holds: met, unmet or unknown.

    `level` is what it makes of the data; `facts` are the known facts looked at, `detail` the factors that applied.
    """

    id: str
    level: str
    outcome: str
    text: Mapping[str, str]
    confidence: str
    cites: tuple[Cite, ...]
    facts: Mapping[str, Any]
    missing: tuple[str, ...]
    detail: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True)
class Trigger:
    """A number in force: met, unmet, unknown, not_applicable, or unverified (it was not found, and none is applied).

    `effect`: level (reaching it makes the data important) or duties (it does not). `comparison`: at_least or more_than;
    `limit` counts natural persons.
    """

    id: str
    effect: str
    outcome: str
    comparison: str | None
    limit: int | None
    text: Mapping[str, str]
    confidence: str
    cites: tuple[Cite, ...]
    facts: Mapping[str, Any]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Filing:
    """Whether the data counts as important when an assessment is applied for.

    `answer`: yes, no, undetermined, no_procedure (no measures on that day) or other_rules (core data).
    """

    answer: str
    rule: str
    text: Mapping[str, str]
    confidence: str
    cites: tuple[Cite, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Obligation:
    """Something to do. `certain` is False where it hangs on a missing fact. `due`: the last day, where it is known."""

    id: str
    certain: bool
    due: date | None
    text: Mapping[str, str]
    confidence: str
    cites: tuple[Cite, ...]


@dataclass(frozen=True, slots=True)
class Open:
    """A missing fact: what it could change (level, filing, deadline), and where it can be had."""

    path: str
    changes: tuple[str, ...]
    text: Mapping[str, str]
    tell: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Grade:
    """The grading of one set of data on a day.

    `level`: core, important, general or undetermined; `possible` holds the levels that it may be, from the lowest: one
    where it is determined. `factors`: the eight factors of grading as they were answered. `sub_level` (1 to 4, for
    reference) divides general data and is None where it cannot be told.
    `readings` were taken where the text leaves two; `not_claimed` are extraordinary claims that count as not made.
    """

    date: date
    level: str
    possible: tuple[str, ...]
    findings: tuple[Basis, ...]
    triggers: tuple[Trigger, ...]
    for_filing: Filing
    obligations: tuple[Obligation, ...]
    sector_rules: tuple[Mapping[str, Any], ...]
    data_class: Mapping[str, Any] | None
    sub_level: Mapping[str, Any] | None
    factors: Mapping[str, bool | None]
    cautions: tuple[Mapping[str, str], ...]
    missing: tuple[Open, ...]
    readings: Mapping[str, str]
    not_claimed: tuple[str, ...]

    @property
    def fired(self) -> tuple[str, ...]:
        """The ids of what made the level, or the least level that is certain; triggers among them."""
        level = self.possible[0]
        found = [basis.id for basis in self.findings if basis.outcome == "met" and basis.level == level]
        if level == "important":
            found += [one.id for one in self.triggers if one.outcome == "met" and one.effect == "level"]
        return tuple(found)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON, texts in both languages."""
        return {
            "date": self.date.isoformat(),
            "level": self.level,
            "possible": list(self.possible),
            "fired": list(self.fired),
            "sub_level": _plain(self.sub_level),
            "data_class": _plain(self.data_class),
            "factors": dict(self.factors),
            "for_filing": _plain_entry(self.for_filing),
            "findings": [_plain_entry(basis) for basis in self.findings],
            "triggers": [_plain_entry(one) for one in self.triggers],
            "sector_rules": [_plain(entry) for entry in self.sector_rules],
            "obligations": [_plain_entry(one) for one in self.obligations],
            "cautions": [dict(text) for text in self.cautions],
            "missing": [_plain_entry(one) for one in self.missing],
            "readings": dict(self.readings),
            "not_claimed": list(self.not_claimed),
        }


def _plain_entry(entry: Any) -> dict[str, Any]:
    return {name: _plain(getattr(entry, name)) for name in entry.__slots__}


def _plain(value: Any) -> Any:
    if isinstance(value, Cite):
        return {"id": value.instrument.id, "instrument": value.instrument.title, "article": value.article}
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _plain(child) for key, child in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(child) for child in value]
    return value
