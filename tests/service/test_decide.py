"""The wizard: what it knows beforehand, what it answers, what it writes down."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from console_house import form_token

from tongguan import law

FULL = {
    "date": "2026-11-20", "exporter.ciio": "no", "recipient.country": "US", "data.personal": "yes",
    "data.important": "no", "data.core": "no", "data.state_secret": "no", "data.persons": "50000",
    "data.sensitive_persons": "0", "activity.act": "transmission",
}  # fmt: skip


def ask(client: httpx.Client, **changes: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/decide.json", params={**FULL, **changes}).json()
    return found


@pytest.mark.parametrize(
    ("changes", "pathway"),
    [
        ({}, "exempt"),
        ({"data.persons": "100000"}, "standard_contract_or_certification"),
        ({"data.persons": "1，000，000"}, "security_assessment"),
        ({"data.sensitive_persons": "1"}, "standard_contract_or_certification"),
        ({"data.core": "yes"}, "prohibited"),
        ({"data.core": "unknown"}, "undetermined"),
        ({"exporter.ciio": "unknown"}, "undetermined"),
        ({"activity.act": "none"}, "not_export"),
        ({"date": "2023-06-01", "data.persons": "100000"}, "security_assessment"),
    ],
)
def test_answers(client: httpx.Client, changes: dict[str, str], pathway: str) -> None:
    data = ask(client, **changes)
    assert data["errors"] == {} and data["decision"]["pathway"] == pathway


def test_the_answer_is_the_law_rooms(client: httpx.Client) -> None:
    data = ask(client)
    nested: dict[str, Any] = {}
    for path, value in data["facts"].items():
        *above, last = path.split(".")
        place = nested
        for part in above:
            place = place.setdefault(part, {})
        place[last] = value
    assert data["decision"] == law.decision_json(law.decide(nested))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"date": "20.11.2026"}, "date"),
        ({"data.persons": "-1"}, "data.persons"),
        ({"data.persons": "9" * 30}, "data.persons"),
        ({"data.persons": "１２"}, "data.persons"),
        ({"recipient.country": "XX"}, "recipient.country"),
        ({"activity.act": "teleport"}, "activity.act"),
        ({"exporter.zone": "atlantis"}, "exporter.zone"),
        ({"data.personal": "no", "data.persons": "5"}, "data.personal"),
    ],
)
def test_a_bad_field_is_named_and_nothing_is_decided(client: httpx.Client, changes: dict[str, str], field: str) -> None:
    data = ask(client, **changes)
    assert list(data["errors"]) == [field] and data["decision"] is None
    assert data["errors"][field] in client.get("/decide", params={**FULL, **changes}).text


def test_it_starts_with_what_the_inspection_judged_by(client: httpx.Client) -> None:
    data = client.get("/decide.json").json()
    assert data["asked"]["data.persons"] == "842316" and data["asked"]["data.core"] == "no"
    assert data["asked"]["exporter.city"] == "成都" and data["given"] is False
    assert data["decision"]["pathway"] == "standard_contract_or_certification"
    assert client.get("/decide.json?about=ganxian").json()["asked"]["recipient.country"] == "US"


def test_only_recording_writes(client: httpx.Client, auditor: httpx.Client) -> None:
    def entries() -> int:
        return int(auditor.get("/audit.json?kind=decision").json()["kinds"].get("decision", 0))

    before = entries()
    page = client.get("/decide", params=FULL).text
    assert entries() == before
    answer = client.post("/decide", data={**FULL, "csrf": form_token(page), "stray": "x"})
    assert answer.status_code == 303 and "logged=" in answer.headers["location"] and entries() == before + 1
    body = auditor.get("/audit.json?kind=decision").json()["list"]["rows"][0]["body"]
    assert body["pathway"] == "exempt" and body["facts"]["data.persons"] == 50000 and "stray" not in body["facts"]
    assert "已记入审计日志" in client.get(answer.headers["location"], headers={"cookie": _zh(client)}).text

    bad = client.post("/decide", data={**FULL, "date": "never", "csrf": form_token(page)})
    assert bad.status_code == 303 and "logged=" not in bad.headers["location"] and entries() == before + 1


def _zh(client: httpx.Client) -> str:
    return f"tongguan_session={client.cookies['tongguan_session']}; lang=zh"


def test_a_logged_mark_that_is_no_decision_is_not_believed(client: httpx.Client) -> None:
    assert "已记入审计日志" not in client.get("/decide", params={**FULL, "logged": "0", "lang": "zh"}).text
