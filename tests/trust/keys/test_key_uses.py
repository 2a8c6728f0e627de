"""What keys do: each purpose, each state, policies, entities, and a log entry for every use."""

from __future__ import annotations

import base64
import itertools

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from keys_house import KEEPER, MODELLER, VIEWER, House, person

from tongguan.errors import BadInput, Denied
from tongguan.trust.ciphers import SUITES, DecryptingKey, SigningKey, Tampered
from tongguan.trust.ciphers.pem import public_pem
from tongguan.trust.keys import OPERATIONS, Allow, KeyPolicy, parse

CONTEXT = b"table/17"
CALLS = {
    "seal": lambda k, id, form: k.seal(id, b"value", CONTEXT, KEEPER),
    "unseal": lambda k, id, form: k.unseal(id, form, CONTEXT, KEEPER),
    "wrap": lambda k, id, form: k.wrap(id, b"secret", CONTEXT, KEEPER),
    "unwrap": lambda k, id, form: k.unwrap(id, form, CONTEXT, KEEPER),
    "data_key": lambda k, id, form: k.data_key(id, CONTEXT, KEEPER),
    "open_data_key": lambda k, id, form: k.open_data_key(id, form, CONTEXT, KEEPER),
    "rewrap": lambda k, id, form: k.rewrap(id, form, CONTEXT, KEEPER),
    "sign": lambda k, id, form: k.sign(id, b"message", KEEPER),
    "verify": lambda k, id, form: k.verify(id, b"message", form, KEEPER),
    "mac": lambda k, id, form: k.mac(id, b"message", KEEPER),
    "check_mac": lambda k, id, form: k.check_mac(id, b"message", form, KEEPER),
    "derive": lambda k, id, form: k.derive(id, CONTEXT, KEEPER),
    "derive_again": lambda k, id, form: k.derive(id, CONTEXT, KEEPER, version=1),
    "encrypt_to": lambda k, id, form: k.encrypt_to(id, b"value", KEEPER),
    "decrypt": lambda k, id, form: k.decrypt(id, form, KEEPER),
}
BELONGS = {
    "seal": {"seal", "unseal", "rewrap"},
    "wrap": {"wrap", "unwrap", "data_key", "open_data_key", "rewrap"},
    "sign": {"sign", "verify"},
    "mac": {"mac", "check_mac"},
    "derive": {"derive", "derive_again"},
    "decrypt": {"encrypt_to", "decrypt"},
}
OPENING = {"unseal", "unwrap", "open_data_key", "verify", "check_mac", "derive_again", "decrypt"}
MADE_BY = {"unseal": "seal", "rewrap": "seal", "unwrap": "wrap", "open_data_key": "data_key", "verify": "sign"}
MADE_BY |= {"check_mac": "mac", "decrypt": "encrypt_to"}


def _form(house: House, id: str, purpose: str, operation: str) -> bytes | None:
    """Something that the operation can open."""
    maker = MADE_BY.get(operation)
    if maker not in BELONGS[purpose]:
        maker = "wrap" if purpose == "wrap" else None
    made = CALLS[maker](house.keys, id, b"") if maker else b""
    return made[1] if isinstance(made, tuple) else made


