"""Sign-in with OpenID providers: a real one, and one that lies."""

from __future__ import annotations

import base64
import gzip
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import evil_provider
import oidc_server
import pytest
from evil_provider import KEY, OTHER, Evil
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey
from oidc_server import SECRET, Person, Server

from tongguan.errors import BadSettings, Unavailable
from tongguan.trust.database import Database
from tongguan.trust.identity import oidc_provider
from tongguan.trust.identity.oidc import Arrival, Begun, Providers, Refused
from tongguan.trust.settings import Provider

BACK = "http://127.0.0.1:9/sign-in/external/corp/callback"
needs_node = pytest.mark.skipif(not oidc_server.THERE, reason="needs npm's oidc-provider")


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
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "trust.db")
    yield database
    database.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with oidc_server.oidc_server([BACK], back=["http://127.0.0.1:9/sign-in"]) as server:
        yield server


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORP_SECRET", SECRET)


def provider(issuer: str, client: str = "tongguan", id: str = "corp", **more: Any) -> Provider:
    return Provider(id, "集团统一登录", issuer, client, "CORP_SECRET", **more)


def params(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


# ---- a real provider


@needs_node
@pytest.mark.parametrize("client", ["tongguan", "public", "post", "ps256", "es256", "eddsa"])
def test_a_person_signs_in_at_a_real_provider(
    client: str, server: Server, database: Database, log: Log, secret: None
) -> None:
    chosen = provider(server.issuer, client) if client != "public" else Provider("corp", "集团", server.issuer, client)
    providers = Providers(database, log, [chosen])
    begun = providers.begin("corp", BACK, target="/flows?page=2")
    asked = params(begun.address)
    assert asked["code_challenge_method"] == "S256" and len(asked["code_challenge"]) == 43
    assert len(asked["state"]) >= 43 and len(asked["nonce"]) >= 43 and begun.browser not in begun.address
    arrival = providers.finish("corp", params(Person("wang").go(begun.address, BACK)), begun.browser)
    assert (arrival.provider, arrival.subject, arrival.target, arrival.purpose) == (
        chosen,
        "wang",
        "/flows?page=2",
        "sign_in",
    )
    assert arrival.claims == {
        "name": "员工 wang",
        "preferred_username": "wang",
        "email": "wang@example.com",
        "email_verified": True,
    }
    assert log.entries == []


@needs_node
def test_what_is_kept_of_a_sign_in_opens_nothing(server: Server, database: Database, log: Log, secret: None) -> None:
    providers = Providers(database, log, [provider(server.issuer)])
    begun = providers.begin("corp", BACK)
    kept = b"".join(path.read_bytes() for path in Path(database.place).parent.iterdir())  # type: ignore[arg-type]
    assert params(begun.address)["state"].encode() not in kept and begun.browser.encode() not in kept


@needs_node
def test_state_and_code_count_once(server: Server, database: Database, log: Log, secret: None) -> None:
    providers = Providers(database, log, [provider(server.issuer)])
    begun = providers.begin("corp", BACK)
    answer = params(Person("wang").go(begun.address, BACK))
    providers.finish("corp", answer, begun.browser)
    assert _why(lambda: providers.finish("corp", answer, begun.browser)) == "stale"
    # The code again, under a new state of ours: the provider knows that it was used, and that it is of another sign-in.
    again = providers.begin("corp", BACK)
    assert (
        _why(lambda: providers.finish("corp", {**answer, "state": params(again.address)["state"]}, again.browser))
        == "code"
    )
    assert [entry[2]["why"] for entry in log.entries] == ["stale", "code"]


@needs_node
def test_a_fresh_code_brought_to_another_sign_in_is_refused(
    server: Server, database: Database, log: Log, secret: None
) -> None:
    """Code injection: PKCE makes the provider refuse a stolen code that was never used."""
    providers = Providers(database, log, [provider(server.issuer)])
    theirs, mine = providers.begin("corp", BACK), providers.begin("corp", BACK)
    stolen = params(Person("chief").go(theirs.address, BACK))["code"]
    assert (
        _why(
            lambda: providers.finish(
                "corp", {"code": stolen, "state": params(mine.address)["state"], "iss": server.issuer}, mine.browser
            )
        )
        == "code"
    )


@needs_node
def test_nobody_finishes_in_another_browser(server: Server, database: Database, log: Log, secret: None) -> None:
    providers = Providers(database, log, [provider(server.issuer)])
    attacker, victim = providers.begin("corp", BACK), providers.begin("corp", BACK)
    answer = params(Person("mallory").go(attacker.address, BACK))
    assert _why(lambda: providers.finish("corp", answer, victim.browser)) == "browser"
    assert _why(lambda: providers.finish("corp", answer, attacker.browser)) == "stale"  # and it is spent
    assert _why(lambda: providers.finish("corp", params(Person("w").go(victim.address, BACK)), "")) == "browser"


@needs_node
def test_a_person_who_turns_back_is_told_calmly(server: Server, database: Database, log: Log, secret: None) -> None:
    providers = Providers(database, log, [provider(server.issuer)])
    begun = providers.begin("corp", BACK)
    answer = params(Person("wang").cancel(begun.address, BACK))
    with pytest.raises(Refused) as refused:
        providers.finish("corp", answer, begun.browser)
    assert refused.value.why == "declined" and "集团统一登录" in refused.value.text["zh"]


@needs_node
def test_a_wrong_client_secret_is_told_as_such(
    server: Server, database: Database, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CORP_SECRET", "something else")
    providers = Providers(database, log, [provider(server.issuer)])
    begun = providers.begin("corp", BACK)
    assert (
        _why(lambda: providers.finish("corp", params(Person("wang").go(begun.address, BACK)), begun.browser))
        == "client"
    )
    monkeypatch.delenv("CORP_SECRET")
    begun = providers.begin("corp", BACK)
    with pytest.raises(BadSettings, match="CORP_SECRET"):
        providers.finish("corp", params(Person("wang").go(begun.address, BACK)), begun.browser)


@needs_node
def test_a_provider_that_goes_away_in_the_middle(database: Database, log: Log, secret: None) -> None:
    with oidc_server.oidc_server([BACK]) as server:
        providers = Providers(database, log, [provider(server.issuer)])
        begun = providers.begin("corp", BACK)
        answer = params(Person("wang").go(begun.address, BACK))
        server.stop()
        with pytest.raises(Unavailable, match="gave no usable answer"):
            providers.finish("corp", answer, begun.browser)
        with pytest.raises(Unavailable):
            Providers(database, log, [provider(server.issuer)]).begin("corp", BACK)
        assert (
            Providers(database, log, [provider(server.issuer)]).sign_out_address("corp", "http://127.0.0.1:9/") is None
        )


@needs_node
def test_signing_out_at_the_provider(server: Server, database: Database, log: Log, secret: None) -> None:
    providers = Providers(database, log, [provider(server.issuer)])
    address = providers.sign_out_address("corp", "http://127.0.0.1:9/sign-in")
    assert address is not None and address.startswith(server.issuer + "/session/end?")
    with Person("wang").client as client:  # the page submits itself: nobody is signed in there
        page = client.get(address)
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text))
        action = re.search(r'action="([^"]+)"', page.text)
        assert action
        assert client.post(action[1], data=fields).headers["location"].startswith("http://127.0.0.1:9/sign-in")
    assert providers.sign_out_address("elsewhere", "http://127.0.0.1:9/") is None


