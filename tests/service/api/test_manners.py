"""Bad input of every kind: one shape of refusal, nothing changed, nothing held up. And what a caller goes through."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from hashlib import sha256

import httpx
import pyotp
import pytest
from api_house import BUSINESS, House, folder_in_memory, served
from console_house import GATE, PASSWORD, add_user, new_app

V1 = "/api/v1"
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with folder_in_memory() as folder:
        yield House(folder)


@pytest.fixture(scope="module")
def address(house: House) -> Iterator[str]:
    with served(house.app) as address:
        yield address


@pytest.fixture
def sysadmin(house: House, address: str) -> Iterator[httpx.Client]:
    with house.caller(address, house.people["system_administrator"]) as client:
        yield client


@pytest.fixture
def officer(house: House, address: str) -> Iterator[httpx.Client]:
    with house.caller(address, house.people["compliance_officer"]) as client:
        yield client


def checked(answer: httpx.Response, *statuses: int) -> dict[str, object]:
    """The refusal, in the one shape."""
    assert answer.status_code in statuses, (answer.status_code, answer.text[:300])
    assert answer.headers["content-type"] == "application/json"
    error: dict[str, object] = answer.json()["error"]
    assert set(error) == {"kind", "title", "help", "text"} and set(error["text"]) == {"zh", "en"}  # type: ignore[call-overload]
    assert all(error.values()) and "Traceback" not in answer.text
    return error


BOMBS = [
    b"[" * 100_000, b'{"name":' * 50_000, b'{"name": "' + b"a" * 900_000 + b'"}', b'{"name": ' + b"9" * 500_000 + b"}",
    b'{"name": 1e999999}', b"\xff\xfe{}", b"{", b"null", b"[]", b'"x"', b'{"name": "\\ud800"}', b'{"name": "a\\u0000b"}',
    b'{"name": "a", "name": "b", "x": 1}', b'{"name": {"$ne": null}}', b'{"name": "a\\r\\nSet-Cookie: x=1"}',
    b'{"name": "a", "entity": "' + "\u202e".encode() + b'evil"}', b'{"__proto__": {"admin": true}, "name": "a"}',
]  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS, ids=range(len(BOMBS)))
def test_json_that_is_none_or_a_bomb(house: House, sysadmin: httpx.Client, bomb: bytes) -> None:
    before = len(house.trust.identity.users(GATE, limit=1000))
    answer = sysadmin.post(f"{V1}/users", content=bomb, headers={"content-type": "application/json"})
    checked(answer, 400, 413, 422)
    assert len(house.trust.identity.users(GATE, limit=1000)) == before


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_a_change_comes_as_json_only(sysadmin: httpx.Client, kind: str) -> None:
    body = b'{"name": "by-form"}'
    checked(sysadmin.post(f"{V1}/users", content=body, headers={"content-type": kind}), 400, 415, 422)


@pytest.mark.parametrize(
    "path",
    ["/users/../me", "/users/%2e%2e/me", "/users/..%2f..%2fetc%2fpasswd", "/keys/%00", "/users/a%0db", "/users/ ",
     "/users/'%20or%201=1", "/audit/entries/-1", "/audit/entries/99999999999999999999", "/audit/entries/1e3", "/nothing",
     "/users/" + "a" * 5000, "/audit/entries?limit=0", "/audit/entries?limit=9999999", "/users?offset=-1", "//users",
     "/audit/consistency?first=5&second=2", "/audit/consistency?first=0&second=99999999", "/users/%ed%a0%80",
    "/fingerprints/a%0Ab/match/file",
],
)  # fmt: skip
def test_addresses_that_lead_nowhere(house: House, address: str, path: str) -> None:
    with house.caller(address, house.people["auditor"]) as client:
        answer = client.get(f"{address}{V1}{path}")
        if "../" not in path and "%2e%2e" not in path:  # those the client itself resolves
            checked(answer, 400, 404, 422)


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"])
def test_a_method_is_the_method(house: House, sysadmin: httpx.Client, header: str) -> None:
    user = house.user()
    assert sysadmin.get(f"{V1}/users/{user}", headers={header: "DELETE"}).status_code == 200
    assert sysadmin.post(f"{V1}/users/{user}?_method=DELETE", headers={header: "DELETE"}).status_code == 405
    assert house.trust.identity.user(user, GATE).state == "active"
    checked(sysadmin.request("TRACE", f"{V1}/users"), 405)


def test_a_forwarded_address_or_host_is_not_believed(house: House, sysadmin: httpx.Client) -> None:
    headers = {"x-forwarded-host": "evil.example", "x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https"}
    assert sysadmin.get(f"{V1}/users", headers=headers).status_code == 200
    answer = sysadmin.get("/sign-in?next=//evil.example", headers=headers | {"accept": "text/html"})
    assert "evil.example" not in answer.headers.get("location", "") + answer.text


def test_a_page_of_another_origin_changes_nothing(house: House, sysadmin: httpx.Client) -> None:
    for origin in ("https://evil.example", "null", "http://127.0.0.1.evil.example", "http://[::1", ""):
        answer = sysadmin.post(f"{V1}/users", json={"name": "from-elsewhere"}, headers={"origin": origin})
        assert answer.status_code == 403
    assert house.trust.identity.by_name("from-elsewhere") is None
    host = str(sysadmin.base_url).rstrip("/")
    assert sysadmin.post(f"{V1}/users", json={"name": "from-here"}, headers={"origin": host}).status_code == 201


# ---- what is there already, what is not


def test_conflicts_and_absent_records(house: House, sysadmin: httpx.Client) -> None:
    assert sysadmin.post(f"{V1}/users", json={"name": "twice"}).status_code == 201
    assert checked(sysadmin.post(f"{V1}/users", json={"name": "twice"}), 409)["kind"] == "conflict"
    for path in ("/users/nobody", "/teams/none"):
        assert checked(sysadmin.delete(f"{V1}{path}"), 404)["kind"] == "not_found"


def test_a_damaged_ciphertext_is_a_bad_request(house: House, officer: httpx.Client) -> None:
    key = house.key()
    sealed = officer.post(f"{V1}/keys/{key}/seal", json={"data": "c2VjcmV0", "context": "cm93"}).json()["data"]
    assert (
        officer.post(f"{V1}/keys/{key}/unseal", json={"data": sealed, "context": "cm93"}).json()["data"] == "c2VjcmV0"
    )
    for wrong in (
        {"data": sealed, "context": "b3RoZXI="},
        {"data": sealed[:-8] + "AAAAAAA=", "context": "cm93"},
        {"data": "eA=="},
    ):
        answer = officer.post(f"{V1}/keys/{key}/unseal", json=wrong)
        assert checked(answer, 400)["kind"] == "bad_input" and "c2VjcmV0" not in answer.text
    assert officer.post(f"{V1}/keys/{key}/sign", json={"message": "eA=="}).status_code in (400, 409)


# ---- evidence


def test_evidence_goes_in_as_it_comes_and_out_with_a_reason(house: House, officer: httpx.Client) -> None:
    content = bytes(range(256)) * 20_000  # 5 MB: more than an ordinary body may have
    asked = {"kind": "file", "name": "证据.bin", "media_type": "application/octet-stream", "masked": "2 个手机号"}
    pieces = (content[n : n + 65_536] for n in range(0, len(content), 65_536))
    added = officer.post(f"{V1}/evidence", params=asked, content=pieces)
    assert added.status_code == 201 and added.json()["size"] == len(content)
    ident = added.json()["id"]
    assert officer.get(f"{V1}/evidence/{ident}/masked").json() == {"masked": "2 个手机号"}
    checked(officer.post(f"{V1}/evidence/{ident}/original", json={"reason": ""}), 422)
    before = house.trust.audit.kinds().get("evidence.revealed", 0)
    original = officer.post(f"{V1}/evidence/{ident}/original", json={"reason": "a question of the supervisor"})
    assert sha256(original.content).digest() == sha256(content).digest()
    assert original.headers["content-disposition"] == f'attachment; filename="{ident}.bin"'
    assert house.trust.audit.kinds()["evidence.revealed"] == before + 1
    history = officer.get(f"{V1}/evidence/{ident}/history").json()
    assert history[-1]["reason"] == "a question of the supervisor"


def test_an_upload_has_its_own_limit_and_half_of_one_leaves_nothing() -> None:
    with folder_in_memory() as folder:
        app = new_app(folder, settings="service: {upload_limit: 2000000, body_limit: 1000, requests_per_minute: 10000}")
        trust = app.state.console.trust
        user = add_user(trust, "somebody", "compliance_officer")
        came = trust.identity.admit(user, method="password", address="127.0.0.1")
        asked = {"kind": "file", "name": "a", "media_type": "text/plain"}
        with served(app) as address, httpx.Client(base_url=address, verify=False, timeout=60) as client:
            client.cookies.set("tongguan_session", came.token or "", domain="127.0.0.1")
            client.headers["x-csrf-token"] = client.get(f"{V1}/session").json()["csrf"]
            assert client.post(f"{V1}/evidence", params=asked, content=b"a" * 1_500_000).status_code == 201
            checked(client.post(f"{V1}/evidence", params=asked, content=b"b" * 2_500_000), 413)
            checked(client.post(f"{V1}/evidence", params=asked, content=(b"c" * 100_000 for _ in range(30))), 413)
            checked(client.post(f"{V1}/decisions/ask", content=b"d" * 5000), 413)
            checked(client.post(f"{V1}/decisions/ask", content=(b"{" for _ in range(5000)), headers=JSON), 413)
            assert len(trust.evidence.list(BUSINESS)) == 1
            kept = [path for path in (folder / "home").rglob("*") if path.is_file() and path.stat().st_size > 1_400_000]
            assert len(kept) == 1


# ---- signing in


def test_the_way_in_and_out(house: House, address: str) -> None:
    user = add_user(house.trust, house.name(), "auditor")
    name = house.trust.identity.user(user, GATE).name
    with httpx.Client(base_url=address, verify=False, timeout=60) as client:
        client.cookies.set("tongguan_session", "chosen-by-somebody-else", domain="127.0.0.1")
        wrong = client.post(f"{V1}/session", json={"name": name, "password": "not this one"})
        nobody = client.post(f"{V1}/session", json={"name": "no-such-person", "password": "not this one"})
        assert wrong.status_code == nobody.status_code == 401 and wrong.json() == nobody.json()
        came = client.post(f"{V1}/session", json={"name": name, "password": PASSWORD})
        assert came.status_code == 200 and came.json()["outcome"] == "in"
        cookie = came.headers["set-cookie"].lower()
        assert "httponly" in cookie and "samesite=strict" in cookie
        first = cookie.split("=")[1].split(";")[0]
        assert first not in came.text.lower() and first != "chosen-by-somebody-else"
        again = client.post(f"{V1}/session", json={"name": name, "password": PASSWORD})
        assert again.headers["set-cookie"].lower() != cookie  # another token at each sign-in
        old = httpx.get(
            f"{address}{V1}/audit", cookies={"tongguan_session": came.headers["set-cookie"].split("=")[1].split(";")[0]}
        )
        assert old.status_code == 401  # and the one before is dead
        csrf = client.get(f"{V1}/session").json()["csrf"]
        token = client.cookies["tongguan_session"]
        assert client.delete(f"{V1}/session").status_code == 403
        assert client.delete(f"{V1}/session", headers={"x-csrf-token": csrf}).status_code == 204
        client.cookies.set("tongguan_session", token, domain="127.0.0.1")
        checked(client.get(f"{V1}/audit"), 401)


def test_a_second_factor(house: House, address: str) -> None:
    user = add_user(house.trust, house.name(), "auditor")
    name = house.trust.identity.user(user, GATE).name
    with house.caller(address, user) as client:
        secret = client.post(f"{V1}/me/totp").json()["secret"]
        assert client.post(f"{V1}/me/totp/confirmation", json={"code": "000000"}).status_code == 403
        code = pyotp.TOTP(secret).now()
        renewed = client.post(f"{V1}/me/totp/confirmation", json={"code": code})
        client.headers["x-csrf-token"] = renewed.json()["csrf"]
        codes = client.post(f"{V1}/me/recovery-codes").json()
    with httpx.Client(base_url=address, verify=False, timeout=60) as client:
        first = client.post(f"{V1}/session", json={"name": name, "password": PASSWORD}).json()
        assert (
            first["outcome"] == "second_factor" and first["csrf"] is None and "tongguan_session" not in client.cookies
        )
        step = {"pending": first["pending"], "method": "totp", "answer": code}
        assert client.post(f"{V1}/session/second-factor", json=step).status_code == 401  # used before
        step |= {"method": "recovery", "answer": codes[0]}
        assert client.post(f"{V1}/session/second-factor", json=step).json()["outcome"] == "in"
        assert client.get(f"{V1}/me").json()["second_factors"] == ["totp"]
        assert client.post(f"{V1}/session/second-factor", json=step).status_code == 401  # the step works once


def test_a_caller_may_ask_only_so_often() -> None:
    with folder_in_memory() as folder:
        app = new_app(folder, settings="service: {requests_per_minute: 20}")
        with served(app) as address, httpx.Client(base_url=address, verify=False, timeout=60) as client:
            seen = [client.get(f"{V1}/session").status_code for _ in range(40)]
            assert set(seen) == {200, 429} and 15 <= seen.count(200) <= 30
            answer = client.get(f"{V1}/me")
            assert checked(answer, 429)["kind"] == "too_many" and int(answer.headers["retry-after"]) >= 1
            page = client.get("/flows")
            assert page.status_code == 429 and page.headers["retry-after"] and "<h1>" in page.text
            assert {client.get("/nope").status_code for _ in range(5)} == {429}
            # Somebody who is signed in is another caller.
            user = add_user(app.state.console.trust, "another", "compliance_officer")
            came = app.state.console.trust.identity.admit(user, method="password", address="127.0.0.1")
            assert client.get("/flows", cookies={"tongguan_session": came.token or ""}).status_code == 200


# ---- what is said


def test_no_secret_is_logged(house: House, address: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    user, other = add_user(house.trust, house.name(), "security_administrator"), house.user("auditor", kind="service")
    name = house.trust.identity.user(user, GATE).name
    secrets = {PASSWORD, "the wrong one 12345", "a brand new password 77", "a secret reason 88"}
    with httpx.Client(base_url=address, verify=False, timeout=60) as client:
        client.post(f"{V1}/session", json={"name": name, "password": "the wrong one 12345"})
        csrf = client.post(f"{V1}/session", json={"name": name, "password": PASSWORD}).json()["csrf"]
        client.headers["x-csrf-token"] = csrf
        token = client.post(f"{V1}/users/{other}/tokens", json={"name": "t", "scopes": ["keys.read"], "days": 1})
        totp = client.post(f"{V1}/me/totp").json()["secret"]
        codes = client.post(f"{V1}/me/recovery-codes").json()
        shares = client.post(f"{V1}/master-key/shares", json={"threshold": 2, "holders": ["one", "two"]}).json()
        secrets |= {token.json()["token"], totp, *codes, *(share["words"] for share in shares), csrf}
        secrets.add(client.cookies["tongguan_session"])
        client.get(f"{V1}/users", headers={"authorization": f"Bearer {token.json()['token']}"})
        renewed = client.put(f"{V1}/me/password", json={"old": PASSWORD, "new": "a brand new password 77"})
        secrets |= {renewed.json()["csrf"], client.cookies["tongguan_session"]}
        client.headers["x-csrf-token"] = renewed.json()["csrf"]
        client.post(
            f"{V1}/approvals", json={"operation": "keys.destroy", "resource": "k", "reason": "a secret reason 88"}
        )
    ours = [
        record for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))
    ]  # not the client's
    said = "".join(record.getMessage() for record in ours) + "".join(house.trust.audit.texts())
    assert [secret for secret in secrets if secret in said or json.dumps(secret)[1:-1] in said] == []
    home = house.trust.home
    stored = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    kept = {"a secret reason 88"}  # a reason is there to be read by those who decide
    assert [secret for secret in secrets - kept if secret.encode() in stored] == []
