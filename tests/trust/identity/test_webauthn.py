"""Security keys and passkeys: with a key in software that lies in every way it can, and with a real browser."""

from __future__ import annotations

import json
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from soft_authenticator import BE, BS, UP, UV, SoftKey, b64, unb64

from tongguan.errors import BadInput, BadSettings, Conflict, Denied, NotFound
from tongguan.trust.access import Grant, Principal, load_policy
from tongguan.trust.database import Database
from tongguan.trust.identity import Hashing, Identity, webauthn, webauthn_challenges
from tongguan.trust.identity.tables import users
from tongguan.trust.identity.webauthn import RelyingParty, SecurityKeys, relying_party
from tongguan.trust.settings import Identity as Rules

PARTY = RelyingParty("localhost", "http://localhost:8600")
CHROMIUM = shutil.which("chromium")


class Clock:
    def __init__(self) -> None:
        self.now = 1_795_000_000.0

    def __call__(self) -> float:
        return self.now


class Log:
    def __init__(self) -> None:
        self.entries: list[tuple[str, str, dict[str, Any]]] = []

    def __call__(self, kind: str, actor: str, body: Any) -> int:
        json.dumps(body)
        self.entries.append((kind, actor, dict(body)))
        return len(self.entries) - 1


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "trust.db")
    yield database
    database.close()


class Plain:
    """Nothing here is sealed: these tests have no authenticator apps."""

    def seal(self, plain: bytes, context: bytes) -> bytes:
        return plain

    def unseal(self, sealed: bytes, context: bytes) -> bytes:
        return sealed


def me(user: str) -> Principal:
    return Principal(NAMES[user], "user", (Grant("viewer"),), id=user)


NAMES = {"u1": "wang", "u2": "li", "u3": "zhao"}


@pytest.fixture
def identity(database: Database, log: Log, clock: Clock) -> Identity:
    identity = Identity(database, log, Rules(), load_policy(), seal=Plain(), clock=clock, hashing=Hashing(1, 8, 1))
    with database.write() as connection:
        for user, name in NAMES.items():
            row = {
                "id": user,
                "name": name,
                "kind": "user",
                "state": "active",
                "created": clock.now,
                "must_change": False,
            }
            connection.execute(users.insert().values(display="王小明", email="", **row))
    return identity


@pytest.fixture
def keys(identity: Identity) -> SecurityKeys:
    return identity.security_keys


def passkey(keys: SecurityKeys, answer: Any, attempt: str = "f") -> str | None:
    """Who comes in by it; None for nobody."""
    came = keys.sign_in(answer, attempt=attempt, address="192.0.2.7")
    assert came.outcome == ("in" if came.token else "no")
    return came.user


def enrol(keys: SecurityKeys, key: SoftKey, user: str = "u1", name: str = "蓝色钥匙") -> webauthn.SecurityKey:
    options = keys.begin_registration(user, PARTY, me(user), attempt="s")
    return keys.register(user, key.create(options), me(user), name=name, attempt="s")[0]


# ---- what is asked for


def test_what_the_browser_is_asked(keys: SecurityKeys) -> None:
    key = SoftKey()
    options = keys.begin_registration("u1", PARTY, me("u1"), attempt="s")
    assert options["rp"] == {"name": "通关 Tongguan", "id": "localhost"}
    assert unb64(options["user"]["id"]) == b"u1" and len(unb64(options["challenge"])) == 32
    assert {p["alg"] for p in options["pubKeyCredParams"]} == {-7, -8, -257}
    assert options["attestation"] == "none" and options["excludeCredentials"] == []
    keys.register("u1", key.create(options), me("u1"), name="n", attempt="s")
    assert [
        unb64(c["id"]) for c in keys.begin_registration("u1", PARTY, me("u1"), attempt="s")["excludeCredentials"]
    ] == [key.credential]
    second = keys.begin_second_factor("u1", PARTY, attempt="p")
    assert [unb64(c["id"]) for c in second["allowCredentials"]] == [key.credential] and second["rpId"] == "localhost"
    passkey = keys.begin_sign_in(PARTY, attempt="f")
    assert passkey["allowCredentials"] == [] and passkey["userVerification"] == "required"
    assert passkey["challenge"] != second["challenge"]