# ---- one that lies


@pytest.fixture
def evil() -> Iterator[Evil]:
    with evil_provider.evil_provider() as evil:
        yield evil


def honest(evil: Evil) -> Provider:
    return Provider("corp", "集团统一登录", evil.issuer, "tongguan")


def begin(evil: Evil, providers: Providers) -> tuple[Begun, dict[str, str]]:
    begun = providers.begin("corp", BACK)
    asked = params(begun.address)
    evil.nonce = asked["nonce"]
    return begun, {"state": asked["state"], "code": "c"}


def arrive(evil: Evil, database: Database, log: Log, **more: str) -> Arrival:
    providers = Providers(database, log, [honest(evil)])
    begun, answer = begin(evil, providers)
    return providers.finish("corp", {**answer, **more}, begun.browser)


def test_the_lying_provider_can_be_honest(evil: Evil, database: Database, log: Log) -> None:
    """Else the refusals below would prove nothing."""
    assert arrive(evil, database, log).subject == "s-1"
    path, form = evil.asked[-2] if evil.asked[-1][0] == "/keys" else evil.asked[-1]
    assert path == "/token" and form["grant_type"] == "authorization_code" and form["client_id"] == "tongguan"
    evil.claims = {
        "aud": ["tongguan"],
        "azp": "tongguan",
        "nbf": int(time.time()),
        "at_hash": evil_provider.b64(sha256(b"opaque").digest()[:16]),
    }
    assert arrive(evil, database, log).subject == "s-1"
    evil.header = {"alg": "RS256", "x-new": "unknown parameters are ignored"}
    evil.sign = lambda header, payload: _signed(header, payload, KEY, "RS256")
    assert arrive(evil, database, log).subject == "s-1"


