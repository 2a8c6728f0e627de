"""Sensitive classes of GB/T 45574-2025 in free text: said of somebody, denied, or said of no one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from marked_text import marked

from tongguan.identify import TYPES
from tongguan.model import Finding

FOUND = [
    "患者确诊⟦health|2型糖尿病⟧".replace("2型糖尿病", "糖尿病"),
    "She was diagnosed with ⟦health|diabetes⟧ and takes pills",
    "他是⟦religion|佛教徒⟧，每周去寺里",
    "He is a devout ⟦religion|Christian⟧",
    "她是⟦sexual_orientation|双性恋⟧",
    "he is ⟦sexual_orientation|gay⟧",
    "患者自述近一年无⟦sexual_life|性生活⟧".replace("近一年无", "每月有"),
    "本人⟦disability|听力残疾⟧，持证多年",
    "他是我们派去的⟦specific_identity|卧底⟧",
    "此人曾被⟦criminal_record|行政拘留⟧",
    "He was convicted of ⟦criminal_record|fraud⟧ last year",
    "员工⟦biometric|指纹信息⟧已采集",
    "他威胁要传播她的⟦intimate_image|裸照⟧",
    "附件是⟦id_photo|手持身份证照片⟧，请查收",
    "儿子今年⟦minor|8岁⟧，在读小学",
    "患儿，男，⟦minor|三岁⟧，发热两天",
    "证券账户：⟦financial_account|A123456789⟧，保单号 ⟦financial_account|PICC-20260001234⟧".replace("PICC-", "P"),
    "出生日期：⟦birth_date|1990-03-07⟧",
    "born on ⟦birth_date|7 March 1990⟧".replace("born on", "date of birth:"),
    "生日是⟦birth_date|90年3月⟧",
    "出生十二月二十五日".replace("出生", "生日是⟦birth_date|").replace("五日", "五日⟧"),
]
RECORDS = [
    "入院诊断：1. ⟦health|慢性阻塞性肺疾病⟧ 2. ⟦health|高血压病3级⟧\n出院诊断：同上",
    "诊断：1、⟦health|2型糖尿病⟧；2、⟦health|脂肪肝⟧；3、⟦health|胆囊息肉⟧",
    "抗体：⟦health|阳性⟧。表面抗原    ⟦health|阳性⟧（+） 若抗体阳性，应复查。抗体阳性率",
    "住贵州，因⟦health|急性心肌梗死⟧于2026年8月28日收治",
    "因“⟦health|反复胸闷、气促3年⟧，加重1周”入院。既往有⟦health|甲状腺功能减退⟧病史",
    "予⟦health|阿司匹林⟧治疗",
]
NOTHING = [
    "糖尿病患者应当控制饮食。高血压的诊断标准为收缩压≥140mmHg。",
    "患者应因病情到医院就诊。因公司业务发展需要于2026年收入",
    "患者否认高血压、糖尿病病史",
    "本人没有前科",
    "他不是穆斯林",
    "She denies diabetes; patient has no asthma",
    "糖尿病防治指南发布，专家解读治疗方案",
    "佛教文化研究进展，已经发表",
    "刑法规定，犯盗窃罪的，处三年以下有期徒刑、拘役",
    "残疾人保障法",
    "卧底是一部电影",
    "指纹识别技术的研究",
    "人脸识别",
    "同性恋议题研究",
    "请上传身份证",
    "适合8岁以上儿童阅读",
    "未满14周岁的儿童",
    "不满十四岁的学生",
    "本店开业8岁啦",
    "孩子18岁了",
    "3-6岁的孩子",
    "性生活质量调查统计报告",
    '["religion", "criminal_record", "health"]',
    '"religion": Rule(phrase),',
    "生日快乐",
    "出生一月",
]


@pytest.mark.parametrize("source", FOUND + RECORDS)
def test_exactly_these(source: str, find: Callable[[str], list[Finding]]) -> None:
    case = marked(source)
    asked = {type for type, _, _ in case.spans}  # beside these an age or a sex may be told
    found = [(f.type, f.start, f.end) for f in find(case.text) if TYPES[f.type].sensitive or f.type in asked]
    assert found == list(case.spans)


@pytest.mark.parametrize("text", NOTHING)
def test_nothing(text: str, find: Callable[[str], list[Finding]]) -> None:
    assert [(f.type, text[f.start : f.end]) for f in find(text) if f.type != "age"] == []


def test_what_they_find_is_sensitive() -> None:
    types = {type for source in FOUND for type, _, _ in marked(source).spans} - {"birth_date"}
    assert all(TYPES[type].sensitive for type in types)


@pytest.mark.parametrize("end", ["", "\n", " ", "。"])
def test_a_finding_ends_where_its_value_does(end: str, find: Callable[[str], list[Finding]]) -> None:
    text = f"出生日期：1990-03-07{end}"
    (found,) = find(text)
    assert text[found.start : found.end] == "1990-03-07"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("::ffff:192.0.2.1", ["::ffff:192.0.2.1"]),
        ("Tunnel to 2001:db8::10.0.0.1", ["2001:db8::10.0.0.1"]),
        ("fe80::1%eth0", ["fe80::1%eth0"]),
        ("网段 192.168.1.0/24，2001:db8::/32", []),
        ("主机 192.168.1.7/24", ["192.168.1.7"]),
        ("see section 8.2.4.45", []),
        ("客户端IP 8.2.4.45", ["8.2.4.45"]),
        ("10.0.0.1", ["10.0.0.1"]),
    ],
)
def test_addresses_of_ip(text: str, found: list[str], find: Callable[[str], list[Finding]]) -> None:
    assert [text[f.start : f.end] for f in find(text) if f.type == "ip"] == found


@pytest.mark.parametrize(
    "text", ["￥44721523856.77", "order_id=911010000000123456", "('Token', 'copy_context')", 'state_secret: "bool"']
)
def test_amounts_and_names_in_programs(text: str, find: Callable[[str], list[Finding]]) -> None:
    assert find(text) == []
