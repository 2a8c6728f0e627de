"""Records of another entity look, page by page, as if they were not there; and no field fails open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from console_house import GATE, PASSWORD, add_user, form_token, new_app, served
from fastapi import FastAPI

from tongguan.trust.access import Grant, Principal

BI = Principal("bi", "user", (Grant("compliance_officer", frozenset({"乙"})),), id="bi")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    app = new_app(tmp_path_factory.mktemp("others"), inspected=False)
    add_user(app.state.console.trust, "jia", "compliance_officer", entities=["甲"])
    add_user(app.state.console.trust, "sec", "security_administrator")
    return app


@pytest.fixture(scope="module")
def address(house: FastAPI) -> Iterator[str]:
    with served(house) as address:
        yield address


def visitor(address: str, user: str) -> tuple[httpx.Client, str]:
    """A client that is signed in, and the token of its forms."""
    client = httpx.Client(base_url=address, timeout=30)
    csrf = form_token(client.get("/sign-in").text)
    client.post("/sign-in", data={"user": user, "password": PASSWORD, "csrf": csrf})
    return client, form_token(client.get("/profile").text)


def same(first: httpx.Response, second: httpx.Response, *ids: str) -> bool:
    texts = [first.text, second.text]
    for id in ids:
        texts = [text.replace(id, "ID") for text in texts]
    return first.status_code == second.status_code and texts[0] == texts[1]


def test_evidence_of_others(house: FastAPI, address: str) -> None:
    room = house.state.console.trust.evidence
    theirs = room.add(b"x", kind="file", name="n", media_type="text/plain", entity="乙", by=BI).id
    nothing = "ev_" + "0" * (len(theirs) - 3)
    client, csrf = visitor(address, "jia")
    for path in ("/evidence?id=", "/evidence.json?id="):
        found = client.get(path + theirs)
        assert found.status_code == 200 and same(found, client.get(path + nothing), theirs, nothing)
    for act in ("hold", "release", "retain", "original"):
        form = {"csrf": csrf, "reason": "r", "until": "2040-01-01"}
        refused = client.post(f"/evidence/{theirs}/{act}", data=form)
        assert refused.status_code == 404
        assert same(refused, client.post(f"/evidence/{nothing}/{act}", data=form), theirs, nothing)


def test_approvals_of_others(house: FastAPI, address: str) -> None:
    room = house.state.console.trust.approvals
    theirs, nothing = room.request("evidence.release", "ev_1", "why", BI, entity="乙").id, "apr_0000000000000000"
    client, csrf = visitor(address, "jia")
    assert same(client.get(f"/approvals?id={theirs}"), client.get(f"/approvals?id={nothing}"), theirs, nothing)
    for act in ("approve", "refuse", "withdraw"):
        refused = client.post(f"/approvals/{theirs}", data={"csrf": csrf, "act": act})
        assert refused.status_code == 404 and "乙" not in refused.text
        assert same(refused, client.post(f"/approvals/{nothing}", data={"csrf": csrf, "act": act}), theirs, nothing)
    assert room.get(theirs, BI).state == "asked"


@pytest.mark.parametrize("typed", [",", "，，", " , "])
def test_commas_alone_are_not_all_entities(house: FastAPI, address: str, typed: str) -> None:
    identity = house.state.console.trust.identity
    user = identity.by_name("lan") or identity.create_user("lan", by=GATE)
    client, csrf = visitor(address, "sec")
    for field in ("entities", "teams"):
        form = {"csrf": csrf, "role": "viewer", field: typed}
        assert client.post(f"/people/{user.id}/grant", data=form).status_code == 400
    assert identity.user(user.id, GATE).grants == ()


def test_home_folder_holds_no_secret_of_these_tests(house: FastAPI, address: str) -> None:
    home: Path = house.state.console.trust.home
    visitor(address, "jia")
    for path in home.rglob("*"):
        if path.is_file():
            assert PASSWORD.encode() not in path.read_bytes()
