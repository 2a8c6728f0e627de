"""What has to be said beside a grade: what was not checked, what does not count, what disagrees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from tongguan.law.book import book
from tongguan.law.grading.conditions import PUBLIC
from tongguan.law.grading.reading import data, factors
from tongguan.wording import wording

__all__ = ["cautions"]


def cautions(
    values: Mapping[str, Any], readings: Mapping[str, str], possible: tuple[str, ...], filing: str, named: bool
) -> Iterator[dict[str, str]]:
    """Texts in both languages, on known facts by dotted path and what was judged on them.

    `named`: a published list or rule names the data as important, though nobody has told the handler.
    """
    words = wording("tongguan.law.grading")
    for key in (
        *_period(values, possible),
        *_standing(values, possible, filing),
        *([f"published_rule_{readings['published_rule']}"] if named else []),
        *_zone(values, readings),
        *_checked(values),
    ):
        yield words.both(f"caution.{key}")


def _period(values: Mapping[str, Any], possible: tuple[str, ...]) -> Iterator[str]:
    """What the day has, or does not have yet."""
    graded = min(entry["from"] for entry in data()["general"])
    standard = next(entry["from"] for entry in data()["rules"] if entry["id"] == "important_by_factor")
    day: date = values["date"]
    if day < graded and len(possible) > 1:
        yield "no_rules_yet"
    if day < standard and any(values.get(path) for path in (*factors(), "annex_g.none")):
        yield "standard_not_yet"
    if day >= standard:
        yield "from_memory"


def _standing(values: Mapping[str, Any], possible: tuple[str, ...], filing: str) -> Iterator[str]:
    """Where the grade and the filing part, and where the facts pull in two directions."""
    if filing == "no" and possible[0] != "general":
        yield "graded_not_told"
    if possible[0] == "core" and not values.get("status.core"):
        yield "core_by_own_grading"
    alone = all(values.get(f"harm.{what}") == "none" for what in PUBLIC)
    if alone and any(values.get(path) for path in factors()):
        yield "self_and_factor"
    covered = {entry["sector"] for entry in data()["sector_rules"] if entry["from"] <= values["date"]}
    answered = book().instruments["QA-2025-05"].in_force(values["date"])
    if answered and values.get("status.important") == "none" and values.get("handler.sector", "") not in {"", *covered}:
        yield "no_sector_rules"


def _zone(values: Mapping[str, Any], readings: Mapping[str, str]) -> Iterator[str]:
    """Lists of the zone whose numbers are not held, and one that did not carry a number over."""
    zone = values.get("handler.zone", "none")
    held = [entry for entry in data()["triggers"] if _names(entry, zone) and _holds(entry, values["date"])]
    if zone in book().page(values["date"]).lists and not any("count" in entry for entry in held):
        yield "zone_numbers_not_held"
    if zone in ("shanghai", "lingang") and held and values.get("handler.ciio"):
        yield "list_excludes_ciio"
    carried = any(entry["id"] == "beijing_persons" for entry in held)
    if carried and values.get("handler.sector") == "automotive":
        yield f"beijing_automotive_{readings['beijing_automotive']}"


def _names(entry: Mapping[str, Any], zone: str) -> bool:
    wanted = entry.get("when", {}).get("handler.zone", [])
    return zone in (wanted if isinstance(wanted, list) else [wanted])


def _holds(entry: Mapping[str, Any], day: date) -> bool:
    return bool(entry.get("from", date.min) <= day <= entry.get("to", date.max))


def _checked(values: Mapping[str, Any]) -> Iterator[str]:
    """A day after the one on which the data was last held against its sources."""
    if values["date"] > book().parameters["known"]["checked"]:
        yield "after_checked"
