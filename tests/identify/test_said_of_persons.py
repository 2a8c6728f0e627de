"""Rows of particulars, and what sentences say of a person's age, work, pay, debts and grade of disability."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from marked_text import marked

from tongguan.identify.detect import said, tracks, words
from tongguan.identify.detect.said_of_bodies import BODIES
from tongguan.identify.detect.said_of_lives import LIVES
from tongguan.model import Finding

TOLD = frozenset(
    {"age", "gender", "ethnicity", "marital_status", "education", "occupation", "income", "credit", "disability"}
)
ROWS = [
    "周敏，⟦gender|女⟧，⟦marital_status|离异⟧，⟦education|武汉大学本科⟧，⟦occupation|会计⟧",
    "何军 / ⟦gender|男⟧ / ⟦age|41岁⟧ / ⟦occupation|电工⟧",
    "⟦gender|女⟧   ⟦age|28岁⟧   ⟦ethnicity|苗族⟧   ⟦marital_status|未婚⟧",
    "自称田军，⟦occupation|飞行员⟧，⟦age|36岁⟧，家住外地",
]
AGES = [
    "其父王建国（⟦age|71岁⟧）去年退休",
    "今年⟦age|45岁⟧的她辞了职",
    "1. 孙雨桐（⟦age|6岁⟧）",
    "My mother is ⟦age|72 years old⟧ and lives alone.",
    "The claimant, ⟦age|a 34-year-old⟧ driver, was hurt.",
    "his daughter (aged ⟦age|11⟧) stays behind",
]
PAY = [
    "我现在⟦income|税前22k×13薪⟧，想换",
    "她⟦income|25k*16⟧起看机会",
    "一个月到手⟦income|九千多⟧",
    "年包⟦income|45w左右⟧，含股票",
    "Her final pay of ⟦income|CNY 18,220.50⟧ was wired.",
    "Mr Li receives an annual salary of ⟦income|EUR 61,000⟧.",
    "Party B's base salary after probation shall be ⟦income|RMB 14,000⟧ before tax",
    "他的基本工资由⟦income|9,800⟧调至⟦income|11,500元⟧",
    "年收入：⟦income|新臺幣95萬元⟧",
]
WORK = [
    "我是⟦occupation|律师⟧，常出差",
    "has been employed as ⟦occupation|Senior Process Engineer⟧ in our company; he holds a passport",
    "職業：⟦occupation|護理師⟧",
]
DEBTS = [
    "您尾号1234的⟦credit|借款已逾期12天⟧，请还款",
    "我有过一次⟦credit|花呗逾期⟧，后来还上了",
    "徐娟，⟦disability|听力残疾二级⟧，需手语翻译",
    "该战士被评为⟦disability|七级伤残⟧，已领证",
    "备注：乘客是⟦disability|盲人⟧，需引导",
]
NOTHING = [
    "性别：男、女；婚姻：未婚、已婚、离异",
    "招聘：会计，女，28岁以下，本科，已婚优先",
    "受访者中女性占53%，已婚占61%，汉族占92%",
    "平均年龄34.6岁。适合6岁以上儿童。18岁至60岁",
    "小明今年9岁，爸爸的年龄是他的4倍，爸爸几岁？",
    "The file is 3 years old. Children under 2 years old travel free. a 12-year-old whisky",
    "招聘：月薪15K-25K×14薪，五险一金。人均到手8000元",
    "We offer a salary of EUR 50,000. The average salary is USD 40,000.",
    "若逾期3日未付，按日收取违约金。逾期率3%",
    "《残疾人残疾分类和分级》规定视力残疾分为一级、二级",
    "enum Marital { SINGLE(0, \"未婚\"), MARRIED(1, \"已婚\") }",
]  # fmt: skip


@pytest.mark.parametrize("source", ROWS + AGES + PAY + WORK + DEBTS)
def test_exactly_these(source: str, find: Callable[[str], list[Finding]]) -> None:
    case = marked(source)
    assert [(f.type, f.start, f.end) for f in find(case.text) if f.type in TOLD] == list(case.spans)


@pytest.mark.parametrize("text", NOTHING)
def test_nothing(text: str, find: Callable[[str], list[Finding]]) -> None:
    assert [(f.type, text[f.start : f.end]) for f in find(text) if f.type in TOLD] == []


def test_every_word_of_a_saying_is_looked_for() -> None:
    known = {said._key(word) for word, section, name in words._entries() if name == "marks/said"}
    asked = {said._key(word) for saying in (*LIVES, *BODIES) for word in saying.words.split("|")}
    assert asked | tracks.TRAVEL == known


WAYS = [
    "乘客称：⟦location_track|07:40从家里出发，08:05到区人民医院，08:50经东门返回公司⟧。",
    "病例行踪：⟦location_track|6:30离开宿舍，7:10乘地铁2号线到会展中心，12:20在湘味馆午餐⟧",
]
NO_WAYS = [
    "会议日程：09:00到报告厅签到，10:00在三楼讨论，12:00去餐厅，他主持",
    "G101 07:00从上海出发，08:05到南京，11:36到北京，列车正点",
    "他07:40出门，晚上回家",
]


@pytest.mark.parametrize("source", WAYS)
def test_a_way_that_is_told(source: str, find: Callable[[str], list[Finding]]) -> None:
    case = marked(source)
    assert [(f.type, f.start, f.end) for f in find(case.text) if f.type == "location_track"] == list(case.spans)


@pytest.mark.parametrize("text", NO_WAYS)
def test_no_way_of_a_person(text: str, find: Callable[[str], list[Finding]]) -> None:
    assert [f.type for f in find(text) if f.type == "location_track"] == []


def test_the_day_before_a_passport_in_a_list(find: Callable[[str], list[Finding]]) -> None:
    case = marked("1. 唐敏 TANG/MIN ⟦birth_date|1988-05-04⟧ EB1234567\n出团日期 2026-05-04 E1234567（批号）")
    assert [(f.type, f.start, f.end) for f in find(case.text) if f.type == "birth_date"] == list(case.spans)
