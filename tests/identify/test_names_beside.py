"""Names by what stands beside them: columns drawn in a text, lists, 男 or 女, what is theirs, heads of messages."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest

from tongguan.identify.detect.grids import drawn_cells
from tongguan.identify.detect.view import view_of
from tongguan.identify.detect.words import label_id
from tongguan.model import Finding

NAMED = [
    ("│ 姓名 │ 手机号 │\n├──┼──┤\n│ 裴攸 │ 无 │\n│ 于小满 │ 无 │", ["裴攸", "于小满"]),
    ("| 学号 | 姓名 | 监护人 | 电话 |\n|---|:--|---|---|\n| 07 | 傅筱 | 何知夏 | 无 |\n\n姓名不详", ["傅筱", "何知夏"]),
    ("姓　　名　卢望舒", ["卢望舒"]),
    ("姓    名：卢望舒    性别：", ["卢望舒"]),
    ("1. 姓名 ___卢望舒___ 2. 住址 ___", ["卢望舒"]),
    ("姓名：葉慧儀　申請人：蕭敬仁", ["葉慧儀", "蕭敬仁"]),
    ("姓名：达娃卓玛 民族：藏族", ["达娃卓玛"]),
    ("姓名：古丽娜尔，户籍", ["古丽娜尔"]),
    ("Surname: OUYANG   Given name(s): WENBO", ["OUYANG", "WENBO"]),
    ("出席：孟一凡、陶然、方小雨\n缺席：", ["孟一凡", "陶然", "方小雨"]),
    ("，陶然，女，汉族，1990", ["陶然"]),
    ("另查，陶知秋的手机号码未登记", ["陶知秋"]),
    ("家属陶知秋（电话未留）", ["陶知秋"]),
    ("陶知秋 2026-02-03 10:11:12\n好的\n孟一凡 09:12\n收到", ["陶知秋", "孟一凡"]),
    ("【某某驿站】陶知秋，您的包裹已到", ["陶知秋"]),
    ("陶知秋好：\n附件请查收。\n谢谢！\n孟一凡\n", ["陶知秋", "孟一凡"]),
    ("收件人写孟一凡就行", ["孟一凡"]),
    ("被告方杰民间借贷纠纷", ["方杰"]),
    ("（工行，户名金行）", ["金行"]),
    ("@陶知秋 麻烦看一下", ["陶知秋"]),
    ("请＠卢望舒，明早交", ["卢望舒"]),
    ("转发//@陶知秋Zoe:同意 @方杰2026@孟一凡_ 收到", ["陶知秋", "方杰", "孟一凡"]),
]


@pytest.mark.parametrize(("text", "wanted"), NAMED)
def test_named(text: str, wanted: list[str], find: Callable[[str], list[Finding]]) -> None:
    assert [text[f.start : f.end] for f in find(text) if f.type == "person_name"] == wanted


@pytest.mark.parametrize(
    "text",
    [
        "请联系班主任，再议",
        "6225217915084566 浦发",
        "被访人,车牌号\n",
        "石家庄的地址以公告为准",
        "白色，男，均码",
        "周期 2026-02-03 10:11:12",
        "| 姓名 | 电话 |\n| --- | --- |\n| 未知 | 无 |",
        "姓名：未填写　联系人：综合办公室",
        "@所有人 下午开会，@高效运维 供稿",
        "@方正证券 的公告",
        "服务@陶然.公司",
    ],
)
def test_nobody(text: str, find: Callable[[str], list[Finding]]) -> None:
    assert [text[f.start : f.end] for f in find(text) if f.type == "person_name"] == []


def test_columns_of_most_likely_names_take_rare_ones_along(find: Callable[[str], list[Finding]]) -> None:
    names = "| name | phone |\n|---|---|\n| 王小明 | 1 |\n| 李建国 | 2 |\n| 张丽华 | 3 |\n| 金行 | 4 |\n"
    goods = "| name | phone |\n|---|---|\n| 王小明 | 1 |\n| 金行 | 2 |\n| 铅笔 | 3 |\n| 橡皮 | 4 |\n"
    assert sum(f.type == "person_name" for f in find(names)) == 4
    assert [goods[f.start : f.end] for f in find(goods) if f.type == "person_name"] == ["王小明"]


def test_cells_end_where_the_grid_does() -> None:
    text = "│ 姓名 │ 手机 │\n│ 甲 │ 乙 │\n其后\n│ 丙 │ 丁 │\n"
    view = view_of(text, 20261121, np.zeros((0, 3), np.int64))
    cells = drawn_cells(text, view.units, view.labelled).tolist()
    assert [(text[a:b], label) for a, b, label in cells if a < b] == [
        ("甲", label_id("person_name")),
        ("乙", label_id("phone")),
    ]


def test_many_bars_take_little_time(find: Callable[[str], list[Finding]]) -> None:
    for text in ("| 姓名 | 电话 " * 20_000, "| 姓名 | 电话 |\n" * 20_000, "姓名：" + "、王小明" * 20_000):
        started = time.process_time()
        find(text)
        assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("住址：重庆市渝北区龙溪街道新南路88号29-3004，", "重庆市渝北区龙溪街道新南路88号29-3004"),
        ("住址：成都市武侯区人民南路四段43号附27号。", "成都市武侯区人民南路四段43号附27号"),
        ("户籍地址：阳朔县白沙镇旧县村委会61号", "阳朔县白沙镇旧县村委会61号"),
        ("住址：隆回县桃花坪镇石桥村第9村民小组。", "隆回县桃花坪镇石桥村第9村民小组"),
        ("通訊地址：台北市信義區松仁路2號3樓之3", "台北市信義區松仁路2號3樓之3"),
        ("改成西湖区文三路88号，", "西湖区文三路88号"),
        ("上车点 南山区桃园路52号", "南山区桃园路52号"),
        (
            "Home address: Flat A, 26/F, 175 Nathan Road, Mong Kok, Hong Kong\n",
            "Flat A, 26/F, 175 Nathan Road, Mong Kok, Hong Kong",
        ),
    ],
)
def test_addresses_from_end_to_end(text: str, wanted: str, find: Callable[[str], list[Finding]]) -> None:
    assert [text[f.start : f.end] for f in find(text) if f.type == "address"] == [wanted]
