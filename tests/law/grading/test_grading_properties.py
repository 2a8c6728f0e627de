"""What must hold for every grading: unknowns, order, more persons, both languages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tongguan.errors import BadFacts
from tongguan.law import Grade, explain_grade, grade
from tongguan.law.grading.reading import claims, data, factors, grading_fields

LEVELS = ("general", "important", "core")
ANSWERS = {"yes", "no", "undetermined", "no_procedure", "other_rules"}
DAYS = [
    date(2018, 1, 1), date(2021, 10, 1), date(2022, 9, 1), date(2024, 3, 22), date(2024, 8, 30), date(2024, 10, 1),
    date(2025, 1, 1), date(2025, 5, 30), date(2026, 5, 10), date(2026, 5, 11), date(2026, 11, 21),
]  # fmt: skip
COUNTS = [0, 1, 2, 50_000, 99_999, 100_000, 100_001, 999_999, 1_000_000, 1_000_001, 9_999_999, 10_000_000, 10_000_001]
MORE = {"data.persons", "data.sensitive_persons", "data.group_health_persons", "handler.processes_persons"}
READINGS = st.fixed_dictionaries(
    {name: st.sampled_from([entry["default"], entry["other"]]) for name, entry in data()["readings"].items()}
)

calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def values(path: str) -> list[Any]:
    """What a fact can be, at every line on both sides."""
    field = grading_fields()[path]
    if path == "date":
        return list(DAYS)
    if path == "status.since":
        return [date(2018, 1, 1)]
    if path == "handler.zone":
        return ["none", "beijing", "shanghai", "lingang", "tianjin"]
    return {"bool": [True, False], "count": COUNTS, "choice": field.get("choices")}[field["kind"]]


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, value in flat.items():
        group, _, key = path.rpartition(".")
        (tree.setdefault(group, {}) if group else tree)[key] = value
    return tree


def graded(flat: Mapping[str, Any], readings: Mapping[str, str] | None = None) -> Grade:
    return grade(nested(flat), readings=readings)


@st.composite
def whole(draw: st.DrawFn) -> dict[str, Any]:
    """All facts by dotted path, consistent with one another, and mostly harmless so that the lower levels are met."""
    facts = {path: draw(st.sampled_from(values(path))) for path in grading_fields()}
    if draw(st.integers(0, 3)):
        facts |= dict.fromkeys(factors(), False) | {"annex_g.none": True, "list.names_it": False}
    if draw(st.integers(0, 3)):
        facts |= {path: "none" for path in facts if path.startswith("harm.")}
        facts |= {"status.core": False, "status.important": "none"}
    facts["annex_g.none"] = not any(facts[path] for path in factors())
    if facts["status.important"] == "none":
        facts["status.core"] = False
        del facts["status.since"]
    people = ("data.persons", "data.sensitive_persons", "data.group_health_persons", "data.persons_with_both")
    if not facts["data.personal"]:
        facts |= dict.fromkeys(people, 0)
    facts["data.persons_with_both"] = min(facts[path] for path in (*people[:2], people[3]))
    if facts["data.sensitive_persons"] == 0:
        facts |= {path: False for path in facts if path.startswith("data.") and facts[path] is True}
        facts["data.personal"] = facts["data.persons"] > 0 or facts["data.group_health_persons"] > 0
    total = facts["data.persons"] + facts["data.sensitive_persons"] - facts["data.persons_with_both"]
    facts["handler.processes_persons"] = max(facts["handler.processes_persons"], total)
    return facts


HIDEABLE = sorted(set(grading_fields()) - claims() - {"date", "status.since"})


def without(facts: Mapping[str, Any], hidden: set[str]) -> dict[str, Any]:
    """Facts with some taken away; a day of notice says that there was one."""
    gone = hidden | ({"status.since"} if "status.important" in hidden else set())
    gone |= {"status.core"} if "status.important" in hidden and facts["status.core"] is False else set()
    return {path: value for path, value in facts.items() if path not in gone}


@calm
@given(whole(), st.sets(st.sampled_from(HIDEABLE), max_size=40), READINGS)
def test_an_unknown_never_yields_a_level_that_a_completion_contradicts(
    facts: dict[str, Any], hidden: set[str], readings: dict[str, str]
) -> None:
    truth, found = graded(facts, readings), graded(without(facts, hidden), readings)
    if truth.level == "undetermined":  # nothing to grade by on that day
        assert truth.possible == LEVELS
    else:
        assert truth.level in found.possible
        assert found.level in (truth.level, "undetermined")
    assert found.for_filing.answer in (truth.for_filing.answer, "undetermined")
    certain = {one.id for one in found.obligations if one.certain}
    assert certain <= {one.id for one in truth.obligations if one.certain} <= {one.id for one in found.obligations}


DECIDING = [
    "data.persons", "data.sensitive_persons", "data.bank_account", "data.medical", "harm.national_security",
    "harm.economy", "annex_g.none", "annex_g.nuclear", "list.names_it", "handler.ciio", "handler.sector",
    "status.important", "factors.precision", "factors.scale",
]  # fmt: skip


@calm
@given(whole(), st.sets(st.sampled_from(DECIDING), min_size=1, max_size=2), READINGS)
def test_the_possible_levels_are_those_of_the_completions(
    facts: dict[str, Any], hidden: set[str], readings: dict[str, str]
) -> None:
    """Exhaustively: each completion's level is among the possible ones, and each possible one has a completion."""
    facts = {path: value for path, value in facts.items() if path not in ("status.since", "handler.processes_persons")}
    facts |= {"data.personal": True, "data.persons_with_both": 0, "status.core": False}
    facts |= dict.fromkeys(factors(), False) if "annex_g.nuclear" in hidden else {}
    if "annex_g.none" in hidden or "annex_g.nuclear" in hidden:
        facts.pop("annex_g.none")
    known = {path: value for path, value in facts.items() if path not in hidden}
    found = graded(known, readings)
    assume(found.date >= date(2022, 9, 1))
    every: set[tuple[str, str]] = set()
    for chosen in product(*(values(path) for path in sorted(hidden))):
        try:
            one = graded({**known, **dict(zip(sorted(hidden), chosen, strict=True))}, readings)
        except BadFacts:  # facts that cannot be true together are no completion
            continue
        every.add((one.level, one.for_filing.answer))
    assert {level for level, _ in every} == set(found.possible)
    answers = {answer for _, answer in every}
    assert (found.for_filing.answer == "undetermined") == (len(answers) > 1)
    assert {one.path for one in found.missing if "level" in one.changes} <= {*hidden, *factors(), "annex_g.none"}


