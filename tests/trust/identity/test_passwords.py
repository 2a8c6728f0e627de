"""Passwords: what they must be like, who sets them, how they are changed."""

from __future__ import annotations

import threading

import pytest
from identity_house import HERE, PASSWORD, House

from tongguan.errors import BadInput, Conflict, Denied, NotFound
from tongguan.trust.access import Grant, Principal
from tongguan.trust.identity import passwords
from tongguan.trust.identity.tables import password_history
from tongguan.trust.settings import Identity as Rules


@pytest.mark.parametrize(
    "password",
    [
        "", "short", "123456789", "1234567890", "9876543210", "abcdefghij", "aaaaaaaaaaaa", "abababababab", "abcabcabcabc",
        "Password123!", "PASSWORD2026", "ｐａｓｓｗｏｒｄ２０２６", "qwertyuiop", "1qaz2wsx3edc", "woaini1314", "5201314520", "Qq123456789",
        "admin123456", "Welcome@2026", "!!!tongguan!!!", "zhang.wei-2026", "Zhang.Wei2026!", "wei.zhang2026x-zhang.wei", "iewgnahz.gnahz",
        "xingyelogistics1", "张伟张伟张伟张伟张伟", "tab\tis-a-control", "nul\0is-a-control", "x" * 1025, "x" * 1_000_000, "lone\ud800surrogate",
    ],
)  # fmt: skip
def test_passwords_that_are_refused(house: House, password: str) -> None:
    user = house.person("zhang.wei", password=None, display="张伟", email="zhang.wei@xingyelogistics.example")
    with pytest.raises(BadInput) as refusal:
        house.identity.set_password(user.id, password, by=house.terminal)
    assert not password or password not in str(refusal.value)
    assert house.identity.sign_in("zhang.wei", password, address=HERE).outcome == "no"


@pytest.mark.parametrize(
    "password",
    ["correct horse battery staple", "海内存知己天涯若比邻", "violet-harbour-41", "  spaces count  ", "пароль-для-дома", "🌊🌋🗻🏔️🌅🏝️🌄⛰️🏜️🌇", "x7" * 3 + "kQ93mzpa", "passwordless-future-of-1999", "a" + "bq8~" * 255],
)  # fmt: skip
def test_passwords_that_are_taken(house: House, password: str) -> None:
    house.person("zhang.wei", password=password)
    assert house.identity.sign_in("zhang.wei", password, address=HERE).outcome == "in"
    assert house.identity.sign_in("zhang.wei", password + "x", address=HERE).outcome == "no"
    assert house.identity.sign_in("zhang.wei", password[:-1], address=HERE).outcome == "no"


def test_a_full_width_keyboard_types_the_same_password(house: House) -> None:
    house.person(password="Violet-Harbour-41")
    house.enter(password="Ｖｉｏｌｅｔ－Ｈａｒｂｏｕｒ－４１")
    assert house.identity.sign_in("lin", "violet-harbour-41", address=HERE).outcome == "no", "case counts"


def test_the_list_of_most_used_passwords_is_in_order() -> None:
    listed = passwords._most_used()
    assert len(listed) > 200 and all(line == line.strip() == line.casefold() for line in listed)


def test_the_last_passwords_are_not_used_again(any_house: House) -> None:
    house = any_house
    user = house.person(password="phrase-number-zero")
    current = "phrase-number-zero"
    for n in range(7):
        house.identity.change_password(user.id, current, f"phrase-number-{n}-x")
        current = f"phrase-number-{n}-x"
    assert len(house.rows(password_history)) == 5
    for n in (2, 3, 4, 5, 6):
        with pytest.raises(BadInput, match="used before"):
            house.identity.change_password(user.id, current, f"phrase-number-{n}-x")
    house.identity.change_password(user.id, current, "phrase-number-1-x")


