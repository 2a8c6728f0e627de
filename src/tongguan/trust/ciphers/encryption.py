"""Public-key encryption of short secrets, keys above all: SM2 (GB/T 32918.4) and RSA-OAEP with SHA-256 (RFC 8017 §7.1).

For more than a key: make one with `generate_key`, seal the data with it, and encrypt the key.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol

from tongguan.errors import BadInput
from tongguan.trust.ciphers import rsa, sm2
from tongguan.trust.ciphers.hashing import digest
from tongguan.trust.ciphers.tampered import Buffer, Tampered, octets

__all__ = ["ENCRYPTIONS", "DecryptingKey", "EncryptingKey", "EncryptionName"]

EncryptionName = Literal["sm2", "rsa-oaep-3072"]
ENCRYPTIONS: tuple[EncryptionName, ...] = ("sm2", "rsa-oaep-3072")


class EncryptingKey:
    """A public key that secrets are encrypted to. Equal keys compare equal and may stand in sets."""

    def __init__(self, algorithm: EncryptionName, scheme: _Public) -> None:
        self.algorithm = algorithm
        self.encoded = scheme.encoded  # bytes: as `load` takes them
        self.message_max = scheme.message_max  # bytes that `encrypt` takes at most
        self._scheme = scheme

    @classmethod
    def load(cls, algorithm: EncryptionName, public: bytes) -> EncryptingKey:
        """From sm2: 04 ‖ x ‖ y (65 bytes); rsa-oaep-3072: SubjectPublicKeyInfo in DER. Raises BadInput."""
        return cls(algorithm, _scheme(algorithm).public(octets("the public key", public)))

    def encrypt(self, message: Buffer) -> bytes:
        """The ciphertext of 1 to `message_max` bytes: sm2 C1C3C2 as DER (GM/T 0009). Raises BadInput."""
        message = octets("the message", message)
        if not 1 <= len(message) <= self.message_max:
            raise BadInput(
                f"{self.algorithm} encrypts 1 to {self.message_max} bytes, not {len(message)}: "
                "seal larger data with a key of its own and encrypt that key"
            )
        return self._scheme.encrypt(message)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EncryptingKey) and (self.algorithm, self.encoded) == (other.algorithm, other.encoded)

    def __hash__(self) -> int:
        return hash((self.algorithm, self.encoded))

    def __repr__(self) -> str:
        return f"EncryptingKey({self.algorithm}, {digest('sha256', self.encoded).hex()[:16]})"


class DecryptingKey:
    """A secret key that decrypts. Printing it shows no part of the secret."""

    def __init__(self, algorithm: EncryptionName, scheme: _Secret) -> None:
        self.algorithm = algorithm
        self.public = EncryptingKey(algorithm, scheme.public)
        self._scheme = scheme

    @classmethod
    def generate(cls, algorithm: EncryptionName) -> DecryptingKey:
        """A new key. RSA takes up to a second or two. Raises BadInput."""
        return cls(algorithm, _scheme(algorithm).generate())

    @classmethod
    def load(cls, algorithm: EncryptionName, secret: bytes) -> DecryptingKey:
        """From what `secret()` gave; for sm2 also the 32 bytes alone. Raises BadInput, which never shows the secret."""
        return cls(algorithm, _scheme(algorithm).load(octets("the secret key", secret)))

    def secret(self) -> bytes:
        """sm2: d ‖ x ‖ y of 96 bytes; rsa-oaep-3072: PKCS#8 in DER. Store it sealed."""
        return self._scheme.secret()

    def decrypt(self, ciphertext: bytes) -> bytes:
        """The message. Raises Tampered, without saying why it does not open."""
        message = self._scheme.decrypt(octets("the ciphertext", ciphertext))
        if message is None:
            raise Tampered("this ciphertext")
        return message

    def __repr__(self) -> str:
        return f"DecryptingKey({self.public!r})"

    def __reduce__(self) -> str:
        raise TypeError("a decrypting key is not pickled: store secret() sealed")


class _Public(Protocol):
    encoded: bytes
    message_max: int

    def encrypt(self, message: bytes) -> bytes: ...


class _Secret(Protocol):
    @property
    def public(self) -> _Public: ...

    def secret(self) -> bytes: ...

    def decrypt(self, ciphertext: bytes) -> bytes | None: ...


class _Sm2Public:
    message_max = sm2.MESSAGE_MAX

    def __init__(self, encoded: bytes) -> None:
        self.encoded = sm2.checked_public(encoded)

    def encrypt(self, message: bytes) -> bytes:
        return sm2.encrypt(self.encoded, message)


class _Sm2Secret:
    def __init__(self, secret: bytes) -> None:
        self._secret, public = sm2.checked_pair(secret)
        self.public = _Sm2Public(public)

    def secret(self) -> bytes:
        return self._secret + self.public.encoded[1:]

    def decrypt(self, ciphertext: bytes) -> bytes | None:
        return sm2.decrypt(self._secret, ciphertext)


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
        self.message_max = rsa.message_max(self._key)

    def encrypt(self, message: bytes) -> bytes:
        return rsa.encrypt(self._key, message)


class _RsaSecret:
    def __init__(self, secret: bytes) -> None:
        self._key = rsa.secret_key(secret)
        self.public = _RsaPublic(rsa.encoded(self._key.public_key()))

    def secret(self) -> bytes:
        return rsa.secret_bytes(self._key)

    def decrypt(self, ciphertext: bytes) -> bytes | None:
        return rsa.decrypt(self._key, ciphertext)


class _Rsa:
    public = _RsaPublic
    load = _RsaSecret

    @staticmethod
    def generate() -> _RsaSecret:
        return _RsaSecret(rsa.generate())


_SCHEMES: dict[str, Any] = {"sm2": _Sm2, "rsa-oaep-3072": _Rsa}


def _scheme(algorithm: object) -> Any:
    try:
        return _SCHEMES[algorithm]  # type: ignore[index]
    except (KeyError, TypeError):
        raise BadInput(
            f"{str(algorithm)[:40]!r} is no public-key encryption known here; expected one of {', '.join(ENCRYPTIONS)}"
        ) from None
