"""Necessity, notice and consent: cases that a lawyer can read in checklists/*.yaml, and what must hold for all."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from tongguan.errors import BadFacts
from tongguan.law import Findings, Outcome, checklists, necessity, notice
from tongguan.law.book import book
from tongguan.law.citing import article_number

EXPECTATIONS = {
    "outcome",
    "met",
    "unmet",
    "unknown",
    "not_applicable",
    "absent",
    "missing",
    "cites",
    "not_cites",
    "guidance",
    "detail",
    "says",
}
LISTS = ("necessity", "notice")


def judged(name: str, answers: Mapping[str, Any], readings: Mapping[str, str] | None = None) -> Findings:
    if name == "necessity":
        assert not readings
        return necessity(answers)
    return notice(answers, readings=readings)


def laid_over(below: Any, above: Any) -> Any:
    if not isinstance(above, Mapping) or not isinstance(below, Mapping):
        return above
    return {key: laid_over(below.get(key), above[key]) if key in above else below[key] for key in {**below, **above}}


def cases() -> Iterator[Any]:
    for path in sorted(Path(__file__).parent.joinpath("checklists").glob("*.yaml")):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        for case in document["cases"]:
            facts = laid_over(document["given"], case["facts"])
            name = f"{path.stem}: {case['name']}"
            yield pytest.param(document["checklist"], facts, case.get("readings"), case["expect"], id=name)


ALL = list(cases())


@pytest.mark.parametrize(("name", "facts", "readings", "expect"), ALL)
def test_case(name: str, facts: dict[str, Any], readings: dict[str, str] | None, expect: dict[str, Any]) -> None:
    assert expect and set(expect) <= EXPECTATIONS
    found = judged(name, facts, readings)
    points = {point.id: point for finding in found.findings for point in finding.points}
    assert found.outcome == expect.get("outcome", found.outcome)
    for outcome in ("met", "unmet", "unknown", "not_applicable"):
        having = {id for id, point in points.items() if point.outcome == outcome}
        assert set(expect.get(outcome, [])) <= having, outcome
        if expect.get(outcome) == []:
            assert having == set()
    if "missing" in expect:
        assert list(found.missing) == expect["missing"]
    assert not set(expect.get("absent", [])) & set(points)
    cites = {f"{cite.instrument.title} {cite.article}" for point in points.values() for cite in point.cites}
    assert set(expect.get("cites", [])) <= cites
    assert not set(expect.get("not_cites", [])) & cites
    for id, guidance in expect.get("guidance", {}).items():
        assert [entry.id for entry in points[id].guidance] == guidance
    for id, detail in expect.get("detail", {}).items():
        assert list(points[id].detail) == detail
    for words in expect.get("says", []):
        assert words in found.explain("zh")


def test_every_point_is_met_unmet_and_unknown_somewhere() -> None:
    seen: set[tuple[str, str, str]] = set()
    for case in ALL:
        name, facts, readings, _ = case.values
        found = judged(name, facts, readings)
        seen |= {(name, point.id, point.outcome) for finding in found.findings for point in finding.points}
    wanted = {
        (name, point["id"], outcome)
        for name in LISTS
        for finding in checklists()[name]["findings"]
        for point in finding["points"]
        for outcome in ("met", "unmet", "unknown")
    }
    assert wanted - seen == set()


@pytest.mark.parametrize("example", checklists()["examples"], ids=lambda example: example["id"])
def test_a_worked_example_comes_out_as_it_says(example: dict[str, Any]) -> None:
    found = judged(example["checklist"], example["answers"])
    points = {point.id: point for finding in found.findings for point in finding.points}
    assert found.outcome == example["outcome"] == points[example["turns_on"]].outcome
    assert example["guidance"] in {entry.id for entry in points[example["turns_on"]].guidance}
    if example["checklist"] == "necessity" and example["outcome"] == "unmet":  # it alone turns the answer
        assert [id for id, point in points.items() if point.outcome == "unmet"] == [example["turns_on"]]


@pytest.mark.parametrize("example", checklists()["examples"], ids=lambda example: example["id"])
def test_a_worked_example_is_of_the_day_of_its_guidance_and_sends_just_what_is_needed(example: dict[str, Any]) -> None:
    """So that a point other than the one it turns on can never make it."""
    days = {"qa_2026_07_3": date(2026, 7, 24), "guangzhou_internet_court": date(2024, 11, 22)}
    answers = example["answers"]
    assert answers["date"] == days[example["guidance"]]
    if example["checklist"] == "necessity":
        scope, retention = answers["scope"], answers["retention"]
        assert scope["persons_sent"] == scope["persons_needed"] > 0 and scope["items_sent"] == scope["items_needed"]
        assert retention["days_abroad"] == retention["days_needed"] > 0
        assert retention["fixed_by_law"] is False


def test_guidance_that_is_no_instrument_says_when_it_was_published() -> None:
    days = {key: entry["published"] for key, entry in checklists()["guidance"].items() if "published" in entry}
    assert days == {"guangzhou_internet_court": date(2024, 11, 22)}


# ---- Properties -----------------------------------------------------------------------------------------------------

DAYS = [date(2021, 11, 1), date(2024, 12, 31), date(2025, 1, 1), date(2026, 11, 21)]
COUNTS, TEXTS = [0, 5, 6], [[], ["姓名"], ["姓名", "邮箱"]]


def values(field: Mapping[str, Any]) -> list[Any]:
    kinds: dict[str, list[Any]] = {"bool": [True, False], "count": COUNTS, "texts": TEXTS, "date": list(DAYS)}
    return field["choices"] if field["kind"] == "choice" else kinds[field["kind"]]


def completions(path: str, field: Mapping[str, Any]) -> list[Any]:
    """What an unknown answer could be; more than any need among them, for sent and kept is what is compared."""
    beyond = {"scope.persons_sent": [99], "retention.days_abroad": [99], "scope.items_sent": [["其他"]]}
    return values(field) + beyond.get(path, [])


@st.composite
def whole(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """All answers of a list, by dotted path; mostly as they should be, so that points are reached."""
    fields = checklists()[name]["answers"]
    facts = {path: draw(st.sampled_from(values(field))) for path, field in fields.items()}
    return {**facts, "data.sensitive": True} if facts.get("data.under_14") else facts


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, value in flat.items():
        group, _, key = path.rpartition(".")
        (tree.setdefault(group, {}) if group else tree)[key] = value
    return tree


def outcomes(name: str, flat: Mapping[str, Any]) -> dict[tuple[str, str], Outcome]:
    found = judged(name, nested(flat))
    return {(finding.id, point.id): point.outcome for finding in found.findings for point in finding.points}


def possible(flat: Mapping[str, Any]) -> bool:
    """All of a child's information is sensitive."""
    return not (flat.get("data.under_14") and not flat["data.sensitive"])


