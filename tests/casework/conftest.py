"""Made-up results as fixtures; each test has its own copy."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import samples


@pytest.fixture
def retailer() -> samples.Result:
    return samples.retailer()


@pytest.fixture
def quiet() -> samples.Result:
    return samples.quiet()


@pytest.fixture
def crowded() -> samples.Result:
    return samples.crowded()
