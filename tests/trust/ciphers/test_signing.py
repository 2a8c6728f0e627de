"""Signatures of the three kinds: what was signed verifies, and nothing else does."""

import copy
import pickle
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongguan.errors import BadInput
from tongguan.trust.ciphers import SIGNATURES, DecryptingKey, SigningKey, VerifyingKey, sm2
from tongguan.trust.ciphers.der import Malformed, integer, wrap

KEYS = {algorithm: SigningKey.generate(algorithm) for algorithm in SIGNATURES}
FAST = ("ed25519", "sm2")


@pytest.mark.parametrize("algorithm", SIGNATURES)
def test_keys_come_back_from_their_bytes(algorithm):
    key = KEYS[algorithm]
    again = SigningKey.load(algorithm, key.secret())
    public = VerifyingKey.load(algorithm, key.public.encoded)
    assert again.public == key.public == public and hash(public) == hash(key.public)
    assert again.secret() == key.secret()
    assert public.verify(b"message", again.sign(b"message"))
    assert SigningKey.generate(algorithm).public != public


@pytest.mark.parametrize("algorithm", FAST)
@given(message=st.binary(max_size=200), other=st.binary(max_size=200))
@settings(max_examples=30, deadline=None)
def test_a_signature_is_of_one_message_by_one_key(algorithm, message, other):
    key = KEYS[algorithm]
    signature = key.sign(message)
    assert key.public.verify(message, signature)
    assert key.public.verify(bytearray(message), signature)
    assert key.public.verify(other, signature) == (message == other)
    assert not STRANGERS[algorithm].public.verify(message, signature)


STRANGERS = {algorithm: SigningKey.generate(algorithm) for algorithm in FAST}


