"""Hashes, MACs and derived keys against other implementations of the same standards, and wrong use."""

import hashlib
import hmac
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongguan.errors import BadInput
from tongguan.trust.ciphers import HASHES, SUITES, derive, digest, mac, new_hash, suite_named


@pytest.mark.parametrize("name", HASHES)
@given(pieces=st.lists(st.binary(max_size=200), max_size=6))
@settings(max_examples=60, deadline=None)
def test_pieces_hash_like_the_whole(name, pieces):
    one = new_hash(name)
    for piece in pieces:
        before = one.digest()
        fork = one.copy()
        one.update(memoryview(piece))
        assert fork.digest() == before  # a fork goes its own way
    assert one.digest() == digest(name, b"".join(pieces)) == one.digest()
    if name in hashlib.algorithms_available:
        assert one.digest() == hashlib.new(name, b"".join(pieces)).digest()


@pytest.mark.parametrize("name", HASHES)
@given(key=st.binary(min_size=1, max_size=150), data=st.binary(max_size=300))
@settings(max_examples=60, deadline=None)
def test_macs_follow_rfc_2104(name, key, data):
    short = digest(name, key) if len(key) > 64 else key
    padded = short.ljust(64, b"\0")
    inner = digest(name, bytes(byte ^ 0x36 for byte in padded) + data)
    assert mac(name, key, data) == digest(name, bytes(byte ^ 0x5C for byte in padded) + inner)
    if name in hashlib.algorithms_available:
        assert hmac.compare_digest(mac(name, key, data), hmac.digest(key, data, name))


@pytest.mark.parametrize("name", HASHES)
@given(st.binary(min_size=1, max_size=80), st.binary(max_size=80), st.binary(max_size=80), st.integers(1, 300))
@settings(max_examples=40, deadline=None)
def test_derived_keys_agree_with_another_implementation(name, key, info, salt, length):
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    algorithm = {"sha256": hashes.SHA256, "sm3": hashes.SM3}[name]()
    theirs = HKDF(algorithm, length, salt or None, info).derive(key)
    assert derive(name, key, info=info, salt=salt, length=length) == theirs


def test_other_words_give_other_keys():
    keys = {derive("sm3", b"key", info=info, salt=salt) for info in (b"a", b"b", b"ab") for salt in (b"", b"a", b"b")}
    assert len(keys) == 9


def test_the_longest_key_is_derived_and_no_longer_one():
    assert len(derive("sm3", b"key", info=b"", length=8160)) == 8160
    for length in (0, -1, 8161):
        with pytest.raises(BadInput, match="between 1 and 8160"):
            derive("sha256", b"key", info=b"", length=length)


@pytest.mark.parametrize("name", ["md5", "sha1", "", None, ["sm3"]])
def test_unknown_hashes_are_refused(name):
    for call in (
        lambda: new_hash(name),
        lambda: digest(name, b""),
        lambda: mac(name, b"k", b""),
        lambda: derive(name, b"k", info=b""),
    ):
        with pytest.raises(BadInput, match="no hash known"):
            call()


def test_wrong_arguments_are_refused():
    for call in (
        lambda: digest("sm3", "text"),
        lambda: mac("sm3", "key", b""),
        lambda: mac("sm3", b"", b"data"),
        lambda: mac("sha256", b"", b"data"),
        lambda: mac("sm3", b"key", None),
        lambda: derive("sm3", b"", info=b""),
        lambda: derive("sm3", b"key", info="words"),
        lambda: derive("sm3", b"key", info=b"", salt=5),
    ):
        with pytest.raises(BadInput):
            call()


def test_hashing_in_many_threads_at_once():
    data = bytes(100_000)
    expected, found = digest("sm3", data), []
    threads = [threading.Thread(target=lambda: found.extend(digest("sm3", data) for _ in range(20))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(found) == {expected}


def test_the_suites():
    assert set(SUITES) == {"international", "guomi"}
    guomi = suite_named("guomi")
    assert (guomi.hash, guomi.aead, guomi.signature, guomi.encryption) == ("sm3", "sm4-gcm", "sm2", "sm2")
    for wrong in ("gm", None, []):
        with pytest.raises(BadInput, match="no suite"):
            suite_named(wrong)
    with pytest.raises(TypeError):
        SUITES["own"] = guomi
