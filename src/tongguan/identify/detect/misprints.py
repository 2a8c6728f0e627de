"""Numbers that their label names and whose form is right, but not their check digit: a misprint is still somebody's.

Only directly behind a label of their own, and only papers of China and its neighbours, cards and devices, whose forms
are narrow without the check as well: a region and a day, an issuer's range, signs in a set place. They score low and
say why. Sources: those of `checks` and `foreign_checks`; 3GPP TS 23.003 for IMEI, whose last digit is often sent as 0.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import numpy as np

from tongguan.identify.detect import checks
from tongguan.identify.detect.characters import fold_text
from tongguan.identify.detect.view import Candidate, View
from tongguan.identify.detect.words import label_id

__all__ = ["find"]

_DETECTOR: Final = "misprints"
_D: Final = "[0-9\uff10-\uff19]"
_SIGN: Final = "[ \u3000\u00a0-]?"
_END: Final = "(?![A-Za-z0-9\uff10-\uff19])"
_REACH: Final = 40
_GAP: Final = 12  # characters between a label and its value


class _Form(NamedTuple):
    type: str
    written: re.Pattern[str]
    fits: Callable[[str, int], bool]  # of the value and the last day of birth that can be
    score: float
    labels: re.Pattern[str] | None = None  # which words of the label speak for it, where not all do


def _has_region_and_day(value: str, latest: int) -> bool:
    year, month, day = int(value[6:10]), int(value[10:12]), int(value[12:14])
    born = int(value[6:14])
    is_day = checks.is_day.py_func  # to call the compiled one from here would compile it anew in each process
    return bool(checks.REGIONS[int(value[:2])]) and 19000101 <= born <= latest and bool(is_day(year, month, day))


def _any(value: str, latest: int) -> bool:
    return True


_ID_CARD: Final = _Form(
    "id_card",
    re.compile(rf"{_D}{{6}}{_SIGN}{_D}{{4}}{_SIGN}{_D}{{4}}{_SIGN}{_D}{{3}}[0-9\uff10-\uff19Xx\uff38]{_END}"),
    _has_region_and_day,
    0.65,
)
_HONG_KONG: Final = _Form("hkid", re.compile(r"[A-Z]{1,2}\d{6} ?[(（][0-9A][)）]"), _any, 0.6)
_TAIWAN: Final = _Form("taiwan_id", re.compile(rf"[A-Z][12]\d{{8}}{_END}"), _any, 0.6)
_CARD: Final = _Form(
    "bank_card",
    re.compile(
        rf"(?:4{_D}{{3}}|5[1-5]{_D}{{2}}|2[2-7]{_D}{{2}}|35{_D}{{2}}|6011|65{_D}{{2}})(?:{_SIGN}{_D}{{4}}){{3}}{_END}"
        rf"|3[47]{_D}{{2}}{_SIGN}{_D}{{6}}{_SIGN}{_D}{{5}}{_END}"
    ),
    _any, 0.5, re.compile(r"卡号?\Z|card|visa|amex|jcb|cc ?num", re.IGNORECASE),
)  # fmt: skip
_DEVICE: Final = _Form("imei", re.compile(rf"{_D}{{15}}{_END}"), _any, 0.55, re.compile("imei|串号", re.IGNORECASE))
_FORMS: Final = {
    label_id("id_card"): (_ID_CARD, _HONG_KONG),
    label_id("hkid"): (_HONG_KONG,),
    label_id("taiwan_id"): (_TAIWAN,),
    label_id("bank_card"): (_CARD,),
    label_id("imei"): (_DEVICE,),
}
_IS_LABEL: Final = np.zeros(256, np.bool_)  # by label; the last is that of -1
_IS_LABEL[list(_FORMS)] = True
_KNOWN: Final = (checks.ID_CARD, checks.CARD_UNIONPAY, checks.CARD_OTHER, checks.IMEI)


def find(view: View) -> Iterator[Candidate]:
    """Values behind labels and in columns whose check digit is wrong; right ones are found by their checks."""
    words, text = view.labelled, view.text
    known = view.numbers[np.isin(view.numbers[:, 0], _KNOWN), 1]
    chosen = _IS_LABEL[words.label] & (words.value - words.end <= _GAP) & ~np.isin(words.value, known)
    for label, start, end, at in zip(
        words.label[chosen].tolist(), words.start[chosen].tolist(), words.end[chosen].tolist(),
        words.value[chosen].tolist(), strict=True,
    ):  # fmt: skip
        yield from _read(view, label, at, min(len(text), at + _REACH), text[start:end])
    cells = view.cells[_IS_LABEL[view.cells[:, 2]]]
    for start, end, label in cells[~np.isin(cells[:, 0], known)].tolist():
        while start < end and text[start] in " \"'\t":
            start += 1
        yield from _read(view, label, start, end, "")


def _read(view: View, label: int, start: int, end: int, word: str) -> Iterator[Candidate]:
    for form in _FORMS[label]:
        if form.labels and not form.labels.search(word):
            continue
        found = form.written.match(view.text, start, end)
        if found is None:
            continue
        value = re.sub(r"[\s()-]", "", fold_text(found.group())).upper()
        if form.fits(value, view.latest):
            yield Candidate(*found.span(), form.type, form.score, "wrong_check", _DETECTOR, value)