@pytest.mark.parametrize("suite", ["international", "guomi"])
def test_each_purpose_and_nothing_else_in_each_state(tmp_path, suite):
    assert set(CALLS) == set(OPERATIONS)
    house = House(tmp_path, tmp_path / "trust.db", suite=SUITES[suite])
    for purpose, operations in BELONGS.items():
        algorithm = "sm2" if purpose == "decrypt" else None  # RSA keys take seconds to make
        id = house.key(purpose, algorithm=algorithm).id
        forms = {operation: _form(house, id, purpose, operation) for operation in CALLS}
        for operation, call in CALLS.items():
            if operation in operations:
                assert call(house.keys, id, forms[operation]), (purpose, operation)
            else:
                with pytest.raises(BadInput, match="it is for"):
                    call(house.keys, id, forms[operation])
        for state in ("suspended", "active", "retired", "destroyed"):
            if state == "destroyed":
                house.approved(id)
            {"suspended": house.keys.suspend, "active": house.keys.activate, "retired": house.keys.retire,
             "destroyed": house.keys.destroy}[state](id, KEEPER)  # fmt: skip
            for operation in operations:
                before = len(house.log.of("key.use"))
                if state == "active" or (state == "retired" and operation in OPENING):
                    assert CALLS[operation](house.keys, id, forms[operation]), (purpose, operation, state)
                else:
                    with pytest.raises(BadInput, match=state):
                        CALLS[operation](house.keys, id, forms[operation])
                    assert not house.log.of("key.use")[-1]["ok"]
                assert len(house.log.of("key.use")) == before + 1
    house.close()


def test_a_key_not_yet_active_and_days_of_a_key(house):
    draft = house.key("seal", activate=False)
    with pytest.raises(BadInput, match="pre-active"):
        house.keys.seal(draft.id, b"x", CONTEXT, KEEPER)
    house.keys.activate(draft.id, KEEPER)
    sealed = house.keys.seal(draft.id, b"x", CONTEXT, KEEPER)
    now = int(house.clock.now)
    house.keys.set_days(draft.id, now + 10, now + 20, KEEPER)
    with pytest.raises(BadInput, match="pre-active"):
        house.keys.unseal(draft.id, sealed, CONTEXT, KEEPER)
    house.clock.now += 10
    assert house.keys.unseal(draft.id, sealed, CONTEXT, KEEPER) == b"x"
    house.clock.now += 10
    assert house.keys.unseal(draft.id, sealed, CONTEXT, KEEPER) == b"x"
    with pytest.raises(BadInput, match="retired"):
        house.keys.seal(draft.id, b"x", CONTEXT, KEEPER)
    assert house.keys.state_now(house.keys.get(draft.id, KEEPER)) == "retired"
    with pytest.raises(BadInput, match="end before"):
        house.keys.set_days(draft.id, 20, 10, KEEPER)


def test_old_versions_open_and_rewrap_brings_them_forward(house):
    seal, wrap = house.key("seal").id, house.key("wrap").id
    sealed = house.keys.seal(seal, b"value", CONTEXT, KEEPER)
    plain, data_key = house.keys.data_key(wrap, CONTEXT, KEEPER)
    wrapped = house.keys.wrap(wrap, b"their key", CONTEXT, KEEPER)
    for id in (seal, wrap):
        assert house.keys.rotate(id, KEEPER).version == 2
    assert house.keys.unseal(seal, sealed, CONTEXT, KEEPER) == b"value"
    fresh = house.keys.rewrap(seal, sealed, CONTEXT, KEEPER)
    assert (parse(sealed)[:2], parse(fresh)[:2]) == ((seal, 1), (seal, 2))
    assert house.keys.unseal(seal, fresh, CONTEXT, KEEPER) == b"value"
    assert house.keys.rewrap(seal, fresh, CONTEXT, KEEPER) == fresh
    moved = house.keys.rewrap(wrap, data_key, CONTEXT, KEEPER)
    assert house.keys.open_data_key(wrap, moved, CONTEXT, KEEPER) == plain and parse(moved)[1] == 2
    assert house.keys.unwrap(wrap, house.keys.rewrap(wrap, wrapped, CONTEXT, KEEPER), CONTEXT, KEEPER) == b"their key"
    with pytest.raises(Tampered):  # a data key does not pass for a wrapped key
        house.keys.unwrap(wrap, moved, CONTEXT, KEEPER)


