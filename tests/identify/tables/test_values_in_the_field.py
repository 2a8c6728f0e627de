"""Values as they come out of spreadsheets, exports and masking: damaged, hidden, several in a cell."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import pytest
from faker import Faker

from tongguan.identify.tables import Column, ColumnVerdict, Judge, Table

JUDGE = Judge(b"a key of tests", as_of=date(2026, 11, 21))
FAKE = Faker("zh_CN")
FAKE.seed_instance(90)
C = random.Random(90)


def column(name: str, values: list[Any], comment: str | None = None, table: str = "t_data") -> ColumnVerdict:
    return JUDGE.judge(Table(table, None, [Column(name, comment, values)])).columns[0]


def phones(count: int = 120) -> list[str]:
    return [FAKE.phone_number() for _ in range(count)]


DAMAGED: dict[str, tuple[str, list[Any], str]] = {
    "phones that went through fractions": ("mobile", [p + ".0" for p in phones()], "phone"),
    "the same without a name": ("c1", [p + ".0" for p in phones()], "phone"),
    "phones as numbers": ("mobile", [float(p) for p in phones()], "phone"),
    "phones as powers of ten": ("手机号", [f"{float(p):.5E}" for p in phones()], "phone"),
    "cards of persons cut at fifteen digits": ("身份证号", [FAKE.ssn()[:15] + "000" for _ in range(120)], "id_card"),
    "cards of persons as powers of ten": ("sfzh", [f"{int(FAKE.ssn()[:17]) * 10:.5E}" for _ in range(120)], "id_card"),
    "days of birth as serial numbers": ("出生日期", [str(C.randrange(18_000, 40_000)) for _ in range(120)], "birth_date"),
    "cards of persons with wrong last digits": ("idCard", [FAKE.ssn()[:17] + "0" for _ in range(120)], "id_card"),
    "phones with spaces and quotes": ("tel", [f" '{p}" for p in phones()], "phone"),
    "phones of which most are empty": ("mobile", [p if i % 20 == 0 else None for i, p in enumerate(phones(400))], "phone"),
    "phones of which most are NULL in writing": ("c9", [p if i % 10 == 0 else "NULL" for i, p in enumerate(phones(400))], "phone"),
    "days of birth in mixed writing": ("csrq", [(date(1990, 1, 1) + timedelta(days=C.randrange(9000))).strftime(C.choice(["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y年%m月%d日"])) for _ in range(120)], "birth_date"),
    "sexes by GB/T 2261": ("性别代码", [C.choice("1129") for _ in range(120)], "gender"),
}  # fmt: skip


@pytest.mark.parametrize("case", DAMAGED)
def test_damaged_values_under_a_plain_name_are_known(case: str) -> None:
    name, values, expected = DAMAGED[case]
    assert column(name, values).type == expected


def test_what_a_spreadsheet_did_is_said() -> None:
    verdict = column("身份证号", [FAKE.ssn()[:15] + "000" for _ in range(60)])
    assert any("电子表格" in part.text["zh"] for part in verdict.parts)


NOTHING: dict[str, tuple[str, list[Any]]] = {
    "amounts with .0": ("amount", [f"{C.randrange(1000)}.0" for _ in range(200)]),
    "numbers of 18 digits that end in zeros": ("c1", [f"{C.randrange(10**14, 10**15)}000" for _ in range(200)]),
    "powers of ten": ("c1", [f"{C.random() * 10**10:.5E}" for _ in range(200)]),
    "serial days": ("c1", [str(C.randrange(18_000, 40_000)) for _ in range(200)]),
    "ranges of numbers": ("c1", [f"{C.randrange(10**5, 10**6)}-{C.randrange(10**6, 10**7)}" for _ in range(200)]),
    "masked product codes": ("c1", [f"SKU****{C.randrange(10**4):04}" for _ in range(200)]),
    "long texts with places": ("prompt", [f"你是一名助手。请根据北京市海淀区中关村大街{i}号的门店数据，" + "分析销量并给出建议。" * 20 for i in range(60)]),
    "other, again and again": ("c1", ["n/a", "other", "n/a", "unknown"] * 50),
}  # fmt: skip


@pytest.mark.parametrize("case", NOTHING)
def test_what_only_looks_damaged_is_nothing(case: str) -> None:
    name, values = NOTHING[case]
    assert column(name, values).type is None


HIDDEN: dict[str, tuple[str, list[str]]] = {
    "phones": ("phone", [f"{p[:3]}****{p[-4:]}" for p in phones()]),
    "cards of persons": ("id_card", [(s := FAKE.ssn())[:6] + "********" + s[-4:] for _ in range(120)]),
    "mail": ("email", [f"{C.choice('abcdefg')}***{C.randrange(99)}@example.com" for _ in range(120)]),
    "bank cards": ("bank_card", [f"6222********{C.randrange(10**4):04}" for _ in range(120)]),
    "names": ("person_name", [FAKE.last_name()[0] + "**" if i % 2 else "*" + FAKE.first_name()[-1] for i in range(120)]),
}  # fmt: skip


@pytest.mark.parametrize("name", ["c1", "ext_2"])
@pytest.mark.parametrize("case", HIDDEN)
def test_masked_values_are_named_as_masked(case: str, name: str) -> None:
    expected, values = HIDDEN[case]
    verdict = column(name, values)
    assert (verdict.type, verdict.protection) == (expected, "masked")
    assert verdict.level is not None and any("遮盖" in part.text["zh"] for part in verdict.parts)


SEVERAL: dict[str, tuple[list[str], set[str]]] = {
    "two phones": ([f"{a}/{b}" for a, b in zip(phones(), phones(), strict=True)], {"phone"}),
    "phones with commas": ([f"{a}，{b}" for a, b in zip(phones(), phones(), strict=True)], {"phone"}),
    "name, phone and card": ([f"{FAKE.name()} {p} {FAKE.ssn()}" for p in phones()], {"phone", "id_card"}),
    "JSON": ([f'{{"user": {{"mobile": "{p}", "email": "{FAKE.email()}"}}, "n": {i}}}' for i, p in enumerate(phones())], {"phone", "email"}),
    "remarks of which few hold a number": (["请尽快发货，谢谢"] * 100 + [f"找门卫转交，电话{p}" for p in phones(8)], {"phone"}),
}  # fmt: skip


@pytest.mark.parametrize("case", SEVERAL)
def test_several_in_a_cell_are_found_inside(case: str) -> None:
    values, expected = SEVERAL[case]
    C.shuffle(values)
    verdict = column("ext_info", values)
    assert expected <= {inside.type for inside in verdict.inside} | {verdict.type}
    assert verdict.level in ("general-3", "general-4")


NAMED: list[tuple[str, str | None, str | None]] = [
    ("khsfzh", None, "id_card"),
    ("shouhuoren", "收货人", "person_name"),
    ("return_man", "退货人", "person_name"),
    ("attn_doctor", None, "person_name"),
    ("doctor_id", "主治医生", None),
    ("owner_user_ids", "负责人", None),
    ("real_name", "文件真实的名称", None),
    ("tenant_name", "租户名称", None),
    ("avatar", "头像地址", None),
    ("pack_unit", "包装单位", None),
    ("user_name", "收货人姓名", "person_name"),
    ("verify_code", "短信验证码", "credential"),
    ("diagnosis_desc", "门诊诊断", "health"),
    ("diagnosis_time", "诊断时间", None),
    ("health_card_no", "健康卡号", "medical_record"),
    ("card_no", "会员卡号", None),
    ("robot", "机器人", None),
    ("job_id", "岗位ID", None),
    ("email", "EMAIL地址", "email"),
    ("work_age", "工龄", None),
    ("user_face", None, None),
]


@pytest.mark.parametrize(("name", "comment", "expected"), NAMED)
def test_empty_tables_are_read_by_their_names(name: str, comment: str | None, expected: str | None) -> None:
    beside = Column("sfzh", "身份证号", [])
    verdict = JUDGE.judge(Table("t_data", None, [Column(name, comment, []), beside])).columns[0]
    assert verdict.type == expected
