"""Data assets over the API, with a catalogue that real scans made; and whatever schemathesis makes of its calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import assets_sample
import httpx
import pytest
import schemathesis
from api_house import House, folder_in_memory, served
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tongguan.casework.assets.changes import WHAT
from tongguan.identify.types import TYPES
from tongguan.service.console.assetrules import LEVELS, SECTORS

V1 = "/api/v1/assets"
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with folder_in_memory() as folder:
        made = House(folder)
        assets_sample.build(made.trust.home, folder / "place")
        yield made


@pytest.fixture(scope="module")
def address(house: House) -> Iterator[str]:
    with served(house.app) as address:
        yield address


@pytest.fixture
def officer(house: House, address: str) -> Iterator[httpx.Client]:
    with house.caller(address, house.people["compliance_officer"]) as client:
        yield client


def rows(client: httpx.Client, path: str = "", **params: Any) -> list[dict[str, Any]]:
    answer = client.get(f"{V1}{path}", params=params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["rows"]
    return found


def test_lists_and_one_of_them(officer: httpx.Client) -> None:
    assert {row["name"] for row in rows(officer, level="general-4")} == {"customers", "orders"}
    assert {row["name"] for row in rows(officer, state="gone")} == {"old_contacts", "notes.txt"}
    assert [row["name"] for row in rows(officer, view="columns", type="bank_card")] == ["bank_card"]
    (customers,) = rows(officer, words="customers", view="units")
    one = officer.get(f"{V1}/{customers['id']}").json()
    assert one["path"] == customers["path"]
    matches = {column["name"]: column["match"] for column in one["classification"]["columns"]}
    assert matches["id_card"]["rule"] == "general/identity" and matches["city"] is None
    assert {row["what"] for row in rows(officer, "/changes", words="orders")} == {"types_more", "grade_up", "schema"}
    assert {row["state"] for row in rows(officer, "/scans")} == {"complete"}
    assert {row["name"] for row in rows(officer, "/review")} == {"email", "id_card"}
    last = officer.get(V1, params={"size": 2, "page": 99}).json()
    assert last["page"] == last["pages"] == 3 and last["total"] == 6


def test_a_correction_is_recorded_held_and_taken_back(house: House, officer: httpx.Client) -> None:
    (odd,) = rows(officer, words="odd", view="units")
    path = f"{V1}/{odd['id']}/corrections"
    given = {"column": 0, "type": None, "reason": "shelf numbers"}
    for wrong, status in (({"reason": ""}, 422), ({"type": "no_such_type"}, 400), ({"column": 999}, 404), ({"x": 1}, 422),
                          ({"type": "as found"}, 400), ({"level": "top"}, 422), ({"column": "0"}, 422)):  # fmt: skip
        assert officer.post(path, json=given | wrong).status_code == status, wrong
    made = officer.post(path, json=given)
    assert made.status_code == 201
    entry = house.trust.audit.entry(made.json()["entry"])
    assert (entry.kind, entry.actor, entry.body["reason"]) == (
        "asset_corrected",
        "the-compliance-officer",
        "shelf numbers",
    )
    kept = made.json()["correction"]
    assert officer.get(f"{V1}/corrections").json() == [kept]
    columns = officer.get(f"{V1}/{odd['id']}").json()["classification"]["columns"]
    assert columns[0]["exception"] == kept["id"] and columns[0]["level"] is None
    graded = officer.post(path, json={"column": 0, "level": "important", "reason": "a matter of state"})
    assert graded.status_code == 201
    columns = officer.get(f"{V1}/{odd['id']}").json()["classification"]["columns"]
    assert columns[0]["level"] == "important" and columns[0]["type"] == "phone"
    for one in (graded.json()["correction"], kept):
        assert officer.delete(f"{V1}/corrections/{one['id']}").status_code == 200
    assert officer.delete(f"{V1}/corrections/{kept['id']}").status_code == 404
    assert officer.get(f"{V1}/corrections").json() == []


def test_a_token_reads_and_corrects_as_far_as_its_scopes(house: House, address: str) -> None:
    token = house.token(house.people["compliance_officer"], ["assets.read"])
    with httpx.Client(base_url=address, headers={"authorization": f"Bearer {token}"}, timeout=60) as client:
        assert rows(client)
        refused = client.post(f"{V1}/1/corrections", json={"column": 0, "type": None, "reason": "x"})
        assert refused.status_code == 403 and "更正数据资产" in refused.json()["error"]["text"]["zh"]


def test_a_parameter_that_no_call_knows_is_refused(officer: httpx.Client) -> None:
    for path in ("", "/changes", "/sources", "/runs", "/templates"):
        refused = officer.get(f"{V1}{path}", params={"levl": "general-4", "lang": "zh"})
        assert refused.status_code == 422
        assert refused.json()["error"]["text"] == {
            "zh": "query.levl: 没有这一项",
            "en": "query.levl: is not known here",
        }
        assert officer.get(f"{V1}{path}", params={"lang": "zh"}).status_code == 200


def test_a_change_of_rules_says_which_name_it_does_not_know(officer: httpx.Client) -> None:
    for edit in ({"what": "switch", "id": "no-such"}, {"what": "change", "id": "general/none-such"},
                  {"what": "change", "id": "general/basic", "class": "none-such"}, {"what": "take_in", "table": "zz"}):  # fmt: skip
        for path in ("/rules", "/rules/preview"):
            refused = officer.post(f"{V1}{path}", json=edit)
            assert refused.status_code == 400
            named = edit.get("class", edit.get("id", "zz")).rpartition("/")[2]
            assert all(named in text for text in refused.json()["error"]["text"].values())


def test_the_description_names_every_choice(house: House, officer: httpx.Client) -> None:
    paths = officer.get("/api/v1/openapi.json").json()["paths"]

    def choices(path: str, name: str) -> set[str]:
        given = next(p for p in paths[path]["get"]["parameters"] if p["name"] == name)["schema"]
        return {one for part in given.get("anyOf", [given]) for one in part.get("enum", [])}

    assert choices("/assets", "level") == set(LEVELS)
    assert choices("/assets/changes", "what") == set(WHAT)
    assert choices("/assets/templates", "sector") == set(SECTORS)
    for sector in SECTORS:
        shown = officer.get(f"{V1}/templates", params={"sector": sector}).json()
        assert sector in {one["sector"] for one in shown}
    assert all(set(rule["types"]) <= set(TYPES) for one in shown for rule in one["rules"])


def test_nothing_that_is_sent_meets_a_fault(house: House, address: str, officer: httpx.Client) -> None:
    schema = schemathesis.openapi.from_dict(officer.get("/api/v1/openapi.json").json())
    schema.config.update(base_url=f"{address}/api/v1")
    operations = [found.ok() for found in schema.get_all_operations()]
    mine = [operation for operation in operations if operation.path.startswith("/assets")]
    assert len(mine) >= 24
    headers = {"x-csrf-token": officer.headers["x-csrf-token"]}
    for operation in mine:
        for mode in GenerationMode:

            @settings(
                max_examples=8, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )  # fmt: skip
            @given(case=operation.as_strategy(generation_mode=mode))
            def run(case: Any) -> None:
                answer = case.call(headers=headers, cookies=dict(officer.cookies))
                case.validate_response(answer, checks=CHECKS)

            run()