def test_every_bit_of_a_form_counts(house):
    id = house.key("seal").id
    sealed = house.keys.seal(id, b"value", CONTEXT, KEEPER)
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1 << place % 8
        with pytest.raises((Tampered, BadInput)):
            house.keys.unseal(id, bytes(changed), CONTEXT, KEEPER)
    for cut in range(len(sealed)):
        with pytest.raises(Tampered):
            house.keys.unseal(id, sealed[:cut], CONTEXT, KEEPER)
    with pytest.raises(Tampered):
        house.keys.unseal(id, sealed, CONTEXT + b"!", KEEPER)
    assert house.log.of("key.use")[-1]["ok"] is False
    with pytest.raises(BadInput, match="expected bytes"):
        house.keys.unseal(id, sealed, "text", KEEPER)


def test_forms_do_not_move_between_keys_and_entities(house):
    ids = [house.key("wrap", entity=entity).id for entity in ("A", "A", "B", None)]
    forms = {id: house.keys.data_key(id, CONTEXT, KEEPER)[1] for id in ids}
    for one, two in itertools.permutations(ids, 2):
        with pytest.raises(BadInput, match="sealed with the key"):
            house.keys.open_data_key(one, forms[two], CONTEXT, KEEPER)
        assert house.log.of("key.use")[-1]["ok"] is False
        forged = forms[one][:20] + forms[two][20:]  # the head of the one, the body of the other
        with pytest.raises(Tampered):
            house.keys.open_data_key(one, forged, CONTEXT, KEEPER)


def test_the_policy_of_a_key(house):
    id = house.key("seal").id
    sealed = house.keys.seal(id, b"x", CONTEXT, MODELLER)
    policy = KeyPolicy(
        (
            Allow(principals=frozenset({"keeper"})),
            Allow(roles=frozenset({"modeller"}), operations=frozenset({"unseal"})),
        )
    )
    assert house.keys.set_policy(id, policy, KEEPER).policy == policy
    assert house.again().keys.get(id, KEEPER).policy == policy
    assert house.keys.unseal(id, sealed, CONTEXT, MODELLER) == b"x"
    with pytest.raises(Denied) as error:
        house.keys.seal(id, b"x", CONTEXT, MODELLER)
    assert "seal" in error.value.text["en"] and "owner" in error.value.text["zh"]
    assert house.log.of("denied")[-1]["resource"] == id
    house.keys.seal(id, b"x", CONTEXT, KEEPER)
    with pytest.raises(Denied):  # the policy widens nothing
        house.keys.set_policy(id, {"allow": [{"principals": ["viewer"]}]}, KEEPER)
        house.keys.unseal(id, sealed, CONTEXT, VIEWER)
    for wrong in (
        [], {"deny": []}, {"allow": {}}, {"allow": [{}]}, {"allow": [{"roles": ["king"]}]}, {"allow": [{"roles": "viewer"}]},
        {"allow": [{"principals": ["a"], "operations": ["fly"]}]}, {"allow": [{"principals": ["\n"]}]}, {"allow": [{"principals": ["a"]}] * 201},
    ):  # fmt: skip
        with pytest.raises(BadInput):
            house.keys.set_policy(id, wrong, KEEPER)


