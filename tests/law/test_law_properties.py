"""What must hold for all facts, drawn at random. Exhaustive grids are in test_law_grids.py."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import combinations, product
from typing import Any

import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from law_questions import (
    BURDEN,
    DAYS,
    FIRST,
    LINES,
    OPEN,
    PATHS,
    TODAY,
    VALUES,
    complete_facts,
    consistent,
    decided,
    judged,
    nested,
    pathway,
    readings,
    without,
)

from tongguan.law import FIELDS, cite_as_of, decide, decide_many, decision_json, explain, parse_facts
from tongguan.law.book import book
from tongguan.model import Pathway

often = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
seldom = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
hidden_paths = st.sets(st.sampled_from(OPEN), min_size=1)
ON_LIST, PART = "activity.on_zone_list", "activity.zone_list_part"
WITH_LINES = "beijing-2024/retail/membership"
COUNTS = ["data.persons", "data.sensitive_persons", "exporter.processes_persons"]


@often
@given(complete_facts())
def test_complete_facts_are_decided(facts: dict[str, Any]) -> None:
    decision = decided(facts)
    assert decision.missing == ()
    assert (decision.pathway == Pathway.UNDETERMINED) <= (decision.regime == "none")


@often
@given(complete_facts(), hidden_paths, readings, st.sampled_from(COUNTS), st.sampled_from(LINES))
def test_more_persons_never_make_a_lighter_answer(
    facts: dict[str, Any], hidden: set[str], taken: dict[str, str], path: str, more: int
) -> None:
    """Neither the lightest nor the heaviest answer that is possible gets lighter; so no definite one does."""
    known = without(facts, hidden - {path})
    known.setdefault("data.persons_with_both", 0)  # unknown, the overlap may grow with either number
    larger = {**known, path: known[path] + more}
    assume(consistent(larger))
    before, after = judged(known, taken).pathways, judged(larger, taken).pathways
    for end in (min, max):
        assert end(BURDEN[Pathway(way)] for way in after) >= end(BURDEN[Pathway(way)] for way in before)


@often
@given(complete_facts(), hidden_paths, readings)
def test_an_unknown_never_yields_an_answer_that_a_completion_contradicts(
    facts: dict[str, Any], hidden: set[str], taken: dict[str, str]
) -> None:
    decision = decided(without(facts, hidden), taken)
    if decision.pathway == Pathway.UNDETERMINED:
        return
    truth = decided(facts, taken)
    assert truth.pathway == decision.pathway
    assert set(decision.options) <= set(truth.options)
    # A definite answer rests on rules that hold in every completion, wherever one such rule exists.
    assert {reason.rule for reason in decision.reasons} & {reason.rule for reason in truth.reasons}


def completions(facts: Mapping[str, Any], hidden: list[str]) -> Iterator[dict[str, Any]]:
    """All ways to fill in the hidden facts that may be asked."""
    for values in product(*(VALUES[FIELDS[path]] for path in hidden)):
        whole = {**facts, **dict(zip(hidden, values, strict=True))}
        if whole["data.personal"] or not (whole["data.persons"] or whole["data.sensitive_persons"]):
            if PART in whole and not whole[ON_LIST]:
                continue
            parts = VALUES["part"] if whole[ON_LIST] and PART not in whole else [whole.get(PART)]
            yield from ({**whole, PART: part} for part in parts)


@seldom
@given(complete_facts(), st.lists(st.sampled_from(OPEN), min_size=1, max_size=3, unique=True))
def test_undetermined_exactly_where_completions_differ(facts: dict[str, Any], hidden: list[str]) -> None:
    """The judgement by splitting agrees with brute force over all completions, and names what can tip the answer."""
    # Which part it stands in goes unknown with whether it stands on the list, save where the list has lines of its own.
    assume(not (ON_LIST in hidden and facts.get("activity.zone_scenario") == WITH_LINES))
    verdict = judged(without(facts, hidden))
    answers = [(whole, pathway(whole)) for whole in completions(without(facts, hidden), hidden)]
    assert set(verdict.pathways) == {answer for _, answer in answers}
    tipping: set[str] = set()
    for (one, first), (other, second) in combinations(answers, 2):
        if first != second:
            apart = [path for path in (*hidden, PART) if one[path] != other[path]]
            tipping |= {*apart} if len(apart) == 1 else set()
    # Whether there is personal information is bound to the counts, and whether it is on a list to its part: they may
    # tip only together with these.
    assert tipping <= set(verdict.missing()) <= tipping | ({"data.personal", ON_LIST} & set(hidden))
    assert bool(verdict.missing()) == (len({answer for _, answer in answers}) > 1)


@often
@given(complete_facts(), st.sets(st.sampled_from(PATHS)), readings)
def test_reasons_rest_on_facts_of_the_question_and_on_articles_of_the_day(
    facts: dict[str, Any], hidden: set[str], taken: dict[str, str]
) -> None:
    known = without(facts, hidden)
    assume(consistent(known))
    decision = decided(known, taken)
    for reason in decision.reasons:
        assert reason.facts.items() <= known.items()
        assert reason.instrument and reason.article
    cites = [(reason.instrument, reason.article) for reason in decision.reasons]
    cites += [(duty.instrument, duty.article) for duty in decision.obligations]
    for instrument, article in cites:
        standing = cite_as_of(instrument, article, facts["date"])
        assert standing.stands, f"{instrument} {article} on {facts['date']}: {standing.why}"


@seldom
@given(complete_facts(), st.sets(st.sampled_from(PATHS)), st.randoms(use_true_random=False))
def test_the_order_of_keys_changes_nothing(facts: dict[str, Any], hidden: set[str], random: Any) -> None:
    known = without(facts, hidden)
    assume(consistent(known))
    shuffled = list(known)
    random.shuffle(shuffled)
    reordered = nested({path: known[path] for path in shuffled})
    text = yaml.safe_dump(reordered, allow_unicode=True, sort_keys=False)
    assert decision_json(decide(parse_facts(text, "f"))) == decision_json(decided(known))


@seldom
@given(complete_facts(), st.sets(st.sampled_from(["date", *PATHS])), readings)
def test_every_answer_can_be_told(facts: dict[str, Any], hidden: set[str], taken: dict[str, str]) -> None:
    known = without(facts, hidden)
    assume(consistent(known))
    decision = decided(known, taken)
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
    assert set(answer["missing"]).isdisjoint(known)
    for part in ("reasons", "obligations", "warnings", "would_change"):
        for entry in answer[part]:
            assert set(entry["text"]) == {"zh", "en"}
            assert not any("{" in text or not text for text in entry["text"].values())
    assert "{" not in explain(decision, "zh") + explain(decision, "en")


@often
@given(complete_facts(), st.sets(st.sampled_from(OPEN)), readings)
def test_what_would_change_the_answer_does_and_nothing_nearer(
    facts: dict[str, Any], hidden: set[str], taken: dict[str, str]
) -> None:
    known = without(facts, hidden)
    decision = decided(known, taken)
    for entry in decision.would_change:
        path, value = entry["fact"], entry["value"]
        assert pathway({**known, path: value}, taken) == entry["pathway"] != decision.pathway
        if entry["difference"] is None:
            spans = re.findall(
                r"= [\d,]+–([\d,]+) →", entry["text"]["en"]
            )  # what is unknown would settle it up to here
            for highest in spans:
                assert pathway({**known, path: int(highest.replace(",", ""))}, taken) == entry["pathway"]
            continue
        now = known[path]
        assert entry["difference"] == value - now
        assert f"{abs(value - now):,}" in entry["text"]["en"]
        low, high = sorted((now, value))
        step = 1 if value < now else -1  # the nearest value to the one named, on the near side
        nearer = {line for line in [*LINES, value + step, (low + high) // 2] if low < line < high}
        for other in nearer:
            assert pathway({**known, path: other}, taken) in (decision.pathway, Pathway.UNDETERMINED)


@seldom
@given(complete_facts(), st.sets(st.sampled_from(OPEN)))
def test_a_default_reading_may_be_taken_in_so_many_words(facts: dict[str, Any], hidden: set[str]) -> None:
    known = without(facts, hidden)
    defaults = {name: entry["default"] for name, entry in book().readings.items()}
    assert decision_json(decided(known, defaults)) == decision_json(decided(known))
    for name, value in defaults.items():
        assert decision_json(decided(known, {name: value})) == decision_json(decided(known))


@seldom
@given(complete_facts(), st.sets(st.sampled_from(OPEN)))
def test_a_claim_that_is_not_made_is_as_good_as_one_denied(facts: dict[str, Any], hidden: set[str]) -> None:
    claims = [path for path in book().claims if FIELDS[path] == "bool" and path in facts and not facts[path]]
    assume(claims)
    known = without(facts, hidden)
    assume(consistent(without(known, claims)))
    assert pathway(without(known, claims)) == pathway(known)


@seldom
@given(complete_facts(), st.sets(st.sampled_from(OPEN)))
def test_without_a_date_the_answer_holds_on_every_day(facts: dict[str, Any], hidden: set[str]) -> None:
    known = without(facts, [*hidden, "date"])
    assume(consistent(known))
    undated = decided(known)
    assert decision_json(undated)["date"] is None
    each = [judged({**known, "date": day}).pathways for day in sorted({FIRST, *DAYS})]
    possible = {way for ways in each for way in ways}
    assert (undated.pathway == Pathway.UNDETERMINED) == (len(possible) > 1)
    if undated.pathway != Pathway.UNDETERMINED:
        assert possible == {undated.pathway}
    elif any(len(ways) == 1 for ways in each):
        assert "date" in undated.missing


@seldom
@given(st.lists(complete_facts(), max_size=6), st.sets(st.sampled_from(["date", *OPEN])), readings)
def test_many_questions_are_answered_as_each_by_itself(
    questions: list[dict[str, Any]], hidden: set[str], taken: dict[str, str]
) -> None:
    """Answers may be shared among questions that no rule tells apart; each is as if nothing had been asked before."""
    near = [{**facts, "data.persons": facts["data.persons"] + 1} for facts in questions]
    known = [without(facts, hidden) for facts in [*questions, *near, *reversed(questions)]]
    asked = [nested(facts) for facts in known if consistent(facts)]
    alone = []
    for facts in asked:
        book().page(facts.get("date", TODAY)).answers.clear()
        alone.append(decision_json(decide(facts, readings=taken)))
    assert [decision_json(answer) for answer in decide_many(asked, readings=taken)] == alone


def test_the_days_asked_for_are_those_on_which_the_law_turns() -> None:
    assert {date(2017, 6, 1), date(2022, 9, 1), date(2024, 3, 22), date(2026, 1, 1)} <= set(DAYS)
