"""Evidence stores over SQLite and PostgreSQL, in folders and on an S3-compatible server."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from evidence_room import Room
from swift_server import Swift

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
def room(tmp_path: Path) -> Iterator[Room]:
    """SQLite and a folder."""
    room = Room(tmp_path, tmp_path / "records.db")
    yield room
    room.close()


@pytest.fixture
def either(tmp_path: Path, place: Path | str) -> Iterator[Room]:
    """SQLite or PostgreSQL, and a folder."""
    room = Room(tmp_path, place)
    yield room
    room.close()


@pytest.fixture(scope="session")
def swift() -> Iterator[Swift]:
    """OpenStack Swift with its S3 API."""
    with tempfile.TemporaryDirectory(prefix="tg-swift-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        server = Swift(Path(folder))
        server.start()
        yield server
        server.stop()
