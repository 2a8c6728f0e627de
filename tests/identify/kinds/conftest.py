"""A model of made-up kinds, and the one that comes along."""

from __future__ import annotations

import pytest
from made_kinds import made_corpus

from tongguan.identify import kinds


@pytest.fixture(scope="session")
def trained() -> kinds.Model:
    return kinds.train(made_corpus(), seed=7)


@pytest.fixture(scope="session")
def shipped() -> kinds.Model:
    return kinds.shipped()
