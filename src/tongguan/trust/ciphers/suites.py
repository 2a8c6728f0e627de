"""The two suites: what is used where nothing else is asked for. `settings.suite` chooses one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from tongguan.errors import BadInput
from tongguan.trust.ciphers.aead import AeadName
from tongguan.trust.ciphers.encryption import EncryptionName
from tongguan.trust.ciphers.hashing import HashName
from tongguan.trust.ciphers.signing import SignatureName

__all__ = ["SUITES", "Suite", "SuiteName", "suite_named"]

SuiteName = Literal["international", "guomi"]


@dataclass(frozen=True, slots=True)
class Suite:
    """A hash, an authenticated cipher, a signature and a public-key encryption that belong together."""

    hash: HashName
    aead: AeadName
    signature: SignatureName
    encryption: EncryptionName


SUITES: Mapping[SuiteName, Suite] = MappingProxyType(
    {
        "international": Suite("sha256", "aes-256-gcm", "ed25519", "rsa-oaep-3072"),
        "guomi": Suite("sm3", "sm4-gcm", "sm2", "sm2"),
    }
)


def suite_named(name: SuiteName) -> Suite:
    """The suite of this name. Raises BadInput."""
    try:
        return SUITES[name]
    except (KeyError, TypeError):
        raise BadInput(f"{str(name)[:40]!r} is no suite; expected one of {', '.join(SUITES)}") from None