def hideable(name: str) -> list[str]:
    """Claims count as not made where absent, so hiding one is no unknown."""
    return [path for path, field in checklists()[name]["answers"].items() if path != "date" and not field.get("claim")]


@pytest.mark.parametrize("name", LISTS)
@given(data=st.data())
def test_an_unknown_never_yields_what_a_completion_contradicts(name: str, data: st.DataObject) -> None:
    facts = data.draw(whole(name))
    hidden = data.draw(st.sets(st.sampled_from(hideable(name)), max_size=30))
    truth = outcomes(name, facts)
    assert Outcome.UNKNOWN not in truth.values()
    for point, outcome in outcomes(name, {path: facts[path] for path in facts if path not in hidden}).items():
        if outcome == Outcome.MET:
            assert truth[point] in (Outcome.MET, Outcome.NOT_APPLICABLE)
        elif outcome != Outcome.UNKNOWN:
            assert truth[point] == outcome


@pytest.mark.parametrize("name", LISTS)
@given(data=st.data())
def test_unknown_exactly_where_completions_differ(name: str, data: st.DataObject) -> None:
    """A point is unknown only if some completion meets it (or does not ask) and some other does not meet it."""
    facts = data.draw(whole(name))
    hidden = sorted(data.draw(st.sets(st.sampled_from(hideable(name)), min_size=1, max_size=3)))
    fields = checklists()[name]["answers"]
    known = {path: facts[path] for path in facts if path not in hidden}
    if name == "notice" and "data.under_14" not in known:
        # That nothing is sensitive would tell that there are no children, but the answer is asked for all the same.
        assume(known.get("data.sensitive") is not False)
    every = [
        outcomes(name, one)
        for chosen in product(*(completions(path, fields[path]) for path in hidden))
        if possible(one := {**known, **dict(zip(hidden, chosen, strict=True))})
    ]
    for point, outcome in outcomes(name, known).items():
        unmet = [one[point] == Outcome.UNMET for one in every]
        assert (outcome == Outcome.UNKNOWN) == (any(unmet) and not all(unmet)), point
    missing = judged(name, nested(known)).missing
    assert set(missing) <= set(hidden)


