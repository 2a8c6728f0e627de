"""Values that nothing but the label before them, or the name of their column, tells: `QQ：12345678`, 出生日期, 诊断."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from tongguan.identify.detect import checks
from tongguan.identify.detect.characters import fold_text
from tongguan.identify.detect.dates import BEFORE, BORN, Found, birth_date
from tongguan.identify.detect.devices import device_id
from tongguan.identify.detect.facts import CHECKED, FORMS, JOBS
from tongguan.identify.detect.foreign import TOLD_AFTER
from tongguan.identify.detect.network import whole_ip
from tongguan.identify.detect.particulars import ETHNIC_GROUPS
from tongguan.identify.detect.view import Candidate, View
from tongguan.identify.detect.words import label_id

__all__ = ["find"]

_DETECTOR: Final = "labelled"
_SIGNS: Final = frozenset(":：=＝\"'|\t>】“‘")
"""Signs that set a value apart from its label."""
_IS: Final = re.compile(r"[\s:]{0,2}(?:number|no\.?|#)? ?(?:is|was|are|ist|es|est|in|on|am|el|le) ")
_HINT: Final = re.compile(r"[(（][^()（）\n\d]{1,24}[)）]\s{0,2}[:：]\s{0,3}")
"""How the value is to be written, between its label and the colon: 出生日期（年月日）："""
_BORN_AT: Final = re.compile(
    r"(?:[A-Z][A-Za-z.'-]{1,20} ?){1,3}[,/] ?(?=\d)|[\u4e00-\u9fff]{2,10}[,，、/ ]\s?(?=[12]\d)"
)
"""Where somebody was born, before the day: Harbin, 25-Jun-1975."""
_OF_MANY: Final = re.compile(r"人口|率|人?数|缺陷|证|医学|登记|队列|婴|地|日期|的(?:孩子|婴|人|新生)")
"""What follows 出生 where nobody's day is told: 2026年11月出生人口."""
_SITE: Final = re.compile(r"[(（][^()（）\n]{1,16}[)）]\s?")
"""Where in the body, before what is there: (左乳)浸润性导管癌."""
_ADVERTISED: Final = re.compile(
    r"诚聘|招聘|急聘|诚招|招募|招工|直招|聘请|岗位职责|职位描述|任职要求|应届|五险|双休|包吃|包住|年终奖|薪资待遇|福利待遇|男女不限|学历不限"
    r"|(?<![A-Za-z])(?:hiring|we offer|job description|apply now|benefits|requirements)(?![A-Za-z])",
    re.IGNORECASE,
)
"""What is said beside the pay that a vacancy offers."""
_STOP: Final = re.compile(r"(?<=[Nn][Oo])\.\s?[:：]?\s{0,3}")
_BLANKS: Final = re.compile(" +")
_RAISED: Final = re.compile(r"元?[，,]?(?:调|涨|升|提|增|降|加|变|改)[整高薪到至为成]{1,2}\s?(\d[\d,.]{2,9}(?:万?元)?)")
"""To what pay is changed: 从9800调为10600."""
_AROUND: Final = 60  # characters
_OF_A_THING: Final = re.compile(r"(?:max|min|cookie|cache|session|token|password|key)[-_ ]?\Z", re.IGNORECASE)
_QUOTES: Final = ('"', "'")
_BRACKETS: Final = ("(", "（")
_OPTIONS: Final = frozenset({"gender", "ethnicity", "marital_status", "education", "income", "nationality"})
_BOXES: Final = frozenset("□☐○◯☑☒✓✔√■●(（")
_VERBS: Final = frozenset("iwaenol#")  # how the words of `_IS` begin
_REACH: Final = 120  # characters of a value that are looked at

_DIGITS: Final = "0-9\uff10-\uff19"
_NOTHING: Final = re.compile(
    r"(?:无|否|没有|同上|同前|待查|待排|暂无|未知|不详|未见异常|正常|良好|健康|none|null|nil|n/?a|no|false|true|yes|unknown|-+|\*+)"
    r"(?![\u4e00-\u9fffA-Za-z])",
    re.IGNORECASE,
)
_Reader = Callable[[str, int, int, bool], Found | None]


