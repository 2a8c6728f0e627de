"""Partners' formats: explicit IVs and keys in files, against OpenSSL's own command."""

import base64
import shutil
import subprocess
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tongguan.trust.ciphers as face
from tongguan.errors import BadInput
from tongguan.trust.ciphers import DecryptingKey, SigningKey, Tampered, VerifyingKey, interoperation
from tongguan.trust.ciphers.der import INTEGER, OCTET_STRING, OID, SEQUENCE, wrap
from tongguan.trust.ciphers.interoperation import (
    encode_sm2_ciphertext,
    unauthenticated_cbc_decrypt,
    unauthenticated_cbc_encrypt,
    unauthenticated_ctr,
    with_given_iv_gcm_decrypt,
    with_given_iv_gcm_encrypt,
)
from tongguan.trust.ciphers.pem import (
    public_pem,
    read_public_pem,
    read_sm2_public_der,
    read_sm2_secret_der,
    read_sm2_secret_pem,
    sm2_public_der,
    sm2_secret_der,
    sm2_secret_pem,
)

SIZES = {"sm4": (16,), "aes": (16, 24, 32)}
KEY = SigningKey.generate("sm2")


def test_nothing_here_is_met_by_mistake():
    assert not set(interoperation.__all__) & set(face.__all__)
    for name in interoperation.__all__:
        assert name.startswith(("unauthenticated_", "with_given_iv_", "encode_"))


@pytest.mark.parametrize("cipher", SIZES)
@given(plaintext=st.binary(max_size=100), iv=st.binary(min_size=16, max_size=16), aad=st.binary(max_size=40))
@settings(max_examples=40, deadline=None)
def test_round_trips(cipher, plaintext, iv, aad):
    for size in SIZES[cipher]:
        key = b"K" * size
        chained = unauthenticated_cbc_encrypt(cipher, key, iv, plaintext)
        assert len(chained) == len(plaintext) // 16 * 16 + 16
        assert unauthenticated_cbc_decrypt(cipher, key, iv, chained) == plaintext
        counted = unauthenticated_ctr(cipher, key, iv, plaintext)
        assert len(counted) == len(plaintext)
        assert unauthenticated_ctr(cipher, key, iv, counted) == plaintext
        sealed = with_given_iv_gcm_encrypt(cipher, key, iv=iv[:12], aad=aad, plaintext=plaintext)
        assert with_given_iv_gcm_decrypt(cipher, key, iv=iv[:12], aad=aad, ciphertext=sealed) == plaintext
        for wrong in (sealed[:-1], sealed[:15], bytes([sealed[0] ^ 1]) + sealed[1:]):
            with pytest.raises(Tampered):
                with_given_iv_gcm_decrypt(cipher, key, iv=iv[:12], aad=aad, ciphertext=wrong)
        with pytest.raises(Tampered):
            with_given_iv_gcm_decrypt(cipher, key, iv=iv[:12], aad=aad + b"x", ciphertext=sealed)


def test_associated_data_and_text_cannot_change_places():
    with pytest.raises(TypeError):
        with_given_iv_gcm_encrypt("sm4", bytes(16), bytes(12), b"associated", b"text")


