"""API tokens: form, scopes, ends."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from identity_house import HERE, House

from tongguan.errors import BadInput, Conflict, Denied, NotFound
from tongguan.trust.access import Grant, Principal, may
from tongguan.trust.identity import User, is_token
from tongguan.trust.identity.tables import api_tokens

DAY = 86_400


def issue(house: House, user: User, *scopes: str, days: int = 30, by: Principal | None = None) -> tuple[str, str]:
    who = by or house.identity.principal(user.id)
    return house.identity.issue_token(user.id, name="nightly", scopes=scopes or ("results.read",), days=days, by=who)


def test_a_token_has_a_form_that_scanners_find(house: House, tmp_path: Path) -> None:
    token_id, token = issue(house, house.person("lin", "viewer"))
    assert re.fullmatch(r"tgk_[0-9a-z]{12}_[0-9A-Za-z]{49}", token) and token[4:16] == token_id
    assert is_token(token)
    assert token == "".join(re.findall(r"tgk_[0-9a-z]{12}_[0-9A-Za-z]{49}", f"x={token};"))
    for n in range(len(token)):
        other = "a" if token[n] != "a" else "b"
        assert not is_token(token[:n] + other + token[n + 1 :]), n
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("trust.db*"))
    assert token[17:].encode() not in stored and token[17:] not in house.log.text()


def test_a_token_speaks_for_its_owner_within_its_scopes(any_house: House) -> None:
    house = any_house
    user = house.person("lin", "viewer")
    token_id, token = issue(house, user, "results.read")
    who = house.identity.token(token, address=HERE)
    assert (who.name, who.id, who.only) == ("lin", user.id, {"results.read"})
    assert may(house.policy, who, "results.read")
    assert not may(house.policy, who, "decisions.ask"), "the owner may, the token not"
    assert not may(house.policy, who, "profile.own")
    listed = house.identity.tokens(user.id, house.auditor)[0]
    assert (listed.id, listed.name, listed.last_used, listed.issued_by) == (token_id, "nightly", house.clock.now, "lin")


def test_a_token_loses_what_its_owner_loses(house: House) -> None:
    user = house.person("lin", "compliance_officer")
    _, token = issue(house, user, "evidence.reveal", "results.read")
    assert may(house.policy, house.identity.token(token, address=HERE), "evidence.reveal")
    house.identity.revoke(user.id, "compliance_officer", house.security)
    house.identity.grant(user.id, "viewer", entities=["A"], by=house.security)
    who = house.identity.token(token, address=HERE)
    assert not may(house.policy, who, "evidence.reveal")
    assert may(house.policy, who, "results.read", entity="A") and not may(house.policy, who, "results.read", entity="B")


@pytest.mark.parametrize(
    "scopes",
    [
        (),
        "results.read",
        ("audit.read",),
        ("results.read", "audit.read"),
        ("profile.own",),
        ("no.such",),
        ("*",),
        ("results",),
        ("",),
    ],
)
def test_scopes_beyond_the_owner_are_refused(house: House, scopes: object) -> None:
    user = house.person("lin", "viewer")
    with pytest.raises(BadInput):
        house.identity.issue_token(user.id, name="n", scopes=scopes, days=1, by=house.identity.principal(user.id))
    assert not house.rows(api_tokens)


@pytest.mark.parametrize("days", [0, -1, 367, 10**9, True, 1.5, None, float("inf")])
def test_a_token_expires_within_a_year(house: House, days: object) -> None:
    user = house.person("lin", "viewer")
    with pytest.raises(BadInput, match="366"):
        house.identity.issue_token(
            user.id, name="n", scopes=["results.read"], days=days, by=house.identity.principal(user.id)
        )


def test_ends(house: House) -> None:
    user = house.person("lin", "viewer")
    me = house.identity.principal(user.id)
    identity = house.identity
    _, expiring = issue(house, user, days=1)
    house.clock.now += DAY - 1
    assert identity.token(expiring, address=HERE) is not None
    house.clock.now += 1
    assert identity.token(expiring, address=HERE) is None
    revoked_id, revoked = issue(house, user)
    identity.revoke_token(revoked_id, me)
    assert identity.token(revoked, address=HERE) is None
    _, disabled = issue(house, user)
    identity.disable(user.id, house.system)
    assert identity.token(disabled, address=HERE) is None
    identity.enable(user.id, house.system)
    assert identity.token(disabled, address=HERE) is None, "for good"
    assert [body["why"] for body in house.log.of("token_refused")] == ["expired", "revoked", "revoked"]


def test_a_refused_token_does_not_fill_the_log(house: House) -> None:
    user = house.person("lin", "viewer")
    token_id, token = issue(house, user)
    house.identity.revoke_token(token_id, house.security)
    for _ in range(100):
        assert house.identity.token(token, address=HERE) is None
    assert len(house.log.of("token_refused")) == 1
    house.clock.now += 61
    house.identity.token(token, address=HERE)
    assert len(house.log.of("token_refused")) == 2


def test_other_texts_are_no_tokens(house: House) -> None:
    user = house.person("lin", "viewer")
    token_id, token = issue(house, user)
    from tongguan.trust.identity.tokens import _check, _new

    forged = f"tgk_{token_id}_" + "A" * 43
    digest = house.rows(api_tokens)[0].digest
    for text in ("", "x", token[:-1], token + "x", token.upper(), "\udcff", "\0" * 66, "x" * 1_000_000, _new()[1], digest, token_id, token + "\n"):  # fmt: skip
        assert house.identity.token(text, address=HERE) is None, text[:80]
    assert house.identity.token(forged + _check(forged), address=HERE) is None
    assert house.log.of("token_refused")[0]["why"] == "wrong"
    assert house.identity.session(token) is None, "a token is no session"


def test_for_whom_tokens_are_issued(house: House) -> None:
    person, robot = house.person("lin", "viewer"), house.identity.create_user("robot", kind="service", by=house.system)
    house.identity.grant(robot.id, "compliance_officer", by=house.security)
    officer = house.identity.principal(house.person("wei", "compliance_officer").id)
    _, token = issue(house, robot, "inspections.run", by=officer)
    who = house.identity.token(token, address=HERE)
    assert (who.name, who.kind) == ("robot", "service") and may(house.policy, who, "inspections.run")
    for by, user in ((house.security, person), (house.system, robot), (house.auditor, robot), (house.terminal, person)):
        with pytest.raises(Denied):
            issue(house, user, by=by)
        assert house.log.kinds()[-1] == "denied"
    with pytest.raises(NotFound):
        house.identity.issue_token("nobody", name="n", scopes=["results.read"], days=1, by=house.security)


def test_who_answers_for_a_service_account(house: House) -> None:
    issuer = house.person("wei", "compliance_officer")
    robot = house.identity.create_user("robot", kind="service", by=house.system)
    house.identity.grant(robot.id, "viewer", by=house.security)
    who = house.identity.principal(robot.id)
    assert house.identity.answers_for(who) == frozenset()
    token_id, _ = issue(house, robot, by=house.identity.principal(issuer.id))
    nobody = Principal("gone", "user", (Grant("compliance_officer"),), id="gone")
    issue(house, robot, by=nobody)  # no account here: nobody
    assert house.identity.answers_for(who) == {issuer.id}
    house.identity.revoke_token(token_id, house.security)
    assert house.identity.answers_for(who) == {issuer.id}  # who asked by it does not approve once it is gone


def test_whoever_issues_a_token_sees_it_so_it_does_no_more_than_they_may(house: House) -> None:
    robot = house.identity.create_user("robot", kind="service", by=house.system)
    house.identity.grant(robot.id, "compliance_officer", by=house.security)
    with pytest.raises(Denied, match=r"evidence\.reveal"):
        issue(house, robot, "evidence.reveal", by=house.security)
    narrow = Principal("n", "user", (Grant("compliance_officer", frozenset({"A"})),), id="n")
    with pytest.raises(Denied):  # the account may do it everywhere
        issue(house, robot, "evidence.reveal", by=narrow)
    house.identity.grant(robot.id, "compliance_officer", entities=["A"], by=house.security)
    _, token = issue(house, robot, "evidence.reveal", by=narrow)
    who = house.identity.token(token, address=HERE)
    assert may(house.policy, who, "evidence.reveal", entity="A")
    assert not may(house.policy, who, "evidence.reveal", entity="B")


def test_a_token_makes_no_tokens(house: House) -> None:
    user = house.person("lin", "viewer")
    _, token = issue(house, user)
    who = house.identity.token(token, address=HERE)
    for attempt in (
        lambda: issue(house, user, by=who),
        lambda: house.identity.tokens(user.id, who),
        lambda: house.identity.revoke_token(token[4:16], who),
    ):
        with pytest.raises(Denied):
            attempt()


def test_whoever_must_change_the_password_gets_no_token(house: House) -> None:
    user = house.person("lin", "viewer")
    house.identity.set_password(user.id, "a-first-password", by=house.terminal)
    with pytest.raises(BadInput):
        issue(house, user)
    _, token = issue(house, house.person("wei", "viewer"))
    house.identity.first_password(house.identity.by_name("wei").id, house.system)
    assert not may(house.policy, house.identity.token(token, address=HERE), "results.read")


def test_revoking_anothers(house: House) -> None:
    user, other = house.person("lin", "viewer"), house.person("wei", "viewer")
    token_id, token = issue(house, user)
    for by in (house.identity.principal(other.id), house.system, house.auditor):
        with pytest.raises(Denied):
            house.identity.revoke_token(token_id, by)
        with pytest.raises(Denied):
            house.identity.revoke_token("no-such-token", by)
    assert house.identity.token(token, address=HERE) is not None
    house.identity.revoke_token(token_id, house.security)
    house.identity.revoke_token(token_id, house.security)
    assert len(house.log.of("token_revoked")) == 1
    with pytest.raises(NotFound):
        house.identity.revoke_token("no-such-token", house.security)


def test_an_account_has_so_many(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tongguan.trust.identity.tokens.TOKENS_PER_USER", 3)
    user = house.person("lin", "viewer")
    for _ in range(3):
        issue(house, user, days=1)
    with pytest.raises(Conflict):
        issue(house, user)
    house.clock.now += DAY
    issue(house, user)


def test_a_made_up_principal_of_the_same_name_gets_nowhere(house: House) -> None:
    user = house.person("lin", "viewer")
    token_id, _ = issue(house, user)
    with pytest.raises(Denied):
        house.identity.revoke_token(token_id, Principal("lin", "user", (Grant("viewer"),), id=""))
