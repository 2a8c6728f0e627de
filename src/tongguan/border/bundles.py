"""The subjects of chosen exchanges in bundles: whoever may be one person with another is in the other's bundle.

Subjects with a strong identifier in common, or in one record, are tied; what is tied, over any number of steps, is in
one bundle. So each bundle can be joined and counted by itself, and memory is that of the largest: of `SUBJECTS`
subjects, or of the largest group of those that are tied. Everything goes through files without names (`spool`):

1. The ledger is read once. Subjects with equal identifiers are one (its *mark* is the hash of them), and what is known
   of an exchange and of a subject's data is a *kind*, of which there are few.
2. What very many have in common, and ties them in one way of counting alone or makes all of them one person, is found
   first and ties nobody (`hubs`).
3. Marks that share another identifier or record are found part by part, and tied.
4. Tied subjects are put aside by the group that they belong to; all others are bundled as they come.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tongguan.border.hubs import CHUNK, Found, among, find
from tongguan.border.joining import CARD, DOCUMENT, NAME, PERSONAL, WEAK, Ints, Links
from tongguan.border.spool import Spool, part_of
from tongguan.border.uniting import flatten, unite
from tongguan.identify.types import TYPES

__all__ = ["Bundle", "Kind", "Subjects", "on_board"]

SUBJECTS: Final = 250_000  # of a bundle, about
_BATCH: Final = 100_000  # rows of the ledger at a time
_BOARD: Final = 1 << 22  # places for names that somebody without a strong identifier bears

_TYPE_NUMBERS = {id: number for number, id in enumerate(TYPES)}
# A person without a document is known by the first of these.
_PREFERRED = ("phone", "wechat", "email", "qq", "bank_card", "imsi")
_STRENGTHS = {"document": DOCUMENT, "personal": PERSONAL, "weak": WEAK, "none": WEAK}
_SPECIAL = {"id_card": CARD, "person_name": NAME}
# By type number; the last entry is for types that are no longer known.
_KIND = np.array([*(_SPECIAL.get(t.id, _STRENGTHS[t.strength]) for t in TYPES.values()), WEAK], np.int64)
_RANK = np.array(
    [*(_PREFERRED.index(id) if id in _PREFERRED else len(_PREFERRED) + n for id, n in _TYPE_NUMBERS.items()), 1 << 20],
    np.int64,
)

Hashes = NDArray[np.uint64]
_HELD = np.dtype([("mark", "u8"), ("set", "u8"), ("kind", "u4")])
_LINK = np.dtype([("mark", "u8"), ("set", "u8"), ("identifier", "u8"), ("type", "i2")])
_HOLDER = np.dtype([("one", "u8"), ("mark", "u8"), ("set", "u8"), ("type", "i2")])  # an identifier, or a record
_HERD = np.dtype([("mark", "u8"), ("hub", "u4")])
_PAIR = np.dtype([("one", "u8"), ("other", "u8")])
_MARK = np.dtype([("mark", "u8")])


@dataclass(frozen=True, slots=True)
class Kind:
    """What is known of an exchange and of what a subject's record holds."""

    number: int  # group of exchanges
    part: int
    sensitive: bool
    ordinary: bool
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bundle:
    """Subjects, and what they hold of the kinds of identifiers that tell persons apart."""

    links: Links
    subject: Ints  # with `kind`: which subject stands in exchanges and records of which kind, each pair once
    kind: Ints
    hashes: Hashes  # of each identifier
    tied: bool  # whether anybody may be one person with another
    hubs: tuple[Ints, Ints]  # subject, and the number of a hub that it belongs to


