"""Texts in which one reading may end at many places: each is read in a time that grows with its size alone."""

from __future__ import annotations

import time

import pytest

from tongguan.identify import Detector, extract_stream
from tongguan.model import Content

DETECTOR = Detector(b"a key of tests")
LONGEST_S = 3.0  # of CPU time, for what takes a hundredth of it


@pytest.mark.parametrize(
    "text",
    [
        "# a comment\r\n" * 400 + "import os\r\n",
        "#\r\n\r\n" * 400 + "dn",
        "version: 1\r\n" * 400,
        "INSERT INTO t" + " " * 200_000 + "x",
        ("INSERT" + "\n" * 2_000) * 50,
        "CREATE TABLE IF" + "\t" * 200_000 + "NOT",
        "BEGIN:VCARD" + " " * 200_000,
    ],
    ids=lambda text: text[:12].encode("unicode_escape").decode(),
)
def test_it_ends(text: str) -> None:
    data, started = text.encode(), time.process_time()
    for extraction in extract_stream(Content("a.txt", "text/plain", len(data), data)):
        DETECTOR.scan(extraction.pieces)
    assert time.process_time() - started < LONGEST_S