NOW = int(time.time())


@pytest.mark.parametrize(
    ("claims", "rule"),
    [
        ({"iss": "https://elsewhere.example"}, "issuer"),
        ({"iss": ...}, "issuer"),
        ({"aud": "another"}, "audience"),
        ({"aud": ...}, "audience"),
        ({"aud": []}, "audience"),
        ({"aud": ["tongguan", "another"]}, "audience"),
        ({"aud": ["tongguan", "another"], "azp": "another"}, "audience"),
        ({"azp": "another"}, "audience"),
        ({"exp": NOW - 120}, "expired"),
        ({"exp": ...}, "expired"),
        ({"exp": "9999999999"}, "form"),
        ({"exp": True}, "form"),
        ({"exp": 10**400}, "form"),
        ({"exp": float("nan")}, "form"),
        ({"iat": NOW + 7200}, "age"),
        ({"iat": NOW - 7200}, "age"),
        ({"iat": ...}, "age"),
        ({"iat": float("nan")}, "form"),
        ({"nbf": NOW + 7200}, "age"),
        ({"nonce": "another"}, "nonce"),
        ({"nonce": ...}, "nonce"),
        ({"nonce": 3}, "nonce"),
        ({"sub": ...}, "subject"),
        ({"sub": ""}, "subject"),
        ({"sub": 7}, "subject"),
        ({"sub": "x" * 256}, "subject"),
        ({"sub": "a\nb"}, "subject"),
        ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, "access_token"),
        ({"at_hash": 5}, "access_token"),
    ],
)  # fmt: skip
def test_a_token_that_breaks_a_rule_is_refused(
    claims: dict[str, Any], rule: str, evil: Evil, database: Database, log: Log
) -> None:
    evil.claims = claims
    assert _why(lambda: arrive(evil, database, log)) == "token"
    assert log.entries == [("sign_in_failed", "unknown", {"method": "oidc:corp", "why": "token", "rule": rule})]


