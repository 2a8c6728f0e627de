"""What only its surroundings tell: each cause with unlike examples, and with what looks like it and is none."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from marked_text import marked

from tongguan.model import Finding

BORN = [
    "张三 / 男 / ⟦birth_date|1954-09-20⟧ / 居民身份证",
    "李四|女|⟦birth_date|1988.12.03⟧|会计",
    "王五\t男\t⟦birth_date|1990/1/2⟧\t销售部",
    "张三丰　男　⟦birth_date|1966年02月03日⟧　汉族",
    "P/CHN/E00000000/CHN/⟦birth_date|12JAN61⟧/M/20JUL30/LU/SIQI",
    "smith,M,⟦birth_date|1980-05-06⟧,London",
    "NAME        PASS      DOB\nLU, SIQI    AB        ⟦birth_date|12-JAN-1961⟧\nHE, J       CD        ⟦birth_date|02-JUL-1973⟧\n",
    "姓名    生日        部门\n乔婉    ⟦birth_date|1990.1.2⟧    财务\n---------\n符威    ⟦birth_date|1988.2.3⟧    法务\n\n9  2020.1.1  x",
    "No Name Sex Nationality Date of birth\n1 SHA W F Chinese ⟦birth_date|1970-01-29⟧\n2 REY J M Filipino ⟦birth_date|11 Jul 1985⟧\n",
    "geb. ⟦birth_date|17.05.1986⟧ in Hamburg",
    "born in ⟦birth_date|1991.3.8⟧, married",
    "place and date of birth: Harbin, ⟦birth_date|25-Jun-1975⟧",
    "生年月日：⟦birth_date|昭和58年3月21日⟧",
    "S-0117，⟦birth_date|1959-06⟧出生",
    # none of anybody's birth
    "赵六，女，2019年3月4日入职",
    "公厕 / 男 / 2024-01-01 检修",
    "报名 / 男 / 2015-09-20场次",
    "2026年11月出生人口下降",
    "size/M/12 colour/F/red",
    "No Item Origin Maker Valid until and birth\n1 A CN X 2030-01-01\n",
]
NUMBERS = [
    "T: ⟦landline|+86 20 8726 8343⟧",
    "⟦landline|+86 571 2895 5175⟧",
    "Tel: ⟦landline|+852 2178 5126⟧ M: ⟦phone|+852 9123 4567⟧",
    "⟦landline|+853 2871 2345⟧ ⟦phone|+853 6612 3456⟧ ⟦landline|+886 2 2298 5472⟧",
    "Büro: ⟦landline|+49 30 23125 882⟧",
    "联系电话：⟦landline|010-67478812转850⟧",
    "电话 ⟦landline|0755-88886666-802⟧，急",
    "電話：⟦phone|6452 8255⟧（業主）　⟦landline|2853 3301⟧（辦公室）",
    "⟦landline|02-123-4567⟧",
    "TEL ⟦phone|03-3456-7890⟧",
    "FP CC⟦bank_card|6259123789770505⟧/0928",
    "my amex ⟦bank_card|371234917032274⟧ pls",
    "往來港澳通行證 ⟦hk_macao_permit|CB2499741⟧",
    "台胞證：⟦taiwan_permit|05920813⟧",
    "健保卡號 ⟦social_security|000041827735⟧",
    "hospital no. ⟦medical_record|M26620194⟧",
    "Social insurance no.: ⟦social_security|33017668373483⟧",
    "身分證統一編號：⟦taiwan_id|A123456789⟧",
    "unisex, male, female, kids sizes; order no. 33017668373483",
    "IP:⟦ip|2001:db8::1⟧",
    "版本v10.4.32.24 已发布",
    "默认网关 192.168.10.1，DNS 114.114.114.114",
    "ObjectIdentifier('1.3.101.110')",
    'd="M0 18c0 1.52-.87 2.83-2.12 3.51.98.32 2"',
    "2001:db8::256.1.1.1",
    "2001::25de::cade",
    "房号02-301-1204",
    "营业成本 13634343862，应收账款：13912345678",
    "1380013-8000",
    "XX6259123789770505/1328",
    "致电 400-820-8820 或",
    "海外请拨 800-555-0199",
]
OF_PERSONS = [
    "主诉⟦health|腹痛⟧2小时",
    "主诉⟦health|视物模糊⟧半年",
    "病理诊断：(左乳)⟦health|浸润性导管癌⟧",
    "受助学生，患⟦health|先天性心脏病⟧，住院",
    "小孩⟦health|对花生过敏⟧。",
    "昨晚⟦health|发烧39度⟧，请假",
    "⟦health|丙氨酸氨基转移酶 87↑⟧  9-50 U/L",
    "He is ⟦health|allergic to shellfish⟧ and asked",
    "The insured suffered ⟦health|a tibial fracture⟧ and was later diagnosed with ⟦health|major depression⟧.",
    "She takes ⟦health|letrozole 2.5 mg⟧ daily.",
    "passport EB, ⟦health|pregnant 4 months⟧",
    "her blood type: ⟦health|AB⟧",
    "回到户籍地，⟦ethnicity|回族⟧，务农",
    "宫本（⟦nationality|日本籍⟧）",
    "出生于黄冈市，⟦education|小学文化⟧，无业。",
    "年龄 ⟦age|44⟧　门诊",
    "岗位工资从⟦income|9800⟧调为⟦income|10600⟧，",
    "Annual income: ⟦income|HKD 2.4 million⟧",
    "工资要求是⟦income|税前两万八⟧，",
    "某某 | ⟦age|26岁⟧ | 武汉",
    "去年有三万人患登革热",
    "Net pay                      ⟦income|CNY 25,731.45⟧",
    # of nobody
    "用于高血压、心绞痛。糖尿病患者慎用。儿童用药：12岁以下儿童不推荐使用。",
    "对青霉素过敏者禁用",
    "People who are allergic to penicillin should not take it.",
    "The company suffered heavy losses; the carrier takes 5 mg.",
    "今日股价 87↑ 成交",
    "汉族、回族、藏族等民族",
    "诚聘工程师2名，月薪15K-25K，五险一金，双休。",
    "一号厂区坐标 31.304100, 120.595400",
    "科技园站,113.95245,22.54451 定位",
    "本科以上学历优先",
]
TRACK = "113.910259,22.506506],[113.912070,22.507277],[113.912952,22.509221"
PLACES = [
    f'{{"plateNo":"⟦plate|粤B986D9⟧","points":[[⟦location_track|{TRACK}⟧]]}}',
    f'{{"path":[[⟦location_track|{TRACK}⟧]],"user":"⟦phone|13800138000⟧"}}',
    f'{{"points":[[{TRACK}]]}}',  # nobody's
    f'{{"plateNo":"⟦plate|粤B986D9⟧","fence":[[{TRACK}]]}}',
    f'{{"user":"⟦phone|13800138000⟧","points":[[{TRACK}],[113.910259,22.506506]]}}',  # ends where it began
    '{"user":"⟦phone|13800138000⟧","points":[[113.910259,22.506506],[116.912070,39.507277],[121.912952,31.509221]]}',
]
OTHER = frozenset({"gender", "occupation", "person_name", "organisation", "place", "passport", "ethnicity"})


@pytest.mark.parametrize("source", BORN)
def test_days_of_birth(source: str, find: Callable[[str], list[Finding]]) -> None:
    case = marked(source)
    assert [(f.type, f.start, f.end) for f in find(case.text) if f.type not in OTHER] == list(case.spans)


@pytest.mark.parametrize("source", NUMBERS + PLACES)
def test_exactly_these(source: str, find: Callable[[str], list[Finding]]) -> None:
    case = marked(source)
    assert [(f.type, f.start, f.end) for f in find(case.text)] == list(case.spans)


@pytest.mark.parametrize("source", OF_PERSONS)
def test_said_of_somebody(source: str, find: Callable[[str], list[Finding]]) -> None:
    case = marked(source)
    wanted = {"health", "ethnicity", "nationality", "education", "age", "income", "location"}
    assert [(f.type, f.start, f.end) for f in find(case.text) if f.type in wanted] == list(case.spans)


@pytest.mark.parametrize(
    ("simplified", "traditional"),
    [
        ("登录密码", "登錄密碼"),
        ("护照号码", "護照號碼"),
        ("统一社会信用代码", "統一社會信用代碼"),
        ("银行账号", "銀行賬號"),
    ],
)
def test_words_are_known_in_both_scripts(
    simplified: str, traditional: str, find: Callable[[str], list[Finding]]
) -> None:
    values = {"登录密码": "Abc123!x", "护照号码": "E12345678", "统一社会信用代码": "91440300MA5EXAMP5B"}
    value = values.get(simplified, "6222021234567890128")
    one, other = ([(f.type, f.end - f.start) for f in find(f"{label}：{value}")] for label in (simplified, traditional))
    assert one == other