@pytest.mark.parametrize("algorithm", SIGNATURES)
def test_every_flipped_bit_and_truncation_of_a_signature_is_refused(algorithm):
    key = KEYS[algorithm]
    signature = key.sign(b"message")
    for bit in range(0, 8 * len(signature), 1 if algorithm in FAST else 7):
        altered = bytearray(signature)
        altered[bit // 8] ^= 1 << bit % 8
        assert not key.public.verify(b"message", bytes(altered))
    for size in range(len(signature)):
        assert not key.public.verify(b"message", signature[:size])
    assert not key.public.verify(b"message", signature + b"\0")


@pytest.mark.parametrize("algorithm", SIGNATURES)
@given(signature=st.binary(max_size=600))
@settings(max_examples=100, deadline=None)
def test_a_strangers_bytes_are_no_signature_and_raise_nothing(algorithm, signature):
    assert KEYS[algorithm].public.verify(b"message", signature) is False


def test_sm2_signatures_have_one_form():
    """Numbers out of range, padded, negative or in other lengths of DER are refused, though some libraries take them."""
    key = KEYS["sm2"]
    r, s = sm2._numbers(key.sign(b"message"))

    def signed(r, s):
        return wrap(0x30, integer(r), integer(s))

    assert key.public.verify(b"message", signed(r, s))
    for one, other in (
        (0, s),
        (r, 0),
        (r + sm2.N, s),
        (r, s + sm2.N),
        (sm2.N, s),
        (r, sm2.N - s),
        (s, r),
        (1 << 300, s),
    ):
        assert not key.public.verify(b"message", signed(one, other))
    body = integer(r) + integer(s)
    padded = wrap(2, b"\0" + integer(r)[2:]) + integer(s)
    for form in (
        b"\x30\x81" + bytes([len(body)]) + body,
        b"\x30\x80" + body + b"\0\0",
        b"\x31" + bytes([len(body)]) + body,
        wrap(0x30, padded) if r >> 255 else wrap(0x30, b"\x02\x21\0" + r.to_bytes(32) + integer(s)) + b"\0",
        wrap(0x30, body, b"\x05\0"),
        wrap(0x30, body) + b"\0",
        wrap(0x30, b"\x02\0" + integer(s)),
    ):
        assert not key.public.verify(b"message", form)


def test_forged_sm2_signatures_write_nothing_to_the_standard_error(capfd):
    key = KEYS["sm2"]
    signature = key.sign(b"message")
    for message, one in ((b"other", signature), (b"message", STRANGERS["sm2"].sign(b"message")), (b"message", b"0")):
        assert not key.public.verify(message, one)
    assert capfd.readouterr() == ("", "")


def test_the_curve_as_computed_here_agrees_with_gmssl_and_with_itself():
    for _ in range(20):
        one, other = SigningKey.generate("sm2"), SigningKey.generate("sm2")
        p, d = one.public.encoded, int.from_bytes(one.secret()[:32])
        point = int.from_bytes(p[1:33]), int.from_bytes(p[33:])
        assert sm2._combined(d, sm2.G, 0, sm2.G) == sm2._combined(0, point, d, sm2.G) == point
        assert sm2._combined(sm2.N - d, sm2.G, 1, point) is None
        assert sm2._combined(d, sm2.G, sm2.N - 1, point) is None
        e = int.from_bytes(other.secret()[:32])
        q = int.from_bytes(other.public.encoded[1:33]), int.from_bytes(other.public.encoded[33:])
        assert sm2._combined(1, point, 1, q) == sm2._combined((d + e) % sm2.N, sm2.G, 0, sm2.G)
    for u in (0, 1, 2, 3, 4, sm2.N - 2, sm2.N - 1, sm2.N, sm2.N + 1):
        for v in (0, 1, 2, 3, sm2.N - 1):  # one and the same point twice: every special case of adding
            whole = (u + v) % sm2.N
            expected = sm2._combined(whole, sm2.G, 0, sm2.G)
            assert sm2._combined(u, sm2.G, v, sm2.G) == (expected if whole else None)


def test_sm2_takes_the_identity_into_the_signature():
    """Signed over Z and the message, not the message alone; another identity gives another signature."""
    key = KEYS["sm2"]
    secret, public = key.secret()[:32], key.public.encoded
    from tongguan.trust.ciphers import digest

    assert not key.public.verify(b"message", sm2.sign(secret, digest("sm3", b"message")))
    other = sm2.identity_hash(public, b"ALICE123@YAHOO.COM")
    assert not key.public.verify(b"message", sm2.sign(secret, digest("sm3", other + b"message")))
    for wrong in (b"", bytes(8192)):
        with pytest.raises(BadInput):
            sm2.identity_hash(public, wrong)


def test_sm2_nonces_never_repeat():
    """One repeated nonce gives the secret away: r - e is the nonce's point, and must differ each time."""
    key = KEYS["sm2"]
    assert len({sm2._numbers(key.sign(b"same"))[0] for _ in range(1000)}) == 1000


def test_sm2_finds_the_public_key_of_a_bare_secret():
    for _ in range(5):
        key = SigningKey.generate("sm2")
        assert SigningKey.load("sm2", key.secret()[:32]).public == key.public


@pytest.mark.parametrize("secret", [0, sm2.N - 1, sm2.N, 2**256 - 1])
def test_sm2_secrets_out_of_range_are_refused(secret):
    with pytest.raises(BadInput, match="out of range"):
        SigningKey.load("sm2", secret.to_bytes(32))


@pytest.mark.parametrize("secret", [1, 2, sm2.N - 2])
def test_sm2_secrets_at_the_edge_work(secret):
    key = SigningKey.load("sm2", secret.to_bytes(32))
    assert key.public.verify(b"message", key.sign(b"message"))
    assert secret != 1 or key.public.encoded[1:] == b"".join(one.to_bytes(32) for one in sm2.G)


def test_a_secret_with_anothers_public_key_is_refused():
    one, other = KEYS["sm2"].secret(), STRANGERS["sm2"].secret()
    for load in (SigningKey.load, DecryptingKey.load):
        with pytest.raises(BadInput, match="do not belong together"):
            load("sm2", one[:32] + other[32:])


def test_sm2_public_keys_off_the_curve_are_refused():
    good = KEYS["sm2"].public.encoded
    compressed = bytes([2 + (good[64] & 1)]) + good[1:33]
    assert VerifyingKey.load("sm2", compressed).encoded == good
    x, y = int.from_bytes(good[1:33]), int.from_bytes(good[33:])
    off = (
        b"\x04" + bytes(64),
        good[:64] + bytes([good[64] ^ 1]),
        b"\x04" + x.to_bytes(32) + sm2.P.to_bytes(32),
        b"\x04" + (2**256 - 1).to_bytes(32) + y.to_bytes(32),
        b"\x02" + next(n for n in range(1, 99) if not sm2._on_curve(n, sm2._lift(n)[0])).to_bytes(32),
        b"\x02" + (2**256 - 1).to_bytes(32),
    )
    for public in (
        *off,
        b"",
        b"\0",
        good[1:],
        good + b"\0",
        b"\x05" + good[1:],
        b"\x06" + good[1:],
        b"\x03" + good[1:],
    ):
        with pytest.raises(BadInput):
            VerifyingKey.load("sm2", public)


def test_ed25519_keys_under_which_anything_verifies_are_refused():
    """Points of small order, in every encoding: whoever registered one could disown whatever he signed."""
    order8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022
    p = 2**255 - 19
    for y in (0, 1, p - 1, order8, p - order8, p, p + 1):
        for sign in (0, 1 << 255):
            with pytest.raises(BadInput, match="small order"):
                VerifyingKey.load("ed25519", (y | sign).to_bytes(32, "little"))


def test_keys_of_other_kinds_and_sizes_are_refused():
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    def der(key):
        return (
            key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
            key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        )

    for other in (generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())):
        secret, public = der(other)
        with pytest.raises(BadInput):
            SigningKey.load("rsa-pss-3072", secret)
        with pytest.raises(BadInput):
            VerifyingKey.load("rsa-pss-3072", public)
    for algorithm in SIGNATURES:
        for wrong in (b"", bytes(31), bytes(33), b"\x30\x80" + bytes(60), "k" * 32, None):
            with pytest.raises(BadInput):
                SigningKey.load(algorithm, wrong)
            with pytest.raises(BadInput):
                VerifyingKey.load(algorithm, wrong)
        with pytest.raises(BadInput):
            KEYS[algorithm].sign("text")
    for unknown in ("dsa", None, ["sm2"], "rsa-oaep-3072"):
        with pytest.raises(BadInput, match="no signature"):
            SigningKey.generate(unknown)


