"""A proof that a log has only grown between two sizes, as a document that anybody can check."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any

from tongguan.errors import BadInput
from tongguan.trust.audit.checkpoint import Verifier, parse
from tongguan.trust.audit.log import AuditLog
from tongguan.trust.audit.merkle import tree_hash, verify_consistency

__all__ = ["check_consistency", "consistency_json"]

KIND = "consistency"
PATH_LIMIT = 128


def consistency_json(log: AuditLog, first: int, second: int) -> dict[str, Any]:
    """That the first `second` entries begin with the first `first`, with the signed head over `second` and, where one
    was signed, the one over `first`. Raises BadInput where sizes are out of range or `second` has no signed head."""
    if not 0 < first <= second <= log.size:
        raise BadInput(f"expected two sizes with 0 < M <= N <= {log.size}, not {first} and {second}")
    note = log.sealed(second)
    if note is None:
        raise BadInput(f"no checkpoint was signed over exactly {second} entries; take {log.size}, the newest")
    return {
        "kind": KIND,
        "first": first,
        "second": second,
        "hash": log.tree.name,
        "first_root": _base64(log.root(first)),
        "second_root": _base64(log.root(second)),
        "path": list(map(_base64, log.consistency(first, second))),
        "first_checkpoint": log.sealed(first),
        "checkpoint": note,
        "verifier": log.verifier,
    }


def check_consistency(document: Mapping[str, Any], verifier: str | None = None, notes: Iterable[str] = ()) -> bool:
    """Whether the document holds: path, roots, signed heads. `notes`: heads kept elsewhere, each of which must be one
    of the two. Without `verifier` the document's own key is used: it then only agrees with itself."""
    try:
        key = Verifier(verifier or str(document["verifier"]))
        tree = tree_hash(str(document["hash"]))
        sizes = (document["first"], document["second"])
        roots = (_bytes(document["first_root"]), _bytes(document["second_root"]))
        path = [_bytes(step) for step in document["path"][:PATH_LIMIT]]
        heads = [
            document["checkpoint"],
            *([document["first_checkpoint"]] if document["first_checkpoint"] is not None else []),
            *notes,
        ]
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error, BadInput):
        return False
    if any(type(size) is not int for size in sizes) or not all(isinstance(note, str) for note in heads):
        return False
    known = [parse(note) for note in heads]
    claimed = [(size, root, tree.name) for size, root in zip(sizes, roots, strict=True)]
    return (
        known[0] is not None
        and (known[0].size, known[0].root) == (sizes[1], roots[1])
        and all(head is not None and (head.size, head.root, head.hash) in claimed for head in known)
        and all(head is not None and head.origin == key.origin for head in known)
        and all(map(key.signed, heads))
        and verify_consistency(*sizes, *roots, path, tree)
    )


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
