"""Places in numbers: pairs of longitude and latitude, and series of them, which are a track; and a way told in words,
07:40从家出发，08:05到人民医院，08:50经东门回公司."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import numpy as np

from tongguan.identify.detect import checks
from tongguan.identify.detect.characters import fold_text
from tongguan.identify.detect.checks import DECIMAL
from tongguan.identify.detect.view import Candidate, View
from tongguan.identify.detect.words import label_id

__all__ = ["TRAVEL", "find"]

_DETECTOR: Final = "tracks"
_APART: Final = 24  # characters between the two numbers of a pair
_NEXT: Final = 160  # characters between the pairs of a series
_SERIES: Final = 3  # pairs that make a track
_REACH: Final = 48  # characters from a label
_LOCATION: Final = label_id("location")
_TRACK: Final = label_id("track")

_LINE: Final = re.compile(
    r"(?i:points?|paths?|routes?|polyline|coord(?:inate)?s|positions?|locations?|gps\w{0,8}|trips?|moves?|路径|路线|途经点|点位|经纬度)"
    r"[\"'\w]{0,6}\s?[:：=]?\s?[\[({\"'\s]{0,8}(?:[\"']?(?:lng|lon|lat|x|y)\w{0,6}[\"']?\s?:\s?)?\Z"
)
"""What the points of a line are called, right before the first."""
_SITES: Final = (
    r"(?:厂区?|工厂|车站|站点?|门店|分店|店铺|网点|仓库?|基站|项目|工地|景区|酒店|机房|园区|码头|机场|医院|学校|公园|广场|大厦|水库|桥"
    r"|(?i:stations?|stores?|stops?|hotels?|airports?|branch|plant|warehouse|depot|port|site|factory))"
)
_OF_A_SITE: Final = re.compile(
    rf"{_SITES}(?:的|\s)?(?:坐标|位置|经纬度|GPS|(?i:coordinates|location))[\s:：(（=]{{0,4}}\Z"
    rf"|(?:^|[,\t|\n\"'])[^,\t|\"'\n]{{1,20}}{_SITES}[\"']?\s?[,\t|]\s?[\"']?\Z"
)
"""Before the place of a station or a store, which is nobody's: 一号厂区坐标, 科技园站,113.95,22.54."""
_TOLD: Final = re.compile(r"[A-Za-z]{4,}|[\u4e00-\u9fff]{2,}")
"""Words between points."""
_NAMED: Final = 60  # characters
_STEP: Final = 0.05  # degrees from one point to the next: some kilometres
_RECORD: Final = 600  # characters between a series and the number of its owner
_LINES: Final = 12
_OWNERS: Final = (checks.PLATE, checks.PHONE, checks.ID_CARD, checks.VIN, checks.IMSI)

_STOP: Final = re.compile(
    r"(?:[01]?\d|2[0-3]):\d{2}(?::\d{2})?\s?(?:左右|许)?[，,]?\s?(?:乘坐?[^，,。；;\n\x00]{1,12})?"
    r"(?:经过?|途经|路过|到达?|抵达?|从|在|离开|进入?|前往|去了?|入住|驶[入出离]|返回?|回到?)[^，,。；;\n\x00]{1,30}"
)
TRAVEL: Final = frozenset({"出发", "到达", "抵达", "离开", "返回", "途经", "行程", "去向", "行踪", "轨迹"})
"""Words beside which a way is looked for."""
_LINE_REACH: Final = 200  # characters from such a word
_BETWEEN_STOPS: Final = 3  # characters from one stop of a way to the next
_WALKER: Final = re.compile(
    r"乘客|司机|车牌|车主|患者|病例|当事人|嫌疑人|被害人|受害人|员工|用户|客户|本人|[他她其]|先生|女士"
    r"|轨迹|行踪|去向|出发"
)
_PLAN: Final = re.compile(
    r"议程|日程|会议|签到|讲座|发车|航班|列车|班次|集合|参观|景点|游览|自由活动|开放时间|营业|天气|直播|演出"
)

Pair = tuple[int, int, str]


def find(view: View) -> Iterator[Candidate]:
    """Pairs that a label calls a place; tracks of three pairs or more, labelled or with a time beside each."""
    yield from _told(view)
    pairs = _pairs(view)
    if not pairs:
        return
    starts = np.array([start for start, _, _ in pairs], np.int32)
    labels, _ = view.label_before(starts, _REACH)
    for (start, end, value), label in zip(pairs, labels.tolist(), strict=True):
        if label in (_LOCATION, _TRACK) and not _OF_A_SITE.search(view.text, max(0, start - _NAMED), start):
            yield Candidate(start, end, "location", 0.8, "range", _DETECTOR, value)
    first = 0
    for i in range(1, len(pairs) + 1):
        if i < len(pairs) and pairs[i][0] - pairs[i - 1][1] <= _NEXT and not _broken(view, pairs[i - 1], pairs[i]):
            continue
        series = pairs[first:i]
        series, single = _trimmed(view.text, series)
        if len(series) >= _SERIES and len({value for _, _, value in series}) > 1 and _is_track(view, series):
            value = ";".join(value for _, _, value in series)
            yield Candidate(series[0][0], series[-1][1], "location_track", 0.8, "range", _DETECTOR, value)
            yield from (Candidate(*one[:2], "location", 0.7, "range", _DETECTOR, one[2]) for one in single)
        first = i


