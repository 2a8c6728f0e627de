"""Files of Parquet and Arrow of which every row is read and judged."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq
import pytest
from asset_sources import people, scanned, settle

from tongguan.casework.assets import Catalogue, Filter, rows
from tongguan.casework.assets.whole import Stretch, Together

MANY = 24_000
RARE = 17_777  # the one row with something else


class Killed(BaseException):
    """As if the process had gone."""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The same members three times: 12,000 persons who come twice, and one row whose note holds an identity card."""
    known, folder = people(2_000), tmp_path / "source"
    (folder / "parts").mkdir(parents=True)
    table = pa.table(
        {
            "name": [known[n % 2_000][1] for n in range(MANY)],
            "mobile": [f"139{n % 12_000:08}" for n in range(MANY)],
            "note": [f"补录 {known[5][3]}" if n == RARE else f"第{n % 50}批" for n in range(MANY)],
        }
    )
    pq.write_table(table, folder / "members.parquet", row_group_size=5_000)
    with ipc.new_file(folder / "members.arrow", table.schema) as sink:
        sink.write_table(table)
    for number in range(4):
        pq.write_table(table.slice(number * 6_000, 6_000), folder / "parts" / f"part-{number}.parquet")
    pq.write_table(table.slice(0, 0), folder / "none.parquet")
    settle(folder)
    return folder


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tongguan.casework.assets.stretches.PART", 4_000)


def shown(out: Path) -> dict[str, dict[str, Any]]:
    with Catalogue(out) as catalogue:
        return {row["path"]: {**row, **(row["sample"] or {})} for row in rows(catalogue, "units", Filter())}


def judged(out: Path) -> list[Any]:
    with Catalogue(out) as catalogue:
        found = [dict(row) for view in ("units", "columns") for row in rows(catalogue, view, Filter())]
    for row in found:
        for name in ("id", "first_seen", "last_seen", "read"):
            row.pop(name, None)
    return sorted(found, key=lambda row: (str(row.get("path")), str(row.get("name"))))


@pytest.mark.parametrize("workers", [1, 2])
def test_every_row_of_files_is_read(workers: int, source: Path, tmp_path: Path) -> None:
    (outcome,) = scanned(tmp_path / "out", source, whole=True, workers=workers)
    assert outcome.complete and outcome.counts["sampled"] == 0 and outcome.counts["read"] == 4
    found = shown(tmp_path / "out")
    for path in ("members.parquet", "members.arrow", "parts"):
        one = found[path]
        assert (one["kind"], one["method"], one["rows"], one["of"]) == ("table", "whole", MANY, MANY), path
        assert one["missed"] == 0.0 and {"id_card", "phone"} <= set(one["types"]), path
        assert (one["persons_low"], one["persons"], one["persons_high"]) == (12_000,) * 3, path
    assert found["none.parquet"]["rows"] == 0
    again = scanned(tmp_path / "out", source, whole=True, workers=workers)[0]
    assert again.counts["unchanged"] == 4 and not again.counts["read"]


def test_a_killed_scan_goes_on_in_the_middle_of_a_file(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scanned(tmp_path / "at once", source, whole=True)
    monkeypatch.setattr("tongguan.casework.assets.stretches.KEEP_S", 0.0)
    add, seen = Together.add, [0]

    def counted(self: Together, stretch: Stretch) -> bool:
        seen[0] += stretch.judged.sample.rows if stretch.judged.sample else 0
        if seen[0] > MANY * 2 + 13_000:  # in the third table
            raise Killed
        return add(self, stretch)

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(Together, "add", counted)
        scanned(tmp_path / "killed", source, whole=True, workers=1)
    with closing(sqlite3.connect(tmp_path / "killed" / "catalogue.db")) as kept:
        assert kept.execute("select count(*) from under_way").fetchone() == (1,)
    before = seen[0]

    def only_counted(self: Together, stretch: Stretch) -> bool:
        seen[0] += stretch.judged.sample.rows if stretch.judged.sample else 0
        return add(self, stretch)

    monkeypatch.setattr(Together, "add", only_counted)
    (outcome,) = scanned(tmp_path / "killed", source, whole=True, workers=1)
    assert outcome.resumed and outcome.complete and seen[0] - before <= MANY - 12_000
    assert judged(tmp_path / "killed") == judged(tmp_path / "at once")


def test_a_file_that_changed_since_is_begun_anew(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tongguan.casework.assets.stretches.KEEP_S", 0.0)
    for path in ("parts", "members.arrow", "none.parquet"):
        target = source / path
        for one in sorted(target.rglob("*"), reverse=True) if target.is_dir() else [target]:
            one.unlink()
    add, seen = Together.add, [0]

    def counted(self: Together, stretch: Stretch) -> bool:
        seen[0] += 1
        if seen[0] == 4:
            raise Killed
        return add(self, stretch)

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(Together, "add", counted)
        scanned(tmp_path / "out", source, whole=True, workers=1)
    pq.write_table(pq.read_table(source / "members.parquet").slice(3_000), source / "members.parquet")
    settle(source, 7200)
    (outcome,) = scanned(tmp_path / "out", source, whole=True, workers=1)
    found = shown(tmp_path / "out")["members.parquet"]
    assert outcome.resumed and (found["rows"], found["persons"]) == (MANY - 3_000, 12_000)


def test_a_damaged_file_costs_that_file(source: Path, tmp_path: Path) -> None:
    data = (source / "members.arrow").read_bytes()
    (source / "members.arrow").write_bytes(data[:-500])
    settle(source)
    (outcome,) = scanned(tmp_path / "out", source, whole=True)
    assert outcome.complete and outcome.counts["unread"] == 1
    with Catalogue(tmp_path / "out") as catalogue:
        spots = {row["where"]: row["reason"] for row in rows(catalogue, "blind_spots") if row["where"]}
    assert spots == {"members.arrow": "damaged"} and shown(tmp_path / "out")["parts"]["rows"] == MANY