@pytest.mark.parametrize(
    ("public", "asked", "expected"),
    [
        (None, "http://localhost:8600", RelyingParty("localhost", "http://localhost:8600")),
        (None, "http://localhost:8600/", RelyingParty("localhost", "http://localhost:8600")),
        (None, "http://127.0.0.1:8600", None),
        (None, "https://tongguan.example", None),
        ("https://tongguan.example", "http://127.0.0.1:8600", RelyingParty("tongguan.example", "https://tongguan.example")),
        ("https://Tongguan.Example:443/", "x", RelyingParty("tongguan.example", "https://tongguan.example")),
        ("https://tongguan.example:8443", "x", RelyingParty("tongguan.example", "https://tongguan.example:8443")),
        ("https://10.0.0.8", "x", None),
        ("https://[::1]:8600", "x", None),
        ("http://tongguan.example", "x", None),
        ("http://localhost:9000", "x", RelyingParty("localhost", "http://localhost:9000")),
    ],
)  # fmt: skip
def test_who_asks(public: str | None, asked: str, expected: RelyingParty | None) -> None:
    assert relying_party(public, asked) == expected


@pytest.mark.parametrize(
    "url",
    [
        "tongguan.example",
        "ftp://tongguan.example",
        "https://",
        "https://a.example/path",
        "https://a.example:port",
        "https://me@a.example",
    ],
)
def test_a_public_address_that_is_none(url: str) -> None:
    with pytest.raises(BadSettings, match="public_url"):
        relying_party(url, "http://localhost:1")


# ---- enrolment


def test_a_key_is_enrolled_used_and_removed(keys: SecurityKeys, database: Database, log: Log, clock: Clock) -> None:
    key = SoftKey(count=7)
    with database.read() as connection:
        assert not keys.enrolled(connection, "u1")
    found = enrol(keys, key)
    assert (found.user_id, found.name, found.created, found.last_used, found.suspect) == (
        "u1",
        "蓝色钥匙",
        clock.now,
        None,
        None,
    )
    with database.read() as connection:
        assert keys.enrolled(connection, "u1") and not keys.enrolled(connection, "u2")
    clock.now += 60
    assert keys.verify("u1", key.get(keys.begin_second_factor("u1", PARTY, attempt="p")), attempt="p")
    assert keys.keys("u1", me("u1"))[0].last_used == clock.now
    assert passkey(keys, key.get(keys.begin_sign_in(PARTY, attempt="f"))) == "wang"
    keys.remove("u1", found.id, me("u1"))
    assert keys.keys("u1", me("u1")) == []
    assert passkey(keys, key.get(keys.begin_sign_in(PARTY, attempt="f"))) is None
    assert [entry[0] for entry in log.entries] == [
        "second_factor_added",
        "sign_in",
        "second_factor_removed",
        "sign_in_failed",
    ]
    assert "蓝色钥匙" not in json.dumps(log.entries, ensure_ascii=False)


def test_several_keys_and_the_flags_of_a_synced_one(keys: SecurityKeys, clock: Clock) -> None:
    one, two = SoftKey(), SoftKey(flags=UP | UV | BE | BS)
    enrol(keys, one, name="一")
    clock.now += 1
    enrol(keys, two, name="二")
    assert [(k.name, k.synced) for k in keys.keys("u1", me("u1"))] == [("一", False), ("二", True)]
    for key in (one, two):
        assert keys.verify("u1", key.get(keys.begin_second_factor("u1", PARTY, attempt="p")), attempt="p")


def test_one_key_belongs_to_one_account(keys: SecurityKeys, log: Log) -> None:
    key = SoftKey()
    enrol(keys, key)
    for user in ("u1", "u2"):
        with pytest.raises(Conflict, match="registered already"):
            enrol(keys, key, user=user)
    assert len(log.entries) == 1


