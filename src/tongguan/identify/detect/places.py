"""Addresses by their structure, from province to door.

An address is looked for where a door number stands behind a road (建国路88号), where a province or one of its cities is
named with its districts, and behind a label such as 住址.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.detect.characters import fold_text
from tongguan.identify.detect.view import Candidate, View
from tongguan.identify.detect.words import label_id

__all__ = ["find"]

_DETECTOR: Final = "places"
_LEFT: Final = 40  # characters that are looked at before an anchor
_LONGEST: Final = 100

_HAN: Final = "\u3400-\u9fff"
_NUMBER: Final = (
    "(?:[附第]?(?:[0-9A-Za-z０-９]{1,5}(?:[-－之~][0-9A-Za-z０-９]{1,5}){0,3}|[甲乙丙丁一二三四五六七八九十百]{1,4}))"
)
_UNIT: Final = (
    "(?:[号號][楼樓院]|[号號]|弄|[栋棟]|幢|座|单元|單元|[层層]|[楼樓]|室|舍|房|[户戶]|村?民?小?[组組]|巷|[门門]|#|期|[区區]"
    "|[队隊])"
)
_SUFFIX: Final = "(?:特别行政区|自治区|自治州|自治县|新区|开发区|高新区|地区|省|市|[区區]|[县縣]|旗|盟|州)"
_ADMIN: Final = f"(?>[{_HAN}]{{1,10}}?{_SUFFIX})"
_PLACE: Final = "(?:街道办事处|街道|[镇鎮]|[乡鄉]|村委会|村|社[区區]|工业园区|工业园|科技园|产业园|园区|屯|庄|寨)"
_TOWN: Final = f"(?>[{_HAN}]{{1,8}}?{_PLACE})"
_WAY: Final = "(?:大道|大街|公路|胡同|路|街|道|巷|弄|里弄)"
_ROAD: Final = f"(?>[{_HAN}0-9０-９]{{1,12}}?{_WAY})(?:[东西南北中東一二三四五六七八九]段|[东西南北東][一二三四]?段)?"
_BUILDING: Final = (
    "(?:大厦|大廈|小区|小區|花园|花園|广场|廣場|中心|公寓|家园|新村|大楼|写字楼|商城|新城|宿舍|山庄|别墅|名都|华庭|国际"
    "|苑|[园園]|府|城|庭|邸|[轩軒]|[湾灣]|里|[楼樓])"
)
_ESTATE: Final = f"(?>[{_HAN}A-Za-z0-9]{{1,12}}?{_BUILDING})"
_DOOR: Final = f"(?:{_NUMBER}{_UNIT})"
_END: Final = r'(?=[0-9A-Z]|[一二三四五六七八九十甲乙]{1,3}[期座栋棟幢号號]|[\s,，。;；）)"]|$)'
_BARE: Final = r"(?:[0-9A-Za-z]{1,4}(?:[-－][0-9]{1,5}){1,3}|[0-9]{2,5}|之[0-9]{1,3})(?![0-9A-Za-z-])"
"""Building, stairs and door as bare numbers: 88号3-1405."""
_TAIL: Final = f"(?:[ ]?{_DOOR}|{_ESTATE}{_END}){{0,8}}+(?:{_BARE})?"
_FULL: Final = re.compile(
    f"(?:{_ADMIN}[ ]?){{0,4}}(?:{_TOWN}[ ]?){{0,3}}(?:{_ROAD}[ ]?{_DOOR}?|{_ESTATE}[ ]?{_DOOR}|{_TOWN}{_DOOR}){_TAIL}"
)
_CHAIN: Final = re.compile(f"(?:{_ADMIN}){{1,4}}+(?:{_TOWN}){{0,3}}+(?:{_ESTATE}{_END}|{_NUMBER}?{_DOOR})?")
_RUN: Final = re.compile(rf"[{_HAN}A-Za-z0-9０-９ \-－#·（）()]{{4,{_LONGEST}}}")
_LEAD: Final = re.compile(
    ".*(?:地址|住址|住所|现住|家住|住在|位于|居住|寄[到至往]|送[到至]|发[往到]|前往|搬[到至]|来到|到达|坐落|设在|收货|配送"
    "|在|于|到|至|往|从|是|为|的|了|住|[改换]成|改[到至为])"
)

_ADDRESS: Final = label_id("address")


def _table(characters: str) -> NDArray[np.bool_]:
    table = np.zeros(65536, np.bool_)
    table[[ord(c) for c in characters]] = True
    return table


_BEFORE_DOOR: Final = _table("路街道巷弄村里同段区區园園苑庄院号號栋幢城厦廈庭府楼樓座元")
_AFTER_DOOR: Final = _table("号號弄栋棟幢座单單室楼樓巷院组組户戶")
_ADMIN_SIGN: Final = _table("市区區县縣州省盟旗自")


def find(view: View) -> Iterator[Candidate]:
    """Addresses at doors and provinces, behind labels, and in columns of addresses."""
    text, words = view.text, view.labelled
    done = -1
    for anchor, province in _anchors(view):
        if anchor < done:
            continue
        start = anchor
        if province != anchor:
            start = max(province, _run_start(text, max(0, anchor - _LEFT), anchor))
        run = _RUN.match(text, start, start + _LONGEST) if start >= done else None
        if run and (found := _address(text, start, run.end(), led=start != province)):
            done = found.end
            yield found
    labels = words.label == _ADDRESS
    for before, start in zip(words.end[labels].tolist(), words.value[labels].tolist(), strict=True):
        while start < len(text) and text[start] in "在是为于":
            start += 1
        run = _RUN.match(text, start, min(len(text), start + _LONGEST))
        if run and (found := _address(text, start, run.end(), sure=start > before, led=start == before)):
            yield found
        elif start > before and (abroad := _ABROAD.match(text, start, start + 160)):
            yield _candidate(*abroad.span(), abroad.group(), 0.85)
    for start, end in view.cells[view.cells[:, 2] == _ADDRESS, :2].tolist():
        if found := _cell(text, start, end):
            yield found


def _anchors(view: View) -> Iterator[tuple[int, int]]:
    """Provinces and doors around which an address may lie, each with the last province up to it (-1 for none)."""
    provinces = _provinces(view)
    doors = _doors(view)
    anchors = np.unique(np.concatenate((provinces, doors)))
    before = np.append(provinces, -1)[np.searchsorted(provinces, anchors, side="right") - 1]
    return zip(anchors.tolist(), before.tolist(), strict=True)


def _run_start(text: str, low: int, at: int) -> int:
    while at > low and ("\u3400" <= text[at - 1] <= "\u9fff" or text[at - 1].isalnum() or text[at - 1] in " -－#·"):
        at -= 1
    while text[at] == " ":
        at += 1
    return at


def _doors(view: View) -> NDArray[np.int32]:
    """Numbers between a road or a building and a sign such as 号."""
    followed = _AFTER_DOOR[view.units[np.minimum(view.tokens.end, len(view.units) - 1)]]
    start = view.tokens.start[followed]
    return start[_BEFORE_DOOR[view.units[np.maximum(start - 1, 0)]]]


def _provinces(view: View) -> NDArray[np.int32]:
    """Provinces with a district, a county or a city named directly behind them."""
    chosen = view.words.of("marks/province")
    start, end = view.words.start[chosen], view.words.end[chosen]
    near = np.zeros(len(start), np.bool_)
    for step in range(6):
        near |= _ADMIN_SIGN[view.units[np.minimum(end + step, len(view.units) - 1)]]
    return start[near]


def _address(text: str, start: int, end: int, *, sure: bool = False, led: bool = False) -> Candidate | None:
    """The address at the front of text[start:end]; `sure` behind a label, `led` where words like 住在 may precede."""
    begins = [start]
    if led and (lead := _LEAD.match(text, start, min(end, start + _LEFT))):
        begins.insert(0, lead.end())
    for begin in begins:
        for form in (_FULL, _CHAIN):
            found = form.match(text, begin, end)
            if found and _is_address(found.group(), sure):
                first, last = found.span()
                while text[last - 1] in " -（）()":
                    last -= 1
                return _candidate(first, last, text[first:last], 0.9 if sure else 0.75)
    return None


_LEVELS: Final = re.compile("[省市区區县縣旗州镇鎮乡鄉村]|街道")
_TO_DOOR: Final = re.compile(f"{_NUMBER}(?:[号號]|弄|[栋棟]|幢|座|单元|單元|室|[楼樓]|巷)")
_ROADLIKE: Final = re.compile(f"{_WAY}|[镇鎮乡鄉村]|{_BUILDING}")
_ABROAD: Final = re.compile(  # behind a label: several parts, a number among them, and a word of roads or rooms
    r"(?=[^\n]{0,100}\d)(?=[^\n]{0,120}\b(?:Road|Street|Avenue|Ave|Rd|St|Lane|Drive|Boulevard|Blvd|Building|Room|Flat|District)\b)"
    r"[A-Z0-9][A-Za-z0-9.'#/&-]*(?:,? [A-Za-z0-9.'#/&-]+){2,24}"
)
_WRITTEN_ABROAD: Final = re.compile(r"\d+ [A-Z][a-z]+|\b(?:Road|Street|Avenue|Ave|Rd|St|Blvd)\b")


def _is_address(value: str, sure: bool) -> bool:
    levels = len(_LEVELS.findall(value))
    if sure:
        return len(value) >= 4 and (levels >= 2 or _ROADLIKE.search(value) is not None)
    if "与" in value or "以及" in value:  # two places named together
        return False
    if _TO_DOOR.search(value):
        return levels >= 1 or len(value) >= 6
    return levels >= 2 and _ROADLIKE.search(value) is not None


def _cell(text: str, start: int, end: int) -> Candidate | None:
    """A cell of a column of addresses is one as a whole, if it is no mere word."""
    while start < end and text[start] in " \"'\t":
        start += 1
    while end > start and text[end - 1] in " \"'\t\r":
        end -= 1
    value = text[start:end]
    written = _LEVELS.search(value) or _ROADLIKE.search(value) or _WRITTEN_ABROAD.search(value)
    return _candidate(start, end, value, 0.9) if 4 <= len(value) <= 200 and written else None


def _candidate(start: int, end: int, value: str, score: float) -> Candidate:
    return Candidate(start, end, "address", score, "structure", _DETECTOR, "".join(fold_text(value).split()))
