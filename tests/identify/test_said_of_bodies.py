"""Drugs with doses, measures, rows of laboratories, variants of genes, and needs of passengers in free text."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from marked_text import marked

from tongguan.model import Finding

FOUND = [
    "患者出院带药：⟦health|厄贝沙坦150mg⟧ qd，两周复诊",
    "Rx 1. ⟦health|阿奇霉素分散片 0.25g×6片⟧ 每日一次\n患者 男",
    "查体：T 36.5℃，⟦health|BP 150/95mmHg⟧，神清",
    "女，1990年生，⟦health|体重61.5kg⟧，无手术史",
    "O: ⟦health|PHQ-9 17分⟧，睡眠差",
    "肌酐,⟦health|156⟧,μmol/L,57-97,↑",
    "患⟦health|HIV⟧两年，规律服药",
    "受检者检出 ⟦biometric|c.1521_1523delCTT (p.Phe508del)⟧ 杂合",
    "patient carries ⟦biometric|p.Arg97fs⟧ in TP53",
    "位点⟦biometric|rs334 AT⟧，样本编号3",
    "CYP2C9 ⟦biometric|*1/*3 中间代谢型⟧，受检者应减量",
    "SSR ⟦health|WCHC⟧ MU HK1/P1",
    "我老婆⟦health|二胎临产⟧，先走了",
    "我前天⟦health|阳了⟧，请三天假",
    "guest ⟦health|uses a wheelchair⟧; late arrival",
    "She has ⟦health|a severe peanut allergy⟧.",
    "He is recovering from ⟦health|a knee replacement⟧ and works from home",
    "blood_type = '⟦health|AB型Rh阴性⟧', addr = ''",
    "他患⟦health|老年痴呆⟧，走失两天",
    "李小雨（5岁）——⟦health|过敏性鼻炎⟧，已告知老师",
]
NOTHING = [
    "【规格】0.25g×24片　【用法用量】口服，成人一次0.5g，每日三次",
    "药店采购：阿莫西林胶囊 0.25g×24粒 每日一次配送",
    "血压正常范围为90/60mmHg以上，体重60kg以上者慎用。型号：体重秤 180kg",
    "c.Del(a); p.Args[0]; rs = stmt.query(); rs3.next(); <b>A</b>",
    "The allele rs334 was found in 8 % of the cohort (et al., gnomad database)",
    "太阳了解一下。今天朝阳了吗",
    "高血压是最常见的慢性病之一。糖尿病患者请遵医嘱。选取冠心病患者中的300例",
    "病史：□高血压 □糖尿病 □无",
    "SSR 渲染 WCHR 与 CSR 的区别",
    "肌酐,156,μmol/L,57-97,",
    "blood_type: str = field(default='')",
]


@pytest.mark.parametrize("source", FOUND)
def test_exactly_these(source: str, find: Callable[[str], list[Finding]]) -> None:
    case = marked(source)
    assert [(f.type, f.start, f.end) for f in find(case.text) if f.type in ("health", "biometric")] == list(case.spans)


@pytest.mark.parametrize("text", NOTHING)
def test_nothing(text: str, find: Callable[[str], list[Finding]]) -> None:
    assert [(f.type, text[f.start : f.end]) for f in find(text) if f.type in ("health", "biometric")] == []


BESIDE_HAN = [
    "她six months ⟦health|pregnant⟧了，下月休假",
    "同事说he is ⟦health|diabetic⟧，已备药",
    "患⟦health|HIV⟧两年",
    "血检my result: ⟦health|HBsAg positive⟧，需复查",
    "他my blood type ⟦health|AB⟧型",
    "员工takes ⟦health|metformin 500 mg⟧每天一次，he is fine",
]


@pytest.mark.parametrize("source", BESIDE_HAN)
def test_words_in_latin_letters_beside_han(source: str, find: Callable[[str], list[Finding]]) -> None:
    """Python's `\\b` knows no border between a Han character and a letter or a digit: both are `\\w`."""
    case = marked(source)
    assert [(f.type, f.start, f.end) for f in find(case.text) if f.type == "health"] == list(case.spans)
