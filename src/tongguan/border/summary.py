"""What the ledger says in all, for one organisation on one day: the counted part of `result.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from tongguan.model import Activity, Count, Party

__all__ = ["ActivityTotal", "Coverage", "Flow", "Persons", "RecipientTotal", "Summary", "Unlisted", "iso"]

NOBODY = Count()


@dataclass(frozen=True, slots=True)
class Persons:
    """Distinct natural persons, and those of them with sensitive personal information."""

    persons: Count = NOBODY
    sensitive_persons: Count = NOBODY

    def to_dict(self) -> dict[str, Any]:
        return {"persons": count_dict(self.persons), "sensitive_persons": count_dict(self.sensitive_persons)}


@dataclass(frozen=True, slots=True)
class ActivityTotal:
    """What was seen of one declared activity."""

    activity: Activity
    seen: Persons
    types: tuple[str, ...]
    sensitive_types: tuple[str, ...]
    exemption: str  # exempt, counted, unsure
    crossings: int
    out_of_period: int  # crossings on days that neither the activity nor its approval covers


@dataclass(frozen=True, slots=True)
class RecipientTotal:
    """What one recipient received."""

    id: str  # in the register; else the name that it answers by
    party: Party
    direction: str  # export; undetermined where its country is not known
    seen: Persons
    types: tuple[str, ...]  # of personal data
    sensitive_types: tuple[str, ...]
    countries: tuple[str, ...]  # where it was reached; `party.country` is the surest
    type_persons: Mapping[str, int]
    crossings: int
    size: int
    unread: int  # crossings whose content could not be seen
    undeclared: int  # crossings with personal data that no activity covers
    first: float
    last: float
    acts: tuple[str, ...]
    activities: tuple[ActivityTotal, ...]  # by persons, most first

    @property
    def registered(self) -> bool:
        return self.party.id is not None

    @property
    def exempt(self) -> bool:
        """Whether all personal data went under exempt activities."""
        return bool(self.activities) and not self.undeclared and all(a.exemption == "exempt" for a in self.activities)

    @property
    def main(self) -> ActivityTotal | None:
        """The activity that speaks for the recipient: the greatest that is not exempt, or else the greatest."""
        rest = [activity for activity in self.activities if activity.exemption != "exempt"]
        return next(iter(rest or self.activities), None)

    def to_dict(self) -> dict[str, Any]:
        main = self.main.activity if self.main else None
        return {
            "id": self.id,
            "name": self.party.name,
            "country": self.party.country,
            "countries": list(self.countries),
            "basis": self.party.basis,
            "confidence": self.party.confidence,
            "registered": self.registered,
            "direction": self.direction,
            **self.seen.to_dict(),
            "types": list(self.types),
            "sensitive_types": list(self.sensitive_types),
            "type_persons": dict(self.type_persons),
            "crossings": self.crossings,
            "bytes": self.size,
            "unread": self.unread,
            "undeclared": self.undeclared,
            "first": iso(self.first),
            "last": iso(self.last),
            "acts": list(self.acts),
            "activity": main.id if main else None,
            "activities": [total.activity.id for total in self.activities],
            "filed": _filed(main),
            "exempt": self.exempt,
        }


@dataclass(frozen=True, slots=True)
class Flow:
    """From a system inside to a recipient."""

    system: str
    recipient: str
    recipient_id: str
    country: str | None
    persons: int
    size: int
    crossings: int

    def to_dict(self) -> dict[str, Any]:
        return {
            "system": self.system,
            "recipient": self.recipient,
            "recipient_id": self.recipient_id,
            "country": self.country,
            "persons": self.persons,
            "bytes": self.size,
            "crossings": self.crossings,
        }


@dataclass(frozen=True, slots=True)
class Unlisted:
    """Strangers of whom no personal data was seen, beyond those that are listed."""

    recipients: int = 0
    crossings: int = 0
    size: int = 0
    unread: int = 0

    def to_dict(self) -> dict[str, int]:
        return {
            "recipients": self.recipients,
            "crossings": self.crossings,
            "bytes": self.size,
            "unread": self.unread,
        }


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much was there, and how much of it was seen."""

    exchanges: int = 0
    read: int = 0
    unread: int = 0
    unread_size: int = 0
    first: float | None = None
    last: float | None = None
    directions: Mapping[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return {
            "exchanges": self.exchanges,
            "read": self.read,
            "unread": self.unread,
            "unread_bytes": self.unread_size,
            "directions": dict(self.directions),
            "from": iso(self.first) if self.first is not None else None,
            "to": iso(self.last) if self.last is not None else None,
        }


@dataclass(frozen=True, slots=True)
class Summary:
    """The ledger within the counting window of a day."""

    as_of: date
    window: tuple[date, date]
    crossings: int
    size: int
    seen: Persons  # all that left
    counted: Persons  # what thresholds are held against: exempt exports left out, earlier exports added
    exempt: Persons
    recipients: tuple[RecipientTotal, ...] = ()  # by persons, most first
    unlisted: Unlisted = field(default_factory=Unlisted)
    flows: tuple[Flow, ...] = ()
    coverage: Coverage = field(default_factory=Coverage)
    blind_spots: tuple[Mapping[str, Any], ...] = ()

    def recipient(self, id: str) -> RecipientTotal:
        """One recipient by its id. Raises KeyError."""
        for total in self.recipients:
            if total.id == id:
                return total
        raise KeyError(id)

    def to_dict(self) -> dict[str, Any]:
        """The parts of result.json that are the border's: totals, recipients, flows, coverage, blind_spots."""
        return {
            "as_of": self.as_of.isoformat(),
            "window": [day.isoformat() for day in self.window],
            "coverage": self.coverage.to_dict(),
            "totals": {
                "exchanges": self.coverage.exchanges,
                "crossings": self.crossings,
                "bytes": self.size,
                **self.seen.to_dict(),
                "counted": self.counted.to_dict(),
                "exempt": self.exempt.to_dict(),
            },
            "recipients": [recipient.to_dict() for recipient in self.recipients],
            "unlisted": self.unlisted.to_dict(),
            "flows": [flow.to_dict() for flow in self.flows],
            "blind_spots": [dict(spot) for spot in self.blind_spots],
        }


def count_dict(count: Count) -> dict[str, int]:
    return {"count": count.count, "low": count.low, "high": count.high}


def iso(ts: float) -> str:
    """A time as it stands in result.json: UTC, whole seconds."""
    try:
        return datetime.fromtimestamp(int(ts), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):  # a damaged clock
        return ""


def _filed(activity: Activity | None) -> dict[str, Any] | None:
    if activity is None:
        return None
    approval = activity.approval
    return {
        "path": approval.path if approval else None,
        "number": approval.number if approval else None,
        "persons": approval.persons if approval else None,
        "sensitive_persons": approval.sensitive_persons if approval else None,
        "types": list(activity.types),
        "granted": approval.granted if approval else None,
        "expires": approval.expires if approval else None,
    }
