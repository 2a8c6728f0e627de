"""Decisions over the API: one, many at once, traced, and with another reading."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from api_house import FACTS, House, folder_in_memory, served

from tongguan import law
from tongguan.service.api import decisions
from tongguan.service.api.facts import MOST_FACTS

V1 = "/api/v1"
DAYS = ("2018-05-05", "2022-08-31", "2022-09-01", "2024-03-21", "2024-03-22", "2025-12-31", "2026-01-01", "2026-11-20")


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with folder_in_memory() as folder:
        yield House(folder)


@pytest.fixture(scope="module")
def address(house: House) -> Iterator[str]:
    with served(house.app) as address:
        yield address


@pytest.fixture(scope="module")
def viewer(house: House, address: str) -> Iterator[httpx.Client]:
    with house.caller(address, house.people["viewer"]) as client:
        yield client


def got(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text[:2000]
    return answer.json()


def some_facts(chance: random.Random) -> dict[str, Any]:
    """Facts of any period, some unknown."""
    maybe = (True, False, None)
    return {
        "date": chance.choice(DAYS),
        "exporter": {"ciio": chance.choice(maybe), "processes_persons": chance.choice((None, 5, 2_000_000))},
        "recipient": {"country": chance.choice(("US", "HK", "SG", None))},
        "data": {
            "personal": True,
            "important": chance.choice(maybe),
            "persons": chance.choice((None, chance.randrange(3_000_000))),
        },
    }


# ---- many at once


def test_a_batch_answers_as_single_questions_do(viewer: httpx.Client) -> None:
    chance = random.Random("batch")
    items = [some_facts(chance) for _ in range(40)]
    told = got(viewer.post(f"{V1}/decisions/batch", json={"facts": items}))
    assert told["decided"] == 40 and told["refused"] == 0
    assert [one["decision"] for one in told["answers"]] == [law.decision_json(law.decide(item)) for item in items]
    assert told["answers"][3]["decision"] == got(viewer.post(f"{V1}/decisions/ask", json=items[3]))


WRONG: list[tuple[Any, str | None, str]] = [
    ({"data": {"persons": -1}}, "data.persons", "whole number"),
    ({"data": {"persons": 1.5}}, "data.persons", "whole number"),
    ({"data": {"persons": "many"}}, "data.persons", "whole number"),
    ({"data": {"persons": True}}, "data.persons", "whole number"),
    ({"date": "20 November"}, "date", "YYYY-MM-DD"),
    ({"date": "2026-02-29"}, "date", "YYYY-MM-DD"),
    ({"date": "2016-12-31"}, "date", "2017-01-01"),
    ({"filed": {"state": "pending"}}, "filed.state", "filed.path"),
    ({"recipient": {"country": "Narnia"}}, "recipient.country", "two capital letters"),
    ({"activity": {"act": "smuggling"}}, "activity.act", "transmission"),
    ({"exporter": {"colour": "red"}}, "exporter.colour", "ciio"),
    ({"data": {"personal": False, "persons": 7}}, "data.personal", "yet data.persons is 7"),
    ({"data": 7}, "data", "keys with values"),
    ("facts", "facts", "keys with values"),
    (None, "facts", "keys with values"),
    ([], "facts", "keys with values"),
]


def test_what_is_wrong_is_told_in_its_place_and_the_others_are_decided(viewer: httpx.Client) -> None:
    items = [item for wrong, *_ in WRONG for item in (FACTS, wrong)]
    told = got(viewer.post(f"{V1}/decisions/batch", json={"facts": items}))
    assert told["decided"] == told["refused"] == len(WRONG)
    right = got(viewer.post(f"{V1}/decisions/ask", json=FACTS))
    for at, (_, field, words) in enumerate(WRONG):
        assert told["answers"][2 * at] == {"decision": right, "error": None}
        answer = told["answers"][2 * at + 1]
        assert answer["decision"] is None and answer["error"]["index"] == 2 * at + 1
        assert answer["error"]["field"] == field and words in answer["error"]["message"], answer


def test_a_refusal_of_one_is_the_same_as_alone(viewer: httpx.Client) -> None:
    for wrong, _, words in WRONG:
        if isinstance(wrong, dict):
            error = got(viewer.post(f"{V1}/decisions/ask", json=wrong), 400)["error"]
            assert words in error["text"]["zh"] and words in error["text"]["en"]


@pytest.mark.parametrize("count", [0, MOST_FACTS + 1, 10_000])
def test_a_batch_has_bounds(viewer: httpx.Client, count: int) -> None:
    answer = viewer.post(f"{V1}/decisions/batch", json={"facts": [{}] * count})
    text = got(answer, 422)["error"]["text"]["en"]
    assert "body.facts" in text and ("1" if count == 0 else str(MOST_FACTS)) in text and len(text) < 500


def test_a_batch_that_is_too_long_to_take_in(viewer: httpx.Client) -> None:
    padded = {"facts": [{"exporter": {"city": "x" * 1000}}] * 2000}
    assert got(viewer.post(f"{V1}/decisions/batch", json=padded), 413)["error"]["kind"] == "too_large"


def test_the_largest_batch_is_answered(viewer: httpx.Client) -> None:
    told = got(viewer.post(f"{V1}/decisions/batch", json={"facts": [FACTS] * MOST_FACTS, "brief": True}))
    assert told["decided"] == len(told["answers"]) == MOST_FACTS
    whole = law.decision_json(law.decide(FACTS))
    assert all(one["decision"] == {key: whole[key] for key in one["decision"]} for one in told["answers"])
    assert {"pathway", "missing"} <= told["answers"][0]["decision"].keys()
    assert "reasons" not in told["answers"][0]["decision"]


def test_one_batch_of_a_caller_at_a_time(house: House, address: str, viewer: httpx.Client) -> None:
    asked = {"facts": [FACTS]}
    with decisions._batches.one("the-viewer"):
        error = got(viewer.post(f"{V1}/decisions/batch", json=asked), 409)["error"]
        assert error["kind"] == "conflict" and "another batch of yours" in error["text"]["en"]
        with decisions._batches.one("somebody else"), house.caller(address, house.people["data_requester"]) as client:
            assert "of others" in got(client.post(f"{V1}/decisions/batch", json=asked), 409)["error"]["text"]["en"]
    got(viewer.post(f"{V1}/decisions/batch", json=asked))


@pytest.mark.parametrize("body", [{}, {"facts": {}}, {"facts": [FACTS], "brief": 1}, {"facts": [FACTS], "more": 1}, []])
def test_a_batch_has_a_shape(viewer: httpx.Client, body: Any) -> None:
    got(viewer.post(f"{V1}/decisions/batch", json=body), 422)


# ---- readings


def hr() -> dict[str, Any]:
    """Employees' data with labour rules and without a collective contract, more persons than the line."""
    return {
        "date": "2026-11-20",
        "exporter": {"ciio": False},
        "recipient": {"country": "SG", "restricted": False},
        "data": {"personal": True, "important": False, "core": False, "state_secret": False, "persons": 200_000, "sensitive_persons": 0},
        "activity": {
            "act": "transmission",
            "foreign_authority_request": False,
            "ground": "hr",
            "conditions": {"labour_rules": True, "collective_contract": False, "necessary": True},
        },
    }  # fmt: skip


