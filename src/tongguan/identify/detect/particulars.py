"""What a row of particulars says of a person: 张三，男，汉族，1973年6月15日生; 患者女，71岁; 张三 / 男 / 1954-09-20.

Sex is believed where an age, an ethnic group, or a day of birth follows; these where it stands before them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import numpy as np

from tongguan.identify.detect import checks
from tongguan.identify.detect.dates import birth_date, short_day
from tongguan.identify.detect.facts import COUNTRIES
from tongguan.identify.detect.view import Candidate, View

__all__ = ["ETHNIC_GROUPS", "find"]

_DETECTOR: Final = "particulars"
ETHNIC_GROUPS: Final = (
    "汉|满|回|壮|苗|维吾尔|土家|彝|蒙古|藏|布依|侗|瑶|朝鲜|白|哈尼|哈萨克|黎|傣|畲|傈僳|仡佬|东乡|高山|拉祜|水|佤|纳西|羌|土|仫佬|锡伯"
    "|柯尔克孜|达斡尔|景颇|毛南|撒拉|布朗|塔吉克|阿昌|普米|鄂温克|怒|京|基诺|德昂|保安|俄罗斯|裕固|乌孜别克|门巴|鄂伦春|独龙|塔塔尔|赫哲|珞巴"
)
"""The 56 of GB/T 3304."""
_SEX: Final = re.compile(r"[，,、（(/|｜\t \u3000]\s?([男女])(?:性)?(?=[，,、/|｜\t \u3000]|\s?\d)")
_GROUP: Final = re.compile(rf"[，,、]\s?((?:{ETHNIC_GROUPS})族)(?=[，,、。;；)）\s])")
_AGE: Final = re.compile(r"[，,、]?\s?((?<!\d)(?:1[01]|[1-9])?\d\s?周?岁)(?![以之至到\-~])")
_BORN: Final = re.compile(
    r"[，,、]\s?(?:19|20)\d\d\s?(?:年|[-/.])\s?\d{1,2}\s?[月\-/.]|[，,、]\s?(?:出生|生于|\d\d年\d{1,2}月)"
)
_NEXT: Final = re.compile(r"\s?[，,、/|｜;\t \u3000]\s{0,3}")
_DAY_ENDS: Final = re.compile(
    r"\s?(?:[，,、。/|｜;；)）\t\r\n\x00]|出生|生(?![效产日活])|\Z)"
    r"|[ \u3000](?=[ \u3000]|[\dA-Z]{6}|[\u4e00-\u9fff]{1,5}族|身份证|电话|手机|住|籍|联系|党员|团员|群众"
    r"|大专|本科|硕士|博士)"
)
_IN_LETTERS: Final = re.compile(r"[/|,;\t] ?([MF]I?|[Ff]emale|FEMALE|[Mm]ale|MALE)(?= ?[/|,;\t])")
_SAID_BEHIND: Final = re.compile(r" ?, ?(?:born|aged|DOB|date of birth|passport|\d\d years)")
_BORN_BEFORE: Final = ("出生", "日生", "月生", "岁")
_AGE_BETWEEN: Final = re.compile(r"[|｜/·] ?([1-9]\d周?岁)(?= ?[|｜/·])")
_DAY_BEFORE: Final = re.compile(r"(?<![A-Z0-9])\d\d[A-Z]{3}\d\d(?:\d\d)?\Z")
_RECENT: Final = 5  # years: so young a day beside a sex is rather that of the record


def find(view: View) -> Iterator[Candidate]:
    """Sex, ethnic group, age and day of birth of persons."""
    text, words = view.text, view.words
    for start in words.start[words.of("marks/sex")].tolist():
        sex = _SEX.match(text, start, start + 6)
        if sex is None:
            continue
        group = _GROUP.match(text, sex.end(), sex.end() + 12)
        at = group.end() if group else sex.end()
        age = _AGE.match(text, at, at + 10)
        born = None if age else _day_behind(view, at)
        if not (group or age or born or _BORN.match(text, at, at + 16) or text.endswith(_BORN_BEFORE, 0, start)):
            continue
        yield Candidate(*sex.span(1), "gender", 0.8, "context", _DETECTOR, sex[1])
        if group:
            yield Candidate(*group.span(1), "ethnicity", 0.85, "context", _DETECTOR, group[1])
        if age:
            yield Candidate(*age.span(1), "age", 0.8, "context", _DETECTOR, age[1])
        if born:
            yield born
    yield from _groups(view)
    yield from _schooling(view)
    yield from _before_passports(view)
    for start in words.start[words.of("marks/sex_in_letters")].tolist():
        if sex := _IN_LETTERS.match(text, start, start + 10):
            born = _day_behind(view, sex.end()) or _day_before(view, start)
            if born:
                yield born
            if sex[1][1:] and (born or _SAID_BEHIND.match(text, sex.end())):
                yield Candidate(*sex.span(1), "gender", 0.75, "context", _DETECTOR, sex[1].lower())
    for start in words.start[words.of("marks/age")].tolist():
        if age := _AGE_BETWEEN.search(text, max(0, start - 5), start + 3):
            yield Candidate(*age.span(1), "age", 0.7, "context", _DETECTOR, age[1])


def _before_passports(view: View) -> Iterator[Candidate]:
    """The day before a passport in a list of travellers: 李梅 LI/MEI 1988-05-04 EB1234567."""
    starts = view.numbers[view.numbers[:, 0] == checks.DOCUMENT, 1]
    first, before = view.units[starts], view.units[np.maximum(starts - 2, 0)]
    chosen = ((first == ord("E")) | (first == ord("G"))) & (before <= ord("9"))
    for start in starts[chosen].tolist():
        day = _DAY_OF_LIST.search(view.text, max(0, start - 16), start)
        found = birth_date(view.text, day.start(1), day.end(1), True) if day else None
        if found and int(found[2][:4]) <= view.latest // 10_000 - _RECENT:
            yield Candidate(*found[:2], "birth_date", 0.72, "calendar", _DETECTOR, found[2])


_DAY_OF_LIST: Final = re.compile(
    r"(?<=[A-Za-z\u4e00-\u9fff][ ,，|\t])((?:19|20)\d\d([-/.])\d{1,2}\2\d{1,2})[ ,，|\t]{1,3}\Z"
)


def _groups(view: View) -> Iterator[Candidate]:
    """Ethnic groups and nationalities between commas, where no list of them stands."""
    text, words = view.text, view.words
    for start in words.start[words.of("marks/group")].tolist():
        group = _GROUP_BEFORE.search(text, max(0, start - 8), start + 1)
        if group and _CLOSED.match(text, start + 1) and not _ANOTHER.match(text, start + 1, start + 12):
            yield Candidate(*group.span(1), "ethnicity", 0.7, "context", _DETECTOR, group[1])
    for start in words.start[words.of("marks/citizen")].tolist():
        if citizen := _CITIZEN.search(text, max(0, start - 12), start + 1):
            yield Candidate(*citizen.span(1), "nationality", 0.75, "context", _DETECTOR, citizen[1])


def _schooling(view: View) -> Iterator[Candidate]:
    """Degrees behind a school on the same line, and 小学文化."""
    text, words = view.text, view.words
    chosen = words.of("marks/schooling")
    for start, end in zip(words.start[chosen].tolist(), words.end[chosen].tolist(), strict=True):
        if text.startswith("文化", end - 2) or text[start:end] == "文盲":
            told = _STOP.match(text, end) is not None and text[start - 1 : start] in _SIGNS
        elif text[start].isascii():
            told = _SCHOOL_BEHIND.match(text, end, end + 90) is not None
        else:
            told = _STOP.match(text, end) is not None and _SCHOOL.search(text, max(0, start - 40), start) is not None
        if told:
            yield Candidate(start, end, "education", 0.7, "context", _DETECTOR, text[start:end])


_GROUP_BEFORE: Final = re.compile(rf"(?<!族)[，,（( \u3000\t]((?:{ETHNIC_GROUPS})族)\Z")
_CLOSED: Final = re.compile(r"[，,、。；;）)\s\x00|/]|\Z")
_ANOTHER: Final = re.compile(rf"[，,、。；） \t]\s?(?:{ETHNIC_GROUPS})族|、|等|人口|地区|自治")
_CITIZEN: Final = re.compile(rf"[（(，,]\s?((?:{COUNTRIES})籍)\Z")
_SCHOOL: Final = re.compile(r"(?:大学|学院|学校|大學|學院|党校)[^\n\x00，。；;]{0,24}[\s|/·，,、（(]\Z")
_SCHOOL_BEHIND: Final = re.compile(r"[^\n\x00]{0,60}?(?<![A-Za-z])(?:University|College|Institute|School)(?![A-Za-z])")
_STOP: Final = re.compile(r"(?:程度|毕业|畢業|学历|學歷|在读|学位)?(?=[\s，,。；;|/、）)\x00]|\Z)")
_SIGNS: Final = frozenset("，,、。；;（( \t\n\u3000")


def _day_behind(view: View, at: int) -> Candidate | None:
    """A whole day that stands between separators right behind a sex."""
    text = view.text
    gap = _NEXT.match(text, at, at + 6)
    found = birth_date(text, gap.end(), gap.end() + 20, True) if gap else None
    if found is None or len(found[2]) != len("2026-11-21") or not _DAY_ENDS.match(text, found[1], found[1] + 8):
        return None
    start, end, value, _ = found
    if int(value[:4]) > view.latest // 10_000 - _RECENT:
        return None
    return Candidate(start, end, "birth_date", 0.75, "calendar", _DETECTOR, value)


def _day_before(view: View, at: int) -> Candidate | None:
    """The day of birth before a sex as airlines write it (IATA's DOCS element): /12JAN61/M/."""
    day = _DAY_BEFORE.search(view.text, max(0, at - 12), at)
    value = short_day(day.group(), view.latest) if day else None
    return Candidate(*day.span(), "birth_date", 0.8, "calendar", _DETECTOR, value) if day and value else None
