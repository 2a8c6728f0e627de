"""Stores to read from: PostgreSQL, MariaDB, Swift with its S3 API, all real and of the tests' own."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "trust"))  # where the servers of the other tests stand
sys.path.insert(0, str(Path(__file__).parents[2] / "trust" / "evidence"))

from mariadb_server import MariaServer
from postgres_server import postgres, postgres_url
from swift_server import Swift

__all__ = ["postgres", "postgres_url"]


@pytest.fixture(autouse=True)
def nobodys_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine's own environment gets in."""
    for name in ("TONGGUAN_SOURCE_PASSWORD", "MYSQL_PWD", "PGPASSWORD", "PGPASSFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def maria() -> Iterator[MariaServer]:
    server = MariaServer()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def swift() -> Iterator[Swift]:
    with tempfile.TemporaryDirectory(prefix="tg-swift-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        server = Swift(Path(folder))
        server.start()
        yield server
        server.stop()
