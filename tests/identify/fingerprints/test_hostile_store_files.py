"""Files of fingerprints, records and policies that were damaged or made up: one of our errors, never another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from known_tables import KEY
from odd_values import altered
from test_policy_files import GOOD

from tongguan.errors import BadInput, Broken
from tongguan.identify.fingerprints import build_documents, build_table
from tongguan.identify.fingerprints.files import open_fingerprints
from tongguan.identify.fingerprints.policy import parse_policy, policy_in_words
from tongguan.identify.fingerprints.records import read_record, write_record
from tongguan.identify.pieces import Piece

changes = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=6)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stores")


@pytest.fixture(scope="module")
def stores(place: Path) -> list[bytes]:
    build_table([pa.RecordBatch.from_pydict({"a": ["13800138000"] * 3, "b": ["x", "y", "z"]})], place / "t", KEY)
    build_documents([("a", [Piece("甲方向乙方交付货物，乙方验收后付款。" * 20)])], place / "d", KEY)
    return [(place / "t").read_bytes(), (place / "d").read_bytes()]


@settings(max_examples=80)
@given(which=st.integers(0, 1), at=changes, tail=changes, end=st.floats(0, 1))
def test_fingerprints(place: Path, stores: list[bytes], which: int, at: Any, tail: Any, end: float) -> None:
    data = bytearray(stores[which])
    for where, value in at:
        data[int(where * (len(data) - 1))] = value
    for where, value in tail:  # the footer and what says where it lies
        data[-1 - int(where * 700)] = value
    path = place / "odd"
    path.write_bytes(data[: int(len(data) * min(1.0, end * 3))])
    try:
        open_fingerprints(path, KEY)
    except (BadInput, Broken) as error:
        assert str(path) in str(error) and "\n" not in str(error)
    else:
        assert bytes(data) == stores[which], "every byte is under a seal, but for those between the sections"


@settings(max_examples=60)
@given(values=altered({"about": "{}", "seal": "0" * 64}), raw=st.none() | st.binary(max_size=80))
def test_records(place: Path, values: Any, raw: bytes | None) -> None:
    path = place / "record"
    path.write_bytes(json.dumps(values, default=str).encode() if raw is None else raw)
    with pytest.raises(Broken, match="altered or damaged"):
        read_record(path, KEY)


def test_a_record_is_read_as_it_was_written(place: Path) -> None:
    write_record(place / "good", KEY, {"a": [1, "北"]})
    assert read_record(place / "good", KEY) == {"a": [1, "北"]}


@settings(max_examples=200)
@given(values=altered(yaml.safe_load(GOOD)))
def test_policies(values: Any) -> None:
    text = yaml.safe_dump(values, allow_unicode=True, sort_keys=False)
    try:
        assert policy_in_words(parse_policy(text, "a.yaml"))
    except BadInput as error:
        assert str(error).startswith("a.yaml: ") and "\n" not in str(error)
