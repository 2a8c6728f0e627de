"""Cells of long tables whose findings are known before they are searched.

In a column of phones, identity cards or bank cards, under a label of that type, a cell that is one such number and
nothing else is found with the same score whatever stands around it; and a text that comes again and again in a column
(a name, a bank) is found each time as it is found by itself. Such cells are counted here, all at once, and made blank
in what the detector reads, where they keep their place and their size. Everything else is read as before.

What the detector finds elsewhere must not change, so a cell is left to it where another may speak of it or it of
another (see `surroundings`). Of the cells that could be taken out the first and every fiftieth are left in: where one
of these is found otherwise than was thought, all is read in full.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tongguan import china_time
from tongguan.identify.detect import Detector
from tongguan.identify.detect.characters import units_of
from tongguan.identify.detect.details import NO_ROW
from tongguan.identify.detect.masking import Hasher, mask
from tongguan.identify.detect.name_columns import SCORE, is_likely, name_of
from tongguan.identify.detect.names import may_begin
from tongguan.identify.detect.recognisers import RECOGNISERS
from tongguan.identify.detect.words import label_id, label_of, read_words
from tongguan.identify.pieces import Piece
from tongguan.identify.tables.gathering import Characters, characters, distinct
from tongguan.identify.tables.surroundings import Surroundings, speaks
from tongguan.identify.tables.trial import NUMBERS, TEXTS, ColumnKnown, Columns, FoundAs, columns_of
from tongguan.identify.types import OWN, TYPES
from tongguan.model import Finding
from tongguan.registry import foreign

__all__ = ["Memory", "Sure", "SureCells", "is_long"]

Places = NDArray[np.int64]

_LEAST: Final = 1_000  # rows of a stretch of a table from which it is worth while
_FIRST, _EACH = 20, 50  # of the cells that could be taken out so many, and then each so many, are left in
_NAMED: Final = 0.9  # score above that of names in running text
_LONGEST: Final = 60  # characters of a text that may come often
_KNOWN: Final = 100_000  # texts of a column that are remembered
_HEADERS: Final = 1_000  # headers of tables that are remembered
_FRESH: Final = 0.6  # share of texts that come once from which those of a column do not come often
_SAMPLES: Final = 3
_HAN_NAME: Final = re.compile("[\u4e00-\u9fff]{2,4}")
_ADULT: Final = 14_00_00  # years, as yyyymmdd
_BLANK: Final = 1  # a control character: neither letter, digit, space nor sign
_ODD: Final = re.compile(r"[\x00-\x1f,;|\"']|\d{7}")
_ENCODINGS: Final = {1: "ascii", 2: "utf-16-le", 4: "utf-32-le"}  # of characters of so many bytes
_DELIMITERS: Final = frozenset(",\t;|")
_EDGES: Final = frozenset("\r\n") | _DELIMITERS
_QUOTE: Final = '"'


@dataclass(frozen=True, slots=True)
class SureCells:
    """Findings of one type in the cells of one column, the `digests` of their values (each once, or more often), and
    `first`: start and masked sample of the first that look different, three at most."""

    column: int
    type: str
    score: float
    count: int
    digests: Iterable[bytes]
    first: Sequence[tuple[int, str]]


class _Values(NamedTuple):
    """Cells of a column by their places, in order, and which of some texts each of them is."""

    places: Places
    codes: NDArray[np.int32]
    texts: Sequence[str]

    def where(self, fits: NDArray[np.bool_]) -> _Values:
        return _Values(self.places[fits], self.codes[fits], self.texts)


@dataclass(slots=True)
class _Taken:
    """The cells of a piece that are taken out, by column; and some left in, with what is thought."""

    numbers: dict[int, _Values] = field(default_factory=dict)
    texts: dict[int, _Values] = field(default_factory=dict)
    left_in: list[tuple[int, int, str, float, bytes]] = field(default_factory=list)  # start, end, type, score, digest

    def places(self) -> Places:
        taken = [one.places for one in (*self.numbers.values(), *self.texts.values())]
        return np.concatenate(taken) if taken else np.zeros(0, np.int64)


@dataclass(slots=True)
class Memory:
    """What texts are found as by themselves, by the name of their column and the signs between cells: the same persons
    and firms come in many tables of a scan. And what columns hold, by the names of all columns of a table: many tables
    are made by one program."""

    texts: dict[tuple[str, str], dict[str, FoundAs | None]] = field(default_factory=dict)
    columns: dict[tuple[str, ...], Columns] = field(default_factory=dict)

    def make_room(self, count: int) -> None:
        """Forget all where there would be too many."""
        if sum(map(len, self.texts.values())) + count > _KNOWN:
            for known in self.texts.values():
                known.clear()


def is_long(piece: Piece) -> bool:
    """Whether a piece is a table with rows enough that cells may be taken out of it."""
    rows = len(piece.records) if piece.kind == "table" and piece.cells is not None and piece.columns else 0
    return rows >= _LEAST and not OWN and not foreign(RECOGNISERS)  # which look at any cell


class Sure:
    """Reads tables of one file, which may come in stretches. `prose`: the detector has names in prose read; `memory`:
    of the same detector and key."""

    def __init__(
        self,
        detector: Detector,
        key: bytes,
        *,
        prose: bool = False,
        as_of: date | None = None,
        memory: Memory | None = None,
    ) -> None:
        self._detector, self._prose = detector, prose
        self._memory = Memory() if memory is None else memory
        self._plain = Detector(key, as_of=as_of) if prose else detector
        self._latest = int((as_of or china_time.today()).strftime("%Y%m%d"))
        self._hasher = Hasher(key, TYPES)
        self._tables: dict[tuple[str | None, tuple[str, ...]], Columns] = {}

    def scan(self, pieces: Sequence[Piece]) -> Iterator[tuple[list[Finding], list[SureCells]]]:
        """Of each piece what the detector finds, and the sure cells that it was not shown."""
        taken = [self._taken(piece) for piece in pieces]
        given = [_blanked(piece, out) if out else piece for piece, out in zip(pieces, taken, strict=True)]
        found = self._detector.scan(given)
        if not all(_is_as_thought(out, some) for out, some in zip(taken, found, strict=True) if out):
            for _, columns in self._tables:
                self._memory.columns.pop(columns, None)
            self._tables = {key: {} for key in self._tables}
            self._detector.blind_spots()  # those of what is read again
            found, taken = self._detector.scan(pieces), [None] * len(pieces)
        del given
        for n, piece in enumerate(pieces):
            out, taken[n] = taken[n], None
            yield found[n], list(self._counted(piece, out)) if out else []
            found[n] = []

    # ---- what the columns of a table hold

    def _columns(self, piece: Piece) -> Columns:
        """By its first rows, or by those of an earlier table with the same header."""
        key = piece.member, piece.columns
        if key not in self._tables:
            known = self._memory.columns.get(piece.columns) or columns_of(piece, self._plain)
            if known and len(self._memory.columns) < _HEADERS:
                self._memory.columns[piece.columns] = {n: replace(one, texts={}) for n, one in known.items()}
            self._tables[key] = {n: replace(one, texts={}) for n, one in known.items()}
        return self._tables[key]

    # ---- which cells are taken out

    def _taken(self, piece: Piece) -> _Taken | None:
        if not is_long(piece):
            return None
        assert piece.cells is not None
        columns = self._columns(piece)
        if not columns:
            return None
        around, column_of, taken = Surroundings(piece, self._latest), piece.cells[:, 2], _Taken()
        quiet, quiet_names, quiet_texts = around.quiet()
        if self._prose:
            running = around.running()
            quiet, quiet_names, quiet_texts = quiet & ~running, quiet_names & ~running, quiet_texts & ~running
        text, folded = characters(piece.text), around.folded.tobytes().decode("ascii")
        texts = {n: self._texts(piece, text, n, known) for n, known in columns.items() if known.type is None}
        names = [one.places for n, one in texts.items() if label_of(piece.columns[n]) == label_id("person_name")]
        names += [self._likely_names(piece, text, n) for n, name in enumerate(piece.columns) if _may_name(name)]
        named = np.sort(np.concatenate(names)) if names else np.zeros(0, np.int64)
        out = np.zeros(len(column_of), np.bool_)
        own = np.zeros(len(column_of), np.bool_)
        for n, known in columns.items():
            if known.type is not None:
                places, begin = around.numbers(NUMBERS[known.type])
                of_column = column_of[places] == n
                places, begin = places[of_column], begin[of_column]
                sizes = around.end[places] - around.start[places]
                taken.numbers[n] = _values(places, around.folded, folded, begin, begin + sizes)
                own[places] = True
        quiet &= ~around.beside_tracks(piece.text)
        for n, some in taken.numbers.items():
            places = some.places
            sizes = around.end[places] - around.start[places]
            fits = quiet[places] & ~around.nameless(places, named) & ~around.crowded(places, sizes, own)
            if columns[n].type == "id_card":
                grown = [int(value[6:14]) <= self._latest - _ADULT for value in some.texts]
                fits &= np.array(grown, np.bool_)[some.codes]
            taken.numbers[n] = self._leave_in(around, columns[n], some.where(fits), taken)
            out[taken.numbers[n].places] = True
        for n, some in texts.items():
            is_name = label_of(piece.columns[n]) == label_id("person_name")
            kept = (quiet_names if is_name else quiet_texts)[some.places] & ~around.holding(some.places, out)
            taken.texts[n] = self._leave_in(around, columns[n], some.where(kept), taken)
        return taken

    def _texts(self, piece: Piece, text: Characters, column: int, known: ColumnKnown) -> _Values:
        """Cells of a column whose text is known. `text`: that of the piece."""
        cells = piece.cells
        assert cells is not None
        places = np.flatnonzero(cells[:, 2] == column)
        start, end = cells[places, 0], cells[places, 1]
        some = _values(places, text, piece.text, start, end)
        quoted = (start > 0) & (_at(text, start - 1) == ord(_QUOTE)) & (_at(text, end) == ord(_QUOTE))
        edge = int(2 * np.count_nonzero(quoted) > len(quoted))
        usual = int(end[np.argmax(quoted == edge)])
        signs = piece.text[usual : usual + 1 + edge]
        if signs != known.signs:
            known.signs, known.texts = signs, {}
        is_name = label_of(known.name) == label_id("person_name")
        self._learn(known, some, is_name)
        between = _is_between(text, start, end, edge, _EDGES if is_name else _DELIMITERS)
        found = np.array([known.texts.get(value) is not None for value in some.texts], np.bool_)
        return some.where(between & found[some.codes])

    def _likely_names(self, piece: Piece, text: Characters, column: int) -> Places:
        """Cells of a column that may hold names in which the detector finds one whatever else the column holds."""
        assert piece.cells is not None
        places = np.flatnonzero(piece.cells[:, 2] == column)
        some = _values(places, text, piece.text, piece.cells[places, 0], piece.cells[places, 1])
        likely = np.array([is_likely(value) for value in some.texts], np.bool_)
        return places[likely[some.codes]]

    def _learn(self, known: ColumnKnown, some: _Values, is_name: bool) -> None:
        """Look up the texts of a column that are new, where they come often."""
        fresh = [value for value in some.texts if value not in known.texts and 2 <= len(value) <= _LONGEST]
        if is_name or len(fresh) <= _FRESH * len(some.places):
            room = max(0, _KNOWN - len(known.texts))
            known.texts |= self._found_alone(fresh[:room], known.name, known.signs)

    def _found_alone(self, values: list[str], name: str, signs: str) -> dict[str, FoundAs | None]:
        known = self._memory.texts.setdefault((name, signs), {})
        self._memory.make_room(len(values))
        known |= self._alone([value for value in values if value not in known], name, signs)
        return {value: known[value] for value in values}

    def _alone(self, values: list[str], name: str, signs: str) -> dict[str, FoundAs | None]:
        """What texts of a column are found as, each in a line of its own."""
        known: dict[str, FoundAs | None] = dict.fromkeys(values)
        if not values or signs[-1:] not in _DELIMITERS or signs[:-1] not in ("", _QUOTE):
            return known
        of_names = label_of(name) == label_id("person_name")
        silent, wordless = _silent(values)
        if of_names:
            plain = {value for value in wordless if _HAN_NAME.fullmatch(value) and name_of(value) == value}
            known |= {value: self._name(value) for value in plain}
            silent = [value for value in silent if value not in plain]
        return known | self._searched(silent, name, signs, of_names) if silent else known

    def _name(self, value: str) -> FoundAs:
        """A name in which no known word stands is seen by nothing but what reads columns of names."""
        return FoundAs("person_name", SCORE, self._hasher.digest("person_name", value), mask("person_name", value))

    def _searched(self, silent: list[str], name: str, signs: str, of_names: bool) -> dict[str, FoundAs | None]:
        front, behind = chr(_BLANK) + signs[::-1], signs + chr(_BLANK) + "\n"
        sizes = np.array([len(value) for value in silent], np.int64)
        ends = np.cumsum(sizes + len(front) + len(behind)) - len(behind)
        cells = np.column_stack((ends - sizes, ends, np.ones(len(silent), np.int64)))
        text = front + (behind + front).join(silent) + behind
        (findings,) = self._plain.scan([Piece(text, None, "table", ends - sizes - len(front), ("", name), cells)])
        found: dict[int, list[Finding]] = {}
        for finding in findings:
            found.setdefault(finding.record, []).append(finding)
        begins = may_begin(units_of(text))
        known: dict[str, FoundAs | None] = {}
        for n, some in found.items():
            start, end, _ = cells[n].tolist()
            (one, *more) = some
            if more or (one.start, one.end) != (start, end) or one.type not in TEXTS:
                continue
            is_name = one.type == "person_name" and one.score >= _NAMED
            if is_name if of_names else one.score >= _NAMED or not begins[start:end].any():
                known[silent[n]] = FoundAs(one.type, one.score, one.digest, one.masked)
        return known

    def _leave_in(self, around: Surroundings, known: ColumnKnown, some: _Values, taken: _Taken) -> _Values:
        """Leave the first cells and some others to the detector, to see whether it finds what is thought."""
        left = (np.arange(len(some.places)) < _FIRST) | (np.arange(len(some.places)) % _EACH == 0)
        for i in np.flatnonzero(left).tolist():
            place, value = some.places[i], some.texts[some.codes[i]]
            start, end = int(around.start[place]), int(around.end[place])
            if known.type is not None:
                thought = known.type, known.score, self._hasher.digest(known.type, value)
            else:
                one = known.texts[value]
                assert one is not None
                thought = one.type, one.score, one.digest
            taken.left_in.append((start, end, *thought))
        return some.where(~left)

    # ---- what they are found as

    def _counted(self, piece: Piece, taken: _Taken) -> Iterator[SureCells]:
        columns = self._columns(piece)
        cells = piece.cells
        assert cells is not None
        for n, some in taken.numbers.items():
            type, score = columns[n].type, columns[n].score
            if type is not None and len(some.places):
                digest = self._hasher.digest
                seen = _seen(some.codes)
                first = _first(some, seen, cells[some.places, 0], {}, type)
                digests = [digest(type, some.texts[code]) for code in some.codes[seen].tolist()]
                yield SureCells(n, type, score, len(some.places), digests, first)
        for n, some in taken.texts.items():
            found = {code: columns[n].texts[some.texts[code]] for code in some.codes[_seen(some.codes)].tolist()}
            for type in sorted({one.type for one in found.values() if one is not None}):
                of_type = {code: one for code, one in found.items() if one is not None and one.type == type}
                chosen = some.where(np.isin(some.codes, list(of_type)))
                samples = {some.texts[code]: one.masked for code, one in of_type.items()}
                first = _first(chosen, _seen(chosen.codes), cells[chosen.places, 0], samples, type)
                score = max(one.score for one in of_type.values())
                yield SureCells(n, type, score, len(chosen.places), [one.digest for one in of_type.values()], first)


def _values(places: Places, data: Characters, text: str, starts: Places, ends: Places) -> _Values:
    """What cells hold: stretches of a text, which is given as its characters, too."""
    codes, firsts = distinct(data, starts, ends)
    spans = zip(starts[firsts].tolist(), ends[firsts].tolist(), strict=True)
    return _Values(places, codes, [text[start:end] for start, end in spans])


def _may_name(column: str) -> bool:
    return label_of(column) == label_id("any_name")


def _at(text: Characters, places: Places) -> Characters:
    """The characters at some places, 0 outside of the text."""
    inside = (places >= 0) & (places < len(text))
    found: Characters = np.where(inside, text[np.clip(places, 0, len(text) - 1)], 0)
    return found


def _is_between(text: Characters, start: Places, end: Places, edge: int, signs: Collection[str]) -> NDArray[np.bool_]:
    """Which cells stand between two of the signs; with an `edge` of 1, and between quotes within these."""
    known = np.frombuffer("".join(signs).encode(), np.uint8)
    between: NDArray[np.bool_] = np.isin(_at(text, start - 1 - edge), known) & np.isin(_at(text, end + edge), known)
    if edge:
        between &= (_at(text, start - 1) == ord(_QUOTE)) & (_at(text, end) == ord(_QUOTE))
    return between


def _seen(codes: NDArray[np.int32]) -> Places:
    """Where each code comes for the first time, in order."""
    first: Places = np.sort(np.unique(codes, return_index=True)[1])
    return first


def _silent(values: list[str]) -> tuple[list[str], list[str]]:
    """Texts that hold no word that may speak of another cell or of its row, no sign that ends one, and no long
    number; and of them those that hold no known word at all."""
    words = read_words(units_of("\x00".join(values)))
    ends = np.cumsum([len(value) + 1 for value in values])
    holders = np.searchsorted(ends, words.start, side="right")
    loud, worded = set(holders[speaks(words)].tolist()), set(holders.tolist())
    quiet = [n for n in range(len(values)) if n not in loud]
    silent = [n for n in quiet if not _ODD.search(values[n]) and not NO_ROW.search(values[n])]
    return [values[n] for n in silent], [values[n] for n in silent if n not in worded]


def _first(some: _Values, seen: Places, starts: Places, samples: Mapping[str, str], type: str) -> list[tuple[int, str]]:
    """Where the first cells stand whose masked samples look different; `samples` by value, where they are known."""
    first: dict[str, int] = {}
    for at in seen.tolist():
        value = some.texts[some.codes[at]]
        masked = samples.get(value) or mask(type, value)
        if masked not in first:
            first[masked] = int(starts[at])
            if len(first) == _SAMPLES:
                break
    return [(start, masked) for masked, start in first.items()]


def _blanked(piece: Piece, taken: _Taken) -> Piece:
    """The piece without what stands in the cells that are taken out, each of which but telephones is under no
    column."""
    assert piece.cells is not None
    places = taken.places()
    cells = piece.cells.copy()
    silent = [label_of(name) != label_id("phone") for name in piece.columns]  # telephones tell whose a table is
    cells[places[np.array(silent, np.bool_)[cells[places, 2]]], 2] = len(piece.columns)
    text = characters(piece.text).copy()
    edges = np.zeros(len(text) + 1, np.int8)
    edges[cells[places, 0]] = 1
    edges[cells[places, 1]] -= 1
    text[np.cumsum(edges[:-1], dtype=np.int8).view(np.bool_)] = _BLANK
    return replace(piece, text=text.tobytes().decode(_ENCODINGS[text.itemsize], "surrogatepass"), cells=cells)


def _is_as_thought(taken: _Taken, findings: Sequence[Finding]) -> bool:
    """Whether the cells that were left in are found as was thought, each once."""
    starts = [finding.start for finding in findings]
    for start, end, type, score, digest in taken.left_in:
        some = findings[bisect_left(starts, start) : bisect_left(starts, end)]
        if len(some) != 1:
            return False
        (one,) = some
        if (one.start, one.end, one.type, one.score, one.digest) != (start, end, type, score, digest):
            return False
    return True
