"""Sealed messages: they open for the same key and context, and for nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongguan.errors import BadInput
from tongguan.trust.ciphers import AEADS, OVERHEAD, Tampered, generate_key, seal, sealed_with, unseal


@pytest.mark.parametrize("algorithm", AEADS)
@given(plaintext=st.binary(max_size=300), context=st.binary(min_size=1, max_size=80))
@settings(max_examples=60, deadline=None)
def test_what_was_sealed_opens_again(algorithm, plaintext, context):
    key = generate_key(algorithm)
    sealed = seal(algorithm, key, plaintext, context)
    assert len(sealed) == len(plaintext) + OVERHEAD
    assert sealed_with(sealed) == algorithm
    assert unseal(key, sealed, context) == plaintext
    assert unseal(key, bytearray(sealed), context) == plaintext
    assert plaintext not in sealed or len(plaintext) < 8


@pytest.mark.parametrize("algorithm", AEADS)
@pytest.mark.parametrize("plaintext", [b"", b"x", b"seventeen bytes !"])
def test_every_flipped_bit_is_refused(algorithm, plaintext):
    key = generate_key(algorithm)
    sealed = seal(algorithm, key, plaintext, b"row/1")
    for bit in range(8 * len(sealed)):
        altered = bytearray(sealed)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Tampered):
            unseal(key, altered, b"row/1")


@pytest.mark.parametrize("algorithm", AEADS)
def test_every_truncation_and_extension_is_refused(algorithm):
    key = generate_key(algorithm)
    sealed = seal(algorithm, key, b"seventeen bytes !", b"row/1")
    for size in range(len(sealed)):
        with pytest.raises(Tampered):
            unseal(key, sealed[:size], b"row/1")
    for more in (b"\0", sealed, bytes(16)):
        with pytest.raises(Tampered):
            unseal(key, sealed + more, b"row/1")


@pytest.mark.parametrize("algorithm", AEADS)
@given(context=st.binary(min_size=1, max_size=20), other=st.binary(min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_another_context_or_key_is_refused(algorithm, context, other):
    key = generate_key(algorithm)
    sealed = seal(algorithm, key, b"text", context)
    with pytest.raises(Tampered):
        unseal(generate_key(algorithm), sealed, context)
    if context != other:
        with pytest.raises(Tampered):
            unseal(key, sealed, other)


def test_one_cipher_is_not_taken_for_another():
    """AES and ChaCha20 keys have one length: only the header tells them apart, and it is authenticated."""
    key = generate_key("aes-256-gcm")
    for mine, number in (("aes-256-gcm", 3), ("chacha20-poly1305", 1)):
        sealed = bytearray(seal(mine, key, b"text", b"c"))
        sealed[1] = number
        with pytest.raises(Tampered):
            unseal(key, sealed, b"c")
    for unknown in (0, 2, 4, 255):
        sealed[1] = unknown
        with pytest.raises(Tampered):
            unseal(key, sealed, b"c")


def test_two_seals_of_one_text_share_nothing():
    key = generate_key("sm4-gcm")
    sealed = [seal("sm4-gcm", key, bytes(64), b"c") for _ in range(2000)]
    assert len({one[2:34] for one in sealed}) == len({one[34:50] for one in sealed}) == len(sealed)


@pytest.mark.parametrize("algorithm", AEADS)
def test_a_key_of_another_length_is_refused_and_not_shown(algorithm):
    size = len(generate_key(algorithm))
    for wrong in {0, 1, 15, 16, 24, 31, 32, 33, 64} - {size}:
        with pytest.raises(BadInput, match=f"must have {size} bytes, not {wrong}") as caught:
            seal(algorithm, b"K" * wrong, b"text", b"c")
        assert wrong < 2 or "K" * wrong not in str(caught.value)
        with pytest.raises(Tampered):
            unseal(b"K" * wrong, seal(algorithm, generate_key(algorithm), b"", b"c"), b"c")


@pytest.mark.parametrize(
    "arguments",
    [
        ("aes-128-ecb", bytes(32), b"text", b"c"),
        (None, bytes(32), b"text", b"c"),
        (["sm4-gcm"], bytes(16), b"text", b"c"),
        ("aes-256-gcm", "k" * 32, b"text", b"c"),
        ("aes-256-gcm", bytes(32), "text", b"c"),
        ("aes-256-gcm", bytes(32), b"text", "c"),
        ("aes-256-gcm", bytes(32), b"text", b""),
        ("aes-256-gcm", bytes(32), b"text", None),
    ],
)
def test_wrong_arguments_are_refused(arguments):
    with pytest.raises(BadInput):
        seal(*arguments)


def test_no_nonce_can_be_given_and_no_context_left_out():
    with pytest.raises(TypeError):
        seal("aes-256-gcm", bytes(32), b"text")
    with pytest.raises(TypeError):
        seal("aes-256-gcm", bytes(32), b"text", b"c", nonce=bytes(12))


def test_a_plaintext_too_large_for_memory_is_refused(monkeypatch):
    monkeypatch.setattr("tongguan.trust.ciphers.sealing.PLAINTEXT_MAX", 100)
    seal("aes-256-gcm", bytes(32), bytes(100), b"c")
    with pytest.raises(BadInput, match="seal_stream"):
        seal("aes-256-gcm", bytes(32), bytes(101), b"c")


@given(data=st.binary(max_size=120))
@settings(max_examples=200, deadline=None)
def test_a_strangers_bytes_are_refused(data):
    with pytest.raises(Tampered):
        unseal(bytes(32), data, b"c")
