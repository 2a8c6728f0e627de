"""Columns of names, many of which are none or hold other words: what is known of them is what a search finds."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from tongguan.identify import Detector, Piece
from tongguan.identify.extract import tables as delimited
from tongguan.identify.tables import Sure

KEY = b"k" * 32
ODD = (
    "华为", "马上", "安全", "李宁", "王医生", "张工程师", "大学生", "白族", "高血压", "陕西", "江苏省", "方便面", "王一二", "于是", "赵一一一",
    "欧阳修", "司马相如", "占比", "应届", "李强（母亲）", "張三豐", "王·明", "王 明", "１２３", "Li Ming", "", "无", "周一", "金融", "何处",
)  # fmt: skip


def rows(seed: int) -> list[str]:
    chance = random.Random(seed)
    family, given = (
        "王李张刘陈杨黄赵周吴徐孙马朱胡郭何高林罗郑梁宋谢唐韩曹许邓萧",
        "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文一三四",
    )
    names = [
        chance.choice(ODD) if chance.random() < 0.2 else chance.choice(family) + "".join(chance.sample(given, 2))
        for _ in range(1_500)
    ]
    return [f"{n},{name},1385{chance.randrange(10**7):07},{name[:1]}" for n, name in enumerate(names)]


@pytest.mark.parametrize("header", ["编号,姓名,手机号,备注", "id,客户姓名,mobile,note"])
def test_what_is_known_of_names_is_what_is_found(header: str) -> None:
    text = "\n".join([header, *rows(len(header))]) + "\n"
    piece = delimited.delimited(text, text.encode(), ord(","), None)
    assert isinstance(piece, Piece)
    alone = Counter((one.type, one.digest) for one in Detector(KEY).scan([piece])[0])
    [(found, sure)] = Sure(Detector(KEY), KEY).scan([piece])
    assert sum(cells.count for cells in sure if cells.type == "person_name") > 500
    counted = Counter(one.type for one in found)
    for cells in sure:
        counted[cells.type] += cells.count
    assert counted == Counter(type for type, _ in alone.elements())
    assert {(one.type, one.digest) for one in found} | {(c.type, d) for c in sure for d in c.digests} == set(alone)