def test_nobody_collects_keys_without_end(keys: SecurityKeys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webauthn, "PER_USER", 2)
    options = [keys.begin_registration("u1", PARTY, me("u1"), attempt="s") for _ in range(1)]
    enrol(keys, SoftKey())
    enrol(keys, SoftKey())
    with pytest.raises(Conflict, match="security keys already"):
        keys.begin_registration("u1", PARTY, me("u1"), attempt="s")
    assert options


def test_the_limit_holds_for_what_was_begun_before_it(keys: SecurityKeys, monkeypatch: pytest.MonkeyPatch) -> None:
    enrol(keys, SoftKey())
    options = keys.begin_registration("u1", PARTY, me("u1"), attempt="s")
    monkeypatch.setattr(webauthn, "PER_USER", 1)
    with pytest.raises(Conflict, match="security keys already"):
        keys.register("u1", SoftKey().create(options), me("u1"), name="n", attempt="s")


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\nb", "a\u202eb"])
def test_names_of_keys(name: str, keys: SecurityKeys) -> None:
    with pytest.raises(BadInput, match="name of a security key"):
        enrol(keys, SoftKey(), name=name)


BENT: dict[str, Callable[[SoftKey], None]] = {
    "origin": lambda key: setattr(key, "origin", "http://localhost:8601"),
    "scheme": lambda key: setattr(key, "origin", "https://localhost:8600"),
    "elsewhere": lambda key: setattr(key, "origin", "https://tongguan.example.evil"),
    "party": lambda key: setattr(key, "party", "evil.example"),
    "absent": lambda key: setattr(key, "flags", UV),
    "cross": lambda key: setattr(key, "cross", True),
}


@pytest.mark.parametrize("bent", BENT)
def test_an_enrolment_that_is_bent(bent: str, keys: SecurityKeys, log: Log) -> None:
    key = SoftKey()
    BENT[bent](key)
    with pytest.raises(BadInput):
        enrol(keys, key)
    assert keys.keys("u1", me("u1")) == [] and log.entries == []


def test_an_enrolment_of_another_session_user_or_time(keys: SecurityKeys, clock: Clock) -> None:
    for user, attempt, later in (("u1", "other", 0), ("u2", "s", 0), ("u1", "s", 301)):
        options = keys.begin_registration("u1", PARTY, me("u1"), attempt="s")
        clock.now += later
        with pytest.raises(BadInput, match="begin again"):
            keys.register(user, SoftKey().create(options), me(user), name="n", attempt=attempt)
    options = keys.begin_registration("u1", PARTY, me("u1"), attempt="s")
    answer = SoftKey().create(options)
    keys.register("u1", answer, me("u1"), name="n", attempt="s")
    with pytest.raises(BadInput, match="begin again"):
        keys.register("u1", answer, me("u1"), name="n", attempt="s")
    with pytest.raises(BadInput, match="begin again"):  # a new attempt makes the one before void
        old = keys.begin_registration("u1", PARTY, me("u1"), attempt="s")
        keys.begin_registration("u1", PARTY, me("u1"), attempt="s")
        keys.register("u1", SoftKey().create(old), me("u1"), name="n", attempt="s")


def test_an_account_with_a_key_is_asked_for_it(identity: Identity, keys: SecurityKeys) -> None:
    key = SoftKey()
    enrol(keys, key)
    local = Principal("root", "local", (Grant("local_operator"),))
    identity.set_password("u1", "correct horse battery", local, must_change=False)
    came = identity.sign_in("wang", "correct horse battery", address="192.0.2.7")
    assert came.outcome == "second_factor" and came.pending and came.methods == ("webauthn",)
    found = identity.attempt(came.pending)
    assert found and found[0] == "u1"
    wrong = identity.second_factor(came.pending, "webauthn", "{}", address="192.0.2.7")
    assert wrong.outcome == "no"
    answer = key.get(keys.begin_second_factor("u1", PARTY, attempt=found[1]))
    right = identity.second_factor(came.pending, "webauthn", answer, address="192.0.2.7")
    assert right.outcome == "in" and right.token
    assert [s.method for s in identity.sessions("u1", me("u1"))] == ["password+webauthn"]
    again = identity.sign_in("wang", "correct horse battery", address="192.0.2.7")
    assert again.pending
    assert identity.second_factor(again.pending, "webauthn", answer, address="192.0.2.7").outcome == "no"