@pytest.mark.parametrize("name", LISTS)
@given(data=st.data())
def test_the_order_of_answers_changes_nothing(name: str, data: st.DataObject) -> None:
    facts = data.draw(whole(name))
    shuffled = dict(data.draw(st.permutations(list(facts.items()))))
    assert judged(name, nested(facts)).to_dict() == judged(name, nested(shuffled)).to_dict()
    turned = {path: value[::-1] if isinstance(value, list) else value for path, value in facts.items()}
    assert outcomes(name, turned) == outcomes(name, facts)


@given(data=st.data())
def test_more_persons_items_or_days_never_help(data: st.DataObject) -> None:
    facts = data.draw(whole("necessity"))
    more = {**facts, "scope.persons_sent": 7, "scope.items_sent": ["姓名", "邮箱", "电话"], "retention.days_abroad": 7}
    before, after = outcomes("necessity", facts), outcomes("necessity", more)
    for point in before:
        assert (after[point] == Outcome.MET) <= (before[point] == Outcome.MET)


@pytest.mark.parametrize("name", LISTS)
@given(data=st.data())
def test_every_open_point_says_what_to_add_in_both_languages(name: str, data: st.DataObject) -> None:
    found = judged(name, nested(data.draw(whole(name))))
    for finding in found.findings:
        for point in finding.points:
            assert point.cites and point.text["zh"].strip() and point.text["en"].strip()
            assert (point.add is not None) == (point.outcome in (Outcome.UNMET, Outcome.UNKNOWN))
    json.dumps(found.to_dict())
    assert found.explain("zh") != found.explain("en")


# ---- Citations and data ---------------------------------------------------------------------------------------------


def test_what_is_cited_exists_and_is_in_force_on_all_days_of_the_point() -> None:
    wrong = []
    for name in LISTS:
        for finding in checklists()[name]["findings"]:
            for point in finding["points"]:
                assert point["cites"], point["id"]
                for cite in point["cites"]:
                    at = book().instruments[cite["instrument"]]
                    first = max(point["from"], cite.get("from", date.min))
                    last = min(point.get("to", date.max), cite.get("to", date.max))
                    if not at.in_force(first) or last > at.until:
                        wrong.append((point["id"], at.id, first))
                    number = article_number(cite["article"])
                    if at.articles is not None and not 1 <= number <= at.articles:
                        wrong.append((point["id"], at.id, cite["article"]))
    assert wrong == []


def timetable() -> Iterator[Any]:
    table = yaml.safe_load(Path(__file__).parent.joinpath("checklists_timetable.yaml").read_text(encoding="utf-8"))
    for name, rows in table.items():
        for row in rows:
            yield pytest.param(name, row, id=f"{name}: {row['point']} {row['from']}")


def asked(name: str, point: str, day: date) -> set[str] | None:
    """What a point cites on a day; None where it is not asked."""
    found = judged(name, {"date": day})
    points = {one.id: one for finding in found.findings for one in finding.points}
    return {f"{cite.instrument.id} {cite.article}" for cite in points[point].cites} if point in points else None


@pytest.mark.parametrize(("name", "row"), timetable())
def test_a_point_is_asked_on_its_days_and_cites_what_it_should(name: str, row: dict[str, Any]) -> None:
    day, others = timedelta(days=1), [one.values[1] for one in timetable() if one.values[0] == name]
    same = [one for one in others if one["point"] == row["point"]]
    first, last = row["from"], row.get("to", date(2026, 11, 21))
    cites = {" ".join(cite.split()[:2]): (cite.split()[2:] or [first.isoformat()])[0] for cite in row["cites"]}
    turns = {date.fromisoformat(since) for since in cites.values()}
    for when in sorted({first, last} | turns | {turn - day for turn in turns if turn > first}):
        assert asked(name, row["point"], when) == {cite for cite, since in cites.items() if since <= when.isoformat()}
    if not any(one.get("to") == first - day for one in same):
        assert asked(name, row["point"], first - day) is None
    if "to" in row and not any(one["from"] == last + day for one in same):
        assert asked(name, row["point"], last + day) is None


def test_the_timetable_has_every_point() -> None:
    listed = {(one.values[0], one.values[1]["point"]) for one in timetable()}
    held = {
        (name, point["id"])
        for name in LISTS
        for finding in checklists()[name]["findings"]
        for point in finding["points"]
    }
    assert listed == held


