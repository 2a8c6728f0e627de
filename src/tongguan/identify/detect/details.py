"""Particulars in a row: 张三，男，已婚，同济大学硕士，护士. One of them between separators says little; two of
different kinds in one row speak of one person. An age also stands by itself where a name, a word for a person, or a
bracket behind a name is beside it: 其母李梅（58岁）, 今年12岁.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import numpy as np

from tongguan.identify.detect.facts import JOBS, SCHOOLING
from tongguan.identify.detect.names import SURE_NAME
from tongguan.identify.detect.particulars import ETHNIC_GROUPS
from tongguan.identify.detect.view import Candidate, View
from tongguan.identify.detect.words import role_bits

__all__ = ["NO_ROW", "find"]

_DETECTOR: Final = "particulars"
_AGE: Final = r"(?:(?:1[01]|[1-9])?\d|[一二三四五六七八九十]{1,3})\s?周?[岁歲]半?"
_KINDS: Final = {
    "gender": r"[男女](?:性|士)?",
    "age": rf"(?:今年|现年|时年|年约|年)?({_AGE})",
    "ethnicity": rf"(?:{ETHNIC_GROUPS})族",
    "marital_status": r"(?:[未已]婚(?:[已未]育|有[子娃孩]|带[娃孩])?|离[婚异](?:[已未]育|带[娃孩]|未告知)?"
    r"|丧偶|喪偶|再婚|单身|單身|分居)",
    "education": SCHOOLING,
    "occupation": rf"(?:{JOBS}|无业|待业|务农|退休(?:工人|教师|干部|职工|人员)?"
    r"|学生|個體戶|个体工商户|个体经营者|自由职业者?|家庭主妇|军人|退役军人"
    r"|飞行员|农民工|厨师|保姆|月嫂|教练|讲师|工匠|渔民|牧民|商人|演员|模特|主播|博主|做[\u4e00-\u9fff]{2,4}的)",
    "religion": r"(?:信仰?|信奉)?(?:佛教|道教|基督教|天主教|伊斯兰教|东正教|印度教|犹太教|藏传佛教)徒?"
    r"|信佛|穆斯林|基督徒|佛教徒",
    "birth_date": r"(?:19|20)\d\d(?:年|[-/.])\s?\d{1,2}(?:月|[-/.])?(?:\s?\d{1,2}日?)?\s?(?:出?生)?",
}  # fmt: skip
_WHOLE: Final = {kind: re.compile(form) for kind, form in _KINDS.items()}
_ANY: Final = re.compile(rf"(?![0-9]+\Z)(?:{'|'.join(f'(?:{form})' for form in _KINDS.values())})")
"""What fails it, as most parts do, is of no kind."""
_TOLD: Final = frozenset({"gender", "age", "ethnicity", "marital_status", "education", "occupation", "religion"})
_SURE: Final = frozenset({"gender", "age", "ethnicity", "birth_date"})
"""Kinds of which a row needs one."""
_PART: Final = re.compile(r"[^，,、/|｜;；（）()\t\n\x00。 \u3000“”\"'：:\[\]且]+")
_EDGE: Final = re.compile("[。！？!?\n\x00]")
_AROUND: Final = 60  # characters to either side of a mark in which its row lies
NO_ROW: Final = re.compile(
    r"诚聘|招聘|急聘|招募|招工|岗位|任职|应届|五险|不限|以上学历|优先|占比?\s?\d|比例|分布|统计|选项|可选|必填|[□☐○◯]"
    r"|枚举|字典|取值|编码|受访|样本|平均|enum|\bhiring\b",
    re.IGNORECASE,
)
"""What offers work, counts people, or lists what may be chosen."""
_GOES_ON: Final = ("占", "占比")
"""What is offered or counted where a number stands behind the part."""


def find(view: View) -> Iterator[Candidate]:
    """Sex, age, ethnic group, marriage, schooling and work in rows; ages beside a person."""
    yield from _rows(view)
    yield from _ages(view)


def _rows(view: View) -> Iterator[Candidate]:
    text, words, units = view.text, view.words, view.units
    chosen = words.told[(words.roles[words.told] & role_bits(_MARKS)) > 0]
    ends = words.end[chosen]
    hopeful = _MAY_END[units[ends - 1]] | _MAY_END[units[np.minimum(ends, len(units) - 1)]]
    done, known = -1, _Known()
    for i in chosen[hopeful].tolist():
        start = int(words.start[i])
        if start >= done and _SET_APART.search(text, max(0, start - 1), int(words.end[i]) + 3):
            first, done = _row(text, start)
            yield from _read(text, first, done, known)


_MARKS: Final = ("marks/sex", "marks/age", "marks/group", "marks/born")
_MAY_END: Final = np.zeros(65536, np.bool_)
_MAY_END[[ord(c) for c in "岁歲性士，,、/|｜;；（()）\t\n\x00。 \u3000\"':：[]"]] = True
_SET_APART: Final = re.compile(
    r"[男女](?:性|士)?(?=[，,、/|｜;；（()）\t\n。 \u3000\"':：\[\]])|[\d一二三四五六七八九十周]\s?[岁歲]"
    r"|[族生](?=[，,、/|｜;；（()）\t\n。 \u3000\"'\x00]|\Z)"
)
"""How the part of a row that gives it away ends."""


def _row(text: str, at: int) -> tuple[int, int]:
    """The line or sentence around a place, as far as a row may reach."""
    first = max(0, at - _AROUND)
    for edge in _EDGE.finditer(text, first, at):
        first = edge.end()
    edge_behind = _EDGE.search(text, at + 1, min(len(text), at + _AROUND))
    return first, edge_behind.start() if edge_behind else min(len(text), at + _AROUND)


class _Known(dict[str, tuple[str, int, int] | None]):
    """Of the parts of one text which kind each is as a whole, and where in it that is told; None for most. The same
    parts come again in rows of a table. `odd`: those in rows that may be none."""

    def __init__(self) -> None:
        super().__init__()
        self.odd: set[str] = set()

    def __missing__(self, part: str) -> tuple[str, int, int] | None:
        self[part] = told = None if _ANY.fullmatch(part) is None else _kind(part)
        if NO_ROW.search(part) or part.endswith(_GOES_ON):
            self.odd.add(part)
        return told


def _kind(part: str) -> tuple[str, int, int] | None:
    for kind, form in _WHOLE.items():
        if whole := form.fullmatch(part):
            return kind, *whole.span(whole.lastindex or 0)
    return None


def _read(text: str, first: int, last: int, known: _Known) -> Iterator[Candidate]:
    """The parts of a row that are particulars as a whole, where two kinds or more are."""
    parts = _PART.findall(text, first, last)
    kinds = {told[0] for part in parts if (told := known[part])}
    if len(kinds) < 2 or _SURE.isdisjoint(kinds):
        return
    if not known.odd.isdisjoint(parts) and NO_ROW.search(text, first, last):
        return
    found: dict[str, list[tuple[int, str, int, int]]] = {}
    at = first
    for part in parts:
        at = text.index(part, at)
        if told := known[part]:
            kind, begin, end = told
            found.setdefault(kind, []).append((at, part, begin, end))
        at += len(part)
    for kind, told_parts in found.items():
        if kind in _TOLD and len({part for _, part, _, _ in told_parts}) == 1:  # 未婚、已婚 are there to be chosen from
            for at, part, begin, end in told_parts:
                yield Candidate(at + begin, at + end, kind, 0.7, "context", _DETECTOR, part[begin:end])


_BY_WORD: Final = re.compile(
    r"(?:今年|现年|時年|时年|年仅|年方|[他她我](?:今年|已经?|才|都|快)?|本人|孩子|儿子|女儿|儿媳|老人|父亲|母亲|妈妈"
    r"|爸爸|奶奶|爷爷|外婆|外公"
    r"|孙[子女]|[小少]?姑娘|患者|患儿|男子|女子|小伙|司机|员工|同学)(?:今年|现年|现在?|已经?|才|刚满?"
    rf"|都)?\s?[:：,，]?\s?({_AGE})"
)
_AFTER_NAME: Final = re.compile(
    rf"(?:[父母妻夫儿女子弟妹姐哥妈爸奶爷]|[\s(（,，、：:。]|\A)(?:{SURE_NAME})\s?[(（,，]\s?({_AGE})\s?(?=[)）,，])"
)
_GENERAL_AGE: Final = re.compile(
    r"多少|几岁|倍|平均|年龄段|岁组|适合|适用|限|免费|半价|规定|人群|儿童票|读物|退休年龄|法定|以下|以上|以内|不满"
    r"|未满|岁至|岁到|岁[-~—]|[-~—至到]\d{1,2}岁"
)


def _ages(view: View) -> Iterator[Candidate]:
    text, words = view.text, view.words
    for start in words.start[words.of("marks/age")].tolist():
        first, last = _row(text, start)
        if _GENERAL_AGE.search(text, max(first, start - 24), min(last, start + 24)):
            continue
        for form in (_BY_WORD, _AFTER_NAME):
            for found in form.finditer(text, max(first, start - 16), min(len(text), start + 4)):
                if found.start(1) < start < found.end(1):
                    yield Candidate(*found.span(1), "age", 0.7, "context", _DETECTOR, found[1])
