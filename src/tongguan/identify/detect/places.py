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

from tongguan.identify.detect import places_abroad
from tongguan.identify.detect.characters import fold_text
from tongguan.identify.detect.view import Candidate, View
from tongguan.identify.detect.words import label_id

__all__ = ["find"]

_DETECTOR: Final = "places"
_LEFT: Final = 40  # characters that are looked at before an anchor
_LONGEST: Final = 100

_HAN: Final = "\u3400-\u9fff"
_NUMBER: Final = (
    "(?:[附增第甲乙丙丁]?(?:[0-9A-Za-z０-９Ａ-Ｚ]{1,5}(?:[-－之~、][0-9A-Za-z０-９]{1,5}){0,3}"
    "|[甲乙丙丁一二三四五六七八九十百]{1,4}))"
)
_UNIT: Final = (
    "(?:[号號][楼樓院馆]?|[弄幢座室舍栋棟层層户戶巷门門期区區队隊院铺仓口]|[单單]元|[楼樓][层層]?|房间?|村?民?小?[组組]"
    "|#(?:[楼樓]|厂房)?|[Ff](?![A-Za-z]))"
)
_REGION_ENDS_IN: Final = "[省市区區县縣旗盟]|州(?![市区區县縣])|特别行政区|自治[区州县]|新区|开发区|高新区|地区"
_SUFFIX: Final = f"(?=[特自新开高地省市区區县縣旗盟州])(?:{_REGION_ENDS_IN})"
_ADMIN: Final = f"(?>[{_HAN}]{{1,10}}?{_SUFFIX})"
_PLACE: Final = (
    "(?=[街镇鎮乡鄉村社工科产园屯庄寨])"
    "(?:街道(?:办事处)?|[镇鎮屯庄寨]|[乡鄉](?!街道|[镇鎮])|村(?:委会)?|社[区區]|工业园区?|工业区|科技园|产业园|园区)"
)
_TOWN: Final = f"(?>[{_HAN}]{{1,8}}?{_PLACE})"
_WAY: Final = "(?=[大公国省胡路街道巷弄里])(?:[路街道巷弄]|大[道街]|公路|[国省]道|胡同|里弄)"
_ROAD: Final = (
    f"(?>[{_HAN}0-9０-９]{{1,12}}?{_WAY}(?![路街道]))(?:[东西南北]?延[长伸]?[线段])?"
    "(?:[东西南北中東一二三四五六七八九]段|[东西南北東][一二三四]?段|[东西南北中東](?=[0-9]))?"
)
_BUILDING: Final = (
    "(?=[大小花广廣中公家新写商宿山别名华国孵工科创产软基总宾酒饭市学医S苑园園府城庭邸轩軒湾灣里楼樓阁墅郡塔港厂馆店])"
    "(?:大(?:厦|廈|楼|学)|小(?:区|區)|花(?:园|園)|广场|廣場|中心|公寓|家园|新(?:村|城)|写字楼|"
    "商(?:城|务园|场)|宿舍|山庄|别墅|名都|华庭|国际|孵化器|工(?:业区|业园|业城)|科技城|创意园|产业园|"
    "软件园|基地|总部|宾馆|酒店|饭店|市场|学(?:校|院)|医院|SOHO|"
    "[苑园園府城庭邸轩軒湾灣里楼樓阁墅郡塔港厂馆店])"
)
_ESTATE: Final = f"(?>[{_HAN}A-Za-z0-9]{{1,12}}?{_BUILDING})"
_DOOR: Final = f"(?:{_NUMBER}{_UNIT})"
_END: Final = (
    "(?=[0-9A-Z]|[东西南北]?[一二三四五六七八九十甲乙东西南北主副裙负]{1,3}[期座栋棟幢号號层層楼樓区塔]"
    r'|[\s,，。;；（(）)"]|$)'
)
_ENDED: Final = f"(?>[{_HAN}A-Za-z0-9]{{1,14}}?{_BUILDING}{_END})"
"""A building behind a road: its name goes on until it can end."""
_COUNTED: Final = "个人元年月日时分万米吨台家名件次岁只种位天%"
_BARE: Final = (
    r"(?:[0-9A-Za-z]{1,4}(?:[-－][0-9A-Z]{1,5}){1,3}|[A-Z]{0,2}[0-9]{2,5}|[A-Z]{1,2}[0-9]{1,4}[A-Z]?|[0-9]{1,4}[A-Z]|之[0-9]{1,3}"
    rf"|(?<=[楼樓层層])[A-H](?![{_HAN}]))"
    rf"(?![0-9A-Za-z-]|[{_COUNTED}])"
)
"""Building, stairs and door as bare numbers: 88号3-1405."""
_NO_PART: Final = "的了在是有和与被到于从至将我你您他她们共约近现见等及或住对向为号號楼路"
_NAMED: Final = (
    f"(?>(?:(?![{_NO_PART}])[{_HAN}]){{2,9}}?(?=[A-Z]?[0-9]{{1,4}}(?:[-－][0-9]{{1,4}})?(?:[号號栋棟座楼樓层層室幢单弄#F])"
    rf"|[A-Z][0-9]?[座栋棟区區幢]|[一二三四五六七八九十]{{1,2}}[楼樓层層座栋](?![{_HAN}])))"
)
"""A building that nothing else tells, before its floor or door: 优士阁A座."""
_WING: Final = "(?:[东西南北東中主副裙][一二三四]?[楼樓塔座区區配](?=[0-9A-Z一二三四五六七八九十]|[^\u3400-\u9fff]|$))"
_ASIDE: Final = (
    f"(?:[（(][{_HAN}A-Za-z0-9-]{{1,18}}(?:旁|侧|面|近|内|斜对面|处|口|隔壁|楼|大厦|广场|园|区|基地|中心|器|内)[）)])"
)
_COMMA: Final = f"(?:，(?={_DOOR}(?![{_HAN}])))"
_TAIL: Final = (
    f"(?:[ ]?(?:负|地下)?{_DOOR}|{_WING}|[ ]?{_ENDED}|{_NAMED}|{_ASIDE}|{_COMMA}|[整全]层|(?=[A-Z]){_BARE}){{0,8}}+"
    f"(?:{_BARE})?"
)
_ROADS: Final = f"{_ROAD}(?:[ ]?{_DOOR}|[与和]{_ROAD}(?:交[汇叉界]|路?口)[处口]?|{_ROAD}){{0,2}}"
_FULL: Final = re.compile(
    f"(?:中国)?(?:{_ADMIN}[ ]?){{0,4}}(?:{_TOWN}[ ]?){{0,3}}"
    f"(?:{_ROADS}|(?:{_ENDED}|{_ESTATE})[ ]?{_DOOR}|{_TOWN}{_DOOR}){_TAIL}"
)
_CHAIN: Final = re.compile(
    f"(?:中国)?(?:{_ADMIN}){{1,4}}+[ ]?(?:{_TOWN}){{0,3}}+(?:(?:{_ENDED}|{_NUMBER}?{_DOOR}|{_NAMED}){_TAIL})?"
)
_RUN: Final = re.compile(rf"[{_HAN}A-Za-z0-9０-９ \-－#·（）()，、]{{4,{_LONGEST}}}")
_LEAD: Final = re.compile(
    ".*(?:地址|住址|住所|现住|家住|住在|位于|居住|寄[到至往]|送[到至]|发[往到]|前往|搬[到至]|来到|到达|坐落|设在|收货|配送"
    "|在|于|到|至|往|从(?!化)|是|为|的|了|住|[改换]成|改[到至为])"
)

