"""Scans of a real PostgreSQL server whose connections are cut while it is scanned."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "trust"))  # where the tests' PostgreSQL server stands

from asset_sources import by_path, people, scanned, view
from postgres_server import PostgresServer, postgres, postgres_url

from tongguan.casework.assets.judging import Judge

__all__ = ["postgres", "postgres_url"]

TABLES = 8


@pytest.fixture
def url(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.delenv("TONGGUAN_SOURCE_PASSWORD", raising=False)
    url = postgres_url.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        for n in range(TABLES):
            connection.execute(f"create table t{n} (id int primary key, 姓名 text, 手机 text)")
            with connection.cursor() as cursor:
                cursor.executemany(f"insert into t{n} values (%s, %s, %s)", [person[:3] for person in people(30, n)])
    return url


def cut(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tongguan scan'"
        )


def test_connections_cut_between_any_two_tables(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Judge.table

    def table(self: Judge, *more: Any) -> Any:
        cut(url)
        return real(self, *more)

    monkeypatch.setattr(Judge, "table", table)
    (outcome,) = scanned(tmp_path / "out", url)
    assert outcome.complete and outcome.counts["read"] == TABLES and outcome.counts["unread"] == 0
    units = by_path(tmp_path / "out")
    assert len(units) == TABLES and all({"phone", "person_name"} <= set(unit["types"]) for unit in units.values())


def test_a_server_that_goes_and_comes_back(
    postgres: PostgresServer, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tongguan.capture.stores.databases.store as module

    monkeypatch.setattr(module, "PAUSES_S", (0.05,))
    real, judged = Judge.table, []

    def table(self: Judge, unit: Any, rows: Any) -> Any:
        judged.append(unit.name)
        if len(judged) == 3:
            postgres.stop()
        return real(self, unit, rows)

    monkeypatch.setattr(Judge, "table", table)
    try:
        (outcome,) = scanned(tmp_path / "out", url)
    finally:
        postgres.start()
    assert not outcome.complete and outcome.counts["read"] == 3
    assert [row["reason"] for row in view(tmp_path / "out", "blind_spots")] == ["dropped"]
    (outcome,) = scanned(tmp_path / "out", url)
    assert outcome.complete and outcome.resumed and outcome.counts["done_before"] == 3
    assert len(judged) == TABLES == len(set(judged)) and view(tmp_path / "out", "blind_spots") == []


def test_the_source_is_named_without_who_asked(url: str, tmp_path: Path) -> None:
    scanned(tmp_path / "out", url)
    (source,) = view(tmp_path / "out", "sources")
    assert "tongguan@" not in source["source"] and source["source"].startswith("postgresql://127.0.0.1:")


def test_columns_that_come_go_and_change_their_names_are_in_the_next_scan(url: str, tmp_path: Path) -> None:
    """None of that changes a row, a file or a counter of the server."""
    scanned(tmp_path / "out", url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("alter table t0 add column contact text default '13812345678'")
        connection.execute("alter table t1 rename column 手机 to 电话")
        connection.execute("alter table t2 drop column 手机")
    (outcome,) = scanned(tmp_path / "out", url)
    assert outcome.complete and outcome.counts["read"] + outcome.counts["unchanged"] == TABLES
    held = {(row["path"], row["name"]): row["type"] for row in view(tmp_path / "out", "columns")}
    assert held["public.t0", "contact"] == "phone" == held["public.t1", "电话"]
    assert ("public.t1", "手机") not in held and ("public.t2", "手机") not in held
    changed = {row["path"] for row in view(tmp_path / "out", "changes") if row["what"] == "schema"}
    assert changed == {"public.t0", "public.t1", "public.t2"}
