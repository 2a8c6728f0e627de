"""Near duplicates and partial copies: documents to a store of fingerprints, and what of them stands in other text.

Of a document only keyed hashes of short runs, where they stand, and its name are kept. What stands in boilerplate
(licences, standard clauses, signatures), or in very many documents, is no sign of a copy and is left out on both sides.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tongguan.errors import BadInput
from tongguan.identify.fingerprints.container import Opened, open_container, writing
from tongguan.identify.fingerprints.passages import join_passages, pair_up
from tongguan.identify.fingerprints.siphash import Key, key_of
from tongguan.identify.fingerprints.spool import Entries, Spool, write_sorted
from tongguan.identify.fingerprints.winnow import GRAM, MINHASHES, chosen_of, minhash, resemblance
from tongguan.identify.pieces import Piece

__all__ = ["POSTING", "DocumentMatch", "DocumentStore", "Passage", "build_documents"]

KIND: Final = "documents"
_ROLLING, _CHOSEN = "fingerprints: which grams", "fingerprints: grams"  # purposes of keys
POSTING: Final = np.dtype([("hash", "<u8"), ("document", "<u4"), ("start", "<u4"), ("size", "<u2")])
_COMMON: Final = 64
_LEAST_PAIRS: Final = 4  # of a passage, where most of what stands between is shared too
_MANY_PAIRS: Final = 8  # of a passage, however much stands between
_DENSE: Final = 0.5
_BREAK: Final = 1 << 16  # between pieces: no passage reaches over it


@dataclass(frozen=True, slots=True)
class Passage:
    """What was copied: characters [start, end) of a piece, and where that stands in the document's text (its pieces one
    behind the other)."""

    piece: int
    start: int
    end: int
    document_start: int
    document_end: int
    fingerprints: int


@dataclass(frozen=True, slots=True)
class DocumentMatch:
    """A document of which something stands in the pieces. All shares are estimates, from 0 to 1."""

    document: str
    share_of_document: float  # how much of the document stands in the text
    share_of_text: float  # how much of the text comes from the document
    resemblance: float  # what both have in common, to all that either has
    passages: tuple[Passage, ...]


def build_documents(
    documents: Iterable[tuple[str, Sequence[Piece]]],
    path: Path,
    key: bytes,
    *,
    boilerplate: Iterable[Sequence[Piece]] = (),
    common: int = _COMMON,
    known: Sequence[DocumentStore] = (),
) -> int:
    """Write the store of some documents, each a name and its pieces; gives how many there are.

    `boilerplate`: texts that do not count. `common`: a run that stands in more documents than this does not count
    either. `known`: stores beside which this one is to stand; what is boilerplate there is so here. Raises BadInput
    where there is no document, CannotWrite.
    """
    if common < 1:
        raise BadInput(f"runs in more than {common} documents cannot be left out; expected 1 or more")
    keys = key_of(key, _ROLLING), key_of(key, _CHOSEN)
    stop = np.unique(np.concatenate([_all_hashes(boilerplate, keys), *(store.stop for store in known)]))
    names: list[str] = []
    minima: list[NDArray[np.uint32]] = []
    with ExitStack() as stack:
        spool = Spool(POSTING, stack)
        for name, pieces in documents:
            postings = _postings(pieces, len(names), stop, keys)
            spool.add(postings)
            names.append(name)
            minima.append(minhash(postings["hash"]))
        if not names:
            raise BadInput("no documents to make fingerprints of; expected one or more that hold text")
        bits = max(6, math.ceil(math.log2(spool.sizes.sum() / 4 + 1)))
        counted, stops = np.zeros(len(names), np.int64), [stop]
        with writing(path, key) as draft:
            write_sorted(draft, _telling(spool, common, counted, stops), ("hash", "document", "start", "size"), bits)
            draft.put("stop", np.unique(np.concatenate(stops)))
            draft.put("minima", np.array(minima, np.uint32))
            draft.put("counted", counted)
            draft.finish(KIND, {"names": names, "common": common})
    return len(names)


def _all_hashes(texts: Iterable[Sequence[Piece]], keys: tuple[Key, Key]) -> NDArray[np.uint64]:
    hashes = [chosen_of(piece.text, *keys)[0] for pieces in texts for piece in pieces]
    return np.unique(np.concatenate([np.zeros(0, np.uint64), *hashes]))


def _postings(pieces: Sequence[Piece], document: int, stop: NDArray[np.uint64], keys: tuple[Key, Key]) -> Entries:
    """Of each run its first place in the document."""
    found, before = [np.zeros(0, POSTING)], 0
    for piece in pieces:
        hashes, spans = chosen_of(piece.text, *keys)
        postings = np.zeros(len(hashes), POSTING)
        postings["hash"], postings["document"] = hashes, document
        postings["start"] = np.minimum(spans[:, 0] + before, 0xFFFFFFFF)
        postings["size"] = np.minimum(spans[:, 1] - spans[:, 0], 0xFFFF)
        found.append(postings[~_among(hashes, stop)])
        before += len(piece.text)
    postings = np.concatenate(found)
    return postings[np.sort(np.unique(postings["hash"], return_index=True)[1])]


def _among(hashes: NDArray[np.uint64], ordered: NDArray[np.uint64]) -> NDArray[np.bool_]:
    if not len(ordered):
        return np.zeros(len(hashes), np.bool_)
    return np.equal(ordered[np.minimum(np.searchsorted(ordered, hashes), len(ordered) - 1)], hashes)


def _telling(
    spool: Spool, common: int, counted: NDArray[np.int64], stops: list[NDArray[np.uint64]]
) -> Iterator[Entries]:
    """The postings that count, by hash; counts them by document, and tells the hashes of the others."""
    for postings in spool.parts():
        hashes, sizes = np.unique(postings["hash"], return_counts=True)
        keep = np.repeat(sizes <= common, sizes)
        stops.append(hashes[sizes > common])
        counted += np.bincount(postings["document"][keep], minlength=len(counted))
        yield postings[keep]


class DocumentStore:
    """A store that `build_documents` wrote, mapped into memory. Raises BadInput, Broken as `open_container` does."""

    def __init__(self, path: Path, key: bytes, opened: Opened | None = None) -> None:
        opened = opened or open_container(path, key, KIND)
        self.names: tuple[str, ...] = tuple(opened.about["names"])
        at = opened.sections
        self.common: int = opened.about.get("common", _COMMON)
        self._keys = key_of(key, _ROLLING), key_of(key, _CHOSEN)
        self.hashes, self.documents, self.starts, self.sizes = at["hash"], at["document"], at["start"], at["size"]
        self.stop, self.counted = at["stop"], at["counted"]
        self.minima = at["minima"].reshape(-1, MINHASHES)
        self._directory = at["directory"]
        self._shift = np.uint64(64 - (len(self._directory) - 1).bit_length() + 1)

    def match(self, pieces: Sequence[Piece], *, least: int = 80) -> list[DocumentMatch]:
        """Documents of which passages stand in the pieces, the most copied first.

        `least`: what a passage must weigh to count; a Han character weighs two, a letter or a digit of others one.
        """
        hashes, spans, owner = self._read(pieces)
        if not len(hashes):
            return []
        pairs = self._pairs(hashes)
        text = (spans[:, 0] + owner * _BREAK + np.concatenate(([0], np.cumsum([len(p.text) for p in pieces])))[owner])[
            pairs[:, 1]
        ]
        passages, member = np.empty((len(pairs), 3), np.int64), np.empty(len(pairs), np.int64)
        count = join_passages(pairs, text, self.starts[pairs[:, 2]], passages, member)
        first, last = passages[:count, 0], passages[:count, 1]
        weight = spans[pairs[last, 1], 2] - spans[pairs[first, 1], 2] + GRAM
        dense = passages[:count, 2] >= _DENSE * (pairs[last, 1] - pairs[first, 1] + 1)
        shared = passages[:count, 2]
        good = (weight >= least) & ((shared >= _MANY_PAIRS) | (dense & (shared >= _LEAST_PAIRS)))
        size = len(np.unique(hashes)) if good.any() else 0
        matches = [
            self._match(int(document), pairs, spans, owner, passages, good, member, size)
            for document in np.unique(pairs[first[good], 0])
        ]
        return sorted(matches, key=lambda match: (-match.share_of_document, match.document))

    def sharing(self, pieces: Sequence[Piece]) -> NDArray[np.bool_]:
        """Which pieces may hold a passage of a document: all that do, and few others. They are read as one text, which
        is much faster for many short ones."""
        starts = np.cumsum([0, *(len(piece.text) + 1 for piece in pieces)])
        hashes, spans = chosen_of("\n".join(piece.text for piece in pieces), *self._keys)
        shared = spans[_among(hashes, self.hashes)]
        found = np.zeros(len(pieces), np.bool_)
        for side in (shared[:, 0], shared[:, 1] - 1):  # a gram may stand on two
            found[np.minimum(np.searchsorted(starts, side, side="right") - 1, len(pieces) - 1)] = True
        return found

    def nearest(self, pieces: Sequence[Piece], *, least: float = 0.5, most: int = 10) -> list[tuple[str, float]]:
        """Documents as a whole much like the pieces as a whole, with their resemblance (MinHash, +-0.09 at 95 %)."""
        hashes = self._read(pieces)[0]
        if not len(hashes):
            return []
        alike = resemblance(minhash(hashes), self.minima)
        alike[self.counted == 0] = 0.0
        order = [i for i in np.argsort(-alike, kind="stable")[:most].tolist() if alike[i] >= least]
        return [(self.names[i], float(alike[i])) for i in order]

    def _read(self, pieces: Sequence[Piece]) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
        """Fingerprints that count, their spans and their pieces."""
        each = [chosen_of(piece.text, *self._keys) for piece in pieces]
        if not each:
            return np.zeros(0, np.uint64), np.zeros((0, 3), np.int64), np.zeros(0, np.int64)
        hashes, spans = np.concatenate([h for h, _ in each]), np.concatenate([s for _, s in each])
        owner = np.repeat(np.arange(len(each)), [len(h) for h, _ in each])
        keep = ~_among(hashes, self.stop)
        return hashes[keep], spans[keep], owner[keep]

    def _pairs(self, hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
        """(n, 3) document, place in `hashes`, posting: by document, then place."""
        room = max(1 << 12, 2 * len(hashes))
        while True:
            pairs = np.empty((room, 3), np.int64)
            count = pair_up(hashes, self._directory, self._shift, self.hashes, self.documents, pairs)
            if count >= 0:
                break
            room *= 4
        pairs = pairs[:count]
        return np.ascontiguousarray(pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))])

    def _match(
        self,
        document: int,
        pairs: NDArray[np.int64],
        spans: NDArray[np.int64],
        owner: NDArray[np.int64],
        passages: NDArray[np.int64],
        good: NDArray[np.bool_],
        member: NDArray[np.int64],
        size: int,
    ) -> DocumentMatch:
        low, high = np.searchsorted(pairs[:, 0], (document, document + 1))
        counts = good[member[low:high]]
        shared = len(np.unique(pairs[low:high, 2][counts]))
        copied = len(np.unique(pairs[low:high, 1][counts]))
        found = []
        for i in np.unique(member[low:high][counts]).tolist():
            one, two = pairs[passages[i, 0]], pairs[passages[i, 1]]
            start, stop = self.starts[[one[2], two[2]]].tolist()
            found.append(
                Passage(
                    int(owner[one[1]]), int(spans[one[1], 0]), int(spans[two[1], 1]), min(start, stop),
                    max(start, stop) + int(self.sizes[two[2]]), int(passages[i, 2]),
                )
            )  # fmt: skip
        return DocumentMatch(
            self.names[document],
            shared / int(self.counted[document]),
            copied / len(spans),
            shared / (int(self.counted[document]) + size - shared),
            tuple(sorted(found, key=lambda passage: (passage.piece, passage.start))),
        )
