"""Evidence on an S3-compatible server: OpenStack Swift with its S3 API, killed and brought back on the way."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from evidence_room import AUDITOR, OFFICER, Room
from swift_server import ACCESS_KEY, SECRET_KEY, Swift

from tongguan.errors import BadSettings, Broken, Missing, NotFound, Unavailable
from tongguan.trust.evidence.stores import open_store, s3
from tongguan.trust.evidence.stores.s3 import S3Store
from tongguan.trust.settings import EvidenceStore

BIG = 20 << 20  # two parts


@pytest.fixture
def settings(swift: Swift, monkeypatch: pytest.MonkeyPatch) -> EvidenceStore:
    """A bucket that is there, and credentials in the environment."""
    monkeypatch.setenv("TONGGUAN_S3_ACCESS_KEY", ACCESS_KEY)
    monkeypatch.setenv("TONGGUAN_S3_SECRET_KEY", SECRET_KEY)
    bucket = f"b{os.urandom(6).hex()}"
    chosen = EvidenceStore(kind="s3", endpoint=swift.endpoint, bucket=bucket, prefix="proof/of")
    s3._client(chosen).create_bucket(Bucket=bucket)
    return chosen


@pytest.fixture
def bucket(settings: EvidenceStore, tmp_path: Path) -> Iterator[Room]:
    """SQLite and the bucket."""
    store = open_store(settings, tmp_path)
    assert isinstance(store, S3Store)
    room = Room(tmp_path, tmp_path / "records.db", store)
    yield room
    room.close()


def keys(room: Room) -> list[str]:
    store: Any = room.store
    found = store._client.list_objects_v2(Bucket=store._bucket).get("Contents", ())
    return [one["Key"] for one in found]


def uploads(room: Room) -> int:
    store: Any = room.store
    return len(store._client.list_multipart_uploads(Bucket=store._bucket).get("Uploads", ()))


@pytest.mark.parametrize("size", [0, 1, 3_000_000, BIG])
def test_comes_back_as_it_went_in(bucket: Room, size: int) -> None:
    content = os.urandom(size)
    made = bucket.add(content)
    assert bucket.read(made.id) == content
    assert bucket.add(content).blob == made.blob
    (key,) = keys(bucket)
    digest = made.digest.partition(":")[2]
    assert key == f"proof/of/{digest[:2]}/{digest[2:4]}/{digest}.{made.blob}"
    assert bucket.drafts() == [] and uploads(bucket) == 0
    swept = bucket.evidence.sweep(AUDITOR)
    assert swept.ok and (swept.blobs, swept.bytes) == (1, made.stored)


def test_expiry_removes_the_object(bucket: Room) -> None:
    bucket.add(b"x")
    bucket.clock.ahead = 1100 * 86400.0
    assert bucket.evidence.expire(OFFICER).blobs == 1 and keys(bucket) == []
    assert bucket.evidence.sweep(AUDITOR).ok


def test_attacks_are_named(bucket: Room) -> None:
    made = [bucket.add(os.urandom(1_000_000)) for _ in range(5)]
    store: Any = bucket.store
    client, name = store._client, store._bucket
    by_blob = {key.rpartition(".")[2]: key for key in keys(bucket)}
    one, two, three, four, _ = (by_blob[m.blob] for m in made)
    read = {key: client.get_object(Bucket=name, Key=key)["Body"].read() for key in by_blob.values()}
    client.put_object(Bucket=name, Key=one, Body=read[two])
    client.put_object(Bucket=name, Key=two, Body=read[two][:-5])
    client.put_object(Bucket=name, Key=three, Body=read[three][:500_000] + b"?" + read[three][500_001:])
    client.delete_object(Bucket=name, Key=four)
    client.put_object(Bucket=name, Key="proof/of/strange", Body=b"?")
    client.put_object(Bucket=name, Key="elsewhere", Body=b"?")
    for m in made[:4]:
        with pytest.raises(Broken):
            bucket.read(m.id)
    assert bucket.read(made[4].id)
    bucket.clock.ahead = 2 * 3600.0
    swept = bucket.evidence.sweep(AUDITOR)
    assert {(p.subject, p.problem) for p in swept.problems} == {
        (made[0].blob, "swapped"),
        (made[1].blob, "truncated"),
        (made[2].blob, "altered"),
        (made[3].blob, "missing"),
        ("strange", "orphan"),
    }


def test_listing_goes_on_behind_a_name(bucket: Room) -> None:
    for n in range(5):
        bucket.add(b"%d" % n)
    names = [stored.name for stored in bucket.store.blobs()]
    assert names == sorted(names) and len(names) == 5
    assert [stored.name for stored in bucket.store.blobs(names[1])] == names[2:]


def test_nothing_is_overwritten(bucket: Room) -> None:
    bucket.add(b"x")
    (stored,) = bucket.store.blobs()
    with bucket.store.draft() as draft:
        draft.write(memoryview(b"y" * 65))
        with pytest.raises(Unavailable, match="PreconditionFailed"):
            bucket.store.keep(draft, stored.name)
    assert bucket.read(bucket.evidence.list(OFFICER)[0].id) == b"x"


@pytest.mark.parametrize("event", ["PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"])
def test_gone_in_the_middle_of_an_upload(bucket: Room, swift: Swift, event: str) -> None:
    """The server is killed as a request goes out; it comes back, and nothing is half there."""
    before = bucket.add(b"before")
    content = os.urandom(1000 if event == "PutObject" else BIG)
    store: Any = bucket.store
    sent: list[str] = []

    def kill(request: Any, **_: Any) -> None:
        sent.append(request.url)
        if len(sent) == (2 if event == "UploadPart" else 1):
            swift.vanish()

    store._client.meta.events.register(f"before-send.s3.{event}", kill)
    try:
        with pytest.raises(Unavailable, match="does not answer"):
            bucket.add(content)
    finally:
        store._client.meta.events.unregister(f"before-send.s3.{event}", kill)
        swift.start()
    assert bucket.drafts() == [] and [m.id for m in bucket.evidence.list(OFFICER)] == [before.id]
    assert len(keys(bucket)) == 1 and bucket.read(before.id) == b"before"
    made = bucket.add(content)
    assert bucket.read(made.id) == content
    bucket.clock.ahead = 8 * 3600.0
    swept = bucket.evidence.sweep(AUDITOR)
    assert swept.ok and swept.cleared >= 1 and len(keys(bucket)) == 2


def test_gone_while_reading(bucket: Room, swift: Swift) -> None:
    made = bucket.add(os.urandom(BIG))
    pieces = bucket.evidence.reveal(made.id, "look", OFFICER)
    next(pieces)
    swift.vanish()
    try:
        with pytest.raises(Unavailable):
            for _ in pieces:
                pass
        with pytest.raises(Unavailable):
            bucket.evidence.reveal(made.id, "look", OFFICER)
        with pytest.raises(Unavailable):
            bucket.evidence.sweep(AUDITOR)
    finally:
        swift.start()
    assert len(bucket.read(made.id)) == BIG
    assert bucket.evidence.sweep(AUDITOR).ok


def test_uploads_of_dead_processes_are_given_up(bucket: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    store: Any = bucket.store
    store._client.create_multipart_upload(Bucket=store._bucket, Key="proof/of/aa/bb/" + "a" * 64 + "." + "b" * 32)
    assert store.tidy() == 0 and uploads(bucket) == 1
    monkeypatch.setattr(s3, "ABANDONED", -s3.ABANDONED)
    assert store.tidy() == 1 and uploads(bucket) == 0


def test_settings_that_do_not_fit(settings: EvidenceStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    with pytest.raises(BadSettings, match="bucket is missing"):
        S3Store(replace(settings, bucket=None), tmp_path)
    with pytest.raises(BadSettings, match="is not there"):
        S3Store(replace(settings, bucket="nowhere"), tmp_path)
    with pytest.raises(BadSettings, match="no URL"):
        S3Store(replace(settings, endpoint="nonsense"), tmp_path)
    with pytest.raises(Unavailable, match="does not answer"):
        S3Store(replace(settings, endpoint="http://127.0.0.1:9"), tmp_path)
    monkeypatch.setenv("TONGGUAN_S3_SECRET_KEY", "very-secret-but-wrong")
    with pytest.raises(BadSettings, match="refuses us") as refused:
        S3Store(settings, tmp_path)
    assert "very-secret" not in str(refused.value)
    monkeypatch.delenv("TONGGUAN_S3_SECRET_KEY")
    with pytest.raises(BadSettings, match="TONGGUAN_S3_SECRET_KEY is not set"):
        S3Store(settings, tmp_path)
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(Missing, match=r"tongguan\[s3\]"):
        S3Store(settings, tmp_path)


def test_what_is_not_there(bucket: Room) -> None:
    name = "a" * 64 + "." + "b" * 32
    assert bucket.store.size(name) is None
    bucket.store.remove(name)
    with pytest.raises(NotFound), bucket.store.open(name):
        pass
    with pytest.raises(Broken):
        bucket.store.size("../../secrets")