@pytest.mark.parametrize(
    ("sign", "rule"),
    [
        (evil_provider.unsigned, "algorithm"),
        (evil_provider.with_public_key, "algorithm"),
        (evil_provider.by_other, "signature"),
        (evil_provider.by_own_jwk, "signature"),
        (evil_provider.tampered, "signature"),
        (lambda header, payload: "no token", "form"),
        (lambda header, payload: "a.b.c", "form"),
        (lambda header, payload: f"{evil_provider.b64(b'[1]')}.{evil_provider.b64(payload)}.c", "form"),
        (lambda header, payload: f"{evil_provider.b64(b'[' * 20000)}.x.c", "form"),
        (lambda header, payload: _signed({**header, "crit": ["b64"], "b64": False}, payload, KEY, "RS256"), "form"),
        (lambda header, payload: _signed({**header, "kid": ["one"]}, payload, KEY, "RS256"), "form"),
        (lambda header, payload: _signed({**header, "kid": "nowhere"}, payload, KEY, "RS256"), "signature"),
        (lambda header, payload: _signed({**header, "alg": "RS512"}, payload, KEY, "RS512"), "algorithm"),
        (lambda header, payload: _signed({**header, "alg": "PS256"}, payload, KEY, "PS256"), "algorithm"),
        (lambda header, payload: _signed(header, b"[1]", KEY, "RS256"), "form"),
        (lambda header, payload: _signed(header, b"\xff", KEY, "RS256"), "form"),
        (lambda header, payload: "a" * 70_000 + ".b.c", "form"),
        (lambda header, payload: None, "form"),
    ],
)  # fmt: skip
def test_a_token_that_is_not_the_providers_is_refused(
    sign: Callable[[dict[str, Any], bytes], str], rule: str, evil: Evil, database: Database, log: Log
) -> None:
    evil.sign = sign
    assert _why(lambda: arrive(evil, database, log)) == "token"
    assert log.entries[0][2]["rule"] == rule


@pytest.mark.parametrize(
    "key",
    [
        {**KEY.as_dict(private=False), "use": "enc"},
        {**KEY.as_dict(private=False), "alg": "PS256"},
        {**KEY.as_dict(private=False), "kty": "oct", "k": "AAAA"},
        {"kty": "RSA", "kid": "one", "n": "!", "e": "AQAB"},
        {"kid": "one"},
        7,
    ],
)  # fmt: skip
def test_a_key_that_is_not_for_this_is_not_used(key: Any, evil: Evil, database: Database, log: Log) -> None:
    evil.keys = [key]
    assert _why(lambda: arrive(evil, database, log)) == "token"
    assert log.entries[0][2]["rule"] == "signature"


@pytest.mark.filterwarnings("ignore:Key size should be")
def test_a_short_rsa_key_is_not_used(evil: Evil, database: Database, log: Log) -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    private = rsa.generate_private_key(65537, 1024)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    short = RSAKey.import_key(pem, {"kid": "one"})
    evil.keys = [short.as_dict(private=False)]
    evil.sign = lambda header, payload: _signed(header, payload, short, "RS256")
    assert _why(lambda: arrive(evil, database, log)) == "token"


