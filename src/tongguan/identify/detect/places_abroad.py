"""Addresses in Latin letters, and those of Japan and Korea: behind a label whatever looks like one; without it a door
and a road before a town with its code, its district or its province."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tongguan.identify.detect.foreign_names import is_firm
from tongguan.identify.detect.view import View

__all__ = ["roads", "span"]

_LONGEST: Final = 160  # characters
_MOST: Final = 26  # words
_WORD: Final = re.compile(r"[A-Za-zÀ-ɏ0-9#][A-Za-zÀ-ɏ0-9.'’#/&-]*")
_GAP: Final = re.compile(r", ?| - | ")
_BREAK: Final = re.compile(r",?[ \t]*\r?\n[ \t]*")
_SHORT: Final = frozenset({
    "apt", "av", "ave", "bd", "bldg", "blvd", "col", "ct", "dept", "dist", "dr", "esq", "fl", "flr", "ft", "hwy", "ln",
    "mt", "no", "nr", "pkwy", "pl", "po", "rd", "rm", "sec", "sq", "st", "ste", "str",
})  # fmt: skip
"""Words that are written short with a point: it ends no sentence."""
_JOINING: Final = frozenset({
    "of", "the", "de", "la", "le", "les", "du", "des", "del", "della", "di", "da", "do", "dos", "das", "van", "von",
    "der", "den", "dem", "am", "an", "im", "in", "zum", "zur", "bei", "y", "e", "et", "sur", "sous", "ul", "calle",
    "rua", "via", "rue", "str", "straat", "apto", "apt", "apartment", "room", "flat", "unit", "floor", "bis", "piso",
})  # fmt: skip
"""Words in small letters within the names of roads and places."""
_WAYS: Final = re.compile(
    r"(?i:(?<![A-Za-zÀ-ɏ])(?:Road|Street|Avenue|Ave|Rd|St|Lane|Drive|Boulevard|Blvd|Building|Room|Flat|District|Unit|Suite|Apt"
    r"|Floor|Terrace|Court|Place|Square|Way|Highway|Jalan|Rue|Via|Calle|Rua)(?![A-Za-zÀ-ɏ])|stra(?:ß|ss)e(?![A-Za-z])"
    r"|straat(?![A-Za-z]))"
)
_NAMED: Final = re.compile(r"(?<![A-Za-zÀ-ɏ])[A-ZÀ-Þ][a-zß-ɏ]{2,}")
_NUMBERED: Final = re.compile(r"(?<![A-Za-z0-9.])\d{2}")
_NO_ADDRESS: Final = re.compile(r"Error|Section|Chapter|\d+\.\d|[Ll]ine \d, |via ")
_TOWN_LINE: Final = re.compile(
    r"(?:(?:[A-Z]{1,3}-)?\d{4,6} [A-ZÀ-Þ][A-Za-zÀ-ɏ' -]{2,40}"
    r"|[A-ZÀ-Þ][A-Za-zÀ-ɏ'. -]{2,40},? (?:[A-Z]{2,3} )?\d{4,6}(?:-\d{3,4})?"
    r"|[A-ZÀ-Þ][A-Za-zÀ-ɏ'. -]{2,40},? [A-Z]{1,2}\d[A-Z0-9]? ?\d[A-Z]{2})(?=[ \t]*(?:\r?\n|\Z|[,;]))"
)
"""A line of a town with its postal code: what an address that goes over lines ends with."""

_EASTERN: Final = re.compile(
    r"(?:〒?\s?\d{3}-\d{4}\s{0,2})?(?:東京都|北海道|(?:京都|大阪)府|[\u4e00-\u9fff]{2,3}県)[\u3040-\u30ff\u4e00-\u9fff々0-9０-９-－丁目番地号]{3,40}"
    r"(?:[ \u3000][\u3040-\u30ff\u4e00-\u9fffA-Za-z0-9ー]{2,20}(?:[0-9０-９]{1,4}号室?)?)?"
    r"|[가-힣]{2,7}(?:시|도)(?: [가-힣]{1,6}(?:시|군|구)){0,2}(?: [가-힣]{1,6}(?:읍|면))? [가-힣0-9]{1,12}"
    r"(?:로|길|동|리)(?: ?\d{1,4}(?:-\d{1,4})?)(?:번길 \d{1,4})?(?:,? ?[가-힣A-Za-z0-9]{1,12}(?:동|호|층)){0,3}"
)
"""Japan: postal code, prefecture and what follows. Korea: province or city, district, road and number, door."""
_DOOR: Final = re.compile(
    r"(?<![A-Za-z0-9.,/-])(?:(?:(?:Room|Rm|Flat|Unit|Suite|Apt|Building|Bldg|Block|Tower)\.? ?[A-Z0-9-]{1,6}|\d{1,3}/F)"
    r",? ){0,3}"
    r"(?:No\.? ?)?\d{1,5}[A-Za-z]?(?:-\d{1,5})?,? (?:(?:[A-ZÀ-Þ][A-Za-zÀ-ɏ'.]*|\d(?:st|nd|rd|th)),? ){0,4}\Z",
    re.IGNORECASE,
)
_TOWN: Final = re.compile(
    r"(?<![A-Za-z])(?:[A-Z]{2,3} \d{4,5}(?:-\d{4})?(?![0-9])|\d{5,6} [A-ZÀ-Þ][a-z]"
    r"|[A-Z]{1,2}\d[A-Z0-9]? ?\d[A-Z]{2}(?![A-Z0-9])"
    r"|(?i:District|Province|Dist\.|Beijing|Shanghai|Tianjin|Chongqing|Guangzhou|Shenzhen|Hangzhou|Nanjing|Suzhou|Wuhan"
    r"|Chengdu|Xi'?an|Wuxi|Ningbo|Qingdao|Dalian|Xiamen|Guangdong|Jiangsu|Zhejiang|Shandong|Sichuan|Fujian|Hubei|Hunan|Henan"
    r"|Hebei|Anhui|Liaoning|Hong Kong|Kowloon|Macau|Taipei|Kaohsiung|Singapore)(?![A-Za-z]))"
)
"""What tells that a road lies in a town: state and code, code and name, a district, a province or a city of China."""


def roads(view: View) -> Iterator[tuple[int, int]]:
    """Spans of addresses without a label. What stands right behind a firm's name is that firm's, and no person's."""
    text, words = view.text, view.words
    done = -1
    for way, behind in zip(*(part[words.of("marks/way")].tolist() for part in (words.start, words.end)), strict=True):
        if way < done or not (door := _DOOR.search(text, max(0, way - 70), way)):
            continue
        start = door.start()
        end = _line_end(text, start)
        if end > behind and _TOWN.search(text, behind, end) and not is_firm(text[max(0, start - 40) : start]):
            done = end
            yield start, end


