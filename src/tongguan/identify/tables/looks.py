"""What the cells of a column look like: which of the detectors' checks each distinct value passes as a whole."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tongguan.identify.detect import checks
from tongguan.identify.detect.digits import find_numbers
from tongguan.identify.detect.kernels import SPAN_AT, SPAN_IPV6, SPAN_MAC, Tokens, read_tokens
from tongguan.identify.detect.words import read_words
from tongguan.identify.tables import kernel
from tongguan.identify.tables.cells import Cells, Slice
from tongguan.identify.tables.own import fits_own
from tongguan.identify.tables.rules import OWN_CHECK
from tongguan.shipped_yaml import shipped_yaml

__all__ = ["Looks", "looks_of"]

Mask = NDArray[np.bool_]

_CODES: Final = {
    checks.ID_CARD: "id_card", checks.ID_CARD_15: "id_card_15", checks.PHONE: "phone", checks.PHONE_ABROAD: "phone",
    checks.PHONE_UNUSUAL: "phone_unusual", checks.LANDLINE: "landline", checks.LANDLINE_UNUSUAL: "landline",
    checks.CARD_UNIONPAY: "card", checks.CARD_OTHER: "card", checks.CARD_UNCHECKED: "card_unchecked",
    checks.USCC: "uscc", checks.VIN: "vin", checks.VIN_UNCHECKED: "vin_unchecked", checks.IPV4: "ip",
    checks.FOREIGN_PERMIT: "foreign_permit", checks.IMEI: "imei", checks.IMSI: "imsi", checks.PLATE: "plate",
    checks.DOCUMENT: "document",
}  # fmt: skip
_HELD: Final = (  # what tells persons apart wherever it stands
    checks.ID_CARD, checks.PHONE, checks.CARD_UNIONPAY, checks.CARD_OTHER, checks.FOREIGN_PERMIT, checks.PLATE,
    checks.IMEI, checks.IMSI,
)  # fmt: skip
_SPANS: Final = {SPAN_AT: "email", SPAN_MAC: "mac", SPAN_IPV6: "ip"}
_TERMS: Final = ("health", "religion", "criminal_record", "sexual_orientation")
_FIRST: Final = 100  # values that are tried first
_WORDS_IN: Final = 20_000  # distinct values in which words are looked for


_NEEDS: Final = {  # of forms that are tried on many columns: least and most characters, least and most digits
    "digest": (22, 512, 0, 512), "hk_macao_permit": (9, 11, 7, 10), "icd_dotted": (5, 9, 2, 6),
    "military_id": (7, 17, 4, 14), "passport_china": (9, 9, 7, 8), "place": (7, 512, 4, 512),
    "several": (11, 512, 10, 512),
}  # fmt: skip
_OF_NAMES: Final = np.zeros(256, np.bool_)  # bytes
_OF_NAMES[[ord(c) for c in "'-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"]] = True
_OF_NAMES[128:] = True


@cache
def _forms() -> dict[str, str]:
    forms: dict[str, str] = shipped_yaml(__package__, "forms.yaml")
    return forms


@cache
def _values() -> dict[str, pa.Array]:
    loaded: dict[str, Any] = shipped_yaml(__package__, "values.yaml")
    loaded["ethnicity"] += [name + "族" for name in loaded["ethnicity"]]
    return {name: pa.array(values, pa.large_string()) for name, values in loaded.items()}


@cache
def _sets() -> dict[str, frozenset[str]]:
    return {name: frozenset(values.to_pylist()) for name, values in _values().items()}


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {name: re.compile(form, re.ASCII) for name, form in _forms().items()}


@dataclass(slots=True, eq=False)
class Looks:
    """Of each distinct value: its size and what it is made of, and the checks that it passes (masks by name)."""

    cells: Cells
    size: NDArray[np.int32]
    flags: NDArray[np.int32]
    digits: NDArray[np.int32]
    han: NDArray[np.int32]
    days: NDArray[np.int32]  # yyyymmdd, 0 for none: of a date, or born by an identity card
    male: Mask  # by an identity card
    latest: int  # last day of birth that can be, as yyyymmdd
    passed: dict[str, Mask]
    none: Mask  # all False: of each check that no value passes
    holds: Mask  # a checked number or address stands beside other text
    _flags: int | None = None  # of any value
    _lower: pa.Array | None = None
    _plain: bool | None = None
    _some: list[str] | None = None

    @property
    def distinct(self) -> int:
        return len(self.size)

    def has(self, flag: int) -> Mask:
        """Values with one of some flags of `kernel`."""
        if self._flags is None:
            self._flags = int(np.bitwise_or.reduce(self.flags))
        if not self._flags & flag:
            return self.none
        mask: Mask = (self.flags & flag) != 0
        return mask

    def share(self, mask: Mask) -> float:
        """The share of the filled rows."""
        if mask is self.none or not self.cells.filled:
            return 0.0
        return float(self.cells.counts[mask].sum()) / self.cells.filled

    def note(self, name: str, places: NDArray[np.int64]) -> None:
        """Values that pass a check."""
        if len(places):
            if self.passed[name] is self.none:
                self.passed[name] = np.zeros(self.distinct, np.bool_)
            self.passed[name][places] = True

    def check(self, name: str) -> Mask:
        """The mask of a check, a form or a list of values, looked up at its first use."""
        if name not in self.passed:
            self.passed[name] = self._tried(name, self.distinct)
        return self.passed[name]

    def _tried(self, name: str, count: int) -> Mask:
        """Which of the first values have a form or are in a list.

        Arrow reads a pattern or list anew at each call, which takes longer than to look at a few values in Python.
        """
        texts = self.cells.texts.slice(0, count)
        if name.startswith(OWN_CHECK):
            return fits_own(name, texts)
        if name in _NEEDS:
            return self._tried_on_some(name, count)
        if name in _forms() and count > _FIRST:
            found = pc.match_substring_regex(texts, _forms()[name])
        elif name in _forms():
            matches = _patterns()[name].search
            return np.array([matches(text) is not None for text in self._first()[:count]], np.bool_)
        elif name not in _values():
            return np.zeros(count, np.bool_)
        elif count > _FIRST:
            found = pc.is_in(self._lowered(), value_set=_values()[name])
        else:
            return np.array([text.lower() in _sets()[name] for text in self._first()[:count]], np.bool_)
        mask: Mask = found.to_numpy(zero_copy_only=False)
        return mask

    def _tried_on_some(self, name: str, count: int) -> Mask:
        """Which of the first values have a form, of which only those are looked at whose size and number of digits can
        be those of it."""
        least, most, fewest, digits = _NEEDS[name]
        size, of_digits = self.size[:count], self.digits[:count]
        some = np.flatnonzero((size >= least) & (size <= most) & (of_digits >= fewest) & (of_digits <= digits))
        if not len(some):
            return self.none if count == self.distinct else self.none[:count]
        mask = np.zeros(count, np.bool_)
        if count > _FIRST:
            mask[some] = pc.match_substring_regex(self.cells.texts.take(pa.array(some)), _forms()[name])
        else:
            first, matches = self._first(), _patterns()[name].search
            mask[some] = [matches(first[place]) is not None for place in some.tolist()]
        return mask

    def _first(self) -> list[str]:
        if self._some is None:
            self._some = self.cells.texts.slice(0, _FIRST).to_pylist()
        return self._some

    @property
    def is_plain(self) -> bool:
        """Whether most values are mere numbers, days or hashes: no form or list of values is tried on them unasked."""
        if self._plain is None:
            plain = kernel.DIGITS | kernel.DECIMAL | kernel.HEX | kernel.DATE | kernel.DATETIME
            self._plain = self.share(self.has(plain)) > 0.5
        return self._plain

    def is_hopeful(self, name: str) -> bool:
        """Whether a quarter of the first values pass a form or list: most columns need not be read for most of them."""
        known = name in _forms() or name in _values() or name.startswith(OWN_CHECK)
        if name in self.passed or self.distinct <= _FIRST or not known:
            return True
        return int(self._tried(name, _FIRST).sum()) * 4 >= _FIRST

    def _lowered(self) -> pa.Array:
        if self._lower is None:
            self._lower = pc.utf8_lower(self.cells.texts)
        return self._lower

    def first_words(self) -> Mask:
        """Values whose first word is a usual given name in Latin letters."""
        if not self.distinct:
            return self.none
        latin = self.has(kernel.LATIN_NAME) | ((self.size <= 12) & (self.size > self.digits + self.han))
        some = np.flatnonzero(latin & self._begins_with_letters())
        if not len(some):
            return self.none
        texts = pc.utf8_lower(self.cells.texts.take(pa.array(some)))
        first = pc.replace_substring_regex(texts, r"^([a-z'-]+).*$", r"\1")
        mask = np.zeros(self.distinct, np.bool_)
        mask[some] = pc.is_in(first, value_set=_values()["given_names"])
        return mask

    def _begins_with_letters(self) -> Mask:
        """Values whose first two bytes may be those of a given name; some letters beyond ASCII are small ones in it."""
        data, ends, _ = self.cells.joined
        starts = np.append(0, ends[:-1] + 1)
        mask: Mask = _OF_NAMES[data[starts]] & _OF_NAMES[data[starts + 1]]
        return mask


def looks_of(cells: Cells, latest: int) -> Looks:
    """Look at every distinct value once. `latest`: the last day of birth that can be, as yyyymmdd."""
    n = len(cells.texts)
    size, flags, digits, han, days = (np.zeros(n, np.int32) for _ in range(5))
    none = np.zeros(n, np.bool_)
    none.flags.writeable = False
    passed = dict.fromkeys((*_CODES.values(), *_SPANS.values(), *_TERMS), none)
    looks = Looks(
        cells, size, flags, digits, han, days, np.zeros(n, np.bool_), latest, passed, none, np.zeros(n, np.bool_)
    )  # fmt: skip
    for part in cells.slices():
        _look(looks, part, latest)
    if passed["email"] is not none:
        passed["email"] &= looks.check("local_mail")
    if passed["phone"] is not none:
        passed["phone"] &= ~(passed["ip"] | looks.has(kernel.DECIMAL))  # 138.13.45.111
    return looks


def _look(looks: Looks, part: Slice, latest: int) -> None:
    here = slice(part.first, part.first + len(part.start))
    looks.size[here] = part.end - part.start
    looks.flags[here], looks.digits[here], looks.han[here], looks.days[here] = kernel.profile(
        part.units, part.start, part.end
    )
    tokens = read_tokens(part.units)
    rows = find_numbers(part.units, tokens, latest)
    if len(rows):
        cell = np.searchsorted(part.start, rows[:, 1], side="right") - 1
        whole = (part.start[cell] == rows[:, 1]) & (part.end[cell] == rows[:, 2])
        looks.holds[part.first + cell[~whole & np.isin(rows[:, 0], _HELD)]] = True
        rows, cell = rows[whole], cell[whole]
        for code in np.unique(rows[:, 0]).tolist():
            if code in _CODES:
                looks.note(_CODES[code], part.first + cell[rows[:, 0] == code])
        _read_id_cards(looks, part, tokens, rows, cell)
    spans = tokens.spans
    if len(spans):
        cell = np.searchsorted(part.start, spans[:, 1], side="right") - 1
        whole = (part.start[cell] == spans[:, 1]) & (part.end[cell] == spans[:, 2])
        for what, name in _SPANS.items():
            looks.note(name, part.first + cell[whole & (spans[:, 0] == what)])
        looks.holds[part.first + cell[~whole & (spans[:, 0] == SPAN_AT)]] = True
    if looks.han[here].any() and part.first < _WORDS_IN:
        words = read_words(part.units)
        for name in _TERMS:
            hits = words.start[words.of(f"terms/{name}")]
            looks.note(name, part.first + np.searchsorted(part.start, hits, side="right") - 1)


def _read_id_cards(looks: Looks, part: Slice, tokens: Tokens, rows: NDArray[np.int32], cell: NDArray[np.int64]) -> None:
    """Days of birth and sexes that identity cards tell (GB 11643: digits 7 to 14, and whether digit 17 is odd)."""
    cards = rows[:, 0] == checks.ID_CARD
    if cards.any():
        body = tokens.folded[rows[cards, 3][:, None] + np.arange(18)].astype(np.int32) - ord("0")
        place = part.first + cell[cards]
        looks.days[place] = body[:, 6:14] @ (10 ** np.arange(7, -1, -1, dtype=np.int32))
        looks.male[place] = body[:, 16] % 2 == 1
