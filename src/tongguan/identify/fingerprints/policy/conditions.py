"""The conditions of a policy. Each says of some evidence whether it holds, fails, or cannot be known, and why.

What was found speaks for a condition whatever is hidden; what was not found speaks against it only where nothing is
hidden. So a blind spot makes a condition unknown, and never lets content pass in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from tongguan.identify.fingerprints.documents import DocumentMatch
from tongguan.identify.fingerprints.policy.evidence import Judged, Look, Said, Span, Truth, both, say
from tongguan.identify.fingerprints.policy.words import words_in
from tongguan.identify.fingerprints.table_match import Near
from tongguan.identify.kinds.corpus import known_names
from tongguan.identify.types import TYPES

__all__ = [
    "UNSURE", "All", "AnyOf", "Attribute", "Condition", "Documents", "FoundCondition", "Identifier", "Keyword",
    "NearBy", "Not", "Regex", "Size", "Table",
]  # fmt: skip

UNSURE: Final = "unsure"
"""Among the kinds of documents: of one no kind was likely enough."""
_SHOWN: Final = 20  # places that are kept to show


class Condition(Protocol):
    """Whatever can be asked of evidence. `what`: in words, without evidence."""

    @property
    def what(self) -> Said: ...

    def judge(self, look: Look) -> Judged: ...


class FoundCondition(Condition, Protocol):
    """A condition that rests on places in the text."""

    def found(self, look: Look) -> Sequence[Span]: ...


def _counted(look: Look, what: Said, found: int, asked: int, spans: Sequence[Span] = ()) -> Judged:
    """A condition that asks for so many of something."""
    hidden = look.evidence.hidden
    truth: Truth = True if found >= asked else (None if hidden else False)
    text = both(what, say("found", found=found, asked=asked))
    if truth is None:
        text = both(text, say("hidden", count=hidden))
    return Judged(truth, text, (), tuple(spans[:_SHOWN]), found)


# ---- joined conditions


@dataclass(frozen=True, slots=True)
class All:
    """Holds where all parts hold."""

    parts: tuple[Condition, ...]

    @property
    def what(self) -> Said:
        return say("all", count=len(self.parts))

    def judge(self, look: Look) -> Judged:
        judged = tuple(part.judge(look) for part in self.parts)
        truths = [part.truth for part in judged]
        truth = False if False in truths else (None if None in truths else True)
        return Judged(truth, self.what, judged)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Holds where one part holds."""

    parts: tuple[Condition, ...]

    @property
    def what(self) -> Said:
        return say("any", count=len(self.parts))

    def judge(self, look: Look) -> Judged:
        judged = tuple(part.judge(look) for part in self.parts)
        truths = [part.truth for part in judged]
        truth = True if True in truths else (None if None in truths else False)
        return Judged(truth, self.what, judged)


@dataclass(frozen=True, slots=True)
class Not:
    """Holds where its part fails."""

    part: Condition

    @property
    def what(self) -> Said:
        return say("not")

    def judge(self, look: Look) -> Judged:
        judged = self.part.judge(look)
        return Judged(None if judged.truth is None else not judged.truth, self.what, (judged,))


@dataclass(frozen=True, slots=True)
class NearBy:
    """Holds where the parts stand together: a place of each, their beginnings at most `within` characters apart."""

    parts: tuple[FoundCondition, ...]
    within: int

    @property
    def what(self) -> Said:
        return say("near", count=len(self.parts), within=self.within)

    def found(self, look: Look) -> Sequence[Span]:
        return look.once(self, lambda: self._find(look))

    def _find(self, look: Look) -> list[Span]:
        places = sorted((span, i) for i, part in enumerate(self.parts) for span in part.found(look))
        latest: dict[int, Span] = {}
        found: list[Span] = []
        for span, i in places:
            latest[i] = span
            if len(latest) == len(self.parts):
                first = min(latest.values())
                if first[0] == span[0] and span[1] - first[1] <= self.within:
                    found.append((span[0], first[1], max(end for _, _, end in latest.values())))
        return found

    def judge(self, look: Look) -> Judged:
        spans = self.found(look)
        judged = _counted(look, self.what, len(spans), 1, spans)
        parts = tuple(part.judge(look) for part in self.parts)
        truth = judged.truth
        if truth is False and None in [part.truth for part in parts]:
            truth = None
        return Judged(truth, judged.said, parts, judged.spans, judged.found)