def _told(view: View) -> Iterator[Candidate]:
    """Three times and places or more of somebody's way, in a line with a word for going."""
    text, words = view.text, view.words
    chosen = words.of("marks/said")
    done = -1
    for start, end in zip(words.start[chosen].tolist(), words.end[chosen].tolist(), strict=True):
        if start < done or text[start:end] not in TRAVEL:
            continue
        first = max(done, text.rfind("\n", 0, start), start - _LINE_REACH, 0)
        way: list[tuple[int, int]] = []
        for stop in _STOP.finditer(text, first, min(len(text), end + _LINE_REACH)):
            if way and stop.start() - way[-1][1] > _BETWEEN_STOPS:
                break
            way.append(stop.span())
        if len(way) < _SERIES:
            continue
        done = way[-1][1]
        around = text[max(0, first - _REACH) : done + _REACH]
        if _WALKER.search(around) and not _PLAN.search(around):
            value = " ".join(text[way[0][0] : done].split())
            yield Candidate(way[0][0], done, "location_track", 0.75, "context", _DETECTOR, value)


def _pairs(view: View) -> list[Pair]:
    """Two decimal numbers side by side, of which one can be a latitude and the other a longitude."""
    rows = view.numbers[view.numbers[:, 0] == DECIMAL, 1:3]
    if len(rows) < 2:
        return []
    near = np.flatnonzero(rows[1:, 0] - rows[:-1, 1] <= _APART)
    pairs: list[Pair] = []
    last = -1
    for i in near.tolist():
        if i <= last:
            continue
        (start, middle), (after, end) = rows[i].tolist(), rows[i + 1].tolist()
        one, other = float(fold_text(view.text[start:middle])), float(fold_text(view.text[after:end]))
        if _is_place(one, other) and "\x00" not in view.text[middle:after]:
            last = i + 1
            pairs.append((start, end, f"{one:.6f},{other:.6f}"))
    return pairs


def _is_place(one: float, other: float) -> bool:
    """In China or near it, in either order; elsewhere a label or a series must speak for it."""
    low, high = sorted((one, other))
    return 3 <= low <= 54 and 73 <= high <= 136


def _broken(view: View, one: Pair, other: Pair) -> bool:
    """Whether two pairs belong to no one series: the end of a piece between them, or longitude and latitude turned."""
    return "\x00" in view.text[one[1] : other[0]] or _is_turned(one[2]) != _is_turned(other[2])


def _is_turned(value: str) -> bool:
    """Whether the longitude, in China always the greater, stands first."""
    first, _, second = value.partition(",")
    return float(first) > float(second)


def _trimmed(text: str, series: list[Pair]) -> tuple[list[Pair], list[Pair]]:
    """A series without a point at its end that other words stand before than before the rest; and that point."""
    if len(series) <= _SERIES:
        return series, []
    usual, last = (set(_TOLD.findall(text[a[1] : b[0]])) for a, b in (series[-3:-1], series[-2:]))
    return (series[:-1], series[-1:]) if last - usual else (series, [])


def _is_track(view: View, series: list[Pair]) -> bool:
    labels, _ = view.label_before(np.array([series[0][0]], np.int32), 4 * _REACH)
    if labels[0] == _TRACK or _is_route(view, series):
        return True
    timed = sum(":" in view.text[a[1] : b[0]] or "时间" in view.text[a[1] : b[0]] for a, b in pairwise(series))
    return timed >= len(series) - 1 and _has_clock(view.text[series[0][0] : series[-1][1]])


def _is_route(view: View, series: list[Pair]) -> bool:
    """Whether the points of a line follow one another, nearly, beside the number of a person or a vehicle.

    A line that ends where it began bounds an area.
    """
    before = view.text[max(0, series[0][0] - _NAMED) : series[0][0]]
    if not _LINE.search(before) or series[0][2] == series[-1][2]:
        return False
    places = [tuple(map(float, value.split(","))) for _, _, value in series]
    if any(max(abs(a[0] - b[0]), abs(a[1] - b[1])) > _STEP for a, b in pairwise(places)):
        return False
    owners = view.numbers[np.isin(view.numbers[:, 0], _OWNERS), 1]
    first, last = np.searchsorted(owners, (series[0][0] - _RECORD, series[-1][1] + _RECORD))
    near = owners[first:last]
    inside = (near >= series[0][0]) & (near < series[-1][1])
    return any(not _parted(view.text, int(at), series) for at in near[~inside].tolist())


def _parted(text: str, at: int, series: list[Pair]) -> bool:
    """Whether the end of a line or a piece lies between a number and a series."""
    between = text[at : series[0][0]] if at < series[0][0] else text[series[-1][1] : at]
    return "\x00" in between or between.count("\n") > _LINES


def _has_clock(text: str) -> bool:
    return any(text[i + 1 : i + 3].isdigit() and text[i - 2 : i].isdigit() for i, c in enumerate(text) if c == ":")
