"""Attacks on the store and faults in it: edited, swapped and set-back rows, races, kill -9, a log that fails."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from keys_house import KEEPER, MODELLER, House, Log

from tongguan.errors import BadInput, Broken, Conflict, Denied
from tongguan.trust.ciphers import Tampered

CONTEXT = b"c"


def rows(house: House, statement: str) -> list[tuple[object, ...]]:
    with house.database.read() as connection:
        return [tuple(row) for row in connection.execute(sa.text(statement))]


# ---- the life of a key


def test_moves_between_states(either):
    keys, k = either.keys, either.key("seal", activate=False).id
    for wrong in (keys.suspend, keys.retire, keys.rotate):
        with pytest.raises(Conflict, match="pre-active"):
            wrong(k, KEEPER)
    for move, state in (
        (keys.activate, "active"),
        (keys.suspend, "suspended"),
        (keys.activate, "active"),
        (keys.retire, "retired"),
    ):
        assert move(k, KEEPER).state == state
    for wrong in (keys.activate, keys.suspend, keys.rotate):
        with pytest.raises(Conflict, match="retired"):
            wrong(k, KEEPER)
    assert [body["state"] for body in either.log.of("key.state")] == ["active", "suspended", "active", "retired"]
    assert [body["revision"] for body in either.log.of("key.state")] == [2, 3, 4, 5]
    active = either.key("seal").id
    either.approved(active)
    with pytest.raises(Conflict, match="active"):  # an active key is not destroyed, and the approval is not used up
        keys.destroy(active, KEEPER)
    keys.suspend(active, KEEPER)
    assert keys.destroy(active, KEEPER).state == "destroyed"


def test_destroying_takes_an_approval_and_is_final(either):
    k = either.key("wrap", entity="A", name="data").id
    either.keys.rotate(k, KEEPER)
    _, wrapped = either.keys.data_key(k, CONTEXT, KEEPER)
    secrets = [bytes(row[0]) for row in rows(either, "select wrapped from key_versions")]
    either.keys.retire(k, KEEPER)
    either.approved(k, entity="B")  # another entity's approver does not count
    with pytest.raises(Denied):
        either.keys.destroy(k, KEEPER)
    assert either.keys.open_data_key(k, wrapped, CONTEXT, KEEPER)
    either.approved(k, entity="A")
    destroyed = either.keys.destroy(k, KEEPER)
    assert (
        destroyed.state == "destroyed"
        and rows(either, "select wrapped, master from key_versions") == [(None, None)] * 2
    )
    for call in (
        lambda: either.keys.activate(k, KEEPER), lambda: either.keys.rotate(k, KEEPER), lambda: either.keys.destroy(k, KEEPER),
        lambda: either.keys.open_data_key(k, wrapped, CONTEXT, KEEPER), lambda: either.keys.set_policy(k, {}, KEEPER),
        lambda: either.keys.set_days(k, None, None, KEEPER),
    ):  # fmt: skip
        with pytest.raises(BadInput, match="destroyed"):
            call()
    assert either.keys.check_store(either.log.read(), KEEPER) == []
    assert either.key("wrap", entity="A", name="data").id != k  # the name is free again
    if isinstance(either.place, Path):  # nothing is left of them on the disk, not even in free pages or the log
        left = b"".join(path.read_bytes() for path in either.place.parent.glob("trust.db*"))
        assert not any(secret in left for secret in secrets)


def test_names_are_taken_once_in_an_entity(either):
    either.key("seal", name="one", entity="A")
    for entity in ("B", None):
        either.key("seal", name="one", entity=entity)
    with pytest.raises(Conflict, match="one of A"):
        either.key("wrap", name="one", entity="A")
    with pytest.raises(Conflict, match="for seal, not for wrap"):
        either.keys.ensure(name="one", purpose="wrap", owner="o", entity="A", by=KEEPER)
    with pytest.raises(Conflict):  # written otherwise, the same entity
        either.key("wrap", name="one", entity=" A ")
    assert either.keys.ensure(name="one", purpose="seal", owner="o", entity="A\u3000", by=KEEPER).entity == "A"
    assert len(either.keys.list(entity=" A", by=KEEPER)) == 1
    for wrong in ("", "A\u200b", "A\nB", "=A", "A" * 121):
        with pytest.raises(BadInput, match="an entity"):
            either.key("wrap", entity=wrong)
        with pytest.raises(BadInput, match="an entity"):
            either.keys.list(entity=wrong, by=KEEPER)
    assert len(either.log.of("key.create")) == 3
    for wrong in ({"name": ""}, {"name": "x" * 201}, {"name": "a\nb"}, {"owner": " "}, {"entity": ""}, {"purpose": "fly"}, {"algorithm": "des"}, {"not_before": -1}, {"not_before": 5, "not_after": 5}, {"not_after": "x"}):  # fmt: skip
        with pytest.raises(BadInput):
            either.keys.create(**{"name": "n", "purpose": "seal", "owner": "o", "by": KEEPER, **wrong})
    for wrong in ("", "key_", "key_" + "g" * 24, "key_" + "A" * 24, "x" * 10_000, None, 5, "key_" + "0" * 24):
        with pytest.raises(BadInput, match="key"):
            either.keys.get(wrong, KEEPER)
    for wrong in ({"limit": -1}, {"limit": 1001}, {"offset": -1}, {"purpose": "fly"}, {"state": "asleep"}):
        with pytest.raises(BadInput):
            either.keys.list(by=KEEPER, **wrong)


# ---- other processes


def test_another_process_sees_a_change_at_once(either):
    k = either.key("seal").id
    sealed = either.keys.seal(k, b"value", CONTEXT, KEEPER)
    other = either.again()
    assert other.keys.unseal(k, sealed, CONTEXT, KEEPER) == b"value"  # now it keeps the opened key
    assert other.keys._opened.get((k, 1)) is not None
    either.keys.suspend(k, KEEPER)
    with pytest.raises(BadInput, match="suspended"):
        other.keys.unseal(k, sealed, CONTEXT, KEEPER)
    assert other.keys._opened.get((k, 1)) is None
    other.keys.activate(k, KEEPER)
    either.keys.set_policy(k, {"allow": [{"principals": ["keeper"]}]}, KEEPER)
    with pytest.raises(Denied):
        other.keys.unseal(k, sealed, CONTEXT, MODELLER)
    other.close()


def test_opened_keys_are_forgotten_without_being_asked_for(tmp_path):
    house = House(tmp_path, tmp_path / "trust.db", cache_s=0.3)
    k = house.key("seal").id
    house.keys.seal(k, b"value", CONTEXT, KEEPER)
    assert len(house.keys._opened) > 0
    for _ in range(50):
        if not len(house.keys._opened):
            break
        time.sleep(0.1)
    assert len(house.keys._opened) == 0
    house.close()


def test_two_that_rotate_at_once(either):
    k = either.key("wrap").id
    plain, wrapped = either.keys.data_key(k, CONTEXT, KEEPER)
    houses, errors = [either.again() for _ in range(4)], []

    def work(one: House) -> None:
        try:
            for _ in range(3):
                one.keys.rotate(k, KEEPER)
                assert one.keys.open_data_key(k, one.keys.rewrap(k, wrapped, CONTEXT, KEEPER), CONTEXT, KEEPER) == plain
        except Exception as error:
            errors.append(error)

    def master() -> None:
        try:
            for _ in range(3):
                either.keys.rotate_master(KEEPER)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(one,)) for one in houses] + [threading.Thread(target=master)]
    [thread.start() for thread in threads]
    [thread.join(120) for thread in threads]
    assert errors == []
    assert either.keys.get(k, KEEPER).version == 13
    assert sorted(body["version"] for body in either.log.of("key.rotate")) == list(range(2, 14))
    assert {row[0] for row in rows(either, "select master from key_versions")} == {either.master.generations()[-1]}
    assert either.keys.check_store(either.log.read(), KEEPER) == []
    [one.close() for one in houses]


# ---- edits past Tongguan


@pytest.mark.parametrize(
    "edit",
    [
        "update keys set state = 'active'", "update keys set purpose = 'seal'", "update keys set policy = '{\"allow\":[]}'", "update keys set entity = 'B'",
        "update keys set revision = revision + 1", "update keys set not_after = null", "update keys set owner = 'me'", "update keys set version = 2",
        "update keys set mac = ''", "update keys set mac = 'sha256:'", "update keys set mac = 'md5:00'", "update keys set foreign_ = 1",
    ],
)  # fmt: skip
def test_an_edited_row_is_refused(house, edit):
    k = house.key("wrap", entity="A", not_after=1_900_000_000).id
    _, wrapped = house.keys.data_key(k, CONTEXT, KEEPER)
    house.keys.set_policy(k, {"allow": [{"principals": ["keeper"]}]}, KEEPER)
    house.keys.suspend(k, KEEPER)
    house.sql(edit.replace("foreign_", '"foreign"'))
    for one in (house, house.again()):
        for call in (
            lambda one=one: one.keys.open_data_key(k, wrapped, CONTEXT, KEEPER),
            lambda one=one: one.keys.activate(k, KEEPER),
            lambda one=one: one.keys.get(k, KEEPER),
        ):
            with pytest.raises(Broken, match="altered outside"):
                call()
    assert [found.what for found in house.keys.check_store(house.log.read(), KEEPER)] == ["altered"]


def test_swapped_versions_do_not_open(house):
    one, two = (house.key("wrap", entity=entity).id for entity in ("A", "B"))
    forms = {k: house.keys.data_key(k, CONTEXT, KEEPER)[1] for k in (one, two)}
    columns = "wrapped", "wrapped, mac", "wrapped, master, public, created, mac"
    before = {
        row[0]: row for row in rows(house, "select key_id, wrapped, mac, master, public, created from key_versions")
    }
    for names in columns:
        for k, other in ((one, two), (two, one)):
            given = dict(zip(("key_id", "wrapped", "mac", "master", "public", "created"), before[other], strict=True))
            house.sql(
                f"update key_versions set {', '.join(f'{name} = :{name}' for name in names.split(', '))} where key_id = :k",
                k=k,
                **{name: given[name] for name in names.split(", ")},
            )
        again = house.again()
        for k in (one, two):
            with pytest.raises(Broken):
                again.keys.open_data_key(k, forms[k], CONTEXT, KEEPER)
        assert {found.what for found in again.keys.check_store(house.log.read(), KEEPER)} == {"unopened"}
        with pytest.raises(Broken):
            again.keys.rotate_master(KEEPER)
        again.close()
    house.sql("delete from key_versions")
    with pytest.raises(Broken, match="missing"):
        house.again().keys.open_data_key(one, forms[one], CONTEXT, KEEPER)


def test_a_public_key_that_was_exchanged(house):
    from tongguan.trust.ciphers import SigningKey

    mine = SigningKey.generate("ed25519")
    k = house.key("sign", algorithm="ed25519").id
    house.sql("update key_versions set public = :p", p=mine.public.encoded)
    with pytest.raises(Broken, match="altered outside"):
        house.again().keys.verify(k, b"m", mine.sign(b"m"), KEEPER)


def test_a_database_set_back(house):
    """Row by row its MACs are right: only the log knows, or a process that saw the newer state."""
    old, kept = house.key("seal").id, house.key("seal").id
    sealed = house.keys.seal(old, b"value", CONTEXT, KEEPER)
    columns = [column[1] for column in rows(house, "pragma table_info(keys)")]
    backup = {
        name: rows(house, f"select * from {name} where {'id' if name == 'keys' else 'key_id'} = '{old}'")
        for name in ("keys", "key_versions")
    }
    house.keys.suspend(old, KEEPER)
    house.approved(old)
    house.keys.destroy(old, KEEPER)
    values = dict(zip(columns, backup["keys"][0], strict=True))
    house.sql("update keys set " + ", ".join(f'"{name}" = :{name}' for name in columns) + " where id = :id", **values)
    versions = [column[1] for column in rows(house, "pragma table_info(key_versions)")]
    house.sql(
        f"update key_versions set {', '.join(f'{name} = :{name}' for name in versions)} where key_id = :key_id",
        **dict(zip(versions, backup["key_versions"][0], strict=True)),
    )
    with pytest.raises(Broken, match="set back"):
        house.keys.unseal(old, sealed, CONTEXT, KEEPER)
    again = house.again()
    assert again.keys.unseal(old, sealed, CONTEXT, KEEPER) == b"value"  # nothing in the store itself can tell …
    (found,) = again.keys.check_store(house.log.read(), KEEPER)  # … and the log does
    assert (found.key, found.what) == (old, "set_back") and "destroyed" in found.detail
    house.sql("delete from key_versions where key_id = :k", k=kept)
    house.sql("delete from keys where id = :k", k=kept)
    assert {(found.key, found.what) for found in again.keys.check_store(house.log.read(), KEEPER)} == {
        (old, "set_back"),
        (kept, "missing"),
    }
    entries = [entry for entry in house.log.read() if entry.body.get("key") != old]
    assert (old, "unknown") in {(found.key, found.what) for found in again.keys.check_store(entries, KEEPER)}
    unlogged = house.key("seal").id
    house.keys.rotate(unlogged, KEEPER)
    entries = [entry for entry in house.log.read() if entry.kind != "key.rotate"]
    assert (unlogged, "unlogged") in {(found.key, found.what) for found in again.keys.check_store(entries, KEEPER)}
    again.close()


def test_a_whole_database_set_back(house):
    k = house.key("seal").id
    house.keys.rotate_master(KEEPER)
    house.keys.close()
    house.database.close()
    shutil.copy(house.place, f"{house.place}.old")
    later = house.again()
    later.keys.rotate_master(KEEPER)
    later.keys.suspend(k, KEEPER)
    later.close()
    shutil.copy(f"{house.place}.old", house.place)
    for rest in ("-wal", "-shm"):
        Path(f"{house.place}{rest}").unlink(missing_ok=True)
    assert {found.what for found in house.again().keys.check_store(house.log.read(), KEEPER)} == {"master", "set_back"}


# ---- a log that cannot be written


def test_a_change_waits_for_its_entry(either):
    k = either.key("seal").id
    either.log.broken = True
    with pytest.raises(OSError, match="log"):
        either.keys.rotate(k, KEEPER)
    with pytest.raises(OSError, match="log"):  # and no process begins over an entry that waits
        either.again()
    either.log.broken = False
    again = either.again()
    (entry,) = either.log.of("key.rotate")
    assert entry["key"] == k and entry["version"] == 2 and again.keys.get(k, KEEPER).version == 2
    assert rows(either, "select * from key_outbox") == []
    assert again.keys.check_store(either.log.read(), KEEPER) == []
    again.close()


# ---- kill -9

WORK = """
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from keys_house import House, KEEPER, Log
house = House(Path({home!r}), Path({home!r}) / "trust.db", log=Log(Path({log!r})))
keys, k = house.keys, {k!r}
print("ready", flush=True)
n = 0
while True:
    n += 1
    keys.rotate(k, KEEPER)
    keys.create(name=f"{{sys.argv[1]}}-{{n}}", purpose="wrap", owner="o", by=KEEPER)
    keys.rotate_master(KEEPER)
