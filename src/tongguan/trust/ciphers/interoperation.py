"""Other people's formats: ciphers with explicit IVs, without authentication, and bare SM2 ciphertexts.

For reading and writing what a partner's system prescribes, and for nothing else: here the caller answers for IVs that
never repeat, and with CBC and CTR nobody notices an altered message. Our own data go through `seal`.
"""

from __future__ import annotations

from typing import Any, Literal

from tongguan.errors import BadInput
from tongguan.trust.ciphers import sm2
from tongguan.trust.ciphers.tampered import Tampered, octets, sized_key

__all__ = [
    "encode_sm2_ciphertext",
    "unauthenticated_cbc_decrypt",
    "unauthenticated_cbc_encrypt",
    "unauthenticated_ctr",
    "with_given_iv_gcm_decrypt",
    "with_given_iv_gcm_encrypt",
]

BlockName = Literal["sm4", "aes"]
BLOCK = 16
TAG = 16


def unauthenticated_cbc_encrypt(cipher: BlockName, key: bytes, iv: bytes, plaintext: bytes) -> bytes:
    """CBC with PKCS#7 padding (GB/T 17964). The IV must be random and used once. Raises BadInput."""
    from cryptography.hazmat.primitives.padding import PKCS7

    padder = PKCS7(8 * BLOCK).padder()
    padded = padder.update(octets("the plaintext", plaintext)) + padder.finalize()
    return _run(_cbc(cipher, key, iv).encryptor(), padded)


def unauthenticated_cbc_decrypt(cipher: BlockName, key: bytes, iv: bytes, ciphertext: bytes) -> bytes:
    """The plaintext. Raises Tampered where the padding is wrong: never tell a stranger which, or he reads it all."""
    from cryptography.hazmat.primitives.padding import PKCS7

    ciphertext = octets("the ciphertext", ciphertext)
    context = _cbc(cipher, key, iv).decryptor()
    if not ciphertext or len(ciphertext) % BLOCK:
        raise Tampered("this ciphertext")
    unpadder = PKCS7(8 * BLOCK).unpadder()
    try:
        return unpadder.update(_run(context, ciphertext)) + unpadder.finalize()
    except ValueError:
        raise Tampered("this ciphertext") from None


def unauthenticated_ctr(cipher: BlockName, key: bytes, counter: bytes, data: bytes) -> bytes:
    """CTR, both ways, from a first counter block of 16 bytes that never repeats under the key. Raises BadInput."""
    from cryptography.hazmat.primitives.ciphers import Cipher, modes

    algorithm = _block(cipher, key)
    mode = modes.CTR(_sized("the counter", counter, BLOCK))
    return _run(Cipher(algorithm, mode).encryptor(), octets("the data", data))


def with_given_iv_gcm_encrypt(cipher: BlockName, key: bytes, *, iv: bytes, aad: bytes, plaintext: bytes) -> bytes:
    """Ciphertext and tag of 16 bytes. An IV of 12 bytes, or 8 to 128; used twice under one key it gives all away.

    By keyword only: libraries differ in the order of IV, associated data and text. Raises BadInput.
    """
    from cryptography.hazmat.primitives.ciphers import Cipher, modes

    algorithm = _block(cipher, key)
    context = Cipher(algorithm, modes.GCM(_gcm_iv(iv))).encryptor()
    context.authenticate_additional_data(octets("the associated data", aad))
    return _run(context, octets("the plaintext", plaintext)) + context.tag


def with_given_iv_gcm_decrypt(cipher: BlockName, key: bytes, *, iv: bytes, aad: bytes, ciphertext: bytes) -> bytes:
    """The plaintext of ciphertext ‖ tag. Raises Tampered, BadInput."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers import Cipher, modes

    algorithm, ciphertext = _block(cipher, key), octets("the ciphertext", ciphertext)
    iv = _gcm_iv(iv)
    if len(ciphertext) < TAG:
        raise Tampered("this ciphertext")
    context = Cipher(algorithm, modes.GCM(iv, ciphertext[-TAG:])).decryptor()
    context.authenticate_additional_data(octets("the associated data", aad))
    try:
        return _run(context, ciphertext[:-TAG])
    except InvalidTag:
        raise Tampered("this ciphertext") from None


def encode_sm2_ciphertext(parts: bytes, order: Literal["C1C3C2", "C1C2C3"]) -> bytes:
    """DER, as DecryptingKey takes it, of a ciphertext in bare parts: C1 as 04 ‖ x ‖ y, C3 of 32 bytes, C2.

    C1C2C3 is the order of the standard's draft of 2010, which older systems still write. Raises BadInput.
    """
    parts = octets("the ciphertext", parts)
    if order not in ("C1C3C2", "C1C2C3"):
        raise BadInput(f"{str(order)[:20]!r} is no order of the parts: expected C1C3C2 or C1C2C3")
    if len(parts) < 65 + 32 + 1:
        raise BadInput(f"an SM2 ciphertext has at least 98 bytes, not {len(parts)}")
    point, rest = sm2.checked_public(parts[:65]), parts[65:]
    check, body = (rest[:32], rest[32:]) if order == "C1C3C2" else (rest[-32:], rest[:-32])
    return sm2.encode_ciphertext(point, check, body)


def _cbc(cipher: str, key: bytes, iv: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers import Cipher, modes

    algorithm = _block(cipher, key)
    return Cipher(algorithm, modes.CBC(_sized("the IV", iv, BLOCK)))


def _block(cipher: str, key: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers import algorithms

    if cipher == "sm4":
        return algorithms.SM4(sized_key("sm4", key, 16))
    if cipher != "aes":
        raise BadInput(f"{str(cipher)[:40]!r} is no block cipher known here; expected sm4 or aes")
    key = octets("the key for aes", key)
    if len(key) not in (16, 24, 32):
        raise BadInput(f"the key for aes must have 16, 24 or 32 bytes, not {len(key)}")
    return algorithms.AES(key)


def _gcm_iv(iv: bytes) -> bytes:
    iv = octets("the IV", iv)
    if not 8 <= len(iv) <= 128:
        raise BadInput(f"the IV must have 12 bytes, or 8 to 128, not {len(iv)}")
    return iv


def _sized(what: str, value: bytes, size: int) -> bytes:
    value = octets(what, value)
    if len(value) != size:
        raise BadInput(f"{what} must have {size} bytes, not {len(value)}")
    return value


def _run(context: Any, data: bytes) -> bytes:
    done: bytes = context.update(data) + context.finalize()
    return done
