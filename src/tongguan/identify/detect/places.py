"""Places and organisations by their structure: province to door, and names that end in 有限公司, 大学 or 支行."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import numpy as np

from tongguan.identify.detect.characters import fold_text
from tongguan.identify.detect.view import Candidate, View
from tongguan.identify.detect.words import meaning

__all__ = ["find"]

_DETECTOR: Final = "places"
_HAN: Final = "\u3400-\u9fff"
_NUMBER: Final = "(?:[0-9A-Za-z０-９]{1,5}(?:[-－之~][0-9A-Za-z０-９]{1,5}){0,3}|[一二三四五六七八九十百]{1,4})"
_UNIT: Final = "(?:号楼|号院|号|弄|栋|幢|座|单元|层|楼|室|户|组|村|巷|门|#|段|街坊|期|区|队)"
_ADMIN: Final = f"[{_HAN}]{{1,10}}?(?:特别行政区|自治区|自治州|自治县|新区|开发区|高新区|地区|省|市|区|县|旗|盟|州)"
_TOWN: Final = f"[{_HAN}]{{1,8}}?(?:街道办事处|街道|镇|乡|村|社区|工业园区|工业园|科技园|产业园|园区|屯|庄|寨)"
_ROAD: Final = f"[{_HAN}0-9０-９]{{1,12}}?(?:大道|大街|公路|胡同|路|街|道|巷|弄|里|环)(?:[东西南北中]段|[东西南北][一二三四]?[段里])?"
_ESTATE: Final = f"[{_HAN}A-Za-z0-9]{{1,12}}?(?:大厦|小区|花园|广场|中心|公寓|家园|新村|大楼|写字楼|商城|新城|宿舍|山庄|别墅|名都|华庭|国际|苑|园|府|城|庭|邸|轩|湾|里)"
_DOOR: Final = f"(?:{_NUMBER}{_UNIT})"
_TAIL: Final = f'(?:[ ]?{_DOOR}|{_ESTATE}(?={_NUMBER}|[\\s,，。;；）)"]|$)){{0,8}}(?:[0-9]{{2,5}}(?![0-9A-Za-z]))?'

_FULL: Final = re.compile(
    rf"(?:{_ADMIN}[ ]?){{0,4}}(?:{_TOWN}[ ]?){{0,3}}(?:(?:{_ROAD})[ ]?(?:{_DOOR})?|{_ESTATE}[ ]?{_DOOR}|(?:{_TOWN}){_DOOR}){_TAIL}"
)
_CHAIN: Final = re.compile(rf"(?:{_ADMIN}){{2,4}}(?:{_TOWN}){{0,2}}")
_RUN: Final = re.compile(rf"[{_HAN}A-Za-z0-9０-９ \-－#·（）()]{{4,80}}")
_ROADLIKE: Final = re.compile("[路街道巷弄村镇乡号栋幢楼室座苑园厦区组庄屯]")
_LEADS: Final = re.compile(
    r"(?:.*(?:地址|住址|住所|现住|家住|住在|位于|居住在|居住于|住于|寄到|寄至|寄往|送到|送至|发往|发到|前往|搬到|搬至|来到|到达|"
    r"坐落于|设在|就在|在|于|到|至|往|从|是|为|：|:|的|了|住))"
)

_PROVINCES: Final = meaning("marks/province")
_ADDRESS: Final = meaning("labels/address")
_ORGANISATION: Final = meaning("marks/organisation")
_EMPLOYER: Final = meaning("labels/organisation")
_BEFORE_DOOR: Final = np.zeros(65536, np.bool_)
_BEFORE_DOOR[[ord(c) for c in "路街道巷弄村里同段区园苑庄院号栋幢城厦庭府楼座元"]] = True
_AFTER_DOOR: Final = np.zeros(65536, np.bool_)
_AFTER_DOOR[[ord(c) for c in "号弄栋幢座单室楼巷院组户"]] = True


def find(view: View) -> Iterator[Candidate]:
    """Addresses and organisations."""
    yield from _addresses(view)
    yield from _organisations(view)


def _addresses(view: View) -> Iterator[Candidate]:
    text = view.text
    done = -1
    for at in _anchors(view):
        if at < done:
            continue
        if found := _around(text, at):
            done = found.end
            yield found
    words = view.labelled
    for start in words.value[words.label == _ADDRESS].tolist():
        if start >= done and (found := _behind_label(text, start, min(len(text), start + 80))):
            yield found
    for start, end in view.cells[view.cells[:, 2] == _ADDRESS, :2].tolist():
        if found := _cell(text, start, end):
            yield found


def _anchors(view: View) -> list[int]:
    """Places where an address may stand: doors behind roads, and provinces; ascending."""
    start, end = view.tokens.start, view.tokens.end
    inside = (start > 0) & (end < len(view.units))
    start, end = start[inside], end[inside]
    doors = start[_BEFORE_DOOR[view.units[start - 1]] & _AFTER_DOOR[view.units[end]]]
    provinces = view.words.start[view.words.of(_PROVINCES)]
    return np.sort(np.concatenate((doors, provinces))).tolist()  # type: ignore[no-any-return]


def _around(text: str, at: int) -> Candidate | None:
    """The address that holds or begins at position `at`."""
    low = max(0, at - 40)
    while at > low and text[at - 1] not in "，,。;；\n\x00\"'：:|\t、！!?？<>=":
        at -= 1
    begin = at
    run = _RUN.match(text, begin, begin + 100) or _RUN.search(text, begin, begin + 100)
    if run is None:
        return None
    return _address(text, run.start(), run.end(), sure=False)


def _address(text: str, start: int, end: int, *, sure: bool) -> Candidate | None:
    """The address in text[start:end]; `sure` where a label says that it is one."""
    best = None
    lead = _LEADS.match(text, start, min(end, start + 40))
    for begin in ([lead.end()] if lead else []) + [start]:
        for form in (_FULL, _CHAIN):
            found = form.match(text, begin, end) or form.search(text, begin, end)
            if found and _is_address(found.group(), sure) and (best is None or len(found.group()) > len(best.group())):
                best = found
        if best:
            break
    if best is None:
        return None
    first, last = best.span()
    while text[first] in " -（）()":
        first += 1
    while text[last - 1] in " -（）()":
        last -= 1
    return _candidate(first, last, text[first:last], 0.9 if sure else 0.75)


_LEVELS: Final = re.compile("[省市区县旗州镇乡村]|街道|自治区")
_TO_DOOR: Final = re.compile(f"{_NUMBER}(?:号|弄|栋|幢|座|单元|室|楼|巷)")


def _is_address(value: str, sure: bool) -> bool:
    levels = len(_LEVELS.findall(value))
    door = _TO_DOOR.search(value) is not None
    road = _ROADLIKE.search(value) is not None
    if sure:
        return len(value) >= 4 and (levels >= 2 or road)
    return (door and (levels >= 1 or len(value) >= 6)) or (
        levels >= 2 and bool(re.search("路|街|道|镇|乡|村|大厦|小区", value))
    )


def _behind_label(text: str, start: int, end: int) -> Candidate | None:
    run = _RUN.match(text, start, end)
    return _address(text, run.start(), run.end(), sure=True) if run else None


def _cell(text: str, start: int, end: int) -> Candidate | None:
    """A cell of a column of addresses is one as a whole, if it is no mere word."""
    while start < end and text[start] in " \"'\t":
        start += 1
    while end > start and text[end - 1] in " \"'\t\r":
        end -= 1
    value = text[start:end]
    if 4 <= len(value) <= 200 and (_ROADLIKE.search(value) or _LEVELS.search(value) or re.search(r"\d+ [A-Z]", value)):
        return _candidate(start, end, value, 0.9)
    return None


def _candidate(start: int, end: int, value: str, score: float) -> Candidate:
    return Candidate(start, end, "address", score, "structure", _DETECTOR, re.sub(r"\s", "", fold_text(value)))


_COMPANY: Final = ("有限公司", "有限责任公司", "股份有限公司", "股份公司", "分公司")
_NAME_OF: Final = re.compile(rf"[{_HAN}A-Za-z0-9（）()·&]{{2,30}}$")
_NOT_IN_NAME: Final = re.compile(
    r".*(?:就职于|任职于|供职于|受雇于|入职|加入|来自|位于|毕业于|就读于|考入|我在|在|于|与|和|由|向|是|的|了|为|至|从|给|对|及|被|让|到|叫|称|把|将|去|进|该|本|我|你|他|她|某|各|其|这家|那家|一家|这|那)"
)


def _organisations(view: View) -> Iterator[Candidate]:
    text, words = view.text, view.words
    for i in words.of(_ORGANISATION).tolist():
        first, end = int(words.start[i]), int(words.end[i])
        run = _NAME_OF.search(text, max(0, first - 30), first)
        if run is None:
            continue
        start = run.start()
        if lead := _NOT_IN_NAME.match(text, start, first):
            start = lead.end()
        while start < first and text[start] in "（()）·&":
            start += 1
        company = text[first:end] in _COMPANY
        if first - start < 2 or (not company and (first - start > 16 or text[start:first].isdigit())):
            continue
        value = fold_text(text[start:end])
        yield Candidate(start, end, "organisation", 0.8 if company else 0.6, "structure", _DETECTOR, value)
