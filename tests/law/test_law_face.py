"""The rest of the public face: windows, names, text, speed."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
import time
from datetime import date

import pytest

from tongguan.law import (
    country_name,
    decide,
    decision_json,
    explain,
    fact_name,
    parse_facts,
    pathway_name,
    regime_name,
    thresholds,
    window,
)
from tongguan.law.facts import FIELDS
from tongguan.law.naming import country_codes
from tongguan.model import Pathway

QUESTION = """\
date: 2025-03-03
exporter: {ciio: false}
recipient: {country: JP}
data: {personal: true, important: false, core: false, state_secret: false, persons: 230000, sensitive_persons: 0}
activity: {act: transmission}
"""


@pytest.mark.parametrize(
    ("as_of", "start"),
    [
        (date(2022, 9, 1), date(2021, 1, 1)),
        (date(2024, 3, 21), date(2023, 1, 1)),
        (date(2024, 3, 22), date(2024, 1, 1)),
        (date(2025, 12, 31), date(2025, 1, 1)),
        (date(2026, 1, 1), date(2026, 1, 1)),
        (date(2020, 5, 5), date(2019, 1, 1)),
        (date.min, date.min),
    ],
)
def test_window(as_of: date, start: date) -> None:
    assert window(as_of) == (start, as_of)


def test_thresholds() -> None:
    assert thresholds(date(2024, 3, 21)) == {"persons": (100_000,), "sensitive_persons": (10_000,)}
    assert thresholds(date(2024, 3, 22)) == {"persons": (100_000, 1_000_000), "sensitive_persons": (1, 10_000)}
    assert thresholds(date(2022, 8, 31)) == {"persons": (), "sensitive_persons": ()}


def test_names() -> None:
    assert country_name("JP", "zh") == "日本" and country_name("JP", "en") == "Japan"
    assert country_name("NO", "zh") == "挪威"
    assert country_name("QQ", "en") == "QQ" and country_name(None, "zh") == "不明"
    assert pathway_name("exempt", "zh") == "豁免" and pathway_name("gba_standard_contract", "en")
    assert regime_name("2024", "en").startswith("the 2024 rules")
    for language in ("zh", "en"):
        assert all(pathway_name(pathway, language) for pathway in Pathway)
        assert all(fact_name(path, language) for path in FIELDS)


def test_countries_are_all_there_and_named_apart() -> None:
    assert len(country_codes()) == 250  # 249 of ISO 3166-1, and XK
    assert all(re.fullmatch("[A-Z]{2}", code) for code in country_codes())
    for language in ("zh", "en"):
        assert len({country_name(code, language) for code in country_codes()}) == 250


def test_text_for_people() -> None:
    decision = decide(parse_facts(QUESTION, "f"))
    chinese, english = explain(decision, "zh"), explain(decision, "en")
    for words in (
        "结论: 标准合同或认证",
        "《促进和规范数据跨境流动规定》第八条",
        "230,000",
        "还差 770,000",
        "十个工作日",
    ):
        assert words in chinese
    for words in ("Answer: standard contract or certification", "2025-03-03", "Ways open", "770,000 more"):
        assert words in english
    assert not re.search("[\u4e00-\u9fff]", re.sub("《[^》]*》[^ )]*", "", english))


def test_text_names_what_is_missing() -> None:
    text = explain(decide({"date": "2025-03-03"}), "en")
    assert "Answer: undetermined" in text and "(data.persons)" in text and "If so:" in text


def test_what_a_missing_number_would_settle() -> None:
    facts = {"date": "2025-03-03", "exporter": {"ciio": False}, "recipient": {"country": "JP"}}
    data = {"state_secret": False, "core": False, "important": False, "personal": True, "sensitive_persons": 0}
    decision = decide({**facts, "data": data, "activity": {"act": "transmission"}})
    assert decision.missing == ("data.persons",)
    assert [(entry["value"], entry["pathway"], entry["text"]["en"]) for entry in decision.would_change] == [
        (0, "exempt", "persons (non-sensitive) = 0–99,999 → exempt"),
        (
            100_000,
            "standard_contract_or_certification",
            "persons (non-sensitive) = 100,000–999,999 → standard contract or certification",
        ),
        (1_000_000, "security_assessment", "persons (non-sensitive) = ≥ 1,000,000 → security assessment"),
    ]


@pytest.mark.parametrize(
    ("persons", "sensitive", "fact", "value"),
    [
        (101, 99, "data.persons", 1_000_099),  # all 99 may be of both kinds: only then is the line reached for certain
        (500_000, 7, "data.persons", 1_000_007),
        (150_000, 9_999, "data.persons", 1_009_999),
        (1_000_100, 50, "data.persons", 999_999),
    ],
)
def test_lines_where_it_is_unknown_who_is_of_both_kinds(persons: int, sensitive: int, fact: str, value: int) -> None:
    data = {"personal": True, "important": False, "core": False, "state_secret": False}
    question = {
        "date": "2025-03-03",
        "exporter": {"ciio": False},
        "recipient": {"country": "JP"},
        "data": {**data, "persons": persons, "sensitive_persons": sensitive},
        "activity": {"act": "transmission"},
    }
    readings = {"persons_of_both_kinds": "left_out"}
    entries = {(one["fact"], one["value"]): one for one in decide(question, readings=readings).would_change}
    for (path, changed), entry in entries.items():
        if path in ("data.persons", "data.sensitive_persons"):
            turned = {**question, "data": {**question["data"], path.removeprefix("data."): changed}}
            assert decide(turned, readings=readings).pathway == entry["pathway"]
    assert (fact, value) in entries


def test_the_answer_as_json() -> None:
    answer = decision_json(decide(parse_facts(QUESTION, "f")))
    assert answer["pathway"] == "standard_contract_or_certification"
    assert answer["reasons"][0]["facts"]["data.persons"] == 230000
    nearest = {
        (entry["fact"], entry["value"], entry["pathway"], entry["difference"]) for entry in answer["would_change"]
    }
    assert nearest == {
        ("data.persons", 1_000_000, "security_assessment", 770_000),
        ("data.persons", 99_999, "exempt", -130_001),
        ("data.sensitive_persons", 10_000, "security_assessment", 10_000),
        ("exporter.ciio", True, "security_assessment", None),
        ("data.important", True, "security_assessment", None),
    }


def test_one_decision_takes_less_than_a_millisecond() -> None:
    facts = parse_facts(QUESTION, "f")
    decide(facts)
    start = time.process_time()
    for _ in range(200):
        decide(facts)
    assert (time.process_time() - start) / 200 < 0.001


def test_a_cold_start_is_light() -> None:
    code = (
        "import sys; from tongguan.law import decide, explain, parse_facts;"
        f"print(explain(decide(parse_facts({QUESTION!r}, 'f')), 'zh'));"
        "sys.exit(any(name in sys.modules for name in ('numpy', 'pydantic', 'pyarrow')))"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.5