def test_a_new_key_ends_the_other_sessions(identity: Identity, keys: SecurityKeys) -> None:
    mine, other = (identity.admit("u1", method="password", address="192.0.2.7", strong=True).token for _ in range(2))
    key, options = SoftKey(), keys.begin_registration("u1", PARTY, me("u1"), attempt="s")
    found, fresh = keys.register("u1", key.create(options), me("u1"), name="n", attempt="s", session=mine)
    assert fresh and mine and other and identity.session(fresh) and not identity.session(mine)
    assert not identity.session(other)
    token = keys.remove("u1", found.id, me("u1"), session=fresh)
    assert token and identity.session(token) and not identity.session(fresh)


def test_a_lost_key_is_reset_and_a_deleted_account_leaves_none(identity: Identity, keys: SecurityKeys) -> None:
    key = SoftKey()
    enrol(keys, key)
    waiting = keys.begin_second_factor("u1", PARTY, attempt="p")
    with identity.context.database.write() as connection:
        assert keys.forget(connection, "u1") == 1
    assert keys.keys("u1", me("u1")) == [] and not keys.verify("u1", key.get(waiting), attempt="p")


def test_a_disabled_account_does_not_come_in(identity: Identity, keys: SecurityKeys) -> None:
    key = SoftKey()
    enrol(keys, key)
    with identity.context.database.write() as connection:
        connection.execute(users.update().where(users.c.id == "u1").values(state="disabled"))
    came = keys.sign_in(key.get(keys.begin_sign_in(PARTY, attempt="f")), attempt="f", address="192.0.2.7")
    assert came.outcome == "no" and came.token is None


# ---- answers


@pytest.mark.parametrize("bent", BENT)
def test_an_answer_that_is_bent(bent: str, keys: SecurityKeys) -> None:
    key = SoftKey()
    enrol(keys, key)
    BENT[bent](key)
    assert not keys.verify("u1", key.get(keys.begin_second_factor("u1", PARTY, attempt="p")), attempt="p")
    assert passkey(keys, key.get(keys.begin_sign_in(PARTY, attempt="f"))) is None
    assert keys.keys("u1", me("u1"))[0].last_used is None


def test_a_challenge_counts_once_for_one_purpose_and_one_attempt(keys: SecurityKeys, clock: Clock) -> None:
    key = SoftKey()
    enrol(keys, key)
    answer = key.get(keys.begin_second_factor("u1", PARTY, attempt="p"))
    assert passkey(keys, answer, "p") is None  # another purpose
    asked = keys.begin_registration("u1", PARTY, me("u1"), attempt="p")
    assert not keys.verify("u1", key.get(asked), attempt="p")
    assert keys.verify("u1", answer, attempt="p")
    assert not keys.verify("u1", answer, attempt="p")  # replayed
    answer = key.get(keys.begin_second_factor("u1", PARTY, attempt="p"))
    assert not keys.verify("u1", answer, attempt="another browser's")
    assert not keys.verify("u1", answer, attempt="p")  # and spent by that
    answer = key.get(keys.begin_second_factor("u1", PARTY, attempt="p"))
    clock.now += 301
    assert not keys.verify("u1", answer, attempt="p")
    made_up = key.get({"challenge": b64(bytes(32))})
    assert not keys.verify("u1", made_up, attempt="p") and passkey(keys, made_up) is None


