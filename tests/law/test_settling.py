"""What a form asks of the law room: choices by day, claims, and whether facts can still change an answer."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tongguan import law
from tongguan.errors import BadFacts

PLAIN: dict[str, Any] = {
    "date": "2026-11-20",
    "exporter": {"ciio": False},
    "recipient": {"country": "SG"},
    "data": {"state_secret": False, "core": False, "personal": True, "important": False,
             "persons": 150_000, "sensitive_persons": 0},
    "activity": {"act": "transmission"},
}  # fmt: skip


def changed(**groups: dict[str, Any]) -> dict[str, Any]:
    return {**PLAIN, **{group: {**PLAIN.get(group, {}), **facts} for group, facts in groups.items()}}


@pytest.mark.parametrize(
    ("facts", "paths", "can"),
    [
        (PLAIN, {"data.core"}, True),
        (PLAIN, {"data.persons"}, True),
        (PLAIN, {"activity.ground"}, True),  # not claimed, yet it could be
        (PLAIN, {"recipient.restricted"}, True),
        (changed(data={"state_secret": True}), {"data.core", "activity.ground", "exporter.ciio"}, False),
        (changed(data={"important": True}), {"activity.ground", "activity.conditions.necessary"}, False),  # no ground frees it
        (changed(data={"important": True}), {"data.persons", "data.sensitive_persons"}, False),
        (changed(activity={"act": "none"}), {"data.persons", "data.important", "recipient.country"}, False),
    ],
)  # fmt: skip
def test_whether_facts_can_change_an_answer(facts: dict[str, Any], paths: set[str], can: bool) -> None:
    assert law.can_change(facts, frozenset(paths)) is can


def test_an_open_answer_can_change() -> None:
    assert law.can_change({"date": "2026-11-20"}, frozenset({"filed.state"}))


def test_a_reading_can_make_facts_matter() -> None:
    """A CIIO's processed persons never matter; those of others matter only where the old trigger is kept."""
    paths = frozenset({"exporter.processes_persons"})
    assert not law.can_change(PLAIN, paths)
    assert law.can_change(PLAIN, paths, readings={"large_handler": "kept"})


def test_malformed_facts_are_refused() -> None:
    with pytest.raises(BadFacts, match=r"data\.persons"):
        law.can_change(changed(data={"persons": -1}), frozenset({"data.core"}))


def test_lists_and_scenarios_are_those_in_force() -> None:
    first, until = law.known_days()
    for path in ("activity.zone_list", "activity.zone_scenario"):
        seen = set()
        for day in (first + timedelta(days=30 * n) for n in range((until - first).days // 30)):
            found = law.choices(path, day)
            assert set(found) <= set(law.choices(path))
            seen |= set(found)
        assert seen and not law.choices(path, date(2020, 1, 1))


def test_only_facts_with_a_list_have_choices() -> None:
    assert law.choices("data.core") == law.choices("date") == law.choices("exporter.city") == ()
    assert law.choices("activity.act") == law.ACTS and law.choices("activity.ground") == tuple(law.GROUNDS)


def test_claims_are_told_from_unknown_facts() -> None:
    assert law.is_claim("activity.ground") and law.is_claim("filed.path")
    assert not law.is_claim("data.core") and not law.is_claim("date")


def test_the_trace_follows_the_readings() -> None:
    conditions = {"labour_rules": True, "collective_contract": False, "necessary": True}
    facts = changed(activity={"ground": "hr", "conditions": conditions})

    def deciding(**readings: str) -> list[str]:
        return [step.rule for step in law.trace(facts, readings=readings) if step.outcome == "decides"]

    assert deciding() == ["persons_band_2024"] and deciding(hr_documents="either") == ["hr"]
