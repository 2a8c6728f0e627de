"""Signed checkpoints of the audit log: the C2SP tlog-checkpoint format, signed as C2SP signed notes with Ed25519.

A checkpoint is short and can be mailed, printed or put in a report: who keeps one can later show that entries were
changed or cut, even when everything on the machine has been rewritten.

    tongguan/audit-5f2a90c41be3d877          origin: the name of the log's key
    48213                                    number of entries
    q4Cl…=                                   root, base64

    — tongguan/audit-5f2a90c41be3d877 Zm9v…  signature: 4 bytes of key id, 64 bytes of Ed25519
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from hashlib import sha256

__all__ = ["Checkpoint", "Signer", "Verifier", "parse"]

ED25519 = b"\x01"  # signature type of a signed note
MARK = "—"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a note says, whoever signed it."""

    origin: str
    size: int
    root: bytes


def parse(note: str) -> Checkpoint | None:
    """What a note says, None where it is no checkpoint. The signature is not looked at."""
    try:
        origin, size, root, *_ = note.split("\n")
        decoded = base64.b64decode(root, validate=True)
    except (binascii.Error, ValueError):
        return None
    if not origin or not (size.isascii() and size.isdigit()) or len(size) > 18 or len(decoded) != 32:
        return None
    return Checkpoint(origin, int(size), decoded)


class Signer:
    """Signs checkpoints with the Ed25519 key of the given 32-byte seed."""

    def __init__(self, seed: bytes) -> None:
        # Late, since loading it takes longer than a short command that only reads.
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        public = self._key.public_key().public_bytes_raw()
        self.origin = f"tongguan/audit-{sha256(public).hexdigest()[:16]}"
        self._id = _key_id(self.origin, public)
        self.verifier = f"{self.origin}+{self._id.hex()}+{base64.b64encode(ED25519 + public).decode()}"
        """The public half as a signed note's verifier key: what a third party needs."""

    def sign(self, size: int, root: bytes) -> str:
        """A signed note."""
        text = f"{self.origin}\n{size}\n{base64.b64encode(root).decode()}\n"
        signature = base64.b64encode(self._id + self._key.sign(text.encode())).decode()
        return f"{text}\n{MARK} {self.origin} {signature}\n"


class Verifier:
    """Checks signatures with a verifier key: `name+hash+key` of a signed note. Raises ValueError on a malformed one."""

    def __init__(self, key: str) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        self.origin, identity, encoded = key.split("+", 2)
        material = base64.b64decode(encoded, validate=True)
        self._id = _key_id(self.origin, material[1:])
        if material[:1] != ED25519 or identity != self._id.hex():
            raise ValueError("not an Ed25519 verifier key of a signed note")
        self._key = Ed25519PublicKey.from_public_bytes(material[1:])

    def signed(self, note: str) -> bool:
        """Whether one of the note's signatures is this key's, and holds."""
        text, _, signatures = note.rpartition("\n\n")
        return any(self._holds(line, f"{text}\n".encode()) for line in signatures.splitlines())

    def _holds(self, line: str, text: bytes) -> bool:
        from cryptography.exceptions import InvalidSignature

        mark, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        if (mark, name) != (MARK, self.origin):
            return False
        try:
            signature = base64.b64decode(encoded, validate=True)
            self._key.verify(signature[4:], text)
        except (binascii.Error, ValueError, InvalidSignature):
            return False
        return signature[:4] == self._id


def _key_id(name: str, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]