"""


def test_killed_at_any_moment_the_store_stays_whole(house):
    k = house.key("wrap").id
    for _ in range(20):
        house.keys.rotate(k, KEEPER)
    plain, wrapped = house.keys.data_key(k, CONTEXT, KEEPER)
    lines = house.home / "log"
    lines.write_text("".join(json.dumps(entry) + "\n" for entry in house.log.entries))
    program = WORK.format(tests=str(Path(__file__).parent), home=str(house.home), log=str(lines), k=k)
    chance = random.Random(5)
    for turn in range(6):
        child = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", program, f"t{turn}"], stdout=subprocess.PIPE, env=dict(os.environ)
        )
        assert child.stdout and child.stdout.readline() == b"ready\n"
        time.sleep(chance.uniform(0.05, 0.4))
        child.send_signal(signal.SIGKILL)
        child.wait(30)
        child.stdout.close()
        log = Log(lines)
        again = house.again(log=log)  # delivers what the dead one left
        assert again.keys.open_data_key(k, wrapped, CONTEXT, KEEPER) == plain
        log.entries = [tuple(json.loads(line)) for line in lines.read_text().splitlines()]
        assert again.keys.check_store(log.read(), KEEPER) == []
        assert rows(again, "select * from key_outbox") == []
        again.close()
    assert len({row[0] for row in rows(house, "select master from key_versions")}) == 1
    assert len(rows(house, "select 1 from keys")) > 3 and len(house.master.generations()) > 2
    assert not list(house.home.glob(".master*")) or all(
        path.stat().st_size < 100_000 for path in house.home.glob(".master*")
    )


@pytest.mark.parametrize("step", ["before the file", "after the file", "after the transaction", "after the log"])
def test_killed_at_each_step_of_a_master_rotation(house, step):
    k = house.key("wrap").id
    plain, wrapped = house.keys.data_key(k, CONTEXT, KEEPER)
    lines = house.home / "log"
    lines.write_text("".join(json.dumps(entry) + "\n" for entry in house.log.entries))
    where = {
        "before the file": "import pathlib; pathlib.Path.replace = lambda *a: die()",
        "after the file": "from tongguan.trust.keys.root import Root; Root.move = lambda *a: die()",
        "after the transaction": "house.keys._journal.deliver = die",
        "after the log": "note = house.log.__class__.__call__\nhouse.keys._record = lambda *a: die()",
    }[step]
    program = (
        f"import os, signal, sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\nfrom pathlib import Path\n"
        "from keys_house import House, KEEPER, Log\n"
        f"house = House(Path({str(house.home)!r}), Path({str(house.place)!r}), log=Log(Path({str(lines)!r})))\n"
        f"die = lambda *a: os.kill(os.getpid(), signal.SIGKILL)\n{where}\nhouse.keys.rotate_master(KEEPER)\n"
    )
    ended = subprocess.run([sys.executable, "-W", "ignore", "-c", program], timeout=60, env=dict(os.environ))
    assert ended.returncode == -signal.SIGKILL
    log = Log(lines)
    again = house.again(log=log)
    log.entries = [tuple(json.loads(line)) for line in lines.read_text().splitlines()]
    assert again.keys.open_data_key(k, wrapped, CONTEXT, KEEPER) == plain
    assert again.keys.check_store(log.read(), KEEPER) == []
    moved = len([body for body in log.of("key.master") if body["step"] == "rotated"])
    assert moved == (1 if step.startswith("after the t") or step == "after the log" else 0)
    again.keys.rotate_master(KEEPER)
    assert again.keys.open_data_key(k, wrapped, CONTEXT, KEEPER) == plain
    again.close()


def test_nothing_secret_in_errors(house):
    k = house.key("seal").id
    sealed = house.keys.seal(k, b"made-up value", b"made-up context", KEEPER)
    with pytest.raises(Tampered) as error:
        house.keys.unseal(k, sealed[:-1] + b"\0", b"made-up context", KEEPER)
    assert "made-up" not in str(error.value) and sealed.hex() not in str(error.value)
    assert "made-up" not in house.log.text()


def test_over_the_real_log(tmp_path):
    """Uses, changes and denials in a log that proves itself, and the store held against it."""
    from tongguan.trust import AuditLog

    with AuditLog(tmp_path / "audit.db") as log:
        house = House(tmp_path, tmp_path / "trust.db", log=log.append)
        k = house.key("seal").id
        sealed = house.keys.seal(k, b"value", CONTEXT, KEEPER)
        with pytest.raises(Denied):
            house.keys.rotate(k, MODELLER)
        house.keys.rotate(k, KEEPER)
        assert house.keys.unseal(k, sealed, CONTEXT, KEEPER) == b"value"
        entries = log.entries(0, 100)
        assert [entry.kind for entry in entries] == [
            "key.master",
            "key.create",
            "key.use",
            "denied",
            "key.rotate",
            "key.use",
        ]
        assert house.keys.check_store(entries, KEEPER) == []
        house.sql("update keys set state = 'retired'")
        assert [found.what for found in house.keys.check_store(entries, KEEPER)] == ["altered"]
        assert log.verify().ok
        house.close()
