"""Units to what they hold: tables column by column, files piece by piece."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath

from tongguan import identify
from tongguan.capture.stores import Rows, TableUnit, Unread, Unseen
from tongguan.casework.assets.freetext import read_free_text
from tongguan.casework.assets.judged import Document, Judged, JudgedColumn, Known, Persons, highest
from tongguan.casework.assets.ruling import ruled
from tongguan.casework.assets.sheets import Sheets
from tongguan.casework.assets.tallying import Tally, column_of, combination_of
from tongguan.casework.assets.whole import Stretch
from tongguan.garbage import no_collection
from tongguan.identify import fingerprints, kinds, tables
from tongguan.identify.tables import Column, Subjects, Table
from tongguan.identify.templates import Rules
from tongguan.model import BlindKind, BlindSpot, Content, Finding
from tongguan.plain_file import blocks
from tongguan.registry import foreign

__all__ = ["Judge", "Knowledge", "Part"]

_AT_ONCE = 4 << 20  # bytes of a file that is read once and held
RANDOM = ("whole", "random_rows", "random_keys")  # ways in which every row has the same chance to be drawn


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What units are held against. `registered`: opened fingerprints by their names."""

    rules: Rules
    kinds: kinds.Model | None = None
    registered: Mapping[str, fingerprints.TableIndex | fingerprints.DocumentStore] | None = None


