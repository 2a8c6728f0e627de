"""What a policy is held against: content as far as it was seen, and what is known of it. None means not known."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, TypeVar

from tongguan.identify.fingerprints.documents import DocumentStore
from tongguan.identify.fingerprints.segments import DocumentSegments, TableSegments
from tongguan.identify.fingerprints.table_match import TableIndex
from tongguan.identify.pieces import Piece
from tongguan.model import BlindKind, BlindSpot, Finding
from tongguan.wording import LANGUAGES, Language, wording

__all__ = ["Evidence", "Judged", "Look", "Said", "Span", "Truth", "both", "said", "say"]

Truth = bool | None
"""None: not known, because something could not be seen."""

Span = tuple[int, int, int]
"""Piece, start, end (exclusive)."""

Said = tuple[tuple[str, Mapping[str, object]], ...]
"""Texts one behind the other, each by its key and what is filled in: a value that differs by language is a mapping of
them. They are put into words where somebody reads them: most that is judged, nobody does."""

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
    kinds: frozenset[str] | None = None  # of documents in it; "unsure" among them where one could not be told
    sha256: str | None = None  # of the content, hexadecimal
    tables: Mapping[str, TableIndex | TableSegments] = field(default_factory=dict)
    documents: Mapping[str, DocumentStore | DocumentSegments] = field(default_factory=dict)

    @property
    def hidden(self) -> int:
        """How many blind spots may hide content."""
        return sum(spot.count for spot in self.blind_spots if spot.kind not in _HIDES_NOTHING)


def say(key: str, /, **values: object) -> Said:
    """One text."""
    return ((key, values),)


def said(text: Said) -> dict[str, str]:
    """The texts in both languages."""
    return {language: "".join(_worded(key, values, language) for key, values in text) for language in LANGUAGES}


def both(*texts: Said) -> Said:
    """One text behind the other."""
    return tuple(part for text in texts for part in text)


def _worded(key: str, values: Mapping[str, object], language: Language) -> str:
    filled = {name: value[language] if isinstance(value, Mapping) else value for name, value in values.items()}
    return wording(__package__).text(key, language, **filled)


@dataclass(frozen=True, slots=True)
class Judged:
    """How a condition stands, in words, and why: with its parts, and the places that speak for it."""

    truth: Truth
    said: Said
    parts: tuple[Judged, ...] = ()
    spans: tuple[Span, ...] = ()
    found: int = 0  # how many there are, also of those whose places are not kept

    @property
    def text(self) -> dict[str, str]:
        """{"zh": …, "en": …}"""
        return said(self.said)

    def to_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = {"truth": self.truth, "text": self.text}
        if self.parts:
            found["parts"] = [part.to_dict() for part in self.parts]
        if self.spans:
            found["spans"] = [list(span) for span in self.spans]
        return found


class Look:
    """One look at some evidence: what several conditions ask is found once."""

    def __init__(self, evidence: Evidence, known: Mapping[Hashable, Any] = MappingProxyType({})) -> None:
        self.evidence = evidence
        self._kept: dict[Hashable, Any] = dict(known)

    def once(self, what: Hashable, find: Callable[[], T]) -> T:
        """What `find` gives, asked once for each `what`."""
        if what not in self._kept:
            self._kept[what] = find()
        found: T = self._kept[what]
        return found
