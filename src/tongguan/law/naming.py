"""Names in both languages: countries, pathways, facts, regimes, instruments."""

from __future__ import annotations

from functools import cache
from typing import Any

from tongguan.law.book import book, load
from tongguan.wording import Language, wording

__all__ = [
    "country_codes",
    "country_name",
    "fact_name",
    "pathway_name",
    "regime_name",
    "source_url",
    "value_name",
    "zone_names",
]

WORDED = {  # facts whose values have words of their own
    "activity.act": "act",
    "activity.ground": "ground",
    "activity.zone_list_part": "part",
    "filed.path": "pathway",
    "filed.state": "state",
}


def country_name(code: str | None, language: Language) -> str:
    """The name of a country or region by its ISO 3166-1 alpha-2 code; an unknown code stands for itself."""
    if code is None:
        return wording("tongguan.law").text("value.unknown", language)
    names = _countries().get(code)
    return code if names is None else names[0 if language == "zh" else 1]


@cache
def country_codes() -> frozenset[str]:
    """All known codes."""
    return frozenset(_countries())


def pathway_name(pathway: str, language: Language) -> str:
    """The name of a pathway or option id."""
    return wording("tongguan.law").text(f"pathway.{pathway}", language)


def fact_name(path: str, language: Language) -> str:
    """The name of a fact by its dotted path."""
    return wording("tongguan.law").text(f"fact.{path}", language)


def regime_name(regime: str, language: Language) -> str:
    """The name of a set of rules by its id."""
    names = {str(entry["id"]): str(entry[language]) for entry in book().regimes}
    return names.get(regime) or wording("tongguan.law").text("value.unknown", language)


def value_name(path: str, value: Any, language: Language) -> str:
    """A fact's value as people write it."""
    if isinstance(value, bool):
        return wording("tongguan.law").text("value.true" if value else "value.false", language)
    if isinstance(value, int):
        return f"{value:,}"
    if path == "recipient.country":
        return country_name(value, language)
    if path in WORDED:
        return wording("tongguan.law").text(f"{WORDED[path]}.{value}", language)
    named = {"exporter.zone": book().zones, "activity.zone_scenario": book().scenarios}.get(path, {}).get(value)
    return str(named[language] if named else value)


def zone_names(language: Language) -> dict[str, str]:
    """The zones that a question may name, by id."""
    return {zone: entry[language] for zone, entry in book().zones.items()}


def source_url(instrument: str) -> str | None:
    """Where the official text of an instrument (Chinese title, without 《》) stands, where known."""
    return next((entry.source for entry in book().instruments.values() if entry.title == instrument), None)


@cache
def _countries() -> dict[str, list[str]]:
    loaded: dict[str, list[str]] = load("countries")
    return loaded