@calm
@given(whole(), st.sampled_from(sorted(MORE)), st.integers(1, 20_000_000), READINGS)
def test_more_persons_never_lower_a_level(
    facts: dict[str, Any], path: str, more: int, readings: dict[str, str]
) -> None:
    facts["data.personal"] = True
    raised = {**facts, path: facts[path] + more}
    raised["handler.processes_persons"] = max(
        facts["handler.processes_persons"], facts["handler.processes_persons"] + more
    )
    before, after = graded(facts, readings), graded(raised, readings)
    assert LEVELS.index(after.possible[0]) >= LEVELS.index(before.possible[0])
    assert not (before.for_filing.answer == "yes" and after.for_filing.answer == "no")
    met = {one.id for one in before.triggers if one.outcome == "met"}
    assert met <= {one.id for one in after.triggers if one.outcome == "met"}
    assert {one.id for one in before.obligations if one.certain} - {"ask_the_department"} <= {
        one.id for one in after.obligations if one.certain
    }


@calm
@given(whole(), st.sets(st.sampled_from(HIDEABLE), max_size=20), st.data())
def test_the_order_of_facts_changes_nothing(facts: dict[str, Any], hidden: set[str], draw: st.DataObject) -> None:
    known = without(facts, hidden)
    shuffled = dict(draw.draw(st.permutations(list(known.items()))))
    assert graded(known).to_dict() == graded(shuffled).to_dict()


@calm
@given(whole(), st.sets(st.sampled_from(HIDEABLE), max_size=40), READINGS)
def test_an_answer_is_whole_in_both_languages(
    facts: dict[str, Any], hidden: set[str], readings: dict[str, str]
) -> None:
    known = without(facts, hidden)
    found = graded(known, readings)
    assert found.for_filing.answer in ANSWERS
    assert (found.level == "undetermined") == (len(found.possible) > 1)
    assert found.level == "undetermined" or found.fired
    for one in (*found.findings, *found.triggers, *found.obligations, found.for_filing):
        assert one.cites or found.for_filing.answer == "no_procedure"
        assert one.text["zh"].strip() and one.text["en"].strip() and "{" not in one.text["zh"] + one.text["en"]
        for cite in one.cites:
            assert cite.instrument.in_force(found.date), (one, cite.instrument.id)
    for basis in (*found.findings, *found.triggers):
        assert set(basis.facts) <= known.keys()
    json.dumps(found.to_dict())
    assert explain_grade(found, "zh") != explain_grade(found, "en")


@calm
@given(whole(), READINGS)
def test_nothing_is_missing_where_everything_is_known(facts: dict[str, Any], readings: dict[str, str]) -> None:
    found = graded(facts, readings)
    assert found.missing == () and found.not_claimed == ()
    assert not any(basis.outcome == "unknown" for basis in (*found.findings, *found.triggers))


@pytest.mark.parametrize("path", [path for path in grading_fields() if path not in claims() | {"date"}])
def test_only_the_day_is_required(path: str) -> None:
    found = graded({"date": date(2026, 11, 21)})
    assert found.level == "undetermined" and found.possible == LEVELS
    assert graded({"date": date(2026, 11, 21), path: None}).to_dict() == found.to_dict()
