"""What a reader's answers are worth: of the spans that a sentence may name, which stand, and how sure they are.

A reader gives each span a probability. For persons it is weighed against how Chinese names are written, in natural
logarithms of odds: a family name with the characters of given names speaks for a span, a name that goes on behind it
speaks against. The weights were fitted by logistic regression on one half of three corpora of news and microblogs, and
rounded; the figures in the documentation are those of the other half.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from math import exp, log
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.detect.foreign_names import foreign_span, is_sound
from tongguan.identify.detect.names import is_full_name, is_given, is_likely_name, is_no_name
from tongguan.identify.detect.view import Candidate, Passage

__all__ = ["Span", "candidates_of", "certain_names", "named_again", "without_denied"]

Span = tuple[str, int, int, float]  # type, start, end, probability

_DETECTOR: Final = "prose"
_STANDS: Final = 0.4  # probability from which an organisation or a place stands
_PERSON: Final = 0.45  # the same for a person
_CUT: Final = 0.22  # for a person, where other cuts of the name have the rest of the probability
_CERTAIN: Final = 0.9
_KNOWN: Final = 2.0  # logarithm of odds for a name that is certain elsewhere in the same text

_WEAK: Final = 0.6  # score of an organisation that is told by an ending alone
_LEAST: Final = 0.1  # probability below which a reader denies it
_REPEATED: Final = 3  # characters of a name that is looked for where it was not read
_AGAIN: Final = 0.6  # score of such a name

_HAN: Final = "\u3400-\u9fff"
_HAN_NAME: Final = re.compile(rf"[{_HAN}]{{2,5}}|[{_HAN}]{{1,12}}(?:[·•・－-][{_HAN}A-Z]{{1,12}}){{1,4}}")
_LONG_NAME: Final = re.compile(rf"[{_HAN}]{{6,10}}")
_TITLE: Final = re.compile(
    "(?:主席|总书记|书记|总统|总理|首相|部长|省长|市长|局长|委员长?|先生|女士|小姐|同志|修女|太后|夫人|教授|老师|将军|院士|法官"
    "|律师|医生|经理|们|等人?|部|摄|氏)$"
)
_BEHIND: Final = frozenset("等和同与及对说称在是的了着过也都又就将已被把给为从到去们")
"""Characters that stand behind names more often than they end them."""


def candidates_of(text: str, start: int, spans: Sequence[Span], known: Collection[str] = ()) -> Iterator[Candidate]:
    """What stands of the spans of the sentence at `start`: the surest first, and none over another.

    `known`: names that are certain elsewhere in the same text.
    """
    weighed = sorted(_weighed(text, start, spans, known).items(), key=lambda item: (-item[1], item[0]))
    standing: list[tuple[int, int]] = []
    for (type, first, last), probability in weighed:
        if probability < _CUT:
            break
        if any(first < b and a < last for a, b in standing):
            continue
        if type == "person_name":
            stands = probability >= _PERSON or _of_all_cuts(first, last, weighed) >= _PERSON
        else:
            stands = probability >= _STANDS
        if not stands:
            continue
        standing.append((first, last))
        if candidate := _candidate(text, type, first, last, probability):
            yield candidate


def _of_all_cuts(start: int, end: int, weighed: Iterable[tuple[tuple[str, int, int], float]]) -> float:
    """The probability that a person is named where a span stands, however it is cut."""
    return sum(p for (type, a, b), p in weighed if type == "person_name" and a < end and start < b)


def certain_names(text: str, start: int, spans: Sequence[Span]) -> Iterator[str]:
    """Persons that the sentence at `start` names beyond doubt."""
    for (type, first, last), probability in _weighed(text, start, spans, ()).items():
        if type == "person_name" and probability >= _CERTAIN:
            yield text[first:last]


def _weighed(text: str, start: int, spans: Iterable[Span], known: Collection[str]) -> dict[tuple[str, int, int], float]:
    """Probabilities of spans, trimmed to what they name; those that come to the same are one."""
    weighed: dict[tuple[str, int, int], float] = {}
    for type, first, last, probability in spans:
        a, b = _trimmed(text, type, start + first, start + last)
        if b > a:
            weighed[type, a, b] = min(weighed.get((type, a, b), 0.0) + probability, 1.0)
    for (type, a, b), probability in weighed.items():
        if type == "person_name":
            weighed[type, a, b] = _person(text, a, b, probability, known)
    return weighed


def _trimmed(text: str, type: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] in " \u3000《“\"'（(@#":
        start += 1
    while end > start and text[end - 1] in " \u3000》”\"'）):：,，。#":
        end -= 1
    if type == "person_name":
        start, end = foreign_span(text, start, end)
        if (title := _TITLE.search(text, start + 2, end)) is not None:
            end = title.start()
    return start, end


def _person(text: str, start: int, end: int, probability: float, known: Collection[str]) -> float:
    """The probability that a span is a person's name and the whole of it."""
    value = text[start:end]
    before, behind = text[start - 1 : start], text[end : end + 1]
    full = is_full_name(value)
    likely = full and is_likely_name(value)
    odds = 0.7 * log(max(probability, 1e-6) / max(1 - probability, 1e-4)) - 1.4
    odds += 1.1 * (full and len(value) > 2) + (1.6 if len(value) > 2 else 0.5) * likely
    odds += 1.6 * ("·" in value) + 0.6 * (len(value) > 4 and "·" not in value)
    odds += 0.6 * (before == "、" or behind == "、") + 0.7 * (behind in _BEHIND)
    odds -= 2.2 * (is_no_name(value) or is_no_name(value[:2])) + 1.1 * (len(value) == 1)
    odds -= 2.9 * (before == "·" or behind == "·")
    odds -= 1.2 * (len(value) > 2 and is_sound(behind)) + 1.2 * (full and len(value) == 2 and is_given(behind))
    odds -= 1.5 * value.isascii() + 1.8 * (_ODD.search(value) is not None)
    odds -= _BRAND * (_GOODS.match(text, end, end + 8) is not None)
    odds += _KNOWN * (value in known)
    return 1 / (1 + exp(-odds))


