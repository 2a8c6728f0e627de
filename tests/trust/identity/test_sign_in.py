"""Signing in: outcomes, waiting, timing, and what a stranger cannot do with it."""

from __future__ import annotations

import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest
from identity_house import HERE, PASSWORD, House

from tongguan.trust.identity import Hashing
from tongguan.trust.identity.lockout import KEYS_KEPT
from tongguan.trust.identity.tables import failures, sessions, users
from tongguan.trust.settings import Identity as Rules

ELSEWHERE = "198.51.100.9"


def test_a_password_opens_a_session(any_house: House) -> None:
    house = any_house
    user = house.person("lin", "viewer")
    came = house.identity.sign_in("LIN ", PASSWORD, address=HERE)
    assert (came.outcome, came.user, came.pending) == ("in", "lin", None)
    who = house.identity.session(came.token)
    assert (who.name, who.id, who.kind, who.roles, who.pending) == ("lin", user.id, "user", {"viewer"}, None)
    assert house.identity.user(user.id, house.system).last_sign_in == house.clock.now
    body = house.log.of("sign_in")[0]
    assert body["method"] == "password" and HERE not in house.log.text()
    assert came.token not in repr(came)


@pytest.mark.parametrize(
    "name, password",
    [
        ("lin", "wrong-password"),
        ("nobody-of-that-name", PASSWORD),
        ("", ""),
        ("lin\0", PASSWORD),
        ("lin", PASSWORD + "\0"),
        ("lin", "x" * 1_000_000),
        ("x" * 1_000_000, PASSWORD),
        ("lin", "\udcff\ud800"),
        ("\udcff", "\udcff"),
        ("lіn", PASSWORD),  # a Cyrillic і
        ("lin' or 1=1 --", PASSWORD),
        ("%", PASSWORD),
    ],
)
def test_anything_else_does_not(house: House, name: str, password: str) -> None:
    house.person()
    before = time.perf_counter()
    came = house.identity.sign_in(name, password, address=HERE)
    assert (came.outcome, came.token, came.user) == ("no", None, None)
    assert time.perf_counter() - before < 2
    assert house.log.kinds()[-1] == "sign_in_failed"
    assert not house.rows(sessions)


def test_accounts_that_do_not_sign_in_by_password(house: House) -> None:
    disabled, bare = house.person("off"), house.person("bare", password=None)
    service = house.identity.create_user("robot", kind="service", by=house.system)
    house.identity.disable(disabled.id, house.system)
    for name in ("off", "bare", "robot"):
        came = house.identity.sign_in(name, PASSWORD, address=HERE)
        assert (came.outcome, came.user) == ("no", None)
    for user in (disabled, bare, service):
        assert house.identity.admit(user.id, method="passkey", address=HERE).outcome == ("in" if user is bare else "no")
    assert house.identity.admit("nobody", method="passkey", address=HERE).outcome == "no"


def test_a_password_replaced_in_between_opens_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    user = house.person()
    passwords = house.identity._passwords
    honest = passwords.matches

    def meanwhile(hashed: str | None, password: str) -> bool:
        right = honest(hashed, password)
        monkeypatch.undo()
        house.identity.set_password(user.id, "another-phrase-77", by=house.terminal, must_change=False)
        return right

    monkeypatch.setattr(passwords, "matches", meanwhile)
    assert house.identity.sign_in("lin", PASSWORD, address=HERE).outcome == "no"


def test_failures_make_one_wait_twice_as_long_each_time(any_house: House) -> None:
    house = any_house
    house.person()
    sign_in = house.identity.sign_in
    for _ in range(5):
        assert sign_in("lin", "wrong", address=HERE).outcome == "no"
    for waits in (1.0, 2.0, 4.0, 8.0):
        came = sign_in("lin", PASSWORD, address=HERE)
        assert (came.outcome, came.token) == ("wait", None), "not even the right one before the time is up"
        assert came.wait_s == pytest.approx(waits)
        house.clock.now += waits
        assert sign_in("lin", "wrong", address=HERE).outcome == "no"
    for _ in range(40):
        house.clock.now += sign_in("lin", "wrong", address=HERE).wait_s
    assert sign_in("lin", "wrong", address=HERE).wait_s <= 900
    house.clock.now += 900
    assert sign_in("lin", PASSWORD, address=HERE).outcome == "in", "never for ever"
    assert sign_in("lin", "wrong", address=HERE).outcome == "no", "and forgiven"


def test_one_entry_for_each_wait_not_for_each_attempt_in_it(house: House) -> None:
    house.person()
    for _ in range(50):
        house.identity.sign_in("lin", "wrong", address=HERE)
    assert house.log.kinds().count("sign_in_failed") == 5
    assert house.log.kinds().count("sign_in_refused") == 1


def test_names_that_do_not_exist_wait_alike(house: House) -> None:
    house.person()
    seen = {}
    for name in ("lin", "nobody"):
        seen[name] = [house.identity.sign_in(name, "wrong", address=HERE + name).outcome for _ in range(7)]
    assert seen["lin"] == seen["nobody"] == ["no"] * 5 + ["wait"] * 2
    spellings = [house.identity.sign_in(n, "w", address="x").outcome for n in ("Ghost", "ｇhost", "GHOST", "ghost") * 2]
    assert spellings == ["no"] * 5 + ["wait"] * 3, "one name however it is written"