def _form(pattern: str, score: float, *, apart: bool = False, clean: bool = True) -> _Reader:
    """Reads what matches `pattern`; `apart` asks for a sign between the label and the value."""
    form = re.compile(pattern)

    def read(text: str, at: int, end: int, is_apart: bool) -> Found | None:
        if apart and not is_apart:
            return None
        found = form.match(text, at, end)
        if found is None:
            return None
        value = fold_text(found.group())
        return at, found.end(), re.sub(r"[\s-]", "", value).upper() if clean else value.strip(), score

    return read


def _phrase(longest: int, score: float) -> _Reader:
    """Reads a few words up to a sign that ends them, apart from the label."""
    form = re.compile(rf"[^\s,，。;；:：、|\"'<>{{}}\[\]\x00()（）！!?？]{{2,{longest}}}")

    def read(text: str, at: int, end: int, apart: bool) -> Found | None:
        if not apart or _NOTHING.match(text, at, end):
            return None
        found = form.match(text, at, end)
        if (
            found is None
            or found.group().rstrip(".、)").isdigit()
            or found.group().startswith(("http", "/", "\\", "_"))
        ):
            return None
        if text[found.end() : found.end() + 1] == "(" and found.group().isascii():  # a call in a program
            return None
        return at, found.end(), fold_text(found.group()), score

    return read


def _either(one: _Reader, other: _Reader) -> _Reader:
    """Reads what the first reads, else what the second does."""
    return lambda text, at, end, apart: one(text, at, end, apart) or other(text, at, end, apart)


def _wechat(text: str, at: int, end: int, apart: bool) -> Found | None:
    """An account's name; behind openid and unionid what the platform gives to other programs in its place."""
    if _GIVEN_OUT.search(text, max(0, at - 16), at):
        given = _OPEN_ID.match(text, at, end) if apart else None
        return (at, given.end(), given.group(), 0.85) if given else None
    found = _ACCOUNT.match(text, at, end) if text[at - 1 : at] != "-" else None  # openid-connect
    if found and text[max(0, at - 12) : at].isascii() and _SNAKE.fullmatch(found.group()):  # openid, user_name
        return None
    plain = found is not None and not any(c in "_-0123456789" for c in found.group())
    if found is not None and not apart and not any(c.isdigit() or c == "_" for c in found.group()):
        return None
    if found is None or (plain and not (apart and text[at - 2 : at].isascii() is False)):
        return None
    return at, found.end(), found.group().lower(), 0.85


def _gender(pattern: str) -> _Reader:
    """Reads what matches, but not the rest of a name in a program: gender-male."""
    form = _form(pattern, 0.9, clean=False)
    return lambda text, at, end, apart: None if text[at - 1 : at] == "-" else form(text, at, end, apart)


def _imei(text: str, at: int, end: int, apart: bool) -> Found | None:
    """Fifteen digits by Luhn, or the sixteen of an IMEISV; in any groups."""
    found = _DEVICE.match(text, at, end)
    value = "".join(c for c in fold_text(found.group()) if c.isdigit()) if found else ""
    if found is None or (len(value) == 15 and not _luhn(value)):
        return None
    return at, found.end(), value, 0.6


