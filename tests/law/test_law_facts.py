"""Facts files: what is read, and what is refused with line, key and expectation."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongguan.errors import BadFacts
from tongguan.law import Facts, decide, parse_facts

WHOLE = """\
date: 2026-11-21
exporter: {ciio: false, processes_persons: 50000, city: 深圳, zone: beijing}
recipient: {country: US, city: null, restricted: false}
data: {state_secret: false, core: false, important: false, personal: true, persons: 120000, sensitive_persons: 0}
activity:
  act: transmission
  ground: null
  conditions: {}
  on_zone_list: ~
  zone_scenario:
  foreign_authority_request: no
"""


def test_a_whole_file() -> None:
    assert parse_facts(WHOLE, "facts.yaml").values == {
        "date": date(2026, 11, 21),
        "data.state_secret": False,
        "data.core": False,
        "recipient.restricted": False,
        "activity.foreign_authority_request": False,
        "activity.act": "transmission",
        "recipient.country": "US",
        "data.personal": True,
        "data.important": False,
        "exporter.ciio": False,
        "exporter.processes_persons": 50000,
        "exporter.city": "深圳",
        "exporter.zone": "beijing",
        "data.persons": 120000,
        "data.sensitive_persons": 0,
    }


@pytest.mark.parametrize("text", ["", "# nothing\n", "date:\n", "exporter:\ndata: ~\n", "activity: {conditions: null}"])
def test_nothing_known(text: str) -> None:
    assert parse_facts(text, "facts.yaml").values == {}


def test_json_is_read_too() -> None:
    facts = parse_facts('{"date": "2025-03-03", "data": {"persons": 5}, "recipient": {"country": "NO"}}', "facts.json")
    assert facts.values == {"date": date(2025, 3, 3), "recipient.country": "NO", "data.persons": 5}


def test_norway_stays_norway() -> None:
    assert parse_facts("recipient: {country: NO}", "f").values == {"recipient.country": "NO"}


def test_digits_may_be_grouped() -> None:
    assert parse_facts("data: {persons: 1_000_000}", "f").values == {"data.persons": 1000000}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("date: [\n", ["f, line 2", "YAML"]),
        ("date: {\n", ["f, line", "YAML"]),
        ("a: b: c\n", ["f, line 1", "YAML"]),
        ("- date\n", ["f, line 1", "expected keys"]),
        ("just words\n", ["f, line 1", "expected keys"]),
        ("date: 2025-03-03\ndata: {persons: -4}\n", ["f, line 2", "data.persons", "0 or more", "-4"]),
        ("data: {persons: 1.5}", ["data.persons", "whole number"]),
        ("data: {persons: many}", ["data.persons", "whole number", "many"]),
        ("data: {persons: '5'}", ["data.persons", "plain digits"]),
        ("data: {persons: 0100}", ["data.persons"]),
        ("data: {persons: true}", ["data.persons"]),
        ("data: {persons: 230,000}", ["line 1"]),
        ("data: {persons: 99999999999999999999}", ["data.persons"]),
        ("data: {sensitive_persons: .inf}", ["data.sensitive_persons"]),
        ("data: {persons: [1]}", ["data.persons", "one value"]),
        ("exporter: {processes_persons: -1}", ["exporter.processes_persons"]),
        ("exporter: {ciio: maybe}", ["exporter.ciio", "true or false", "maybe"]),
        ("exporter: {ciio: 1}", ["exporter.ciio", "true or false"]),
        ("exporter: {ciio: 'true'}", ["exporter.ciio"]),
        ("exporter: {zone: atlantis}", ["exporter.zone", "beijing", "atlantis"]),
        ("exporter: {city: ''}", ["exporter.city"]),
        ("exporter: 7", ["exporter", "expected keys"]),
        ("recipient: {country: USA}", ["recipient.country", "ISO 3166", "USA"]),
        ("recipient: {country: us}", ["recipient.country", "capital"]),
        ("recipient: {country: UK}", ["recipient.country", "GB"]),
        ("recipient: {country: ZZ}", ["recipient.country"]),
        ("date: tomorrow", ["date", "YYYY-MM-DD", "tomorrow"]),
        ("date: 2025-02-30", ["date", "YYYY-MM-DD"]),
        ("date: 2025-3-3", ["date"]),
        ("date: 20250303", ["date"]),
        ("date: 2025-03-03 10:00:00", ["date"]),
        ("activity: {act: teleport}", ["activity.act", "transmission", "teleport"]),
        ("activity: {ground: love}", ["activity.ground", "contract", "love"]),
        ("activity: {zone_scenario: beijing-2024/none}", ["activity.zone_scenario", "such as beijing-2024/"]),
        ("activity: {conditions: {weather: fine}}", ["activity.conditions.weather", "necessary"]),
        ("activity: {conditions: [necessary]}", ["activity.conditions", "expected keys"]),
        ("activity: {on_zone_list: perhaps}", ["activity.on_zone_list"]),
        ("dates: 2025-03-03", ["line 1", "unknown key 'dates'", "date"]),
        ("data:\n  personel: true\n", ["line 2", "data.personel", "personal"]),
        ("1: 2", ["unknown key"]),
        ("? [a]\n: b", ["unknown key"]),
        ("date: 2025-03-03\ndate: 2025-03-04\n", ["line 2", "given twice"]),
        ("data.persons: 7\ndata:\n  persons: 2_000_000\n", ["line 3", "data.persons", "given twice"]),
        ('exporter: {city: "\\e[31m深圳"}', ["exporter.city", "one line"]),
        ('recipient: {city: "a\\nb"}', ["recipient.city", "one line"]),
        ("data: {personal: false, persons: 5}", ["data.personal", "data.persons is 5"]),
        ("data: {personal: false, sensitive_persons: 1}", ["data.sensitive_persons"]),
        ("a: &a [*a]", ["unknown key"]),
        ("date: *nowhere", ["YAML"]),
        ("date: \x00", ["YAML"]),
        ("--- \na: 1\n--- \nb: 2\n", ["YAML"]),
        ("date: !!python/object/apply:os.system ['true']", ["date", "one value"]),
        ("[" * 90_000, ["deep"]),
        ("{a: " * 20_000, ["deep"]),
        ("# " + "x" * 200_000, ["characters"]),
    ],
)
def test_refused(text: str, says: list[str]) -> None:
    with pytest.raises(BadFacts) as caught:
        parse_facts(text, "f")
    message = str(caught.value)
    assert message.startswith("f")
    assert [words for words in says if words not in message] == []
    assert len(message) < 600


@pytest.mark.parametrize(
    ("nested", "says"),
    [
        ({"data": {"persons": -1}}, "data.persons"),
        ({"data": {"persons": True}}, "data.persons"),
        ({"data": {"persons": 1.0}}, "data.persons"),
        ({"recipient": {"country": False}}, "recipient.country"),
        ({"exporter": {"ciio": "false"}}, "exporter.ciio"),
        ({"date": datetime(2025, 3, 3)}, "date"),
        ({"data": [1]}, "data"),
        ({"filed": {"path": "standard_contract", "day": "2023-05-31"}}, "filed.day.*2023-06-01"),
        ({"filed": {"path": "security_assessment", "day": "2022-08-31"}}, "filed.day.*2022-09-01"),
        ({"filed": {"path": "certification", "day": "2022-11-03"}}, "filed.day.*2022-11-04"),
        ({"filed": {"path": "gba_standard_contract", "day": "2023-12-12"}}, "filed.day.*2023-12-13"),
        ({"data.persons": 7, "data": {"persons": 2_000_000}}, "data.persons is given twice"),
        ({"exporter": {"city": "\u202e深圳"}}, "exporter.city"),
        ({"extra": 1}, "extra"),
        ({"activity": {"ground": ["contract"]}}, "activity.ground"),
    ],
)
def test_a_mapping_is_checked_alike(nested: dict[str, Any], says: str) -> None:
    with pytest.raises(BadFacts, match=says):
        decide(nested)


def test_a_mapping_and_its_text_are_one_question() -> None:
    nested = {"date": "2026-11-21", "data": {"persons": 5, "personal": True}, "recipient": None}
    text = "date: 2026-11-21\ndata: {persons: 5, personal: true}\n"
    assert Facts.of(nested).values == parse_facts(text, "f").values


def test_readings_are_checked() -> None:
    with pytest.raises(BadFacts, match="ground_for_ciio"):
        decide({}, readings={"nothing": "open"})
    with pytest.raises(BadFacts, match="expected open or closed"):
        decide({}, readings={"ground_for_ciio": "ajar"})


WORDS = "date data persons exporter activity conditions : { } [ ] , - &a *a !!int ' | > # % ? true null 2025-03-03 5 -4"
PIECES = st.sampled_from([*WORDS.split(" "), " ", "  ", "\n", "\t", "\ufeff", '"', "é"])


@given(st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=40).map("".join)))
def test_any_text_is_facts_or_refused(text: str) -> None:
    try:
        facts = parse_facts(text, "f")
    except BadFacts:
        return
    decide(facts)


@pytest.mark.parametrize(
    ("path", "day"),
    [
        ("standard_contract", "2023-06-01"),
        ("security_assessment", "2022-09-01"),
        ("certification", "2022-11-04"),
        ("gba_standard_contract", "2023-12-13"),
    ],
)
def test_a_path_may_be_filed_on_the_day_on_which_it_began(path: str, day: str) -> None:
    assert Facts.of({"filed": {"path": path, "day": day}}).values["filed.path"] == path
