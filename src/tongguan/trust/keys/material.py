"""What a key is made of: secrets by purpose and algorithm, and what may be done with them once they are open."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from tongguan.errors import BadInput
from tongguan.trust.ciphers import (
    AEADS,
    ENCRYPTIONS,
    HASHES,
    SIGNATURES,
    DecryptingKey,
    EncryptingKey,
    SigningKey,
    Suite,
    VerifyingKey,
    generate_key,
)
from tongguan.trust.keys.states import Purpose

__all__ = ["ALGORITHMS", "chosen", "load_public", "load_secret", "make"]

ALGORITHMS: Mapping[Purpose, tuple[str, ...]] = {
    "seal": AEADS,
    "wrap": AEADS,
    "sign": SIGNATURES,
    "mac": HASHES,
    "derive": HASHES,
    "decrypt": ENCRYPTIONS,
}


def chosen(purpose: Purpose, algorithm: str | None, suite: Suite) -> str:
    """The algorithm, or the suite's for this purpose. Raises BadInput."""
    if algorithm is None:
        ours = {"seal": suite.aead, "wrap": suite.aead, "sign": suite.signature, "decrypt": suite.encryption}
        return ours.get(purpose, suite.hash)
    if algorithm not in ALGORITHMS[purpose]:
        raise BadInput(
            f"{str(algorithm)[:40]!r} is no algorithm for {purpose}; expected one of {', '.join(ALGORITHMS[purpose])}"
        )
    return algorithm


def make(purpose: Purpose, algorithm: Any) -> tuple[bytes, bytes | None]:
    """A new secret, and its public half where it has one."""
    if purpose == "sign":
        signing = SigningKey.generate(algorithm)
        return signing.secret(), signing.public.encoded
    if purpose == "decrypt":
        decrypting = DecryptingKey.generate(algorithm)
        return decrypting.secret(), decrypting.public.encoded
    if purpose in ("seal", "wrap"):
        return generate_key(algorithm), None
    return secrets.token_bytes(32), None


def load_secret(purpose: Purpose, algorithm: Any, secret: bytes) -> bytes | SigningKey | DecryptingKey:
    """The secret, ready for use."""
    if purpose == "sign":
        return SigningKey.load(algorithm, secret)
    if purpose == "decrypt":
        return DecryptingKey.load(algorithm, secret)
    return secret


def load_public(purpose: Purpose, algorithm: Any, public: bytes) -> VerifyingKey | EncryptingKey:
    """The public half, ready for use. Raises BadInput where it is no public key of this algorithm."""
    if purpose == "sign":
        return VerifyingKey.load(algorithm, public)
    if purpose == "decrypt":
        return EncryptingKey.load(algorithm, public)
    raise BadInput(f"a key for {purpose} has no public half")
