"""The decision table of the law written a second time, and held against the rules on whole grids of questions.

`by_the_table` follows the evaluation order of the provisions as a lawyer reads them, for questions of which everything
is known. It shares nothing with the rules: its days and numbers stand here in so many words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from itertools import combinations, pairwise, product
from typing import Any

import pytest
from law_questions import BURDEN, judged, without

from tongguan.law import FIELDS
from tongguan.law.book import book
from tongguan.model import Pathway

Question = Mapping[str, Any]
BASE: dict[str, Any] = {
    "data.state_secret": False,
    "data.core": False,
    "activity.act": "transmission",
    "recipient.country": "US",
    "data.personal": True,
    "data.important": False,
    "exporter.ciio": False,
    "exporter.processes_persons": 999_999,
    "data.persons": 0,
    "data.sensitive_persons": 0,
}
TURNS = [
    date(*day)
    for day in [
        *[(2017, 6, 1), (2021, 8, 31), (2021, 9, 1), (2021, 10, 31), (2021, 11, 1), (2022, 8, 31), (2022, 9, 1)],
        *[(2022, 11, 3), (2022, 11, 4), (2023, 5, 31), (2023, 6, 1), (2024, 3, 21), (2024, 3, 22), (2026, 11, 21)],
    ]
]
COUNTS = [
    *[(0, 0), (1, 0), (99_999, 0), (100_000, 0), (999_999, 0), (1_000_000, 0), (0, 1), (0, 9_999), (0, 10_000)],
    *[(99_999, 1), (99_999, 9_999), (999_999, 9_999), (100_000, 10_000), (1_000_000, 1)],
]
MET: dict[str, dict[str, bool]] = {
    "contract": {"party": True, "necessary": True},
    "hr": {"labour_rules": True, "collective_contract": True, "necessary": True},
    "emergency": {"necessary": True, "protects_life_health_property": True},
    "reexport": {"collected_abroad": True, "domestic_added": False},
}
LISTED = {
    "tianjin": date(2024, 5, 9),
    "beijing": date(2024, 8, 30),
    "shanghai": date(2025, 2, 8),
    "lingang": date(2025, 2, 8),
    "hainan": date(2025, 2, 20),
    "zhejiang": date(2025, 4, 10),
    "guangxi": date(2025, 8, 8),
    "jiangsu": date(2025, 8, 13),
    "chongqing": date(2025, 9, 5),
    "fujian": date(2025, 12, 25),
    "guangdong": date(2026, 5, 15),
}
MEMBERSHIP = "beijing-2024/retail/membership"
STANDS: list[dict[str, Any]] = [  # where the data stands: off the list, or in one of its parts
    {"activity.on_zone_list": False},
    {"activity.on_zone_list": True, "activity.zone_list_part": "assessment"},
    {"activity.on_zone_list": True, "activity.zone_list_part": "contract"},
]


def by_the_table(day: date, of: Question) -> str:
    """The path of a question of which everything is known, from 2017-06-01 on."""
    if of["data.state_secret"] or (of["data.core"] and day >= date(2021, 9, 1)):
        return "prohibited"
    if of.get("recipient.restricted") and of["data.personal"] and day >= date(2021, 11, 1):
        return "prohibited"
    if of.get("activity.foreign_authority_request") and day >= date(2021, 9, 1):
        return "approval_required"
    if of["activity.act"] == "none" or of["recipient.country"] == "CN":
        return "not_export"
    if not of["data.personal"] and not of["data.important"] and by_the_part(day, of) != "security_assessment":
        return "exempt"
    if day < date(2022, 9, 1):
        return before_the_measures(day, of)
    if of["data.important"]:
        return "security_assessment"
    return by_the_rules_of_2022(day, of) if day < date(2024, 3, 22) else by_the_rules_of_2024(day, of)


def before_the_measures(day: date, of: Question) -> str:
    owed = of["exporter.ciio"]
    owed |= of["data.important"] and day >= date(2021, 9, 1)
    owed |= of["data.personal"] and day >= date(2021, 11, 1)
    return "no_route" if owed else "exempt"


def by_the_rules_of_2022(day: date, of: Question) -> str:
    large = of["exporter.processes_persons"] >= 1_000_000
    if of["exporter.ciio"] or large or of["data.persons"] >= 100_000 or of["data.sensitive_persons"] >= 10_000:
        return "security_assessment"
    if day < date(2022, 11, 4):
        return "no_route"
    return "certification" if day < date(2023, 6, 1) else "standard_contract_or_certification"


def by_the_rules_of_2024(day: date, of: Question) -> str:
    persons, sensitive, ciio = of["data.persons"], of["data.sensitive_persons"], of["exporter.ciio"]
    ground = of.get("activity.ground")
    if ground in MET and all(of[f"activity.conditions.{name}"] is must for name, must in MET[ground].items()):
        return "exempt"
    if by_part := by_the_part(day, of):
        return by_part
    if not ciio and persons < 100_000 and sensitive == 0:
        return "exempt"
    if not ciio and (by_list := by_the_list(day, of, persons, sensitive)):
        return by_list
    if ciio or persons >= 1_000_000 or sensitive >= 10_000:
        return "security_assessment"
    return "standard_contract_or_certification"


def of_the_lines_of_beijing(day: date, of: Question) -> bool:
    in_force = date(2024, 8, 30) <= day <= date(2026, 5, 10)
    return bool(of.get("activity.zone_scenario")) and of.get("exporter.zone") == "beijing" and in_force


def by_the_part(day: date, of: Question) -> str | None:
    """What stands on a list goes by its part, whatever the numbers, where the list has no numbers for it."""
    zone = of.get("exporter.zone")
    if not zone or day < LISTED[zone] or of["exporter.ciio"] or of_the_lines_of_beijing(day, of):
        return None
    if not of["activity.on_zone_list"]:
        return None
    return {"assessment": "security_assessment", "contract": "standard_contract_or_certification"}[
        of["activity.zone_list_part"]
    ]


def by_the_list(day: date, of: Question, persons: int, sensitive: int) -> str | None:
    zone = of.get("exporter.zone")
    if of_the_lines_of_beijing(day, of):
        if persons >= 5_000_000 or sensitive >= 1_000_000:
            return "security_assessment"
        if persons >= 500_000 or sensitive >= 100_000:
            return "standard_contract_or_certification"
        return "zone_registration"
    if zone and day >= LISTED[zone] and not of["activity.on_zone_list"]:
        return "zone_registration"
    return None


def whole(**facts: Any) -> dict[str, Any]:
    """A whole question; facts by dotted path with __ for the dot."""
    question = {**BASE, **{path.replace("__", "."): value for path, value in facts.items()}}
    if not question["data.personal"]:
        question |= {"data.persons": 0, "data.sensitive_persons": 0}
    return question


def claimed_grounds() -> Iterator[dict[str, Any]]:
    """No ground, each ground met, and each with one condition that is not."""
    yield {}
    yield {"activity.ground": "trade"}
    for ground, wanted in MET.items():
        met = {"activity.ground": ground, **{f"activity.conditions.{name}": must for name, must in wanted.items()}}
        yield met
        for name, must in wanted.items():
            yield met | {f"activity.conditions.{name}": not must}


def disagreements(days: list[date], questions: list[dict[str, Any]]) -> list[Any]:
    return [
        (day, answer, table, question)
        for day in days
        for question in questions
        if (answer := judged({"date": day, **question}).pathway.value) != (table := by_the_table(day, question))
    ]


def test_volumes_kinds_and_exporters_on_every_turn() -> None:
    kinds = product((True, False), (True, False), (True, False), COUNTS, (999_999, 1_000_000))
    questions = [
        whole(
            data__personal=personal,
            data__important=important,
            exporter__ciio=ciio,
            data__persons=persons,
            data__sensitive_persons=sensitive,
            exporter__processes_persons=processed,
        )
        for personal, important, ciio, (persons, sensitive), processed in kinds
    ]
    assert disagreements(TURNS, questions) == []


def test_grounds_on_every_turn() -> None:
    exporters = product((True, False), (True, False), [(1, 0), (99_999, 0), (100_000, 0), (0, 1), (1_000_000, 0)])
    questions = [
        whole(data__important=important, exporter__ciio=ciio, data__persons=persons, data__sensitive_persons=sensitive)
        | ground
        for (important, ciio, (persons, sensitive)), ground in product(exporters, list(claimed_grounds()))
    ]
    assert disagreements(TURNS, questions) == []


def test_gates_on_every_turn() -> None:
    gates = product(*[(True, False)] * 4, ("transmission", "remote_access", "none"), ("US", "HK", "CN"), (True, False))
    questions = [
        whole(
            data__state_secret=secret,
            data__core=core,
            recipient__restricted=restricted,
            activity__foreign_authority_request=asked,
            activity__act=act,
            recipient__country=country,
            data__personal=personal,
            data__persons=100_000,
        )
        for secret, core, restricted, asked, act, country, personal in gates
    ]
    assert disagreements(TURNS, questions) == []


def test_zones_on_every_turn() -> None:
    before = [date.fromordinal(day.toordinal() - 1) for day in LISTED.values()]
    days = sorted({*before, *LISTED.values(), date(2024, 3, 21), date(2026, 5, 10), date(2026, 5, 11)})
    counts = [(99_999, 0), (100_000, 0), (499_999, 0), (500_000, 0), (1_000_000, 0), (4_999_999, 0), (5_000_000, 0)]
    counts += [(0, 1), (0, 10_000), (0, 99_999), (0, 100_000), (0, 999_999), (0, 1_000_000)]
    claims: list[dict[str, Any]] = [{"exporter.zone": zone, **stands} for zone in LISTED for stands in STANDS]
    claims += [{"exporter.zone": "beijing", "activity.zone_scenario": MEMBERSHIP, **stands} for stands in STANDS[:1]]
    own_lines = {"exporter.zone": "beijing", "activity.zone_scenario": MEMBERSHIP, "activity.on_zone_list": True}
    claims += [own_lines]
    questions = [
        whole(exporter__ciio=ciio, data__important=important, data__persons=persons, data__sensitive_persons=sensitive)
        | claim
        for claim, ciio, important, (persons, sensitive) in product(claims, (True, False), (True, False), counts)
        if not (ciio and important)
    ]
    questions += [
        whole(data__personal=False, exporter__ciio=ciio) | {"exporter.zone": zone, **stands}
        for zone, stands, ciio in product(LISTED, STANDS, (True, False))
    ]
    asked_for_a_part = date(2026, 5, 11)  # the list that follows has no lines of its own
    lined = [question for question in questions if own_lines.items() <= question.items()]
    assert disagreements([day for day in days if day < asked_for_a_part], lined) == []
    assert disagreements(days, [question for question in questions if question not in lined]) == []


# ---- Unknown facts, all that they could be -----------------------------------------------------------------------

COULD_BE: dict[str, list[Any]] = {  # one value for all that no rule tells apart
    "bool": [True, False],
    "act": ["transmission", "none"],
    "country": ["US", "CN"],
    "part": ["assessment", "contract", None],
    "count": [0, 1, 9_999, 10_000, 99_999, 100_000, 499_999, 500_000, 999_999, 1_000_000, 4_999_999, 5_000_000],
}
UNKNOWABLE = ["activity.act", "recipient.country", "data.personal", "data.important", "exporter.ciio"]
UNKNOWABLE += ["exporter.processes_persons", "data.persons", "data.sensitive_persons"]
SOME_DAYS = [
    date(2021, 10, 31),
    date(2022, 8, 31),
    date(2022, 11, 3),
    date(2024, 3, 21),
    date(2024, 3, 22),
    date(2026, 5, 10),
]
ON_LIST, PART = "activity.on_zone_list", "activity.zone_list_part"
ZONE = {"exporter.zone": "beijing", ON_LIST: True}
SITUATIONS: dict[str, dict[str, Any]] = {
    "few persons": whole(data__persons=99_999),
    "in the band": whole(data__persons=100_000),
    "many sensitive persons": whole(data__sensitive_persons=10_000),
    "an operator": whole(exporter__ciio=True, data__persons=1),
    "business data": whole(data__personal=False),
    "a contract": whole(data__persons=100_000)
    | {"activity.ground": "contract", "activity.conditions.party": True, "activity.conditions.necessary": True},
    "a re-export": whole(data__persons=1_000_000)
    | {
        "activity.ground": "reexport",
        "activity.conditions.collected_abroad": True,
        "activity.conditions.domestic_added": False,
    },
    "a zone": whole(data__persons=100_000) | ZONE | {PART: "contract"},
    "few persons in a zone": whole(data__persons=500) | ZONE | {PART: "assessment"},
    "business data in a zone": whole(data__personal=False) | ZONE | {PART: "assessment"},
    "membership in Beijing": whole(data__persons=500_000) | ZONE | {"activity.zone_scenario": MEMBERSHIP},
}


@cache
def answer_of(day: date, facts: tuple[tuple[str, Any], ...]) -> str:
    return by_the_table(day, dict(facts))


def possible_answers(day: date, known: Question, hidden: tuple[str, ...]) -> set[tuple[tuple[Any, ...], str]]:
    """What the hidden facts could be, and the answer of the table to each."""
    found = set()
    for values in product(*(COULD_BE[FIELDS[path]] for path in hidden)):
        question = {**known, **dict(zip(hidden, values, strict=True))}
        somebody = question["data.persons"] or question["data.sensitive_persons"]
        if (question["data.personal"] or not somebody) and in_a_part_of_its_list(question):
            found.add((values, answer_of(day, tuple(question.items()))))
    return found


def in_a_part_of_its_list(of: Question) -> bool:
    """Whether the question may be asked: what is on a list is in one part, what is off it in none."""
    return PART not in of or of[ON_LIST] == (of[PART] is not None)


@pytest.mark.parametrize("situation", SITUATIONS)
def test_what_is_unknown_is_judged_over_all_that_it_could_be(situation: str) -> None:
    """Up to three unknowns: the answer is definite where all completions agree, and missing names what tips it."""
    known = SITUATIONS[situation]
    open_facts = [
        path for path in [*UNKNOWABLE, *known] if path in (*UNKNOWABLE, ON_LIST, PART) or "conditions" in path
    ]
    open_facts = list(dict.fromkeys(open_facts))
    for day in SOME_DAYS:
        for hidden in [some for size in (1, 2, 3) for some in combinations(open_facts, size)]:
            if {"data.persons", "data.sensitive_persons"} <= {*hidden} and len(hidden) > 2:
                continue  # the large grids: two numbers at a time are enough
            answers = possible_answers(day, known, hidden)
            verdict = judged({"date": day, **without(known, hidden)})
            where = f"{situation}, {day}, unknown {hidden}"
            assert set(verdict.pathways) == {answer for _, answer in answers}, where
            tipping = {
                hidden[at] for at in range(len(hidden)) for group in groups_but_for(answers, at) if len(group) > 1
            }
            # Whether there is personal information is bound to the counts, and whether it is on a list to its part:
            # they may tip only together with these.
            bound = {"data.personal"} | ({ON_LIST} if PART in hidden else set())
            assert tipping <= set(verdict.missing()) <= tipping | (bound & {*hidden}), where
            assert bool(verdict.missing()) == (len(set(verdict.pathways)) > 1), where


def groups_but_for(answers: set[tuple[tuple[Any, ...], str]], at: int) -> list[set[str]]:
    """The answers of those completions that differ in one place only."""
    groups: dict[tuple[Any, ...], set[str]] = {}
    for values, answer in answers:
        groups.setdefault(values[:at] + values[at + 1 :], set()).add(answer)
    return list(groups.values())


# ---- More persons ------------------------------------------------------------------------------------------------

RISING = sorted(
    {0, 1, *(line + step for line in (10_000, 100_000, 500_000, 1_000_000, 5_000_000) for step in (-1, 0, 1))}
)
CONTEXTS: list[dict[str, Any]] = [
    {},
    ZONE,
    ZONE | {"activity.on_zone_list": False},
    ZONE | {"activity.zone_scenario": MEMBERSHIP},
    {"activity.zone_scenario": MEMBERSHIP},
    {"activity.ground": "contract", "activity.conditions.party": True, "activity.conditions.necessary": True},
    {"activity.ground": "contract", "activity.conditions.party": False},
    {"exporter.city": "深圳", "recipient.country": "HK"},
]

TOLD_BY_NUMBERS = ["large_handler", "persons_of_both_kinds", "persons_of_2022", "zone_for_ciio", "ground_for_ciio"]


@pytest.mark.parametrize("counted", ["data.persons", "data.sensitive_persons", "exporter.processes_persons"])
@pytest.mark.parametrize("reading", ["", *TOLD_BY_NUMBERS])
def test_more_persons_never_make_it_lighter(counted: str, reading: str) -> None:
    """On one day with all else equal, also with unknowns: neither the lightest nor the heaviest answer gets lighter."""
    taken = {reading: book().readings[reading]["other"]} if reading else {}
    overlap = {"data.persons_with_both": 0} if reading == "persons_of_both_kinds" else {}  # unknown, it grows as well
    others = [
        path for path in ("data.persons", "data.sensitive_persons", "exporter.processes_persons") if path != counted
    ]
    for day, context, ciio, first, second in product(
        SOME_DAYS, CONTEXTS, (True, False, None), (0, 9_999, 100_000, None), (0, None)
    ):
        facts = {**BASE, **context, **overlap, "date": day, "exporter.ciio": ciio, others[0]: first, others[1]: second}
        facts = {path: value for path, value in facts.items() if value is not None}
        spans = []
        for number in RISING:
            burdens = [BURDEN[Pathway(way)] for way in judged({**facts, counted: number}, taken).pathways]
            spans.append((min(burdens), max(burdens)))
        for (low, high), (next_low, next_high) in pairwise(spans):
            assert low <= next_low and high <= next_high, f"{facts} {counted} {spans}"
