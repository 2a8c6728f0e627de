"""Names of persons, by a dictionary of family names and by what stands beside them.

A name is believed behind a label, before a title, and after an opening such as 我叫; what else
stands beside one is looked at in `neighbours`. Names that stand alone in running prose are not looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.detect import pinyin, salutations
from tongguan.identify.detect.characters import Units
from tongguan.identify.detect.foreign_names import (
    FOREIGN,
    HAN_CLASS,
    LATIN,
    NEIGHBOURS,
    OF_PEOPLES,
    SOUNDED,
    SOUNDS,
    STOPS,
    is_firm,
    is_nobodys,
    table_of,
)
from tongguan.identify.detect.pairs import pairs_beside
from tongguan.identify.detect.view import Candidate, View
from tongguan.identify.detect.words import label_id
from tongguan.shipped_yaml import shipped_yaml

__all__ = [
    "HAN_CLASS",
    "LIKELY_NAME",
    "LONG_NAME",
    "SPACED_NAME",
    "STOPS",
    "SURE_NAME",
    "begin_beside",
    "begins_name",
    "candidate_of",
    "find",
    "is_full_name",
    "is_given",
    "is_likely_name",
    "is_no_name",
    "may_begin",
]  # fmt: skip

_DETECTOR: Final = "names"


def _lists() -> dict[str, Any]:
    loaded: dict[str, Any] = shipped_yaml(__package__, "surnames.yaml")
    return loaded


_LISTS: Final = _lists()
_SINGLE: Final = frozenset(_LISTS["single"]) - {" "}
_COMPOUND: Final = tuple(_LISTS["compound"])
_STRONG: Final = _SINGLE - frozenset(_LISTS["weak"])
_GIVEN: Final = frozenset(_LISTS["given"]) - {" "}

_SURNAME: Final = f"(?:{'|'.join(_COMPOUND)}|[{''.join(sorted(_SINGLE))}])"
_SURE: Final = f"(?:{'|'.join(_COMPOUND)}|[{''.join(sorted(_STRONG))}])"
_GIVEN_CLASS: Final = f"[{''.join(sorted(_GIVEN))}]"
_RUN: Final = re.compile(rf"[{HAN_CLASS}]{{2,12}}")
_WHOLE: Final = re.compile(rf"{_SURNAME}[{HAN_CLASS}]{{1,2}}")
LIKELY_NAME: Final = f"{_SURE}{_GIVEN_CLASS}{{1,2}}"
"""Pattern: a family name that begins few other words, and characters that given names are made of."""
SURE_NAME: Final = f"{_SURE}[{HAN_CLASS}]{{1,2}}"
"""Pattern: such a family name, and any one or two characters."""
LONG_NAME: Final = f"{_SURE}{_GIVEN_CLASS}{{2}}"
"""Pattern: the same with a given name of two characters."""
_LIKELY: Final = re.compile(LIKELY_NAME)
SPACED_NAME: Final = re.compile(
    rf"({_SURNAME})[ \u3000]([{HAN_CLASS}])(?:[ \u3000]((?![男女])[{HAN_CLASS}]))?(?![{HAN_CLASS}])"
)
_DOTS: Final = frozenset("·•・")
_BLANKS: Final = frozenset(" \u3000")
_NO_NAME: Final = frozenset(_LISTS["never"].split())
_FOLLOW: Final = frozenset(_LISTS["follow"].split())

_SPECIFIC: Final = label_id("person_name")
_GENERIC: Final = label_id("any_name")


# (65536,) units: what a name may begin with, go on with, and be written with behind a label.
_FIRST: Final = table_of({*_STRONG, *(name[0] for name in _COMPOUND)})
_SECOND: Final = table_of({*_GIVEN, *(name[1] for name in _COMPOUND)})
_ANY: Final = table_of({chr(c) for c in (*range(0x3400, 0xA000), *range(65, 91), ord("_"))})


_NOUNS: Final = frozenset(
    "任时安成关单花农丰常连应车商全明公项计南红双益原水云元强支满秋山松富井英竹铁祖洛衡容宣伊昌幸敬诸索危居展"
)
"""Family names that begin many other words, and are themselves neither verbs nor particles."""
_RARELY: Final = table_of(_NOUNS)
_SET_APART: Final = re.compile(rf"[{''.join(sorted(_NOUNS))}]{_GIVEN_CLASS}{{2}}[（(，,；;\s\"'、]")
_LINE: Final = frozenset("_写填叫")
"""Behind a label: a line to write on, and verbs."""
_PARTS: Final = frozenset(
    {"surname", "given name", "given names", "given name(s)", "first name", "last name", "forename"}
    | {"family name", "family names", "maiden name", "surname (family name)", "family name (surname)"}
)
_ALIASES: Final = frozenset({"英文名", "英文姓名"})
_TRANSLATED: Final = re.compile(rf"[{HAN_CLASS}] ?/ ?$")
"""Before a label that says again in English what stands before it: 姓 / Surname."""
_ONE_LATIN: Final = re.compile(r"[A-Z][A-Za-z'-]{1,24}(?![A-Za-z0-9@._])")
_NEXT: Final = re.compile(
    rf"(?:[ ]?\d{{1,7}}(?:\.\d{{1,2}})?元?|[（(][^（）()\n]{{1,8}}[)）])?[、，,;；][ ]?"
    rf"(?:({LIKELY_NAME})(?=[等的 ]|[^{HAN_CLASS}]|$)|({SURE_NAME})(?![{HAN_CLASS}]))"
)
_NEXT_FOREIGN: Final = re.compile(rf"、({LATIN.pattern}|{FOREIGN.pattern}(?![{HAN_CLASS}])|{NEIGHBOURS.pattern})")
"""The next name of a list: 张三、李四; 张三 200，李四 500; 张三（远程）、李四."""


def may_begin(units: Units) -> NDArray[np.bool_]:
    """(n,): where a family name is followed by a character of a given name."""
    begins: NDArray[np.bool_] = _FIRST[units]
    begins[:-1] &= _SECOND[units[1:]]
    begins[-1:] = False
    return begins


def begins_name(units: Units, places: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Like `may_begin`, of some places of any shape; those outside of the text count as its ends."""
    last = len(units) - 1
    first, second = units[np.clip(places, 0, last)], units[np.clip(places + 1, 0, last)]
    begins: NDArray[np.bool_] = _FIRST[first] & _SECOND[second]
    return begins


