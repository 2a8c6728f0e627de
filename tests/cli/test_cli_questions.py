"""`tongguan decide` and `law explain`: the readings taken, and files that are no questions."""

from __future__ import annotations

import json

import pytest

OPERATOR = """\
date: 2026-11-20
exporter: {ciio: true}
recipient: {country: SG}
data: {state_secret: false, core: false, important: false, personal: true, persons: 20, sensitive_persons: 0}
activity: {act: transmission, ground: contract, conditions: {party: true, necessary: true}}
"""


@pytest.fixture
def question(tmp_path):
    path = tmp_path / "operator.yaml"
    path.write_text(OPERATOR)
    return path


@pytest.mark.parametrize("command", [("decide",), ("law", "explain")])
def test_another_reading_is_taken_at_the_terminal(tongguan, question, command) -> None:
    answers = {
        reading: json.loads(tongguan(*command, question, "--json", *reading)[1])["pathway"]
        for reading in ((), ("--reading", "ground_for_ciio=open"), ("--reading", "ground_for_ciio=closed"))
    }
    assert list(answers.values()) == ["exempt", "exempt", "security_assessment"]


def test_the_reading_taken_is_recorded(tongguan, question, logged) -> None:
    assert tongguan("decide", question, "--reading", "ground_for_ciio=closed")[0] == 0
    assert tongguan("decide", question)[0] == 0
    bodies = [body for kind, body in logged() if kind == "decision"]
    assert [body.get("readings") for body in bodies] == [{"ground_for_ciio": "closed"}, None]


@pytest.mark.parametrize("reading", ["ground_for_ciio", "=closed", "ground_for_ciio=", "ground_for_ciio=maybe", "a=b"])
def test_a_reading_that_is_none_is_refused(tongguan, question, reading) -> None:
    code, out, err = tongguan("decide", question, "--reading", reading)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "expected" in err


def test_a_reading_given_twice_is_refused(tongguan, question) -> None:
    twice = ("--reading", "ground_for_ciio=open", "--reading", "ground_for_ciio=closed")
    assert tongguan("decide", question, *twice)[0] == 2


@pytest.mark.parametrize("command", [("decide",), ("law", "explain"), ("law", "grade"), ("law", "clocks")])
@pytest.mark.parametrize("path", ["/dev/zero", "/", "/nowhere/facts.yaml"])
def test_what_is_no_short_file_is_refused(tongguan, command, path) -> None:
    code, out, err = tongguan(*command, path)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert path in err
