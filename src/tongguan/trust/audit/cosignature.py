"""Signed notes (C2SP signed-note), read strictly, and witnesses' cosignatures on them (tlog-cosignature).

A cosignature says: at this time, this was the largest consistent head that I have seen of the log of that name. It is
Ed25519 over the note's text behind two lines of its own, whatever hash and signature the log uses:

    cosignature/v1
    time 1679315147
    <text of the note>
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256

from tongguan.trust.audit.checkpoint import Checkpoint, parse

__all__ = ["CosignatureKey", "Cosigner", "Note", "Signature", "head", "key_origin", "open_note"]

NOTE_LIMIT = 1 << 17  # bytes; room for signatures of other kinds, which are long
SIGNATURES_LIMIT = 64  # a reader must take 16
COSIGNATURE = b"\x04"  # signature type: timestamped Ed25519
MARK = "—"
TIME_LIMIT = 1 << 63

_NAME = re.compile(r"[^\s+]+")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: whose, by which key, and the bytes after the key's id."""

    name: str
    id: bytes  # 4
    value: bytes

    def __str__(self) -> str:
        return f"{MARK} {self.name} {base64.b64encode(self.id + self.value).decode()}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text and who signed it. Nothing has been verified."""

    text: str  # with the final newline
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(map(str, self.signatures))}"


def open_note(raw: bytes | str) -> Note:
    """Take a signed note apart. Raises ValueError on anything that the format does not allow."""
    if len(raw) > NOTE_LIMIT:
        raise ValueError("the note is too long")
    note = raw.decode("utf-8") if isinstance(raw, bytes) else raw
    if _CONTROL.search(note):
        raise ValueError("the note holds control characters")
    text, blank, lines = note.rpartition("\n\n")
    if not blank or not text or not lines.endswith("\n"):
        raise ValueError("the note has no signatures")
    signatures = lines[:-1].split("\n")
    if len(signatures) > SIGNATURES_LIMIT:
        raise ValueError("the note has too many signatures")
    return Note(f"{text}\n", tuple(map(signature, signatures)))


def signature(line: str) -> Signature:
    """Take a signature line apart, without its newline. Raises ValueError."""
    mark, name, encoded = line.split(" ")
    value = strict_base64(encoded)
    if mark != MARK or not _NAME.fullmatch(name) or len(value) < 5:
        raise ValueError("not a signature line")
    return Signature(name, value[:4], value[4:])


def head(text: str) -> Checkpoint:
    """The head of a tree that a note's text states. Raises ValueError unless it is a checkpoint, letter for letter."""
    lines = text.split("\n")
    found = parse(text)
    if found is None or len(lines) < 4 or lines.pop() or "" in lines or not _SIZE.fullmatch(lines[1]):
        raise ValueError("not a checkpoint")
    strict_base64(lines[2])
    return found


def strict_base64(text: str) -> bytes:
    """The bytes of their one and only base64. Raises ValueError."""
    try:
        found = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if base64.b64encode(found).decode() != text:
        raise ValueError("not canonical base64")
    return found


def key_origin(verifier: str) -> str:
    """The name in a verifier key."""
    return verifier.partition("+")[0]


class Cosigner:
    """A witness's key: signs notes with a time. The seed (32 bytes) must serve no other purpose."""

    def __init__(self, seed: bytes, name: str | None = None) -> None:
        # Late, since loading it takes longer than a short command that only reads.
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        public = self._key.public_key().public_bytes_raw()
        self.name = name or f"tongguan/witness-{sha256(public).hexdigest()[:16]}"
        if not _NAME.fullmatch(self.name):
            raise ValueError("a witness's name holds neither spaces nor a plus sign")
        self.id = _key_id(self.name, public)
        self.verifier = f"{self.name}+{self.id.hex()}+{base64.b64encode(COSIGNATURE + public).decode()}"
        """What somebody needs who relies on this witness: the verifier key of a signed note, type 0x04."""

    def cosign(self, text: str, time: int) -> Signature:
        """A cosignature on a note's text at a POSIX time in seconds."""
        value = self._key.sign(_message(text, time))
        return Signature(self.name, self.id, time.to_bytes(8, "big") + value)


class CosignatureKey:
    """A witness's public key: `name+hash+key` with the type 0x04. Raises ValueError on another."""

    def __init__(self, key: str) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        self.name, identity, encoded = key.split("+", 2)
        material = strict_base64(encoded)
        self.id = _key_id(self.name, material[1:])
        if material[:1] != COSIGNATURE or identity != self.id.hex() or not _NAME.fullmatch(self.name):
            raise ValueError("not the verifier key of an Ed25519 cosigner")
        self._key = Ed25519PublicKey.from_public_bytes(material[1:])

    def owns(self, signature: Signature) -> bool:
        """Whether the line says that it is by this key."""
        return (signature.name, signature.id) == (self.name, self.id)

    def time(self, text: str, signature: Signature) -> int | None:
        """When the text was cosigned, POSIX seconds; None where the signature is not this key's or does not hold."""
        from cryptography.exceptions import InvalidSignature

        time = int.from_bytes(signature.value[:8], "big")
        if not self.owns(signature) or len(signature.value) != 72 or not 0 < time < TIME_LIMIT:
            return None
        try:
            self._key.verify(signature.value[8:], _message(text, time))
        except InvalidSignature:
            return None
        return time


def _message(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def _key_id(name: str, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + COSIGNATURE + public).digest()[:4]
