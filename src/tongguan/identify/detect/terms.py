"""Words that are sensitive by themselves once they are said of a person: illnesses, faiths, convictions, and the like.

The classes are those of GB/T 45574-2025 annex A that free text may hold. A term counts with a cue of its kind near it
in the same sentence; not where it is denied (否认高血压), nor where the sentence speaks of no one (糖尿病防治指南).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import numpy as np

from tongguan.identify.detect.view import Candidate, View

__all__ = ["find", "is_personal"]

_DETECTOR: Final = "terms"
_REACH: Final = 16  # characters between a term and what makes it personal
_SENTENCE: Final = 40  # characters to either side that are read for denials and generalities
_TYPES: Final = (
    "health", "religion", "criminal_record", "sexual_orientation", "sexual_life", "disability", "specific_identity",
    "biometric", "intimate_image", "id_photo", "credit",
)  # fmt: skip
_ENDS: Final = re.compile("[。！？!?；;\n\x00]")
_DENIED: Final = re.compile(
    r"(?:没有|无|否认|并无|未见|未患|未曾|不是|并非|不信|从未|排除|非|未发现|未被|查无|没|\bno|\bnot|\bnever|\bdenies|\bwithout"
    r"|不存在|未有)(?:任何|明显|过|有|患|信|a |any |an |history of ){0,3}\s?"
    r"(?:[^，,。\s]{1,16}[、和及或]|\S{1,16}(?:, | or | and ))?$",
    re.IGNORECASE,
)
_GENERAL: Final = re.compile(
    r"研究|历史上|文化|协会|预防|防治|科普|疫苗|知识|指南|目录|条例|规定|法律|刑法|办法|《|学说|宣传|讲座|专家表示|药店|说明书"
    r"|治疗方法|发病率|患者人数|流行病|百科|新药|上市|术语|定义|是指|包括|例如|等信息|类型|统计|群体的权|适应症|适用于|用于治疗|主治|禁忌|不良反应|副作用|艺术|建筑|博物馆|石窟"
    r"|\b(?:research|study of|studies|prevention|guideline|vaccine|history of art|statistics|defined as)\b",
    re.IGNORECASE,
)
_RULE_OF_ALL: Final = re.compile(
    r"(?:患者|病人)(?:请|中|群|，尤其|人数)|\d例|最?常见|之一|者(?:占|比例)|处[一二三四五六七八九十\d]+(?:年以[上下]|日以)|并处或|或者?单处|(?:患者|病人|者)(?:[慎禁忌]|不宜|不得|不可|避免|均可|也可)|患者(?:应|需|须|可以|要|宜|常|多为|往往|人群|群体|的(?:饮食|护理|治疗|管理))|诊断标准|(?:是|为)一种|的(?:症状|病因|诊断|预防|发病|定义)[是为包有]"
)
"""What is said of all who have an illness."""
_ONE: Final = re.compile(r"本人|姓名|身份证|[我他她]|(?<![a-z])(?:he|she|his|her|my)(?![a-z])", re.IGNORECASE)
_PERSON: Final = re.compile(
    r"本人|患者|病人|此人|被告|嫌疑人|罪犯|姓名|身份证|客户|员工|[我他她]|(?<![a-z])(?:he|she|his|her|patient|my)(?![a-z])",
    re.IGNORECASE,
)


def find(view: View) -> Iterator[Candidate]:
    """Terms with a cue of their kind, and children by the age that is said of them."""
    for type in _TYPES:
        yield from _said(view, type)
    yield from _children(view)


def _said(view: View, type: str) -> Iterator[Candidate]:
    text, words = view.text, view.words
    terms = words.of(f"terms/{type}")
    if not len(terms):
        return
    cues = words.of(f"cues/{type}")
    places = words.start[cues]
    for i in terms.tolist():
        start, end = int(words.start[i]), int(words.end[i])
        low, high = np.searchsorted(places, (start - _REACH, end + _REACH))
        told = type == "health" and _AGED.search(text, max(0, start - 8), start) is not None
        for j in range(int(low), int(high)):
            first, last = int(words.start[cues[j]]), int(words.end[cues[j]])
            between = text[last:start] if last <= start else text[end:first]
            if told := told or (first != start and not _ENDS.search(between)):
                break
        if told and is_personal(text, start, end):
            yield Candidate(start, end, type, 0.75, "context", _DETECTOR, text[start:end].lower())


def is_personal(text: str, start: int, end: int) -> bool:
    """Whether a sentence says of somebody what the term at text[start:end] means."""
    before = _ENDS.split(text[max(0, start - _SENTENCE) : start])[-1]
    behind = _ENDS.split(text[end : end + _SENTENCE], maxsplit=1)[0]
    if _DENIED.search(before) or before.endswith(_OPEN_BOXES) or (behind.startswith(_OF_BUILDINGS)):
        return False
    sentence = before + text[start:end] + behind
    if _RULE_OF_ALL.search(sentence) and not _ONE.search(before + behind):
        return False
    return not _GENERAL.search(sentence) or _PERSON.search(before + behind) is not None


_AGED: Final = re.compile(r"岁半?[)）][\s—:：,，-]{0,4}\Z")
"""An age before an illness: 李小雨（5岁）——过敏性鼻炎."""
_OPEN_BOXES: Final = ("□", "☐", "○", "◯", "□ ", "☐ ")
_OF_BUILDINGS: Final = ("堂", "寺", "庙", "会堂", "学院", "学校", "医院")
"""What follows the name of a faith, or of an illness, where it names a house: 天主教堂, 肺结核医院."""


_MINOR: Final = 14  # years, PIPL article 28
_AGE: Final = re.compile(r"(?<![\d.\-~至到])(\d{1,2}|十[一二三]?|[一二三四五六七八九])(?:周岁|岁)(?![以之至到\-~])")
_CHILD: Final = re.compile(
    r"儿子|女儿|孩子|患儿|同学|男孩|女孩|男童|女童|小朋友|学生|幼儿园|儿童姓名|宝宝|婴儿|孙子|孙女|被监护人|监护人|姓名|小学|年仅|就读|学籍|学号"
)
_RULE: Final = re.compile(r"儿童票|适合|适用|限|未满|不满|规定|政策|年龄段|读物|儿童节|免费")
_HAN_AGES: Final = {han: i for i, han in enumerate(["", *"一二三四五六七八九十", "十一", "十二", "十三"])}


def _children(view: View) -> Iterator[Candidate]:
    """Ages under fourteen that a sentence gives to a child."""
    for start, end in zip(
        *(column[view.words.of("marks/age")].tolist() for column in (view.words.start, view.words.end)), strict=True
    ):
        found = _AGE.search(view.text, max(0, start - 4), end + 2)
        if not found or found.end() < end:
            continue
        age = int(found[1]) if found[1].isdigit() else _HAN_AGES[found[1]]
        before = _ENDS.split(view.text[max(0, found.start() - _SENTENCE) : found.start()])[-1]
        behind = _ENDS.split(view.text[found.end() : found.end() + _SENTENCE], maxsplit=1)[0]
        if age < _MINOR and _CHILD.search(before + behind) and not _RULE.search(before + behind):
            yield Candidate(*found.span(), "minor", 0.7, "context", _DETECTOR, found.group())