def test_entities_and_permissions(house):
    a = house.key("seal", entity="A").id
    of_b = person("b", "security_administrator", "compliance_officer", entities=frozenset({"B"}))
    for call in (
        lambda by: house.keys.seal(a, b"x", CONTEXT, by),
        lambda by: house.keys.get(a, by),
        lambda by: house.keys.rotate(a, by),
        lambda by: house.keys.suspend(a, by),
        lambda by: house.keys.destroy(a, by),
        lambda by: house.keys.set_policy(a, {}, by),
        lambda by: house.keys.create(name="n", purpose="seal", owner="o", entity="A", by=by),
        lambda by: house.keys.ensure(name="n", purpose="seal", owner="o", entity="A", by=by),
    ):
        for by in (of_b, VIEWER):
            before = len(house.log.of("denied"))
            with pytest.raises(Denied):
                call(by)
            assert len(house.log.of("denied")) == before + 1
    for call in (
        lambda: house.keys.split(2, ["a", "b"], VIEWER), lambda: house.keys.rotate_master(VIEWER),
        lambda: house.keys.drill(["x"], VIEWER), lambda: house.keys.restore(["x"], VIEWER), lambda: house.keys.splits(VIEWER),
        lambda: house.keys.change_passphrase("a", "b", VIEWER), lambda: house.keys.drop_master("a", VIEWER),
        lambda: house.keys.check_store([], VIEWER), lambda: house.keys.list(by=VIEWER),
    ):  # fmt: skip
        with pytest.raises(Denied):
            call()
    b, house_key = house.key("seal", entity="B").id, house.key("seal").id
    assert {key.id for key in house.keys.list(by=of_b)} == {b, house_key}
    assert {key.id for key in house.keys.list(by=KEEPER)} == {a, b, house_key}
    assert [key.id for key in house.keys.list(entity="A", by=KEEPER)] == [a]
    assert house.keys.list(entity="A", by=of_b) == []


def test_the_log_tells_of_every_use_and_of_no_content(house):
    id = house.key("seal").id
    forms = house.keys.seal_many(id, [(b"secret-%d" % n, b"phone 138-%d" % n) for n in range(50)], KEEPER)
    values = [(form, b"phone 138-%d" % n) for n, form in enumerate(forms)]
    assert house.keys.unseal_many(id, values, KEEPER)[49] == b"secret-49"
    one, two = house.log.of("key.use")
    assert (one["count"], two["count"]) == (50, 50) and one["context"] == two["context"] and len(one["context"]) == 32
    assert "secret" not in house.log.text() and "138" not in one["context"] and b"phone".hex() not in house.log.text()
    values[7] = (values[8][0], values[7][1])
    with pytest.raises(Tampered):  # all or none
        house.keys.unseal_many(id, values, KEEPER)
    with pytest.raises(BadInput, match="at most 10000"):
        house.keys.seal_many(id, [(b"", b"c")] * 10_001, KEEPER)
    house.log.broken = True
    for call in (
        lambda: house.keys.seal(id, b"x", CONTEXT, KEEPER),
        lambda: house.keys.unseal(id, forms[0], b"phone 138-0", KEEPER),
    ):
        with pytest.raises(OSError, match="log"):
            call()


def test_signatures_are_checked_by_others_and_after_rotation(house):
    for algorithm in ("ed25519", "sm2"):
        key = house.key("sign", algorithm=algorithm)
        old = house.keys.sign(key.id, b"message", KEEPER)
        key = house.keys.rotate(key.id, KEEPER)
        new = house.keys.sign(key.id, b"message", KEEPER)
        other = house.keys.register(
            name=f"seen-{algorithm}", algorithm=algorithm, public=key.public, purpose="sign", owner="them", by=KEEPER
        )
        assert other.fingerprint == key.fingerprint and len(key.fingerprint) == 79
        assert house.keys.verify(key.id, b"message", old, KEEPER) and house.keys.verify(key.id, b"message", new, KEEPER)
        assert house.keys.verify(other.id, b"message", new, KEEPER) and not house.keys.verify(
            other.id, b"message", old, KEEPER
        )
        assert house.log.of("key.use")[-1]["ok"] is False
        assert not house.keys.verify(key.id, b"messagE", new, KEEPER) and not house.keys.verify(
            key.id, b"message", b"", KEEPER
        )


