"""What names of files, folders and members of archives hold: numbers, addresses and secrets by the recognisers of text,
persons by the documents that the names speak of (简历-李娜.pdf, 身份证/王五.jpg, Resume_John_Smith.docx).

Most names hold nothing and are told by a few patterns: only the others cost a look by the recognisers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, Final

from tongguan.identify.detect.characters import units_of
from tongguan.identify.detect.names import (
    HAN_CLASS,
    candidate_of,
    is_full_name,
    is_given,
    is_likely_name,
    is_no_name,
)
from tongguan.identify.detect.overlaps import resolve
from tongguan.identify.detect.pinyin import is_written_name
from tongguan.identify.detect.terms import is_personal
from tongguan.identify.detect.view import BREAK, Candidate
from tongguan.identify.detect.words import read_words
from tongguan.shipped_yaml import shipped_yaml

__all__ = ["find"]

Read = Callable[[str], Sequence[Candidate]]

_DETECTOR: Final = "file_names"
_LONGEST: Final = 2_000  # characters of a name; nothing that keeps files allows more
_LIKELY: Final = 0.65  # the least score of what has neither check nor label


def find(names: Sequence[str], read: Read, *, every: bool = False) -> list[list[Candidate]]:
    """What each name holds, in its offsets. `read`: what the recognisers propose of a text, ordered by start. `every`:
    each name is given to it, since there are others that look for what nobody here knows."""
    laid = [_laid_out(name[:_LONGEST]) for name in names]
    found: list[list[Candidate]] = [list(_persons(text, name)) for text, name in zip(laid, names, strict=True)]
    hinting = [n for n, text in enumerate(laid) if every or _hints(text)]
    for n, candidates in zip(hinting, _read(read, [laid[n] for n in hinting]), strict=True):
        kept = [_without_sign(one) for one in candidates if _counts(one, laid[n])]
        found[n] += [*kept, *_beside(laid[n], kept)]
    told = [n for n, candidates in enumerate(found) if any(one.detector == _DETECTOR for one in candidates)]
    for n, candidates in zip(told, _read(_terms, [laid[n] for n in told]), strict=True):
        found[n] += candidates
    return [resolve(candidates) if len(candidates) > 1 else candidates for candidates in found]


def _read(read: Read, texts: Sequence[str]) -> Iterator[list[Candidate]]:
    """What is proposed of each text, of which all are read at once."""
    candidates, at, start = read(BREAK.join(texts)) if texts else (), 0, 0
    for text in texts:
        own = []
        while at < len(candidates) and candidates[at].start < start + len(text):
            one = candidates[at]
            own.append(one._replace(start=one.start - start, end=one.end - start))
            at += 1
        yield own
        start += len(text) + len(BREAK)


# ---- the layout of names

_EXTENSION: Final = re.compile(r"\.(?=[^.]*[A-Za-z])[A-Za-z0-9_~-]{1,10}")
_DOMAIN: Final = re.compile(
    r"@[^\n@]*\.(?:com|cn|net|org|edu|gov|hk|mo|tw|io|me|jp|kr|sg|uk|de|fr|ru|au|ca|us)$", re.IGNORECASE
)


def _laid_out(name: str) -> str:
    """A name of the same length for recognisers of text: each folder a line, the extension blank."""
    text = name.translate(_LINES)
    at = text.rfind(".")
    if at >= 0 and _EXTENSION.fullmatch(text, at) and ("@" not in text or _DOMAIN.search(text) is None):
        at -= 4 * text.endswith(".tar", 0, at)
        return text[:at] + " " * (len(text) - at)
    return text


_LINES: Final = {ord("/"): "\n", ord("\n"): " ", 0: " "}
_NOISE: Final = re.compile(
    r"(?<![\dA-Za-z])(?:(?:19|20)\d\d[-_.]?[01]\d[-_.]?[0-3]\d"
    r"(?:[-_. Tt]{0,3}[0-2]\d[-_.:]?[0-5]\d(?:[-_.:]?[0-5]\d\d{0,6})?)?"
    r"|[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}|(?=[0-9]*[a-f])[0-9a-f]{16,})(?![\dA-Za-z])"
    r"|(?<!\d)1[4-9]\d{11}(?!\d)",
    re.IGNORECASE,
)
"""Dates and times, UUIDs, hashes, milliseconds since 1970."""
# Each begins with a few characters, which the engine of patterns looks for fast; letters are small ones.
_NUMERIC: Final = re.compile(r"\d(?:[-. ]?\d){9}")
_LETTERED: Final = re.compile(r"\d(?:[-. ]?\d){5}")
_HINTS: Final = (
    re.compile(r"[@＠=:：]"),
    re.compile(r"gh[po]_|glpat-|sk-|sk_|akia|xox[abp]-|aiza|eyj"),
    re.compile(r"[零〇一二三四五六七八九]{7}"),
    re.compile(r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][a-z][·-]?[a-z0-9]{5}"),
    re.compile(r"\d[号弄栋幢室]"),
    re.compile(
        "姓名|患者|病人|微信|车牌|牌照|号码|护照|通行证|病历|病案|住院|卡号|账号|帐号|户名|住址|地址|手机|电话|邮箱|学号|工号"
        "|身份证|密码|口令|密钥|出生|生日|阳性|qq"
    ),
)
_LABELS: Final = re.compile(r"(?:passport|ssn|dob|born|licen[cs]e|iban|wechat|skype)[^\n]{0,12}\d{6}")


def _hints(text: str) -> bool:
    """Whether a name may hold anything that recognisers know."""
    text = text.lower()
    hints = _HINTS[:2] if text.isascii() else _HINTS
    if any(hint.search(text) for hint in hints):
        return True
    if _NUMERIC.search(text) is not None and _NUMERIC.search(_NOISE.sub(" ", text)) is not None:
        return True
    return _LETTERED.search(text) is not None and _LABELS.search(text) is not None


_NOT_IN_NAMES: Final = frozenset({"ip", "mac", "organisation", "place", "user_agent"})
"""Versions of four numbers, parts of builds; firms and places are nobody's."""
_PHOTO: Final = re.compile(r"\d{10,11}_[0-9a-f]{10}(?![0-9a-f])")
"""As photographs are called by a site that keeps many."""

