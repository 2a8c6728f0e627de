"""Findings summed up by column and type: the same sums whatever the batches."""

from __future__ import annotations

import random

import numpy as np
import pytest

from tongguan.casework.assets.tallying import SAMPLES, Tally
from tongguan.identify import Detector, Piece, counting, extract_stream
from tongguan.identify.counting import Distinct
from tongguan.model import Content, Finding


def digest(n: int) -> bytes:
    return random.Random(n).randbytes(16)


def finding(n: int, type: str, start: int, score: float, value: int) -> Finding:
    return Finding(
        type, start, start + 1, score, "none", "made", digest(value), f"{value % 7}***", "x", "general-2", False, n
    )


def made(count: int, seed: int) -> tuple[Piece, list[Finding]]:
    """A table of three columns of one character, and findings of some types anywhere in it, in order."""
    chance = random.Random(seed)
    cells = np.array([(2 * n, 2 * n + 1, n % 3) for n in range(count)])
    piece = Piece("x," * count, None, "table", np.arange(0, 2 * count, 6), ("a", "b", "c"), cells)
    types = ("phone", "email", "id_card")
    found = [finding(n, chance.choice(types), 2 * n, chance.random(), chance.randrange(count)) for n in range(count)]
    return piece, found


@pytest.mark.parametrize("count", [1, 40, 3000])
def test_sums_are_those_of_findings_one_by_one(count: int) -> None:
    piece, found = made(count, count)
    tally = Tally("t")
    half = count // 2
    tally.add(piece, found[:half], None)
    tally.add(piece, found[half:], None)
    expected: dict[tuple[str, str], list[Finding]] = {}
    for one in found:
        expected.setdefault(("abc"[one.start // 2 % 3], one.type), []).append(one)
    told = {(name, type): one for (_, name), types in tally.found.items() for type, one in types.items()}
    assert told.keys() == expected.keys()
    for place, group in expected.items():
        assert told[place].count == len(group)
        assert told[place].score == max(one.score for one in group)
        assert told[place].samples == list(dict.fromkeys(one.masked for one in group))[:SAMPLES]
    for type, known in tally.distinct.items():
        count = len({one.digest for one in found if one.type == type})
        assert known.bounds == (count, count, count)


def test_an_empty_piece_leaves_nothing() -> None:
    tally = Tally("t")
    tally.add(Piece("a,b\n"), [], None)
    assert not tally.found and not tally.distinct and tally.persons().high == 0


def test_bounds_hold_whatever_the_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "_MOST", 2000)
    monkeypatch.setattr(counting, "_SPREAD", 3.3 / 2000**0.5)
    hashes = [digest(n) for n in range(30_000)]
    for size in (1, 700, 30_000):
        known = Distinct()
        for _ in range(2):  # what comes again counts once
            for first in range(0, len(hashes), size):
                known.add(hashes[first : first + size])
        _, low, high = known.bounds
        assert low <= 30_000 <= high < 36_000, size
        assert len(known._kept) <= 2 * 2000


def test_one_identifier_in_a_column_of_another_type_is_told() -> None:
    rows = [f"{n},u{n}@example.com,13{n:09},text" for n in range(2000)]
    rows[1777] = "1777,11010519491231002X,13000001777,to 6222021234567894 or u@example.org"
    text = "编号,邮箱,手机号,备注\n" + "\n".join(rows)
    content = Content("a.csv", "text/csv", len(text.encode()), text.encode())
    tally, detector = Tally("a.csv"), Detector(b"k" * 16)
    for extraction in extract_stream(content):
        for piece, found in zip(extraction.pieces, detector.scan(extraction.pieces), strict=True):
            tally.add(piece, found, None)
    told = {(name, type): one.count for (_, name), types in tally.found.items() for type, one in types.items()}
    assert told["邮箱", "id_card"] == 1 and told["邮箱", "email"] == 1999
    assert told["备注", "email"] == 1 and told["备注", "bank_card"] == 1
    assert tally.distinct["email"].bounds == (2000, 2000, 2000)
