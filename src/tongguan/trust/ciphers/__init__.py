"""Ciphers: one small face over `cryptography` and gmssl-pyx, hard to use wrongly.

Nonces and salts are made inside, the context that data belong to is always asked for, keys of another length are
refused, and data that do not open raise Tampered. Explicit nonces and modes without authentication stand apart, in
`tongguan.trust.ciphers.interoperation`, for other people's formats only.
"""

from tongguan.trust.ciphers.aead import AEADS, AeadName
from tongguan.trust.ciphers.encryption import ENCRYPTIONS, DecryptingKey, EncryptingKey, EncryptionName
from tongguan.trust.ciphers.hashing import DIGEST_SIZE, HASHES, Hasher, HashName, derive, digest, mac, new_hash
from tongguan.trust.ciphers.sealing import OVERHEAD, generate_key, seal, sealed_with, unseal
from tongguan.trust.ciphers.signing import SIGNATURES, SignatureName, SigningKey, VerifyingKey
from tongguan.trust.ciphers.streams import seal_stream, sealed_size, unseal_chunks, unseal_range, unseal_stream
from tongguan.trust.ciphers.suites import SUITES, Suite, SuiteName, suite_named
from tongguan.trust.ciphers.tampered import Tampered

__all__ = [
    "AEADS",
    "DIGEST_SIZE",
    "ENCRYPTIONS",
    "HASHES",
    "OVERHEAD",
    "SIGNATURES",
    "SUITES",
    "AeadName",
    "DecryptingKey",
    "EncryptingKey",
    "EncryptionName",
    "HashName",
    "Hasher",
    "SignatureName",
    "SigningKey",
    "Suite",
    "SuiteName",
    "Tampered",
    "VerifyingKey",
    "derive",
    "digest",
    "generate_key",
    "mac",
    "new_hash",
    "seal",
    "seal_stream",
    "sealed_size",
    "sealed_with",
    "suite_named",
    "unseal",
    "unseal_chunks",
    "unseal_range",
    "unseal_stream",
]
