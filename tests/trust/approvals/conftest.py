"""The records on SQLite and on a PostgreSQL server of the tests' own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tongguan.trust.database import Database

sys.path.insert(0, str(Path(__file__).parents[1]))  # where the tests' PostgreSQL server stands

from postgres_server import PostgresServer, postgres

__all__ = ["postgres"]


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where one test's records lie: what `Database` is opened with."""
    if request.param == "sqlite":
        return tmp_path / "records.db"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.database()


@pytest.fixture
def database(place: Path | str) -> Iterator[Database]:
    database = Database(place)
    yield database
    database.close()
