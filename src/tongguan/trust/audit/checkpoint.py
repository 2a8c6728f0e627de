"""Signed checkpoints of the audit log: the C2SP tlog-checkpoint format, signed as C2SP signed notes.

A checkpoint is short and can be mailed, printed or put in a report: who keeps one can later show that entries were
changed or cut, even when everything on the machine has been rewritten.

    tongguan/audit-5f2a90c41be3d877          origin: the name of the log's key
    48213                                    number of entries
    q4Cl…=                                   root, base64

    — tongguan/audit-5f2a90c41be3d877 Zm9v…  signature: 4 bytes of key id, then the signature

With SHA-256 and Ed25519 (signature type 0x01, 64 bytes) this is what every C2SP verifier reads. A log over SM3 says so
in an extension line `hash sm3` below the root. SM2 has no type of its own: as C2SP provides, its type is 0xff and a
name, `tongguan/sm2-sm3`; the public key follows as 04 ‖ x ‖ y, the signature is the DER of GM/T 0009 with the default
identity.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Literal, Protocol

from tongguan.errors import BadInput

if TYPE_CHECKING:
    from tongguan.trust.ciphers import SigningKey, VerifyingKey

__all__ = [
    "Checkpoint",
    "NoteSigner",
    "SignatureName",
    "Signer",
    "Verifier",
    "checkpoint_text",
    "parse",
    "signed_note",
    "verifier_key",
]

SignatureName = Literal["ed25519", "sm2"]

TYPES: dict[SignatureName, bytes] = {"ed25519": b"\x01", "sm2": b"\xfftongguan/sm2-sm3"}  # of a signed note
MARK = "—"
SIGNATURES_MAX = 100  # lines of one note that are looked at


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a note says, whoever signed it."""

    origin: str
    size: int
    root: bytes  # 32 bytes
    hash: str = "sha256"


def parse(note: str) -> Checkpoint | None:
    """What a note says, None where it is no checkpoint. The signature is not looked at."""
    try:
        origin, size, root, *rest = note.split("\n")
        decoded = base64.b64decode(root, validate=True)
    except (binascii.Error, ValueError):
        return None
    if not origin or not (size.isascii() and size.isdigit()) or len(size) > 18 or len(decoded) != 32:
        return None
    extensions = rest[: rest.index("")] if "" in rest else rest
    hashes = [line.removeprefix("hash ") for line in extensions if line.startswith("hash ")]
    if len(hashes) > 1 or not {"sha256", "sm3"}.issuperset(hashes):
        return None
    return Checkpoint(origin, int(size), decoded, *hashes)


def checkpoint_text(origin: str, size: int, root: bytes, hash: str = "sha256") -> str:
    """What is signed of a checkpoint."""
    extension = "" if hash == "sha256" else f"hash {hash}\n"
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n{extension}"


class NoteSigner(Protocol):
    """Whatever signs checkpoints: a key in a file, in an HSM, in the key service."""

    @property
    def name(self) -> str:
        """The key's name in signed notes, without spaces and `+`: the origin of the log."""

    @property
    def verifier(self) -> str:
        """The public half as the verifier key of a signed note; see `verifier_key`."""

    def sign(self, text: bytes) -> bytes:
        """The bare signature over the text: Ed25519 (64 bytes) or SM2 (DER)."""


def signed_note(signer: NoteSigner, text: str) -> str:
    """The text with the signature below it."""
    identity = bytes.fromhex(signer.verifier.split("+")[1])
    signature = base64.b64encode(identity + signer.sign(text.encode())).decode()
    return f"{text}\n{MARK} {signer.name} {signature}\n"


def verifier_key(name: str, algorithm: SignatureName, public: bytes) -> str:
    """The verifier key `name+id+key` of a signed note. Raises BadInput on a name that notes cannot hold.

    `public`: 32 bytes of Ed25519, or 04 ‖ x ‖ y of SM2.
    """
    if not name or "+" in name or any(c.isspace() or not c.isprintable() for c in name):
        raise BadInput("the name of a key in signed notes must be without spaces, `+` and control characters")
    material = TYPES[algorithm] + public
    return f"{name}+{_key_id(name, material).hex()}+{base64.b64encode(material).decode()}"


class Signer:
    """Signs with the key of the given 32-byte seed: Ed25519 of it, or SM2 with a secret derived from it."""

    def __init__(self, seed: bytes, algorithm: SignatureName = "ed25519") -> None:
        self._key = _signing_key(seed, algorithm)
        public = self._key.public.encoded
        self.name = f"tongguan/audit-{sha256(public).hexdigest()[:16]}"
        self.verifier = verifier_key(self.name, algorithm, public)

    def sign(self, text: bytes) -> bytes:
        return self._key.sign(text)


class Verifier:
    """Checks signatures with a verifier key: `name+id+key` of a signed note. Raises ValueError on a malformed one."""

    def __init__(self, key: str) -> None:
        from tongguan.trust.ciphers import VerifyingKey

        self.origin, identity, encoded = key.strip().split("+", 2)
        material = base64.b64decode(encoded, validate=True)
        self._id = _key_id(self.origin, material)
        known = [name for name, mark in TYPES.items() if material.startswith(mark)]
        if not known or identity != self._id.hex():
            raise ValueError("not an Ed25519 or SM2 verifier key of a signed note")
        self.algorithm: SignatureName = known[0]
        try:
            self._key: VerifyingKey = VerifyingKey.load(self.algorithm, material[len(TYPES[self.algorithm]) :])
        except BadInput as error:
            raise ValueError(str(error)) from None

    def signed(self, note: str) -> bool:
        """Whether one of the note's signatures is this key's, and holds."""
        text, _, signatures = note.rpartition("\n\n")
        lines = signatures.split("\n", SIGNATURES_MAX)[:SIGNATURES_MAX]
        return any(self._holds(line, f"{text}\n".encode()) for line in lines)

    def _holds(self, line: str, text: bytes) -> bool:
        mark, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        if (mark, name) != (MARK, self.origin):
            return False
        try:
            signature = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            return False
        return signature[:4] == self._id and self._key.verify(text, signature[4:])


def _key_id(name: str, material: bytes) -> bytes:
    """The first bytes of SHA-256 over name, newline, signature type and public key, as C2SP recommends."""
    return sha256(name.encode() + b"\n" + material).digest()[:4]


def _signing_key(seed: bytes, algorithm: SignatureName) -> SigningKey:
    # Late, since loading it takes longer than a short command that only reads.
    from tongguan.trust.ciphers import SigningKey, derive
    from tongguan.trust.ciphers.sm2 import N

    if algorithm == "ed25519":
        return SigningKey.load("ed25519", seed)
    wide = int.from_bytes(derive("sm3", seed, info=b"tongguan audit log SM2 signing key", length=48))
    return SigningKey.load("sm2", (1 + wide % (N - 2)).to_bytes(32))
