"""What crossed, looked into: contents read and searched a stretch at a time, findings summed up as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from tongguan import border, identify
from tongguan.model import BlindSpot, Content, Crossing, Direction, Exchange, Finding

__all__ = ["Reader", "see"]

_HELD = 4 << 20  # characters that are scanned at once
_SUBJECTS = 100_000  # that are held before they are written
_KEPT = 1_000_000  # findings of a batch that policies are given
_MAY_LEAVE = (Direction.EXPORT, Direction.UNDETERMINED)


@dataclass(slots=True)
class Reader:
    """What reads the contents of one run."""

    detector: identify.Detector
    limits: identify.Limits
    images: int  # pictures that may still be looked into

    def open(self, content: Content) -> Iterator[identify.Extraction]:
        """The text of a content, a stretch at a time."""
        limits = replace(self.limits, images=min(self.limits.images, self.images))
        for extraction in identify.extract_stream(content, limits):
            self.images -= extraction.images
            yield extraction


@dataclass(slots=True)
class _Taken:
    """An exchange that is read: what was found in it, which pieces each content has, and what could not be seen."""

    crossing: Crossing
    found: border.Tally
    contents: list[tuple[int, int]] = field(default_factory=list)
    records: int = 0
    unseen: list[BlindSpot] = field(default_factory=list)
    names: identify.Once = field(default_factory=identify.Once)


def see(
    crossings: Iterable[Crossing],
    reader: Reader,
    rows: border.LedgerBatch,
    originals: border.Originals | None,
    watched: border.HeldBatch | None,
    full: Callable[[border.LedgerBatch], None],
) -> None:
    """Read the contents of what may have left; what certainly stayed is counted and left alone.

    Findings are summed up as they come, since one file may hold millions; only policies are given some of them. `full`
    is called where `rows` hold many subjects.
    """
    pieces: list[identify.Piece] = []  # not searched yet
    places: list[tuple[_Taken, int, int]] = []  # of each: its exchange, content, and number in it
    held = 0  # characters of them
    kept: list[list[Finding]] = []  # of each piece, for policies
    room = _KEPT
    taken: list[_Taken] = []

    def search() -> None:
        nonlocal held, room
        scanned = reader.detector.scan(pieces)
        for piece, (one, content, number), findings in zip(pieces, places, scanned, strict=True):
            findings = one.names.new(piece, findings)
            one.found.add(findings)
            persons = border.subjects(one.crossing.exchange, [findings], content, number)
            rows.subjects(one.crossing, persons)
            if watched:
                if len(findings) > room:
                    watched.cut.add(len(kept))
                kept.append(findings if len(findings) <= room else [])
                room -= len(kept[-1])
        pieces.clear()
        places.clear()
        held = 0
        if rows.waiting >= _SUBJECTS:
            full(rows)

    number = 0  # of pieces so far
    for crossing in crossings:
        one = _Taken(crossing, border.Tally())
        if crossing.direction in _MAY_LEAVE:
            if watched:
                watched.exchange()
            called = _names(crossing.exchange)
            for ordinal, content in enumerate(crossing.exchange.contents):
                first = number
                for extraction in reader.open(content):
                    found = [*extraction.pieces, *extraction.names, *called.pop(ordinal, ())]
                    if watched:
                        watched.keep(found)
                    one.unseen += extraction.blind_spots
                    for piece in found:
                        pieces.append(piece)
                        places.append((one, ordinal, number - first))
                        number += 1
                        one.records += len(piece.records) if piece.kind != "name" else 0
                        held += len(piece.text)
                    if held >= _HELD:
                        search()
                one.contents.append((first, number))
        taken.append(one)
    search()
    leaving = [(one.crossing, one.contents, one.unseen) for one in taken if one.crossing.direction in _MAY_LEAVE]
    fired = watched.judge(leaving, kept, rows) if watched else {}
    for one in taken:
        rows.add(one.crossing, one.found, (), one.records, one.unseen)
        if originals:
            originals.see(one.crossing, one.found, fired.get(one.crossing.exchange.uid, {}))


def _names(exchange: Exchange) -> dict[int, list[identify.Piece]]:
    """What its contents are called, by their ordinals: a name once, though a long content comes in many slices."""
    if "." in exchange.uid.rpartition("-")[2]:  # a further slice
        return {}
    first: dict[str, int] = {}
    for ordinal, content in enumerate(exchange.contents):
        if content.name:
            first.setdefault(content.name, ordinal)
    return {ordinal: [identify.named(name)] for name, ordinal in first.items()}
