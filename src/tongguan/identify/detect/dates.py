"""Days of birth as people write them: in numbers, Chinese, English, years of the Republic of China, or parts alone."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from tongguan.identify.detect.characters import HAN_NUMERALS, fold_text

__all__ = ["BEFORE", "BORN", "Found", "birth_date", "short_day"]

Found = tuple[int, int, str, float]  # start, end, normalised value, score

_DIGITS: Final = "0-9\uff10-\uff19"
_DATE: Final = re.compile(
    rf"([{_DIGITS}]{{4}})(\s*[-/.年_\uff0d\uff0f\uff0e]\s*)([{_DIGITS}]{{1,2}})\s*[-/.月_\uff0d\uff0f\uff0e]\s*([{_DIGITS}]{{1,2}})(?![{_DIGITS}])(?:\s*[日号])?"
    rf"|([{_DIGITS}]{{4}})([{_DIGITS}]{{2}})([{_DIGITS}]{{2}})(?![{_DIGITS}])"
)
_DAY_FIRST: Final = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?!\d)")
_MONTHS: Final = {
    name: i
    for i, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], start=1
    )
}
_IN_ENGLISH: Final = re.compile(r"([A-Za-z]{3})[A-Za-z]{0,6}\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?!\d)")
_DAY_IN_ENGLISH: Final = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th)?[\s/.-]{0,2}(?:of\s+)?([A-Za-z]{3})[A-Za-z]{0,6}[\s/.,-]{0,2}(\d{4})(?!\d)"
)
_OF_THE_REPUBLIC: Final = re.compile(
    rf"民[國国]\s*(元|[{_DIGITS}]{{1,3}})\s*年\s*([{_DIGITS}]{{1,2}})\s*月\s*([{_DIGITS}]{{1,2}})\s*日?"
)
_FIRST_OF_THE_REPUBLIC: Final = 1912
_IN_JAPANESE: Final = re.compile(
    rf"(明治|大正|昭和|平成|令和)\s?(元|[{_DIGITS}]{{1,2}})\s?年\s?([{_DIGITS}]{{1,2}})\s?月\s?([{_DIGITS}]{{1,2}})\s?日?"
    rf"|([MTSHR])\.?([{_DIGITS}]{{1,2}})[./]([{_DIGITS}]{{1,2}})[./]([{_DIGITS}]{{1,2}})(?![{_DIGITS}])"
)
_ERAS: Final = {"明治": 1868, "大正": 1912, "昭和": 1926, "平成": 1989, "令和": 2019} | {
    "M": 1868, "T": 1912, "S": 1926, "H": 1989, "R": 2019,
}  # fmt: skip
"""First years of Japan's eras."""
_YEAR_AND_MONTH: Final = re.compile(
    rf"((?:19|20|１９|２０)[{_DIGITS}]{{2}})\s?[-/.\uff0d\uff0f\uff0e]\s?(0?[1-9]|1[0-2])(?![\w.%-])"
)
_IN_HAN: Final = re.compile(
    r"([〇零一二三四五六七八九]{4})年([一二三四五六七八九十]{1,2})月([一二三四五六七八九十]{1,3})[日号]?"
)
_WITHOUT_DAY: Final = re.compile(
    rf"((?:19|20)?[{_DIGITS}]{{2}})\s*年\s*([{_DIGITS}]{{1,2}})\s*月(?:\s*([{_DIGITS}]{{1,2}})\s*[日号]|份)?"
)
_WITHOUT_YEAR: Final = re.compile(
    r"(十[一二]?|[一二三四五六七八九])月(三十[一]?|二?十[一二三四五六七八九]?|[一二三四五六七八九])[日号]"
)
"""The Chinese way of writing days that lack a part; the value says what is there."""
BEFORE: Final = re.compile(
    rf"(?<![{_DIGITS}])[{_DIGITS}]{{4}}\s*[-/.年]\s*[{_DIGITS}]{{1,2}}(?:\s*[-/.月]\s*[{_DIGITS}]{{1,2}})?\s*[日月]?$"
)
BORN: Final = re.compile(
    rf"(?<![{_DIGITS}])(?:(?:19|20)?[{_DIGITS}]{{2}}\s?年\s?[{_DIGITS}]{{1,2}}\s?月(?:\s?[{_DIGITS}]{{1,2}}\s?[日号])?"
    r"|[〇零一二三四五六七八九]{4}年[一二三四五六七八九十]{1,2}月(?:[一二三四五六七八九十]{1,3}[日号])?)(?=生(?![产效成活日命态意死长前]))"
)
"""A day, or a month, that 生 follows at once."""


