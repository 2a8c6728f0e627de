"""Cells that are taken out of tables before they are searched change nothing of what is found: dirty tables read both
ways."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from datetime import date

import pytest
from faker import Faker

from tongguan.identify import Detector, Piece
from tongguan.identify.extract import tables as delimited
from tongguan.identify.tables import Memory, Sure, SureCells
from tongguan.model import Finding

KEY = b"k" * 32
DAY = date(2026, 11, 21)
Row = list[str]
Spoil = Callable[[random.Random, Row], None]


class Maker:
    def __init__(self, seed: int) -> None:
        self.fake = Faker("zh_CN")
        self.fake.seed_instance(seed)
        self.chance = random.Random(seed)
        self.names = [self.fake.name() for _ in range(300)]
        self.banks = ["中国银行", "中国工商银行深圳分行", "招商银行", "华夏银行", "王府井支行"]

    def phone(self) -> str:
        return f"1{self.chance.choice((38, 39, 50, 86))}{self.chance.randrange(10**8):08}"

    def card(self, start: str = "622202", size: int = 19) -> str:
        body = start + "".join(self.chance.choices("0123456789", k=size - 1 - len(start)))
        twice = [int(d) * (2 - i % 2) for i, d in enumerate(reversed(body))]
        return body + str(-sum(d // 10 + d % 10 for d in twice) % 10)

    def id_card(self) -> str:
        region = self.chance.choice(("110101", "440305", "620102", "350203"))
        born = date.fromordinal(self.chance.randrange(715_000, 739_500)).strftime("%Y%m%d")
        body = f"{region}{born}{self.chance.randrange(1000):03}"
        weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
        return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]

    def row(self, n: int) -> Row:
        chance = self.chance
        return [
            f"{10_000_000 + n}", chance.choice(self.names), self.phone(), self.id_card(), self.card(),
            chance.choice(self.banks), f"{chance.random() * 9999:.2f}", chance.choice(("没有", "正常", "新客户", "")),
            f"2026-0{chance.randrange(1, 10)}-1{chance.randrange(10)}",
        ]  # fmt: skip


NAMES = ["编号", "姓名", "手机号", "身份证号", "银行卡号", "开户行", "金额", "备注", "时间"]
WORDS = [
    "手机", "电话", "护照", "身份证", "QQ", "密码", "地址", "微信", "银行卡号", "联系人", "确诊糖尿病", "患者信佛教", "男",
    "李娟", "王芳转交", "转给张伟 13800138000", "是我的身份证", "客户编号 E12345678", "密码：abc123!x", "passport no",
    "user@qq.com", "138-0013-8000", "０１０-12345678", "\\u0031\\u0033", "%31%33", "轨迹 22.5431,114.0579", "生于1990-03-07",
    "SELECT INSERT INTO t VALUES (1)", "6222021234567890", "11010119900307", "192.0.2.7", "广东省深圳市南山区科技园路1号",
]  # fmt: skip


def nothing(chance: random.Random, row: Row) -> None:
    pass


def wrong(chance: random.Random, row: Row) -> None:
    """Values that do not belong there, in any column."""
    if chance.random() < 0.05:
        row[chance.randrange(1, 9)] = chance.choice(
            (*WORDS, "", "NULL", "\\N", "-", "138****8000", "王*", "张三 李四", "0")
        )


def swapped(chance: random.Random, row: Row) -> None:
    if chance.random() < 0.05:
        a, b = chance.sample(range(9), 2)
        row[a], row[b] = row[b], row[a]


def remarks(chance: random.Random, row: Row) -> None:
    if chance.random() < 0.2:
        row[7] = chance.choice(WORDS)


def inside(chance: random.Random, row: Row) -> None:
    """Numbers within longer texts, several in one cell, written in groups or wide."""
    if chance.random() < 0.05:
        at = chance.choice((2, 3, 4))
        row[at] = chance.choice((
            f"{row[at]}/{row[2]}", f"电话{row[at]}", f"{row[at]} ", f"+86{row[at]}", " ".join(row[at]), f"{row[at][:3]}-{row[at][3:]}",
            "".join(chr(ord(c) + 0xFEE0) for c in row[at]), row[at].lower(), row[at] + "x", f"({row[at]})",
        ))  # fmt: skip
    if chance.random() < 0.05:
        row[1] = chance.choice(
            (f"{row[1]}（母亲）", f"{row[1]}先生", f"{row[1]} {row[1]}", "没有", "高兴", "Li Lei", f"{row[1]}等")
        )


def numbers_of_their_shape(chance: random.Random, row: Row) -> None:
    """Part numbers of eleven and of eighteen digits, some of which pass by chance."""
    row[0] = f"{chance.randrange(10**10, 2 * 10**10)}"
    if chance.random() < 0.3:
        row[7] = f"{chance.randrange(6 * 10**17, 7 * 10**17)}"


def quoted(chance: random.Random, row: Row) -> None:
    if chance.random() < 0.1:
        at = chance.randrange(9)
        row[at] = f'"{row[at]}"'
    if chance.random() < 0.02:
        row[7] = '"第一行\n手机"'


SPOILS: dict[str, Spoil] = {
    spoil.__name__: spoil for spoil in (nothing, wrong, swapped, remarks, inside, numbers_of_their_shape, quoted)
}
ORDERS = {
    "as it is": list(range(9)),
    "numbers outside": [2, 0, 1, 5, 6, 7, 8, 4, 3],
    "remark first": [7, 1, 3, 2, 4, 5, 0, 6, 8],
}


def made(spoil: Spoil, seed: int, order: list[int], sign: str, rows: int = 1_600) -> Piece:
    maker = Maker(seed)
    lines = [sign.join(NAMES[n] for n in order)]
    for n in range(rows):
        row = maker.row(n)
        spoil(maker.chance, row)
        lines.append(sign.join(row[n] for n in order))
    text = "\n".join(lines) + "\n"
    return delimited.delimited(text, text.encode(), ord(sign), None)


Sum = tuple[int, float, list[str], set[bytes]]


def summed(piece: Piece, findings: Iterable[Finding], sure: Iterable[SureCells]) -> dict[tuple[int, str], Sum]:
    """By column and type: how many, the best score, the first samples that differ, the hashes."""
    assert piece.cells is not None
    found = list(findings)
    starts = piece.cells[:, 0].searchsorted([finding.start for finding in found], side="right") - 1
    groups: dict[tuple[int, str], list[tuple[int, str, float, bytes]]] = {}
    for finding, cell in zip(found, starts.tolist(), strict=True):
        place = int(piece.cells[cell, 2]), finding.type
        groups.setdefault(place, []).append((finding.start, finding.masked, finding.score, finding.digest))
    counts = {place: len(group) for place, group in groups.items()}
    for cells in sure:
        place = cells.column, cells.type
        counts[place] = counts.get(place, 0) + cells.count
        group = groups.setdefault(place, [])
        group += [(start, masked, cells.score, b"") for start, masked in cells.first]
        group += [(1 << 60, "", cells.score, digest) for digest in cells.digests]
    return {
        place: (
            counts[place], max(score for _, _, score, _ in group),
            list(dict.fromkeys(masked for _, masked, _, _ in sorted(group) if masked))[:3],
            {digest for *_, digest in group if digest},
        )
        for place, group in groups.items()
    }  # fmt: skip


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("sign", [",", "\t", "|"], ids=["comma", "tab", "bar"])
@pytest.mark.parametrize("spoil", SPOILS)
def test_the_same_is_found(spoil: str, sign: str, order: str) -> None:
    piece = made(SPOILS[spoil], 7, ORDERS[order], sign)
    detector = Detector(KEY, as_of=DAY)
    ((read, sure),) = Sure(detector, KEY, as_of=DAY).scan([piece])
    (every,) = detector.scan([piece])
    assert summed(piece, read, sure) == summed(piece, every, ())


def test_most_cells_of_a_clean_table_are_taken_out() -> None:
    piece = made(nothing, 3, ORDERS["as it is"], ",")
    ((read, sure),) = Sure(Detector(KEY, as_of=DAY), KEY, as_of=DAY).scan([piece])
    assert {cells.type for cells in sure} >= {"phone", "id_card", "bank_card", "person_name", "organisation"}
    assert sum(cells.count for cells in sure) > len(read)


def test_short_tables_and_other_texts_are_read_as_they_are() -> None:
    piece = made(nothing, 3, ORDERS["as it is"], ",", rows=200)
    other = Piece("客户王芳，电话 13800138000。")
    found = list(Sure(Detector(KEY, as_of=DAY), KEY, as_of=DAY).scan([piece, other]))
    assert [sure for _, sure in found] == [[], []]
    assert [read for read, _ in found] == Detector(KEY, as_of=DAY).scan([piece, other])


def test_what_is_found_otherwise_than_thought_is_read_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """A detector that finds phones with another score behind the first rows."""
    piece = made(nothing, 3, ORDERS["as it is"], ",")

    class Odd(Detector):
        def scan(self, pieces):  # type: ignore[no-untyped-def]
            found = super().scan(pieces)
            return [[f for f in some if f.type != "phone" or f.start < 20_000] for some in found]

    detector = Odd(KEY, as_of=DAY)
    ((read, sure),) = Sure(detector, KEY, as_of=DAY).scan([piece])
    assert not sure
    assert read == detector.scan([piece])[0]


def test_a_second_stretch_is_read_by_what_the_first_showed() -> None:
    pieces = [made(nothing, seed, ORDERS["as it is"], ",") for seed in (3, 4)]
    detector = Detector(KEY, as_of=DAY)
    both = Sure(detector, KEY, as_of=DAY)
    for piece in pieces:
        ((read, sure),) = both.scan([piece])
        assert summed(piece, read, sure) == summed(piece, detector.scan([piece])[0], ())


def test_what_was_found_in_other_tables_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same names come in tables of other orders and dirt; with room for a few, they are forgotten in between."""
    detector = Detector(KEY, as_of=DAY)
    for most in (100_000, 400):
        monkeypatch.setattr("tongguan.identify.tables.sure._KNOWN", most)
        memory = Memory()
        for seed, (spoil, order) in enumerate(zip((nothing, wrong, nothing, wrong), ORDERS.values(), strict=False)):
            piece = made(spoil, 3 + seed // 2, order, ",")
            ((read, sure),) = Sure(detector, KEY, as_of=DAY, memory=memory).scan([piece])
            assert summed(piece, read, sure) == summed(piece, detector.scan([piece])[0], ())
        assert 0 < sum(map(len, memory.texts.values())) <= most


def test_a_table_in_which_nothing_is_sought_is_not_tried() -> None:
    rows = [["sku", "price", "title"], *([f"{n}", f"{n / 7:.2f}", f"item {n % 9}"] for n in range(1500))]
    text = "\n".join(map(",".join, rows))
    asked: list[int] = []

    class Counting(Detector):
        def scan(self, pieces):  # type: ignore[no-untyped-def]
            asked.append(len(pieces))
            return super().scan(pieces)

    piece = delimited.delimited(text, text.encode(), ord(","), None)
    ((read, sure),) = Sure(Counting(KEY, as_of=DAY), KEY, as_of=DAY).scan([piece])
    assert (read, sure, asked) == ([], [], [1])
