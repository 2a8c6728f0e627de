"""Public-key encryption: opens for the one key, and says nothing about why it does not."""

import copy
import io
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongguan.errors import BadInput
from tongguan.trust.ciphers import (
    ENCRYPTIONS,
    DecryptingKey,
    EncryptingKey,
    Tampered,
    generate_key,
    seal_stream,
    unseal_stream,
)
from tongguan.trust.ciphers.der import wrap

KEYS = {algorithm: DecryptingKey.generate(algorithm) for algorithm in ENCRYPTIONS}


@pytest.mark.parametrize("algorithm", ENCRYPTIONS)
def test_every_length_comes_back(algorithm):
    key = KEYS[algorithm]
    public = EncryptingKey.load(algorithm, key.public.encoded)
    assert public == key.public and hash(public) == hash(key.public)
    again = DecryptingKey.load(algorithm, key.secret())
    step = 1 if algorithm == "sm2" else 23
    for size in [*range(1, public.message_max + 1, step), public.message_max]:
        message = bytes(range(256))[:size] if size <= 256 else b"x" * size
        assert again.decrypt(public.encrypt(message)) == message
    for size in (0, public.message_max + 1):
        with pytest.raises(BadInput, match=f"encrypts 1 to {public.message_max} bytes"):
            public.encrypt(bytes(size))


@pytest.mark.parametrize("algorithm", ENCRYPTIONS)
def test_altered_or_cut_off_or_for_another_key_is_refused_with_one_message(algorithm):
    key, said = KEYS[algorithm], set()
    ciphertext = key.public.encrypt(b"a data key of 32 bytes, or so ..")
    wrong = [ciphertext[:size] for size in range(0, len(ciphertext), 1 if algorithm == "sm2" else 19)]
    for bit in range(0, 8 * len(ciphertext), 1 if algorithm == "sm2" else 29):
        altered = bytearray(ciphertext)
        altered[bit // 8] ^= 1 << bit % 8
        wrong.append(bytes(altered))
    wrong += [ciphertext + b"\0", DecryptingKey.generate("sm2").public.encrypt(b"text")]
    for one in wrong:
        with pytest.raises(Tampered) as caught:
            key.decrypt(one)
        said.add(str(caught.value))
    assert len(said) == 1


@given(ciphertext=st.binary(max_size=500))
@settings(max_examples=100, deadline=None)
@pytest.mark.parametrize("algorithm", ENCRYPTIONS)
def test_a_strangers_bytes_are_refused(algorithm, ciphertext):
    with pytest.raises(Tampered):
        KEYS[algorithm].decrypt(ciphertext)


def test_sm2_points_off_the_curve_never_meet_the_secret(monkeypatch):
    """The way to read a secret piece by piece: points of other, weaker curves."""
    from tongguan.trust.ciphers import sm2

    called = []
    monkeypatch.setattr(sm2, "gmssl", lambda: called.append(1))
    for x, y in ((1, 1), (0, 0), (sm2.P - 1, 5), (sm2.G[0], sm2.G[1] + 1)):
        forged = sm2.encode_ciphertext(b"\x04" + x.to_bytes(32) + y.to_bytes(32), bytes(32), b"text")
        assert sm2.decrypt(bytes(31) + b"\x05", forged) is None
    good = b"\x04" + sm2.G[0].to_bytes(32) + sm2.G[1].to_bytes(32)
    for check, body in ((bytes(31), b"x"), (bytes(33), b"x"), (bytes(32), b""), (bytes(32), bytes(256))):
        assert sm2.decrypt(bytes(31) + b"\x05", sm2.encode_ciphertext(good, check, body)) is None
    assert not called


@pytest.mark.parametrize("algorithm", ENCRYPTIONS)
def test_wrong_arguments_are_refused(algorithm):
    for wrong in (b"", b"\x04" + bytes(64), wrap(0x30, b""), "text", None):
        with pytest.raises(BadInput):
            EncryptingKey.load(algorithm, wrong)
        with pytest.raises(BadInput):
            DecryptingKey.load(algorithm, wrong)
    with pytest.raises(BadInput):
        KEYS[algorithm].public.encrypt("text")
    with pytest.raises(BadInput):
        KEYS[algorithm].decrypt("text")
    for unknown in ("ecies", None, ["sm2"], "ed25519"):
        with pytest.raises(BadInput, match="no public-key encryption"):
            DecryptingKey.generate(unknown)


@pytest.mark.parametrize("algorithm", ENCRYPTIONS)
def test_a_secret_shows_nowhere(algorithm):
    key = KEYS[algorithm]
    assert key.secret()[:16].hex() not in f"{key!r} {key.public!r}"
    with pytest.raises(TypeError):
        copy.deepcopy(key)


@pytest.mark.parametrize("algorithm", ENCRYPTIONS)
def test_one_text_never_gives_the_same_ciphertext(algorithm):
    public = KEYS[algorithm].public
    assert len({public.encrypt(b"text") for _ in range(50)}) == 50


def test_many_threads_at_once():
    key, faults = KEYS["sm2"], []

    def work(number):
        for turn in range(40):
            message = b"%d/%d" % (number, turn)
            if key.decrypt(key.public.encrypt(message)) != message:
                faults.append(message)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults


@pytest.mark.parametrize(("algorithm", "cipher"), [("sm2", "sm4-gcm"), ("rsa-oaep-3072", "aes-256-gcm")])
def test_large_data_to_a_partner(algorithm, cipher):
    """A key of its own seals the data and is encrypted itself: how the two halves of a suite meet."""
    data, key, sealed, back = bytes(1 << 20), generate_key(cipher), io.BytesIO(), io.BytesIO()
    seal_stream(cipher, key, b"contract/9", io.BytesIO(data), sealed)
    envelope = KEYS[algorithm].public.encrypt(key)
    sealed.seek(0)
    unseal_stream(KEYS[algorithm].decrypt(envelope), b"contract/9", sealed, back)
    assert back.getvalue() == data
