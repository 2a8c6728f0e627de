"""What stands around the cells of a table: which cells others may speak of, and which may speak of others.

The detector reads a number or a name together with what stands near it. The distances here are at least those of the
recogniser that looks farthest.
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.detect import checks
from tongguan.identify.detect.characters import (
    DIGIT,
    HAN,
    HAN_NUMERAL,
    IGNORABLE,
    KIND,
    LETTER,
    NEWLINE,
    PROVINCE,
    SPACE,
    Units,
    units_of,
)
from tongguan.identify.detect.checks import DECIMAL
from tongguan.identify.detect.digits import find_numbers
from tongguan.identify.detect.kernels import SPAN_AT, Tokens, read_tokens
from tongguan.identify.detect.names import may_begin
from tongguan.identify.detect.words import Words, label_id, label_of, read_words, role_bits
from tongguan.identify.pieces import Piece
from tongguan.identify.tables.gathering import last_up_to

__all__ = ["Surroundings", "speaks"]

Mask = NDArray[np.bool_]
Places = NDArray[np.int64]

_NEAR: Final = 48  # characters within which a word may speak of a cell
_BEFORE: Final = 20  # characters before a number, and
_BEHIND: Final = 10  # behind it, in which its holder is looked for
_DIGITS: Final = 10  # of a number that may be a person's
_RUNNING: Final = 5  # characters of a run that may be prose
_SILENT: Final = frozenset({"marks/organisation", "marks/province", "marks/city", "marks/building", "marks/sex"})
"""Roles of words that say nothing of a number or a name in another cell."""
_OF_NAMES: Final = frozenset({"titles", "openings", "speech", *(f"cues/{kind}" for kind in (
    "health", "religion", "criminal_record", "sexual_orientation", "sexual_life", "disability", "specific_identity",
    "biometric", "intimate_image", "id_photo",
))})  # fmt: skip
"""Roles of words behind or before which a name would be found with less than in a column of names, and of cues, which
say nothing without a term."""
_FAR: Final = frozenset({"marks/key", "marks/link", "marks/sql", "marks/line", "marks/zone", "marks/letter"})
"""Roles of words behind which much is read at once."""
_FAR_REACH: Final = 600  # characters
_NEAR_ROLES: Final = frozenset({"marks/born", "marks/military"})
"""Roles of words around which numbers are read."""
_BY_CHANCE: Final = (
    checks.PHONE, checks.CARD_UNIONPAY, checks.CARD_OTHER, checks.LANDLINE, checks.IMSI,
)  # fmt: skip
_CHANCE: Final = 2_100  # characters
_TRACK, _ROUTE = 900, 700  # characters of three places, and from them to the number of who was there
_LINE: Final = re.compile(
    "points?|path|route|polyline|coord|position|location|gps|trip|move|路径|路线|途经点|点位|经纬度", re.IGNORECASE
)
"""What a series of places may be called."""
_GROUP: Final = 6  # characters of an ethnic group in a column of its own, at most
_HOLDERS: Final = frozenset({"phone", "id_card", "bank_card", "email", "passport", "landline"})
"""Types beside which the detector looks for a name."""
_OF_NUMBERS: Final = np.isin(KIND, (DIGIT, LETTER, HAN_NUMERAL))
_GAPS: Final = np.isin(KIND, (NEWLINE, SPACE, IGNORABLE))
_HAN: Final = np.isin(KIND, (HAN, PROVINCE, HAN_NUMERAL))
_PROSE: Final = np.isin(KIND, (HAN, PROVINCE))
_PROSE[[ord(c) for c in "，、·•・“”‘’《》（）—"]] = True


def speaks(words: Words) -> Mask:
    """Which words may speak of what stands beside them: labels, titles, illnesses and the like."""
    mask: Mask = (words.label >= 0) | ((words.roles & ~role_bits(_SILENT)) != 0)
    return mask


class Surroundings:
    """The text of one table, read once. `latest`: the last day of birth that can be, as yyyymmdd."""

    def __init__(self, piece: Piece, latest: int) -> None:
        assert piece.cells is not None
        self.start: Places = np.ascontiguousarray(piece.cells[:, 0])
        self.end: Places = np.ascontiguousarray(piece.cells[:, 1])
        self._units: Units = units_of(piece.text)
        tokens = read_tokens(self._units)
        self._token_starts, self._token_sizes = tokens.start, np.diff(tokens.offset)
        self.folded = tokens.folded  # digits and capitals of all numbers
        self._mails = tokens.spans[tokens.spans[:, 0] == SPAN_AT, 1:]
        self._numbers = find_numbers(self._units, tokens, latest)
        self._cell_of_number = last_up_to(self.start, self._numbers[:, 1])
        self._names = np.flatnonzero(may_begin(self._units))
        held = [i for i, name in enumerate(piece.columns) if label_of(name) in {label_id(one) for one in _HOLDERS}]
        self._holders = np.flatnonzero(np.isin(piece.cells[:, 2], held))
        self._long = self._long_cells(tokens)
        self._rows = last_up_to(piece.records, self.start)
        groups = [i for i, name in enumerate(piece.columns) if label_of(name) == label_id("ethnicity")]
        self._of_groups = np.isin(piece.cells[:, 2], groups)

    def _long_cells(self, tokens: Tokens) -> Mask:
        """(cells,) with digits enough for a number of telephone, and no day in front."""
        cell = last_up_to(self.start, tokens.start)
        sizes = np.append(np.diff(tokens.offset), (0, 0))
        first = np.flatnonzero(np.diff(cell, prepend=-1))
        dated = np.zeros(len(self.start), np.bool_)
        dated[cell[first]] = (sizes[first] == 4) & (sizes[first + 1] <= 2) & (sizes[first + 2] <= 2)
        inside = cell >= 0
        digits = np.bincount(cell[inside], sizes[:-2][inside], minlength=len(self.start))
        long: Mask = (digits >= _DIGITS) & ~dated
        return long

    def numbers(self, code: int) -> tuple[Places, Places]:
        """Cells that are nothing but one number of a kind, written in one, and where its digits (and capitals), which
        are as many as the cell has characters, begin in `folded`."""
        code_of, first, last, offset, size, flags = self._numbers.T
        cell = self._cell_of_number
        whole = (cell >= 0) & (self.start[cell] == first) & (self.end[cell] == last)
        odd = np.zeros(len(self.start) + 1, np.bool_)  # cells that other numbers touch
        odd[cell[~whole]] = True
        odd[np.searchsorted(self.start, last[~whole]) - 1] = True
        fits = whole & (code_of == code) & (flags == 0) & (last - first == size)
        fits[fits] = ~odd[cell[fits]] & self._apart(cell[fits])
        return cell[fits], offset[fits].astype(np.int64)

    def _apart(self, cells: Places) -> Mask:
        """Cells beside which no number stands but for a sign that ends numbers; line ends may stand inside of them."""
        last = len(self._units) - 1
        apart = np.ones(len(cells), np.bool_)
        for at, step in ((self.start[cells] - 1, -1), (self.end[cells], 1)):
            at = at.copy()
            for _ in range(4):
                gap = (at >= 0) & (at <= last) & _GAPS[self._units[np.clip(at, 0, last)]]
                at[gap] += step
            inside = (at >= 0) & (at <= last)
            kind = KIND[self._units[np.clip(at, 0, last)]]
            ends = (kind == 0) | (kind == HAN)
            apart &= ~inside | ends
        return apart

    def quiet(self) -> tuple[Mask, Mask, Mask]:
        """(cells,) numbers, names, and texts, near which no word stands that may speak of them, or they of it.

        Of a number in a column of its own nothing speaks but a label before it, with no digit in between. Words within
        an address of mail (@qq.com) end before it does, and say nothing of what follows.
        """
        words = read_words(self._units)
        chosen = speaks(words)
        if len(self._mails):
            mail = last_up_to(self._mails[:, 0], words.start)
            chosen &= (mail < 0) | (words.end >= self._mails[mail, 1])
        chosen &= ~self._groups(words)
        far = chosen & ((words.label == label_id("credential")) | (words.roles & role_bits(_FAR) != 0))
        near = chosen & (words.roles & role_bits(_NEAR_ROLES) != 0)
        loud = self._near(words, far, _FAR_REACH)
        numbers = loud | self._near(words, near, _NEAR) | self._labelled(words.end[chosen & (words.label >= 0)])
        others = chosen & ((words.label >= 0) | (words.roles & ~role_bits(_SILENT | _OF_NAMES) != 0))
        return ~numbers, ~(loud | self._near(words, others, _NEAR)), ~(loud | self._near(words, chosen, _NEAR))

    def _groups(self, words: Words) -> Mask:
        """(words,) ends of ethnic groups in columns of such, which are found there whatever stands around, and say
        nothing of others."""
        chosen: Mask = (words.label < 0) & (words.roles == role_bits(frozenset({"marks/group"})))
        cell = last_up_to(self.start, words.start)
        chosen &= (cell >= 0) & self._of_groups[cell] & (self.end[cell] == words.end)
        some = np.flatnonzero(chosen)
        start, end = self.start[cell[some]], self.end[cell[some]]
        chosen[some] = end - start <= _GROUP
        for step in range(_GROUP):
            chosen[some] &= (start + step >= end) | _HAN[self._units[np.minimum(start + step, end - 1)]]
        return chosen

    def crowded(self, cells: Places, sizes: Places, own: Mask) -> Mask:
        """Which of some numbers, of so many digits, stand near another of as many that may pass by chance, which the
        detector sees by how many of those around it do (see `detect.chance`).

        `own`: (cells,) those that hold a number of their column's type, which it believes whatever stands around.
        """
        code, first = self._numbers[:, 0], self._numbers[:, 1]
        passing = np.isin(code, _BY_CHANCE) & ~np.append(own, False)[self._cell_of_number]
        places, count = first[passing], self._size_of_token(first[passing])
        near = np.zeros(len(cells), np.bool_)
        for size in np.intersect1d(sizes, count).tolist():
            some, alike = np.sort(places[count == size]), np.flatnonzero(sizes == size)
            start = self.start[cells[alike]]
            near[alike] = np.searchsorted(some, start - _CHANCE) < np.searchsorted(some, start + _CHANCE)
        return near

    def _size_of_token(self, starts: NDArray[np.int32]) -> Places:
        token = np.minimum(np.searchsorted(self._token_starts, starts), len(self._token_starts) - 1)
        sizes: Places = self._token_sizes[token].astype(np.int64)
        return sizes

    def beside_tracks(self, text: str) -> Mask:
        """(cells,) that may tell whose a track is."""
        fractions = self._numbers[self._numbers[:, 0] == DECIMAL, 1]
        first = np.flatnonzero(fractions[5:] - fractions[:-5] <= _TRACK) if len(fractions) > 5 else fractions[:0]
        if not len(first) or not _LINE.search(text):
            return np.zeros(len(self.start), np.bool_)
        low, high = fractions[first] - _ROUTE, fractions[first + 5] + _ROUTE
        inside: Mask = np.searchsorted(low, self.start, side="right") > np.searchsorted(high, self.start)
        return inside

    def _near(self, words: Words, chosen: Mask, reach: int) -> Mask:
        """(cells,) within so many characters of some words."""
        first, last = words.start[chosen], words.end[chosen]
        if not len(first):
            return np.zeros(len(self.start), np.bool_)
        begin, end = last_up_to(self.end, first - reach) + 1, last_up_to(self.start, last + (reach - 1)) + 1
        cells = len(self.start) + 1
        edges = np.bincount(begin, minlength=cells) - np.bincount(end, minlength=cells)
        near: Mask = np.cumsum(edges[:-1]) > 0
        return near

    def _labelled(self, ends: NDArray[np.int32]) -> Mask:
        """(cells,) up to which labels, which end there, may reach."""
        if not len(ends):
            return np.zeros(len(self.start), np.bool_)
        last = last_up_to(ends, self.start)
        end = ends[np.maximum(last, 0)]
        between = last_up_to(self._token_starts, end - 1) < last_up_to(self._token_starts, self.start - 1)
        near: Mask = (last >= 0) & (self.start - end < _NEAR) & ~between
        return near

    def running(self) -> Mask:
        """(cells,) in whose row something may be prose."""
        edges = np.flatnonzero(np.diff(_PROSE[self._units], prepend=False, append=False))
        long = edges[::2][edges[1::2] - edges[::2] >= _RUNNING]
        rows = self._rows[np.searchsorted(self.start, long, side="right") - 1]
        return np.isin(self._rows, rows)

    def nameless(self, cells: Places, named: Places) -> Mask:
        """Which of some cells the detector would look for a holder's name beside, and might find one: none of the cells
        known as names (`named`) ends closely before them."""
        start, end = self.start[cells], self.end[cells]
        before = np.searchsorted(self.end[named], start, side="right") - 1
        known = (before >= 0) & (start - np.append(self.end[named], 0)[before] < _BEFORE)
        owner = last_up_to(self.start, self._names)
        names = self._names[~np.isin(owner, named)]
        some = np.searchsorted(names, start - _BEFORE) < np.searchsorted(names, start)
        some |= np.searchsorted(names, end) < np.searchsorted(names, end + _BEHIND)
        alone: Mask = some & ~known
        return alone

    def holding(self, cells: Places, out: Mask) -> Mask:
        """Which of some cells stand closely before a number, or an address, whose holder the detector looks for.

        `out`: (cells,) those in which it sees nothing.
        """
        own = self._numbers[(self._numbers[:, 0] != DECIMAL) & ~out[self._cell_of_number], 1]
        mails = self._mails[~out[np.searchsorted(self.start, self._mails[:, 0], side="right") - 1], 0]
        columns = self.start[self._holders[~out[self._holders]]]
        long = self.start[self._long & ~out]
        low, high = self.end[cells], self.end[cells] + _BEFORE + 1
        held = np.zeros(len(cells), np.bool_)
        for places in (own, mails, columns, long):
            held |= np.searchsorted(places, low) < np.searchsorted(places, high)
        return held