def span(text: str, start: int) -> tuple[int, int] | None:
    """Where an address that begins at `start`, behind its label, ends: `(start, end)`, or None where there is none."""
    if eastern := _EASTERN.match(text, start, start + _LONGEST):
        return eastern.span()
    end = _line_end(text, start)
    value = text[start:end]
    ways = _WAYS.search(value) is not None
    lines = 1
    while lines < 4 and (gap := _BREAK.match(text, end, end + 8)) and (town := _TOWN_LINE.match(text, gap.end())):
        end, ways, lines = town.end(), True, lines + 1
    value = text[start:end]
    if _NO_ADDRESS.match(value) or not any(c.isdigit() for c in value):
        return None
    parts = len(_GAP.findall(value))
    if parts >= 2 and ways:
        return start, end
    written = "," in value and _NUMBERED.search(value) is not None and len(_NAMED.findall(value)) >= 2
    return (start, end) if written and parts >= 2 else None


def _line_end(text: str, start: int) -> int:
    """The end of the words on this line that may belong to an address."""
    at = end = start
    small = text[start : start + 1].islower()  # all of it is written small
    for _ in range(_MOST):
        word = _WORD.match(text, at, start + _LONGEST)
        if not word:
            break
        value = word.group()
        if not small and value[0].islower() and value.rstrip(".") not in _JOINING:
            break
        closed = value.endswith(".") and not _is_short(value)
        end = at + len(value.rstrip(".-/'’&")) if closed else word.end()
        gap = _GAP.match(text, word.end())
        if closed or not gap:
            break
        at = gap.end()
    return _without_joining(text, start, end)


def _is_short(word: str) -> bool:
    """Rd., No., P.O., E.: a point that ends no sentence."""
    bare = word[:-1]
    return bare.lower() in _SHORT or len(bare) == 1 or "." in bare


def _without_joining(text: str, start: int, end: int) -> int:
    """A joining word belongs to what comes behind it: where that did not follow it goes too."""
    while (cut := text.rfind(" ", start, end)) > start and text[cut + 1 : end] in _JOINING:
        end = cut
    return end
