"""What others hold of the audit log: cosigned heads and anchors on a chain, as the audit page shows them."""

from __future__ import annotations

from dataclasses import asdict

from tongguan.errors import Broken, TongguanError
from tongguan.service.console.visit import Visit
from tongguan.service.console.workspace import Row
from tongguan.trust.audit.anchor.anchoring import receipts_of
from tongguan.trust.audit.cosignature import CosignatureKey, head, open_note
from tongguan.trust.audit.witness import Cosigned

__all__ = ["anchors", "heads"]

SHOWN = 50  # cosigned heads, and receipts


def heads(visit: Visit) -> Row:
    """The newest checkpoint, the witnesses of the settings, and what they cosigned, newest first."""
    log = visit.console.audit
    witnesses = {one.name: one for one in visit.console.trust.settings.witnesses}
    keys = {name: key for name, one in witnesses.items() if (key := _key(one.verifier)) is not None}
    sizes = Cosigned.of(log).sizes()
    cosigned = [row for size in sizes[: -SHOWN - 1 : -1] if (row := _cosigned(visit, size, keys)) is not None]
    newest = {name: max((row["size"] for row in cosigned if name in row["names"]), default=None) for name in witnesses}
    return {
        "checkpoint": log.checkpoint(),
        "witnesses": [
            {
                "name": name,
                "verifier": one.verifier,
                "asked": bool(one.url),
                "valid": name in keys,
                "size": newest[name],
            }
            for name, one in witnesses.items()
        ],
        "cosigned": cosigned,
        "total": len(sizes),
    }


def _cosigned(visit: Visit, size: int, keys: dict[str, CosignatureKey]) -> Row | None:
    """One cosigned head: of the witnesses that the settings know, those whose signatures hold, and when they signed."""
    log = visit.console.audit
    raw = Cosigned.of(log).note(size)
    if raw is None:
        return None
    try:
        note = open_note(str(raw))
        found = head(note.text)
    except ValueError:
        return None
    own = log.verifier.partition("+")[0]
    signed = [
        {"name": name, "at": at}
        for name, key in keys.items()
        for line in note.signatures
        if (at := key.time(note.text, line)) is not None
    ]
    names = [str(one["name"]) for one in signed]
    others = sorted({line.name for line in note.signatures} - {own, *(key.name for key in keys.values())})
    return {
        "size": found.size, "root": found.root.hex(), "signed": signed, "names": names, "others": others,
        "ours": found.size <= log.size and log.root(found.size) == found.root,
    }  # fmt: skip


def _key(verifier: str) -> CosignatureKey | None:
    try:
        return CosignatureKey(verifier)
    except ValueError:
        return None


def anchors(visit: Visit) -> Row:
    """The receipts of what was written to a chain, newest first, and whether this console can write there."""
    log, settings = visit.console.audit, visit.console.trust.settings.anchor
    damaged = None
    receipts = []
    try:
        receipts = receipts_of(log).all()
    except Broken as error:
        damaged = str(error)
    return {
        "set": settings is not None,
        "contract": _contract(visit),
        "receipts": [
            {**asdict(one), "ours": one.size <= log.size and "0x" + log.root(one.size).hex() == one.root}
            for one in receipts[: -SHOWN - 1 : -1]
        ],
        "total": len(receipts),
        "damaged": damaged,
    }


def _contract(visit: Visit) -> str | None:
    settings = visit.console.trust.settings.anchor
    if settings is not None and settings.contract:
        return settings.contract
    try:
        made = receipts_of(visit.console.audit).contract()
    except TongguanError:
        return None  # the page says beside the receipts what is wrong
    return str(made["address"]) if made else None
