"""Subjects: what one record says of one natural person."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from tongguan.identify.types import TYPES
from tongguan.model import Exchange, Finding, Subject

__all__ = ["subjects"]

_IDENTIFYING = frozenset(type.id for type in TYPES.values() if type.strength != "none")
_STRONG = frozenset(type.id for type in TYPES.values() if type.strength in ("document", "personal"))
_PERSONAL = frozenset(type.id for type in TYPES.values() if type.category != "non_personal" and type.id != "credential")
"""Types that speak of a natural person. A password alone speaks of none."""


def subjects(
    exchange: Exchange, findings: Sequence[Sequence[Finding]], content: int = 0, first: int = 0
) -> list[Subject]:
    """The subjects of one content: `findings` holds one list a piece from number `first` on, each by start.

    The identifiers of one record are one subject. A record that holds several values of one document or personal type
    speaks of several persons: there are as many subjects as that type has values, each other identifier goes to the
    nearest of them, and the record's types are shared. A record without any identifier is a subject without one.
    """
    found: list[Subject] = []
    for piece, members in enumerate(findings, first):
        start = 0
        while start < len(members):
            record, end = members[start].record, start + 1
            while end < len(members) and members[end].record == record:
                end += 1
            found += _record(exchange.uid, f"{content}/{piece}/{record}", members[start:end])
            start = end
    return found


def _record(uid: str, name: str, findings: Sequence[Finding]) -> list[Subject]:
    types: set[str] = set()
    sensitive = repeated = False
    distinct: dict[tuple[str, bytes], Finding] = {}
    for finding in findings:
        type = finding.type
        if type not in _PERSONAL:
            continue
        sensitive = sensitive or finding.sensitive
        if type in _IDENTIFYING and (type, finding.digest) not in distinct:
            repeated = repeated or (type in types and type in _STRONG)
            distinct[type, finding.digest] = finding
        types.add(type)
    if not types:
        return []
    shared = _shared(frozenset(types))
    if not repeated:
        return [Subject(uid, name, tuple(distinct), shared, sensitive)]
    values = Counter(type for type, _ in distinct if type in _STRONG)
    anchor = min(values, key=lambda type: (-values[type], type))
    return [Subject(uid, name, tuple(group), shared, sensitive) for group in _split(distinct, anchor)]


@lru_cache(4096)
def _shared(types: frozenset[str]) -> frozenset[str]:
    """One set for all subjects of the same types: there are millions of those."""
    return types


def _split(distinct: dict[tuple[str, bytes], Finding], anchor: str) -> list[list[tuple[str, bytes]]]:
    """Each identifier with the nearest value of the anchor's type; equally many values are paired in order."""
    anchors = [finding for (type, _), finding in distinct.items() if type == anchor]
    groups = [[(anchor, finding.digest)] for finding in anchors]
    by_type: dict[str, list[Finding]] = {}
    for (type, _), finding in distinct.items():
        if type != anchor:
            by_type.setdefault(type, []).append(finding)
    for type, members in by_type.items():
        paired = len(members) == len(anchors)
        for i, finding in enumerate(members):
            groups[i if paired else _nearest(finding, anchors)].append((type, finding.digest))
    return groups


def _nearest(finding: Finding, anchors: Sequence[Finding]) -> int:
    """The anchor with the least distance between the two spans; of two, the earlier. Anchors stand by start."""
    after = bisect_left(anchors, finding.start, key=lambda anchor: anchor.start)
    if after == 0:
        return 0
    if after == len(anchors):
        return after - 1
    before_gap, after_gap = finding.start - anchors[after - 1].end, anchors[after].start - finding.end
    return after - 1 if before_gap <= after_gap else after
