"""Destinations: dated facts of foreign law, what is not verified, and bulk thresholds."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tongguan.errors import BadFacts
from tongguan.law import (
    bulk_categories,
    country_codes,
    destination,
    destination_json,
    destination_text,
    destinations,
    threshold,
)
from tongguan.law.book import book
from tongguan.law.citing import article_number
from tongguan.law.destinations import TOPICS, begins, data

TODAY = date(2026, 11, 21)
CONFIDENCES = {"official", "secondary", "memory", "seed", "interpretation"}
CARDS: dict[str, dict[str, Any]] = data()["destinations"]
ENTRIES = [(regime, entry) for regime, card in CARDS.items() for entry in [*card["facts"], *data()["everywhere"]]]


def texts(country: str, topic: str, day: date, language: str = "en") -> str:
    card = destination(country, day)
    assert card is not None
    return " ".join(fact.text[language] for fact in card.topic(topic))


# ---- Coverage -------------------------------------------------------------------------------------------------------


def test_the_jurisdictions_of_the_base_are_there() -> None:
    wanted = [
        "EU",
        "GB",
        "CH",
        "US",
        "SG",
        "JP",
        "KR",
        "RU",
        "IN",
        "BR",
        "ZA",
        "VN",
        "ID",
        "TH",
        "MY",
        "SA",
        "AE",
        "AU",
        "TR",
        "HK",
        "MO",
        "TW",
        "CA",
        "NZ",
        "MX",
        "PH",
        "KE",
        "NG",
    ]
    assert set(wanted) <= set(CARDS)
    assert len(destinations(TODAY)) == len(CARDS) >= 25


def test_every_country_has_an_answer_and_none_is_silence() -> None:
    covered = 0
    for code in country_codes():
        answer = destination_json(code, TODAY)
        assert answer["text"]["zh"] and answer["text"]["en"] and answer["name"]["zh"]
        assert answer["covered"] == (destination(code, TODAY) is not None)
        covered += answer["covered"]
        if answer["covered"]:
            assert [topic["topic"] for topic in answer["topics"]] == list(TOPICS)
            assert all(topic["facts"] for topic in answer["topics"])
        else:
            assert answer["topics"] == [] and answer["regime"] is None
        json.dumps(answer)
    assert covered >= 57  # thirty of the EU and EEA, and the others


@pytest.mark.parametrize("code", ["AR", "IL", "CN", "UY"])
def test_what_is_not_covered_says_so(code: str) -> None:
    assert destination(code, TODAY) is None
    said = destination_text(code, TODAY, "zh")
    assert ("不是境外接收地" in said) if code == "CN" else ("未收录" in said)


def test_a_state_of_the_union_has_the_card_of_the_union() -> None:
    germany, iceland, union = (destination(code, TODAY) for code in ("DE", "IS", "EU"))
    assert germany and iceland and union
    assert germany.regime == iceland.regime == "EU"
    assert germany.facts == iceland.facts == union.facts
    assert destination_json("DE", TODAY)["name"]["zh"] == "德国"
    assert destination("GB", TODAY) != union


def test_no_country_has_two_cards_and_every_code_is_one() -> None:
    codes = [code for card in CARDS.values() for code in card["codes"]]
    assert len(codes) == len(set(codes))
    assert set(codes) <= country_codes() - {"CN"}


@pytest.mark.parametrize("code", ["", "usa", "us", "ZZ", "XX1", None, 7, ["US"]])
def test_what_is_no_country_is_refused_with_an_example(code: Any) -> None:
    with pytest.raises(BadFacts, match="ISO 3166-1 alpha-2") as caught:
        destination(code, TODAY)
    assert "SG" in str(caught.value)


# ---- The facts as data ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("regime", "entry"), ENTRIES)
def test_a_fact_says_where_it_stands_and_how_it_is_known(regime: str, entry: dict[str, Any]) -> None:
    known = {"topic", "from", "to", "published", "cite", "cites", "source", "confidence", "zh", "en"}
    assert set(entry) <= known, regime
    assert entry["topic"] in TOPICS
    assert entry["confidence"] in CONFIDENCES
    assert entry.get("cite") or entry.get("cites")
    assert re.search(r"[\u4e00-\u9fff]", entry["zh"]) and re.search(r"[A-Za-z]", entry["en"])
    assert entry.get("source", "https://").startswith(("https://", "http://"))
    first, last = begins(entry), entry.get("to")
    assert first is None or last is None or first <= last
    for cite in entry.get("cites", ()):
        instrument = book().instruments[cite["instrument"]]
        assert instrument.in_force(entry["from"])
        if cite["article"]:
            assert 1 <= article_number(cite["article"]) <= (instrument.articles or 1000)


def test_what_was_read_officially_names_its_page_or_is_chinese_law() -> None:
    bare = [
        (regime, entry["en"])
        for regime, entry in ENTRIES
        if entry["confidence"] == "official"
        and "source" not in entry
        and "cites" not in entry
        and entry["topic"] != "open"
    ]
    assert bare == []


def test_partly_known_days_count_from_their_end() -> None:
    assert begins({"from": "2025-09"}) == date(2025, 9, 30)
    assert begins({"from": "2024-02"}) == date(2024, 2, 29)
    assert begins({"from": "2018"}) == date(2018, 12, 31)
    assert begins({"published": date(2025, 1, 8)}) == date(2025, 1, 8)
    assert begins({"from": date(2025, 4, 8), "published": date(2025, 1, 8)}) == date(2025, 4, 8)
    assert begins({}) is None


def test_a_topic_without_a_fact_is_not_verified_and_is_named_among_the_open_ones() -> None:
    card = destination("PH", TODAY)
    assert card is not None
    assert [fact.confidence for fact in card.topic("representative")] == ["unverified"]
    assert "不等于没有" in card.topic("representative")[0].text["zh"]
    assert "representative and officer" in card.topic("open")[-1].text["en"]
    assert "statutes" not in card.topic("open")[-1].text["en"]


# ---- Days -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("country", "topic", "first", "words"),
    [
        ("US", "transfer", date(2025, 4, 8), "covered person"),
        ("US", "contract", date(2025, 10, 6), "independent audit"),
        ("US", "statute", date(2024, 6, 23), "foreign adversary"),
        ("US", "government_access", date(2018, 3, 23), "wherever they are stored"),
        ("DE", "statute", date(2018, 5, 25), "General Data Protection Regulation"),
        ("DE", "adequacy", date(2019, 1, 23), "Japan was added"),
        ("DE", "adequacy", date(2021, 6, 28), "The UK was added"),
        ("DE", "adequacy", date(2021, 12, 17), "Korea was added"),
        ("DE", "adequacy", date(2023, 7, 10), "certified organisations only"),
        ("DE", "adequacy", date(2025, 12, 19), "to 2031-12-27"),
        ("DE", "open", date(2025, 9, 3), "appeal was lodged"),
        ("DE", "adequacy", date(2025, 7, 15), "European Patent Organisation"),
        ("GB", "transfer", date(2026, 2, 5), "materially lower"),
        ("GB", "adequacy", date(2023, 10, 12), "UK extension"),
        ("CH", "adequacy", date(2024, 9, 15), "framework"),
        ("RU", "localisation", date(2025, 7, 1), "databases abroad may not be used"),
        ("IN", "statute", date(2026, 11, 13), "consent managers"),
        ("IN", "transfer", date(2027, 5, 13), "unless the government restricts"),
        ("VN", "transfer", date(2026, 1, 1), "60 days"),
        ("MX", "regulator", date(2025, 3, 21), "Anti-Corruption"),
        ("MY", "representative", date(2025, 6, 1), "20,000"),
        ("HK", "transfer", date(2023, 12, 13), "Greater Bay Area"),
        ("MO", "transfer", date(2024, 9, 10), "Greater Bay Area"),
        ("MO", "regulator", date(2024, 2, 1), "DSPDP"),
        ("HK", "sector", date(2026, 1, 1), "12 hours"),
        ("NZ", "long_arm", date(2020, 12, 1), "overseas agency"),
        ("SG", "breach", date(2021, 2, 1), "3 calendar days"),
        ("TR", "transfer", date(2024, 6, 1), "standard contract"),
    ],
)
def test_a_fact_counts_from_its_first_day(country: str, topic: str, first: date, words: str) -> None:
    assert words in texts(country, topic, first)
    assert words not in texts(country, topic, first - timedelta(days=1))


@pytest.mark.parametrize(
    ("country", "topic", "last", "words"),
    [
        ("RU", "localisation", date(2025, 6, 30), "stored in databases in Russia"),
        ("MO", "regulator", date(2024, 1, 31), "GPDP"),
        ("VN", "statute", date(2025, 12, 31), "Decree on personal data protection"),
        ("FR", "adequacy", date(2025, 12, 18), "The UK was added"),
        ("FR", "adequacy", date(2031, 12, 27), "decision on the UK was renewed"),
    ],
)
def test_a_fact_counts_to_its_last_day(country: str, topic: str, last: date, words: str) -> None:
    assert words in texts(country, topic, last)
    assert words not in texts(country, topic, last + timedelta(days=1))


def test_the_days_are_those_of_the_timetable() -> None:
    table = yaml.safe_load(Path(__file__).parent.joinpath("destinations_timetable.yaml").read_text(encoding="utf-8"))
    held = {
        regime: [
            f"{entry['topic']} {entry.get('from', '')}..{entry.get('to', '')}"
            + (f" ({entry['published']})" if "published" in entry else "")
            for entry in card["facts"]
            if entry.keys() & {"from", "to", "published"}
        ]
        for regime, card in [*CARDS.items(), ("everywhere", {"facts": data()["everywhere"]})]
    }
    assert {regime: sorted(rows) for regime, rows in held.items() if rows} == {
        regime: sorted(rows) for regime, rows in table.items()
    }


def test_the_chinese_rules_beside_a_foreign_demand() -> None:
    cited = [
        [f"{cite['instrument']} {cite['article']}" for cite in entry["cites"]] + [str(entry["from"])]
        for entry in data()["everywhere"]
    ]
    assert cited == [
        ["PIPL 第四十一条", "2021-11-01"],
        ["DSL 第三十六条", "2021-09-01"],
        ["PIPL 第四十二条", "PIPL 第四十三条", "2021-11-01"],
        ["SCC-2023 第五条", "SCC-2023 第六条", "2023-06-01"],
    ]


def test_what_is_published_and_not_yet_in_force_is_coming() -> None:
    card = destination("IN", TODAY)
    assert card is not None and len(card.coming) == 3
    assert {fact.since for fact in card.coming} == {"2027-05-13"}
    before = destination("IN", date(2025, 11, 12))
    assert before is not None and before.coming == ()
    assert "尚未生效" in destination_text("IN", TODAY, "zh")


@given(st.sampled_from(sorted(CARDS)), st.dates(date(2017, 1, 1), date(2035, 1, 1)))
def test_on_every_day_every_topic_answers_and_nothing_is_out_of_its_days(regime: str, day: date) -> None:
    card = destination(regime, day)
    assert card is not None
    for topic in TOPICS:
        assert card.topic(topic)
    for fact in card.facts:
        assert fact.until is None or fact.until >= day.isoformat()
        assert fact.since is None or fact.since <= day.isoformat()
    assert all(fact.since is not None and fact.since > day.isoformat() for fact in card.coming)


def test_texts_are_complete_in_both_languages() -> None:
    for card in destinations(TODAY):
        zh, en = (destination_text(card.regime, TODAY, language) for language in ("zh", "en"))
        assert zh.count("\n  - ") == en.count("\n  - ") == len(card.facts) + len(card.coming)
        assert not re.search(r"[\u4e00-\u9fff]", re.sub(r"《[^》]*》[^ ,)]*", "", en)), card.regime


def test_a_chinese_approval_stands_beside_every_foreign_demand() -> None:
    for card in destinations(TODAY):
        cited = {(cite.instrument.id, cite.article) for fact in card.topic("government_access") for cite in fact.cites}
        assert {("PIPL", "第四十一条"), ("DSL", "第三十六条")} <= cited
    early = destination("US", date(2021, 8, 31))
    assert early is not None and not any(fact.cites for fact in early.facts)


# ---- Bulk thresholds ------------------------------------------------------------------------------------------------

LINES = {
    "human_genomic": 100,
    "human_omic": 1_000,
    "biometric": 1_000,
    "precise_geolocation": 1_000,
    "health": 10_000,
    "financial": 10_000,
    "covered_identifiers": 100_000,
}


@pytest.mark.parametrize(("category", "line"), LINES.items())
def test_a_threshold_on_both_sides_and_in_both_readings(category: str, line: int) -> None:
    strict = {"bulk_line": "more_than"}
    assert threshold("US", category, line - 1, TODAY).reached is False
    assert threshold("US", category, line, TODAY).reached is True
    assert threshold("US", category, line + 1, TODAY).reached is True
    assert threshold("US", category, line, TODAY, readings=strict).reached is False
    assert threshold("US", category, line + 1, TODAY, readings=strict).reached is True
    assert threshold("US", category, line, TODAY).at == line


def test_thresholds_begin_on_their_day() -> None:
    assert {str(line["from"]) for line in CARDS["US"]["thresholds"]} == {"2025-04-08"}
    assert [card for card in CARDS if "thresholds" in CARDS[card]] == ["US"]
    assert threshold("US", "health", 50_000, date(2025, 4, 8)).reached is True
    before = threshold("US", "health", 50_000, date(2025, 4, 7))
    assert before.reached is False and "尚未生效" in before.text["zh"]
    assert bulk_categories("US", date(2025, 4, 7)) == {}
    assert set(bulk_categories("US", date(2025, 4, 8))) == {*LINES, "government_related"}


def test_an_unknown_number_or_category_cannot_be_told() -> None:
    unknown = threshold("US", "health", None, TODAY)
    assert unknown.reached is None and unknown.missing == ("number",) and unknown.at == 10_000
    assert threshold("US", None, 50_000, TODAY).missing == ("category",)
    assert threshold("US", None, None, TODAY).missing == ("category", "number")
    assert threshold("US", None, 0, TODAY).reached is False


def test_government_related_data_counts_at_any_volume() -> None:
    assert threshold("US", "government_related", 1, TODAY).reached is True
    assert threshold("US", "government_related", 1, TODAY, readings={"bulk_line": "more_than"}).reached is True
    assert threshold("US", "government_related", 0, TODAY).reached is False
    assert threshold("US", "government_related", 1, TODAY).at == 1


def test_combined_data_has_the_lowest_line() -> None:
    combined = threshold("US", ("covered_identifiers", "health"), 10_000, TODAY)
    assert combined.reached is True and combined.at == 10_000 and combined.cite == "28 CFR 202.205(d)"
    assert threshold("US", ("health", "human_genomic", "financial"), 99, TODAY).reached is False
    assert threshold("US", ("health", "human_genomic"), 100, TODAY).reached is True
    assert "人类基因组数据" in threshold("US", ("health", "human_genomic"), 100, TODAY).text["zh"]


@given(st.sets(st.sampled_from(sorted(LINES)), min_size=1), st.integers(0, 200_000), st.integers(0, 200_000))
def test_more_persons_or_more_categories_never_fall_below(categories: set[str], n: int, more: int) -> None:
    wanted = tuple(categories)
    low, high = threshold("US", wanted, n, TODAY), threshold("US", wanted, n + more, TODAY)
    assert low.reached is not None and high.reached is not None
    assert low.reached <= high.reached
    assert bool(threshold("US", wanted[0], n, TODAY).reached) <= low.reached
    assert threshold("US", wanted[::-1], n, TODAY) == low


@given(st.sampled_from([*sorted(LINES), None]), st.sampled_from([0, 99, 100, 999, 1_000, 99_999, 100_000, None]))
def test_an_unknown_never_yields_an_answer_that_a_completion_contradicts(category: str | None, n: int | None) -> None:
    said = threshold("US", category, n, TODAY).reached
    if said is not None:
        for one in [category] if category else sorted(LINES):
            for number in [n] if n is not None else [0, 100_000]:
                assert threshold("US", one, number, TODAY).reached is said


@pytest.mark.parametrize("country", ["JP", "AR", "DE", "CN"])
def test_a_country_without_a_threshold_says_so(country: str) -> None:
    said = threshold(country, "health", 1_000_000, TODAY)
    assert said.reached is None and "不等于没有" in said.text["zh"]
    assert bulk_categories(country, TODAY) == {}


@pytest.mark.parametrize(
    ("arguments", "readings", "says"),
    [
        (("US", "helth", 1, TODAY), None, "category: expected human_genomic"),
        (("US", (), 1, TODAY), None, "category: expected"),
        (("US", "health", -1, TODAY), None, "number: expected a whole number"),
        (("US", "health", 1.5, TODAY), None, "number: expected"),
        (("US", "health", True, TODAY), None, "number: expected"),
        (("ZZ", "health", 1, TODAY), None, "country: expected"),
        (("US", "health", 1, TODAY), {"line": "meets"}, "unknown reading 'line'"),
        (("US", "health", 1, TODAY), {"bulk_line": "less"}, "expected meets or more_than"),
    ],
)
def test_bad_questions_are_refused(arguments: Any, readings: Any, says: str) -> None:
    with pytest.raises(BadFacts, match=re.escape(says)):
        threshold(*arguments, readings=readings)
