"""The book of the law over the API: reading it is open to everybody, asking it to those who may ask."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import icalendar
import pytest
from api_house import House, folder_in_memory, served

from tongguan import law
from tongguan.service.permission import Declared

V1 = "/api/v1"
ROLES = ["system_administrator", "security_administrator", "auditor", "compliance_officer", "business_owner",
         "data_provider", "data_requester", "modeller", "viewer"]  # fmt: skip


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with folder_in_memory() as folder:
        yield House(folder)


@pytest.fixture(scope="module")
def address(house: House) -> Iterator[str]:
    with served(house.app) as address:
        yield address


@pytest.fixture(scope="module")
def officer(house: House, address: str) -> Iterator[httpx.Client]:
    with house.caller(address, house.people["compliance_officer"]) as client:
        yield client


def got(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


def refused(answer: httpx.Response, *words: str, status: int = 400) -> None:
    """A refusal whose text holds these words, in both languages."""
    error = got(answer, status)["error"]
    for language in ("zh", "en"):
        assert all(word in error["text"][language] for word in words), error


# ---- who may


def test_every_role_reads_the_law(house: House, address: str) -> None:
    reading = {route for route in house.declared if route.path.startswith(f"{V1}/law") and route.method == "GET"}
    assert len(reading) >= 8 and {route.operation for route in reading} == {"law.read"}
    assert all("law.read" in house.trust.policy.roles[role].grants for role in ROLES) and set(ROLES) == set(house.roles)
    for role in ROLES:
        with house.caller(address, house.people[role]) as client:
            assert got(client.get(f"{V1}/law/search", params={"q": "安全评估"}))


def test_asking_takes_the_permission_to_ask(house: House, address: str) -> None:
    asking = [route for route in house.declared if route.path.startswith(f"{V1}/law") and route.method == "POST"]
    assert asking and {route.operation for route in asking} == {"decisions.ask"}
    with house.caller(address, house.people["auditor"]) as client:
        refused(client.post(f"{V1}/law/clocks", json={"procedure": "certification"}), "decisions.ask", status=403)


def test_the_description_names_each_operation(house: House, officer: httpx.Client) -> None:
    described = got(officer.get(f"{V1}/openapi.json"))["paths"]
    ours: list[Declared] = [one for one in house.declared if one.path.startswith((f"{V1}/law", f"{V1}/decisions"))]
    for route in ours:
        call = described[route.path.removeprefix(V1)][route.method.lower()]
        assert call["x-operation"] == route.operation and call["description"]


def test_the_description_knows_every_fact(officer: httpx.Client) -> None:
    body = got(officer.get(f"{V1}/openapi.json"))["paths"]["/decisions/ask"]["post"]["requestBody"]
    schema = body["content"]["application/json"]["schema"]
    assert "readings" in schema["properties"]
    for path, kind in law.FIELDS.items():
        node = schema
        for name in path.split("."):
            node = node["properties"][name]
        if kind == "bool":
            assert node["type"] == ["boolean", "null"]


# ---- the book


def test_instruments_stand_where_they_stand_on_the_day(officer: httpx.Client) -> None:
    """The certification measures are in force from 2026-01-01 (order no. 20 of the CAC)."""
    for day, status in (("2025-12-31", "not_yet"), ("2026-01-01", "in_force")):
        found = {one["id"]: one for one in got(officer.get(f"{V1}/law/instruments", params={"as_of": day}))}
        [ours] = [
            one for one in found.values() if one["effective"] == "2026-01-01" and "认证办法" in one["names"]["zh"]
        ]
        assert ours["status"] == status and ours["names"]["en"] and ours["confidence"]
    assert len(found) >= 70


def test_an_entry_is_shown_by_id_title_and_kind(officer: httpx.Client) -> None:
    named = "促进和规范数据跨境流动规定"
    by_title = got(officer.get(f"{V1}/law/entries/{named}", params={"as_of": "2026-11-21"}))
    by_id = got(officer.get(f"{V1}/law/entries/{by_title['id']}", params={"as_of": "2026-11-21"}))
    assert by_title == by_id and by_id["status"] == "in_force" and by_id["names"]["zh"] == named
    zone = got(officer.get(f"{V1}/law/entries/beijing", params={"kind": "zone"}))
    assert zone["kind"] == "zone" and zone["versions"]


@pytest.mark.parametrize("name", ["no-such-thing", "PROM-2024", "..%2F..%2Fetc", "%00", "a" * 201, "<b>"])
def test_what_the_book_has_not_is_not_there(officer: httpx.Client, name: str) -> None:
    assert officer.get(f"{V1}/law/entries/{name}").status_code in (404, 422)


def test_a_near_miss_is_told_what_is_near(officer: httpx.Client) -> None:
    refused(officer.get(f"{V1}/law/entries/promo-2042"), "PROMO-2024", status=404)


def test_search_finds_by_day_in_both_languages(officer: httpx.Client) -> None:
    for words in ("标准合同", "standard contract"):
        found = got(officer.get(f"{V1}/law/search", params={"q": words, "limit": 5}))
        assert 1 <= len(found) <= 5 and {"kind", "id", "names", "from", "to", "confidence"} == found[0].keys()
    before = got(officer.get(f"{V1}/law/search", params={"q": "数据跨境流动", "as_of": "2018-01-01", "limit": 100}))
    assert "PROMO-2024" not in {one["id"] for one in before}
    assert got(officer.get(f"{V1}/law/search", params={"q": "。。。"})) == []


@pytest.mark.parametrize("params", [{}, {"q": ""}, {"q": "x" * 201}, {"q": "a", "limit": 0}, {"q": "a", "limit": 101},
                                    {"q": "a\nb"}])  # fmt: skip
def test_search_is_bounded(officer: httpx.Client, params: dict[str, Any]) -> None:
    assert officer.get(f"{V1}/law/search", params=params).status_code == 422


@pytest.mark.parametrize(
    "day", ["today", "2026-13-01", "2026-02-30", "20261121", "1700000000", "2026-11-21T00:00", "", "٢٠٢٦-١١-٢١"]
)
@pytest.mark.parametrize(
    "path",
    [
        "instruments",
        "zones",
        "zones/BJ-2024",
        "zones/disagreements",
        "destinations",
        "destinations/SG",
        "search?q=a",
        "entries/beijing",
    ],
)
def test_a_day_is_a_day(officer: httpx.Client, path: str, day: str) -> None:
    answer = officer.get(f"{V1}/law/{path}", params={**dict(httpx.QueryParams(path.partition("?")[2])), "as_of": day})
    refused(answer, "as_of", "YYYY-MM-DD", "2026-11-21", status=422)


def test_readings_are_all_there_and_taken(officer: httpx.Client) -> None:
    """Every reading that is listed can be taken where it is listed for."""
    found = got(officer.get(f"{V1}/law/readings"))
    for one in found:
        assert one["default"] in one["options"] and len(one["options"]) >= 2 and one["text"]["zh"] and one["text"]["en"]
        for option in one["options"]:
            taken = {one["id"]: option}
            if one["of"] == "decisions":
                answer = officer.post(f"{V1}/decisions/ask", json={"data": {"personal": True}, "readings": taken})
            elif one["of"] == "clocks":
                answer = officer.post(f"{V1}/law/clocks", json={"procedure": "certification", "readings": taken})
            elif one["of"] == "notice":
                answer = officer.post(f"{V1}/law/checklists/notice", json={"readings": taken})
            elif one["of"] == "grade":
                answer = officer.post(f"{V1}/law/grade", json={"readings": taken})
            else:
                asked = {"category": "health", "number": 1, "readings": taken}
                answer = officer.post(f"{V1}/law/destinations/US/threshold", json=asked)
            got(answer)
    assert {one["of"] for one in found} == {"decisions", "clocks", "notice", "grade", "destinations"}


def test_zones_have_the_lists_of_the_day(officer: httpx.Client) -> None:
    """Beijing's second list took the first one's place on 2026-05-11."""
    for day, held in (("2024-08-29", []), ("2026-05-10", ["BJ-2024"]), ("2026-05-11", ["BJ-2025"])):
        found = got(officer.get(f"{V1}/law/zones", params={"as_of": day}))
        assert [one["id"] for one in found if one["zones"] == ["beijing"]] == held
        assert all(one["from"] <= day and (one["to"] is None or one["to"] >= day) for one in found)


def test_a_list_in_full_whether_or_not_it_holds(officer: httpx.Client) -> None:
    for day, in_force in (("2026-05-10", True), ("2026-05-11", False)):
        told = got(officer.get(f"{V1}/law/zones/BJ-2024", params={"as_of": day}))
        assert told["in_force"] is in_force
        assert told == law.zone_list_json(law.zone_list("BJ-2024"), date.fromisoformat(day))
    refused(officer.get(f"{V1}/law/zones/BJ-2023"), "BJ-2024", status=404)


def test_where_lists_disagree_both_are_shown(officer: httpx.Client) -> None:
    day = date(2026, 11, 21)
    told = got(officer.get(f"{V1}/law/zones/disagreements", params={"as_of": day.isoformat()}))
    assert told == [law.disagreement_json(one) for one in law.disagreements(day)]
    assert all(len({position["list"] for position in one["positions"]}) >= 2 for one in told)


# ---- clocks

CASE = {
    "name": "人事数据出境; HR, \"quoted\"",
    "procedure": "standard_contract",
    "as_of": "2026-03-10",
    "events": {"contract_effective": "2026-03-02"},
}  # fmt: skip


def first_event(procedure: str = "standard_contract") -> str:
    from tongguan.law import clocks

    return next(key for key, event in clocks.procedures()[procedure].events.items() if event.opens)


@pytest.fixture
def case() -> dict[str, Any]:
    return {**CASE, "events": {first_event(): "2026-03-02"}}


def test_clocks_tell_what_is_due(officer: httpx.Client, case: dict[str, Any]) -> None:
    from tongguan.law import clocks

    told = got(officer.post(f"{V1}/law/clocks", json=case))
    assert told == clocks.timeline_json(clocks.clocks(case)) and told["deadlines"]
    undated = got(officer.post(f"{V1}/law/clocks", json={key: case[key] for key in ("procedure", "events")}))
    assert undated["as_of"] >= date(2026, 1, 1).isoformat()


@pytest.mark.parametrize("way", ["format", "accept"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_clocks_as_a_calendar(officer: httpx.Client, case: dict[str, Any], way: str, language: str) -> None:
    headers = {"accept-language": language} | ({"accept": "text/calendar"} if way == "accept" else {})
    params = {"format": "ics"} if way == "format" else {}
    answer = officer.post(f"{V1}/law/clocks", json=case, params=params, headers=headers)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/calendar")
    calendar = icalendar.Calendar.from_ical(answer.content)
    events = calendar.walk("VEVENT")
    due = {one["due"] for one in got(officer.post(f"{V1}/law/clocks", json=case))["deadlines"]}
    assert events and all(str(event["SUMMARY"]).startswith(case["name"]) for event in events)
    assert {event.decoded("DTSTART").isoformat() for event in events} <= due
    assert str(calendar["PRODID"]).endswith(language.upper())


def test_json_is_given_where_it_is_asked_for(officer: httpx.Client, case: dict[str, Any]) -> None:
    headers = {"accept": "text/calendar"}
    answer = officer.post(f"{V1}/law/clocks", json=case, params={"format": "json"}, headers=headers)
    assert got(answer)["procedure"] == "standard_contract"
    assert officer.post(f"{V1}/law/clocks", json=case, params={"format": "pdf"}).status_code == 422


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"procedure": "by_carrier_pigeon"}, ("procedure", "standard_contract")),
        ({"procedure": None}, ("procedure", "standard_contract")),
        ({"as_of": "10 March"}, ("as_of", "YYYY-MM-DD")),
        ({"as_of": 20260310}, ("as_of", "YYYY-MM-DD")),
        ({"events": {"flew_away": "2026-03-02"}}, ("events.flew_away", "one of")),
        ({"events": []}, ("events",)),
        ({"horizon": 0}, ("horizon", "1 to 120")),
        ({"horizon": 1.5}, ("horizon", "1 to 120")),
        ({"readings": {"start_day": "whenever"}}, ("readings.start_day", "next_day")),
        ({"colour": "red"}, ("colour", "one of")),
        ({"name": "two\nlines"}, ("name", "one line")),
    ],
)
def test_a_case_that_cannot_be_is_told(
    officer: httpx.Client, case: dict[str, Any], change: dict[str, Any], words: tuple[str, ...]
) -> None:
    refused(officer.post(f"{V1}/law/clocks", json={**case, **change}), *words)


# ---- destinations


def test_destinations_and_their_cards(officer: httpx.Client) -> None:
    cards = got(officer.get(f"{V1}/law/destinations", params={"as_of": "2026-11-21"}))
    by_country = {country: card["id"] for card in cards for country in card["countries"]}
    assert len(cards) >= 25 and by_country["DE"] == by_country["FR"] == "EU" and by_country["SG"] == "SG"
    for country in ("SG", "DE", "EU"):
        card = got(officer.get(f"{V1}/law/destinations/{country}", params={"as_of": "2026-11-21"}))
        assert card["covered"] and card["topics"] == law.destination_json(country, date(2026, 11, 21))["topics"]


def test_a_country_that_is_not_held_says_so(officer: httpx.Client) -> None:
    assert got(officer.get(f"{V1}/law/destinations/AQ"))["covered"] is False
    for country in ("ZZ", "sg", "Singapore"):
        refused(officer.get(f"{V1}/law/destinations/{country}"), "country", "two capital letters", "SG")


def test_the_line_of_a_bulk_threshold(officer: httpx.Client) -> None:
    """28 CFR 202.205(d): health data of 10,000 U.S. persons, from 2025-04-08."""
    place = f"{V1}/law/destinations/US/threshold"
    for number, day, reached in (
        (9_999, "2026-11-21", False), (10_000, "2026-11-21", True), (None, "2026-11-21", None), (10_000, "2025-04-07", False),
    ):  # fmt: skip
        told = got(officer.post(place, json={"category": "health", "number": number, "as_of": day}))
        assert told["reached"] is reached and told["text"]["zh"] and told["text"]["en"]
    combined = got(officer.post(place, json={"category": ["health", "human_genomic"], "number": 100}))
    assert combined["reached"] is True and combined["at"] == 100
    stricter = {"category": "health", "number": 10_000, "readings": {"bulk_line": "more_than"}}
    assert got(officer.post(place, json=stricter))["reached"] is False
    assert got(officer.post(f"{V1}/law/destinations/AQ/threshold", json={"number": 5}))["reached"] is None


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ({"category": "shoe_size", "number": 5}, "category"),
        ({"category": [], "number": 5}, "category"),
        ({"category": "health", "number": -1}, "number"),
        ({"category": "health", "number": 1.5}, "number"),
        ({"category": "health", "number": True}, "number"),
        ({"category": "health", "number": 10**11}, "number"),
        ({"category": "health", "readings": {"bulk_line": "perhaps"}}, "bulk_line"),
        ({"category": "health", "readings": {"other": "x"}}, "bulk_line"),
        ({"category": "health", "as_of": "2026-1-1"}, "YYYY-MM-DD"),
        ({"kind": "health"}, "kind"),
    ],
)
def test_a_threshold_asked_wrongly(officer: httpx.Client, asked: dict[str, Any], word: str) -> None:
    answer = officer.post(f"{V1}/law/destinations/US/threshold", json=asked)
    assert answer.status_code in (400, 422) and word in answer.json()["error"]["text"]["en"]


# ---- checklists


def test_checklists_name_what_may_be_answered(officer: httpx.Client) -> None:
    for one in got(officer.get(f"{V1}/law/checklists")):
        for field in one["answers"]:
            value: Any = {"bool": True, "count": 3, "date": "2026-11-21", "texts": ["a"]}.get(field["kind"])
            value = field["choices"][0] if field["kind"] == "choice" else value
            for part in reversed(field["path"].split(".")):
                value = {part: value}
            if field["path"] != "data.under_14":
                got(officer.post(f"{V1}/law/checklists/{one['id']}", json=value))


def test_necessity_and_notice_answer_as_the_law_room_does(officer: httpx.Client) -> None:
    sheet = {"date": "2026-11-21", "scope": {"persons_sent": 12, "persons_needed": 7}}
    assert got(officer.post(f"{V1}/law/checklists/necessity", json=sheet)) == law.necessity(sheet).to_dict()
    sheet = {"date": "2026-11-21", "basis": {"ground": "consent"}, "data": {"sensitive": True}}
    taken = {"secrecy": "general_only"}
    told = got(officer.post(f"{V1}/law/checklists/notice", json={**sheet, "readings": taken}))
    assert told == law.notice(sheet, readings=taken).to_dict() and told["readings"]["secrecy"] == "general_only"


@pytest.mark.parametrize(
    ("name", "sheet", "words"),
    [
        ("necessity", {"scope": {"persons_sent": -1}}, ("scope.persons_sent", "whole number", "such as")),
        ("necessity", {"scope": 5}, ("scope", "mapping")),
        ("necessity", {"readings": {}}, ("readings",)),
        ("necessity", {"date": "soon"}, ("date", "YYYY-MM-DD")),
        ("notice", {"basis": {"ground": "whim"}}, ("basis.ground", "consent")),
        ("notice", {"data": {"under_14": True, "sensitive": False}}, ("data.under_14",)),
        ("notice", {"readings": {"secrecy": 7}}, ("readings",)),
        ("notice", {"readings": {"secrecy": "x"}}, ("secrecy", "general_only")),
        ("notice", {"readings": []}, ()),
    ],
)
def test_answers_that_cannot_be(
    officer: httpx.Client, name: str, sheet: dict[str, Any], words: tuple[str, ...]
) -> None:
    answer = officer.post(f"{V1}/law/checklists/{name}", json=sheet)
    if words:
        refused(answer, *words)
    else:
        got(answer)


# ---- grades


def test_the_grade_is_that_of_the_law_room(officer: httpx.Client) -> None:
    """Personal information of ten million persons: the network data regulations' number."""
    facts = {"date": "2026-11-21", "data": {"personal": True, "persons": 12_345_678, "sensitive_persons": 0}}
    assert got(officer.post(f"{V1}/law/grade", json=facts)) == law.grade(facts).to_dict()
    taken = {"elements": "both_needed"}
    told = got(officer.post(f"{V1}/law/grade", json={**facts, "readings": taken}))
    assert told == law.grade(facts, readings=taken).to_dict() and told["readings"]["elements"] == "both_needed"
    undated = got(officer.post(f"{V1}/law/grade", json={"data": facts["data"]}))
    assert undated["level"] == law.grade(facts).level


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"data": {"persons": -3}}, ("data.persons", "whole number", "such as")),
        ({"data": {"describes": "weather"}}, ("data.describes", "users")),
        ({"date": "2016-01-01"}, ("date", "2017-01-01")),
        ({"date": "2099-01-01"}, ("date", "2027-12-31")),
        ({"annex_h": {}}, ("annex_h",)),
        ({"readings": {"degree": "x"}}, ("degree", "standard")),
        ({"data": [1]}, ("data", "mapping")),
    ],
)
def test_a_grade_asked_wrongly(officer: httpx.Client, facts: dict[str, Any], words: tuple[str, ...]) -> None:
    refused(officer.post(f"{V1}/law/grade", json=facts), *words)
