"""Telephone numbers of other countries as they are written at home: behind a label, or in groups that little else has.

Numbers with + and the country's code, and those of the mainland, are found in `digits`. Behind a label a number that no
numbering plan gives out today is found as well, for less: plans change, and a misprint is still somebody's. Sources:
ITU-T E.164 for lengths; the numbering plans of North America (NANP), Japan, Korea, Taiwan, Hong Kong and Macao for
groups; ATIS-0300115 for the numbers of North America that are kept for fiction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import numpy as np

from tongguan.identify.detect.characters import fold_text
from tongguan.identify.detect.checks import PHONE
from tongguan.identify.detect.shapes import series_in
from tongguan.identify.detect.view import Candidate, View
from tongguan.identify.detect.words import label_id

__all__ = ["find"]

_DETECTOR: Final = "telephones"
_LABELLED: Final = 0.72
_UNASSIGNED: Final = 0.55
_MISDIALLED: Final = 0.5  # a local number that begins as none does
_FICTION: Final = 0.6
_IN_GROUPS: Final = 0.5  # all that a text holds
_LONGEST: Final = 28
_LOCAL: Final = 8
_MOBILE: Final = 11
_HOTLINE: Final = 10
_LABELS: Final = {label_id("phone"): "phone", label_id("landline"): "landline"}
_IS_LABEL: Final = np.zeros(256, np.bool_)
_IS_LABEL[list(_LABELS)] = True

_D: Final = "[0-9\uff10-\uff19]"
_NUMBER: Final = re.compile(
    rf"[+\uff0b]?[(\uff08]?{_D}(?:[ \u00a0./()\uff08\uff09\-\u2010-\u2013\uff0d]{{0,2}}{_D}){{6,14}}(?![A-Za-z0-9])"
)
_NEXT: Final = re.compile(
    rf"\s?(?:[(（][^()（）\n]{{1,12}}[)）])?[ \u3000,，、;；/或]{{1,3}}({_D}{{4}}[ -]?{_D}{{4}})(?![A-Za-z0-9-])"
)
_OBJECT: Final = re.compile(
    r"(?:1\.3\.6\.1|1\.2\.\d{3}|2\.5\.\d{1,2}|2\.16\.840)\.\d"
)  # an object identifier, ITU-T X.660
_FRACTION: Final = re.compile(r"\d+\.\d+")
_DAY: Final = re.compile(r"(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])[-/.](?:[0-2]?\d|3[01])")

# sizes of the groups, signs behind the first, the form around the first group's start, score
_FORMS: Final = (
    ((3, 3, 4), "-.", re.compile(r"(?![48]00)[2-9]\d\d([-.])[2-9]\d\d\1\d{4}(?![A-Za-z0-9-])"), 0.5),  # North America
    ((3, 3, 4), ") ", re.compile(r"\([2-9]\d\d\) ?\d{3}[- .]\d{4}(?![A-Za-z0-9-])"), 0.6),
    ((3, 4, 4), "--", re.compile(r"(?:0[789]0|010)-\d{4}-\d{4}(?![A-Za-z0-9-])"), 0.6),  # Japan, Korea
    ((4, 3, 3), "--", re.compile(r"09\d\d-\d{3}-\d{3}(?![A-Za-z0-9-])"), 0.6),  # Taiwan
    ((4, 3, 4), "- ", re.compile(r"09\d\d([- ])\d{3}\1\d{4}(?![A-Za-z0-9-])"), 0.55),  # the Philippines
    ((2, 4, 4), "--", re.compile(r"0[2-9]-[2-9]\d{3}-\d{4}(?![A-Za-z0-9-])"), 0.55),  # Japan's and Seoul's fixed lines
    ((2, 3, 4), "--", re.compile(r"02-[1-9]\d\d-\d{4}(?![A-Za-z0-9-])"), 0.55),
    ((3, 3, 4), "--", re.compile(r"0[2-9]\d-[1-9]\d\d-\d{4}(?![A-Za-z0-9-])"), 0.55),
)
_FIXED: Final = 5  # place of the first form of fixed lines: behind a label, or alone in a line
_LINE_ENDS: Final = frozenset({"", "\n", "\r", "\x00"})
_PLAIN: Final = 0  # place of the form that is believed only with a label near it
_NEAR: Final = 40  # characters
_SIZES: Final = np.array([[*sizes, *[0] * (4 - len(sizes))] for sizes, *_ in _FORMS], np.uint8)
_SIGNS: Final = np.array([[ord(sign) for sign in signs] for _, signs, *_ in _FORMS], np.uint8)
_ALONE: Final = re.compile(r"\s*((?:0[789]0|010)\d{8}|09\d{9})\s*")  # all that a text holds
_NORTH_AMERICA: Final = re.compile(r"(?:\+?1[-. ]?)?\(?(\d{3})\)?[-. ]{1,2}(\d{3})[-. ](\d{4})")
_NO_LANDLINE: Final = re.compile(r"\(?0(?:10|2\d)\)?[- ]?[019]\d{7}|\(?0[3-9]\d\d\)?(?:[- ]?[019]\d{7}|[- ][019]\d{6})")
"""A landline of the mainland whose local number begins as none does."""
_ALONE_IN_GROUPS: Final = re.compile(r"\s*((?:\([2-9]\d\d\) ?|[2-9]\d\d(?=([-.])\d{3}\2)[-.])\d{3}[-.]\d{4})\s*")
_SET_APART: Final = frozenset(":：=＝\"'|\t")
"""Signs between a label and its value; a blank alone is too little for an odd number."""
_COUNTED: Final = "012345678901234567890"
_BEFORE: Final = frozenset("-_/\\.%+#@=&$")


def find(view: View) -> Iterator[Candidate]:
    """Numbers behind labels, in groups, and alone in a text."""
    yield from _labelled(view)
    yield from _grouped(view)
    for start, end in view.short_texts(16):
        if found := _ALONE.fullmatch(view.text, start, end):
            yield Candidate(*found.span(1), "phone", 0.62, "form", _DETECTOR, found[1])
        elif found := _ALONE_IN_GROUPS.fullmatch(view.text, start, end):
            value = "".join(filter(str.isdigit, found[1]))
            odd = _worth(found[1], value)[1]
            validator = odd if odd != "context" else "form"
            yield Candidate(*found.span(1), "phone", _IN_GROUPS, validator, _DETECTOR, value)


def _labelled(view: View) -> Iterator[Candidate]:
    words = view.labelled
    chosen = _IS_LABEL[words.label] & (words.value - words.end <= 8)
    chosen &= ~np.isin(words.value, view.numbers[view.numbers[:, 0] == PHONE, 1])  # those are known by their form
    places = zip(
        words.label[chosen].tolist(), words.start[chosen].tolist(), words.end[chosen].tolist(),
        words.value[chosen].tolist(), strict=True,
    )  # fmt: skip
    for label, start, end, at in places:
        if at and view.text[at - 1] in "(（+＋":  # signs that belong to the number
            at -= 1
        found = _NUMBER.match(view.text, at, at + _LONGEST)
        if not found or _FRACTION.fullmatch(found.group()) or _DAY.match(found.group()):
            continue
        if _OBJECT.match(found.group()) or _is_of_row_before(view.text, start, end, found):
            continue
        value = "".join(c for c in fold_text(found.group()) if c.isdigit())
        score, validator = _worth(fold_text(found.group()), value)
        if len(value) <= _LOCAL and value[0] in "01":  # no number without an area code begins so
            if value[0] == "0" or len(value) < _LOCAL or _SET_APART.isdisjoint(view.text[end:at]):
                continue
            score, validator = _MISDIALLED, "unassigned"
        if len(value) == _HOTLINE and value.startswith(("400", "800")):  # a company's, for all of the country
            continue
        if value in _COUNTED or value in _COUNTED[::-1]:  # 123-456-7890: a form's
            continue
        yield Candidate(*found.span(), _LABELS[label], score, validator, _DETECTOR, value)
        if len(value) == _LOCAL:
            yield from _further(view.text, found.end())


def _is_of_row_before(text: str, start: int, end: int, found: re.Match[str]) -> bool:
    """Whether the label ends a row of cells and the number begins the next: 5733301|Setroc Mobile⏎5733302|…"""
    behind = text[found.end() : found.end() + 1]
    if behind not in ("|", "\t") or "\n" not in text[end : found.start()]:
        return False
    return behind in text[text.rfind("\n", max(0, start - 80), start) + 1 : start]


def _worth(written: str, value: str) -> tuple[float, str]:
    """Score and ground of a number behind a label: less for one that nobody is given, or that stands in films."""
    if len(value) == _MOBILE and "100" <= value[:3] < "130":  # the mainland's mobile numbers begin with 13 to 19
        return _UNASSIGNED, "unassigned"
    if _NO_LANDLINE.fullmatch(written):
        return _UNASSIGNED, "unassigned"
    if american := _NORTH_AMERICA.fullmatch(written):
        area, exchange, line = american.groups()
        if exchange == "555" and line.startswith("01"):
            return _FICTION, "fiction"
        if area[0] in "01" or exchange[0] in "01" or area == "555":
            return _UNASSIGNED, "unassigned"
    return _LABELLED, "context"


def _further(text: str, at: int) -> Iterator[Candidate]:
    """Local numbers that follow one behind a label: 電話：6452 8255（業主）　2853 3301（辦公室）."""
    while found := _NEXT.match(text, at, at + 40):
        value = "".join(c for c in fold_text(found[1]) if c.isdigit())
        type = "landline" if value[0] in "23" else "phone"
        yield Candidate(*found.span(1), type, _LABELLED, "context", _DETECTOR, value)
        at = found.end()


def _grouped(view: View) -> Iterator[Candidate]:
    tokens, which = series_in(view.units, view.tokens, _SIZES, _SIGNS)
    label, _ = view.label_before(view.tokens.start[tokens], _NEAR)
    told = _IS_LABEL[label]
    stands = (which != _PLAIN) | told  # part numbers are written so as well
    for token, form, is_told in zip(
        tokens[stands].tolist(), which[stands].tolist(), told[stands].tolist(), strict=True
    ):
        start = int(view.tokens.start[token])
        if form == 1:
            start -= 1
        before = view.text[start - 1] if start > 0 else "\n"
        if start < 0 or before in _BEFORE or (before.isascii() and before.isalnum()):
            continue
        if form >= _FIXED and not (is_told or before in _LINE_ENDS or before in ":："):
            continue
        if found := _FORMS[form][2].match(view.text, start, start + _LONGEST):
            if form >= _FIXED and not (
                is_told or view.text[found.end() : found.end() + 1] in _LINE_ENDS | {" ", "\u3000"}
            ):
                continue
            value = "".join(filter(str.isdigit, found.group()))
            type = "landline" if form >= _FIXED else "phone"
            yield Candidate(*found.span(), type, _FORMS[form][3], "form", _DETECTOR, value)
