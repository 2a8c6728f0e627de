"""RSA (RFC 8017) by `cryptography`: PSS and OAEP, both with SHA-256 in both places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tongguan.errors import BadInput

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.padding import OAEP, PSS
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

__all__ = [
    "decrypt",
    "encoded",
    "encrypt",
    "generate",
    "message_max",
    "public_key",
    "secret_bytes",
    "secret_key",
    "sign",
    "verify",
]

BITS = 3072  # of new keys, and the least of others' (128 bits of strength, NIST SP 800-57 part 1)
BITS_MAX = 8192  # of others': larger ones cost seconds


def generate() -> bytes:
    """A new secret as PKCS#8 in DER."""
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    return secret_bytes(generate_private_key(public_exponent=65537, key_size=BITS))


def public_key(der: bytes) -> RSAPublicKey:
    """From SubjectPublicKeyInfo. Raises BadInput."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        key = load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm):
        raise BadInput("this is no RSA public key in DER (SubjectPublicKeyInfo)") from None
    if not isinstance(key, RSAPublicKey):
        raise BadInput("this public key is not one of RSA")
    _check_size(key.key_size)
    return key


def secret_key(der: bytes) -> RSAPrivateKey:
    """From PKCS#8 without a passphrase. Raises BadInput."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    try:
        key = load_der_private_key(der, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadInput("this is no RSA secret key in DER (PKCS#8 without a passphrase)") from None
    if not isinstance(key, RSAPrivateKey):
        raise BadInput("this secret key is not one of RSA")
    _check_size(key.key_size)
    return key


def encoded(key: RSAPublicKey) -> bytes:
    """SubjectPublicKeyInfo in DER."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def secret_bytes(key: RSAPrivateKey) -> bytes:
    """PKCS#8 in DER, without a passphrase."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def sign(key: RSAPrivateKey, message: bytes) -> bytes:
    """RSASSA-PSS with a salt as long as the hash."""
    from cryptography.hazmat.primitives.hashes import SHA256

    return key.sign(message, _pss(), SHA256())


def verify(key: RSAPublicKey, message: bytes, signature: bytes) -> bool:
    """Whether it is a signature of the message."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        key.verify(signature, message, _pss(), SHA256())
    except InvalidSignature:
        return False
    return True


def message_max(key: RSAPublicKey) -> int:
    """Bytes that OAEP takes with SHA-256 under this key."""
    return key.key_size // 8 - 2 * 32 - 2


def encrypt(key: RSAPublicKey, message: bytes) -> bytes:
    """RSAES-OAEP with an empty label."""
    return key.encrypt(message, _oaep())


def decrypt(key: RSAPrivateKey, ciphertext: bytes) -> bytes | None:
    """The message; None where the ciphertext does not open."""
    try:
        return key.decrypt(ciphertext, _oaep())
    except ValueError:
        return None


def _check_size(bits: int) -> None:
    if not BITS <= bits <= BITS_MAX:
        raise BadInput(f"an RSA key of {BITS} to {BITS_MAX} bits is expected, not of {bits}")


def _pss() -> PSS:
    from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
    from cryptography.hazmat.primitives.hashes import SHA256

    return PSS(MGF1(SHA256()), PSS.DIGEST_LENGTH)


def _oaep() -> OAEP:
    from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
    from cryptography.hazmat.primitives.hashes import SHA256

    return OAEP(MGF1(SHA256()), SHA256(), None)
