"""The authenticated ciphers with explicit nonces: what `seal` and `seal_stream` stand on. Private to this folder.

Nobody else calls these: a nonce used twice under one key gives away plaintext and the authentication key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from tongguan.errors import BadInput
from tongguan.trust.ciphers.hashing import HashName
from tongguan.trust.ciphers.tampered import Buffer, Tampered

__all__ = ["AEADS", "NONCE_SIZE", "TAG_SIZE", "Aead", "AeadName", "Cipher", "aead", "numbered"]

AeadName = Literal["aes-256-gcm", "sm4-gcm", "chacha20-poly1305"]
NONCE_SIZE = 12
TAG_SIZE = 16


class Cipher(Protocol):
    """An AEAD (RFC 5116) under one key. Outputs go into the caller's buffer, which must be of the exact size."""

    def seal_into(self, nonce: bytes, plaintext: Buffer, associated: bytes, out: memoryview) -> None:
        """Ciphertext and tag: len(plaintext) + TAG_SIZE bytes."""

    def open_into(self, nonce: bytes, sealed: memoryview, associated: bytes, out: memoryview) -> None:
        """Plaintext: len(sealed) - TAG_SIZE bytes. Raises Tampered; what then stands in `out` must not be used."""


@dataclass(frozen=True, slots=True)
class Aead:
    """One authenticated cipher: the number that stands for it in sealed data, and the hash that derives its keys."""

    name: AeadName
    number: int
    key_size: int  # bytes
    hash: HashName
    threads: int  # of use to one stream: one where processors have instructions for it, and memory is what limits
    keyed: Callable[[bytes], Cipher]


def aead(name: str) -> Aead:
    """The cipher of this name. Raises BadInput."""
    try:
        return _BY_NAME[name]
    except (KeyError, TypeError):
        raise BadInput(f"{str(name)[:40]!r} is no cipher known here; expected one of {', '.join(AEADS)}") from None


def numbered(number: int) -> Aead | None:
    """The cipher that a number in sealed data stands for."""
    return _BY_NUMBER.get(number)


class _OneShot:
    """AES-GCM (NIST SP 800-38D) and ChaCha20-Poly1305 (RFC 8439)."""

    def __init__(self, kind: Literal["AESGCM", "ChaCha20Poly1305"], key: bytes) -> None:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers import aead as implementations

        self._cipher = getattr(implementations, kind)(key)
        self._refused = InvalidTag

    def seal_into(self, nonce: bytes, plaintext: Buffer, associated: bytes, out: memoryview) -> None:
        self._cipher.encrypt_into(nonce, plaintext, associated, out)

    def open_into(self, nonce: bytes, sealed: memoryview, associated: bytes, out: memoryview) -> None:
        try:
            self._cipher.decrypt_into(nonce, sealed, associated, out)
        except self._refused:
            raise Tampered from None


class _Sm4Gcm:
    """SM4-GCM (RFC 8998, GB/T 36624), which OpenSSL offers only as a cipher mode."""

    def __init__(self, key: bytes) -> None:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers import Cipher as Mode
        from cryptography.hazmat.primitives.ciphers import algorithms, modes

        self._key = algorithms.SM4(key)
        self._mode, self._gcm, self._refused = Mode, modes.GCM, InvalidTag

    def seal_into(self, nonce: bytes, plaintext: Buffer, associated: bytes, out: memoryview) -> None:
        context = self._mode(self._key, self._gcm(nonce)).encryptor()
        context.authenticate_additional_data(associated)
        size = context.update_into(plaintext, out)
        context.finalize()
        out[size : size + TAG_SIZE] = context.tag

    def open_into(self, nonce: bytes, sealed: memoryview, associated: bytes, out: memoryview) -> None:
        context = self._mode(self._key, self._gcm(nonce)).decryptor()
        context.authenticate_additional_data(associated)
        context.update_into(sealed[:-TAG_SIZE], out)
        try:
            context.finalize_with_tag(bytes(sealed[-TAG_SIZE:]))
        except self._refused:
            raise Tampered from None


def _aes(key: bytes) -> Cipher:
    return _OneShot("AESGCM", key)


def _chacha(key: bytes) -> Cipher:
    return _OneShot("ChaCha20Poly1305", key)


_ALL = (
    Aead("aes-256-gcm", 1, 32, "sha256", 1, _aes),
    Aead("sm4-gcm", 2, 16, "sm3", 8, _Sm4Gcm),
    Aead("chacha20-poly1305", 3, 32, "sha256", 1, _chacha),
)
_BY_NAME: dict[str, Aead] = {one.name: one for one in _ALL}
_BY_NUMBER = {one.number: one for one in _ALL}
AEADS: tuple[AeadName, ...] = tuple(one.name for one in _ALL)