@pytest.mark.parametrize("cipher", SIZES)
def test_wrong_sizes_are_refused(cipher):
    good = b"K" * SIZES[cipher][-1]
    for key in (b"", bytes(15), bytes(17), bytes(33), "k" * 16, None):
        for call in (
            lambda key=key: unauthenticated_cbc_encrypt(cipher, key, bytes(16), b""),
            lambda key=key: unauthenticated_cbc_decrypt(cipher, key, bytes(16), bytes(16)),
            lambda key=key: unauthenticated_ctr(cipher, key, bytes(16), b""),
            lambda key=key: with_given_iv_gcm_encrypt(cipher, key, iv=bytes(12), aad=b"", plaintext=b""),
            lambda key=key: with_given_iv_gcm_decrypt(cipher, key, iv=bytes(12), aad=b"", ciphertext=bytes(16)),
        ):
            with pytest.raises(BadInput):
                call()
    for iv in (b"", bytes(15), bytes(17), "i" * 16):
        with pytest.raises(BadInput):
            unauthenticated_cbc_encrypt(cipher, good, iv, b"")
        with pytest.raises(BadInput):
            unauthenticated_ctr(cipher, good, iv, b"")
    for iv in (b"", bytes(7), bytes(129)):
        with pytest.raises(BadInput):
            with_given_iv_gcm_encrypt(cipher, good, iv=iv, aad=b"", plaintext=b"")
    for ciphertext in (b"", bytes(15), bytes(17)):
        with pytest.raises(Tampered):
            unauthenticated_cbc_decrypt(cipher, good, bytes(16), ciphertext)
    with pytest.raises(BadInput, match="no block cipher"):
        unauthenticated_ctr("des", good, bytes(16), b"")


def test_bare_sm2_ciphertexts():
    with pytest.raises(BadInput, match="at least 98"):
        encode_sm2_ciphertext(bytes(97), "C1C3C2")
    with pytest.raises(BadInput, match="no point"):
        encode_sm2_ciphertext(b"\x04" + bytes(100), "C1C3C2")
    with pytest.raises(BadInput, match="no order"):
        encode_sm2_ciphertext(KEY.public.encoded + bytes(40), "C2C3C1")


def test_keys_go_out_and_come_back():
    secret, public = KEY.secret(), KEY.public.encoded
    assert read_sm2_secret_pem(sm2_secret_pem(secret)) == secret == read_sm2_secret_der(sm2_secret_der(secret))
    assert sm2_secret_der(secret[:32]) == sm2_secret_der(secret)
    assert read_public_pem(public_pem("sm2", public)) == ("sm2", public)
    assert read_sm2_public_der(sm2_public_der(public)) == public
    for kind, algorithm in (("ed25519", "ed25519"), ("rsa", "rsa-pss-3072")):
        other = SigningKey.generate(algorithm).public.encoded
        assert read_public_pem(public_pem(kind, other)) == (kind, other)
        assert VerifyingKey.load(algorithm, other)


