"""Sessions: what they are bound to, how they rotate and end."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from identity_house import HERE, PASSWORD, House

from tongguan.errors import BadInput, Denied
from tongguan.trust.access import Grant, Principal
from tongguan.trust.identity.tables import sessions, users
from tongguan.trust.settings import Identity as Rules

HOUR = 3600.0


def test_only_hashes_are_kept(house: House, tmp_path: Path) -> None:
    house.person()
    token = house.enter()
    assert len(token) == 43 and len({house.enter() for _ in range(5)}) == 5
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("trust.db*"))
    assert token.encode() not in stored and b"$argon2id$" in stored
    assert token not in house.log.text()


def test_a_session_ends_when_idle_and_after_a_day_of_work(house: House) -> None:
    house.person()
    token, other = house.enter(), house.enter()
    for _ in range(11):
        house.clock.now += HOUR
        assert house.identity.session(token) is not None
    assert house.identity.session(other) is None, "two hours without use"
    house.clock.now += HOUR + 1
    assert house.identity.session(token) is None, "twelve hours at most"
    house.enter()
    assert len(house.rows(sessions)) == 1, "dead ones are cleared away"


def test_limits_are_settings(house: House) -> None:
    house.person()
    token = house.enter()
    strict = house.again(rules=Rules(session_idle_minutes=10, session_hours=1))
    house.clock.now += 601
    assert strict.session(token) is None and house.identity.session(token) is not None


def test_a_token_given_before_sign_in_opens_nothing_after(house: House) -> None:
    """Session fixation: whatever somebody planted beforehand never becomes a session."""
    house.person()
    planted = secrets.token_urlsafe(32)
    assert house.identity.session(planted) is None
    earlier = house.enter()
    house.identity.close_session(earlier)
    fresh = house.enter()
    assert fresh not in (planted, earlier)
    assert house.identity.session(planted) is None and house.identity.session(earlier) is None


@pytest.mark.parametrize("nonsense", ["", "x", "\0", "\udcff", "x" * 1_000_000, "'; drop table sessions --"])
def test_other_texts_are_no_sessions(house: House, nonsense: str) -> None:
    house.person()
    house.enter()
    assert house.identity.session(nonsense) is None
    house.identity.close_session(nonsense)
    with pytest.raises(BadInput):
        house.identity.rotate(nonsense)
    assert len(house.rows(sessions)) == 1


def test_a_stored_hash_opens_nothing(house: House) -> None:
    house.person()
    house.enter()
    row = house.rows(sessions)[0]
    assert house.identity.session(row.digest) is None and house.identity.session(row.id) is None


def test_rotation_kills_the_old_token(any_house: House) -> None:
    house = any_house
    house.person()
    old = house.enter()
    house.clock.now += HOUR
    fresh = house.identity.rotate(old)
    assert house.identity.session(old) is None and house.identity.session(fresh).name == "lin"
    with pytest.raises(BadInput):
        house.identity.rotate(old)
    for _ in range(12):
        house.clock.now += HOUR
        house.identity.session(fresh)
    assert house.identity.session(fresh) is None, "rotation does not prolong the absolute limit"


def test_of_two_rotations_at_once_one_wins(any_house: House) -> None:
    house = any_house
    house.person()
    token = house.enter()

    def rotate(_: int) -> str | None:
        try:
            return house.identity.rotate(token)
        except BadInput:
            return None

    with ThreadPoolExecutor(6) as pool:
        fresh = [one for one in pool.map(rotate, range(6)) if one]
    assert len(fresh) == 1 and house.identity.session(fresh[0]) is not None


def test_privileges_that_change_end_the_sessions(house: House) -> None:
    user = house.person()
    for change in (
        lambda: house.identity.grant(user.id, "viewer", by=house.security),
        lambda: house.identity.grant(user.id, "viewer", entities=["A"], by=house.security),
        lambda: house.identity.revoke(user.id, "viewer", house.security),
        lambda: house.identity.set_password(
            user.id, PASSWORD + secrets.token_hex(2), by=house.terminal, must_change=False
        ),
        lambda: house.identity.disable(user.id, house.system),
    ):
        stored = house.identity.admit(user.id, method="test", address=HERE).token
        assert house.identity.session(stored) is not None
        change()
        assert house.identity.session(stored) is None


def test_changing_ones_password_keeps_ones_place_under_a_new_token(house: House) -> None:
    user = house.person()
    mine, other = house.enter(), house.enter()
    fresh = house.identity.change_password(user.id, PASSWORD, "quite-another-phrase", session=mine)
    assert [house.identity.session(t) is None for t in (mine, other, fresh)] == [True, True, False]
    assert house.identity.change_password(user.id, "quite-another-phrase", "and-a-third-phrase") is None
    assert house.identity.session(fresh) is None


def test_somebody_elses_session_is_not_carried_over(house: House) -> None:
    lin, _ = house.person(), house.person("wei")
    theirs = house.enter("wei")
    assert house.identity.change_password(lin.id, PASSWORD, "quite-another-phrase", session=theirs) is None
    assert house.identity.session(theirs).name == "wei"


def test_a_user_has_so_many_sessions(any_house: House) -> None:
    house = any_house
    house.person()
    house.person("wei")
    other = house.enter("wei")
    tokens = []
    for _ in range(12):
        house.clock.now += 61
        tokens.append(house.enter())
        house.identity.session(tokens[0])
    alive = [house.identity.session(token) is not None for token in tokens]
    assert alive == [True, False, False] + [True] * 9, "the longest unused ones went"
    assert house.identity.session(other) is not None


def test_owners_see_their_sessions_and_end_them(house: House) -> None:
    user = house.person()
    me = house.identity.principal(user.id)
    first = house.enter(address="2001:db8::7")
    second = house.identity.sign_in("lin", PASSWORD, address="a\nb", agent="x" * 500 + "\x1b[31m").token
    listed = house.identity.sessions(user.id, me)
    assert {s.address for s in listed} == {"2001:db8::7", "a b"} and all(len(s.agent) <= 200 for s in listed)
    assert not hasattr(listed[0], "digest")
    chosen = next(s for s in listed if s.address == "a b")
    assert house.identity.close_sessions(user.id, me, session_id=chosen.id) == 1
    assert house.identity.session(second) is None and house.identity.session(first) is not None
    assert house.identity.close_sessions(user.id, me, session_id=chosen.id) == 0
    assert house.identity.close_sessions(user.id, house.security) == 1
    assert house.log.of("sessions_ended")[-1] == {"user": "lin", "count": 1, "session": None}


def test_others_may_look_or_end_only_by_their_role(house: House) -> None:
    lin, wei = house.person(), house.person("wei", "viewer")
    house.enter()
    session = house.identity.sessions(lin.id, house.auditor)[0]
    stranger = house.identity.principal(wei.id)
    for attempt in (
        lambda: house.identity.sessions(lin.id, stranger),
        lambda: house.identity.close_sessions(lin.id, stranger),
        lambda: house.identity.close_sessions(lin.id, stranger, session_id=session.id),
        lambda: house.identity.close_sessions(lin.id, house.auditor),
        lambda: house.identity.close_sessions(lin.id, house.system),
    ):
        before = len(house.log.of("denied"))
        with pytest.raises(Denied):
            attempt()
        assert len(house.log.of("denied")) == before + 1
    assert house.identity.close_sessions(wei.id, stranger, session_id=session.id) == 0, "by another's id"
    assert len(house.rows(sessions)) == 1


def test_a_token_of_the_owner_does_not_manage_sessions(house: House) -> None:
    user = house.person("lin", "viewer")
    by_token = Principal("lin", "user", (Grant("viewer"),), only=frozenset({"results.read"}), id=user.id)
    with pytest.raises(Denied, match="token"):
        house.identity.close_sessions(user.id, by_token)


def test_signing_out(house: House) -> None:
    house.person()
    one, two = house.enter(), house.enter()
    house.identity.close_session(one)
    house.identity.close_session(one)
    assert [house.identity.session(t) is None for t in (one, two)] == [True, False]
    assert house.log.kinds().count("sign_out") == 1


def test_a_session_says_what_must_be_done_first(house: House) -> None:
    user = house.person("lin", "auditor")
    token = house.enter()
    assert house.identity.session(token).pending is None
    strict = house.again(rules=Rules(second_factor="administrators", password_max_age_days=90))
    assert strict.session(token).pending == "second_factor"
    house.clock.now += 91 * 86400
    token = house.enter()
    assert strict.session(token).pending == "password"
    viewer = house.person("wei", "viewer")
    assert strict.principal(viewer.id).pending is None
    everyone = house.again(rules=Rules(second_factor="everyone"))
    assert everyone.principal(viewer.id).pending == "second_factor"
    came = everyone.admit(viewer.id, method="oidc:x", address=HERE, strong=True)
    assert everyone.session(came.token).pending is None, "two factors were shown at the provider"
    service = house.identity.create_user("robot", kind="service", by=house.system)
    assert everyone.principal(service.id).pending is None
    house.identity.set_password(user.id, PASSWORD + "x", by=house.terminal)
    assert house.identity.principal(user.id).pending == "password"


def test_an_account_closed_by_other_means_has_no_session(house: House) -> None:
    house.person()
    token = house.enter()
    with house.database.write() as connection:
        connection.execute(users.update().values(state="disabled"))
    assert house.identity.session(token) is None


def test_the_newest_session_stays_when_the_clock_was_set_back(house: House) -> None:
    house.person()
    for _ in range(10):
        house.enter()
    house.clock.now -= 600
    assert house.identity.session(house.enter()) is not None
    assert len(house.rows(sessions)) <= 11
