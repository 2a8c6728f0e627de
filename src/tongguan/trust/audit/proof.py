"""Checking an inclusion proof away from the log that gave it: nothing is needed but the proof and the public key."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from tongguan.errors import BadInput
from tongguan.trust.audit.checkpoint import Verifier, parse
from tongguan.trust.audit.merkle import Proof, tree_hash, verify_inclusion

__all__ = ["check_proof"]


def check_proof(document: Mapping[str, Any], verifier: str | None = None) -> bool:
    """Whether the document of `AuditLog.proof_json` holds: entry → leaf → root → checkpoint → signature.

    `verifier` is the public key as the checker knows it. Without it the one in the document is used, which shows that
    the document agrees with itself, not whose it is.
    """
    try:
        note = str(document["checkpoint"])
        signed = Verifier(verifier or str(document["verifier"])).signed(note)
        proof = Proof(
            index=int(document["index"]),
            size=int(document["size"]),
            leaf=_bytes(document["leaf"]),
            path=tuple(_bytes(step) for step in document["path"]),
            root=_bytes(document["root"]),
        )
        tree = tree_hash(str(document.get("hash", "sha256")))
        leaf = tree.leaf(str(document["entry"]).encode())
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error, BadInput):
        return False
    known = parse(note)
    agreed = known is not None and (known.size, known.root, known.hash) == (proof.size, proof.root, tree.name)
    return signed and agreed and verify_inclusion(leaf, proof, tree)


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