_SAID: Final = re.compile(
    "(?:应该|应当|应|好像|大概|可能|也|就|还是|现在|现|目前|暂时|已经?)?(?:是(?!山|林)|为|在|[改换]成|改[为到在])于?"
    "|[是为在于]+"
)
"""What a sentence says between the word for an address and the address."""

_ADDRESS: Final = label_id("address")


def _table(characters: str) -> NDArray[np.bool_]:
    table = np.zeros(65536, np.bool_)
    table[[ord(c) for c in characters]] = True
    return table


_BEFORE_DOOR: Final = _table("路街道巷弄村里同段区區园園苑庄院号號栋幢城厦廈庭府楼樓座元期阁墅谷塔港馆店轩湾郡线段")
_AFTER_DOOR: Final = _table("号號弄栋棟幢座单單室楼樓巷院组組户戶层層#")
_ADMIN_SIGN: Final = _table("市区區县縣州省盟旗自镇鎮路街道")
_WAY_SIGN: Final = _table("路街道")
_NUMERAL: Final = _table("0123456789０１２３４５６７８９ABCDEFGHJKLMNTabcdt一二三四五六七八九十东西南北")


def find(view: View) -> Iterator[Candidate]:
    """Addresses at doors and provinces, behind labels, and in columns of addresses."""
    text, words = view.text, view.labelled
    done = -1
    matched: dict[tuple[int, int], re.Match[str] | None] = {}
    for anchor, province in _anchors(view):
        if anchor < done:
            continue
        start = anchor
        if province != anchor:
            start = max(province, _run_start(text, max(0, anchor - _LEFT), anchor))
        run = _RUN.match(text, start, start + _LONGEST) if start >= done else None
        if run and (found := _address(text, start, run.end(), matched, led=start != province)):
            done = found.end
            yield found
    labels = words.label == _ADDRESS
    for before, start in zip(words.end[labels].tolist(), words.value[labels].tolist(), strict=True):
        start = said.end() if (said := _SAID.match(text, start, start + 12)) else start
        run = _RUN.match(text, start, min(len(text), start + _LONGEST))
        if run and (found := _address(text, start, run.end(), matched, sure=start > before, led=start == before)):
            yield _over_lines(text, found) if start > before else found
        elif start > before and (abroad := places_abroad.span(text, start)):
            yield _candidate(*abroad, text[slice(*abroad)], 0.85)
    for start, end in places_abroad.roads(view):
        yield _candidate(start, end, text[start:end], 0.7)
    for start, end in view.cells[view.cells[:, 2] == _ADDRESS, :2].tolist():
        if found := _cell(text, start, end):
            yield found


