"""`result.json` made complete and safe to print: every key there, no character that a page or document cannot hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["complete"]

LONGEST = 400  # characters of one text; names and requests come from the wire and may be of any length

# Controls, lone surrogates, non-characters, and marks that reorder text: XML cannot hold the first three, and the last
# make a name read as another. The replacement character keeps their place visible.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")

_PERSONS = {"count": 0, "low": 0, "high": 0}
_DECISION = {
    "date": "",
    "regime": "",
    "pathway": "undetermined",
    "options": [""],
    "reasons": [{"instrument": "", "article": "", "rule": "", "facts": {}, "text": {}}],
    "missing": [""],
    "obligations": [{"what": "", "instrument": "", "article": "", "due": "", "text": {}}],
    "warnings": [{}],
    "would_change": [{}],
}
_BOTH = {"persons": _PERSONS, "sensitive_persons": _PERSONS}

# A value stands for what is there when the key is missing; a list holds the shape of its items.
_RESULT: dict[str, Any] = {
    "as_of": "",
    "generated": "",
    "exporter": {"name": "", "city": "", "ciio": None, "zone": ""},
    "run": {
        "id": "",
        "sources": [{"path": "", "kind": "", "size": 0, "sha256": ""}],
        "seconds": 0.0,
        "window": [""],
        "audit": {"index": None, "root": ""},
    },
    "coverage": {
        "packets": 0,
        "bytes": 0,
        "flows": 0,
        "exchanges": 0,
        "read": 0,
        "unread": 0,
        "unread_bytes": 0,
        "directions": {"export": 0, "import": 0, "inside": 0, "outside": 0, "undetermined": 0},
        "from": "",
        "to": "",
        "detectors_off": [""],
    },
    "totals": {
        "exchanges": 0,
        "crossings": 0,
        "bytes": 0,
        **_BOTH,
        "counted": _BOTH,
        "exempt": _BOTH,
    },
    "decision": _DECISION,
    "recipients": [
        {
            "id": "",
            "name": "",
            "country": "",
            "basis": "",
            "confidence": None,
            **_BOTH,
            "types": [""],
            "sensitive_types": [""],
            "type_persons": {},
            "crossings": 0,
            "bytes": 0,
            "unread": 0,
            "first": "",
            "last": "",
            "activity": "",
            "activities": [""],
            "filed": {
                "path": "",
                "number": "",
                "persons": None,
                "sensitive_persons": None,
                "types": [""],
                "granted": "",
                "expires": "",
            },
            "differences": [{"kind": "", "types": [""]}],
            "exempt": False,
            "decision": _DECISION,
        }
    ],
    "flows": [
        {
            "system": "",
            "recipient": "",
            "recipient_id": "",
            "country": "",
            "persons": 0,
            "bytes": 0,
            "crossings": 0,
            "pathway": "",
        }
    ],
    "alerts": [
        {
            "id": "",
            "rule": "",
            "severity": "low",
            "title": "",
            "title_en": "",
            "recipient": "",
            "activity": "",
            "evidence": [{"exchange": "", "ts": "", "operation": "", "application": "", "types": [""], "masked": [""]}],
            "citation": "",
            "citations": [{"instrument": "", "article": ""}],
            "detail": {},
        }
    ],
    "blind_spots": [{"kind": "", "count": 1, "where": "", "detail": "", "size": 0}],
}


def complete(result: Mapping[str, Any]) -> dict[str, Any]:
    """The result with every key of its shape, texts cleaned. A recipient with nothing filed has `filed` None.

    Totals that are not split into counted and exempt are taken as counted: the safe side.
    """
    filled: dict[str, Any] = _fill(result, _RESULT)
    if "counted" not in (result.get("totals") or {}):
        filled["totals"]["counted"] = {key: filled["totals"][key] for key in _BOTH}
    for given, recipient in zip(result.get("recipients") or [], filled["recipients"], strict=True):
        if not given.get("filed"):
            recipient["filed"] = None
    return filled


def _fill(given: Any, shape: Any) -> Any:
    if isinstance(shape, dict):
        given = given if isinstance(given, Mapping) else {}
        extra = {_clean(key): _scrub(value) for key, value in given.items() if key not in shape}
        return {key: _fill(given.get(key), part) for key, part in shape.items()} | extra
    if isinstance(shape, list):
        return [_fill(item, shape[0]) for item in given or []]
    return shape if given is None else _scrub(given)


def _scrub(value: Any) -> Any:
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, Mapping):
        return {_clean(str(key)): _scrub(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_scrub(item) for item in value]
    return value


def _clean(text: str) -> str:
    text = _UNPRINTABLE.sub("\ufffd", text)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
