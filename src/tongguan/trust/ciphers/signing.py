"""Signatures: Ed25519 (RFC 8032), SM2 with SM3 (GB/T 32918.2), RSA-PSS with SHA-256 (RFC 8017 §8.1)."""

from __future__ import annotations

from typing import Any, Literal, Protocol

from tongguan.errors import BadInput
from tongguan.trust.ciphers import rsa, sm2
from tongguan.trust.ciphers.hashing import digest
from tongguan.trust.ciphers.tampered import Buffer, octets

__all__ = ["SIGNATURES", "SignatureName", "SigningKey", "VerifyingKey"]

SignatureName = Literal["ed25519", "sm2", "rsa-pss-3072"]
SIGNATURES: tuple[SignatureName, ...] = ("ed25519", "sm2", "rsa-pss-3072")


class VerifyingKey:
    """A public key that signatures are checked with. Equal keys compare equal and may stand in sets."""

    def __init__(self, algorithm: SignatureName, scheme: _Public) -> None:
        self.algorithm = algorithm
        self.encoded = scheme.encoded  # bytes: as `load` takes them
        self._scheme = scheme

    @classmethod
    def load(cls, algorithm: SignatureName, public: bytes) -> VerifyingKey:
        """From ed25519: 32 bytes; sm2: 04 ‖ x ‖ y (65 bytes); rsa-pss-3072: SubjectPublicKeyInfo in DER.

        Raises BadInput: another length, a point off the curve, an RSA key below 3072 bits.
        """
        return cls(algorithm, _scheme(algorithm).public(octets("the public key", public)))

    def verify(self, message: Buffer, signature: bytes) -> bool:
        """Whether this key signed the message. False for anything malformed; never raises for what a stranger sent."""
        return self._scheme.verify(octets("the message", message), octets("the signature", signature))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VerifyingKey) and (self.algorithm, self.encoded) == (other.algorithm, other.encoded)

    def __hash__(self) -> int:
        return hash((self.algorithm, self.encoded))

    def __repr__(self) -> str:
        return f"VerifyingKey({self.algorithm}, {digest('sha256', self.encoded).hex()[:16]})"


class SigningKey:
    """A secret key that signs. Printing it shows no part of the secret, and it is not pickled."""

    def __init__(self, algorithm: SignatureName, scheme: _Secret) -> None:
        self.algorithm = algorithm
        self._scheme = scheme
        self.public = VerifyingKey(algorithm, scheme.public)

    @classmethod
    def generate(cls, algorithm: SignatureName) -> SigningKey:
        """A new key. RSA takes up to a second or two. Raises BadInput."""
        return cls(algorithm, _scheme(algorithm).generate())

    @classmethod
    def load(cls, algorithm: SignatureName, secret: bytes) -> SigningKey:
        """From what `secret()` gave; for sm2 also the 32 bytes alone. Raises BadInput, which never shows the secret."""
        return cls(algorithm, _scheme(algorithm).load(octets("the secret key", secret)))

    def secret(self) -> bytes:
        """ed25519: the seed of 32 bytes; sm2: d ‖ x ‖ y of 96 bytes; rsa-pss-3072: PKCS#8 in DER. Store it sealed."""
        return self._scheme.secret()

    def sign(self, message: Buffer) -> bytes:
        """The signature: ed25519 64 bytes; sm2 DER of at most 72; rsa-pss-3072 as long as the modulus."""
        return self._scheme.sign(octets("the message", message))

    def __repr__(self) -> str:
        return f"SigningKey({self.public!r})"

    def __reduce__(self) -> str:
        raise TypeError("a signing key is not pickled: store secret() sealed")


_P25519 = 2**255 - 19
_Y8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022  # y of two points of order 8
_SMALL_ORDER = frozenset((0, 1, _P25519 - 1, _Y8, _P25519 - _Y8))  # of the points whose order divides 8 (RFC 8032 §5.1)