@pytest.mark.parametrize("algorithm", SIGNATURES)
def test_a_key_of_one_kind_takes_no_signature_of_another(algorithm):
    for other in SIGNATURES:
        if other != algorithm:
            assert not KEYS[algorithm].public.verify(b"message", KEYS[other].sign(b"message"))


@pytest.mark.parametrize("algorithm", SIGNATURES)
def test_a_secret_shows_nowhere(algorithm):
    key = KEYS[algorithm]
    shown = f"{key} {key!r} {key.public!r}"
    for form in (key.secret()[:16].hex(), repr(key.secret()[:16])):
        assert form not in shown
    for leak in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError):
            leak(key)


@pytest.mark.parametrize("algorithm", FAST)
def test_signing_in_many_threads_at_once(algorithm):
    key, faults = KEYS[algorithm], []

    def work(number):
        for turn in range(60):
            message = b"%d/%d" % (number, turn)
            if not key.public.verify(message, key.sign(message)):
                faults.append(message)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults


def test_long_and_empty_messages():
    for algorithm in SIGNATURES:
        key = KEYS[algorithm]
        for message in (b"", bytes(3 << 20)):
            assert key.public.verify(message, key.sign(message))


def test_malformed_der_is_refused_early():
    for data in (b"", b"\x30", b"\x30\x05", b"\x30\x85\0\0\0\0\1", b"\x30\x82\0\x01\0", b"\x02\x01\0"):
        with pytest.raises(Malformed):
            sm2._numbers(data)
