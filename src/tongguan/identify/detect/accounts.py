"""Names by which machines know people, and what these looked at: 用户名 tiger_88, 昵称：晚风, 搜索“失业金”.

A name is believed behind a word for one, where it is no word of a program: it holds a digit or a joining sign, or it
stands in Han characters behind 昵称. What was looked at counts behind a time, or in a record that is called one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import numpy as np

from tongguan.identify.detect.characters import KIND, LETTER
from tongguan.identify.detect.checks import IPV4
from tongguan.identify.detect.view import Candidate, View
from tongguan.identify.detect.words import label_id

__all__ = ["find"]

_DETECTOR: Final = "accounts"
_USER: Final = label_id("username")

_NAME: Final = re.compile(
    r"(?=[A-Za-z_.-]*\d)[A-Za-z][A-Za-z0-9_.-]{2,30}(?<![.-])(?![A-Za-z0-9_@(\[<>=$/\\%{:.-]|\s?=[^=])"
)
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{2,30}(?![A-Za-z0-9_@(\[<>=$/\\%{:.-])")
_IS: Final = re.compile(r"(?:[\"'’”]?\s?(?:[:：=＝]|是|为|->)\s?[\"'‘“]?|[ \u3000])?")
_NO_ONE: Final = re.compile(
    r"(?:admin|root|user|users?name|test|guest|name|null|none|true|false|string|str|int|text|varchar|char|default"
    r"|system|nobody|anonymous"
    r"|your|my|the|example|demo|sample|foo|bar|postgres|mysql|oracle|redis|ubuntu|ec2|git|www|app|service|svc|bot|ci"
    r"|api|id|utf|sha|md|py|http|v\d)"
    r"(?:[_.-]?(?:user|name|id|account|login|\d{1,3}|test|db))?(?:\.\w+)?\Z",
    re.IGNORECASE,
)
"""Accounts of no person, and words of programs."""
_WRITTEN_IN_CODE: Final = re.compile(
    r"[vV]\d+(?:\.\d+)*\Z|[A-Z]{1,3}-?\d{5,}\Z|[a-z]+(?:_[a-z]+)+\Z|[a-z]+(?:[A-Z][a-z]+)+\Z|[A-Z_]+\Z"
)
_ACTS: Final = frozenset({"login", "account", "handle", "buyer", "seller", "nick"})
"""Words for what is done as well: without a sign no name follows (handle IPv6, LOGIN CRAM-MD5)."""
_KIND: Final = re.compile(r"\w::\w*[\"':= ]{1,5}\Z")  # behind the name of a kind of thing: "AWS::AppStream::User"
_NEAR: Final = 8  # characters between the word and the name
_PET_NAME: Final = re.compile(
    r"[\"'’”]?\s?[:：]\s?[\"'‘“]?((?!最|不|请|可|必|如|例|无|未|限|或"
    r"|由)[\u4e00-\u9fffA-Za-z0-9_~·\-]{2,12})(?=[\s\"'，,。；;|”）)<]|\Z)"
)

_AT: Final = r"\d{1,2}:\d{2}(?::\d{2})?[\])]?[\s,，|]{0,3}"
_SOMEBODY: Final = (
    r"(?:用户|客户|员工|会员|[他她我]|本人|[A-Za-z][\w.-]{2,24})?(?:曾|又|还|多次|先后|在[^，。\n]{1,10})?"
)
_LOOKED: Final = re.compile(
    r"(?:搜索|检索|百度|搜|查询)(?:了|过|词|关键词)?[\s:：]{0,2}[“\"「『]([^”\"」』\n\x00]{2,60})[”\"」』]"
    r"|(?:访问|浏览|打开|点击|登录)(?:了"
    r"|过)?[\s:：]{0,2}((?:https?://)?(?:[a-z0-9-]{1,40}\.)+[a-z]{2,8}(?:/[^\s，。；;,“”\"'<>\x00]{0,160})?)"
    r"|(?:观看|收看|播放|阅读|收听|浏览|看)(?:了|过)?《([^》\n\x00]{2,60})》"
)
_MAY_FOLLOW: Final = np.zeros(65536, np.bool_)
_MAY_FOLLOW[[ord(c) for c in "了过词关“「『《:："]] = True
_MAY_FOLLOW[KIND == LETTER] = True
_STAMPED: Final = re.compile(rf"{_AT}{_SOMEBODY}\Z")
_RECORD: Final = re.compile(
    r"(?:上网|浏览|搜索|访问|观看|阅读|收视|点击|网页)(?:的)?(?:记录|历史|轨迹|足迹|行为)|browsing history"
    r"|search history|watch history",
    re.IGNORECASE,
)
_RECORD_REACH: Final = 300  # characters before an entry in which its record is named
_LOG: Final = re.compile(r" - ([A-Za-z][\w.@-]{2,40}) \[\d{2}/[A-Z][a-z]{2}/\d{4}")


def find(view: View) -> Iterator[Candidate]:
    """Names of accounts, and entries of browsing records."""
    yield from _names(view)
    yield from _columns(view)
    yield from _loggers(view)
    yield from _looked(view)


def _names(view: View) -> Iterator[Candidate]:
    text, words, units = view.text, view.words, view.units
    chosen = words.of("marks/user")
    if not len(chosen):
        return
    ends, values = words.end[chosen], np.minimum(words.value[chosen], len(units) - 1)
    after = units[np.minimum(ends, len(units) - 1)]
    hopeful = (KIND[units[values]] == LETTER) & (values - ends <= _NEAR) | (after == ord(":")) | (after == ord("："))
    for i in chosen[hopeful].tolist():
        start, end = int(words.start[i]), int(words.end[i])
        word = text[start:end]
        sign = _IS.match(text, end, end + 8)
        at = sign.end() if sign else end
        if not word.isascii() and word.endswith(("昵称", "网名")) and (pet := _PET_NAME.match(text, end, end + 20)):
            yield from _believed(text, *pet.span(1), pet[1], sure=True)
        elif sign and sign.group().isspace() and word.lower() in _ACTS:
            continue
        elif (at > end or not word.isascii()) and (name := _NAME.match(text, at, at + 40)):
            yield from _believed(text, *name.span(), name.group(), sure=False)


def _believed(text: str, start: int, end: int, value: str, sure: bool) -> Iterator[Candidate]:
    """A name that is neither a word of a program nor an account of no person."""
    if (
        _KIND.search(text, max(0, start - 48), start)
        or _NO_ONE.match(value)
        or (not sure and _WRITTEN_IN_CODE.match(value))
        or text[end : end + 1] == "("
    ):
        return
    yield Candidate(start, end, "username", 0.7, "context", _DETECTOR, value.lower())


def _columns(view: View) -> Iterator[Candidate]:
    """Cells of columns of user names."""
    for start, end, _ in view.cells[view.cells[:, 2] == _USER].tolist():
        while start < end and view.text[start] in " \"'\t":
            start += 1
        name = _PLAIN.match(view.text, start, end)
        if name and not _NO_ONE.match(name.group()):
            yield Candidate(*name.span(), "username", 0.8, "context", _DETECTOR, name.group().lower())


def _loggers(view: View) -> Iterator[Candidate]:
    """Who was logged in, behind the address in a server's log: 203.0.113.9 - tiger [12/Oct/2026…"""
    ends = view.numbers[view.numbers[:, 0] == IPV4, 2].astype(np.int64)
    ends = ends[ends + 4 < len(view.units)]
    if not len(ends):
        return
    units = view.units
    chosen = (units[ends] == 32) & (units[ends + 1] == 45) & (units[ends + 2] == 32) & (KIND[units[ends + 3]] == LETTER)
    for end in ends[chosen].tolist():
        if log := _LOG.match(view.text, end, end + 64):
            yield Candidate(*log.span(1), "username", 0.8, "context", _DETECTOR, log[1].lower())


def _looked(view: View) -> Iterator[Candidate]:
    text, words = view.text, view.words
    chosen = words.of("marks/looked")
    ends, last = words.end[chosen], len(view.units) - 1
    after, second = view.units[np.minimum(ends, last)], view.units[np.minimum(ends + 1, last)]
    chosen = chosen[_MAY_FOLLOW[after] | (after == ord(" ")) & _MAY_FOLLOW[second]]
    for start in words.start[chosen].tolist():
        found = _LOOKED.match(text, start, start + 240)
        if found is None:
            continue
        before = text[max(0, start - _RECORD_REACH) : start].split("\x00")[-1]
        line = before.rsplit("\n", 1)[-1]
        if _STAMPED.search(line[-48:]) or _RECORD.search(before):
            group = found.lastindex or 0
            yield Candidate(*found.span(group), "browsing_record", 0.72, "context", _DETECTOR, found[group].lower())
