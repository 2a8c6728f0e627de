"""Names in running prose: which sentences a model is asked about, and what its answers are worth.

The model is slow (some hundred kilobytes a second), so that only running prose is read, sentences with the most signs
of names first, up to a share of it. Equal sentences are read once. The choice depends on the text alone: the same text,
the same findings. What was passed over is said.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.detect.characters import HAN, KIND, PROVINCE, Units
from tongguan.identify.detect.foreign_names import sounds
from tongguan.identify.detect.names import may_begin
from tongguan.identify.detect.naming import Span, candidates_of, certain_names, named_again, without_denied
from tongguan.identify.detect.view import Candidate, View
from tongguan.model import BlindKind, BlindSpot

__all__ = ["Prose", "ReadsEntities"]

_LONGEST: Final = 160  # characters of a sentence that is asked about
_SHARE: Final = 0.02  # of the prose of a text, at most
_LEAST: Final = 4_000  # characters that are read whatever the share
_SHORTEST: Final = 5  # characters of a run of Han that is prose
_REMEMBERED: Final = 20_000  # sentences whose answers are kept at hand
_OFF: Final = "the model that reads them is switched off or not installed (extra `names`)"
_ENDED: Final = "the process that reads them ended"

_END: Final = np.zeros(65536, np.bool_)
_END[[ord(c) for c in "。！？!?；;\n\r\x00"]] = True
_PAUSE: Final = np.zeros(65536, np.bool_)
_PAUSE[[ord(c) for c in "，,、：: \u3000"]] = True
_WITHIN: Final = np.zeros(65536, np.bool_)
_WITHIN[[ord(c) for c in "，、·•・“”‘’《》（）—"]] = True
_MIDDLE: Final = np.zeros(65536, np.bool_)
_MIDDLE[[ord(c) for c in "·•・"]] = True


class ReadsEntities(Protocol):
    """What reads sentences: `identify.entities.EntityReader`, or anyone's."""

    def read(self, sentences: Sequence[str]) -> Sequence[Sequence[Span] | None]:
        """Type, start, end and probability of what each sentence may name; None where it could not read one."""


class Prose:
    """Asks a reader about sentences; without one it counts what it would have asked."""

    def __init__(self, reader: ReadsEntities | None, share: float = _SHARE, least: int = _LEAST) -> None:
        self._reader, self._share, self._least = reader, share, least
        self._skipped = self._unread = self._skipped_size = self._unread_size = 0
        self._read: dict[str, Sequence[Span]] = {}

    def find(self, view: View, known: Sequence[Candidate]) -> list[Candidate]:
        """What is known, but for what its reader denies; names, organisations and places in the
        sentences that were chosen; and the surest names wherever they stand in the same piece."""
        chosen = self._within_budget(view.text, *_sentences(view, known))
        if not chosen:
            return list(known)
        read: list[tuple[tuple[int, int], Sequence[Span]]] = []  # start and end of a sentence, its spans
        for (start, end), spans in zip(chosen, self._answers([view.text[a:b] for a, b in chosen]), strict=True):
            if spans is None:
                self._unread += 1
                self._unread_size += end - start
            else:
                read.append(((start, end), spans))
        breaks = np.flatnonzero(view.units == 0)
        pieces = np.searchsorted(breaks, [start for (start, _), _ in read]).tolist()
        certain: dict[int, set[str]] = {}
        for piece, ((start, _), spans) in zip(pieces, read, strict=True):
            certain.setdefault(piece, set()).update(certain_names(view.text, start, spans))
        candidates = [
            candidate
            for piece, ((start, _), spans) in zip(pieces, read, strict=True)
            for candidate in candidates_of(view.text, start, spans, certain[piece])
        ]
        return [
            *without_denied(known, [(a, b, spans) for (a, b), spans in read]),
            *_beside_addresses(candidates, known),
            *named_again(view, certain, breaks),
        ]

    def _answers(self, sentences: Sequence[str]) -> Sequence[Sequence[Span] | None]:
        """Those of the reader; None for each sentence that it did not read. What was read lately is remembered."""
        assert self._reader is not None
        if len(self._read) > _REMEMBERED:
            self._read.clear()
        fresh = [sentence for sentence in dict.fromkeys(sentences) if sentence not in self._read]
        answers = dict(zip(fresh, self._reader.read(fresh) if fresh else (), strict=True))
        self._read |= {sentence: spans for sentence, spans in answers.items() if spans is not None}
        return [self._read.get(sentence) for sentence in sentences]

    @property
    def on(self) -> bool:
        """Whether there is a reader."""
        return self._reader is not None

    def take(self) -> list[BlindSpot]:
        """What was not read since the last call."""
        spots = []
        if self._unread:
            detail = "names in running prose: " + (_ENDED if self.on else _OFF)
            spots.append(BlindSpot(BlindKind.DETECTOR_DISABLED, "", detail, self._unread, self._unread_size))
        if self._skipped:
            detail = f"names in running prose: sentences beyond the share of {self._share:.0%} of a text's prose"
            spots.append(BlindSpot(BlindKind.SAMPLED, "", detail, self._skipped, self._skipped_size))
        self._skipped = self._unread = self._skipped_size = self._unread_size = 0
        return spots

    def _within_budget(self, text: str, spans: NDArray[np.int64], signs: NDArray[np.int64]) -> list[tuple[int, int]]:
        """The sentences with the most signs for their length, in order of place. Equal ones count once."""
        lengths = spans[:, 1] - spans[:, 0]
        if self._reader is None:
            self._unread += len(spans)
            self._unread_size += int(lengths.sum())
            return []
        left = max(self._least, int(self._share * int(lengths.sum())))
        taken: list[tuple[int, int]] = []
        seen: set[str] = set()
        order = np.argsort(-(signs / np.maximum(lengths, 20)), kind="stable")
        for start, end in spans[order].tolist():
            sentence = text[start:end]
            if sentence not in seen:
                if left < end - start:
                    break
                seen.add(sentence)
                left -= end - start
            taken.append((start, end))
        self._skipped += len(spans) - len(taken)
        self._skipped_size += int(lengths.sum()) - sum(b - a for a, b in taken)
        return sorted(taken)


