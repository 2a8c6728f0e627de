"""What lists of tables and files are filtered and ordered by, held in memory: a page of a million in a fraction of a
second. Made again when the catalogue changes; of a long one in the background, so that a list may be some seconds old.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from tongguan.casework.assets import Catalogue, Filter
from tongguan.casework.assets.judged import LEVELS
from tongguan.casework.assets.tables import columns as held
from tongguan.casework.assets.tables import sources, units

__all__ = ["Index", "as_of", "index_of", "mark_of", "once"]

STATES, CHANGES, KINDS = ("read", "unread", "gone"), ("same", "new", "changed", "gone"), ("table", "file")
QUICK_S = 0.5  # an index that was made so quickly is made again at once
WAIT = 10.0  # another is made again in the background, after so many times what it took
KEPT = 4  # catalogues of one process
SCOPES = 8  # groups of sources, each of which somebody may see
FAST_S, KEEP_S, FIGURES = 0.1, 20.0, 500  # figures that took longer are kept so many seconds, and so many at most

Mask = NDArray[np.bool_]


@dataclass(slots=True)
class Index:
    """Of each unit a few numbers, in the order of sources' names and paths."""

    mark: tuple[tuple[int, int], ...]
    as_of: float
    took: float
    ids: NDArray[np.int64]
    source: NDArray[np.int32]
    kind: NDArray[np.int8]
    state: NDArray[np.int8]
    change: NDArray[np.int8]
    level: NDArray[np.int8]  # -1 for none
    sensitive: Mask
    persons: NDArray[np.int64]
    rows: NDArray[np.int64]  # -1 for unknown
    seen: NDArray[np.float64]
    types: NDArray[np.int32]  # a code of the list of types
    with_type: Mapping[str, NDArray[np.int32]]  # codes of the lists that hold a type
    document: NDArray[np.int32]  # a code, -1 for none
    documents: Sequence[str]
    lapsed: NDArray[np.int64]  # ids of units with a correction that holds no more
    known: NDArray[np.int64]  # ids of units in which registered data was found
    words: Any  # a pyarrow array: path and comment in small letters
    names: Mapping[str, int] = field(default_factory=dict)  # sources

    def found(self, chosen: Filter) -> Mask:
        """Which units a filter lets through. What is gone is left out unless it is asked for."""
        kept: Mask = np.ones(len(self.ids), bool)
        if chosen.state is not None:
            kept &= self.state == _code(STATES, chosen.state)
        elif chosen.change != "gone":
            kept &= self.state != _code(STATES, "gone")
        if chosen.source is not None:
            kept &= self.source == self.names.get(chosen.source, -1)
        if chosen.kind is not None:
            kept &= self.kind == _code(KINDS, chosen.kind)
        if chosen.change is not None:
            kept &= self.change == _code(CHANGES, chosen.change)
        if chosen.level is not None:
            kept &= self.level >= LEVELS.index(chosen.level)
        if chosen.sensitive is not None:
            kept &= self.sensitive == chosen.sensitive
        if chosen.document is not None:
            kept &= self.document == _code(self.documents, chosen.document)
        if chosen.type is not None:
            kept &= np.isin(self.types, self.with_type.get(chosen.type, np.empty(0, np.int32)))
        if chosen.text:
            kept &= self._mentions(chosen.text, kept)
        for ids, wanted in ((self.lapsed, chosen.lapsed), (self.known, chosen.known)):
            if wanted is not None:
                kept &= np.isin(self.ids, ids) == wanted
        return kept

    def page(self, chosen: Filter, order: str, down: bool, number: int, length: int) -> tuple[list[int], int, int]:
        """Ids of one page, how many units there are, and which page it is: the last one where there are fewer."""
        places = np.flatnonzero(self.found(chosen))
        total = len(places)
        number = min(number, max(1, -(-total // length)))
        first, last = (number - 1) * length, number * length
        orders: dict[str, NDArray[Any]] = {
            "level": self.level,
            "persons": self.persons,
            "seen": self.seen,
            "rows": self.rows,
        }
        by = orders.get(order)
        if by is not None and total:
            places = _some(by[places], places, down, first, min(last, total))
        else:
            places = places[first:last]
        return [int(one) for one in self.ids[places]], total, number

    def of(self, only: frozenset[str]) -> Index:
        """The index of some sources alone: as if there were no other ones."""
        names = {name: rank for name, rank in self.names.items() if name in only}
        kept = np.isin(self.source, list(names.values()))
        types, document = self.types[kept], self.document[kept]
        present = np.unique(document[document >= 0])
        return replace(
            self, ids=self.ids[kept], source=self.source[kept], kind=self.kind[kept], state=self.state[kept],
            change=self.change[kept], level=self.level[kept], sensitive=self.sensitive[kept],
            persons=self.persons[kept], rows=self.rows[kept], seen=self.seen[kept], types=types,
            with_type={type: codes for type, codes in self.with_type.items() if np.isin(codes, types).any()},
            document=np.where(document >= 0, np.searchsorted(present, document), -1).astype(np.int32),
            documents=[self.documents[code] for code in present], words=self.words.filter(kept), names=names,
        )  # fmt: skip

    def _mentions(self, text: str, kept: Mask) -> Mask:
        """Only what passed so far is searched."""
        import pyarrow.compute as pc

        places = np.flatnonzero(kept)
        some = self.words if len(places) == len(self.ids) else self.words.take(places)
        told = pc.match_substring(some, text.lower()).to_numpy(zero_copy_only=False)
        out: Mask = np.zeros(len(self.ids), bool)
        out[places] = told
        return out


def _some(values: NDArray[Any], places: NDArray[Any], down: bool, first: int, last: int) -> NDArray[Any]:
    """A slice of the places ordered by their values, equal ones in their own order; without ordering all of them."""
    key = -values.astype(np.float64) if down else values.astype(np.float64)
    least, most = np.partition(key, (first, last - 1))[[first, last - 1]]
    before = int((key < least).sum())
    within = np.flatnonzero((key >= least) & (key <= most))
    ordered = within[np.argsort(key[within], kind="stable")]
    return places[ordered[first - before : last - before]]


def _code(known: Sequence[str], name: str) -> int:
    return known.index(name) if name in known else -2


_indexes: dict[str, Index] = {}
_narrowed: dict[tuple[str, frozenset[str]], tuple[Index, Index]] = {}  # the whole one, and that of some sources
_making: set[str] = set()
_lock = threading.Lock()


def index_of(catalogue: Catalogue) -> Index:
    """The index of a catalogue as it is, or as it was a moment ago where it is long and changes."""
    if catalogue.only is None:
        return _whole(catalogue)
    with Catalogue(catalogue.path.parent) as every:
        whole = _whole(every)
    key = (str(catalogue.path), catalogue.only)
    kept = _narrowed.get(key)
    if kept is None or kept[0] is not whole:
        kept = whole, whole.of(catalogue.only)
        with _lock:
            if len(_narrowed) >= SCOPES:
                _narrowed.clear()
            _narrowed[key] = kept
    return kept[1]


def _whole(catalogue: Catalogue) -> Index:
    key, mark = str(catalogue.path), mark_of(catalogue)
    with _lock:
        kept = _indexes.get(key)
        if kept is not None and kept.mark == mark:
            return kept
        behind = kept is not None and kept.took > QUICK_S
        if kept is not None and behind:
            if key not in _making and time.time() - kept.as_of > kept.took * WAIT:
                _making.add(key)
                threading.Thread(target=_again, args=(catalogue.path.parent, key), daemon=True).start()
            return kept
    made = _made(catalogue, mark)
    _keep(key, made)
    return made


@dataclass(frozen=True, slots=True)
class _Figure:
    """A figure, how the catalogue was marked then, when (by two clocks) and how long it took."""

    mark: tuple[tuple[int, int], ...]
    at: float
    took: float
    as_of: float
    value: Any


_figures: dict[tuple[str, frozenset[str] | None, str], _Figure] = {}


def once(catalogue: Catalogue, what: str, reckon: Callable[[Catalogue], Any]) -> Any:
    """A figure over the catalogue as it is seen, kept until that changes; one that took long, some seconds longer."""
    key, mark, now = (str(catalogue.path), catalogue.only, what), mark_of(catalogue), time.monotonic()
    kept = _figures.get(key)
    if kept is not None and (
        kept.mark == mark or (kept.took > FAST_S and now - kept.at < max(KEEP_S, WAIT * kept.took))
    ):
        return kept.value
    value = reckon(catalogue)
    with _lock:
        if len(_figures) >= FIGURES:
            _figures.clear()
        _figures[key] = _Figure(mark, now, time.monotonic() - now, time.time(), value)
    return value


def as_of(catalogue: Catalogue, what: str) -> float:
    """When a figure was reckoned, now where it was not."""
    kept = _figures.get((str(catalogue.path), catalogue.only, what))
    return kept.as_of if kept else time.time()


def mark_of(catalogue: Catalogue) -> tuple[tuple[int, int], ...]:
    """Another one once anything was written."""
    found = []
    for end in ("", "-wal"):
        try:
            status = catalogue.path.with_name(catalogue.path.name + end).stat()
            found.append((status.st_mtime_ns, status.st_size))
        except OSError:
            found.append((0, 0))
    return tuple(found)


def _again(folder: Any, key: str) -> None:
    """In the background, with a connection of its own."""
    try:
        with Catalogue(folder) as catalogue:
            _keep(key, _made(catalogue, mark_of(catalogue)))
    finally:
        with _lock:
            _making.discard(key)


def _keep(key: str, made: Index) -> None:
    with _lock:
        _indexes[key] = made
        while len(_indexes) > KEPT:
            _indexes.pop(next(iter(_indexes)))


def _made(catalogue: Catalogue, mark: tuple[tuple[int, int], ...]) -> Index:
    import pyarrow as pa
    import pyarrow.compute as pc

    started, at = time.monotonic(), time.time()
    with catalogue.read() as connection:
        named = connection.execute(sa.select(sources.c.id, sources.c.name).order_by(sources.c.name)).all()
        ranks = {ident: rank for rank, (ident, _) in enumerate(named)}
        chosen = sa.select(
            units.c.id, units.c.source, _coded(units.c.kind, KINDS), _coded(units.c.state, STATES),
            _coded(units.c.change, CHANGES), _coded(units.c.level, LEVELS), units.c.sensitive, units.c.persons,
            sa.func.coalesce(units.c.rows, -1), units.c.last_seen, sa.cast(units.c.types, sa.Text), units.c.document,
            units.c.path + "\n" + units.c.comment,
        ).order_by(units.c.source, units.c.path)  # fmt: skip
        cursor = connection.execute(chosen).cursor  # plain tuples: a million rows of SQLAlchemy's take seconds more
        assert cursor is not None
        rows = sa.select(held.c.unit).where(held.c.lapsed.is_not(None)).distinct()
        lapsed = np.array(connection.execute(rows).scalars().all(), np.int64)
        rows = sa.select(units.c.id).where(sa.cast(units.c.known, sa.Text) != "[]")
        known = np.array(connection.execute(rows).scalars().all(), np.int64)
        columns = list(zip(*cursor.fetchall(), strict=True)) or [()] * 13
    source = np.array([ranks[ident] for ident in columns[1]], np.int32)
    order = np.argsort(source, kind="stable")
    types, lists = _codes(columns[10])
    with_type: dict[str, list[int]] = {}
    for code, text in enumerate(lists):
        for type in json.loads(text) if text else ():
            with_type.setdefault(type, []).append(code)
    document, documents = _codes(columns[11])
    words = pc.utf8_lower(pa.array(columns[12], pa.large_string())).take(order)
    kind, state, change, level = (np.array(columns[n], np.int8)[order] for n in (2, 3, 4, 5))
    return Index(
        mark=mark, as_of=at, took=time.monotonic() - started, ids=np.array(columns[0], np.int64)[order],
        source=source[order], kind=kind, state=state, change=change, level=level,
        sensitive=np.array(columns[6], np.bool_)[order], persons=np.array(columns[7], np.int64)[order],
        rows=np.array(columns[8], np.int64)[order], seen=np.array(columns[9], np.float64)[order], types=types[order],
        with_type={type: np.array(codes, np.int32) for type, codes in with_type.items()}, document=document[order],
        documents=documents, lapsed=lapsed, known=known, words=words,
        names={name: ranks[ident] for ident, name in named},
    )  # fmt: skip


def _coded(column: Any, known: Sequence[str]) -> Any:
    return sa.case({name: n for n, name in enumerate(known)}, value=column, else_=-1)


def _codes(texts: Sequence[str | None]) -> tuple[NDArray[np.int32], list[str]]:
    """Each text as a number, -1 for none, and the texts."""
    import pyarrow as pa

    encoded = pa.array(texts, pa.string()).dictionary_encode()
    numbers = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    return numbers, encoded.dictionary.to_pylist()
