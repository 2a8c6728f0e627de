"""Columns of numbers of one shape, of which some look like a telephone number or a card by chance."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import pytest

from tongguan.identify import Detector, Piece
from tongguan.model import Finding

CHANCE = random.Random(7)


def digits(size: int) -> str:
    return "".join(CHANCE.choice("0123456789") for _ in range(size))


@pytest.mark.parametrize("size", [10, 11, 12, 13, 14, 16, 17, 19])
def test_random_columns_without_a_name(size: int, find: Callable[[str], list[Finding]]) -> None:
    assert find("\n".join(digits(size) for _ in range(3000))) == []


@pytest.mark.parametrize("sign", ["-", "."])
def test_part_numbers_in_three_groups(sign: str, find: Callable[[str], list[Finding]]) -> None:
    text = "\n".join(f"bolt {digits(3)}{sign}{digits(4)}{sign}{digits(4)}" for _ in range(2000))
    assert len(find(text)) <= 20  # 120 without looking at the others


def test_a_column_of_telephones_stays(find: Callable[[str], list[Finding]]) -> None:
    text = "\n".join(f"{digits(11)},138{digits(8)}" for _ in range(60))
    ends = {line.end() for line in re.finditer(r"138\d{8}$", text, re.MULTILINE)}
    assert ends <= {f.end for f in find(text) if f.type == "phone"}


def test_a_few_numbers_are_no_column(find: Callable[[str], list[Finding]]) -> None:
    text = "20261121001\n20261121002\n20261121003\n13800138000\n"
    assert [text[f.start : f.end] for f in find(text)] == ["13800138000"]


def test_labels_speak_for_their_numbers(find: Callable[[str], list[Finding]]) -> None:
    text = "\n".join(f"9{digits(10)}" for _ in range(40)) + "\n手机：13800138000\n"
    assert [text[f.start : f.end] for f in find(text)] == ["13800138000"]


def test_the_same_however_a_text_is_cut() -> None:
    """Pieces are judged by their own numbers, whatever is read beside them."""
    column = Piece("\n".join(digits(11) for _ in range(500)))
    alone = Piece("13800138000")
    detector = Detector(b"a key of tests")
    together = detector.scan([column, alone, column])
    assert [len(found) for found in together] == [0, 1, 0]
    assert together[1][0].digest == detector.scan([alone])[0][0].digest
