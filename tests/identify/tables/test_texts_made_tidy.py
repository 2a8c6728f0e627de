"""Texts of a column are made tidy and told apart by a kernel: here against the same said in plain Python."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tongguan.identify.detect.characters import units_of
from tongguan.identify.tables.cells import cells_of
from tongguan.identify.tables.tidying import joined, tidied

AROUND = " \t\r\n\"'\u3000\u00a0\ufeff"
NULLS = ("", "null", "NULL", "Null", "\\N", "None", "none", "nan", "NaN", "N/A", "n/a", "#N/A", "-", "--", "NA")
PIECES = st.sampled_from(
    [*AROUND, *NULLS, "张", "三", "é", "𠀀", "\x00", "a", "1", "12.0", "7.0", "\u00c2", "\u3001", "\ufee0", "x" * 511]
)
TEXTS = st.lists(st.none() | st.lists(PIECES, max_size=6).map("".join) | st.text(max_size=8), max_size=40)


def tidy(texts: list[str | None]) -> list[str | None]:
    rows = [None if text is None else text.strip(AROUND)[:512] for text in texts]
    rows = [None if row in NULLS else row for row in rows]
    some = [row for row in rows if row is not None]
    if some and all(re.fullmatch(r"[0-9]+\.0", row) for row in some):
        rows = [row and row[:-2] for row in rows]
    return rows


def read(array: pa.Array) -> list[str | None]:
    found = tidied(array)
    different = [found.data[a:b].tobytes().decode() for a, b in zip(found.first, found.last, strict=True)]
    assert len(set(different)) == len(different)
    assert list(dict.fromkeys(code for code in found.codes.tolist() if code >= 0)) == list(range(len(different)))
    data, ends, sizes = joined(found)
    assert data.tobytes().decode() == "".join(text + "\0" for text in different)
    assert [*map(len, different)] == sizes.tolist() and [*ends] == [
        *np.cumsum([len(t.encode()) + 1 for t in different]) - 1
    ]
    return [None if code < 0 else different[code] for code in found.codes.tolist()]


@example(["nan\x00", "nan", "\x00", "-\x00"], pa.string(), 0)
@given(TEXTS, st.sampled_from([pa.string(), pa.large_string()]), st.integers(0, 3))
def test_texts_are_as_plain_python_makes_them(texts: list[str | None], kind: pa.DataType, skipped: int) -> None:
    array = pa.array(texts, kind)
    assert read(array) == tidy(texts)
    assert read(array.slice(skipped)) == tidy(texts[skipped:])


@given(TEXTS)
def test_a_column_is_the_same_plain_and_by_dictionary(texts: list[str | None]) -> None:
    plain, encoded = cells_of(pa.array(texts, pa.string())), cells_of(pa.array(texts, pa.string()).dictionary_encode())
    for one in (plain, encoded):
        rows = [None if code < 0 else one.texts[int(code)].as_py() for code in one.codes]
        assert rows == tidy(texts)
        assert one.filled == len(rows) - rows.count(None) == int(one.counts.sum())
        assert [one.texts[i].as_py() for i in range(len(one.texts))] == list(dict.fromkeys(filter(None, rows)))
        units = [part.units[a:b] for part in one.slices() for a, b in zip(part.start, part.end, strict=True)]
        assert [unit.tolist() for unit in units] == [units_of(text).tolist() for text in one.texts.to_pylist()]
    assert plain.long_texts.to_pylist() == encoded.long_texts.to_pylist()
    assert plain.long_texts.to_pylist() == list(dict.fromkeys(t for t in texts if t is not None and len(t) > 512))


@pytest.mark.parametrize("texts", [["12.0", "7.0", None, "-"], ["12.0", "7.0", "7.5"], ["12.0", "x7.0"]])
def test_whole_numbers_that_went_through_fractions(texts: list[str | None]) -> None:
    assert read(pa.array(texts)) == tidy(texts)


def test_long_texts_are_kept_whole_with_their_rows() -> None:
    texts = ["字" * 600, "short", "字" * 600, "x" * 513, "字" * 300]
    cells = cells_of(pa.array(texts))
    assert cells.long_texts.to_pylist() == ["字" * 600, "x" * 513] and cells.long_counts.tolist() == [2, 1]
    assert cells.texts.to_pylist() == ["字" * 512, "short", "x" * 512, "字" * 300]


def test_an_array_of_nothing_but_nulls() -> None:
    assert read(pa.array([None, None], pa.string())) == [None, None]
    assert read(pa.array([], pa.large_string())) == []
