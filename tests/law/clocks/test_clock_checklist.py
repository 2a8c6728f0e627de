"""The conditions of an extension: met, not met, not known, at their boundary and over every completion."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongguan.law.clocks import clocks
from tongguan.law.clocks.checklist import Checked

ALL_MET: dict[str, Any] = {
    "personal": True, "important": True, "scope_unchanged": True, "parties_unchanged": True, "persons_permitted": 1000,
    "persons_forecast": 1200, "volume_permitted": 50, "volume_forecast": 60, "contract_conforms": True, "ran_as_assessed": True,
    "major_incident": False,
}  # fmt: skip
BOOLS = [fact for fact, value in ALL_MET.items() if isinstance(value, bool)]


def checked(facts: dict[str, Any], **events: str) -> Checked:
    timeline = clocks({"procedure": "security_assessment", "as_of": "2026-11-21", "facts": facts,
                       "events": {"passed": "2024-04-10", **events}})  # fmt: skip
    assert timeline.checklist is not None
    return timeline.checklist


def answers(facts: dict[str, Any]) -> dict[str, bool | None]:
    return {answer.id: answer.met for answer in checked(facts).answers}


def test_there_are_six_conditions_and_a_precondition() -> None:
    assert list(answers(ALL_MET)) == ["precondition", "c1", "c2", "c3", "c4", "c5", "c6"]
    assert checked(ALL_MET).met is True and set(answers(ALL_MET).values()) == {True}


@pytest.mark.parametrize(
    ("facts", "condition"),
    [
        ({"scope_unchanged": False}, "c1"), ({"parties_unchanged": False}, "c2"), ({"persons_forecast": 1201}, "c3"),
        ({"volume_forecast": 61}, "c4"), ({"contract_conforms": False}, "c5"), ({"ran_as_assessed": False}, "c6"),
        ({"major_incident": True}, "c6"),
    ],
)  # fmt: skip
def test_each_condition_alone_fails_the_extension(facts: dict[str, Any], condition: str) -> None:
    found = answers(ALL_MET | facts)
    assert [name for name, met in found.items() if met is not True] == [condition]
    assert (
        found[condition] is False and checked(ALL_MET | facts).met is False and checked(ALL_MET | facts).missing == ()
    )


@pytest.mark.parametrize("fact", sorted(ALL_MET))
def test_each_unknown_leaves_it_open_and_is_named(fact: str) -> None:
    known = {key: value for key, value in ALL_MET.items() if key != fact}
    found = checked(known)
    if fact in ("personal", "important"):  # whether or not it is exported, the growth is within
        assert found.met is True
    else:
        assert found.met is None and found.missing == (fact,)


@pytest.mark.parametrize(("permitted", "within"), [(100_000, 120_000), (5, 6), (0, 0), (7, 8), (10**14, 12 * 10**13)])
def test_twenty_percent_is_still_within(permitted: int, within: int) -> None:
    facts = ALL_MET | {"persons_permitted": permitted, "volume_permitted": permitted}
    assert answers(facts | {"persons_forecast": within, "volume_forecast": within})["c3"] is True
    assert answers(facts | {"persons_forecast": within + 1, "volume_forecast": within + 1})["c3"] is False
    assert answers(facts | {"persons_forecast": within, "volume_forecast": within + 1})["c4"] is False


def test_what_is_not_exported_does_not_grow() -> None:
    facts = {key: value for key, value in ALL_MET.items() if not key.startswith("volume")} | {"important": False}
    assert checked(facts).met is True and answers(facts)["c4"] is True


def test_growth_beyond_is_open_while_nobody_knows_whether_it_is_exported() -> None:
    facts = {key: value for key, value in ALL_MET.items() if key != "personal"} | {"persons_forecast": 1201}
    assert answers(facts)["c3"] is None and checked(facts).missing == ("personal",)


def test_a_change_since_the_result_rules_it_out() -> None:
    assert checked(ALL_MET, changed="2026-01-05").met is False
    renewed = clocks({"procedure": "security_assessment", "as_of": "2026-11-21", "facts": ALL_MET,
                      "events": {"passed": ["2024-04-10", "2026-05-11"], "changed": "2026-01-05", "submitted": "2026-02-02",
                                 "accepted": "2026-02-09"}})  # fmt: skip
    assert renewed.checklist and renewed.checklist.met is True, "the change came before the newer result"


def test_what_happens_on_the_day_itself_counts() -> None:
    case = {
        "procedure": "security_assessment",
        "facts": ALL_MET,
        "events": {"passed": "2024-04-10", "changed": "2026-01-05"},
    }

    def met(as_of: str) -> bool | None:
        found = clocks({**case, "as_of": as_of}).checklist
        return found.met if found else None

    assert [met(day) for day in ("2024-04-09", "2024-04-10", "2026-01-04", "2026-01-05")] == [None, True, True, False]


def test_without_a_result_there_is_nothing_to_extend() -> None:
    assert clocks({"procedure": "security_assessment", "as_of": "2026-11-21", "facts": ALL_MET}).checklist is None


VALUES: dict[str, tuple[Any, ...]] = dict.fromkeys(BOOLS, (True, False)) | {
    "persons_permitted": (10,), "persons_forecast": (12, 13), "volume_permitted": (10,), "volume_forecast": (12, 13),
}  # fmt: skip


@given(st.fixed_dictionaries({}, optional={fact: st.sampled_from(values) for fact, values in VALUES.items()}))
def test_a_definite_answer_holds_in_every_completion(facts: dict[str, Any]) -> None:
    met = checked(facts).met
    unknown = [fact for fact in VALUES if fact not in facts]
    if len(unknown) > 4:
        unknown, fixed = unknown[:4], {fact: VALUES[fact][0] for fact in unknown[4:]}
    else:
        fixed = {}
    outcomes = {
        checked({**facts, **fixed, **dict(zip(unknown, values, strict=True))}).met
        for values in product(*(VALUES[fact] for fact in unknown))
    }
    assert None not in outcomes
    assert met is None or outcomes == {met}