_RELEASE: Final = re.compile(r"@\d+\.\d")
"""A package and its version: react@18.2.0.min."""


def _counts(one: Candidate, text: str) -> bool:
    """Whether what is proposed of a text counts in a name."""
    if one.type in _NOT_IN_NAMES or one.score < _LIKELY:
        return False
    if one.type == "email":
        return _RELEASE.search(one.value) is None
    return not (one.type == "phone" and _PHOTO.match(text, one.start))


def _without_sign(one: Candidate) -> Candidate:
    """An address without the sign that parts it from the word before it."""
    signs = len(one.value) - len(one.value.lstrip("_-+.")) if one.type == "email" else 0
    return one._replace(start=one.start + signs, value=one.value[signs:]) if signs else one


# ---- persons

_SIGNS: Final = re.compile(r"[^\s_\-—–.+&,，、;；:：=~#@!！()（）\[\]【】{}《》〈〉「」“”\"'|]+")
_ENDS: Final = re.compile(r"^(?:\d+[年月日号]?)+|(?:\d+[年月日号]?)+$")
"""Numbers and dates at the ends of a word."""
_NUMBER: Final = frozenset({"id_card", "phone", "bank_card", "passport", "email", "hk_macao_permit", "social_security"})
"""Beside which a word that looks like a name is one."""


_ADDRESSED: Final = "同志|同学|老师|医生|先生|女士|小姐|本人"
_SIDES: Final = "正面|反面|正反面|国徽面|人像面|原件|复印件|扫描件|照片"


@cache
def _words() -> dict[str, frozenset[str]]:
    loaded: dict[str, Any] = shipped_yaml(__package__, "file_names.yaml")
    return {key: frozenset(words.split() if isinstance(words, str) else words) for key, words in loaded.items()}


