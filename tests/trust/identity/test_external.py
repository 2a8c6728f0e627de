"""Sign-in vouched for by a provider: which account it opens, and which it must not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from identity_house import HERE, House
from test_factors import Owner

from tongguan.errors import BadInput, Conflict, Denied
from tongguan.trust.identity import tables
from tongguan.trust.settings import Provider

PROVIDER = Provider("sso", "SSO", "https://sso.example", "tongguan")
MAKER = replace(PROVIDER, create_users=True)


def arrive(house: House, subject: str, called: str | None, provider: Provider = PROVIDER, **claims: object) -> tuple:
    given = claims | ({} if called is None else {"preferred_username": called})
    came = house.identity.sign_in_external(provider, subject, given, address=HERE)
    return came.outcome, came.token and house.identity.session(came.token).name


def test_an_account_that_waits_for_its_owner(any_house: House) -> None:
    house = any_house
    house.person("lin", "viewer", password=None)
    assert arrive(house, "s-1", "LIN") == ("in", "lin")
    assert arrive(house, "s-1", "renamed at the provider") == ("in", "lin"), "the subject counts from now on"
    assert arrive(house, "s-2", "lin") == ("no", None), "a second subject of the same name"
    other = replace(PROVIDER, id="b", issuer="https://other.example")
    assert arrive(house, "s-1", "lin", other) == ("no", None), "in use by another provider"
    house.identity.unlink_external(house.identity.by_name("lin").id, PROVIDER, house.security)
    assert arrive(house, "s-3", "lin", other) == ("no", None), "somebody came in by it before"
    assert house.log.of("link_added")[0] == {"user": "lin", "provider": "sso"}
    assert "s-1" not in house.log.text()


def test_an_address_that_nobody_verified_names_nobody(house: House) -> None:
    by_mail = replace(PROVIDER, user_claim="email")
    house.person("lin@xingye.example", "viewer", password=None)
    for verified in ({}, {"email_verified": False}, {"email_verified": "true"}, {"email_verified": 1}):
        assert arrive(house, "s-1", None, by_mail, email="lin@xingye.example", **verified) == ("no", None)
    came = arrive(house, "s-1", None, by_mail, email="lin@xingye.example", email_verified=True)
    assert came == ("in", "lin@xingye.example")


def test_an_account_in_use_is_not_taken_over_by_a_name(house: House) -> None:
    house.person("secadmin", "security_administrator")
    house.person("off", password=None)
    house.identity.disable(house.identity.by_name("off").id, house.system)
    house.identity.create_user("robot", kind="service", by=house.system)
    gone = house.person("gone", password=None)
    house.identity.delete(gone.id, house.system)
    for name in (
        "secadmin",
        "ＳＥＣＡＤＭＩＮ",
        "off",
        "robot",
        "gone",
        "nobody",
        "system",
        "",
        None,
        "\0",
        "x" * 10**6,
    ):
        assert arrive(house, "s-1", name) == ("no", None), name
        if name not in ("nobody",):
            assert arrive(house, "s-1", name, MAKER) == ("no", None), name
    assert not house.rows(tables.external_links) and house.log.kinds()[-1] == "sign_in_failed"


def test_accounts_made_at_first_sign_in_have_no_roles(house: House) -> None:
    claims = {"name": "林小雨", "email": "lin@xingye.example"}
    assert arrive(house, "s-1", "lin", MAKER, **claims) == ("in", "lin")
    user = house.identity.by_name("lin")
    assert (user.display, user.email, user.grants, user.has_password) == ("林小雨", "lin@xingye.example", (), False)
    odd = {"name": "=cmd()\n", "email": ["x"], "roles": ["auditor"], "groups": "admin"}
    assert arrive(house, "s-2", "wei", MAKER, **odd) == ("in", "wei")
    assert house.identity.by_name("wei").display == "" and not house.rows(tables.grants)


@pytest.mark.parametrize("subject", ["", "x" * 256, None, 7])
def test_subjects_that_are_none(house: House, subject: object) -> None:
    with pytest.raises(BadInput):
        arrive(house, subject, "lin", MAKER)


def test_linking_ones_own(house: House) -> None:
    lin, wei = house.person("lin"), house.person("wei")
    by_lin, by_wei = house.identity.principal(lin.id), house.identity.principal(wei.id)
    house.identity.link_external(lin.id, PROVIDER, "s-1", by_lin)
    assert arrive(house, "s-1", "anything") == ("in", "lin")
    with pytest.raises(Conflict):
        house.identity.link_external(wei.id, PROVIDER, "s-1", by_wei)
    for by in (by_wei, house.security, house.system, house.terminal):
        with pytest.raises(Denied):
            house.identity.link_external(lin.id, PROVIDER, "s-2", by)
    with pytest.raises(Denied):
        house.identity.unlink_external(lin.id, PROVIDER, by_wei)
    assert house.identity.unlink_external(lin.id, PROVIDER, by_lin) == 1
    assert house.identity.unlink_external(lin.id, PROVIDER, house.security) == 0
    assert arrive(house, "s-1", "lin") == ("no", None)


def test_second_factors_are_asked_unless_the_provider_counts_as_two(house: House) -> None:
    owner = Owner(house)
    house.identity.link_external(owner.id, PROVIDER, "s-1", owner.me)
    came = house.identity.sign_in_external(PROVIDER, "s-1", {}, address=HERE)
    assert (came.outcome, came.token) == ("second_factor", None)
    assert house.identity.second_factor(came.pending, "totp", owner.code(), address=HERE).outcome == "in"
    assert house.log.of("sign_in")[-1]["method"] == "oidc:sso+totp"
    assert arrive(house, "s-1", None, replace(PROVIDER, second_factor=True)) == ("in", "lin")
    house.identity.disable(owner.id, house.system)
    assert arrive(house, "s-1", None, replace(PROVIDER, second_factor=True)) == ("no", None)


def test_first_arrivals_at_once_make_one_account(any_house: House) -> None:
    house = any_house
    with ThreadPoolExecutor(4) as pool:
        came = list(pool.map(lambda n: arrive(house, f"s-{n % 2}", "lin", MAKER)[0], range(4)))
    assert len(house.rows(tables.users)) == 1 and len(house.rows(tables.external_links)) == 1
    assert 1 <= came.count("in") <= 2
