"""Names in lists without a label, behind roles, with rarer family names, and Chinese names in Latin letters."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tongguan.identify.detect.pinyin import is_written_name
from tongguan.model import Finding

NAMED = [
    ("昨天来的有陶知秋、卢望舒、孟一凡等人", ["陶知秋", "卢望舒", "孟一凡"]),
    ("名单如下：\n1、卢望舒3月转正\n2、孟一凡，调岗\n", ["卢望舒", "孟一凡"]),
    ("审判员　洪一鸣　书记员　茅雨", ["洪一鸣", "茅雨"]),
    ("经办 湛然\t复核 缪晓", ["湛然", "缪晓"]),
    ("乙方（签字）：丰子涵　　2026年4月1日", ["丰子涵"]),
    ("请假：孟一凡（远程）、陶然", ["孟一凡", "陶然"]),
    ("2026-10-11 21:03:17 陶知秋\n好的\n2026-10-11 21:05 采购部-孟一凡\n收到", ["陶知秋", "孟一凡"]),
    ("卢雨 | 26岁 | 本科", ["卢雨"]),
    ("姓 名 滕 小 雨 性 别 女", ["滕 小 雨"]),
    ("Crew: WU JIANPING, Master; Lin Xiaoyue signed off; pax 1.SUN/YUEMING MR", ["WU JIANPING", "Lin Xiaoyue", "SUN/YUEMING"]),
    ("Best,\nShu Meiling (Ms.)\nTel", ["Shu Meiling"]),
    ("Thanks\nJessie Geng 耿小洁\n", ["Jessie Geng", "耿小洁"]),
    ("Employee: Kai Zhuang    Dept", ["Kai Zhuang"]),
    ("督导：陶知秋　翻译：孟一凡", ["陶知秋", "孟一凡"]),
    ("Spouse: SHAO, Qing, born", ["SHAO, Qing"]),
    ("tenant: 卢望舒\nstaff: 陶知秋\n", ["卢望舒", "陶知秋"]),
    ("孩子：孟一凡 前台 茅雨", ["孟一凡", "茅雨"]),
    ("收货人 Receiver: Muriel van Aalst\n", ["Muriel van Aalst"]),
    ("姓 / Surname SHAO\n名 / Given names QIUYU\n", ["SHAO", "QIUYU"]),
    ("孟一凡，英文名 Wendy，入职三年", ["孟一凡", "Wendy"][1:]),
    ("出席：孟一凡、茅小雨、Muriel Aalst（线上）", ["孟一凡", "茅小雨", "Muriel Aalst"]),
    ("司机老白 已到，租户玛尔塔·科瓦奇先生投诉", ["老白", "玛尔塔·科瓦奇"]),
    ("收件人：清水美穂\n", ["清水美穂"]),
    ("请各位查收。\n\n孟一凡\n法务部\n", ["孟一凡"]),
    ("陶知秋　7岁　走读", ["陶知秋"]),
    ("Customer name: Muriel van Aalst\nCustomer name: Zoë Łęcka", ["Muriel van Aalst", "Zoë Łęcka"]),
]  # fmt: skip
NOBODY = [
    "金额、单价、成本、方式、程序均已确认",
    "1、高度重视\n2、方案明确\n3、成立小组",
    "委托方立即开始，审核金额，复核结果",
    "The Long Range radio and He Changed it. Wan Chai, Beijing Shanghai, Sun Machine, Tai Chi, An Anime",
    "WHERE A/B AND/OR HE/SHE LI/ION path/Wang/Xiaoming.py @Wang/Xiaoming",
    "2026-10-11 21:03:17 高级\n2026-10-11 21:03:17 INFO 服务启动",
    "Regards\nThe Team",
    "会议由主任召集并主持，职工方可继续享受，销售封建迷信用品，便于选民了解代表",
    "记录：高温天气；主持：金融论坛；翻译：方案二；前台高峰时段；孩子高兴；staff: 高级",
    "SUN, Moon and LONG, Range; OWNER: Table, Index; sender: Process, Queue; HE, Said; MA, Can",
    "我司英文名 Brightfield，付款方：Northwind Trading，收款方: Harbour Bank Limited",
    "司机小时工，客户老家，用户小程序，员工小家庭，用户老 系统",
    "/ Surname is asked below; 使用人、Office Store",
    "message: 'Hello Vue!', If You Share the Licensed Material",
]


def _names(text: str, find: Callable[[str], list[Finding]]) -> list[str]:
    return [text[f.start : f.end] for f in find(text) if f.type == "person_name"]


@pytest.mark.parametrize(("text", "wanted"), NAMED)
def test_named(text: str, wanted: list[str], find: Callable[[str], list[Finding]]) -> None:
    assert _names(text, find) == wanted


@pytest.mark.parametrize("text", NOBODY)
def test_nobody(text: str, find: Callable[[str], list[Finding]]) -> None:
    assert _names(text, find) == []


def test_every_order_and_case_of_a_name_is_one_value(find: Callable[[str], list[Finding]]) -> None:
    assert {f.digest for f in find("Wu Jianping, WU JIANPING, WU/JIANPING") if f.type == "person_name"} == {
        find("WU JIANPING")[0].digest
    }


@pytest.mark.parametrize(("value", "is_one"), [("Lin Xiaoyue", True), ("Xiaoyue Lin", True), ("Lin Dance", False),
                                               ("Lin X", False), ("lin xiaoyue", False), ("Ouyang Mingyue", True)])  # fmt: skip
def test_pinyin_alone(value: str, is_one: bool) -> None:
    assert is_written_name(value) is is_one


def test_many_capitals_take_little_time(find: Callable[[str], list[Finding]]) -> None:
    for text in ("Wang Wang " * 20_000, "A/B " * 50_000, "王小明、" * 20_000, "1、" * 50_000, "Li " * 60_000):
        started = time.process_time()
        find(text)
        assert time.process_time() - started < 5


def test_columns_of_names_in_latin_letters_beside_what_persons_have(find: Callable[[str], list[Finding]]) -> None:
    persons = "| name | email |\n|---|---|\n| Muriel van Aalst | m@example.org |\n| Odd Fjellvang | o@example.org |\n"
    goods = "| name | price |\n|---|---|\n| Blue Shirt | 3 |\n| Red Dress | 4 |\n"
    assert _names(persons, find) == ["Muriel van Aalst", "Odd Fjellvang"]
    assert _names(goods, find) == []
