"""Models whose digest is right and whose parts are not: whoever alters a file can reckon its digest anew."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_kinds import made_text
from odd_values import altered

from tongguan.errors import BadInput
from tongguan.identify import kinds

HEAD = struct.Struct("<8sII32s")
NAMES = {"zh": "一", "en": "one"}
MANIFEST = {"kinds": {"one": NAMES, "none": NAMES}, "ngrams": 4, "temperature": 1.0, "threshold": 0.5, "coverage": 0.0}
TEXT = made_text("tender", 7)
FEW = settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])


def model(manifest: bytes, arrays: bytes) -> bytes:
    body = manifest + bytes(-(HEAD.size + len(manifest)) % 64) + arrays
    return HEAD.pack(b"TGKINDS\n", 1, len(manifest), hashlib.sha256(body).digest()) + body


def arrays(trained: kinds.Model) -> bytes:
    """Four n-grams, and weights for two kinds."""
    layout = len(trained.weights) - len(trained.vocabulary.keys)
    keys = struct.pack("<4i", 1, 2, 3, 4)
    return keys + bytes([1] * 4) + bytes((4 + layout) * 2) + struct.pack("<4f", 1, 1, 0, 0)


def used(path: Path) -> None:
    """Loaded and asked, or refused with one line."""
    try:
        verdict = kinds.load(path).classify(TEXT)
    except BadInput as error:
        assert str(error).startswith(str(path)) and "\n" not in str(error)
    else:
        assert 0 <= verdict.probability <= 1


def test_the_smallest_model_is_read(tmp_path: Path, trained: kinds.Model) -> None:
    (tmp_path / "m").write_bytes(model(json.dumps(MANIFEST).encode(), arrays(trained)))
    assert kinds.load(tmp_path / "m").kinds == ("one", "none")
    used(tmp_path / "m")


@FEW
@given(values=altered(MANIFEST))
def test_manifests(tmp_path: Path, trained: kinds.Model, values: Any) -> None:
    (tmp_path / "m").write_bytes(model(json.dumps(values, default=str).encode(), arrays(trained)))
    used(tmp_path / "m")


@pytest.mark.parametrize(
    "manifest",
    [
        b"[" * 100_000,
        json.dumps({**MANIFEST, "ngrams": float("inf")}).encode(),
        json.dumps({**MANIFEST, "ngrams": 10**400}).encode(),
        json.dumps({**MANIFEST, "temperature": 0}).encode(),
        json.dumps({**MANIFEST, "temperature": 10**400}).encode(),
        json.dumps({**MANIFEST, "temperature": float("nan")}).encode(),
        json.dumps({**MANIFEST, "threshold": "0.5"}).encode(),
        json.dumps({**MANIFEST, "kinds": ["one", "none"]}).encode(),
        json.dumps({**MANIFEST, "kinds": {"one": "x", "none": None}}).encode(),
        '{"kinds": {"one": {"zh": "\ud800"}}}'.encode("utf-8", "surrogatepass"),
    ],
)
def test_manifests_that_say_nonsense_are_refused(tmp_path: Path, trained: kinds.Model, manifest: bytes) -> None:
    (tmp_path / "m").write_bytes(model(manifest, arrays(trained)))
    with pytest.raises(BadInput):
        kinds.load(tmp_path / "m")


@FEW
@given(data=st.data())
def test_arrays(tmp_path: Path, trained: kinds.Model, data: st.DataObject) -> None:
    good = bytearray(arrays(trained))
    for place in data.draw(st.lists(st.integers(0, len(good) - 1), max_size=8)):
        good[place] = data.draw(st.sampled_from(b"\0\1\x7f\x80\xff"))
    (tmp_path / "m").write_bytes(model(json.dumps(MANIFEST).encode(), bytes(good)))
    used(tmp_path / "m")
