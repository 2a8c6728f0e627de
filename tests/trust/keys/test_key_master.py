"""The master key: passphrase file and HSM, wrong secrets, an HSM that goes away, rotation, moving, dropping."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
import time

import pytest
from keys_house import CHEAP, KEEPER, MODULE, PIN, House

from tongguan.errors import BadInput, BadSettings, Broken, Conflict, Denied, Unavailable
from tongguan.trust.ciphers import SUITES, Tampered
from tongguan.trust.keys import open_master
from tongguan.trust.keys.hsm import HsmMaster
from tongguan.trust.settings import Master as MasterSettings

CONTEXT = b"c"
SETTINGS = MasterSettings(passphrase_env="TONGGUAN_TEST_PASSPHRASE")


def open_(home, settings=SETTINGS, suite="international"):
    return open_master(settings, home, suite=SUITES[suite], **CHEAP)


# ---- passphrase


@pytest.mark.parametrize("suite", ["international", "guomi"])
def test_the_passphrase_is_made_at_first_use_and_opens_again(tmp_path, suite):
    master = open_(tmp_path, suite=suite)
    assert master.generations() == () and not list(tmp_path.iterdir())  # nothing is made before it is needed
    generation = master.generate()
    for name in ("master.json", "master.passphrase"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    wrapped = master.wrap(generation, b"k" * 32, CONTEXT)
    again = open_(tmp_path)
    assert again.generations() == (generation,) and again.unwrap(generation, wrapped, CONTEXT) == b"k" * 32
    with pytest.raises(Tampered):
        again.unwrap(generation, wrapped, b"other")
    second = again.generate()
    with pytest.raises(Tampered):
        again.unwrap(second, wrapped, CONTEXT)
    assert master.unwrap(second, again.wrap(second, b"z", CONTEXT), CONTEXT) == b"z"  # the file is read anew


def test_where_the_passphrase_is_from(tmp_path, monkeypatch):
    monkeypatch.setenv("TONGGUAN_TEST_PASSPHRASE", "river stone lantern")
    generation = open_(tmp_path).generate()
    assert not (tmp_path / "master.passphrase").exists()
    monkeypatch.delenv("TONGGUAN_TEST_PASSPHRASE")
    with pytest.raises(BadInput, match="TONGGUAN_TEST_PASSPHRASE"):
        open_(tmp_path)
    file = tmp_path / "elsewhere"
    file.write_text("river stone lantern\n")
    settings = MasterSettings(passphrase_env="TONGGUAN_TEST_PASSPHRASE", passphrase_file=str(file))
    assert open_(tmp_path, settings).generations() == (generation,)
    file.write_text("\n")
    with pytest.raises(BadInput, match="empty"):
        open_(tmp_path, settings)
    file.unlink()
    with pytest.raises(BadSettings):
        open_(tmp_path, settings)


def test_a_wrong_passphrase_and_an_altered_file_say_the_same(tmp_path, monkeypatch):
    monkeypatch.setenv("TONGGUAN_TEST_PASSPHRASE", "river stone lantern")
    open_(tmp_path).generate()
    good = (tmp_path / "master.json").read_bytes()
    monkeypatch.setenv("TONGGUAN_TEST_PASSPHRASE", "river stone lantem")
    with pytest.raises(BadInput) as wrong:
        open_(tmp_path)
    monkeypatch.setenv("TONGGUAN_TEST_PASSPHRASE", "river stone lantern")
    document = json.loads(good)
    document["kdf"]["time"] = 2  # another cost: another key
    (tmp_path / "master.json").write_text(json.dumps(document))
    with pytest.raises(BadInput) as altered:
        open_(tmp_path)
    assert str(wrong.value) == str(altered.value) and "lant" not in str(wrong.value)
    assert wrong.value.__suppress_context__


@pytest.mark.parametrize(
    "change",
    [
        {"kdf": {"memory_kib": 1 << 30}}, {"kdf": {"time": 10**9}}, {"kdf": {"lanes": 0}}, {"kdf": {"name": "md5"}}, {"kdf": {"salt": "!"}},
        {"kdf": {"time": "x"}}, {"kdf": {"time": 1e400}}, {"format": 2}, {"keys": []}, {"keys": [{"id": "a"}]}, {"keys": 5}, {"kdf": None},
    ],
)  # fmt: skip
def test_a_damaged_file_is_refused_without_running_its_cost(tmp_path, change):
    open_(tmp_path).generate()
    document = json.loads((tmp_path / "master.json").read_text())
    for name, value in change.items():
        document[name] = {**document[name], **value} if isinstance(value, dict) else value
    (tmp_path / "master.json").write_text(json.dumps(document))
    with pytest.raises(Broken, match="damaged"):
        open_(tmp_path)


@pytest.mark.parametrize("raw", [b"", b"[" * 100_000, b"\xff\xfe", b"null", b"0" * (1 << 20) + b"1"])
def test_what_is_no_master_file(tmp_path, raw):
    (tmp_path / "master.json").write_bytes(raw)
    with pytest.raises(Broken, match="damaged"):
        open_(tmp_path)


def test_the_passphrase_is_changed(house, monkeypatch):
    id = house.key("seal").id
    sealed = house.keys.seal(id, b"value", CONTEXT, KEEPER)
    first = (house.home / "master.passphrase").read_text().strip()
    for old, new in (("wrong", "a long enough one"), (first, "short"), (first, "tab\there and more")):
        with pytest.raises(BadInput):
            house.keys.change_passphrase(old, new, KEEPER)
    house.keys.change_passphrase(first, "a long enough one", KEEPER)
    assert [body["ok"] for body in house.log.of("key.master") if body["step"] == "passphrase"] == [
        False,
        False,
        False,
        True,
    ]
    assert "enough" not in house.log.text() and first not in house.log.text()
    assert not (house.home / "master.passphrase").exists()
    assert house.keys.unseal(id, sealed, CONTEXT, KEEPER) == b"value"
    monkeypatch.setenv("TONGGUAN_TEST_PASSPHRASE", first)
    with pytest.raises(BadInput, match="does not open"):
        house.again()
    monkeypatch.setenv("TONGGUAN_TEST_PASSPHRASE", "a long enough one")
    again = house.again()
    assert again.keys.unseal(id, sealed, CONTEXT, KEEPER) == b"value"
    again.close()


def test_two_machines_begin_one_store_at_once(either):
    """Threads with nothing in common but the home and the database."""
    houses = [either.again() for _ in range(4)]
    ids, errors = [], []

    def begin(one: House) -> None:
        try:
            ids.append(one.keys.ensure(name="shared", purpose="seal", owner="o", by=KEEPER).id)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=begin, args=(one,)) for one in houses]
    [thread.start() for thread in threads]
    [thread.join(60) for thread in threads]
    assert errors == [] and len(ids) == 4 and len(set(ids)) == 1
    assert len([body for body in either.log.of("key.master") if body["step"] == "begun"]) == 1
    [one.close() for one in houses]


# ---- rotation


def test_rotation_wraps_all_anew_and_the_former_is_dropped(either):
    keys = either.keys
    ids = {purpose: either.key(purpose).id for purpose in ("seal", "wrap", "sign", "mac")}
    keys.rotate(ids["seal"], KEEPER)
    sealed = keys.seal(ids["seal"], b"value", CONTEXT, KEEPER)
    signature = keys.sign(ids["sign"], b"m", KEEPER)
    (former,) = either.master.generations()
    backup = either.sql("select count(*) from key_versions") and either.database
    with pytest.raises(Conflict, match="in use"):
        keys.drop_master(former, KEEPER)
    other = either.again()
    other.keys.unseal(ids["seal"], sealed, CONTEXT, KEEPER)
    new = keys.rotate_master(KEEPER)
    assert either.log.of("key.rewrap") == [{"master": new, "former": former, "versions": 5}]
    with backup.read() as connection:
        import sqlalchemy as sa

        assert {row.master for row in connection.execute(sa.text("select master from key_versions"))} == {new}
    for one in (either, other, either.again()):  # also a process that knew the former only
        assert one.keys.unseal(ids["seal"], sealed, CONTEXT, KEEPER) == b"value"
        assert one.keys.verify(ids["sign"], b"m", signature, KEEPER)
    assert keys.check_store(either.log.read(), KEEPER) == []
    with pytest.raises(Denied):
        keys.drop_master(former, KEEPER)
    either.approved(f"master:{former}")
    keys.drop_master(former, KEEPER)
    assert either.master.generations() == (new,)
    assert either.again().keys.unseal(ids["seal"], sealed, CONTEXT, KEEPER) == b"value"
    other.close()


def test_a_lost_master_file_is_not_replaced_by_a_new_one(house):
    id = house.key("seal").id
    sealed = house.keys.seal(id, b"value", CONTEXT, KEEPER)
    content = (house.home / "master.json").read_bytes()
    (house.home / "master.json").unlink()
    again = house.again()
    for call in (
        lambda: again.keys.unseal(id, sealed, CONTEXT, KEEPER),
        lambda: again.key("seal"),
        lambda: again.keys.rotate_master(KEEPER),
    ):
        with pytest.raises(BadInput, match="put its backup in its place, or restore it from its shares"):
            call()
    assert not (house.home / "master.json").exists()
    (house.home / "master.json").write_bytes(content)
    assert again.keys.unseal(id, sealed, CONTEXT, KEEPER) == b"value"
    again.close()


# ---- HSM


@pytest.mark.parametrize("method", ["gcm", "key-wrap"])
def test_an_hsm_wraps_and_its_key_never_leaves(token, method):
    master = HsmMaster(token.settings(), method=method)
    generation = master.generate()
    for size in (1, 16, 32, 2000, 16_384):
        wrapped = master.wrap(generation, b"k" * size, CONTEXT)
        assert master.unwrap(generation, wrapped, CONTEXT) == b"k" * size
        assert b"kkkkkkkk" not in wrapped
    for place in range(0, len(wrapped), 997):
        changed = bytearray(wrapped)
        changed[place] ^= 1
        with pytest.raises(Tampered):
            master.unwrap(generation, bytes(changed), CONTEXT)
    for wrong in (b"", b"\x01", b"\x02", wrapped[:-1], b"\x03" + wrapped[1:]):
        with pytest.raises(Tampered):
            master.unwrap(generation, wrong, CONTEXT)
    with pytest.raises(Tampered):
        master.unwrap(generation, wrapped, b"other")
    assert HsmMaster(token.settings()).unwrap(generation, wrapped, CONTEXT) == b"k" * 16_384
    with pytest.raises(BadInput, match="does not hold"):
        master.wrap("00" * 8, b"k", CONTEXT)
    (key,) = master._found(master._opened()).values()
    with pytest.raises(master._pkcs11.AttributeSensitive):
        key[master._pkcs11.Attribute.VALUE]
    with pytest.raises(BadInput, match="HSM's own means"):
        master.export(generation)
    master.close()


def test_a_house_over_an_hsm(token, tmp_path):
    house = House(tmp_path, tmp_path / "trust.db", settings=token.settings())
    id = house.key("wrap").id
    plain, wrapped = house.keys.data_key(id, CONTEXT, KEEPER)
    assert house.keys.list(by=KEEPER)[0].id == id and not (tmp_path / "master.json").exists()
    with pytest.raises(BadInput, match="HSM's own means"):
        house.keys.split(2, ["a", "b", "c"], KEEPER)
    former = house.master.generations()
    house.keys.rotate_master(KEEPER)
    assert len(house.master.generations()) == 2 and house.master.generations()[0] == former[0]
    assert house.again().keys.open_data_key(id, wrapped, CONTEXT, KEEPER) == plain
    house.approved(f"master:{former[0]}")
    house.keys.drop_master(former[0], KEEPER)
    assert house.again().keys.open_data_key(id, wrapped, CONTEXT, KEEPER) == plain
    with pytest.raises(BadInput, match="HSM's own tool"):
        house.keys.change_passphrase("a", "b" * 20, KEEPER)
    house.close()


def test_from_passphrase_to_hsm(house, token):
    id = house.key("wrap").id
    plain, wrapped = house.keys.data_key(id, CONTEXT, KEEPER)
    house.keys.rotate_master(KEEPER, to=open_master(token.settings(), house.home))
    assert house.keys.open_data_key(id, wrapped, CONTEXT, KEEPER) == plain
    with pytest.raises(BadInput, match="name the right master in the settings"):
        house.again().keys.open_data_key(id, wrapped, CONTEXT, KEEPER)
    moved = house.again(settings=token.settings())
    assert moved.keys.open_data_key(id, wrapped, CONTEXT, KEEPER) == plain
    assert moved.keys.check_store(house.log.read(), KEEPER) == []
    moved.close()


def test_a_wrong_pin_is_tried_once(token, monkeypatch):
    HsmMaster(token.settings()).close()
    monkeypatch.setenv("TONGGUAN_TEST_PIN", "000000")
    with pytest.raises(BadInput, match="was refused, for tokens lock") as error:
        HsmMaster(token.settings())
    assert "000000" not in str(error.value)
    tries = []
    original = HsmMaster._token

    class Counting:
        def __init__(self, token):
            self.token = token

        def open(self, **how):
            tries.append(how)
            return self.token.open(**how)

        def __getattr__(self, name):
            return getattr(self.token, name)

    monkeypatch.setattr(HsmMaster, "_token", lambda self: Counting(original(self)))
    for _ in range(5):
        with pytest.raises(BadInput, match="not tried again"):
            HsmMaster(token.settings())
    assert tries == []
    monkeypatch.setenv("TONGGUAN_TEST_PIN", PIN)
    assert len(HsmMaster(token.settings()).generate()) == 20 and any("user_pin" in how for how in tries)


def test_settings_of_an_hsm_that_are_wrong(token, tmp_path, monkeypatch):
    for settings, expected, message in (
        (token.settings(module=None), BadSettings, "master.module is missing"),
        (token.settings(module="/nowhere/libhsm.so"), BadSettings, "cannot be loaded"),
        (token.settings(pin_env="TONGGUAN_NO_SUCH_PIN"), BadInput, "needs a PIN"),
    ):
        with pytest.raises(expected, match=message):
            open_master(settings, tmp_path)
    nobody = open_master(token.settings(token="no such token"), tmp_path)  # it may be plugged in later
    with pytest.raises(Unavailable, match="no HSM has a token named no such token"):
        nobody.generations()
    file = tmp_path / "pin"
    file.write_text(PIN + "\n")
    assert open_master(token.settings(pin_env="TONGGUAN_NO_SUCH_PIN", pin_file=str(file)), tmp_path).generations() == ()


def test_a_key_that_may_leave_the_token_is_refused(token):
    master = HsmMaster(token.settings())
    p = master._pkcs11
    master.generations()
    with master._writing() as session:
        template = {p.Attribute.EXTRACTABLE: True, p.Attribute.SENSITIVE: False}
        session.generate_key(p.KeyType.AES, 256, id=b"a", label="tongguan-master", store=True, template=template)
    with pytest.raises(BadSettings, match="no AES-256 key"):
        master.generations()


def test_the_hsm_goes_away_in_mid_work_and_comes_back(token, tmp_path):
    house = House(tmp_path, tmp_path / "trust.db", settings=token.settings(), cache_s=0)
    id = house.key("wrap").id
    plain, wrapped = house.keys.data_key(id, CONTEXT, KEEPER)
    counts = [house.sql(f"update {table} set mac = mac") for table in ("keys", "key_versions")]
    token.away()
    try:
        for call in (
            lambda: house.keys.open_data_key(id, wrapped, CONTEXT, KEEPER), lambda: house.key("seal"),
            lambda: house.keys.rotate(id, KEEPER), lambda: house.keys.rotate_master(KEEPER),
        ):  # fmt: skip
            with pytest.raises(Unavailable, match=r"HSM|token"):
                call()
        assert counts == [house.sql(f"update {table} set mac = mac") for table in ("keys", "key_versions")]
    finally:
        token.back()
    assert house.keys.open_data_key(id, wrapped, CONTEXT, KEEPER) == plain
    assert house.keys.rotate(id, KEEPER).version == 2
    assert house.keys.check_store(house.log.read(), KEEPER) == []
    house.close()


def test_the_hsm_goes_away_between_two_wraps_of_a_rotation(token, tmp_path, monkeypatch):
    house = House(tmp_path, tmp_path / "trust.db", settings=token.settings())
    id = house.key("wrap").id
    for _ in range(5):
        house.keys.rotate(id, KEEPER)
    plain, wrapped = house.keys.data_key(id, CONTEXT, KEEPER)
    former, seen = house.master.generations(), []
    wrap = house.master.wrap

    def pulled(generation, key, context):
        seen.append(generation)
        if len(seen) == 4:
            token.away()
        return wrap(generation, key, context)

    monkeypatch.setattr(house.master, "wrap", pulled)
    try:
        with pytest.raises(Unavailable):
            house.keys.rotate_master(KEEPER)
    finally:
        token.back()
    monkeypatch.undo()
    os.environ["TONGGUAN_TEST_PIN"] = PIN
    again = house.again()
    with again.database.read() as connection:
        import sqlalchemy as sa

        assert {row.master for row in connection.execute(sa.text("select master from key_versions"))} == set(former)
    assert again.keys.open_data_key(id, wrapped, CONTEXT, KEEPER) == plain
    assert again.keys.check_store(house.log.read(), KEEPER) == []
    again.keys.rotate_master(KEEPER)
    assert again.keys.open_data_key(id, wrapped, CONTEXT, KEEPER) == plain
    del os.environ["TONGGUAN_TEST_PIN"]


def test_the_library_begins_anew_and_in_a_child(token):
    master = HsmMaster(token.settings())
    generation = master.generate()
    wrapped = master.wrap(generation, b"k", CONTEXT)
    master._library.reinitialize()  # all sessions are gone
    assert master.unwrap(generation, wrapped, CONTEXT) == b"k"
    program = (
        "import os, sys\nfrom tongguan.trust.keys.hsm import HsmMaster\nfrom tongguan.trust.settings import Master\n"
        f"master = HsmMaster(Master(kind='pkcs11', module={MODULE!r}, token={token.label!r}, pin_env='TONGGUAN_TEST_PIN'))\n"
        f"w = bytes.fromhex({wrapped.hex()!r})\nassert master.unwrap({generation!r}, w, b'c') == b'k'\n"
        "child = os.fork()\nif child == 0:\n"
        f"    os._exit(0 if master.unwrap({generation!r}, w, b'c') == b'k' else 1)\n"
        "sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True, timeout=60)


@pytest.mark.parametrize("flag", ["USER_PIN_FINAL_TRY", "USER_PIN_LOCKED"])
def test_no_pin_is_tried_where_the_next_failure_locks(token, monkeypatch, flag):
    """SoftHSM never locks, so only the token's flags are as another's would be."""
    import pkcs11

    class Warned:
        serial, flags = b"1", getattr(pkcs11.TokenFlag, flag)

        def open(self, **how):
            raise AssertionError("a PIN was tried")

    monkeypatch.setattr(HsmMaster, "_token", lambda self: Warned())
    with pytest.raises(BadInput, match="lock"):
        HsmMaster(token.settings())


def test_moving_to_an_hsm_takes_the_key_that_was_made_there(house, token):
    made = HsmMaster(token.settings()).generate()
    id = house.key("seal").id
    assert house.keys.rotate_master(KEEPER, to=open_master(token.settings(), house.home)) == made
    assert house.keys.get(id, KEEPER).id == id


@pytest.mark.parametrize("where", ["pathlib.Path.replace", "pathlib.Path.unlink"])
def test_killed_while_the_passphrase_changes(tmp_path, monkeypatch, where):
    generation = open_(tmp_path).generate()
    first = (tmp_path / "master.passphrase").read_text().strip()
    program = (
        "import os, pathlib, signal\nfrom tongguan.trust.keys import open_master\nfrom tongguan.trust.settings import Master\n"
        f"master = open_master(Master(passphrase_env='TONGGUAN_TEST_PASSPHRASE'), pathlib.Path({str(tmp_path)!r}))\n"
        f"unlink = pathlib.Path.unlink\n{where} = lambda path, *a, **k: os.kill(os.getpid(), signal.SIGKILL)"
        " if 'unlink' not in WHERE or path.name == 'master.passphrase' else unlink(path)\n"
        f"master.change_passphrase({first!r}, 'the second passphrase')\n"
    ).replace("WHERE", repr(where))
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", program], timeout=60).returncode == -9
    monkeypatch.setenv("TONGGUAN_TEST_PASSPHRASE", first if "replace" in where else "the second passphrase")
    assert open_(tmp_path).generations() == (generation,)


def test_an_hsm_that_hangs(token, monkeypatch):
    """The library does not return: the caller is told in time, the next at once, and all is well when it does."""
    from tongguan.trust.keys import hsm

    master = HsmMaster(token.settings())
    generation = master.generate()
    wrapped = master.wrap(generation, b"k", CONTEXT)
    release, slow = threading.Event(), HsmMaster._unwrap
    monkeypatch.setattr(hsm._PATIENCE, "seconds", 0.3)
    monkeypatch.setattr(HsmMaster, "_unwrap", lambda self, *given: release.wait(60) and slow(self, *given))
    for _ in range(3):
        with pytest.raises(Unavailable, match="no answer in"):
            master.unwrap(generation, wrapped, CONTEXT)
    release.set()
    for _ in range(300):
        if not hsm._PATIENCE.busy:
            break
        time.sleep(0.1)
    monkeypatch.setattr(hsm._PATIENCE, "seconds", 30.0)
    assert master.unwrap(generation, wrapped, CONTEXT) == b"k"