def test_a_reading_changes_the_answer_in_both(viewer: httpx.Client) -> None:
    by_default = got(viewer.post(f"{V1}/decisions/ask", json=hr()))
    taken = {"hr_documents": "either"}
    otherwise = got(viewer.post(f"{V1}/decisions/ask", json={**hr(), "readings": taken}))
    assert by_default["pathway"] != "exempt" and otherwise["pathway"] == "exempt"
    traced = got(viewer.post(f"{V1}/decisions/trace", json={**hr(), "readings": taken}))
    assert [step["pathway"] for step in traced.pop("trace") if step["outcome"] == "decides"] == ["exempt"]
    assert traced == otherwise
    both = got(viewer.post(f"{V1}/decisions/batch", json={"facts": [hr()], "readings": taken}))
    assert both["answers"][0]["decision"] == otherwise


@pytest.mark.parametrize("taken", [{"hr_documents": "perhaps"}, {"no_such_reading": "open"}])
def test_a_wrong_reading_is_wrong_for_all(viewer: httpx.Client, taken: dict[str, str]) -> None:
    for path, body in (("ask", {**FACTS, "readings": taken}), ("batch", {"facts": [FACTS], "readings": taken})):
        text = got(viewer.post(f"{V1}/decisions/{path}", json=body), 400)["error"]["text"]["en"]
        assert next(iter(taken)) in text and "expected" in text


@pytest.mark.parametrize("taken", [[], "open", {"hr_documents": 1}, {"hr_documents": {}}, {"hr_documents": ["both"]}])
def test_readings_are_names_with_values(viewer: httpx.Client, taken: Any) -> None:
    for path, body in (("ask", {**FACTS, "readings": taken}), ("batch", {"facts": [FACTS], "readings": taken})):
        answer = viewer.post(f"{V1}/decisions/{path}", json=body)
        if taken:
            assert answer.status_code in (400, 422) and "readings" in answer.json()["error"]["text"]["zh"]
        else:
            assert answer.status_code == 200 or path == "batch"