def begin_beside(units: Units, starts: NDArray[np.int64], ends: NDArray[np.int64], window: int) -> NDArray[np.int64]:
    """(n,): where a name may begin in the `window` units before a span, or behind it and a sign or three; or -1."""
    return pairs_beside(units, _FIRST, _SECOND, starts, ends, window)


def is_no_name(value: str) -> bool:
    """Whether a word begins like a name and is none."""
    return value in _NO_NAME


def is_full_name(value: str) -> bool:
    """Whether a word is a family name and one or two characters."""
    return _WHOLE.fullmatch(value) is not None


def is_likely_name(value: str) -> bool:
    """Whether a word is a family name that begins few other words, and characters that given names are made of."""
    return _LIKELY.fullmatch(value) is not None


def is_given(character: str) -> bool:
    """Whether given names are often made of a character."""
    return character in _GIVEN


def find(view: View) -> Iterator[Candidate]:
    """Names behind labels and openings, before titles, where somebody is called (@张小明), and where letters greet and
    end."""
    yield from _behind_labels(view)
    yield from _before_titles(view)
    yield from _behind_openings(view)
    yield from _called(view)
    for latin in chain(salutations.find(view), pinyin.find(view)):
        yield latin
        if beside := _BESIDE.match(view.text, latin.end):
            yield candidate_of(*beside.span(1), beside[1], 0.75)


def _behind_labels(view: View) -> Iterator[Candidate]:
    words = view.labelled
    first, second = _units_at(view, words.value), _units_at(view, words.value + 1)
    labels = words.label.copy()
    again = (labels[1:] == _GENERIC) & (labels[:-1] == _SPECIFIC) & (words.start[1:] - words.end[:-1] <= 3)
    labels[1:][again] = _SPECIFIC  # 收件人 Receiver
    chosen = (labels == _GENERIC) & (words.value > words.end)  # not 孩子高兴
    chosen &= (_FIRST | _RARELY)[first] & _SECOND[second] | SOUNDS[first] & SOUNDS[second]
    chosen |= (labels == _SPECIFIC) & _ANY[first]
    chosen &= np.append(words.start, -1)[np.searchsorted(words.start, words.value)] != words.value  # a head of columns
    starts = words.value[chosen]
    for label, before, end, start, cut in zip(
        labels[chosen].tolist(),
        words.start[chosen].tolist(),
        words.end[chosen].tolist(),
        starts.tolist(),
        _next_words(view, starts),
        strict=True,
    ):
        specific = label == _SPECIFIC
        while specific and view.text[start : start + 1] in _LINE:
            start += 1
        limit = min(len(view.text), start + 24)
        apart = specific and start > end
        candidate = _name(view.text, start, limit, max(start, min(limit, cut)), start > end, specific)
        if candidate is None and apart:
            candidate = _by_label(view.text, before, end, start, limit)
        if candidate:
            yield candidate
            yield from _listed(view.text, candidate)


