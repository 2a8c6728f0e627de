"""Facts of a grading that cannot be used: one message each, naming the field, what was expected, and an example."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tongguan.cli.main import main
from tongguan.errors import BadFacts
from tongguan.law import grade, grading_fields, parse_grading

DAY = {"date": "2026-11-21"}
EXAMPLE = Path(__file__).parents[3] / "examples" / "law" / "grading.yaml"


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({}, ["date", "2026-11-21"]),
        ({"date": None}, ["date", "2026-11-21"]),
        ({"date": "21.11.2026"}, ["date", "YYYY-MM-DD", "2026-11-21"]),
        ({"date": "2016-12-31"}, ["date", "2017-01-01"]),
        ({"date": "2028-01-01"}, ["date", "2027-12-31", "2026-11-21"]),
        ({"date": True}, ["date", "YYYY-MM-DD"]),
        ({**DAY, "data": {"persons": -1}}, ["data.persons", "0 or more", "120000"]),
        ({**DAY, "data": {"persons": 1.5}}, ["data.persons", "whole number", "120000"]),
        ({**DAY, "data": {"persons": "100000"}}, ["data.persons", "whole number"]),
        ({**DAY, "data": {"persons": True}}, ["data.persons", "whole number"]),
        ({**DAY, "data": {"persons": float("nan")}}, ["data.persons", "whole number"]),
        ({**DAY, "data": {"persons": 10**11}}, ["data.persons"]),
        ({**DAY, "data": {"personal": "yes"}}, ["data.personal", "true or false"]),
        ({**DAY, "data": {"personal": 1}}, ["data.personal", "true or false"]),
        ({**DAY, "data": {"describes": "people"}}, ["data.describes", "users", "operations"]),
        ({**DAY, "harm": {"economy": "severe"}}, ["harm.economy", "especially_serious", "none"]),
        ({**DAY, "harm": {"economy": None, "economics": "none"}}, ["did you mean harm.economy"]),
        ({**DAY, "annex_g": {"nuclaer": True}}, ["did you mean annex_g.nuclear"]),
        ({**DAY, "handler": {"zone": "pudong"}}, ["handler.zone", "shanghai", "none"]),
        ({**DAY, "handler": {"sector": "cars"}}, ["handler.sector", "automotive"]),
        ({**DAY, "status": {"important": True}}, ["status.important", "notified", "published", "none"]),
        ({**DAY, "harm": "none"}, ["harm", "economy"]),
        ({**DAY, "level": "core"}, ["unknown key 'level'"]),
        ({**DAY, "data": {"x" * 500: 1}}, ["unknown key"]),
        ({**DAY, 7: True}, ["'7'"]),
        ([], ["mapping"]),
        ("date: 2026-11-21", ["mapping"]),
        ({**DAY, "data": {"personal": False, "persons": 1}}, ["data.personal is false", "data.persons is 1", "data.personal: true"]),
        ({**DAY, "data": {"personal": False, "medical": True}}, ["data.personal is false", "data.medical is true"]),
        ({**DAY, "data": {"personal": False, "group_health_persons": 3}}, ["data.group_health_persons is 3"]),
        ({**DAY, "data": {"persons": 5, "persons_with_both": 6}}, ["data.persons_with_both is 6", "data.persons is 5", "such as"]),
        ({**DAY, "data": {"sensitive_persons": 5, "persons_with_both": 6}}, ["data.sensitive_persons is 5"]),
        ({**DAY, "data": {"sensitive_persons": 0, "bank_account": True}}, ["data.bank_account is true", "such as"]),
        ({**DAY, "data": {"persons": 10}, "handler": {"processes_persons": 9}}, ["handler.processes_persons is 9", "10 persons", "such as"]),
        ({**DAY, "data": {"persons": 6, "sensitive_persons": 6, "persons_with_both": 2}, "handler": {"processes_persons": 9}}, ["10 persons"]),
        ({**DAY, "status": {"core": True, "important": "none"}}, ["status.core is true", "status.important is none", "such as status.important: notified"]),
        ({**DAY, "status": {"since": "2026-01-01"}}, ["status.since", "status.important: notified"]),
        ({**DAY, "status": {"since": "2026-01-01", "important": "none"}}, ["status.since", "status.important: notified"]),
        ({**DAY, "status": {"since": "2026-11-22", "important": "notified"}}, ["status.since is 2026-11-22", "2026-11-21"]),
        ({**DAY, "annex_g": {"none": True, "nuclear": True}}, ["annex_g.none is true", "annex_g.nuclear is true", "such as"]),
        ({**DAY, "annex_g": {"none": False, **{path.partition(".")[2]: False for path in grading_fields() if path.startswith("annex_g.") and path != "annex_g.none"}}}, ["annex_g.none is false", "such as"]),
    ],
)  # fmt: skip
def test_bad_facts_are_named_with_what_was_expected(facts: Any, says: list[str]) -> None:
    with pytest.raises(BadFacts) as caught:
        grade(facts)
    message = str(caught.value)
    assert all(words in message for words in says), message
    assert "\n" not in message and len(message) < 1200


@pytest.mark.parametrize(
    "facts",
    [
        {**DAY, "data": {"persons": 5, "persons_with_both": 5}},
        {**DAY, "data": {"persons": 10}, "handler": {"processes_persons": 10}},
        {**DAY, "data": {"personal": False, "persons": 0, "medical": False}},
        {**DAY, "status": {"core": True, "important": "published", "since": "2026-11-21"}},
        {**DAY, "status": {"core": True}},
        {"date": "2017-01-01"},
        {"date": "2027-12-31"},
    ],
)
def test_facts_at_the_edge_of_a_contradiction_are_taken(facts: dict[str, Any]) -> None:
    assert grade(facts).findings or facts["date"] == "2017-01-01"


@pytest.mark.parametrize(
    ("readings", "says"),
    [({"x": "y"}, "unknown reading 'x'"), ({"degree": "mine"}, "standard or definition")],
)
def test_bad_readings_are_named(readings: dict[str, str], says: str) -> None:
    with pytest.raises(BadFacts, match=says):
        grade(DAY, readings=readings)


# ---- The file ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", ["keys with values", "2026-11-21"]),
        ("- a", ["keys with values"]),
        ("date: [", ["x.yaml, line", "YAML"]),
        ("date: 2026-11-21\ndate: 2026-11-20", ["line 2", "date is given twice"]),
        ("a: &a [1]\nb: *a", ["line 2", "alias"]),
        ("a: !!python/object:os.system x", ["tag"]),
        ("[" * 50, ["nested more than"]),
        ("a: \x07", ["YAML"]),
        ("x" * 100_001, ["100001 characters"]),
        ("? [a]\n: b", ["no text"]),
    ],
)
def test_bad_files_are_named_with_the_line(text: str, says: list[str]) -> None:
    with pytest.raises(BadFacts) as caught:
        parse_grading(text, "x.yaml")
    assert all(words in str(caught.value) for words in ["x.yaml", *says]), str(caught.value)


@pytest.mark.parametrize("written", ["12:30", "017", "0x10", "1e5", "1.0", "yes", "'100'"])
def test_a_count_is_written_in_plain_digits(written: str) -> None:
    with pytest.raises(BadFacts, match=r"data\.persons: expected a whole number"):
        grade(parse_grading(f"date: 2026-11-21\ndata: {{persons: {written}}}", "x.yaml"))


def test_what_a_file_says_is_what_a_mapping_says() -> None:
    text = "date: 2026-11-21\ndata: {persons: 1_000, personal: true}\nhandler: {ciio: ~}\nstatus:"
    assert parse_grading(text, "x.yaml") == {
        "date": "2026-11-21", "data": {"persons": 1000, "personal": True}, "handler": {"ciio": None}, "status": None,
    }  # fmt: skip
    with pytest.raises(BadFacts, match="date: expected a day"):
        grade(parse_grading("date: 2026-13-45", "x.yaml"))


# ---- The command -------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGGUAN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("TONGGUAN_TOKEN", raising=False)


def called(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        code = main(["law", "grade", *arguments])
    except SystemExit as ended:
        code = int(ended.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


def test_the_command_answers_in_both_languages_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = called(capsys, str(EXAMPLE), "--lang", "zh")
    assert code == 0 and "定级：重要数据" in out and "汽车数据安全管理若干规定" in out
    code, out, _ = called(capsys, str(EXAMPLE), "--lang", "en")
    assert code == 0 and "Grade: important data" in out and "Counts as important data for filing: no" in out
    code, out, _ = called(capsys, str(EXAMPLE), "--json")
    answer = json.loads(out)
    assert code == 0 and answer["level"] == "important" and answer["fired"] == ["automotive_persons"]
    assert answer["for_filing"]["answer"] == "no"
    assert answer == grade(parse_grading(EXAMPLE.read_text(encoding="utf-8"), "x")).to_dict()


def test_the_command_takes_another_reading(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = called(capsys, str(EXAMPLE), "--json", "--reading", "published_rule=is_publication")
    answer = json.loads(out)
    assert code == 0 and answer["for_filing"]["answer"] == "yes"
    assert answer["readings"]["published_rule"] == "is_publication"


@pytest.mark.parametrize(
    ("text", "arguments", "says"),
    [
        ("date: 2026-11-21\ndata: {persons: -1}", [], ["data.persons", "0 or more"]),
        ("date: 2026-11-21\ndata: {person: 1}", [], ["did you mean data.persons"]),
        ("date: [", [], ["facts.yaml", "YAML"]),
        ("date: 2026-11-21", ["--reading", "degree"], ["NAME=VALUE", "degree=definition"]),
        ("date: 2026-11-21", ["--reading", "degree=x"], ["standard or definition"]),
    ],
)
def test_the_command_refuses_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, arguments: list[str], says: list[str]
) -> None:
    path = tmp_path / "facts.yaml"
    path.write_text(text, encoding="utf-8")
    code, out, err = called(capsys, str(path), *arguments)
    assert code == 2 and out == ""
    assert all(words in err for words in says), err
    assert len(err.strip().splitlines()) == 1


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = called(capsys, str(tmp_path / "none.yaml"))
    assert code == 2 and "none.yaml" in err
