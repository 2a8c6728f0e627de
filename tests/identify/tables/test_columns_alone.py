"""Columns without help from their neighbours: right names with wrong values, wrong names with right ones, look-alikes."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from check_digits import luhn_check
from schema_habits import Source

from tongguan.identify.tables import Column, ColumnVerdict, Judge, Table

JUDGE = Judge(b"a key of tests", as_of=date(2026, 11, 21))


def alone(name: str, values: list[Any], comment: str | None = None, table: str = "t_data") -> ColumnVerdict:
    return JUDGE.judge(Table(table, None, [Column(name, comment, values)])).columns[0]


S = Source(77)
C = random.Random(77)
RIGHT: dict[str, tuple[str, Callable[[], Any]]] = {
    "id_card": ("id_card", S.zh.ssn),
    "phone": ("phone", S.zh.phone_number),
    "phone in groups": ("phone", lambda: "138-{:04}-{:04}".format(*(C.randrange(10**4) for _ in "ab"))),
    "phone with 86": ("phone", lambda: f"+86 139{C.randrange(10**8):08}"),
    "phone in full width": ("phone", lambda: f"139{C.randrange(10**8):08}".translate(str.maketrans("0123456789", "０１２３４５６７８９"))),
    "email": ("email", S.en.email),
    "bank card": ("bank_card", S.card),
    "uscc": ("uscc", S.uscc),
    "vin": ("vin", S.vin),
    "plate": ("plate", S.plate),
    "ip": ("ip", S.zh.ipv4_public),
    "mac": ("mac", S.zh.mac_address),
    "imei": ("imei", S.imei),
    "imsi": ("imsi", lambda: "46001" + S.digits(10)),
    "address": ("address", lambda: f"浙江省杭州市西湖区{S.zh.street_name()}{C.randrange(1, 200)}号"),
    "name": ("person_name", S.zh.name),
    "ethnicity": ("ethnicity", lambda: C.choice(["汉族", "壮族", "回族", "苗族"])),
    "marital": ("marital_status", lambda: C.choice(["已婚", "未婚", "离异"])),
}  # fmt: skip


@pytest.mark.parametrize("case", RIGHT)
@pytest.mark.parametrize("name", ["c7", "ext_field_3", "备用字段1", "col"])
def test_right_values_are_found_under_names_that_say_nothing(case: str, name: str) -> None:
    expected, make = RIGHT[case]
    assert alone(name, [make() for _ in range(200)]).type == expected


@pytest.mark.parametrize("case", ["id_card", "email", "uscc", "phone", "bank card", "vin"])
@pytest.mark.parametrize("name", ["order_no", "batch_no", "remark", "商品编码", "version"])
def test_right_values_are_found_under_wrong_names(case: str, name: str) -> None:
    expected, make = RIGHT[case]
    assert alone(name, [make() for _ in range(200)]).type == expected


WRONG: dict[str, tuple[str, Callable[[int], Any]]] = {
    "flags under phone": ("phone", lambda i: C.choice("YN")),
    "models under mobile": ("mobile", lambda i: C.choice(["iPhone 15", "Mate 60", "Redmi K70"])),
    "counts under email": ("email", lambda i: C.randrange(50)),
    "states under id_card": ("id_card", lambda i: C.choice(["verified", "pending", "rejected"])),
    "times under birthday": ("birthday", lambda i: C.choice(["09:00", "10:30", "23:15"])),
    "prices under card_no": ("card_no", lambda i: f"{C.uniform(1, 999):.2f}"),
    "texts under vin": ("vin", lambda i: C.choice(["n/d", "see file", "tbd"])),
    "small numbers under address": ("address", lambda i: C.randrange(500)),
    "states under gender": ("gender", lambda i: C.choice(["shipped", "returned", "lost"])),
    "numbers under name": ("full_name", lambda i: 1000 + i),
    "hours under age": ("age", lambda i: C.randrange(1000, 9000)),
    "future days under birth_date": ("birth_date", lambda i: str(date(2027, 1, 1) + timedelta(days=i))),
    "flags under diagnosis": ("diagnosis", lambda i: C.choice("01")),
    "kinds under passport": ("passport", lambda i: C.choice(["regular", "diplomatic"])),
    "booleans under password": ("password", lambda i: C.choice([True, False])),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_right_name_does_not_make_up_for_wrong_values(case: str) -> None:
    name, make = WRONG[case]
    assert alone(name, [make(i) for i in range(200)]).type is None


ALIKE: dict[str, tuple[str, Callable[[int], Any]]] = {
    "order numbers of 16 digits": ("order_no", lambda i: f"{C.randrange(10**15, 10**16)}"),
    "numbers of 16 digits that begin with 62": ("no", lambda i: f"62{C.randrange(10**14):014}"),
    "numbers of 19 digits that begin with 62": ("c1", lambda i: f"62{C.randrange(10**17):017}"),
    "numbers of 18 digits": ("c1", lambda i: f"{C.randrange(10**17, 10**18)}"),
    "numbers of 15 digits": ("c1", lambda i: f"{C.randrange(10**14, 10**15)}"),
    "numbers of 11 digits": ("c1", lambda i: f"{C.randrange(10**10, 10**11)}"),
    "numbers of 17 letters and digits": ("c1", lambda i: "".join(C.choice("ABCDEFGH0123456789") for _ in range(17))),
    "snowflake ids": ("id", lambda i: 1_790_000_000_000_000_000 + C.randrange(10**15)),
    "running numbers that look like phones": ("id", lambda i: 13_800_000_000 + i),
    "running numbers without a name": ("c1", lambda i: str(13_900_000_000 + 2 * i)),
    "seconds": ("c1", lambda i: 1_700_000_000 + C.randrange(10**8)),
    "milliseconds": ("c1", lambda i: 1_700_000_000_000 + C.randrange(10**10)),
    "microseconds": ("c1", lambda i: 1_700_000_000_000_000 + C.randrange(10**13)),
    "compact times": ("c1", lambda i: f"2026{C.randrange(1, 13):02}{C.randrange(1, 29):02}{C.randrange(24):02}{C.randrange(60):02}{C.randrange(60):02}"),
    "EAN-13": ("c1", lambda i: "69" + f"{C.randrange(10**11):011}"),
    "prices": ("c1", lambda i: round(C.uniform(1, 10000), 2)),
    "measures": ("value", lambda i: C.gauss(20, 5)),
    "md5": ("c1", lambda i: f"{C.getrandbits(128):032x}"),
    "sha256": ("c1", lambda i: f"{C.getrandbits(256):064x}"),
    "uuid": ("c1", lambda i: f"{C.getrandbits(32):08x}-{C.getrandbits(16):04x}-4{C.getrandbits(12):03x}-a{C.getrandbits(12):03x}-{C.getrandbits(48):012x}"),
    "versions": ("c1", lambda i: f"{C.randrange(9)}.{C.randrange(99)}.{C.randrange(999)}"),
    "product codes": ("c1", lambda i: f"SKU-{C.randrange(10**8):08}"),
    "codes of a letter and eight digits": ("asset_no", lambda i: f"E{C.randrange(10**8):08}"),
    "recent days": ("c1", lambda i: str(date(2026, 1, 1) + timedelta(days=C.randrange(300)))),
    "days over forty years": ("contract_date", lambda i: str(date(1980, 1, 1) + timedelta(days=C.randrange(16000)))),
    "cities": ("c1", lambda i: C.choice(["北京", "上海", "广州", "成都", "杭州", "武汉", "西安", "南京"])),
    "provinces": ("c1", lambda i: C.choice(["江苏省", "云南省", "安徽省", "陕西省", "广东省"])),
    "goods": ("c1", lambda i: C.choice(["白酒", "黄金", "温度计", "高压锅", "水杯", "马甲", "方便面", "金属管", "文具盒", "毛巾"])),
    "departments": ("c1", lambda i: C.choice(["财务部", "法务部", "高管层", "安全部", "文化部"])),
    "states": ("c1", lambda i: C.choice(["正常", "异常", "关闭", "待处理"])),
    "ratios": ("c1", lambda i: f"{C.random():.6f}"),
    "coordinates of a drawing": ("c1", lambda i: f"{C.uniform(0, 500):.4f}"),
    "letters for grades": ("c1", lambda i: C.choice("ABCDF")),
    "paths": ("c1", lambda i: f"/var/data/{C.randrange(999)}/part-{C.randrange(99999):05}.parquet"),
    "hosts": ("c1", lambda i: f"node{C.randrange(99)}.example.internal"),
    "base64": ("c1", lambda i: "".join(C.choice("ABCDEFabcdef0123456789+/") for _ in range(44))),
    "zeros": ("c1", lambda i: 0),
    "one phone number again and again": ("hotline", lambda i: "95588"),
    "json without persons": ("payload", lambda i: f'{{"sku": {C.randrange(10**8)}, "qty": {C.randrange(9)}, "ts": {1_763_000_000_000 + i}}}'),
}  # fmt: skip


@pytest.mark.parametrize("case", ALIKE)
def test_look_alikes_are_nothing(case: str) -> None:
    name, make = ALIKE[case]
    verdict = alone(name, [make(i) for i in range(1000)])
    assert (verdict.type, verdict.inside) == (None, ())
    assert not verdict.sensitive and verdict.level is None and not verdict.samples


def test_one_row_is_enough_where_chance_would_not_do_it() -> None:
    assert alone("c1", [S.zh.ssn()]).type == "id_card"
    assert alone("c1", ["someone@example.com"]).type == "email"
    assert alone("手机号", ["13800138000"]).type == "phone"
    body = "453201" + "511283036"
    assert alone("c1", [body + luhn_check(body)]).type is None  # one in ten numbers passes Luhn
    assert alone("c1", ["张伟"]).type is None
    assert alone("姓名", ["张伟"]).type == "person_name"


def test_cards_that_fail_their_check_need_their_name() -> None:
    scrambled = [f"62{C.randrange(10**14):014}" for _ in range(300)]
    assert alone("bank_card_no", scrambled).type == "bank_card"
    assert alone("c1", scrambled).type is None


def test_names_and_nothing_else_count_where_there_are_no_values() -> None:
    for values in ([], [None] * 50, ["", "NULL", "\\N", "-"]):
        assert alone("id_card_no", values).type == "id_card"
        assert alone("order_no", values).type is None
        assert alone("phone_type", values).type is None


def test_comments_count_like_names() -> None:
    phones = [f"138{i:08}" for i in C.sample(range(10**8), 100)]
    for name, comment in (("f1", "手机号"), ("f2", "联系电话，用于通知"), ("f3", "Mobile phone")):
        assert alone(name, phones, comment).score > alone(name, phones).score
    assert alone("f4", [], "客户身份证号码").type == "id_card"
    assert alone("f5", [], "手机号是否已验证").type is None


def test_hidden_and_hashed_values_are_still_of_their_type() -> None:
    hidden = alone("mobile", [f"138****{C.randrange(10**4):04}" for _ in range(100)])
    assert (hidden.type, hidden.protection) == ("phone", "masked")
    hashed = alone("id_card_md5", [f"{C.getrandbits(128):032x}" for _ in range(100)])
    assert (hashed.type, hashed.protection) == ("id_card", "hashed")
    unnamed = alone("c1", [f"138****{C.randrange(10**4):04}" for _ in range(100)])
    assert (unnamed.type, unnamed.protection) == ("phone", "masked")


def test_what_is_inside_some_cells_is_told() -> None:
    remark = [C.choice(["尽快发货", "周末送", "放门卫处就可以了"]) for _ in range(180)]
    remark += [f"请联系王小明，电话139{C.randrange(10**8):08}，谢谢" for _ in range(20)]
    C.shuffle(remark)
    verdict = alone("remark", remark)
    assert verdict.type is None and verdict.level == "general-3"
    assert "phone" in {i.type for i in verdict.inside}
    some = [S.zh.ssn() if i % 10 == 0 else f"X{i}" for i in range(300)]
    inside = {i.type: i.share for i in alone("ext", some).inside}
    assert inside["id_card"] == pytest.approx(0.1, abs=0.01)


def test_mixed_columns_tell_both() -> None:
    contact = [S.zh.phone_number() if i % 4 else S.en.email() for i in range(400)]
    verdict = alone("contact", contact)
    assert verdict.type == "phone"
    assert {i.type for i in verdict.inside} == {"email"}


def test_every_part_says_its_piece_in_both_languages_and_they_add_up() -> None:
    verdict = alone("sjhm", [S.zh.phone_number() for _ in range(50)], "手机号码")
    assert {part.source for part in verdict.parts} >= {"name", "comment", "checks"}
    assert all(set(part.text) == {"zh", "en"} and all(part.text.values()) for part in verdict.parts)
    odds = verdict.score / (1 - verdict.score)
    assert odds == pytest.approx(2.718281828 ** sum(part.points for part in verdict.parts), rel=1e-3)


def test_samples_hide_what_they_show() -> None:
    phones = [S.zh.phone_number() for _ in range(50)]
    verdict = alone("mobile", phones)
    assert 1 <= len(verdict.samples) <= 5
    assert all("*" in sample and sample not in phones for sample in verdict.samples)
