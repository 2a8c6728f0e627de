"""Batches of Arrow and stripes of ORC that are larger than may be held: in slices, with the same rows."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.orc as orc
import pytest

from tongguan.identify.extract.isolated import databases, slices
from tongguan.identify.extract.isolated.source import Source

ROWS = 20_000


@pytest.fixture(scope="module")
def table() -> pa.Table:
    chance = random.Random(5)
    texts = ["".join(chance.choices("甲乙丙丁abc 0123", k=chance.randrange(30))) for _ in range(ROWS)]
    return pa.table(
        {
            "id": range(ROWS),
            "text": [text if chance.random() > 0.1 else None for text in texts],
            "list": [[text, None] for text in texts],
            "kind": pa.array([text[:1] for text in texts]).dictionary_encode(),
            "raw": [text.encode() for text in texts],
            **{f"c{n}": [chance.randrange(99) for _ in range(ROWS)] for n in range(11)},
        }
    )


def written(table: pa.Table, kind: str, compression: str | None, place: Path) -> Path:
    if kind == "orc":
        plain = table.set_column(3, "kind", table.column("kind").cast(pa.string()))
        orc.write_table(plain, place, stripe_size=1 << 30, compression=compression or "uncompressed")
        return place
    options = ipc.IpcWriteOptions(compression=compression)
    with ipc.new_file(place, table.schema, options=options) as sink:
        for batch in table.combine_chunks().to_batches():
            sink.write_batch(batch)
            sink.write_batch(batch.slice(0, 7))
    return place


def read(place: Path, kind: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    with place.open("rb") as file:
        names, batches = databases._batches(Source(file), kind)
        return names, [row for batch in batches for row in zip(*batch, strict=True)]


@pytest.mark.parametrize(("kind", "compression"), [
    ("arrow", None), ("arrow", "zstd"), ("arrow", "lz4"), ("orc", None), ("orc", "zlib"),
])  # fmt: skip
def test_rows_of_one_large_batch_are_the_same_in_slices(
    kind: str, compression: str | None, table: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = written(table, kind, compression, tmp_path / "a")
    wanted = [tuple(row.values()) for row in table.to_pylist()]
    names, rows = read(place, kind)
    assert names == table.column_names and rows == (wanted if kind == "orc" else wanted + wanted[:7])
    monkeypatch.setattr(slices, "_LARGE", 1)
    monkeypatch.setattr(slices, "_SLICE", 100_000)
    assert read(place, kind) == (names, rows)
    if kind == "arrow":  # as bytes in memory: a member of an archive
        assert [row for batch in databases._batches(Source(place.read_bytes()), kind)[1]
                for row in zip(*batch, strict=True)] == rows  # fmt: skip


@pytest.mark.parametrize("compression", [None, "zstd"])
def test_no_more_is_held_than_a_group_of_columns_and_a_slice(
    compression: str | None, table: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = written(table, "arrow", compression, tmp_path / "a")
    size = table.nbytes
    monkeypatch.setattr(slices, "_LARGE", 1)
    monkeypatch.setattr(slices, "_SLICE", size // 5)
    with place.open("rb") as file:
        opened = slices.ArrowFile(Source(file))
        assert (opened.count, opened.rows(0), opened.rows(1)) == (2, ROWS, 7)
        before, most, parts = pa.total_allocated_bytes(), 0, 0
        for columns in (columns for number in range(2) for columns in opened.batches(number)):
            parts += 1
            most = max(most, pa.total_allocated_bytes() - before)
            del columns
    assert parts in (6, 7)
    assert most < size // 100 if compression is None else size // 10 < most < size // 2


def test_a_damaged_batch_is_told(table: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "_LARGE", 1)
    place = written(table, "arrow", "zstd", tmp_path / "a")
    data = place.read_bytes()
    third = len(data) // 3
    for damaged in (data[:third] + data[-third:], data[:third] + bytes(9_000) + data[third + 9_000 :], data[:-9]):
        place.write_bytes(damaged)
        with place.open("rb") as file:
            reports = [report for report, _ in databases.read(Source(file), "arrow", 1 << 30, 1000)]
        assert reports[-1]["end"] == "damaged"
