"""Hashes, HMAC and HKDF over SHA-256 (FIPS 180-4) and SM3 (GB/T 32905)."""

from __future__ import annotations

import hashlib
import hmac
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, Protocol

from tongguan.errors import BadInput
from tongguan.trust.ciphers.tampered import Buffer, octets

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.hashes import Hash

__all__ = ["DIGEST_SIZE", "HASHES", "HashName", "Hasher", "derive", "digest", "gmssl", "mac", "new_hash"]

HashName = Literal["sha256", "sm3"]
HASHES: tuple[HashName, ...] = ("sha256", "sm3")
DIGEST_SIZE = 32  # bytes, of both


class Hasher(Protocol):
    """A hash in the making."""

    def update(self, data: Buffer, /) -> None:
        """Take in more data."""

    def digest(self) -> bytes:
        """The 32 bytes over all that was taken in so far; more may follow."""

    def copy(self) -> Hasher:
        """One that goes on from here on its own."""


class _Sm3:
    def __init__(self, state: Hash | None = None) -> None:
        if state is None:
            from cryptography.hazmat.primitives import hashes

            state = hashes.Hash(hashes.SM3())
        self._state = state

    def update(self, data: Buffer, /) -> None:
        self._state.update(data)

    def digest(self) -> bytes:
        return self._state.copy().finalize()

    def copy(self) -> _Sm3:
        return _Sm3(self._state.copy())


def new_hash(name: HashName) -> Hasher:
    """A hash to be fed in pieces. Raises BadInput for a name that is none of HASHES."""
    if name == "sha256":
        return hashlib.sha256()
    if name == "sm3":
        return _Sm3()
    raise _unknown(name)


def digest(name: HashName, data: Buffer) -> bytes:
    """The 32 bytes of the hash over the data. Raises BadInput."""
    if name == "sha256":
        return hashlib.sha256(octets("data", data)).digest()
    if name == "sm3":
        found: bytes = gmssl().sm3_hash(octets("data", data))
        return found
    raise _unknown(name)


def mac(name: HashName, key: bytes, data: Buffer) -> bytes:
    """HMAC (RFC 2104, GB/T 15852.2) of 32 bytes. Raises BadInput, also for an empty key. Compare in constant time."""
    key = octets("the key", key)
    if not key:
        raise BadInput("the key of a MAC must not be empty")
    return _hmac(name, key, octets("data", data))


def derive(name: HashName, key: bytes, *, info: bytes, salt: bytes = b"", length: int = 32) -> bytes:
    """A key of `length` bytes from a key, by HKDF (RFC 5869). Not for passwords: they need argon2id.

    info: says what the new key is for; other words give an independent key. length: 1 to 8160. Raises BadInput.
    """
    if name not in HASHES:
        raise _unknown(name)
    key, info, salt = octets("the key", key), octets("info", info), octets("salt", salt)
    if not key:
        raise BadInput("the key to derive from must not be empty")
    if not 1 <= length <= 255 * DIGEST_SIZE:
        raise BadInput(f"length must be between 1 and {255 * DIGEST_SIZE} bytes, not {length}")
    extracted = _hmac(name, salt or bytes(DIGEST_SIZE), key)
    block, found = b"", b""
    for counter in range(1, -(-length // DIGEST_SIZE) + 1):
        block = _hmac(name, extracted, block + info + bytes([counter]))
        found += block
    return found[:length]


def _hmac(name: HashName, key: bytes, data: bytes) -> bytes:
    if name == "sha256":
        return hmac.digest(key, data, "sha256")
    if name == "sm3":
        found: bytes = gmssl().sm3_hmac(key, data)
        return found
    raise _unknown(name)


@cache
def gmssl() -> Any:
    """gmssl-pyx, imported when first needed."""
    import gmssl_pyx

    return gmssl_pyx


def _unknown(name: object) -> BadInput:
    return BadInput(f"{str(name)[:40]!r} is no hash known here; expected one of {', '.join(HASHES)}")