# ---- of what stands in the content


@dataclass(frozen=True, slots=True)
class Keyword:
    """Words in the text: `mode` "any" counts places of any of them, "all" wants each so often, "none" holds where they
    are absent."""

    words: tuple[str, ...]
    mode: str = "any"
    count: int = 1

    @property
    def what(self) -> Said:
        shown = "、".join(self.words[:5]) + ("…" if len(self.words) > 5 else "")
        return say(f"keyword.{self.mode}", words=shown)

    def found(self, look: Look) -> Sequence[Span]:
        return look.once(self, lambda: sorted({span for spans in words_in(look, self.words) for span in spans}))

    def judge(self, look: Look) -> Judged:
        what, spans = self.what, self.found(look)
        if self.mode == "none":
            judged = _counted(look, what, len(spans), 1, spans)
            return Judged(
                None if judged.truth is None else not judged.truth, judged.said, (), judged.spans, judged.found
            )
        if self.mode == "all":
            there = sum(len(each) >= self.count for each in words_in(look, self.words))
            return _counted(look, what, there, len(self.words), spans)
        return _counted(look, what, len(spans), self.count, spans)


@dataclass(frozen=True, slots=True)
class Regex:
    """Places that a regular expression matches, in linear time (RE2)."""

    pattern: str
    compiled: Any = field(compare=False, repr=False)
    count: int = 1

    @property
    def what(self) -> Said:
        return say("regex", pattern=self.pattern[:60])

    def found(self, look: Look) -> Sequence[Span]:
        def find() -> list[Span]:
            return [
                (i, match.start(), match.end())
                for i, piece in enumerate(look.evidence.pieces)
                for match in self.compiled.finditer(piece.text.encode("utf-8", "replace").decode())
                if match.end() > match.start()
            ]

        return look.once(self, find)

    def judge(self, look: Look) -> Judged:
        spans = self.found(look)
        return _counted(look, self.what, len(spans), self.count, spans)


@dataclass(frozen=True, slots=True)
class Identifier:
    """Findings of some data types, of a score or better; `distinct` counts different values."""

    types: tuple[str, ...]
    count: int = 1
    confidence: float = 0.5
    distinct: bool = True

    @property
    def what(self) -> Said:
        zh, en = ([getattr(TYPES[type], language) for type in self.types[:6]] for language in ("zh", "en"))
        names = {"zh": "、".join(zh), "en": ", ".join(en)}
        return say("identifier", types=names, confidence=self.confidence)

    def found(self, look: Look) -> Sequence[Span]:
        return [(i, finding.start, finding.end) for i, finding in self._findings(look)]

    def _findings(self, look: Look) -> list[tuple[int, Any]]:
        each = look.evidence.findings or ()
        wanted = set(self.types)
        return [
            (i, finding)
            for i, findings in enumerate(each)
            for finding in findings
            if finding.type in wanted and finding.score >= self.confidence
        ]

    def judge(self, look: Look) -> Judged:
        what = self.what
        if look.evidence.findings is None:
            return Judged(None, both(what, say("not_looked")))
        findings = self._findings(look)
        count = len({(f.type, f.digest) for _, f in findings}) if self.distinct else len(findings)
        return _counted(look, what, count, self.count, self.found(look))


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a known table, as `near` joins them, or (where `near` is None) different cells of it."""

    index: str
    near: Near | None
    count: int

    @property
    def what(self) -> Said:
        return say("table.cells" if self.near is None else "table.rows", index=self.index)

    def found(self, look: Look) -> Sequence[Span]:
        matches = self._matches(look)
        if matches is None:
            return []
        if self.near is None:
            return [(int(piece), int(start), int(end)) for piece, start, end in matches.hits[:, :3].tolist()]
        return [(row.piece, row.start, row.end) for row in matches.rows]

    def _matches(self, look: Look) -> Any:
        index = look.evidence.tables.get(self.index)
        if index is None:
            return None
        return look.once((self.index, self.near), lambda: index.match(look.evidence.pieces, self.near))

    def judge(self, look: Look) -> Judged:
        what, matches = self.what, self._matches(look)
        if matches is None:
            return Judged(None, both(what, say("not_loaded")))
        count = matches.distinct_cells if self.near is None else matches.distinct_rows
        judged = _counted(look, what, count, self.count, self.found(look))
        if judged.truth is False and matches.blind_spots:
            return Judged(None, both(judged.said, say("hidden", count=len(matches.blind_spots))), (), (), judged.found)
        return judged


@dataclass(frozen=True, slots=True)
class Documents:
    """Known documents of which at least this share stands in the text, or which make up this share of it."""

    store: str
    share: float
    measure: str  # "document", "text", "resemblance"

    @property
    def what(self) -> Said:
        return say(f"documents.{self.measure}", store=self.store, share=f"{self.share:.0%}")

    def found(self, look: Look) -> Sequence[Span]:
        return [(p.piece, p.start, p.end) for match in self._matches(look) or () for p in match.passages]

    def _matches(self, look: Look) -> list[DocumentMatch] | None:
        store = look.evidence.documents.get(self.store)
        if store is None:
            return None
        matches = look.once(("documents", self.store), lambda: store.match(look.evidence.pieces))
        return [match for match in matches if self._share(match) >= self.share]

    def _share(self, match: DocumentMatch) -> float:
        shares = {"document": match.share_of_document, "text": match.share_of_text, "resemblance": match.resemblance}
        return shares[self.measure]

    def judge(self, look: Look) -> Judged:
        what, matches = self.what, self._matches(look)
        if matches is None:
            return Judged(None, both(what, say("not_loaded")))
        return _counted(look, what, len(matches), 1, self.found(look))


# ---- of what is known of it


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes of the content: more than `over`, fewer than `under`."""

    over: int | None
    under: int | None

    @property
    def what(self) -> Said:
        if self.over is None:
            return say("size.under", under=f"{self.under:,}")
        if self.under is None:
            return say("size.over", over=f"{self.over:,}")
        return say("size.between", over=f"{self.over:,}", under=f"{self.under:,}")

    def judge(self, look: Look) -> Judged:
        what, size = self.what, look.evidence.size
        if size is None:
            return Judged(None, both(what, say("not_known")))
        truth = (self.over is None or size > self.over) and (self.under is None or size < self.under)
        return Judged(truth, both(what, say("is", value=f"{size:,}")))


