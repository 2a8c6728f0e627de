"""Records of another entity: not there, whatever one tries, and each try in the log. Tokens: no more than their scopes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from api_house import BUSINESS, ISSUER, REASON, Call, House, folder_in_memory, send, served
from console_house import GATE, add_user
from requests_of_routes import request_of

from tongguan.trust.access import grounds

OURS, THEIRS = "Ours Ltd", "Theirs Ltd"
V1 = "/api/v1"


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with folder_in_memory() as folder:
        made = House(folder)
        made.asker = made.trust.identity.principal(add_user(made.trust, "asker", "business_owner"))
        yield made


@pytest.fixture(scope="module")
def address(house: House) -> Iterator[str]:
    with served(house.app) as address:
        yield address


@pytest.fixture
def officer(house: House, address: str) -> Iterator[httpx.Client]:
    """A compliance officer of one entity."""
    user = add_user(house.trust, house.name(), "compliance_officer", entities=[OURS])
    with house.caller(address, user) as client:
        yield client


def denials(house: House) -> int:
    return house.trust.audit.kinds().get("denied", 0)


EVIDENCE = [
    ("GET", "", None), ("GET", "/masked", None), ("GET", "/history", None), ("POST", "/original", REASON),
    ("POST", "/hold", REASON), ("POST", "/release", REASON), ("POST", "/retention", {"until": 4e9, **REASON}),
]  # fmt: skip


@pytest.mark.parametrize(("method", "end", "json"), EVIDENCE)
def test_evidence_of_others_looks_as_if_it_were_not_there(
    house: House, officer: httpx.Client, method: str, end: str, json: object
) -> None:
    theirs = house.evidence(THEIRS)
    before = denials(house)
    answer = officer.request(method, f"{V1}/evidence/{theirs}{end}", json=json)
    nothing = officer.request(method, f"{V1}/evidence/{theirs[:-4]}0000{end}", json=json)
    assert answer.status_code == nothing.status_code == 404
    assert answer.json() == nothing.json() and THEIRS not in answer.text
    assert denials(house) == before + 1
    assert officer.request("GET", f"{V1}/evidence/{house.evidence(OURS)}").status_code == 200


KEYS = [
    ("GET", "", None), ("POST", "/seal", {"data": "eA=="}), ("POST", "/unseal", {"data": "eA=="}),
    ("POST", "/rewrap", {"data": "eA=="}), ("POST", "/sign", {"message": "eA=="}),
]  # fmt: skip


@pytest.mark.parametrize(("method", "end", "json"), KEYS)
def test_keys_of_others_look_as_if_they_were_not_there(
    house: House, officer: httpx.Client, method: str, end: str, json: object
) -> None:
    theirs = house.key(entity=THEIRS)
    before = denials(house)
    answer = officer.request(method, f"{V1}/keys/{theirs}{end}", json=json)
    nothing = officer.request(method, f"{V1}/keys/{theirs[:-4]}0000{end}", json=json)
    assert answer.status_code == nothing.status_code == 404
    assert answer.json() == nothing.json()
    assert denials(house) == before + 1


@pytest.mark.parametrize("end", ["", "/decision"])
def test_approvals_of_others_look_as_if_they_were_not_there(house: House, officer: httpx.Client, end: str) -> None:
    theirs = house.approval(house.asker, THEIRS)
    before = denials(house)
    method, json = ("POST", {"approve": True}) if end else ("GET", None)
    answer = officer.request(method, f"{V1}/approvals/{theirs}{end}", json=json)
    nothing = officer.request(method, f"{V1}/approvals/{theirs[:-4]}0000{end}", json=json)
    assert answer.status_code == nothing.status_code == 404 and answer.json() == nothing.json()
    assert denials(house) == before + 1
    assert house.trust.approvals.get(theirs, BUSINESS).state == "asked"


def test_lists_hold_nothing_of_others(house: House, officer: httpx.Client) -> None:
    ours = {
        "evidence": house.evidence(OURS),
        "keys": house.key(entity=OURS),
        "approvals": house.approval(house.asker, OURS),
    }
    theirs = [house.evidence(THEIRS), house.key(entity=THEIRS), house.approval(house.asker, THEIRS)]
    for what, ident in ours.items():
        found = officer.get(f"{V1}/{what}", params={"limit": 1000})
        assert ident in found.text
        assert not any(other in found.text for other in theirs) and THEIRS not in found.text


def test_nothing_is_put_where_others_are(house: House, officer: httpx.Client) -> None:
    asked = {"kind": "file", "name": "a", "media_type": "text/plain", "entity": THEIRS}
    answer = officer.post(f"{V1}/evidence", params=asked, content=b"x")
    assert answer.status_code == 404
    asked = {"operation": "evidence.release", "resource": "x", "reason": "y", "entity": THEIRS}
    assert officer.post(f"{V1}/approvals", json=asked).status_code == 404
    assert officer.get(f"{V1}/evidence", params={"entity": THEIRS}).status_code in (200, 404)


def test_results_of_another_entity_are_not_shown(house: House, officer: httpx.Client, address: str) -> None:
    before = denials(house)
    for path in ("/flows", "/flows/export", "/recipient?id=lumora", "/alerts", "/coverage"):
        answer = officer.get(path)
        assert answer.status_code == 403 and "lumora" not in answer.text and "842316" not in answer.text
    assert denials(house) == before + 5
    page = officer.get("/decide", headers={"accept": "text/html"})
    assert page.status_code == 200 and "星野" not in page.text and "842316" not in page.text
    theirs = add_user(house.trust, house.name(), "compliance_officer", entities=["星野零售（成都）有限公司"])
    with house.caller(address, theirs) as client:
        assert client.get("/flows").status_code == 200


# ---- tokens


def bearer(address: str, token: str) -> httpx.Client:
    headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
    return httpx.Client(base_url=address, timeout=60, headers=headers, verify=False)


@pytest.mark.parametrize("role", ["compliance_officer", "security_administrator", "auditor", "system_administrator"])
def test_a_token_does_what_its_scopes_say_and_nothing_else(house: House, address: str, role: str) -> None:
    service = add_user(house.trust, house.name(), role, kind="service")
    mine = sorted(house.trust.policy.roles[role].grants - {"profile.own"})
    scopes = mine[::2]
    who = replace(house.trust.identity.principal(service), only=frozenset(scopes))
    wrong = []
    with bearer(address, house.token(service, scopes)) as client:
        for route in house.declared:
            if route.operation is None:
                continue
            allowed = route.operation in scopes
            call = request_of(house, who, route) if allowed else house.sample(route, request_of)
            answer = send(client, route, call)
            told = answer.text if answer.status_code == 403 else ""
            refused = grounds(house.trust.policy, who, route.operation)["zh"] in told
            if refused == allowed or answer.status_code in (401, 500):
                wrong.append((route, answer.status_code, answer.text[:200]))
    assert wrong == []


def test_a_token_dies_with_its_revocation_its_account_and_its_role(house: House, address: str) -> None:
    service = add_user(house.trust, house.name(), "auditor", kind="service")
    made, token = house.trust.identity.issue_token(service, name="t", scopes=["audit.read"], days=1, by=ISSUER)
    with bearer(address, token) as client:
        assert client.get(f"{V1}/audit").status_code == 200
        house.trust.identity.revoke(service, "auditor", GATE)
        assert client.get(f"{V1}/audit").status_code == 403
        house.trust.identity.grant(service, "auditor", by=GATE)
        assert client.get(f"{V1}/audit").status_code == 200
        house.trust.identity.revoke_token(made, GATE)
        assert client.get(f"{V1}/audit").status_code == 401


@pytest.mark.parametrize("token", ["x", "tgk_", "tgk_" + "a" * 60, "é", "tgk_\x00", "a" * 9000])
def test_what_is_no_token_opens_nothing_even_beside_a_session(house: House, address: str, token: str) -> None:
    with house.caller(address, house.people["auditor"]) as client:
        headers = {"authorization": b"Bearer " + token.encode("latin-1").replace(b"\x00", b"%00")}
        assert client.get(f"{V1}/audit", headers=headers).status_code == 401
        assert client.get(f"{V1}/audit").status_code == 200


def test_a_token_needs_no_anti_forgery_header_and_a_session_does(house: House, address: str) -> None:
    service = add_user(house.trust, house.name(), "auditor", kind="service")
    with bearer(address, house.token(service, ["audit.verify"])) as client:
        assert client.post(f"{V1}/audit/verification").status_code == 200
    with house.caller(address, house.people["auditor"]) as client:
        for wrong in ("", "0" * 64, "é".encode()):
            before = denials(house)
            answer = client.post(f"{V1}/audit/verification", headers={"x-csrf-token": wrong})
            assert answer.status_code == 403 and answer.json()["error"]["kind"] == "forgery"
            assert denials(house) == before + 1
        assert client.post(f"{V1}/audit/verification").status_code == 200


def test_who_must_change_a_password_can_do_nothing_else(house: House, address: str) -> None:
    user = add_user(house.trust, house.name(), "auditor")
    house.trust.identity.set_password(user, "a new one to be changed", GATE, must_change=True)
    with house.caller(address, user) as client:
        assert client.get(f"{V1}/me").status_code == 200
        answer = client.get(f"{V1}/audit")
        assert answer.status_code == 403 and "密码" in answer.json()["error"]["text"]["zh"]
        page = client.get("/audit", headers={"accept": "text/html"})
        assert page.status_code == 303 and page.headers["location"] == "/profile"
        changed = client.put(f"{V1}/me/password", json={"old": "a new one to be changed", "new": "quite another one 7"})
        assert changed.status_code == 200
        client.headers["x-csrf-token"] = changed.json()["csrf"]
        assert client.get(f"{V1}/audit").status_code == 200
        assert client.post(f"{V1}/audit/verification").status_code == 200


def test_own_requests_cannot_be_approved(house: House, address: str) -> None:
    user = add_user(house.trust, house.name(), "compliance_officer")
    with house.caller(address, user) as client:
        asked = {"operation": "evidence.release", "resource": "ev", "reason": "why not"}
        ident = client.post(f"{V1}/approvals", json=asked).json()["id"]
        before = denials(house)
        answer = client.post(f"{V1}/approvals/{ident}/decision", json={"approve": True})
        assert answer.status_code == 403 and denials(house) == before + 1
        assert client.get(f"{V1}/approvals/{ident}").json()["state"] == "asked"
        assert send(client, house.declared[0], Call("/")).status_code == 200
