"""Text to findings: pieces are read in batches, long ones in windows, and every finding is placed in its record."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import date
from itertools import chain, repeat
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tongguan import china_time
from tongguan.garbage import no_collection
from tongguan.identify.detect import (
    ages,
    doubts,
    file_names,
    foreign,
    heads,
    labelled,
    name_columns,
    names,
    neighbours,
    network,
    numbers,
    telephones,
    unwrapping,
)
from tongguan.identify.detect.masking import Hasher, mask
from tongguan.identify.detect.overlaps import offsets, resolve
from tongguan.identify.detect.own import OwnTypes
from tongguan.identify.detect.prose import Prose
from tongguan.identify.detect.recognisers import RECOGNISERS, Guests
from tongguan.identify.detect.view import BREAK, Candidate, View, labelled_cells, view_of
from tongguan.identify.pieces import Piece
from tongguan.identify.type_packs import OwnType
from tongguan.identify.types import OWN, TYPES, as_data_type
from tongguan.model import BlindSpot, Finding

__all__ = ["COUNTED", "Detector"]

_IN_ESCAPES: Final = (
    numbers.find,
    foreign.find,
    telephones.find,
    network.find,
    labelled.find,
    names.find,
    name_columns.find,
)
"""Recognisers that look into escaped and encoded stretches as well."""
_BATCH: Final = 1 << 20  # characters that are read at once
COUNTED: Final = 0.4
"""The least score of what is a finding: what scores less is told where it is asked for, and never counted."""
_OVERLAP: Final = 1 << 12  # characters that a window sees of its neighbours
_REMEMBERED: Final = 100_000  # values whose hash and sample are kept at hand

# The constructor of a frozen class goes through `object.__setattr__` for each field. A draft has the same layout, is
# filled in place, and becomes a finding.
_Draft: Final[Any] = type("_Draft", (), {"__slots__": tuple(field.name for field in fields(Finding))})


_Place = tuple[int, int]  # ordinals of a text and of a piece in it
_Told = tuple[bytes, str, str, str, bool]  # of a value: digest, sample, category, level, whether it is sensitive


class Detector:
    """Finds personal data and secrets in text.

    `key` keys the hashes of values: 1 byte or more, the same for all that are to be compared. `as_of` is the day on
    which ages are reckoned (today where it is not given). `prose` has names in running text read by a model; without it
    they are found only where something beside them says so. `own` are the organisation's own types, those of its packs
    where none are given. Findings below `COUNTED`, which score so little because they are hardly a person's, are left
    out but where `doubtful` asks for them.
    """

    def __init__(
        self,
        key: bytes,
        *,
        as_of: date | None = None,
        prose: Prose | None = None,
        own: Iterable[OwnType] | None = None,
        doubtful: bool = False,
    ) -> None:
        self._doubtful = doubtful
        self._prose = prose
        own = list(OWN.values() if own is None else own)
        self._types = {**TYPES, **{one.id: as_data_type(one) for one in own}}
        self._own = OwnTypes(own) if own else None
        self._guests = Guests(self._types)
        self._as_of = as_of or china_time.today()
        self._latest = int(self._as_of.strftime("%Y%m%d"))
        self._hasher = Hasher(key, self._types)
        self._seen: dict[str, dict[str, _Told]] = {type: {} for type in self._types}
        self._remembered = 0

    def scan(self, pieces: Sequence[Piece]) -> list[list[Finding]]:
        """The findings of each piece, ordered by start.

        Small pieces are joined and read at once; a piece of any size is read in windows of bounded memory. Pieces of
        the kind `name` are read as names of files are.
        """
        return self.scan_apart([pieces])[0]

    def scan_apart(self, texts: Sequence[Sequence[Piece]]) -> list[list[list[Finding]]]:
        """`scan` of the pieces of several texts at once, which costs less: of each what would be found alone.

        What could not be looked at is told by the ordinal of the text, but for what other packages' recognisers did.
        """
        found: list[list[list[Finding]]] = [[[] for _ in pieces] for pieces in texts]
        for batch in _batches(texts):
            (n, i), *others = batch
            if not others and len(texts[n][i].text) > _BATCH:
                found[n][i] = self._scan_long(texts[n][i], i, n)
            else:
                with no_collection():
                    self._scan_batch(texts, batch, found)
        for batch in _batches(texts, names=True):
            self._scan_names(texts, batch, found)
        return found

    def blind_spots(self, ordinal: int = 0) -> list[BlindSpot]:
        """What could not be looked at since the last call, of one of the texts that were scanned."""
        return [*(self._prose.take(ordinal) if self._prose is not None else ()), *self._guests.take()]

    def _scan_batch(
        self, texts: Sequence[Sequence[Piece]], batch: Sequence[_Place], found: Sequence[list[list[Finding]]]
    ) -> None:
        chosen = [texts[n][i] for n, i in batch]
        sizes = np.array([len(piece.text) + len(BREAK) for piece in chosen], np.int64)
        starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
        text = BREAK.join(piece.text for piece in chosen)
        passages = _passages([n for n, _ in batch], starts.tolist(), len(text))
        cells, *extra = self._cells(chosen, starts.tolist())
        candidates = self._read(view_of(text, self._latest, cells), passages, *extra)
        if not candidates:
            return
        owners = np.searchsorted(starts, offsets(candidates)[0], side="right") - 1
        cuts = np.searchsorted(owners, np.arange(len(batch) + 1))
        for place in np.unique(owners).tolist():
            own = candidates[cuts[place] : cuts[place + 1]]
            n, i = batch[place]
            found[n][i] = self._place(own, chosen[place], -int(starts[place]), i)

    def _scan_names(
        self, texts: Sequence[Sequence[Piece]], batch: Sequence[_Place], found: Sequence[list[list[Finding]]]
    ) -> None:
        every = self._own is not None or bool(self._guests)
        each = file_names.find([texts[n][i].text for n, i in batch], self._read_names, every=every)
        for (n, i), candidates in zip(batch, each, strict=True):
            found[n][i] = self._place(candidates, texts[n][i], 0, i)

    def _read_names(self, text: str) -> list[Candidate]:
        """What the recognisers propose of names that are joined, as of text without anything around it."""
        nowhere = np.zeros((0, 3), np.int64)
        view = view_of(text, self._latest, nowhere)
        candidates = self._recognised(view, nowhere)
        candidates += neighbours.beside(view, candidates)
        candidates += ages.find(candidates, self._as_of)
        if self._guests:
            candidates += self._guests.find(view)
        return resolve(candidates)

    def _scan_long(self, piece: Piece, ordinal: int, of: int) -> list[Finding]:
        tables = self._cells([piece], [0])
        found: list[Finding] = []
        head, begun = "", 0
        for start in range(0, len(piece.text), _BATCH):
            first = begun if head else max(0, start - _OVERLAP)
            last = min(len(piece.text), start + _BATCH + _OVERLAP)
            near = [_part(cells, first, last, len(head)) for cells in tables]
            shift = first - len(head)
            with no_collection():
                view = view_of(head + piece.text[first:last], self._latest, near[0])
                candidates = self._read(view, [(of, 0, last - shift)], *near[1:])
                own = [c for c in candidates if start <= c.start + shift < start + _BATCH]
                found += self._place(own, piece, shift, ordinal)
                if start + _BATCH < len(piece.text):  # for the window that follows
                    head, begun = heads.above(view.text, view.words, start + _BATCH - _OVERLAP - shift)
                    begun += shift
        return found

    def _cells(self, pieces: Sequence[Piece], starts: Sequence[int]) -> list[NDArray[np.int64]]:
        """Cells with the labels of their columns: ours, and where there are own types theirs."""
        ours = labelled_cells(pieces, starts)
        return [ours] if self._own is None else [ours, self._own.cells(pieces, starts)]

    def _recognised(self, view: View, own: NDArray[np.int64] | None) -> list[Candidate]:
        """What our recognisers propose, and the organisation's types: `own` are cells under labels of theirs."""
        candidates = list(chain.from_iterable(find(view) for find in RECOGNISERS.ours.values()))
        if self._own is not None and own is not None:
            candidates += self._own.find(view, own)
        return candidates

    def _read(
        self, view: View, passages: Sequence[tuple[int, int, int]], own: NDArray[np.int64] | None = None
    ) -> list[Candidate]:
        """`passages`: ordinal, start and end of each text that is joined there."""
        candidates = self._recognised(view, own)
        candidates += unwrapping.find(view, _IN_ESCAPES)
        candidates += neighbours.beside(view, candidates)
        if self._prose is not None:
            candidates = _in_each(self._prose, view, candidates, passages)
        candidates += ages.find(candidates, self._as_of)
        if self._guests:
            candidates += self._guests.find(view)
        found = _weighed(view, resolve(candidates), passages)
        return found if self._doubtful else [one for one in found if one.score >= COUNTED]

    def _place(self, candidates: Sequence[Candidate], piece: Piece, shift: int, ordinal: int) -> list[Finding]:
        if not candidates:
            return []
        records: Iterable[int] = repeat(0)
        if len(piece.records) > 1:
            places = np.searchsorted(piece.records, offsets(candidates)[0] + shift, side="right") - 1
            records = np.maximum(places, 0).tolist()
        seen, member = self._seen, piece.member
        found: list[Finding] = []
        for (start, end, type, score, validator, detector, value), record in zip(candidates, records, strict=False):
            finding = _Draft()
            finding.type, finding.start, finding.end = type, start + shift, end + shift
            finding.score, finding.validator, finding.detector = score, validator, detector
            told = seen[type].get(value) or self._tell(type, value)
            finding.digest, finding.masked, finding.category, finding.level, finding.sensitive = told
            finding.record, finding.member, finding.piece = record, member, ordinal
            finding.__class__ = Finding
            found.append(finding)
        return found

    def _tell(self, type: str, value: str) -> _Told:
        """What a finding says of a value that was not seen yet."""
        if self._remembered >= _REMEMBERED:
            self._remembered = 0
            for values in self._seen.values():
                values.clear()
        about = self._types[type]
        told = self._hasher.digest(type, value), mask(type, value), about.category, about.level, about.sensitive
        self._seen[type][value] = told
        self._remembered += 1
        return told


