"""Cases that a lawyer can read, in cases/*.yaml: name, facts, expectation.

A file has `given` facts, `cases` and `tables`. A table says the same of many sets of facts, one line a case:

    tables:
      - name: "{persons} persons on {date}"          # filled from the line
        facts: {exporter: {ciio: true}}               # laid over `given`
        expect: {missing: []}                         # expected in every line
        columns: [date, persons, pathway, cites]      # a fact by its last name or dotted path, or an expectation
        rows:
          - [2024-03-22, 99_999, exempt, [促进和规范数据跨境流动规定 第五条第一款第四项]]

An empty cell (`~`) is an unknown fact, or no expectation. `source` names an official answer, a judgment or a report.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tongguan.errors import BadFacts
from tongguan.law import FIELDS, decide, decision_json, explain
from tongguan.law.book import book
from tongguan.law.facts import GROUPS

EXPECTATIONS = {
    "pathway",
    "options",
    "regime",
    "rules",
    "not_rules",
    "says",
    "cites",
    "not_cites",
    "missing",
    "duties",
    "not_duties",
    "due",
    "warnings",
    "not_warnings",
    "changes",
    "refused",
}
CASE = {"name", "facts", "readings", "expect", "source"}
TABLE = CASE | {"columns", "rows"}


class Case(NamedTuple):
    name: str
    facts: Any
    readings: dict[str, str]
    expect: dict[str, Any]


def laid_over(below: Any, above: Any) -> Any:
    """A case's facts over the given ones; a null takes a fact away."""
    if not isinstance(above, Mapping) or not isinstance(below, Mapping):
        return above
    return {key: laid_over(below.get(key), above[key]) if key in above else below[key] for key in {**below, **above}}


def fact_path(column: str) -> str:
    """The dotted path of a fact, or of a group of facts, named in full or by a last name that no other has."""
    found = [path for path in [*FIELDS, *sorted(GROUPS)] if column in (path, path.rpartition(".")[2])]
    assert len(found) == 1, f"column {column!r} is no expectation, and as a fact it means {found or 'nothing'}"
    return found[0]


def nested(path: str, value: Any) -> dict[str, Any]:
    first, _, rest = path.partition(".")
    return {first: nested(rest, value) if rest else value}


def shown(cell: Any) -> str:
    """A cell as it stands in a name."""
    if cell is None:
        return "unknown"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)


def expanded(table: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A case for each line of a table."""
    assert set(table) <= TABLE, f"unknown key in a table: {sorted(set(table) - TABLE)}"
    for row in table["rows"]:
        cells = dict(zip(table["columns"], row, strict=True))
        facts, expect = table.get("facts", {}), dict(table.get("expect", {}))
        readings = {**table.get("readings", {}), **cells.pop("readings", {})}
        name = table["name"]
        for column, cell in cells.items():
            name = name.replace(f"{{{column}}}", shown(cell))
        assert "{" not in name, f"no such column in the name {name!r}"
        cells.pop("case", None)  # words of the line for its name
        for column, cell in cells.items():
            if column not in EXPECTATIONS:
                facts = laid_over(facts, nested(fact_path(column), cell))
            elif cell is not None:
                expect[column] = cell
        yield {"name": name, "facts": facts, "readings": readings, "expect": expect}


def cases() -> Iterator[Case]:
    for path in sorted(Path(__file__).parent.joinpath("cases").glob("*.yaml")):
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        lines = [case for table in document.get("tables", []) for case in expanded(table)]
        for case in [*document.get("cases", []), *lines]:
            assert set(case) <= CASE, f"{path.stem}: unknown key in {case['name']}: {sorted(set(case) - CASE)}"
            facts = laid_over(document["given"], case["facts"])
            yield Case(f"{path.stem}: {case['name']}", facts, case.get("readings", {}), case["expect"])


def unmet(facts: Any, readings: dict[str, str], expect: dict[str, Any]) -> list[str]:
    """The expectations that the decision does not meet, in words."""
    try:
        decision = decide(facts, readings=readings)
    except BadFacts as refusal:
        wanted = expect.get("refused", [None])
        return [f"refused: {refusal}" for words in wanted if words is None or words not in str(refusal)]
    answer = decision_json(decision)
    cites = {f"{reason['instrument']} {reason['article']}" for reason in answer["reasons"]}
    rules = {reason["rule"] for reason in answer["reasons"]}
    duties = {duty["what"] for duty in answer["obligations"]}
    warnings = {warning["id"] for warning in answer["warnings"]}
    changes = {(entry["fact"], entry["value"]): entry["pathway"] for entry in answer["would_change"]}
    exact = {key: answer[key] for key in ("pathway", "options", "regime", "missing")}
    within = {"cites": cites, "rules": rules, "duties": duties, "warnings": warnings}
    wrong = [f"{key}: {exact[key]}" for key in exact if key in expect and exact[key] != expect[key]]
    wrong += [f"{key}: {within[key]}" for key in within if not set(expect.get(key, [])) <= within[key]]
    wrong += [f"not_{key}: {within[key]}" for key in within if set(expect.get(f"not_{key}", [])) & within[key]]
    wrong += [f"says no {words!r}" for words in expect.get("says", []) if words not in explain(decision, "zh")]
    wrong += [f"changes: {changes}" for one in expect.get("changes", []) if changes.get((one[0], one[1])) != one[2]]
    due = {duty["what"]: duty["due"] for duty in answer["obligations"]}
    wrong += [f"due: {due}" for what, day in expect.get("due", {}).items() if due.get(what) != day.isoformat()]
    return wrong + (["not refused"] if "refused" in expect else [])


ALL = list(cases())


@pytest.mark.parametrize(("facts", "readings", "expect"), [case[1:] for case in ALL], ids=[case.name for case in ALL])
def test_case(facts: Any, readings: dict[str, str], expect: dict[str, Any]) -> None:
    assert expect, "a case expects something"
    assert set(expect) <= EXPECTATIONS, f"unknown expectation in {sorted(expect)}"
    assert unmet(facts, readings, expect) == []


def test_there_are_many_cases_with_names_of_their_own() -> None:
    assert len(ALL) >= 1500
    assert len({case.name for case in ALL}) == len(ALL)


def test_every_turn_of_the_law_has_a_case_on_its_day_and_one_on_the_day_before() -> None:
    days = {case.facts.get("date") for case in ALL}
    turns = [turn for turn in book().turns if turn > book().parameters["known"]["first"]]
    assert [turn for turn in turns if not {turn, turn - timedelta(days=1)} <= days] == []


def test_every_rule_decides_or_supports_a_case() -> None:
    answered = (decide(case.facts, readings=case.readings) for case in ALL if "refused" not in case.expect)
    cited = {reason.rule for decision in answered for reason in decision.reasons}
    assert {rule["id"] for rule in book().rules} <= cited
