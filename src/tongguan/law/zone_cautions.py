"""Warnings about zones' lists: what did not help, what was borrowed, what a list counts as important by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from tongguan.law.book import Scenario, book
from tongguan.law.caution import Caution, caution, reading, used
from tongguan.law.packs.zone_list import ZoneList
from tongguan.law.rules import list_in_use
from tongguan.law.verdict import Verdict

__all__ = ["zone_cautions"]

COUNTED_OF = {  # whose numbers a list's statement on important data speaks of
    "ordinary": ("data.persons",),
    "sensitive": ("data.sensitive_persons",),
    "sensitive_with_accounts": ("data.sensitive_persons",),
    "any": ("data.persons", "data.sensitive_persons"),
}


def zone_cautions(verdict: Verdict, day: date | None) -> Iterator[Caution]:
    """What to check where a zone, a list or one of its scenarios was claimed."""
    given, page = verdict.given, verdict.page
    zone, scenario = given.get("exporter.zone"), given.get("activity.zone_scenario")
    if not verdict.page.of_2024 or (zone is None and scenario is None):
        return
    yield from _borrowed(verdict)
    listed = page.scenarios.get(scenario or "")
    if scenario and (listed is None or _of_another_list(verdict, listed)):
        yield caution("scenario_not_applicable")
    if given.get("exporter.ciio") and verdict.readings["zone_for_ciio"] == "closed":
        yield caution("zone_not_for_ciio")
    elif listed and used(verdict, "zone_list_assessment", "zone_list_contract", "zone_list_below"):
        if listed.confidence != "official":
            yield caution("secondary", {"subject": listed.names})
    elif zone and zone not in page.lists:
        yield caution("zone_without_list", {"zone": book().zones[zone]})
    elif len(verdict.pathways) > 1 and any("activity.zone_list_part" in leaf.assumed for leaf in verdict.leaves):
        yield caution("on_list")
    if used(verdict, "off_zone_list", "zone_list_below"):
        edition = given.get("activity.zone_list") or (listed.list if listed else page.lists.get(zone or ""))
        if edition:  # without a day, the list may be one of another time
            yield caution("list_must_cover", {"list": {"zh": edition, "en": edition}})
            yield from _of_the_list(verdict, book().zone_lists[edition], day)


def _of_another_list(verdict: Verdict, scenario: Scenario) -> bool:
    """Whether the exporter goes by a list that the scenario is not of. It may be in its zone where none is given."""
    if verdict.given.get("exporter.zone") is None and verdict.given.get("activity.zone_list") is None:
        return False
    return list_in_use(verdict.view(verdict.leaves[0])) != scenario.list


def _borrowed(verdict: Verdict) -> Iterator[Caution]:
    """A list was claimed that is not the one of the exporter's own zone."""
    claimed, zone = verdict.given.get("activity.zone_list"), verdict.given.get("exporter.zone")
    if claimed is None or claimed == verdict.page.lists.get(zone or ""):
        return
    names = {"list": {"zh": claimed, "en": claimed}}
    if list_in_use(verdict.view(verdict.leaves[0])) == claimed:
        yield caution("borrowed_list", names)
        yield reading(verdict, "list_of_another_zone")
    else:
        yield caution("list_not_open", names)


def _of_the_list(verdict: Verdict, zone_list: ZoneList, day: date | None) -> Iterator[Caution]:
    """Numbers that the list itself counts as important data, and a trial that may be over."""
    names = zone_list.names
    for said in zone_list.sections.get("important", ()):
        if said.values.get("ciio") and not verdict.given.get("exporter.ciio"):
            continue
        numbers = [verdict.given.get(path, 0) for path in COUNTED_OF.get(str(said.values.get("of")), ())]
        line = said.values.get("persons", 0) + (said.values.get("boundary") == "exceeded")
        if numbers and max(numbers) >= line:
            yield caution("important_by_list", {"list": names, "says": said.text})
    if zone_list.expected_end and day is not None and f"{day:%Y-%m}" >= zone_list.expected_end[0]:
        yield caution("list_may_have_ended", {"list": names, "says": zone_list.expected_end[1].text})
