"""Texts with NULs, of blank lines, or of two encodings: what can be read is read, the rest is said, all of it soon."""

from __future__ import annotations

import random
import time

import pytest

from tongguan.identify.extract import extract, extract_stream
from tongguan.model import BlindKind, Content

NULS = "NULs in a text, taken for line ends"
UNKNOWN = "binary data of an unknown format"
LINE = "客户张先生来电，手机 13800138000，住在上海市浦东新区\n"


def told(data: bytes | memoryview, name: str = "a.log") -> tuple[str, list[tuple[str, int, int]]]:
    found = list(extract_stream(Content(name, "", len(data), data)))
    text = "".join(piece.text for one in found for piece in one.pieces)
    return text, [(spot.detail, spot.count, spot.size) for one in found for spot in one.blind_spots]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("size", [200, 100_000, 9 << 20])
def test_lines_behind_nuls_are_read(encoding: str, size: int) -> None:
    text, spots = told(LINE.encode(encoding) + bytes(size) + LINE.encode(encoding) * 3)
    assert [line.strip("\0") for line in text.split("\n") if line] == [LINE.strip()] * 4
    assert spots == [(NULS, 1, size)]


def test_nuls_from_the_first_byte_on() -> None:
    for data in (bytes(20 << 20) + LINE.encode() * 2, memoryview(bytes(20 << 20) + LINE.encode() * 2)):
        text, spots = told(data)
        assert text.split() == LINE.split() * 2
        assert spots == [(NULS, 1, 20 << 20)]


def test_binary_data_stays_binary() -> None:
    drawn = random.Random(3)
    for data in (
        bytes(1000),
        drawn.randbytes(3000),
        bytes(drawn.choices([0, 0, 0, 1, 2, 65, 66, 200, 255], k=3000)),
        memoryview(bytes(20 << 20)),
    ):
        text, spots = told(data, "a")
        assert (text, spots) == ("", [(UNKNOWN, 1, len(data))])


def test_lines_of_a_second_encoding_are_told() -> None:
    lines = [LINE.encode("gb18030" if number % 5 == 0 else "utf-8") for number in range(20)]
    [spot] = extract(Content("a.log", "", 0, b"".join(lines))).blind_spots
    assert spot.kind is BlindKind.UNREADABLE
    assert (spot.detail, spot.count) == ("lines that are gb18030 and not utf-8, read as such", 4)


@pytest.mark.parametrize("name", ["a.txt", "a.sql", "a.json", "a.py"])
@pytest.mark.parametrize("blank", ["\n", " ", "\0"])
def test_blank_lines_take_no_time(blank: str, name: str) -> None:
    began = time.process_time()
    text, _ = told((blank * (300_000 // len(blank)) + LINE).encode(), name)
    assert "13800138000" in text
    assert time.process_time() - began < 5


def test_a_long_view_is_read_like_its_bytes() -> None:
    data = LINE.encode() * 500_000
    assert told(memoryview(data)) == told(data)
