"""Whose number it is that stands behind a word of no country: what the same row or line says of one.

`National ID` and `税号` ask for the numbers of many countries, and some of these check alike: a row that begins with
`NL,` or 荷兰：has a Dutch one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Final

from tongguan.identify.detect.foreign_kinds import KINDS

__all__ = ["types_beside"]

_CODES: Final = {"UK": "uk", "GB": "uk"}
_NOT_OF_PERSONS: Final = frozenset({"us_ein", "us_aba", "us_npi", "us_dea"})
_TYPES: Final[dict[str, list[str]]] = defaultdict(list)
for _kind in KINDS:
    _country, _, _rest = _kind.type.partition("_")
    if len(_country) == 2 and _rest and _kind.type not in _NOT_OF_PERSONS and _kind.type not in _TYPES[_country]:
        _TYPES[_country].append(_kind.type)
_NAMES: Final = {
    "美国": "us", "英国": "uk", "德国": "de", "法国": "fr", "日本": "jp", "韩国": "kr", "新加坡": "sg", "印度": "in",
    "巴西": "br", "俄罗斯": "ru", "荷兰": "nl", "西班牙": "es", "意大利": "it", "加拿大": "ca", "澳大利亚": "au",
    "澳洲": "au", "波兰": "pl", "比利时": "be", "瑞典": "se", "芬兰": "fi", "挪威": "no", "丹麦": "dk", "瑞士": "ch",
    "奥地利": "at", "葡萄牙": "pt", "爱尔兰": "ie", "墨西哥": "mx", "阿根廷": "ar", "智利": "cl", "泰国": "th",
    "越南": "vn", "马来西亚": "my", "印尼": "id", "印度尼西亚": "id", "菲律宾": "ph", "土耳其": "tr", "南非": "za",
    "新西兰": "nz", "乌克兰": "ua", "哈萨克斯坦": "kz", "阿联酋": "ae", "沙特": "sa", "以色列": "il", "埃及": "eg",
    "巴基斯坦": "pk", "germany": "de", "france": "fr", "japan": "jp", "korea": "kr", "singapore": "sg", "india": "in",
    "brazil": "br", "russia": "ru", "netherlands": "nl", "spain": "es", "italy": "it", "canada": "ca",
    "australia": "au", "poland": "pl", "united states": "us", "usa": "us", "united kingdom": "uk", "mexico": "mx",
    "thailand": "th", "vietnam": "vn", "malaysia": "my", "indonesia": "id", "philippines": "ph", "turkey": "tr",
    "south africa": "za", "new zealand": "nz", "belgium": "be", "sweden": "se", "norway": "no", "denmark": "dk",
    "austria": "at", "switzerland": "ch", "portugal": "pt", "ireland": "ie",
}  # fmt: skip
_LONG: Final = "|".join(sorted(_NAMES, key=len, reverse=True))
_BESIDE: Final = re.compile(
    r"(?:(?<=[,，\t|;\"'(（\n\x00])|\A) ?(?:([A-Z]{2})(?=[\"']?\s?[,，\t|;)）])"
    rf"|((?i:{_LONG}))(?=[\"']?\s?[,，\t|;)）:：（(]))"
)
_REACH: Final = 120  # characters of a line before the number
_EDGE: Final = re.compile("[\n\x00]")


def types_beside(text: str, start: int) -> list[str]:
    """The types of the country that the line names before the number at `start`; none where it names none."""
    line = _EDGE.split(text[max(0, start - _REACH) : start])[-1]
    for found in reversed(list(_BESIDE.finditer(line))):
        country = _CODES.get(found[1] or "", (found[1] or "").lower()) if found[1] else _NAMES[found[2].lower()]
        if types := _TYPES.get(country):
            return types
    return []