_BRAND: Final = 6.0  # logarithm of odds against a person where goods or a shop bear the name
_GOODS: Final = re.compile(
    "(?:官方|品牌|老|新款|正品|经典|厨房|家用|儿童|男士|女士|专业|手工|原味|传统)?"
    "(?:旗舰店|专卖店|专营店|直营店|体验店|自营|牌(?![照号桌位])|商标|股份(?!转让|的)|集团|控股|[面酒药饮鞋服乳茶食纸制渔]业|食品|药房|大药房"
    "|剪刀|菜刀|刀剪|刀具|跑鞋|球鞋|运动鞋|布鞋|皮鞋|童鞋|运动服|羽绒服|西服|衬衫|内衣|家纺|珠宝|眼镜|十三香|调味|调料|香料|香醋|酱油|辣酱|辣条"
    "|火锅底料|挂面|面条|方便面|凉茶|茶叶|白酒|黄酒|月饼|糕点|烤鸭|卤味|火腿|豆腐|粽子|瓜子|坚果|膏药|药酒|化妆品|护肤)"
)
"""Goods and shops that are called by the name before them."""
_ODD: Final = re.compile(rf"[^{_HAN}A-Za-z·•・.．－-]")


def without_denied(known: Iterable[Candidate], read: Iterable[tuple[int, int, Sequence[Span]]]) -> Iterator[Candidate]:
    """What is known without the organisations told by an ending alone, where a reader of the sentence (start, end and
    spans of each, in order) sees none."""
    sentences = list(read)
    starts = [start for start, _, _ in sentences]
    for candidate in known:
        place = bisect_right(starts, candidate.start) - 1
        if candidate.type == "organisation" and candidate.score <= _WEAK and place >= 0:
            first, last, spans = sentences[place]
            if candidate.end <= last and not _seen(candidate.start - first, candidate.end - first, spans):
                continue
        yield candidate


def _seen(start: int, end: int, spans: Iterable[Span]) -> bool:
    return sum(p for type, a, b, p in spans if type == "organisation" and a < end and start < b) >= _LEAST


def named_again(
    view: Passage, certain: Mapping[int, Collection[str]], breaks: NDArray[np.int64]
) -> Iterator[Candidate]:
    """Names of three characters and more, wherever they stand in the piece (numbered by `breaks`) that is sure of
    them."""
    pieces: dict[str, set[int]] = {}
    for piece, names in certain.items():
        for name in names:
            if len(name) >= _REPEATED:
                pieces.setdefault(name, set()).add(piece)
    by_front: dict[str, list[str]] = {}
    for name in sorted(pieces, key=len, reverse=True):
        by_front.setdefault(name[:_REPEATED], []).append(name)
    for place in _places(view, sorted(by_front)):
        for name in by_front.get(view.text[place : place + _REPEATED], ()):
            if view.text.startswith(name, place) and int(np.searchsorted(breaks, place)) in pieces[name]:
                yield Candidate(place, place + len(name), "person_name", _AGAIN, "model", _DETECTOR, name)
                break


def _places(view: Passage, fronts: Sequence[str]) -> list[int]:
    """Where the text goes on like one of some words of `_REPEATED` characters."""
    if not fronts or len(view.units) < _REPEATED:
        return []
    units = view.units.astype(np.int64)
    wanted = np.array([[min(ord(c), 65535) for c in front] for front in fronts], np.int64)
    first = np.zeros(65536, np.bool_)
    first[wanted[:, 0]] = True
    places = np.flatnonzero(first[view.units[: len(units) - _REPEATED + 1]])
    keys = (units[places] << 32) | (units[places + 1] << 16) | units[places + 2]
    sought = (wanted[:, 0] << 32) | (wanted[:, 1] << 16) | wanted[:, 2]
    return places[np.isin(keys, sought)].tolist()  # type: ignore[no-any-return]


def _candidate(text: str, type: str, start: int, end: int, probability: float) -> Candidate | None:
    value = text[start:end]
    if value.isdigit() or (len(value) < 2 and type != "place"):  # 驻美大使 names a place of one character
        return None
    score = round(0.4 + 0.4 * probability, 2)
    if type != "person_name":
        return Candidate(start, end, type, score, "model", _DETECTOR, value)
    if is_no_name(value) or not (_HAN_NAME.fullmatch(value) or _LONG_NAME.fullmatch(value)):
        return None
    return Candidate(start, end, type, score, "model", _DETECTOR, "".join(value.split()))
