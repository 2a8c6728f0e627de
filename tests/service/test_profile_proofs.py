"""A stolen session changes none of what its owner signs in with: a fresh proof is asked for."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pyotp
import pytest
from console_house import GATE, PASSWORD
from identity_support import oidc_server, soft_authenticator
from oidc_console import console_with_provider
from signin_house import House, at_home, browser_of, csrf_of, enter, new_house

SESSION = "tongguan_session"
CHANGES = ["totp", "totp/remove", "keys/x/remove", "recovery", "tokens", "links/x", "links/x/remove"]
V1 = "/api/v1"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return new_house(tmp_path)


@pytest.fixture
def address(house: House) -> Iterator[str]:
    with at_home(house.app) as address:
        yield address


@pytest.fixture
def wang(address: str) -> Iterator[httpx.Client]:
    with browser_of(address) as client:
        assert enter(client, "wang").status_code == 303
        yield client


def later(house: House, seconds: float) -> None:
    house.identity.context.clock = lambda: time.time() + seconds


def send(client: httpx.Client, path: str, **data: str | list[str]) -> httpx.Response:
    return client.post(path, data={"csrf": csrf_of(client), **data})


def test_a_session_alone_changes_nothing_after_ten_minutes(wang: httpx.Client, house: House) -> None:
    assert "确认身份" not in wang.get("/profile").text and wang.get("/profile.json").json()["proof"] == ""
    later(house, 601)
    for change in CHANGES:
        answer = send(wang, f"/profile/{change}", name="n", days="30", scopes=["decisions.ask"])
        expected = "/profile/proof" + ("?tab=tokens" if change == "tokens" else "")
        assert (answer.status_code, answer.headers["location"]) == (303, expected), change
        twin = wang.post(f"/profile/{change}", data={"csrf": csrf_of(wang)}, headers={"Accept": "application/json"})
        assert twin.status_code == 403 and twin.json()["proof"] == expected
    answer = send(wang, "/profile/keys/options")  # as the script asks
    assert answer.status_code == 403 and answer.json()["proof"] == "/profile/proof" and answer.json()["error"]
    denied = [body for kind, actor, body in house.kinds() if kind == "denied" and actor == "wang"]
    assert len(denied) == 2 * len(CHANGES) + 1 and {body["why"] for body in denied} == {"proof"}
    found = {kind for kind, _, _ in house.kinds()}
    assert found.isdisjoint({"recovery_codes_made", "token_issued", "second_factor_added"})
    for tab in ("access", "tokens"):
        assert "确认身份" in wang.get("/profile", params={"tab": tab}).text
    assert "确认身份" not in wang.get("/profile?tab=sessions").text
    assert send(wang, "/profile/sessions").status_code == 303  # what protects needs no proof


def test_the_password_is_a_proof_and_kills_a_copy_of_the_session(
    wang: httpx.Client, house: House, address: str
) -> None:
    later(house, 601)
    stolen = wang.cookies[SESSION]
    page = wang.get("/profile/proof?tab=tokens")
    assert page.status_code == 200 and page.text.count("<h1>") == 1 and 'type="password"' in page.text
    assert "Is it still you?" in wang.get("/profile/proof?lang=en").text
    wang.get("/profile/proof?lang=zh")
    wrong = send(wang, "/profile/proof", method="password", answer="not this one", tab="tokens")
    assert wrong.status_code == 401 and "密码不正确" in wrong.text and "not this one" not in wrong.text
    for method in ("totp", "recovery", "", "<script>"):
        answer = send(wang, "/profile/proof", method=method, answer=PASSWORD)
        assert answer.status_code == 400 and "<script>" not in answer.text
    assert wang.post("/profile/proof", data={"method": "password", "answer": PASSWORD}).status_code == 403
    came = send(wang, "/profile/proof", method="password", answer=PASSWORD, tab="tokens")
    assert came.headers["location"] == "/profile?tab=tokens&done=proof" and wang.cookies[SESSION] != stolen
    assert "十分钟内可以修改" in wang.get("/profile?tab=tokens&done=proof").text
    with browser_of(address) as thief:
        thief.cookies.set(SESSION, stolen)
        assert thief.get("/profile").status_code == 303
    assert len(re.findall(r'<li class="mono">', send(wang, "/profile/recovery").text)) == 10
    later(house, 2 * 601)
    assert send(wang, "/profile/recovery").headers["location"] == "/profile/proof"
    assert {"proof", "proof_failed"} <= {kind for kind, _, _ in house.kinds()}


def test_guessing_makes_one_wait(wang: httpx.Client, house: House) -> None:
    later(house, 601)
    for _ in range(7):
        answer = send(wang, "/profile/proof", method="password", answer="guess")
    assert answer.status_code == 401 and "失败次数过多" in answer.text
    assert send(wang, "/profile/proof", method="password", answer=PASSWORD).status_code == 401


def test_tries_are_counted_by_address(tmp_path: Path) -> None:
    house = new_house(tmp_path / "few", sign_ins=3)
    with at_home(house.app) as address, browser_of(address) as wang:
        enter(wang, "wang")
        seen = [send(wang, "/profile/proof", method="password", answer="guess").status_code for _ in range(4)]
        assert seen[:2] == [401, 401] and seen[-1] == 429


def test_a_code_and_a_key_are_proofs(wang: httpx.Client, house: House) -> None:
    twin = wang.post("/profile/totp", data={"csrf": csrf_of(wang)}, headers={"Accept": "application/json"}).json()
    totp = pyotp.TOTP(twin["offer"]["secret"].replace(" ", ""))
    assert send(wang, "/profile/totp/confirm", code=totp.now()).status_code == 303
    key = soft_authenticator.SoftKey(origin=str(wang.base_url).rstrip("/"))
    answer = key.create(send(wang, "/profile/keys/options").json())
    assert send(wang, "/profile/keys", name="n", answer=answer).status_code == 303
    later(house, 660)
    assert all(way in wang.get("/profile/proof").text for way in ("method=password", "method=totp", "method=webauthn"))
    code = totp.at(time.time() + 660)
    assert send(wang, "/profile/proof", method="totp", answer=code).headers["location"] == "/profile?done=proof"
    assert send(wang, "/profile/proof", method="totp", answer=code).status_code == 401  # once
    later(house, 2 * 660)
    assert 'data-webauthn="get"' in wang.get("/profile/proof?method=webauthn").text
    answer = key.get(send(wang, "/profile/proof/options").json())
    assert send(wang, "/profile/proof", method="webauthn", answer=answer).headers["location"] == "/profile?done=proof"
    assert send(wang, "/profile/totp/remove").headers["location"] == "/profile?done=totp_remove"


@pytest.mark.skipif(not oidc_server.THERE, reason="needs npm's oidc-provider")
def test_without_a_password_and_a_factor_a_new_sign_in_counts(tmp_path: Path) -> None:
    with console_with_provider(tmp_path, create_users=True) as (house, address, _), browser_of(address) as client:
        made = house.identity.create_user("sun", by=GATE)
        came = house.identity.admit(made.id, method="oidc:corp", address="127.0.0.1")
        client.cookies.set(SESSION, came.token or "", domain="localhost.local")
        assert client.get("/profile").status_code == 200
        assert send(client, "/profile/links/corp").status_code == 200  # just signed in
        later(house, 601)
        assert send(client, "/profile/links/corp").headers["location"] == "/profile/proof"
        page = client.get("/profile/proof").text
        assert "重新登录" in page and 'action="/sign-out"' in page and 'name="answer"' not in page
        assert send(client, "/profile/proof", method="", answer="").status_code == 400


def test_the_api_asks_alike(house: House, address: str) -> None:
    with browser_of(address) as client:
        client.headers["Accept"] = "application/json"
        client.headers["X-CSRF-Token"] = client.post(
            f"{V1}/session", json={"name": "wang", "password": PASSWORD}
        ).json()["csrf"]
        assert client.get(f"{V1}/me/proof").json()["until"] > time.time()
        later(house, 601)
        assert client.get(f"{V1}/me/proof").json() == {"until": None, "methods": ["password"]}
        token = {"name": "t", "scopes": ["results.read"], "days": 1}
        for method, path, body in (
            ("POST", "totp", None), ("DELETE", "totp", None), ("POST", "recovery-codes", None),
            ("DELETE", "security-keys/x", None), ("POST", "tokens", token),
        ):  # fmt: skip
            answer = client.request(method, f"{V1}/me/{path}", json=body)
            assert answer.status_code == 403 and answer.json()["error"]["kind"] == "proof", path
        wrong = client.post(f"{V1}/me/proof", json={"method": "password", "answer": "not this one"})
        assert wrong.status_code == 403 and wrong.json()["error"]["kind"] == "denied"
        assert client.post(f"{V1}/me/proof", json={"method": "totp", "answer": "000000"}).status_code == 400
        came = client.post(f"{V1}/me/proof", json={"method": "password", "answer": PASSWORD})
        assert came.status_code == 200
        client.headers["X-CSRF-Token"] = came.json()["csrf"]
        issued = client.post(f"{V1}/me/tokens", json=token)
        assert issued.status_code == 201
        with browser_of(address) as program:
            program.headers["Authorization"] = f"Bearer {issued.json()['token']}"
            assert program.post(f"{V1}/me/proof", json={"method": "password", "answer": PASSWORD}).status_code == 403