def test_another_users_key(keys: SecurityKeys) -> None:
    mine, theirs = SoftKey(), SoftKey()
    enrol(keys, mine, user="u1")
    enrol(keys, theirs, user="u2")
    options = keys.begin_second_factor("u1", PARTY, attempt="p")
    assert not keys.verify("u1", theirs.get(options), attempt="p")
    options = keys.begin_second_factor("u1", PARTY, attempt="p")
    assert not keys.verify("u2", theirs.get(options), attempt="p")
    options = keys.begin_second_factor("u1", PARTY, attempt="p")
    assert not keys.verify("u1", theirs.get(options, handle=False), attempt="p")
    with pytest.raises(NotFound):
        keys.begin_second_factor("u3", PARTY, attempt="p")
    with pytest.raises(NotFound):
        keys.remove("u1", keys.keys("u2", me("u2"))[0].id, me("u1"))
    for forbidden in (
        lambda: keys.remove("u2", keys.keys("u2", me("u2"))[0].id, me("u1")),
        lambda: keys.keys("u2", me("u1")),
        lambda: keys.begin_registration("u2", PARTY, me("u1"), attempt="s"),
        lambda: keys.register("u2", "{}", me("u1"), name="n", attempt="s"),
    ):
        with pytest.raises(Denied):
            forbidden()
    assert len(keys.keys("u2", me("u2"))) == 1
    # Signed by one key in another's name, and a passkey that says it is somebody else's.
    forged = SoftKey(credential=mine.credential, handle=b"u1")
    assert passkey(keys, forged.get(keys.begin_sign_in(PARTY, attempt="f"))) is None
    mine.handle = b"u2"
    assert passkey(keys, mine.get(keys.begin_sign_in(PARTY, attempt="f"))) is None
    assert not keys.verify("u1", mine.get(keys.begin_second_factor("u1", PARTY, attempt="p")), attempt="p")
    mine.handle = None
    assert passkey(keys, mine.get(keys.begin_sign_in(PARTY, attempt="f"))) is None
    mine.handle = b"\xff"
    assert passkey(keys, mine.get(keys.begin_sign_in(PARTY, attempt="f"))) is None


def test_without_a_password_the_key_must_have_seen_its_owner(keys: SecurityKeys) -> None:
    key = SoftKey()
    enrol(keys, key)
    key.flags = UP
    assert passkey(keys, key.get(keys.begin_sign_in(PARTY, attempt="f"))) is None
    assert keys.verify("u1", key.get(keys.begin_second_factor("u1", PARTY, attempt="p")), attempt="p")


def test_a_counter_that_goes_back_is_a_copy(keys: SecurityKeys, log: Log, clock: Clock) -> None:
    key = SoftKey(count=5)
    enrol(keys, key)
    assert keys.verify("u1", key.get(keys.begin_second_factor("u1", PARTY, attempt="p")), attempt="p")
    key.count = 5  # answers 6, as the answer before
    assert not keys.verify("u1", key.get(keys.begin_second_factor("u1", PARTY, attempt="p")), attempt="p")
    assert keys.keys("u1", me("u1"))[0].suspect == clock.now
    kind, actor, body = log.entries[-1]
    assert (kind, actor, body["why"], body["said"], body["known"]) == (
        "security_key_refused",
        "unknown",
        "counter",
        6,
        6,
    )
    key.count = 0  # a counter that stops counting is no better
    assert passkey(keys, key.get(keys.begin_sign_in(PARTY, attempt="f"))) is None
    key.count = 20
    assert keys.verify("u1", key.get(keys.begin_second_factor("u1", PARTY, attempt="p")), attempt="p")


