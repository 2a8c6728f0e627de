"""Several processes, a kill in mid-write, a database that goes away, a log that refuses; and nothing secret anywhere."""

from __future__ import annotations

import io
import logging
import os
import signal
import subprocess
import sys
import traceback
from pathlib import Path

import pyotp
import pytest
from identity_house import HERE, PASSWORD, House
from postgres_server import PostgresServer

from tongguan.errors import Broken, CannotWrite, TongguanError, Unavailable
from tongguan.trust.identity import tables

PROGRAM = """
import sys
sys.path[:0] = [{here!r}]
from pathlib import Path
from identity_house import House
place = {place!r}
house = House(place if "://" in place else Path(place))
{body}
"""


def start(place: Path | str, body: str) -> subprocess.Popen:
    """Another process over the same records."""
    program = PROGRAM.format(here=str(Path(__file__).parent), place=str(place), body=body)
    return subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process: subprocess.Popen) -> str:
    out, _ = process.communicate("go\n", timeout=60)
    assert process.returncode == 0, out
    return out


def test_processes_share_failures_first_accounts_and_sessions(any_house: House) -> None:
    house = any_house
    body = """
print("ready", flush=True); sys.stdin.readline()
print("made", len(house.identity.first_accounts()))
print(*[house.identity.sign_in("ghost", f"guess {n}", address=f"a{n}").outcome for n in range(10)])
"""
    processes = [start(house.place, body) for _ in range(2)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
        process.stdin.write("go\n")
        process.stdin.flush()
    out = "".join(finish(process) for process in processes)
    assert sorted(line for line in out.splitlines() if line.startswith("made")) == ["made 0", "made 4"]
    assert out.count("no") == 5 and out.count("wait") == 15
    house.person()
    token = house.enter()
    assert finish(start(house.place, f"print(house.identity.session({token!r}).name)")) == "lin\n"
    finish(start(house.place, f"house.identity.disable({house.identity.by_name('lin').id!r}, house.system)"))
    assert house.identity.session(token) is None


def test_one_totp_code_over_several_connections(any_house: House) -> None:
    """Each `again` is what another process has: no memory is shared but the records."""
    house = any_house
    user = house.person()
    me = house.identity.principal(user.id)
    totp = pyotp.TOTP(house.identity.totp_begin(user.id, me).secret)
    house.identity.totp_confirm(user.id, totp.at(house.clock.now), me)
    pending = [house.identity.sign_in("lin", PASSWORD, address=HERE).pending for _ in range(4)]
    house.clock.now += 30
    code = totp.at(house.clock.now)
    outcomes = [house.again().second_factor(token, "totp", code, address=HERE).outcome for token in pending]
    assert outcomes == ["in", "no", "no", "no"]


KILLED_IN = {
    "half of the rows": "from tongguan.trust.identity.accounts import Accounts as part; name = 'add'; at = 700",
    "the entry, before the commit": "from identity_house import Log as part; name = '__call__'; at = 1",
}


@pytest.mark.parametrize("moment", KILLED_IN)
def test_a_kill_in_mid_import_leaves_nothing(any_house: House, moment: str) -> None:
    house = any_house
    house.person()
    body = f"""
import time
{KILLED_IN[moment]}
honest, calls = getattr(part, name), []
def stops(*arguments):
    calls.append(1)
    if len(calls) == at:
        print("now", flush=True)
        time.sleep(60)
    return honest(*arguments)
setattr(part, name, stops)
document = "userName,displayName\\n" + "".join(f"user{{n}},User {{n}}\\n" for n in range(1500))
house.identity.import_csv(document, house.system)
"""
    process = start(house.place, body)
    assert process.stdout.readline() == "now\n"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    assert [row.name for row in house.rows(tables.users)] == ["lin"]
    house.person("after")
    house.enter("after")


def test_no_change_without_its_entry(house: House) -> None:
    """A log that refuses undoes the change."""
    user = house.person("lin", "viewer")
    session = house.enter()
    state = [house.rows(table) for table in tables.users.metadata.sorted_tables]

    def refuses(kind: str, actor: str, body: object) -> int:
        raise CannotWrite("the log's disk is full")

    house.log = refuses
    identity = house.again()
    attempts = [
        lambda: identity.create_user("wei", by=house.system),
        lambda: identity.update_user(user.id, display="x", by=house.system),
        lambda: identity.disable(user.id, house.system),
        lambda: identity.delete(user.id, house.system),
        lambda: identity.grant(user.id, "business_owner", by=house.security),
        lambda: identity.revoke(user.id, "viewer", house.security),
        lambda: identity.set_password(user.id, "quite-another-phrase", by=house.terminal),
        lambda: identity.issue_token(
            user.id, name="n", scopes=["results.read"], days=1, by=identity.principal(user.id)
        ),
        lambda: identity.recovery_codes(user.id, identity.principal(user.id)),
        lambda: identity.create_team("t", by=house.system),
        lambda: identity.import_csv("userName\nwei\n", house.system),
        lambda: identity.close_sessions(user.id, house.security),
        lambda: identity.close_session(session),
        lambda: identity.users(identity.principal(user.id)),
    ]
    for attempt in attempts:
        with pytest.raises(CannotWrite):
            attempt()
    assert [house.rows(table) for table in tables.users.metadata.sorted_tables] == state
    with pytest.raises(CannotWrite):
        identity.sign_in("lin", PASSWORD, address=HERE)
    assert len(house.rows(tables.sessions)) == 1


def test_a_damaged_or_missing_database(house: House, tmp_path: Path) -> None:
    house.person()
    token = house.enter()
    house.database.engine.dispose()
    for path in tmp_path.glob("trust.db-*"):
        path.unlink()
    with (tmp_path / "trust.db").open("r+b") as file:
        file.seek(0)
        file.write(b"no database at all, " * 2000)
    for attempt in (
        lambda: house.identity.session(token),
        lambda: house.identity.sign_in("lin", PASSWORD, address=HERE),
        lambda: house.identity.users(house.system),
    ):
        with pytest.raises((Broken, CannotWrite)) as error:
            attempt()
        assert PASSWORD not in str(error.value) and token not in str(error.value)


def test_a_server_that_goes_away_and_comes_back(postgres: PostgresServer) -> None:
    house = House(postgres.database())
    house.person()
    token = house.enter()
    postgres.stop()
    try:
        for attempt in (
            lambda: house.identity.session(token),
            lambda: house.identity.sign_in("lin", PASSWORD, address=HERE),
            lambda: house.identity.create_user("wei", by=house.system),
        ):
            with pytest.raises(Unavailable) as error:
                attempt()
            shown = "".join(traceback.format_exception(error.value))
            assert PASSWORD not in shown and token not in shown
    finally:
        postgres.start()
    assert house.identity.session(token).name == "lin"
    house.enter()
    house.database.close()


def test_nothing_secret_in_logs_entries_or_errors(
    house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Everything that can be said is said loudly, and everything that was ever secret is looked for in it."""
    identity = house.identity
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger().addHandler(handler)
    caplog.set_level(logging.DEBUG)
    secret: set[str] = {PASSWORD}
    said: list[str] = []

    def attempt(act: object, *arguments: object, **named: object) -> object:
        try:
            return act(*arguments, **named)
        except TongguanError as error:
            said.append("".join(traceback.format_exception(error)[-1:]) + repr(getattr(error, "text", "")))
        return None

    user = house.person("lin", "viewer", display="林小雨", email="lin.xiaoyu@xingye.example")
    me = identity.principal(user.id)
    for typed in ("hunter2 is a password", "my password as a name?", "lin'; --\0"):
        secret.add(typed)
        said.append(repr(identity.sign_in(typed, typed, address="203.0.113.77", agent="Agent/7")))
        said.append(repr(attempt(identity.set_password, user.id, "x" + typed[:5], by=house.terminal)))
        attempt(identity.change_password, user.id, typed, typed)
        attempt(identity.create_user, typed, by=house.system)
        attempt(identity.import_csv, f'userName,displayName\n"{typed}",x\n', house.system)
        identity.session(typed), identity.token(typed, address=HERE)
    offer = identity.totp_begin(user.id, me)
    secret.add(offer.secret)
    totp = pyotp.TOTP(offer.secret)
    identity.totp_confirm(user.id, totp.at(house.clock.now), me)
    codes = identity.recovery_codes(user.id, me)
    secret |= set(codes) | {code.replace("-", "") for code in codes}
    house.clock.now += 60
    came = identity.sign_in("lin", PASSWORD, address="203.0.113.77")
    secret.add(came.pending)
    said += [repr(came), str(offer)]
    attempt(identity.second_factor, came.pending, "totp", "987654", address=HERE)
    attempt(identity.second_factor, came.pending, "recovery", "not-a-code-at-all", address=HERE)
    secret |= {"987654", "not-a-code-at-all"}
    inside = identity.second_factor(came.pending, "recovery", codes[0], address="203.0.113.77")
    said.append(repr(inside))
    _, token = identity.issue_token(user.id, name="n", scopes=["results.read"], days=1, by=me)
    secret |= {inside.token, token, token[17:]}
    attempt(identity.rotate, "no-such-session-token")
    secret.add("no-such-session-token")
    fresh = identity.first_password(user.id, house.system)
    secret.add(fresh)
    secret |= {password for _, _, password in House(tmp_path / "other.db").identity.first_accounts()}
    private = {"203.0.113.77", "Agent/7", "林小雨", "lin.xiaoyu@xingye.example"}
    logging.getLogger().removeHandler(handler)
    everything = "\n".join([house.log.text(), stream.getvalue(), caplog.text, *said])
    assert len(said) > 10
    for value in secret | private:
        assert value and value not in everything, value
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("trust.db*"))
    for value in secret:
        assert value.encode("utf-8", "replace") not in stored, value
