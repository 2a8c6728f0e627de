"""The law of every day is what chronicle.yaml says began before and has not ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from tongguan.law.book import Duty, Page, Rule, book
from tongguan.law.rules import CONDITIONS

DAY = timedelta(days=1)
Facts = frozenset[tuple[str, str]]  # what is, and one thing that is said of it


def chronicle() -> Iterator[tuple[date, Facts]]:
    """Each day on which something turns, and what holds from then on."""
    written = yaml.safe_load(Path(__file__).with_name("chronicle.yaml").read_text(encoding="utf-8"))
    standing: set[tuple[str, str]] = set()
    for day, lines in written.items():
        for line in lines.get("ends", ()):
            gone = parts(line) if ": " in line else {fact for fact in standing if fact[0] == line}
            assert gone and gone <= standing, f"{day}: nothing such as {line} could end"
            standing -= gone
        for line in lines.get("begins", ()):
            assert not parts(line) & standing, f"{day}: {line} holds already"
            standing |= parts(line)
        yield (date.min if day == "beginning" else day), frozenset(standing)


def parts(line: str) -> set[tuple[str, str]]:
    what, _, said = line.partition(": ")
    return {(what, one) for one in said.split(", ")}


STRETCHES = list(chronicle())


@pytest.mark.parametrize(("day", "wanted"), STRETCHES, ids=[str(day) for day, _ in STRETCHES])
def test_what_holds_from_that_day_on(day: date, wanted: Facts) -> None:
    held = frozenset(facts(book().page(day)))
    assert (sorted(held - wanted), sorted(wanted - held)) == ([], [])


@pytest.mark.parametrize(
    ("day", "wanted"),
    [(after - DAY, before[1]) for before, (after, _) in pairwise(STRETCHES)],
    ids=[str(day) for day, _ in STRETCHES[1:]],
)
def test_what_held_to_the_day_before(day: date, wanted: Facts) -> None:
    held = frozenset(facts(book().page(day)))
    assert (sorted(held - wanted), sorted(wanted - held)) == ([], [])


def test_nothing_turns_on_any_other_day() -> None:
    assert [day for day in book().turns if day not in dict(STRETCHES)] == []


READINGS = {  # the reading taken unless told otherwise, the other, and the article that leaves both
    "ground_for_ciio": "open or closed, PROMO-2024 第七条第二款",
    "hr_documents": "both or either, PROMO-2024 第五条第一款第二项",
    "zone_for_ciio": "closed or open, PROMO-2024 第六条",
    "list_of_another_zone": "open or closed, PROMO-2024 第六条",
    "gba_for_ciio": "closed or open, PIPL 第四十条",
    "large_handler": "gone or kept, PROMO-2024 第十三条",
    "persons_of_both_kinds": "counted or left_out, PROMO-2024 第七条第一款第二项",
    "persons_of_2022": "apart or together, SA-2022 第四条第三项",
    "contract_covers": "both or sensitive_part, PROMO-2024 第八条",
    "statutory_duty": "no_exemption or exemption, NDSR 第三十五条第六项",
    "treaty": "exemption or no_exemption, PIPL 第三十八条第二款",
}


def test_the_readings_and_where_the_text_leaves_them() -> None:
    assert {
        key: f"{one['default']} or {one['other']}, {one['instrument']} {one['article']}"
        for key, one in book().readings.items()
    } == READINGS


def facts(page: Page) -> Iterator[tuple[str, str]]:
    """What the law of a day holds, in the words of the chronicle."""
    yield "regime", page.regime
    yield "counting from", page.window_starts
    yield from ((f"number {name}", str(number)) for name, number in page.numbers.items())
    yield from ((f"list {zone}", listed) for zone, listed in page.lists.items())
    yield from resting_on(page)
    for key, scenario in page.scenarios.items():
        yield from ((f"scenario {key}", f"{name} {number}") for name, number in scenario.numbers.items())
    for rule in page.rules:
        yield from ((f"rule {rule.id}", said) for said in of_rule(rule))
    for duty in page.duties:
        yield from ((f"duty {duty.id}", said) for said in of_duty(duty))


def resting_on(page: Page) -> Iterator[tuple[str, str]]:
    """Where the numbers and what is counted of a day stand."""
    parameters = book().parameters
    entries = {f"number {name}": periods for name, periods in parameters["numbers"].items()}
    entries |= {"counting from": parameters["windows"], "lists_shared": parameters["lists_shared"]}
    recipients = parameters["greater_bay_area"]["recipients"]
    entries |= {f"gba_recipient {code}": periods for code, periods in recipients.items()}
    for what, periods in entries.items():
        for entry in periods:
            if entry.get("from", date.min) <= page.first <= entry.get("to", date.max) and "instrument" in entry:
                yield what, f"{entry['instrument']} {entry.get('article', '')}".strip()


def of_rule(rule: Rule) -> Iterator[str]:
    yield rule.pathway
    yield from (f"{cite.instrument.id} {cite.article}" for cite in rule.cites)


def of_duty(duty: Duty) -> Iterator[str]:
    yield f"{duty.cite.instrument.id} {duty.cite.article}".strip()
    if isinstance(duty.due, Mapping):
        yield f"due {duty.due['months']} months after {duty.due['after']}"
    elif duty.due:
        yield f"due {duty.due}"
    began: Any = duty.unless.get("activity.began")
    if began:
        yield f"unless begun from {began['from']} on"


def test_every_rule_has_its_condition_and_every_condition_its_rule() -> None:
    assert {rule["id"] for rule in book().rules} == set(CONDITIONS)