def test_changing_ones_own(house: House) -> None:
    user = house.person()
    with pytest.raises(Denied, match="present password is wrong"):
        house.identity.change_password(user.id, "wrong", "quite-another-phrase")
    assert house.log.entries[-1] == ("denied", "lin", {"operation": "password.change", "resource": user.id})
    house.identity.set_password(user.id, "a-first-password", by=house.terminal)
    assert house.identity.principal(user.id).pending == "password"
    house.identity.change_password(user.id, "a-first-password", "quite-another-phrase")
    assert house.identity.principal(user.id).pending is None
    assert house.log.of("password_changed") == [{"user": "lin", "must_change": False}]
    with pytest.raises(NotFound):
        house.identity.change_password("nobody", "x", "y")


def test_guessing_the_old_password_in_a_stolen_session_makes_one_wait(house: House) -> None:
    user = house.person()
    for _ in range(5):
        with pytest.raises(Denied, match="wrong"):
            house.identity.change_password(user.id, "guess", "quite-another-phrase")
    with pytest.raises(Denied, match="later"):
        house.identity.change_password(user.id, PASSWORD, "quite-another-phrase")


def test_who_sets_whose_password(house: House) -> None:
    """Whoever sets a password can sign in with it, so nobody sets one that leads into another administrator's duty."""
    roles = ["system_administrator", "security_administrator", "auditor", "compliance_officer", "viewer"]
    users = {role: house.person(f"u{n}", role) for n, role in enumerate(roles)}
    allowed = {
        "system": {"system_administrator", "compliance_officer", "viewer"},
        "security": {"security_administrator"},
        "auditor": set(),
        "terminal": set(roles),
    }
    for setter, whose in allowed.items():
        for role, user in users.items():
            done = True
            try:
                house.identity.set_password(user.id, f"phrase-by-{setter}-x", by=getattr(house, setter))
            except Denied:
                done = False
                assert house.log.kinds()[-1] == "denied"
            assert done == (role in whose), (setter, role)


def test_ones_own_is_not_set_without_the_old_one(house: House) -> None:
    user = house.person("wei", "system_administrator")
    with pytest.raises(Denied, match="old one"):
        house.identity.set_password(user.id, "quite-another-phrase", by=house.identity.principal(user.id))


def test_a_password_set_by_another_must_be_changed_and_forgives_failures(house: House) -> None:
    user = house.person()
    for n in range(9):
        house.identity.sign_in("lin", "wrong", address=f"a{n}")
    assert house.identity.sign_in("lin", PASSWORD, address="b").outcome == "wait"
    first = house.identity.first_password(user.id, house.system)
    token = house.enter(password=first, address="b")
    assert house.identity.session(token).pending == "password"
    assert first not in house.log.text()


def test_service_accounts_and_deleted_ones_have_none(house: House) -> None:
    robot = house.identity.create_user("robot", kind="service", by=house.system)
    with pytest.raises(BadInput, match="API token"):
        house.identity.set_password(robot.id, PASSWORD, by=house.system)
    gone = house.person()
    house.identity.delete(gone.id, house.system)
    with pytest.raises(NotFound):
        house.identity.set_password(gone.id, PASSWORD, by=house.system)


def test_a_principal_that_must_change_its_own_password_sets_no_others(house: House) -> None:
    user = house.person()
    pending = Principal("sys", "user", (Grant("system_administrator"),), pending="password", id="s")
    with pytest.raises(Denied):
        house.identity.set_password(user.id, "quite-another-phrase", by=pending)


def test_of_two_changes_at_once_one_wins(any_house: House) -> None:
    house = any_house
    user = house.person()
    results: list[str] = []
    gate = threading.Barrier(4)

    def change(n: int) -> None:
        gate.wait()
        try:
            house.identity.change_password(user.id, PASSWORD, f"fresh-phrase-{n}")
            results.append(f"fresh-phrase-{n}")
        except (Conflict, Denied):
            pass

    threads = [threading.Thread(target=change, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 1
    house.enter(password=results[0])


def test_a_shorter_minimum_is_a_setting(house: House) -> None:
    user = house.person(password=None)
    short = house.again(rules=Rules(password_min=4, password_history=0))
    short.set_password(user.id, "k7#q", by=house.terminal)
    short.change_password(user.id, "k7#q", "k7#q")
    with pytest.raises(BadInput):
        short.set_password(user.id, "1234", by=house.terminal)