def test_a_stranger_cannot_lock_the_owner_out(house: House) -> None:
    house.person()
    house.enter()
    for n in range(200):
        house.identity.sign_in("lin", "wrong", address=f"198.51.100.{n}")
    assert house.identity.sign_in("lin", PASSWORD, address=ELSEWHERE).outcome == "wait"
    assert house.identity.sign_in("lin", PASSWORD, address=HERE).outcome == "in", "the usual place"
    house.clock.now += 91 * 86400
    house.identity.sign_in("lin", "wrong", address=HERE)
    assert not any("name at" in str(row) for row in house.rows(failures))


def test_a_familiar_address_has_no_more_guesses(house: House) -> None:
    house.person()
    house.enter()
    assert [house.identity.sign_in("lin", "wrong", address=HERE).outcome for _ in range(6)] == ["no"] * 5 + ["wait"]


def test_one_address_with_many_names_waits(house: House) -> None:
    outcomes = [house.identity.sign_in(f"name{n}", "wrong", address=ELSEWHERE).outcome for n in range(25)]
    assert outcomes == ["no"] * 20 + ["wait"] * 5
    assert house.identity.sign_in("name99", "wrong", address=HERE).outcome == "no"


def test_an_account_of_ones_own_does_not_launder_an_address(house: House) -> None:
    house.person("mallory")
    for n in range(40):
        house.identity.sign_in(f"name{n}", "wrong", address=ELSEWHERE)
        house.identity.sign_in("mallory", PASSWORD, address=ELSEWHERE)
    tried = [row for row in house.log.entries if row[0] == "sign_in_failed"]
    assert len(tried) == 20


def test_addresses_of_one_household_count_as_one(house: House) -> None:
    outcomes = [house.identity.sign_in(f"n{n}", "w", address=f"2001:db8:1:2::{n:x}").outcome for n in range(1, 23)]
    assert outcomes == ["no"] * 20 + ["wait"] * 2
    assert house.identity.sign_in("n", "w", address="2001:db8:1:3::1").outcome == "no"
    mapped = [house.identity.sign_in("m", "w", address=a).outcome for a in (ELSEWHERE, f"::ffff:{ELSEWHERE}") * 4]
    assert mapped.count("wait") == 3


def test_strangers_cannot_fill_the_disk(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tongguan.trust.identity.lockout.KEYS_KEPT", 50)
    assert KEYS_KEPT == 20_000
    for _ in range(5):
        house.identity.sign_in("victim", "wrong", address="v")
    for n in range(100):
        house.identity.sign_in(f"name {n}", "wrong", address=f"a{n}")
    assert len(house.rows(failures)) == 50
    assert house.identity.sign_in("victim", "wrong", address="w").outcome == "wait", "most failures are kept longest"
    house.clock.now += 86_401
    house.identity.sign_in("other", "wrong", address="w")
    assert len(house.rows(failures)) == 2


def test_a_clock_set_back_does_not_lock_anybody(house: House) -> None:
    house.person()
    for _ in range(6):
        house.identity.sign_in("lin", "wrong", address=HERE)
    house.clock.now -= 365 * 86_400
    assert house.identity.sign_in("lin", PASSWORD, address=HERE).wait_s <= 1.0


def test_a_thousand_guesses_at_once_are_no_more_than_in_a_row(any_house: House) -> None:
    house = any_house
    house.person()
    looked: list[str] = []
    honest = house.identity._passwords.matches
    house.identity._passwords.matches = lambda h, p: looked.append(p) or honest(h, p)  # type: ignore[method-assign]
    with ThreadPoolExecutor(12) as pool:
        came = list(pool.map(lambda n: house.identity.sign_in("lin", f"guess-{n}", address=f"a{n}"), range(48)))
    assert len(looked) == 5
    assert [c.outcome for c in came].count("wait") == 43


def test_many_people_sign_in_at_once(any_house: House) -> None:
    house = any_house
    names = [f"user{n}" for n in range(8)]
    for name in names:
        house.person(name)
    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(lambda n: house.enter(names[n % 8], address=f"192.0.2.{n}"), range(24)))
    assert [house.identity.session(token).name for token in tokens] == names * 3
    assert len(set(tokens)) == 24


@pytest.mark.parametrize("rule, offered", [(5, 5), (1, 1)])
def test_the_number_of_free_failures_is_a_setting(house: House, rule: int, offered: int) -> None:
    identity = house.again(rules=Rules(lock_after=rule))
    outcomes = [identity.sign_in("x", "w", address=HERE).outcome for _ in range(8)]
    assert outcomes.count("no") == offered