@dataclass(frozen=True, slots=True)
class Attribute:
    """A named property that is one of some values: sender, recipients, labels, hashes, file types, kinds of documents.

    Of recipients all must be among the values, lest one of them let the others through.
    """

    name: str
    values: tuple[str, ...]

    @property
    def what(self) -> Said:
        return say(f"attribute.{self.name}", values=self._named())

    def judge(self, look: Look) -> Judged:
        what = self.what
        has, every = _ATTRIBUTES[self.name]
        own = has(look)
        if own is None:
            return Judged(None, both(what, say("not_known")))
        fits = [self._fits(value.casefold()) for value in own]
        truth: Truth = bool(fits) and (all(fits) if every else any(fits))
        if self.name in ("file_type", "kind") and not truth and look.evidence.hidden:
            return Judged(None, both(what, say("hidden", count=look.evidence.hidden)))
        if self.name == "kind" and not truth and UNSURE in own:
            return Judged(None, both(what, say("unsure")))
        return Judged(truth, both(what, say("holds" if truth else "fails")))

    def _named(self) -> str | dict[str, str]:
        if self.name == "kind":
            names = known_names()
            zh, en = ([names[kind][language] for kind in self.values[:5]] for language in ("zh", "en"))
            return {"zh": "、".join(zh), "en": ", ".join(en)}
        return "、".join(self.values[:5])

    def _fits(self, value: str) -> bool:
        if self.name in ("sender", "recipient"):
            domain = value.rpartition("@")[2].rstrip(".")
            return any(value == v or ("@" not in v and (domain == v or domain.endswith(f".{v}"))) for v in self.values)
        return value in self.values


_ATTRIBUTES: Final[Mapping[str, tuple[Callable[[Look], Sequence[str] | frozenset[str] | None], bool]]] = {
    "sender": (lambda look: None if look.evidence.sender is None else (look.evidence.sender,), True),
    "recipient": (lambda look: look.evidence.recipients, True),
    "label": (lambda look: look.evidence.labels, False),
    "sha256": (lambda look: None if look.evidence.sha256 is None else (look.evidence.sha256,), True),
    "file_type": (lambda look: look.evidence.file_types, False),
    "kind": (lambda look: look.evidence.kinds, False),
}