def test_keys_are_changed_while_we_run(
    evil: Evil, database: Database, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    providers = Providers(database, log, [honest(evil)])
    begun, answer = begin(evil, providers)
    assert providers.finish("corp", answer, begun.browser).subject == "s-1"
    evil.keys = [OTHER.as_dict(private=False)]
    evil.header = {"alg": "RS256", "kid": "two"}
    evil.sign = evil_provider.by_other
    begun, answer = begin(evil, providers)
    assert _why(lambda: providers.finish("corp", answer, begun.browser)) == "token"  # asked a moment ago: not again yet
    fetched = [path for path, _ in evil.asked].count("/keys")
    assert fetched == 1
    monkeypatch.setattr(oidc_provider, "AGAIN_S", 0.0)
    begun, answer = begin(evil, providers)
    assert providers.finish("corp", answer, begun.browser).subject == "s-1"
    assert [path for path, _ in evil.asked].count("/keys") == 2


@pytest.mark.parametrize(("kind", "algorithm"), [("EC", "ES256"), ("OKP", "EdDSA"), ("OKP", "Ed25519")])
def test_elliptic_curves(kind: str, algorithm: str, evil: Evil, database: Database, log: Log) -> None:
    key = ECKey.generate_key("P-256", {"kid": "e"}) if kind == "EC" else OKPKey.generate_key("Ed25519", {"kid": "e"})
    evil.metadata["id_token_signing_alg_values_supported"] = [algorithm]
    evil.keys = [key.as_dict(private=False)]
    evil.header = {"alg": algorithm, "kid": "e"}
    evil.sign = lambda header, payload: _signed(header, payload, key, algorithm)
    assert arrive(evil, database, log).subject == "s-1"


def test_claims_come_from_userinfo_only_for_the_same_person(evil: Evil, database: Database, log: Log) -> None:
    evil.metadata["userinfo_endpoint"] = evil.issuer + "/userinfo"
    evil.userinfo = {"sub": "s-1", "preferred_username": "wang", "secret_of_theirs": "x", "name": "n" * 300}
    assert arrive(evil, database, log).claims == {"preferred_username": "wang"}
    evil.userinfo = {"sub": "somebody else", "preferred_username": "chief"}
    assert arrive(evil, database, log).claims == {}


# ---- answers and metadata


def test_an_answer_of_another_provider_is_refused(evil: Evil, database: Database, log: Log) -> None:
    """RFC 9207: mixing up two providers."""
    assert _why(lambda: arrive(evil, database, log, iss="https://elsewhere.example")) == "issuer"
    evil.metadata["authorization_response_iss_parameter_supported"] = True
    assert _why(lambda: arrive(evil, database, log)) == "issuer"
    assert arrive(evil, database, log, iss=evil.issuer).subject == "s-1"
    providers = Providers(database, log, [honest(evil), Provider("other", "另一家", evil.issuer, "tongguan")])
    begun, answer = begin(evil, providers)
    assert _why(lambda: providers.finish("other", {**answer, "iss": evil.issuer}, begun.browser)) == "browser"


def test_answers_that_are_none(evil: Evil, database: Database, log: Log) -> None:
    providers = Providers(database, log, [honest(evil)])
    begun, answer = begin(evil, providers)
    assert _why(lambda: providers.finish("corp", {}, begun.browser)) == "stale"
    assert _why(lambda: providers.finish("corp", {"state": "x" * 5000}, begun.browser)) == "answer"
    assert _why(lambda: providers.finish("corp", {"state": answer["state"], "code": ""}, begun.browser)) == "answer"
    assert _why(lambda: providers.finish("nowhere", answer, begun.browser)) == "unknown"
    begun, answer = begin(evil, providers)
    error = {"state": answer["state"], "error": "server_error", "error_description": "<script>call 555 now</script>"}
    with pytest.raises(Refused) as refused:
        providers.finish("corp", error, begun.browser)
    assert refused.value.why == "provider" and "script" not in str(refused.value.text)


def test_a_sign_in_waits_ten_minutes(evil: Evil, database: Database, log: Log) -> None:
    now = time.time()
    providers = Providers(database, log, [honest(evil)], clock=lambda: now)
    begun, answer = begin(evil, providers)
    now += 601
    assert _why(lambda: providers.finish("corp", answer, begun.browser)) == "stale"


def test_strangers_do_not_fill_the_records(
    evil: Evil, database: Database, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tongguan.trust.identity import oidc

    monkeypatch.setattr(oidc, "MOST_REQUESTS", 5)
    start, moments = time.time(), iter(range(10_000))
    providers = Providers(database, log, [honest(evil)], clock=lambda: start + next(moments) / 1000)
    for _ in range(9):
        begun, answer = begin(evil, providers)
    with database.read() as connection:
        assert len(connection.execute(oidc._requests.select()).all()) == 5
    assert providers.finish("corp", answer, begun.browser).subject == "s-1"


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://elsewhere.example"},
        {"issuer": ...},
        {"authorization_endpoint": ...},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": "http://elsewhere.example/token"},
        {"token_endpoint": "https://user@elsewhere.example/token"},
        {"jwks_uri": 7},
        {"jwks_uri": "file:///etc/passwd"},
        {"end_session_endpoint": "http://elsewhere.example/"},
    ],
)  # fmt: skip
def test_metadata_that_must_not_be(change: dict[str, Any], evil: Evil, database: Database, log: Log) -> None:
    evil.metadata |= change
    with pytest.raises(Unavailable):
        arrive(evil, database, log)


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token"])
@pytest.mark.parametrize(
    "answer",
    [(200, b"<html>"), (200, b"[]"), (500, b"{}"), (302, b"{}"), (200, b"{" * 100_000), (200, b" " * (2 << 20))],
)
def test_answers_that_cannot_be_used(
    path: str, answer: tuple[int, bytes], evil: Evil, database: Database, log: Log
) -> None:
    """No redirect is followed, nothing is read without end."""
    evil.raw[path] = answer
    with pytest.raises((Unavailable, Refused)):
        arrive(evil, database, log)


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token"])
def test_a_provider_that_never_ends_its_answer(
    path: str, evil: Evil, database: Database, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc_provider, "DEADLINE_S", 0.5)
    evil.drip.add(path)
    began = time.monotonic()
    with pytest.raises(Unavailable, match="did not answer within"):
        arrive(evil, database, log)
    assert time.monotonic() - began < 5


