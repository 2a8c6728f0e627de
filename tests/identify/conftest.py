from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from tongguan.identify import Detector, Piece
from tongguan.model import Finding


@pytest.fixture(scope="session")
def detector() -> Detector:
    return Detector(b"a key of tests", as_of=date(2026, 11, 21))


@pytest.fixture(scope="session")
def find(detector: Detector) -> Callable[[str], list[Finding]]:
    return lambda text: detector.scan([Piece(text)])[0]