def _day(year: str, month: str, day: str) -> str | None:
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None


def birth_date(text: str, at: int, end: int, apart: bool) -> Found | None:
    """The day of birth that begins at `at`, as an ISO 8601 date, or what is written of it; `apart` from its label."""
    value = None
    if found := _DATE.match(text, at, end):
        value = _day(*(g for g in (found[1], found[3], found[4], found[5], found[6], found[7]) if g))
    elif found := _IN_HAN.match(text, at, end):
        value = _day(*(_han_number(group) for group in found.groups()))
    elif found := _DAY_FIRST.match(text, at, end):
        value = _day(found[3], found[2], found[1]) or _day(found[3], found[1], found[2])
    elif (found := _IN_ENGLISH.match(text, at, end)) and found[1].lower() in _MONTHS:
        value = _day(found[3], str(_MONTHS[found[1].lower()]), found[2])
    elif (found := _DAY_IN_ENGLISH.match(text, at, end)) and found[2].lower() in _MONTHS:
        value = _day(found[3], str(_MONTHS[found[2].lower()]), found[1])
    elif found := _OF_THE_REPUBLIC.match(text, at, end):
        year = _FIRST_OF_THE_REPUBLIC - 1 + (1 if found[1] == "元" else int(found[1]))
        value = _day(str(year), found[2], found[3])
    elif found := _IN_JAPANESE.match(text, at, end):
        era, of_era, month, day = (group for group in found.groups() if group)
        value = _day(str(_ERAS[era] - 1 + (1 if of_era == "元" else int(of_era))), month, day)
    elif found := _WITHOUT_DAY.match(text, at, end):
        day = f"-{int(found[3]):02}" if found[3] else ""
        return (
            (at, found.end(), f"{fold_text(found[1])}-{int(found[2]):02}{day}", 0.75) if int(found[2]) <= 12 else None
        )
    elif apart and (found := _YEAR_AND_MONTH.match(text, at, end)):
        return at, found.end(), f"{fold_text(found[1])}-{int(found[2]):02}", 0.75
    elif found := _WITHOUT_YEAR.match(text, at, end):
        return at, found.end(), f"--{_han_number(found[1])}-{_han_number(found[2])}", 0.75
    if found is None or value is None or not value[:4] >= "1900":
        return None
    return at, found.end(), value, 0.9


def short_day(written: str, latest: int) -> str | None:
    """A past day such as 12JAN61 or 12JAN1961 as an ISO 8601 date; `latest` (yyyymmdd) tells the century."""
    month = _MONTHS.get(written[2:5].lower())
    if month is None:
        return None
    year = int(written[5:])
    if year < 100:
        year += 2000 if 2000 + year <= latest // 10_000 else 1900
    return _day(str(year), str(month), written[:2])


def _han_number(text: str) -> str:
    """Digits of a Han number up to 99, or of four Han digits."""
    if "十" not in text:
        return "".join(str(HAN_NUMERALS[c]) for c in text)
    tens, _, ones = text.partition("十")
    return str((HAN_NUMERALS[tens] if tens else 1) * 10 + (HAN_NUMERALS[ones] if ones else 0))
