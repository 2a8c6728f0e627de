"""What must hold for all facts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import combinations, product
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from tongguan.law import decide, decision_json, explain, parse_facts
from tongguan.law.book import book
from tongguan.law.facts import ACTS, FIELDS, GROUNDS
from tongguan.law.verdict import judge
from tongguan.model import Decision, Pathway

DAYS = [*book().turns[1:], date(2026, 11, 21)]
LINES = sorted({0, 1, *(line + step for line in (10_000, 100_000, 500_000, 1_000_000, 5_000_000) for step in (-1, 0))})
BURDEN = {
    Pathway.NOT_EXPORT: 0,
    Pathway.EXEMPT: 0,
    Pathway.ZONE_REGISTRATION: 1,
    Pathway.NO_ROUTE: 2,
    Pathway.CERTIFICATION: 2,
    Pathway.CONTRACT_OR_CERTIFICATION: 2,
    Pathway.SECURITY_ASSESSMENT: 3,
    Pathway.APPROVAL_REQUIRED: 4,
    Pathway.PROHIBITED: 5,
}
VALUES: dict[str, list[Any]] = {  # values that the rules tell apart, and some that they do not
    "bool": [True, False],
    "count": LINES,
    "act": list(ACTS),
    "country": ["US", "HK", "MO", "CN"],
    "ground": list(GROUNDS),
    "zone": ["beijing", "tianjin"],
    "scenario": ["beijing-2024/retail/membership"],
    "text": ["深圳", "成都"],
}
USUALLY_FALSE = {"data.state_secret", "data.core", "recipient.restricted", "activity.foreign_authority_request"}
NOT_CLAIMED = {"activity.ground", "activity.zone_scenario", "exporter.zone", "exporter.city", "recipient.city"}
PATHS = [path for path in FIELDS if path != "date"]


@st.composite
def complete_facts(draw: st.DrawFn) -> dict[str, Any]:
    """Facts by dotted path, every one known (a claim may be not made), and consistent."""
    facts: dict[str, Any] = {"date": draw(st.sampled_from(DAYS))}
    for path in PATHS:
        values = VALUES[FIELDS[path]]
        if path in USUALLY_FALSE:
            facts[path] = draw(st.integers(0, 19)) == 0
        elif path not in NOT_CLAIMED or draw(st.booleans()):
            facts[path] = draw(st.sampled_from(values))
    if "activity.zone_scenario" in facts:  # a scenario leaves open whether the exporter is in its zone
        facts.setdefault("exporter.zone", draw(st.sampled_from(VALUES["zone"])))
    if not facts["data.personal"]:
        facts["data.persons"] = facts["data.sensitive_persons"] = 0
    return facts


def nested(facts: Mapping[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, value in facts.items():
        *groups, key = path.split(".")
        node = tree
        for group in groups:
            node = node.setdefault(group, {})
        node[key] = value
    return tree


def decided(facts: Mapping[str, Any]) -> Decision:
    return decide(nested(facts))


def without(facts: Mapping[str, Any], paths: set[str]) -> dict[str, Any]:
    return {path: value for path, value in facts.items() if path not in paths}


def pathway(facts: Mapping[str, Any]) -> Pathway:
    return judge(book().page(facts["date"]), without(facts, {"date"})).pathway


hidden_paths = st.sets(st.sampled_from([path for path in PATHS if path not in book().claims]), min_size=1)


@given(complete_facts())
def test_complete_facts_are_decided(facts: dict[str, Any]) -> None:
    decision = decided(facts)
    assert decision.missing == ()
    assert (decision.pathway == Pathway.UNDETERMINED) <= (decision.regime == "none")


@given(complete_facts(), st.sampled_from(["data.persons", "data.sensitive_persons"]), st.sampled_from(LINES))
def test_more_persons_never_make_a_lighter_path(facts: dict[str, Any], path: str, more: int) -> None:
    assume(facts["data.personal"])
    before, after = pathway(facts), pathway({**facts, path: facts[path] + more})
    if Pathway.UNDETERMINED not in (before, after):
        assert BURDEN[after] >= BURDEN[before]


@given(complete_facts(), hidden_paths)
def test_an_unknown_never_yields_an_answer_that_a_completion_contradicts(
    facts: dict[str, Any], hidden: set[str]
) -> None:
    decision = decided(without(facts, hidden))
    if decision.pathway == Pathway.UNDETERMINED:
        return
    truth = decided(facts)
    assert truth.pathway == decision.pathway
    assert set(decision.options) <= set(truth.options)
    # A definite answer rests on rules that hold in every completion, wherever one such rule exists.
    assert {reason.rule for reason in decision.reasons} & {reason.rule for reason in truth.reasons}


def completions(facts: Mapping[str, Any], hidden: list[str]) -> Iterator[dict[str, Any]]:
    """All consistent ways to fill in the hidden facts."""
    for values in product(*(VALUES[FIELDS[path]] for path in hidden)):
        whole = {**facts, **dict(zip(hidden, values, strict=True))}
        if whole["data.personal"] or not (whole["data.persons"] or whole["data.sensitive_persons"]):
            yield whole


@given(complete_facts(), st.lists(st.sampled_from(PATHS), min_size=1, max_size=2, unique=True))
def test_undetermined_exactly_where_completions_differ(facts: dict[str, Any], hidden: list[str]) -> None:
    """The judgement by splitting agrees with brute force over all completions, and names what can tip the answer."""
    hidden = [path for path in hidden if path not in book().claims]
    assume(hidden)
    assume(pathway(facts) != Pathway.UNDETERMINED)
    verdict = judge(book().page(facts["date"]), without(facts, {"date", *hidden}))
    answers = [(whole, pathway(whole)) for whole in completions(without(facts, set(hidden)), hidden)]
    assert set(verdict.pathways) == {answer for _, answer in answers}
    tipping = {
        next(path for path in hidden if one[path] != other[path])
        for (one, first), (other, second) in combinations(answers, 2)
        if first != second and sum(one[path] != other[path] for path in hidden) == 1
    }
    assert tipping <= set(verdict.missing()) <= set(hidden)
    assert set(verdict.missing()) - tipping <= {
        "data.personal"
    }  # it is bound to the counts, so it may tip only with them
    assert bool(verdict.missing()) == (len({answer for _, answer in answers}) > 1)


@given(complete_facts(), st.sets(st.sampled_from(PATHS)))
def test_the_facts_of_a_reason_are_facts_of_the_question(facts: dict[str, Any], hidden: set[str]) -> None:
    known = without(facts, hidden)
    for reason in decided(known).reasons:
        assert reason.facts.items() <= known.items()
        assert reason.instrument and reason.article


@given(complete_facts(), st.sets(st.sampled_from(PATHS)), st.randoms(use_true_random=False))
def test_the_order_of_keys_changes_nothing(facts: dict[str, Any], hidden: set[str], random: Any) -> None:
    known = without(facts, hidden)
    shuffled = list(known)
    random.shuffle(shuffled)
    reordered = nested({path: known[path] for path in shuffled})
    text = yaml.safe_dump(reordered, allow_unicode=True, sort_keys=False)
    assert decision_json(decide(parse_facts(text, "f"))) == decision_json(decided(known))


@given(complete_facts(), st.sets(st.sampled_from(["date", *PATHS])))
def test_every_answer_can_be_told(facts: dict[str, Any], hidden: set[str]) -> None:
    decision = decided(without(facts, hidden))
    answer = json.loads(json.dumps(decision_json(decision)))
    assert list(answer) == [
        "date",
        "regime",
        "pathway",
        "options",
        "reasons",
        "missing",
        "obligations",
        "warnings",
        "would_change",
    ]
    for part in ("reasons", "obligations", "warnings", "would_change"):
        for entry in answer[part]:
            assert set(entry["text"]) == {"zh", "en"}
            assert not any("{" in text or not text for text in entry["text"].values())
    assert "{" not in explain(decision, "zh") + explain(decision, "en")


@given(complete_facts(), st.sets(st.sampled_from(PATHS)))
def test_what_would_change_the_answer_does(facts: dict[str, Any], hidden: set[str]) -> None:
    known = without(facts, hidden)
    decision = decided(known)
    for entry in decision.would_change:
        changed = pathway({**known, entry["fact"]: entry["value"]})
        assert changed == entry["pathway"] != decision.pathway


@pytest.mark.parametrize("day", [day for day in DAYS if day >= date(2017, 6, 1)])
def test_without_a_date_the_answer_holds_on_every_day(day: date) -> None:
    facts = {"data": {"important": True, "state_secret": False, "core": False}, "activity": {"act": "none"}}
    undated, dated = decide(facts), decide({**facts, "date": day})
    assert undated.pathway in (Pathway.UNDETERMINED, dated.pathway)
    assert decision_json(undated)["date"] is None
