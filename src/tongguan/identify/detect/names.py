"""Names of persons, by a dictionary of family names and by what stands beside them.

A name is believed behind a label or in a column of names, before a title, after an opening such as 我叫, and beside a
phone or document number. Names that stand alone in running prose are not looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from typing import Any, Final

import numpy as np
import yaml
from numpy.typing import NDArray

from tongguan.identify.detect import salutations
from tongguan.identify.detect.characters import Units, fold_text
from tongguan.identify.detect.view import Candidate, View
from tongguan.identify.detect.words import label_id

__all__ = [
    "beside", "find", "foreign_span", "is_full_name", "is_given", "is_likely_name", "is_no_name", "is_sound",
    "may_begin", "sounds",
]  # fmt: skip

_DETECTOR: Final = "names"
_HAN: Final = "\u3400-\u9fff\U00020000-\U0003134f"


def _lists() -> dict[str, Any]:
    text = files(__package__).joinpath("surnames.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return loaded


_LISTS: Final = _lists()
_SINGLE: Final = frozenset(_LISTS["single"]) - {" "}
_COMPOUND: Final = tuple(_LISTS["compound"])
_STRONG: Final = _SINGLE - frozenset(_LISTS["weak"])
_GIVEN: Final = frozenset(_LISTS["given"]) - {" "}

_SURNAME: Final = f"(?:{'|'.join(_COMPOUND)}|[{''.join(sorted(_SINGLE))}])"
_SURE: Final = f"(?:{'|'.join(_COMPOUND)}|[{''.join(sorted(_STRONG))}])"
_GIVEN_CLASS: Final = f"[{''.join(sorted(_GIVEN))}]"
_RUN: Final = re.compile(rf"[{_HAN}]{{2,12}}")
_WHOLE: Final = re.compile(rf"{_SURNAME}[{_HAN}]{{1,2}}")
_LIKELY: Final = re.compile(rf"{_SURE}{_GIVEN_CLASS}{{1,2}}")
_SPACED: Final = re.compile(rf"({_SURNAME})[ \u3000]([{_HAN}])(?![{_HAN}])")
_FOREIGN: Final = re.compile(rf"[{_HAN}]{{1,8}}(?:[·•・][{_HAN}]{{1,10}}){{1,4}}")
_LATIN: Final = re.compile(r"[A-Z][A-Za-z'-]{1,20}(?:[ ,]{1,2}[A-Z][A-Za-z'.-]{0,20}){1,3}(?![A-Za-z0-9])")
_NO_NAME: Final = frozenset(_LISTS["never"].split())
_STOPS: Final = "的于在和与是已称说系因为男女同出向等及到有被将就曾来对让给把从并也都又很了吗呢吧请您你我他她它们，。"

_SPECIFIC: Final = label_id("person_name")
_GENERIC: Final = label_id("any_name")


def _table(characters: Iterable[str]) -> NDArray[np.bool_]:
    table = np.zeros(65536, np.bool_)
    table[[ord(c) for c in characters if ord(c) < 65536]] = True
    return table


# (65536,) units: what a name may begin with, go on with, and be written with behind a label.
_FIRST: Final = _table({*_STRONG, *(name[0] for name in _COMPOUND)})
_SECOND: Final = _table({*_GIVEN, *(name[1] for name in _COMPOUND)})
_ANY: Final = _table({chr(c) for c in (*range(0x3400, 0xA000), *range(65, 91))})


def may_begin(units: Units) -> NDArray[np.bool_]:
    """(n,): where a family name is followed by a character of a given name."""
    begins: NDArray[np.bool_] = _FIRST[units]
    begins[:-1] &= _SECOND[units[1:]]
    begins[-1:] = False
    return begins


_SOUND_CHARACTERS: Final = (
    "阿埃艾安巴邦贝本比彼宾波博布查达戴丹道德蒂迪杜多厄恩尔法范菲费芬弗夫福富盖冈戈格古哈海汉赫亨霍基吉加贾杰金卡凯坎康科克肯库"
    "夸奎拉莱赖兰朗劳勒雷李里利列林卢鲁伦罗洛马迈曼梅门蒙米密明莫姆穆纳内尼涅努诺欧帕派潘佩皮普奇恰乔切琼若萨塞桑瑟沙舍舒斯苏索"
    "塔泰坦汤特提廷图托瓦万威韦维魏温文沃乌武西希夏肖谢欣雅亚延扬耶伊因英尤约泽扎詹兹祖佐历山奥丝妮娜莎娅"
)
_SOUNDS: Final = _table(_SOUND_CHARACTERS)
"""Characters that write the sounds of foreign names."""


def sounds(units: Units) -> NDArray[np.bool_]:
    """(n,): where three characters that write foreign sounds begin."""
    begins: NDArray[np.bool_] = _SOUNDS[units]
    begins[:-2] &= begins[1:-1] & begins[2:]
    begins[-2:] = False
    return begins


def foreign_span(text: str, start: int, end: int) -> tuple[int, int]:
    """A foreign name that a model cut short, out to its · and its last sound."""
    if (left := _LEFT_PART.search(text, max(0, start - 12), start)) is not None:
        start = left.start()
    if (right := _RIGHT_PART.match(text, end, end + 12)) is not None:
        end = right.end()
    if "·" in text[start:end] or end - start > 4:
        while end < len(text) and end - start < 24 and ord(text[end]) < 65536 and _SOUNDS[ord(text[end])]:
            end += 1
    return start, end


_LEFT_PART: Final = re.compile(rf"[{_SOUND_CHARACTERS}大]{{1,7}}[·•・]$")
_RIGHT_PART: Final = re.compile(rf"[·•・][{_HAN}]{{1,7}}?(?=[^{_HAN}]|[{_STOPS}]|$)")


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


def is_sound(character: str) -> bool:
    """Whether a character writes the sounds of foreign names."""
    return bool(character) and ord(character) < 65536 and bool(_SOUNDS[ord(character)])


def find(view: View) -> Iterator[Candidate]:
    """Names behind labels and openings, in columns, before titles, and where letters greet and end."""
    yield from _behind_labels(view)
    yield from _in_columns(view)
    yield from _before_titles(view)
    yield from _behind_openings(view)
    yield from salutations.find(view)


def _behind_labels(view: View) -> Iterator[Candidate]:
    words = view.labelled
    first, second = _units_at(view, words.value), _units_at(view, words.value + 1)
    chosen = (words.label == _SPECIFIC) & _ANY[first] | (words.label == _GENERIC) & _FIRST[first] & _SECOND[second]
    starts = words.value[chosen]
    for label, end, start, cut in zip(
        words.label[chosen].tolist(),
        words.end[chosen].tolist(),
        starts.tolist(),
        _next_words(view, starts),
        strict=True,
    ):
        limit = min(len(view.text), start + 24)
        specific = label == _SPECIFIC
        candidate = _name(view.text, start, limit, min(limit, cut), specific and start > end, specific)
        if candidate:
            yield candidate


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


def _in_columns(view: View) -> Iterator[Candidate]:
    cells = view.cells
    for label in (_SPECIFIC, _GENERIC):
        for start, end in cells[cells[:, 2] == label, :2].tolist():
            while start < end and view.text[start] in " \"'\t\u3000":
                start += 1
            while end > start and view.text[end - 1] in " \"'\t\u3000\r":
                end -= 1
            if 2 <= end - start <= 40 and (candidate := _cell(view.text, start, end, label == _SPECIFIC)):
                yield candidate


def _cell(text: str, start: int, end: int, specific: bool) -> Candidate | None:
    """A cell that is a name as a whole."""
    value = fold_text(text[start:end])
    if value in _NO_NAME:
        return None
    form = _WHOLE if specific else _LIKELY
    forms = (form, _SPACED, _FOREIGN, _LATIN) if specific else (form,)
    if any(f.fullmatch(value) for f in forms) and value[:2] not in _NO_NAME:
        return _candidate(start, end, value, 0.9 if specific else 0.75)
    return None


def _name(text: str, start: int, limit: int, cut: int, apart: bool, specific: bool) -> Candidate | None:
    """The name that begins at `start`; `cut` is where the next known word begins."""
    if found := _RUN.match(text, start, limit):
        if specific and (foreign := _FOREIGN.match(text, start, limit)):
            return _candidate(start, foreign.end(), foreign.group(), 0.8)
        if specific and (spaced := _SPACED.match(text, start, limit)):
            return _candidate(start, spaced.end(), spaced.group(), 0.85)
        end = min(found.end(), cut)
        size = end - start
        whole = _WHOLE.match(text, start, end)
        if whole is None:
            return None
        if size > whole.end() - start or size > 3 or text[end - 1] in _STOPS:
            size = _cut_at_stop(text[start:end])
        value = text[start : start + size]
        if size < 2 or value[:2] in _NO_NAME or value in _NO_NAME:
            return None
        likely = _LIKELY.fullmatch(value) is not None
        if likely or (apart and specific and end == found.end() and size == end - start):
            return _candidate(start, start + size, value, 0.9 if specific else 0.7)
        return None
    if specific and apart and (latin := _LATIN.match(text, start, limit)):
        return _candidate(start, latin.end(), latin.group(), 0.75)
    return None


def _cut_at_stop(run: str) -> int:
    """How much of a run of Han is the name at its front."""
    while len(run) > 2 and run[-1] in _STOPS and len(run) <= 4:
        run = run[:-1]
    body = 2 if run.startswith(_COMPOUND) else 1
    for size in range(body + 1, min(body + 3, len(run) + 1)):
        if size == len(run) or run[size] in _STOPS:
            return size
    third = run[body + 1 : body + 2]
    return body + 2 if third in _GIVEN and third not in _STOPS else body + 1


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
                yield _candidate(found.start(1), end, value, 0.7 if i not in spoken else 0.6)
        elif i not in spoken and (found := _ONE.search(text, max(0, end - 2), end)):
            yield _candidate(found.start(1), int(words.end[i]), text[found.start(1) : int(words.end[i])], 0.6)


_ENDING: Final = re.compile(rf"(?:^|(?<![{_HAN}])|(?<=[{_STOPS}户工]))({_SURE}{_GIVEN_CLASS}{{1,2}})$")
_ONE: Final = re.compile(rf"(?:^|(?<![{_HAN}])|(?<=[{_STOPS}的户]))({_SURE})$")


def _behind_openings(view: View) -> Iterator[Candidate]:
    text, words = view.text, view.words
    starts = words.value[np.union1d(words.of("openings"), words.of("titles"))]
    starts = starts[_FIRST[_units_at(view, starts)] & _SECOND[_units_at(view, starts + 1)]]
    for start, cut in zip(starts.tolist(), _next_words(view, starts), strict=True):
        cut = min(len(text), start + 12, cut)
        if (run := _RUN.match(text, start, cut)) and (found := _LIKELY.match(text, start, run.end())):
            size = _cut_at_stop(run.group())
            if _LIKELY.fullmatch(text, start, start + size) and found.group()[:2] not in _NO_NAME:
                yield _candidate(start, start + size, text[start : start + size], 0.65)


_WINDOW: Final = 20  # characters before a number in which its holder may be named
_NEAR: Final = frozenset({"phone", "id_card", "bank_card", "email", "passport", "landline"})
_LEFT: Final = re.compile(
    rf"(?:^|(?<![{_HAN}]))({_SURE}{_GIVEN_CLASS}{{1,2}})(?:[\s,，:：;；|/、\"'(（-]{{1,4}}(?:[{_HAN}A-Za-z]{{1,8}}[\s:：是为号\"']{{0,4}})?)?$"
)
_RIGHT: Final = re.compile(rf"[\s,，;；|/、(（-]{{1,3}}({_SURE}{_GIVEN_CLASS}{{1,2}})(?![{_HAN}])")


def beside(view: View, candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    """Names directly before or behind a number or address of a person, where no name is known there yet."""
    chosen = [candidate for candidate in candidates if candidate.type in _NEAR]
    if not chosen:
        return
    starts, ends = np.array([c.start for c in chosen]), np.array([c.end for c in chosen])
    names = np.array(sorted(c.end for c in candidates if c.type == "person_name") or [-_WINDOW])
    nearest = names[np.searchsorted(names, starts, side="right") - 1]
    nameless = np.flatnonzero((nearest > starts) | (starts - nearest >= _WINDOW))
    for near in map(chosen.__getitem__, nameless.tolist()):
        if near.type == "email":
            yield from salutations.beside_address(view.text, near.start)
    hopeful = nameless[_pairs_near(view, starts[nameless], ends[nameless])]
    for near in map(chosen.__getitem__, hopeful.tolist()):
        found = _LEFT.search(view.text, max(0, near.start - _WINDOW), near.start)
        found = found or _RIGHT.match(view.text, near.end, near.end + 10)
        if found and found[1][:2] not in _NO_NAME and found[1] not in _NO_NAME:
            yield _candidate(*found.span(1), found[1], 0.65)


def _pairs_near(view: View, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether a family name and a character of a given name stand side by side near each span."""
    before = starts[:, None] + np.arange(-_WINDOW, 0)
    behind = ends[:, None] + np.arange(8)
    places = np.concatenate((before, behind), axis=1)
    units = view.units[np.clip(places, 0, len(view.units) - 1)]
    hopeful: NDArray[np.bool_] = (_FIRST[units[:, :-1]] & _SECOND[units[:, 1:]]).any(axis=1)
    return hopeful


def _candidate(start: int, end: int, value: str, score: float) -> Candidate:
    if value.isascii():
        value = " ".join(value.upper().split())
    elif " " in value or "\u3000" in value:
        value = "".join(value.split())
    return Candidate(start, end, "person_name", score, "dictionary", _DETECTOR, value)