def test_a_wrong_signature_does_not_move_the_counter(keys: SecurityKeys, log: Log) -> None:
    key = SoftKey(count=5)
    enrol(keys, key)
    answer = json.loads(key.get(keys.begin_second_factor("u1", PARTY, attempt="p")))
    data = bytearray(unb64(answer["response"]["authenticatorData"]))
    data[-4:] = (2**32 - 1).to_bytes(4, "big")
    answer["response"]["authenticatorData"] = b64(bytes(data))
    assert not keys.verify("u1", json.dumps(answer), attempt="p")
    assert keys.keys("u1", me("u1"))[0].suspect is None and len(log.entries) == 1
    assert keys.verify("u1", key.get(keys.begin_second_factor("u1", PARTY, attempt="p")), attempt="p")


@pytest.mark.parametrize(
    "answer",
    ["", "{", "[]", "null", "7", "{}", '{"response": 3}', '{"response": {"clientDataJSON": "e30"}}', "[" * 30_000, "x" * 50_000, None, 3, b"{}"],
)  # fmt: skip
def test_answers_that_are_none(answer: Any, keys: SecurityKeys) -> None:
    enrol(keys, SoftKey())
    assert not keys.verify("u1", answer, attempt="p")
    assert passkey(keys, answer) is None
    with pytest.raises(BadInput):
        keys.register("u1", answer, me("u1"), name="n", attempt="s")


def test_broken_answers_to_living_challenges(keys: SecurityKeys) -> None:
    """Each part of an answer replaced by something else: always a refusal, never a fault."""
    key = SoftKey()
    enrol(keys, key)
    dice = random.Random(4)
    odd: list[Any] = [
        None,
        7,
        "",
        "!",
        "AAAA",
        [],
        {},
        "A" * 1000,
        True,
        b64(bytes(37)),
        b64(b"\xbf" * 64),
        b64(b"[" * 5000),
    ]
    for turn in range(150):
        options = keys.begin_second_factor("u1", PARTY, attempt="p")
        enrolment = keys.begin_registration("u1", PARTY, me("u1"), attempt="s")
        for document, check in (
            (json.loads(key.get(options)), lambda text: keys.verify("u1", text, attempt="p")),
            (json.loads(SoftKey().create(enrolment)), lambda text: _registers(keys, text)),
        ):
            place = dice.choice([document, document["response"]])
            name = dice.choice(
                [n for n in place if n not in ("clientDataJSON", "response", "userHandle", "id", "type")] or ["type"]
            )
            if isinstance(place[name], str) and turn % 3 == 0:
                raw = bytearray(unb64(place[name]) if name != "type" else b"")
                if raw:
                    raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
                place[name] = b64(bytes(raw)[: dice.randrange(len(raw) + 1)] if turn % 2 else bytes(raw))
            else:
                place[name] = dice.choice(odd)
            # An enrolment without attestation is not signed: a bent key may be taken, and then opens nothing.
            assert check(json.dumps(document)) is False or place[name] == document["response"].get("attestationObject")
        for stored in keys.keys("u1", me("u1"))[1:]:
            keys.remove("u1", stored.id, me("u1"))


def test_strangers_do_not_fill_the_records(
    keys: SecurityKeys, database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webauthn_challenges, "STRANGERS", 5)
    key = SoftKey()
    enrol(keys, key)
    for _ in range(9):
        clock.now += 1
        options = keys.begin_sign_in(PARTY, attempt="f")
    with database.read() as connection:
        assert len(connection.execute(webauthn_challenges._challenges.select()).all()) == 5
    assert passkey(keys, key.get(options)) == "wang"