def _by_label(text: str, before: int, end: int, start: int, limit: int) -> Candidate | None:
    """Names that a label alone makes one: a family name in Latin letters, a name of a people without family names."""
    label = text[before:end].lower().replace("_", " ")
    part = label in _PARTS
    if label in _ALIASES and (before == 0 or not _HAN_SIGN.match(text, before - 1)):  # not of a firm
        part = True
    elif not set(":：=") & set(text[end:start]) and not (part and _TRANSLATED.search(text, max(0, before - 4), before)):
        return None
    if part and (latin := _ONE_LATIN.match(text, start, limit)):
        return candidate_of(start, latin.end(), latin.group(), 0.75)
    if (peoples := OF_PEOPLES.match(text, start, limit)) and peoples.group() not in _NO_NAME:
        return candidate_of(start, peoples.end(), peoples.group(), 0.7)
    return None


def _bounded(text: str, start: int, end: int) -> bool:
    """Whether three characters, the first of them more often another word's, are written like a name and end there."""
    return text[start] in _NOUNS and _SET_APART.fullmatch(text, start, end + 1) is not None


_HAN_SIGN: Final = re.compile(rf"[{HAN_CLASS}]")
_BESIDE: Final = re.compile(rf" ?[(（]?({LIKELY_NAME})(?![{HAN_CLASS}])")
"""The same name in characters: Jessie Geng 耿洁, Leng Shuyao (冷书瑶)."""


def _listed(text: str, first: Candidate) -> Iterator[Candidate]:
    """The names behind the first of several: 张三、李四."""
    at = first.end
    while found := _NEXT.match(text, at, at + 24) or _NEXT_FOREIGN.match(text, at, at + 48):
        if found.re is _NEXT_FOREIGN:
            if is_firm(found[1]):
                return
            yield candidate_of(*found.span(1), found[1], first.score - 0.05)
            at = found.end()
            continue
        name = found[1] or found[2]
        if is_no_name(name) or is_no_name(name[:2]):
            return
        yield candidate_of(found.end() - len(name), found.end(), name, first.score - 0.05)
        at = found.end()


def _units_at(view: View, places: NDArray[np.int32]) -> Units:
    """The units at some places, 0 beyond the end."""
    units = np.zeros(len(places), view.units.dtype)
    inside = places < len(view.units)
    units[inside] = view.units[places[inside]]
    return units


def _next_words(view: View, starts: NDArray[np.int32]) -> list[int]:
    """Where the first known word begins that is two characters or more behind each place."""
    beyond = np.append(view.words.start, len(view.text))
    return beyond[np.searchsorted(view.words.start, starts + 2)].tolist()  # type: ignore[no-any-return]


def _name(text: str, start: int, limit: int, cut: int, apart: bool, specific: bool) -> Candidate | None:
    """The name that begins at `start`; `cut` is where the next known word begins."""
    apart_from_given = specific and not _BLANKS.isdisjoint(text[start + 1 : start + 3])
    if apart_from_given and (spaced := SPACED_NAME.match(text, start, limit)):
        return candidate_of(start, spaced.end(), spaced.group(), 0.85)
    if apart and (foreign := (NEIGHBOURS.match(text, start, limit) if specific else SOUNDED.match(text, start, limit))):
        return candidate_of(start, foreign.end(), foreign.group(), 0.75)
    if found := _RUN.match(text, start, limit):
        behind = text[found.end() : found.end() + 1]
        if specific and behind in _DOTS and (foreign := FOREIGN.match(text, start, limit)):
            return candidate_of(start, foreign.end(), foreign.group(), 0.8)
        long = found.end() - start > 3
        if (
            specific
            and apart
            and long
            and (peoples := OF_PEOPLES.match(text, start, limit))
            and len(peoples.group()) > 3
        ):
            return candidate_of(start, peoples.end(), peoples.group(), 0.8)
        end = min(found.end(), cut)
        size = end - start
        whole = _WHOLE.match(text, start, end)
        if whole is None:
            return None
        if size > whole.end() - start or size > 3 or text[end - 1] in STOPS:
            size = _cut_at_stop(text[start:end])
        value = text[start : start + size]
        if size < 2 or value[:2] in _NO_NAME or value in _NO_NAME:
            return None
        likely = _LIKELY.fullmatch(value) is not None or (apart and _bounded(text, start, start + size))
        told = apart or text[start - 1] == "名"
        if likely or (told and specific and end == found.end() and size == end - start):
            return candidate_of(start, start + size, value, 0.9 if specific else 0.7)
        return None
    if specific and apart and (latin := LATIN.match(text, start, start + 48)) and not is_nobodys(latin.group()):
        return candidate_of(start, latin.end(), latin.group(), 0.75)
    return None


