"""A security key in software, honest unless a test bends it: makes the answers that a browser would send."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

UP, UV, BE, BS, AT = 1, 4, 8, 16, 64


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class SoftKey:
    """Attributes may be bent before an answer is asked for."""

    origin: str = "http://localhost:8600"
    party: str = "localhost"
    count: int = 0
    flags: int = UP | UV
    credential: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    handle: bytes | None = None
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    cross: bool = False

    def create(self, options: dict[str, Any], **client: Any) -> str:
        """The answer to navigator.credentials.create(), without attestation."""
        self.handle = unb64(options["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self.credential).to_bytes(2, "big") + self.credential + cbor2.dumps(cose)
        data = self._data(self.flags | AT) + attested
        statement = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(
            {
                "clientDataJSON": b64(self._client("webauthn.create", options, client)),
                "attestationObject": b64(statement),
            }
        )

    def get(self, options: dict[str, Any], *, handle: bool = True, **client: Any) -> str:
        """The answer to navigator.credentials.get()."""
        self.count += 1 if self.count else 0
        said = self._client("webauthn.get", options, client)
        data = self._data(self.flags)
        signature = self.key.sign(data + sha256(said).digest(), ec.ECDSA(hashes.SHA256()))
        response = {"clientDataJSON": b64(said), "authenticatorData": b64(data), "signature": b64(signature)}
        if handle and self.handle is not None:
            response["userHandle"] = b64(self.handle)
        return self._answer(response)

    def _client(self, kind: str, options: dict[str, Any], changed: dict[str, Any]) -> bytes:
        said = {
            "type": kind,
            "challenge": options["challenge"],
            "origin": self.origin,
            "crossOrigin": self.cross,
            **changed,
        }
        return json.dumps(said).encode()

    def _data(self, flags: int) -> bytes:
        return sha256(self.party.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _answer(self, response: dict[str, str]) -> str:
        ident = b64(self.credential)
        return json.dumps({"id": ident, "rawId": ident, "type": "public-key", "response": response})
