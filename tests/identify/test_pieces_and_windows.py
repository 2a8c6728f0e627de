"""Many pieces at once, one piece of any size, tables, records: findings keep their places."""

from __future__ import annotations

import tracemalloc
from datetime import date

import numpy as np
import pytest

from tongguan.identify import Detector, Piece

AS_OF = date(2026, 11, 21)
DETECTOR = Detector(b"a key of tests", as_of=AS_OF)


def table(header: list[str], rows: list[list[str]]) -> Piece:
    text, cells, records = "", [], []
    for row in [header, *rows]:
        records.append(len(text))
        for column, cell in enumerate(row):
            cells.append((len(text), len(text) + len(cell), column))
            text += cell + ("," if column < len(row) - 1 else "\n")
    return Piece(
        text, None, "table", np.array(records, np.int64), tuple(header), np.array(cells, np.int64).reshape(-1, 3)
    )


def test_a_batch_gives_what_single_scans_give() -> None:
    texts = [
        "手机：13800138000",
        "",
        "x" * 50,
        "李娜 110101199003074514",
        "密码：Abc@12345",
        "京A12345\n",
        "📱 a@b.cn",
    ] * 40
    together = DETECTOR.scan([Piece(text, member=f"m{i}") for i, text in enumerate(texts)])
    for i, (text, found) in enumerate(zip(texts, together, strict=True)):
        (alone,) = DETECTOR.scan([Piece(text)])
        assert [(f.type, f.start, f.end, f.digest) for f in found] == [
            (f.type, f.start, f.end, f.digest) for f in alone
        ]
        assert all(f.member == f"m{i}" and f.piece == i for f in found)


def test_nothing_reaches_from_one_piece_into_the_next() -> None:
    halves = DETECTOR.scan([Piece("手机：1380013"), Piece("8000"), Piece("订单号："), Piece("13800138000")])
    assert [[f.type for f in found] for found in halves] == [[], [], [], ["phone"]]


@pytest.mark.parametrize("filler", ["日志 ok ", "x", "数", "📱 "])
def test_windows_give_what_one_scan_gives(filler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    unit = "联系人李娜，手机138-0013-8000，住址：北京市朝阳区建国路88号。" + filler * 37 + "\n"
    text = unit * 300
    (whole,) = DETECTOR.scan([Piece(text)])
    monkeypatch.setattr("tongguan.identify.detect.detector._BATCH", 3001)
    monkeypatch.setattr("tongguan.identify.detect.detector._OVERLAP", 400)
    (windows,) = DETECTOR.scan([Piece(text)])
    assert len(whole) == 900
    assert [(f.type, f.start, f.end) for f in windows] == [(f.type, f.start, f.end) for f in whole]


def test_windows_of_a_table_know_its_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    piece = table(["姓名", "护照", "订单号"], [["李娜", f"E{i:08}", f"138{i:08}"] for i in range(400)])
    monkeypatch.setattr("tongguan.identify.detect.detector._BATCH", 2000)
    (found,) = DETECTOR.scan([piece])
    assert [f.type for f in found] == ["person_name", "passport"] * 400
    assert [f.record for f in found] == [i for i in range(1, 401) for _ in range(2)]


@pytest.mark.parametrize("size", range(1990, 2014))
def test_a_window_may_end_in_any_cell(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    piece = table(["姓名", "备注"], [["欧阳娜娜", f"订单 {i}"] for i in range(400)])
    monkeypatch.setattr("tongguan.identify.detect.detector._BATCH", size)
    monkeypatch.setattr("tongguan.identify.detect.detector._OVERLAP", 2)
    (found,) = DETECTOR.scan([piece])
    assert [f.record for f in found if f.type == "person_name"] == list(range(1, 401))


def test_a_column_speaks_for_its_cells() -> None:
    piece = table(
        ["real_name", "user_mobile", "生日", "诊断", "order_no", "登录密码", "商品"],
        [
            ["王小明", "13800138000", "2020/5/1", "支气管炎", "15900159000", "letmein", "高级会员"],
            ["Li Na", "+86 139-0013-9000", "1990-1-2", "无", "6222021234567890128", "", "白衬衫"],
        ],
    )
    (found,) = DETECTOR.scan([piece])
    assert [(f.type, piece.text[f.start : f.end], f.record) for f in found] == [
        ("person_name", "王小明", 1),
        ("phone", "13800138000", 1),
        ("birth_date", "2020/5/1", 1),
        ("minor", "2020/5/1", 1),
        ("health", "支气管炎", 1),
        ("credential", "letmein", 1),
        ("person_name", "Li Na", 2),
        ("phone", "+86 139-0013-9000", 2),
        ("birth_date", "1990-1-2", 2),
    ]


def test_records_are_those_of_the_piece() -> None:
    text = "13800138000\n15900159000\n18600186000"
    (found,) = DETECTOR.scan([Piece(text, records=np.array([0, 12, 24]))])
    assert [f.record for f in found] == [0, 1, 2]


def test_a_long_piece_is_read_in_bounded_memory() -> None:
    text = ("GET /index.html 200 " * 50 + "手机13800138000\n") * 6000
    DETECTOR.scan([Piece(text[:1000])])
    tracemalloc.start()
    try:
        (found,) = DETECTOR.scan([Piece(text)])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(found) == 6000
    assert peak < 60e6, f"{peak / 1e6:.0f} MB for a text of {len(text) / 1e6:.0f} MB"


def test_no_pieces() -> None:
    assert DETECTOR.scan([]) == []
    assert DETECTOR.scan([Piece("")]) == [[]]


def test_a_key_is_needed() -> None:
    with pytest.raises(ValueError, match="key"):
        Detector(b"")
    assert Detector(b"k" * 200).scan([Piece("13800138000")])[0]
