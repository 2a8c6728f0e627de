"""A bucket as a store, on OpenStack Swift with its S3 API."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from swift_server import ACCESS_KEY, SECRET_KEY, Swift

from tongguan.capture.limits import Limits
from tongguan.capture.stores import FileUnit, Unread, parse_address
from tongguan.capture.stores import objects as module
from tongguan.capture.stores.objects import ObjectStore
from tongguan.errors import BadInput, Unavailable


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGGUAN_S3_ACCESS_KEY", ACCESS_KEY)
    monkeypatch.setenv("TONGGUAN_S3_SECRET_KEY", SECRET_KEY)


@pytest.fixture
def bucket(swift: Swift, keys: None) -> tuple[Any, str, str]:
    """A client that may write, the bucket's name, and the address without a prefix."""
    name = f"b{os.urandom(6).hex()}"
    address = f"s3://{name}?endpoint={swift.endpoint}"
    client = module._client(parse_address(address))
    client.create_bucket(Bucket=name)
    return client, name, address


def units(store: ObjectStore) -> dict[str, FileUnit]:
    return {unit.path: unit for unit in store.units() if isinstance(unit, FileUnit)}


def read(unit: FileUnit) -> list[bytes]:
    with unit.open() as contents:
        return [content.read() for content in contents]


def test_objects_under_a_prefix(swift: Swift, bucket: tuple[Any, str, str]) -> None:
    client, name, address = bucket
    names = ["客户/a b+c%20.csv", "客户/../up", "x/y", "top", "dir/"]
    for key in names:
        client.put_object(Bucket=name, Key=key, Body=b"" if key.endswith("/") else key.encode())
    with ObjectStore(parse_address(address)) as store:
        found = units(store)
        assert set(found) == set(names) - {"dir/"}
        assert all(read(unit) == [path.encode()] for path, unit in found.items())
        assert store.size() == sum(unit.size for unit in found.values())
    with ObjectStore(parse_address(f"s3://{name}/客户/?endpoint={swift.endpoint}")) as store:
        assert set(units(store)) == {"客户/a b+c%20.csv", "客户/../up"}


def test_more_objects_than_a_page(bucket: tuple[Any, str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    client, name, address = bucket
    for n in range(25):
        client.put_object(Bucket=name, Key=f"k{n:03}", Body=b"x")
    with ObjectStore(parse_address(address)) as store:
        real = store._client.get_paginator

        def small(operation: str) -> Any:
            paginator = real(operation)
            paginate = paginator.paginate
            paginator.paginate = lambda **more: paginate(**more, PaginationConfig={"PageSize": 10})
            return paginator

        monkeypatch.setattr(store._client, "get_paginator", small)
        assert len(units(store)) == 25


def test_large_objects_go_through_a_file_that_is_removed(
    bucket: tuple[Any, str, str], tmp_path: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    client, name, address = bucket
    client.put_object(Bucket=name, Key="long.csv", Body=b"name,phone\n" + b"abc,123\n" * 5_000)
    client.put_object(Bucket=name, Key="long.bin", Body=b"\0\xff" * 30_000)
    with ObjectStore(parse_address(address), Limits(slice=10_000, disk=50_000)) as store:
        found = units(store)
        with found["long.csv"].open() as contents:
            (content,) = contents
            assert isinstance(content.source, Path) and content.source.is_relative_to(tmp_path)
            assert content.read().count(b"abc") == 5_000
        with pytest.raises(Unread) as raised:
            read(found["long.bin"])
        assert raised.value.unseen.reason == "too_large"
    assert list(tmp_path.iterdir()) == []


def test_marks_and_objects_that_vanish(bucket: tuple[Any, str, str]) -> None:
    client, name, address = bucket
    client.put_object(Bucket=name, Key="a", Body=b"1")
    client.put_object(Bucket=name, Key="gone", Body=b"1")
    with ObjectStore(parse_address(address)) as store:
        first = units(store)
        assert units(store)["a"].mark == first["a"].mark
        client.put_object(Bucket=name, Key="a", Body=b"2")
        client.delete_object(Bucket=name, Key="gone")
        assert units(store)["a"].mark != first["a"].mark
        with pytest.raises(Unread) as raised:
            read(first["gone"])
        assert raised.value.unseen.reason == "vanished"


def test_a_server_that_goes_away(swift: Swift, bucket: tuple[Any, str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TRIES", 1)
    client, name, address = bucket
    client.put_object(Bucket=name, Key="a", Body=b"1")
    with ObjectStore(parse_address(address)) as store:
        unit = units(store)["a"]
        swift.vanish()
        try:
            with pytest.raises(Unread) as raised:
                read(unit)
            assert raised.value.unseen.reason == "dropped"
            with pytest.raises(Unread) as raised:
                units(store)
            assert raised.value.rest and store.size() == 0
            with pytest.raises(Unavailable):
                ObjectStore(parse_address(address))
        finally:
            swift.start()
        assert read(unit) == [b"1"]


def test_refusals(swift: Swift, bucket: tuple[Any, str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput):
        ObjectStore(parse_address(f"s3://nothing-{os.urandom(4).hex()}?endpoint={swift.endpoint}"))
    with pytest.raises(BadInput):
        ObjectStore(parse_address("s3://bucket?endpoint=nonsense"))
    monkeypatch.setenv("TONGGUAN_S3_SECRET_KEY", "HUSH")
    with pytest.raises(BadInput) as raised:
        ObjectStore(parse_address(bucket[2]))
    assert "HUSH" not in str(raised.value) and ACCESS_KEY not in str(raised.value)