def _any(words: frozenset[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    words = _words()
    personal = _any(words["personal"])
    han = f"[{HAN_CLASS}]"
    return {
        "personal": re.compile(personal),
        "document": re.compile(_any(words["personal"] | words["parties"])),
        "before": re.compile(rf"({han}{{2,4}}?)(?:{_ADDRESSED})?的?(?:个人|本人|最新|电子)?(?:{personal})"),
        "behind": re.compile(rf"(?:{personal})(?:{_SIDES})?({han}{{2,4}})$"),
        "latin": re.compile(rf"(?:{_any(words['latin']).replace(chr(92) + ' ', '[ _-]?')})(?![a-z])"),
    }


def _persons(text: str, name: str) -> Iterator[Candidate]:
    """Persons whose documents the name, or the folder around it, says that they are."""
    patterns = _patterns()
    if not text.isascii() and patterns["document"].search(text) is not None:
        yield from _han_persons(text, patterns)
    if (small := name.lower()).endswith(_DOCUMENTS):
        for found in patterns["latin"].finditer(small, 0, len(text)):
            if not found.start() or not small[found.start() - 1].isalpha():
                yield from _latin_persons(text, found.start())
                break


def _han_persons(text: str, patterns: dict[str, re.Pattern[str]]) -> Iterator[Candidate]:
    personal = patterns["personal"].search(text) is not None
    for first, last in _lines(text):
        own = patterns["document"].search(text, first, last) is not None
        segments = list(_segments(text, first, last))
        if own:
            for start, end in segments:
                if glued := _glued(text[start:end], patterns):
                    yield _named(text, start + glued[0], start + glued[1], 0.7)
                elif is_name(text[start:end]):
                    yield _named(text, start, end, 0.7)
        elif personal and len(segments) == 1 and is_name(text[slice(*segments[0])]):
            yield _named(text, *segments[0], 0.65)


def _lines(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for part in text.split("\n"):
        yield start, start + len(part)
        start += len(part) + 1


def _segments(text: str, first: int, last: int) -> Iterator[tuple[int, int]]:
    """The words between signs, without digits at their ends."""
    for found in _SIGNS.finditer(text, first, last):
        word = found.group()
        led = _ENDS.match(word)
        start = found.start() + (led.end() if led else 0)
        word = text[start : found.end()]
        trailed = _ENDS.search(word, 1)
        end = found.end() - (len(trailed.group()) if trailed else 0)
        if end - start >= 2:
            yield start, end


def _glued(word: str, patterns: dict[str, re.Pattern[str]]) -> tuple[int, int] | None:
    """A name that stands right before or behind the word of a document: 李娜的简历, 身份证正面张三."""
    for found in (patterns["before"].match(word), patterns["behind"].search(word)):
        if found and is_name(found[1]):
            return found.span(1)
    return None


_FAMILIES: Final = "任于向安项关常成单应时"
"""Common family names that begin many other words, which are told from names by `never`."""
_GIVEN: Final = "杨想"
"""Further characters that are a whole given name, though they make few of two."""


def is_name(word: str) -> bool:
    """Whether a word between signs is a name in characters, rather than another word of titles."""
    if "·" in word:
        return re.fullmatch(rf"[{HAN_CLASS}]{{2,6}}(?:·[{HAN_CLASS}]{{2,8}}){{1,2}}", word) is not None
    words = _words()
    never = words["never"]
    if word in never or word[:2] in never or word in words["words"] or word in words["towns"]:
        return False
    if is_no_name(word) or is_no_name(word[:2]):
        return False
    if len(word) == 2:
        given = is_given(word[1]) or word[1] in _GIVEN
        return is_likely_name(word) or (given and is_full_name(word) and (word[0] in _FAMILIES or word[1] in _GIVEN))
    if len(word) == 3:
        return is_likely_name(word) or (is_full_name(word) and is_given(word[1]) and is_given(word[2]))
    return len(word) == 4 and is_full_name(word)


_DOCUMENTS: Final = (
    ".pdf", ".doc", ".docx", ".rtf", ".odt", ".pages", ".wps", ".jpg", ".jpeg", ".png", ".heic", ".tif", ".tiff",
    ".bmp", ".zip", ".rar", ".7z", ".xls", ".xlsx", ".txt", ".eml", ".msg",
)  # fmt: skip
_CAPITAL: Final = re.compile(r"[A-ZÀ-Þ][a-zß-ɏ]{1,14}(?:['’-][A-Z][a-z]+)?")


def _latin_persons(text: str, document: int) -> Iterator[Candidate]:
    """Two or three capitalised words beside 简历 in English: Vedant_Salvekar_Resume, Resume - John Smith."""
    first = text.rfind("\n", 0, document) + 1
    last = text.find("\n", document)
    last = len(text) if last < 0 else last
    run: list[tuple[int, int]] = []
    for start, end in [*_segments(text, first, last), (last, last)]:
        word = text[start:end]
        if _CAPITAL.fullmatch(word) and word.lower() not in _words()["roles"] and len(run) < 4:
            run.append((start, end))
            continue
        if 2 <= len(run) <= 3:
            yield _named(text, run[0][0], run[-1][1], 0.65)
        run = []


def _named(text: str, start: int, end: int, score: float) -> Candidate:
    value = re.sub(r"[_\-.+]+", " ", text[start:end]) if text[start].isascii() else text[start:end]
    return candidate_of(start, end, value, score)._replace(detector=_DETECTOR)


def _beside(text: str, known: Sequence[Candidate]) -> Iterator[Candidate]:
    """Names in the same folder's or file's name as a number of a person."""
    told = [one.start for one in known if one.type in _NUMBER]
    for first, last in _lines(text) if told else ():
        if any(first <= start < last for start in told):
            for start, end in _segments(text, first, last):
                word = text[start:end]
                if is_name(word) or is_written_name(word):
                    yield _named(text, start, end, 0.65)


def _terms(text: str) -> list[Candidate]:
    """Illnesses and the like, in names that say of whom."""
    words, found = read_words(units_of(text)), list[Candidate]()
    for type in ("health", "criminal_record", "disability", "religion"):
        for i in words.of(f"terms/{type}").tolist():
            start, end = int(words.start[i]), int(words.end[i])
            if is_personal(text, start, end):
                found.append(Candidate(start, end, type, 0.75, "context", "terms", text[start:end].lower()))
    return sorted(found)