def test_macs_and_derived_keys_of_versions(house):
    key = house.key("mac").id
    tag = house.keys.mac(key, b"data", KEEPER)
    house.keys.rotate(key, KEEPER)
    assert house.keys.check_mac(key, b"data", tag, KEEPER) and house.keys.mac(key, b"data", KEEPER) != tag
    assert not house.keys.check_mac(key, b"datA", tag, KEEPER)
    key = house.key("derive").id
    first = house.keys.derive(key, CONTEXT, KEEPER, length=48)
    assert len(first) == 48 and first == house.keys.derive(key, CONTEXT, KEEPER, length=48)
    house.keys.rotate(key, KEEPER)
    assert house.keys.derive(key, CONTEXT, KEEPER, length=48) != first
    assert house.keys.derive(key, CONTEXT, KEEPER, length=48, version=1) == first
    for wrong in (0, 3, -1, "1"):
        with pytest.raises(BadInput, match="versions 1 to 2"):
            house.keys.derive(key, CONTEXT, KEEPER, version=wrong)


def test_keys_of_contract_parties(house):
    pair = DecryptingKey.generate("sm2")
    theirs = house.keys.register(
        name="their sm2",
        public=public_pem("sm2", pair.public.encoded),
        purpose="decrypt",
        owner="Example Ltd",
        by=KEEPER,
    )
    assert pair.decrypt(house.keys.encrypt_to(theirs.id, b"data key", KEEPER)) == b"data key"
    secret = rsa.generate_private_key(65537, 3072)
    pem = secret.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    theirs = house.keys.register(name="their rsa", public=pem, purpose="decrypt", owner="Example Ltd", by=KEEPER)
    assert theirs.algorithm == "rsa-oaep-3072" and theirs.foreign
    oaep = padding.OAEP(padding.MGF1(SHA256()), SHA256(), None)
    assert secret.decrypt(house.keys.encrypt_to(theirs.id, b"data key", KEEPER), oaep) == b"data key"
    with pytest.raises(BadInput, match="another party"):
        house.keys.decrypt(theirs.id, b"x" * 384, KEEPER)
    with pytest.raises(BadInput, match="another party"):
        house.keys.rotate(theirs.id, KEEPER)
    signer = Ed25519PrivateKey.generate()
    pem = signer.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    signing = house.keys.register(name="their ed", public=pem, owner="Example Ltd", by=KEEPER)
    assert (signing.purpose, signing.algorithm) == ("sign", "ed25519")
    assert house.keys.verify(signing.id, b"m", signer.sign(b"m"), KEEPER)
    with pytest.raises(BadInput, match="another party"):
        house.keys.sign(signing.id, b"m", KEEPER)
    house.keys.retire(theirs.id, KEEPER)
    with pytest.raises(BadInput, match="retired"):
        house.keys.encrypt_to(theirs.id, b"x", KEEPER)
    assert {key.id for key in house.keys.list(foreign=True, by=KEEPER)} == {theirs.id, signing.id} | {
        key.id for key in house.keys.list(foreign=True, by=KEEPER) if key.name == "their sm2"
    }


def test_public_keys_that_are_refused(house):
    good = SigningKey.generate("sm2").public.encoded
    off_curve = good[:-1] + bytes([good[-1] ^ 1])
    weak = (
        rsa.generate_private_key(65537, 2048).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    broken_pem = "-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(b"nothing").decode() + "\n-----END PUBLIC KEY-----\n"
    for wrong in (
        {"public": good}, {"public": good, "algorithm": "sm2"}, {"public": off_curve, "algorithm": "sm2", "purpose": "sign"},
        {"public": good, "algorithm": "sm2", "purpose": "seal"}, {"public": good[:-1], "algorithm": "ed25519"},
        {"public": b"x" * 31, "algorithm": "ed25519"}, {"public": weak, "purpose": "sign"}, {"public": broken_pem},
        {"public": "text"}, {"public": good, "algorithm": "aes-256-gcm"}, {"public": good, "algorithm": "ed25519", "purpose": "decrypt"},
    ):  # fmt: skip
        with pytest.raises(BadInput):
            house.keys.register(name="n", owner="o", by=KEEPER, **wrong)
    assert house.keys.list(by=KEEPER) == []
