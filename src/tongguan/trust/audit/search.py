"""Finding entries: by kind, actor, time and words in the body, newest first, with bounded work for each call.

An index gives candidates (of an actor, of some kinds, or simply all); what it cannot tell is looked for in at most
`SCAN` of their texts. So a page may come back short, or empty, with a `next` from which the search goes on.
"""

from __future__ import annotations

import heapq
import json
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, pairwise

from tongguan.errors import BadInput
from tongguan.trust.audit.entry import Entry, body_part, read_entry, stamp, stamp_of, storable
from tongguan.trust.audit.store import Store
from tongguan.wording import readable

__all__ = ["SCAN", "Count", "Page", "Query", "Search"]

SCAN = 20_000  # texts that one call looks at
PAGE_MAX = 1000
WORDS_MAX = 200  # characters
FETCH = 500


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for; all of it must hold. An empty query finds everything."""

    kinds: tuple[str, ...] = ()
    actor: str | None = None
    since: datetime | None = None  # inclusive; with a time zone
    until: datetime | None = None  # exclusive
    words: str | None = None  # stands in the body, in small or capital letters


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, newest first. `next`: where to go on (`before` of the next call), None at the end."""

    entries: list[Entry]
    next: int | None


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are; at least so many where not `exact`."""

    number: int
    exact: bool


class Search:
    """One query over the first `size` entries. Raises BadInput on times without a zone, or on too long words."""

    def __init__(self, store: Store, size: int, query: Query) -> None:
        self._store = store
        self._size = size
        self._kinds = frozenset(query.kinds)
        self._actor = None if query.actor is None else storable(query.actor)
        self._since, self._until = _stamp(query.since), _stamp(query.until)
        if query.words and len(query.words) > WORDS_MAX:
            raise BadInput(f"words to look for may have at most {WORDS_MAX} characters")
        # As the words stand in JSON.
        self._words = json.dumps(readable(query.words or ""), ensure_ascii=False)[1:-1].casefold()

    def page(self, before: int | None, limit: int) -> Page:
        """At most `limit` (1 to 1000) entries with an index below `before`."""
        limit = min(max(1, limit), PAGE_MAX)
        found: list[Entry] = []
        seen, last = 0, 0
        candidates = self._candidates(self._size if before is None else before, SCAN + 1 if self._looks else limit + 1)
        while chunk := list(islice(candidates, FETCH)):
            for index, text in self._fetch(chunk):
                if len(found) == limit or seen == SCAN:
                    return Page(found, last)
                seen, last = seen + 1, index
                if self._answers(text):
                    found.append(read_entry(text))
        return Page(found, None)

    def count(self, most: int) -> Count:
        """How many entries answer, as far as `most` of them and `SCAN` texts show."""
        if self._kinds and self._actor is None and self._since is None and self._until is None and not self._words:
            kinds = dict(self._store.rows("select kind, count from kinds"))
            return Count(sum(kinds.get(kind, 0) for kind in self._kinds), True)
        if not self._looks:
            found = sum(1 for _ in self._candidates(self._size, most + 1))
            return Count(min(found, most), found <= most)
        number, seen = 0, 0
        candidates = self._candidates(self._size, SCAN + 1)
        while chunk := list(islice(candidates, FETCH)):
            for _, text in self._fetch(chunk):
                if seen == SCAN or number > most:
                    return Count(min(number, most), False)
                seen += 1
                number += self._answers(text)
        return Count(min(number, most), number <= most)

    @property
    def _looks(self) -> bool:
        """Whether the texts must be looked at."""
        return bool(self._words) or (self._actor is not None and bool(self._kinds))

    def _answers(self, text: str) -> bool:
        if self._words and self._words not in body_part(text).casefold():
            return False
        return self._actor is None or not self._kinds or read_entry(text).kind in self._kinds

    def _candidates(self, before: int, most: int) -> Iterator[int]:
        """Indices below `before`, newest first, that the indices of the database can tell; at most `most`."""
        ranges = ((start, min(stop, before)) for start, stop in reversed(self._ranges()))
        every = (index for start, stop in ranges if start < stop for index in self._indices(start, stop, most))
        return islice(every, most)

    def _indices(self, start: int, stop: int, most: int) -> Iterator[int]:
        if self._actor is not None:
            return iter(self._by("actor", self._actor, start, stop, most))
        if self._kinds:
            each = [self._by("kind", kind, start, stop, most) for kind in sorted(self._kinds)]
            return heapq.merge(*each, reverse=True)
        return iter(range(stop - 1, start - 1, -1))

    def _by(self, column: str, value: str, start: int, stop: int, most: int) -> list[int]:
        query = f'select "index" from entries where {column} = ? and "index" >= ? and "index" < ?'
        rows = self._store.rows(f'{query} order by "index" desc limit ?', (value, start, stop, most))
        return [index for (index,) in rows]

    def _fetch(self, indices: Sequence[int]) -> list[tuple[int, str]]:
        """The entries of these indices, which descend."""
        if indices[0] - indices[-1] == len(indices) - 1:
            query = 'select "index", text from entries where "index" >= ? and "index" <= ? order by "index" desc'
            rows = self._store.rows(query, (indices[-1], indices[0]))
        else:
            marks = ", ".join("?" * len(indices))
            query = f'select "index", text from entries where "index" in ({marks}) order by "index" desc'
            rows = self._store.rows(query, indices)
        return [(index, text) for index, text in rows]

    def _ranges(self) -> list[tuple[int, int]]:
        """The indices within the time asked for, ascending.

        Times only grow from one entry of kind `clock` to the next, so each such stretch is searched by halving.
        """
        if self._since is None and self._until is None:
            return [(0, self._size)]
        steps = self._store.rows("""select "index" from entries where kind = 'clock' order by "index" """)
        bounds = [0, *(index for (index,) in steps if index < self._size), self._size]
        ranges = []
        for start, stop in pairwise(bounds):
            places = range(start, stop)
            first = start if self._since is None else start + bisect_left(places, self._since, key=self._stamp_at)
            last = stop if self._until is None else start + bisect_left(places, self._until, key=self._stamp_at)
            ranges.append((first, last))
        return ranges

    def _stamp_at(self, index: int) -> str:
        rows = self._store.rows('select text from entries where "index" = ?', (index,))
        return stamp_of(rows[0][0]) if rows else ""


def _stamp(time: datetime | None) -> str | None:
    if time is None:
        return None
    if time.tzinfo is None:
        raise BadInput("a time to search by must say its zone, as in 2026-11-21T06:00:00+08:00")
    return stamp(time.timestamp())
