"""Scans that go on or end well whatever happens: full disks, servers that restart, objects of buckets read once."""

from __future__ import annotations

import resource
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "trust"))  # where the tests' servers stand

from asset_sources import by_path, database, people, scanned, view
from postgres_server import PostgresServer, postgres, postgres_url

from tongguan.casework.assets.catalogue import Catalogue
from tongguan.casework.assets.judging import Judge
from tongguan.errors import CannotWrite

__all__ = ["postgres", "postgres_url"]

TABLES = 24


@pytest.fixture
def source(tmp_path: Path) -> Path:
    statements: list[Any] = []
    for n in range(TABLES):
        statements.append(f"create table t{n} (id integer primary key, 姓名 text, 手机 text, {_columns()})")
        statements.append((f"insert into t{n} (id, 姓名, 手机) values (?, ?, ?)", [p[:3] for p in people(30, n)]))
    return database(tmp_path / "a.db", *statements)


@pytest.fixture
def full_disk() -> Iterator[Any]:
    """A limit on the size of files stands for a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def _columns() -> str:
    return ", ".join(f"column_of_a_long_name_{n} text" for n in range(60))


def test_a_disk_that_fills_up_loses_nothing_that_was_kept(source: Path, tmp_path: Path, full_disk: Any) -> None:
    """The catalogue's journal reaches its end in the middle of the scan; with room again the same command goes on."""
    out = tmp_path / "out"
    full_disk(400_000)
    with pytest.raises(CannotWrite) as raised:
        scanned(out, source, workers=1)
    assert "disk" in str(raised.value) and raised.value.text and "磁盘" in raised.value.text["zh"]
    full_disk(resource.RLIM_INFINITY)
    kept = {path: unit for path, unit in by_path(out).items() if unit["state"] == "read"}
    assert 0 < len(kept) < TABLES
    assert all({"phone", "person_name"} <= set(unit["types"]) for unit in kept.values())  # each whole
    (outcome,) = scanned(out, source, workers=1)
    assert outcome.complete and outcome.resumed and outcome.counts["done_before"] == len(kept)
    assert len(by_path(out)) == TABLES and len(view(out, "columns")) == TABLES * 63


def test_a_disk_that_is_full_from_the_start(source: Path, tmp_path: Path, full_disk: Any) -> None:
    full_disk(10_000)
    with pytest.raises(CannotWrite):
        scanned(tmp_path / "out", source, workers=1)
    full_disk(resource.RLIM_INFINITY)
    (outcome,) = scanned(tmp_path / "out", source, workers=1)
    assert outcome.complete and outcome.counts["read"] == TABLES


def test_small_files_that_are_kept_together_are_kept_or_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scan that ends within a group of them has kept none of it, all of those before, and goes on there."""
    folder, out = tmp_path / "files", tmp_path / "out"
    folder.mkdir()
    for n in range(80):
        (folder / f"{n:02}.txt").write_text(f"手机：1391234{n:04}，邮箱 user{n}@example.com", "utf-8")
    real, kept = Catalogue.keep, []

    def keep(self: Catalogue, scan: Any, unit: Any, *rest: Any) -> None:
        real(self, scan, unit, *rest)
        kept.append(unit.path)
        if len(kept) == 40:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Catalogue, "keep", keep)
        with pytest.raises(KeyboardInterrupt):
            scanned(out, folder, workers=1)
    assert set(by_path(out)) == set(kept[:32])  # a group is 32
    assert len(view(out, "columns")) == 64
    (outcome,) = scanned(out, folder, workers=1)
    assert outcome.complete and outcome.counts["done_before"] == 32 and outcome.counts["read"] == 48
    assert len(view(out, "columns")) == 160


def test_a_server_that_restarts_in_the_middle(
    postgres: PostgresServer, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres_url.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        for n in range(6):
            connection.execute(f"create table t{n} (id int primary key, 姓名 text, 手机 text)")
            with connection.cursor() as cursor:
                cursor.executemany(f"insert into t{n} values (%s, %s, %s)", [person[:3] for person in people(30, n)])
        connection.execute("checkpoint")
    real, judged = Judge.table, []

    def table(self: Judge, unit: Any, rows: Any) -> Any:
        judged.append(unit.name)
        if len(judged) == 3:
            postgres.stop()
            postgres.start()
        return real(self, unit, rows)

    monkeypatch.setattr(Judge, "table", table)
    (outcome,) = scanned(tmp_path / "out", url, workers=1)
    assert outcome.complete and outcome.counts["read"] == 6 and len(judged) == 6
    assert view(tmp_path / "out", "blind_spots") == []


def test_tables_dropped_altered_and_locked_while_others_are_read(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What happens to tables that were listed and are not yet read costs those tables, and each is told."""
    url = postgres_url.replace("+psycopg", "")
    monkeypatch.setattr("tongguan.capture.stores.databases.store.Limits", _quick)
    with psycopg.connect(url, autocommit=True) as connection, psycopg.connect(url) as locks:
        for name in ("a_first", "b_dropped", "c_altered", "d_locked", "e_last"):
            connection.execute(f"create table {name} (id int primary key, 手机 text)")
            with connection.cursor() as cursor:
                cursor.executemany(f"insert into {name} values (%s, %s)", [(p[0], p[2]) for p in people(30)])
        real = Judge.table

        def table(self: Judge, unit: Any, rows: Any) -> Any:
            if unit.name == "a_first":
                connection.execute("drop table b_dropped")
                connection.execute("alter table c_altered rename column 手机 to 电话")
                locks.execute("lock table d_locked in access exclusive mode")
            return real(self, unit, rows)

        monkeypatch.setattr(Judge, "table", table)
        (outcome,) = scanned(tmp_path / "out", url, workers=1)
    assert outcome.complete and outcome.counts["read"] == 3 and outcome.counts["unread"] == 2
    told = {row["where"]: row["reason"] for row in view(tmp_path / "out", "blind_spots")}
    assert told == {"public.b_dropped": "vanished", "public.d_locked": "locked"}
    columns = {row["name"] for row in view(tmp_path / "out", "columns") if row["path"] == "public.c_altered"}
    assert columns == {"id", "电话"}


def _quick() -> Any:
    from tongguan.capture.stores.databases import Limits

    return Limits(lock_s=1)
