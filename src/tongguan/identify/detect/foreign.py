"""Identifiers from outside the mainland: Hong Kong, Macao, Taiwan, and the common ones of other countries.

Behind a label of its own (or in a column of that name) a number need only pass its issuer's check. Without one only
forms are believed that little else has: letters and digits in a set order, groups with set signs, strong checks.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import compress
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.detect import foreign_checks as checks
from tongguan.identify.detect.characters import KIND, LETTER, fold_text
from tongguan.identify.detect.checks import ID_CARD
from tongguan.identify.detect.foreign_countries import types_beside
from tongguan.identify.detect.foreign_kinds import KINDS, SERIES, SHARED, Kind
from tongguan.identify.detect.overlaps import offsets
from tongguan.identify.detect.shapes import series_in, shape_of, shape_table, tokens_of_shape
from tongguan.identify.detect.view import Candidate, View
from tongguan.identify.detect.words import label_id

__all__ = ["TOLD_AFTER", "find"]

_DETECTOR: Final = "foreign"
_LABELLED: Final = 0.95


_TYPES: Final = tuple(dict.fromkeys([*(kind.type for kind in KINDS), "iban"]))
_WANTED: Final = {label_id(type): (type,) for type in _TYPES} | {label_id(name): SHARED[name] for name in SHARED}
"""Which types may stand behind a label."""
_IS_LABEL: Final = np.zeros(256, np.bool_)
_IS_LABEL[list(_WANTED)] = True
_IS_SHARED: Final = np.zeros(256, np.bool_)
_IS_SHARED[[label_id(name) for name in SHARED]] = True
_PLACE_OF: Final = {kind: i for i, kind in enumerate(KINDS)}
_NUMBER: Final = label_id("number")
_WEAK: Final = 0.8
_REACH: Final = 24
_LONGEST: Final = 48
_CARD: Final = 18  # characters of an identity card written in one: as many as the longest number of KINDS has

_FORMS: Final[dict[tuple[str, int], list[tuple[re.Pattern[str], Kind]]]] = defaultdict(list)
"""By type and size."""
for _kind in KINDS:
    _form = _kind.form or "".join("[A-Z]" if c == "L" else r"\d" for c in _kind.shape)
    _FORMS[_kind.type, len(_kind.shape)].append((re.compile(_form), _kind))
_ALONE: Final[dict[int, list[tuple[re.Pattern[str], Kind]]]] = defaultdict(list)
for (_, _size), _forms in _FORMS.items():
    _ALONE[_size] += [(form, kind) for form, kind in _forms if kind.alone]
_SOUGHT: Final = {
    (label, size): tuple(form for type in types for form in _FORMS.get((type, size), ()))
    for label, types in _WANTED.items()
    for size in {size for _, size in _FORMS}
}
"""What may stand behind a label, by the number of its characters."""
_ASKS_IBAN: Final = frozenset(label for label, types in _WANTED.items() if "iban" in types)
_SIGNS: Final = {
    # signs between the groups, where not any will do
    "fi_hetu": re.compile(r"\w*|\d{6}[-+]\w{4}"),
    "us_ssn": re.compile(r"\d+|\d{3}([-. ])\d\d\1\d{4}"),
}
_LEAD: Final = re.compile(
    r"(?:[\s:：=#.是为は는은'\"(（]|(?<![A-Za-z0-9])(?:number|card|code|no|nr|num|id|is|was|of|es|ist|è|numarası|numarasi|numara|numero|número)"
    r"(?![A-Za-z0-9])"
    r"|(?<![A-Za-z0-9])(?:AT|CL|EL|HR|NZ|PT) ?(?=\d)|番号|号码|號碼|证|證|字号|字號){0,8}",
    re.IGNORECASE,
)
_COUNTRY_FIRST: Final = frozenset({"cl_rut", "hr_oib", "nz_ird", "pt_nif", "gr_afm"})
_COUNTRY_LETTERS: Final = re.compile(r"(?<![A-Za-z0-9])(?:CL|EL|HR|NZ|PT) ?\Z")
"""The country's letters before numbers for tax, which are written with them: HR 33392005961."""
TOLD_AFTER: Final = re.compile(  # … is my passport number, …是我的身份证
    r"(?<![\w.-])([A-Za-z0-9](?:[ \-./]?[A-Za-z0-9]){7,24})(?: (?:is|are|was|ist|es|är|est|é|è|jest|on)|[是为即は])"
    r" ?(?:(?:my|the|his|her|your|their|our|mi|su|mein|meine|mitt|mon|ma|mijn|mój|a|an) |我的|他的|她的|本人的?|私の)?"
    r"(?:[^\W\d_]{2,12} ){0,2}\Z",
)
_JOINS: Final = frozenset("-./_－／")
_RUN: Final = re.compile(
    r"(?=[^0-9０-９]{0,9}[0-9０-９])"
    r"[A-Za-z0-9０-９Ａ-Ｚａ-ｚ](?:[ \-./:()（）_－／\u00a0\u200b]{0,2}[A-Za-z0-9０-９Ａ-Ｚａ-ｚ]){5,40}"
)