def _luhn(value: str) -> bool:
    digits = [int(d) * (1 + i % 2) for i, d in enumerate(reversed(value))]
    return sum(d // 10 + d % 10 for d in digits) % 10 == 0


def _ip(text: str, at: int, end: int, apart: bool) -> Found | None:
    """An address that stands against its label: 登录IP203.0.113.249."""
    found = _FOUR_NUMBERS.match(text, at, end)
    if found is None or any(int(number) > 255 for number in found.group().split(".")):
        return None
    address = whole_ip(text, at, found.end(), fold_text(found.group()), True)
    return (at, found.end(), address[1], 0.85) if address and address[0] == at else None


def _spaced_id_card(text: str, at: int, end: int, apart: bool) -> Found | None:
    """An identity card's number with a space behind each character and X at its end."""
    found = _SPACED.match(text, at, end) if text[at + 1 : at + 2] in _SPACES else None
    if found is None:
        return None
    value = "".join(fold_text(found.group()).split()).upper()
    rest = sum(int(d) * w for d, w in zip(value[:17], checks.ID_WEIGHTS.tolist(), strict=False)) % 11
    return (at, found.end(), value, 0.97) if rest == _REST_OF_X and checks.REGIONS[int(value[:2])] else None


def _pupil(text: str, at: int, end: int, apart: bool) -> Found | None:
    """The identity card's number in that of a pupil, behind its G."""
    found = _PUPIL.match(text, at, end)
    if found is None:
        return None
    total = sum(int(d) * w for d, w in zip(found[1][:17], checks.ID_WEIGHTS.tolist(), strict=False))
    right = chr(int(checks.ID_CHECKS[total % 11])) == found[1][17].upper()
    return (*found.span(1), found[1].upper(), 0.95) if right and checks.REGIONS[int(found[1][:2])] else None


def _bare_mac(text: str, at: int, end: int, apart: bool) -> Found | None:
    """Twelve hexadecimal digits, letters and figures both."""
    found = _TWELVE.match(text, at, end) if apart else None
    return (at, found.end(), ":".join(re.findall("..", found.group().upper())), 0.85) if found else None


def _vector(text: str, at: int, end: int, apart: bool) -> Found | None:
    """A list of decimals, as a face or a finger is kept for comparison."""
    found = _DECIMALS.match(text, at - (text[at - 1 : at] == "["), end) if apart else None
    return (found.start(), found.end(), "".join(found.group().split()), 0.85) if found else None


def _job(text: str, at: int, end: int, apart: bool) -> Found | None:
    """An occupation behind its label, or behind words that say that somebody holds it."""
    if not apart and not text[max(0, at - 12) : at].rstrip(" a").endswith(_HOLDS):
        return None
    found = _JOB.match(text, at, end)
    return (at, found.end(), fold_text(found.group()).lower(), 0.75) if found else None


def _bare_age(text: str, start: int, end: int, label: int) -> Found | None:
    """All that a cell of a column of ages holds: 6."""
    age = text[start:end].strip(" \t\"'\r") if label == _AGE else ""
    return (start, start + len(age), age, 0.85) if age.isdecimal() and len(age) <= 3 and int(age) <= _OLDEST else None


_PUPIL: Final = re.compile(r"[Gg](\d{17}[\dXx])(?![A-Za-z0-9])")
_TWELVE: Final = re.compile(r"(?=[0-9]*[A-Fa-f])(?=[A-Fa-f]*[0-9])[0-9A-Fa-f]{12}(?![\w.])")
_DECIMALS: Final = re.compile(r"(?:[A-Za-z]{1,4}_)?\[?-?\d\.\d{3,}(?:,\s?-?\d\.\d{3,}){3,}\]?")
_JOB: Final = re.compile(JOBS)
_HOLDS: Final = ("，任", ",任", "现任", "担任", "岗位为", "岗位是", "职位为", "职位是", "currently")
_FOUR_NUMBERS: Final = re.compile(r"(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})(?![\w.])")
_SPACES: Final = (" ", "\u3000")
_SPACED: Final = re.compile(
    rf"[{_DIGITS}](?:[ \u3000]{{1,2}}[{_DIGITS}]){{16}}[ \u3000]{{1,2}}[Xx\uff38\uff58](?![A-Za-z0-9])"
)
_REST_OF_X: Final = 2  # of the weighted sum modulo 11
_FAITHS: Final = r"(?:佛教|道教|基督教|天主教|伊斯兰教|东正教|犹太教|印度教|藏传佛教|摩门教)(?:徒)?(?![\u4e00-\u9fff])"
_DEVICE: Final = re.compile(rf"[{_DIGITS}](?:[- /]?[{_DIGITS}]){{14,15}}(?![A-Za-z{_DIGITS}])")
_GIVEN_OUT: Final = re.compile(r"(?:open|union)[-_ ]?id[\"'：:=\s]{1,8}\Z", re.IGNORECASE)
_OPEN_ID: Final = re.compile(r"o(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{26,29}(?![A-Za-z0-9_-])")
_SNAKE: Final = re.compile(r"[a-z]+(?:_[a-z]+)+")  # words of a program
_ACCOUNT: Final = re.compile(r"[A-Za-z][-_A-Za-z0-9]{5,19}(?![A-Za-z0-9@]|\.[A-Za-z0-9])")
_MILITARY: Final = re.compile(r"[军兵士文职武空海警学干参政后装]{1,3}字第[A-Z]?[0-9０-９]{4,10}[A-Z]?号")
_NUMBER: Final = rf"[{_DIGITS}]"
_APART: Final = ("age", "postcode")
_READERS: Final[dict[str, _Reader]] = {
    "birth_date": birth_date,
    "gender": _gender(
        r"[男女]性?(?![\u4e00-\u9fff]|\s?[、/／或]\s?[男女])|(?:female|male|Female|Male|[FM])(?![A-Za-z])"
    ),
    "ethnicity": _either(
        _form(r"[\u4e00-\u9fff]{1,5}族(?!群)", 0.9, clean=False),
        _form(rf"(?:{ETHNIC_GROUPS})(?![\u4e00-\u9fff])", 0.8, apart=True, clean=False),
    ),
    "qq": _form(rf"[1-9\uff11-\uff19]{_NUMBER}{{4,10}}(?![A-Za-z{_DIGITS}]|\.\d)", 0.9),
    "wechat": _wechat,
    "imei": _imei,
    "device_id": device_id,
    "mac": _either(_form(r"(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}(?![\w.])", 0.9), _bare_mac),
    "ip": _ip,
    "id_card": _either(_spaced_id_card, _pupil),
    "imsi": _form(rf"{_NUMBER}{{14,15}}(?![A-Za-z{_DIGITS}])", 0.8),
    "organisation": _form(
        r"(?=[A-Za-z0-9（）()·&]*[\u4e00-\u9fff])[\u4e00-\u9fffA-Za-z0-9（）()·&]{3,30}", 0.7, apart=True, clean=False
    ),
    "social_security": _form(rf"[A-Z]?{_NUMBER}{{8,18}}X?(?![A-Za-z{_DIGITS}])", 0.85),
    "provident_fund": _form(rf"{_NUMBER}{{8,20}}(?![A-Za-z{_DIGITS}])", 0.85),
    "driving_licence": _form(
        rf"(?:{_NUMBER}{{2}}[- ]?{_NUMBER}{{2}}[- ]?{_NUMBER}{{6}}[- ]?{_NUMBER}{{2}}|{_NUMBER}{{7,12}}"
        r"|(?=(?:[A-Z]*\d){4})[A-Z\d]{7,18}|(?=(?:[a-z]*\d){5})[a-z\d]{8,18}"
        r"|[A-Z]\d{3}(?:-\d{4}){2,3}|[A-Z]{2}-?\d{2}[- ]\d{11})(?![A-Za-z0-9-])",
        0.85,
    ),
    "medical_record": _form(r"[A-Za-z]{0,4}[-_]?\d[-\d]{3,18}(?![A-Za-z0-9])", 0.85),
    "taiwan_permit": _form(r"\d{8}(?:\d\d)?(?![A-Za-z0-9])", 0.85),
    "passport": _form(
        r"(?:\d{9}|[A-Z]\d{7}[A-Z]|[A-Z]\d{3}[A-Z]\d{4}|\d\d[A-Z]{2}\d{5}|[A-Za-z]{1,3}\d{6,9}|[CFGHJK](?=(?:[A-Z]*\d){3})[0-9CFGHJ-NPRTV-Z]{8})"
        r"(?![A-Za-z0-9])",
        0.82,
    ),
    "military_id": _form(
        rf"[\u4e00-\u9fff]{{1,4}}字第[A-Z]?\d{{4,10}}[A-Z]?号?|{_NUMBER}{{6,10}}(?![A-Za-z{_DIGITS}])", 0.9, clean=False
    ),
    "financial_account": _form(rf"[A-Za-z]{{0,4}}-?{_NUMBER}[-{_DIGITS}]{{5,19}}(?![A-Za-z{_DIGITS}])", 0.85),
    "religion": _either(_form(_FAITHS, 0.85, clean=False), _phrase(10, 0.85)),
    "health": _phrase(40, 0.8),
    "criminal_record": _phrase(40, 0.85),
    "sexual_orientation": _phrase(8, 0.85),
    "disability": _phrase(16, 0.8),
    "occupation": _job,
    "biometric": _either(
        _vector, _form(r"(?=[A-Za-z+/=_:.-]*\d)[A-Za-z0-9+/=_:.-]{12,}", 0.85, apart=True, clean=False)
    ),
    **{type: _form(form, 0.85, apart=type in _APART, clean=False) for type, form in FORMS.items()},
    "credit": _form(
        r"\d{3}(?:分|(?![\d.,万元]))|[¥￥]?\d[\d,.]{0,12}\s*(?:万?元|万)|[^\s,，。;；:：]{0,10}逾期[^\s,，。;；]{0,20}",
        0.8,
        clean=False,
    ),
}  # fmt: skip
_PRINTED: Final = frozenset({"age", "ethnicity", "postcode", "religion"})
"""Types whose forms are narrow enough for a blank behind a Chinese label."""
_TOLD_BEHIND: Final = frozenset({"passport", "driving_licence"})
_WORDS: Final = frozenset({"gender", "ethnicity"})  # types whose values are common words
_TYPE_OF: Final = {label_id(type): type for type in _READERS}
_IS_READ: Final = np.zeros(256, np.bool_)  # by label; the last is that of -1
_IS_READ[list(_TYPE_OF)] = True
_AGE: Final = label_id("age")
_OLDEST: Final = 120  # years
_OF_ALL: Final = ("均", "人均", "平均", "中位")
"""Before a word for income that is nobody's: 月均收入."""
_EMPTY: Final = frozenset("□☐○◯")
_IP: Final = label_id("ip")
_LICENCE: Final = label_id("driving_licence")
_BIRTH: Final = label_id("birth_date")


def find(view: View) -> Iterator[Candidate]:
    """Values behind labels in the text, and in columns of tables."""
    text = view.text
    words = view.labelled
    chosen = _IS_READ[words.label]
    cards = view.numbers[view.numbers[:, 0] == checks.ID_CARD, 1]  # whether they are licences too, `numbers` says
    chosen &= (words.label != _LICENCE) | ~np.isin(words.value, cards)
    if not len(view.cells):  # an address behind its label is known by its form
        known = view.numbers[view.numbers[:, 0] == checks.IPV4, 1]
        chosen &= (words.label != _IP) | ~np.isin(words.value, known)
    for label, start, end, at in zip(
        words.label[chosen].tolist(), words.start[chosen].tolist(), words.end[chosen].tolist(),
        words.value[chosen].tolist(), strict=True,
    ):  # fmt: skip
        type = _TYPE_OF[label]
        if type == "wechat" and text[start:end].lower() == "wxid":  # the word is part of the account
            at = start
        elif type == "wechat" and at == end and text[start:end].isascii() and text[at : at + 1].isupper():
            continue  # the beginning of a longer name: wxWidgets
        elif (type == "wechat" and (_is_glued(text, start, end) or "\n" in text[end:at])) or (
            type == "age"
            and (
                (text[start:end] == "age" and text[end : end + 1] not in _QUOTES)
                or _OF_A_THING.search(text, max(0, start - 9), start)
            )
        ):  # age = 3, COOKIE_AGE
            continue
        if text[at : at + 1] == "." and (stop := _STOP.match(text, end, end + 12)):  # Social insurance no.: 33
            at = stop.end()
        if text[at : at + 1] == " ":  # a column far to the right
            at = _BLANKS.match(text, at, at + _AROUND).end()  # type: ignore[union-attr]
        if text[at : at + 1] in _VERBS and (verb := _IS.match(text, end, end + 12)):
            at = verb.end()
        if text[at : at + 1] in _BRACKETS and (hint := _HINT.match(text, at, at + 40)):
            at = hint.end()
        elif type in _OPTIONS and text[at : at + 1] in _BOXES and (options := CHECKED.match(text, at, at + 60)):
            at = options.end()
        elif type == "birth_date" and (place := _BORN_AT.match(text, at, at + 40)):
            at = place.end()
        elif type == "health" and text[at : at + 1] in _BRACKETS and (site := _SITE.match(text, at, at + 20)):
            at = site.end()
        elif type == "occupation" and _is_advertised(text, start):
            continue
        elif type == "income":
            if _is_advertised(text, start) or text[max(0, start - 2) : start].endswith(_OF_ALL):
                continue
            at += text[at : at + 1] in ("从", "由", "约", "仅", "只")
        gap = text[end:at]
        if "==" in gap or text[at : at + 1] in _EMPTY:  # a comparison in a program; a box that is left open
            continue
        listed = "," in gap and ('"' in gap or "'" in gap)  # a list of names has no values
        if listed and type in _WORDS:
            continue
        apart = not _SIGNS.isdisjoint(gap) and not listed
        apart |= type == "postcode" and not gap and not text[end - 1].isascii()  # 邮编518000
        apart |= type in _PRINTED and gap.isspace() and "\n" not in gap and not text[end - 1].isascii()  # 年龄 44
        found = None
        if text[start:end] != "出生" or not BEFORE.search(text, max(0, start - 16), start):  # 1988年1月出生，2025年
            found = _READERS[type](text, at, min(len(text), at + _REACH), apart)
        if found is None and type in _TOLD_BEHIND:
            found = _behind(text, type, start)
        if found is not None:
            yield _candidate(type, found)
            if type == "income" and (raised := _RAISED.match(text, found[1], found[1] + 20)):
                yield _candidate(type, (*raised.span(1), raised[1], 0.75))
        elif (
            label == _BIRTH
            and (before := BEFORE.search(text, max(0, start - 16), start))
            and not _OF_MANY.match(text, end)
        ):
            found = birth_date(text, before.start(), start, True)
            if found is not None:
                yield _candidate(type, found)
    for start in view.words.start[view.words.of("marks/born")].tolist():
        for born in BORN.finditer(text, max(0, start - 20), start + 3):
            if born.end() > start and (found := birth_date(text, born.start(), born.end(), True)):
                yield _candidate("birth_date", found)
    for start in view.words.start[view.words.of("marks/military")].tolist():
        if form := _MILITARY.search(text, max(0, start - 3), start + 14):
            yield _candidate("military_id", (*form.span(), fold_text(form.group()), 0.9))
    yield from _in_cells(view)


def _in_cells(view: View) -> Iterator[Candidate]:
    text = view.text
    known: dict[tuple[int, str], tuple[int, int, str, float] | None] = {}  # the same cells come again and again
    for start, end, label in view.cells[_IS_READ[view.cells[:, 2]]].tolist():
        while start < end and text[start] in " \"'\t":
            start += 1
        type = _TYPE_OF[label]
        key = label, text[start - 1 : end]
        if start and type in _BY_THEMSELVES and key in known:
            if told := known[key]:
                first, last, value, score = told
                yield _candidate(type, (start + first, start + last, value, score))
            continue
        found = _READERS[type](text, start, end, True) or _bare_age(text, start, end, label)
        if start and type in _BY_THEMSELVES:
            known[key] = None if found is None else (found[0] - start, found[1] - start, *found[2:])
        if found is not None:
            yield _candidate(type, found)


_BY_THEMSELVES: Final = frozenset({"birth_date", "gender", "ethnicity"})
"""Types whose readers look at nothing but a cell and the sign before it."""


def _behind(text: str, type: str, label: int) -> Found | None:
    """The value before its label: … is my passport number."""
    before = TOLD_AFTER.search(text, max(0, label - _REACH), label)
    return _READERS[type](text, before.start(1), before.end(1), True) if before else None


def _is_advertised(text: str, at: int) -> bool:
    """Whether a vacancy speaks of pay; 期望 and 现 are an applicant's words."""
    line = max(text.rfind("\n", max(0, at - _AROUND), at), text.rfind("\x00", max(0, at - _AROUND), at)) + 1
    line = max(line, at - _AROUND)
    stop = re.search("[\n\x00]", text[at : at + _AROUND])
    around = text[line : at + (stop.start() if stop else _AROUND)]
    return _ADVERTISED.search(around) is not None and "期望" not in around and "本人" not in around


def _is_glued(text: str, start: int, end: int) -> bool:
    """Whether a label of two letters is but the end of something longer, as in base64, or an option: -vx."""
    before = text[start - 1 : start]
    return end - start == 2 and before.isascii() and (before.isalnum() or before in ("-", "+", "/", "_"))


def _candidate(type: str, found: Found) -> Candidate:
    start, end, value, score = found
    return Candidate(start, end, type, score, "calendar" if type == "birth_date" else "context", _DETECTOR, value)
