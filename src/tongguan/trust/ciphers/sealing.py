"""Sealing of data that fits in memory: encrypted, authenticated, bound to a context, and self-describing.

    version 1 (1 byte) · cipher (1 byte) · salt (32 bytes) · ciphertext · tag (16 bytes)

Each message has a key of its own: HKDF over the key, a random salt and the first two bytes (as in XAES-256-GCM and the
AWS Encryption SDK). So a key may seal any number of messages; with random 96-bit nonces under the key itself it would
have to be changed after 2³² (NIST SP 800-38D §8.3). The message key is used once, and the nonce is therefore constant.
Callers can pass neither. The associated data are the two leading bytes and the context; their lengths are fixed by the
format, so no other split of them gives the same bytes.
"""

from __future__ import annotations

import secrets

from tongguan.errors import BadInput
from tongguan.trust.ciphers.aead import NONCE_SIZE, TAG_SIZE, Aead, AeadName, Cipher, aead, numbered
from tongguan.trust.ciphers.hashing import derive
from tongguan.trust.ciphers.tampered import Buffer, Tampered, octets, sized_key

__all__ = ["OVERHEAD", "PLAINTEXT_MAX", "generate_key", "seal", "sealed_with", "unseal"]

VERSION = 1
SALT_SIZE = 32
OVERHEAD = 2 + SALT_SIZE + TAG_SIZE  # bytes that sealing adds
PLAINTEXT_MAX = 1 << 30  # bytes; larger data go through `seal_stream`, in constant memory
_NONCE = bytes(NONCE_SIZE)


def generate_key(algorithm: AeadName) -> bytes:
    """A random key of the length that this cipher takes. Raises BadInput."""
    return secrets.token_bytes(aead(algorithm).key_size)


def seal(algorithm: AeadName, key: bytes, plaintext: Buffer, context: bytes) -> bytes:
    """The plaintext, sealed: OVERHEAD bytes longer.

    context: says what is sealed and where it belongs (b"evidence/17", a row's key …); it is not kept in the result, and
    `unseal` must be given the same. Never empty.
    Raises BadInput: an unknown cipher, a key of another length, an empty context, more than PLAINTEXT_MAX bytes.
    """
    chosen = aead(algorithm)
    key, context = sized_key(chosen.name, key, chosen.key_size), required(context)
    plaintext = octets("the plaintext", plaintext)
    if len(plaintext) > PLAINTEXT_MAX:
        raise BadInput(f"{len(plaintext)} bytes are too many to seal at once: use seal_stream beyond {PLAINTEXT_MAX}")
    head, salt = bytes((VERSION, chosen.number)), secrets.token_bytes(SALT_SIZE)
    sealed = bytearray(len(plaintext) + OVERHEAD)
    sealed[: len(head) + SALT_SIZE] = head + salt
    with memoryview(sealed) as view:
        body = view[len(head) + SALT_SIZE :]
        _message_cipher(chosen, key, head, salt).seal_into(_NONCE, plaintext, head + context, body)
        body.release()
    return bytes(sealed)


def unseal(key: bytes, sealed: Buffer, context: bytes) -> bytes:
    """The plaintext. Raises Tampered, also for a key of another length; BadInput for what is no bytes or no context."""
    sealed, context, key = octets("sealed data", sealed), required(context), octets("the key", key)
    chosen = _described(sealed)
    if len(key) != chosen.key_size:
        raise Tampered
    head, salt, body = sealed[:2], sealed[2 : 2 + SALT_SIZE], memoryview(sealed)[2 + SALT_SIZE :]
    plaintext = bytearray(len(body) - TAG_SIZE)
    with memoryview(plaintext) as out:
        _message_cipher(chosen, key, head, salt).open_into(_NONCE, body, head + context, out)
    return bytes(plaintext)


def sealed_with(sealed: Buffer) -> AeadName:
    """The cipher that the sealed data name; proven only by `unseal`. Raises Tampered."""
    return _described(octets("sealed data", sealed)).name


def required(context: object) -> bytes:
    """The context, which must say something. Raises BadInput."""
    found = octets("the context", context)
    if not found:
        raise BadInput("the context must not be empty: name what is sealed and where it belongs")
    return found


def _described(sealed: bytes) -> Aead:
    chosen = numbered(sealed[1]) if len(sealed) >= OVERHEAD and sealed[0] == VERSION else None
    if chosen is None:
        raise Tampered
    return chosen


def _message_cipher(chosen: Aead, key: bytes, head: bytes, salt: bytes) -> Cipher:
    info = b"tongguan message " + head
    return chosen.keyed(derive(chosen.hash, key, info=info, salt=salt, length=chosen.key_size))