_Read = Callable[[Sequence[identify.Piece]], Iterable[tuple[list[Finding], list[tables.SureCells]]]]


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a file that is to be searched. `read`: by what, where not by the detectors alone."""

    pieces: Sequence[identify.Piece]
    tally: Tally
    sheets: Sheets
    read: _Read | None = None

    @property
    def size(self) -> int:
        """In characters of text, without names."""
        return sum(len(piece.text) for piece in self.pieces if piece.kind != "name")

    def told(self, found: Iterable[tuple[list[Finding], list[tables.SureCells]]]) -> None:
        """What was found in each piece into the tally. Tables first: beside a million findings making their rows takes
        longer."""
        rows = [self.sheets.add(piece, "") if piece.kind in ("table", "json") else None for piece in self.pieces]
        for piece, (findings, sure), table in zip(self.pieces, found, rows, strict=True):
            self.tally.add(piece, findings, table, sure)


class Judge:
    """Judges units. `key` keys the hashes of values and of contents; both stay in memory or in the catalogue. `prose`
    has names in running text read by a model. `limits`: how far each file is unfolded. `every_cell`: also cells of
    tables are read whose findings are known before, which changes nothing but the time."""

    def __init__(
        self,
        key: bytes,
        knowledge: Knowledge,
        prose: identify.Prose | None = None,
        limits: identify.Limits = identify.Limits(),  # noqa: B008 (frozen)
        *,
        every_cell: bool = False,
    ) -> None:
        self._limits = limits
        self._sure = (
            None if every_cell else partial(tables.Sure, key=key, prose=prose is not None, memory=tables.Memory())
        )
        guests = foreign(identify.RECOGNISERS)  # one that fails is to be told of the right file
        self.joins = not guests  # whether parts of several files may be searched at once
        self._detector = identify.Detector(key, prose=prose)
        self._reads_names = prose is not None
        self._tables = tables.Judge(key)
        self._knowledge = knowledge
        self._key = hashlib.blake2b(key, digest_size=32, person=b"assets").digest()

    def table(self, unit: TableUnit, rows: Rows) -> Judged:
        """A table by its sample."""
        judged = self._table(unit, rows)[0]
        if unit.apart:
            judged = self._with_name(judged, unit.path)
        return ruled(judged, unit.name, unit.comment, self._knowledge.rules)

    def _with_name(self, judged: Judged, path: str) -> Judged:
        """A table in a file, with what the name of the file says."""
        tally, piece = Tally(path), identify.named(path)
        tally.add(piece, self._detector.scan([piece])[0], None)
        found = tally.columns(())
        level = highest((judged.found_level, *(column.found_level for column in found)))
        return replace(judged, columns=(*judged.columns, *found), found_level=level)

    def stretch(self, unit: TableUnit, rows: Rows) -> Stretch:
        """Some of the rows of a table that is read whole."""
        judged, subjects = self._table(unit, rows)
        if subjects is None or subjects.type is None:
            return Stretch(judged)
        about, cells = rows.columns[subjects.column], rows.table.column(subjects.column)
        digests = self._tables.digests(Column(about.name, about.comment or None, cells), subjects.type)
        without = digests.null_count
        return Stretch(
            judged, (subjects.column, subjects.type), b"".join(digests.unique().drop_null().to_pylist()), without
        )

    def _table(self, unit: TableUnit, rows: Rows) -> tuple[Judged, Subjects | None]:
        """Before any rule."""
        one_key = sum(about.key for about in rows.columns) == 1
        columns = [
            Column(about.name, about.comment or None, cells, unique=about.unique or (about.key and one_key))
            for about, cells in zip(rows.columns, rows.table.columns, strict=True)
        ]
        whole = rows.sample.method == "whole"
        of, random = None if whole else rows.sample.of, rows.sample.method in RANDOM
        verdict = self._tables.judge(Table(unit.name, unit.comment or None, columns, of, random))
        judged = [
            column_of(found, about.declared, about.comment)
            for found, about in zip(verdict.columns, rows.columns, strict=True)
        ]
        unseen = [*rows.unseen, *self._blobs(rows, judged, unit.path)]
        spots = self._tables.blind_spots()
        unseen += [Unseen("content", unit.path, one.detail, one.count, one.size, one.kind) for one in spots]
        persons = _persons(verdict.subjects)
        if self._reads_names:
            persons, skipped = read_free_text(self._detector, rows, judged, persons, unit.path)
            unseen += skipped
        found = Judged(
            tuple(judged),
            persons=persons,
            sample=rows.sample,
            rows=rows.sample.of,
            unseen=tuple(unseen),
            combinations=tuple(combination_of(found, judged) for found in verdict.combinations),
            found_level=highest((verdict.level, *(column.found_level for column in judged))),
        )
        return found, verdict.subjects

    def _blobs(self, rows: Rows, judged: list[JudgedColumn], where: str) -> list[Unseen]:
        """What lies within binary cells, added to their columns."""
        unseen: list[Unseen] = []
        for ordinal, cells in rows.blobs.items():
            tally = Tally(where)
            for cell in cells:
                for part in self._content(Content(None, "", len(cell), cell), tally, Sheets()):
                    self.search([part])
            unseen += tally.unseen
            found = tally.columns(())
            if found:
                column = judged[ordinal]
                judged[ordinal] = replace(
                    column,
                    inside=tuple(dict.fromkeys((*column.inside, *(one.found_type for one in found if one.found_type)))),
                    found_level=highest((column.found_level, *(one.found_level for one in found))),
                    found_sensitive=column.found_sensitive or any(one.found_sensitive for one in found),
                    found=column.found + sum(one.found for one in found),
                    samples=column.samples or found[0].samples,
                )
        return unseen

    def file(self, contents: Iterable[Content], where: str) -> Judged:
        """A file by all that lies in it. Raises Unread while its contents are read."""
        reading = self.reading(contents, where)
        while True:
            try:
                self.search([next(reading)])
            except StopIteration as end:
                judged: Judged = end.value
                return judged

    def reading(self, contents: Iterable[Content], where: str) -> Generator[Part, None, Judged]:
        """The same, each part of it to be searched before the next one is asked for. Raises Unread."""
        tally, digest, sheets = Tally(where), hashlib.blake2b(key=self._key, digest_size=16), Sheets()
        name, known = PurePosixPath(where).name, _Matches(self._knowledge)
        document: Document | None = None
        called = [identify.named(where)]
        if identify.is_unread(where):
            tally.blind(BlindSpot(BlindKind.UNREADABLE, "", identify.UNREAD))
        for content in contents:
            for part in self._content(_digested(content, digest), tally, sheets, called):
                yield part
                called = []
                if document is None:
                    document = self._document(part.pieces, name)
                known.add(part.pieces)
        verdicts = sheets.judged(self._tables)
        columns = tally.columns(verdicts)
        together = tuple(
            combination_of(one, [column_of(c) for c in verdict.columns])
            for verdict in verdicts
            for one in verdict.combinations
        )
        found = Judged(
            tuple(columns),
            persons=tally.persons(),
            rows=sheets.rows,
            digest=digest.hexdigest(),
            unseen=(*tally.unseen, *known.unseen(where)),
            combinations=together,
            document=document or Document(),
            known=known.known,
            found_level=highest((*(column.found_level for column in columns), *(one["level"] for one in together))),
        )
        return ruled(found, name, "", self._knowledge.rules)

    def search(self, parts: Sequence[Part]) -> None:
        """Search parts of files, each into its tally: several at once only where the judge `joins`, and none of those
        with a `read` of its own."""
        with no_collection():
            if len(parts) == 1 and parts[0].read is not None:
                parts[0].told(parts[0].read(parts[0].pieces))
                return
            found = self._detector.scan_apart([part.pieces for part in parts])
            for n, (part, of_pieces) in enumerate(zip(parts, found, strict=True)):
                part.told((findings, []) for findings in of_pieces)
                for spot in self._detector.blind_spots(n):
                    part.tally.blind(spot)

    def _content(
        self, content: Content, tally: Tally, sheets: Sheets, called: Sequence[identify.Piece] = ()
    ) -> Iterator[Part]:
        """The parts of one content, each to be searched before the next; what it is `called` with the first."""
        read: _Read | None = None
        for extraction in identify.extract_stream(content, self._limits):
            if read is None and self._sure is not None and any(map(tables.is_long, extraction.pieces)):
                read = self._sure(self._detector).scan
            for spot in extraction.blind_spots:
                tally.blind(spot)
            yield Part([*extraction.pieces, *extraction.names, *called], tally, sheets, read)
            called = ()
            for spot in self._detector.blind_spots():
                tally.blind(spot)

    def _document(self, pieces: Sequence[identify.Piece], name: str) -> Document:
        """The kind of the file itself, or of the one document in it."""
        if self._knowledge.kinds is None:
            return Document()
        verdict = kinds.kind_of(self._knowledge.kinds, pieces, name)
        if verdict is None or verdict.kind is None:
            return Document()
        return Document(verdict.kind, round(verdict.probability, 4))


class _Matches:
    """What of registered tables and documents stands in a file."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._registered = knowledge.registered or {}
        self._found: dict[tuple[str, str], Known] = {}
        self._spots: list[Unseen] = []

    def add(self, pieces: Sequence[identify.Piece]) -> None:
        for store, opened in self._registered.items():
            if isinstance(opened, fingerprints.TableIndex):
                least = min(2, len(opened.columns))
                matches = opened.match(pieces, fingerprints.Near(least))
                rows = len({row for _, row, *_ in matches.row_hits.tolist()})
                self._spots += [Unseen("content", "", spot.detail, kind=spot.kind) for spot in matches.blind_spots]
                if rows:
                    before = self._found.get((store, ""))
                    self._found[store, ""] = Known(store, "", None, rows + (before.rows or 0 if before else 0))
            else:
                for match in opened.match(pieces):
                    before = self._found.get((store, match.document))
                    share = max(match.share_of_document, before.share or 0.0 if before else 0.0)
                    self._found[store, match.document] = Known(store, match.document, round(share, 3))

    @property
    def known(self) -> tuple[Known, ...]:
        return tuple(self._found.values())

    def unseen(self, where: str) -> list[Unseen]:
        return list(dict.fromkeys(replace(spot, where=where) for spot in self._spots))


def _digested(content: Content, digest: hashlib.blake2b) -> Content:
    """The content, its bytes in the hash: of a small file those that are read then. Raises Unread where it is gone."""
    source = content.source
    if not isinstance(source, Path):
        digest.update(content.read())
        return content
    try:
        if content.size > _AT_ONCE:
            for block in blocks(source):
                digest.update(block)
            return content
        data = content.read()
    except OSError as error:
        raise Unread(Unseen("vanished", content.name or "", error.strerror or "")) from None
    digest.update(data)
    return replace(content, source=data, size=len(data))


def _persons(subjects: Subjects | None) -> Persons:
    return Persons(subjects.count, subjects.low, subjects.high) if subjects else Persons()