def test_a_compressed_answer_is_not_unpacked(evil: Evil, database: Database, log: Log) -> None:
    evil.raw["/token"] = (200, gzip.compress(b" " * (64 << 20)))
    providers = Providers(database, log, [honest(evil)])
    begun, answer = begin(evil, providers)
    evil.encoding = "gzip"
    with pytest.raises(Unavailable, match="compressed"):
        providers.finish("corp", answer, begun.browser)


def test_whoever_waits_for_a_provider_that_is_down_is_told_at_once(
    evil: Evil, database: Database, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else each of them would wait out the deadline after the one before, and no thread would be left."""
    monkeypatch.setattr(oidc_provider, "DEADLINE_S", 0.5)
    evil.drip.add("/.well-known/openid-configuration")
    providers = Providers(database, log, [honest(evil)])
    failures: list[Exception] = []

    def try_it() -> None:
        try:
            providers.begin("corp", BACK)
        except Unavailable as error:
            failures.append(error)

    threads = [threading.Thread(target=try_it) for _ in range(20)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failures) == 20 and time.monotonic() - began < 4
    evil.drip.clear()
    monkeypatch.setattr(oidc_provider, "REST_S", 0.0)
    assert providers.begin("corp", BACK).address


@pytest.mark.parametrize(
    "wrong",
    [
        [Provider("corp", "a", "http://elsewhere.example", "c")],
        [Provider("corp", "a", "https://elsewhere.example?x=1", "c")],
        [Provider("corp", "a", "elsewhere", "c")],
        [Provider("co/rp", "a", "https://elsewhere.example", "c")],
        [Provider("corp", "a", "https://elsewhere.example", "c", scopes=("profile",))],
        [Provider("corp", "a", "https://elsewhere.example", "c"), Provider("corp", "b", "https://b.example", "c")],
    ],
)  # fmt: skip
def test_settings_that_must_not_be(wrong: list[Provider], database: Database, log: Log) -> None:
    with pytest.raises(BadSettings, match=r"identity\.providers"):
        Providers(database, log, wrong)


def _why(act: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refused:
        act()
    assert set(refused.value.text) == {"zh", "en"}
    return refused.value.why


def _signed(header: dict[str, Any], payload: bytes, key: Any, algorithm: str) -> str:
    """Any header at all, which the library's own face would refuse."""
    method = jws.JWSRegistry.algorithms["Ed25519" if algorithm == "EdDSA" else algorithm]
    signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in (json.dumps(header).encode(), payload))
    return f"{signed.decode()}.{evil_provider.b64(method.sign(signed, key))}"


def test_both_databases_and_one_answer_at_once(evil: Evil, any_house: Any) -> None:
    providers = Providers(any_house.database, any_house.log, [honest(evil)])
    begun, answer = begin(evil, providers)
    arrived: list[str] = []

    def come() -> None:
        try:
            arrived.append(providers.finish("corp", answer, begun.browser).subject)
        except Refused as refused:
            arrived.append(refused.why)

    threads = [threading.Thread(target=come) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(arrived) == ["s-1", "stale", "stale", "stale", "stale"]
    user = any_house.person()
    assert providers.linked(user.id) == set()
    any_house.identity.link_external(user.id, honest(evil), "s-1", any_house.identity.principal(user.id))
    assert providers.linked(user.id) == {"corp"}