def find(view: View) -> Iterator[Candidate]:
    """Identifiers behind labels, in columns, and by their forms."""
    yield from _labelled(view)
    yield from _by_form(view)
    yield from _ibans(view)
    yield from _zones(view)


# ---- behind labels ----

Place = tuple[int, int, str]  # start, end, folded value


def _labelled(view: View) -> Iterator[Candidate]:
    words = view.labelled
    chosen = _IS_LABEL[words.label]
    known = view.numbers[view.numbers[:, 0] == ID_CARD, 1]
    chosen &= ~(_IS_SHARED[words.label] & np.isin(words.value, known))  # what stands there is known by its form
    places: list[tuple[int, int, int]] = []
    for label, end in zip(words.label[chosen].tolist(), words.end[chosen].tolist(), strict=True):
        lead = _LEAD.match(view.text, end, end + _REACH)
        places.append((label, lead.end() if lead else end, min(len(view.text), end + _REACH + _LONGEST)))
    for label, end in zip(words.label[chosen].tolist(), words.start[chosen].tolist(), strict=True):
        if behind := TOLD_AFTER.search(view.text, max(0, end - _REACH - _LONGEST), end):
            places.append((label, behind.start(1), behind.end(1)))
    for start, end, label in _unknown(view, view.cells[_IS_LABEL[view.cells[:, 2]]]).tolist():
        while start < end and view.text[start] in " \"'\t":
            start += 1
        places.append((label, start, end))
    rows: dict[int, list[Place]] = defaultdict(list)  # by place in KINDS
    for label, start, end in places:
        run = _RUN.match(view.text, start, end)
        for size, stop, value in _prefixes(view.text, run) if run else ():
            if label in _ASKS_IBAN and checks.is_iban(value):
                yield Candidate(start, stop, "iban", 0.97, "checksum", _DETECTOR, value)
            for form, kind in _sought(view.text, label, start, size):
                if form.fullmatch(value) and _is_written(kind, view.text[start:stop]):
                    rows[_PLACE_OF[kind]].append((start, stop, value))
    for place, found in rows.items():
        yield from _checked(view.text, KINDS[place], found)


