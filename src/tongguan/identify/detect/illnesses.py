"""What records say of health beyond known words: lists of diagnoses, results, causes of admission, history."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tongguan.identify.detect.view import Candidate, View
from tongguan.identify.detect.words import label_id

__all__ = ["find"]

_DETECTOR: Final = "illnesses"
_LABEL: Final = label_id("health")
_WORDS: Final = r"[^\s,，。;；:：、|\"'<>{}\[\]\x00!！?？“”]{2,30}"
_ITEM: Final = re.compile(rf"[\s;；,，、]{{0,4}}(?:\(?\d{{1,2}}[.、．)）]|[①-⑩])\s{{0,2}}({_WORDS})")
_MOST: Final = 12  # entries of a list that are read
_MEASURE: Final = re.compile(r"[\d.±%/]+\S{0,3}$")

_COUNT: Final = r"(?:\d{1,3}|[一二三四五六七八九十两数半]{1,2})\s?(?:余|多)?(?:分钟|小时|天|日|周|个?月|年)"
_ILL: Final = "(?:[症病炎癌瘤梗死痛折伤血热疹咳喘晕肿促闷悸衰竭退亢毒麻木瘫疮癣疸泻吐疣痔]|痴呆)"
_POSITIVE: Final = re.compile(
    r"(?:抗体|抗原|核酸|病毒|试验|检测|HIV|HBsAg|TPPA|RPR|DNA|RNA)(?:检测)?(?:结果)?(?:为|呈|示)?[\s:：（(|,+]{0,8}((?:强|弱)?阳性)"
    r"(?![率者预症对组结样])"
)
_COMPLAINT: Final = re.compile(
    rf"主[诉因]((?:反复|突发|间断|持续|阵发性?)?[\u4e00-\u9fff、]{{0,14}}?(?:{_ILL}|失眠|乏力|耳鸣|模糊|不适|困难|障碍|异常|便秘|流涕|发烧|纳差|(?=\s?(?:约|近|半|{_COUNT}))))"
    rf"(?=\s?(?:[，,。；;、伴\s]|约|近|半|{_COUNT}))"
)
"""A complaint right behind its label, up to how long it has lasted: 主诉腹痛2小时."""
_IF: Final = re.compile(r"(?<![\u4e00-\u9fff])(?:若|如|当)|如果|一旦|是否|假|凡|可能")
_ADMITTED: Final = re.compile(
    rf"因[“\"]?((?:反复|突发|持续|间断)?[^\s，。,；;“”\"因]{{1,20}}?{_ILL}[^\s，。,；;“”\"因于]{{0,10}}?)(?:，?加重[^，。]{{1,6}})?[”\"]?"
    r"(?:，?于[^，。；\n]{2,24}|到[^，。；\n]{2,16}|在[^，。；\n]{2,16}|来)?(?:[申請请]{0,2}(?:病假|休假|请假|請假|留职停薪|留職停薪|长期休假)|收治|收住|收入|入院|入我院|住院|就诊|急诊)"
)
_HISTORY: Final = re.compile(
    rf"(?:(?:既往|曾|自述|患者|其)有|既往|患有)((?:[^\s，。,；;、无否有]{{1,14}}?){_ILL})(?:病)?史(?![料书学])|"
    rf"(?:造成|致|导致)(?:[^\s，。,；;]{{0,10}}?)((?:[左右双]侧)?[\u4e00-\u9fff]{{1,4}}骨折)"
)
_SUFFERED: Final = re.compile(
    rf"(?<![多所])(?<![万千百多些数]人)患(?!者|[病方难处])(?:有|上|了)?((?:先天性?|后天|慢性|急性|重度|中度|轻度|早期|晚期)?[\u4e00-\u9fff]{{1,10}}?{_ILL})"
    rf"(?=[，,。；;、）)（(\s]|于|后|需|正|已|\d|\Z)|(对[\u4e00-\u9fff]{{1,8}}过敏)(?!者|人群|的?患者|原|史|反应)"
    rf"|(?:(?<=[|>，,；;：:\s（(])|(?<=\x00\n))((?![无不未抗防易是否如对者有若])[\u4e00-\u9fff]{{1,6}}过敏)(?=[\s|<，,。；;）)]|\Z)"
    rf"|((?:发烧|发热|高烧|低烧)\s?(?:到)?3[6-9](?:\.\d)?\s?[度℃])|(怀孕\s?[\d一二三四五六七八九十]{{1,3}}\s?(?:个?多?月|周))"
    rf"|((?:乙肝|丙肝|艾滋|HIV|HBV|HPV|梅毒)(?:病毒)?携带)"
    r"|(?<![多所])(?<![万千百多些数]人)患(?:有|上|了)?((?:HIV|AIDS|HPV|HBV|HCV|COPD|SLE|ADHD|PTSD|ALS)(?:感染)?)(?![A-Za-z0-9])"
)
_FLAGGED: Final = re.compile(
    r"([\u4e00-\u9fff][\u4e00-\u9fffA-Za-z0-9（）()-]{1,24}[ \t\u3000|:：]{1,8}\d{1,5}(?:\.\d{1,3})?\s?[↑↓])"
    r"(?=[^\n]{0,20}?\d\s?[-–~]{1,2}\s?\d)"
)
"""A value out of the range that stands behind it."""
_BLOOD: Final = re.compile(
    r"血型(?:\s?[:：|]\s?|[为是]|\s)((?:RH|Rh)?[阴阳]?性?(?:AB|A|B|O)型?(?:\s?(?:RH|Rh)\s?[阴阳+-]性?)?)(?![\u4e00-\u9fffA-Za-z])"
)
_OPERATED: Final = re.compile(
    r"(?:做过?了?|接受过?了?|行过?|施行)((?!这|那|一|两|过|了)[\u4e00-\u9fff]{2,12}手术)(?![室费台者后的])"
)
_ABSENT: Final = re.compile(
    r"(?:请假|缺席|病假|未到|休假)[^\n\x00]{0,24}?[（(]((?:产检|术后[\u4e00-\u9fff]{2,4}|保胎|化疗|透析|待产)[\u4e00-\u9fff]{0,4})[）)]"
)
_MEASURED: Final = re.compile(r"(体脂率[\s:：]{0,2}\d{1,2}(?:\.\d{1,2})?\s?%)(?!\s?[以至到~-]|左右|的)")
_RULE: Final = re.compile(
    r"患者(?:应|需|须|要|宜)|应当|规定|条款|保险责任|(?<![\u4e00-\u9fff])若|如果|适用|指南|预防|人群|常见|可能|容易|往往|会"
)


def find(view: View) -> Iterator[Candidate]:
    """Findings of health in medical records and claims."""
    text, labelled = view.text, view.labelled
    for at in labelled.value[labelled.label == _LABEL].tolist():
        yield from _entries(text, at)
    for start in labelled.start[(labelled.label == _LABEL) & (labelled.value == labelled.end)].tolist():
        if complaint := _COMPLAINT.match(text, start, start + 40):
            yield Candidate(*complaint.span(1), "health", 0.75, "context", _DETECTOR, complaint[1])
    for form, start in _marked(view):
        for found in form.finditer(text, max(0, start - 60), min(len(text), start + 24)):
            if found.start() <= start < found.end() and not _is_general(text, found.start(), found.end(), form):
                group = found.lastindex or 1
                yield Candidate(*found.span(group), "health", 0.76, "context", _DETECTOR, found[group])


def _marked(view: View) -> Iterator[tuple[re.Pattern[str], int]]:
    words = view.words
    for role, form in _MARKED:
        for start in words.start[words.of(f"marks/{role}")].tolist():
            yield form, start


_MARKED: Final = (
    ("result", _POSITIVE),
    ("admitted", _ADMITTED),
    ("history", _HISTORY),
    ("suffered", _SUFFERED),
    ("flagged", _FLAGGED),
    ("blood", _BLOOD),
    ("operated", _OPERATED),
    ("absent", _ABSENT),
    ("measured", _MEASURED),
)


def _entries(text: str, at: int) -> Iterator[Candidate]:
    """The entries of a numbered list that begins at `at`."""
    for _ in range(_MOST):
        item = _ITEM.match(text, at, min(len(text), at + 60))
        if item is None:
            return
        if not _MEASURE.match(item[1]):
            yield Candidate(*item.span(1), "health", 0.8, "context", _DETECTOR, item[1])
        at = item.end()


def _is_general(text: str, start: int, end: int, form: re.Pattern[str]) -> bool:
    """Whether the sentence speaks of what may be, not of what is."""
    before = re.split("[。！？!?；;\\n\\x00]", text[max(0, start - 30) : start])[-1]
    return (_IF if form is _POSITIVE else _RULE).search(before + text[start:end]) is not None
