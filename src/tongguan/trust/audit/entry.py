"""One line of the audit log, and the canonical JSON that its leaf hash is over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tongguan.errors import BadInput, Broken
from tongguan.wording import readable

__all__ = [
    "ENTRY_LIMIT",
    "Entry",
    "body_part",
    "canonical",
    "checked",
    "labelled",
    "read_entry",
    "stamp",
    "stamp_of",
    "storable",
]

ENTRY_LIMIT = 1 << 20  # bytes of one entry's JSON
KIND_LIMIT = 64  # characters
ACTOR_LIMIT = 512
STAMP = len("2026-11-21T06:00:00.000000Z")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log. `text` is the canonical JSON of the other five: what the leaf hash is over."""

    index: int
    ts: str  # ISO 8601 in UTC, microseconds
    kind: str  # run, decision, sign_in, export, …
    actor: str
    body: dict[str, Any]
    text: str


def checked(kind: str, actor: str, body: Mapping[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """The three as they go into the log. Raises BadInput."""
    if not (isinstance(kind, str) and 0 < len(kind) <= KIND_LIMIT and kind.isprintable()):
        raise BadInput(f"the kind of an audit entry must be 1 to {KIND_LIMIT} printable characters")
    if not (isinstance(actor, str) and len(actor) <= ACTOR_LIMIT):
        raise BadInput(f"the actor of an audit entry must be a name of at most {ACTOR_LIMIT} characters")
    return kind, storable(actor), dict(body)


def storable(actor: str) -> str:
    """A name without what databases cannot hold: bytes that are no UTF-8, and NUL, are written as escapes."""
    return readable(actor).replace("\0", "\\x00")


def canonical(value: Mapping[str, Any]) -> str:
    """JSON with sorted keys and no spaces: the same value gives the same text. Raises BadInput where it is not JSON."""
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadInput(f"an audit entry must be plain JSON: {type(error).__name__}") from error
    # File names may hold bytes that are not UTF-8, which Python carries as lone surrogates: escape them, as JSON may.
    encoded = text.encode("utf-8", "backslashreplace")
    if len(encoded) > ENTRY_LIMIT:
        raise BadInput(f"an audit entry holds at most {ENTRY_LIMIT} bytes, not {len(encoded)}")
    return encoded.decode()


def read_entry(text: str) -> Entry:
    """An entry from its text. Raises Broken where it is none."""
    try:
        found = json.loads(text)
        return Entry(found["index"], found["ts"], found["kind"], found["actor"], found["body"], text)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Broken("an entry of the audit log is not in its form; run `tongguan audit verify`") from None


def stamp(seconds: float) -> str:
    """A time since the epoch as entries have it: stamps sort as their times do."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def stamp_of(text: str) -> str:
    """The time of an entry: the last thing in its text."""
    return text[-2 - STAMP : -2]


def body_part(text: str) -> str:
    """The JSON of an entry's body. No quote stands unescaped within actor or kind, so the marks are found for sure."""
    return text[text.find(',"body":') + 8 : text.rfind(',"index":')]


def labelled(text: str, kind: str, actor: str) -> bool:
    """Whether the text is of this kind and actor."""
    start = f'{{"actor":{json.dumps(actor, ensure_ascii=False)},"body":'
    end = f',"kind":{json.dumps(kind, ensure_ascii=False)},"ts":"'
    return text.startswith(start) and text.endswith(end, 0, -2 - STAMP)
