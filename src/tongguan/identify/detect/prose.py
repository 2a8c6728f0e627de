"""Names in running prose: which sentences a model is asked about, and what its answers are worth.

The model is slow (some hundred kilobytes a second), so that only sentences with signs of names are read, the most
promising first, up to a share of the text. The choice depends on the text alone: the same text, the same findings.
What was passed over is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.detect.characters import HAN, KIND, PROVINCE
from tongguan.identify.detect.names import foreign_span, is_no_name, may_begin, sounds
from tongguan.identify.detect.view import Candidate, View
from tongguan.model import BlindKind, BlindSpot

__all__ = ["Prose", "ReadsEntities"]

_DETECTOR: Final = "prose"
_LONGEST: Final = 160  # characters of a sentence that is asked about
_SHARE: Final = 0.02  # of the characters of a text, at most
_LEAST: Final = 40_000  # characters that are read whatever the share
_SHORTEST: Final = 5
_OFF: Final = "the model that reads them is switched off or not installed (extra `names`)"
_ENDED: Final = "the process that reads them ended"

_END: Final = np.zeros(65536, np.bool_)
_END[[ord(c) for c in "。！？!?；;\n\r\x00"]] = True
_PAUSE: Final = np.zeros(65536, np.bool_)
_PAUSE[[ord(c) for c in "，,、：: \u3000"]] = True
_MIDDLE: Final = np.zeros(65536, np.bool_)
_MIDDLE[[ord(c) for c in "·•・"]] = True

_HAN_NAME: Final = re.compile(r"[\u3400-\u9fff]{2,5}|[\u3400-\u9fff]{1,12}(?:[·•・－-][\u3400-\u9fffA-Z]{1,12}){1,4}")
_LONG_NAME: Final = re.compile(r"[\u3400-\u9fff]{6,10}")


_TITLE: Final = re.compile(
    "(?:主席|总书记|书记|总统|总理|部长|委员长?|先生|女士|同志|修女|太后|夫人|教授|老师|将军|等人?|部)$"
)


class ReadsEntities(Protocol):
    """What reads sentences: `identify.entities.EntityReader`, or anyone's."""

    def read(self, sentences: Sequence[str]) -> Sequence[Sequence[tuple[str, int, int]] | None]:
        """Type, start and end of what each sentence names; None where it could not read one."""


class Prose:
    """Asks a reader about sentences; without one it counts what it would have asked."""

    def __init__(self, reader: ReadsEntities | None, share: float = _SHARE, least: int = _LEAST) -> None:
        self._reader, self._share, self._least = reader, share, least
        self._skipped = self._unread = self._skipped_size = self._unread_size = 0

    def find(self, view: View, known: Sequence[Candidate]) -> list[Candidate]:
        """Names, organisations and places in the sentences that were chosen."""
        spans, signs = _sentences(view, known)
        chosen = self._within_budget(spans, signs, len(view.text))
        if not chosen:
            return []
        candidates = []
        for (start, end), found in zip(chosen, self._answers([view.text[a:b] for a, b in chosen]), strict=True):
            if found is None:
                self._unread += 1
                self._unread_size += end - start
            for type, first, last in found or ():
                if candidate := _candidate(view.text, type, start + first, start + last):
                    candidates.append(candidate)
        return candidates

    def _answers(self, sentences: Sequence[str]) -> Sequence[Sequence[tuple[str, int, int]] | None]:
        """Those of the reader; None for each sentence that it did not read."""
        return [None] * len(sentences) if self._reader is None else self._reader.read(sentences)

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
            detail = f"names in running prose: sentences beyond the share of {self._share:.0%} of a text"
            spots.append(BlindSpot(BlindKind.SAMPLED, "", detail, self._skipped, self._skipped_size))
        self._skipped = self._unread = self._skipped_size = self._unread_size = 0
        return spots

    def _within_budget(self, spans: NDArray[np.int64], signs: NDArray[np.int64], size: int) -> list[tuple[int, int]]:
        """The sentences with the most signs for their length, in order of place."""
        budget = max(self._least, int(self._share * size))
        lengths = spans[:, 1] - spans[:, 0]
        order = np.argsort(-(signs / np.maximum(lengths, 20)), kind="stable")
        taken = order[np.cumsum(lengths[order]) <= budget]
        self._skipped += len(spans) - len(taken)
        self._skipped_size += int(lengths.sum() - lengths[taken].sum())
        return [(a, b) for a, b in spans[np.sort(taken)].tolist()]


def _sentences(view: View, known: Sequence[Candidate]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Sentences (n, 2) that hold signs of names outside of what is known, and how many signs."""
    units = view.units
    n = len(units)
    if n < _SHORTEST or units.dtype == np.uint8:  # no Han in it
        return np.zeros((0, 2), np.int64), np.zeros(0, np.int64)
    han = (KIND[units] == HAN) | (KIND[units] == PROVINCE)
    sign = may_begin(units) | sounds(units)
    sign[1:] |= _MIDDLE[units[1:]] & han[:-1]
    ends = view.words.start[view.words.of("marks/organisation")]
    sign[ends] = True
    for candidate in known:
        sign[candidate.start : candidate.end] = False
    cuts = np.flatnonzero(_END[units])
    bounds = np.concatenate(([0], cuts + 1, [n]))
    signs = np.add.reduceat(np.append(sign, False), bounds[:-1].clip(max=n))
    hans = np.add.reduceat(np.append(han, False), bounds[:-1].clip(max=n))
    chosen = np.flatnonzero((signs > 0) & (hans >= _SHORTEST))
    spans = np.column_stack((bounds[chosen], bounds[chosen + 1])).astype(np.int64)
    if (spans[:, 1] - spans[:, 0] <= _LONGEST).all():
        return spans, signs[chosen].astype(np.int64)
    pieces = [(a, b, count) for (a, b), count in zip(spans.tolist(), signs[chosen].tolist(), strict=True)
              for a, b in _shorter(view, a, b)]  # fmt: skip
    whole = np.array(pieces, np.int64)
    return whole[:, :2], whole[:, 2]


def _shorter(view: View, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A long sentence in parts, cut at a pause where there is one."""
    while end - start > _LONGEST:
        pauses = np.flatnonzero(_PAUSE[view.units[start + _LONGEST // 2 : start + _LONGEST]])
        cut = start + _LONGEST // 2 + int(pauses[-1]) + 1 if len(pauses) else start + _LONGEST
        yield start, cut
        start = cut
    yield start, end


def _candidate(text: str, type: str, start: int, end: int) -> Candidate | None:
    while start < end and text[start] in " \u3000《“\"'（(@#":
        start += 1
    while end > start and text[end - 1] in " \u3000》”\"'）):：,，。":
        end -= 1
    if type == "person_name":
        start, end = foreign_span(text, start, end)
        if (title := _TITLE.search(text, start + 2, end)) is not None:
            end = title.start()
    value = text[start:end]
    if len(value) < 2 or value.isdigit():
        return None
    if type == "person_name":
        if is_no_name(value) or not (_HAN_NAME.fullmatch(value) or _LONG_NAME.fullmatch(value)):
            return None
        return Candidate(start, end, type, 0.62, "model", _DETECTOR, "".join(value.split()))
    return Candidate(start, end, type, 0.65 if type == "organisation" else 0.55, "model", _DETECTOR, value)
