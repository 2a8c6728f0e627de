"""Tables of persons as systems export them, all cells in quotes or none, with days of birth, ethnic groups, addresses
and columns that may hold names: taking cells out changes nothing of what is found."""

from __future__ import annotations

import csv
import io
import random

import pytest
from test_sure import DAY, KEY, Maker, Row, Spoil, summed

from tongguan.identify import Detector, Piece
from tongguan.identify.extract import tables as delimited
from tongguan.identify.tables import Memory, Sure

HEADS = {
    "names": ["编号", "姓名", "手机号", "身份证号", "家庭住址", "出生日期", "性别", "民族", "邮箱", "单位", "备注"],
    "unclear": ["id", "name", "mobile", "id_no", "address", "birthday", "sex", "nation", "email", "company", "remark"],
}
GROUPS = ["汉族", "回族", "壮族", "维吾尔族", "满族", ""]
ODD = [
    "汉族, 回族", "少数民族", "汉族族群", "族", "民族大学", "李娟", "王芳转交", "Li Lei", "人力资源招聘有限公司", "本科", "已婚",
    "护士", "佛教", "23岁", "手机", "身份证", "老师", "患者信佛教", "13800138000", "深圳市招聘中心平均薪资", "新疆维吾尔自治区等地区",
    "诚聘销售", "user@qq.com", "阿依古丽", "高兴", "金额", "张三、李四", "1990-03-07", "男",
]  # fmt: skip


def row_of(maker: Maker, n: int) -> Row:
    chance = maker.chance
    card = maker.id_card()
    return [
        f"C{n:06}", chance.choice(maker.names), maker.phone(), card,
        f"{chance.choice(('广东省深圳市', '四川省成都市', '北京市'))}{chance.choice('东西南北')}城区建设路{chance.randrange(40)}号",
        f"{card[6:10]}-{card[10:12]}-{card[12:14]}", chance.choice("男女"), chance.choice(GROUPS),
        f"u{chance.randrange(10**6)}@example.cn", chance.choice(maker.banks), chance.choice(("", "已联系", "正常")),
    ]  # fmt: skip


def clean(chance: random.Random, row: Row) -> None:
    pass


def anywhere(chance: random.Random, row: Row) -> None:
    """What speaks of others, or belongs to another column, in any cell."""
    if chance.random() < 0.08:
        row[chance.randrange(1, len(row))] = chance.choice(ODD)


def exchanged(chance: random.Random, row: Row) -> None:
    if chance.random() < 0.06:
        a, b = chance.sample(range(len(row)), 2)
        row[a], row[b] = row[b], row[a]


def in_the_remark(chance: random.Random, row: Row) -> None:
    row[10] = chance.choice((*ODD, *[""] * 30))
    if chance.random() < 0.2:
        row[7] = chance.choice(ODD)


def with_signs(chance: random.Random, row: Row) -> None:
    """Quotes, commas, blanks and line ends within cells."""
    if chance.random() < 0.08:
        at = chance.randrange(1, len(row))
        row[at] = chance.choice(
            (f'"{row[at]}"', f"{row[at]},", f" {row[at]}", f"{row[at]}\n", f"({row[at]})", f"'{row[at]}")
        )


def few_names(chance: random.Random, row: Row) -> None:
    """Most cells under `name` are goods."""
    if chance.random() < 0.7:
        row[1] = chance.choice(("螺丝", "不锈钢管", "Desk Lamp", "高压泵", "Li Ming", "金属板"))


SPOILS: dict[str, Spoil] = {
    spoil.__name__: spoil for spoil in (clean, anywhere, exchanged, in_the_remark, with_signs, few_names)
}


def made(spoil: Spoil, head: Row, quoting: int, seed: int, rows: int = 1_400) -> Piece:
    maker, out = Maker(seed), io.StringIO()
    order = list(range(len(head)))
    maker.chance.shuffle(order)
    writer = csv.writer(out, quoting=quoting)  # type: ignore[arg-type]
    writer.writerow([head[n] for n in order])
    for n in range(rows):
        row = row_of(maker, n)
        spoil(maker.chance, row)
        writer.writerow([row[n] for n in order])
    text = out.getvalue()
    return delimited.delimited(text, text.encode(), ord(","), None)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("quoting", [csv.QUOTE_ALL, csv.QUOTE_MINIMAL], ids=["quoted", "plain"])
@pytest.mark.parametrize("spoil", SPOILS)
def test_the_same_is_found(spoil: str, quoting: int, head: str) -> None:
    detector = Detector(KEY, as_of=DAY)
    for seed in (1, 2):
        piece = made(SPOILS[spoil], HEADS[head], quoting, seed)
        ((read, sure),) = Sure(detector, KEY, as_of=DAY).scan([piece])
        (every,) = detector.scan([piece])
        assert summed(piece, read, sure) == summed(piece, every, ())


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("quoting", [csv.QUOTE_ALL, csv.QUOTE_MINIMAL], ids=["quoted", "plain"])
def test_most_numbers_of_a_clean_table_are_taken_out(quoting: int, head: str) -> None:
    piece = made(clean, HEADS[head], quoting, 1)
    ((_, sure),) = Sure(Detector(KEY, as_of=DAY), KEY, as_of=DAY).scan([piece])
    counts = {cells.type: cells.count for cells in sure}
    assert counts["phone"] > 1_000
    if head == "names":
        assert min(counts["id_card"], 3 * counts["person_name"]) > 1_000


def test_tables_with_a_known_header_are_not_tried_again() -> None:
    """Whatever a later one holds below it."""
    asked: list[int] = []

    class Counting(Detector):
        def scan(self, pieces):  # type: ignore[no-untyped-def]
            asked.append(len(pieces[0].text))
            return super().scan(pieces)

    detector, memory = Detector(KEY, as_of=DAY), Memory()
    for n, spoil in enumerate((clean, clean, few_names, exchanged, anywhere)):
        piece = made(spoil, HEADS["names"], csv.QUOTE_ALL, 5)
        asked.clear()
        ((read, sure),) = Sure(Counting(KEY, as_of=DAY), KEY, as_of=DAY, memory=memory).scan([piece])
        assert summed(piece, read, sure) == summed(piece, detector.scan([piece])[0], ())
        assert (int(piece.records[200]) in asked) == (n == 0)
