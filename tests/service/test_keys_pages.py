"""The pages about keys and the master key, as different people see and use them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from console_house import PASSWORD, add_user, form_token, new_app, served
from fastapi import FastAPI

from tongguan.trust.access import Grant, Principal
from tongguan.trust.ciphers import SigningKey
from tongguan.trust.ciphers.pem import public_pem

KEEPER, SECOND, OFFICER, AUDITOR, PROVIDER = "keeper", "second", "officer", "auditor", "provider"
ENTITY = "甲公司"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    made = new_app(tmp_path_factory.mktemp("keys"), inspected=False)
    trust = made.state.console.trust
    add_user(trust, KEEPER, "security_administrator")
    add_user(trust, SECOND, "security_administrator")
    add_user(trust, PROVIDER, "data_provider", entities=[ENTITY])
    return made


@pytest.fixture(scope="module")
def address(app: FastAPI) -> Iterator[str]:
    with served(app) as address:
        yield address


def client_of(address: str, user: str) -> httpx.Client:
    client = httpx.Client(base_url=address, timeout=60)
    token = form_token(client.get("/sign-in").text)
    answer = client.post("/sign-in", data={"user": user, "password": PASSWORD, "csrf": token, "next": "/"})
    assert answer.status_code == 303, answer.text
    return client


@pytest.fixture(scope="module")
def keeper(address: str) -> httpx.Client:
    return client_of(address, KEEPER)


def post(client: httpx.Client, path: str, **fields: object) -> httpx.Response:
    token = form_token(client.get("/profile").text)
    return client.post(path, data={"csrf": token, **fields})


def new_key(client: httpx.Client, name: str, purpose: str = "seal", **fields: str) -> str:
    answer = post(client, "/keys", name=name, purpose=purpose, owner="数据部", **fields)
    assert answer.status_code == 303, answer.text
    return str(re.search(r"id=(key_[0-9a-f]+)", answer.headers["location"])[1])  # type: ignore[index]


def chosen(client: httpx.Client, key: str) -> dict:
    return client.get(f"/keys.json?id={key}").json()["chosen"]


def principal(app: FastAPI, name: str, role: str) -> Principal:
    return Principal(name, "user", (Grant(role),), id=app.state.console.trust.identity.by_name(name).id)


def test_a_key_is_made_and_lives(app: FastAPI, keeper: httpx.Client) -> None:
    key = new_key(keeper, "字段", entity=ENTITY, last="2031-05-04")
    shown = chosen(keeper, key)
    assert (shown["state"], shown["algorithm"], shown["last"]) == ("active", "aes-256-gcm", "2031-05-04")
    assert shown["not_after"] == datetime(2031, 5, 4, 16, tzinfo=UTC).timestamp()  # midnight in Beijing
    sealed = app.state.console.trust.keys.seal(key, b"x", b"c", principal(app, OFFICER, "compliance_officer"))
    for act, state, version in (("rotate", "active", 2), ("suspend", "suspended", 2), ("activate", "active", 2),
                                ("retire", "retired", 2)):  # fmt: skip
        assert post(keeper, f"/keys/{key}/{act}").status_code == 303
        shown = chosen(keeper, key)
        assert (shown["state"], shown["version"]) == (state, version)
    refused = post(keeper, f"/keys/{key}/activate")
    assert refused.status_code == 400 and 'role="alert"' in refused.text
    opened = app.state.console.trust.keys.unseal(key, sealed, b"c", principal(app, OFFICER, "compliance_officer"))
    assert opened == b"x"
    assert post(keeper, f"/keys/{key}/explode").status_code == 404


def test_what_cannot_be_is_told_beside_the_form(keeper: httpx.Client) -> None:
    new_key(keeper, "taken")
    for fields in ({"name": "taken"}, {"name": ""}, {"name": "n", "last": "soon"}, {"name": "n", "algorithm": "rot13"},
                   {"name": "n", "first": "2031-01-02", "last": "2030-01-01"}):  # fmt: skip
        answer = post(keeper, "/keys", **{"purpose": "seal", "owner": "<b>o", **fields})
        assert answer.status_code == 400 and 'role="alert"' in answer.text and "<b>o" not in answer.text
    assert keeper.get("/keys?id=key_nope&purpose=nope&state=nope&page=x&foreign=maybe").status_code == 200
    assert post(keeper, "/keys/key_nope/rotate").status_code == 400


def test_the_list_is_filtered(keeper: httpx.Client) -> None:
    new_key(keeper, "filter-sign", "sign", entity="乙公司")
    names = lambda query: {row["name"] for row in keeper.get(f"/keys.json?{query}").json()["rows"]}  # noqa: E731
    assert names("purpose=sign&entity=乙公司") == {"filter-sign"}
    assert "filter-sign" not in names("purpose=seal") | names("state=retired") | names("foreign=yes")
    assert "filter-sign" in names("foreign=no&state=active")


def test_a_policy_says_who_may_use_it(keeper: httpx.Client) -> None:
    key = new_key(keeper, "policy")
    revision = chosen(keeper, key)["revision"]
    given = {"revision": revision, "principals": "officer，batch", "role": "modeller", "operations": ["seal", "unseal"]}
    assert post(keeper, f"/keys/{key}/allow", **given).status_code == 303
    rule = {"principals": ["batch", "officer"], "roles": ["modeller"], "operations": ["seal", "unseal"]}
    assert chosen(keeper, key)["rules"] == [rule]
    stale = post(keeper, f"/keys/{key}/allow", **given)
    assert stale.status_code == 400 and "刚被别人改过" in stale.text
    nobody = post(keeper, f"/keys/{key}/allow", revision=revision + 1)
    assert nobody.status_code == 400 and chosen(keeper, key)["rules"] == [rule]
    assert post(keeper, f"/keys/{key}/disallow", revision=revision + 1, rule="7").status_code == 400
    assert post(keeper, f"/keys/{key}/disallow", revision=revision + 1, rule="0").status_code == 303
    assert chosen(keeper, key)["rules"] == []


def test_a_key_is_destroyed_by_two(app: FastAPI, address: str, keeper: httpx.Client) -> None:
    key = new_key(keeper, "condemned", entity=ENTITY)
    post(keeper, f"/keys/{key}/suspend")
    assert post(keeper, f"/keys/{key}/destroy").status_code == 400
    page = keeper.get(f"/keys?id={key}").text
    assert f'name="resource" value="{key}"' in page and f"/keys/{key}/destroy" not in page
    asked = post(keeper, "/approvals", operation="keys.destroy", resource=key, entity=ENTITY, reason="停用")
    ident = asked.headers["location"].partition("id=")[2]
    assert chosen(keeper, key)["approvals"][0]["state"] == "asked"
    assert f"/approvals?id={ident}" in keeper.get(f"/keys?id={key}").text
    second = client_of(address, SECOND)
    assert post(second, f"/approvals/{ident}", act="approve").status_code == 303
    assert f"/keys/{key}/destroy" in keeper.get(f"/keys?id={key}").text
    assert f"/keys/{key}/destroy" not in second.get(f"/keys?id={key}").text  # the approval is not theirs
    assert post(keeper, f"/keys/{key}/destroy").status_code == 303
    assert chosen(keeper, key)["state"] == "destroyed"


def test_another_partys_key_is_registered_by_those_who_may(app: FastAPI, address: str, keeper: httpx.Client) -> None:
    public = public_pem("ed25519", SigningKey.generate("ed25519").public.encoded)
    provider = client_of(address, PROVIDER)
    assert f'name="entity" value="{ENTITY}"' in provider.get("/keys/register").text
    made = post(provider, "/keys/register", name="对方", owner="Lumora", entity=ENTITY, public=public)
    assert made.status_code == 200
    row = next(r for r in keeper.get("/keys.json?foreign=yes").json()["rows"] if r["name"] == "对方")
    assert row["fingerprint"] in made.text and chosen(keeper, row["id"])["public"] == public
    assert chosen(keeper, row["id"])["rotates"] is False
    assert post(provider, "/keys/register", name="x", owner="o", entity="别家", public=public).status_code == 400
    secret = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END PRIVATE KEY-----"
    refused = post(provider, "/keys/register", name="x", owner="o", entity=ENTITY, public=secret)
    assert refused.status_code == 400 and "MC4CAQAw" not in refused.text
    log = app.state.console.trust.audit
    assert not any("MC4CAQAw" in entry.text for entry in log.entries(0, log.size))


def test_each_sees_what_is_theirs(address: str, keeper: httpx.Client) -> None:
    key = new_key(keeper, "seen")
    auditor, officer, provider = (client_of(address, name) for name in (AUDITOR, OFFICER, PROVIDER))
    history = chosen(auditor, key)["history"]
    assert [row["kind"] for row in history["rows"]] == ["key.create"] and not history["more"]
    assert chosen(keeper, key)["history"] is None  # no audit.read
    page = auditor.get(f"/keys?id={key}").text
    assert "/rotate" not in page and 'action="/keys"' in page and 'method="post" action="/keys' not in page
    assert chosen(officer, key)["moves"] == [] and officer.get("/keys/master").status_code == 403
    assert provider.get("/keys").status_code == 403
    for path in (f"/keys/{key}/rotate", f"/keys/{key}/allow", f"/keys/{key}/destroy"):
        assert post(officer, path, revision="1").status_code == 400
    assert chosen(keeper, key)["version"] == 1
    assert post(officer, "/keys", name="n", purpose="seal", owner="o").status_code == 403


def test_the_master_key_is_split_drilled_and_rotated(app: FastAPI, keeper: httpx.Client) -> None:
    page = keeper.get("/keys/master").text
    assert "master.passphrase" in page and "tongguan keys restore" in page
    made = post(keeper, "/keys/master/shares", threshold="2", holders="张三\n李四\r\n\n王五")
    shares = [re.findall(r"<li>([a-z]+)</li>", part) for part in made.text.split('class="words"')[1:]]
    assert len(shares) == 3 and {len(words) for words in shares} == {33}
    lines = [" ".join(words) for words in shares]
    proved = post(keeper, "/keys/master/drill", shares=f"{lines[2]}\n{lines[0]}\n")
    assert proved.status_code == 200 and 'class="verdict good"' in proved.text and shares[0][10] not in proved.text
    wrong = post(keeper, "/keys/master/drill", shares=lines[0])
    assert wrong.status_code == 400 and lines[0] not in wrong.text
    log = app.state.console.trust.audit
    assert not any(line in entry.text for entry in log.entries(0, log.size) for line in lines)
    for bad in ({"threshold": "1", "holders": "a\nb"}, {"threshold": "x", "holders": "a\nb"}, {"threshold": "2"}):
        assert post(keeper, "/keys/master/shares", **bad).status_code == 400
    before = keeper.get("/keys/master.json").json()
    assert post(keeper, "/keys/master/rotate").status_code == 400
    assert post(keeper, "/keys/master/rotate", really="yes").status_code == 303
    after = keeper.get("/keys/master.json").json()
    assert len(after["generations"]) == len(before["generations"]) + 1
    assert [g["current"] for g in after["generations"]] == [True, False]
    assert after["generations"][0]["versions"] == before["generations"][0]["versions"] > 0
    assert [s["valid"] for s in after["splits"]] == [False]
    assert "words" not in str(after)


def test_a_former_master_key_is_destroyed_by_two(address: str, keeper: httpx.Client) -> None:
    former = next(g["id"] for g in keeper.get("/keys/master.json").json()["generations"] if not g["current"])
    assert post(keeper, "/keys/master/drop", generation=former).status_code == 400
    asked = post(keeper, "/approvals", operation="keys.destroy", resource=f"master:{former}", reason="旧")
    ident = asked.headers["location"].partition("id=")[2]
    second = client_of(address, SECOND)
    assert post(second, f"/approvals/{ident}", act="approve").status_code == 303
    assert f'name="generation" value="{former}"' in keeper.get("/keys/master").text
    assert post(keeper, "/keys/master/drop", generation=former).status_code == 303
    left = {g["id"]: g["held"] for g in keeper.get("/keys/master.json").json()["generations"]}
    assert left[former] is False


def test_a_form_from_elsewhere_changes_nothing(keeper: httpx.Client) -> None:
    key = new_key(keeper, "guarded")
    for path in ("/keys", f"/keys/{key}/suspend", "/keys/register", "/keys/master/rotate", "/keys/master/shares",
                 "/keys/master/drill", "/keys/master/drop"):  # fmt: skip
        assert (
            keeper.post(path, data={"csrf": "0" * 64, "really": "yes", "shares": "a", "name": "m"}).status_code == 403
        )
    assert chosen(keeper, key)["state"] == "active"


def test_pages_are_whole_in_both_languages(keeper: httpx.Client) -> None:
    key = new_key(keeper, "whole", "sign")
    for lang in ("zh", "en"):
        for path in ("/keys", f"/keys?id={key}", "/keys/register", "/keys/master"):
            answer = keeper.get(f"{path}{'&' if '?' in path else '?'}lang={lang}")
            assert answer.status_code == 200 and "<main" in answer.text
