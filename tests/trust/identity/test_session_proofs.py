"""A fresh proof before what one signs in with is changed."""

from __future__ import annotations

import pyotp
import pytest
import sqlalchemy as sa
from identity_house import PASSWORD, House
from soft_authenticator import SoftKey

from tongguan.errors import BadInput, Denied
from tongguan.trust.identity.sessions import PROOF_S
from tongguan.trust.identity.tables import sessions
from tongguan.trust.identity.webauthn import RelyingParty

PARTY = RelyingParty("localhost", "http://localhost:8600")


def test_a_sign_in_is_a_proof_for_ten_minutes(any_house: House) -> None:
    user = any_house.person()
    token = any_house.enter()
    me = any_house.identity.principal(user.id)
    assert any_house.identity.proof_ways(user.id) == ("password",)
    assert any_house.identity.proved_until(token) == any_house.clock.now + PROOF_S
    any_house.clock.now += PROOF_S + 1
    assert any_house.identity.proved_until(token) is None and any_house.identity.session(token) is not None
    with pytest.raises(Denied, match="password is wrong"):
        any_house.identity.prove(me, "password", "not this one", session=token)
    assert any_house.identity.proved_until(token) is None
    fresh = any_house.identity.prove(me, "password", PASSWORD, session=token)
    assert any_house.identity.session(token) is None, "a copy of the old token is dead"
    assert any_house.identity.session(fresh) is not None
    assert any_house.identity.proved_until(fresh) == any_house.clock.now + PROOF_S
    assert any_house.log.of("proof_failed") == any_house.log.of("proof") == [{"user": "lin", "method": "password"}]
    assert fresh not in any_house.log.text() and PASSWORD not in any_house.log.text()
    any_house.clock.now -= 2 * PROOF_S
    assert any_house.identity.proved_until(fresh) is None, "a clock set back gives no more"
    assert any_house.identity.proved_until("no such session") is None


def test_a_code_or_a_key_is_a_proof_and_works_once(house: House) -> None:
    user = house.person()
    me, token = house.identity.principal(user.id), house.enter()
    totp = pyotp.TOTP(house.identity.totp_begin(user.id, me).secret)
    token = house.identity.totp_confirm(user.id, totp.at(house.clock.now), me, session=token) or ""
    key, keys = SoftKey(), house.identity.security_keys
    _, again = keys.register(
        user.id, key.create(keys.begin_registration(user.id, PARTY, me, attempt="s")), me, name="n", attempt="s",
        session=token,
    )  # fmt: skip
    token = again or ""
    assert house.identity.proof_ways(user.id) == ("password", "totp", "webauthn")
    house.clock.now += PROOF_S + 30
    code = totp.at(house.clock.now)
    token = house.identity.prove(me, "totp", code, session=token)
    with pytest.raises(Denied):
        house.identity.prove(me, "totp", code, session=token)
    answer = key.get(keys.begin_second_factor(user.id, PARTY, attempt=token))
    with pytest.raises(Denied):
        house.identity.prove(me, "webauthn", answer, session="another session")
    answer = key.get(keys.begin_second_factor(user.id, PARTY, attempt=token))
    token = house.identity.prove(me, "webauthn", answer, session=token)
    assert house.identity.proved_until(token)


def test_what_proves_nothing(house: House) -> None:
    user, other = house.person(), house.person("mei")
    me, token, theirs = house.identity.principal(user.id), house.enter(), house.enter("mei")
    for method in ("recovery", "totp", "oidc", ""):
        with pytest.raises(BadInput, match="expected one of password"):
            house.identity.prove(me, method, "x", session=token)
    for answer in (None, 1, ["x"], {"x": 1}, "", "a" * 5000):
        house.clock.now += 1000
        with pytest.raises(Denied):
            house.identity.prove(me, "password", answer, session=token)
    house.clock.now += 4 * 3600
    for session in (theirs, "", "none"):  # not of this account
        with pytest.raises(BadInput, match="ended"):
            house.identity.prove(me, "password", PASSWORD, session=session)
    assert house.identity.proved_until(theirs) is None
    nobody = house.identity.create_user("ou", by=house.system)
    assert house.identity.proof_ways(nobody.id) == ()
    assert other.id != user.id


def test_guessing_a_proof_makes_one_wait(house: House) -> None:
    user = house.person()
    me, token = house.identity.principal(user.id), house.enter()
    for _ in range(house.rules.lock_after):
        with pytest.raises(Denied, match="wrong"):
            house.identity.prove(me, "password", "guess", session=token)
    with pytest.raises(Denied, match="too many"):
        house.identity.prove(me, "password", PASSWORD, session=token)


def test_an_api_token_proves_nothing(house: House) -> None:
    user = house.person("lin", "viewer")
    me, session = house.identity.principal(user.id), house.enter()
    _, token = house.identity.issue_token(user.id, name="t", scopes=["results.read"], days=1, by=me)
    by = house.identity.token(token, address="192.0.2.7")
    assert by is not None
    with pytest.raises(Denied, match="API token"):
        house.identity.prove(by, "password", PASSWORD, session=session)


def test_records_from_before_get_the_column(any_house: House) -> None:
    any_house.person()
    token = any_house.enter()
    with any_house.database.write() as connection:
        connection.execute(sa.text("alter table sessions drop column proved"))
    again = any_house.again()
    assert again.session(token) is not None
    assert again.proved_until(token) == any_house.clock.now + PROOF_S, "of the sign-in"
    any_house.again()  # once is enough
    assert len(any_house.rows(sessions)) == 1