def _unknown(view: View, cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """Cells without those of a shared label that begin with an identity card's eighteen characters, which are no
    number of another country."""
    rows = view.numbers
    cards = rows[(rows[:, 0] == ID_CARD) & (rows[:, 2] - rows[:, 1] == _CARD), 1]
    return cells[~(_IS_SHARED[cells[:, 2]] & np.isin(cells[:, 0], cards))]


def _sought(text: str, label: int, start: int, size: int) -> Sequence[tuple[re.Pattern[str], Kind]]:
    """What may stand behind a label: where many countries share it, those of the one that the line names."""
    if _IS_SHARED[label] and (types := types_beside(text, start)):
        return [form for type in types for form in _FORMS.get((type, size), ())]
    return _SOUGHT.get((label, size), ())


def _checked(text: str, kind: Kind, found: Sequence[Place]) -> Iterator[Candidate]:
    score, validator = (_WEAK, "context") if kind.weak else (_LABELLED, "checksum")
    for (start, stop, value), right in zip(found, _right([v for _, _, v in found], kind.check).tolist(), strict=True):
        if right:
            if kind.type in _COUNTRY_FIRST and (country := _COUNTRY_LETTERS.search(text, max(0, start - 4), start)):
                start = country.start()
            yield Candidate(start, stop, kind.type, score, validator, _DETECTOR, value)


def _is_written(kind: Kind, written: str) -> bool:
    """Whether the signs between the groups are such as people put there: two kinds at most, and the right ones."""
    pattern = _SIGNS.get(kind.type)
    return not pattern or pattern.fullmatch(fold_text(written)) is not None


def _prefixes(text: str, run: re.Match[str]) -> Iterator[tuple[int, int, str]]:
    """Values that begin where the run does: their size, their end, and their folded characters."""
    value, start = "", run.start()
    whole = run.group()
    if whole.isascii() and whole.isalnum():  # the usual cell: no sign at which a shorter value could end
        after = text[run.end() : run.end() + 1]
        if len(whole) >= 8 and not (after.isalnum() and (after.isascii() or "０" <= after <= "ｚ")):
            yield len(whole), run.end(), whole.upper()
        return
    for at in range(start, run.end()):
        c = text[at]
        if not c.isalnum():
            continue
        value += fold_text(c).upper()
        after = text[at + 1 : at + 2]
        if after in _JOINS and at > start and text[at - 1] == after and text[at + 2 : at + 3].isalnum():
            continue  # one character between two like signs: 1-1-0-1-… goes on
        if len(value) >= 8 and not (after.isalnum() and (after.isascii() or "０" <= after <= "ｚ")):
            end = at + 1
            if after in (")", "）") and text[at - 1] in "(（":
                end += 1
            yield len(value), end, value


def _right(values: Sequence[str], check: checks.Check) -> NDArray[np.bool_]:
    """Which values, all of one length, pass the check: none that holds a sign beyond ASCII."""
    if not values:
        return np.zeros(0, np.bool_)
    plain = np.fromiter((value.isascii() for value in values), np.bool_, len(values))
    rows = np.frombuffer("".join(values).encode("ascii", "replace"), np.uint8).reshape(len(values), -1)
    return check(rows) & plain


# ---- by form ----

_TOKEN_KINDS: Final[dict[int, list[Kind]]] = defaultdict(list)
for _kind in KINDS:
    _is_token = not _kind.groups or _kind.type in ("uk_nino", "es_nif", "us_mbi")
    if _kind.bare and set(_kind.shape) == {"L", "D"} and _is_token:
        _TOKEN_KINDS[shape_of(_kind.shape)].append(_kind)
_SHAPES: Final = shape_table([k.shape for kinds in _TOKEN_KINDS.values() for k in kinds] + ["LDDDDDD", "LLDDDDDD"])
_HONG_KONG: Final = (shape_of("LDDDDDD"), shape_of("LLDDDDDD"))
_BEHIND: Final = re.compile(r" ?[(（]([0-9A０-９])[)）]")
_GLUE: Final = frozenset("-_/\\.%+#@=&$")


def _by_form(view: View) -> Iterator[Candidate]:
    tokens, shapes = tokens_of_shape(view.tokens, _SHAPES)
    found: list[Candidate] = []
    for shape in np.unique(shapes).tolist():
        found += _tokens(view, tokens[shapes == shape], shape)
    found += _grouped(view)
    label, direct = view.label_before(offsets(found)[0].astype(np.int32), _REACH)
    yield from compress(found, ~(direct & (label == _NUMBER)))  # not behind a label such as 订单号
    yield from _alone(view)


_SHORT: Final = 40  # characters of a text that holds but one number


def _alone(view: View) -> Iterator[Candidate]:
    """Numbers that are all that a text holds, such as a field or a message: by checks that few pass by chance."""
    for first, last in view.short_texts(_SHORT):
        text = view.text[first:last]
        start = first + len(text) - len(text.lstrip())
        run = _RUN.fullmatch(view.text, start, start + len(text.strip()))
        for size, stop, value in _prefixes(view.text, run) if run else ():
            if stop == start + len(text.strip()):
                for form, kind in _ALONE.get(size, ()):
                    plain = view.text[start:stop].isalnum() or (kind.groups and re.fullmatch(kind.groups, text.strip()))
                    if plain and form.fullmatch(value) and _right([value], kind.check)[0]:
                        yield Candidate(start, stop, kind.type, kind.alone, "checksum", _DETECTOR, value)


def _tokens(view: View, tokens: NDArray[np.int32], shape: int) -> Iterator[Candidate]:
    offsets = view.tokens.offset[tokens].astype(np.int64)
    size = shape.bit_length() - 1
    rows = view.tokens.folded[offsets[:, None] + np.arange(size)]
    if shape in _HONG_KONG:
        yield from _hong_kong(view, tokens, rows)
        return
    for kind in _TOKEN_KINDS[shape]:
        for i in np.flatnonzero(kind.check(rows)).tolist():
            start, end = int(view.tokens.start[tokens[i]]), int(view.tokens.end[tokens[i]])
            value = rows[i].tobytes().decode("ascii")
            if (not kind.groups or re.fullmatch(kind.groups, value)) and _stands_alone(view, start, end):
                yield Candidate(start, end, kind.type, kind.bare, "checksum", _DETECTOR, value)


def _hong_kong(view: View, tokens: NDArray[np.int32], rows: checks.Rows) -> Iterator[Candidate]:
    """A letter, six digits, and a check digit in parentheses behind them."""
    found: list[Place] = []
    starts, ends = view.tokens.start[tokens].tolist(), view.tokens.end[tokens].tolist()
    for start, end, row in zip(starts, ends, rows, strict=True):
        if behind := _BEHIND.match(view.text, end, end + 4):
            found.append((start, behind.end(), row.tobytes().decode("ascii") + fold_text(behind[1])))
    right = _right([value for _, _, value in found], checks.hkid)
    for start, end, value in compress(found, right):
        if _stands_alone(view, start, end):
            yield Candidate(start, end, "hkid", 0.85, "checksum", _DETECTOR, value)


def _in_groups(written: str) -> bool:
    """Whether all of it is in small letters, in three groups or more."""
    return written == written.lower() and sum(not c.isalnum() for c in written) > 1


def _stands_alone(view: View, start: int, end: int, small: bool = False) -> bool:
    """In capitals (or `small`), and no part of a longer name."""
    written = view.text[start:end]
    return (
        (small or written == written.upper())
        and not (start and view.text[start - 1] in _GLUE)
        and view.text[end : end + 1] not in _GLUE_AFTER
    )


_GLUE_AFTER: Final = frozenset("-_/\\@=&$")


_SMALL: Final = frozenset({"uk_nino", "us_mbi"})  # their groups tell enough for small letters: hh 01 02 03 d


def _compiled(types: Sequence[str]) -> list[tuple[re.Pattern[str], Kind]]:
    kinds = [kind for kind in KINDS if kind.type in types and kind.groups and kind.bare]
    cases = [re.IGNORECASE if kind.type in _SMALL else re.NOFLAG for kind in kinds]
    return [
        (re.compile(rf"(?:{kind.groups})(?![A-Za-z0-9])", case), kind) for kind, case in zip(kinds, cases, strict=True)
    ]


_BRITISH: Final = [types for _, _, types in SERIES].index(("uk_nino",))
_GROUPS: Final = max(len(sizes) for sizes, _, _ in SERIES)
_SERIES_SIZES: Final = np.array([[*sizes, *[0] * (_GROUPS - len(sizes))] for sizes, _, _ in SERIES], np.uint8)
_SERIES_SIGNS: Final = np.array([[ord(sign) for sign in signs] for _, signs, _ in SERIES], np.uint8)
_SERIES_FORMS: Final = [_compiled(types) for _, _, types in SERIES]


def _grouped(view: View) -> Iterator[Candidate]:
    """Identifiers in the groups that their issuers write, by the sizes of their groups."""
    tokens, which = series_in(view.units, view.tokens, _SERIES_SIZES, _SERIES_SIGNS)
    for series in np.unique(which).tolist():
        places = view.tokens.start[tokens[which == series]]
        yield from _in_series(view, _two_letters(view, places) if series == _BRITISH else places.tolist(), series)


def _two_letters(view: View, places: NDArray[np.int32]) -> list[int]:
    """Where two letters and a blank begin that stand before some places, by themselves."""
    starts, units = places[places >= 3] - 3, view.units
    fits = (units[starts + 2] == ord(" ")) & (KIND[units[starts]] == LETTER) & (KIND[units[starts + 1]] == LETTER)
    return [start for start in starts[fits].tolist() if not (start and view.text[start - 1].isalnum())]


def _in_series(view: View, starts: Sequence[int], series: int) -> Iterator[Candidate]:
    """What is right among the numbers that begin at `starts`, by the first form that one has."""
    for form, kind in _SERIES_FORMS[series]:
        found: list[Place] = []
        for start in starts:
            if (written := form.match(view.text, start, start + 40)) and (value := _value(written.group(), kind)):
                found.append((start, written.end(), value))
        known = set()
        for start, end, value in compress(found, _right([value for _, _, value in found], kind.check)):
            if _stands_alone(view, start, end, kind.type in _SMALL and _in_groups(view.text[start:end])):
                known.add(start)
                yield Candidate(start, end, kind.type, kind.bare, "checksum", _DETECTOR, value)
        starts = [start for start in starts if start not in known]


def _value(written: str, kind: Kind) -> str | None:
    """Digits and letters of a number, None where there are too few or too many."""
    value = "".join(filter(str.isalnum, fold_text(written))).upper()
    if kind.type == "fi_hetu" and len(value) == 11:  # the sign of the century is a letter
        value = value[:6] + value[7:]
    return value if len(value) == len(kind.shape) else None


# ---- bank accounts and travel documents ----

_SIZES: Final = checks.iban_sizes()
_COUNTRY: Final = np.zeros(65536, np.bool_)
_COUNTRY[[ord(country[0]) * 256 + ord(country[1]) for country in _SIZES]] = True
_WRITTEN_IBAN: Final = re.compile(r"[A-Z]{2}\d\d(?:[ \u00a0-]?[A-Z0-9]){11,30}")


def _ibans(view: View) -> Iterator[Candidate]:
    """Tokens that begin with a country of the registry and two digits: whole, or in groups of four."""
    tokens = view.tokens
    sizes = np.diff(tokens.offset)
    chosen = np.flatnonzero((sizes == 4) | ((sizes >= 15) & (sizes <= 33)))
    if not len(chosen):
        return
    head = tokens.folded[tokens.offset[chosen].astype(np.int64)[:, None] + np.arange(4)].astype(np.int64)
    fits = _COUNTRY[head[:, 0] * 256 + head[:, 1]] & (head[:, 2] < 58) & (head[:, 3] < 58)
    for start in tokens.start[chosen[fits]].tolist():
        found = _WRITTEN_IBAN.match(view.text, start, start + 50)
        if not found or (view.text[start + 4 : start + 5] == "-" and view.text[start - 1 : start] == "-"):  # a GUID's
            continue
        size = _SIZES[found.group()[:2]]
        value, end = "", start
        while end < found.end() and len(value) < size:
            value += view.text[end] if view.text[end].isalnum() else ""
            end += 1
        after = view.text[end : end + 1]
        if checks.is_iban(value) and not (after.isascii() and after.isalnum()):
            yield Candidate(start, end, "iban", 0.92, "checksum", _DETECTOR, value)


_ZONE: Final = re.compile(
    r"P[A-Z<][A-Z<]{3}[A-Z<]{39}\s{1,2}([A-Z0-9<]{9})([0-9<])[A-Z<]{3}(\d{6})(\d)[MFX<](\d{6})(\d)[A-Z0-9<]{14}[0-9<]\d"
)


def _zones(view: View) -> Iterator[Candidate]:
    """The two lines at the foot of a passport; the number in them is part of what is found."""
    for start in view.words.start[view.words.of("marks/zone")].tolist():
        if not (found := _ZONE.match(view.text, start, start + 92)):
            continue
        number, check, born, born_check, until, until_check = found.groups()
        fields = ((number, check), (born, born_check), (until, until_check))
        if all(checks.is_mrz_field(field, digit) for field, digit in fields):
            yield Candidate(*found.span(), "passport_mrz", 0.97, "checksum", _DETECTOR, found.group())
