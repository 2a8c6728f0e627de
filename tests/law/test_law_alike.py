"""Questions that are alike share an answer: it must be the one that each would have had alone."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import pytest

from tongguan.errors import BadFacts
from tongguan.law import FIELDS, decide, decide_many
from tongguan.law.asking import choices
from tongguan.law.book import book
from tongguan.law.facts import Facts

DAYS = [day for turn in book().turns[1:] for day in (turn - timedelta(days=1), turn) if day >= date(2017, 1, 1)]
CITIES = ["深圳", "深圳市", "shenzhen", "成都", "Berlin"]


def any_count(dice: random.Random) -> int:
    """Any number, often one at a line of the law."""
    line = dice.choice([0, 1, 10_000, 100_000, 500_000, 1_000_000, 5_000_000])
    return dice.choice([line, max(line - 1, 0), line + 1, dice.randrange(2 * line + 2)])


def any_value(path: str, dice: random.Random) -> Any:
    kind = FIELDS[path]
    if kind == "bool":
        return dice.random() < 0.3
    if kind == "count":
        return any_count(dice)
    if kind == "date":
        return dice.choice(DAYS)
    return dice.choice(CITIES) if kind == "text" else dice.choice(choices(path))


def any_facts(dice: random.Random) -> Facts | None:
    """Some facts; None where they contradict each other."""
    known = {path: any_value(path, dice) for path in FIELDS if path != "date" and dice.random() < 0.5}
    nested: dict[str, Any] = {"date": dice.choice(DAYS)}
    for path, value in known.items():
        *groups, key = path.split(".")
        node = nested
        for group in groups:
            node = node.setdefault(group, {})
        node[key] = value
    try:
        return Facts.of(nested)
    except BadFacts:
        return None


def some(count: int, seed: int) -> list[Facts]:
    dice = random.Random(seed)
    found: list[Facts] = []
    while len(found) < count:
        facts = any_facts(dice)
        if facts is not None:
            found.append(facts)
    return found


def neighbours(facts: Facts, dice: random.Random) -> list[Facts]:
    """The same facts with other numbers: most of them alike, some beyond a line."""
    counts = [path for path in facts.values if FIELDS[path] == "count"]
    moved = [dict(facts.values) | {path: any_count(dice) for path in counts} for _ in range(6)]
    return [Facts(values) for values in moved]


@pytest.mark.parametrize("readings", [{}, {name: str(entry["other"]) for name, entry in book().readings.items()}])
def test_a_shared_answer_is_the_one_that_it_would_have_had_alone(readings: dict[str, str]) -> None:
    dice = random.Random(11)
    asked = [other for facts in some(150, 7) for other in (facts, *neighbours(facts, dice))]
    shared = decide_many(asked, readings=readings)
    for facts, answer in zip(asked, shared, strict=True):
        book().turn_anew()
        assert decide(facts, readings=readings) == answer


def test_many_are_answered_in_their_order_and_the_first_that_is_wrong_is_named() -> None:
    asked = some(40, 3)
    assert decide_many(asked) == [decide(facts) for facts in asked]
    with pytest.raises(BadFacts, match=r"question 2: data.persons: expected a whole number"):
        decide_many([{"date": "2026-01-01"}, {"data": {"persons": -1}}])


def test_what_no_rule_asks_for_is_not_told_apart() -> None:
    page = book().page(date(2026, 11, 21))
    page.answers.clear()
    for number in range(60):
        for city in ("成都", "重庆市", "Berlin"):
            decide({"date": "2026-11-21", "exporter": {"city": city}, "data": {"persons": 200_000 + number}})
    assert page.answers[("answers", "national")].size == 1


def test_what_is_kept_is_bounded_over_all_days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tongguan.law.book.MOST_KEPT", 50)
    book().turn_anew()
    for day in DAYS:
        for number in range(20):  # each is a way of its own: these numbers are added up
            asked = {"date": day, "data": {"persons": 5_000_000 + number, "sensitive_persons": 1}}
            decide(asked, readings={"persons_of_both_kinds": "left_out", "persons_of_2022": "together"})
    pages = {id(page.answers): page.answers for page in book().pages()}
    assert sum(tree.size for answers in pages.values() for tree in answers.values()) <= 50