# ---- traced, recorded


def test_a_trace_asks_every_rule_of_the_day(viewer: httpx.Client) -> None:
    told = got(viewer.post(f"{V1}/decisions/trace", json=hr()))
    steps = told.pop("trace")
    assert told == law.decision_json(law.decide(hr()))
    assert [step["rule"] for step in steps] == [step.rule for step in law.trace(hr())]
    deciding = [step for step in steps if step["outcome"] == "decides"]
    assert len(deciding) == 1 and deciding[0]["pathway"] == told["pathway"]
    undated = {"data": {"personal": True}}
    assert got(viewer.post(f"{V1}/decisions/trace", json=undated))["trace"]


def test_what_is_recorded_stands_in_the_log(house: House, address: str) -> None:
    """With its days, which a log keeps as text."""
    asked = {**hr(), "filed": {"path": "standard_contract", "state": "in_force", "day": "2025-03-03"}}
    with house.caller(address, house.people["compliance_officer"]) as officer:
        told = got(officer.post(f"{V1}/decisions", json={**asked, "readings": {"hr_documents": "either"}}), 201)
    [entry] = house.trust.audit.entries(told["entry"], 1)
    assert entry.kind == "decision" and entry.body["pathway"] == told["decision"]["pathway"]
    assert entry.body["date"] == entry.body["facts"]["date"] == "2026-11-20"
    assert entry.body["facts"]["filed.day"] == "2025-03-03" and entry.body["facts"]["data.persons"] == 200_000
    assert entry.body["readings"] == {"hr_documents": "either"}
    assert told["decision"] == law.decision_json(law.decide(asked, readings={"hr_documents": "either"}))


def test_asking_leaves_no_trace_in_the_log(house: House, viewer: httpx.Client) -> None:
    before = house.trust.audit.size
    for path, body in (("ask", FACTS), ("trace", FACTS), ("batch", {"facts": [FACTS, {"date": "x"}]})):
        got(viewer.post(f"{V1}/decisions/{path}", json=body))
    assert house.trust.audit.size == before


# ---- what nobody should send


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("decisions/ask", '{"exporter": {"city": "\\ud800"}}'),
        ("decisions/batch", '{"facts": [{"exporter": {"city": "\\ud800"}}]}'),
        ("decisions/trace", '{"\\udfff": 1}'),
        ("law/clocks", '{"procedure": "certification", "\\ud800": 1}'),
        ("law/checklists/necessity", '{"scope": {"items_sent": ["\\ud800"], "items_needed": ["name"]}}'),
        ("law/checklists/notice", '{"readings": {"\\ud800": "x"}}'),
        ("law/grade", '{"data": {"describes": "\\ud800"}}'),
    ],
)
def test_half_a_character_is_refused(viewer: httpx.Client, path: str, body: str) -> None:
    answer = viewer.post(f"{V1}/{path}", content=body.encode(), headers={"content-type": "application/json"})
    assert "lone surrogate" in got(answer, 422)["error"]["text"]["en"]


@pytest.mark.parametrize("path", ["ask", "trace", "batch"])
@pytest.mark.parametrize(
    "value",
    ["[" * 700 + "]" * 700, '{"a":' * 400 + "1" + "}" * 400, '"\\ud800"', '"\\u0000"', "1e400", "NaN", "-0", "9" * 4000, '"' + "长" * 5000 + '"'],
    ids=["lists", "objects", "surrogate", "null", "huge", "nan", "minus", "digits", "long"],
)  # fmt: skip
@pytest.mark.parametrize("fact", ["data.persons", "exporter.city", "date", "recipient.country", "activity.conditions"])
def test_no_value_is_a_fault_of_ours(viewer: httpx.Client, path: str, value: str, fact: str) -> None:
    body = value
    for name in reversed(fact.split(".")):
        body = f"{json.dumps(name)}: {{{body}}}" if body is not value else f"{json.dumps(name)}: {value}"
    body = f'{{"facts": [{{{body}}}]}}' if path == "batch" else f"{{{body}}}"
    answer = viewer.post(f"{V1}/decisions/{path}", content=body.encode(), headers={"content-type": "application/json"})
    assert answer.status_code in (200, 400, 422), answer.text[:500]
    assert len(answer.content) < 40_000
