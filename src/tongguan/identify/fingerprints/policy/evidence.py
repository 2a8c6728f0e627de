"""What a policy is held against: content as far as it was seen, and what is known of it. None means not known."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from tongguan.identify.fingerprints.documents import DocumentStore
from tongguan.identify.fingerprints.table_match import TableIndex
from tongguan.identify.pieces import Piece
from tongguan.model import BlindKind, BlindSpot, Finding

__all__ = ["Evidence", "Judged", "Look", "Span", "Truth"]

Truth = bool | None
"""None: not known, because something could not be seen."""

Span = tuple[int, int, int]
"""Piece, start, end (exclusive)."""

Texts = Mapping[str, str]
T = TypeVar("T")

_HIDES_NOTHING: Final = frozenset({BlindKind.OUT_OF_WINDOW, BlindKind.LOCATION_UNKNOWN})


@dataclass(frozen=True, slots=True)
class Evidence:
    """One content on its way. What is None was not looked at: a condition on it is not known to hold or to fail."""

    pieces: Sequence[Piece] = ()
    findings: Sequence[Sequence[Finding]] | None = None  # one list a piece, as of `Detector.scan`
    blind_spots: Sequence[BlindSpot] = ()
    size: int | None = None  # bytes
    file_types: frozenset[str] | None = None  # by content, with those of members: "pdf", "docx", …
    sender: str | None = None  # an address, or a domain
    recipients: tuple[str, ...] | None = None  # addresses, or domains
    labels: frozenset[str] | None = None
    sha256: str | None = None  # of the content, hexadecimal
    tables: Mapping[str, TableIndex] = field(default_factory=dict)
    documents: Mapping[str, DocumentStore] = field(default_factory=dict)

    @property
    def hidden(self) -> int:
        """How many blind spots may hide content."""
        return sum(spot.count for spot in self.blind_spots if spot.kind not in _HIDES_NOTHING)


@dataclass(frozen=True, slots=True)
class Judged:
    """How a condition stands, in words, and why: with its parts, and the places that speak for it."""

    truth: Truth
    text: Texts  # {"zh": …, "en": …}
    parts: tuple[Judged, ...] = ()
    spans: tuple[Span, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = {"truth": self.truth, "text": dict(self.text)}
        if self.parts:
            found["parts"] = [part.to_dict() for part in self.parts]
        if self.spans:
            found["spans"] = [list(span) for span in self.spans]
        return found


class Look:
    """One look at some evidence: what several conditions ask is found once."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self._kept: dict[Hashable, Any] = {}

    def once(self, what: Hashable, find: Callable[[], T]) -> T:
        """What `find` gives, asked once for each `what`."""
        if what not in self._kept:
            self._kept[what] = find()
        found: T = self._kept[what]
        return found