def _part(cells: NDArray[np.int64], first: int, last: int, above: int) -> NDArray[np.int64]:
    """The cells that begin in a window of a text, as far as they lie in it, in its offsets below so many characters."""
    low, high = (bisect_left(cells[:, 0], at) for at in (first, last))  # without a copy
    part: NDArray[np.int64] = cells[low:high] - np.array([first - above, first - above, 0])
    part[:, 1] = np.minimum(part[:, 1], last - first + above)
    return part


def _in_each(
    prose: Prose, view: View, candidates: Sequence[Candidate], passages: Sequence[tuple[int, int, int]]
) -> list[Candidate]:
    """What prose tells of each text of a view, beside what is known of it."""
    if len(passages) == 1:
        [(ordinal, start, end)] = passages
        return prose.find([view.passage(start, end, ordinal)], [candidates])[0]
    known: list[list[Candidate]] = [[] for _ in passages]
    owners = np.searchsorted([start for _, start, _ in passages], offsets(candidates)[0], side="right") - 1
    for place, candidate in zip(owners.tolist(), candidates, strict=True):
        known[place].append(_moved(candidate, -passages[place][1]))
    found = prose.find([view.passage(start, end, ordinal) for ordinal, start, end in passages], known)
    return [_moved(one, start) for (_, start, _), own in zip(passages, found, strict=True) for one in own]


