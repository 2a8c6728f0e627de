"""A model's file: read as it was written, and refused where it is not what it says."""

from __future__ import annotations

import hashlib
import json
import struct

import pytest
from made_kinds import made_text

from tongguan.errors import BadInput, CannotWrite
from tongguan.identify import kinds
from tongguan.identify.kinds.model import VERSION

HEADER = struct.Struct("<8sII32s")


@pytest.fixture
def saved(trained, tmp_path):
    path = tmp_path / "own.kinds"
    trained.save(path)
    return path


def test_read_as_written(trained, saved):
    loaded = kinds.load(saved)
    assert loaded.manifest == trained.manifest
    assert len(loaded.digest) == 64
    for kind in ("tender", "recipe", "weather"):
        text = made_text(kind, 4242)
        assert loaded.classify(text) == trained.classify(text)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.5, 0.9, 0.999])
def test_one_flipped_bit_is_seen(saved, share):
    data = bytearray(saved.read_bytes())
    data[max(HEADER.size, int(len(data) * share))] ^= 1
    saved.write_bytes(data)
    with pytest.raises(BadInput, match="damaged"):
        kinds.load(saved)


@pytest.mark.parametrize("keep", [0, 1, 8, 47, 48, 100, 5000])
def test_a_cut_file_is_refused(saved, keep):
    saved.write_bytes(saved.read_bytes()[:keep])
    with pytest.raises(BadInput):
        kinds.load(saved)


def test_another_version_is_refused(saved):
    data = bytearray(saved.read_bytes())
    struct.pack_into("<I", data, 8, VERSION + 1)
    saved.write_bytes(data)
    with pytest.raises(BadInput, match=f"version {VERSION + 1}"):
        kinds.load(saved)


def test_another_kind_of_file_is_refused(tmp_path):
    for name, content in (("x.txt", b"hello" * 100), ("x.zip", b"PK\x03\x04" + bytes(200))):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BadInput, match="not a model"):
            kinds.load(tmp_path / name)
    with pytest.raises(BadInput):
        kinds.load(tmp_path)
    with pytest.raises(BadInput, match="absent"):
        kinds.load(tmp_path / "absent")


@pytest.mark.parametrize(
    "change",
    [
        {"ngrams": 10**9}, {"ngrams": -1}, {"ngrams": "many"}, {"kinds": {}}, {"kinds": None}, {"temperature": "warm"},
        {"threshold": None}, {"kinds": {"a": {}, "b": {}}},
    ],
)  # fmt: skip
def test_a_manifest_that_does_not_fit_is_refused(saved, change):
    """A file made on purpose: its own digest is right, its parts are not."""
    data = saved.read_bytes()
    _, _, length, _ = HEADER.unpack_from(data)
    manifest = json.loads(data[HEADER.size : HEADER.size + length]) | change
    packed = json.dumps(manifest).encode()
    body = (
        packed + bytes(-(HEADER.size + len(packed)) % 64) + data[HEADER.size + length + -(HEADER.size + length) % 64 :]
    )
    saved.write_bytes(HEADER.pack(b"TGKINDS\n", VERSION, len(packed), hashlib.sha256(body).digest()) + body)
    with pytest.raises(BadInput, match="fit"):
        kinds.load(saved)


def test_nowhere_to_write(trained, tmp_path):
    with pytest.raises(CannotWrite):
        trained.save(tmp_path / "no" / "folder.kinds")
