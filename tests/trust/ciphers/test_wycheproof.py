"""Project Wycheproof's vectors (github.com/C2SP/wycheproof), run from a copy of its folder testvectors_v1.

WYCHEPROOF=/path/to/wycheproof/testvectors_v1 pytest tests/trust/ciphers/test_wycheproof.py
"""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from tongguan.errors import BadInput
from tongguan.trust.ciphers import DecryptingKey, Tampered, VerifyingKey, derive, mac
from tongguan.trust.ciphers.aead import aead
from tongguan.trust.ciphers.interoperation import (
    unauthenticated_cbc_decrypt,
    unauthenticated_cbc_encrypt,
    with_given_iv_gcm_decrypt,
    with_given_iv_gcm_encrypt,
)
from tongguan.trust.ciphers.pem import read_public_pem

FOLDER = os.environ.get("WYCHEPROOF")
pytestmark = pytest.mark.skipif(
    not FOLDER, reason="set WYCHEPROOF to the folder testvectors_v1 of a copy of Wycheproof"
)

SAME, REFUSED = "agreed", "not supported, refused"


def run(name, check):
    """Every vector: `check` says what came out, None for a refusal. Returns how many agreed and how many were left."""
    document = json.loads((Path(FOLDER) / name).read_text())
    counts = Counter()
    for group in document["testGroups"]:
        for test in group["tests"]:
            found = check(group, test)
            assert found in (SAME, REFUSED), f"{name} {test['tcId']}: {test['comment']}: {found}"
            counts[found] += 1
    assert counts.total() == document["numberOfTests"]
    print(f"\n{name}: {dict(counts)}")
    return counts


def octets(test, *names):
    return [bytes.fromhex(test[name]) for name in names]


def outcome(test, good):
    expected = {"valid": True, "invalid": False}[test["result"]]
    return SAME if good is expected else f"expected {test['result']}"


@pytest.mark.parametrize(
    ("name", "algorithm"),
    [("aes_gcm", "aes-256-gcm"), ("chacha20_poly1305", "chacha20-poly1305"), ("sm4_gcm", "sm4-gcm")],
)
def test_our_authenticated_ciphers(name, algorithm):
    """Other nonce and key sizes cannot even be asked for: `seal` makes the nonce, and the key has one length."""

    def check(group, test):
        key, iv, aad, msg, ct, tag = octets(test, "key", "iv", "aad", "msg", "ct", "tag")
        chosen = aead(algorithm)
        if len(key) != chosen.key_size or len(iv) != 12:
            return REFUSED
        keyed = chosen.keyed(key)
        opened = bytearray(len(ct))
        try:
            keyed.open_into(iv, memoryview(ct + tag), aad, memoryview(opened))
        except Tampered:
            return outcome(test, False)
        sealed = bytearray(len(msg) + 16)
        keyed.seal_into(iv, msg, aad, memoryview(sealed))
        return outcome(test, opened == msg and sealed == ct + tag)

    assert run(f"{name}_test.json", check)[SAME] > 50


@pytest.mark.parametrize(("name", "block"), [("aes_gcm", "aes"), ("sm4_gcm", "sm4")])
def test_partners_gcm(name, block):
    def check(group, test):
        key, iv, aad, msg, ct, tag = octets(test, "key", "iv", "aad", "msg", "ct", "tag")
        try:
            opened = with_given_iv_gcm_decrypt(block, key, iv=iv, aad=aad, ciphertext=ct + tag)
        except Tampered:
            return outcome(test, False)
        except BadInput:
            return REFUSED if not 8 <= len(iv) <= 128 else "refused"
        sealed = with_given_iv_gcm_encrypt(block, key, iv=iv, aad=aad, plaintext=msg)
        return outcome(test, opened == msg and sealed == ct + tag)

    assert run(f"{name}_test.json", check)[SAME] > 80


def test_partners_cbc():
    def check(group, test):
        key, iv, msg, ct = octets(test, "key", "iv", "msg", "ct")
        try:
            opened = unauthenticated_cbc_decrypt("aes", key, iv, ct)
        except Tampered:
            return outcome(test, False)
        return outcome(test, opened == msg and unauthenticated_cbc_encrypt("aes", key, iv, msg) == ct)

    assert not run("aes_cbc_pkcs5_test.json", check)[REFUSED]


@pytest.mark.parametrize("name", ["sha256", "sm3"])
def test_mac(name):
    def check(group, test):
        key, msg, tag = octets(test, "key", "msg", "tag")
        return outcome(test, mac(name, key, msg)[: group["tagSize"] // 8] == tag)

    assert not run(f"hmac_{name}_test.json", check)[REFUSED]


def test_hkdf():
    def check(group, test):
        key, salt, info, expected = octets(test, "ikm", "salt", "info", "okm")
        try:
            return outcome(test, derive("sha256", key, salt=salt, info=info, length=test["size"]) == expected)
        except BadInput:
            return outcome(test, False)

    assert not run("hkdf_sha256_test.json", check)[REFUSED]


def test_ed25519():
    def check(group, test):
        kind, public = read_public_pem(group["publicKeyPem"])
        assert (kind, public.hex()) == ("ed25519", group["publicKey"]["pk"])
        msg, signature = octets(test, "msg", "sig")
        return outcome(test, VerifyingKey.load(kind, public).verify(msg, signature))

    assert not run("ed25519_test.json", check)[REFUSED]


@pytest.mark.parametrize("bits", [3072, 4096])
def test_rsa_pss(bits):
    def check(group, test):
        public = VerifyingKey.load("rsa-pss-3072", bytes.fromhex(group["publicKeyDer"]))
        msg, signature = octets(test, "msg", "sig")
        return outcome(test, public.verify(msg, signature))

    assert not run(f"rsa_pss_{bits}_sha256_mgf1_32_test.json", check)[REFUSED]


def test_rsa_pss_with_small_keys_and_other_parameters():
    """Keys below 3072 bits are not taken; of the others only SHA-256 with a salt of 32 bytes verifies."""

    def check(group, test):
        try:
            public = VerifyingKey.load("rsa-pss-3072", bytes.fromhex(group["publicKeyDer"]))
        except BadInput:
            return REFUSED if group["keySize"] < 3072 else "refused"
        msg, signature = octets(test, "msg", "sig")
        ours = (group["sha"], group["mgf"], group["mgfSha"], group["sLen"]) == ("SHA-256", "MGF1", "SHA-256", 32)
        good = public.verify(msg, signature)
        return outcome(test, good) if ours else REFUSED if not good else "taken with other parameters"

    run("rsa_pss_misc_test.json", check)


@pytest.mark.parametrize("bits", [3072, 4096])
def test_rsa_oaep(bits):
    """A label is no part of our face: what was encrypted with one does not open."""

    def check(group, test):
        key = DecryptingKey.load("rsa-oaep-3072", bytes.fromhex(group["privateKeyPkcs8"]))
        msg, ct = octets(test, "msg", "ct")
        try:
            found = key.decrypt(ct) == msg
        except Tampered:
            found = False
        if test["label"]:
            return REFUSED if found is False else "opened without its label"
        return outcome(test, found)

    run(f"rsa_oaep_{bits}_sha256_mgf1sha256_test.json", check)