class _Public(Protocol):
    encoded: bytes

    def verify(self, message: bytes, signature: bytes) -> bool: ...


class _Secret(Protocol):
    @property
    def public(self) -> _Public: ...

    def secret(self) -> bytes: ...

    def sign(self, message: bytes) -> bytes: ...


class _Ed25519Public:
    def __init__(self, encoded: bytes) -> None:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        if len(encoded) != 32:
            raise BadInput(f"an Ed25519 public key must have 32 bytes, not {len(encoded)}")
        if int.from_bytes(encoded, "little") % (1 << 255) % _P25519 in _SMALL_ORDER:
            raise BadInput("this Ed25519 public key is a point of small order: signatures under it prove nothing")
        try:
            self._key = Ed25519PublicKey.from_public_bytes(encoded)
        except ValueError:
            raise BadInput("this is no Ed25519 public key") from None
        self._refused = InvalidSignature
        self.encoded = encoded

    def verify(self, message: bytes, signature: bytes) -> bool:
        try:
            self._key.verify(signature, message)
        except self._refused:
            return False
        return True


class _Ed25519Secret:
    def __init__(self, seed: bytes) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        if len(seed) != 32:
            raise BadInput(f"an Ed25519 secret must have 32 bytes, not {len(seed)}")
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = _Ed25519Public(self._key.public_key().public_bytes_raw())

    def secret(self) -> bytes:
        return self._key.private_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


class _Ed25519:
    public = _Ed25519Public
    load = _Ed25519Secret

    @staticmethod
    def generate() -> _Ed25519Secret:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return _Ed25519Secret(Ed25519PrivateKey.generate().private_bytes_raw())


class _Sm2Public:
    def __init__(self, encoded: bytes) -> None:
        self.encoded = sm2.checked_public(encoded)
        self.identity = sm2.identity_hash(self.encoded)

    def verify(self, message: bytes, signature: bytes) -> bool:
        return sm2.verify(self.encoded, digest("sm3", self.identity + message), signature)


class _Sm2Secret:
    def __init__(self, secret: bytes) -> None:
        self._secret, public = sm2.checked_pair(secret)
        self.public = _Sm2Public(public)

    def secret(self) -> bytes:
        return self._secret + self.public.encoded[1:]

    def sign(self, message: bytes) -> bytes:
        return sm2.sign(self._secret, digest("sm3", self.public.identity + message))


class _Sm2:
    public = _Sm2Public
    load = _Sm2Secret

    @staticmethod
    def generate() -> _Sm2Secret:
        return _Sm2Secret(sm2.generate())


class _RsaPublic:
    def __init__(self, encoded: bytes) -> None:
        self._key = rsa.public_key(encoded)
        self.encoded = rsa.encoded(self._key)

    def verify(self, message: bytes, signature: bytes) -> bool:
        return rsa.verify(self._key, message, signature)


class _RsaSecret:
    def __init__(self, secret: bytes) -> None:
        self._key = rsa.secret_key(secret)
        self.public = _RsaPublic(rsa.encoded(self._key.public_key()))

    def secret(self) -> bytes:
        return rsa.secret_bytes(self._key)

    def sign(self, message: bytes) -> bytes:
        return rsa.sign(self._key, message)


class _Rsa:
    public = _RsaPublic
    load = _RsaSecret

    @staticmethod
    def generate() -> _RsaSecret:
        return _RsaSecret(rsa.generate())


_SCHEMES: dict[str, Any] = {"ed25519": _Ed25519, "sm2": _Sm2, "rsa-pss-3072": _Rsa}


def _scheme(algorithm: object) -> Any:
    try:
        return _SCHEMES[algorithm]  # type: ignore[index]
    except (KeyError, TypeError):
        raise BadInput(
            f"{str(algorithm)[:40]!r} is no signature known here; expected one of {', '.join(SIGNATURES)}"
        ) from None
