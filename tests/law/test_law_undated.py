"""Questions without a day, about lists that some days have and others do not."""

from itertools import product

import pytest

from tongguan.law import decide
from tongguan.law.book import book
from tongguan.model import Pathway


@pytest.mark.parametrize("scenario", book().scenarios)
def test_a_scenario_of_any_time_is_answered_without_a_day(scenario: str) -> None:
    for zone, on_list in product((None, book().scenarios[scenario]["zone"]), (None, False)):
        asked = {"zone_scenario": scenario, "on_zone_list": on_list, "act": "transmission"}
        decision = decide({"activity": asked, "exporter": {"zone": zone, "ciio": False}, "data": {"personal": True}})
        assert decision.pathway == Pathway.UNDETERMINED
        assert "date" in decision.missing


@pytest.mark.parametrize("zone", book().zones)
def test_a_zone_is_answered_without_a_day(zone: str) -> None:
    decision = decide({"activity": {"on_zone_list": False}, "exporter": {"zone": zone}, "data": {"persons": 5}})
    assert "date" in decision.missing
