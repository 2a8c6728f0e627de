"""Cases of grading that a lawyer can read, in cases/*.yaml.

A file has `given` facts; a case lays its `facts` over them (a null takes a fact away) and says what to expect. A table
says the same of many sets of facts, one line a case; its columns are dotted paths of facts, or expectations:

    level, possible, fired, filing, filing_rule, missing, sub_level, due, cites, not_cites, says,
    met, unmet, unknown, absent (ids of rules and triggers), obligations, not_obligations, refused
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tongguan.errors import BadFacts
from tongguan.law import explain_grade, grade
from tongguan.law.grading.reading import data, grading_fields

EXPECTATIONS = {
    "level", "possible", "fired", "filing", "filing_rule", "missing", "sub_level", "due", "cites", "not_cites", "says",
    "met", "unmet", "unknown", "absent", "obligations", "not_obligations", "refused", "cautions", "not_cautions",
}  # fmt: skip


def laid_over(below: Any, above: Any) -> Any:
    if not isinstance(above, Mapping) or not isinstance(below, Mapping):
        return above
    return {key: laid_over(below.get(key), above[key]) if key in above else below[key] for key in {**below, **above}}


def nested(path: str, value: Any) -> dict[str, Any]:
    first, _, rest = path.partition(".")
    return {first: nested(rest, value) if rest else value}


def rows(table: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for row in table["rows"]:
        assert len(row) == len(table["columns"]), row
        facts, expect = table.get("facts", {}), dict(table.get("expect", {}))
        for column, cell in zip(table["columns"], row, strict=True):
            if column in EXPECTATIONS:
                expect[column] = cell
            else:
                assert column in grading_fields(), column
                facts = laid_over(facts, nested(column, cell))
        name = f"{table['name']}: {', '.join(map(str, row))}"
        yield {"name": name, "facts": facts, "expect": expect, "readings": table.get("readings")}


def cases() -> Iterator[Any]:
    for path in sorted(Path(__file__).parent.joinpath("cases").glob("*.yaml")):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        written = [*document.get("cases", []), *(row for table in document.get("tables", []) for row in rows(table))]
        for case in written:
            facts = laid_over(document["given"], case["facts"])
            yield pytest.param(facts, case.get("readings"), case["expect"], id=f"{path.stem}: {case['name']}")


ALL = list(cases())


@pytest.mark.parametrize(("facts", "readings", "expect"), ALL)
def test_case(facts: dict[str, Any], readings: dict[str, str] | None, expect: dict[str, Any]) -> None:
    assert expect and set(expect) <= EXPECTATIONS
    if "refused" in expect:
        with pytest.raises(BadFacts) as caught:
            grade(facts, readings=readings)
        assert all(words in str(caught.value) for words in expect["refused"]), str(caught.value)
        return
    found = grade(facts, readings=readings)
    assert found.level == expect.get("level", found.level)
    assert found.for_filing.answer == expect.get("filing", found.for_filing.answer)
    assert found.for_filing.rule == expect.get("filing_rule", found.for_filing.rule)
    for name, value in (("possible", found.possible), ("fired", found.fired)):
        assert list(value) == expect.get(name, list(value)), name
    if "missing" in expect:
        assert [one.path for one in found.missing] == expect["missing"]
    if "sub_level" in expect:
        assert (found.sub_level["level"] if found.sub_level else None) == expect["sub_level"]
    asked = {one.id: one.outcome for one in (*found.findings, *found.triggers)}
    for outcome in ("met", "unmet", "unknown"):
        assert set(expect.get(outcome, [])) <= {id for id, value in asked.items() if value == outcome}, asked
    assert not set(expect.get("absent", [])) & asked.keys()
    certain = {one.id: one.due for one in found.obligations if one.certain}
    assert set(expect.get("obligations", [])) <= certain.keys(), certain
    assert not set(expect.get("not_obligations", [])) & certain.keys()
    if "due" in expect:
        assert certain["apply_after_notice"] == expect["due"]
    known = (*found.findings, *found.triggers, *found.obligations, found.for_filing)
    cites = {f"{cite.instrument.id} {cite.article}".strip() for one in known for cite in one.cites}
    assert set(expect.get("cites", [])) <= cites, cites
    assert not set(expect.get("not_cites", [])) & cites
    text = explain_grade(found, "zh")
    assert all(words in text for words in expect.get("says", [])), text
    cautions = " ".join(said["zh"] for said in found.cautions)
    assert all(words in cautions for words in expect.get("cautions", [])), cautions
    assert not any(words in cautions for words in expect.get("not_cautions", [])), cautions


def test_every_rule_and_trigger_is_met_unmet_and_unknown_in_some_case() -> None:
    seen: set[tuple[str, str]] = set()
    for case in ALL:
        facts, readings, expect = case.values
        if "refused" not in expect:
            found = grade(facts, readings=readings)
            seen |= {(one.id, one.outcome) for one in (*found.findings, *found.triggers)}
    counted = {entry["id"] for entry in data()["triggers"] if "count" in entry}
    wanted = {(id, outcome) for id in counted for outcome in ("met", "unmet", "unknown")}
    ids = {entry["id"] for entry in data()["rules"]}
    wanted |= {(id, outcome) for id in ids for outcome in ("met", "unmet", "unknown")}
    wanted -= {("core_determined", "unknown")}  # a claim: absent, it is not made
    assert wanted - seen == set()


def test_every_turn_of_the_rules_has_a_case_on_its_day_and_one_on_the_day_before() -> None:
    days = {case.values[0]["date"] for case in ALL}
    groups = ("rules", "general", "triggers", "filing", "obligations", "sector_rules")
    turns = {entry["from"] for group in groups for entry in data()[group] if "from" in entry}
    turns |= {entry["to"] + timedelta(days=1) for group in groups for entry in data()[group] if "to" in entry}
    assert {turn for turn in turns if turn not in days} == set()
    assert {turn for turn in turns if turn - timedelta(days=1) not in days} == set()
