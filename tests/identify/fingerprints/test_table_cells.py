"""Cells of a known table are found in text, however they are written; other text is not."""

from __future__ import annotations

import random
import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known_tables import KEY, Index

from tongguan.identify import Piece
from tongguan.identify.fingerprints import TableIndex, build_table
from tongguan.identify.fingerprints.canonical import canonical, fold_table

SEPARATORS = ["", " ", "-", "\n", "\r\n> ", "\u200b", "　", "·", ". ", "\t", "/"]
CELLS = st.one_of(
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    st.from_regex(r"[1-9][0-9]{16}[0-9X]", fullmatch=True),
    st.text("王李张欧阳北京市朝阳区建国路\U00020bb7", min_size=2, max_size=12),
    st.from_regex(r"[A-Za-z]{3,10} [A-Za-z]{3,10}", fullmatch=True),
    st.from_regex(r"[a-z]{3,8}[0-9]{2,4}@[a-z]{3,8}\.com", fullmatch=True),
    st.text("éàüñçДжλ", min_size=6, max_size=20),
)


def wide(character: str) -> str:
    return chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Every cell of these is looked for, among 20,000 others."""
    others = random.Random(1)
    rows = [f"{others.randrange(10**11, 10**12)}" for _ in range(20_000)]
    path = tmp_path_factory.mktemp("cells") / "cells.tgfp"

    def index(cell: str) -> TableIndex:
        build_table([pa.RecordBatch.from_pydict({"value": [*rows, cell]})], path, KEY)
        return TableIndex(path, KEY)

    return index


@settings(max_examples=40, deadline=None)
@given(cell=CELLS, data=st.data())
def test_a_planted_cell_is_found_in_every_writing(planted, cell: str, data: st.DataObject) -> None:
    index = planted(cell)
    pick = random.Random(data.draw(st.integers(0, 10**6)))
    changed = [pick.choice((str, str.lower, str.upper, wide))(c) for c in cell]
    written = "".join(c + (pick.choice(SEPARATORS) if pick.random() < 0.5 else "") for c in changed[:-1]) + changed[-1]
    if pick.random() < 0.3:
        written = unicodedata.normalize("NFD", written)
    for before, after in (("", ""), ("见附件：", "，谢谢"), ("order 99; ", "; end"), ("\n", "\n")):
        hits = index.match([Piece(before + written + after)]).cells
        assert any(hit.row == 20_000 for hit in hits), (cell, written)
        hit = next(hit for hit in hits if hit.row == 20_000)
        assert canonical((before + written + after)[hit.start : hit.end]).codes.tolist() == (
            canonical(cell).codes.tolist()
        )


def test_a_value_inside_a_longer_number_or_word_is_not_found(index: Index) -> None:
    known = index({"phone": ["13800138000"], "name": ["Annabel"]})
    for text in ("9913800138000", "138001380001", "Hannabel", "Annabells", "13,800,138,0001"):
        assert known.match([Piece(text)]).cells == [], text
    for text in ("tel13800138000", "13800138000号", "Annabel7", "8613800138000", "008613800138000", "+86-13800138000"):
        assert len(known.match([Piece(text)]).cells) == 1, text
    assert known.match([Piece("9008613800138000")]).cells == []


@pytest.mark.parametrize("cell", ["+86 138-0013-8000", "8613800138000", "0086 13800138000", 13800138000, 13800138000.0])
def test_a_telephone_is_found_without_its_country_code(index: Index, cell: object) -> None:
    assert len(index({"phone": [cell]}).match([Piece("拨打 138 0013 8000。")]).cells) == 1


def test_numbers_in_han_numerals_are_the_same_numbers(index: Index) -> None:
    assert len(index({"phone": ["13800138000"]}).match([Piece("电话一三八零零一三八〇〇〇")]).cells) == 1


def test_short_and_empty_cells_are_left_out_and_counted(tmp_path) -> None:
    table = pa.RecordBatch.from_pydict(
        {"a": ["男", "1000", None, "", "——", "王伟"], "b": ["12345", "ab", "x", "y", "z", "é"]}
    )
    built = build_table([table], tmp_path / "t.tgfp", KEY)
    assert (built.rows, built.cells, built.short, built.empty) == (6, 2, (2, 5), (3, 0))


def test_random_text_holds_no_cell(index: Index) -> None:
    pick = np.random.default_rng(7)
    known = index({"card": [f"62{n:017d}" for n in pick.integers(0, 10**16, 50_000).tolist()]})
    digits = " ".join(f"62{n:017d}" for n in pick.integers(0, 10**16, 50_000).tolist())
    han = "".join(map(chr, pick.integers(0x4E00, 0x9FFF, 300_000).tolist()))
    assert known.match([Piece(digits), Piece(han)]).cells == []


def test_a_cell_over_the_border_of_a_window_is_found_once(index: Index) -> None:
    known = index({"phone": ["13800138000"]})
    for shift in range(0, 26, 5):
        text = "字" * ((1 << 20) - shift) + "1 3 8 0 0 1 3 8 0 0 0" + "字" * 50
        hits = known.match([Piece(text)]).cells
        assert [(hit.start, hit.end) for hit in hits] == [((1 << 20) - shift, (1 << 20) - shift + 21)]


def test_pieces_are_kept_apart_and_so_are_cells_of_a_table(index: Index) -> None:
    known = index({"phone": ["13800138000"]})
    assert known.match([Piece("138001"), Piece("38000")]).cells == []
    assert [h.piece for h in known.match([Piece(""), Piece("x"), Piece("13800138000")]).cells] == [2]
    cells = np.array([[0, 6, 0], [7, 12, 1], [13, 24, 2]], np.int64)
    table = Piece("138001,38000,13800138000", None, "table", columns=("a", "b", "c"), cells=cells)
    assert [(h.start, h.end) for h in known.match([table]).cells] == [(13, 24)]


def test_hostile_text_is_read_in_good_time(index: Index) -> None:
    known = index({"phone": ["13800138000", "11111111111"], "name": ["王伟", "哈哈哈哈"]})
    assert known.match([Piece("1" * 10_000_000)]).cells == []
    assert known.match([Piece("\u200b" * 2_000_000)]).cells == []
    assert len(known.match([Piece("哈" * 50_000)]).cells) == 49_997
    odd = "\ud800\udfff\x00\U0010ffff\U000323b0" * 1000 + "13800138000" + "\ud800"
    assert len(known.match([Piece(odd)]).cells) == 1


def test_what_is_folded_folds_to_itself() -> None:
    table = fold_table()
    kept = table[table > 0]
    assert np.array_equal(table[kept], kept)
    assert chr(table[ord("𝟏")]) == "1" and chr(table[ord("⽅")]) == "方" and chr(table[ord("ß")]) == "ß"