def _cut_at_stop(run: str) -> int:
    """How much of a run of Han is the name at its front."""
    while len(run) > 2 and run[-1] in STOPS and len(run) <= 4:
        run = run[:-1]
    body = 2 if run.startswith(_COMPOUND) else 1
    for size in range(body + 1, min(body + 3, len(run) + 1)):
        if size == len(run) or run[size] in STOPS:
            return size
    if run[body : body + 2] in _FOLLOW:  # 委托方|立即: no name
        return 0
    third = run[body + 1 : body + 2]
    if third not in _GIVEN or third in STOPS or run[body + 1 : body + 3] in _FOLLOW:
        return body + 1
    return body + 2


def _before_titles(view: View) -> Iterator[Candidate]:
    text, words = view.text, view.words
    titles = np.union1d(words.of("titles"), words.of("speech"))
    spoken = set(words.of("speech").tolist())
    before = _units_at(view, np.maximum(words.start[titles] - 1, 0))
    for i in titles[_FIRST[before] | _SECOND[before]].tolist():
        end = int(words.start[i])
        if found := _ENDING.search(text, max(0, end - 5), end):
            value = found[1]
            if value[:2] not in _NO_NAME and (i not in spoken or len(value) > 2):
                yield candidate_of(found.start(1), end, value, 0.7 if i not in spoken else 0.6)
        elif i not in spoken and (found := _ONE.search(text, max(0, end - 3), end)):
            yield candidate_of(found.start(), int(words.end[i]), text[found.start() : int(words.end[i])], 0.6)


_ENDING: Final = re.compile(rf"(?:^|(?<![{HAN_CLASS}])|(?<=[{STOPS}户工予由]))({_SURE}{_GIVEN_CLASS}{{1,2}})$")
_ONE: Final = re.compile(
    rf"(?:^|(?<![{HAN_CLASS}])|(?<=[{STOPS}的户任院]))({_SURE})$|(?<![{HAN_CLASS}])([{''.join(sorted(_NOUNS))}])$"
)


def _behind_openings(view: View) -> Iterator[Candidate]:
    text, words = view.text, view.words
    starts = words.value[np.union1d(words.of("openings"), words.of("titles"))]
    family = _units_at(view, starts)
    for start in starts[(family == ord("老")) | (family == ord("小")) | (SOUNDS[family])].tolist():
        if found := _FAMILIAR.match(text, start, start + 3) or SOUNDED.match(text, start, start + 24):
            yield candidate_of(start, found.end(), found.group(), 0.6)
    starts = starts[(_FIRST[family] | _RARELY[family]) & _SECOND[_units_at(view, starts + 1)]]
    for start, cut in zip(starts.tolist(), _next_words(view, starts), strict=True):
        cut = min(len(text), start + 12, cut)
        if cut - start > 2 and _bounded(text, start, start + 3) and not is_no_name(text[start : start + 2]):
            yield candidate_of(start, start + 3, text[start : start + 3], 0.65)
        elif (run := _RUN.match(text, start, cut)) and (found := _LIKELY.match(text, start, run.end())):
            size = _cut_at_stop(run.group())
            if _LIKELY.fullmatch(text, start, start + size) and found.group()[:2] not in _NO_NAME:
                yield (first := candidate_of(start, start + size, text[start : start + size], 0.65))
                yield from _listed(text, first)


def _called(view: View) -> Iterator[Candidate]:
    """Names behind the sign of a chat or a microblog that calls somebody, with letters or digits behind them or not:
    @张小明, //@李雷Leo:"""
    if view.units.dtype == np.uint8:  # no Han in it
        return
    places = np.flatnonzero((view.units == ord("@")) | (view.units == ord("＠"))) + 1
    for start in places[begins_name(view.units, places)].tolist():
        if (found := _HANDLE.match(view.text, start)) and not (is_no_name(found[1]) or is_no_name(found[1][:2])):
            yield candidate_of(start, found.end(1), found[1], 0.65)


_HANDLE: Final = re.compile(rf"({LIKELY_NAME})(?![{HAN_CLASS}]|\.[{HAN_CLASS}A-Za-z])")
"""Not the host of an address: 客服@李宁.公司."""
_FAMILIAR: Final = re.compile(rf"[老小](?![费家时米]){_SURE}(?![{HAN_CLASS}])")
"""What colleagues call each other: 司机老白."""


def candidate_of(start: int, end: int, value: str, score: float) -> Candidate:
    """A name as a candidate; its value is the same however it is spaced, or in what case it is written."""
    if value.isascii():
        value = " ".join(value.upper().split())
    elif " " in value or "\u3000" in value:
        value = "".join(value.split())
    return Candidate(start, end, "person_name", score, "dictionary", _DETECTOR, value)
