"""Signs are counted as `bytes.count` counts them, also over the edges of blocks."""

from __future__ import annotations

import random

import numpy as np
import pytest

from tongguan.identify.extract import signs


@pytest.mark.parametrize("block", [1, 7, 1 << 18])
def test_signs_are_counted_as_bytes_count_them(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signs, "_BLOCK", block)
    chance = random.Random(5)
    for size in (0, 1, 2, 7, 8, 500, 4096):
        text = bytes(chance.choices(b"<tTs!{\n\xe4", k=size))
        data = np.frombuffer(text, np.uint8)
        assert signs.occurrences(data, b"<\n") == text.count(b"<") + text.count(b"\n")
        assert signs.occurrences_behind(data, b"<", b"tT", b"s!") == [
            text.count(b"<t") + text.count(b"<T"),
            text.count(b"<s") + text.count(b"<!"),
        ]