def _weighed(view: View, candidates: list[Candidate], passages: Sequence[tuple[int, int, int]]) -> list[Candidate]:
    """What is doubtful in each text of a view, by that text alone; candidates in order of start."""
    if len(passages) == 1:
        return doubts.weigh(view, candidates)
    weighed: list[Candidate] = []
    cuts = np.searchsorted(offsets(candidates)[0], [start for _, start, _ in passages]).tolist()
    for (_, start, end), low, high in zip(passages, cuts, [*cuts[1:], len(candidates)], strict=True):
        if low < high:
            own = doubts.weigh(view.part(start, end), [_moved(one, -start) for one in candidates[low:high]])
            weighed += [_moved(one, start) for one in own]
    return weighed


def _moved(one: Candidate, by: int) -> Candidate:
    return Candidate(one[0] + by, one[1] + by, *one[2:])


def _passages(ordinals: Sequence[int], starts: Sequence[int], size: int) -> list[tuple[int, int, int]]:
    """Ordinal, start and end of each text whose pieces begin at `starts` in a joined one."""
    fronts = [place for place, n in enumerate(ordinals) if not place or n != ordinals[place - 1]]
    ends = [*(starts[place] - len(BREAK) for place in fronts[1:]), size]
    return [(ordinals[place], starts[place], end) for place, end in zip(fronts, ends, strict=True)]


def _batches(texts: Sequence[Sequence[Piece]], *, names: bool = False) -> Iterator[list[_Place]]:
    """Places of pieces to be read together: up to `_BATCH` characters, or one piece that is longer. A text that is no
    longer than that is in one batch. `names`: the pieces that are names, else all others."""
    batch: list[_Place] = []
    size = 0
    for n, pieces in enumerate(texts):
        chosen = [(i, piece) for i, piece in enumerate(pieces) if piece.text and (piece.kind == "name") == names]
        if batch and size + sum(len(piece.text) + len(BREAK) for _, piece in chosen) > _BATCH:
            yield batch
            batch, size = [], 0
        for i, piece in chosen:
            if batch and size + len(piece.text) > _BATCH:
                yield batch
                batch, size = [], 0
            batch.append((n, i))
            size += len(piece.text) + len(BREAK)
    if batch:
        yield batch