def test_time_does_not_tell_names_apart(house: House) -> None:
    """Medians of interleaved tries: without the decoy the difference is all of the hash, some ten times the bound."""
    house.person()
    house.person("off")
    house.identity.disable(house.identity.by_name("off").id, house.system)
    hashing = Hashing(passes=2, memory_kib=8192, lanes=1)
    identity = house.again(hashing, Rules(lock_after=10_000))
    identity.set_password(house.identity.by_name("lin").id, "a-dear-password-9", by=house.terminal)
    identity.sign_in("warm", "up", address=HERE)
    took: dict[str, list[float]] = {"lin": [], "nobody": [], "off": [], "not a name!": []}
    for _ in range(25):
        for name, times in took.items():
            began = time.process_time()
            identity.sign_in(name, "wrong-password", address=HERE)
            times.append(time.process_time() - began)
    medians = {name: statistics.median(times) for name, times in took.items()}
    for name in ("nobody", "off", "not a name!"):
        assert medians[name] == pytest.approx(medians["lin"], rel=0.35), medians


def test_a_cheaper_hash_is_renewed_at_the_next_sign_in(house: House) -> None:
    user = house.person()
    dearer = house.again(Hashing(passes=2, memory_kib=128, lanes=1))

    def stored() -> str:
        return next(row.password for row in house.rows(users) if row.id == user.id)

    assert "m=64,t=1,p=1" in stored()
    assert dearer.sign_in("lin", "wrong", address=HERE).outcome == "no"
    assert "m=64,t=1,p=1" in stored()
    assert dearer.sign_in("lin", PASSWORD, address=HERE).outcome == "in"
    assert "m=128,t=2,p=1" in stored()
    house.enter()


def test_the_default_cost_is_rfc_9106s(house: House) -> None:
    identity = house.again(Hashing())
    user = house.person("dear", password=None)
    identity.set_password(user.id, PASSWORD, by=house.terminal)
    hashed = next(row.password for row in house.rows(users) if row.id == user.id)
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def with_totp(house: House, name: str = "lin") -> tuple[str, pyotp.TOTP]:
    """An account with an authenticator: its id and the authenticator."""
    user = house.person(name)
    me = house.identity.principal(user.id)
    secret = pyotp.TOTP(house.identity.totp_begin(user.id, me).secret)
    house.identity.totp_confirm(user.id, secret.at(house.clock.now), me)
    house.clock.now += 60
    return user.id, secret


def test_a_password_alone_is_not_enough_where_there_is_a_factor(any_house: House) -> None:
    house = any_house
    _, totp = with_totp(house)
    came = house.identity.sign_in("lin", PASSWORD, address=HERE)
    assert (came.outcome, came.token, came.methods) == ("second_factor", None, ("totp",))
    assert house.identity.session(came.pending) is None, "a pending sign-in is no session"
    assert not house.rows(sessions)
    inside = house.identity.second_factor(came.pending, "totp", totp.at(house.clock.now), address=HERE)
    assert inside.outcome == "in" and house.identity.session(inside.token).name == "lin"
    assert house.log.of("sign_in")[-1]["method"] == "password+totp"
    house.clock.now += 30
    again = house.identity.second_factor(came.pending, "totp", totp.at(house.clock.now), address=HERE)
    assert (again.outcome, again.token) == ("no", None), "a pending sign-in works once"


def test_a_pending_sign_in_ends(house: House) -> None:
    user_id, totp = with_totp(house)

    def pending() -> str:
        return house.identity.sign_in("lin", PASSWORD, address=HERE).pending

    def answer(token: str, code: str | None = None) -> str:
        return house.identity.second_factor(token, "totp", code or totp.at(house.clock.now), address=HERE).outcome

    late = pending()
    house.clock.now += 301
    assert answer(late) == "no"
    tried = pending()
    for n in range(5):
        house.clock.now += 20
        assert answer(tried, f"00000{n}") == "no"
    house.clock.now += 61
    assert answer(tried) == "no", "after five wrong answers one begins again"
    other = pending()
    house.identity.close_sessions(user_id, house.security)
    assert answer(other) == "no"
    other = pending()
    house.identity.set_password(user_id, "another-phrase-77", by=house.terminal, must_change=False)
    assert answer(other) == "no"
    last = house.identity.sign_in("lin", "another-phrase-77", address=HERE).pending
    house.identity.disable(user_id, house.system)
    assert answer(last) == "no"
    for nonsense in ("", "x" * 100_000, "\udcff", "\0"):
        assert answer(nonsense, "123456") == "no"


def test_one_code_in_many_hands_opens_one_session(any_house: House) -> None:
    house = any_house
    _, totp = with_totp(house)
    pending = house.identity.sign_in("lin", PASSWORD, address=HERE).pending
    others = [house.identity.sign_in("lin", PASSWORD, address=HERE).pending for _ in range(3)]
    code, outcomes, gate = totp.at(house.clock.now), [], threading.Barrier(5)

    def answer(token: str) -> None:
        gate.wait()
        outcomes.append(house.identity.second_factor(token, "totp", code, address=HERE).outcome)

    threads = [threading.Thread(target=answer, args=(token,)) for token in [pending, pending, *others]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("in") == 1 and len(house.rows(sessions)) == 1
