"""Whether a scenario is said not to apply: only where the exporter does not go by its list."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from tongguan.law import decide
from tongguan.law.book import book

LEFT_ASIDE = "scenario_not_applicable"


def warned(zone: str | None, scenario: str, day: object, zone_list: str | None = None) -> set[str]:
    decision = decide(
        {
            "date": day,
            "exporter": {"ciio": False, "zone": zone},
            "recipient": {"country": "US"},
            "data": {"state_secret": False, "core": False, "important": False, "persons": 600_000},
            "activity": {"act": "transmission", "zone_scenario": scenario, "zone_list": zone_list},
        }
    )
    return {one["id"] for one in decision.warnings}


@pytest.mark.parametrize("scenario", book().scenarios)
def test_a_scenario_is_left_aside_only_outside_of_its_list(scenario: str) -> None:
    entry = book().scenarios[scenario]
    for zone in book().zones:
        assert (LEFT_ASIDE in warned(zone, scenario, entry["from"])) == (zone not in entry["zones"]), zone
    assert LEFT_ASIDE not in warned(None, scenario, entry["from"])
    assert LEFT_ASIDE in warned(entry["zone"], scenario, entry["from"] - timedelta(days=1))


@pytest.mark.parametrize(("zone", "day"), product(["tianjin", "hainan"], ["2025-04-08", "2025-04-09"]))
def test_a_scenario_of_a_list_that_is_borrowed(zone: str, day: str) -> None:
    found = warned(zone, "beijing-2024/retail/membership", day, "BJ-2024")
    open_to_it = day == "2025-04-09"  # since then the list of one zone may be followed in another
    assert (LEFT_ASIDE in found) != open_to_it
    assert ("borrowed_list" in found) == open_to_it
