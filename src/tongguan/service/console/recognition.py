"""A text or a file looked at: what stands in it and why, which kinds of documents it holds, what could not be seen.

Nothing of it is kept; the audit log has a keyed digest and counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from tongguan.identify import TYPES, Detector, Extraction, Piece, extract, named
from tongguan.identify.explaining import explain
from tongguan.identify.kinds import kinds_of, shipped
from tongguan.identify.report import finding_line, kind_line
from tongguan.model import BlindSpot, Content, Finding
from tongguan.service.console.uploads import LIMITS, digest_of, looking
from tongguan.trust import workspace_key
from tongguan.trust.access import Principal, may
from tongguan.trust.opening import Trust

__all__ = ["may_reveal", "pages_of", "recognise", "spots_of"]

SHOWN: Final = 1000  # findings that are told one by one; all are counted
SPOTS: Final = 200  # blind spots that are told one by one
TEXT: Final = 20_000  # characters shown around findings
CONTEXT: Final = 400  # characters before the first finding of a piece
KINDS: Final = 50


def may_reveal(trust: Trust, by: Principal) -> bool:
    """Whether somebody may see what was found as it stands."""
    return may(trust.policy, by, "files.reveal")


def recognise(
    trust: Trust, by: Principal, content: Content, *, reveal: bool = False, text: bool = False
) -> dict[str, Any]:
    """What a content holds. With `text` also its text, in parts, with what was found in it masked.

    `reveal` shows values as they stand, to those who may see them. Raises Full where the caller looks at something
    already; never on bad bytes. The log has it before the answer goes out.
    """
    reveal = reveal and may_reveal(trust, by)
    key = workspace_key(trust.home)
    with looking(by.name):
        extraction = extract(content, LIMITS)
        detector = Detector(key)
        pieces, found = _searched(content, extraction, detector)
        spots = [*extraction.blind_spots, *detector.blind_spots()]
        model = shipped()
        kinds = kinds_of(model, extraction.pieces, content.name)[:KINDS]
        counts = _counts(found)
        body = {
            "digest": digest_of(content, key),
            "size": content.size,
            "types": {type: count["places"] for type, count in counts.items()},
            "blind_spots": sum(spot.count for spot in spots),
            "revealed": reveal,
        }
        trust.record("text_recognised", by.name, body)
        return {
            "size": content.size,
            "encoding": extraction.encoding,
            "characters": sum(len(piece.text) for piece in extraction.pieces),
            "total": sum(map(len, found)),
            "revealed": reveal,
            "types": counts,
            "findings": _findings(pieces, found, reveal),
            "kinds": [{"member": member, **kind_line(model, verdict)} for member, verdict in kinds],
            "blind_spots": spots_of(spots),
            **({"parts": pages_of(pieces, found, reveal)} if text else {}),
        }


def _searched(content: Content, extraction: Extraction, detector: Detector) -> tuple[list[Piece], list[list[Finding]]]:
    """Pieces and what was found in each; behind them the names in which something was found."""
    names = [*extraction.names, *([named(content.name)] if content.name else ())]
    pieces = [*extraction.pieces, *names]
    found = detector.scan(pieces)
    kept = [n for n, piece in enumerate(pieces) if piece.kind != "name" or found[n]]
    return [pieces[n] for n in kept], [found[n] for n in kept]


def _counts(found: Sequence[Sequence[Finding]]) -> dict[str, dict[str, Any]]:
    """Each data type: how many places, how many different values; sensitive ones first, then the most."""
    places: Counter[str] = Counter(finding.type for findings in found for finding in findings)
    values = {type: set[bytes]() for type in places}
    for findings in found:
        for finding in findings:
            values[finding.type].add(finding.digest)
    order = sorted(places, key=lambda type: (not TYPES[type].sensitive, -places[type], type))
    return {
        type: {
            "places": places[type], "values": len(values[type]), "level": TYPES[type].level,
            "category": TYPES[type].category, "sensitive": TYPES[type].sensitive,
        }
        for type in order
    }  # fmt: skip


def _findings(pieces: Sequence[Piece], found: Sequence[Sequence[Finding]], reveal: bool) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    for piece, findings in zip(pieces, found, strict=True):
        for finding in findings[: SHOWN - len(told)]:
            told.append({**finding_line(finding, piece, reveal), "why": explain(piece, finding)})
        if len(told) >= SHOWN:
            break
    return told


def spots_of(spots: Sequence[BlindSpot]) -> list[dict[str, Any]]:
    """Blind spots as they are told."""
    return [
        {"kind": str(spot.kind), "where": spot.where, "detail": spot.detail, "count": spot.count, "size": spot.size}
        for spot in spots[:SPOTS]
    ]


def pages_of(pieces: Sequence[Piece], found: Sequence[Sequence[Finding]], reveal: bool) -> list[dict[str, Any]]:
    """Text around what was found: for each piece its runs, which are `text` alone, or `text` and the ordinal of a
    `finding` among all that are told. What was found is masked unless `reveal`."""
    parts: list[dict[str, Any]] = []
    left, before = TEXT, 0
    for piece, findings in zip(pieces, found, strict=True):
        if left <= 0 or (not findings and len(pieces) > 1):
            before += len(findings)
            continue
        first = max(0, findings[0].start - CONTEXT) if findings else 0
        last = min(len(piece.text), first + left)
        runs = _runs(piece.text, findings, first, last, before, reveal)
        parts.append({"member": piece.member, "from": first, "to": last, "of": len(piece.text), "runs": runs})
        left -= last - first
        before += len(findings)
    return parts


def _runs(
    text: str, findings: Sequence[Finding], first: int, last: int, before: int, reveal: bool
) -> list[dict[str, Any]]:
    runs: list[dict[str, Any]] = []
    at = first
    for number, finding in enumerate(findings, before):
        if finding.start < at:
            continue  # inside another one
        if finding.end > last or number >= SHOWN:
            last = min(last, finding.start)  # what is not marked is not shown
            break
        if finding.start > at:
            runs.append({"text": text[at : finding.start], "finding": None, "type": None})
        shown = text[finding.start : finding.end] if reveal else finding.masked
        runs.append({"text": shown, "finding": number, "type": finding.type})
        at = finding.end
    if at < last:
        runs.append({"text": text[at:last], "finding": None, "type": None})
    return runs
