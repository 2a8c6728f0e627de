"""Packs of data types that nobody in good faith writes: read, or refused with one message."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from odd_values import altered
from test_own_types import PACK

from tongguan.errors import BadPack
from tongguan.identify import CATEGORIES, TYPES
from tongguan.identify.type_packs import read_pack

TEXT = st.binary(max_size=60) | st.text("- :{}[]&*!|>'\"#\n a1", max_size=60).map(str.encode)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("odd") / "a.yaml"


def read(place: Path) -> None:
    try:
        for one in read_pack(place, TYPES, CATEGORIES):
            assert all(pattern.fullmatch(b"") is None for pattern in one.compiled())
    except BadPack as error:
        assert str(error).startswith(str(place)) and "\n" not in str(error)


@settings(max_examples=150)
@given(values=altered(yaml.safe_load(PACK)))
def test_packs(place: Path, values: Any) -> None:
    place.write_text(yaml.safe_dump(values, allow_unicode=True, sort_keys=False), encoding="utf-8")
    read(place)


@given(raw=TEXT)
def test_anything_at_all(place: Path, raw: bytes) -> None:
    place.write_bytes(raw)
    read(place)


@given(pattern=st.text("a1[](){}*+?|^$\\d.,-:<>P=北", max_size=12))
def test_any_pattern(place: Path, pattern: str) -> None:
    values = yaml.safe_load(PACK)
    values["types"]["staff_number"]["patterns"] = [pattern]
    place.write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8")
    read(place)
