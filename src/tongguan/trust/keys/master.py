"""The master key: what every other key of an installation is wrapped under."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from tongguan.trust.ciphers import SUITES, Suite
from tongguan.trust.settings import Master as MasterSettings

__all__ = ["Master", "open_master"]


class Master(Protocol):
    """A holder of master keys. Each has a generation, a short id: rotation makes a new one and keeps the old.

    Raises Unavailable where the holder does not answer, BadInput on a wrong passphrase or PIN (and, for a PIN, does not
    try it again), Broken where what it holds is damaged.
    """

    kind: str  # passphrase, pkcs11
    name: str  # for people: which file, which token and key

    def generations(self) -> tuple[str, ...]:
        """Those that it holds, oldest first; asks anew where they are kept."""

    def generate(self) -> str:
        """Make a new one. It is kept safely before this returns."""

    def wrap(self, generation: str, key: bytes, context: bytes) -> bytes:
        """`key` (1 to 16,384 bytes), encrypted and authenticated together with the context."""

    def unwrap(self, generation: str, wrapped: bytes, context: bytes) -> bytes:
        """What was wrapped under this generation and context. Raises Tampered."""

    def drop(self, generation: str) -> None:
        """Destroy this one for good. The newest cannot be dropped. Raises BadInput."""

    def export(self, generation: str) -> bytes:
        """The key itself, for shares. Raises BadInput where it never leaves its holder."""

    def adopt(self, key: bytes) -> str:
        """Take in a key that was restored from shares. Raises BadInput where the holder takes none."""

    def generation_of(self, key: bytes) -> str:
        """The generation that these bytes would be."""

    def close(self) -> None:
        """Let go of the holder."""


def open_master(
    settings: MasterSettings, home: Path, *, suite: Suite = SUITES["international"], **parameters: int
) -> Master:
    """The master of these settings.

    passphrase: `master.json` in the home, sealed under a key that argon2id makes of the passphrase; `parameters` are
    its cost (time, memory_kib, lanes) where a new file is written. pkcs11: an AES-256 key in the token.
    Raises BadSettings, BadInput on a wrong passphrase or PIN, Missing, Unavailable, Broken, CannotWrite.
    """
    if settings.kind == "pkcs11":
        from tongguan.trust.keys.hsm import HsmMaster

        return HsmMaster(settings)
    from tongguan.trust.keys.passphrase import PassphraseMaster

    return PassphraseMaster(settings, home, suite, **parameters)
