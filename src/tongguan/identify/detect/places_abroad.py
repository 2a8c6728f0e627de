"""Addresses in Latin letters behind a label: room, door and road before city, code and country, or door behind road."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["span"]

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
    "rua", "via", "rue", "str", "straat",
})  # fmt: skip
"""Words in small letters within the names of roads and places."""
_WAYS: Final = re.compile(
    r"(?i:(?<![A-Za-zÀ-ɏ])(?:Road|Street|Avenue|Ave|Rd|St|Lane|Drive|Boulevard|Blvd|Building|Room|Flat|District|Unit|Suite|Apt"
    r"|Floor|Terrace|Court|Place|Square|Way|Highway|Jalan|Rue|Via|Calle|Rua)(?![A-Za-zÀ-ɏ])|stra(?:ß|ss)e(?![A-Za-z])"
    r"|straat(?![A-Za-z]))"
)
_NAMED: Final = re.compile(r"(?<![A-Za-zÀ-ɏ])[A-ZÀ-Þ][a-zß-ɏ]{2,}")
_NUMBERED: Final = re.compile(r"(?<![A-Za-z0-9.])\d{2}")
_NO_ADDRESS: Final = re.compile(r"Error|Section|Chapter|\d+\.\d")
_TOWN_LINE: Final = re.compile(
    r"(?:(?:[A-Z]{1,3}-)?\d{4,6} [A-ZÀ-Þ][A-Za-zÀ-ɏ' -]{2,40}"
    r"|[A-ZÀ-Þ][A-Za-zÀ-ɏ'. -]{2,40},? (?:[A-Z]{2,3} )?\d{4,6}(?:-\d{3,4})?"
    r"|[A-ZÀ-Þ][A-Za-zÀ-ɏ'. -]{2,40},? [A-Z]{1,2}\d[A-Z0-9]? ?\d[A-Z]{2})(?=[ \t]*(?:\r?\n|\Z|[,;]))"
)
"""A line of a town with its postal code: what an address that goes over lines ends with."""


def span(text: str, start: int) -> tuple[int, int] | None:
    """Where an address that begins at `start`, behind its label, ends: `(start, end)`, or None where there is none."""
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