def test_every_turn_of_the_lists_has_a_case_on_its_day_and_the_day_before() -> None:
    days = {case.values[1]["date"] for case in ALL}
    turns = {
        entry["from"]
        for name in LISTS
        for finding in checklists()[name]["findings"]
        for point in finding["points"]
        for entry in (point, *point["cites"])
        if "from" in entry
    }
    # A later citation of a point that goes on is seen on its first day only.
    assert {turn for turn in turns if turn not in days and turn != date(2024, 3, 22)} == set()
    starts = {
        point["from"] for name in LISTS for finding in checklists()[name]["findings"] for point in finding["points"]
    }
    assert {turn for turn in starts if turn - timedelta(days=1) not in days} == set()


def test_texts_stand_in_both_languages() -> None:
    def check(node: Any) -> None:
        if isinstance(node, dict):
            if "zh" in node or "en" in node:
                assert str(node["zh"]).strip() and str(node["en"]).strip(), node
            for child in node.values():
                check(child)
        elif isinstance(node, list):
            for child in node:
                check(child)

    check(checklists())


def test_no_two_points_in_force_share_an_id() -> None:
    for name in LISTS:
        for day in {*DAYS, date(2017, 6, 1), date(2019, 10, 1), date(2021, 10, 31)}:
            ids = [point.id for finding in judged(name, {"date": day}).findings for point in finding.points]
            assert len(ids) == len(set(ids))


# ---- Bad input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({}, ["date", "2026-11-21"]),
        ({"date": None}, ["date"]),
        ({"date": "21.11.2026"}, ["date", "YYYY-MM-DD", "2026-11-21"]),
        ({"date": "2016-12-31"}, ["date", "2017-01-01"]),
        ({"date": "2028-01-01"}, ["date", "not after 2027-12-31", "2026-11-21"]),
        ({"date": "2026-11-31"}, ["date", "YYYY-MM-DD"]),
        ({"date": "2026-11-21", "scope": {"persons_sent": -1}}, ["scope.persons_sent", "0 or more", "120"]),
        ({"date": "2026-11-21", "scope": {"persons_sent": 1.5}}, ["scope.persons_sent", "whole number"]),
        ({"date": "2026-11-21", "scope": {"persons_sent": True}}, ["scope.persons_sent"]),
        ({"date": "2026-11-21", "purpose": {"explicit": "yes"}}, ["purpose.explicit", "true or false"]),
        ({"date": "2026-11-21", "purpose": {"explicit": 1}}, ["purpose.explicit", "true or false"]),
        ({"date": "2026-11-21", "activity": {"scenario": "hiring"}}, ["activity.scenario", "recruitment"]),
        ({"date": "2026-11-21", "scope": {"items_sent": "姓名"}}, ["scope.items_sent", "list of short texts"]),
        ({"date": "2026-11-21", "scope": {"items_sent": [""]}}, ["scope.items_sent"]),
        ({"date": "2026-11-21", "scope": {"items_sent": ["x" * 201]}}, ["scope.items_sent"]),
        ({"date": "2026-11-21", "scope": 7}, ["scope", "persons_sent"]),
        ({"date": "2026-11-21", "scop": {}}, ["scop"]),
        ({"date": "2026-11-21", "scope": {"person_sent": 1}}, ["did you mean scope.persons_sent"]),
        ({"date": "2026-11-21", 7: True}, ["'7'"]),
        ([], ["mapping"]),
        ("date: 2026-11-21", ["mapping"]),
    ],
)
def test_bad_answers_are_named_with_what_was_expected(answers: Any, says: list[str]) -> None:
    with pytest.raises(BadFacts) as caught:
        necessity(answers)
    assert all(words in str(caught.value) for words in says), str(caught.value)


def test_a_child_whose_data_is_not_sensitive_cannot_be() -> None:
    with pytest.raises(BadFacts, match="is false"):
        notice({"date": "2026-11-21", "data": {"sensitive": False, "under_14": True}})


def test_bad_readings_are_named() -> None:
    with pytest.raises(BadFacts, match="unknown reading 'x'"):
        notice({"date": "2026-11-21"}, readings={"x": "y"})
    with pytest.raises(BadFacts, match="covers_export or general_only"):
        notice({"date": "2026-11-21"}, readings={"secrecy": "maybe"})


def test_what_was_not_claimed_is_said() -> None:
    found = notice({"date": "2026-11-21", "exemption": {"secrecy": False}})
    assert found.not_claimed == ("exemption.emergency", "change.happened", "consent.written_required")


def test_contents_of_answers_do_not_leak_into_messages() -> None:
    with pytest.raises(BadFacts) as caught:
        necessity({"date": "2026-11-21", "scope": {"items_sent": [["张三 13900000000"]]}})
    assert "张三" not in str(caught.value)