def _anchors(view: View) -> Iterator[tuple[int, int]]:
    """Provinces and doors around which an address may lie, each with the last province up to it (-1 for none)."""
    provinces = _provinces(view)
    anchors = np.unique(np.concatenate((provinces, _doors(view), _buildings(view))))
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


def _buildings(view: View) -> NDArray[np.int32]:
    """Ends of buildings' names with a number, or the line's end, directly behind them."""
    chosen = view.words.of("marks/building")
    end = view.words.end[chosen]
    inside = end < len(view.units)
    unit = view.units[np.where(inside, end, 0)]
    last: NDArray[np.int32] = end[~inside | _NUMERAL[unit] | (unit == ord("\n")) | (unit == 0)]
    return last


def _provinces(view: View) -> NDArray[np.int32]:
    """Provinces and cities with a district, a county, a town or a road named directly behind them."""
    chosen = np.union1d(view.words.of("marks/province"), view.words.of("marks/city"))
    start, end = view.words.start[chosen], view.words.end[chosen]
    near = np.zeros(len(start), np.bool_)
    for step in range(6):
        near |= _ADMIN_SIGN[view.units[np.minimum(end + step, len(view.units) - 1)]]
    for step in range(3):  # 遵义路, 南京西路 and 北京大道 are anywhere
        near &= ~_WAY_SIGN[view.units[np.minimum(end + step, len(view.units) - 1)]]
    return start[near]


def _address(
    text: str,
    start: int,
    end: int,
    matched: dict[tuple[int, int], re.Match[str] | None],
    *,
    sure: bool = False,
    led: bool = False,
) -> Candidate | None:
    """The address at the front of text[start:end]; `sure` behind a label, `led` where words like 住在 may precede.
    `matched` keeps what matched where: most labels stand before a province."""
    begins = [start]
    if led and (lead := _LEAD.match(text, start, min(end, start + _LEFT))):
        begins.insert(0, lead.end())
    for begin in begins:
        for form in (_FULL, _CHAIN):
            if form is _CHAIN:
                found = form.match(text, begin, end)
            elif (begin, end) in matched:
                found = matched[begin, end]
            else:
                found = matched[begin, end] = form.match(text, begin, end)
            if found and (_is_address(found.group(), sure) or _is_line(text, found)):
                first, last = _outwards(text, *found.span())
                return _candidate(first, last, text[first:last], 0.9 if sure else 0.75)
    return None


