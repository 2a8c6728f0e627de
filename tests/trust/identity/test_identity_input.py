"""Nonsense in every argument of every method: one clear error or no effect, on both databases, and nothing of it kept."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from identity_house import HERE, PASSWORD, House

from tongguan.errors import Broken, CannotWrite, TongguanError, Unavailable
from tongguan.trust.access import Principal
from tongguan.trust.identity import tables
from tongguan.trust.settings import Provider

NONSENSE = {
    "nul": "\0",
    "surrogate": "\ud800",
    "long": "x" * 1_000_000,
    "quote": "' or 1=1 --",
    "escape": "\x1b[31m",
    "percent": "%",
}
PROVIDER = Provider("sso", "SSO", "https://sso.example", "t", create_users=True)


def calls(house: House, user: str, me: Principal, team: str, bad: str) -> list[Callable[[], object]]:
    """Each method with nonsense in one or more places. `user` may sign in, and `me` is that account."""
    it, system, security, terminal, auditor = (
        house.identity, house.system, house.security, house.terminal, house.auditor,
    )  # fmt: skip
    arrive = it.sign_in_external
    return [
        lambda: it.users(system, kind=bad), lambda: it.users(system, entity=bad), lambda: it.users(system, text=bad),
        lambda: it.users(system, state=bad), lambda: it.user(bad, system), lambda: it.user(bad, me), lambda: it.by_name(bad),
        lambda: it.create_user(bad, by=system), lambda: it.create_user("x1", display=bad, email=bad, entity=bad, by=system),
        lambda: it.create_user("x1", kind=bad, by=system), lambda: it.update_user(bad, display="x", by=system),
        lambda: it.disable(bad, system), lambda: it.enable(bad, system), lambda: it.delete(bad, system),
        lambda: it.reset_factors(bad, security), lambda: it.set_password(bad, PASSWORD + "1", by=terminal),
        lambda: it.first_password(bad, terminal), lambda: it.change_password(bad, bad, bad),
        lambda: it.change_password(user, "wrong" + bad, PASSWORD), lambda: it.principal(bad),
        lambda: it.grant(bad, "viewer", by=security), lambda: it.grant(user, bad, by=security),
        lambda: it.grant(user, "viewer", teams=[bad], by=security), lambda: it.revoke(bad, "viewer", security),
        lambda: it.revoke(user, bad, security), lambda: it.session(bad), lambda: it.rotate(bad), lambda: it.close_session(bad),
        lambda: it.sessions(bad, auditor), lambda: it.close_sessions(bad, security),
        lambda: it.close_sessions(user, security, session_id=bad), lambda: it.sign_in(bad, bad, address=bad, agent=bad),
        lambda: it.sign_in("lin", PASSWORD, address=bad, agent=bad), lambda: it.second_factor(bad, "totp", bad, address=bad),
        lambda: it.second_factor(bad, bad, bad, address=bad), lambda: it.attempt(bad), lambda: it.admit(bad, method="x", address=bad),
        lambda: arrive(PROVIDER, bad, {"preferred_username": bad}, address=bad),
        lambda: arrive(PROVIDER, "s", {"preferred_username": "fresh", "name": bad, "email": bad}, address=bad),
        lambda: it.link_external(user, PROVIDER, bad, me), lambda: it.unlink_external(bad, PROVIDER, security),
        lambda: it.totp_begin(bad, me), lambda: it.totp_confirm(user, bad, me), lambda: it.totp_remove(bad, security),
        lambda: it.recovery_left(bad, system), lambda: it.token(bad, address=bad), lambda: it.tokens(bad, security),
        lambda: it.issue_token(bad, name="n", scopes=["results.read"], days=1, by=security),
        lambda: it.issue_token(user, name="n", scopes=[bad], days=1, by=me), lambda: it.revoke_token(bad, security),
        lambda: it.update_team(bad, name="x", by=system), lambda: it.update_team(team, add=[bad], by=system),
        lambda: it.update_team(team, remove=[bad], by=system), lambda: it.delete_team(bad, system),
        lambda: it.import_csv(bad, system), lambda: it.import_csv(f"userName,teams\n{bad},{bad}\n", system),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", NONSENSE)
def test_nonsense_everywhere(any_house: House, kind: str) -> None:
    house, bad = any_house, NONSENSE[kind]
    user = house.person("lin", "viewer")
    me = house.identity.principal(user.id)
    team = house.identity.create_team("customs", by=house.system)
    for n, call in enumerate(calls(house, user.id, me, team.id, bad)):
        began = time.perf_counter()
        try:
            call()
        except (Broken, CannotWrite, Unavailable) as error:
            raise AssertionError(f"call {n}: not the database's fault") from error
        except TongguanError as error:
            assert len(str(error)) < 400, n
        assert time.perf_counter() - began < 3, n
    for entry in house.log.entries:
        text = json.dumps(entry)
        assert len(text) < 1000 and "\\u0000" not in text and "\\ud800" not in text and "\\u001b" not in text, entry
    assert {row.name for row in house.rows(tables.users)} <= {"lin", "fresh", "x1"} | ({bad} if len(bad) < 5 else set())
    assert house.identity.session(house.enter(address=HERE + "1")).name == "lin"


def test_a_subject_that_cannot_be_kept_is_not_taken_for_another(any_house: House) -> None:
    house = any_house
    house.person("lin", password=None)
    name = {"preferred_username": "lin"}
    assert house.identity.sign_in_external(PROVIDER, "s\ufffd", name, address=HERE).outcome == "in"
    for subject in ("s\0", "s\ud800"):
        with pytest.raises(TongguanError):
            house.identity.sign_in_external(PROVIDER, subject, name, address=HERE)
