"""Cases that a lawyer can read, in cases/*.yaml: name, facts, expectation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tongguan.law import decide, decision_json, explain
from tongguan.law.book import book

EXPECTATIONS = {
    "pathway",
    "options",
    "regime",
    "rules",
    "says",
    "cites",
    "not_cites",
    "missing",
    "duties",
    "not_duties",
    "due",
    "warnings",
    "not_warnings",
}


def laid_over(below: Any, above: Any) -> Any:
    """A case's facts over the given ones; a null takes a fact away."""
    if not isinstance(above, Mapping) or not isinstance(below, Mapping):
        return above
    return {key: laid_over(below.get(key), above[key]) if key in above else below[key] for key in {**below, **above}}


def cases() -> Iterator[tuple[str, Any, dict[str, str], dict[str, Any]]]:
    for path in sorted(Path(__file__).parent.joinpath("cases").glob("*.yaml")):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        for case in document["cases"]:
            facts = laid_over(document["given"], case["facts"])
            yield f"{path.stem}: {case['name']}", facts, case.get("readings", {}), case["expect"]


def unmet(facts: Any, readings: dict[str, str], expect: dict[str, Any]) -> list[str]:
    """The expectations that the decision does not meet, in words."""
    decision = decide(facts, readings=readings)
    answer = decision_json(decision)
    cites = {f"{reason['instrument']} {reason['article']}" for reason in answer["reasons"]}
    rules = {reason["rule"] for reason in answer["reasons"]}
    duties = {duty["what"] for duty in answer["obligations"]}
    warnings = {warning["id"] for warning in answer["warnings"]}
    exact = {key: answer[key] for key in ("pathway", "options", "regime", "missing")}
    within = {"cites": cites, "rules": rules, "duties": duties, "warnings": warnings}
    wrong = [f"{key}: {exact[key]}" for key in exact if key in expect and exact[key] != expect[key]]
    wrong += [f"{key}: {within[key]}" for key in within if not set(expect.get(key, [])) <= within[key]]
    wrong += [f"not_{key}: {within[key]}" for key in within if set(expect.get(f"not_{key}", [])) & within[key]]
    wrong += [f"says no {words!r}" for words in expect.get("says", []) if words not in explain(decision, "zh")]
    due = {duty["what"]: duty["due"] for duty in answer["obligations"]}
    return wrong + [f"due: {due}" for what, day in expect.get("due", {}).items() if due.get(what) != day.isoformat()]


ALL = list(cases())


@pytest.mark.parametrize(("facts", "readings", "expect"), [case[1:] for case in ALL], ids=[case[0] for case in ALL])
def test_case(facts: Any, readings: dict[str, str], expect: dict[str, Any]) -> None:
    assert expect, "a case expects something"
    assert set(expect) <= EXPECTATIONS, f"unknown expectation in {sorted(expect)}"
    assert unmet(facts, readings, expect) == []


def test_there_are_many_cases_with_names_of_their_own() -> None:
    assert len(ALL) >= 120
    assert len({case[0] for case in ALL}) == len(ALL)


def test_every_turn_of_the_law_has_a_case_on_its_day_and_one_on_the_day_before() -> None:
    days = {facts.get("date") for _, facts, _, _ in ALL}
    turns = book().turns[1:]
    assert [turn for turn in turns if not {turn, turn - timedelta(days=1)} <= days] == []


def test_every_rule_decides_or_supports_a_case() -> None:
    cited = {reason.rule for _, facts, readings, _ in ALL for reason in decide(facts, readings=readings).reasons}
    assert {rule["id"] for rule in book().rules} <= cited
