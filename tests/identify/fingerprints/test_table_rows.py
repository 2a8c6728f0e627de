"""Rows of a known table are found where enough of their cells stand together, in any order; mixtures of rows are not."""

from __future__ import annotations

import random
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known_tables import Index

from tongguan.errors import BadInput
from tongguan.identify import Piece
from tongguan.identify.fingerprints import Near, TableIndex
from tongguan.model import BlindKind

ROWS = 3000
CITIES = ("北京", "上海", "深圳")


def people(seed: int = 5) -> dict[str, list[object]]:
    pick = random.Random(seed)
    han = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
    return {
        "name": ["".join(pick.choices(han, k=3)) for _ in range(ROWS)],
        "phone": [f"13{pick.randrange(10**9):09d}" for _ in range(ROWS)],
        "city": [pick.choice(CITIES) for _ in range(ROWS)],
        "address": [f"{pick.choice(CITIES)}市{pick.choice(han)}家路{pick.randrange(10**4)}号" for _ in range(ROWS)],
    }


PEOPLE = people()


@pytest.fixture(scope="module")
def known(tmp_path_factory) -> TableIndex:
    import pyarrow as pa

    from tongguan.identify.fingerprints import build_table

    path = tmp_path_factory.mktemp("rows") / "people.tgfp"
    build_table([pa.RecordBatch.from_pydict(PEOPLE)], path, b"k")
    return TableIndex(path, b"k")


@settings(max_examples=60, deadline=None)
@given(
    row=st.integers(0, ROWS - 1), order=st.permutations(list(PEOPLE)), gap=st.sampled_from([",", "\n", "，其", " … "])
)
def test_a_row_in_any_order_is_a_row(known: TableIndex, row: int, order: list[str], gap: str) -> None:
    text = gap.join(str(PEOPLE[name][row]) for name in order)
    hits = [hit for hit in known.match([Piece(text)], Near(3)).rows if hit.row == row]
    assert len(hits) == 1
    assert {"name", "phone", "address"} <= set(hits[0].columns)


def test_cells_of_different_rows_are_no_row(known: TableIndex) -> None:
    text = "\n".join(
        f"{PEOPLE['name'][i]},{PEOPLE['phone'][i + 1000]},{PEOPLE['address'][i + 2000]}" for i in range(1000)
    )
    matches = known.match([Piece(text)], Near(3, ("name", "phone", "address")))
    assert matches.distinct_cells > 2000 and matches.rows == ()


def test_cells_that_lie_too_far_apart_are_no_row(known: TableIndex) -> None:
    name, phone = PEOPLE["name"][7], PEOPLE["phone"][7]
    for gap, found in ((100, 1), (290, 1), (310, 0)):
        assert len(known.match([Piece(f"{name}{'，' * gap}{phone}")], Near(2, characters=300)).rows) == found


def test_near_in_records_counts_records(known: TableIndex) -> None:
    lines = [str(PEOPLE["name"][7]), "x" * 500, str(PEOPLE["phone"][7])]
    text = "\n".join(lines)
    starts = np.cumsum([0] + [len(line) + 1 for line in lines])[:-1].astype(np.int64)
    piece = Piece(text, None, "table", records=starts)
    assert [len(known.match([piece], Near(2, records=n)).rows) for n in (1, 2, 3)] == [0, 0, 1]


def test_a_value_inside_another_counts_once(known: TableIndex) -> None:
    at = next(i for i in range(ROWS) if str(PEOPLE["address"][i]).startswith(str(PEOPLE["city"][i])))
    assert known.match([Piece(str(PEOPLE["address"][at]))], Near(2)).rows == ()
    both = f"{PEOPLE['city'][at]}，{PEOPLE['address'][at]}"
    assert [hit.row for hit in known.match([Piece(both)], Near(2)).rows if hit.row == at] == [at]


def test_columns_are_chosen_and_required(known: TableIndex) -> None:
    piece = Piece(f"{PEOPLE['name'][3]} {PEOPLE['phone'][3]}")
    assert len(known.match([piece], Near(2, ("name", "phone"))).rows) == 1
    assert known.match([piece], Near(1, ("address",))).rows == ()
    assert known.match([piece], Near(2, required=("address",))).rows == ()
    assert len(known.match([piece], Near(1, ("name",), ("phone",))).rows) == 1
    with pytest.raises(BadInput, match="no column 'salary'"):
        known.match([piece], Near(1, ("salary",)))
    with pytest.raises(BadInput, match="3 of 2 columns can never stand together"):
        known.match([piece], Near(3, ("name", "phone")))


def test_a_whole_table_is_found_row_by_row(known: TableIndex) -> None:
    order = random.Random(2).sample(range(ROWS), ROWS)
    text = "\n".join(",".join(str(PEOPLE[name][i]) for name in ("city", "phone", "name", "address")) for i in order)
    matches = known.match([Piece(text)], Near(3, characters=40))
    assert matches.distinct_rows == ROWS and matches.blind_spots == ()


def test_values_that_many_rows_share_confirm_a_row(index: Index) -> None:
    table = index({"name": ["王小明"] * 5000 + ["李雷"], "phone": [f"13{i:09d}" for i in range(5001)]})
    assert [hit.row for hit in table.match([Piece("王小明 13000004321")], Near(2)).rows] == [4321]
    assert table.match([Piece("王小明 13000005000")], Near(2)).rows == ()
    assert table.match([Piece("李雷 13000005000 王小明")], Near(2)).rows[0].row == 5000


def test_values_that_many_rows_share_take_bounded_work(index: Index) -> None:
    table = index({"a": ["共同值甲"] * 200 + ["其他内容"] * 9000, "b": ["共同值乙"] * 9200})
    start = time.monotonic()
    matches = table.match([Piece("共同值甲共同值乙" * 4000)], Near(2, characters=5000))
    assert time.monotonic() - start < 30
    assert matches.rows or [spot.kind for spot in matches.blind_spots] == [BlindKind.SAMPLED]
