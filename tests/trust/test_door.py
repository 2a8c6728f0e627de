"""Sign-in: first password, failures, sessions."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from tongguan.errors import BadInput, Broken, CannotWrite
from tongguan.trust import Door


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def door(tmp_path: Path, clock: Clock) -> Door:
    door = Door(tmp_path, clock)
    yield door
    door.close()


def on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.glob("door.db*")))


def test_the_first_password_comes_once_and_opens(door: Door, tmp_path: Path) -> None:
    password = door.first_password()
    assert password and re.fullmatch(r"([a-hjkmnp-z2-9]{4}-){3}[a-hjkmnp-z2-9]{4}", password)
    assert door.first_password() is None
    assert Door(tmp_path).first_password() is None
    assert door.check("admin", password)
    assert not door.check("admin", password[:-1])
    assert not door.check("root", password)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("door.db*")} == {0o600}
    stored = on_disk(tmp_path)
    assert password.encode() not in stored and b"$argon2id$" in stored


def test_failures_make_one_wait(door: Door, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    password = door.first_password() or ""
    monkeypatch.setattr(door, "_matches", lambda _hash, given: given == password)  # hashing is slow by design
    for _ in range(5):
        assert door.wait("admin") == 0
        assert not door.check("admin", "wrong")
    assert door.wait("admin") == pytest.approx(1.0)
    assert not door.check("admin", password), "not even the right one, before the time is up"
    clock.now += 1.1
    assert not door.check("admin", "wrong")
    assert door.wait("admin") == pytest.approx(2.0)
    clock.now += 2.1
    assert door.check("admin", password)
    assert door.wait("admin") == 0
    for _ in range(40):
        door.check("admin", "wrong")
        clock.now += door.wait("admin") + 0.01
    door.check("admin", "wrong")
    assert door.wait("admin") == pytest.approx(900, abs=1)
    assert door.wait("somebody else") == 0


def test_strangers_cannot_fill_the_disk(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "_matches", lambda *_: False)
    for n in range(1100):
        door.check(f"name {n}", "x")
    assert door._value("select count(*) from failures") == 1000
    assert not door.check("admin", "x" * 100_000)


def test_changing_a_password_ends_the_sessions(door: Door) -> None:
    door.first_password()
    token = door.open_session("admin")
    assert door.session(token) == "admin"
    door.set_password("admin", "a longer phrase")
    assert door.session(token) is None
    assert door.check("admin", "a longer phrase")
    for password in ("short", "x" * 1025):
        with pytest.raises(BadInput):
            door.set_password("admin", password)


def test_sessions_end_when_idle_and_after_a_day_of_work(door: Door, clock: Clock, tmp_path: Path) -> None:
    token = door.open_session("admin")
    other = door.open_session("admin")
    assert len(token) == 43 and token != other
    assert token.encode() not in on_disk(tmp_path)
    for _ in range(11):
        clock.now += 3600
        assert door.session(token) == "admin"
    assert door.session(other) is None, "two hours without use"
    clock.now += 3601
    assert door.session(token) is None, "twelve hours at most"
    assert door.session("") is None and door.session("\udcff" + token) is None


def test_signing_out(door: Door) -> None:
    one, two, three = (door.open_session(user) for user in ("admin", "admin", "other"))
    door.close_session(one)
    assert [door.session(t) for t in (one, two, three)] == [None, "admin", "other"]
    door.close_sessions("admin")
    assert [door.session(t) for t in (two, three)] == [None, "other"]


def test_a_state_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite):
        Door(tmp_path / "absent")
    (tmp_path / "door.db").write_bytes(b"no database at all, but long enough for a header" * 30)
    with pytest.raises(Broken):
        Door(tmp_path)
