"""What of a pack is wrong though its form is right: days, limits and names that contradict one another or the book."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any

from tongguan.law.packs.reading import Path
from tongguan.law.packs.shape import SECTIONS, Fault, shape_faults
from tongguan.law.packs.zone_list import stem_of

__all__ = ["Known", "all_faults", "said", "sense_faults"]

MOST_FAULTS = 100


@dataclass(frozen=True, slots=True)
class Known:
    """What a pack may refer to: ids of instruments, zones and lists, and scenarios' ids with those of their lists."""

    instruments: frozenset[str]
    zones: frozenset[str]
    lists: Mapping[str, date]  # with the first day of each
    scenarios: Mapping[str, str]


def all_faults(values: Any, known: Known) -> list[Fault]:
    """What is wrong with a pack, the first hundred; contradictions are looked for only where the form is right."""
    return list(islice(shape_faults(values), MOST_FAULTS)) or list(islice(sense_faults(values, known), MOST_FAULTS))


def sense_faults(values: Mapping[str, Any], known: Known) -> Iterator[Fault]:
    """All contradictions in a pack of the right form."""
    for rule in RULES:
        yield from rule(values, known)


def _days(values: Mapping[str, Any], _: Known) -> Iterator[Fault]:
    if values.get("to") and values["to"] < values["from"]:
        yield Fault(("to",), f"expected {values['from']} (from) or later, found {values['to']}; leave it out if open")
    instrument = values["instrument"]
    if isinstance(instrument, dict):
        begins, ends = instrument.get("effective"), instrument.get("until")
        if begins and ends and ends < begins:
            yield Fault(("instrument", "until"), f"expected {begins} (effective) or later, found {ends}")


def _ids(values: Mapping[str, Any], known: Known) -> Iterator[Fault]:
    replaced = values.get("replaces")
    if replaced is not None and replaced not in known.lists:
        yield Fault(
            ("replaces",), f"the book has no list {replaced!r}; expected the id of the list that this one is for"
        )
    before = values.get("succeeds")
    if before is not None and (before not in known.lists or before == replaced):
        yield Fault(("succeeds",), f"the book has no list {before!r}; expected the id of the edition before this one")
    elif before is not None and known.lists[before] >= values["from"]:
        yield Fault(
            ("succeeds",), f"{before} begins on {known.lists[before]}; expected an edition from before {values['from']}"
        )
    if values["id"] in known.lists.keys() - {replaced}:
        yield Fault(("id",), f"the book has a list {values['id']!r}; take another id, or say replaces: {values['id']}")
    if isinstance(values["instrument"], dict) and values["id"] in known.instruments:
        yield Fault(("instrument",), f"the book has this instrument; expected its id alone: {values['id']}")
    yield from _twice(values.get("sectors") or (), ("sectors",))
    for at, sector in enumerate(values.get("sectors") or ()):
        yield from _twice(sector.get("scenarios") or (), ("sectors", at, "scenarios"))
        for number, scenario in enumerate(sector.get("scenarios") or ()):
            key = f"{stem_of(values)}/{sector['id']}/{scenario['id']}"
            if known.scenarios.get(key, replaced) != replaced:
                place = ("sectors", at, "scenarios", number, "id")
                yield Fault(place, f"the list {known.scenarios[key]} has a scenario {key} already; take another id")


def _twice(entries: Any, path: Path) -> Iterator[Fault]:
    seen: set[str] = set()
    for at, entry in enumerate(entries):
        if entry["id"] in seen:
            yield Fault((*path, at, "id"), f"{entry['id']!r} is given twice; expected an id of its own")
        seen.add(entry["id"])


def _zones(values: Mapping[str, Any], known: Known) -> Iterator[Fault]:
    zone = values.get("zone")
    if zone is None and values["kind"] in ("negative_list", "general_list"):
        yield Fault(("zone",), "is missing; such as zone: beijing")
    if zone is not None and zone not in known.zones and not values.get("zone_names"):
        zones = ", ".join(sorted(known.zones))
        yield Fault(
            ("zone",), f"expected one of {zones}, found {zone!r}; a new zone needs zone_names: {{zh: …, en: …}}"
        )
    for at, other in enumerate(values.get("also") or ()):
        if other not in known.zones or other == zone:
            yield Fault(("also", at), f"expected another zone of {', '.join(sorted(known.zones))}, found {other!r}")


def _limits(values: Mapping[str, Any], _: Known) -> Iterator[Fault]:
    for at, sector in enumerate(values.get("sectors") or ()):
        for number, scenario in enumerate(sector.get("scenarios") or ()):
            limits = scenario.get("limits") or {}
            for kind in ("persons", "sensitive_persons"):
                low, high = limits.get(f"{kind}_for_contract"), limits.get(f"{kind}_for_assessment")
                if low and high and low >= high:
                    place = ("sectors", at, "scenarios", number, "limits", f"{kind}_for_contract")
                    yield Fault(place, f"expected less than {high} ({kind}_for_assessment), found {low}")


def _statements(values: Mapping[str, Any], _: Known) -> Iterator[Fault]:
    for path, statement in said(values):
        if ("n" in statement) != ("unit" in statement):
            yield Fault(path, "n and unit go together; such as n: 15, unit: working_day")
        begins, ends = statement.get("from") or values["from"], statement.get("to") or values.get("to")
        if {"from", "to"} & statement.keys() and ends and ends < begins:
            yield Fault((*path, "to"), f"expected {begins} or later, found {ends}")
        if ("persons" in statement) != ("of" in statement):
            yield Fault(path, "persons and of go together; such as persons: 1000000, of: sensitive")
        if ("about" in statement) != ("treatment" in statement):
            yield Fault(path, "about and treatment go together; such as about: vehicle_updates, treatment: assessment")


def said(node: Mapping[str, Any], path: Path = ()) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Every statement of a pack with its place."""
    for section in SECTIONS:
        for at, statement in enumerate(node.get(section) or ()):
            yield (*path, section, at), statement
    for below in ("sectors", "scenarios"):
        for at, child in enumerate(node.get(below) or ()):
            yield from said(child, (*path, below, at))


def _reading(values: Mapping[str, Any], _: Known) -> Iterator[Fault]:
    reading = values.get("reading")
    if reading and reading["default"] == reading["in_force_where"]:
        yield Fault(("reading", "in_force_where"), "expected another reading than the default; such as renewed")
    if reading and not values.get("to"):
        yield Fault(("reading",), "is for a list past its last day; expected a day under to")


Rule = Callable[[Mapping[str, Any], Known], Iterator[Fault]]
RULES: tuple[Rule, ...] = (_ids, _zones, _days, _limits, _statements, _reading)