def test_two_at_once_spend_a_challenge_once(keys: SecurityKeys) -> None:
    key = SoftKey()
    enrol(keys, key)
    answer = key.get(keys.begin_second_factor("u1", PARTY, attempt="p"))
    results: list[bool] = []
    threads = [
        threading.Thread(target=lambda: results.append(keys.verify("u1", answer, attempt="p"))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False] * 5 + [True]


# ---- a real browser


CREATE = """async options => {
  const made = await navigator.credentials.create({publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options)});
  return JSON.stringify(made.toJSON()); }"""
GET = """async options => {
  const got = await navigator.credentials.get({publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options)});
  return JSON.stringify(got.toJSON()); }"""


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    class Blank(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Blank)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium")
@pytest.mark.parametrize("protocol", ["ctap2", "u2f"])
def test_a_real_browser(protocol: str, keys: SecurityKeys, origin: str) -> None:
    from playwright.sync_api import Error, sync_playwright

    party = relying_party(None, origin)
    assert party is not None
    flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=CHROMIUM, args=flags) as browser:
        page = browser.new_page()
        page.set_default_timeout(20_000)
        page.goto(origin)
        client = page.context.new_cdp_session(page)
        client.send("WebAuthn.enable")
        resident = protocol == "ctap2"
        about = {
            "protocol": protocol, "transport": "usb", "hasResidentKey": resident, "hasUserVerification": resident,
            "isUserVerified": resident, "automaticPresenceSimulation": True,
        }  # fmt: skip
        device = client.send("WebAuthn.addVirtualAuthenticator", {"options": about})["authenticatorId"]
        options = keys.begin_registration("u1", party, me("u1"), attempt="s")
        found, _ = keys.register("u1", page.evaluate(CREATE, options), me("u1"), name="钥匙", attempt="s")
        assert found.name == "钥匙"
        again = keys.begin_registration("u1", party, me("u1"), attempt="s")
        with pytest.raises(Error, match="InvalidStateError"):  # the same authenticator a second time
            page.evaluate(CREATE, again)
        answer = page.evaluate(GET, keys.begin_second_factor("u1", party, attempt="p"))
        assert keys.verify("u1", answer, attempt="p")
        assert not keys.verify("u1", answer, attempt="p")
        if resident:
            answer = page.evaluate(GET, keys.begin_sign_in(party, attempt="f"))
            assert passkey(keys, answer) == "wang"
            # The same key, copied: its counter stands where it stood when the copy was made.
            held = client.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"][0]
            assert held["signCount"] > 0
            client.send("WebAuthn.removeCredential", {"authenticatorId": device, "credentialId": held["credentialId"]})
            client.send("WebAuthn.addCredential", {"authenticatorId": device, "credential": {**held, "signCount": 0}})
            answer = page.evaluate(GET, keys.begin_sign_in(party, attempt="f"))
            assert passkey(keys, answer) is None
            assert keys.keys("u1", me("u1"))[0].suspect is not None
        began = time.monotonic()
        page.goto(origin.replace("localhost", "127.0.0.1"))  # which is why people must come by the name
        with pytest.raises(Error, match="SecurityError"):
            page.evaluate(GET, keys.begin_second_factor("u1", party, attempt="p"))
        assert time.monotonic() - began < 20


def _registers(keys: SecurityKeys, text: str) -> bool:
    try:
        keys.register("u1", text, me("u1"), name="n", attempt="s")
    except BadInput:
        return False
    return True


def test_both_databases_and_two_copies_at_once(any_house: Any) -> None:
    keys, user = any_house.identity.security_keys, any_house.person()
    me = any_house.identity.principal(user.id)
    key = SoftKey(count=5)
    options = keys.begin_registration(user.id, PARTY, me, attempt="s")
    keys.register(user.id, key.create(options), me, name="n", attempt="s")
    assert any_house.identity.user(user.id, me).second_factors == ("webauthn",)
    answers = []
    for attempt in ("one", "two"):  # a key and its copy count alike
        key.count = 9
        answers.append((key.get(keys.begin_sign_in(PARTY, attempt=attempt)), attempt))
    outcomes: list[str] = []

    def come(answer: str, attempt: str) -> None:
        outcomes.append(keys.sign_in(answer, attempt=attempt, address="192.0.2.7").outcome)

    threads = [threading.Thread(target=come, args=pair) for pair in answers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["in", "no"]
    assert any_house.log.of("security_key_refused")[0]["why"] == "counter"
    assert keys.keys(user.id, me)[0].suspect is not None
    any_house.identity.reset_factors(user.id, any_house.security)
    assert keys.keys(user.id, me) == []
