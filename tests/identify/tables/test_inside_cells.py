"""What stands within cells: one identifier in thousands of texts is told, long cells are read to their end, and persons
named there are counted with bounds that hold."""

from __future__ import annotations

import json
import random

import pytest

from tongguan.identify.tables import Column, ColumnVerdict, Judge, Subjects, Table

JUDGE = Judge(b"key")


def phones(count: int, seed: int = 7) -> list[str]:
    chance = random.Random(seed)
    return [f"138{number:08}" for number in chance.sample(range(10**8), count)]


def judged(values: list[str | None], rows: int | None = None) -> tuple[ColumnVerdict, Subjects | None]:
    verdict = JUDGE.judge(Table("t", None, (Column("memo", None, values),), rows))
    return verdict.columns[0], verdict.subjects


def bounds(subjects: Subjects | None) -> tuple[int, int, int] | None:
    return subjects and (subjects.count, subjects.low, subjects.high)


@pytest.mark.parametrize("shape", ["手机{}", "客户来电，联系{}，稍后回复", "<p>电话：{}</p>", "https://x.cn/u?tel={}"])
@pytest.mark.parametrize("count", [1, 2, 30])
def test_a_number_beside_other_text_is_found_and_counted(shape: str, count: int) -> None:
    column, subjects = judged([shape.format(phone) for phone in phones(count)])
    assert [(i.type, i.share, i.estimated) for i in column.inside] == [("phone", 1.0, False)]
    assert bounds(subjects) == (count, count, count)


@pytest.mark.parametrize("count", [1, 5])
def test_few_among_thousands_are_told(count: int) -> None:
    texts = [f"第{i}条备注没有什么内容需要说明" for i in range(5000)]
    texts[10 : 10 + count] = [f"客户手机{phone}" for phone in phones(count)]
    column, subjects = judged(texts)
    assert [(i.type, i.rows) for i in column.inside] == [("phone", count)]
    assert column.level == "general-3"
    assert bounds(subjects) == (count, count, count)
    column, subjects = judged([*(f"n/a {i}" for i in range(3000)), "lin@example.cn"])
    assert [(i.type, i.rows) for i in column.inside] == [("email", 1)]


def test_a_long_cell_is_read_to_its_end() -> None:
    column, subjects = judged([f"{'说明文字。' * 2000}{i}手机{phone}" for i, phone in enumerate(phones(4))])
    assert [(i.type, i.rows, i.estimated) for i in column.inside] == [("phone", 4, False)]
    assert bounds(subjects) == (4, 4, 4)


def test_persons_within_structured_text_are_counted_once_a_row() -> None:
    rows = [json.dumps({"phone": phone, "mail": f"u{i}@example.cn"}) for i, phone in enumerate(phones(50))]
    column, subjects = judged(rows)
    assert {i.type for i in column.inside} >= {"phone", "email"}
    assert bounds(subjects) == (50, 50, 50)


def test_several_persons_in_a_row_raise_the_upper_bound() -> None:
    numbers = phones(40)
    _, subjects = judged([f"甲手机{a}，乙手机{b}" for a, b in zip(numbers[::2], numbers[1::2], strict=True)])
    assert bounds(subjects) == (40, 40, 40)
    _, subjects = judged([f"甲手机{numbers[0]}，乙手机{numbers[1]}，第{i}次" for i in range(20)])
    assert bounds(subjects) == (2, 2, 40)


def test_a_sample_takes_every_unread_row_for_another_person() -> None:
    _, subjects = judged([f"客户来电{phone}稍后回复" for phone in phones(100)], 100_000)
    assert subjects and (subjects.low, subjects.high) == (100, 100_000)
    assert "for certain" in subjects.text["en"] and "确定" in subjects.text["zh"]


def test_numbers_of_other_things_name_nobody() -> None:
    chance = random.Random(3)
    for values in (
        [f"订单号{chance.randrange(10**15, 10**16)}" for _ in range(3000)],
        [f"金额{chance.randrange(10**6)}.{i % 100:02}元，第{i}笔" for i in range(3000)],
        [f"commit {chance.getrandbits(160):040x} fixes #{i}" for i in range(3000)],
        [f"2026-11-21 08:{i % 60:02}:00 took {chance.randrange(10**6)} ms" for i in range(3000)],
    ):
        column, subjects = judged(values)
        assert not [i for i in column.inside if i.type not in ("ip", "organisation")], column.inside
        assert subjects is None


def test_a_column_of_mixed_identifiers() -> None:
    values = [*phones(6), *(f"u{i}@example.cn" for i in range(6)), *(f"备注{i}" for i in range(6))]
    column, subjects = judged(values)
    assert column.type is None
    assert {i.type: i.rows for i in column.inside} == {"phone": 6, "email": 6}
    assert subjects and (subjects.low, subjects.high) == (6, 12)
