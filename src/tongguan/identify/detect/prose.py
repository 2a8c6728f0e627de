"""Names in running prose: which sentences a model is asked about, and what its answers are worth.

The model is slow (some hundred kilobytes a second), so that only running prose is read, sentences with the most signs
of names first, up to a share of it (`asking`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.detect.asking import Asked, Asking, Read, ReadsSpans
from tongguan.identify.detect.characters import HAN, KIND, PROVINCE, Units
from tongguan.identify.detect.foreign_names import sounds
from tongguan.identify.detect.names import may_begin
from tongguan.identify.detect.naming import candidates_of, certain_names, named_again, without_denied
from tongguan.identify.detect.statements import SaidInProse
from tongguan.identify.detect.view import Candidate, Passage
from tongguan.model import BlindSpot

__all__ = ["NAMES_IN_PROSE", "Prose"]

NAMES_IN_PROSE: Final = "names in running prose"
"""How blind spots begin that tell of names which no model read."""

_LONGEST: Final = 160  # characters of a sentence that is asked about
_SHARE: Final = 0.02  # of the prose of a text, at most
_LEAST: Final = 4_000  # characters that are read whatever the share
_SHORTEST: Final = 5  # characters of a run of Han that is prose

_END: Final = np.zeros(65536, np.bool_)
_END[[ord(c) for c in "。！？!?；;\n\r\x00"]] = True
_PAUSE: Final = np.zeros(65536, np.bool_)
_PAUSE[[ord(c) for c in "，,、：: \u3000"]] = True
_WITHIN: Final = np.zeros(65536, np.bool_)
_WITHIN[[ord(c) for c in "，、·•・“”‘’《》（）—"]] = True
_MIDDLE: Final = np.zeros(65536, np.bool_)
_MIDDLE[[ord(c) for c in "·•・"]] = True


class Prose:
    """Asks a reader about sentences; without one it counts what it would have asked. `said` does the same for what is
    said of persons."""

    def __init__(
        self,
        reader: ReadsSpans | None,
        share: float = _SHARE,
        least: int = _LEAST,
        *,
        said: SaidInProse | None = None,
    ) -> None:
        self._names, self._said = Asking(NAMES_IN_PROSE, "names", reader, share, least), said

    def find(self, passages: Sequence[Passage], known: Sequence[Sequence[Candidate]]) -> list[list[Candidate]]:
        """Of each text what is known, but for what its reader denies; names, organisations and places in the sentences
        that were chosen; the surest names wherever they stand in the same piece; and what is said of persons."""
        asked = [Asked(one.text, *_sentences(one, own), one.ordinal) for one, own in zip(passages, known, strict=True)]
        candidates = list(map(self._with_names, passages, self._names.ask(asked), known))
        if self._said is None:
            return candidates
        said = self._said.find(passages, candidates)
        return [[*own, *more] for own, more in zip(candidates, said, strict=True)]

    def _with_names(self, view: Passage, read: Sequence[Read], known: Sequence[Candidate]) -> list[Candidate]:
        if not read:
            return list(known)
        breaks = np.flatnonzero(view.units == 0)
        pieces = np.searchsorted(breaks, [start for start, _, _ in read]).tolist()
        certain: dict[int, set[str]] = {}
        for piece, (start, _, spans) in zip(pieces, read, strict=True):
            certain.setdefault(piece, set()).update(certain_names(view.text, start, spans))
        candidates = [
            candidate
            for piece, (start, _, spans) in zip(pieces, read, strict=True)
            for candidate in candidates_of(view.text, start, spans, certain[piece])
        ]
        return [
            *without_denied(known, read),
            *_beside_addresses(candidates, known),
            *named_again(view, certain, breaks),
        ]

    @property
    def reads_names(self) -> bool:
        """Whether there is a reader of names."""
        return self._names.on

    @property
    def on(self) -> bool:
        """Whether there is any reader."""
        return self._names.on or (self._said is not None and self._said.on)

    def take(self, ordinal: int = 0) -> list[BlindSpot]:
        """What was not read of a text since the last call."""
        return [*self._names.take(ordinal), *(self._said.take(ordinal) if self._said is not None else ())]


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


def _sentences(view: Passage, known: Sequence[Candidate]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
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


def _shorter(view: Passage, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A long sentence in parts, cut at a pause where there is one."""
    while end - start > _LONGEST:
        pauses = np.flatnonzero(_PAUSE[view.units[start + _LONGEST // 2 : start + _LONGEST]])
        cut = start + _LONGEST // 2 + int(pauses[-1]) + 1 if len(pauses) else start + _LONGEST
        yield start, cut
        start = cut
    yield start, end