class Subjects:
    """The subjects of exchanges. Used as a context. `kinds`: by number, `hubs`: how many there are; both complete once
    it is entered."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, chosen: str) -> None:
        self.kinds: list[Kind] = []
        self.borne = np.zeros(_BOARD, bool)
        """Where a name may be borne by somebody without a strong identifier, by the first bits of its hash."""
        self._cursor, self._chosen = cursor, chosen
        self._stack = contextlib.ExitStack()
        self._tied = np.zeros(0, np.uint64)  # marks, ascending
        self._home = np.zeros(0, np.int32)  # bundle of each

    def __enter__(self) -> Subjects:
        with contextlib.ExitStack() as stack:
            self.folder = _folder(self._cursor)
            found = self._cursor.execute("SELECT count(*) FROM subjects").fetchall()
            parts = _parts(int(found[0][0]))
            self._held, self._links, self._identifiers, self._records, self._pairs, self._herds = (
                stack.enter_context(Spool(parts, row, self.folder))
                for row in (_HELD, _LINK, _HOLDER, _HOLDER, _PAIR, _HERD)
            )
            self._gather(parts)
            self._found = find(self._identifiers, self._links, self._records, self._held, _KIND)
            self.hubs = len(self._found)
            self._bear()
            self._tie(parts)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def bundles(self) -> Iterator[Bundle]:
        """Tied ones first, because some of them may turn out to have no strong identifier of their own."""
        parts = self._held.parts
        if len(self._tied):
            yield from self._tied_bundles()
        for part in range(parts):
            held, links, herds = self._read(self._held, part), self._read(self._links, part), self._herds.read(part)
            held, links, herds = (rows[self._place(rows["mark"]) < 0] for rows in (held, links, herds))
            if len(held):
                yield _bundle(held, links, herds, None, self._found)

    def _tied_bundles(self) -> Iterator[Bundle]:
        parts = _parts(len(self._tied))
        with (
            Spool(parts, _HELD, self.folder) as held,
            Spool(parts, _LINK, self.folder) as links,
            Spool(parts, _HERD, self.folder) as herds,
            Spool(parts, _PAIR, self.folder) as pairs,
        ):
            for part in range(self._held.parts):
                for source, sink in ((self._held, held), (self._links, links), (self._herds, herds)):
                    rows = self._read(source, part)
                    place = self._place(rows["mark"])
                    rows, place = rows[place >= 0], place[place >= 0]
                    sink.add(self._home[place], *(rows[name] for name in rows.dtype.names or ()))
            for part in range(self._pairs.parts):
                rows = self._pairs.read(part)
                pairs.add(self._home[self._place(rows["one"])], rows["one"], rows["other"])
            for part in range(parts):
                rows = held.read(part)
                if len(rows):
                    yield _bundle(rows, links.read(part), herds.read(part), pairs.read(part), self._found)

    def _place(self, marks: Hashes) -> Ints:
        """Where marks stand among the tied ones; -1 where they do not."""
        return among(marks, self._tied)

    def _read(self, spool: Spool, part: int, without: Hashes | None = None) -> NDArray[Any]:
        """The rows of one part, those of subjects that are taken as one once; `without` those of some identifiers or
        records. A chunk at a time: of a part that is far larger than others nearly all is left out."""
        if not len(self._found.sets) and without is None:
            return spool.read(part)
        found = [np.empty(0, spool.row)]
        for rows in spool.chunks(part, CHUNK):
            if without is not None:
                rows = rows[among(rows["one"], without) < 0]
            found.append(self._as_one(rows))
        return np.concatenate(found)

    def _as_one(self, rows: NDArray[Any]) -> NDArray[Any]:
        if "set" not in (rows.dtype.names or ()):
            return rows
        hit = among(rows["set"], self._found.sets) >= 0
        if not hit.any():
            return rows
        same = rows[hit]
        same["mark"] = same["set"]
        return np.concatenate((rows[~hit], same[_firsts(*(same[name] for name in same.dtype.names or ()))]))

    # ---- reading

    def _gather(self, parts: int) -> None:
        ordinary = [id for id, type in TYPES.items() if not type.sensitive and type.category != "non_personal"]
        rows = self._cursor.sql(
            f"""
            SELECT concat_ws('|', c.number, c.part, s.sensitive::INT, list_has_any(s.types, $ordinary)::INT,
                             array_to_string(s.types, ',')) AS kind,
                   hash(s.uid, s.record) AS record,
                   CASE WHEN len(s.identifiers) = 0 THEN hash(s.uid, s.record)
                        ELSE hash(list_sort(list_transform(s.identifiers, lambda i: hash(i.type, i.digest))))
                   END AS mark,
                   list_transform(s.identifiers, lambda i: hash(i.type, i.digest)) AS identifiers,
                   list_transform(s.identifiers, lambda i: i.type) AS types
            FROM subjects s JOIN ({self._chosen}) c USING (uid)
            """,
            params={"ordinary": ordinary},
        )
        numbers: dict[str, int] = {}
        for batch in rows.to_arrow_reader(_BATCH):
            self._take(batch, numbers, parts)

    def _take(self, batch: pa.RecordBatch, numbers: dict[str, int], parts: int) -> None:
        mark, record = _column(batch["mark"]), _column(batch["record"])
        kinds = batch["kind"].dictionary_encode()
        for text in kinds.dictionary.to_pylist():
            if text not in numbers:
                numbers[text] = len(self.kinds)
                self.kinds.append(_kind(text))
        kind = np.array([numbers[text] for text in kinds.dictionary.to_pylist()], np.uint32)[_column(kinds.indices)]
        identifier = _column(batch["identifiers"].flatten())
        ids = batch["types"].flatten().dictionary_encode()
        known = np.array([_TYPE_NUMBERS.get(id, -1) for id in ids.dictionary.to_pylist()], np.int16)
        type = known[_column(ids.indices)] if len(ids) else np.zeros(0, np.int16)
        row = np.repeat(np.arange(len(mark)), _column(batch["identifiers"].value_lengths()))
        what = _KIND[type]
        strong = what <= PERSONAL
        has_strong = np.zeros(len(mark), bool)
        has_strong[row[strong]] = True
        self.borne[on_board(identifier[(what == NAME) & ~has_strong[row]])] = True
        telling, home = what <= NAME, part_of(mark, parts)
        set = np.zeros(len(mark), np.uint64)
        np.add.at(set, row[telling], _mixed(identifier[telling]))
        none = np.full(len(mark), -1, np.int16)
        self._records.add(part_of(record, parts), record, mark, set, none)
        once = np.zeros(len(mark), bool)  # what came in this batch before needs no second row
        once[_firsts(mark, kind)] = True
        self._held.add(home[once], mark[once], set[once], kind[once])
        once[:] = False
        once[_firsts(mark)] = True
        telling &= once[row]
        strong &= once[row]
        of = row[telling]
        self._links.add(home[of], mark[of], set[of], identifier[telling], type[telling])
        of, identifier = row[strong], identifier[strong]
        self._identifiers.add(part_of(identifier, parts), identifier, mark[of], set[of], type[strong])

    def _bear(self) -> None:
        """Names of those whose strong identifiers are all shared by very many."""
        for part in range(self._links.parts if len(self._found.shared) else 0):
            for rows in self._links.chunks(part, CHUNK):
                what = _KIND[rows["type"]]
                own = (what <= PERSONAL) & (among(rows["identifier"], self._found.shared) < 0)
                vague = ~np.isin(rows["mark"], rows["mark"][own])
                self.borne[on_board(rows["identifier"][(what == NAME) & vague])] = True

    # ---- tying

    def _put_herds_aside(self) -> None:
        """Who stands in a record of very many."""
        found = self._found
        for part in range(self._records.parts if len(found.records) else 0):
            for rows in self._records.chunks(part, CHUNK):
                rows = self._as_one(rows[among(rows["one"], found.records) >= 0])
                hub = len(found.shared) + among(rows["one"], found.records)
                self._herds.add(part_of(rows["mark"], self._herds.parts), rows["mark"], hub)

    def _tie(self, parts: int) -> None:
        with (
            Spool(parts, _PAIR, self.folder) as edges,
            Spool(parts, _MARK, self.folder) as ends,
        ):
            found = self._found
            self._put_herds_aside()
            for spool, hubs, sinks in (
                (self._identifiers, found.shared, (edges,)),
                (self._records, found.records, (edges, self._pairs)),
            ):
                for part in range(parts):
                    first, other = _together(self._read(spool, part, hubs if len(hubs) else None))
                    for sink in sinks:
                        sink.add(part_of(other, parts), first, other)
                    for end in (first, other):
                        ends.add(part_of(end, parts), end)
            ends.add(part_of(found.sets, parts), found.sets)  # they lie in all parts
            if not len(ends):
                return
            self._tied = np.concatenate([np.unique(ends.read(part)["mark"]) for part in range(parts)])
            root = np.arange(len(self._tied), dtype=np.int32)
            for part in range(parts):
                rows = edges.read(part)
                left, right = (np.searchsorted(self._tied, rows[name]).astype(np.int32) for name in ("one", "other"))
                unite(root, left, right)
        flatten(root)
        bundles = _parts(len(root))
        self._home = np.empty(len(root), np.int32)
        for start in range(0, len(root), _BATCH):  # what is in between is larger than the answer
            some = slice(start, start + _BATCH)
            self._home[some] = part_of(self._tied[root[some]], bundles)


def _mixed(hashes: Hashes) -> Hashes:
    """So that sums of some tell which they are."""
    mixed = (hashes ^ (hashes >> np.uint64(32))) * np.uint64(0x9E3779B97F4A7C15)
    return mixed ^ (mixed >> np.uint64(29))


def _firsts(*columns: NDArray[Any]) -> Ints:
    """The places of different rows, of equal ones the first that is met."""
    order = np.lexsort(columns)
    first = np.zeros(len(order), bool)
    first[:1] = True
    for column in columns:
        column = column[order]
        first[1:] |= column[1:] != column[:-1]
    return order[first]


def _together(rows: NDArray[Any]) -> tuple[Hashes, Hashes]:
    """Of what stands under one key: the least with each of the others."""
    one, other = rows["one"], rows["mark"]
    order = np.lexsort((other, one))
    one, other = one[order], other[order]
    first = np.ones(len(one), bool)
    first[1:] = one[1:] != one[:-1]
    anew = first.copy()
    anew[1:] |= other[1:] != other[:-1]
    least = other[first][np.cumsum(first) - 1]
    return least[anew & ~first], other[anew & ~first]


def _bundle(
    held: NDArray[Any], links: NDArray[Any], herds: NDArray[Any], pairs: NDArray[Any] | None, found: Found
) -> Bundle:
    together = np.empty(0, _PAIR) if pairs is None else pairs
    marks = np.unique(held["mark"])
    row = np.unique(np.searchsorted(marks, held["mark"]) << 32 | held["kind"].astype(np.int64))
    hashes, first, identifier = np.unique(links["identifier"], return_index=True, return_inverse=True)
    link = np.unique(np.searchsorted(marks, links["mark"]) << 32 | identifier)
    type = links["type"][first].astype(np.int64)
    subject, identifier = link >> 32, link & 0xFFFFFFFF
    hub, set = among(hashes, found.shared), among(marks, found.sets)
    within = hub[identifier] >= 0
    return Bundle(
        links=Links(
            subject=subject,
            identifier=identifier,
            subjects=len(marks),
            kind=_KIND[type],
            type=type,
            rank=_RANK[type],
            same_record=(np.searchsorted(marks, together["one"]), np.searchsorted(marks, together["other"])),
            shared=hub >= 0,
            copies=np.where(set >= 0, found.copies[set], 1) if len(found.sets) else None,
        ),
        subject=row >> 32,
        kind=row & 0xFFFFFFFF,
        hashes=hashes,
        tied=pairs is not None,
        hubs=(
            np.concatenate((subject[within], np.searchsorted(marks, herds["mark"]))),
            np.concatenate((hub[identifier[within]], herds["hub"].astype(np.int64))),
        ),
    )


def _kind(text: str) -> Kind:
    number, part, sensitive, ordinary, types = text.split("|")
    return Kind(int(number), int(part), sensitive == "1", ordinary == "1", tuple(types.split(",")) if types else ())


def on_board(names: Hashes) -> Ints:
    return part_of(names, _BOARD)


def _parts(subjects: int) -> int:
    return 1 << (max(1, -(-subjects // SUBJECTS)) - 1).bit_length()


def _folder(cursor: duckdb.DuckDBPyConnection) -> Path | None:
    """Where the ledger lies, for files without names; the system's folder for such where that may not be written."""
    spill: str = cursor.execute("SELECT current_setting('temp_directory')").fetchall()[0][0]
    folder = Path(spill).parent
    return folder if os.access(folder, os.W_OK | os.X_OK) else None


def _column(column: pa.ChunkedArray | pa.Array) -> NDArray[Any]:
    values: NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return values