_HOLD_PLACES: Final = frozenset({"address", "health", "education", "ethnicity", "religion"})


def _beside_addresses(candidates: Sequence[Candidate], known: Sequence[Candidate]) -> list[Candidate]:
    """Without the places and organisations that are parts of an address, or of what is said of somebody: 对芒果过敏,
    同济大学硕士, 维吾尔族."""
    addresses = sorted((one.start, one.end) for one in known if one.type in _HOLD_PLACES)
    starts = [start for start, _ in addresses]

    def is_part(one: Candidate) -> bool:
        at = bisect_left(starts, one.end) - 1  # the last address that begins before its end
        return one.type in ("place", "organisation") and at >= 0 and addresses[at][1] > one.start

    return [one for one in candidates if not is_part(one)]


def _sentences(view: View, known: Sequence[Candidate]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Sentences (n, 2) that may hold names, and how many signs each holds outside of what is known."""
    units = view.units
    n = len(units)
    if n < _SHORTEST or units.dtype == np.uint8:  # no Han in it
        return np.zeros((0, 2), np.int64), np.zeros(0, np.int64)
    running = _running(units, known)
    sign = may_begin(units) | sounds(units) | _MIDDLE[units]
    sign[view.words.start[view.words.of("marks/organisation")]] = True
    sign &= running
    cuts = np.flatnonzero(_END[units])
    bounds = np.concatenate(([0], cuts + 1, [n]))
    signs = np.add.reduceat(np.append(sign, False), bounds[:-1].clip(max=n))
    chosen = np.flatnonzero(np.add.reduceat(np.append(running, False), bounds[:-1].clip(max=n)))
    spans = np.column_stack((bounds[chosen], bounds[chosen + 1])).astype(np.int64)
    if (spans[:, 1] - spans[:, 0] <= _LONGEST).all():
        return spans, signs[chosen].astype(np.int64)
    pieces = [(a, b, count) for (a, b), count in zip(spans.tolist(), signs[chosen].tolist(), strict=True)
              for a, b in _shorter(view, a, b)]  # fmt: skip
    whole = np.array(pieces, np.int64)
    return whole[:, :2], whole[:, 2]


def _running(units: Units, known: Sequence[Candidate]) -> NDArray[np.bool_]:
    """(n,): what stands in a run of Han and the marks between them, as prose is written; words in a list are none, and
    what is known is none."""
    kind = KIND[units]
    han = (kind == HAN) | (kind == PROVINCE) | _WITHIN[units]
    for candidate in known:
        han[candidate.start : candidate.end] = False
    edges = np.flatnonzero(np.diff(han, prepend=False, append=False))
    starts, ends = edges[::2], edges[1::2]
    long = ends - starts >= _SHORTEST
    change = np.zeros(len(units) + 1, np.int8)
    change[starts[long]] = 1
    change[ends[long]] -= 1
    running: NDArray[np.bool_] = np.cumsum(change[:-1], dtype=np.int8).view(np.bool_)
    return running


def _shorter(view: View, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A long sentence in parts, cut at a pause where there is one."""
    while end - start > _LONGEST:
        pauses = np.flatnonzero(_PAUSE[view.units[start + _LONGEST // 2 : start + _LONGEST]])
        cut = start + _LONGEST // 2 + int(pauses[-1]) + 1 if len(pauses) else start + _LONGEST
        yield start, cut
        start = cut
    yield start, end