_REGION_AT_END: Final = re.compile("(?:[省市区區县縣旗州镇鎮乡鄉村路街道]|街道|社区)\\Z")
_NEXT_LINE: Final = re.compile(rf"[ \t]*\r?\n[ \t]{{0,12}}(?=[{_HAN}])")


def _over_lines(text: str, found: Candidate) -> Candidate:
    """An address that breaks off at a region or a road, as on cards, goes on where the next line is the rest of one."""
    gap = _NEXT_LINE.match(text, found.end)
    if not gap or not _REGION_AT_END.search(found.value):
        return found
    rest = _RUN.match(text, gap.end(), gap.end() + 60)
    more = _address(text, gap.end(), rest.end(), {}, sure=True) if rest else None
    if not more or more.start != gap.end() or text[more.end : more.end + 1] not in ("", "\r", "\n", " ", "\x00"):
        return found
    return _candidate(found.start, more.end, text[found.start : more.end], found.score)


def _outwards(text: str, start: int, end: int) -> tuple[int, int]:
    """An address with the province before it, and without the signs behind it."""
    while text[end - 1] in " -（(，、" or (text[end - 1] in "）)" and not _CLOSED.search(text, start, end)):
        end -= 1
    if text[start - 1 : start] in _REGION_ENDS and (before := _REGION.search(text, max(0, start - 12), start)):
        start = before.start()
    return start, end


def _is_line(text: str, found: re.Match[str]) -> bool:
    """Whether a road or a building with those around it is all that its line holds."""
    start, end = found.span()
    alone = (not start or text[start - 1] == "\n") and text[end : end + 1] in ("", "\n", "\r", "\x00")
    return alone and _is_address(found.group(), True)


_CLOSED: Final = re.compile(r"[（(][^（）()]*[)）]$")
_REGION_ENDS: Final = frozenset(" 国北西宁林江苏浙徽建东南川州海古藏夏疆省区京津庆")
_REGION: Final = re.compile(
    "(?:中国|(?:中国)?(?:河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海"
    "|内蒙古|广西|西藏|宁夏|新疆)(?:省|(?:壮族|回族|维吾尔)?自治区)?|北京|上海|天津|重庆) ?$"
)


_LEVELS: Final = re.compile("[省市区區县縣旗州镇鎮乡鄉村]|街道")
_GENERAL: Final = re.compile(
    "城市|城乡|城镇|农村|乡镇|乡村|区县|[区县乡][和及]|人民|政府|公积金|管理中心|居民|负责|本市|团体|[的在使是]"
)
"""Words of laws and of offices behind a city's name."""
_TO_DOOR: Final = re.compile(f"{_NUMBER}(?:[号號]|弄|[栋棟]|幢|座|单元|單元|室|[楼樓]|巷)")
_ROADLIKE: Final = re.compile(f"{_WAY}|[镇鎮乡鄉村]|{_BUILDING}")
_WRITTEN_ABROAD: Final = re.compile(r"\d+ [A-Z][a-z]+|(?<![A-Za-z])(?:Road|Street|Avenue|Ave|Rd|St|Blvd)(?![A-Za-z])")


def _is_address(value: str, sure: bool) -> bool:
    levels = len(_LEVELS.findall(value))
    if sure:
        return len(value) >= 4 and (levels >= 2 or _ROADLIKE.search(value) is not None)
    if ("与" in value or "以及" in value or "或" in value) and "交" not in value:  # two places named together
        return False
    if _TO_DOOR.search(value):
        return levels >= 1 or len(value) >= 6
    if _GENERAL.search(value):
        return False
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
