"""Bulk thresholds of foreign law (28 CFR 202.205): whether a number reaches one, three-valued.

Thresholds stand with their destination in data/destinations.yaml.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from tongguan.errors import BadFacts
from tongguan.law.destinations import data, regime_of

__all__ = ["Threshold", "bulk_categories", "bulk_readings", "threshold"]

MOST = 10_000_000_000


@dataclass(frozen=True, slots=True)
class Threshold:
    """Whether a number reaches a threshold; `reached` None cannot be told.

    `at` is the line that was compared with, `unit` persons or devices, `text` says why in both languages.
    `missing` names what would tell.
    """

    country: str
    categories: tuple[str, ...] | None
    number: int | None
    reached: bool | None
    at: int | None
    unit: str | None
    cite: str | None
    confidence: str | None
    reading: str
    missing: tuple[str, ...]
    text: Mapping[str, str]


def bulk_categories(country: str, as_of: date) -> dict[str, dict[str, Any]]:
    """The categories of a country's thresholds in force that day: id → at, unit, cite, zh, en.

    Empty where none is held.
    """
    return {
        category: entry
        for category, entry in _ever(country).items()
        if entry["from"] <= as_of <= entry.get("to", date.max)
    }


def bulk_readings() -> dict[str, Any]:
    """How the exact number may be read (`bulk_line`): the question in both languages, the default, what each says."""
    entry = data()["readings"]["bulk_line"]
    says = {option: dict(text) for option, text in entry["readings"].items()}
    return {
        "id": "bulk_line",
        "text": {"zh": entry["zh"], "en": entry["en"]},
        "default": entry["default"],
        "says": says,
    }


def threshold(
    country: str,
    category: str | tuple[str, ...] | None,
    n: int | None,
    as_of: date,
    *,
    readings: Mapping[str, str] | None = None,
) -> Threshold:
    """Whether data of `n` persons (or devices) over the preceding twelve months reaches the threshold.

    `category` is one category, several where they are combined (the lowest line counts), or None where it is unknown;
    `n` is None where unknown. `readings` switches `bulk_line`. Raises BadFacts for an unknown category or reading, or a
    number that is none.
    """
    taken = _reading(readings or {})
    number = _number(n)
    entries = bulk_categories(country, as_of)
    wanted = _categories(country, category)
    if not entries:
        held = _ever(country)
        words = data()["words"]["not_in_force" if held else "no_threshold"]
        reached = False if held else None
        return Threshold(country, wanted, number, reached, None, None, None, None, taken, (), dict(words))
    if wanted is None:
        return _of_unknown_category(country, number, entries, taken)
    line = min((entries[name] for name in wanted), key=lambda entry: entry["at"])
    reached = None if number is None else _reaches(number, line, taken)
    return Threshold(
        country=country,
        categories=wanted,
        number=number,
        reached=reached,
        at=line["at"],
        unit=line["unit"],
        cite=line["cite"],
        confidence=line["confidence"],
        reading=taken,
        missing=("number",) if reached is None else (),
        text=_told(reached, line),
    )


def _of_unknown_category(
    country: str, number: int | None, entries: Mapping[str, Mapping[str, Any]], taken: str
) -> Threshold:
    """Nobody concerned reaches nothing; more than that may be of a category, or of none."""
    reached = False if number == 0 else None
    missing = () if reached is False else ("category",) if number is not None else ("category", "number")
    words = data()["words"]["not_reached" if reached is False else "unknown"]
    return Threshold(country, None, number, reached, None, None, None, None, taken, missing, dict(words))


def _reaches(number: int, line: Mapping[str, Any], taken: str) -> bool:
    if line["category"] == "government_related":  # at any volume
        return number >= 1
    return bool(number >= line["at"] if taken == "meets" else number > line["at"])


def _told(reached: bool | None, line: Mapping[str, Any]) -> dict[str, str]:
    """The category, whether its line is reached, the line, and where it stands."""
    words = data()["words"]
    answer = words["unknown" if reached is None else "reached" if reached else "not_reached"]
    unit = words[line["unit"]]
    return {
        "zh": f"{line['zh']}：{answer['zh']}（{line['at']:,} {unit['zh']}，{line['cite']}）",
        "en": f"{line['en']}: {answer['en']} ({line['at']:,} {unit['en']}, {line['cite']})",
    }


def _ever(country: str) -> dict[str, dict[str, Any]]:
    """All thresholds that the card has, whenever they apply."""
    regime = regime_of(country)
    entries = data()["destinations"][regime].get("thresholds", []) if regime else []
    return {entry["category"]: entry for entry in entries}


def _categories(country: str, category: str | tuple[str, ...] | None) -> tuple[str, ...] | None:
    if category is None:
        return None
    wanted = (category,) if isinstance(category, str) else tuple(category)
    known = _ever(country)
    if known and (not wanted or not set(wanted) <= set(known)):
        found = next((name for name in wanted if name not in known), "none")
        raise BadFacts(f"category: expected {', '.join(known)}, such as health; found {str(found)[:60]!r}")
    return tuple(sorted(set(wanted)))


def _number(n: int | None) -> int | None:
    if n is None or (isinstance(n, int) and not isinstance(n, bool) and 0 <= n <= MOST):
        return n
    raise BadFacts(f"number: expected a whole number of persons or devices, 0 or more, such as 1000; found {n!r:.60}")


def _reading(readings: Mapping[str, str]) -> str:
    entry = data()["readings"]["bulk_line"]
    unknown = set(readings) - {"bulk_line"}
    if unknown:
        raise BadFacts(f"unknown reading {min(unknown)!r}; expected bulk_line")
    taken = readings.get("bulk_line", entry["default"])
    if taken not in entry["readings"]:
        raise BadFacts(f"reading bulk_line: expected {' or '.join(entry['readings'])}, found {taken!r}")
    return str(taken)