def test_every_flipped_bit_of_a_key_file_is_refused():
    for good, read in ((sm2_public_der(KEY.public.encoded), read_sm2_public_der), (SECRET_DER, read_sm2_secret_der)):
        for bit in range(8 * len(good)):
            altered = bytearray(good)
            altered[bit // 8] ^= 1 << bit % 8
            with pytest.raises(BadInput):
                read(bytes(altered))
        for size in range(len(good)):
            with pytest.raises(BadInput):
                read(good[:size])
        with pytest.raises(BadInput):
            read(good + b"\0")


SECRET_DER = sm2_secret_der(KEY.secret())


@given(data=st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_a_strangers_bytes_are_no_key(data):
    text = base64.b64encode(data).decode()
    for call in (
        lambda: read_sm2_public_der(data),
        lambda: read_sm2_secret_der(data),
        lambda: read_public_pem(f"-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----"),
        lambda: read_sm2_secret_pem(f"-----BEGIN EC PRIVATE KEY-----\n{text}\n-----END EC PRIVATE KEY-----"),
        lambda: read_public_pem(data.decode("latin-1")),
    ):
        with pytest.raises(BadInput):
            call()


def test_texts_that_are_no_key_are_refused_quickly():
    one = public_pem("sm2", KEY.public.encoded)
    for text in (
        "",
        None,
        b"bytes",
        one + one,
        one.replace("PUBLIC", "PRIVATE"),
        one.replace("END PUBLIC", "END OTHER"),
        one.replace("\n", "\n=", 1),
        "-----BEGIN PUBLIC KEY-----" + "\n" * 60_000,
        "-----BEGIN A-----" * 3000,
        "-----BEGIN " + "A " * 30_000,
        "x" * 70_000,
    ):
        began = time.perf_counter()
        with pytest.raises(BadInput):
            read_public_pem(text)
        assert time.perf_counter() - began < 1
    with pytest.raises(BadInput, match="encrypted"):
        read_sm2_secret_pem("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----")


def test_keys_of_other_curves_are_refused():
    """The same bytes named as a key of NIST's P-256 are no SM2 key; nor is one of P-256 read as anything here."""
    p256 = wrap(OID, bytes.fromhex("2a8648ce3d030107"))
    ours = wrap(OID, bytes.fromhex("2a811ccf5501822d"))
    for good, read in ((sm2_public_der(KEY.public.encoded), read_sm2_public_der), (SECRET_DER, read_sm2_secret_der)):
        with pytest.raises(BadInput):
            read(good.replace(ours, p256))
    bare = wrap(SEQUENCE, wrap(INTEGER, b"\1"), wrap(OCTET_STRING, KEY.secret()[:32]))
    text = f"-----BEGIN EC PRIVATE KEY-----\n{base64.b64encode(bare).decode()}\n-----END EC PRIVATE KEY-----"
    with pytest.raises(BadInput, match="curve"):  # names no curve at all
        read_sm2_secret_pem(text)
    named = wrap(SEQUENCE, wrap(INTEGER, b"\1"), wrap(OCTET_STRING, KEY.secret()[:32]), wrap(0xA0, ours))
    text = f"-----BEGIN EC PRIVATE KEY-----\n{base64.b64encode(named).decode()}\n-----END EC PRIVATE KEY-----"
    assert read_sm2_secret_pem(text) == KEY.secret()


@pytest.fixture
def openssl(tmp_path):
    if not shutil.which("openssl"):
        pytest.skip("the openssl command is not installed")

    def run(*arguments):
        done = subprocess.run(["openssl", *arguments], cwd=tmp_path, capture_output=True, timeout=30)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_openssl_and_we_understand_each_others_sm2(openssl, tmp_path):
    theirs = openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2").decode()
    (tmp_path / "message").write_bytes(b"message")
    for text in (theirs, sm2_secret_pem(KEY.secret()), openssl("ecparam", "-name", "SM2", "-genkey").decode()):
        (tmp_path / "secret").write_text(text)
        key = SigningKey.load("sm2", read_sm2_secret_pem(text))
        public = openssl("pkey", "-in", "secret", "-pubout").decode()
        assert read_public_pem(public) == ("sm2", key.public.encoded)
        assert public_pem("sm2", key.public.encoded) == public
        (tmp_path / "public").write_text(public)

        named = ("-rawin", "-digest", "sm3", "-in", "message", "-pkeyopt", "distid:1234567812345678")
        assert key.public.verify(b"message", openssl("pkeyutl", "-sign", "-inkey", "secret", *named))
        (tmp_path / "signature").write_bytes(key.sign(b"message"))
        openssl("pkeyutl", "-verify", "-pubin", "-inkey", "public", "-sigfile", "signature", *named)

        opener = DecryptingKey.load("sm2", key.secret())
        assert (
            opener.decrypt(openssl("pkeyutl", "-encrypt", "-pubin", "-inkey", "public", "-in", "message")) == b"message"
        )
        (tmp_path / "ciphertext").write_bytes(opener.public.encrypt(b"message"))
        assert openssl("pkeyutl", "-decrypt", "-inkey", "secret", "-in", "ciphertext") == b"message"


def test_openssl_reads_our_sm4(openssl, tmp_path):
    key, iv = bytes(range(16)), bytes(range(16, 32))
    (tmp_path / "sealed").write_bytes(unauthenticated_cbc_encrypt("sm4", key, iv, b"message"))
    given = ("-d", "-K", key.hex(), "-iv", iv.hex(), "-in", "sealed")
    assert openssl("enc", "-sm4-cbc", *given) == b"message"
    (tmp_path / "sealed").write_bytes(unauthenticated_ctr("sm4", key, iv, b"message"))
    assert openssl("enc", "-sm4-ctr", *given) == b"message"
