"""From a content to evidence: its text, what was found in it, its formats and kinds; only what some policies ask."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from tongguan.identify.detect import Detector
from tongguan.identify.extract import Extraction, Limits, extract, named
from tongguan.identify.extract.sniff import sniff
from tongguan.identify.fingerprints.documents import DocumentStore
from tongguan.identify.fingerprints.policy.conditions import UNSURE, Attribute, Identifier
from tongguan.identify.fingerprints.policy.evaluation import Policy
from tongguan.identify.fingerprints.policy.evidence import Evidence
from tongguan.identify.fingerprints.policy.telling import conditions_of
from tongguan.identify.fingerprints.segments import DocumentSegments, TableSegments
from tongguan.identify.fingerprints.table_match import TableIndex
from tongguan.identify.kinds import kinds_of, shipped
from tongguan.identify.pieces import Piece
from tongguan.model import Content

__all__ = ["Asked", "evidence_of", "file_types_of", "kinds_in"]

_OFFICE: Final = {"word/": "docx", "xl/": "xlsx", "ppt/": "pptx"}
_LONGEST: Final = 8  # characters of an extension


class Asked:
    """What some policies ask beyond the text itself, so that nothing else is worked out."""

    def __init__(self, policies: Iterable[Policy]) -> None:
        conditions = list(conditions_of(policies))
        attributes = {condition.name for condition in conditions if isinstance(condition, Attribute)}
        self.identifiers = any(isinstance(condition, Identifier) for condition in conditions)
        self.file_types = "file_type" in attributes
        self.kinds = "kind" in attributes
        self.sha256 = "sha256" in attributes
        self.sender = "sender" in attributes


def file_types_of(content: Content, pieces: Sequence[Piece], data: bytes | None = None) -> frozenset[str]:
    """Formats of a content and of what lies in it, as extensions: that of the content by its bytes and by its name,
    those of members by theirs."""
    data = content.read() if data is None else data
    found = set()
    if data:
        known = sniff(data, content.media_type, content.name)
        found.add(known.detail if known.detail and known.detail.isalnum() else known.family)
        if known.family == "office":
            tail = data[-(1 << 18) :].decode("latin-1")
            found |= {extension for mark, extension in _OFFICE.items() if mark in tail}
    for name in (content.name, *{piece.member for piece in pieces}):
        extension = (name or "").rpartition("/")[2].rpartition(".")[2].lower()
        if name and "." in name and extension.isalnum() and len(extension) <= _LONGEST:
            found.add(extension)
    return frozenset(found)


def kinds_in(pieces: Sequence[Piece], name: str | None) -> frozenset[str]:
    """Kinds of the documents in a content."""
    verdicts = [verdict for _, verdict in kinds_of(shipped(), pieces, name)]
    return frozenset(v.kind or UNSURE for v in verdicts if v.kind or v.reason == "unsure")


def evidence_of(
    content: Content,
    asked: Asked,
    *,
    detector: Detector,
    tables: Mapping[str, TableIndex | TableSegments],
    documents: Mapping[str, DocumentStore | DocumentSegments],
    limits: Limits = Limits(),  # noqa: B008 (frozen)
) -> tuple[Evidence, Extraction]:
    """What policies are held against, of one content alone: sender, recipients and labels are not known of it. Its name
    and those of what lies in it are pieces behind its text.

    Never raises on bad bytes.
    """
    extraction = extract(content, limits)
    own = [named(content.name)] if content.name else []
    pieces, spots = [*extraction.pieces, *extraction.names, *own], list(extraction.blind_spots)
    findings = detector.scan(pieces) if asked.identifiers else None
    if asked.identifiers:
        spots += detector.blind_spots()
    data = content.read() if asked.sha256 or asked.file_types else b""
    evidence = Evidence(
        pieces,
        findings,
        spots,
        size=content.size,
        file_types=file_types_of(content, pieces, data) if asked.file_types else None,
        kinds=kinds_in(pieces, content.name) if asked.kinds else None,
        sha256=hashlib.sha256(data).hexdigest() if asked.sha256 else None,
        tables=tables,
        documents=documents,
    )
    return evidence, extraction
