"""Tables of extracted text hold the cells that stand there, row by row, whatever the text is made of."""

import random

import pytest

from tongguan.identify import extract
from tongguan.identify.tables.pieces import is_continued, joined, table_of
from tongguan.model import Content

CELLS = ("", "7", "王芳", "naïve", "𠮷野家", "😀 ok", "12.50", "a b", "\u3000宽", "x" * 300)


def csv_of(rows: list[list[str]], names: str = "id,name,remark,amount") -> Content:
    lines = [names, *(f"{n},{','.join(row)}" for n, row in enumerate(rows, start=1000))]
    data = "\n".join(lines).encode()
    return Content("made.csv", "text/csv", len(data), data)


def made(count: int, seed: int, cells: tuple[str, ...] = CELLS) -> list[list[str]]:
    chance = random.Random(seed)
    return [[chance.choice(cells) for _ in range(3)] for _ in range(count)]


def values_of(table) -> list[list[str | None]]:
    return [column.values.to_pylist() for column in table.columns]


@pytest.mark.parametrize("cells", [CELLS, tuple(cell for cell in CELLS if cell.isascii())], ids=["any", "ascii"])
def test_every_cell_stands_in_its_row(cells) -> None:
    rows = made(900, 3, cells)
    (piece,) = extract(csv_of(rows)).pieces
    table = table_of(piece)
    assert table is not None and table.rows == 900
    ids, *columns = values_of(table)
    assert ids == [str(1000 + n) for n in range(900)]
    assert [list(row) for row in zip(*columns, strict=True)] == [[cell or None for cell in row] for row in rows]


def test_a_sample_is_of_whole_rows_in_order() -> None:
    rows = made(3_000, 5)
    (piece,) = extract(csv_of(rows)).pieces
    table = table_of(piece, rows=400)
    assert table is not None and table.rows == 3_000
    ids, *columns = values_of(table)
    assert len(ids) == 400 and ids == sorted(ids)
    for n, *cells in zip(ids, *columns, strict=True):
        assert cells == [cell or None for cell in rows[int(n) - 1000]]


def test_a_column_without_values_and_one_that_comes_later() -> None:
    (first,) = extract(csv_of([["", "甲", "1.5"]] * 50)).pieces
    (second,) = extract(csv_of([["乙", "", "1.5"]] * 70)).pieces
    one, more = table_of(first), table_of(second)
    assert one is not None and more is not None and is_continued(one, more)
    assert one.columns[1].values.null_count == 50
    both = joined(one, more)
    assert both.rows == 120
    assert values_of(both)[1] == [None] * 50 + ["乙"] * 70
    assert values_of(both)[2] == ["甲"] * 50 + [None] * 70


def test_of_two_stretches_each_gives_its_share() -> None:
    first, second = made(600, 7), made(300, 8)
    one, more = (table_of(extract(csv_of(rows)).pieces[0], rows=90) for rows in (first, second))
    assert one is not None and more is not None
    both = joined(one, more, rows=90)
    assert both.rows == 900 and len(both.columns[0].values) == 90
    known = {(str(1000 + n), *(cell or None for cell in row)) for rows in (first, second) for n, row in enumerate(rows)}
    assert set(zip(*values_of(both), strict=True)) <= known
    again = joined(joined(one, more, rows=90), more, rows=90)
    assert again.rows == 1_200 and len(again.columns[0].values) == 90


def test_halves_of_characters_are_question_marks() -> None:
    data = b'{"a": "\\ud800x", "b": 1}\n' * 3
    (piece,) = extract(Content("odd.jsonl", "application/json", len(data), data)).pieces
    assert piece.kind == "json"
    rows = [["x\ud800", "王", "1"]] * 4
    (table_piece,) = extract(csv_of([["x", "王", "1"]] * 4)).pieces
    broken = type(table_piece)(
        table_piece.text.replace("x", "\ud800"), None, "table", table_piece.records, table_piece.columns,
        table_piece.cells,
    )  # fmt: skip
    table = table_of(broken)
    assert table is not None
    assert values_of(table)[1] == ["?"] * len(rows)
