"""The pages about people, roles and approvals, as different people see and use them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from console_house import GATE, PASSWORD, add_user, form_token, new_app, served
from fastapi import FastAPI

SYSADMIN, SECADMIN, SECOND = "sysadmin", "secadmin", "second"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    made = new_app(tmp_path_factory.mktemp("people"), inspected=False)
    trust = made.state.console.trust
    add_user(trust, SYSADMIN, "system_administrator")
    add_user(trust, SECADMIN, "security_administrator")
    add_user(trust, SECOND, "compliance_officer")
    return made


@pytest.fixture(scope="module")
def address(app: FastAPI) -> Iterator[str]:
    with served(app) as address:
        yield address


def client_of(address: str, user: str, password: str = PASSWORD) -> httpx.Client:
    client = httpx.Client(base_url=address, timeout=30)
    token = form_token(client.get("/sign-in").text)
    answer = client.post("/sign-in", data={"user": user, "password": password, "csrf": token, "next": "/"})
    assert answer.status_code == 303, answer.text
    return client


def token_of(client: httpx.Client) -> str:
    return form_token(client.get("/people").text)


def account(app: FastAPI, name: str) -> str:
    found = app.state.console.trust.identity.by_name(name)
    assert found
    return str(found.id)


def test_an_account_is_made_with_a_password_that_is_shown_once(app: FastAPI, address: str) -> None:
    client = client_of(address, SYSADMIN)
    made = client.post("/people", data={"csrf": token_of(client), "name": "li.si", "display": "李四", "entity": "总部"})
    shown = re.search(r'data-text="([a-z0-9-]{19})"', made.text)
    assert made.status_code == 200 and shown
    assert shown[1] not in client.get(f"/people?user={account(app, 'li.si')}").text
    new = client_of(address, "li.si", shown[1])
    assert new.get("/people.json").status_code == 403  # the first password must be changed, and there is no role
    log = app.state.console.trust.audit
    assert not any(shown[1] in entry.text for entry in log.entries(0, log.size))


def test_names_that_are_taken_or_impossible_are_told_beside_the_form(address: str) -> None:
    client = client_of(address, SYSADMIN)
    for name in ("officer", "a b\x00", ""):
        answer = client.post("/people", data={"csrf": token_of(client), "name": name, "display": "<b>x</b>"})
        assert answer.status_code == 400 and 'role="alert"' in answer.text and "<b>x</b>" not in answer.text


def test_accounts_and_roles_lie_in_different_hands(app: FastAPI, address: str) -> None:
    officer = account(app, "officer")
    system, security = client_of(address, SYSADMIN), client_of(address, SECADMIN)
    granting = {"role": "viewer", "entities": "甲公司，乙公司"}
    denied = system.post(f"/people/{officer}/grant", data={"csrf": token_of(system), **granting})
    assert denied.status_code == 400 and "安全管理员" in denied.text
    assert security.post("/people", data={"csrf": token_of(security), "name": "mole"}).status_code == 403
    granted = security.post(f"/people/{officer}/grant", data={"csrf": token_of(security), **granting})
    assert granted.status_code == 303
    shown = security.get(f"/people.json?user={officer}").json()["chosen"]["grants"]
    assert {"role": "viewer", "entities": ["乙公司", "甲公司"], "teams": None} in [
        {**grant, "entities": sorted(grant["entities"] or [])} for grant in shown
    ]
    clash = security.post(f"/people/{officer}/grant", data={"csrf": token_of(security), "role": "auditor"})
    assert clash.status_code == 400 and 'role="alert"' in clash.text
    own = security.post(f"/people/{account(app, SECADMIN)}/grant", data={"csrf": token_of(security), "role": "viewer"})
    assert own.status_code == 400


def test_a_form_from_elsewhere_changes_nothing(app: FastAPI, address: str) -> None:
    client = client_of(address, SYSADMIN)
    target = account(app, "auditor")
    for token in ("", "0" * 64):
        assert client.post(f"/people/{target}/disable", data={"csrf": token}).status_code == 403
    assert app.state.console.trust.identity.user(target, GATE).state == "active"


def test_disabling_ends_what_somebody_has_open(app: FastAPI, address: str) -> None:
    add_user(app.state.console.trust, "leaver", "viewer")
    leaver, admin = client_of(address, "leaver"), client_of(address, SYSADMIN)
    assert leaver.get("/decide").status_code == 200
    answer = admin.post(f"/people/{account(app, 'leaver')}/disable", data={"csrf": token_of(admin)})
    assert answer.status_code == 303
    assert leaver.get("/decide").status_code == 303  # to the sign-in


def test_teams(app: FastAPI, address: str) -> None:
    client = client_of(address, SYSADMIN)
    assert client.post("/teams", data={"csrf": token_of(client), "name": "合规组"}).status_code == 303
    team = client.get("/people.json?view=teams").json()["teams"][0]
    client.post("/teams", data={"csrf": token_of(client), "act": "add", "team": team["id"], "member": "officer"})
    assert client.get("/people.json?view=teams").json()["teams"][0]["members"][0]["name"] == "officer"
    nobody = {"csrf": token_of(client), "act": "add", "team": team["id"], "member": "nobody"}
    assert client.post("/teams", data=nobody).status_code == 400
    client.post("/teams", data={"csrf": token_of(client), "act": "delete", "team": team["id"]})
    assert client.get("/people.json?view=teams").json()["teams"] == []


def test_an_import_is_tried_first_and_then_done_whole(app: FastAPI, address: str) -> None:
    client = client_of(address, SYSADMIN)
    good = "userName,displayName,email,active\nwang.wu,王五,ww@example.com,true\nzhao.liu,赵六,zl@example.com,true\n"
    sent = {"csrf": token_of(client)}
    tried = client.post("/people-import", data=sent, files={"file": ("a.csv", good.encode("gb18030"))})
    assert tried.status_code == 200 and app.state.console.trust.identity.by_name("wang.wu") is None
    bad = good + "two words,x,not-an-address,maybe\n"
    wrong = client.post("/people-import", data={**sent, "really": "yes"}, files={"file": ("a.csv", bad.encode())})
    assert wrong.status_code == 200 and '<td class="num">4</td>' in wrong.text
    assert app.state.console.trust.identity.by_name("wang.wu") is None
    client.post("/people-import", data={**sent, "really": "yes"}, files={"file": ("a.csv", good.encode())})
    assert app.state.console.trust.identity.by_name("zhao.liu") is not None
    huge = client.post("/people-import", data=sent, files={"file": ("a.csv", b"x" * (1 << 20))})
    assert huge.status_code in (400, 413)


def test_the_matrix_shows_what_the_check_says(app: FastAPI, address: str) -> None:
    client = client_of(address, SECADMIN)
    shown = client.get("/roles.json").json()
    policy = app.state.console.trust.policy
    rows = {o["id"]: set(o["roles"]) for area in shown["areas"] for o in area["operations"]}
    assert rows == {o: {r.id for r in policy.roles.values() if o in r.grants} for o in policy.operations}
    assert client_of(address, SYSADMIN).get("/roles").status_code == 403


def test_an_approval_takes_two_people(app: FastAPI, address: str) -> None:
    one, two = client_of(address, "officer"), client_of(address, SECOND)
    token = form_token(one.get("/approvals").text)
    asked = one.post("/approvals", data={
        "csrf": token, "operation": "evidence.release", "resource": "EV-1", "reason": "结案 <script>",
    })  # fmt: skip
    assert asked.status_code == 303
    ident = asked.headers["location"].partition("id=")[2]
    own = one.post(f"/approvals/{ident}", data={"csrf": token, "act": "approve"})
    assert own.status_code == 400 and 'role="alert"' in own.text
    page = two.get(f"/approvals?id={ident}").text
    assert "结案 &lt;script&gt;" in page
    done = two.post(f"/approvals/{ident}", data={"csrf": form_token(page), "act": "approve", "note": "同意"})
    assert done.status_code == 303
    assert two.get("/approvals.json").json()["rows"][0]["state"] == "approved"
    again = two.post(f"/approvals/{ident}", data={"csrf": form_token(page), "act": "refuse"})
    assert again.status_code == 400
    empty = one.post("/approvals", data={"csrf": token, "operation": "evidence.release", "resource": "EV-2"})
    assert empty.status_code == 400


def test_pages_are_whole_in_both_languages(app: FastAPI, address: str, tmp_path: Path) -> None:
    client = client_of(address, SECADMIN)
    for lang in ("zh", "en"):
        for path in (
            "/people",
            f"/people?user={account(app, 'officer')}",
            "/people?view=teams",
            "/roles",
            "/approvals",
        ):
            answer = client.get(f"{path}{'&' if '?' in path else '?'}lang={lang}")
            assert answer.status_code == 200 and "<main" in answer.text
